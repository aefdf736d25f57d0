"""What the local service shows in place of AWS's own task UIs, which are not published: one template a UI.

Texts are marked with ``crowd-entity-annotation``. For video frames and point clouds there is no crowd element, so these
templates hold elements of our own, which simulated workers answer: ``hitl-video-frames``, ``hitl-point-cloud-frames``,
``hitl-point-cloud`` and ``hitl-point-classes``.
"""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hitl_sdk._ground_truth import Kind

__all__ = ["template_of"]

_ELEMENTS: Mapping[str, str] = {
    "PointCloudObjectDetection": "hitl-point-cloud",
    "PointCloudObjectTracking": "hitl-point-cloud-frames",
    "PointCloudSemanticSegmentation": "hitl-point-classes",
    "VideoObjectDetection": "hitl-video-frames",
    "VideoObjectTracking": "hitl-video-frames",
}
_ANNOTATION_TYPES = ("BoundingBox", "Polygon", "Polyline", "Keypoint")


def template_of(ui_name: str, label_category_config: Mapping[str, Any], kind: Kind) -> str:
    """Return a worker template that asks the same as one of AWS's own task UIs.

    Parameters
    ----------
    ui_name : str
        The ending of the UI's ARN: ``"VideoObjectTracking"``.
    label_category_config : mapping
        The label category configuration file of the job.
    kind : Kind
        The job's, whose function expects the answer under the kind's own name.

    Raises
    ------
    InvalidInputError
        If there is no such UI, or it can't do with the configuration.

    Examples
    --------
    >>> from hitl_sdk._ground_truth import kind_named
    >>> config = {"labels": [{"label": "van"}], "annotationType": "Polygon"}
    >>> template = template_of("VideoObjectTracking", config, kind_named("VideoObjectTracking"))
    >>> '<hitl-video-frames name="trackingAnnotations"' in template, 'annotation-type="Polygon"' in template
    (True, True)
    """
    labels = label_category_config.get("labels") or ()
    if ui_name == "NamedEntityRecognition":
        return _entities(labels, label_category_config, kind)
    if ui_name not in _ELEMENTS:
        raise InvalidInputError(
            f"AWS has no task UI {ui_name!r}",
            hint=f"there are {', '.join(sorted([*_ELEMENTS, 'NamedEntityRecognition']))}",
        )
    attributes = {
        "name": str(kind.answer_key),
        "labels": json.dumps([each["label"] for each in labels], ensure_ascii=False),
    }
    if _ELEMENTS[ui_name] == "hitl-video-frames":
        attributes["annotation-type"] = _annotation_type(label_category_config)
    if ui_name.endswith("Tracking"):
        attributes["tracking"] = "true"
    written = [f'{name}="{_plain(text)}"' for name, text in attributes.items()]
    written += [
        'task-object="{{ task.input.taskObject | to_json | escape }}"',
        *_prior(label_category_config),
    ]
    element = _ELEMENTS[ui_name]
    return f"<crowd-form>\n<{element} {' '.join(written)}>\n{_instructions(label_category_config)}\n</{element}>\n</crowd-form>"


def _entities(labels: Sequence[Mapping[str, str]], config: Mapping[str, Any], kind: Kind) -> str:
    """Return a template of the element that AWS's UI is built on, which has a submit button of its own."""
    shown = [
        {
            "label": each["label"],
            "fullDisplayName": each.get("fullDisplayName") or each["label"],
            "shortDisplayName": each.get("shortDisplayName") or each["label"],
        }
        for each in labels
    ]
    return (
        f'<crowd-entity-annotation name="{kind.answer_key}" header="{_plain(kind.title)}" '
        f'labels="{_plain(json.dumps(shown, ensure_ascii=False))}" text="{{{{ task.input.taskObject }}}}">\n'
        f"{_instructions(config)}\n</crowd-entity-annotation>"
    )


def _annotation_type(config: Mapping[str, Any]) -> str:
    told = config.get("annotationType") or _ANNOTATION_TYPES[0]
    if told not in _ANNOTATION_TYPES:
        raise InvalidInputError(
            f"annotationType is {told!r}", hint=f"use one of {', '.join(_ANNOTATION_TYPES)}"
        )
    return str(told)


def _prior(config: Mapping[str, Any]) -> list[str]:
    """Return the attributes that hold the label of a former job: the address of its file, or the label itself."""
    prior = config.get("auditLabelAttributeName")
    if not prior:
        return []
    line = "task.input.manifestLine"
    return [
        f"initial-value=\"{{{{ {line}['{prior}'] | to_json | escape }}}}\"",
        f"initial-metadata=\"{{{{ {line}['{prior}-metadata'] | to_json | escape }}}}\"",
    ]


def _instructions(config: Mapping[str, Any]) -> str:
    """Return the instructions, which are HTML already."""
    told = config.get("instructions") or {}
    return "\n".join(
        f"<{tag}>{_without_liquid(str(told.get(key) or ''))}</{tag}>"
        for tag, key in (("short-instructions", "shortInstruction"), ("full-instructions", "fullInstruction"))
    )


def _plain(text: str) -> str:
    return _without_liquid(html.escape(text))


def _without_liquid(text: str) -> str:
    """Keep Liquid from reading what was plain text."""
    return text.replace("{", "&#123;").replace("}", "&#125;")
