"""Have people say whether the boxes of a model are right."""

from _review import review
from _street import ADDRESS, CARS, shapes, street

import hitl_sdk as hitl

task = hitl.tasks.BoundingBoxVerification(
    name="check",
    labels=["car", "bus"],
    title="Is there a box around every car and bus?",
    choices=["Correct", "Box missing", "Box wrong"],
    instructions=hitl.tasks.Instructions(short="Look for what the model overlooked, too."),
)
predictions = [hitl.Prediction("street", ADDRESS, label=shapes(CARS[0]), confidence=0.62)]
truth = {ADDRESS: "Box missing"}

files = {"street.png": street()}
review("bounding_box_verification", task, predictions, truth, files=files)
