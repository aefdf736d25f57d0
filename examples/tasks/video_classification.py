"""Have people say what happens in a video clip. Simulated workers need no film, so there is none."""

from _review import review

import hitl_sdk as hitl

ADDRESS = "s3://examples/court.mp4"

task = hitl.tasks.VideoClassification(
    name="action",
    labels=["serve", "forehand", "backhand"],
    title="Which stroke is it?",
    instructions=hitl.tasks.Instructions(short="Judge the first stroke of the clip."),
)
predictions = [hitl.Prediction("court", ADDRESS, label="forehand", confidence=0.64)]

review("video_classification", task, predictions, {ADDRESS: "backhand"})
