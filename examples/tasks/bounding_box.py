"""Have people draw boxes around the cars of a street; the model overlooks one."""

from _review import review
from _street import ADDRESS, CARS, shapes, street

import hitl_sdk as hitl
from hitl_sdk.labels import Box

task = hitl.tasks.BoundingBox(
    name="cars",
    labels=["car", "bus"],
    title="Draw a box around every car and bus",
    instructions=hitl.tasks.Instructions(
        short="A box touches the body of its car on all four sides.",
        bad=[
            hitl.tasks.Example(show="one box around two cars", why="each has a box of its own")
        ],
    ),
)
found = shapes(Box("car", left=22, top=74, width=38, height=16, confidence=0.62))
predictions = [hitl.Prediction("street", ADDRESS, label=found, confidence=0.62)]

files = {"street.png": street()}
review("bounding_box", task, predictions, {ADDRESS: shapes(*CARS)}, files=files, jitter=1.5)
