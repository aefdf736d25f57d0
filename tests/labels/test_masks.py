"""Masks: pixels in and out, pictures in colour, and what is wrong with others said in words."""

from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from hitl_sdk.labels import Mask, colored_png, make_mask, mask_colors, mask_pixels, read_colored_png

SHAPES = arrays.array_shapes(min_dims=2, max_dims=2, max_side=6)
PIXELS = SHAPES.flatmap(lambda shape: arrays.arrays(np.uint8, shape, elements=st.integers(0, 3)))
COLORS = {"road": "#2ca02c", "sky": "#1f77b4", "car": "#FF7F0E"}


def png(image):
    written = BytesIO()
    image.save(written, format="PNG")
    return written.getvalue()


@given(PIXELS)
def test_what_goes_into_a_mask_comes_out(pixels):
    mask = make_mask(pixels, list(COLORS))

    assert (mask.height, mask.width) == pixels.shape
    np.testing.assert_array_equal(mask_pixels(mask), pixels)


@given(PIXELS)
def test_a_mask_drawn_in_color_reads_back_as_it_was(pixels):
    mask = make_mask(pixels, list(COLORS))

    assert read_colored_png(colored_png(mask, COLORS), COLORS) == mask
    assert read_colored_png(colored_png(mask), mask_colors(mask.labels)) == mask


def test_more_instances_than_a_byte_counts_are_kept_apart():
    pixels = np.arange(301).reshape(7, 43)
    mask = make_mask(pixels, ["cell"] * 300)

    np.testing.assert_array_equal(mask_pixels(mask), pixels)
    assert read_colored_png(colored_png(mask), mask_colors(mask.labels)) == mask


def test_equal_pixels_make_equal_bytes_whatever_their_type():
    assert make_mask([[True, False]], ["a"]) == make_mask(np.array([[1, 0]], dtype=np.int64), ["a"])


def test_the_colors_are_those_of_pascal_voc():
    """The first of its development kit; 0 is black there."""
    first = [
        "#800000",
        "#008000",
        "#808000",
        "#000080",
        "#800080",
        "#008080",
        "#808080",
        "#400000",
        "#c00000",
    ]

    assert [color for _, color in mask_colors("abcdefghi")] == first


def test_no_two_colors_are_the_same_and_none_is_that_of_a_background():
    colors = [color for _, color in mask_colors(map(str, range(5000)))]

    assert len(set(colors) - {"#ffffff", "#000000"}) == 5000


def test_a_mask_opens_in_color_in_any_viewer():
    mask = make_mask([[0, 1, 2]], ["road", "sky"])
    shown = Image.open(BytesIO(mask.png)).convert("RGB")

    assert [shown.getpixel((x, 0)) for x in range(3)] == [(0, 0, 0), (128, 0, 0), (0, 128, 0)]


@pytest.mark.parametrize("mode", ["1", "L", "I;16"])
def test_a_grey_png_of_another_tool_is_read(mode):
    image = Image.new(mode, (2, 1))
    image.putpixel((1, 0), 1)

    shown = np.asarray(image).astype(int)
    mask = Mask(2, 1, ("a",) * 255, png(image))
    np.testing.assert_array_equal(mask_pixels(mask), shown)


def test_transparent_white_and_black_are_background():
    image = Image.new("RGBA", (4, 1), "#2ca02c")
    for x, color in enumerate([(1, 2, 3, 0), (255, 255, 255, 255), (0, 0, 0, 255)]):
        image.putpixel((x, 0), color)

    assert mask_pixels(read_colored_png(png(image), COLORS)).tolist() == [[0, 0, 0, 1]]


def test_a_label_may_have_the_color_of_a_background():
    image = Image.new("RGB", (2, 1), "#ffffff")
    image.putpixel((1, 0), (0, 0, 0))

    assert mask_pixels(read_colored_png(png(image), {"snow": "#ffffff"})).tolist() == [[1, 0]]


def test_instances_of_one_label_are_told_apart_by_color():
    instances = [("car", "#1f77b4"), ("car", "#ff7f0e")]
    mask = make_mask([[1, 0, 2]], ["car", "car"])

    assert read_colored_png(colored_png(mask, instances), instances) == mask


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: make_mask([0, 1], ["a"]), r"int64 of shape \(2,\), not rows of whole numbers"),
        (lambda: make_mask([[0.5]], ["a"]), "float64"),
        (lambda: make_mask(np.zeros((0, 3), int), ["a"]), r"shape \(0, 3\)"),
        (lambda: make_mask([[0, 2]], ["a"]), "a pixel is 2, the mask has 1 labels"),
        (lambda: make_mask([[0, -1]], ["a"]), "a pixel is -1"),
        (lambda: make_mask([[0]], ["a"] * 65_536), "more than 65535"),
        (lambda: mask_pixels(Mask(1, 1, ("a",), b"GIF")), "3 bytes are no PNG"),
        (lambda: mask_pixels(Mask(1, 1, ("a",), make_mask([[0, 1]], ["a"]).png)), "1 x 1 .* PNG of 2 x 1"),
        (lambda: mask_pixels(Mask(2, 1, (), make_mask([[0, 1]], ["a"]).png)), "a pixel is 1"),
        (lambda: mask_pixels(Mask(1, 1, (), png(Image.new("RGB", (1, 1))))), "mode RGB, not of one channel"),
        (
            lambda: read_colored_png(png(Image.new("RGB", (2, 1), "#123456")), COLORS),
            "2 pixels have a color that stands for no label, one of them #123456",
        ),
        (lambda: read_colored_png(b"", {"a": "red"}), "no PNG"),
        (
            lambda: colored_png(make_mask([[1]], ["a"]), {"a": "red"}),
            "color of 'a' is 'red', not like #1f77b4",
        ),
        (
            lambda: colored_png(make_mask([[1]], ["a", "b"]), {"a": "#000001", "b": "#000001"}),
            "'a' and 'b' have the same color",
        ),
        (
            lambda: colored_png(make_mask([[1]], ["a"]), {"b": "#000001"}),
            r"labels are \['a'\], colors are given for \[\]",
        ),
    ],
)
def test_what_is_wrong_is_said(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


@given(st.integers(8, 120), st.integers(0, 255))
def test_a_broken_png_is_an_error_in_words_or_another_picture(place, byte):
    """No error of another kind gets out, whatever byte is wrong."""
    mask = make_mask(np.arange(60).reshape(6, 10) % 4, list(COLORS))
    broken = mask.png[:place] + bytes([byte]) + mask.png[place + 1 :]
    with suppress(ValueError):
        assert mask_pixels(Mask(mask.width, mask.height, mask.labels, broken)).shape == (6, 10)


def test_a_picture_that_would_fill_the_memory_is_not_unpacked():
    header = b"IHDR" + (60_000).to_bytes(4, "big") * 2
    with pytest.raises(ValueError, match="60000 x 60000 pixels, Pillow's MAX_IMAGE_PIXELS is"):
        read_colored_png(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d" + header, {})
