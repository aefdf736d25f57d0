"""The training frame: which label an item gets, from whom, and in which columns."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.results import HumanAnswer, HumanLoopOutput
from hitl_sdk.tasks import TextClassification
from hitl_sdk.training import TRAINING_COLUMNS, TRAINING_SCHEMA_VERSION, TrainingRow, build_training_frame

ENGINES = ("pandas", "polars", "arrow")
TASK = TextClassification(name="sentiment", labels=[-1, 0, 1], title="Classify reviews")
FLOW = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/sentiment"
CREATED = datetime(2026, 1, 1, 9, tzinfo=UTC)


def said(*labels, minutes=5):
    """Return the output of a loop in which one worker each said these labels."""
    answers = tuple(
        HumanAnswer(
            f"{number:016x}",
            None,
            {"sentiment": {"label": label}},
            CREATED,
            CREATED.replace(minute=minutes),
            60.0,
        )
        for number, label in enumerate(labels)
    )
    return HumanLoopOutput("loop-1", FLOW, {"taskObject": "It broke"}, answers, {})


def reviewed(output=None, **changes):
    fields = {
        "item_id": "1", "item": "It broke", "model_label": "0", "model_confidence": 0.6, "decision": "review",
        "reason": "confidence 0.60 < 0.90", "human_loop_name": "loop-1", "flow_definition_arn": FLOW,
        "output": output, "output_s3_uri": "s3://b/output.json", "created_at": CREATED,
    }  # fmt: skip
    return TrainingRow(**fields | changes)


def accepted(**changes):
    return TrainingRow(**{"item_id": "2", "item": "Fine", "model_label": "1", "model_confidence": 0.97} | {
        "decision": "accept", "reason": "confidence 0.97 >= 0.90"} | changes)  # fmt: skip


def row_of(*rows):
    """Return the last row of the frame as a dict."""
    return build_training_frame(rows, TASK, engine="arrow").to_pylist()[-1]


def test_the_columns_are_those_of_schema_version_1_in_order():
    assert TRAINING_SCHEMA_VERSION == 1
    assert TRAINING_COLUMNS == (
        "item_id", "item", "label", "label_source", "confidence", "model_label", "model_confidence", "decision",
        "reason", "n_workers", "agreement", "human_loop_name", "flow_definition_arn", "output_s3_uri", "created_at",
        "completed_at", "schema_version", "tie", "label_confidences",
    )  # fmt: skip
    assert tuple(build_training_frame([accepted()], TASK).columns) == TRAINING_COLUMNS


def test_an_accepted_item_keeps_the_models_label_and_confidence():
    assert row_of(accepted()) == {
        "item_id": "2",
        "item": "Fine",
        "label": "1",
        "label_source": "model",
        "confidence": 0.97,
        "model_label": "1",
        "model_confidence": 0.97,
        "decision": "accept",
        "reason": "confidence 0.97 >= 0.90",
        "n_workers": 0,
        "agreement": None,
        "human_loop_name": None,
        "flow_definition_arn": None,
        "output_s3_uri": None,
        "created_at": None,
        "completed_at": None,
        "schema_version": 1,
        "tie": False,
        "label_confidences": None,
    }


def test_one_answer_is_a_human_label_without_an_invented_confidence():
    row = row_of(reviewed(said("-1")))
    assert (row["label"], row["label_source"], row["n_workers"]) == ("-1", "human", 1)
    assert row["confidence"] is row["agreement"] is None
    assert (row["model_label"], row["model_confidence"]) == ("0", 0.6)
    assert (row["human_loop_name"], row["output_s3_uri"]) == ("loop-1", "s3://b/output.json")


def test_several_answers_are_consolidated_with_their_agreement():
    row = row_of(reviewed(said("-1", "-1", "1")))
    assert (row["label"], row["label_source"], row["n_workers"]) == ("-1", "consolidated", 3)
    assert row["confidence"] == row["agreement"] == pytest.approx(2 / 3)


def test_a_tie_goes_to_the_models_label():
    assert row_of(reviewed(said("-1", "0")))["label"] == "0"


def test_a_dropped_item_keeps_its_row_and_reason_without_a_label():
    row = row_of(accepted(decision="drop", reason="confidence 0.20 < 0.40"))
    assert (row["decision"], row["reason"]) == ("drop", "confidence 0.20 < 0.40")
    assert row["label"] is row["label_source"] is row["confidence"] is None


@pytest.mark.parametrize("note", ["InProgress", "Failed: CustomerError"])
def test_an_item_whose_loop_has_not_completed_says_how_it_stands(note):
    row = row_of(reviewed(note=note))
    assert row["reason"] == f"confidence 0.60 < 0.90; {note}"
    assert row["label"] is row["label_source"] is None
    assert (row["decision"], row["n_workers"]) == ("review", 0)


def test_an_item_nobody_answered_says_so():
    assert row_of(reviewed(said()))["reason"] == "confidence 0.60 < 0.90; nobody answered"


def test_an_answer_that_cannot_be_read_costs_itself_alone():
    row = row_of(reviewed(said("-1", "7")))
    assert (row["label"], row["label_source"], row["n_workers"]) == ("-1", "human", 1)
    assert row["reason"].startswith(
        "confidence 0.60 < 0.90; the answer's label '7' is none of task 'sentiment'"
    )


def test_answers_that_cannot_be_read_leave_the_item_without_a_label():
    row = row_of(reviewed(said("7", "7"), note="Completed"))
    assert row["label"] is None
    assert "; Completed; the answer's label '7'" in row["reason"]
    assert row["reason"].count("label '7'") == 1


def test_times_are_utc_and_the_last_answer_completes():
    row = row_of(reviewed(said("1", minutes=7)))
    assert (row["created_at"], row["completed_at"]) == (CREATED, CREATED.replace(minute=7))
    assert row_of(reviewed(said("1"), completed_at=CREATED))["completed_at"] == CREATED


def test_your_own_columns_come_last_in_the_order_they_were_met():
    rows = [accepted(extra={"source": "mail", "n": 3}), accepted(), accepted(extra={"url": None, "n": 4})]
    frame = build_training_frame(rows, TASK)
    assert tuple(frame.columns) == (*TRAINING_COLUMNS, "source", "n", "url")
    assert frame["n"].fillna(-1).tolist() == [3, -1, 4]


def test_a_column_of_yours_with_the_name_of_ours_is_renamed():
    row = row_of(accepted(extra={"reason": "because", "mine": 1}))
    assert (row["reason"], row["extra_reason"], row["mine"]) == ("confidence 0.97 >= 0.90", "because", 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_mixed_values_of_your_own_become_text(engine):
    rows = [accepted(extra={"mixed": value}) for value in ("a", 1, None)]
    frame = build_training_frame(rows, TASK, engine=engine)
    values = frame["mixed"].to_pylist() if engine == "arrow" else frame["mixed"].to_list()
    assert [None if pd.isna(value) else value for value in values] == ["a", "1", None]


@pytest.mark.parametrize("engine", ENGINES)
def test_values_of_numpy_pass_through(engine):
    frame = build_training_frame(
        [accepted(extra={"x": np.float32(0.5), "n": np.int64(3)})], TASK, engine=engine
    )
    pick = (
        frame.to_pylist()[0] if engine == "arrow" else {name: frame[name].to_list()[0] for name in ("x", "n")}
    )
    assert (pick["x"], pick["n"]) == (0.5, 3)


def test_the_types_of_pandas_are_stated_ones():
    types = build_training_frame([reviewed(said("1")), accepted()], TASK).dtypes.astype(str)
    assert types["created_at"] == types["completed_at"] == "datetime64[us, UTC]"
    assert types["n_workers"] == types["schema_version"] == "int64"
    assert {types[name] for name in ("confidence", "model_confidence", "agreement")} == {"float64"}


@pytest.mark.parametrize("engine", ENGINES)
def test_no_rows_give_an_empty_frame_with_all_columns(engine):
    frame = build_training_frame([], TASK, engine=engine)
    assert tuple(getattr(frame, "column_names", frame.columns)) == TRAINING_COLUMNS
    assert len(frame) == 0


ROWS = st.one_of(
    st.builds(lambda confidence: accepted(model_confidence=confidence), st.floats(0, 1)),
    st.builds(
        lambda labels: reviewed(said(*labels)), st.lists(st.sampled_from(["-1", "0", "1", "7"]), max_size=3)
    ),
    st.just(accepted(decision="drop")),
    st.builds(lambda note: reviewed(note=note), st.sampled_from(["Failed", "Stopped"])),
)


@given(st.lists(ROWS, max_size=8))
def test_every_engine_has_the_same_rows_one_an_item(rows):
    arrow = build_training_frame(rows, TASK, engine="arrow").to_pylist()
    assert build_training_frame(rows, TASK, engine="polars").to_dicts() == arrow
    frame = build_training_frame(rows, TASK)
    assert [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.astype(object).to_dict("records")
    ] == arrow
    assert len(arrow) == len(rows)
    assert all((row["label"] is None) == (row["label_source"] is None) for row in arrow)
