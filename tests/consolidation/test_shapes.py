"""Boxes, polygons, polylines and keypoints of several workers."""

import pytest

from hitl_sdk.consolidation import (
    BoxConsolidation,
    KeypointConsolidation,
    PolygonConsolidation,
    PolylineConsolidation,
    Vote,
)
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Box, Keypoint, Point, Polygon, Polyline, Shapes


def votes(*answers):
    return [Vote("1", f"worker-{number}", answer) for number, answer in enumerate(answers)]


def agree(method, *answers, preferred=None, size=(None, None)):
    """Return the consensus on answers that are given as lists of shapes."""
    given = votes(*(Shapes(tuple(answer), *size) for answer in answers))
    model = None if preferred is None else {"1": Shapes(tuple(preferred), *size)}
    return method.consolidate(given, preferred=model)["1"]


def box(left, label="cat", top=0, width=10, height=10):
    return Box(label, left, top, width, height)


def square(left, top, side, label="roof"):
    right, bottom = left + side, top + side
    return Polygon(label, (Point(left, top), Point(right, top), Point(right, bottom), Point(left, bottom)))


def line(*points, label="lane"):
    return Polyline(label, tuple(Point(*point) for point in points))


def lefts(consensus):
    return [shape.left for shape in consensus.label.shapes]


def names(consensus):
    return [shape.label for shape in consensus.label.shapes]


def test_three_boxes_become_their_mean():
    """IoU of neighbours is 9/11; the mean lies on the second one."""
    consensus = agree(BoxConsolidation(), [box(0)], [box(1)], [box(2)])

    assert consensus.label.shapes == (Box("cat", 1.0, 0, 10, 10, confidence=1.0),)
    assert consensus.confidence == 1.0
    assert consensus.agreement == pytest.approx((9 / 11 + 1 + 9 / 11) / 3)
    assert (consensus.n_workers, consensus.tie) == (3, False)


def test_every_edge_is_averaged():
    consensus = agree(BoxConsolidation(), [Box("cat", 0, 0, 10, 20)], [Box("cat", 1, 2, 12, 18)])

    assert consensus.label.shapes == (Box("cat", 0.5, 1, 11, 19, confidence=1.0),)


def test_what_fewer_than_half_of_the_workers_drew_is_left_out():
    consensus = agree(BoxConsolidation(), [box(0), box(50)], [box(0)], [box(0)])

    assert lefts(consensus) == [0]
    # All three drew the first, two of three did not draw the second; the worker who did has an F1 of 2/3.
    assert consensus.confidence == pytest.approx((1 + 2 / 3) / 2)
    assert consensus.agreement == pytest.approx((2 / 3 + 1 + 1) / 3)
    assert not consensus.tie


def test_what_most_workers_drew_is_as_sure_as_they_are_many():
    assert agree(BoxConsolidation(), [box(0)], [box(0)], []).label.shapes[0].confidence == 2 / 3


def test_what_just_half_of_the_workers_drew_is_kept_and_flagged():
    consensus = agree(BoxConsolidation(), [box(0), box(50)], [box(0)])

    assert lefts(consensus) == [0, 50]
    assert consensus.label.shapes[1].confidence == 0.5
    assert consensus.tie


@pytest.mark.parametrize(("model", "kept"), [([box(51)], [0, 50]), ([box(1)], [0]), ([], [0])])
def test_the_preferred_label_decides_on_what_half_of_the_workers_drew(model, kept):
    consensus = agree(BoxConsolidation(), [box(0), box(50)], [box(0)], preferred=model)

    assert lefts(consensus) == kept
    assert consensus.tie


def test_the_preferred_label_overrules_no_majority():
    consensus = agree(BoxConsolidation(), [box(0)], [box(0)], [box(50)], preferred=[box(50)])

    assert lefts(consensus) == [0]


def test_one_box_of_the_preferred_label_speaks_for_one_thing_alone():
    """The workers' boxes are 5 apart, too far to be one; the model's lies between them, nearer to the first."""
    consensus = agree(BoxConsolidation(), [box(0)], [box(5)], preferred=[box(2)])

    assert lefts(consensus) == [0]


@pytest.mark.parametrize(("share", "kept"), [(0.3, [0, 50]), (0.5, [0]), (1, [0]), (0.34, [0])])
def test_how_many_must_have_drawn_it_can_be_told(share, kept):
    consensus = agree(BoxConsolidation(min_share=share), [box(0), box(50)], [box(0)], [box(0)])

    assert lefts(consensus) == kept


def test_no_share_but_a_half_makes_a_tie():
    answers = [box(0)], []
    assert agree(BoxConsolidation(min_share=0.4), *answers).tie is False
    assert agree(BoxConsolidation(min_share=0.6), *answers) == agree(BoxConsolidation(min_share=1), *answers)


def test_two_boxes_of_one_worker_are_two_things_however_alike():
    consensus = agree(BoxConsolidation(), [box(0), box(1)], [box(0), box(1)], [box(0)])

    assert lefts(consensus) == [0, 1]


def test_the_most_alike_boxes_find_each_other():
    """Each box of the second worker is near both of the first one's."""
    consensus = agree(BoxConsolidation(min_iou=0.3), [box(0), box(4)], [box(3), box(0.5)])

    assert sorted(lefts(consensus)) == [0.25, 3.5]


def test_neighbours_in_a_row_do_not_chain_up_to_one_thing():
    """Each is near the next, the first and the last have nothing in common."""
    consensus = agree(BoxConsolidation(), *([box(left)] for left in (0, 3, 6, 9)), preferred=[])

    assert lefts(consensus) == []  # two pairs, each of half of the workers
    assert consensus.tie


def test_the_label_goes_by_vote_where_workers_see_one_thing():
    consensus = agree(BoxConsolidation(), [box(0)], [box(0)], [box(0, "dog")])

    assert consensus.label.shapes == (Box("cat", 0, 0, 10, 10, confidence=2 / 3),)
    assert consensus.agreement == pytest.approx(2 / 3)
    assert not consensus.tie


@pytest.mark.parametrize(
    ("model", "label"), [(None, "cat"), ([box(0, "dog")], "dog"), ([box(0, "fox")], "cat")]
)
def test_of_labels_given_as_often_the_preferred_wins_or_else_the_first(model, label):
    consensus = agree(BoxConsolidation(), [box(0, "dog")], [box(0, "cat")], preferred=model)

    assert names(consensus) == [label]
    assert consensus.tie


def test_boxes_of_one_label_are_joined_before_others():
    """Everybody drew a person on a bicycle, all at one place."""
    answer = [box(0, "person"), box(0, "bicycle")]

    assert sorted(names(agree(BoxConsolidation(), answer, answer[::-1], answer))) == ["bicycle", "person"]


def test_a_box_without_an_area_is_like_no_other():
    flat = Box("cat", 3, 3, 0, 10)
    assert agree(BoxConsolidation(), [flat], [flat], [flat]).label.shapes == ()


def test_nothing_drawn_by_anybody_is_agreed_upon():
    consensus = agree(BoxConsolidation(), [], [])

    assert (consensus.label.shapes, consensus.confidence, consensus.agreement) == ((), 1.0, 1.0)


def test_things_keep_the_order_in_which_they_were_drawn_on_average():
    consensus = agree(BoxConsolidation(), [box(90), box(0), box(50)], [box(90), box(50), box(0)], [box(90)])

    assert lefts(consensus) == [90, 0, 50]


def test_the_size_of_the_image_is_the_one_told_most_often():
    sizes = [(640, 480), (64, 48), (640, 480), (None, None), *[(64, None)] * 3]
    label = BoxConsolidation().consolidate(votes(*(Shapes((), *size) for size in sizes)))["1"].label

    assert (label.image_width, label.image_height) == (640, 480)


def test_items_come_in_the_order_in_which_they_appear():
    given = [Vote(item, worker, Shapes()) for worker in "ab" for item in ("9", "1", "5")]

    assert list(BoxConsolidation().consolidate(given)) == ["9", "1", "5"]
    assert BoxConsolidation().consolidate([]) == {}


def test_more_boxes_than_a_block_of_pairs_holds_are_all_matched(monkeypatch):
    monkeypatch.setattr("hitl_sdk.consolidation._geometry._BLOCK", 40)
    answer = [box(20 * number) for number in range(15)]

    assert lefts(agree(BoxConsolidation(), answer, answer, answer[::-1])) == [each.left for each in answer]


@pytest.mark.parametrize(
    "make",
    [
        lambda: BoxConsolidation(min_iou=0),
        lambda: PolygonConsolidation(min_iou=1.1),
        lambda: BoxConsolidation(min_share=0),
        lambda: KeypointConsolidation(max_distance=0),
        lambda: PolylineConsolidation(max_distance=float("inf")),
        lambda: PolylineConsolidation(max_distance=float("nan")),
    ],
)
def test_a_limit_that_is_none_is_refused(make):
    with pytest.raises(InvalidInputError, match=r"(min_iou|min_share|max_distance) is "):
        make()


def test_polygons_are_matched_by_area_and_averaged_along_the_outline():
    """From another corner, and the other way round."""
    large = square(1, 1, 8)
    turned = Polygon("roof", large.vertices[2:] + large.vertices[:2])
    reverse = Polygon("roof", turned.vertices[::-1])
    consensus = agree(PolygonConsolidation(), [square(3, 3, 4)], [turned], [reverse], preferred=[])

    assert len(consensus.label.shapes) == 1  # the small one has a quarter of the area
    assert set(consensus.label.shapes[0].vertices) == set(large.vertices)
    assert consensus.label.shapes[0].confidence == pytest.approx(2 / 3)


def test_outlines_of_different_vertex_counts_have_a_mean():
    """The second has one more vertex, in the middle of an edge, and lies 2 to the right."""
    more = Polygon("roof", (Point(2, 0), Point(7, 0), Point(12, 0), Point(12, 10), Point(2, 10)))
    shape = agree(PolygonConsolidation(), [square(0, 0, 10)], [more]).label.shapes[0]

    assert [round(number, 9) for point in shape.vertices for number in point] == [1, 0, 11, 0, 11, 10, 1, 10]


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("turned", [square(0, 0, 10), square(2, 2, 6)], ids=["large", "small"])
def test_corners_find_each_other_wherever_an_outline_begins(turned, turn):
    """One square lies in the middle of the other."""
    still = square(2, 2, 6) if turned == square(0, 0, 10) else square(0, 0, 10)
    begun = Polygon("roof", turned.vertices[turn:] + turned.vertices[:turn])
    shape = agree(PolygonConsolidation(min_iou=0.3), [still], [begun]).label.shapes[0]

    assert {(round(x, 9), round(y, 9)) for x, y in shape.vertices} == {(1, 1), (9, 1), (9, 9), (1, 9)}


def test_an_average_that_would_cross_itself_gives_way_to_the_outline_most_like_the_others():
    bowtie = Polygon("roof", (Point(0, 0), Point(10, 10), Point(10, 0), Point(0, 10)))
    wider = Polygon("roof", (Point(0, 0), Point(11, 10), Point(11, 0), Point(0, 10)))
    shape = agree(PolygonConsolidation(), [bowtie], [bowtie], [wider]).label.shapes[0]

    assert shape.vertices == bowtie.vertices


def test_outlines_without_an_area_are_like_no_other():
    flat = Polygon("roof", (Point(0, 0), Point(5, 5), Point(9, 9)))

    assert agree(PolygonConsolidation(), [flat], [flat], [flat]).label.shapes == ()
    assert agree(PolygonConsolidation(), [flat], [square(0, 0, 5)], preferred=[flat]).label.shapes == ()


def test_no_polygon_at_all_is_fine():
    assert agree(PolygonConsolidation(), [], []).label.shapes == ()


def test_lines_are_matched_from_either_end_and_averaged():
    """The second is the first one from its end, 4 below, with a vertex more."""
    first, second = line((0, 0), (100, 0)), line((100, 4), (50, 4), (0, 4))
    consensus = agree(PolylineConsolidation(max_distance=8), [first], [second])

    assert consensus.label.shapes == (Polyline("lane", (Point(0.0, 2.0), Point(100.0, 2.0)), confidence=1.0),)
    assert consensus.agreement == pytest.approx(1 - 2 / 8)


def test_lines_that_lie_apart_on_average_are_two():
    answers = [line((0, 0), (100, 0))], [line((0, 0), (100, 30))]

    assert len(agree(PolylineConsolidation(max_distance=14), *answers).label.shapes) == 2
    assert len(agree(PolylineConsolidation(max_distance=16), *answers).label.shapes) == 1


def test_a_line_that_is_a_point_is_still_a_line():
    assert (
        agree(PolylineConsolidation(5), [line((3, 3), (3, 3))], [line((3, 3), (3, 3), (3, 3))]).agreement == 1
    )


def test_keypoints_are_matched_by_distance_and_averaged():
    points = [Keypoint("nose", 100, 80), Keypoint("nose", 106, 88)]
    consensus = agree(KeypointConsolidation(max_distance=10), points[:1], points[1:])

    assert consensus.label.shapes == (Keypoint("nose", 103.0, 84.0, confidence=1.0),)
    assert consensus.agreement == pytest.approx(0.5)  # each is 5 of 10 away


def test_keypoints_of_different_names_are_different_points():
    left, right = Keypoint("left eye", 10, 10), Keypoint("right eye", 10, 10)

    assert sorted(names(agree(KeypointConsolidation(5), [left], [right]))) == ["left eye", "right eye"]
    assert names(agree(KeypointConsolidation(5), [left], [], preferred=[right])) == []
    assert names(agree(KeypointConsolidation(5), [left], [], preferred=[left])) == ["left eye"]


def test_how_far_apart_points_may_lie_goes_by_the_size_of_the_image():
    """Two percent of a diagonal of 1000 is 20."""
    near, far = (
        ([Keypoint("nose", 0, 0)], [Keypoint("nose", 20, 0)]),
        ([Keypoint("nose", 0, 0)], [Keypoint("nose", 21, 0)]),
    )

    assert len(agree(KeypointConsolidation(), *near, size=(600, 800)).label.shapes) == 1
    assert len(agree(KeypointConsolidation(), *far, size=(600, 800)).label.shapes) == 2


def test_points_in_an_image_of_unknown_size_need_a_distance():
    with pytest.raises(
        InvalidInputError, match=r"item 1: none says how large .* give max_distance"
    ) as caught:
        agree(KeypointConsolidation(), [Keypoint("nose", 0, 0)], [])

    assert caught.value.item_id == "1"


def test_many_lines_are_compared_a_few_at_a_time(monkeypatch):
    votes = [
        Vote("1", worker, Shapes(tuple(Polyline("lane", (Point(x, y), Point(x + 50, y))) for x in range(5))))
        for y, worker in enumerate(["ann", "bob", "cai"])
    ]
    at_once = PolylineConsolidation(max_distance=4).consolidate(votes)
    monkeypatch.setattr("hitl_sdk.consolidation._geometry._BLOCK", 1)

    assert PolylineConsolidation(max_distance=4).consolidate(votes) == at_once
