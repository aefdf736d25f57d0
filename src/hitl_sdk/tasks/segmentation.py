"""Tasks in which people paint on an image: what each of its pixels shows, or which single thing it belongs to.

A mask travels to the worker and back as a picture in colours. Of a colour that stands for no label nothing is guessed:
such an answer can't be read. Transparent, white and black pixels are background, unless a label has that colour.
"""

import json
from abc import abstractmethod
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from hitl_sdk._plain import shown
from hitl_sdk.consolidation import Consolidation, InstanceMaskConsolidation, MaskVote
from hitl_sdk.labels import (
    LabelType,
    Mask,
    MaskColors,
    clean_text,
    colored_png,
    make_mask,
    mask_colors,
    mask_pixels,
    mask_type,
    read_colored_png,
    read_mask,
)
from hitl_sdk.tasks._manifest_entry import Known, ManifestEntry, instances_entry, semantic_entry
from hitl_sdk.tasks._prior_labels import prior_mask
from hitl_sdk.tasks._reading import answer_errors, label_errors
from hitl_sdk.tasks.annotation import ImageAnnotation, image_size, is_modified
from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.classification import object_under

__all__ = ["InstanceSegmentation", "Segmentation", "SemanticSegmentation"]

_HINT = "give a hitl_sdk.labels.Mask; make_mask and read_colored_png make one"


class Segmentation(ImageAnnotation):
    """Paint on an image; the model's mask is there already. Abstract.

    The model's mask goes to the worker inside the human loop's input, as a ``data:`` address of its picture in colour.
    The service takes 3 MiB of input, which is enough for masks of photographs.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        At least one, none empty, each once. Numbers become texts.

    Examples
    --------
    >>> from hitl_sdk.tasks import SemanticSegmentation
    >>> issubclass(SemanticSegmentation, Segmentation)
    True
    """

    @property
    def label_type(self) -> LabelType:
        """A mask."""
        return mask_type()

    @abstractmethod
    def answered_colors(self, answer: Mapping[str, object]) -> MaskColors:
        """Return which label each colour of an answer stands for.

        Parameters
        ----------
        answer : mapping
            Of one worker.

        Raises
        ------
        InvalidOutputError
            If one is none of the task's.
        ValueError
            If the colours can't be read.
        """

    @abstractmethod
    def arranged(self, mask: Mask) -> Mask:
        """Return the mask, whose labels are spelled as the task's, in the form that this task's masks have."""

    def parse_answer(self, content: Mapping[str, object]) -> Answer[Mask]:
        """Read the ``answerContent`` of one worker.

        Raises
        ------
        InvalidOutputError
            If there is no answer under the task's name, it has no picture or one of another size than the image,
            a label is none of the task's, or a pixel has a colour that stands for none.
        MissingExtraError
            If numpy or Pillow is not installed.

        Examples
        --------
        >>> from hitl_sdk.labels import mask_pixels
        >>> from hitl_sdk.tasks import SemanticSegmentation
        >>> task = SemanticSegmentation(name="roads", labels=["road"], title="Paint the road")
        >>> painted = (  # one pixel in the colour #1f77b4
        ...     "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGOQL98CAAIDAUsr/fINAAAAAElFTkSuQmCC"
        ... )
        >>> answer = {"labelMappings": {"road": {"color": "#1f77b4"}}, "labeledImage": {"pngImageData": painted}}
        >>> mask_pixels(task.parse_answer({"roads": answer}).label).tolist()
        [[1]]
        """
        answer = object_under(content, self.name)
        with answer_errors(self.name):
            mask = read_colored_png(_painted_png(answer), self.answered_colors(answer))
            _check_size(mask, *image_size(answer))
        return Answer(self.arranged(mask), modified=is_modified(answer))

    def normalise_label(self, label: object) -> Mask:
        """Return a model's mask with labels as this task spells them.

        Parameters
        ----------
        label : Mask or its plain value
            What the model found.

        Raises
        ------
        InvalidPredictionError
            If it is no mask, or one of its labels is none of the task's.
        MissingExtraError
            If numpy or Pillow is not installed.

        Examples
        --------
        >>> from hitl_sdk.labels import make_mask
        >>> from hitl_sdk.tasks import SemanticSegmentation
        >>> task = SemanticSegmentation(name="roads", labels=["road", "sky"], title="Paint road and sky")
        >>> task.normalise_label(make_mask([[0, 1]], ["sky"])).labels
        ('road', 'sky')
        """
        with label_errors(self.name, _HINT):
            mask = read_mask(label)
            mask_pixels(mask)
        return self.arranged(replace(mask, labels=tuple(self.predicted_label(each) for each in mask.labels)))

    def label_key(self, label: Any) -> str:
        """Return a text that two masks have in common only if they show the same.

        It is made of the pixels: a PNG of them depends on the version of the library that wrote it.

        Parameters
        ----------
        label : Mask
            As `normalise_label` returns it.
        """
        pixels = sha256(mask_pixels(label).tobytes()).hexdigest()
        return json.dumps([label.width, label.height, label.labels, pixels])


class SemanticSegmentation(Segmentation):
    """Paint what each pixel of an image shows; a label's mask has all labels of the task, in their order.

    The model's mask goes to the worker inside the human loop's input, as a ``data:`` address of its picture in colour.
    The service takes 3 MiB of input, which is enough for masks of photographs.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        At least one, none empty, each once.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> from hitl_sdk.labels import make_mask
    >>> task = SemanticSegmentation(name="roads", labels=["road"], title="Paint the road")
    >>> task.input("s3://bucket/1.png", make_mask([[0, 1]], ["road"]))["initialValue"]
    {'labelMappings': {'road': {'color': '#800000'}}, 'src': 'data:image/png;base64,...'}
    """

    element = "crowd-semantic-segmentation"
    labeling_kind = "SemanticSegmentation"

    def answered_colors(self, answer: Mapping[str, object]) -> MaskColors:
        """Return which label each colour of an answer stands for.

        Parameters
        ----------
        answer : mapping
            Its ``labelMappings`` are like ``{"road": {"color": "#1f77b4"}}``.

        Raises
        ------
        InvalidOutputError
            If a label is none of the task's.
        ValueError
            If the colours can't be read.
        """
        mappings = answer.get("labelMappings") or {}
        if not isinstance(mappings, Mapping):
            raise ValueError(f"its labelMappings are {type(mappings).__name__}, no object")
        return [(self.answered_label(label), _color(each)) for label, each in mappings.items()]

    def arranged(self, mask: Mask) -> Mask:
        """Return the mask with all labels of the task, in their order.

        Parameters
        ----------
        mask : Mask
            With some of them.
        """
        if mask.labels == self.labels:
            return mask
        import numpy as np

        places = [0, *(self.labels.index(label) + 1 for label in mask.labels)]
        return make_mask(np.array(places)[mask_pixels(mask)], self.labels)

    def initial_value(self, label: Any) -> object:
        """Return the mask as the element takes it: the colours of its labels, and its picture.

        Parameters
        ----------
        label : Mask
            As `normalise_label` returns it.
        """
        mappings = {name: {"color": color} for name, color in mask_colors(label.labels)}
        return {"labelMappings": mappings, "src": _data_address(colored_png(label))}

    def prior_label(self, prior: str) -> str:
        """Return the Liquid that prints the mask of a former labeling job as the element takes it.

        Parameters
        ----------
        prior : str
            The job's label attribute.
        """
        return f"{{{prior_mask(prior)} }}"

    def own_consolidation(self) -> Consolidation[Any]:
        """Return the method in which the workers vote on each pixel."""
        return MaskVote()

    def _entry(self, label: Any, known: Known) -> ManifestEntry:
        return semantic_entry(label, self.label_names, known.confidence)


class InstanceSegmentation(Segmentation):
    """Paint every single thing in an image; a label's mask has one label for each of them.

    The model's mask goes to the worker inside the human loop's input, as a ``data:`` address of its picture in colour.
    The service takes 3 MiB of input, which is enough for masks of photographs.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        At least one, none empty, each once.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> from hitl_sdk.labels import make_mask
    >>> task = InstanceSegmentation(name="cars", labels=["car"], title="Paint every car")
    >>> two = make_mask([[1, 0, 2]], ["car", "car"])
    >>> task.input("s3://bucket/1.png", two)["initialValue"]
    {'instances': [{'color': '#800000', 'label': 'car'}, {'color': '#008000', 'label': 'car'}],
     'src': 'data:image/png;base64,...'}
    """

    element = "crowd-instance-segmentation"

    def answered_colors(self, answer: Mapping[str, object]) -> MaskColors:
        """Return which label each colour of an answer stands for.

        Parameters
        ----------
        answer : mapping
            Its ``instances`` are like ``[{"color": "#1f77b4", "label": "car"}]``.

        Raises
        ------
        InvalidOutputError
            If a label is none of the task's.
        ValueError
            If the colours can't be read.
        """
        instances = answer.get("instances") or ()
        if isinstance(instances, str) or not isinstance(instances, Sequence):
            raise ValueError(f"its instances are {type(instances).__name__}, no list")
        return [
            (self.answered_label(each.get("label") if isinstance(each, Mapping) else None), _color(each))
            for each in instances
        ]

    def arranged(self, mask: Mask) -> Mask:
        """Return the mask as it is: its labels are those of its instances.

        Parameters
        ----------
        mask : Mask
            One label an instance.
        """
        return mask

    def initial_value(self, label: Any) -> object:
        """Return the mask as the element takes it: label and colour of each instance, and its picture.

        Parameters
        ----------
        label : Mask
            As `normalise_label` returns it.
        """
        instances = [{"color": color, "label": name} for name, color in mask_colors(label.labels)]
        return {"instances": instances, "src": _data_address(colored_png(label))}

    def own_consolidation(self) -> Consolidation[Any]:
        """Return the method that matches instances by their overlap and has the workers vote on their pixels."""
        return InstanceMaskConsolidation()

    def _entry(self, label: Any, known: Known) -> ManifestEntry:  # noqa: ARG002
        return instances_entry(label)


def _color(value: object) -> str:
    color = value.get("color") if isinstance(value, Mapping) else value
    if not isinstance(color, str):
        raise ValueError(f"a color is {shown(color)}, not like '#1f77b4'")
    return clean_text(color)


def _painted_png(answer: Mapping[str, object]) -> bytes:
    picture = answer.get("labeledImage")
    data = picture.get("pngImageData") if isinstance(picture, Mapping) else None
    if not isinstance(data, str) or not data:
        raise ValueError("it has no labeledImage with pngImageData")
    try:
        return b64decode(data.rpartition("base64,")[2])
    except ValueError as error:
        raise ValueError(f"its pngImageData is no base64: {error}") from None


def _check_size(mask: Mask, width: object, height: object) -> None:
    for what, told, found in (("wide", width, mask.width), ("high", height, mask.height)):
        if told is not None and float(str(told)) != found:
            raise ValueError(f"its image is {told} pixels {what}, what was painted {found}")


def _data_address(png: bytes) -> str:
    return f"data:image/png;base64,{b64encode(png).decode('ascii')}"
