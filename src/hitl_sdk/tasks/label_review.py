"""The review screen of many labels: those a model is sure of stand, a person decides on the doubtful, and adds what is missing."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable
from unicodedata import normalize

from pydantic import InstanceOf

from hitl_sdk._plain import one_or_several
from hitl_sdk.consolidation import Consensus, Consolidation, MajorityVote, Vote
from hitl_sdk.errors import InvalidOutputError
from hitl_sdk.labels import LabelType, ScoredLabel, clean_text, part_type, read_part
from hitl_sdk.labels._scalars import read_number, read_text
from hitl_sdk.tasks._reading import answer_errors, label_errors
from hitl_sdk.tasks._templates import escaped
from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.base import Task, answer_under, names
from hitl_sdk.tasks.files import with_address

__all__ = ["LabelReview", "LabelRule"]

_YES, _NO = "yes", "no"
_ON, _OFF = frozenset({"true", "on"}), frozenset({"false", "off"})
_ITEMS = {
    "text": '<div style="white-space: pre-wrap">{{ task.input.taskObject }}</div>',
    "image": '<img src="{{ task.input.taskObject | grant_read_access }}" style="max-width: 100%">',
}
_HINT = "give a mapping of labels to scores from 0 to 1, or Rekognition's Labels"


class _Split(Protocol):
    """Labels by what becomes of each."""

    @property
    def accepted(self) -> Collection[str]: ...
    @property
    def asked(self) -> Collection[str]: ...


@runtime_checkable
class LabelRule(Protocol):
    """What decides on each label of an item: ``hitl_sdk.EachLabel``.

    Examples
    --------
    >>> from hitl_sdk import Bands, EachLabel
    >>> isinstance(EachLabel(Bands(accept=0.90, drop=0.40)), LabelRule)
    True
    """

    def split(self, scores: Mapping[str, float]) -> _Split:
        """Return which labels are accepted, and which people are asked about."""
        ...


class LabelReview(Task):
    """Decide on the labels that a model is not sure of, and add those that it missed.

    The model gives an item many labels with their scores. By a rule some are accepted, some are dropped, and those between
    are shown with a box each, to be unticked or kept; what is missing is written below. The outcome has the accepted labels
    with the model's confidence, and those that a person kept or added with 1; of several people, how sure the consolidation
    is of each.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`. Added labels are answered under the name with ``-added`` behind it.
    rule : EachLabel
        Which labels are accepted, asked about and dropped; give the router the same one.
    shows : {"image", "text"}, default "image"
        What an item is: the address of an image, or the text itself.
    ticked : bool, default True
        Whether the boxes are ticked, so that people untick what is wrong; else they tick what is right.
    show_confidence : bool, default True
        Whether people are told how sure the model is.
    accepted_prompt : str
        What stands before the labels that are accepted already, which are not shown when it is empty.
    add_prompt : str
        What stands above the field for labels that are missing; none can be added when it is empty.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> from hitl_sdk import Bands, EachLabel
    >>> task = LabelReview(name="labels", title="What does it show?", rule=EachLabel(Bands(accept=0.90, drop=0.40)))
    >>> found = task.normalise_label({"Person": 0.9970, "School": 0.4786, "Office": 0.4291, "X-Ray": 0.3223})
    >>> answer = {"labels": {"School": True, "Office": False}, "labels-added": "Polo shirt"}
    >>> merged = task.merged_label(task.parse_answer(answer).label, found)
    >>> [(each.label, each.confidence, each.source) for each in merged]
    [('Person', 0.997, 'model'), ('School', 1.0, 'human'), ('Polo shirt', 1.0, 'human')]
    """

    rule: InstanceOf[LabelRule]
    shows: Literal["image", "text"] = "image"
    ticked: bool = True
    show_confidence: bool = True
    accepted_prompt: str = "These labels stand already:"
    add_prompt: str = "What else does it show? One label a line."

    @property
    def label_type(self) -> LabelType:
        """A list of labels with their confidence and source."""
        return [part_type(ScoredLabel)]

    def template(self) -> str:
        """Return the worker template: the item, a ``crowd-checkbox`` for each label in doubt, and a ``crowd-text-area``.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.

        Examples
        --------
        >>> from hitl_sdk import Bands, EachLabel
        >>> task = LabelReview(name="labels", title="What does it show?", rule=EachLabel(Bands(0.90, 0.40)))
        >>> '<crowd-checkbox name="labels" value="{{ each.label }}" checked>' in task.template()
        True
        """
        accepted = (
            "  {% for each in task.input.initialValue.accepted %}"
            f"{{% if forloop.first %}}<p>{escaped(self.accepted_prompt)}{{% endif %}} <strong>{{{{ each.label }}}}</strong>"
            "{% if forloop.last %}</p>{% else %},{% endif %}{% endfor %}"
        )
        addition = (
            f'  <crowd-text-area name="{escaped(self._added)}" label="{escaped(self.add_prompt)}" rows="3">'
            "</crowd-text-area>"
        )
        percent = "{% if each.confidence %} ({{ each.confidence | times: 100 | round: 2 }} %){% endif %}"
        return self._filled(
            "label_review.liquid.html",
            item=_ITEMS[self.shows],
            accepted=accepted if self.accepted_prompt else "",
            checked=" checked" if self.ticked else "",
            confidence=percent if self.show_confidence else "",
            addition=addition if self.add_prompt else "",
        )

    def parse_answer(self, content: Mapping[str, object]) -> Answer[tuple[ScoredLabel, ...]]:
        """Read the ``answerContent`` of one worker: the labels that were kept, then those that were added.

        Parameters
        ----------
        content : mapping
            The answer, as it stands in output.json.

        Raises
        ------
        InvalidOutputError
            If it is no answer to this task, or can't be read.

        Examples
        --------
        >>> from hitl_sdk import Bands, EachLabel
        >>> task = LabelReview(name="labels", title="What does it show?", rule=EachLabel(Bands(0.90, 0.40)))
        >>> task.parse_answer({"labels": {"School": False}, "labels-added": "Polo shirt"}).label
        (ScoredLabel(label='Polo shirt', confidence=1.0, source='human'),)
        """
        boxes, added = answer_under(content, self.name), answer_under(content, self._added)
        if content and boxes is None and added is None:
            raise InvalidOutputError(
                f"the answer has neither {self.name!r} nor {self._added!r}, but {names(content)}",
                hint="is it an output of another task?",
            )
        with answer_errors(self.name):
            said = [*_ticked(boxes), *_lines(added)]
            return Answer(tuple(ScoredLabel(label, 1.0, "human") for label in _distinct(said)))

    def model_label(self, label: object, scores: object = None) -> object:
        """Return the scores of all labels where the prediction has them, else its label.

        Parameters
        ----------
        label : object
            That of the prediction.
        scores : mapping of str to float, optional
            The model's score of every label.
        """
        return scores if isinstance(scores, Mapping) and scores else label

    def normalise_label(self, label: object) -> tuple[ScoredLabel, ...]:
        """Return a model's labels with their scores, by falling score.

        Parameters
        ----------
        label : mapping of str to float, or list
            Of each label its score, from 0 to 1; None for one that the item has not, as structs have it. Or a list of
            `ScoredLabel`, of their plain values, of texts, of which people are then asked, or of the ``Labels`` of Rekognition,
            whose ``Confidence`` goes to 100.

        Raises
        ------
        InvalidPredictionError
            If one of them can't be read, or stands there twice.

        Examples
        --------
        >>> from hitl_sdk import Bands, EachLabel
        >>> task = LabelReview(name="labels", title="What does it show?", rule=EachLabel(Bands(0.90, 0.40)))
        >>> task.normalise_label([{"Name": "School", "Confidence": 47.5}])
        (ScoredLabel(label='School', confidence=0.475, source='model'),)
        """
        if isinstance(label, Mapping):
            label = [
                {"label": name, "confidence": score} for name, score in label.items() if score is not None
            ]
        with label_errors(self.name, _HINT):
            read = [_scored(each) for each in ([] if label is None else one_or_several(label))]
            if len(_distinct(each.label for each in read)) < len(read):
                raise ValueError("a label stands there twice")
        return (
            tuple(read)
            if any(each.source == "human" for each in read)
            else tuple(sorted(read, key=_by_score))
        )

    def initial_value(self, label: Any) -> dict[str, list[dict[str, object]]]:
        """Return what the page shows: the labels that are accepted, and those that it asks about.

        Parameters
        ----------
        label : tuple of ScoredLabel
            As `normalise_label` returns it.
        """
        accepted, asked = self._split(label)
        return {
            part: [
                {"label": each.label, "confidence": each.confidence} for each in label if each.label in chosen
            ]
            for part, chosen in (("accepted", accepted), ("asked", asked))
        }

    def input(self, item: str, label: object = None) -> dict[str, object]:
        """Return the ``InputContent`` of a human loop.

        Parameters
        ----------
        item : str
            Where the image lies, ``s3://BUCKET/KEY`` or an ``https://`` address; or the text.
        label : mapping of str to float, or list, optional
            The model's labels, as `normalise_label` takes them.

        Raises
        ------
        InvalidPredictionError
            If the item is no such address or text, or a label can't be read.
        """
        content = super().input(item, label)
        return content if self.shows == "text" else with_address(self, content, "an image")

    def review_key(self, item: str, label: Any) -> str:
        """Return what makes a review the same review: the item, and which labels are shown, whatever their scores.

        Parameters
        ----------
        item : str
            The image's address, or the text.
        label : tuple of ScoredLabel or None
            The model's labels.
        """
        return (
            item if label is None else f"{item}\n{json.dumps([sorted(part) for part in self._split(label)])}"
        )

    def accepted_label(self, label: Any) -> Any:
        """Return the labels of an item that nobody was asked about: those that the rule accepts.

        Parameters
        ----------
        label : tuple of ScoredLabel or None
            The model's labels.
        """
        return None if label is None else self.merged_label((), label)

    def merged_label(
        self,
        label: Any,
        model_label: Any,
        input_content: Mapping[str, object] | None = None,  # noqa: ARG002
    ) -> tuple[ScoredLabel, ...]:
        """Return what people said together with the labels that were accepted without them.

        Parameters
        ----------
        label : tuple of ScoredLabel
            What people kept and added. Capital letters and blanks make no other label.
        model_label : tuple of ScoredLabel or None
            The model's labels.
        input_content : mapping, optional
            What the human loop was started with, which does not matter here.

        Returns
        -------
        tuple of ScoredLabel
            In the order of the model's labels, then what was added.
        """
        accepted, _ = self._split(model_label or ())
        said = {_same(each.label): each for each in label}
        merged = []
        for each in model_label or ():
            human = said.pop(_same(each.label), None)
            if human is not None:
                merged.append(replace(human, label=each.label))
            elif each.label in accepted:
                merged.append(each)
        return (*merged, *said.values())

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return the method that asks `by`, or the majority, of each label by itself whether it was meant.

        What `by` learns of a worker, it learns over all labels, for each of them is rare. A label that is tied is left out,
        unless the model gives it at least 0.5.

        Parameters
        ----------
        by : Consolidation, optional
            A method for one label; the majority vote when left out.

        Raises
        ------
        InvalidInputError
            If `by` is a method for other labels than texts.
        """
        return _EachByItself(self._own_method(MajorityVote(), by), self)

    @property
    def _added(self) -> str:
        return f"{self.name}-added"

    def _split(self, label: Iterable[ScoredLabel]) -> tuple[frozenset[str], frozenset[str]]:
        """Return which labels are accepted, and which people are asked about; of what has no score they are."""
        scores = {each.label: each.confidence for each in label}
        split = self.rule.split({name: score for name, score in scores.items() if score is not None})
        unscored = {name for name, score in scores.items() if score is None}
        return frozenset(split.accepted), frozenset(split.asked) | unscored


class _Question(NamedTuple):
    """Whether an item has a label: how that is spelt, whether the model means it, and whether it stands, whatever is said."""

    spelt: str
    meant: bool
    stands: bool


@dataclass(frozen=True, slots=True)
class _EachByItself:
    """Makes one set of labels of several, each label being a question of its own, of yes and no."""

    method: Consolidation[str]
    task: LabelReview

    def consolidate(
        self,
        votes: Iterable[Vote[tuple[ScoredLabel, ...]]],
        *,
        preferred: Mapping[str, tuple[ScoredLabel, ...]] | None = None,
    ) -> Mapping[str, Consensus[tuple[ScoredLabel, ...]]]:
        """Return one consensus an item that has votes."""
        by_item: dict[str, list[Vote[tuple[ScoredLabel, ...]]]] = {}
        for vote in votes:
            by_item.setdefault(vote.item, []).append(vote)
        said = {
            item: [(vote.worker, {_same(each.label) for each in vote.label}) for vote in given]
            for item, given in by_item.items()
        }
        questions = {
            item: self._questions(given, (preferred or {}).get(item, ())) for item, given in by_item.items()
        }
        asked = [
            (item, same, question) for item, each in questions.items() for same, question in each.items()
        ]
        decided = self.method.consolidate(
            [
                Vote(str(number), worker, _YES if same in labels else _NO)
                for number, (item, same, question) in enumerate(asked)
                for worker, labels in said[item]
                # Nobody is asked about a label that stands: who does not write it again has not said no.
                if same in labels or not question.stands
            ],
            preferred={
                str(number): _YES if question.meant else _NO for number, (_, _, question) in enumerate(asked)
            },
        )
        answers: dict[str, dict[str, Consensus[str]]] = {item: {} for item in by_item}
        for number, (item, same, _) in enumerate(asked):
            answers[item][same] = decided[str(number)]
        return {item: _whole(said[item], questions[item], answers[item]) for item in by_item}

    def _questions(
        self, votes: Sequence[Vote[tuple[ScoredLabel, ...]]], model_label: tuple[ScoredLabel, ...]
    ) -> dict[str, _Question]:
        """Return what was asked or said of an item."""
        accepted, asked = self.task._split(model_label)
        found = {
            _same(each.label): _Question(each.label, (each.confidence or 0.0) >= 0.5, stands=False)
            for each in model_label
            if each.label in asked
        }
        standing = {_same(label) for label in accepted}
        spellings = Counter(each.label for vote in votes for each in vote.label)
        # The most usual spelling, whoever wrote it.
        for spelling, _ in sorted(spellings.items(), key=lambda pair: (-pair[1], pair[0])):
            same = _same(spelling)
            found.setdefault(same, _Question(spelling, meant=False, stands=same in standing))
        return found


def _whole(
    said: Sequence[tuple[str, Collection[str]]],
    questions: Mapping[str, _Question],
    decided: Mapping[str, Consensus[str]],
) -> Consensus[tuple[ScoredLabel, ...]]:
    """Put an item's decisions together, as `PerLabel` does."""
    meant = {same: each for same, each in decided.items() if each.label == _YES}
    sure = [each.confidence for each in decided.values() if each.confidence is not None]
    standing = {same for same, question in questions.items() if question.stands}
    workers = len({worker for worker, _ in said})
    return Consensus(
        tuple(
            ScoredLabel(questions[same].spelt, 1.0 if each.confidence is None else each.confidence, "human")
            for same, each in meant.items()
        ),
        confidence=min(sure) if sure and len(sure) == len(decided) else None,
        agreement=fmean(_jaccard({*labels} - standing, meant.keys() - standing) for _, labels in said)
        if workers > 1
        else None,
        n_workers=workers,
        tie=any(each.tie for each in decided.values()),
    )


def _scored(value: object) -> ScoredLabel:
    """Read one label of a model, in any of its forms."""
    if isinstance(value, str):
        value = {"label": value}
    if isinstance(value, Mapping) and "Name" in value:
        score = value.get("Confidence")
        value = {
            "label": value["Name"],
            "confidence": None if score is None else read_number(score, "a confidence") / 100,
        }
    read = read_part(ScoredLabel, value)
    if not read.label:
        raise ValueError("a label is empty")
    if read.confidence is not None and not 0 <= read.confidence <= 1:
        raise ValueError(f"the confidence of {read.label!r} is {read.confidence!r}, not from 0 to 1")
    return read if read.source else replace(read, source="model")


def _ticked(boxes: object) -> list[str]:
    """Return the labels whose boxes are ticked."""
    if boxes is None:
        return []
    if not isinstance(boxes, Mapping):
        raise ValueError(f"the boxes are {type(boxes).__name__}, no object")
    labels = []
    for label, state in boxes.items():
        said = str(state).lower() if isinstance(state, bool | str) else ""
        if said not in _ON | _OFF:
            raise ValueError(f"a box is neither ticked nor not, but {type(state).__name__}")
        if said in _ON:
            labels.append(read_text(label, "a label"))
    return labels


def _lines(added: object) -> list[str]:
    """Return the labels that were written, one a line, with single blanks."""
    text = "" if added is None else read_text(added, "what was added")
    return [" ".join(clean_text(line).split()) for line in text.splitlines()]


def _distinct(labels: Iterable[str]) -> list[str]:
    """Return labels without those that are empty or were there before, however written."""
    first: dict[str, str] = {}
    for label in labels:
        if label:
            first.setdefault(_same(label), label)
    return list(first.values())


def _same(label: str) -> str:
    """Return what makes a label the same label: neither capitals nor blanks, nor how a letter's accent is written."""
    return " ".join(normalize("NFC", label.casefold()).split())


def _by_score(each: ScoredLabel) -> tuple[float, str]:
    return (-1.0 if each.confidence is None else -each.confidence), each.label


def _jaccard(one: Collection[str], other: Collection[str]) -> float:
    """Return the share of the labels in either that are in both; two empty sets are equal."""
    return len({*one} & {*other}) / len({*one, *other}) if one or other else 1.0
