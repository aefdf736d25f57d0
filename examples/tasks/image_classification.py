"""Have people say what an image shows."""

from _review import review
from _street import ADDRESS, street

import hitl_sdk as hitl

task = hitl.tasks.ImageClassification(
    name="place",
    labels=["street", "field", "room"],
    title="Where was the picture taken?",
    instructions=hitl.tasks.Instructions(short="Choose what takes up most of the picture."),
)
predictions = [hitl.Prediction("street", ADDRESS, label="field", confidence=0.44)]

files = {"street.png": street()}
review("image_classification", task, predictions, {ADDRESS: "street"}, files=files)
