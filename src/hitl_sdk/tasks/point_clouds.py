"""Tasks on 3D point clouds: cuboids around things, the same things over frames, a class a point. For labeling jobs."""

from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, cast

from hitl_sdk.consolidation import Consolidation, CuboidConsolidation, FrameConsolidation, PointVote
from hitl_sdk.labels import (
    Cuboid,
    Frame,
    FrameSequence,
    LabelType,
    PointClasses,
    compress_points,
    frame_type,
    mask_colors,
    point_classes_type,
    read_compressed_points,
    read_frame,
    read_point_classes,
    to_value,
)
from hitl_sdk.labels.frame_files import attribute_values, written_objects
from hitl_sdk.tasks._manifest_entry import Known, ManifestEntry
from hitl_sdk.tasks.frames import FrameTask, SequenceTask, class_map, spelled_frame

__all__ = [
    "PointCloudObjectDetection",
    "PointCloudObjectDetectionAdjustment",
    "PointCloudObjectTracking",
    "PointCloudObjectTrackingAdjustment",
    "PointCloudSemanticSegmentation",
    "PointCloudSemanticSegmentationAdjustment",
]

_BACKGROUND = {"class-name": "Background", "hex-color": "#ffffff"}


class PointCloudObjectDetection(FrameTask):
    """Put a cuboid around things in one frame of a point cloud. For labeling jobs.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        1 to 30, none empty, each once. A labeling job takes up to 16 characters each.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.

    Examples
    --------
    >>> task = PointCloudObjectDetection(name="vans", labels=["van"], title="Put a cuboid around every van")
    >>> van = {"label": "van", "center-x": 8, "center-y": -3, "center-z": 1, "length": 5, "width": 2, "height": 2}
    >>> task.parse_answer({"pointCloud": {"cuboids": [van]}}).label.objects[0].shape.length
    5
    """

    labeling_kind = "3DPointCloudObjectDetection"
    item_kind = "a point cloud file"

    @property
    def label_type(self) -> LabelType:
        """The cuboids of one frame."""
        return frame_type(Cuboid)

    def own_consolidation(self) -> Consolidation[Any]:
        """Return the method that matches cuboids by the overlap of their volumes, and averages them."""
        return CuboidConsolidation()

    def _read(self, value: object) -> Frame[Cuboid]:
        return read_frame(Cuboid, value)

    def _spelled(self, label: Frame[Cuboid], spell: Callable[[object], str]) -> Frame[Cuboid]:
        return spelled_frame(label, spell)

    def _entry(self, label: Frame[Cuboid], known: Known) -> ManifestEntry:  # noqa: ARG002
        """Return cuboids with their names; ``objects`` is empty unless somebody is sure, as in AWS's own example."""
        sure = [each.shape.confidence for each in label.objects]
        metadata: dict[str, object] = {
            "objects": [{"confidence": each} for each in sure] if any(sure) else [],
            "class_map": class_map([label], self.label_names),
        }
        if label.attributes:
            metadata["dataset-object-attributes"] = attribute_values(label.attributes)
        return ManifestEntry(
            {"annotations": written_objects(label.objects, self.label_names, names=True)}, metadata
        )


class PointCloudObjectDetectionAdjustment(PointCloudObjectDetection):
    """Mend the cuboids in one frame of a point cloud. For labeling jobs.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        1 to 30, none empty, each once.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.

    Examples
    --------
    >>> PointCloudObjectDetectionAdjustment(name="vans", labels=["van"], title="Mend the cuboids").labeling_kind
    'Adjustment3DPointCloudObjectDetection'
    """

    labeling_kind = "Adjustment3DPointCloudObjectDetection"


class PointCloudObjectTracking(SequenceTask):
    """Follow things through the frames of a point cloud by cuboids, each with one id. For labeling jobs.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        1 to 30, none empty, each once. A labeling job takes up to 16 characters each.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.

    Examples
    --------
    >>> task = PointCloudObjectTracking(name="vans", labels=["van"], title="Follow every van")
    >>> van = {"label": "van", "center-x": 8, "center-y": -3, "center-z": 1, "length": 5, "width": 2, "height": 2}
    >>> frame = {"frameNumber": 0, "frame": "0.bin", "cuboids": [van | {"objectId": "a1"}]}
    >>> task.parse_answer({"pointCloud": {"frames": [frame]}}).label.frames[0].objects[0].object_id
    'a1'
    """

    labeling_kind = "3DPointCloudObjectTracking"
    tracks: ClassVar[bool] = True

    @property
    def shape(self) -> type[Any]:
        """Cuboids."""
        return Cuboid

    def own_consolidation(self) -> Consolidation[Any]:
        """Return the method that matches cuboids frame by frame, and averages them."""
        return FrameConsolidation(CuboidConsolidation())

    def _sequence_metadata(self, label: FrameSequence[Cuboid]) -> dict[str, object]:
        """Return the classes, and the frames; AWS's example has their confidences empty."""
        frames: list[dict[str, object]] = [
            {"frame-no": frame.number, "confidence": []} for frame in label.frames
        ]
        return {"objects": frames, **super()._sequence_metadata(label)}


class PointCloudObjectTrackingAdjustment(PointCloudObjectTracking):
    """Mend how things were followed through the frames of a point cloud. For labeling jobs.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        1 to 30, none empty, each once.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.

    Examples
    --------
    >>> PointCloudObjectTrackingAdjustment(name="vans", labels=["van"], title="Mend the tracks").labeling_kind
    'Adjustment3DPointCloudObjectTracking'
    """

    labeling_kind = "Adjustment3DPointCloudObjectTracking"


class PointCloudSemanticSegmentation(FrameTask):
    """Say of each point of a point cloud what it belongs to. For labeling jobs.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        1 to 30, none empty, each once. A labeling job takes up to 16 characters each.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.

    Examples
    --------
    >>> task = PointCloudSemanticSegmentation(name="ground", labels=["road", "tree"], title="Paint the points")
    >>> list(task.normalise_label({"labels": ["tree"], "classes": [0, 1, 1]}).classes)
    [0, 2, 2]
    """

    labeling_kind = "3DPointCloudSemanticSegmentation"
    item_kind = "a point cloud file"

    @property
    def label_type(self) -> LabelType:
        """A class a point."""
        return point_classes_type()

    def initial_value(self, label: Any) -> object:
        """Return the label as plain JSON, in which a class is a number.

        Parameters
        ----------
        label : PointClasses
            As `normalise_label` returns it.
        """
        return {**cast("dict[str, object]", to_value(label)), "classes": list(label.classes)}

    def own_consolidation(self) -> Consolidation[Any]:
        """Return the vote on each point."""
        return PointVote()

    def _read(self, value: object) -> PointClasses:
        """Read classes; in an answer they are compressed, and written in base64."""
        if not isinstance(value, Mapping) or not isinstance(value.get("points"), str):
            return read_point_classes(value)
        try:
            content = b64decode(value["points"], validate=True)
        except NoBase64:
            raise ValueError("its points are no base64") from None
        labels = read_point_classes({"labels": value.get("labels"), "classes": b""}).labels
        return read_compressed_points(content, labels, value.get("frameAttributes"))

    def _spelled(self, label: PointClasses, spell: Callable[[object], str]) -> PointClasses:
        """Return classes numbered as the task's labels are."""
        numbers = [0, *(self.label_names.index(spell(name)) + 1 for name in label.labels)]
        table = bytes(numbers) + bytes(256 - len(numbers))
        return replace(label, labels=self.label_names, classes=label.classes.translate(table))

    def _entry(self, label: PointClasses, known: Known) -> ManifestEntry:
        """Return the address of the classes, and what they stand for: 0 is always the background."""
        confidence = known.confidence or 0.0
        classes = [
            _BACKGROUND,
            *({"class-name": n, "hex-color": c} for n, c in mask_colors(self.label_names)),
        ]
        metadata: dict[str, object] = {
            "color-map": {str(n): {**each, "confidence": confidence} for n, each in enumerate(classes)}
        }
        if label.attributes:
            metadata["dataset-object-attributes"] = attribute_values(label.attributes)
        return ManifestEntry(None, metadata, file=("PointClasses.zlib", compress_points(label)))


class PointCloudSemanticSegmentationAdjustment(PointCloudSemanticSegmentation):
    """Mend what the points of a point cloud belong to. For labeling jobs.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        1 to 30, none empty, each once.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.

    Examples
    --------
    >>> PointCloudSemanticSegmentationAdjustment(name="ground", labels=["road"], title="Mend them").labeling_kind
    'Adjustment3DPointCloudSemanticSegmentation'
    """

    labeling_kind = "Adjustment3DPointCloudSemanticSegmentation"
