"""Export to the JSON of COCO: boxes, polygons, keypoints and masks."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hitl_sdk._image_shapes import area
from hitl_sdk.labels import Box, Keypoint, Mask, Point, Polygon, mask_pixels, shapes_type
from hitl_sdk.training._files import write_files
from hitl_sdk.training._images import check_names, corners, labelled_images, shapes_of
from hitl_sdk.training._rows import item_error, repeated
from hitl_sdk.training.export import Export
from hitl_sdk.training.tables import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from os import PathLike

    from hitl_sdk.tasks import Task
    from hitl_sdk.training._images import LabelledImage

__all__ = ["to_coco"]

_VISIBLE = 2  # the flag of a keypoint that is labelled and can be seen


def to_coco(
    frame: object,
    task: Task,
    path: str | PathLike[str],
    *,
    file_name: str | None = None,
    overwrite: bool = False,
) -> Export:
    """Write boxes, polygons, keypoints or masks as one JSON file of COCO, which pycocotools reads.

    Coordinates are pixels from 0, as COCO counts them (cocodataset.org, "Data format"). Categories are numbered from 1
    in the order of the task's labels. A mask gives one annotation a label, or an instance, with run lengths. Keypoints
    of an image are one object of one category, named as the task, whose keypoints are the task's labels. An image on
    which nothing is marked has no annotation. What lies outside of an image is cut off.

    Parameters
    ----------
    frame : frame
        Of pandas, polars or arrow, as ``run.training_frame()`` returns it. Rows in force with a label are written.
    task : Task
        What was asked.
    path : str or path
        Of the JSON file.
    file_name : str, optional
        The column that holds the names of the images' files; the last part of ``item`` when left out.
    overwrite : bool, default False
        Replace the file if it exists.

    Returns
    -------
    Export
        What was written.

    Raises
    ------
    InvalidInputError
        Naming the item, if it has no image size, a label of another kind, a shape of which nothing is inside the image,
        a keypoint twice, or a file name that is unsafe or that of another item; and if the file exists.
    EmptyInputError
        If no row has a label.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import json
    >>> import pandas as pd
    >>> from hitl_sdk.tasks import BoundingBox
    >>> task = BoundingBox(name="cats", labels=["cat"], title="Draw a box around every cat")
    >>> label = {
    ...     "shapes": [{"label": "cat", "left": 10, "top": 12, "width": 90, "height": 60}],
    ...     "image_width": 640,
    ...     "image_height": 480,
    ... }
    >>> frame = pd.DataFrame({"item_id": ["1"], "item": ["s3://pets/1.jpg"], "label": [label]})
    >>> with TemporaryDirectory() as folder:
    ...     document = json.loads(to_coco(frame, task, f"{folder}/train.json").path.read_text())
    >>> document["annotations"][0]["bbox"]
    [10, 12, 90, 60]
    """
    images, left_out = labelled_images(frame, task, file_name)
    check_names(images, lambda image: image.file_name)
    keypoints = task.label_type == shapes_type(Keypoint)
    names = task.label_names
    annotations = [
        {"id": number, **annotation}
        for number, annotation in enumerate(_annotations(images, names, keypoints=keypoints), start=1)
    ]
    document = {
        "info": {"description": task.title},
        "licenses": [],
        "images": [
            {
                "id": number,
                "file_name": image.file_name,
                "width": image.width,
                "height": image.height,
                "coco_url": image.row.item,
                "item_id": image.row.item_id,
            }
            for number, image in enumerate(images, start=1)
        ],
        "categories": _categories(task, names, keypoints=keypoints),
        "annotations": annotations,
    }
    file = Path(path)
    files = write_files(file.parent, [file.name], [json_text(document).encode()], overwrite=overwrite)
    return Export(file, files, len(images), left_out)


def _categories(task: Task, names: Sequence[str], *, keypoints: bool) -> list[dict[str, Any]]:
    if keypoints:
        return [{"id": 1, "name": task.name, "supercategory": "", "keypoints": list(names), "skeleton": []}]
    return [{"id": number, "name": name, "supercategory": ""} for number, name in enumerate(names, start=1)]


def _annotations(
    images: Iterable[LabelledImage], names: Sequence[str], *, keypoints: bool
) -> Iterator[dict[str, Any]]:
    for number, image in enumerate(images, start=1):
        if isinstance(image.label, Mask):
            found = _of_mask(image.label, names)
        elif keypoints:
            found = _of_keypoints(image, names)
        else:
            found = (_of_shape(shape, names) for shape in shapes_of(image, Box, Polygon))
        for annotation in found:
            yield {"image_id": number, "iscrowd": 0, **annotation}


def _of_shape(shape: Any, names: Sequence[str]) -> dict[str, Any]:
    category = names.index(shape.label) + 1
    if isinstance(shape, Box):
        return {
            "category_id": category,
            "bbox": [shape.left, shape.top, shape.width, shape.height],
            "area": shape.width * shape.height,
            "segmentation": [],
        }
    return {
        "category_id": category,
        "bbox": list(corners(shape.vertices)),
        "area": area(shape.vertices),
        "segmentation": [[number for vertex in shape.vertices for number in vertex]],
    }


def _of_keypoints(image: LabelledImage, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Return the one object of an image that its keypoints make up, if it has any."""
    points: list[Any] = shapes_of(image, Keypoint)
    twice = repeated(point.label for point in points)
    if twice is not None:
        raise item_error(
            image.row.item_id,
            f"has the keypoint {twice!r} twice, and COCO each once an object",
            hint="drop the row, or split it into one an object",
        )
    if not points:
        return
    places = {point.label: [point.x, point.y, _VISIBLE] for point in points}
    box = corners([Point(point.x, point.y) for point in points])
    yield {
        "category_id": 1,
        "keypoints": [number for name in names for number in places.get(name, [0, 0, 0])],
        "num_keypoints": len(points),
        "bbox": list(box),
        "area": box[2] * box[3],
        "segmentation": [],
    }


def _of_mask(mask: Mask, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Return an annotation for each of a mask's labels that has a pixel."""
    import numpy as np

    pixels = mask_pixels(mask)
    for value, label in enumerate(mask.labels, start=1):
        inside = pixels == value
        if not inside.any():
            continue
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        flat = inside.ravel(order="F")
        # Run lengths begin with zeros, down the columns; there may be none of them.
        turns = np.flatnonzero(np.diff(flat)) + 1
        edges = [0, *([0] if flat[0] else []), *turns.tolist(), flat.size]
        yield {
            "category_id": names.index(label) + 1,
            "segmentation": {
                "size": [mask.height, mask.width],
                "counts": [after - before for before, after in pairwise(edges)],
            },
            "area": int(inside.sum()),
            "bbox": [
                int(columns[0]),
                int(rows[0]),
                int(columns[-1] - columns[0] + 1),
                int(rows[-1] - rows[0] + 1),
            ],
        }
