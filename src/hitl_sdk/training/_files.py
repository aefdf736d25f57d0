"""Files that are there as a whole or not at all, and never in place of others unless that is wanted."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Content", "write_files"]

Content = bytes
"""What a file holds."""


def write_files(
    folder: Path, names: Iterable[str], contents: Iterable[Content], *, overwrite: bool
) -> tuple[Path, ...]:
    """Write files below a folder: all of them, or none if one can't be made.

    Each is written beside its place and then moved there. Files of other names are left as they are.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    names : iterable of str
        Of the files, with ``/`` where they stand in folders.
    contents : iterable of bytes
        As many; asked for one after the other.

    Raises
    ------
    InvalidInputError
        If one of the files exists, and `overwrite` is not set.
    """
    paths = [folder / name for name in names]
    there = next((path for path in paths if path.exists()), None)
    if there is not None and (not overwrite or there.is_dir()):
        raise InvalidInputError(f"{there} exists", hint="pass overwrite=True, or another path")
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".hitl-", dir=folder) as beside:
        drafts = []
        for number, content in enumerate(contents):
            draft = Path(beside, str(number))
            draft.write_bytes(content)
            drafts.append(draft)
        for draft, path in zip(drafts, paths, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(path)
    return tuple(paths)
