"""Which kind of labeling job is consolidated by what: the one table. A new kind is an entry of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl_sdk._ground_truth import CUSTOM
from hitl_sdk.functions import _frames, _images_and_texts
from hitl_sdk.functions._batch import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitl_sdk.functions._batch import Batch, Consolidator

__all__ = ["CONSOLIDATORS"]


def _hand_through(batch: Batch) -> Mapping[str, Entry]:
    """Say nothing of the objects: the metadata that Ground Truth writes names the file with the workers' answers."""
    return {each.dataset_object_id: Entry({}, {}) for each in batch.objects}


CONSOLIDATORS: Mapping[str, Consolidator] = {
    CUSTOM: _hand_through,
    **_frames.CONSOLIDATORS,
    **_images_and_texts.CONSOLIDATORS,
}
"""By the name of the kind."""
