"""A progress bar for those who have tqdm. The library itself only calls back."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MoveTo", "progress_bar"]


class MoveTo(Protocol):
    """Moves a bar to how many are done, and tells it of how many where that was not known before."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """Move the bar."""
        ...


@contextmanager
def progress_bar(description: str, *, total: int, shown: bool) -> Iterator[MoveTo]:
    """Show a bar while the block runs; what is yielded moves it to how many are done.

    Nothing is shown without tqdm, without anything to do, or where nobody looks: neither in a terminal nor in
    a notebook.

    Parameters
    ----------
    description : str
        What is being done.
    total : int
        How many there are.
    shown : bool
        False for no bar at all.

    Examples
    --------
    >>> with progress_bar("human loops", total=2, shown=False) as move_to:
    ...     move_to(2)
    """
    if not shown or not total or find_spec("tqdm") is None:
        yield lambda done, total=None: None  # noqa: ARG005
        return
    from tqdm.auto import tqdm

    # tqdm's own test for a terminal does not know notebooks.
    hidden_elsewhere = None if "ipykernel" not in sys.modules else False
    with tqdm(total=total, desc=description, disable=hidden_elsewhere) as bar:

        def move_to(done: int, total: int | None = None) -> None:
            bar.total = bar.total if total is None else total
            bar.update(done - bar.n)

        yield move_to
