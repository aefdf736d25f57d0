"""Export to an augmented manifest, and the channel of a training job that reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._clock import current_clock
from hitl_sdk._manifest_line import can_name_label, metadata_key
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import mask_type
from hitl_sdk.training._files import write_files
from hitl_sdk.training._manifest_lines import common_metadata, manifest_entry
from hitl_sdk.training._rows import item_error, labelled_rows
from hitl_sdk.training.export import Export
from hitl_sdk.training.tables import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from mypy_boto3_sagemaker.type_defs import ChannelTypeDef

    from hitl_sdk.session import Session
    from hitl_sdk.tasks import Task
    from hitl_sdk.training._rows import LabelledRow

__all__ = ["ManifestExport", "to_augmented_manifest"]

_CHANNEL = re.compile(r"[A-Za-z0-9.\-_]{1,64}")  # CreateTrainingJob, ChannelName
_S3_URI = re.compile(r"s3://([^/]+)/(.*[^/])")

_OF_IMAGES = frozenset(
    f"groundtruth/{kind}"
    for kind in (
        "image-classification", "image-classification-multilabel", "label-verification", "object-detection",
        "semantic-segmentation",
    )
)  # fmt: skip
_RECORDS = "application/x-recordio"
# The image classification algorithm reads lists of numbers as multi-hot vectors unless it is told otherwise.
_CONTENT_TYPES = {"groundtruth/image-classification-multilabel": f"{_RECORDS}; label-format=class-id"}


@dataclass(frozen=True, slots=True)
class ManifestExport(Export):
    """An augmented manifest that was written, and how to train on it. Made by `to_augmented_manifest`.

    Attributes
    ----------
    path : Path
        The manifest.
    files : tuple of Path
        All files that were written: the manifest, and the PNG files of masks.
    n_rows : int
        How many lines it has.
    left_out : int
        How many rows of the frame are not in it: without a label, or not in force.
    s3_uri : str
        Where the manifest must lie for the training job; `upload` puts it there.
    channel : dict
        One entry of ``InputDataConfig`` in ``CreateTrainingJob``.

    Examples
    --------
    >>> ManifestExport.__name__
    'ManifestExport'
    """

    s3_uri: str
    channel: ChannelTypeDef

    def upload(self, session: Session) -> None:
        """Put the manifest to `s3_uri`, and the PNG files of masks beside it.

        Parameters
        ----------
        session : Session
            Whose credentials may write there.

        Raises
        ------
        ServiceError
            If S3 refuses.
        """
        bucket, key = _place(self.s3_uri)
        folder = key[: -len(key.rpartition("/")[2])]
        s3 = session.client("s3")
        with translated_errors(f"bucket {bucket!r}"):
            for file in (*self.files[1:], self.files[0]):  # the manifest last, when all it names is there
                name = file.relative_to(self.path.parent).as_posix()
                at = key if file == self.path else folder + name
                s3.put_object(Bucket=bucket, Key=at, Body=file.read_bytes())


def to_augmented_manifest(
    frame: object,
    task: Task,
    path: str | PathLike[str],
    *,
    attribute: str,
    s3_uri: str,
    channel: str = "train",
    job_name: str | None = None,
    overwrite: bool = False,
) -> ManifestExport:
    """Write a training frame as an augmented manifest, in the form that Ground Truth gives its own output.

    What a line says of a label depends on the task: the number of its class, numbers of several, boxes, spans, or the
    address of the PNG of a mask, which is written too. Classes are numbered from 0 in the order of the task's labels.
    Labels of kinds that Ground Truth has no form for are written as `to_jsonl` does, with the type
    ``groundtruth/custom``. A confidence that nobody knows is 0, as Ground Truth writes it. Boxes are cut off at the
    image's edges and rounded to whole pixels.

    Parameters
    ----------
    frame : frame
        Of pandas, polars or arrow, as ``run.training_frame()`` returns it. Rows in force with a label are written.
    task : Task
        What was asked.
    path : str or path
        Of the manifest. PNG files go into the folder ``NAME-masks`` beside it.
    attribute : str
        The name under which lines have the label: letters, digits and hyphens; with ``-ref`` at its end for masks, and
        only for them.
    s3_uri : str
        Where you will put the manifest: ``s3://BUCKET/KEY``. `ManifestExport.upload` does it.
    channel : str, default "train"
        The channel's name in the training job.
    job_name : str, optional
        Is written into each line's metadata; when left out it is ``a2i/`` and the human loop's name, or the task's
        name for a model's label.
    overwrite : bool, default False
        Replace files that exist.

    Returns
    -------
    ManifestExport
        What was written, and the `channel` to train with: Pipe mode, wrapped as RecordIO, the item before its label, as
        the built-in algorithms read it (Amazon SageMaker Developer Guide, "Augmented Manifest Files for Training Jobs").

    Raises
    ------
    InvalidInputError
        If a name or address is none; naming the item, if its label can't be written, boxes have no image size, or it is
        no S3 URI where others are or images must be; if a file exists.
    EmptyInputError
        If no row has a label.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from hitl_sdk.tasks import TextClassification
    >>> task = TextClassification(name="mood", labels=[-1, 0, 1], title="Find the mood")
    >>> frame = pd.DataFrame({"item_id": ["1"], "item": ["It broke"], "label": ["-1"]})
    >>> with TemporaryDirectory() as folder:
    ...     export = to_augmented_manifest(
    ...         frame, task, f"{folder}/train.manifest", attribute="mood", s3_uri="s3://reviews/train.manifest"
    ...     )
    >>> export.channel["DataSource"]["S3DataSource"]["AttributeNames"]
    ['source', 'mood']
    """
    masks = task.label_type == mask_type()
    _check(attribute, s3_uri, channel, masks=masks)
    rows, left_out = labelled_rows(frame, task)
    source = _source_key(rows, task)
    now = current_clock().now()
    file = Path(path)
    folder = f"{file.stem}-masks"
    address = f"{s3_uri.rpartition('/')[0]}/{folder}"
    lines, pngs = [], {}
    for number, row in enumerate(rows):
        entry = manifest_entry(row, task)
        if entry.file is not None:
            raise item_error(
                row.item_id,
                f"has a label that Ground Truth keeps in a {entry.file[0]}, which no training job reads",
                hint="write it with to_jsonl",
            )
        value = entry.value
        if entry.png is not None:
            pngs[f"{folder}/{number}.png"] = entry.png
            value = f"{address}/{number}.png"
        metadata = entry.metadata | common_metadata(row, task, job_name, now)
        lines.append(json_text({source: row.item, attribute: value, metadata_key(attribute): metadata}))
    contents = {file.name: "".join(f"{line}\n" for line in lines).encode(), **pngs}
    files = write_files(file.parent, contents, contents.values(), overwrite=overwrite)
    return ManifestExport(
        file, files, len(rows), left_out, s3_uri, _channel(channel, task, s3_uri, [source, attribute])
    )


def _check(attribute: str, s3_uri: str, channel: str, *, masks: bool) -> None:
    if not can_name_label(attribute):
        raise InvalidInputError(
            f"attribute={attribute!r} can't name a label",
            hint="use letters, digits and hyphens; not source, source-ref, or -metadata at the end",
        )
    if attribute.endswith("-ref") is not masks:
        raise InvalidInputError(
            f"attribute={attribute!r} must{'' if masks else ' not'} end with -ref",
            hint="the ending says that the value is the address of a file, as it is for masks",
        )
    if not _CHANNEL.fullmatch(channel):
        raise InvalidInputError(
            f"channel={channel!r} can't name a channel", hint="use up to 64 letters and digits"
        )
    _place(s3_uri)


def _place(s3_uri: str) -> tuple[str, str]:
    """Return the bucket and the key of an S3 URI."""
    match = _S3_URI.fullmatch(s3_uri)
    if match is None:
        raise InvalidInputError(f"s3_uri={s3_uri!r} is no address of a file", hint="use s3://BUCKET/KEY")
    return match[1], match[2]


def _source_key(rows: Sequence[LabelledRow], task: Task) -> str:
    """Return the key of the item, which is one for all lines: a training job names it once."""
    in_s3 = [row.item.startswith("s3://") for row in rows]
    if not any(in_s3) and task.metadata_type not in _OF_IMAGES:
        return "source"
    if not all(in_s3):
        raise item_error(
            rows[in_s3.index(False)].item_id,
            "is no S3 URI, " + ("but others are" if any(in_s3) else "as an image must be"),
            hint="training streams images from S3; write texts to a manifest of their own",
        )
    return "source-ref"


def _channel(name: str, task: Task, s3_uri: str, attributes: list[str]) -> ChannelTypeDef:
    return {
        "ChannelName": name,
        "ContentType": _CONTENT_TYPES.get(task.metadata_type, _RECORDS),
        "CompressionType": "None",
        "RecordWrapperType": "RecordIO",
        "InputMode": "Pipe",
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "AugmentedManifestFile",
                "S3Uri": s3_uri,
                "S3DataDistributionType": "FullyReplicated",
                "AttributeNames": attributes,
            }
        },
    }
