"""Have people say whether the class that a model found is right."""

from _review import review
from _street import ADDRESS, street

import hitl_sdk as hitl

task = hitl.tasks.ImageClassificationVerification(
    name="check",
    labels=["day", "night"],
    title="Is the label right?",
    instructions=hitl.tasks.Instructions(short="It is night as soon as lamps are lit."),
)
predictions = [hitl.Prediction("street", ADDRESS, label="night", confidence=0.55)]
truth = {ADDRESS: "Incorrect"}

files = {"street.png": street()}
review("image_classification_verification", task, predictions, truth, files=files)
