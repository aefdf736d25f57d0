"""How large the images are that simulated workers see."""

import base64
import sys

import pytest

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Keypoint, Shapes

# --- how large an image is ------------------------------------------------------------------------------------------


def size_told(desk, src, **input_content):
    answer = desk.agreed(f"<crowd-keypoint name='n' src='{src}'>", **input_content)
    return tuple(answer["n"]["inputImageProperties"][side] for side in ("width", "height"))


@pytest.mark.parametrize(
    "src",
    [
        "s3://images/cat.png",
        "https://s3.amazonaws.com/images/cat.png",
        "https://s3.eu-west-1.amazonaws.com/images/c%61t.png?X-Amz-Signature=0",
        "http://images.s3.amazonaws.com/cat.png",
        "{{ task.input.taskObject | grant_read_access }}",
    ],
)
def test_the_size_is_that_of_the_image_where_it_can_be_read(src, desk):
    assert size_told(desk, src, taskObject="s3://images/cat.png") == (30, 20)


@pytest.mark.parametrize(
    "src",
    [
        "",
        "s3://images/none.png",
        "s3://images/no.png",
        "https://example.com/cat.png",
        "data:image/png;base64,?",
    ],
)
def test_else_it_is_that_of_the_input_or_a_default_one(src, desk):
    assert size_told(desk, src, inputImageProperties={"height": "7", "width": 9}) == (9, 7)
    assert size_told(desk, src) == (640, 480)


def test_the_address_may_be_the_image_itself(desk):
    assert size_told(desk, "data:image/png;base64," + base64.b64encode(desk.picture(7, 9)).decode()) == (7, 9)


def test_without_pillow_the_size_is_the_default_one(monkeypatch, desk):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    assert size_told(desk, "s3://images/cat.png") == (640, 480)


def test_a_truth_that_knows_the_size_is_believed(desk):
    truth = Shapes((Keypoint("cat", 3, 4),), image_width=99, image_height=88)
    answer = desk.known("<crowd-keypoint name='n' src='s3://images/cat.png'>", truth)
    assert answer["n"]["inputImageProperties"] == {"height": 88, "width": 99}


def test_a_size_that_is_none_is_told(desk):
    with pytest.raises(InvalidInputError, match="what <crowd-keypoint> is pre-set to can't be read"):
        size_told(desk, "", inputImageProperties={"height": "tall", "width": 9})
