"""The client that `benchmarks.soak` kills: ``python -m benchmarks._soak_client URL RECORD NAME ITEMS [MAX_REVIEWS]``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import hitl_sdk as hitl
from hitl_sdk.testing import LocalServer

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SHARED", "TASK", "Work", "predictions", "route"]

TASK = hitl.tasks.TextClassification(name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?")
SHARED = 10
"""Of so many items in a row the last two have the same content."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a client is to do."""

    url: str
    record: str
    name: str
    items: int
    max_reviews: int | None = None


def predictions(items: int) -> Iterator[hitl.Prediction]:
    """Yield predictions that are all to be reviewed."""
    for number in range(items):
        content = number - (number % SHARED == SHARED - 1)
        yield hitl.Prediction(str(number), f"review {content}", "1", confidence=0.5)


def route(work: Work) -> hitl.Run:
    """Do the work of a client."""
    router = hitl.Router(
        flow=work.name,
        task=TASK,
        policy=hitl.Threshold(0.90),
        session=LocalServer(work.url, pid=0).session(),
        record=work.record,
        max_reviews=work.max_reviews,
        rate=None,
        progress=False,
    )
    return router.route(predictions(work.items), name=work.name)


if __name__ == "__main__":
    print("begun", flush=True)
    url, record, name, items, *budget = sys.argv[1:]
    route(Work(url, record, name, int(items), *map(int, budget)))
