"""A progress bar for those who have tqdm. The library itself only calls back."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(description: str, *, total: int, shown: bool) -> Iterator[Callable[[int], None]]:
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
        yield lambda _: None
        return
    from tqdm.auto import tqdm

    # tqdm's own test for a terminal does not know notebooks.
    hidden_elsewhere = None if "ipykernel" not in sys.modules else False
    with tqdm(total=total, desc=description, disable=hidden_elsewhere) as bar:

        def move_to(done: int) -> None:
            bar.update(done - bar.n)

        yield move_to
