"""What must hold before the first human loop is started: nobody should learn of a wrong flow from loop 5,000."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._s3_uri import bucket_and_key
from hitl_sdk.arns import parse_arn
from hitl_sdk.errors import AccessDeniedError, ConfigurationError, NotFoundError, ResourceFailedError

if TYPE_CHECKING:
    from hitl_sdk.session import Session

__all__ = ["ReadyFlow", "check_flow"]


@dataclass(frozen=True, slots=True)
class ReadyFlow:
    """A flow definition that takes human loops.

    Attributes
    ----------
    name, arn : str
        What it is called.
    output : str
        The S3 URI below which answers are written.
    workers : int
        How many people answer each loop.

    Examples
    --------
    >>> flow = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/sentiment"
    >>> ReadyFlow("sentiment", flow, "s3://bucket/a2i").output
    's3://bucket/a2i'
    """

    name: str
    arn: str
    output: str
    workers: int = 1


def check_flow(session: Session, flow: str) -> ReadyFlow:
    """Check that human loops can be started: Region, credentials, flow definition, output bucket.

    Parameters
    ----------
    session : Session
        As whom and where.
    flow : str
        Name or ARN of the flow definition.

    Returns
    -------
    ReadyFlow
        The flow, as the service describes it.

    Raises
    ------
    RegionNotSupportedError
        If there is no Augmented AI in the session's Region.
    CredentialsError
        If there are no credentials, or they have expired.
    InvalidArnError
        If `flow` is the ARN of something else, or lies in another Region.
    NotFoundError
        If the flow, or the bucket it writes to, does not exist.
    ResourceFailedError
        If the flow definition has failed.
    ConfigurationError
        If the flow definition is not active yet, or is being deleted.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl() as cloud:
    ...     check_flow(cloud.session(), "sentiment")
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.NotFoundError: flow definition 'sentiment': ...
    """
    session.require_human_review()
    name = flow
    if flow.startswith("arn:"):
        name = parse_arn(flow, "flow-definition", region=session.region_name).name
    label = f"flow definition {name!r}"
    with translated_errors(label):
        said = session.client("sagemaker").describe_flow_definition(FlowDefinitionName=name)
    arn, status = said["FlowDefinitionArn"], said["FlowDefinitionStatus"]
    if flow not in {name, arn}:
        raise NotFoundError(
            f"{flow} is not in this account; the flow definition {name!r} here is {arn}",
            hint="use a session of its account",
            resource=flow,
        )
    if status == "Failed":
        raise ResourceFailedError(
            f"{label} has failed: {said.get('FailureReason', 'no reason was given')}",
            hint="delete it, cure the reason, and make it again",
            resource=arn,
        )
    if status != "Active":
        raise ConfigurationError(
            f"{label} is {status}, not Active", hint="wait for it: ReviewFlow.wait(session)", resource=arn
        )
    output = said["OutputConfig"]["S3OutputPath"]
    _check_bucket(session, output, label)
    return ReadyFlow(name, arn, output, said.get("HumanLoopConfig", {}).get("TaskCount", 1))


def _check_bucket(session: Session, output: str, label: str) -> None:
    bucket, _ = bucket_and_key(output)
    try:
        with translated_errors(f"bucket {bucket!r}"):
            session.client("s3").head_bucket(Bucket=bucket)
    except NotFoundError as error:
        raise NotFoundError(
            f"bucket {bucket!r}, to which {label} writes the answers, does not exist",
            hint=f"create it, for example with `aws s3 mb s3://{bucket}`",
            code=error.code,
            operation=error.operation,
            request_id=error.request_id,
            resource=bucket,
        ) from error
    except AccessDeniedError:
        # It exists. The flow's role writes to it; the caller need not be allowed to look.
        return
