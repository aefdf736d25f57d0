"""Have people put a cuboid around a van in a point cloud."""

import struct

from _frames import label

import hitl_sdk as hitl
from hitl_sdk.labels import Cuboid, Frame, FrameObject

task = hitl.tasks.PointCloudObjectDetection(
    name="vans",
    labels=["van", "bus"],
    title="Put a cuboid around every van and bus",
)
van = Cuboid("van", center_x=8, center_y=-3, center_z=1, length=5, width=2, height=2.2, yaw=1.5)
truth = Frame(objects=(FrameObject(van, object_name="van:1"),))

points = struct.pack("<8f", 8, -3, 1, 0.5, 7, -2, 1, 0.4)  # x, y, z and intensity
line = {
    "source-ref": "s3://examples/1.bin",
    "source-ref-metadata": {"unix-timestamp": 1600000000.5, "format": "binary/xyzi"},
}
label(
    "point_cloud_object_detection", task, line, truth, files={"1.bin": points}, jitter=10
)  # centimetres
