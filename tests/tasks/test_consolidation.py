"""A task takes a method for its own labels, and refuses one that says it is for others."""

import pytest

from hitl_sdk.consolidation import (
    BoxConsolidation,
    DawidSkene,
    InstanceMaskConsolidation,
    MajorityVote,
    MaskVote,
    PerLabel,
    PolygonConsolidation,
    SpanConsolidation,
    TextConsolidation,
    Vote,
)
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.tasks import (
    BoundingBox,
    ChoiceField,
    Form,
    InstanceSegmentation,
    NamedEntityRecognition,
    SemanticSegmentation,
    TextClassification,
    TextMultiClassification,
    TranscriptionReview,
)


def task(kind, **fields):
    return kind(**{"name": "a", "title": "Which?"} | fields)


LABELLED = {"labels": ["x", "y"]}
ONE = task(TextClassification, **LABELLED)
SEVERAL = task(TextMultiClassification, **LABELLED)
BOXES = task(BoundingBox, **LABELLED)


class LastWord:
    """A method of the user's own, which says nothing of the labels it is for."""

    def consolidate(self, votes, *, preferred=None):
        return {vote.item: vote for vote in votes}


@pytest.mark.parametrize(
    ("of", "method"),
    [
        (ONE, MajorityVote()),
        (ONE, DawidSkene()),
        (ONE, TextConsolidation()),
        (BOXES, BoxConsolidation(min_iou=0.9)),
        (ONE, LastWord()),
        (BOXES, LastWord()),
        (SEVERAL, PerLabel(["x", "y"])),
    ],
)
def test_a_method_for_the_tasks_labels_is_used(of, method):
    assert of.consolidation(method) is method


@pytest.mark.parametrize(
    ("of", "method"),
    [
        (ONE, BoxConsolidation()),
        (ONE, PerLabel(["x", "y"])),
        (SEVERAL, SpanConsolidation()),
        (BOXES, MajorityVote()),
        (BOXES, PolygonConsolidation()),
        (task(NamedEntityRecognition, **LABELLED), BoxConsolidation()),
        (task(SemanticSegmentation, **LABELLED), InstanceMaskConsolidation()),
        (task(InstanceSegmentation, **LABELLED), MaskVote()),
        (task(TranscriptionReview), BoxConsolidation()),
        (task(Form, fields=[ChoiceField(name="b", choices=["x", "y"])]), BoxConsolidation()),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_method_for_other_labels_is_refused(of, method):
    with pytest.raises(InvalidInputError, match=f"{type(method).__name__} can't consolidate .* it takes "):
        of.consolidation(method)


def test_several_labels_are_asked_one_by_one():
    method = SEVERAL.consolidation(DawidSkene())

    assert isinstance(method, PerLabel)
    assert isinstance(method.of, DawidSkene)


def test_votes_become_a_consensus_by_the_tasks_own_method():
    votes = [Vote("1", worker, label) for worker, label in (("a", "x"), ("b", "y"), ("c", "x"))]

    assert ONE.consolidate(votes)["1"].label == "x"
    assert ONE.consolidate(votes[:2], preferred={"1": "y"})["1"].label == "y"


@pytest.mark.parametrize("given", ["majority", MajorityVote, 7])
@pytest.mark.parametrize(
    "of", [SEVERAL, BOXES, task(Form, fields=[ChoiceField(name="b", choices=["x", "y"])])]
)
def test_what_is_no_method_is_refused(of, given):
    with pytest.raises(
        InvalidInputError, match=r"consolidation=.* is no method \(give one, for example \w+\(\)"
    ):
        of.consolidation(given)
