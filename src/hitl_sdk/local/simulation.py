"""Simulated people: who they are, which tasks they take, and when they hand in their answers.

All chance comes from the seed, the worker and the human loop's name, never from the order in which tasks come
or threads run: the same loops get the same answers in every run.
"""

from __future__ import annotations

import heapq
import math
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from hashlib import blake2b
from itertools import count
from random import Random
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hitl_sdk.errors import ConfigurationError, InvalidInputError, MissingExtraError
from hitl_sdk.local.answers import DefaultAnswers, FunctionAnswers, TruthAnswers, as_chance
from hitl_sdk.local.engine import EngineError, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from hitl_sdk._clock import Clock
    from hitl_sdk.local.answers import Answers
    from hitl_sdk.local.engine import Engine, OpenTask, Scope

    Latency = float | Callable[[Random], float]
    ReadObject = Callable[[Scope, str, str], bytes | None]

__all__ = ["DefaultAnswers", "Workers"]

_BEFORE_ANOTHER_TRY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Person:
    """A simulated worker."""

    identity: Worker
    answers: Answers
    seed: int
    latency: Latency = 0.0
    dropout: float = 0.0


@dataclass(slots=True)
class _Loop:
    """A human loop on its way to its answers."""

    task: OpenTask
    seats_taken: int
    asked: set[str] = field(default_factory=set)  # worker ids; nobody is asked twice


@dataclass(frozen=True, slots=True, order=True)
class _Answer:
    """An answer that is written but not handed in; the earliest is the smallest."""

    due_at: datetime
    number: int
    person: _Person = field(compare=False)
    loop: _Loop = field(compare=False)
    content: Mapping[str, object] = field(compare=False)


class Workers:
    """The simulated people of the local service.

    Workers that were added take tasks first; the function of `answer` fills the seats that they leave.
    A worker takes a task when `work` first sees it, and hands the answer in when its latency has passed by
    the clock.

    Parameters
    ----------
    engine : Engine
        Whose human loops they answer.
    clock : Clock
        The engine's clock.
    seed : int, optional
        Decides who they are and all they do; chosen at random when None.
    read_object : callable, optional
        Returns the S3 object of a scope, bucket and key, None if there is none: so they see images and masks.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl() as cloud:
    ...     cloud.workers.answer(lambda item: {"sentiment": {"label": "0"}})
    ...     cloud.workers.add(2, truth=lambda item: item["right"], accuracy=0.9, latency=30)
    ['...', '...']
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        seed: int | None = 0,
        *,
        read_object: ReadObject = lambda scope, bucket, key: None,  # noqa: ARG005
    ) -> None:
        self._engine = engine
        self._read_object = read_object
        self._clock = clock
        self._seed = secrets.randbits(64) if seed is None else seed
        self._added: list[_Person] = []
        self._everyone_else: Answers | None = None
        self._last_seen = 0
        self._arrived: deque[_Loop] = deque()
        self._put_off: deque[tuple[datetime, _Loop]] = deque()  # to be tried again then
        self._left_over: list[_Loop] = []  # to be tried again when there are other workers
        self._people_changed = False
        self._written: list[_Answer] = []  # a heap
        self._numbers = count()
        self._at_work = Lock()

    def answer(self, fn: Callable[[dict[str, Any]], Mapping[str, object]] | DefaultAnswers) -> None:
        """Have every task answered at once, by as many workers as it wants.

        Parameters
        ----------
        fn : callable or DefaultAnswers
            Takes a task's InputContent; returns its answerContent, for example
            ``{"sentiment": {"label": "0"}}``. Takes the place of the function given before.

        Raises
        ------
        InvalidInputError
            If it can't be called. When it fails later, the request or wait during which it was called raises
            a `ConfigurationError` of what it raised, and the task stays open.

        Examples
        --------
        >>> from hitl_sdk.testing import mock_hitl
        >>> with mock_hitl() as cloud:
        ...     cloud.workers.answer(lambda item: {"sentiment": {"label": item["taskObject"][:1]}})
        """
        self._everyone_else = fn if isinstance(fn, DefaultAnswers) else FunctionAnswers(fn)
        self._people_changed = True

    def add(
        self,
        n: int = 1,
        *,
        truth: Callable[[dict[str, Any]], object],
        accuracy: float | None = None,
        confusion: Mapping[str, Mapping[str, float]] | None = None,
        jitter: float = 0.0,
        latency: Latency = 0.0,
        dropout: float = 0.0,
        seed: int | None = None,
    ) -> list[str]:
        """Add workers who know the truth, and err.

        What is asked for is read from the template. Which of them get a task is drawn by the loop's name.

        Parameters
        ----------
        n : int, optional
            How many.
        truth : callable
            Takes a task's InputContent; returns the right label of its one annotation widget, or of its one form
            control where there is no widget: as a task's ``parse_answer`` reads it (a text, several, objects of
            `hitl_sdk.labels`), or plain values as the element writes them. A mapping with a label for each name
            answers a template of several elements. What the truth does not speak of keeps what it shows.
        accuracy : float, optional
            Chance, 0 to 1, that a label is right; every other is then equally likely. 1 when left out. Of several
            labels, shapes, entities, fields, switches and words each one errs by itself: it is not chosen,
            overlooked, called something else, a bit off, or misspelt.
        confusion : mapping, optional
            In place of accuracy: for each true label the chance of each label said. A row sums to 1.
        jitter : float, optional
            By how much hands shake that draw boxes, outlines, points and masks: a standard deviation in pixels.
        latency : float or callable, optional
            Seconds from taking a task to handing it in; as a callable it is given a ``random.Random`` to draw
            them from. Longer than the flow's time limit means that the answer comes too late.
        dropout : float, optional
            Chance, 0 to 1, that one of them never takes a task offered.
        seed : int, optional
            Another seed than that of all workers.

        Returns
        -------
        list of str
            Their worker ids, as in output.json.

        Raises
        ------
        InvalidInputError
            If a number is out of its range, or a confusion row does not sum to 1 within 1e-6.

        Examples
        --------
        >>> from hitl_sdk.testing import mock_hitl
        >>> with mock_hitl() as cloud:
        ...     cloud.workers.add(3, truth=lambda item: item["right"], latency=lambda rng: rng.expovariate(1 / 20))
        ['...', '...', '...']
        """
        if n < 1:
            raise InvalidInputError(f"{n!r} workers can't be added", hint="add at least 1")
        if not callable(latency):
            _seconds(latency)
        answers = TruthAnswers(truth, accuracy=accuracy, confusion=confusion, jitter=jitter)
        dropout = as_chance("dropout", dropout)
        own_seed = self._seed if seed is None else seed
        first = len(self._added)
        people = [
            _Person(_identity(own_seed, str(index)), answers, own_seed, latency, dropout)
            for index in range(first, first + n)
        ]
        self._added += people
        self._people_changed = True
        return [person.identity.worker_id for person in people]

    def work(self) -> datetime | None:
        """Take what is new, and hand in what is due by the clock. Costs next to nothing while there is neither.

        Returns
        -------
        datetime or None
            When the next answer is due, as far as is known.

        Raises
        ------
        ConfigurationError
            If nobody can answer a task's template, or a function of the user's fails; the first of several.
            Nothing is lost: the other tasks are answered before it is raised, and this one is offered again a
            minute later by the clock, or when `answer` or `add` is called.

        Examples
        --------
        >>> from hitl_sdk.testing import mock_hitl
        >>> with mock_hitl() as cloud:
        ...     cloud.workers.work()
        """
        if not self._added and self._everyone_else is None:
            return None
        if self._at_work.acquire(
            blocking=False
        ):  # else another thread, or the caller of a user's function, is at it
            try:
                self._note_what_is_new()
                failures = self._fill_seats()
                while self._hand_in_what_is_due():
                    failures += self._fill_seats()
            finally:
                self._at_work.release()
            if failures:
                raise failures[0]
        earliest = self._written[:1]  # one step, for another thread may be handing it in
        return earliest[0].due_at if earliest else None

    def _note_what_is_new(self) -> None:
        """Queue the loops that have started, and those that may have better luck now."""
        for task in self._engine.open_loops(after=self._last_seen):
            self._last_seen = task.sequence
            self._arrived.append(_Loop(task, seats_taken=len(task.answered_by), asked=set(task.answered_by)))
        now = self._clock.now()
        while self._put_off and (self._people_changed or self._put_off[0][0] <= now):
            self._arrived.append(self._put_off.popleft()[1])
        if self._people_changed:
            self._arrived.extend(self._left_over)
            self._left_over.clear()
        self._people_changed = False

    def _fill_seats(self) -> list[ConfigurationError]:
        """Have every queued loop answered; return what went wrong with those that had to be put off."""
        failures: list[ConfigurationError] = []
        while self._arrived:
            loop = self._arrived[0]  # where it stays, should anything but an answer go wrong
            try:
                self._fill_seats_of(loop)
            except (InvalidInputError, MissingExtraError) as error:
                failures.append(_failure(loop.task, error))
                self._put_off.append((self._clock.now() + _BEFORE_ANOTHER_TRY, loop))
            self._arrived.popleft()
        return failures

    def _fill_seats_of(self, loop: _Loop) -> None:
        name = loop.task.human_loop_name
        for person in self._candidates(loop):
            if loop.seats_taken >= loop.task.task_count:
                return
            rng = Random(f"{person.seed}/{person.identity.worker_id}/{name}")
            if rng.random() >= person.dropout:
                read_object = partial(self._read_object, loop.task.scope)
                content = person.answers.answer(loop.task, rng, read_object)
                seconds = _latency_of(person, rng)
                try:
                    lease = self._engine.accept(loop.task.scope, person.identity, name)
                except EngineError:  # the loop has ended meanwhile, or a real person has the seat
                    if self._engine.is_open(loop.task.scope, name):
                        self._put_off.append((self._clock.now() + _BEFORE_ANOTHER_TRY, loop))
                    return
                loop.seats_taken += 1
                due_at = lease.accepted_at + timedelta(seconds=seconds)
                heapq.heappush(self._written, _Answer(due_at, next(self._numbers), person, loop, content))
            loop.asked.add(person.identity.worker_id)
        if loop.seats_taken < loop.task.task_count:
            self._left_over.append(loop)

    def _candidates(self, loop: _Loop) -> list[_Person]:
        people = list(self._added)
        Random(f"{self._seed}/{loop.task.human_loop_name}").shuffle(people)
        if self._everyone_else is not None:
            people += [
                _Person(_identity(self._seed, f"anyone/{seat}"), self._everyone_else, self._seed)
                for seat in range(loop.task.task_count)
            ]
        return [person for person in people if person.identity.worker_id not in loop.asked]

    def _hand_in_what_is_due(self) -> bool:
        """Hand in the answers; return whether one was refused, so that its seat has to be filled again."""
        now = self._clock.now()
        while self._written and self._written[0].due_at <= now:
            answer = self._written[0]  # where it stays until it is handed in or refused
            task = answer.loop.task
            try:
                self._engine.submit(task.scope, answer.person.identity, task.human_loop_name, answer.content)
            except (
                EngineError
            ):  # too late: the lease has lapsed, so that the seat is free, or the loop has ended
                answer.loop.seats_taken -= 1
                self._arrived.append(answer.loop)
            heapq.heappop(self._written)
        return bool(self._arrived)


def _failure(task: OpenTask, error: InvalidInputError | MissingExtraError) -> ConfigurationError:
    """Return the error for whoever calls or waits: nothing is wrong with what they ask for, but with the simulation."""
    failure = ConfigurationError(
        f"no simulated worker can answer human loop {task.human_loop_name!r}: {error.message}",
        hint=error.hint or "it stays open, and is offered again when you give another function",
        resource=task.human_loop_name,
    )
    failure.__cause__ = error
    return failure


def _identity(seed: int, which: str) -> Worker:
    worker_id = blake2b(f"worker/{seed}/{which}".encode(), digest_size=8).hexdigest()
    sub = blake2b(f"sub/{seed}/{which}".encode(), digest_size=16).digest()
    return Worker(worker_id, sub=str(UUID(bytes=sub, version=4)))


def _latency_of(person: _Person, rng: Random) -> float:
    if not callable(person.latency):
        return float(person.latency)
    try:
        return _seconds(person.latency(rng))
    except Exception as error:
        raise InvalidInputError(
            f"the function for the latency fails: {type(error).__name__}: {error}",
            hint="give a function of a random.Random that returns seconds from 0",
        ) from error


def _seconds(latency: object) -> float:
    if isinstance(latency, bool) or not isinstance(latency, int | float) or not 0 <= latency < math.inf:
        raise InvalidInputError(f"a latency is {latency!r}", hint="give seconds from 0")
    return float(latency)
