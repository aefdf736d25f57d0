"""Have people mark who and where in a text; the model overlooks the city."""

from _review import review

import hitl_sdk as hitl
from hitl_sdk.labels import Span

TEXT = "Marie Curie was born in Warsaw in 1867."

task = hitl.tasks.NamedEntityRecognition(
    name="names",
    labels=["person", "city"],
    short_names={"person": "PER", "city": "LOC"},
    title="Mark every person and every city",
    instructions=hitl.tasks.Instructions(
        short="Mark the whole name, without the words around it.",
        bad=[hitl.tasks.Example(show="in Warsaw", why="'in' is not part of the name")],
    ),
)
found = [Span("person", 0, 11, confidence=0.81)]
truth = [Span("person", 0, 11), Span("city", 24, 30)]

predictions = [hitl.Prediction("news", TEXT, label=found, confidence=0.58)]
review("named_entities", task, predictions, {TEXT: truth})
