"""Whatever workers answer, every method says one thing an item, whoever came first, or raises an error of this package."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hitl_sdk.consolidation import (
    BoxConsolidation,
    DawidSkene,
    FormConsolidation,
    FormFieldConsolidation,
    InstanceMaskConsolidation,
    KeypointConsolidation,
    MajorityVote,
    MaskVote,
    NumberConsolidation,
    OneCoinDawidSkene,
    PerLabel,
    PolygonConsolidation,
    PolylineConsolidation,
    SmoothedDawidSkene,
    SpanConsolidation,
    TextConsolidation,
    Vote,
)
from hitl_sdk.errors import HitlError
from hitl_sdk.labels import (
    Box,
    FormField,
    Keypoint,
    Point,
    Polygon,
    Polyline,
    Shapes,
    Span,
    make_mask,
    to_value,
)

NAMES = st.sampled_from(["cat", "Cat", "dög", "", "\u0130", "猫"])
LABELS = ("cat", "dog", "fox")
PLACES = st.sampled_from([0, 1, 2.5, 10, 10.000001, -5, 1e6, 2**53 - 1])
SIZES = st.sampled_from([0, 1, 10, 1e-9, 2**53 - 1])
POINTS = st.builds(Point, PLACES, PLACES)


def drawn(parts):
    return st.builds(
        Shapes,
        st.lists(parts, max_size=4).map(tuple),
        st.sampled_from([None, 0, 640]),
        st.sampled_from([None, 480]),
    )


def outlines(kind, fewest):
    return drawn(st.builds(kind, NAMES, st.lists(POINTS, min_size=fewest, max_size=5).map(tuple)))


def masks(one_label):
    labels = st.sampled_from(
        [(), ("cat",), ("cat", "dog"), ("cat", "cat") if not one_label else ("dog", "cat")]
    )
    pixels = st.lists(st.integers(0, 2), min_size=4, max_size=4)
    return st.builds(
        lambda names, of: make_mask(np.reshape(of, (2, 2)) % (len(names) + 1), names), labels, pixels
    )


SPANS = st.builds(
    lambda name, start, n: Span(name, start, start + n), NAMES, st.integers(0, 6), st.integers(1, 5)
)
FIELDS = st.builds(FormField, NAMES, NAMES)
FORM = FormConsolidation({"kind": MajorityVote(), "n": NumberConsolidation(), "why": TextConsolidation()})
FORMS = st.fixed_dictionaries({}, optional={"kind": NAMES, "n": PLACES, "why": NAMES | st.none()})

METHODS = [
    (MajorityVote(), NAMES),
    (DawidSkene(), NAMES),
    (OneCoinDawidSkene(), NAMES),
    (SmoothedDawidSkene(), NAMES),
    (PerLabel(LABELS), st.lists(st.sampled_from(LABELS), max_size=3).map(tuple)),
    (PerLabel(LABELS, of=DawidSkene()), st.lists(st.sampled_from(LABELS), max_size=3).map(tuple)),
    (TextConsolidation(), st.text(max_size=5) | NAMES),
    (NumberConsolidation(), PLACES),
    (FORM, FORMS),
    (FormFieldConsolidation(), st.lists(FIELDS, max_size=4).map(tuple)),
    (SpanConsolidation(), st.lists(SPANS, max_size=4).map(tuple)),
    (BoxConsolidation(), drawn(st.builds(Box, NAMES, PLACES, PLACES, SIZES, SIZES))),
    (KeypointConsolidation(), drawn(st.builds(Keypoint, NAMES, PLACES, PLACES))),
    (PolylineConsolidation(), outlines(Polyline, 2)),
    (PolygonConsolidation(), outlines(Polygon, 3)),
    (MaskVote(), masks(one_label=True)),
    (InstanceMaskConsolidation(), masks(one_label=False)),
]


def outcome(method, votes, preferred):
    """Return what the method says of each item, or that it can't."""
    try:
        return dict(method.consolidate(votes, preferred=preferred))
    except HitlError as error:
        return type(error)


def rounded(said):
    """Return what is said without the last digits, which depend on the order of a sum."""
    if not isinstance(said, dict):
        return said
    return {item: _rounded(to_value(consensus)) for item, consensus in said.items()}


def _rounded(value):
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def is_share(value):
    return value is None or -1e-9 <= value <= 1 + 1e-9


@pytest.mark.parametrize(("method", "labels"), METHODS, ids=lambda each: type(each).__name__)
def test_any_votes_make_one_consensus_an_item_in_any_order_of_the_workers(method, labels):
    workers = st.sampled_from(["ann", "bob", "cai", ""])
    votes = st.lists(st.builds(Vote, st.sampled_from(["1", "2"]), workers, labels), max_size=7)

    @settings(
        max_examples=30,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
    )
    @given(
        votes,
        st.none() | st.dictionaries(st.sampled_from(["1", "3"]), labels),
        st.randoms(use_true_random=False),
    )
    def check(given_votes, preferred, random):
        said = outcome(method, given_votes, preferred)
        shuffled = random.sample(given_votes, len(given_votes))

        assert rounded(outcome(method, shuffled, preferred)) == rounded(said)
        if isinstance(said, dict):
            assert list(said) == list(dict.fromkeys(vote.item for vote in given_votes))
            assert all(is_share(each.confidence) and is_share(each.agreement) for each in said.values())

    check()
