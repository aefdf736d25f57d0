"""Export to the XML of PASCAL VOC: boxes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from xml.etree import ElementTree as ET

from hitl_sdk._image_shapes import whole_edges
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Box
from hitl_sdk.training._files import write_files
from hitl_sdk.training._images import check_names, labelled_images, parts_of, shapes_of
from hitl_sdk.training.export import Export

if TYPE_CHECKING:
    from os import PathLike

    from hitl_sdk.tasks import Task
    from hitl_sdk.training._images import LabelledImage

__all__ = ["to_voc"]

_CHANNELS = 3  # which no label tells; Ground Truth writes it as well


def to_voc(
    frame: object,
    task: Task,
    folder: str | PathLike[str],
    *,
    file_name: str | None = None,
    overwrite: bool = False,
) -> Export:
    """Write boxes as PASCAL VOC does: an XML file an image, and a list of the images of each part.

    VOC counts pixels from 1 and both corners are in the box (VOC2012 development kit: "The top-left pixel in the image
    has coordinates (1, 1)"). So a box of the frame, whose left is 0 and whose width is 10, goes from 1 to 10. Edges
    between pixels are rounded to whole ones. What lies outside of an image is cut off.

    Parameters
    ----------
    frame : frame or mapping of str to frame
        A training frame, which becomes the part ``train``, or several by part, as `split` returns them.
    task : Task
        What was asked.
    folder : str or path
        Gets ``Annotations/NAME.xml`` and ``ImageSets/Main/PART.txt``.
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
        Naming the item, if it has no image size, a label of another kind, a box of which nothing is inside the image,
        or a file name that is unsafe or that of another item; if XML has no way to write a label; if a file exists.
    EmptyInputError
        If a part has no row with a label.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from hitl_sdk.tasks import BoundingBox
    >>> task = BoundingBox(name="cats", labels=["cat"], title="Draw a box around every cat")
    >>> label = {
    ...     "shapes": [{"label": "cat", "left": 0, "top": 0, "width": 10, "height": 20}],
    ...     "image_width": 640,
    ...     "image_height": 480,
    ... }
    >>> frame = pd.DataFrame({"item_id": ["1"], "item": ["s3://pets/1.jpg"], "label": [label]})
    >>> with TemporaryDirectory() as folder:
    ...     xml = to_voc(frame, task, folder).files[0].read_text()
    >>> xml[xml.index("<bndbox>") : xml.index("</object>")].split()
    ['<bndbox>', '<xmin>1</xmin>', '<ymin>1</ymin>', '<xmax>10</xmax>', '<ymax>20</ymax>', '</bndbox>']
    """
    parts = {part: labelled_images(rows, task, file_name) for part, rows in parts_of(frame).items()}
    odd = next((name for name in task.label_names if not name.isprintable()), None)
    if odd is not None:
        raise InvalidInputError(f"XML can't hold the label {odd!r}", hint="name it in printable characters")
    images = [image for part, _ in parts.values() for image in part]
    check_names(images, lambda image: image.stem)
    contents = {f"Annotations/{image.stem}.xml": _xml(image) for image in images}
    contents |= {
        f"ImageSets/Main/{name}.txt": "".join(f"{image.stem}\n" for image in part).encode()
        for name, (part, _) in parts.items()
    }
    path = Path(folder)
    files = write_files(path, contents, contents.values(), overwrite=overwrite)
    return Export(path, files, len(images), sum(left_out for _, left_out in parts.values()))


def _xml(image: LabelledImage) -> bytes:
    root = ET.Element("annotation")
    _add(root, folder="JPEGImages", filename=image.file_name)
    _add(ET.SubElement(root, "source"), database=image.row.item)
    _add(ET.SubElement(root, "size"), width=image.width, height=image.height, depth=_CHANNELS)
    _add(root, segmented=0)
    for box in cast("list[Box]", shapes_of(image, Box)):
        thing = ET.SubElement(root, "object")
        _add(thing, name=box.label, pose="Unspecified", truncated=0, difficult=0)
        left, top, right, bottom = whole_edges(box, image.width, image.height)
        _add(ET.SubElement(thing, "bndbox"), xmin=left + 1, ymin=top + 1, xmax=right, ymax=bottom)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8")
    return document + b"\n"


def _add(parent: ET.Element, **texts: Any) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = str(text)
