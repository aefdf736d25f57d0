"""Starts human loops in bulk: each at most once, under a rate limit, with an outcome for each, come what may."""

from __future__ import annotations

from collections import Counter
from copy import copy
from typing import TYPE_CHECKING

from hitl_sdk._threads import check_concurrency
from hitl_sdk.errors import DuplicateItemError, HitlError
from hitl_sdk.loops._conductor import Conductor
from hitl_sdk.loops._room import Room
from hitl_sdk.loops._starter import FATAL, INPUT_LENGTH_LIMIT, KnownLoops, LoopStarter, Rate
from hitl_sdk.loops.breaker import Breaker
from hitl_sdk.loops.rate import TokenBucket

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from hitl_sdk.loops.requests import LoopRequest, LoopStart, StartWait
    from hitl_sdk.session import Session

__all__ = [
    "DEFAULT_CONCURRENCY",
    "DEFAULT_QUOTA_TIMEOUT",
    "DEFAULT_RATE",
    "INPUT_LENGTH_LIMIT",
    "Rate",
    "start_human_loops",
    "start_stream",
]

DEFAULT_RATE = 50.0
"""Starts a second. AWS does not publish its limit; what it throttles, the client retries, and slows down by itself."""

DEFAULT_CONCURRENCY = 16
"""Calls at a time."""

DEFAULT_QUOTA_TIMEOUT = 86_400.0
"""Seconds to wait for room in a flow since the last start that found some: a day, for people sleep."""


def start_stream(
    session: Session,
    requests: Iterable[LoopRequest],
    *,
    rate: float | Rate | None = DEFAULT_RATE,
    concurrency: int = DEFAULT_CONCURRENCY,
    restart_failed: bool = False,
    quota_timeout: float = DEFAULT_QUOTA_TIMEOUT,
    breaker: Breaker | None = None,
    on_wait: Callable[[StartWait], None] | None = None,
) -> Generator[LoopStart, None, None]:
    """Start human loops as they are asked for, adopting those that exist, and yield what becomes of each.

    `requests` are read as outcomes are taken: some 500 are looked up in the flow's list together, and four a thread
    are queued or under way. However many there are, memory stays the same.

    Parameters
    ----------
    session : Session
        As whom and where.
    requests : iterable of LoopRequest
        The loops; no name twice.
    rate : float, Rate or None, default 50
        Starts a second at most; None for no limit; or something with a method `take` that returns when the next call
        may be made.
    concurrency : int, default 16
        Calls at a time.
    restart_failed : bool, default False
        Delete a loop that was found failed or stopped, and start it again.
    quota_timeout : float, default 86400
        Seconds to wait for room when as many loops of the flow are in flight as may be; 0 for not at all. They count
        from the last start that found room.
    breaker : Breaker, optional
        When to pause and to give up, when every start fails; ``Breaker()`` when left out.
    on_wait : callable, optional
        Called, in the caller's thread, at each look for room and at each pause.

    Yields
    ------
    LoopStart
        One a request, in the order in which they come. A failure is that loop's outcome; the others go on. What is
        not tried any more, for want of room or because nothing succeeds, is ``"failed"`` with that as its error.

    Raises
    ------
    InvalidInputError
        If a number can't be; at once.
    CredentialsError, AccessDeniedError, NotFoundError
        If no request can succeed: the session has expired, the caller may not start loops, the flow does not
        exist. No further loop is started then, and the outcomes of all calls that were under way are yielded before.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> from hitl_sdk.loops import LoopRequest
    >>> task = hitl.tasks.TextClassification(name="mood", labels=["bad", "good"], title="Mood?")
    >>> team = hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")])
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     session, bucket = cloud.session(), cloud.bucket("reviews")
    ...     flow = hitl.ReviewFlow(
    ...         name="mood", team=team, task=task, output="s3://reviews/a2i", role_arn=cloud.role_arn
    ...     )
    ...     flow_arn = flow.ensure(session).arn
    ...     requests = (LoopRequest(flow_arn, f"loop-{text}", task.input(text)) for text in ("a", "b"))
    ...     sorted((start.human_loop_name, start.status) for start in start_stream(session, requests))
    [('loop-a', 'started'), ('loop-b', 'started')]
    """
    check_concurrency(concurrency)
    conductor = Conductor(
        KnownLoops(session),
        concurrency=concurrency,
        breaker=breaker or Breaker(),
        room=Room(session, timeout=quota_timeout, on_wait=on_wait),
        on_wait=on_wait,
    )
    starter = LoopStarter(
        session.client("sagemaker-a2i-runtime"),
        rate if isinstance(rate, Rate) else TokenBucket(rate),
        restart_failed=restart_failed,
        held=conductor.held,
    )
    return conductor.outcomes(starter, requests)


def start_human_loops(
    session: Session,
    requests: Sequence[LoopRequest],
    *,
    rate: float | Rate | None = DEFAULT_RATE,
    concurrency: int = DEFAULT_CONCURRENCY,
    restart_failed: bool = False,
    quota_timeout: float = DEFAULT_QUOTA_TIMEOUT,
    breaker: Breaker | None = None,
    on_progress: Callable[[LoopStart], None] | None = None,
    on_wait: Callable[[StartWait], None] | None = None,
) -> list[LoopStart]:
    """Start human loops, adopting those that exist.

    Safe to run again, after success or after a crash at any point: a loop that exists is never started again.

    Parameters
    ----------
    session : Session
        As whom and where.
    requests : sequence of LoopRequest
        The loops; no name twice.
    rate, concurrency, restart_failed, quota_timeout, breaker, on_wait
        As of `start_stream`.
    on_progress : callable, optional
        Called with each outcome as it comes, in the caller's thread.

    Returns
    -------
    list of LoopStart
        One a request, in the order of `requests`. A failure is that loop's outcome; the others go on.

    Raises
    ------
    DuplicateItemError
        If two requests have the same name; nothing was started.
    CredentialsError, AccessDeniedError, NotFoundError
        If no request can succeed: the session has expired, the caller may not start loops, the flow does not
        exist. No further loop is started then; the message says how many were, and running again adopts them.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> from hitl_sdk.loops import LoopRequest
    >>> task = hitl.tasks.TextClassification(name="mood", labels=["bad", "good"], title="Mood?")
    >>> team = hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")])
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     session, bucket = cloud.session(), cloud.bucket("reviews")
    ...     flow = hitl.ReviewFlow(
    ...         name="mood", team=team, task=task, output="s3://reviews/a2i", role_arn=cloud.role_arn
    ...     )
    ...     flow_arn = flow.ensure(session).arn
    ...     requests = [LoopRequest(flow_arn, f"loop-{text}", task.input(text)) for text in ("a", "b")]
    ...     first = start_human_loops(session, requests[:1])
    ...     [start.status for start in start_human_loops(session, requests)]
    ['adopted', 'started']
    """
    names = [request.human_loop_name for request in requests]
    repeated = [name for name, n in Counter(names).items() if n > 1]
    if repeated:
        raise DuplicateItemError(
            f"human loop {repeated[0]!r} is requested more than once", hint="ask for each loop once"
        )
    starts: dict[str, LoopStart] = {}
    stream = start_stream(
        session,
        requests,
        rate=rate,
        concurrency=concurrency,
        restart_failed=restart_failed,
        quota_timeout=quota_timeout,
        breaker=breaker,
        on_wait=on_wait,
    )
    try:
        for start in stream:
            starts[start.human_loop_name] = start
            if on_progress is not None:
                on_progress(start)
    except FATAL as error:
        started = sum(start.status == "started" for start in starts.values())
        raise _with_count(error, started, len(names)) from error
    finally:
        stream.close()
    return [starts[name] for name in names]


def _with_count(error: HitlError, started: int, wanted: int) -> HitlError:
    """Say, in an error that ends a whole run, how far the run has come."""
    twin = copy(error)
    twin.message = (
        f"{error.message}; {started} of {wanted} human loops had been started, and running again adopts them"
    )
    return twin
