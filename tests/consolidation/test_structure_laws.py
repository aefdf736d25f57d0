"""What holds for every method that makes one structure of several."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.consolidation import (
    BoxConsolidation,
    FormConsolidation,
    FormFieldConsolidation,
    InstanceMaskConsolidation,
    KeypointConsolidation,
    MajorityVote,
    MaskVote,
    NumberConsolidation,
    PolygonConsolidation,
    PolylineConsolidation,
    SpanConsolidation,
    TextConsolidation,
    Vote,
)
from hitl_sdk.labels import Box, FormField, Keypoint, Point, Polygon, Polyline, Shapes, Span, make_mask

NAMES = st.sampled_from(["cat", "dog"])
PLACES = st.integers(0, 20)
SIDES = st.integers(1, 12)
POINTS = st.builds(Point, PLACES, PLACES)


def shapes(shape):
    return st.lists(shape, max_size=4).map(lambda drawn: Shapes(tuple(drawn), 640, 480))


def has_an_area(polygon):
    """Tell it by the formula of Gauss."""
    pairs = zip(polygon.vertices, polygon.vertices[1:] + polygon.vertices[:1], strict=True)
    return sum(one.x * two.y - two.x * one.y for one, two in pairs) != 0


TRIANGLES = st.builds(Polygon, NAMES, st.tuples(POINTS, POINTS, POINTS)).filter(has_an_area)
RECTANGLES = st.builds(
    lambda label, x, y, width, height: Polygon(
        label, (Point(x, y), Point(x + width, y), Point(x + width, y + height), Point(x, y + height))
    ),
    NAMES, PLACES, PLACES, SIDES, SIDES,
)  # fmt: skip
LINES = st.builds(Polyline, NAMES, st.lists(POINTS, min_size=2, max_size=4).map(tuple))
SPANS = st.builds(lambda label, start, size: Span(label, start, start + size), NAMES, PLACES, SIDES)
MASKS = st.lists(st.integers(0, 2), min_size=12, max_size=12).map(
    lambda pixels: make_mask([pixels[:4], pixels[4:8], pixels[8:]], ["cat", "dog"])
)
FIELDS = st.builds(FormField, st.sampled_from(["Date", "Total", "total:"]), st.sampled_from(["3", "8", ""]))
FORMS = st.fixed_dictionaries(
    {"kind": NAMES}, optional={"doors": st.integers(0, 5), "remark": st.sampled_from(["old", "odd", "new"])}
)
METHOD_OF_FORMS = FormConsolidation(
    {"kind": MajorityVote(), "doors": NumberConsolidation(), "remark": TextConsolidation()}
)

SHAPES = {
    "boxes": (BoxConsolidation(), shapes(st.builds(Box, NAMES, PLACES, PLACES, SIDES, SIDES))),
    "polygons": (PolygonConsolidation(), shapes(TRIANGLES | RECTANGLES)),
    "polylines": (PolylineConsolidation(max_distance=4), shapes(LINES)),
    "keypoints": (KeypointConsolidation(max_distance=4), shapes(st.builds(Keypoint, NAMES, PLACES, PLACES))),
}
METHODS = SHAPES | {
    "spans": (
        SpanConsolidation(),
        st.lists(SPANS, max_size=4).map(lambda spans: tuple(sorted(spans, key=in_text))),
    ),
    "masks": (MaskVote(), MASKS),
    "instances": (InstanceMaskConsolidation(), MASKS),
    "texts": (TextConsolidation(), st.text("ab ", max_size=5)),
    "numbers": (NumberConsolidation(tolerance=0.5), st.integers(-9, 9)),
    "forms": (METHOD_OF_FORMS, FORMS),
    "form fields": (FormFieldConsolidation(), st.lists(FIELDS, max_size=4).map(tuple)),
}
every_method = pytest.mark.parametrize("kind", METHODS)


def in_text(span):
    return span.start_offset, span.end_offset, span.label


def agree(method, answers, preferred=None):
    votes = [Vote("1", f"worker-{number}", answer) for number, answer in enumerate(answers)]
    return method.consolidate(votes, preferred=None if preferred is None else {"1": preferred})["1"]


def unsure(label):
    """Return a label without the confidences of its parts."""
    if isinstance(label, Shapes):
        return replace(label, shapes=unsure(label.shapes))
    if isinstance(label, tuple):
        return tuple(replace(part, confidence=None) for part in label)
    return label


@every_method
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_workers_changes_nothing(kind, data):
    method, labels = METHODS[kind]
    answers = data.draw(st.lists(labels, min_size=1, max_size=5))
    preferred = data.draw(st.none() | labels)
    shuffled = data.draw(st.permutations(answers))

    assert agree(method, shuffled, preferred) == agree(method, answers, preferred)


@every_method
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_all_workers_say_is_the_result(kind, data):
    method, labels = METHODS[kind]
    label = data.draw(labels)
    consensus = agree(method, [label] * data.draw(st.integers(2, 4)))

    expected = instances_in_use(label) if kind == "instances" else label
    assert unsure(consensus.label) == expected
    assert (consensus.confidence, consensus.agreement) == (pytest.approx(1), pytest.approx(1))
    assert not consensus.tie


def instances_in_use(mask):
    """Return a mask without the instances that have no pixel."""
    from hitl_sdk.labels import mask_pixels

    pixels = mask_pixels(mask).astype(int)
    used = [number for number in (1, 2) if (pixels == number).any()]
    for number, old in enumerate(used, start=1):
        pixels[pixels == old] = number
    return make_mask(pixels, [mask.labels[old - 1] for old in used])


@every_method
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_of_one_worker_nothing_is_known_but_the_answer(kind, data):
    method, labels = METHODS[kind]
    label = data.draw(labels)
    consensus = agree(method, [label], data.draw(st.none() | labels))

    assert unsure(consensus.label) == label
    assert (consensus.confidence, consensus.agreement, consensus.n_workers) == (None, None, 1)
    assert not consensus.tie


@every_method
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_confidence_and_agreement_are_shares(kind, data):
    method, labels = METHODS[kind]
    answers = data.draw(st.lists(labels, min_size=2, max_size=5))
    consensus = agree(method, answers, data.draw(st.none() | labels))

    assert 0 <= consensus.confidence <= 1 + 1e-9
    assert 0 <= consensus.agreement <= 1 + 1e-9
    assert consensus.n_workers == len(answers)


@every_method
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_preferred_label_changes_nothing_but_ties(kind, data):
    method, labels = METHODS[kind]
    answers = data.draw(st.lists(labels, min_size=1, max_size=5))
    alone = agree(method, answers)

    if not alone.tie:
        assert agree(method, answers, data.draw(labels)) == alone


def moved(label, dx, dy):
    return replace(label, shapes=tuple(_moved(shape, dx, dy) for shape in label.shapes))


def _moved(shape, dx, dy):
    if isinstance(shape, Box):
        return replace(shape, left=shape.left + dx, top=shape.top + dy)
    if isinstance(shape, Keypoint):
        return replace(shape, x=shape.x + dx, y=shape.y + dy)
    return replace(shape, vertices=tuple(Point(point.x + dx, point.y + dy) for point in shape.vertices))


def numbers(label):
    """Return all coordinates of shapes, to be compared with a tolerance."""
    found = []
    for shape in label.shapes:
        if isinstance(shape, Box):
            found += [shape.left, shape.top, shape.width, shape.height]
        elif isinstance(shape, Keypoint):
            found += [shape.x, shape.y]
        else:
            found += [number for point in shape.vertices for number in point]
    return found


@pytest.mark.parametrize("kind", SHAPES)
@given(data=st.data(), dx=st.integers(-50, 50), dy=st.integers(-50, 50))
@settings(max_examples=60, deadline=None)
def test_shapes_that_are_moved_have_a_result_that_is_moved(kind, data, dx, dy):
    method, labels = SHAPES[kind]
    answers = data.draw(st.lists(labels, min_size=2, max_size=4))
    here, there = agree(method, answers), agree(method, [moved(answer, dx, dy) for answer in answers])

    assert numbers(there.label) == pytest.approx(numbers(moved(here.label, dx, dy)), abs=1e-6)
    assert [shape.label for shape in there.label.shapes] == [shape.label for shape in here.label.shapes]


@pytest.mark.parametrize("kind", SHAPES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_stricter_share_leaves_fewer_shapes(kind, data):
    method, labels = SHAPES[kind]
    answers = data.draw(st.lists(labels, min_size=2, max_size=5))
    limit = {"max_distance": 4} if kind in ("polylines", "keypoints") else {}
    kept = [
        set(agree(type(method)(**limit, min_share=share), answers).label.shapes) for share in (0.1, 0.6, 1)
    ]

    assert kept[2] <= kept[1] <= kept[0]


@given(answers=st.lists(METHODS["spans"][1], min_size=2, max_size=5), least=st.sampled_from([0.05, 0.5, 1]))
def test_the_boundaries_of_a_span_are_those_of_workers(answers, least):
    spans = agree(SpanConsolidation(min_overlap=least), answers).label
    drawn = [span for answer in answers for span in answer]

    assert all(span.start_offset < span.end_offset for span in spans)
    assert {span.start_offset for span in spans} <= {span.start_offset for span in drawn}
    assert {span.end_offset for span in spans} <= {span.end_offset for span in drawn}
    assert list(spans) == sorted(spans, key=in_text)


@given(answers=st.lists(METHODS["texts"][1], min_size=1, max_size=5))
def test_a_text_is_one_that_somebody_wrote(answers):
    assert agree(TextConsolidation(), answers).label in answers
