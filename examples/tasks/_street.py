"""A street, drawn here, so that what is to be seen in it is known."""

# --8<-- [start:imports]
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from hitl_sdk.labels import (
    Box,
    Keypoint,
    Mask,
    Point,
    Polygon,
    Polyline,
    Shapes,
    ShapeT,
    make_mask,
)

# --8<-- [end:imports]

# --8<-- [start:street]
ADDRESS = "s3://examples/street.png"
WIDTH, HEIGHT = 160, 120
HORIZON = 70

CARS = (Box("car", 18, 72, 46, 20), Box("car", 96, 76, 52, 22))
ROOF = Polygon("roof", (Point(100, 34), Point(152, 34), Point(140, 14), Point(112, 14)))
LANE = Polyline("lane", (Point(0, 112), Point(80, 104), Point(159, 108)))
WHEELS = tuple(
    Keypoint("wheel", car.left + x, car.top + car.height)
    for car in CARS
    for x in (10, car.width - 10)
)


def street() -> bytes:
    """Return the image: sky and road, a house and two cars."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "#bfdcf0")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, HORIZON, WIDTH, HEIGHT), "#8a8a8a")
    draw.line(LANE.vertices, "#ffffff", 2)
    draw.rectangle((106, 34, 146, HORIZON), "#d9c7a0")
    draw.polygon(ROOF.vertices, "#a04030")
    for car, color in zip(CARS, ("#2060a0", "#d0a020"), strict=True):
        draw.rounded_rectangle(_corners(car), 5, color)
    for wheel in WHEELS:
        draw.circle((wheel.x, wheel.y), 4, "#202020")
    written = BytesIO()
    image.save(written, format="PNG")
    return written.getvalue()


# --8<-- [end:street]


def shapes(*drawn: ShapeT) -> Shapes[ShapeT]:
    """Return shapes as the label of the street."""
    return Shapes(drawn, WIDTH, HEIGHT)


def surfaces(*cars: Box) -> Mask:
    """Return which pixels are sky, road and one of these cars."""
    pixels = Image.new("L", (WIDTH, HEIGHT), 1)
    draw = ImageDraw.Draw(pixels)
    draw.rectangle((0, HORIZON, WIDTH, HEIGHT), 2)
    for car in cars:
        draw.rounded_rectangle(_corners(car), 5, 3)
    return make_mask(np.asarray(pixels), ["sky", "road", "car"])


def each_of(*cars: Box) -> Mask:
    """Return which pixels belong to which of these cars."""
    pixels = Image.new("L", (WIDTH, HEIGHT), 0)
    draw = ImageDraw.Draw(pixels)
    for number, car in enumerate(cars, start=1):
        draw.rounded_rectangle(_corners(car), 5, number)
    return make_mask(np.asarray(pixels), [car.label for car in cars])


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.left + box.width, box.top + box.height
