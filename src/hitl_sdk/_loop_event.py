"""The event that Augmented AI sends through EventBridge when a human loop has come to its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast

from hitl_sdk.errors import InvalidInputError

__all__ = ["DETAIL_TYPE", "SOURCE", "HumanLoopEvent", "event_pattern"]

SOURCE = "aws.sagemaker"
DETAIL_TYPE = "SageMaker A2I HumanLoop Status Change"

_STATUSES = ("Completed", "Failed", "Stopped")


def event_pattern(flow_definition_arn: str | None = None) -> dict[str, object]:
    """Return the pattern of an EventBridge rule for the ends of human loops: of one flow, or of all.

    Examples
    --------
    >>> event_pattern()
    {'source': ['aws.sagemaker'], 'detail-type': ['SageMaker A2I HumanLoop Status Change']}
    """
    detail = {"detail": {"flowDefinitionArn": [flow_definition_arn]}} if flow_definition_arn else {}
    return {"source": [SOURCE], "detail-type": [DETAIL_TYPE], **detail}


@dataclass(frozen=True, slots=True)
class HumanLoopEvent:
    """A human loop has come to its end. EventBridge delivers such an event at least once, in no order.

    Attributes
    ----------
    human_loop_name, human_loop_arn, flow_definition_arn : str
        The loop, and its flow.
    status : {"Completed", "Failed", "Stopped"}
        How it ended.
    event_id : str
        The same for every delivery of the event.
    sent_at : datetime
        When it was sent, to the second.
    created_at : datetime or None
        When the loop was started, to the millisecond.
    output_s3_uri : str or None
        Where output.json lies; None unless the loop was completed.
    failure_code, failure_reason : str or None
        Why it failed.

    Examples
    --------
    >>> event = HumanLoopEvent.from_json({
    ...     "id": "8a5c", "source": "aws.sagemaker", "detail-type": "SageMaker A2I HumanLoop Status Change",
    ...     "time": "2026-02-03T10:01:00Z",
    ...     "detail": {
    ...         "creationTime": "2026-02-03T09:59:12.345Z", "failureCode": None, "failureReason": None,
    ...         "flowDefinitionArn": "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/review",
    ...         "humanLoopArn": "arn:aws:sagemaker:eu-west-1:123456789012:human-loop/loop-1",
    ...         "humanLoopName": "loop-1",
    ...         "humanLoopOutput": {"outputS3Uri": "s3://out/review/loop-1/output.json"},
    ...         "humanLoopStatus": "Completed",
    ...     },
    ... })
    >>> event.human_loop_name, event.status, event.output_s3_uri
    ('loop-1', 'Completed', 's3://out/review/loop-1/output.json')
    """

    human_loop_name: str
    human_loop_arn: str
    flow_definition_arn: str
    status: Literal["Completed", "Failed", "Stopped"]
    event_id: str
    sent_at: datetime
    created_at: datetime | None = None
    output_s3_uri: str | None = None
    failure_code: str | None = None
    failure_reason: str | None = None

    @classmethod
    def from_json(cls, event: object) -> HumanLoopEvent:
        """Read an event as EventBridge delivers it.

        Parameters
        ----------
        event : mapping
            The parsed JSON.

        Returns
        -------
        HumanLoopEvent

        Raises
        ------
        InvalidInputError
            If it is an event of something else, or lacks what such an event has; the message names the field.
        """
        whole = _mapping(event, "the event")
        if (whole.get("source"), whole.get("detail-type")) != (SOURCE, DETAIL_TYPE):
            raise InvalidInputError(
                f"the event is {whole.get('detail-type')!r} of {whole.get('source')!r}",
                hint=f"the rule's pattern is to ask for {DETAIL_TYPE!r} of {SOURCE!r}",
            )
        detail = _mapping(whole.get("detail"), "the event's 'detail'")
        status = _text(detail, "humanLoopStatus")
        if status not in _STATUSES:
            raise InvalidInputError(f"the event's 'humanLoopStatus' is {status!r}, and no end")
        created = detail.get("creationTime")
        output = detail.get("humanLoopOutput") if status == "Completed" else None
        return cls(
            human_loop_name=_text(detail, "humanLoopName"),
            human_loop_arn=_text(detail, "humanLoopArn"),
            flow_definition_arn=_text(detail, "flowDefinitionArn"),
            status=cast('Literal["Completed", "Failed", "Stopped"]', status),
            event_id=_text(whole, "id"),
            sent_at=_hour(_text(whole, "time"), "time"),
            created_at=_hour(created, "creationTime") if isinstance(created, str) else None,
            output_s3_uri=_optional_text(output, "outputS3Uri"),
            failure_code=_optional_text(detail, "failureCode"),
            failure_reason=_optional_text(detail, "failureReason"),
        )


def _mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"{what} is a {type(value).__name__}, not an object")
    return value


def _text(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or not value:
        raise InvalidInputError(f"the event has no {key!r}")
    return value


def _optional_text(values: object, key: str) -> str | None:
    value = values.get(key) if isinstance(values, Mapping) else None
    return value if isinstance(value, str) and value else None


def _hour(text: str, key: str) -> datetime:
    try:
        hour = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(f"the event's {key!r} is no time: {text!r}") from None
    return hour if hour.tzinfo else hour.replace(tzinfo=UTC)
