"""Rows of a manifest to a frame of the engine the caller asked for: arrays go into it as they are, lists as ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl_sdk._frames import build_frame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hitl_sdk._frames import Engine, Frame, Kind
    from hitl_sdk.results._manifest_rows import Rows

__all__ = ["frame_of"]


def frame_of(parts: Sequence[Rows], kinds: Mapping[str, Kind], engine: Engine) -> Frame:
    """Return the frame of rows."""
    if any(not isinstance(column, list) for rows in parts for column in rows.columns.values()):
        from hitl_sdk.results._manifest_arrow import FRAMES

        if engine in FRAMES:
            return FRAMES[engine](parts, kinds)
    columns = {name: [each for rows in parts for each in rows.as_list(name)] for name in kinds}
    columns["item_id"] = [str(rows.first_line + number) for rows in parts for number in rows.of_line]
    return build_frame(columns, kinds, engine)
