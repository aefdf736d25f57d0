"""The files of workers' responses to single frames, which Ground Truth writes beside the answer to a whole sequence."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

__all__ = ["frame_responses"]


def frame_responses(worker_id: str, answer: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what one worker says of each frame of a sequence, by the name of the file.

    AWS documents the form of a response to a video frame, and its folder, but not of what that folder's name is the
    hash: here it is of the worker.

    Parameters
    ----------
    worker_id : str
        Whose answer it is.
    answer : mapping
        The ``answerContent``: ``{"trackingAnnotations": {"frames": [...]}}``; any other has no frames.

    Examples
    --------
    >>> frame = {"frameNumber": "3", "frame": "f_0004.jpg", "boundingBoxes": [], "frameAttributes": {}}
    >>> responses = frame_responses("0f1e2d3c4b5a6978", {"detectionAnnotations": {"frames": [frame]}})
    >>> [(name.partition("/")[2], response) for name, response in responses.items()]
    [('f_0004.jpg.json', {'detectionAnnotations': {'frameNumber': '3', 'frame': 'f_0004.jpg', ...}})]
    """
    folder = blake2b(worker_id.encode(), digest_size=16).hexdigest()
    return {
        f"{folder}/{frame.get('frame') or frame.get('frameNumber')}.json": {key: frame}
        for key, given in answer.items()
        if isinstance(given, Mapping) and isinstance(given.get("frames"), list)
        for frame in given["frames"]
        if isinstance(frame, Mapping)
    }
