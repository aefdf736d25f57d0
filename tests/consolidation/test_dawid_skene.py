"""Dawid and Skene's models, beside the formulas written out, and on published sets."""

import math
import pickle
import random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.consolidation import Consensus, DawidSkene, MajorityVote, OneCoinDawidSkene, Vote
from hitl_sdk.errors import InvalidInputError

METHODS = [DawidSkene, OneCoinDawidSkene]
PAIRS = st.tuples(st.sampled_from("123456"), st.sampled_from(["ann", "bob", "cleo", "dan", "eve"]))
CROWDS = st.dictionaries(PAIRS, st.sampled_from("abc"), min_size=1, max_size=25).map(
    lambda by_pair: [Vote(item, worker, label) for (item, worker), label in by_pair.items()]
)

# Measured with crowd-kit 1.4.2: accuracy, and after how many rounds it ended.
PUBLISHED = [
    ("rte", DawidSkene, 0.9275, 9),
    ("rte", OneCoinDawidSkene, 0.9250, 10),
    ("dog", DawidSkene, 0.8426, 14),
    ("dog", OneCoinDawidSkene, 0.8302, 14),
    ("product", DawidSkene, 0.9397, 80),
    ("product", OneCoinDawidSkene, 0.9084, 18),
    ("CF", DawidSkene, 0.8300, 5),
    ("CF", OneCoinDawidSkene, 0.8867, 6),
]


def posteriors_by_the_book(votes, one_coin, rounds):
    """Return T of every item and label after some rounds, from the formulas and without arrays."""
    items, workers, labels = (sorted({vote[field] for vote in votes}) for field in range(3))
    of_item = {item: [vote for vote in votes if vote.item == item] for item in items}
    of_worker = {worker: [vote for vote in votes if vote.worker == worker] for worker in workers}
    t = {i: {k: sum(v.label == k for v in of_item[i]) / len(of_item[i]) for k in labels} for i in items}
    for _ in range(rounds):
        p = {k: sum(t[i][k] for i in items) / len(items) for k in labels}
        s = {w: sum(t[v.item][v.label] for v in of_worker[w]) / len(of_worker[w]) for w in workers}

        def chance(w, true, said, t=t, s=s):
            if one_coin:
                return s[w] if true == said else (1 - s[w]) / max(len(labels) - 1, 1)
            given = {k: max(sum(t[v.item][true] for v in of_worker[w] if v.label == k), 1e-10) for k in
                     {v.label for v in of_worker[w]}}  # fmt: skip
            return given[said] / sum(given.values())

        weight = {
            i: {
                k: math.log(max(p[k], 1e-10))
                + sum(math.log(min(max(chance(v.worker, k, v.label), 1e-10), 1)) for v in of_item[i])
                for k in labels
            }
            for i in items
        }
        t = {
            i: {
                k: 1 / sum(math.exp(min(other - weight[i][k], 700)) for other in weight[i].values())
                for k in labels
            }
            for i in items
        }
    return t


def posterior_of(method, votes):
    frame = method.fit_predict(pd.DataFrame(votes))
    return frame.set_index("item")


@pytest.mark.parametrize("method", METHODS)
@given(votes=CROWDS, rounds=st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_the_confidence_is_the_posterior_of_the_formulas(method, votes, rounds):
    expected = posteriors_by_the_book(votes, method is OneCoinDawidSkene, rounds)
    consensus = method(max_iter=rounds, tolerance=0).consolidate(votes)
    fitted = method(max_iter=rounds, tolerance=0)
    fitted.fit_predict(pd.DataFrame(votes))
    if fitted.n_iter_ < rounds:
        return  # it can't get better
    for item, outcome in consensus.items():
        highest = max(expected[item].values())
        assert expected[item][outcome.label] == pytest.approx(highest, abs=1e-6)
        if outcome.confidence is not None:
            assert outcome.confidence == pytest.approx(highest, abs=1e-6)


@pytest.mark.parametrize(("name", "method", "accuracy", "rounds"), PUBLISHED)
def test_on_published_sets_it_is_as_right_as_crowd_kit(real_crowd, name, method, accuracy, rounds):
    votes, truth = real_crowd(name)
    fitted = method()
    judged = fitted.fit_predict(votes).merge(truth, on="item")
    assert (judged["label"] == judged["truth"]).mean() == pytest.approx(accuracy, abs=5e-5)
    assert (fitted.n_iter_, fitted.converged_) == (rounds, True)


@pytest.mark.parametrize("method", METHODS)
def test_it_knows_good_workers_from_bad_ones(method):
    rng = random.Random(5)
    truth = {str(item): rng.choice("ab") for item in range(200)}
    skill = {"ann": 0.95, "bob": 0.9, "cleo": 0.55, "dan": 0.5, "eve": 0.45}
    votes = [
        Vote(item, worker, label if rng.random() < right else "ba"["ab".index(label)])
        for item, label in truth.items()
        for worker, right in skill.items()
    ]
    fitted = method()
    frame = fitted.fit_predict(pd.DataFrame(votes))
    by_majority = MajorityVote().fit_predict(pd.DataFrame(votes))
    for worker in ("ann", "bob"):
        assert fitted.worker_accuracy_[worker] > 0.85
    for worker in ("cleo", "dan", "eve"):
        assert fitted.worker_accuracy_[worker] < 0.65
    right = (frame["label"] == frame["item"].map(truth)).mean()
    assert right > (by_majority["label"] == by_majority["item"].map(truth)).mean() + 0.05


def test_a_worker_who_always_says_the_opposite_is_listened_to(votes_of):
    votes = votes_of(ann="aabbaabb", bob="aabbaaba", cleo="bbaabbaa")
    method = DawidSkene()
    assert posterior_of(method, votes).loc["7", "label"] == "b"
    assert method.worker_accuracy_["cleo"] == pytest.approx(0, abs=1e-6)
    assert method.confusion_["cleo"]["a"]["b"] == pytest.approx(1)


@pytest.mark.parametrize("method", METHODS)
def test_the_fitted_attributes_fit_together(votes_of, method):
    fitted = method()
    fitted.fit_predict(pd.DataFrame(votes_of(ann="abcab", bob="abcaa", cleo="cb ab")))
    assert fitted.priors_.keys() == {"a", "b", "c"}
    assert sum(fitted.priors_.values()) == pytest.approx(1)
    assert fitted.worker_accuracy_.keys() == set(fitted.confusion_) == {"ann", "bob", "cleo"}
    assert len(fitted.confusion_) == 3
    for matrix in fitted.confusion_.values():
        assert matrix.keys() == {"a", "b", "c"}
        for given_labels in matrix.values():
            assert sum(given_labels.values()) == pytest.approx(1)
    with pytest.raises(KeyError):
        fitted.confusion_["dan"]


def test_a_label_that_a_worker_never_gave_has_no_chance(votes_of):
    fitted = DawidSkene()
    fitted.fit_predict(pd.DataFrame(votes_of(ann="abc", bob="abb")))
    assert [row["c"] for row in fitted.confusion_["bob"].values()] == [0, 0, 0]


@pytest.mark.parametrize("method", METHODS)
def test_consolidating_votes_leaves_the_method_as_it_is(votes_of, method):
    used = method()
    used.consolidate(votes_of(ann="ab", bob="ab"))
    assert vars(used) == vars(method())


@pytest.mark.parametrize("method", METHODS)
def test_one_worker_an_item_gives_their_labels_and_no_confidence(votes_of, method):
    consensus = method().consolidate(votes_of(ann="ab  ", bob="  ba"))
    assert list(consensus.values()) == [Consensus(label, None, None, 1) for label in "abba"]


@pytest.mark.parametrize("method", METHODS)
def test_one_label_is_certain(votes_of, method):
    consensus = method().consolidate(votes_of(ann="aa", bob="aa"))
    assert list(consensus.values()) == [Consensus("a", 1.0, 1.0, 2)] * 2


@pytest.mark.parametrize("method", METHODS)
def test_a_worker_with_one_answer_is_no_trouble(votes_of, method):
    consensus = method().consolidate(votes_of(ann="abab", bob="abab", cleo=" b  "))
    assert [each.label for each in consensus.values()] == list("abab")
    assert consensus["1"].n_workers == 3


@pytest.mark.parametrize("method", METHODS)
def test_no_votes_give_no_consensus(method):
    assert method().consolidate([]) == {}


@pytest.mark.parametrize("method", METHODS)
def test_two_workers_who_never_agree_are_tied_on_everything(votes_of, method):
    consensus = method().consolidate(votes_of(ann="ab", bob="ba"), preferred={"1": "b"})
    assert consensus["0"] == Consensus("a", 0.5, 0.5, 2, tie=True)
    assert consensus["1"] == Consensus("b", 0.5, 0.5, 2, tie=True)


@pytest.mark.parametrize("method", METHODS)
def test_a_preferred_label_that_is_not_tied_does_not_win(votes_of, method):
    votes = votes_of(ann="ab", bob="ab", cleo="aa")
    assert method().consolidate(votes, preferred={"0": "b", "1": "c"}) == method().consolidate(votes)


@pytest.mark.parametrize("method", METHODS)
def test_a_worker_who_answers_twice_counts_twice_and_is_one(votes_of, method):
    twice = [*votes_of(ann="a"), *votes_of(ann="a")]
    assert method().consolidate(twice) == {"0": Consensus("a", None, None, 1)}
    three = method().consolidate([*twice, *votes_of(bob="b")])
    assert three["0"].agreement == pytest.approx(2 / 3)
    assert three["0"].n_workers == 2


@pytest.mark.parametrize("method", [*METHODS, MajorityVote])
def test_a_vote_without_a_label_is_left_out(votes_of, method):
    votes = votes_of(ann="ab", bob="ab")
    assert method().consolidate([Vote("9", "ann", None), *votes, Vote("0", "cleo", None)]) == (
        method().consolidate(votes)
    )


@pytest.mark.parametrize("method", METHODS)
def test_it_ends_after_the_rounds_it_may_take(votes_of, method):
    short, long = method(max_iter=1), method()
    for each in (short, long):
        each.fit_predict(pd.DataFrame(votes_of(ann="abcabc", bob="abcabb", cleo="aacabc", dan="cbaabc")))
    assert (short.n_iter_, short.converged_) == (1, False)
    assert long.n_iter_ > 1
    assert long.converged_


@pytest.mark.parametrize("wrong", [{"max_iter": 0}, {"tolerance": -1.0}, {"tolerance": math.nan}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InvalidInputError, match="max_iter is"):
        DawidSkene(**wrong)


@pytest.mark.parametrize("method", METHODS)
def test_a_method_can_be_sent_to_another_process(votes_of, method):
    votes = pd.DataFrame(votes_of(ann="abab", bob="abba", cleo="abaa"))
    sent = pickle.loads(pickle.dumps(method(max_iter=7)))
    assert sent.max_iter == 7
    assert sent.fit_predict(votes).equals(method(max_iter=7).fit_predict(votes))
    fitted = pickle.loads(pickle.dumps(sent))
    assert fitted.confusion_["ann"] == sent.confusion_["ann"]


@pytest.mark.parametrize("method", [*METHODS, MajorityVote])
@given(votes=CROWDS, rng=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_the_order_of_the_votes_does_not_matter(method, votes, rng):
    assert_same(method().consolidate(rng.sample(votes, len(votes))), method().consolidate(votes))


def test_a_balanced_set_does_not_tip_over_with_the_order_of_its_rows(votes_of):
    """Here the last digit of a sum, which depends on the order of what is summed up, would grow round by round."""
    votes, rng = votes_of(ann="accb", bob="caba"), random.Random(0)
    expected = OneCoinDawidSkene().consolidate(votes)
    for _ in range(100):
        assert_same(OneCoinDawidSkene().consolidate(rng.sample(votes, len(votes))), expected)


@pytest.mark.parametrize("method", [*METHODS, MajorityVote])
@given(votes=CROWDS, names=st.permutations(["ann", "bob", "cleo", "dan", "eve"]))
@settings(deadline=None, max_examples=60)
def test_the_names_of_the_workers_do_not_matter(method, votes, names):
    renamed = dict(zip(["ann", "bob", "cleo", "dan", "eve"], names, strict=True))
    assert_same(
        method().consolidate([vote._replace(worker=renamed[vote.worker]) for vote in votes]),
        method().consolidate(votes),
    )


@pytest.mark.parametrize("method", [*METHODS, MajorityVote])
@given(truth=st.dictionaries(st.sampled_from("123456"), st.sampled_from("abc"), min_size=1))
def test_what_all_say_is_the_label(method, truth):
    votes = [Vote(item, worker, label) for item, label in truth.items() for worker in ("ann", "bob", "cleo")]
    consensus = method().consolidate(votes)
    assert {item: each.label for item, each in consensus.items()} == truth
    assert {each.agreement for each in consensus.values()} == {1}
    assert not any(each.tie for each in consensus.values())


@pytest.mark.parametrize("method", [*METHODS, MajorityVote])
@given(votes=CROWDS)
@settings(deadline=None, max_examples=60)
def test_shares_are_shares_and_unknown_for_one_worker(method, votes):
    for consensus in method().consolidate(votes).values():
        if consensus.n_workers == 1:
            assert consensus.confidence is consensus.agreement is None
        else:
            assert 0 < consensus.confidence <= 1
            assert 0 <= consensus.agreement <= 1


def assert_same(one, other):
    assert one.keys() == other.keys()
    for item, consensus in one.items():
        assert (consensus.label, consensus.tie) == (other[item].label, other[item].tie)
        assert consensus.confidence == pytest.approx(other[item].confidence, abs=1e-9)
        assert consensus.agreement == other[item].agreement
