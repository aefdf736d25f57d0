"""Have people say whether the mask of a model is right."""

from _review import review
from _street import ADDRESS, street, surfaces

import hitl_sdk as hitl

task = hitl.tasks.SemanticSegmentationVerification(
    name="check",
    labels=["sky", "road", "car"],
    title="Is every pixel painted right?",
    choices=["Good", "Fair", "Poor"],
    instructions=hitl.tasks.Instructions(
        full={"Good": "no mistakes", "Fair": "ragged edges", "Poor": "something is missing"},
    ),
)
found = surfaces()  # no car
predictions = [hitl.Prediction("street", ADDRESS, label=found, confidence=0.49)]

files = {"street.png": street()}
review("semantic_segmentation_verification", task, predictions, {ADDRESS: "Poor"}, files=files)
