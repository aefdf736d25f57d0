"""Have people say everything that is in an image."""

from _review import review
from _street import ADDRESS, street

import hitl_sdk as hitl

task = hitl.tasks.ImageMultiClassification(
    name="things",
    labels=["car", "house", "tree", "person"],
    title="What is in the picture?",
    instructions=hitl.tasks.Instructions(short="Choose all that you see, also in part."),
    none_of_these="None of these",
)
predictions = [hitl.Prediction("street", ADDRESS, label=["car", "tree"], confidence=0.57)]
truth = {ADDRESS: ["car", "house"]}

files = {"street.png": street()}
review("image_multi_classification", task, predictions, truth, files=files)
