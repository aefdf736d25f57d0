"""One rate for many machines: a token bucket in DynamoDB, from which each takes a lease of some tokens at a time.

The table holds one number: how many tokens have been taken in all. No hour is written there, so clocks may differ. Each
bucket keeps a lower bound of the level of the one true bucket: it rises at the rate, by seconds measured here, up to the
burst; it falls by what the number says that anybody has taken; it begins at nothing, and never lies below. A lease is
one update on the condition that the number has not changed since the bound was worked out.
"""

from __future__ import annotations

import math
from numbers import Real
from random import uniform
from threading import Lock
from typing import TYPE_CHECKING

from hitl_sdk._clock import current_clock
from hitl_sdk.errors import InvalidInputError, RejectedError
from hitl_sdk.loops.table import table_errors

if TYPE_CHECKING:
    from hitl_sdk.session import Session

__all__ = ["SharedRate"]

_LEASE_SECONDS = 0.5
"""A lease is at most what the rate brings in this time, and what was used in it lately: 25 tokens at 50 a second."""

_SHORTEST_LEASE_SECONDS = 0.02
"""A lease is at least what the rate brings in this time: one row takes some hundred changes a second, and no more."""

_LONGEST_PAUSE = 0.3
"""Seconds at most that who came too late waits longer than it must: all would come at once again."""

_TOKENS_LAST = 1.0
"""Seconds after which leased tokens are thrown away, so that they do not gather for one great burst."""

_ROUNDING = 1e-9
_CAUTION = 4
"""A lease is at most what was used already divided by this: so little is thrown away in the end."""


class SharedRate:
    """Lets through `rate` calls a second in all the processes, on all machines, that share the row of this name.

    Any number of threads may take from one object. In any time, all of them together take at most what the rate brings in
    it, and once the `burst`; what is taken is used within a second, or not at all.

    Parameters
    ----------
    session : Session
        Where the table is.
    table : str
        A DynamoDB table with the keys ``pk`` and ``sk``, as `ensure_table` makes it.
    rate : float
        Calls a second, above 0: the same wherever the row is shared.
    name : str, default "starts"
        Of the row: one for each thing that has a rate.
    burst : float, optional
        How many calls may come at once after a pause; what a second brings when left out, and at least one.

    Raises
    ------
    InvalidInputError
        If `rate` or `burst` is not above 0.

    Examples
    --------
    >>> from hitl_sdk.loops import ensure_table
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl() as cloud:
    ...     made = ensure_table(cloud.session(), "hitl-runs")
    ...     before = cloud.clock.monotonic()
    ...     for _ in range(100):
    ...         SharedRate(cloud.session(), "hitl-runs", rate=50).take()
    ...     round(cloud.clock.monotonic() - before, 3)
    2.0
    """

    def __init__(
        self, session: Session, table: str, *, rate: float, name: str = "starts", burst: float | None = None
    ) -> None:
        self._rate = _above_zero("rate", rate)
        self._burst = max(1.0, self._rate if burst is None else _above_zero("burst", burst))
        self._client = session.client("dynamodb")
        self._table = table
        self._key = {"pk": {"S": f"rate#{name}"}, "sk": {"S": "bucket"}}
        self._lock = Lock()
        self._least = max(1, int(min(self._rate * _SHORTEST_LEASE_SECONDS, self._burst)))
        self._pause = min(_LONGEST_PAUSE, self._burst / self._rate)  # in a longer one the bucket runs over
        self._leased = 0
        self._tokens = 0  # of these, not used
        self._thrown_away_at = 0.0
        self._used = 0
        self._level = (
            0.0  # at most that of the true bucket at `_at`, when `_taken` tokens had been taken in all
        )
        self._at = 0.0
        self._taken: int | None = None

    def take(self) -> None:
        """Take a token, waiting on the process's clock until there is one.

        Raises
        ------
        NotFoundError
            If there is no such table.
        ServiceError
            If DynamoDB refuses.
        """
        with self._lock:
            if self._tokens == 0 or current_clock().monotonic() > self._thrown_away_at:
                self._tokens = self._lease()
            self._tokens -= 1
            self._used += 1

    def check(self) -> None:
        """See that the table can be read, before work is handed out.

        Raises
        ------
        NotFoundError
            If there is no such table; the hint says how to make it.
        ServiceError
            If DynamoDB refuses.
        """
        self._read()

    def _lease(self) -> int:
        """Take as many tokens as make a good lease, waiting until there are."""
        clock = current_clock()
        if self._taken is None:
            self._observe()
        wanted = self._good_lease(clock.monotonic())
        pause = 0.0
        while True:
            # The hour before the call: the bound rises by no more time than had passed when DynamoDB looked.
            self._rise_until(clock.monotonic())
            lacking = wanted - self._level
            if lacking > _ROUNDING:
                clock.sleep(lacking / self._rate + uniform(0, pause))
                if pause:  # others have taken meanwhile: it is cheaper to look than to fail
                    self._observe()
            elif self._write(wanted):
                self._level -= wanted
                # The hour after the call, as in `_observe`: DynamoDB may have looked at its end.
                self._at = clock.monotonic()
                self._thrown_away_at = self._at + _TOKENS_LAST
                self._leased = wanted
                return wanted
            else:  # others were faster; who goes on wanting many is never the first among those who want few
                wanted = max(self._least, wanted // 2)
                pause = self._pause
                self._observe()

    def _good_lease(self, now: float) -> int:
        """Return how many tokens to take: few enough that none is thrown away."""
        most = min(self._rate * _LEASE_SECONDS, self._burst, self._used / _CAUTION)
        if now > self._at:
            used_a_second = (self._leased - self._tokens) / (now - self._at)
            most = min(most, used_a_second * _LEASE_SECONDS)
        self._rise_until(now)
        if self._level >= most / 4:  # rather some at once than all of them later
            most = min(most, self._level)
        return max(self._least, int(most))

    def _observe(self) -> None:
        """Learn how many tokens have been taken."""
        before, self._taken = self._taken, self._read()
        # The hour after the call: from nothing on, the bound rises by no time that had passed when DynamoDB looked.
        self._rise_until(current_clock().monotonic())
        self._level = 0.0 if before is None else max(0.0, self._level - (self._taken - before))

    def _rise_until(self, now: float) -> None:
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now

    def _read(self) -> int:
        with table_errors(self._table):
            said = self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True)
        return int(said["Item"]["taken"]["N"]) if "Item" in said else 0

    def _write(self, wanted: int) -> bool:
        """Count tokens as taken, unless somebody else has taken some since; tell whether it was done."""
        before = self._taken or 0
        try:
            with table_errors(self._table):
                self._client.update_item(
                    TableName=self._table,
                    Key=self._key,
                    UpdateExpression="SET taken = :after",
                    ConditionExpression="taken = :before"
                    + ("" if before else " OR attribute_not_exists(pk)"),
                    ExpressionAttributeValues={
                        ":before": {"N": str(before)},
                        ":after": {"N": str(before + wanted)},
                    },
                )
        except RejectedError as error:
            if error.code != "ConditionalCheckFailedException":
                raise
            return False
        self._taken = before + wanted
        return True


def _above_zero(name: str, value: object) -> float:
    if not isinstance(value, Real) or not 0 < float(value) < math.inf:
        raise InvalidInputError(f"{name}={value!r}", hint=f"give calls a second, above 0, as {name}")
    return float(value)
