"""Have people choose all topics of a text."""

from _review import review

import hitl_sdk as hitl

task = hitl.tasks.TextMultiClassification(
    name="topics",
    labels=["price", "size", "colour"],
    title="What is the review about?",
    instructions=hitl.tasks.Instructions(
        short="Choose every topic that the review speaks of.",
        good=[hitl.tasks.Example(show="Too dear for a hat", why="price, and nothing else")],
    ),
    none_of_these="None of these",
)
predictions = [
    hitl.Prediction("1", "Too small, and too dear", label=["size"], confidence=0.48),
    hitl.Prediction("2", "It came on a Tuesday", label=[], confidence=0.51),
]
truth = {"Too small, and too dear": ["price", "size"], "It came on a Tuesday": []}

frame = review("text_multi_classification", task, predictions, truth)
