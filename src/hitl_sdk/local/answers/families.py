"""Which family answers which kind of element. A new element is a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from hitl_sdk.labels import Box, Keypoint, Polygon, Polyline
from hitl_sdk.local.answers.classifiers import OneLabel, SeveralLabels
from hitl_sdk.local.answers.controls import Number, OneButton, Options, Slider, Switches, Text
from hitl_sdk.local.answers.documents import FormFields, ModerationLabels
from hitl_sdk.local.answers.entities import Entities
from hitl_sdk.local.answers.frames import Cuboids, FrameShapes, Points
from hitl_sdk.local.answers.generative import QuestionsAndAnswers, Rankings
from hitl_sdk.local.answers.masks import InstanceMask, SemanticMask
from hitl_sdk.local.answers.shapes import Drawing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitl_sdk.local.answers.page import Page, Question
    from hitl_sdk.local.answers.slips import Slips

__all__ = ["CONTROLS", "FAMILIES", "WIDGETS", "Family"]


class Family(Protocol):
    """How the elements of one kind are answered."""

    def preset(self, question: Question, page: Page) -> object:
        """Return the answer of somebody who changes nothing; None if it is left out."""
        ...

    def erring(self, question: Question, page: Page, truth: Any, slips: Slips) -> object:
        """Return the answer of somebody who knows the truth, and errs."""
        ...


WIDGETS: Mapping[str, Family] = {
    "crowd-bounding-box": Drawing(Box, "boundingBoxes", tells_changes=True),
    "crowd-classifier": OneLabel(),
    "crowd-classifier-multi-select": SeveralLabels(),
    "crowd-entity-annotation": Entities(),
    "crowd-image-classifier": OneLabel(),
    "crowd-image-classifier-multi-select": SeveralLabels(),
    "crowd-instance-segmentation": InstanceMask(),
    "crowd-keypoint": Drawing(Keypoint, "keypoints"),
    "crowd-line": Drawing(Polyline, "lines", n_vertices=2),
    "crowd-polygon": Drawing(Polygon, "polygons"),
    "crowd-polyline": Drawing(Polyline, "polylines"),
    "crowd-question-answer-generation": QuestionsAndAnswers(),
    "crowd-rekognition-detect-moderation-labels": ModerationLabels(),
    "crowd-semantic-segmentation": SemanticMask(),
    "crowd-text-ranking": Rankings(),
    "crowd-textract-analyze-document": FormFields(),
    "hitl-point-classes": Points(),
    "hitl-point-cloud": Cuboids(),
    "hitl-point-cloud-frames": FrameShapes(),
    "hitl-video-frames": FrameShapes(),
}
"""The annotation widgets; one without a name answers under its tag."""

CONTROLS: Mapping[str, Family] = {
    "crowd-checkbox": Switches(),
    "crowd-input": Text(),
    "crowd-radio-button": OneButton(),
    "crowd-slider": Slider(),
    "crowd-text-area": Text(),
    "crowd-toggle-button": Switches(),
    "input": Text(),
    "input checkbox": Switches(),
    "input hidden": Text(),
    "input number": Number(),
    "input radio": OneButton(),
    "input range": Number(),
    "select": Options(),
    "textarea": Text(),
}
"""The form controls; one without a name has no answer."""

FAMILIES: Mapping[str, Family] = {**WIDGETS, **CONTROLS}
