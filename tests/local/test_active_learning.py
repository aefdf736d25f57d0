"""The loop of active learning: what people label, what the model may, and when it ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.local.active_learning import (
    PROBE,
    TARGET,
    ActiveLearning,
    confidence_threshold,
    validation_size,
)


class Guesser:
    """A classifier that learns nothing but the classes: it is as sure as the row says, and says the row's class."""

    def fit(self, rows, labels):
        self.classes_ = np.array(sorted(set(labels)))
        return self

    def predict_proba(self, rows):
        others = len(self.classes_) - 1
        table = np.array([[(1 - row[1]) / others] * len(self.classes_) for row in rows])
        for line, row in zip(table, rows, strict=True):
            line[int(row[0])] = row[1]
        return table


def numbered(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def halves(ids):
    return {each: "high" if int(each) % 2 else "low" for each in ids}


def parity(each: str) -> list[float]:
    return [float(int(each) % 2), 0.0]


def loop_of(count: int, **settings_) -> ActiveLearning:
    settings_.setdefault("estimator", LogisticRegression())
    settings_.setdefault("features", parity)
    return ActiveLearning(numbered(count), **settings_)


def test_the_first_batches_are_probe_training_and_validation():
    steps = list(loop_of(1250).run(halves))

    assert [(step.purpose, len(step.ask)) for step in steps[:3]] == [
        ("probe", 10),
        ("training", 990),
        ("validation", 250),
    ]


@pytest.mark.parametrize(
    ("objects", "held_out"), [(1, 1), (10, 2), (4999, 1000), (5000, 500), (100_000, 10_000)]
)
def test_the_validation_set_is_a_fifth_of_few_objects_and_a_tenth_of_many(objects, held_out):
    assert validation_size(objects) == held_out


def test_a_validation_set_larger_than_a_batch_takes_several():
    steps = list(loop_of(400, batch_size=50).run(halves))

    assert [(step.purpose, len(step.ask)) for step in steps[:4]] == [
        ("probe", 10),
        ("training", 40),
        ("validation", 50),
        ("validation", 30),
    ]


def test_what_the_model_is_sure_of_is_labelled_by_it():
    steps = list(loop_of(400, batch_size=50).run(halves))
    labels = {each: label.label for step in steps for each, label in step.labels.items()}

    assert len(labels) >= 200
    assert labels == halves(labels)


def test_the_least_certain_objects_go_to_people():
    def features(each):
        return [float(int(each) % 2), 0.5 + int(each) / 2000]

    loop = loop_of(600, batch_size=60, features=features, estimator=Guesser())
    human = {}
    while (step := loop.step(human)).purpose in {"probe", "training", "validation"}:
        human |= {each: "0" if int(each) % 3 == 0 else "1" for each in step.ask}  # not what the model learns

    open_ = sorted(int(each) for each in set(numbered(600)) - human.keys())
    assert step.threshold is None
    assert step.labels == {}
    assert [int(each) for each in step.ask] == open_[:60]


def test_nothing_is_labelled_by_a_model_that_is_never_right_often_enough():
    rng = np.random.default_rng(5)
    coins = {each: str(rng.integers(2)) for each in numbered(300)}
    steps = list(loop_of(300, batch_size=40).run(lambda ids: {each: coins[each] for each in ids}))

    assert all(step.labels == {} for step in steps)
    assert sum(len(step.ask) for step in steps) == 300


def test_more_than_a_tenth_of_the_probe_failing_ends_it():
    loop = loop_of(100)
    probe = loop.step({}).ask
    one = loop.step(halves(probe[1:]), failed=probe[:1])
    two = loop.step(halves(probe[2:]), failed=probe[:2])

    assert one.purpose == "training"
    assert (two.ask, two.purpose) == ((), "end")
    assert two.failure == "2 of the 10 probe objects failed, more than 10 %"


def test_the_same_standing_gives_the_same_step():
    first, again = (loop_of(300, batch_size=40, seed=3) for _ in range(2))
    human = halves(first.step({}).ask)

    assert first.step(human) == again.step(human)
    assert loop_of(300, seed=4).step({}).ask != first.step({}).ask


def test_a_step_that_was_cut_off_goes_on_where_it_was():
    loop = loop_of(400, batch_size=50)
    human = {}
    while (step := loop.step(human)).purpose in {"probe", "training", "validation"}:
        human |= halves(step.ask)
    half = sorted(step.labels)[: len(step.labels) // 2]

    resumed = loop.step(human, machine=half)

    assert resumed.ask == step.ask
    assert resumed.labels == {each: label for each, label in step.labels.items() if each not in half}


def test_one_class_alone_teaches_nothing_and_people_go_on():
    steps = list(loop_of(100, batch_size=20).run(lambda ids: dict.fromkeys(ids, "same")))

    assert all(step.model is None for step in steps)
    assert sum(len(step.ask) for step in steps) == 100


def test_people_label_first_what_no_model_can_see():
    unseen = {"7", "90", "201", "333"}
    loop = loop_of(400, batch_size=50, features=lambda each: None if each in unseen else parity(each))
    steps = list(loop.run(halves))
    machine = {each for step in steps for each in step.labels}

    assert machine
    assert not machine & unseen
    assert {each for step in steps for each in step.ask} >= unseen


def test_texts_reach_the_estimator_as_they_are():
    seen = []

    class Reader(Guesser):
        def fit(self, rows, labels):
            seen.extend(rows)
            return super().fit(rows, labels)

        def predict_proba(self, rows):
            return super().predict_proba([[0.0, 1.0] for _ in rows])

    list(loop_of(60, batch_size=20, estimator=Reader(), features=lambda each: f"text {each}").run(halves))

    assert seen
    assert all(text.startswith("text ") for text in seen)


def test_the_estimator_that_was_given_stays_untrained():
    estimator = LogisticRegression()
    list(loop_of(400, batch_size=50, estimator=estimator).run(halves))

    assert not hasattr(estimator, "classes_")


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"batch_size": 0}, "batch_size=0"),
        ({"target": 0.0}, "target=0.0"),
        ({"target": 1.5}, "target=1.5"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings_, words):
    with pytest.raises(InvalidInputError, match=words):
        loop_of(10, **settings_)


def test_an_object_given_twice_is_refused():
    with pytest.raises(InvalidInputError, match="twice"):
        ActiveLearning(["1", "1"], LogisticRegression(), parity)


@pytest.mark.parametrize(
    "features", [lambda each: [0.0] * (1 + int(each) % 2), lambda each: "a" if each == "1" else [1.0]]
)
def test_features_that_make_no_table_are_refused(features):
    with pytest.raises(InvalidInputError, match="no table of numbers"):
        list(loop_of(60, batch_size=20, features=features).run(halves))


@pytest.mark.parametrize("value", [math.nan, -0.5, 1.5])
def test_an_estimator_that_gives_no_probabilities_is_refused(value):
    class Wrong(Guesser):
        def predict_proba(self, rows):
            return np.full((len(rows), len(self.classes_)), value)

    with pytest.raises(InvalidInputError, match=r"Wrong\.predict_proba"):
        list(loop_of(60, batch_size=20, estimator=Wrong()).run(halves))


@pytest.mark.parametrize("method", ["fit", "predict_proba"])
def test_an_estimator_that_raises_is_named(method):
    def fails(self, *_):
        raise RuntimeError("out of order")

    broken = type("Broken", (Guesser,), {method: fails})

    with pytest.raises(InvalidInputError, match=rf"Broken\.{method} failed: RuntimeError: out of order"):
        list(loop_of(60, batch_size=20, estimator=broken()).run(halves))


def test_one_lucky_hit_is_no_threshold():
    assert confidence_threshold([0.99], [True], TARGET) is None
    assert confidence_threshold([0.9] * 20, [True] * 20, TARGET) == (0.9, 1.0)


def test_a_target_of_certainty_takes_the_whole_validation_set():
    assert confidence_threshold([0.9, 0.8], [True, True], 1.0) == (0.8, 1.0)
    assert confidence_threshold([0.9, 0.8], [True, False], 1.0) is None


def test_nothing_validated_is_no_threshold():
    assert confidence_threshold([], [], TARGET) is None


def test_digits_are_labelled_by_the_model_as_well_as_it_promises():
    digits = load_digits()
    truth = {str(number): str(digit) for number, digit in enumerate(digits.target)}
    loop = ActiveLearning(
        list(truth),
        LogisticRegression(max_iter=200),
        lambda each: list(digits.data[int(each)] / 16),
        batch_size=400,
    )
    labels = {}
    for step in loop.run(lambda ids: {each: truth[each] for each in ids}):
        labels |= step.labels

    right = sum(truth[each] == label.label for each, label in labels.items())
    assert len(labels) > 500
    assert right / len(labels) >= TARGET


outcomes = st.lists(
    st.tuples(st.sampled_from("ab"), st.floats(0.5, 1), st.booleans()), min_size=0, max_size=160
)


@settings(max_examples=60, deadline=None)
@given(
    outcomes,
    st.integers(1, 60),
    st.floats(0.5, 1),
    st.integers(0, 5),
    st.sets(st.integers(0, 159)),
)
def test_every_object_is_labelled_once_and_by_the_model_only_from_the_threshold_on(
    objects, batch_size, target, seed, failing
):
    ids = numbered(len(objects))
    loop = ActiveLearning(
        ids,
        Guesser(),
        lambda each: [float(objects[int(each)][0] == "b"), objects[int(each)][1]],
        batch_size=batch_size,
        target=target,
        seed=seed,
    )
    people = {each: ("b" if objects[int(each)][0] == "b" else "a") for each in ids}
    people |= {each: "a" for each in ids if not objects[int(each)][2]}
    asked, machine = [], {}
    steps = list(loop.run(lambda some: {each: people[each] for each in some if int(each) not in failing}))
    for step in steps:
        assert not machine.keys() & step.labels.keys()
        assert all(label.confidence >= step.threshold for label in step.labels.values())
        assert step.accuracy is None or step.accuracy >= target
        assert (step.threshold is None) == (step.accuracy is None)
        assert len(step.ask) <= batch_size
        asked += step.ask
        machine |= step.labels

    assert len(asked) == len(set(asked))
    assert not machine.keys() & set(asked)
    if steps[-1].failure is None:
        assert machine.keys() | set(asked) == set(ids)
    else:
        assert len(asked) <= PROBE


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans())), st.floats(0.01, 1))
def test_a_threshold_is_the_lowest_that_holds_the_target(pairs, target):
    confidences, correct = [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    def accuracy(threshold):
        hits = [right for confidence, right in pairs if confidence >= threshold]
        return len(hits), sum(hits) / len(hits)

    found = confidence_threshold(confidences, correct, target)
    fewest = math.ceil(round(1 / (1 - target), 9)) if target < 1 else len(pairs)
    good = [c for c in confidences if accuracy(c)[0] >= fewest and accuracy(c)[1] >= target]

    assert found == ((min(good), accuracy(min(good))[1]) if good else None)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30))
def test_room_is_kept(most_asked, most_labeled):
    loop = loop_of(200, batch_size=25)
    human = {}
    while (step := loop.step(human)).purpose in {"probe", "training", "validation"}:
        human |= halves(step.ask)
    kept = loop.step(human, most_asked=most_asked, most_labeled=most_labeled)

    assert len(kept.ask) <= most_asked
    assert len(kept.ask) + len(kept.labels) <= most_labeled
    assert len(kept.labels) == min(len(step.labels), most_labeled)
    assert loop.step({}, most_asked=most_asked).ask == loop.step({}).ask[:most_asked]


def test_where_the_model_can_see_none_of_the_rest_people_label_it():
    loop = loop_of(200, batch_size=50)
    seen = set()
    while (step := loop.step(halves(seen))).purpose in {"probe", "training", "validation"}:
        seen |= set(step.ask)
    blind = loop_of(200, batch_size=50, features=lambda each: parity(each) if each in seen else None)

    step = blind.step(halves(seen))

    assert step.labels == {}
    assert len(step.ask) == 50
