"""A run appended to an older frame: newer labels are in force, older ones stay, nothing is added twice."""

import narwhals as nw
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk._columns import read_column
from hitl_sdk.errors import DuplicateItemError, InvalidInputError
from hitl_sdk.labels import Box, Shapes
from hitl_sdk.training import append, current

ENGINES = ("pandas", "polars", "arrow")


def rows(frame, *columns):
    data = nw.from_native(frame)
    return [
        *zip(*(read_column(data[name]) for name in columns or ("item_id", "label", "current")), strict=True)
    ]


def run(make, labels, engine="pandas", **columns):
    """Return a frame of items named by the keys, with content of the same name."""
    return make.frame(
        make.task("one"), list(labels.values()), engine, item_id=list(labels), item=list(labels), **columns
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_newer_label_is_in_force_and_the_older_stays(make, engine):
    appended = append(
        run(make, {"a": "cat", "b": "cat"}, engine), run(make, {"b": "dog", "c": "dog"}, engine)
    )

    assert rows(appended) == [
        ("a", "cat", True), ("b", "cat", False), ("b", "dog", True), ("c", "dog", True),
    ]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
def test_current_gives_a_training_frame_again(make, engine):
    appended = append(run(make, {"a": "cat", "b": "cat"}, engine), run(make, {"b": "dog"}, engine))
    now = current(appended)

    assert rows(now, "item_id", "label") == [("a", "cat"), ("b", "dog")]
    assert "current" not in nw.from_native(now).columns
    assert rows(current(now), "item_id", "label") == [("a", "cat"), ("b", "dog")]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_newer_row_without_a_label_does_not_wipe_an_older_label(make, engine):
    appended = append(run(make, {"a": "cat", "b": None}, engine), run(make, {"a": None, "b": None}, engine))

    assert rows(appended)[:2] == [("a", "cat", True), ("b", None, True)]
    assert rows(current(appended), "item_id", "label") == [("a", "cat"), ("b", None)]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_item_that_had_no_label_gets_one(make, engine):
    waiting = run(make, {"a": None}, engine, confidence=[None])
    answered = run(make, {"a": "cat"}, engine, confidence=[0.5])

    assert rows(append(waiting, answered)) == [("a", None, False), ("a", "cat", True)]


LABELS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["cat", "dog", None]), min_size=1)


@pytest.mark.parametrize("engine", ENGINES)
@settings(deadline=None, max_examples=30)
@given(runs=st.lists(LABELS, min_size=1, max_size=4))
def test_to_append_a_run_again_changes_nothing(make, engine, runs):
    frames = [run(make, labels, engine) for labels in runs]
    appended = append(frames[0], frames[0])
    for frame in frames[1:]:
        appended = append(appended, frame)

    for frame in frames:
        assert rows(append(appended, frame)) == rows(appended)


@settings(deadline=None, max_examples=30)
@given(runs=st.lists(LABELS, min_size=2, max_size=5))
def test_one_row_of_each_item_is_in_force_and_no_row_is_lost(make, runs):
    appended = run(make, runs[0])
    for number, labels in enumerate(runs[1:]):
        before = rows(appended, "item_id", "label")
        appended = append(appended, run(make, labels, confidence=[number / 10] * len(labels)))
        assert rows(appended, "item_id", "label")[: len(before)] == before
    in_force = [item for item, _, flag in rows(appended) if flag]
    said = {item: label for labels in runs for item, label in labels.items() if label is not None}

    assert sorted(in_force) == sorted({item for labels in runs for item in labels})
    assert {item: label for item, label in rows(current(appended), "item_id", "label") if label} == said


@pytest.mark.parametrize("engine", ENGINES)
def test_columns_of_the_users_own_are_united(make, engine):
    older = run(make, {"a": "cat"}, engine, lang=["de"], score=[1])
    newer = run(make, {"b": "dog"}, engine, score=[0.5], store=["x"])

    assert rows(append(older, newer), "item_id", "lang", "score", "store", "current") == [
        ("a", "de", 1.0, None, True),
        ("b", None, 0.5, "x", True),
    ]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("turned", [False, True])
def test_a_column_that_is_all_null_takes_the_type_of_the_other(make, engine, turned):
    frames = [run(make, {"a": "cat"}, engine, lang=["de"]), run(make, {"b": "dog"}, engine, lang=[None])]

    appended = append(*(reversed(frames) if turned else frames))

    assert sorted(rows(appended, "item_id", "lang")) == [("a", "de"), ("b", None)]


@pytest.mark.parametrize("engine", ENGINES)
def test_structured_labels_are_kept(make, engine):
    task = make.task("boxes")
    label = Shapes((Box("cat", 1, 2, 3, 4),), 10, 10)
    older = make.frame(task, [label, Shapes()], engine)
    newer = make.frame(task, [label, label], engine)

    appended = append(older, newer)

    assert rows(appended, "item_id", "current") == [("0", True), ("1", False), ("1", True)]
    assert rows(append(appended, newer), "item_id", "current") == rows(appended, "item_id", "current")


def test_what_append_has_returned_may_be_the_newer_frame(make):
    newer = append(run(make, {"a": "cat"}), run(make, {"b": "cat"}))

    assert rows(append(run(make, {"a": "dog"}), newer)) == [
        ("a", "dog", False), ("a", "cat", True), ("b", "cat", True),
    ]  # fmt: skip


def test_columns_of_two_types_are_refused(make):
    for engine, text in (("polars", "String"), ("arrow", "String")):
        older = run(make, {"a": "cat"}, engine, score=["high"])
        with pytest.raises(InvalidInputError, match=f"'score' holds {text} in the older frame and Int64"):
            append(older, run(make, {"b": "cat"}, engine, score=[1]))


@pytest.mark.parametrize("engine", ["polars", "arrow"])
def test_lists_of_two_types_are_refused(make, engine):
    older = run(make, {"a": "cat"}, engine, score=[[1]])

    with pytest.raises(
        InvalidInputError, match=r"'score' holds List\(Int64\) in the older frame and List\(String"
    ):
        append(older, run(make, {"b": "cat"}, engine, score=[["high"]]))


def test_times_of_another_precision_become_one(make):
    older = run(make, {"a": "cat"}, "polars", completed_at=["2026-01-01T09:00:00Z"])
    newer = run(make, {"b": "cat"}, "polars", completed_at=["2026-01-01T10:00:00Z"]).cast(
        {"completed_at": pl.Datetime("ms", "UTC")}
    )

    assert append(older, newer)["completed_at"].dt.hour().to_list() == [9, 10]


def test_an_id_that_stands_for_other_content_is_refused(make):
    older = make.frame(make.task("one"), ["cat"], item=["It broke"])

    with pytest.raises(DuplicateItemError, match="item_id '0' stands for other content"):
        append(older, make.frame(make.task("one"), ["cat"], item=["Fine"]))


def test_two_rows_of_an_item_in_one_frame_are_refused(make):
    twice = make.frame(make.task("one"), ["cat", "dog"], item_id=["a", "a"], item=["a", "a"])

    with pytest.raises(DuplicateItemError, match="'a' has more than one row in force"):
        append(run(make, {"b": "cat"}), twice)


def test_another_schema_version_is_refused(make):
    with pytest.raises(InvalidInputError, match="rows of schema version 99, this package makes version 1"):
        append(run(make, {"a": "cat"}, schema_version=[99]), run(make, {"a": "cat"}))


def test_frames_of_two_engines_are_refused(make):
    with pytest.raises(InvalidInputError, match=r"the older frame is of .*, the newer of"):
        append(run(make, {"a": "cat"}), run(make, {"a": "cat"}, "polars"))


def test_a_frame_that_is_no_training_frame_is_refused(make):
    with pytest.raises(InvalidInputError, match="no column 'schema_version'"):
        append(pd.DataFrame({"item_id": [], "item": [], "label": []}), run(make, {"a": "cat"}))
