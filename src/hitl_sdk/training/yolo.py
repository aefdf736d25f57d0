"""Export to the text files of YOLO: boxes and polygons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hitl_sdk.labels import Box, Point, Polygon
from hitl_sdk.training._files import write_files
from hitl_sdk.training._images import check_names, labelled_images, parts_of, shapes_of
from hitl_sdk.training.export import Export

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from hitl_sdk.tasks import Task
    from hitl_sdk.training._images import LabelledImage

__all__ = ["to_yolo"]


def to_yolo(
    frame: object,
    task: Task,
    folder: str | PathLike[str],
    *,
    file_name: str | None = None,
    overwrite: bool = False,
) -> Export:
    """Write boxes or polygons for YOLO: a text file an image, and the ``data.yaml`` that training is started with.

    A line is a box, ``class x_center y_center width height``, or a polygon, ``class x1 y1 x2 y2 ...``: classes from 0 in
    the order of the task's labels, numbers as shares of the image's width and height (docs.ultralytics.com, "Detect" and
    "Segment"). An image on which nothing is marked has an empty file. What lies outside of an image is cut off. The
    images themselves are yours to put into ``images/PART``, beside ``labels/PART``.

    Parameters
    ----------
    frame : frame or mapping of str to frame
        A training frame, which becomes the part ``train``, or several by part, as `split` returns them; training
        wants parts of the names ``train`` and ``val``.
    task : Task
        What was asked.
    folder : str or path
        Gets ``data.yaml`` and ``labels/PART/NAME.txt``.
    file_name : str, optional
        The column that holds the names of the images' files; the last part of ``item`` when left out.
    overwrite : bool, default False
        Replace files that exist; others in the folder are left as they are.

    Returns
    -------
    Export
        What was written.

    Raises
    ------
    InvalidInputError
        Naming the item, if it has no image size, a label of another kind, a shape of which nothing is inside the image,
        or a file name that is unsafe or that of another item; and if a file exists.
    EmptyInputError
        If a part has no row with a label.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from hitl_sdk.tasks import BoundingBox
    >>> task = BoundingBox(name="cats", labels=["cat"], title="Draw a box around every cat")
    >>> label = {
    ...     "shapes": [{"label": "cat", "left": 0, "top": 0, "width": 320, "height": 120}],
    ...     "image_width": 640,
    ...     "image_height": 480,
    ... }
    >>> frame = pd.DataFrame({"item_id": ["1"], "item": ["s3://pets/1.jpg"], "label": [label]})
    >>> with TemporaryDirectory() as folder:
    ...     print(to_yolo(frame, task, folder).files[0].read_text())
    0 0.25 0.125 0.5 0.25
    """
    texts: dict[str, str] = {}
    n_rows = left_out = 0
    parts = parts_of(frame)
    for part, rows in parts.items():
        images, missing = labelled_images(rows, task, file_name)
        check_names(images, lambda image: image.stem)
        texts |= {f"labels/{part}/{image.stem}.txt": _lines(image, task.label_names) for image in images}
        n_rows, left_out = n_rows + len(images), left_out + missing
    texts["data.yaml"] = _data_yaml(parts, task.label_names)
    path = Path(folder)
    files = write_files(path, texts, (text.encode() for text in texts.values()), overwrite=overwrite)
    return Export(path, files, n_rows, left_out)


def _lines(image: LabelledImage, names: Sequence[str]) -> str:
    return "".join(
        f"{names.index(shape.label)} {' '.join(_numbers(shape, image))}\n"
        for shape in shapes_of(image, Box, Polygon)
    )


def _numbers(shape: Any, image: LabelledImage) -> list[str]:
    """Return the numbers of a shape as shares of its image's size, across and down by turns."""
    points = shape.vertices if isinstance(shape, Polygon) else (
        Point(shape.left + shape.width / 2, shape.top + shape.height / 2), Point(shape.width, shape.height)
    )  # fmt: skip
    return [f"{share:.12g}" for x, y in points for share in (x / image.width, y / image.height)]


def _data_yaml(parts: Mapping[str, object], names: Sequence[str]) -> str:
    # A text in JSON is one in YAML.
    folders = [f"{json.dumps(part, ensure_ascii=False)}: {json.dumps(f'images/{part}', ensure_ascii=False)}"
               for part in parts]  # fmt: skip
    classes = [f"  {number}: {json.dumps(name, ensure_ascii=False)}" for number, name in enumerate(names)]
    return "\n".join(["path: .", *folders, "names:", *classes, ""])
