"""JSON Lines, CSV and Parquet: what is written is read back equal, whatever the label and the engine."""

import base64
import csv
import json
from datetime import UTC, datetime

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk._columns import read_column
from hitl_sdk.errors import EmptyInputError, InvalidInputError
from hitl_sdk.labels import Box, FormField, Keypoint, Mask, Point, Polygon, Polyline, Shapes, Span, to_value
from hitl_sdk.training import append, split, to_csv, to_jsonl, to_parquet

ENGINES = ("pandas", "polars", "arrow")
LABELS = {
    "one": ["cat", "dog"],
    "several": [("cat", "dog"), ()],
    "boxes": [Shapes((Box("cat", 1, 2.5, 3, 4),), 10, 20), Shapes((), 10, 20)],
    "polygons": [Shapes((Polygon("cat", (Point(0, 0), Point(4, 0), Point(2, 3)), 0.5),), 10, 20)],
    "polylines": [Shapes((Polyline("cat", (Point(0, 0), Point(4, 1))),))],
    "keypoints": [Shapes((Keypoint("cat", 1, 2),), 10, 20)],
    "spans": [(Span("cat", 0, 3), Span("dog", 4, 7, 0.25)), ()],
    "fields": [(FormField("Due", '3 "May",\nnoon'),)],
    "semantic": [Mask(2, 1, ("cat",), b"\x89PNG\x00")],
    "form": [{"mood": "cat", "stars": 4.5, "again": True, "why": ["size"]}],
}


def objects(path):
    return [json.loads(line) for line in path.read_bytes().decode().split("\n")[:-1]]


def decoded(kind, value):
    """Return a label that was JSON, with the bytes of a mask again."""
    return value | {"png": base64.b64decode(value["png"])} if kind == "semantic" else value


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", LABELS)
def test_json_lines_hold_labels_as_they_are(make, tmp_path, engine, kind):
    frame = make.frame(make.task(kind), LABELS[kind], engine)

    export = to_jsonl(frame, tmp_path / "train.jsonl")

    lines = objects(export.path)
    assert [decoded(kind, line["label"]) for line in lines] == [to_value(label) for label in LABELS[kind]]
    assert [line["item"] for line in lines] == [f"s3://pets/{number}.jpg" for number in range(len(lines))]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", LABELS)
def test_csv_holds_structured_labels_as_json(make, tmp_path, engine, kind):
    frame = make.frame(make.task(kind), LABELS[kind], engine)

    export = to_csv(frame, tmp_path / "train.csv")

    with export.path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    labels = [line["label"] if kind == "one" else decoded(kind, json.loads(line["label"])) for line in lines]
    assert labels == [to_value(label) for label in LABELS[kind]]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", LABELS)
def test_parquet_holds_labels_as_nested_columns(make, tmp_path, engine, kind):
    task = make.task(kind)
    frame = make.frame(task, LABELS[kind], engine)

    export = to_parquet(frame, tmp_path / "train.parquet")

    rows = pl.read_parquet(export.path)
    assert rows["label"].to_list() == [to_value(label) for label in LABELS[kind]]
    assert pq.read_table(export.path).column_names == nw.from_native(frame).columns


@pytest.mark.parametrize("kind", LABELS)
def test_what_pandas_reads_of_parquet_can_be_exported_again(make, tmp_path, kind):
    frame = make.frame(make.task(kind), LABELS[kind])
    read = pd.read_parquet(to_parquet(frame, tmp_path / "a.parquet").path)

    written = [to_jsonl(each, tmp_path / f"{number}.jsonl") for number, each in enumerate((frame, read))]

    assert objects(written[0].path) == objects(written[1].path)


@pytest.mark.parametrize("kind", LABELS)
def test_the_parquet_files_of_several_runs_are_read_together(make, tmp_path, kind):
    task = make.task(kind)
    runs = [  # of which one has confidences, and one a label that is null
        make.frame(
            task, LABELS[kind], model_label=LABELS[kind], label_confidences=[None] * len(LABELS[kind])
        ),
        make.frame(task, [*LABELS[kind], None], label_confidences=[[0.5]] * (len(LABELS[kind]) + 1)),
    ]
    runs[1]["model_label"] = None

    files = [
        to_parquet(frame, tmp_path / f"{number}.parquet", task=task, all_rows=True).path
        for number, frame in enumerate(runs)
    ]

    assert len(pl.read_parquet(files)) == len(pd.read_parquet(files)) == sum(map(len, runs))
    assert pq.read_schema(files[0]).field("label").type == pq.read_schema(files[1]).field("label").type


def test_boxes_of_whole_numbers_and_of_fractions_have_one_type_in_parquet(make, tmp_path):
    task = make.task("boxes")
    whole, part = (
        make.frame(task, [Shapes((Box("cat", left, 2, 3, 4, confidence),))])
        for left, confidence in ((1, None), (1.5, 0.5))
    )

    types = [
        pq.read_schema(to_parquet(frame, tmp_path / name, task=task).path).field("label").type
        for name, frame in (("whole", whole), ("part", part))
    ]

    assert types[0] == types[1]


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@settings(deadline=None, max_examples=60)
@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_any_text_comes_back(make, tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("texts")
    frame = make.frame(make.task("one"), ["cat"] * len(texts), item=texts)

    lines = objects(to_jsonl(frame, folder / "a.jsonl", overwrite=True).path)
    with to_csv(frame, folder / "a.csv", overwrite=True).path.open(encoding="utf-8", newline="") as file:
        of_csv = [line["item"] for line in csv.DictReader(file)]

    assert [line["item"] for line in lines] == of_csv == texts


@pytest.mark.parametrize("engine", ENGINES)
def test_times_are_iso_8601_and_nulls_are_null(make, tmp_path, engine):
    frame = make.frame(
        make.task("one"), ["cat", "dog"], engine,
        completed_at=["2026-01-01T09:00:00Z", None], confidence=[None, 0.5], label_confidences=[None, [0.5, None]],
    )  # fmt: skip

    first, second = objects(to_jsonl(frame, tmp_path / "a.jsonl").path)
    table = to_csv(frame, tmp_path / "a.csv").path.read_text().splitlines()

    assert (first["completed_at"], first["confidence"]) == ("2026-01-01T09:00:00.000000Z", None)
    assert (second["completed_at"], second["label_confidences"]) == (None, [0.5, None])
    names = table[0].split(",")
    assert table[1].split(",")[names.index("confidence")] == ""


def test_values_of_the_users_own_are_written(make, tmp_path):
    frame = make.frame(make.task("one"), ["cat"])
    frame["vector"] = pd.Series([np.array([1, 2])], dtype=object)
    frame["day"] = pd.Series([datetime(2026, 1, 2, tzinfo=UTC).date()], dtype=object)
    frame["raw"] = pd.Series([b"abc"], dtype=object)

    line = json.loads(to_jsonl(frame, tmp_path / "a.jsonl").path.read_text())
    table = pd.read_csv(to_csv(frame, tmp_path / "a.csv").path)

    assert (line["vector"], line["day"], line["raw"]) == ([1, 2], "2026-01-02", "YWJj")
    assert table.loc[0, ["vector", "day", "raw"]].tolist() == ["[1, 2]", "2026-01-02", "YWJj"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("export", [to_jsonl, to_csv, to_parquet])
def test_only_rows_in_force_with_a_label_are_written_unless_all_are_wanted(make, tmp_path, engine, export):
    task = make.task("one")
    frame = append(make.frame(task, ["cat", "cat", None], engine), make.frame(task, ["dog"], engine))

    some = export(frame, tmp_path / "some")
    every = export(frame, tmp_path / "every", all_rows=True)

    assert (some.n_rows, some.left_out, some.files) == (2, 2, (tmp_path / "some",))
    assert (every.n_rows, every.left_out) == (4, 0)
    assert b"current" not in some.path.read_bytes()
    assert b"current" in every.path.read_bytes()


def test_a_history_that_was_written_to_parquet_goes_on(make, tmp_path):
    task = make.task("boxes")
    runs = [make.frame(task, [Shapes((Box("cat", n, 2, 3, 4),), 9, 9)], "polars") for n in range(3)]
    history = append(runs[0], runs[1])

    read = pl.read_parquet(to_parquet(history, tmp_path / "a.parquet", all_rows=True).path)

    assert append(read, runs[1]).equals(history)
    assert append(read, runs[2])["current"].to_list() == [False, False, True]


def test_parquet_has_no_index(make, tmp_path):
    parts = split(make.frame(make.task("one"), ["cat"] * 10))

    assert (
        "__index_level_0__" not in pq.read_table(to_parquet(parts["test"], tmp_path / "a").path).column_names
    )


@pytest.mark.parametrize("export", [to_jsonl, to_csv, to_parquet])
def test_a_file_is_replaced_only_if_that_is_wanted(make, tmp_path, export):
    frame = make.frame(make.task("one"), ["cat"])
    path = tmp_path / "new" / "train"
    first = export(frame, path).path.read_bytes()

    with pytest.raises(InvalidInputError, match=r"train exists \(pass overwrite=True"):
        export(make.frame(make.task("one"), ["dog"]), path)
    assert path.read_bytes() == first

    export(make.frame(make.task("one"), ["dog"]), path, overwrite=True)
    assert path.read_bytes() != first
    assert [file.name for file in path.parent.iterdir()] == ["train"]


@pytest.mark.parametrize("export", [to_jsonl, to_csv, to_parquet])
def test_a_frame_without_labels_is_refused(make, tmp_path, export):
    with pytest.raises(EmptyInputError, match="no row of the frame has a label"):
        export(make.frame(make.task("one"), [None]), tmp_path / "train")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("export", "value"), [(to_jsonl, float("inf")), (to_csv, {1: {2}}), (to_parquet, object())]
)
def test_a_value_that_can_not_be_written_is_refused(make, tmp_path, export, value):
    frame = make.frame(make.task("one"), ["cat"])
    frame["odd"] = pd.Series([value], dtype=object)

    with pytest.raises(InvalidInputError, match="the frame can't be written to train: "):
        export(frame, tmp_path / "train")
    assert list(tmp_path.iterdir()) == []


def test_columns_are_read_as_they_were(make):
    frame = make.frame(make.task("one"), ["cat", None])

    assert read_column(nw.from_native(frame)["label"]) == ["cat", None]
