"""Frames, cuboids and classes of points of several workers: matched, averaged, voted on, and followed over frames."""

from dataclasses import replace
from math import pi

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.consolidation import (
    BoxConsolidation,
    CuboidConsolidation,
    FrameConsolidation,
    KeypointConsolidation,
    PointVote,
    Vote,
)
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Attribute, Box, Cuboid, Frame, FrameObject, FrameSequence, Keypoint, PointClasses

VAN = Cuboid("van", 8, 0, 1, 4, 2, 2)


def agreed(method, *answers, preferred=None):
    votes = [Vote("1", f"w{number}", answer) for number, answer in enumerate(answers)]
    return method.consolidate(votes, preferred=None if preferred is None else {"1": preferred})["1"]


def frame(*shapes, **fields):
    return Frame(objects=tuple(FrameObject(shape) for shape in shapes), **fields)


def follows(*frames):
    """A sequence in which each frame has things by their id: a left edge each."""
    return FrameSequence(
        tuple(
            Frame(number, f"{number}.jpg", tuple(thing(name, left) for name, left in things.items()))
            for number, things in enumerate(frames)
        )
    )


def thing(name, left):
    return FrameObject(Box("van", left, 10, 40, 40), object_id=name, object_name=f"van:{name}")


def ids(consensus):
    return [[each.object_id for each in frame.objects] for frame in consensus.label.frames]


BOXES = FrameConsolidation(BoxConsolidation())


def test_cuboids_are_averaged_and_their_confidence_is_the_share_who_drew_them():
    near = replace(VAN, center_x=9, yaw=0.2)

    consensus = agreed(CuboidConsolidation(), frame(VAN), frame(near), frame())

    (found,) = consensus.label.objects
    assert (found.shape.center_x, found.shape.yaw) == (8.5, 0.1)
    assert found.shape.confidence == pytest.approx(2 / 3)
    assert consensus.n_workers == 3


def test_cuboids_that_do_not_overlap_are_different_things():
    consensus = agreed(CuboidConsolidation(), frame(VAN), frame(replace(VAN, center_z=4)))

    assert len(consensus.label.objects) == 2
    assert consensus.tie


def test_yaw_turns_footprints():
    long = Cuboid("van", 0, 0, 0, 10, 1, 1)

    crossed = agreed(CuboidConsolidation(), frame(long), frame(replace(long, yaw=pi / 2)))
    opposite = agreed(CuboidConsolidation(), frame(long), frame(replace(long, yaw=pi)))

    assert len(crossed.label.objects) == 2
    assert len(opposite.label.objects) == 1


@given(st.floats(-4, 4), st.floats(-100, 100), st.floats(0.1, 20))
def test_no_worker_agrees_with_more_than_all(yaw, center_x, length):
    turned = frame(replace(VAN, yaw=yaw, center_x=center_x, length=length))

    consensus = agreed(CuboidConsolidation(), turned, turned)

    assert len(consensus.label.objects) == 1
    assert consensus.agreement == pytest.approx(1)
    assert consensus.agreement <= 1


def test_angles_are_averaged_the_shorter_way_round():
    consensus = agreed(CuboidConsolidation(), frame(replace(VAN, yaw=3.1)), frame(replace(VAN, yaw=-3.1)))

    assert abs(consensus.label.objects[0].shape.yaw) == pytest.approx(pi)


def test_a_cuboid_without_a_volume_is_like_no_other():
    flat = replace(VAN, height=0)

    assert len(agreed(CuboidConsolidation(), frame(flat), frame(flat)).label.objects) == 2


def test_a_cuboid_that_half_of_the_workers_drew_goes_by_the_preferred_label():
    answers = frame(VAN), frame()

    assert agreed(CuboidConsolidation(), *answers, preferred=frame()).label.objects == ()
    assert len(agreed(CuboidConsolidation(), *answers, preferred=frame(VAN)).label.objects) == 1


def test_one_worker_is_taken_at_their_word():
    for method, answer in (
        (CuboidConsolidation(), frame(VAN)),
        (BOXES, follows({"a": 1})),
        (PointVote(), PointClasses(("road",), b"\0\1")),
    ):
        consensus = agreed(method, answer)
        assert (consensus.label, consensus.confidence, consensus.n_workers) == (answer, None, 1)


def test_names_of_cuboids_are_those_of_most_workers_and_each_stands_once():
    far = replace(VAN, center_x=80)
    both = Frame(objects=(FrameObject(VAN, object_name="van:1"), FrameObject(far, object_name="van:2")))
    swapped = Frame(objects=(FrameObject(far, object_name="van:1"), FrameObject(VAN, object_name="van:2")))
    alike = Frame(objects=(FrameObject(VAN, object_name="van"), FrameObject(far, object_name="van")))

    names = [each.object_name for each in agreed(CuboidConsolidation(), both, both, swapped).label.objects]
    assert sorted(names) == ["van:1", "van:2"]
    assert [each.object_name for each in agreed(CuboidConsolidation(), alike, alike).label.objects] == [
        "van",
        "van-2",
    ]


def test_attributes_are_those_that_half_of_the_workers_tell():
    def van(**told):
        attributes = tuple(Attribute(name, value) for name, value in told.items())
        return Frame(objects=(FrameObject(VAN, attributes=attributes),), attributes=attributes)

    answers = (
        van(hidden="no", seen="once"),
        van(hidden="yes"),
        van(hidden="no", colour="red"),
        van(colour="red"),
    )
    label = agreed(CuboidConsolidation(), *answers).label

    assert label.objects[0].attributes == (Attribute("colour", "red"), Attribute("hidden", "no"))
    assert label.attributes == label.objects[0].attributes


def test_frames_are_matched_by_number_and_who_lacks_one_marked_nothing_there():
    consensus = agreed(BOXES, follows({"a": 10}, {"a": 20}), follows({"b": 12}), follows({"c": 14}))

    assert [frame.number for frame in consensus.label.frames] == [0, 1]
    assert [len(frame.objects) for frame in consensus.label.frames] == [1, 0]
    assert consensus.label.frames[0].objects[0].shape.left == 12
    assert consensus.confidence == pytest.approx((1 + 2 / 3) / 2)


def test_a_track_keeps_one_id_though_each_worker_has_another():
    answers = [follows({name: 10}, {name: 11}, {name: 12}) for name in "abb"]

    assert ids(agreed(BOXES, *answers)) == [["b"], ["b"], ["b"]]


def test_two_tracks_that_meet_are_kept_apart():
    crossing = [{"a": 0, "b": 200}, {"a": 100, "b": 101}, {"a": 200, "b": 0}]

    consensus = agreed(BOXES, follows(*crossing), follows(*crossing), follows(*crossing))

    places = {
        frame.number: {each.object_id: each.shape.left for each in frame.objects}
        for frame in consensus.label.frames
    }
    assert (places[0], places[2]) == ({"a": 0, "b": 200}, {"a": 200, "b": 0})


def test_a_track_goes_on_with_most_of_its_ids():
    steady = [follows({"a": 10}, {"a": 10}, {"a": 10}) for _ in range(2)]
    loses_it = follows({"a": 10}, {"z": 10}, {"z": 10})

    assert ids(agreed(BOXES, *steady, loses_it)) == [["a"], ["a"], ["a"]]


def test_no_id_is_given_to_two_tracks():
    one_thing = follows({"a": 10, "b": 300})
    named_alike = FrameSequence((Frame(0, "0.jpg", (thing("a", 10), thing("a", 300))),))

    ((first, second),) = ids(agreed(BOXES, named_alike, named_alike))
    assert {first, second} == {"a", "a-2"}
    assert sorted(ids(agreed(BOXES, one_thing, one_thing))[0]) == ["a", "b"]


def test_detection_has_no_ids_to_follow():
    boxes = FrameSequence((Frame(0, "0.jpg", (FrameObject(Box("van", 10, 10, 40, 40)),)),))

    assert ids(agreed(BOXES, boxes, boxes)) == [[None]]


def test_frames_in_which_nobody_marks_anything_are_agreed_on():
    consensus = agreed(BOXES, follows({}), follows({}))

    assert (consensus.confidence, consensus.agreement, consensus.tie) == (1.0, 1.0, False)
    assert consensus.label == follows({})


def test_the_preferred_sequence_decides_ties():
    once = follows({"a": 10}), follows({})

    assert ids(agreed(BOXES, *once, preferred=follows({}))) == [[]]
    assert ids(agreed(BOXES, *once, preferred=follows({"a": 10}))) == [["a"]]
    assert ids(agreed(BOXES, *once, preferred=FrameSequence())) == [[]]


def test_points_in_frames_need_a_distance_for_frames_tell_no_size():
    def nose(x):
        return FrameSequence((Frame(0, "0.jpg", (FrameObject(Keypoint("nose", x, 5)),)),))

    near = agreed(FrameConsolidation(KeypointConsolidation(20)), nose(10), nose(14))
    assert near.label.frames[0].objects[0].shape.x == 12
    with pytest.raises(InvalidInputError, match="give max_distance in pixels"):
        agreed(FrameConsolidation(KeypointConsolidation()), nose(10), nose(14))


def test_a_method_says_for_which_frames_it_is():
    assert FrameConsolidation(CuboidConsolidation()).takes == "frames of cuboids"
    assert BOXES.takes == "frames of boxes"


def points(classes, labels=("road", "tree"), **fields):
    return PointClasses(labels, bytes(classes), **fields)


def test_each_point_goes_by_the_vote():
    consensus = agreed(PointVote(), points([1, 1, 0]), points([1, 0, 0]), points([1, 1, 2]))

    assert list(consensus.label.classes) == [1, 1, 0]
    assert consensus.confidence == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    assert not consensus.tie


def test_classes_are_matched_by_name():
    consensus = agreed(PointVote(), points([1, 2], ("road", "tree")), points([2, 1], ("tree", "road")))

    assert (consensus.label.labels, list(consensus.label.classes)) == (("road", "tree"), [1, 2])
    assert consensus.agreement == 1


def test_a_tie_of_points_goes_to_the_preferred_class_else_to_the_lowest():
    answers = points([1]), points([2])

    assert list(agreed(PointVote(), *answers, preferred=points([2])).label.classes) == [2]
    assert list(agreed(PointVote(), *answers).label.classes) == [1]
    assert agreed(PointVote(), *answers).tie


def test_different_numbers_of_points_are_refused():
    with pytest.raises(InvalidInputError, match="the numbers of points differ: 1, 2"):
        agreed(PointVote(), points([1]), points([1, 2]))


def test_attributes_of_a_frame_of_points_are_kept():
    rain = (Attribute("weather", "rain"),)

    assert agreed(PointVote(), points([1], attributes=rain), points([1])).label.attributes == rain


THINGS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 400), max_size=3)
SEQUENCES = st.lists(THINGS, min_size=1, max_size=3).map(lambda frames: follows(*frames))


@settings(max_examples=50, deadline=None)
@given(st.lists(SEQUENCES, min_size=2, max_size=4))
def test_the_order_of_the_workers_does_not_matter_and_no_id_stands_twice_in_a_frame(answers):
    consensus = agreed(BOXES, *answers)

    assert agreed(BOXES, *reversed(answers)) == consensus
    for frame_ids in ids(consensus):
        assert len(frame_ids) == len(set(frame_ids))


@settings(max_examples=50, deadline=None)
@given(SEQUENCES, st.integers(2, 4))
def test_workers_who_agree_are_taken_at_their_word(sequence, n_workers):
    consensus = agreed(BOXES, *[sequence] * n_workers)

    for found, given_frame in zip(consensus.label.frames, sequence.frames, strict=True):
        assert sorted(each.shape.left for each in found.objects) == sorted(
            each.shape.left for each in given_frame.objects
        )
