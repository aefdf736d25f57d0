"""Majority vote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.consolidation import Consensus, MajorityVote, Vote, majority
from hitl_sdk.errors import EmptyInputError

LABELS = st.lists(st.sampled_from("abc"), min_size=1, max_size=7)


def test_the_label_most_workers_gave_wins():
    assert majority(["a", "b", "a"]) == Consensus("a", 2 / 3, 2 / 3, 3)


def test_of_a_single_worker_there_is_no_confidence_and_no_agreement():
    assert majority(["a"]) == Consensus("a", None, None, 1)


def test_a_tie_goes_to_the_preferred_label_if_it_is_among_the_tied():
    assert majority(["a", "b"], preferred="b") == Consensus("b", 0.5, 0.5, 2, tie=True)


def test_a_tie_without_the_preferred_label_goes_to_the_first_in_sorted_order():
    assert majority(["c", "b"], preferred="a").label == "b"


def test_the_preferred_label_does_not_overrule_a_majority():
    assert majority(["a", "a", "b"], preferred="b").label == "a"


def test_no_labels_are_an_error():
    with pytest.raises(EmptyInputError, match="no labels"):
        majority([])


def test_every_item_gets_a_consensus_in_the_order_in_which_it_appears():
    votes = [Vote("2", "ann", "b"), Vote("1", "ann", "a"), Vote("2", "bob", "c")]
    consensus = MajorityVote().consolidate(votes, preferred={"2": "c"})
    assert list(consensus.items()) == [("2", majority(["b", "c"], preferred="c")), ("1", majority(["a"]))]


def test_no_votes_give_no_consensus():
    assert MajorityVote().consolidate([]) == {}


@given(LABELS, st.randoms(use_true_random=False))
def test_the_order_of_the_workers_does_not_matter(labels, random):
    shuffled = random.sample(labels, len(labels))
    assert majority(shuffled) == majority(labels)


@given(LABELS, st.none() | st.sampled_from("abcd"))
def test_the_label_was_given_and_no_other_more_often(labels, preferred):
    consensus = majority(labels, preferred=preferred)
    assert labels.count(consensus.label) == max(map(labels.count, labels))
    assert consensus.agreement == (labels.count(consensus.label) / len(labels) if len(labels) > 1 else None)
    assert consensus.tie == (
        len({each for each in labels if labels.count(each) == labels.count(consensus.label)}) > 1
    )
