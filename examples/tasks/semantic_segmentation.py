"""Have people paint what each pixel of an image shows."""

from _review import review
from _street import ADDRESS, CARS, street, surfaces

import hitl_sdk as hitl

task = hitl.tasks.SemanticSegmentation(
    name="surfaces",
    labels=["sky", "road", "car"],
    title="Paint sky, road and cars",
    instructions=hitl.tasks.Instructions(short="Leave nothing unpainted but houses."),
)
found = surfaces()  # no car
predictions = [hitl.Prediction("street", ADDRESS, label=found, confidence=0.49)]

files = {"street.png": street()}
review(
    "semantic_segmentation",
    task,
    predictions,
    {ADDRESS: surfaces(*CARS)},
    files=files,
    jitter=0.7,
)
