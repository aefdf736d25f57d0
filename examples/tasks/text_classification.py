"""Have people choose the mood of a text."""

from _review import review

import hitl_sdk as hitl

task = hitl.tasks.TextClassification(
    name="sentiment",
    labels=["-1", "0", "1"],
    title="Classify reviews by sentiment",
    instructions=hitl.tasks.Instructions(
        short="Judge what is said, not the product.",
        full={"1": "joy, delight", "0": "neither", "-1": "anger, sadness"},
    ),
)
predictions = [
    hitl.Prediction("1", "It is okay", label="1", confidence=0.54),
    hitl.Prediction("2", "It broke on the first day", label="-1", confidence=0.71),
]
truth = {"It is okay": "0", "It broke on the first day": "-1"}

review("text_classification", task, predictions, truth)
