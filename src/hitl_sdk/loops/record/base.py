"""The durable record of runs: what every store of them does, whichever it is.

Everything is written before the call that it speaks of, in batches. So a process that ends at any point leaves a record
from which another goes on: a loop that is `planned` was never asked for; one that is `starting` may have been, and is
asked for again under the same name, which the service takes once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.loops.record.values import LoopChange

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from hitl_sdk.loops.record.values import RecordedItem, RecordedLoop, RecordedStatus, RunHeader

__all__ = ["RecordStore", "RunRecord"]


class RecordStore(ABC):
    """Where the records of runs are kept. Made by `open_record`.

    A store may be used by several threads, and by several processes at once.

    Attributes
    ----------
    address : str
        Where it is, as it was given.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from hitl_sdk.loops.record import RunHeader, open_record
    >>> store = open_record("sqlite://")
    >>> flow = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/sentiment"
    >>> run = store.create(RunHeader("march", flow, "{}", "{}", "{}", datetime(2026, 3, 1, tzinfo=UTC)))
    >>> [header.name for header in store.runs()], store.run("march").header == run.header
    (['march'], True)
    >>> store.delete("march"), store.delete("march")
    (True, False)
    """

    address: str

    @abstractmethod
    def create(self, header: RunHeader) -> RunRecord:
        """Begin a run's record, or return the one there is of this name, with the header it was begun with.

        Parameters
        ----------
        header : RunHeader
            What the run is of. Compare it with `RunRecord.header` to see whether the name was taken.
        """

    @abstractmethod
    def find(self, name: str) -> RunRecord | None:
        """Return the record of a run, or None.

        Parameters
        ----------
        name : str
            Of the run.
        """

    def run(self, name: str) -> RunRecord:
        """Return the record of a run.

        Parameters
        ----------
        name : str
            Of the run.

        Raises
        ------
        InvalidInputError
            If there is none of this name; it says which there are.
        """
        found = self.find(name)
        if found is None:
            names = [repr(header.name) for header in self.runs()]
            known = ", ".join(names[-5:]) if names else "no run yet"
            raise InvalidInputError(f"{self.address} has no run {name!r}", hint=f"it has {known}")
        return found

    @abstractmethod
    def runs(self) -> list[RunHeader]:
        """Return the headers of all runs, the oldest first."""

    @abstractmethod
    def delete(self, name: str) -> bool:
        """Forget a run. Its human loops stay.

        Parameters
        ----------
        name : str
            Of the run.

        Returns
        -------
        bool
            True if there was one.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of what is open. What is no longer used closes itself."""


class RunRecord(ABC):
    """The record of one run. Made by `RecordStore.create`.

    Attributes
    ----------
    header : RunHeader
        What the run is of.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from hitl_sdk.loops.record import LoopChange, RecordedItem, RecordedLoop, RunHeader, open_record
    >>> flow = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/sentiment"
    >>> header = RunHeader("march", flow, "{}", "{}", "{}", datetime(2026, 3, 1, tzinfo=UTC))
    >>> run = open_record("sqlite://").create(header)
    >>> item = RecordedItem("1", "It is okay", '"1"', 0.54, "review", "0.54 < 0.90", human_loop_name="mood-1")
    >>> run.add_items([item], [RecordedLoop("mood-1", flow, '{"taskObject": "It is okay"}')])
    [0]
    >>> run.mark_complete()
    >>> [loop.human_loop_name for loop in run.claim(100, limit=1)]
    ['mood-1']
    >>> run.update([LoopChange("mood-1", "started")])
    >>> run.counts(), run.n_charged()
    ({'started': 1}, 1)
    """

    header: RunHeader

    @abstractmethod
    def add_items(self, items: Sequence[RecordedItem], loops: Sequence[RecordedLoop] = ()) -> list[int]:
        """Take in items, in the order of the predictions, and the loops they ask for: all of them or none.

        What is there already stays as it is, so a batch may be given again.

        Parameters
        ----------
        items : sequence of RecordedItem
            A batch: some hundreds at a time.
        loops : sequence of RecordedLoop
            Loops that the run may not know yet.

        Returns
        -------
        list of int
            The position of each item, from 0: of one whose `item_id` is there already, the position it has.
        """

    @abstractmethod
    def mark_complete(self) -> None:
        """Say that all predictions have been taken in. A new item later on unsays it: others may be coming with it."""

    @property
    @abstractmethod
    def complete(self) -> bool:
        """Whether all predictions have been taken in."""

    @property
    @abstractmethod
    def n_items(self) -> int:
        """How many items there are."""

    @abstractmethod
    def items(self, start: int = 0) -> Iterator[RecordedItem]:
        """Go through the items in their order, a part of them in memory at a time.

        Parameters
        ----------
        start : int, default 0
            Position of the first.
        """

    @abstractmethod
    def positions(self, item_ids: Collection[str]) -> dict[str, int]:
        """Return the positions of those of the given items that have been taken in.

        Parameters
        ----------
        item_ids : collection of str
            The items.
        """

    @abstractmethod
    def claim(self, n: int, *, limit: int | None = None) -> list[RecordedLoop]:
        """Turn planned loops to ``starting``, the first first, and return them: they are the caller's to start.

        No loop is given to two callers, in whatever process, and however many claim at once, no more than `limit`
        loops of the run are charged to it.

        Parameters
        ----------
        n : int
            How many at most.
        limit : int, optional
            How many loops the run may start in all: the hard stop of a budget.

        Returns
        -------
        list of RecordedLoop
            None of them when all have been claimed, or the limit is reached.
        """

    @abstractmethod
    def update(self, changes: Iterable[LoopChange]) -> None:
        """Note what has become of loops, in one write.

        Parameters
        ----------
        changes : iterable of LoopChange
            One a loop.

        Raises
        ------
        InvalidInputError
            If the run has no loop of such a name; nothing is written then.
        """

    def release(self, names: Iterable[str]) -> None:
        """Give back loops that were claimed, or could not be started: they are planned and not charged.

        Parameters
        ----------
        names : iterable of str
            The loops.
        """
        self.update([LoopChange(name, "planned") for name in names])

    @abstractmethod
    def loops(self, statuses: Collection[RecordedStatus] | None = None) -> Iterator[RecordedLoop]:
        """Go through the loops in the order they were asked for, a part of them in memory at a time.

        A loop whose status changes meanwhile may be left out or shown as it was.

        Parameters
        ----------
        statuses : collection of str, optional
            Only those in one of these.
        """

    @abstractmethod
    def counts(self) -> Mapping[RecordedStatus, int]:
        """Return how many loops are in which status; a status without any is left out."""

    @abstractmethod
    def n_charged(self) -> int:
        """Return how many loops count against the budget."""
