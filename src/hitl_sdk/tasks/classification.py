"""What all tasks with one label out of a list have in common."""

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from hitl_sdk.errors import InvalidOutputError, InvalidPredictionError
from hitl_sdk.tasks.answers import ClassificationAnswer
from hitl_sdk.tasks.base import Task, escaped, fill_template, names

__all__ = ["Classification"]

# Browsers and text editors leave these inside values, where nobody sees them.
_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


def _clean(text: str) -> str:
    return text.translate(_ZERO_WIDTH).strip()


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
    cleaned = [_clean(label) for label in labels]
    if "" in cleaned:
        raise ValueError("a label is empty")
    twice = next((label for label in cleaned if cleaned.count(label) > 1), None)
    if twice is not None:
        raise ValueError(f"the label {twice!r} stands there twice")
    return labels


Labels = Annotated[Sequence[str], BeforeValidator(_as_texts), AfterValidator(_unique), Field(min_length=2)]


class Classification(Task):
    """One label out of a list. Abstract: the subclass names its template.

    Parameters
    ----------
    labels : sequence of str
        At least two, none empty, each once. Numbers become texts.

    Examples
    --------
    >>> from hitl_sdk.tasks import TextClassification
    >>> task = TextClassification(name="mood", labels=[-1, 0, 1], title="Find the mood")
    >>> task.labels
    ('-1', '0', '1')
    """

    labels: Labels

    def parse_answer(self, content: Mapping[str, object]) -> ClassificationAnswer:
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
        ClassificationAnswer(label='-1', comment=None)
        """
        answer = content.get(self.name)
        if not isinstance(answer, Mapping):
            raise InvalidOutputError(
                f"the answer has no object under {self.name!r}, but {names(content)}",
                hint="the task's name must be the name of the template's element",
            )
        said = answer.get("label")
        chosen = answer.get("labels")
        if said is None and isinstance(chosen, list) and len(chosen) == 1:
            said = chosen[0]  # the multi-select elements say one label so
        label = self._find(said)
        if label is None:
            raise InvalidOutputError(
                f"the answer's label {said!r} is none of task {self.name!r}",
                hint=f"its labels are {', '.join(map(repr, self.labels))}",
            )
        comment = answer.get("workerComment")
        return ClassificationAnswer(label, comment if isinstance(comment, str) and comment else None)

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
        found = self._find(label)
        if found is None:
            raise InvalidPredictionError(
                f"{label!r} is no label of task {self.name!r}",
                hint=f"its labels are {', '.join(map(repr, self.labels))}",
            )
        return found

    @cached_property
    def _by_clean_text(self) -> dict[str, str]:
        return {_clean(label): label for label in self.labels}

    def _find(self, label: object) -> str | None:
        if isinstance(label, float) and label.is_integer():
            label = int(label)
        if isinstance(label, str) or _is_number(label):
            return self._by_clean_text.get(_clean(str(label)))
        return None

    def _filled(self, file_name: str, short_instructions: str) -> str:
        """Fill a classifier's template: labels as JSON in an attribute, instructions as escaped HTML."""
        return fill_template(
            file_name,
            resource=self.name,
            name=escaped(self.name),
            categories=escaped(json.dumps(self.labels, ensure_ascii=False)),
            header=escaped(self.title),
            full_instructions=self.instructions.full_html(),
            short_instructions=short_instructions,
        )
