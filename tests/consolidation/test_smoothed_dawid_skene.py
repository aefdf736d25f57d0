"""The smoothed model of Dawid and Skene, beside the formulas written out, and where it is meant for."""

import math
import random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.consolidation import DawidSkene, PerLabel, SmoothedDawidSkene, Vote

PAIRS = st.tuples(st.sampled_from("123456"), st.sampled_from(["ann", "bob", "cleo", "dan"]))
CROWDS = st.dictionaries(PAIRS, st.sampled_from("abc"), min_size=1, max_size=20).map(
    lambda by_pair: [Vote(item, worker, label) for (item, worker), label in by_pair.items()]
)


def learnt_by_the_book(votes, t, labels):
    """Return each worker's chance of saying a label of each true label, from the formulas and without arrays."""
    workers = sorted({vote.worker for vote in votes})
    own = {w: [vote for vote in votes if vote.worker == w] for w in workers}
    seems = {w: sum(t[v.item][v.label] for v in own[w]) / len(own[w]) for w in workers}
    on_average = sum(seems.values()) / len(seems)

    def share(accuracy, true, said):
        return accuracy if true == said else (1 - accuracy) / max(len(labels) - 1, 1)

    def counted(w, true, said):
        counts = sum(t[v.item][true] for v in own[w] if v.label == said)
        n = len(own[w])
        return counts + n * share(seems[w], true, said) + n / 2 * share(on_average, true, said)

    return {
        (w, true, said): max(counted(w, true, said), 1e-10) / sum(counted(w, true, each) for each in labels)
        for w in workers
        for true in labels
        for said in labels
    }


def posteriors_by_the_book(votes, rounds):
    items, labels = sorted({vote.item for vote in votes}), sorted({vote.label for vote in votes})
    of_item = {item: [vote for vote in votes if vote.item == item] for item in items}
    t = {i: {k: sum(v.label == k for v in of_item[i]) / len(of_item[i]) for k in labels} for i in items}
    for _ in range(rounds):
        chance = learnt_by_the_book(votes, t, labels)
        prior = {k: sum(t[i][k] for i in items) / len(items) for k in labels}
        joint = {
            i: {k: prior[k] * math.prod(chance[v.worker, k, v.label] for v in of_item[i]) for k in labels}
            for i in items
        }
        t = {i: {k: joint[i][k] / sum(joint[i].values()) for k in labels} for i in items}
    return t, learnt_by_the_book(votes, t, labels)


@given(votes=CROWDS, rounds=st.integers(1, 3))
@settings(deadline=None, max_examples=60)
def test_confidences_and_confusions_are_those_of_the_formulas(votes, rounds):
    method = SmoothedDawidSkene(max_iter=rounds, tolerance=0)
    method.fit_predict(pd.DataFrame(votes))
    if method.n_iter_ < rounds:
        return  # it can't get better

    posteriors, confusion = posteriors_by_the_book(votes, rounds)

    for item, outcome in method.consolidate(votes).items():
        highest = max(posteriors[item].values())
        assert posteriors[item][outcome.label] == pytest.approx(highest, abs=1e-6)
        if outcome.confidence is not None:
            assert outcome.confidence == pytest.approx(highest, abs=1e-6)
    for (worker, true, said), chance in confusion.items():
        assert method.confusion_[worker][true][said] == pytest.approx(chance, abs=1e-6)


def test_a_worker_who_never_said_a_label_still_could():
    votes = [Vote(str(item), worker, "ab"[item % 2]) for item in range(6) for worker in ("ann", "bob")]
    votes += [Vote(str(item), "cleo", "a") for item in (0, 2)]
    smoothed, plain = SmoothedDawidSkene(), DawidSkene()
    for method in (smoothed, plain):
        method.fit_predict(pd.DataFrame(votes))

    assert plain.confusion_["cleo"]["b"]["b"] == 0
    assert smoothed.confusion_["cleo"]["b"]["b"] > 0.5


def test_in_small_batches_of_many_labels_it_is_right_more_often():
    draw = random.Random(7)
    labels = "abcdefghij"
    right = {DawidSkene: 0, SmoothedDawidSkene: 0}
    for _ in range(10):
        truth = [draw.choice(labels) for _ in range(100)]
        votes = [
            Vote(str(item), str(skill), label if draw.random() < skill else draw.choice(labels))
            for item, label in enumerate(truth)
            for skill in draw.sample([0.95, 0.93, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65], 3)
        ]
        for kind in right:
            found = kind().consolidate(votes)
            right[kind] += sum(found[str(item)].label == label for item, label in enumerate(truth))

    assert right[SmoothedDawidSkene] > right[DawidSkene]


def test_no_votes_are_no_consensus():
    assert SmoothedDawidSkene().consolidate([]) == {}


def test_several_labels_go_through_it_one_by_one():
    votes = [Vote(str(item), worker, ("price",)) for item in range(5) for worker in ("ann", "bob")]

    consensus = PerLabel(["price", "size"], of=SmoothedDawidSkene()).consolidate(votes)

    assert {each.label for each in consensus.values()} == {("price",)}
