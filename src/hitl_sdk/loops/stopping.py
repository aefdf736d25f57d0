"""Stops human loops in bulk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._threads import in_threads
from hitl_sdk.errors import CredentialsError, HitlError, NotFoundError
from hitl_sdk.loops.rate import TokenBucket
from hitl_sdk.loops.starting import DEFAULT_CONCURRENCY, DEFAULT_RATE, Rate

if TYPE_CHECKING:
    from collections.abc import Collection

    from hitl_sdk.session import Session

__all__ = ["StopResult", "stop_human_loops"]


@dataclass(frozen=True, slots=True)
class StopResult:
    """What became of an order to stop.

    Attributes
    ----------
    stopping : int
        Loops that took the order.
    ended : int
        Loops that had come to their end before.
    errors : dict of str to HitlError
        By name, the loops for which the service refused it.

    Examples
    --------
    >>> StopResult(stopping=2, ended=1, errors={}).stopping
    2
    """

    stopping: int
    ended: int
    errors: dict[str, HitlError]


def stop_human_loops(
    session: Session,
    names: Collection[str],
    *,
    rate: float | Rate | None = DEFAULT_RATE,
    concurrency: int = DEFAULT_CONCURRENCY,
) -> StopResult:
    """Stop human loops. What workers have answered in them is not kept by the service.

    Parameters
    ----------
    session : Session
        As whom and where.
    names : collection of str
        The loops.
    rate : float, Rate or None, default 50
        Calls a second at most, as for `start_stream`; None for no limit.
    concurrency : int, default 16
        Calls at a time.

    Returns
    -------
    StopResult
        How many took the order. A refusal is that loop's own; the others go on.

    Raises
    ------
    CredentialsError
        If the session has expired.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl() as cloud:
    ...     stop_human_loops(cloud.session(), ["not-there"])
    StopResult(stopping=0, ended=1, errors={})
    """
    runtime = session.client("sagemaker-a2i-runtime")
    bucket = rate if isinstance(rate, Rate) else TokenBucket(rate)

    def stop(name: str) -> tuple[str, HitlError | None]:
        bucket.take()
        try:
            with translated_errors(f"human loop {name!r}"):
                runtime.stop_human_loop(HumanLoopName=name)
        except CredentialsError:
            raise
        except HitlError as error:
            return name, error
        return name, None

    answers = in_threads(stop, sorted(set(names)), concurrency=concurrency)
    ended = sum(1 for _, error in answers if isinstance(error, NotFoundError))
    errors = {name: error for name, error in answers if error and not isinstance(error, NotFoundError)}
    return StopResult(len(answers) - ended - len(errors), ended, errors)
