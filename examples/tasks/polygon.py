"""Have people draw the outline of a roof."""

from _review import review
from _street import ADDRESS, ROOF, shapes, street

import hitl_sdk as hitl
from hitl_sdk.labels import Point, Polygon

task = hitl.tasks.PolygonAnnotation(
    name="roofs",
    labels=["roof"],
    title="Draw the outline of every roof",
    instructions=hitl.tasks.Instructions(short="Set a point at each corner, and nowhere else."),
)
triangle = Polygon("roof", (Point(104, 34), Point(150, 34), Point(126, 12)))
predictions = [hitl.Prediction("street", ADDRESS, label=shapes(triangle), confidence=0.51)]

files = {"street.png": street()}
review("polygon", task, predictions, {ADDRESS: shapes(ROOF)}, files=files, jitter=1.5)
