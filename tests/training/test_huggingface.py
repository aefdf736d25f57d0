"""Hugging Face data sets: features know the classes, and rows come back equal."""

import json
import sys

import pytest
from datasets import ClassLabel, List, Value, load_from_disk

from hitl_sdk.errors import InvalidInputError, MissingExtraError
from hitl_sdk.labels import Box, FormField, Keypoint, Point, Polygon, Polyline, Shapes, Span, to_value
from hitl_sdk.labels.masks import make_mask
from hitl_sdk.training import append, to_huggingface

ENGINES = ("pandas", "polars", "arrow")
NAMES = ["cat", "dog", "wild boar"]
CLASS = ClassLabel(names=NAMES)
LABELS = {
    "one": ["dog", "cat"],
    "several": [("cat", "dog"), ()],
    "boxes": [Shapes((Box("dog", 1, 2.5, 3, 4.0, 0.5),), 10, 20), Shapes()],
    "polygons": [Shapes((Polygon("cat", (Point(0, 0), Point(4, 0), Point(2, 3))),), 10, 20)],
    "polylines": [Shapes((Polyline("cat", (Point(0, 0), Point(4, 1))),))],
    "keypoints": [Shapes((Keypoint("wild boar", 1, 2),), 10, 20)],
    "spans": [(Span("cat", 0, 3), Span("dog", 4, 7, 0.25)), ()],
    "fields": [(FormField("Due", "3 May"),)],
    "semantic": [make_mask([[0, 2]], NAMES)],
    "instances": [make_mask([[1, 2]], ["dog", "dog"])],
    "form": [{"mood": "fine", "stars": 4.5, "again": True, "why": ["size"]}],
}


def named(value, feature):
    """Return a value of a data set with the names of classes in place of their numbers."""
    if value is None:
        return None
    if isinstance(feature, ClassLabel):
        return feature.int2str(value)
    if isinstance(feature, List):
        return [named(part, feature.feature) for part in value]
    if isinstance(feature, dict):
        return {name: named(part, feature[name]) for name, part in value.items()}
    return value


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", LABELS)
def test_labels_come_back(make, tmp_path, kind, engine):
    labels = LABELS[kind]
    columns = {"model_label": labels, "completed_at": ["2026-01-01T09:00:00Z"] * len(labels)}
    frame = make.frame(make.task(kind), labels, engine, **columns)

    to_huggingface(frame, make.task(kind)).save_to_disk(tmp_path)
    read = load_from_disk(tmp_path)

    for column in ("label", "model_label"):
        assert [named(value, read.features[column]) for value in read[column]] == [
            to_value(label) for label in labels
        ]
    assert read["item"][:] == [f"s3://pets/{number}.jpg" for number in range(len(labels))]
    assert [time.hour for time in read["completed_at"]] == [9] * len(labels)


@pytest.mark.parametrize(
    ("kind", "feature"),
    [
        ("one", CLASS),
        ("several", List(CLASS)),
        ("keypoints", {
            "shapes": List({"label": CLASS, "x": Value("float64"), "y": Value("float64"), "confidence": Value("float64")}),
            "image_width": Value("int64"), "image_height": Value("int64"),
        }),
        ("semantic", {"width": Value("int64"), "height": Value("int64"), "labels": List(CLASS), "png": Value("binary")}),
        ("fields", List({"key": Value("string"), "value": Value("string"), "confidence": Value("float64")})),
        ("form", {
            "mood": Value("string"), "stars": Value("float64"), "again": Value("bool"), "why": List(Value("string")),
        }),
    ],
)  # fmt: skip
def test_features_know_the_classes(make, kind, feature):
    dataset = to_huggingface(make.frame(make.task(kind), LABELS[kind]), make.task(kind))

    assert dataset.features["label"] == feature


def test_free_text_has_no_classes(make):
    task = make.task("text")

    assert to_huggingface(make.frame(task, ["we met"]), task).features["label"] == Value("string")


def test_what_people_judge_keeps_classes_of_its_own(make):
    task = make.task("verdict")
    frame = make.frame(task, ["Incorrect"], model_label=[Shapes((Box("dog", 0, 0, 1, 1),), 9, 9)])

    dataset = to_huggingface(frame, task)

    assert dataset.features["label"] == ClassLabel(names=["Correct", "Incorrect"])
    assert dataset.features["model_label"]["shapes"].feature["label"] == CLASS
    assert (dataset[0]["label"], dataset[0]["model_label"]["shapes"][0]["label"]) == (1, 1)


def test_only_rows_in_force_with_a_label_are_in_it(make):
    task = make.task("one")
    models = {"model_label": ["cat", None]}
    frame = append(make.frame(task, ["cat", None], **models), make.frame(task, ["dog"], model_label=[None]))

    dataset = to_huggingface(frame, task)

    assert (dataset["label"][:], dataset["model_label"][:]) == ([1], [None])
    assert "current" not in dataset.column_names


def test_a_label_that_is_none_of_the_tasks_is_named(make):
    with pytest.raises(InvalidInputError, match="item '0' has a label that can't be used: 'cow'"):
        to_huggingface(make.frame(make.task("one"), ["cow"]), make.task("one"))
    with pytest.raises(
        InvalidInputError, match="item '0' has a label that can't be used: 'cow' is no label of task"
    ):
        to_huggingface(make.frame(make.task("verdict"), ["cow"]), make.task("verdict"))


def test_what_is_missing_is_named(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)

    with pytest.raises(MissingExtraError, match=r'pip install "hitl-sdk\[huggingface\]"'):
        to_huggingface(make.frame(make.task("one"), ["cat"]), make.task("one"))


def test_rows_can_be_written_as_json(make, tmp_path):
    dataset = to_huggingface(make.frame(make.task("several"), [("dog",)]), make.task("several"))

    dataset.to_json(tmp_path / "a.jsonl")

    assert json.loads((tmp_path / "a.jsonl").read_text())["label"] == [1]
