"""Have people follow a car through the frames of a video."""

import json

from _frames import label
from _street import CARS, street

import hitl_sdk as hitl
from hitl_sdk.labels import Frame, FrameObject, FrameSequence

task = hitl.tasks.VideoObjectTracking(
    name="cars",
    labels=["car"],
    title="Follow every car through the frames",
    instructions=hitl.tasks.Instructions(short="A car keeps its number in all frames."),
)
names = ["f_0001.png", "f_0002.png"]
sequence = {
    "seq-no": 1,
    "prefix": "s3://examples/street/",
    "number-of-frames": len(names),
    "frames": [{"frame-no": n, "frame": name} for n, name in enumerate(names)],
}
files = {f"street/{name}": street() for name in names}
files["street.json"] = json.dumps(sequence).encode()

cars = tuple(
    FrameObject(car, object_id=f"car-{n}", object_name=f"car:{n}")
    for n, car in enumerate(CARS, start=1)
)
truth = FrameSequence((Frame(0, names[0], cars), Frame(1, names[1], cars[:1])))
line = {"source-ref": "s3://examples/street.json"}
label("video_object_tracking", task, line, truth, files=files, image=street(), jitter=1.5)
