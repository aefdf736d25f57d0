"""Have people mend the mask of a model."""

from _review import review
from _street import ADDRESS, CARS, street, surfaces

import hitl_sdk as hitl

task = hitl.tasks.SemanticSegmentationAdjustment(
    name="surfaces",
    labels=["sky", "road", "car"],
    title="Mend what is painted wrong",
    instructions=hitl.tasks.Instructions(short="Paint over it; what is right may stay."),
)
found = surfaces()  # no car
predictions = [hitl.Prediction("street", ADDRESS, label=found, confidence=0.49)]

files = {"street.png": street()}
review(
    "semantic_segmentation_adjustment",
    task,
    predictions,
    {ADDRESS: surfaces(*CARS)},
    files=files,
    jitter=0.7,
)
