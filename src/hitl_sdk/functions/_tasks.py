"""Tasks that read the answers to labeling jobs, however many labels a job has and however few of them were given.

The limits of the elements are checked where a job is made; answers are not refused for them.
"""

from hitl_sdk.tasks import BoundingBox, TextClassification, TextMultiClassification
from hitl_sdk.tasks.classification import LabelList

__all__ = ["Boxes", "OneLabel", "SeveralLabels"]


class OneLabel(TextClassification):
    """One label, of anything: the answers to an image, a text and a clip are alike."""

    labels: LabelList


class SeveralLabels(TextMultiClassification):
    """Any number of labels, of anything."""

    labels: LabelList


class Boxes(BoundingBox):
    """Boxes of any number of labels."""

    labels: LabelList
