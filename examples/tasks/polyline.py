"""Have people draw the line that parts the lanes of a street."""

from _review import review
from _street import ADDRESS, LANE, shapes, street

import hitl_sdk as hitl
from hitl_sdk.labels import Point, Polyline

task = hitl.tasks.PolylineAnnotation(
    name="lanes",
    labels=["lane"],
    label_colors=["#1f77b4"],
    title="Draw every line that parts two lanes",
    instructions=hitl.tasks.Instructions(short="Follow the middle of the paint."),
)
straight = Polyline("lane", (Point(0, 110), Point(159, 110)))
predictions = [hitl.Prediction("street", ADDRESS, label=shapes(straight), confidence=0.66)]

files = {"street.png": street()}
review("polyline", task, predictions, {ADDRESS: shapes(LANE)}, files=files, jitter=1.0)
