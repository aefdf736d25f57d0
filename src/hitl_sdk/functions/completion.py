"""Lambda handlers for EventBridge's events of human loops that have come to their end."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeAlias, cast

from hitl_sdk._loop_event import HumanLoopEvent
from hitl_sdk.functions._arguments import check_takes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hitl_sdk.functions.handlers import Handler

__all__ = ["completion_handler"]

OnCompleted: TypeAlias = "Callable[[HumanLoopEvent], object]"


def completion_handler(on_completed: OnCompleted) -> Handler:
    """Make a Lambda handler of a function that is told of each human loop that has come to its end.

    `CompletionRule` has EventBridge call it. An event comes at least once, so the function is to bear one that comes
    again; one that raises is called twice more by Lambda.

    Parameters
    ----------
    on_completed : callable
        Takes a `HumanLoopEvent`, whose `status` is ``"Completed"``, ``"Failed"`` or ``"Stopped"``. What it returns
        must be JSON; EventBridge does not look at it.

    Returns
    -------
    callable
        ``handler(event, context)``. `on_completed` itself stays ``handler.__wrapped__``.

    Raises
    ------
    InvalidInputError
        If it is no function of one argument; by the handler, if the event is none of a human loop.

    Examples
    --------
    >>> @completion_handler
    ... def on_completed(event):
    ...     return f"{event.human_loop_name}: {event.status}"
    >>> on_completed({
    ...     "id": "8a5c", "source": "aws.sagemaker", "detail-type": "SageMaker A2I HumanLoop Status Change",
    ...     "time": "2026-02-03T10:01:00Z",
    ...     "detail": {
    ...         "humanLoopName": "loop-1", "humanLoopArn": "arn:...", "flowDefinitionArn": "arn:...",
    ...         "humanLoopStatus": "Stopped",
    ...     },
    ... }, None)
    'loop-1: Stopped'
    """
    check_takes(on_completed, "the event")

    @wraps(on_completed)
    def handler(event: Mapping[str, object], context: object) -> object:  # noqa: ARG001
        return on_completed(HumanLoopEvent.from_json(event))

    return cast("Handler", handler)
