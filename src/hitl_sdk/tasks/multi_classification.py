"""What all tasks with any number of labels out of a list have in common."""

from collections.abc import Iterable, Mapping
from typing import Any

from hitl_sdk._plain import one_or_several
from hitl_sdk.consolidation import Consolidation, MajorityVote, PerLabel
from hitl_sdk.labels import LabelType
from hitl_sdk.tasks._manifest_entry import Known, ManifestEntry, several_entry
from hitl_sdk.tasks._prediction import ShowsPrediction
from hitl_sdk.tasks._reading import answer_errors, value_under
from hitl_sdk.tasks._templates import escaped_json
from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.base import worker_comment
from hitl_sdk.tasks.classification import ListedLabels, object_under

__all__ = ["MultiClassification"]


class MultiClassification(ShowsPrediction, ListedLabels):
    """Any number of labels out of a list. Abstract: the subclass names its template.

    Parameters
    ----------
    labels : sequence of str
        At least two, none empty, each once. Numbers become texts.
    none_of_these : str, optional
        What workers choose if no label fits, for example "None of these"; the answer is then empty.
    show_prediction : bool, default False
        Whether workers are told what the model says. The elements can't have it chosen already, and a
        worker who knows it is biased; the human loop's input carries it either way.

    Examples
    --------
    >>> from hitl_sdk.tasks import TextMultiClassification
    >>> task = TextMultiClassification(name="topics", labels=["price", "size"], title="What is it about?")
    >>> task.parse_answer({"topics": {"labels": ["size", "price"]}}).label
    ('price', 'size')
    """

    none_of_these: str = ""

    @property
    def label_type(self) -> LabelType:
        """A list of texts."""
        return [str]

    def parse_answer(self, content: Mapping[str, object]) -> Answer[tuple[str, ...]]:
        """Read the ``answerContent`` of one worker; the labels come in the order of the task's.

        Raises
        ------
        InvalidOutputError
            If there is no answer under the task's name, or one of its labels is none of the task's.

        Examples
        --------
        >>> from hitl_sdk.tasks import TextMultiClassification
        >>> task = TextMultiClassification(name="topics", labels=["price", "size"], title="What is it about?")
        >>> task.parse_answer({"topics": {"labels": []}}).label
        ()
        """
        answer = object_under(content, self.name)
        with answer_errors(self.name):
            said = value_under(answer, "labels", "label")
        chosen = said if isinstance(said, list) else [] if said is None else [said]
        return Answer(self._chosen(chosen), worker_comment(answer))

    def normalise_label(self, label: object) -> tuple[str, ...]:
        """Return a model's labels as this task spells them, in the order of the task's.

        Parameters
        ----------
        label : iterable of str, or str
            One text is one label.

        Raises
        ------
        InvalidPredictionError
            If one is none of the task's labels.

        Examples
        --------
        >>> from hitl_sdk.tasks import TextMultiClassification
        >>> task = TextMultiClassification(name="topics", labels=["price", "size"], title="What is it about?")
        >>> task.normalise_label(["size"])
        ('size',)
        """
        return self._in_order(self.predicted_label(each) for each in one_or_several(label))

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return the method that asks `by`, or the majority, of each label by itself.

        Raises
        ------
        InvalidInputError
            If `by` is a method for other labels than texts.
        """
        if isinstance(by, PerLabel):
            return by
        return PerLabel(self.labels, of=self._own_method(MajorityVote(), by))

    def initial_value(self, label: Any) -> list[str]:
        """Return the labels as a list."""
        return list(label)

    def _entry(self, label: Any, known: Known) -> ManifestEntry:
        return several_entry(label, self.label_names, known.label_confidences)

    def _chosen(self, labels: Iterable[object]) -> tuple[str, ...]:
        """Return the labels of an answer in the order of the task's; `none_of_these` is none."""
        return self._in_order(
            self.answered_label(each)
            for each in labels
            if not self.none_of_these or each != self.none_of_these
        )

    def _in_order(self, labels: Iterable[str]) -> tuple[str, ...]:
        chosen = set(labels)
        return tuple(label for label in self.labels if label in chosen)

    def _classifier(self, file_name: str, categories: object = None) -> str:
        """Fill a multi-select classifier's template; the categories are the labels, unless others are given."""
        return self._filled(
            file_name,
            short_instructions=self._short_html(),
            categories=escaped_json(categories or self.labels),
            exclusion_category=self._exclusion_attribute(),
        )

    def _exclusion_attribute(self) -> str:
        exclusion = escaped_json({"text": self.none_of_these})
        return f' exclusion-category="{exclusion}"' if self.none_of_these else ""
