"""Tasks in which pieces of a text are marked."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import model_validator

from hitl_sdk.consolidation import Consolidation, SpanConsolidation
from hitl_sdk.errors import InvalidPredictionError
from hitl_sdk.labels import LabelType, Span, part_type, read_parts
from hitl_sdk.tasks._manifest_entry import Known, ManifestEntry, span_entry
from hitl_sdk.tasks._reading import answer_errors, label_errors, value_under
from hitl_sdk.tasks._templates import escaped_json
from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.base import worker_comment
from hitl_sdk.tasks.classification import ListedLabels, object_under

__all__ = ["NamedEntityRecognition"]


class NamedEntityRecognition(ListedLabels):
    """Mark the names in a text, or other pieces of it; the model's are marked already.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        At least one, none empty, each once.
    full_names, short_names : mapping of str to str, optional
        By label, how workers see it in the list of labels and above the marked text; the label itself when
        left out.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> from hitl_sdk.labels import Span
    >>> task = NamedEntityRecognition(
    ...     name="names", labels=["person", "city"], title="Mark the names", short_names={"person": "PER"}
    ... )
    >>> task.input("Ana is in Rome", [Span("city", 10, 14, confidence=0.7)])
    {'taskObject': 'Ana is in Rome', 'initialValue': [{'label': 'city', 'startOffset': 10, 'endOffset': 14}]}
    >>> task.parse_answer({"names": {"entities": [{"label": "person", "startOffset": 0, "endOffset": "3"}]}}).label
    (Span(label='person', start_offset=0, end_offset=3, confidence=None),)
    """

    full_names: Mapping[str, str] = {}
    short_names: Mapping[str, str] = {}

    labeling_kind = "NamedEntityRecognition"

    @model_validator(mode="after")
    def _names_are_of_labels(self) -> "NamedEntityRecognition":
        for label in {**self.full_names, **self.short_names}:
            if label not in self.labels:
                raise ValueError(f"{label!r} has a name to be shown by, but is no label")
        return self

    @property
    def label_type(self) -> LabelType:
        """A list of spans."""
        return [part_type(Span)]

    def template(self) -> str:
        """Return the worker template, built on ``crowd-entity-annotation``, which has a submit button of its own.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.

        Examples
        --------
        >>> task = NamedEntityRecognition(name="names", labels=["city"], title="Mark the cities")
        >>> "<crowd-entity-annotation" in task.template(), "<crowd-form" in task.template()
        (True, False)
        """
        labels = [
            {
                "label": label,
                "fullDisplayName": self.full_names.get(label, label),
                "shortDisplayName": self.short_names.get(label, label),
            }
            for label in self.labels
        ]
        return self._filled("entities.liquid.html", labels=escaped_json(labels))

    def input(self, item: str, label: object = None) -> dict[str, object]:
        r"""Return the ``InputContent`` of a human loop.

        Parameters
        ----------
        item : str
            The text. Its lines end in ``\n`` alone: browsers make that of ``\r\n``, and all offsets behind would be
            wrong.
        label : iterable of Span or of their plain values, optional
            What the model found; workers find it marked already.

        Raises
        ------
        InvalidPredictionError
            If the item is no text or empty, has lines that end otherwise, or ends before a span does.
        """
        content = super().input(item, label)
        if "\r" in item:
            raise InvalidPredictionError(
                f"an item of task {self.name!r} has carriage returns, which browsers drop: offsets would be wrong",
                hint=r"""use text.replace("\r\n", "\n") as the item""",
            )
        last = max((span.end_offset for span in self.normalise_label(label)), default=0)
        if last > len(item):
            raise InvalidPredictionError(
                f"a span of a prediction for task {self.name!r} ends at {last}, the text at {len(item)}",
                hint="offsets count Unicode characters; the end is the first one behind the span",
            )
        return content

    def parse_answer(self, content: Mapping[str, object]) -> Answer[tuple[Span, ...]]:
        """Read the ``answerContent`` of one worker: numbers may be text, and nothing marked null.

        Parameters
        ----------
        content : mapping
            The answer, as it stands in output.json.

        Raises
        ------
        InvalidOutputError
            If there is no answer under the task's name, or a span in it can't be read or is none of the task's.

        Examples
        --------
        >>> task = NamedEntityRecognition(name="names", labels=["city"], title="Mark the cities")
        >>> task.parse_answer({"names": {"entities": []}}).label
        ()
        """
        answer = object_under(content, self.name)
        with answer_errors(self.name):
            spans = read_parts(Span, value_under(answer, "entities"))
        spelled = [replace(span, label=self.answered_label(span.label)) for span in spans]
        return Answer(_in_order(spelled), worker_comment(answer))

    def normalise_label(self, label: object) -> tuple[Span, ...]:
        """Return a model's spans as objects in the order of the text, their labels as this task spells them.

        Parameters
        ----------
        label : iterable of Span or of their plain values, or None
            What the model found; None is nothing.

        Raises
        ------
        InvalidPredictionError
            If one of them is no span, or its label is none of the task's.

        Examples
        --------
        >>> task = NamedEntityRecognition(name="names", labels=["city"], title="Mark the cities")
        >>> task.normalise_label([{"label": "city", "start_offset": 10, "end_offset": 14}])
        (Span(label='city', start_offset=10, end_offset=14, confidence=None),)
        """
        with label_errors(self.name, "give a list of hitl_sdk.labels.Span"):
            spans = read_parts(Span, label)
        return _in_order(replace(span, label=self.predicted_label(span.label)) for span in spans)

    def initial_value(self, label: Any) -> list[dict[str, object]]:
        """Return the spans as the element marks them: without confidence.

        Parameters
        ----------
        label : tuple of Span
            As `normalise_label` returns it.
        """
        return [
            {"label": span.label, "startOffset": span.start_offset, "endOffset": span.end_offset}
            for span in label
        ]

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return `by`, or the method that clusters spans.

        Parameters
        ----------
        by : SpanConsolidation, optional
            One of your own settings.

        Raises
        ------
        InvalidInputError
            If `by` is a method for other labels.
        """
        return self._own_method(SpanConsolidation(), by)

    def _entry(self, label: Any, known: Known) -> ManifestEntry:  # noqa: ARG002
        return span_entry(label, self.label_names)


def _in_order(spans: Iterable[Span]) -> tuple[Span, ...]:
    return tuple(sorted(spans, key=lambda span: (span.start_offset, span.end_offset, span.label)))
