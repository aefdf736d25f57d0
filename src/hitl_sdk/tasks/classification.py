"""What all tasks with one label out of a list have in common."""

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cached_property
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from hitl_sdk._plain import shown
from hitl_sdk.consolidation import Consolidation, MajorityVote
from hitl_sdk.errors import InvalidOutputError, InvalidPredictionError
from hitl_sdk.labels import LabelType, clean_text
from hitl_sdk.tasks._manifest_entry import Known, ManifestEntry, one_entry
from hitl_sdk.tasks._templates import escaped_json
from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.base import Task, answer_under, instead, worker_comment

__all__ = ["Classification", "LabelList", "Labels", "ListedLabels", "object_under"]


def _as_texts(labels: object) -> object:
    """Let labels be given as numbers, and as any iterable but a text."""
    if isinstance(labels, str | bytes | Mapping) or not isinstance(labels, Iterable):
        raise ValueError("give a list of labels")
    if isinstance(labels, Set):
        # Its order is another in every process, so that each run would find another template than its own.
        raise ValueError("a set has no order: give a list, for example sorted(labels)")
    return tuple(str(label) if _is_number(label) else label for label in labels)


def _is_number(label: object) -> bool:
    return hasattr(label, "__index__") and not isinstance(label, bool)


def _unique(labels: Sequence[str]) -> Sequence[str]:
    cleaned = [clean_text(label) for label in labels]
    if "" in cleaned:
        raise ValueError("a label is empty")
    twice = next((label for label in cleaned if cleaned.count(label) > 1), None)
    if twice is not None:
        raise ValueError(f"the label {twice!r} stands there twice")
    return labels


LabelList = Annotated[Sequence[str], BeforeValidator(_as_texts), AfterValidator(_unique), Field(min_length=1)]
Labels = Annotated[LabelList, Field(min_length=2)]


class ListedLabels(Task):
    """A task whose answers name labels out of a list. Abstract.

    Parameters
    ----------
    labels : sequence of str
        At least one, none empty, each once. Numbers become texts.

    Examples
    --------
    >>> from hitl_sdk.tasks import TextClassification
    >>> task = TextClassification(name="mood", labels=[-1, 0, 1], title="Find the mood")
    >>> task.labels
    ('-1', '0', '1')
    """

    labels: LabelList

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels."""
        return tuple(self.labels)

    def label_key(self, label: Any) -> str:
        """Return a text that two labels have in common only if they show the same.

        Parameters
        ----------
        label : Label
            As `normalise_label` returns it.
        """
        return json.dumps(self.initial_value(label))

    def find_label(self, label: object) -> str | None:
        """Return a label as this task spells it, or None if it is none of the task's.

        Whole floats count as the integer they stand for: a column with gaps turns 1 into 1.0.
        """
        if isinstance(label, float) and label.is_integer():
            label = int(label)
        try:
            text = str(label) if isinstance(label, str) or _is_number(label) else None
        except ValueError:  # Python writes no number of more than 4,300 digits
            text = None
        return None if text is None else self._by_clean_text.get(clean_text(text))

    def answered_label(self, label: object) -> str:
        """Return the label of an answer as this task spells it.

        Raises
        ------
        InvalidOutputError
            If it is none of the task's.
        """
        found = self.find_label(label)
        if found is None:
            raise InvalidOutputError(
                f"the answer's label {shown(label)} is none of task {self.name!r}", hint=self._labels_hint()
            )
        return found

    def predicted_label(self, label: object) -> str:
        """Return the label of a prediction as this task spells it.

        Raises
        ------
        InvalidPredictionError
            If it is none of the task's.
        """
        found = self.find_label(label)
        if found is None:
            raise InvalidPredictionError(
                f"{shown(label)} is no label of task {self.name!r}", hint=self._labels_hint()
            )
        return found

    def _labels_hint(self) -> str:
        return f"its labels are {', '.join(map(repr, self.labels))}"

    @cached_property
    def _by_clean_text(self) -> dict[str, str]:
        return {clean_text(label): label for label in self.labels}


class Classification(ListedLabels):
    """One label out of a list. Abstract: the subclass names its template.

    Parameters
    ----------
    labels : sequence of str
        At least two, none empty, each once. Numbers become texts.

    Examples
    --------
    >>> from hitl_sdk.tasks import TextClassification
    >>> task = TextClassification(name="mood", labels=[-1, 0, 1], title="Find the mood")
    >>> type(task.consolidation()).__name__
    'MajorityVote'
    """

    labels: Labels

    @property
    def label_type(self) -> LabelType:
        """A text."""
        return str

    def parse_answer(self, content: Mapping[str, object]) -> Answer[str]:
        """Read the ``answerContent`` of one worker, tolerating numbers, stray blanks and zero-width characters.

        Raises
        ------
        InvalidOutputError
            If there is no answer under the task's name, or its label is none of the task's.

        Examples
        --------
        >>> from hitl_sdk.tasks import TextClassification
        >>> task = TextClassification(name="mood", labels=[-1, 0, 1], title="Find the mood")
        >>> task.parse_answer({"mood": {"label": -1}})
        Answer(label='-1', comment=None, modified=None)
        """
        answer = object_under(content, self.name)
        said = answer.get("label")
        chosen = answer.get("labels")
        if said is None and isinstance(chosen, list) and len(chosen) == 1:
            said = chosen[0]  # the multi-select elements say one label so
        return Answer(self.answered_label(said), worker_comment(answer))

    def normalise_label(self, label: object) -> str:
        """Return a model's label as this task spells it.

        Parameters
        ----------
        label : str or number
            Whole floats count as the integer they stand for: a column with gaps turns 1 into 1.0.

        Raises
        ------
        InvalidPredictionError
            If it is none of the task's labels.

        Examples
        --------
        >>> from hitl_sdk.tasks import TextClassification
        >>> task = TextClassification(name="mood", labels=[-1, 0, 1], title="Find the mood")
        >>> task.normalise_label(-1.0)
        '-1'
        """
        return self.predicted_label(label)

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return `by`, or the majority vote."""
        return self._own_method(MajorityVote(), by)

    def _entry(self, label: Any, known: Known) -> ManifestEntry:
        return one_entry(label, self.label_names, known.confidence)

    def _classifier(self, file_name: str, short_instructions: str | None = None) -> str:
        """Fill a classifier's template."""
        return self._filled(
            file_name, short_instructions=short_instructions, categories=escaped_json(self.labels)
        )


def object_under(content: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return the object that stands under a name.

    Raises
    ------
    InvalidOutputError
        If nothing does, or no object.
    """
    answer = answer_under(content, name)
    if not isinstance(answer, Mapping):
        raise InvalidOutputError(
            f"the answer has no object under {name!r}, but {instead(content, name)}",
            hint="the task's name must be the name of the template's element",
        )
    return answer
