"""Export of masks as PNG files, whose pixels are the numbers of classes or of instances."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from hitl_sdk.tasks._manifest_entry import BACKGROUND, check_classes_of_pixels
from hitl_sdk.training._files import write_files
from hitl_sdk.training._images import check_names, labelled_images, mask_of
from hitl_sdk.training.export import Export

if TYPE_CHECKING:
    from os import PathLike

    from hitl_sdk.tasks import Task

__all__ = ["to_mask_pngs"]


def to_mask_pngs(
    frame: object,
    task: Task,
    folder: str | PathLike[str],
    *,
    file_name: str | None = None,
    overwrite: bool = False,
) -> Export:
    """Write masks as PNG files of one channel, one an image.

    In a semantic mask a pixel is the number of its class: 0 is the background, 1 the first of the task's labels, and so
    on in every file; ``classes.json`` says it again. In a mask of instances it is the number of the instance in that
    image; ``instances.json`` has their labels by file. The files have palettes, so that they can be looked at; more than
    255 instances are 16 bits of grey.

    Parameters
    ----------
    frame : frame
        Of pandas, polars or arrow, as ``run.training_frame()`` returns it. Rows in force with a label are written.
    task : Task
        What was asked.
    folder : str or path
        Gets ``NAME.png`` for every image ``NAME.jpg``.
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
        Naming the item, if its label is no mask or can't be read, or its file name is unsafe or that of another item;
        if the task has more than 255 classes; if a file exists.
    EmptyInputError
        If no row has a label.
    MissingExtraError
        If numpy or Pillow is not installed.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from hitl_sdk.labels import to_value
    >>> from hitl_sdk.labels import make_mask
    >>> from hitl_sdk.tasks import SemanticSegmentation
    >>> task = SemanticSegmentation(name="streets", labels=["road", "sky"], title="Paint the street")
    >>> label = to_value(make_mask([[0, 1]], ["sky"]))
    >>> frame = pd.DataFrame({"item_id": ["1"], "item": ["s3://streets/1.jpg"], "label": [label]})
    >>> with TemporaryDirectory() as folder:
    ...     [file.name for file in to_mask_pngs(frame, task, folder).files]
    ['1.png', 'classes.json']
    """
    images, left_out = labelled_images(frame, task, file_name)
    names, semantic = task.label_names, task.metadata_type == "groundtruth/semantic-segmentation"
    if semantic:
        check_classes_of_pixels(names)
    check_names(images, lambda image: image.stem)
    masks = {f"{image.stem}.png": mask_of(image) for image in images}
    contents = {name: mask.png for name, mask in masks.items()}
    if semantic:
        said: dict[str, object] = {str(number): name for number, name in enumerate((BACKGROUND, *names))}
    else:
        said = {name: mask.labels for name, mask in masks.items()}
    contents["classes.json" if semantic else "instances.json"] = json.dumps(
        said, ensure_ascii=False, indent=2
    ).encode()
    path = Path(folder)
    files = write_files(path, contents, contents.values(), overwrite=overwrite)
    return Export(path, files, len(images), left_out)
