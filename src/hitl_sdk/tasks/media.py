"""Tasks on sound and film: mending a transcription, classifying a video clip."""

from collections.abc import Mapping
from typing import Any

from hitl_sdk._plain import unicode_text
from hitl_sdk.consolidation import Consolidation, TextConsolidation
from hitl_sdk.errors import InvalidOutputError, InvalidPredictionError
from hitl_sdk.labels import LabelType
from hitl_sdk.tasks._reading import answer_errors, label_errors
from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.base import answer_under, instead
from hitl_sdk.tasks.classification import Classification
from hitl_sdk.tasks.files import FileTask

__all__ = ["TranscriptionReview", "VideoClassification"]


class TranscriptionReview(FileTask):
    """Mend the text of an audio clip; the model's text stands there already.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> task = TranscriptionReview(name="said", title="Write down what is said")
    >>> task.input("s3://bucket/1.wav", label="It is a phone and a pie")
    {'taskObject': 's3://bucket/1.wav', 'initialValue': 'It is a phone and a pie'}
    >>> task.parse_answer({"said": "It is a fine apple pie"}).label
    'It is a fine apple pie'
    """

    item_kind = "an audio clip"

    @property
    def label_type(self) -> LabelType:
        """A text."""
        return str

    def template(self) -> str:
        """Return the worker template: a player and a ``crowd-text-area``.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.

        Examples
        --------
        >>> "<audio controls" in TranscriptionReview(name="said", title="Write down what is said").template()
        True
        """
        return self._filled("transcription.liquid.html")

    def parse_answer(self, content: Mapping[str, object]) -> Answer[str]:
        """Read the ``answerContent`` of one worker; it is empty if they left the text empty.

        Parameters
        ----------
        content : mapping
            The answer, as it stands in output.json.

        Raises
        ------
        InvalidOutputError
            If there is another answer, or it is no text.

        Examples
        --------
        >>> TranscriptionReview(name="said", title="Write down what is said").parse_answer({}).label
        ''
        """
        text = answer_under(content, self.name)
        if text is None and not any(answer is not None for answer in content.values()):
            return Answer("")
        if not isinstance(text, str):
            raise InvalidOutputError(
                f"the answer has no text under {self.name!r}, but {instead(content, self.name)}",
                hint="the task's name must be the name of the template's element",
            )
        with answer_errors(self.name):
            return Answer(unicode_text(text.strip()))

    def normalise_label(self, label: object) -> str:
        """Return a model's text.

        Parameters
        ----------
        label : str
            What the model heard.

        Raises
        ------
        InvalidPredictionError
            If it is no text.

        Examples
        --------
        >>> TranscriptionReview(name="said", title="Write down what is said").normalise_label("a pie ")
        'a pie'
        """
        if not isinstance(label, str):
            raise InvalidPredictionError(
                f"the label of a prediction for task {self.name!r} is {type(label).__name__}, no text",
                hint="give what the model heard",
            )
        with label_errors(self.name, "decode it again"):
            return unicode_text(str(label).strip())

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return `by`, or the method that picks the text closest to all others.

        Parameters
        ----------
        by : TextConsolidation, optional
            One of your own settings.

        Raises
        ------
        InvalidInputError
            If `by` is a method for other labels.
        """
        return self._own_method(TextConsolidation(), by)


class VideoClassification(FileTask, Classification):
    """Choose one label for a video clip; the model's label is chosen already when the worker arrives.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        At least two, none empty, each once. Numbers become texts.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> task = VideoClassification(name="action", labels=["run", "walk"], title="What do they do?")
    >>> task.input("s3://bucket/1.mp4", label="run")
    {'taskObject': 's3://bucket/1.mp4', 'initialValue': 'run'}
    """

    labeling_kind = "VideoMultiClass"
    item_kind = "a video clip"

    def template(self) -> str:
        """Return the worker template: a player in a ``crowd-classifier``.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.

        Examples
        --------
        >>> task = VideoClassification(name="action", labels=["run", "walk"], title="What do they do?")
        >>> "<video controls" in task.template()
        True
        """
        return self._classifier("video_classification.liquid.html")
