"""Have people say what is unsafe in an image."""

from importlib.resources import files

from _review import review

import hitl_sdk as hitl

ADDRESS = "s3://examples/flower.jpg"
PICTURE = files("sklearn.datasets.images").joinpath("flower.jpg").read_bytes()

task = hitl.tasks.RekognitionModeration(
    name="safety",
    labels=["Weapons", "Alcohol", "Smoking"],
    parents={"Weapons": "Violence", "Smoking": "Tobacco"},
    title="What is unsafe in the image?",
    none_of_these="Nothing is",
)
# As Rekognition's DetectModerationLabels returns them.
found = [{"Name": "Smoking", "ParentName": "Tobacco", "Confidence": 52.3}]

predictions = [hitl.Prediction("flower", ADDRESS, label=found, confidence=0.523)]
review("moderation", task, predictions, {ADDRESS: []}, files={"flower.jpg": PICTURE})
