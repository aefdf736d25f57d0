"""Answers of the elements in which an image is painted: one colour a label, or one an instance."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from itertools import chain, count
from typing import TYPE_CHECKING

from hitl_sdk._optional import load
from hitl_sdk.labels import (
    Mask,
    colored_png,
    make_mask,
    mask_colors,
    mask_pixels,
    read_colored_png,
    read_mask,
)
from hitl_sdk.local.answers.images import size_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hitl_sdk.local.answers.page import Page, Question
    from hitl_sdk.local.answers.slips import Slips

__all__ = ["InstanceMask", "SemanticMask"]

# As the developer guide and genuine outputs show the first three: those of d3's category10.
_COLORS = (
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd",
    "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf",
)  # fmt: skip


class SemanticMask:
    """``{"labelMappings": {"road": {"color": "#1f77b4"}}, "labeledImage": {"pngImageData": "..."}, ...}``."""

    def preset(self, question: Question, page: Page) -> dict[str, object]:
        """Return the mask of ``initial-value`` if it can be read, else background."""
        initial = _initial_value(question)
        png = _initial_png(initial, page) or _background(page.image_size(question))
        modified = {"initialValueModified": False} if initial else {}
        return {**_label_mappings(_colors_of(question, initial)), **_painted(png), **modified}

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> dict[str, object]:
        """Return the true mask with edges that are off; a label that goes wrong is overlooked or another."""
        initial = _initial_value(question)
        colors = _colors_of(question, initial)
        labels = tuple(colors)
        mask = _read_truth(truth)
        said = [slips.seen(label, labels) for label in mask.labels]
        numbers = [0 if label is None else labels.index(label) + 1 for label in said]
        drawn = _drawn(mask, numbers, labels, slips)
        before = _initial_png(initial, page)
        unchanged = before is not None and read_colored_png(before, colors) == drawn
        modified = {"initialValueModified": not unchanged} if initial else {}
        return {**_label_mappings(colors), **_painted(colored_png(drawn, colors)), **modified}


class InstanceMask:
    """``{"instances": [{"color": "#1f77b4", "label": "car"}], "labeledImage": {"pngImageData": "..."}, ...}``."""

    def preset(self, question: Question, page: Page) -> dict[str, object]:
        """Return the instances of ``initial-value`` if it can be read, else none."""
        initial = _initial_value(question)
        png = _initial_png(initial, page)
        if png is None:
            return {"instances": [], **_painted(_background(page.image_size(question)))}
        return {"instances": initial.get("instances", []), **_painted(png)}

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> dict[str, object]:
        """Return the true instances with edges that are off; one that goes wrong is overlooked or called another."""
        mask = _read_truth(truth)
        choices = question.element.categories or mask.labels
        said = [slips.seen(label, choices) for label in mask.labels]
        labels = [label for label in said if label is not None]
        places = count(1)
        numbers = [0 if label is None else next(places) for label in said]
        drawn = _drawn(mask, numbers, labels, slips)
        colors = list(zip(labels, _palette(len(labels)), strict=True))
        return {
            "instances": [{"color": color, "label": label} for label, color in colors],
            **_painted(colored_png(drawn, colors)),
        }


def _initial_value(question: Question) -> Mapping[str, object]:
    value = question.initial_value()
    if value is not None and not isinstance(value, Mapping):
        raise ValueError("the initial-value is no object")
    return value or {}


def _initial_png(initial: Mapping[str, object], page: Page) -> bytes | None:
    src = initial.get("src")
    return page.content_at(src) if isinstance(src, str) else None


def _colors_of(question: Question, initial: Mapping[str, object]) -> dict[str, str]:
    """Return a colour for each label: that of the initial value, else the next that is free."""
    mappings = initial.get("labelMappings")
    given = (
        {label: value["color"] for label, value in mappings.items()} if isinstance(mappings, Mapping) else {}
    )
    others = [label for label in question.choices() if label not in given]
    return given | dict(zip(others, _palette(len(others), taken=given.values()), strict=True))


def _palette(n: int, *, taken: Iterable[str] = ()) -> list[str]:
    """Return colours that differ from each other, from white, from black, and from those that are taken."""
    taken = {color.lower() for color in taken}
    further = (color for _, color in mask_colors(map(str, range(n + len(taken)))))
    return [color for color in dict.fromkeys(chain(_COLORS, further)) if color not in taken][:n]


def _read_truth(truth: object) -> Mask:
    """Read a mask as `hitl_sdk.labels` has it, or as the elements write it."""
    if not isinstance(truth, Mapping) or "labeledImage" not in truth:
        return read_mask(truth)
    png = base64.b64decode(truth["labeledImage"]["pngImageData"])
    if "instances" in truth:
        return read_colored_png(png, [(each["label"], each["color"]) for each in truth["instances"]])
    return read_colored_png(png, {label: each["color"] for label, each in truth["labelMappings"].items()})


def _drawn(mask: Mask, numbers: Sequence[int], labels: Sequence[str], slips: Slips) -> Mask:
    """Return the mask with label i + 1 of it turned into ``numbers[i]``, each pixel looked up a bit off its place.

    Inside an area that changes nothing; its edge frays.
    """
    np = load("numpy", extra="images", needed_for="painting a mask")
    pixels = np.array([0, *numbers])[mask_pixels(mask)]
    if slips.jitter:
        chance = np.random.default_rng(slips.rng.getrandbits(64))
        rows, columns = (
            (np.indices(pixels.shape) + chance.normal(0, slips.jitter, (2, *pixels.shape)))
            .round()
            .astype(int)
        )
        pixels = pixels[rows.clip(0, mask.height - 1), columns.clip(0, mask.width - 1)]
    return make_mask(pixels, labels)


def _background(size: tuple[int, int]) -> bytes:
    np = load("numpy", extra="images", needed_for="painting a mask")
    width, height = size
    return colored_png(make_mask(np.zeros((height, width), dtype=int), ()))


def _painted(png: bytes) -> dict[str, object]:
    """Return what both elements say of the picture that was painted."""
    size = size_of(png)
    if size is None:
        raise ValueError("the initial-value's picture is none")
    width, height = size
    return {
        "inputImageProperties": {"height": height, "width": width},
        "labeledImage": {"pngImageData": base64.b64encode(png).decode("ascii")},
    }


def _label_mappings(colors: Mapping[str, str]) -> dict[str, object]:
    return {"labelMappings": {label: {"color": color} for label, color in colors.items()}}
