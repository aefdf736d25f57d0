"""Have people mend the boxes of a model."""

from _review import review
from _street import ADDRESS, CARS, shapes, street

import hitl_sdk as hitl
from hitl_sdk.labels import Box

task = hitl.tasks.BoundingBoxAdjustment(
    name="cars",
    labels=["car", "bus"],
    title="Mend the boxes",
    instructions=hitl.tasks.Instructions(short="Move what is off, add what is missing."),
)
found = shapes(Box("bus", 20, 70, 46, 24), CARS[1])
predictions = [hitl.Prediction("street", ADDRESS, label=found, confidence=0.71)]

files = {"street.png": street()}
review(
    "bounding_box_adjustment",
    task,
    predictions,
    {ADDRESS: shapes(*CARS)},
    files=files,
    jitter=1.5,
)
