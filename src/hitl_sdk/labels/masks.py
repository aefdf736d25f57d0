"""Masks to arrays of pixels and back, and to the coloured pictures that crowd elements and Ground Truth draw.

A mask's own PNG holds indices: pixel value i is the i-th of its labels, 0 the background. The pictures hold colours:
which one stands for what is said beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, TypeAlias, cast

from hitl_sdk._optional import load
from hitl_sdk.labels.types import Mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray
    from PIL.Image import Image

__all__ = ["MaskColors", "colored_png", "make_mask", "mask_colors", "mask_pixels", "read_colored_png"]

MaskColors: TypeAlias = "Mapping[str, str] | Iterable[tuple[str, str]]"
"""What each colour stands for: ``{label: "#rrggbb"}``, or for instances pairs of label and colour, one an instance."""

_MOST_IN_A_BYTE = 255
_MOST = 65_535  # a PNG has at most 16 bits a pixel
_COLOR = re.compile("#[0-9a-fA-F]{6}")
_BACKGROUND = "#ffffff"  # as in the manifests of Ground Truth


def mask_pixels(mask: Mask) -> NDArray[np.uint16]:
    """Return the pixels of a mask: which label each has, counted from 1; 0 is the background.

    Parameters
    ----------
    mask : Mask
        Its PNG has one channel: grey of 1, 8 or 16 bits, or indices of a palette.

    Returns
    -------
    array of uint16, shape (height, width)

    Raises
    ------
    ValueError
        If the PNG can't be read, or isn't what the mask says of it.

    Examples
    --------
    >>> mask_pixels(make_mask([[0, 1], [2, 2]], ["road", "sky"]))
    array([[0, 1], [2, 2]], dtype=uint16)
    """
    image = _open(mask.png)
    import numpy as np

    if len(image.getbands()) != 1:
        raise ValueError(f"a mask's PNG is of mode {image.mode}, not of one channel; see read_colored_png")
    pixels = np.asarray(image).astype(np.uint16)
    if pixels.shape != (mask.height, mask.width):
        height, width = pixels.shape
        raise ValueError(f"a mask of {mask.width} x {mask.height} pixels has a PNG of {width} x {height}")
    _check(pixels, mask.labels)
    return pixels


def make_mask(pixels: ArrayLike, labels: Sequence[str]) -> Mask:
    """Return the mask of an array of pixels; the same pixels give the same PNG.

    Up to 255 labels make a PNG with a palette, the colours of `mask_colors` on black; more make a grey one of 16 bits.

    Parameters
    ----------
    pixels : array of whole numbers, shape (height, width)
        Which label each pixel has, counted from 1; 0 is the background.
    labels : sequence of str
        What the numbers 1, 2, ... stand for.

    Raises
    ------
    ValueError
        If the pixels aren't that.

    Examples
    --------
    >>> make_mask([[0, 1, 1], [2, 2, 1]], ["road", "sky"]).width
    3
    """
    _need_images("making a mask")
    import numpy as np
    from PIL import Image

    array = np.asarray(pixels)
    if array.ndim != 2 or not array.size or array.dtype.kind not in "biu":
        raise ValueError(
            f"a mask's pixels are {array.dtype} of shape {array.shape}, not rows of whole numbers"
        )
    if len(labels) > _MOST:
        raise ValueError(f"a mask has {len(labels)} labels, more than {_MOST}")
    _check(array, labels)
    if len(labels) > _MOST_IN_A_BYTE:
        image = Image.fromarray(array.astype(np.uint16))
    else:
        image = Image.fromarray(array.astype(np.uint8))
        colors = ["#000000", *(color for _, color in mask_colors(labels))]
        image.putpalette(b"".join(bytes.fromhex(color[1:]) for color in colors))
    height, width = array.shape
    return Mask(width, height, tuple(labels), _png(image))


def mask_colors(labels: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return a colour for each label of a mask: no two are the same, and none is white or black.

    Parameters
    ----------
    labels : iterable of str
        In their order; of instances, one an instance.

    They are the colours of the PASCAL VOC data sets, which are taken in order.

    Examples
    --------
    >>> mask_colors(["road", "sky"])
    (('road', '#800000'), ('sky', '#008000'))
    """
    return tuple((label, _voc_color(index)) for index, label in enumerate(labels, start=1))


def read_colored_png(png: bytes, colors: MaskColors) -> Mask:
    """Read the coloured picture that a worker drew, or that Ground Truth wrote, as a mask.

    What is transparent, white or black is background, unless a label has that colour.

    Parameters
    ----------
    png : bytes
        In colour, with or without transparency.
    colors : mapping of str to str, or iterable of pairs of str
        ``{label: "#rrggbb"}`` of a semantic mask, ``[(label, "#rrggbb"), ...]`` of the instances of another.

    Raises
    ------
    ValueError
        If it is no PNG, a colour is none or is given twice, or a pixel has a colour that stands for nothing.

    Examples
    --------
    >>> colors = {"road": "#2ca02c", "sky": "#1f77b4"}
    >>> png = colored_png(make_mask([[0, 1], [2, 2]], ["road", "sky"]), colors)
    >>> mask = read_colored_png(png, colors)
    >>> mask.labels, mask_pixels(mask).tolist()
    (('road', 'sky'), [[0, 1], [2, 2]])
    """
    image = _open(png)
    import numpy as np

    pairs = _pairs(colors)
    channels = np.asarray(image.convert("RGBA")).astype(np.uint32)
    drawn = channels[..., 0] << 16 | channels[..., 1] << 8 | channels[..., 2]
    meaning = {int(_BACKGROUND[1:], 16): 0, 0: 0}
    meaning |= {code: index for index, (_, code) in enumerate(pairs, start=1)}
    known = np.array(sorted(meaning), dtype=np.uint32)
    place = np.searchsorted(known, drawn).clip(max=len(known) - 1)
    opaque = channels[..., 3] > 0
    strange = opaque & (known[place] != drawn)
    if strange.any():
        raise ValueError(
            f"{int(strange.sum())} pixels have a color that stands for no label, "
            f"one of them #{int(drawn[strange][0]):06x}"
        )
    indices = np.array([meaning[int(code)] for code in known])[place]
    return make_mask(np.where(opaque, indices, 0), [label for label, _ in pairs])


def colored_png(mask: Mask, colors: MaskColors | None = None) -> bytes:
    r"""Return a mask as a picture in colour, on white.

    Parameters
    ----------
    mask : Mask
        Semantic or of instances.
    colors : mapping of str to str, or iterable of pairs of str, optional
        ``{label: "#rrggbb"}``, or pairs of label and colour in the order of the mask's labels; `mask_colors` of it
        when left out.

    Raises
    ------
    ValueError
        If a label has no colour, or the mask can't be read.

    Examples
    --------
    >>> colored_png(make_mask([[0, 1]], ["road"]), {"road": "#2ca02c"})[:4]
    b'\x89PNG'
    """
    _need_images("drawing a mask")
    import numpy as np
    from PIL import Image

    given = mask_colors(mask.labels) if colors is None else colors
    pairs = _pairs(given)
    if isinstance(given, Mapping):  # it may name more, in another order
        pairs = [pair for label in mask.labels for pair in pairs if pair[0] == label]
    if tuple(label for label, _ in pairs) != mask.labels:
        raise ValueError(
            f"the mask's labels are {list(mask.labels)}, colors are given for {[p[0] for p in pairs]}"
        )
    codes = np.array([int(_BACKGROUND[1:], 16), *(code for _, code in pairs)], dtype=np.uint32)
    drawn = codes[mask_pixels(mask)]
    channels = np.stack([drawn >> 16, drawn >> 8 & 255, drawn & 255], axis=-1)
    return _png(Image.fromarray(channels.astype(np.uint8)))


def _need_images(needed_for: str) -> None:
    """Say which extra brings numpy and Pillow, if one of them is missing."""
    load("numpy", extra="images", needed_for=needed_for)
    load("PIL.Image", extra="images", needed_for=needed_for)


def _open(png: bytes) -> Image:
    _need_images("reading a mask")
    from PIL import Image

    width, height = (int.from_bytes(png[start : start + 4], "big") for start in (16, 20))
    most = Image.MAX_IMAGE_PIXELS
    if most is not None and width * height > most:  # few bytes may fill the memory
        raise ValueError(f"a mask's PNG has {width} x {height} pixels, Pillow's MAX_IMAGE_PIXELS is {most}")
    try:
        image = Image.open(BytesIO(png), formats=["PNG"])
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"a mask's {len(png)} bytes are no PNG that can be read") from error
    return image


def _png(image: Image) -> bytes:
    written = BytesIO()
    image.save(written, format="PNG")
    return written.getvalue()


def _check(pixels: NDArray[np.integer], labels: Sequence[str]) -> None:
    if pixels.min() < 0 or pixels.max() > len(labels):
        wrong = int(pixels.min() if pixels.min() < 0 else pixels.max())
        raise ValueError(f"a pixel is {wrong}, the mask has {len(labels)} labels")


def _pairs(colors: MaskColors) -> list[tuple[str, int]]:
    """Return each label with the number of its colour; every colour stands there once."""
    given: Iterable[object] = colors.items() if isinstance(colors, Mapping) else colors
    seen: dict[int, str] = {}
    pairs = []
    for label, color in cast("Iterable[tuple[str, str]]", given):
        if not _COLOR.fullmatch(color):
            raise ValueError(f"the color of {label!r} is {color!r}, not like #1f77b4")
        code = int(color[1:], 16)
        if code in seen:
            raise ValueError(f"{seen[code]!r} and {label!r} have the same color {color}")
        seen[code] = label
        pairs.append((label, code))
    return pairs


def _voc_color(index: int) -> str:
    """Spread the bits of a number over red, green and blue, the lowest ones to the highest of each."""
    channels = [sum((index >> 3 * bit + channel & 1) << 7 - bit for bit in range(8)) for channel in range(3)]
    return "#{:02x}{:02x}{:02x}".format(*channels)
