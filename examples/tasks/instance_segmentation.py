"""Have people paint every car by itself."""

from _review import review
from _street import ADDRESS, CARS, each_of, street

import hitl_sdk as hitl

task = hitl.tasks.InstanceSegmentation(
    name="cars",
    labels=["car", "bus"],
    title="Paint every car and bus",
    instructions=hitl.tasks.Instructions(
        short="Add an instance for each, also where two touch.",
    ),
)
found = each_of()  # the model sees none
predictions = [hitl.Prediction("street", ADDRESS, label=found, confidence=0.49)]

files = {"street.png": street()}
review(
    "instance_segmentation",
    task,
    predictions,
    {ADDRESS: each_of(*CARS)},
    files=files,
    jitter=0.7,
)
