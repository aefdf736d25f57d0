"""Labels as the lines of Ground Truth's output manifests have them: a value and its metadata."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hitl_sdk._frames import utc_time
from hitl_sdk.labels import Box, Span, mask_colors, mask_type, part_type, shapes_type, to_value
from hitl_sdk.training._images import shapes_of, sized_image, whole_edges
from hitl_sdk.training.mask_pngs import BACKGROUND, is_semantic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hitl_sdk.labels import LabelType, Mask
    from hitl_sdk.tasks import Task
    from hitl_sdk.training._rows import LabelledRow

__all__ = ["Entry", "common_metadata", "entry_writer"]

# What Ground Truth writes where nobody knows, as for one worker; readers of manifests expect a number.
_UNKNOWN = 0.0
_CHANNELS = 3  # which no label tells; Ground Truth always writes it


class Entry(NamedTuple):
    """What a line says of a label; the value of a mask is the address of its PNG."""

    value: object
    metadata: dict[str, Any]
    png: bytes | None = None


def entry_writer(task: Task) -> Callable[[LabelledRow], Entry]:
    """Return what writes the labels of a task, by their type."""
    names = task.label_names
    by_type: list[tuple[LabelType, Callable[[LabelledRow, Task, Sequence[str]], Entry]]] = [
        (shapes_type(Box), _boxes),
        ([part_type(Span)], _spans),
        (mask_type(), _semantic if is_semantic(task) else _instances),
    ]
    if names:
        by_type += [(str, _one), ([str], _several)]
    write = next((writer for kind, writer in by_type if kind == task.label_type), _as_it_is)
    return lambda row: write(row, task, names)


def common_metadata(row: LabelledRow, task: Task, job_name: str | None, now: datetime) -> dict[str, Any]:
    """Return the metadata that every line has. A label without a time of its own is of now."""
    loop = row.columns.get("human_loop_name")
    of_row = (utc_time(row.columns.get(name)) for name in ("completed_at", "created_at"))
    created = next((time for time in of_row if time is not None), now)
    return {
        "type": task.metadata_type,
        "job-name": job_name or (f"a2i/{loop}" if loop else task.name),
        "human-annotated": "no" if row.columns.get("label_source") == "model" else "yes",
        "creation-date": created.replace(tzinfo=None).isoformat(timespec="microseconds"),
    }


def _confidence(value: object) -> float:
    return _UNKNOWN if value is None else float(cast("Any", value))


def _one(row: LabelledRow, task: Task, names: Sequence[str]) -> Entry:
    label = str(row.label)
    number = names.index(label)
    # Ground Truth's verdicts on other labels are numbers in text.
    value = str(number) if task.metadata_type == "groundtruth/label-verification" else number
    return Entry(value, {"class-name": label, "confidence": _confidence(row.columns.get("confidence"))})


def _several(row: LabelledRow, _: Task, names: Sequence[str]) -> Entry:
    labels = cast("tuple[str, ...]", row.label)
    numbers = [names.index(label) for label in labels]
    known = row.columns.get("label_confidences")
    confidences = [_UNKNOWN] * len(labels) if known is None else list(map(_confidence, known))
    metadata = {
        "class-map": dict(zip(map(str, numbers), labels, strict=True)),
        "confidence-map": dict(zip(map(str, numbers), confidences, strict=True)),
    }
    return Entry(numbers, metadata)


def _boxes(row: LabelledRow, task: Task, names: Sequence[str]) -> Entry:
    image = sized_image(row, task)
    boxes = cast("list[Box]", shapes_of(image, Box))
    annotations = []
    for box in boxes:
        left, top, right, bottom = whole_edges(box, image)
        annotations.append(
            {
                "class_id": names.index(box.label),
                "left": left,
                "top": top,
                "width": right - left,
                "height": bottom - top,
            }
        )
    value = {
        "image_size": [{"width": image.width, "height": image.height, "depth": _CHANNELS}],
        "annotations": annotations,
    }
    metadata = {
        "objects": [{"confidence": _confidence(box.confidence)} for box in boxes],
        "class-map": {str(names.index(box.label)): box.label for box in boxes},
    }
    return Entry(value, metadata)


def _spans(row: LabelledRow, _: Task, names: Sequence[str]) -> Entry:
    spans = cast("tuple[Span, ...]", row.label)
    entities = [
        {"label": span.label, "startOffset": span.start_offset, "endOffset": span.end_offset}
        for span in spans
    ]
    value = {"annotations": {"labels": [{"label": name} for name in names], "entities": entities}}
    return Entry(value, {"entities": [{"confidence": _confidence(span.confidence)} for span in spans]})


def _semantic(row: LabelledRow, _: Task, names: Sequence[str]) -> Entry:
    mask = cast("Mask", row.label)
    confidence = _confidence(row.columns.get("confidence"))
    classes = [(BACKGROUND, "#ffffff"), *mask_colors(names)]
    colors = {
        str(number): {"class-name": name, "hex-color": color, "confidence": confidence}
        for number, (name, color) in enumerate(classes)
    }
    return Entry(None, {"internal-color-map": colors}, _on_white(mask.png))


def _instances(row: LabelledRow, *_: object) -> Entry:
    mask = cast("Mask", row.label)
    return Entry(None, {"class-map": {str(n): name for n, name in enumerate(mask.labels, start=1)}}, mask.png)


def _as_it_is(row: LabelledRow, *_: object) -> Entry:
    return Entry(to_value(row.label), {})


def _on_white(png: bytes) -> bytes:
    """Return a PNG with a palette whose first colour is white, as the color map says of the background."""
    from PIL import Image

    image = Image.open(BytesIO(png))
    palette = image.getpalette() or []
    image.putpalette([255, 255, 255, *palette[3:]])
    written = BytesIO()
    image.save(written, format="PNG")
    return written.getvalue()
