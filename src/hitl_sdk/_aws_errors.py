"""The one place that turns botocore's errors into the tree of `hitl_sdk.errors`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore import exceptions as botocore_errors

from hitl_sdk import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["from_botocore", "translated_errors"]

_EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "InvalidAccessKeyId",  # of S3, as are the next three
    "InvalidToken",
    "SignatureDoesNotMatch",
    "RequestTimeTooSkewed",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
}
_BY_CODE: dict[str, type[errors.ServiceError]] = {
    "ResourceNotFound": errors.NotFoundError,
    "ResourceNotFoundException": errors.NotFoundError,
    "AWS.SimpleQueueService.NonExistentQueue": errors.NotFoundError,
    "QueueDoesNotExist": errors.NotFoundError,
    "NotFound": errors.NotFoundError,
    "NotFoundException": errors.NotFoundError,  # of Transcribe
    "UserNotFoundException": errors.NotFoundError,
    "GroupNotFoundException": errors.NotFoundError,
    "NoSuchBucket": errors.NotFoundError,
    "NoSuchKey": errors.NotFoundError,
    "404": errors.NotFoundError,
    "ConflictException": errors.ConflictError,
    "ResourceConflictException": errors.ConflictError,
    "ResourceInUseException": errors.ConflictError,  # of DynamoDB
    "ResourceInUse": errors.ConflictError,
    "UsernameExistsException": errors.ConflictError,
    "GroupExistsException": errors.ConflictError,
    "AccessDenied": errors.AccessDeniedError,
    "AccessDeniedException": errors.AccessDeniedError,
    "AuthorizationError": errors.AccessDeniedError,  # of SNS
    "KMS.AccessDeniedException": errors.AccessDeniedError,  # of SQS, whose queue is encrypted
    "KmsAccessDenied": errors.AccessDeniedError,
    "NotAuthorizedException": errors.AccessDeniedError,
    "403": errors.AccessDeniedError,
    "OptInRequired": errors.AccessDeniedError,  # the account has not signed up for the service
    "SubscriptionRequiredException": errors.AccessDeniedError,
    "CodeStorageExceededException": errors.QuotaExceededError,
    "HumanLoopQuotaExceededException": errors.QuotaExceededError,
    "ServiceQuotaExceededException": errors.QuotaExceededError,
    "ResourceLimitExceeded": errors.QuotaExceededError,
    "LimitExceededException": errors.QuotaExceededError,
    "ThrottlingException": errors.ThrottledError,
    "Throttling": errors.ThrottledError,
    "ThrottledException": errors.ThrottledError,
    "RequestThrottled": errors.ThrottledError,  # of SQS
    "RequestThrottledException": errors.ThrottledError,
    "AWS.SimpleQueueService.RequestThrottled": errors.ThrottledError,
    "OverLimit": errors.ThrottledError,  # of SQS: too many messages are being received
    "KMS.ThrottlingException": errors.ThrottledError,  # of SQS, whose queue is encrypted
    "KmsThrottled": errors.ThrottledError,
    "TooManyRequestsException": errors.ThrottledError,
    "ProvisionedThroughputExceededException": errors.ThrottledError,
    "RequestLimitExceeded": errors.ThrottledError,
    "SlowDown": errors.ThrottledError,
    "ModelNotReadyException": errors.UnavailableError,  # of a serverless endpoint that wakes up
    "ModelTimeoutException": errors.UnavailableError,  # of Bedrock
}
# SageMaker says "not found" as a ValidationException for workforces, workteams and endpoints.
_NOT_FOUND_SAYINGS = ("does not exist", "could not find", "no workforce", "not found", "doesn't exist")
_WHERE_EXPIRED = "sign in again, or renew the credentials"
_WHERE_SKEWED = "set the clock of this machine right"
_HINTS: dict[type[errors.ServiceError], str] = {
    errors.QuotaExceededError: "wait until work in flight ends, or ask AWS to raise the quota",
    errors.ThrottledError: "lower the rate, or try again later",
    errors.UnavailableError: "try again; what was started is adopted, not started twice",
}


@contextmanager
def translated_errors(resource: str | None = None) -> Iterator[None]:
    """Turn every botocore error that leaves the block into one of this package's.

    Parameters
    ----------
    resource : str, optional
        What the calls in the block are about, for the message: ``"workteam 'crew'"``.

    Examples
    --------
    >>> import botocore.exceptions
    >>> with translated_errors("bucket 'b'"):
    ...     raise botocore.exceptions.NoCredentialsError()
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.CredentialsError: there are no AWS credentials (set them up with `aws configure`, ...
    """
    try:
        yield
    except (botocore_errors.BotoCoreError, botocore_errors.ClientError) as error:
        raise from_botocore(error, resource=resource) from error


def from_botocore(
    error: botocore_errors.BotoCoreError | botocore_errors.ClientError, *, resource: str | None = None
) -> errors.HitlError:
    """Return the error of this package that says what botocore's `error` says."""
    if isinstance(error, botocore_errors.ClientError):
        return _from_client_error(error, resource)
    about = f"{resource}: " if resource else ""
    if isinstance(error, botocore_errors.NoCredentialsError | botocore_errors.PartialCredentialsError):
        return errors.CredentialsError(
            "there are no AWS credentials",
            hint="set them up with `aws configure`, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            resource=resource,
        )
    if isinstance(
        error,
        botocore_errors.TokenRetrievalError
        | botocore_errors.SSOError
        | botocore_errors.CredentialRetrievalError
        | botocore_errors.UnauthorizedSSOTokenError,
    ):
        return errors.CredentialsError(
            f"the AWS session can't be renewed: {error}", hint="sign in again", resource=resource
        )
    if isinstance(
        error,
        botocore_errors.HTTPClientError
        | botocore_errors.ConnectionError
        | botocore_errors.IncompleteReadError,
    ):
        return errors.UnavailableError(
            f"{about}no answer from the service: {error}",
            hint=_HINTS[errors.UnavailableError],
            resource=resource,
        )
    if isinstance(error, botocore_errors.ParamValidationError):
        return errors.InvalidInputError(f"{about}{error}", resource=resource)
    return errors.ConfigurationError(f"{about}{error}", resource=resource)


def _from_client_error(error: botocore_errors.ClientError, resource: str | None) -> errors.HitlError:
    said = error.response.get("Error", {})
    code = str(said.get("Code", "Unknown"))
    message = str(said.get("Message") or error.response.get("Message") or code)
    metadata = error.response.get("ResponseMetadata", {})
    text = f"{resource}: {message}" if resource else message
    context: dict[str, str | None] = {
        "code": code,
        "operation": error.operation_name,
        "request_id": metadata.get("RequestId"),
        "resource": resource,
    }
    if code in _EXPIRED:
        hint = _WHERE_SKEWED if code == "RequestTimeTooSkewed" else _WHERE_EXPIRED
        return errors.CredentialsError(f"the AWS session is not valid: {message}", hint=hint, **context)
    if code == "ModelError":  # its message is the container's own, whose words say nothing of the endpoint
        kind = _kind_of_container_error(error.response.get("OriginalStatusCode"))
    else:
        kind = _BY_CODE.get(code) or _kind_by_status(metadata.get("HTTPStatusCode", 0), message)
    cure = _HINTS.get(kind)
    if kind is errors.AccessDeniedError:
        cure = f"allow the action {error.operation_name} for this role; hitl_sdk never changes IAM itself"
    return kind(text, hint=cure, **context)


def _kind_of_container_error(status: object) -> type[errors.ServiceError]:
    """Tell a container that did not answer (0: timed out) from one whose model failed on what it was given (500)."""
    return errors.UnavailableError if status in (0, 429, 502, 503, 504) else errors.RejectedError


def _kind_by_status(status: int, message: str) -> type[errors.ServiceError]:
    if status >= 500:
        return errors.UnavailableError
    if any(saying in message.lower() for saying in _NOT_FOUND_SAYINGS):
        return errors.NotFoundError
    return errors.RejectedError
