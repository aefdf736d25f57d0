"""Video frames and point clouds to be labelled: for each kind of job a task, its files, and what is right."""

import json
import struct
from dataclasses import dataclass, field
from typing import Any

from hitl_sdk import tasks
from hitl_sdk.labels import (
    Attribute,
    Box,
    Cuboid,
    Frame,
    FrameObject,
    FrameSequence,
    Keypoint,
    Point,
    PointClasses,
    Polygon,
    Polyline,
)

LABELS = ["van", "bus"]
BUCKET = "data"
HIDDEN = (Attribute("hidden", "no"),)
RAIN = (Attribute("weather", "rain"),)
N_POINTS = 5


@dataclass(frozen=True)
class FrameSample:
    """A task, the line of the manifest it is about, the files of that, and what workers who never err say."""

    task: tasks.Task
    truth: Any
    line: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def item(self) -> str:
        return self.line["source-ref"]


SEQUENCE = {
    "seq-no": 1,
    "prefix": f"s3://{BUCKET}/frames/",
    "number-of-frames": 2,
    "frames": [
        {"frame-no": 0, "frame": "f_0001.jpg", "unix-timestamp": 1600000000},
        {"frame-no": 1, "frame": "f_0002.jpg", "unix-timestamp": 1600000001},
    ],
}
IN_A_SEQUENCE = ({"source-ref": f"s3://{BUCKET}/in/a.json"}, {"in/a.json": json.dumps(SEQUENCE).encode()})
POINTS = struct.pack(f"<{4 * N_POINTS}f", *range(4 * N_POINTS))
IN_A_FRAME = (
    {"source-ref": f"s3://{BUCKET}/in/1.bin", "source-ref-metadata": {"unix-timestamp": 1600000000, "format": "binary/xyzi"}},
    {"in/1.bin": POINTS},
)  # fmt: skip

VAN, BUS = Box("van", 5, 6, 20, 10), Box("bus", 40, 8, 60, 30)
CUBOID = Cuboid("van", 8.5, -3, 1, 5, 2, 2.25, yaw=1.5)
DRAWN = {
    "BoundingBox": VAN,
    "Polygon": Polygon("van", (Point(0, 0), Point(40, 0), Point(20, 30))),
    "Polyline": Polyline("van", (Point(0, 0), Point(40, 3))),
    "Keypoint": Keypoint("van", 155, 275),
}


def detected(*shapes) -> FrameSequence[Any]:
    """One thing in the first frame alone, another in both."""
    first, *others = [FrameObject(shape, attributes=HIDDEN) for shape in shapes]
    return FrameSequence((Frame(0, "f_0001.jpg", (first, *others), RAIN), Frame(1, "f_0002.jpg", (first,))))


def tracked(*shapes) -> FrameSequence[Any]:
    """The same, each thing with its id and name."""
    named = [
        FrameObject(shape, f"id-{number}", f"{shape.label}:{number}", HIDDEN)
        for number, shape in enumerate(shapes, start=1)
    ]
    return FrameSequence((Frame(0, "f_0001.jpg", tuple(named), RAIN), Frame(1, "f_0002.jpg", (named[0],))))


def one(kind, **fields) -> tasks.Task:
    return kind(**{"name": "vans", "labels": LABELS, "title": "Where are they?"} | fields)


CUBOIDS = Frame(objects=(FrameObject(CUBOID, object_name="van:1", attributes=HIDDEN),), attributes=RAIN)
CLASSES = PointClasses(tuple(LABELS), bytes([0, 1, 1, 2, 0]), RAIN)


def frame_samples() -> dict[str, FrameSample]:
    """Return a sample of each kind of job, by the kind's name."""
    found = [
        *(
            FrameSample(one(kind), truth, *IN_A_SEQUENCE)
            for kind, truth in (
                (tasks.VideoObjectDetection, detected(VAN, BUS)),
                (tasks.VideoObjectDetectionAdjustment, detected(VAN)),
                (tasks.VideoObjectTracking, tracked(VAN, BUS)),
                (tasks.VideoObjectTrackingAdjustment, tracked(VAN)),
                (tasks.PointCloudObjectTracking, tracked(CUBOID)),
                (tasks.PointCloudObjectTrackingAdjustment, tracked(CUBOID)),
            )
        ),
        *(
            FrameSample(one(kind), truth, *IN_A_FRAME)
            for kind, truth in (
                (tasks.PointCloudObjectDetection, CUBOIDS),
                (tasks.PointCloudObjectDetectionAdjustment, CUBOIDS),
                (tasks.PointCloudSemanticSegmentation, CLASSES),
                (tasks.PointCloudSemanticSegmentationAdjustment, CLASSES),
            )
        ),
    ]
    return {sample.task.labeling_kind: sample for sample in found}


FRAME_SAMPLES = frame_samples()


def categories_of(sample: FrameSample, prior: str | None = None) -> dict[str, Any]:
    """Return the label category configuration of a sample's job."""
    config: dict[str, Any] = {"labels": [{"label": label} for label in LABELS]}
    if hasattr(sample.task, "annotation_type"):
        config["annotationType"] = sample.task.annotation_type
    return config if prior is None else {**config, "auditLabelAttributeName": prior}
