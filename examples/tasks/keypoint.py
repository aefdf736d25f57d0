"""Have people mark the wheels of all cars."""

from _review import review
from _street import ADDRESS, WHEELS, shapes, street

import hitl_sdk as hitl
from hitl_sdk.labels import Keypoint

task = hitl.tasks.KeypointAnnotation(
    name="wheels",
    labels=["wheel"],
    title="Mark the middle of every wheel",
    instructions=hitl.tasks.Instructions(
        short="One point a wheel, also of wheels half hidden."
    ),
)
found = shapes(Keypoint("wheel", 29, 91), Keypoint("wheel", 54, 94))
predictions = [hitl.Prediction("street", ADDRESS, label=found, confidence=0.58)]

files = {"street.png": street()}
review("keypoint", task, predictions, {ADDRESS: shapes(*WHEELS)}, files=files, jitter=1.0)
