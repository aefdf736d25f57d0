"""Have people mend what a model heard. Simulated workers need no sound, so there is no file here."""

from _review import review

import hitl_sdk as hitl

ADDRESS = "s3://examples/call.wav"

task = hitl.tasks.TranscriptionReview(
    name="said",
    title="Mend the text of the call",
    instructions=hitl.tasks.Instructions(
        short="Write down what is said, with the slips of the tongue.",
        full="Numbers in words.\n\nWhat can't be understood is [unclear].",
    ),
)
predictions = [
    hitl.Prediction("call", ADDRESS, label="I'd like to buy two fine apples", confidence=0.61)
]
truth = {ADDRESS: "I'd like to buy two pineapples"}

review("transcription", task, predictions, truth, accuracy=0.97)
