"""Frames in, frames out: pandas, polars and arrow, in the words that crowd-kit's users know."""

import json
import pickle
import sys

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.consolidation import DawidSkene, MajorityVote, OneCoinDawidSkene, SmoothedDawidSkene, Vote
from hitl_sdk.errors import InvalidInputError, MissingExtraError
from hitl_sdk.results import Outputs
from hitl_sdk.results import answers_frame as answers_of
from hitl_sdk.tasks import TextClassification

ENGINES = ["pandas", "polars", "arrow"]
METHODS = [MajorityVote, DawidSkene, OneCoinDawidSkene, SmoothedDawidSkene]
COLUMNS = ["item", "label", "confidence", "agreement", "n_workers", "tie"]
WORKERS = ["ann", "bob", "cleo", "dan"]
CROWDS = st.lists(  # some answer an item twice
    st.builds(Vote, st.sampled_from("123456"), st.sampled_from(WORKERS), st.sampled_from("abc")), max_size=20
)


def frame_of(votes, engine):
    columns = {name: pa.array([getattr(vote, name) for vote in votes], pa.string()) for name in Vote._fields}
    return to_engine(pa.table(columns), engine)


def to_engine(table, engine):
    return {"arrow": lambda: table, "pandas": table.to_pandas, "polars": lambda: pl.from_arrow(table)}[
        engine
    ]()


def rows_of(frame):
    """Return the rows as dicts, with None for null."""
    table = pa.Table.from_pandas(frame, preserve_index=False) if isinstance(frame, pd.DataFrame) else frame
    return table.to_dicts() if isinstance(table, pl.DataFrame) else table.to_pylist()


def as_rows(consensus):
    fields = COLUMNS[1:]
    return [
        {"item": item} | {name: getattr(each, name) for name in fields} for item, each in consensus.items()
    ]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("method", METHODS)
@given(votes=CROWDS, preferred=st.dictionaries(st.sampled_from("1234567"), st.sampled_from("abcd")))
@settings(deadline=None, max_examples=40)
def test_a_frame_gives_what_the_votes_give(method, engine, votes, preferred):
    frame = method().fit_predict(frame_of(votes, engine), preferred=preferred)
    assert rows_of(frame) == as_rows(method().consolidate(votes, preferred=preferred))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("method", METHODS)
def test_the_outcome_is_a_frame_of_the_same_engine(method, engine, votes_of):
    frame = frame_of(votes_of(ann="ab", bob="a "), engine)
    made = method().fit_predict(frame)
    assert type(made) is type(frame)
    assert list(made.columns if engine != "arrow" else made.column_names) == COLUMNS


def test_a_frame_of_pandas_is_numbered_from_zero(votes_of):
    made = MajorityVote().fit_predict(frame_of(votes_of(ann="aba"), "pandas").iloc[::-2])
    assert made.index.equals(pd.RangeIndex(2))
    assert made["item"].tolist() == ["2", "0"]


@pytest.mark.parametrize("method", METHODS)
def test_an_empty_frame_gives_an_empty_one(method):
    empty = pl.DataFrame(schema={"item": pl.Int32, "worker": pl.String, "label": pl.String})
    made = method().fit_predict(empty)
    assert made.schema == {
        "item": pl.Int32, "label": pl.String, "confidence": pl.Float64, "agreement": pl.Float64,
        "n_workers": pl.Int64, "tie": pl.Boolean,
    }  # fmt: skip
    assert len(made) == 0


def test_a_fit_on_nothing_has_converged():
    method = DawidSkene()
    method.fit_predict(frame_of([], "pandas"))
    assert (method.n_iter_, method.converged_, method.priors_, method.worker_accuracy_) == (0, True, {}, {})
    assert dict(method.confusion_) == {}


@pytest.mark.parametrize("engine", ENGINES)
def test_items_and_labels_keep_their_type(engine):
    table = pa.table(
        {
            "item": pa.array([7, 7, 9], pa.int32()),
            "worker": pa.array([1, 2, 1], pa.int64()),
            "label": pa.array([10, 9, 10], pa.int16()),
        }
    )
    made = DawidSkene().fit_predict(to_engine(table, engine))
    schema = pa.Table.from_pandas(made).schema if engine == "pandas" else to_arrow(made).schema
    assert (schema.field("item").type, schema.field("label").type) == (pa.int32(), pa.int16())
    assert [row["label"] for row in rows_of(MajorityVote().fit_predict(to_engine(table, engine)))] == [9, 10]


def to_arrow(frame):
    return frame.to_arrow() if isinstance(frame, pl.DataFrame) else frame


def test_categories_that_nobody_chose_are_none_of_the_labels(votes_of):
    frame = frame_of(votes_of(ann="aab", bob="abb", cleo="aaa"), "pandas")
    plain, method = OneCoinDawidSkene(), OneCoinDawidSkene()
    plain.fit_predict(frame)
    method.fit_predict(frame.assign(label=pd.Categorical(frame["label"], categories=["z", "b", "a"])))
    assert method.priors_ == plain.priors_
    assert method.worker_accuracy_ == plain.worker_accuracy_


@pytest.mark.parametrize("engine", ENGINES)
def test_rows_without_a_label_are_left_out(engine):
    votes = [Vote("1", "ann", None), Vote("2", "ann", "a"), Vote(None, None, None), Vote("2", "bob", None)]
    assert rows_of(MajorityVote().fit_predict(frame_of(votes, engine))) == as_rows(
        MajorityVote().consolidate([Vote("2", "ann", "a")])
    )


@pytest.mark.parametrize("name", ["item", "worker"])
def test_a_label_of_nobody_or_nothing_is_refused(name):
    vote = Vote("1", "ann", "a")._replace(**{name: None})
    with pytest.raises(InvalidInputError, match=f"1 rows have a label but no '{name}'"):
        MajorityVote().fit_predict(frame_of([Vote("1", "bob", "a"), vote], "polars"))


def test_columns_may_have_other_names(votes_of):
    frame = frame_of(votes_of(ann="ab", bob="ab"), "pandas")
    renamed = frame.rename(columns={"item": "item_id", "worker": "who", "label": "mood"})
    made = MajorityVote().fit_predict(renamed, item="item_id", worker="who", label="mood")
    assert list(made.columns) == ["item_id", "mood", *COLUMNS[2:]]


def test_a_column_that_is_not_there_is_named_beside_those_that_are():
    with pytest.raises(InvalidInputError, match=r"no column 'item' or 'label'.*'task'"):
        MajorityVote().fit_predict(pd.DataFrame({"task": ["1"], "worker": ["ann"]}))


@pytest.mark.parametrize(
    "given", [[Vote("1", "ann", "a")], pl.LazyFrame({"item": ["1"]})], ids=["votes", "lazy frame"]
)
def test_what_is_no_frame_is_refused(given):
    with pytest.raises(InvalidInputError, match=f"{type(given).__name__} is no frame"):
        MajorityVote().fit_predict(given)


@pytest.mark.parametrize("engine", ENGINES)
def test_several_labels_in_one_row_are_refused(engine):
    table = pa.table({"item": ["1"], "worker": ["ann"], "label": [["a", "b"]]})
    with pytest.raises(InvalidInputError, match="PerLabel"):
        MajorityVote().fit_predict(to_engine(table, engine))


def test_labels_that_can_not_be_sorted_are_refused():
    frame = pd.DataFrame({"item": ["1", "1"], "worker": ["ann", "bob"], "label": ["a", 1]}, dtype="object")
    with pytest.raises(InvalidInputError, match="'label' can't be sorted"):
        MajorityVote().fit_predict(frame)


@pytest.mark.parametrize("method", METHODS)
def test_it_works_without_pyarrow(method, votes_of, monkeypatch):
    frame = frame_of(votes_of(ann="abca", bob="abba", cleo="acba"), "polars")
    expected = method().fit_predict(frame)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert method().fit_predict(frame).equals(expected)


@pytest.mark.parametrize(
    "ask", [lambda: DawidSkene().consolidate([]), lambda: MajorityVote().fit_predict([])]
)
def test_without_numpy_it_says_what_to_install(ask, monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(MissingExtraError, match=r'needs numpy.*pip install "hitl-sdk\[consensus\]"'):
        ask()


def test_majority_of_votes_needs_no_numpy(votes_of, monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert MajorityVote().consolidate(votes_of(ann="a", bob="a"))["0"].label == "a"


@pytest.mark.parametrize("method", METHODS)
def test_groups_of_rows_can_be_consolidated_elsewhere(method, votes_of):
    """As Spark does it: the method is sent there, an Arrow table goes in and one comes out."""
    consolidate = pickle.loads(pickle.dumps(method().fit_predict))
    table = frame_of(votes_of(ann="abca", bob="abba"), "arrow")
    assert consolidate(table).equals(method().fit_predict(table))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_frame_of_answers_goes_in_as_it_is(engine):
    def document(loop, item, *labels):
        answers = [{"answerContent": {"mood": {"label": label}}, "workerId": f"w{worker}"} for worker, label in
                   enumerate(labels)]  # fmt: skip
        return json.dumps(
            {
                "flowDefinitionArn": "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/mood",
                "humanAnswers": answers,
                "humanLoopName": loop,
                "inputContent": {"taskObject": item},
            }
        )

    task = TextClassification(name="mood", labels=["0", "1"], title="Which mood?")
    outputs = Outputs([document("a", "fine", "1", "0", "1"), "cut off", document("b", "meh", "0", "?")])
    answers = answers_of(outputs, task, engine, item_ids={"a": "x", "b": "y"})
    by_item = rows_of(MajorityVote().fit_predict(answers))
    by_id = rows_of(MajorityVote().fit_predict(answers, item="item_id"))
    assert [(row["item"], row["label"], row["n_workers"]) for row in by_item] == [
        ("fine", "1", 3),
        ("meh", "0", 1),
    ]
    assert [(row["item_id"], row["label"]) for row in by_id] == [("x", "1"), ("y", "0")]
