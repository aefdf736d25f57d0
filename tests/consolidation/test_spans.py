"""Entity spans of several workers."""

import pytest

from hitl_sdk.consolidation import SpanConsolidation, Vote
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Span


def agree(*answers, preferred=None, **options):
    votes = [Vote("1", f"worker-{number}", tuple(answer)) for number, answer in enumerate(answers)]
    model = None if preferred is None else {"1": tuple(preferred)}
    return SpanConsolidation(**options).consolidate(votes, preferred=model)["1"]


def city(start, end):
    return Span("city", start, end)


def said(consensus):
    return [(span.label, span.start_offset, span.end_offset) for span in consensus.label]


def test_boundaries_are_the_ones_given_most_often():
    consensus = agree([city(5, 13)], [city(5, 13)], [city(5, 17)])

    assert said(consensus) == [("city", 5, 13)]
    assert consensus.label[0].confidence == 1
    assert consensus.agreement == pytest.approx((1 + 1 + 8 / 12) / 3)


def test_a_clear_mode_outdoes_the_median():
    assert said(agree(*([city(start, 25)] for start in (5, 5, 6, 7, 8)))) == [("city", 5, 25)]


def test_boundaries_without_a_clear_mode_are_the_median():
    assert said(agree([city(5, 13)], [city(6, 14)], [city(7, 15)])) == [("city", 6, 14)]


def test_of_two_boundaries_in_the_middle_the_lower_stands():
    assert said(agree([city(5, 13)], [city(6, 15)])) == [("city", 5, 13)]


def test_start_and_end_are_settled_one_by_one():
    assert said(agree([city(5, 13)], [city(5, 14)], [city(6, 14)])) == [("city", 5, 14)]


def test_boundaries_that_would_leave_nothing_give_way_to_the_medians():
    """8 is both the most frequent start and the most frequent end, among spans that hardly overlap."""
    ahead, behind = [[city(0, 8)]] * 3, [[city(8, end)] for end in (9, 10, 11, 12)]

    assert said(agree(*ahead, *behind, [city(1, 40)], min_overlap=0.001)) == [("city", 1, 9)]


def test_the_label_is_the_most_frequent_one():
    consensus = agree([city(5, 13)], [city(5, 13)], [Span("state", 5, 13)])

    assert said(consensus) == [("city", 5, 13)]
    assert consensus.label[0].confidence == 2 / 3
    assert not consensus.tie


@pytest.mark.parametrize(("model", "label"), [(None, "city"), ([Span("state", 5, 12)], "state")])
def test_of_labels_given_as_often_the_preferred_wins_or_else_the_first(model, label):
    consensus = agree([Span("state", 5, 13)], [city(5, 13)], preferred=model)

    assert said(consensus) == [(label, 5, 13)]
    assert consensus.tie


def test_what_half_of_the_workers_marked_is_kept_unless_the_preferred_label_has_none_there():
    answers = [city(0, 4), city(9, 13)], [city(0, 4)]

    assert said(agree(*answers)) == [("city", 0, 4), ("city", 9, 13)]
    assert said(agree(*answers, preferred=[city(0, 4)])) == [("city", 0, 4)]
    assert agree(*answers, preferred=[city(0, 4)]).tie


def test_spans_that_overlap_too_little_are_two():
    answers = [city(0, 10)], [city(6, 16)]  # 4 of 16 characters in common

    assert len(agree(*answers).label) == 2
    assert len(agree(*answers, min_overlap=0.25).label) == 1


def test_a_name_within_a_name_is_kept_apart():
    nested = [Span("person", 0, 16), Span("title", 0, 9)]

    assert said(agree(nested, nested[::-1])) == [("title", 0, 9), ("person", 0, 16)]


def test_spans_of_one_label_are_joined_before_others():
    """Everybody marked the same words twice."""
    twice = [city(0, 8), Span("state", 0, 8)]

    assert said(agree(twice, twice[::-1], twice)) == [("city", 0, 8), ("state", 0, 8)]


def test_nothing_marked_by_anybody_is_agreed_upon():
    assert (agree([], []).label, agree([], []).agreement) == ((), 1.0)


@pytest.mark.parametrize("options", [{"min_overlap": 0}, {"min_share": 2}])
def test_a_limit_that_is_none_is_refused(options):
    with pytest.raises(InvalidInputError, match="above 0 and up to 1"):
        SpanConsolidation(**options)


def test_a_share_that_just_suffices_is_a_tie_at_one_half_alone():
    votes = [Vote("1", "ann", (Span("city", 0, 4),)), Vote("1", "bob", ()), Vote("1", "cai", ())]
    votes.append(Vote("1", "dan", ()))

    consensus = SpanConsolidation(min_share=0.25).consolidate(votes)["1"]

    assert (len(consensus.label), consensus.tie) == (1, False)
