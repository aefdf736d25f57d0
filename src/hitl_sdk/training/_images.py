"""Labelled images as the exports of pictures want them: named safely, of known size, with nothing outside of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from hitl_sdk._image_shapes import clip
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Mask, Shapes
from hitl_sdk.training._rows import item_error, labelled_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hitl_sdk._image_shapes import Drawn
    from hitl_sdk.labels import Box, Keypoint, Point, Polygon, Polyline
    from hitl_sdk.tasks import Task
    from hitl_sdk.training._rows import LabelledRow

__all__ = [
    "LabelledImage", "check_names", "corners", "labelled_images", "mask_of", "parts_of", "shapes_of",
    "sized_image",
]  # fmt: skip

_LONGEST_NAME = 250  # bytes; file systems take 255, and an ending may follow
_UNSAFE = frozenset('/\\:*?"<>|')  # what Windows or a POSIX system does not take in a name


class LabelledImage(NamedTuple):
    """One image, the name of its file, its label and its size in pixels."""

    row: LabelledRow
    file_name: str
    label: Shapes[Box] | Shapes[Polygon] | Shapes[Polyline] | Shapes[Keypoint] | Mask
    width: int
    height: int

    @property
    def stem(self) -> str:
        """The name of its file without the ending, by which files of labels are named."""
        return PurePosixPath(self.file_name).stem


def labelled_images(native: object, task: Task, file_name: str | None) -> tuple[list[LabelledImage], int]:
    """Return the images of a frame that have a label, and the number of rows that are not among them.

    Parameters
    ----------
    native : frame
        A training frame.
    task : Task
        Whose labels are shapes or masks.
    file_name : str or None
        The column that holds the names of the images' files; the last part of ``item`` when None.

    Raises
    ------
    InvalidInputError
        If an item has no image size, or its name can't be that of a file.
    """
    rows, left_out = labelled_rows(native, task)
    return [sized_image(row, task)._replace(file_name=_file_name(row, file_name)) for row in rows], left_out


def sized_image(row: LabelledRow, task: Task) -> LabelledImage:
    """Return the image of a row, without a file name.

    Raises
    ------
    InvalidInputError
        If its label is neither shapes nor a mask, or does not tell the image's size.
    """
    label = row.label
    if isinstance(label, Mask):
        return LabelledImage(row, "", label, label.width, label.height)
    if not isinstance(label, Shapes):
        raise InvalidInputError(
            f"the labels of task {task.name!r} are neither shapes nor masks", hint="use another export"
        )
    if not label.image_width or not label.image_height:
        raise item_error(
            row.item_id,
            "has no image size",
            hint="put image_width and image_height into the label, in pixels, or drop the row",
        )
    return LabelledImage(row, "", label, label.image_width, label.image_height)


def _file_name(row: LabelledRow, column: str | None) -> str:
    if column is None:
        path = row.item if row.item.startswith("s3://") else urlsplit(row.item).path
        name = path.rpartition("/")[2]
    elif column in row.columns:
        name = str(row.columns[column] or "")
    else:
        raise InvalidInputError(f"the frame has no column {column!r}", hint="name the one with file names")
    unsafe = not name.isprintable() or name != name.strip() or name.startswith(".") or _UNSAFE & set(name)
    if not name or unsafe or len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        raise item_error(
            row.item_id, f"has a name that can't be that of a file: {name[:50]!r}",
            hint="name the files in a column of the frame: file_name='column'",
        )  # fmt: skip
    return name


def check_names(images: Iterable[LabelledImage], key: Callable[[LabelledImage], str]) -> None:
    """Refuse two images whose files would have one name; upper and lower case are one on some machines."""
    seen: dict[str, LabelledImage] = {}
    for image in images:
        other = seen.setdefault(key(image).casefold(), image)
        if other is not image:
            raise item_error(
                image.row.item_id, f"and item {other.row.item_id!r} have the same file name {key(image)!r}",
                hint="name the files in a column of the frame: file_name='column'",
            )  # fmt: skip


def parts_of(frame: object) -> dict[str, object]:
    """Return the frames of a data set by part: those that `split` made, or one for training."""
    parts = dict(frame) if isinstance(frame, Mapping) else {"train": frame}
    for name in parts:
        if not (
            isinstance(name, str) and name.isprintable() and name.strip(". ") and not _UNSAFE & set(name)
        ):
            raise InvalidInputError(
                f"{name!r} can't be the name of a folder", hint="name parts like 'train' and 'val'"
            )
    return parts


def shapes_of(image: LabelledImage, *kinds: type[Drawn]) -> list[Drawn]:
    """Return what is drawn on an image, clipped to it, as long as it is of these kinds.

    Raises
    ------
    InvalidInputError
        If a shape is of another kind, or nothing of it is inside the image.
    """
    shapes: Sequence[Drawn] = getattr(image.label, "shapes", ())
    if isinstance(image.label, Mask) or not all(isinstance(shape, kinds) for shape in shapes):
        known = " and ".join(kind.__name__ for kind in kinds)
        raise item_error(image.row.item_id, f"has labels other than {known}", hint="use another export")
    clipped = []
    for shape in shapes:
        inside = clip(shape, image.width, image.height)
        if inside is None:
            raise item_error(
                image.row.item_id, f"has a {shape.label!r} of which nothing is inside the image",
                hint="mend or drop the row",
            )  # fmt: skip
        clipped.append(inside)
    return clipped


def mask_of(image: LabelledImage) -> Mask:
    """Return the mask of an image.

    Raises
    ------
    InvalidInputError
        If its label is none.
    """
    if not isinstance(image.label, Mask):
        raise item_error(image.row.item_id, "has no mask for a label", hint="use another export")
    return image.label


def corners(points: Sequence[Point]) -> tuple[float, float, float, float]:
    """Return the left, top, width and height of the box around points."""
    left, top = min(point.x for point in points), min(point.y for point in points)
    return left, top, max(point.x for point in points) - left, max(point.y for point in points) - top
