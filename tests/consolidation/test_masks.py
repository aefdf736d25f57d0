"""Semantic and instance masks of several workers."""

import numpy as np
import pytest

from hitl_sdk.consolidation import InstanceMaskConsolidation, MaskVote, Vote
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Mask, make_mask, mask_pixels


def mask(rows, labels=("road", "sky")):
    return make_mask([[int(pixel) for pixel in row] for row in rows.split()], list(labels))


def agree(method, *masks, preferred=None):
    votes = [Vote("1", f"worker-{number}", each) for number, each in enumerate(masks)]
    return method.consolidate(votes, preferred=None if preferred is None else {"1": preferred})["1"]


def shown(consensus):
    return " ".join("".join(map(str, row)) for row in mask_pixels(consensus.label).tolist())


def test_each_pixel_goes_by_its_own_vote():
    consensus = agree(MaskVote(), mask("112 100"), mask("122 110"), mask("112 200"))

    assert shown(consensus) == "112 100"
    assert consensus.confidence == pytest.approx((3 + 2 + 3 + 2 + 2 + 3) / 18)
    assert not consensus.tie


def test_the_agreement_is_the_mean_iou_over_labels():
    """The result is the first mask: with it the second has 2/3 for road and 1/2 for sky."""
    consensus = agree(MaskVote(), mask("1112"), mask("1122"), mask("1112"))

    assert shown(consensus) == "1112"
    assert consensus.agreement == pytest.approx((1 + (2 / 3 + 1 / 2) / 2 + 1) / 3)


@pytest.mark.parametrize(
    ("model", "expected"), [(None, "010"), ("222", "220"), ("111", "011"), ("000", "010")]
)
def test_a_tied_pixel_is_the_preferred_one_or_else_the_lowest(model, expected):
    """The ties: background or sky, road or sky, background or road."""
    consensus = agree(MaskVote(), mask("010"), mask("221"), preferred=None if model is None else mask(model))

    assert shown(consensus) == expected
    assert consensus.tie


def test_labels_go_by_name_whatever_their_numbers():
    consensus = agree(MaskVote(), mask("12", ("sky", "road")), mask("21"), mask("21", ("road", "sky", "sea")))

    assert consensus.label.labels == ("road", "sea", "sky")
    assert shown(consensus) == "31"


def test_a_preferred_mask_may_know_labels_that_no_worker_gave():
    assert shown(agree(MaskVote(), mask("10"), mask("02"), preferred=mask("11", ("sea",)))) == "00"


def test_the_background_is_no_label_to_agree_on():
    assert agree(MaskVote(), mask("0011"), mask("0001"), mask("0011")).agreement == pytest.approx(2.5 / 3)


def test_nothing_but_background_is_agreed_upon():
    assert agree(MaskVote(), mask("00"), mask("00")).agreement == 1


@pytest.mark.parametrize("method", [MaskVote(), InstanceMaskConsolidation()])
@pytest.mark.parametrize(
    ("other", "message"),
    [
        (mask("10 01"), "item 1: the masks have different sizes: 2 x 1, 2 x 2"),
        (Mask(2, 1, ("road",), b"GIF"), "item 1: a mask's 3 bytes are no PNG"),
    ],
)
def test_masks_that_do_not_fit_together_are_refused_by_item(method, other, message):
    with pytest.raises(InvalidInputError, match=message) as caught:
        agree(method, mask("10"), other)

    assert caught.value.item_id == "1"


def test_a_preferred_mask_of_another_size_is_refused():
    with pytest.raises(InvalidInputError, match="different sizes"):
        agree(MaskVote(), mask("10"), mask("10"), preferred=mask("1"))


def test_more_instances_than_a_byte_counts_go_by_vote():
    pixels = np.arange(1, 301).reshape(20, 15)
    many = make_mask(pixels, ["cell"] * 300)
    consensus = agree(InstanceMaskConsolidation(), many, many)

    np.testing.assert_array_equal(mask_pixels(consensus.label), pixels)


CARS = ("car", "car")


def test_instances_are_matched_whatever_their_numbers():
    consensus = agree(
        InstanceMaskConsolidation(), mask("11022", CARS), mask("22011", CARS), mask("11022", CARS)
    )

    assert shown(consensus) == "11022"
    assert (consensus.confidence, consensus.agreement, consensus.tie) == (1, 1, False)


def test_an_instance_has_the_pixels_of_more_than_half_of_those_who_drew_it():
    consensus = agree(
        InstanceMaskConsolidation(), mask("11100", CARS), mask("11000", CARS), mask("11110", CARS)
    )

    assert shown(consensus) == "11100"
    assert consensus.agreement == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert not consensus.tie


def test_a_pixel_of_half_of_those_who_drew_it_is_left_out_and_flagged():
    consensus = agree(InstanceMaskConsolidation(), mask("11100", CARS), mask("11000", CARS))

    assert shown(consensus) == "11000"
    assert consensus.tie


def test_an_instance_of_fewer_than_half_of_the_workers_is_left_out():
    consensus = agree(
        InstanceMaskConsolidation(), mask("11022", CARS), mask("11000", CARS), mask("11000", CARS)
    )

    assert (shown(consensus), consensus.label.labels) == ("11000", ("car",))
    assert consensus.confidence == pytest.approx((1 + 2 / 3) / 2)


@pytest.mark.parametrize(("model", "expected"), [(None, "11022"), ("00011", "11022"), ("11000", "11000")])
def test_an_instance_of_half_of_the_workers_goes_by_the_preferred_mask(model, expected):
    preferred = None if model is None else mask(model, CARS)
    if model == "00011":  # it has the other one as well
        preferred = mask("22011", CARS)
    consensus = agree(
        InstanceMaskConsolidation(), mask("11022", CARS), mask("11000", CARS), preferred=preferred
    )

    assert shown(consensus) == expected
    assert consensus.tie


def test_of_two_instances_that_claim_a_pixel_the_surer_one_has_it():
    """Two of three have the pixel in the middle in the left one, two of three in the right one."""
    left, both, right = "11100", "11122", "00222"
    consensus = agree(
        InstanceMaskConsolidation(min_iou=0.3),
        mask(left, CARS), mask(right, CARS), mask(both, CARS), mask(left, CARS), mask(right, CARS),
    )  # fmt: skip

    assert shown(consensus) == "11122"


def test_the_surer_one_has_it_though_the_other_comes_first():
    """Three of seven drew the left one, with the pixel in the middle; all drew the right one, four of them with it."""
    answers = [mask("11122", CARS)] * 3 + [mask("00111", CARS)] * 4

    assert shown(agree(InstanceMaskConsolidation(min_share=0.4), *answers)) == "11222"


def test_instances_of_one_label_are_joined_before_others():
    """The van of the first is as much like the car of the second as like his van."""
    vans = mask("1111", ("van",)), mask("1122", ("car", "van")), mask("0011", ("van",))
    consensus = agree(InstanceMaskConsolidation(), *vans)

    assert (shown(consensus), consensus.label.labels) == ("0011", ("van",))


def test_the_label_of_an_instance_goes_by_vote():
    vans = ("van", "car")
    consensus = agree(InstanceMaskConsolidation(), mask("110", CARS), mask("110", vans), mask("110", vans))

    assert consensus.label.labels == ("van",)


def test_instances_on_which_no_pixel_is_agreed_are_not_in_the_mask():
    """Three overlap by a third each, no pixel is in more than one half of all four."""
    answers = [mask(rows, ("car",)) for rows in ("1100", "0110", "0011", "1001")]
    consensus = agree(InstanceMaskConsolidation(min_iou=0.1), *answers)

    assert (shown(consensus), consensus.label.labels) == ("0000", ())
