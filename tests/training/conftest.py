"""What the tests of exports have in common: a task of every kind of label, and frames of its rows in every engine."""

from types import SimpleNamespace

import pytest

from hitl_sdk import tasks
from hitl_sdk._frames import build_frame
from hitl_sdk.labels import to_value

FORM = (
    tasks.ChoiceField(name="mood", choices=["cat", "dog", "fine", "a"]),
    tasks.NumberField(name="stars"),
    tasks.CheckField(name="again"),
    tasks.MultiChoiceField(name="why", choices=["size", "x"]),
)
TASKS = {
    "one": tasks.TextClassification,
    "verdict": tasks.BoundingBoxVerification,
    "several": tasks.TextMultiClassification,
    "images": tasks.ImageMultiClassification,
    "boxes": tasks.BoundingBox,
    "polygons": tasks.PolygonAnnotation,
    "polylines": tasks.PolylineAnnotation,
    "keypoints": tasks.KeypointAnnotation,
    "spans": tasks.NamedEntityRecognition,
    "semantic": tasks.SemanticSegmentation,
    "instances": tasks.InstanceSegmentation,
}
WITHOUT_LABELS = {
    "fields": lambda **fields: tasks.TextractForms(**fields),
    "text": lambda **fields: tasks.TranscriptionReview(**fields),
    "form": lambda **fields: tasks.Form(fields=FORM, **fields),
}
KINDS = {
    "item_id": "text",
    "item": "text",
    "label_source": "text",
    "confidence": "float",
    "human_loop_name": "text",
    "created_at": "time",
    "completed_at": "time",
    "schema_version": "int",
    "label_confidences": [float],
}


def task_of(kind, labels=("cat", "dog", "wild boar")):
    about = {"name": "pets", "title": "Find the pets"}
    return WITHOUT_LABELS[kind](**about) if kind in WITHOUT_LABELS else TASKS[kind](labels=labels, **about)


def frame_of(task, labels, engine="pandas", **columns):
    """Return a training frame of one row a label; other columns as given, one value a row."""
    n = len(labels)
    given = {
        "item_id": [str(number) for number in range(n)],
        "item": [f"s3://pets/{number}.jpg" for number in range(n)],
        "label_source": ["human"] * n,
        "schema_version": [1] * n,
    } | columns
    kinds = {name: kind for name, kind in KINDS.items() if name in given}
    values = {"label": [to_value(label) for label in labels]} | {name: given[name] for name in kinds}
    kinds = {"label": task.label_type, **kinds}
    if "model_label" in given:
        kinds["model_label"] = task.model_label_type
        values["model_label"] = [to_value(label) for label in given["model_label"]]
    extra = {name: column for name, column in given.items() if name not in kinds}
    return build_frame(values, kinds, engine, extra=extra)


@pytest.fixture(scope="session")
def make():
    return SimpleNamespace(task=task_of, frame=frame_of)
