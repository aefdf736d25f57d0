"""Have people decide on the labels of an image that a model is not sure of, and add what it missed."""

from _review import review
from _street import ADDRESS, street

import hitl_sdk as hitl

task = hitl.tasks.LabelReview(
    name="things",
    title="What is in the picture?",
    rule=hitl.EachLabel(hitl.Bands(accept=0.90, drop=0.40)),
    instructions=hitl.tasks.Instructions(short="Untick what is not there."),
)
found = {"Car": 0.994, "Road": 0.951, "House": 0.608, "Tree": 0.483, "Boat": 0.311}
truth = {ADDRESS: {"things": ["House"], "things-added": "Wheel"}}

predictions = [hitl.Prediction("street", ADDRESS, label=found, confidence=0.483)]
review("label_review", task, predictions, truth, files={"street.png": street()})
