"""Have people say what each point of a point cloud belongs to."""

import struct

from _frames import label

import hitl_sdk as hitl
from hitl_sdk.labels import PointClasses

task = hitl.tasks.PointCloudSemanticSegmentation(
    name="ground",
    labels=["road", "tree"],
    title="Paint road and trees",
)
truth = PointClasses(("road", "tree"), bytes([0, 1, 1, 1, 2, 2, 2, 1]))

points = struct.pack("<32f", *range(32))  # eight of x, y, z and intensity
line = {
    "source-ref": "s3://examples/1.bin",
    "source-ref-metadata": {"unix-timestamp": 1600000000.5, "format": "binary/xyzi"},
}
label(
    "point_cloud_semantic_segmentation",
    task,
    line,
    truth,
    files={"1.bin": points},
    accuracy=0.9,
)
