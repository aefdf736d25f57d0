"""Free texts and numbers of several workers."""

import pytest

from hitl_sdk.consolidation import NumberConsolidation, TextConsolidation, Vote
from hitl_sdk.errors import InvalidInputError


def agree(method, *answers, preferred=None):
    votes = [Vote("1", f"worker-{number}", answer) for number, answer in enumerate(answers)]
    return method.consolidate(votes, preferred=None if preferred is None else {"1": preferred})["1"]


def test_the_text_that_most_workers_wrote_wins():
    consensus = agree(TextConsolidation(), "abcd", "abcd", "wxyz")

    assert consensus.label == "abcd"
    assert consensus.confidence == pytest.approx(1 / 2)  # to the two others'
    assert consensus.agreement == pytest.approx(2 / 3)


def test_blanks_and_line_breaks_do_not_tell_texts_apart():
    consensus = agree(TextConsolidation(), "turn\nleft", "turn left\u200b", " turn  left")

    assert consensus.label == "turn\nleft"  # the shortest
    assert consensus.agreement == 1


def test_of_forms_of_one_text_the_most_frequent_stands():
    assert agree(TextConsolidation(), "a  b", "a b", "a  b", "x").label == "a  b"


def test_without_a_majority_the_text_closest_to_all_others_wins():
    """It has one letter less than the first, one more than the last; these differ by two."""
    consensus = agree(TextConsolidation(), "turn left", "turn lef", "turn le")

    assert consensus.label == "turn lef"
    assert consensus.confidence == pytest.approx((8 / 9 + 7 / 8) / 2)
    assert not consensus.tie


@pytest.mark.parametrize(("model", "expected"), [(None, "left"), ("right ", "right"), ("ahead", "left")])
def test_of_texts_as_close_the_preferred_wins_or_else_the_first(model, expected):
    consensus = agree(TextConsolidation(), "right", "left", preferred=model)

    assert consensus.label == expected
    assert consensus.tie


def test_texts_that_are_all_the_same_need_no_library(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "rapidfuzz", None)

    assert agree(TextConsolidation(), "same", "same").confidence == 1


def test_nothing_written_is_a_text():
    assert agree(TextConsolidation(), "", "", "a").label == ""


def test_numbers_have_a_median():
    consensus = agree(NumberConsolidation(), 3, 100, 4)

    assert (consensus.label, consensus.confidence, consensus.agreement) == (4, 1 / 3, 1 / 3)
    assert not consensus.tie


@pytest.mark.parametrize(("model", "expected"), [(None, 5.5), (5, 5), (7, 7), (9, 5.5)])
def test_between_two_middle_numbers_the_preferred_wins_or_else_their_mean(model, expected):
    consensus = agree(NumberConsolidation(), 1, 4, 7, 9, preferred=model)

    assert consensus.label == expected
    assert consensus.tie


def test_numbers_near_the_median_agree_with_it():
    assert agree(NumberConsolidation(tolerance=0.5), 1.0, 1.5, 2.5).agreement == 2 / 3


@pytest.mark.parametrize("tolerance", [-1, float("nan")])
def test_a_tolerance_that_is_none_is_refused(tolerance):
    with pytest.raises(InvalidInputError, match="tolerance"):
        NumberConsolidation(tolerance)
