"""Several labels an item, each a question of its own."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.consolidation import Consensus, DawidSkene, MajorityVote, OneCoinDawidSkene, PerLabel, Vote
from hitl_sdk.errors import InvalidInputError

LABELS = ("price", "size", "smell")
ANSWERS = st.frozensets(st.sampled_from(LABELS)).map(
    lambda chosen: tuple(each for each in LABELS if each in chosen)
)
PAIRS = st.tuples(st.sampled_from("1234"), st.sampled_from(["ann", "bob", "cleo", "dan"]))
CROWDS = st.dictionaries(PAIRS, ANSWERS, max_size=16).map(
    lambda by_pair: [Vote(item, worker, labels) for (item, worker), labels in by_pair.items()]
)


def votes(*answers, item="1"):
    return [Vote(item, f"worker-{number}", answer) for number, answer in enumerate(answers)]


def consensus_of(*answers, preferred=None):
    return PerLabel(LABELS).consolidate(votes(*answers), preferred=preferred)["1"]


def test_a_label_that_most_workers_chose_is_meant():
    assert consensus_of(("price", "size"), ("size",), ("size", "smell")) == Consensus(
        ("size",),
        confidence=pytest.approx(2 / 3),
        agreement=pytest.approx((1 / 2 + 1 + 1 / 2) / 3),
        n_workers=3,
        label_confidences={
            "price": pytest.approx(1 / 3),
            "size": pytest.approx(1),
            "smell": pytest.approx(1 / 3),
        },
    )


def test_labels_come_in_the_order_of_the_task():
    assert consensus_of(("smell", "price"), ("smell", "price")).label == ("price", "smell")


def test_a_label_that_nobody_chose_has_no_confidence():
    assert consensus_of(("price",), ("price",)).label_confidences == {"price": 1.0}


def test_nothing_chosen_is_an_answer():
    assert consensus_of((), ()) == Consensus((), 1.0, 1.0, 2, label_confidences={})


def test_a_tied_label_is_left_out():
    consensus = consensus_of(("price", "size"), ("size",))
    assert consensus.label == ("size",)
    assert consensus.tie
    assert consensus.confidence == 0.5


def test_a_tied_label_that_is_preferred_is_meant():
    assert consensus_of(("price",), (), preferred={"1": ("price", "smell")}).label == ("price",)
    assert consensus_of(("price",), (), preferred={"1": ()}).label == ()


def test_one_worker_gives_their_labels_and_nothing_is_known_of_them():
    assert consensus_of(("size",)) == Consensus(("size",), None, None, 1)


def test_a_vote_without_labels_is_left_out():
    assert PerLabel(LABELS).consolidate([Vote("2", "ann", None), *votes(("size",))]).keys() == {"1"}


def test_no_votes_give_no_consensus():
    assert PerLabel(LABELS).consolidate([]) == {}


@pytest.mark.parametrize("wrong", [("colour",), "size", ("price", "colour")])
def test_what_is_no_label_of_the_task_is_refused(wrong):
    with pytest.raises(InvalidInputError, match="labels of item '1'"):
        consensus_of(("size",), wrong)


@pytest.mark.parametrize("labels", [[], ["a", "a"]])
def test_the_task_has_labels_and_each_once(labels):
    with pytest.raises(InvalidInputError, match="the labels are"):
        PerLabel(labels)


def test_each_label_is_asked_of_the_method_that_is_named():
    """Dan says everything of everything, which the model learns and the majority does not."""
    given_votes = [
        Vote(str(item), worker, labels if worker != "dan" else LABELS)
        for item, labels in enumerate([("price",), ("size",), ("smell",), (), ("price", "size")] * 4)
        for worker in ("ann", "bob", "dan")
    ]
    skilled = [*given_votes, Vote("x", "dan", LABELS), Vote("x", "ann", ("size",))]
    learnt = PerLabel(LABELS, of=DawidSkene()).consolidate(skilled)["x"]
    assert learnt.label == ("size",)
    assert not learnt.tie
    assert learnt.label_confidences["size"] > 0.9
    assert learnt.label_confidences["price"] < 0.1
    assert PerLabel(LABELS).consolidate(skilled)["x"].tie


def test_a_method_that_does_not_say_how_sure_it_is_leaves_that_open():
    class Unsure:
        def consolidate(self, votes, *, preferred=None):
            return {item: Consensus(each.label, None, each.agreement, each.n_workers) for item, each in
                    MajorityVote().consolidate(votes, preferred=preferred).items()}  # fmt: skip

    consensus = PerLabel(LABELS, of=Unsure()).consolidate(votes(("size",), ("size",)))["1"]
    assert consensus == Consensus(("size",), None, 1.0, 2)


@pytest.mark.parametrize("method", [MajorityVote, OneCoinDawidSkene])
@given(crowd=CROWDS, rng=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_the_order_of_the_votes_does_not_matter(method, crowd, rng):
    one = PerLabel(LABELS, of=method()).consolidate(crowd)
    other = PerLabel(LABELS, of=method()).consolidate(rng.sample(crowd, len(crowd)))
    assert one.keys() == other.keys()
    for item, consensus in one.items():
        assert (consensus.label, consensus.tie) == (other[item].label, other[item].tie)
        assert consensus.agreement == pytest.approx(other[item].agreement)
        assert consensus.confidence == pytest.approx(other[item].confidence)


@given(crowd=CROWDS)
@settings(deadline=None)
def test_by_majority_each_label_is_as_sure_as_the_share_that_chose_it(crowd):
    for item, consensus in PerLabel(LABELS).consolidate(crowd).items():
        answers = [vote.label for vote in crowd if vote.item == item]
        if len(answers) > 1:
            shares = {label: sum(label in each for each in answers) / len(answers) for label in LABELS}
            assert consensus.label_confidences == pytest.approx(
                {k: share for k, share in shares.items() if share}
            )
            assert consensus.label == tuple(label for label in LABELS if shares[label] > 0.5)
            assert consensus.tie == (0.5 in shares.values())
            assert consensus.confidence == pytest.approx(
                min(max(share, 1 - share) for share in shares.values())
            )
