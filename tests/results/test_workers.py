"""One row a worker: accuracy, time and drift, from a long form of any engine, labels of any structure."""

from datetime import UTC, datetime, timedelta
from statistics import fmean, median

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.consolidation import Consensus, MajorityVote, Vote
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Box, Shapes, to_value
from hitl_sdk.results import Outputs, answers_frame, drift_frame, workers_frame

LAW = settings(deadline=None, max_examples=60)
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
FIGURES = [
    "n_answers", "n_items", "accuracy_to_consensus", "n_consensus", "accuracy_to_gold", "n_gold",
    "median_seconds", "mean_seconds", "first_submitted_at", "last_submitted_at",
]  # fmt: skip
DRIFTS = ["accuracy_to_consensus_drift", "accuracy_to_gold_drift", "seconds_drift"]
ANSWERS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("uvw"), st.sampled_from("xyz")), max_size=20
)


def long_form(*answers, **columns):
    """Return a frame of answers, each given as ``(item, worker, label)``."""
    frame = pd.DataFrame(answers, columns=["item", "worker", "label"], dtype=object)
    return frame.assign(**columns)


def in_turn(n, *, right=lambda place: True, seconds=lambda place: 10.0, minutes=1):
    """Return n answers of one worker, one after the other, with the gold to them."""
    answers = long_form(
        *[(f"item {place}", "u", "yes" if right(place) else "no") for place in range(n)],
        submitted_at=[START + timedelta(minutes=minutes * place) for place in range(n)],
        seconds_spent=[seconds(place) for place in range(n)],
    )
    return answers, dict.fromkeys(answers["item"], "yes")


def column(frame, name):
    """Return a column by worker, with None for what is not there."""
    return {
        worker: None if pd.isna(value) else value
        for worker, value in zip(frame["worker"], frame[name], strict=True)
    }


def boxes(*lefts):
    return Shapes(tuple(Box("cat", left, 0, 10, 10) for left in lefts), 640, 480)


@pytest.fixture
def outputs(a2i):
    return Outputs(
        [
            a2i.document(
                a2i.answer("-1", "u"), a2i.answer("-1", "v", timeSpentInSeconds=12), a2i.answer("0", "w")
            ),
            a2i.document(
                a2i.answer("1", "u", submissionTime="soon"), inputContent={"taskObject": "It is okay"}
            ),
            a2i.document(a2i.answer("7", "v"), humanLoopName="of no label"),
            b"cut off",
        ]
    )


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize("to", ["pandas", "polars", "arrow"])
def test_it_reads_and_gives_frames_of_any_engine(outputs, a2i, engine, to):
    gold = {"It is okay": "0", "I am unhappy with this product": "-1", "never asked": "1"}

    frame = workers_frame(answers_frame(outputs, a2i.task, engine), gold=gold, engine=to)

    rows = (
        frame.to_dicts()
        if to == "polars"
        else frame.to_pylist()
        if to == "arrow"
        else frame.to_dict("records")
    )
    assert [list(row) for row in rows] == [["worker", *FIGURES, *DRIFTS]] * 3
    submitted = datetime(2023, 2, 3, 10, 0, 39, 450_000, tzinfo=UTC)
    assert [[None if pd.isna(value) else value for value in row.values()] for row in rows] == [
        ["u", 2, 2, None, 0, 0.5, 2, 38.33, 38.33, submitted, submitted, None, None, None],
        ["v", 1, 1, None, 0, 1.0, 1, 12.0, 12.0, submitted, submitted, None, None, None],
        ["w", 1, 1, 0.0, 1, 0.0, 1, 38.33, 38.33, submitted, submitted, None, None, None],
    ]


def test_no_answers_give_a_frame_without_rows_and_with_every_column():
    frame = workers_frame(long_form())

    assert len(frame) == 0
    assert list(frame.columns) == ["worker", *FIGURES, *DRIFTS]


def test_a_lazy_frame_is_collected():
    frame = workers_frame(pl.LazyFrame({"item": ["a"], "worker": ["u"], "label": ["x"]}), gold={"a": "x"})

    assert column(frame, "accuracy_to_gold") == {"u": 1.0}


def test_without_a_consensus_each_answer_is_compared_with_those_of_the_others():
    answers = long_form(("a", "u", "x"), ("a", "v", "x"), ("a", "w", "y"), ("b", "u", "x"), ("b", "v", "y"))

    frame = workers_frame(answers)

    # Of "a", u and v are judged by others who differ; of "b" each is judged by the other one.
    assert column(frame, "n_consensus") == {"u": 1, "v": 1, "w": 1}
    assert column(frame, "accuracy_to_consensus") == {"u": 0.0, "v": 0.0, "w": 0.0}


def test_nobody_is_his_own_witness():
    answers = long_form(("a", "u", "x"), ("a", "u", "x"), ("a", "u", "x"), ("a", "v", "y"), ("b", "u", "x"))

    frame = workers_frame(answers)

    assert column(frame, "accuracy_to_consensus") == {"u": 0.0, "v": 0.0}
    assert column(frame, "n_consensus") == {"u": 3, "v": 1}
    assert column(frame, "n_items") == {"u": 2, "v": 1}


def test_a_given_consensus_counts_for_items_of_two_workers_or_more():
    answers = long_form(("a", "u", "x"), ("a", "v", "y"), ("b", "u", "x"), ("c", "u", "x"), ("c", "v", "x"))

    frame = workers_frame(answers, consensus={"a": "x", "b": "x", "c": None})

    assert column(frame, "accuracy_to_consensus") == {"u": 1.0, "v": 0.0}
    assert column(frame, "n_consensus") == {"u": 1, "v": 1}


@pytest.mark.parametrize("kind", ["consensus", "labels", "pandas", "polars", "arrow"])
def test_a_consensus_is_what_a_method_gives_or_a_mapping_or_a_frame(kind):
    answers = long_form(("a", "u", "x"), ("a", "v", "x"), ("a", "w", "y"))
    made = MajorityVote().consolidate([Vote(*row) for row in answers.to_numpy()])
    columns = {"item": ["a", "b", None], "label": ["x", None, "z"], "confidence": [0.7, None, None]}
    given = {
        "consensus": made,
        "labels": {"a": "x"},
        "pandas": pd.DataFrame(columns),
        "polars": pl.DataFrame(columns),
        "arrow": pa.table(columns),
    }[kind]

    frame = workers_frame(answers, consensus=given)

    assert column(frame, "accuracy_to_consensus") == {"u": 1.0, "v": 1.0, "w": 0.0}


def test_items_may_be_named_by_another_column():
    answers = long_form(("It broke", "u", "x"), item_id=["7"])

    frame = workers_frame(answers, item="item_id", gold=pd.DataFrame({"item_id": ["7"], "label": ["x"]}))

    assert column(frame, "accuracy_to_gold") == {"u": 1.0}


def test_a_gold_frame_may_say_the_same_twice_but_not_two_things():
    answers, gold = long_form(("a", "u", "x")), pd.DataFrame({"item": ["a", "a"], "label": ["x", "x"]})

    assert column(workers_frame(answers, gold=gold), "n_gold") == {"u": 1}
    with pytest.raises(
        InvalidInputError, match="the gold labels have a second one, another, for the item of row 1"
    ):
        workers_frame(answers, gold=gold.assign(label=["x", "y"]))


@pytest.mark.parametrize("engine", ["objects", "pandas", "polars", "arrow", "numpy"])
def test_structures_are_the_same_if_their_values_are(engine):
    labels = [boxes(1, 50), boxes(1, 50), boxes(2)]
    if engine == "objects":
        answers = long_form(*[("a", worker, label) for worker, label in zip("uvw", labels, strict=True)])
    elif engine == "numpy":  # as pandas reads nested columns of a Parquet file
        answers = long_form(
            *[
                ("a", worker, to_value(label) | {"shapes": np.array(to_value(label.shapes), dtype=object)})
                for worker, label in zip("uvw", labels, strict=True)
            ]
        )
    else:
        columns = {"item": ["a"] * 3, "worker": [*"uvw"], "label": list(map(to_value, labels))}
        answers = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}[engine](columns)

    frame = workers_frame(answers, gold={"a": boxes(1, 50)})

    assert column(frame, "accuracy_to_gold") == {"u": 1.0, "v": 1.0, "w": 0.0}
    assert column(frame, "accuracy_to_consensus") == {"u": None, "v": None, "w": 0.0}


def test_same_decides_what_is_the_same_as_gold_as_the_consensus_and_as_others():
    def near(one, other):
        return abs(one["shapes"][0]["left"] - other["shapes"][0]["left"]) <= 3

    answers = long_form(("a", "u", boxes(1)), ("a", "v", boxes(2)), ("a", "w", boxes(40)))

    frame = workers_frame(answers, gold={"a": boxes(4)}, same=near)
    given = workers_frame(answers, consensus={"a": boxes(39)}, same=near)

    assert column(frame, "accuracy_to_gold") == {"u": 1.0, "v": 1.0, "w": 0.0}
    assert column(frame, "accuracy_to_consensus") == {"u": None, "v": None, "w": 0.0}
    assert column(given, "accuracy_to_consensus") == {"u": 0.0, "v": 0.0, "w": 1.0}


def test_seconds_are_those_that_are_known():
    answers = long_form(("a", "u", "x"), ("b", "u", "x"), ("c", "u", "x"), ("a", "v", "x"))

    frame = workers_frame(answers.assign(seconds_spent=[1.0, 2.0, 9.0, None]))

    assert column(frame, "median_seconds") == {"u": 2.0, "v": None}
    assert column(frame, "mean_seconds") == {"u": 4.0, "v": None}


def test_drift_is_the_last_third_less_the_first():
    answers, gold = in_turn(31, right=lambda place: place < 22, seconds=lambda place: 40.0 - place)

    frame = workers_frame(answers.sample(frac=1, random_state=3), gold=gold)

    assert column(frame, "accuracy_to_gold_drift") == {"u": pytest.approx(0.1 - 1)}
    assert column(frame, "seconds_drift") == {"u": median(range(10, 20)) - median(range(31, 41))}
    assert column(frame, "accuracy_to_consensus_drift") == {"u": None}


def test_there_is_no_drift_below_thirty_answers_unless_fewer_are_asked_for():
    answers, gold = in_turn(29, right=lambda place: place < 15)

    assert column(workers_frame(answers, gold=gold), "accuracy_to_gold_drift") == {"u": None}
    assert column(workers_frame(answers, gold=gold, min_for_drift=29), "accuracy_to_gold_drift") == {
        "u": -1.0
    }


def test_only_answers_whose_time_is_known_make_a_drift():
    answers, gold = in_turn(33, right=lambda place: place < 20)
    answers.loc[:3, "submitted_at"] = pd.NaT

    frame = workers_frame(answers, gold=gold)

    assert column(frame, "accuracy_to_gold_drift") == {"u": None}
    assert column(frame, "n_gold") == {"u": 33}
    assert column(frame, "first_submitted_at") == {"u": START + timedelta(minutes=4)}


def test_drift_from_the_others_is_seen_too():
    answers, _ = in_turn(30, right=lambda place: place < 20)
    others = [answers.assign(worker=worker, label="yes") for worker in "vwx"]

    frame = workers_frame(pd.concat([answers, *others]))

    assert column(frame, "accuracy_to_consensus_drift") == {"u": -1.0, "v": 0.0, "w": 0.0, "x": 0.0}


def test_windows_are_days_in_utc():
    answers, gold = in_turn(4, right=lambda place: place != 3, seconds=float, minutes=6 * 60)

    frame = drift_frame(answers.sample(frac=1, random_state=3), gold=gold)

    assert list(frame.columns) == ["worker", "window", *FIGURES]
    assert frame["window"].tolist() == [1, 2]
    assert frame["n_answers"].tolist() == [3, 1]
    assert frame["accuracy_to_gold"].tolist() == [1.0, 0.0]
    assert frame["mean_seconds"].tolist() == [1.0, 3.0]
    assert frame["last_submitted_at"].tolist() == [START + timedelta(hours=12), START + timedelta(hours=18)]


def test_windows_are_so_many_answers_of_each_worker():
    answers, _ = in_turn(5)
    both = pd.concat([answers, answers.assign(worker="v"), answers[:1].assign(worker="w")])
    both["submitted_at"] = both["submitted_at"].where(both["worker"] != "v")

    frame = drift_frame(both, per=2, engine="arrow")

    assert frame.select(["worker", "window", "n_answers", "n_consensus"]).to_pylist() == [
        {"worker": "u", "window": 1, "n_answers": 2, "n_consensus": 2},
        {"worker": "u", "window": 2, "n_answers": 2, "n_consensus": 2},
        {"worker": "u", "window": 3, "n_answers": 1, "n_consensus": 1},
        {"worker": "w", "window": 1, "n_answers": 1, "n_consensus": 1},
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: workers_frame([("a", "u", "x")]), "the answers are list, no frame"),
        (
            lambda: workers_frame(pd.DataFrame({"item": []})),
            "the answers have no column 'worker' or 'label', but",
        ),
        (
            lambda: workers_frame(long_form().set_axis(["item", "item", "label"], axis=1)),
            "two columns of the frame have the same name",
        ),
        (lambda: workers_frame(long_form(), item="item_id"), "the answers have no column 'item_id'"),
        (lambda: workers_frame(long_form(), gold=[("a", "x")]), "the gold labels are list, no frame"),
        (
            lambda: workers_frame(long_form(), gold=long_form()[["item"]]),
            "the gold labels have no column 'label'",
        ),
        (
            lambda: workers_frame(long_form(), consensus=long_form()[["label"]]),
            "the consensus labels have no column 'item'",
        ),
        (lambda: workers_frame(long_form(), engine="spark"), "engine='spark' is not known"),
        (lambda: workers_frame(long_form(), min_for_drift=2), "min_for_drift=2 makes no thirds"),
        (lambda: drift_frame(long_form(), per="week"), "per='week' is no window"),
        (lambda: drift_frame(long_form(), per=0), "per=0 is no window"),
        (
            lambda: workers_frame(long_form(("a", "u", "x"), submitted_at=["soon"])),
            "the column 'submitted_at' holds 'soon', which is no time",
        ),
        (
            lambda: workers_frame(long_form(("a", "u", "x"), seconds_spent=["long"])),
            "the column 'seconds_spent' holds 'long', which is no number",
        ),
        (
            lambda: workers_frame(long_form(("a", "u", "-1")), gold={"a": -1}),
            "the gold labels are numbers, the answers' are texts",
        ),
        (
            lambda: workers_frame(long_form(("a", "u", ["x"]), ("a", "v", ["x"])), consensus={"a": "x"}),
            "the consensus labels are texts, the answers' are structures",
        ),
    ],
)
def test_what_is_wrong_is_named(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_labels_of_other_types_may_be_the_same_if_same_says_so():
    frame = workers_frame(
        long_form(("a", "u", "-1")), gold={"a": -1}, same=lambda one, other: int(one) == other
    )

    assert column(frame, "accuracy_to_gold") == {"u": 1.0}


@LAW
@given(ANSWERS, st.dictionaries(st.sampled_from("abcd"), st.sampled_from("xyz")))
def test_accuracy_to_gold_is_the_share_of_right_answers(answers, gold):
    frame = workers_frame(long_form(*answers), gold=gold)

    assert column(frame, "accuracy_to_gold") == {
        worker: fmean(right) if right else None
        for worker in dict.fromkeys(worker for _, worker, _ in answers)
        for right in [[label == gold[item] for item, by, label in answers if by == worker and item in gold]]
    }
    assert frame["n_answers"].sum() == len(answers)


def test_what_compares_labels_gets_plain_values_also_of_objects():
    seen = []

    def same(*labels):
        seen.extend(labels)
        return True

    drawn = Shapes((Box("cat", 1, 2, 3, 4),), 10, 20)
    answers = long_form(("a", "u", to_value(drawn)), ("a", "v", to_value(drawn)))
    consensus = {"a": Consensus(drawn, confidence=None, agreement=None, n_workers=2)}
    workers_frame(answers, gold={"a": drawn}, consensus=consensus, same=same)

    assert seen
    assert all(label == to_value(drawn) for label in seen)


@LAW
@given(ANSWERS)
def test_a_consensus_of_all_agrees_at_least_as_often_as_the_others_do(answers):
    """A worker's own answer in the majority flatters: whom the others agree with, all agree with."""
    once = list({(item, worker): (item, worker, label) for item, worker, label in answers}.values())
    votes = MajorityVote().consolidate([Vote(*answer) for answer in once])
    agreed = {name: each for name, each in votes.items() if not each.tie}

    by_others = workers_frame(long_form(*once))
    by_all = workers_frame(long_form(*once), consensus=agreed)

    for worker, accuracy in column(by_others, "accuracy_to_consensus").items():
        right = (accuracy or 0) * column(by_others, "n_consensus")[worker]
        flattered = (column(by_all, "accuracy_to_consensus")[worker] or 0) * column(by_all, "n_consensus")[
            worker
        ]
        assert right <= flattered + 1e-9


@LAW
@given(ANSWERS, st.permutations("xyz"))
def test_renamed_labels_have_the_same_accuracy(answers, names):
    renamed = [(item, worker, names["xyz".index(label)]) for item, worker, label in answers]

    assert workers_frame(long_form(*renamed)).equals(workers_frame(long_form(*answers)))
