"""Runs as logs of numbered segments, for stores that only know to write what is not there yet: S3 and DynamoDB.

Each write is the next segment, on the condition that nobody has written it. Whoever comes second reads what the first
has written and looks again, so all writers agree on one order, and on what a claim or a budget still leaves. What a
segment says is applied to a state in memory: the names and statuses, not the contents, which are read again when needed.
"""

from __future__ import annotations

import gzip
import json
import secrets
import zlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from threading import RLock
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from hitl_sdk.errors import ConfigurationError, InvalidInputError, UnavailableError
from hitl_sdk.loops.record.base import RecordStore, RunRecord
from hitl_sdk.loops.record.values import (
    SCHEMA_VERSION,
    LoopChange,
    RecordedItem,
    RecordedLoop,
    RunHeader,
    check_statuses,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence

    from hitl_sdk.loops.record.values import RecordedStatus

__all__ = ["Log", "LogStore", "Shelf"]

_SEGMENTS_KEPT = 4
"""Segments that stay decoded: loops that are claimed lie side by side."""

_ATTEMPTS = 200
_CURE = "route the predictions again as a new run: what was started is adopted"

T = TypeVar("T")

Events = dict[str, Any]


class Log(Protocol):
    """The segments of one run."""

    def put(self, number: int, body: bytes) -> bool:
        """Write a segment, unless there is one of this number; tell whether it was written."""
        ...

    def get(self, number: int) -> bytes:
        """Return a segment that exists."""
        ...

    def since(self, number: int) -> Iterator[tuple[int, bytes]]:
        """Go through the segments from `number` on, in their order."""
        ...


class Shelf(Protocol):
    """Where headers and logs lie."""

    address: str

    def put_header(self, name: str, body: bytes) -> bool:
        """Write a header, unless there is one of this name; tell whether it was written."""
        ...

    def header(self, name: str) -> bytes | None:
        """Return a header."""
        ...

    def headers(self) -> Iterator[bytes]:
        """Go through all headers."""
        ...

    def log(self, key: str) -> Log:
        """Return the log of a key."""
        ...

    def erase(self, name: str, key: str) -> None:
        """Delete a header, then the log."""
        ...


class LogStore(RecordStore):
    """All runs on one shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.address = shelf.address

    def close(self) -> None:
        """Do nothing: the clients are the session's."""

    def create(self, header: RunHeader) -> RunRecord:
        """Write the header, unless its name is taken. A key of its own keeps a run apart from one that was deleted."""
        # The header is read again whoever has written it, as a repeated request may find its own.
        values = asdict(header) | {"created_at": header.created_at.isoformat(), "key": secrets.token_hex(8)}
        self._shelf.put_header(header.name, json.dumps(values).encode())
        return self.run(header.name)

    def find(self, name: str) -> RunRecord | None:
        """Read the header."""
        body = self._shelf.header(name)
        if body is None:
            return None
        header, key = self._read(body, f"run {name!r}")
        return _LogRecord(self._shelf.log(key), header, f"run {name!r} of {self.address}")

    def runs(self) -> list[RunHeader]:
        """Read all headers."""
        headers = [self._read(body)[0] for body in self._shelf.headers()]
        return sorted(headers, key=lambda header: (header.created_at, header.name))

    def delete(self, name: str) -> bool:
        """Delete the header first: without it, what is left of the log is nobody's."""
        body = self._shelf.header(name)
        if body is None:
            return False
        self._shelf.erase(name, self._read(body, f"run {name!r}")[1])
        return True

    def _read(self, body: bytes, what: str = "a run") -> tuple[RunHeader, str]:
        what = f"{what} of {self.address}"
        with _damage(f"the header of {what}"):
            values = json.loads(body)
            version, key = values["schema_version"], values.pop("key")
        if version != SCHEMA_VERSION:
            raise ConfigurationError(
                f"{what} has schema version {version}, this hitl_sdk works with {SCHEMA_VERSION}",
                hint="use the version of hitl_sdk that wrote it, or another address",
            )
        with _damage(f"the header of {what}"):
            return RunHeader(**values | {"created_at": datetime.fromisoformat(values["created_at"])}), key


class _LogRecord(RunRecord):
    def __init__(self, log: Log, header: RunHeader, what: str) -> None:
        self.header = header
        self._log = log
        self._what = what
        self._state = _State()
        self._lock = RLock()
        self._writer = secrets.token_hex(8)  # makes a segment of ours another than anybody else's
        self._segment = lru_cache(_SEGMENTS_KEPT)(lambda number: _decoded(log.get(number)))

    def add_items(self, items: Sequence[RecordedItem], loops: Sequence[RecordedLoop] = ()) -> list[int]:
        def new(state: _State) -> Events | None:
            new_items = _first_ones(items, lambda item: item.item_id, state.positions)
            new_loops = _first_ones(loops, lambda loop: loop.human_loop_name, state.loops)
            if not new_items and not new_loops:
                return None
            return {
                "items": [_values(item) for item in new_items],
                "loops": [_values(loop) for loop in new_loops],
            }

        with self._lock:
            self._write(new)
            return [self._state.positions[item.item_id] for item in items]

    def mark_complete(self) -> None:
        self._write(lambda state: None if state.complete else {"complete": True})

    @property
    def complete(self) -> bool:
        return self._fresh().complete

    @property
    def n_items(self) -> int:
        return len(self._fresh().positions)

    def items(self, start: int = 0) -> Iterator[RecordedItem]:
        state = self._fresh()
        for first, last, number in list(state.item_segments):
            if last <= start:
                continue
            for values in self._segment(number)["items"]:
                item = RecordedItem(*values)
                if max(first, start) <= state.positions[item.item_id] < last:
                    yield item

    def positions(self, item_ids: Collection[str]) -> dict[str, int]:
        known = self._fresh().positions
        return {item_id: known[item_id] for item_id in item_ids if item_id in known}

    def claim(self, n: int, *, limit: int | None = None) -> list[RecordedLoop]:
        claimed: list[str] = []

        def some(state: _State) -> Events | None:
            room = max(0, n if limit is None else min(n, limit - state.charged))
            claimed[:] = state.first_planned(room)
            return {"claims": claimed} if claimed else None

        with self._lock:
            self._write(some)
            return [self._loop(name) for name in claimed]

    def update(self, changes: Iterable[LoopChange]) -> None:
        wanted = list(changes)

        def known(state: _State) -> Events | None:
            unknown = [
                change.human_loop_name for change in wanted if change.human_loop_name not in state.loops
            ]
            if unknown and not self._catch_up():
                raise InvalidInputError(
                    f"run {self.header.name!r} has no human loop {unknown[0]!r}",
                    hint="give it to add_items first",
                )
            return known(state) if unknown else {"changes": [_values(change) for change in wanted]}

        if wanted:
            self._write(known)

    def loops(self, statuses: Collection[RecordedStatus] | None = None) -> Iterator[RecordedLoop]:
        check_statuses(statuses or ())
        state = self._fresh()
        for name in list(state.loops):
            if statuses is None or state.loops[name].status in statuses:
                yield self._loop(name)

    def counts(self) -> dict[RecordedStatus, int]:
        with self._lock:  # another thread may be taking loops in
            return dict(Counter(loop.status for loop in self._fresh().loops.values()))

    def n_charged(self) -> int:
        return self._fresh().charged

    def _loop(self, name: str) -> RecordedLoop:
        """Put a loop together again, of what is in memory and what is in its segment."""
        known = self._state.loops[name]
        written = RecordedLoop(*self._segment(known.segment)["loops"][known.place])
        return replace(
            written,
            status=known.status,
            charged=known.charged,
            attempts=known.attempts,
            error=known.error,
            created_at=_time(known.created_at),
            output_uri=known.output_uri,
            escalated_to=known.escalated_to,
        )

    def _write(self, events_of: Callable[[_State], Events | None]) -> None:
        """Append what `events_of` makes of the state, of a newer state when somebody else was faster.

        It is asked again of the newest state before its None, for nothing to write, is believed.
        """
        with self._lock:
            for _ in range(_ATTEMPTS):
                events = events_of(self._state)
                if events is None:
                    if self._catch_up():
                        continue
                    return
                number = self._state.n_segments
                body = _encoded(events | {"writer": self._writer, "number": number})
                if self._log.put(number, body):
                    self._state.apply(number, events)
                    return
                # Of a request that was sent twice, the second finds what the first has written: that is no conflict.
                if body in self._catch_up():
                    return
            raise UnavailableError(
                f"{self._what} was written by others {_ATTEMPTS} times in between",
                hint="let fewer processes write it",
            )

    def _fresh(self) -> _State:
        self._catch_up()
        return self._state

    def _catch_up(self) -> list[bytes]:
        """Apply what others have written since; return it."""
        with self._lock:
            seen = []
            for number, body in self._log.since(self._state.n_segments):
                if number != self._state.n_segments:
                    raise ConfigurationError(
                        f"{self._what} is damaged: segment {self._state.n_segments} is missing", hint=_CURE
                    )
                with _damage(f"segment {number} of {self._what}"):
                    self._state.apply(number, _decoded(body))
                seen.append(body)
            return seen


@dataclass(slots=True)
class _KnownLoop:
    """Where a loop's segment is, and what may change of it."""

    position: int
    segment: int
    place: int
    status: RecordedStatus
    charged: bool
    attempts: int
    error: str | None
    created_at: str | None
    output_uri: str | None
    escalated_to: str | None


class _State:
    """What the segments say, taken together."""

    def __init__(self) -> None:
        self.n_segments = 0
        self.complete = False
        self.positions: dict[str, int] = {}
        self.item_segments: list[tuple[int, int, int]] = []  # positions from, below; the segment's number
        self.loops: dict[str, _KnownLoop] = {}
        self.charged = 0
        self._planned: dict[str, None] = {}
        self._in_order = True

    def first_planned(self, n: int) -> list[str]:
        """Return the first planned loops in the order they were asked for."""
        if not self._in_order:
            names = sorted(self._planned, key=lambda name: self.loops[name].position)
            self._planned, self._in_order = dict.fromkeys(names), True
        return list(islice(self._planned, n))

    def apply(self, number: int, events: Events) -> None:
        """Take in what a segment says."""
        first = len(self.positions)
        for item_id, *_ in events.get("items", ()):
            self.positions.setdefault(item_id, len(self.positions))
        if len(self.positions) > first:
            self.item_segments.append((first, len(self.positions), number))
            self.complete = False
        for place, (name, _flow, _content, status, charged, *values) in enumerate(events.get("loops", ())):
            if name not in self.loops:
                self.loops[name] = _KnownLoop(len(self.loops), number, place, status, False, *values)
                self._set(name, status, charged)
        for name in events.get("claims", ()):
            self.loops[name].attempts += 1
            self._set(name, "starting", True)
        for values in events.get("changes", ()):
            self._change(LoopChange(*values))
        self.complete = self.complete or events.get("complete", False)
        self.n_segments = number + 1

    def _change(self, change: LoopChange) -> None:
        loop = self.loops[change.human_loop_name]
        if change.if_status not in {None, loop.status}:
            return
        self._in_order = self._in_order and change.status != "planned"
        self._set(change.human_loop_name, change.status, change.now_charged(loop.charged))
        loop.error = change.error
        loop.created_at = cast("str | None", change.created_at) or loop.created_at
        loop.output_uri = change.output_uri or loop.output_uri
        loop.escalated_to = change.escalated_to or loop.escalated_to

    def _set(self, name: str, status: RecordedStatus, charged: bool) -> None:
        """Keep what is counted in step with the loop."""
        loop = self.loops[name]
        self.charged += charged - loop.charged
        loop.status, loop.charged = status, charged
        if status == "planned":
            self._planned[name] = None
        else:
            self._planned.pop(name, None)


def _first_ones(values: Iterable[T], key: Callable[[T], str], known: Container[str]) -> list[T]:
    """Return what is not known yet, and of several with the same key the first."""
    new: dict[str, T] = {}
    for value in values:
        if key(value) not in known:
            new.setdefault(key(value), value)
    return list(new.values())


def _values(value: RecordedItem | RecordedLoop | LoopChange) -> list[object]:
    """Return the fields as JSON takes them, in their order."""
    values = (getattr(value, field.name) for field in fields(value))
    return [each.isoformat() if isinstance(each, datetime) else each for each in values]


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@contextmanager
def _damage(what: str) -> Iterator[None]:
    """Say of what can't be read that it is damaged."""
    try:
        yield
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{what} is damaged, or of something else", hint=_CURE) from error


def _encoded(events: Events) -> bytes:
    return gzip.compress(json.dumps(events, separators=(",", ":")).encode(), mtime=0)


def _decoded(body: bytes) -> Events:
    events: Events = json.loads(gzip.decompress(body))
    return events
