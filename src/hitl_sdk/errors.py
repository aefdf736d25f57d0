"""The one error tree of hitl_sdk.

::

    HitlError
    + ConfigurationError            the session, the machine or the installation is not fit
    |   - MissingExtraError         an optional dependency is not installed
    |   - RegionNotSupportedError   Ground Truth and A2I do not exist in that Region
    |   - CredentialsError          no credentials, or an expired session
    + InvalidInputError             what you gave can't work; nothing was started
    |   - InvalidResourceError      a builder's wanted state breaks a rule of the service
    |   - InvalidArnError           not an ARN, or of the wrong kind, Region or account
    |   - InvalidPredictionError    one prediction can't be used
    |   - DuplicateItemError        one item id stands for two items
    |   - EmptyInputError           there is nothing to work on
    |   - TemplateError             a worker template can't be used
    |   - InvalidOutputError        an output.json can't be read
    + ServiceError                  the service answered with an error
    |   - NotFoundError
    |   - ConflictError             the name is in use with other input
    |   - AccessDeniedError
    |   - RejectedError             the service's own validation refused the request
    |   - QuotaExceededError        Transient
    |   - ThrottledError            Transient
    |   - UnavailableError          Transient: 5xx, broken connections, time-outs
    + DriftError                    what exists differs from what is wanted, and can't be changed
    + ResourceFailedError           a resource ended in a failed state
    + WaitTimeoutError              Transient: a deadline passed

Every error is also either `Terminal` (trying again unchanged can't help) or `Transient` (it may).
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AccessDeniedError",
    "ConfigurationError",
    "ConflictError",
    "CredentialsError",
    "DriftError",
    "DuplicateItemError",
    "EmptyInputError",
    "HitlError",
    "InvalidArnError",
    "InvalidInputError",
    "InvalidOutputError",
    "InvalidPredictionError",
    "InvalidResourceError",
    "MissingExtraError",
    "NotFoundError",
    "QuotaExceededError",
    "RegionNotSupportedError",
    "RejectedError",
    "ResourceFailedError",
    "ServiceError",
    "TemplateError",
    "Terminal",
    "ThrottledError",
    "Transient",
    "UnavailableError",
    "WaitTimeoutError",
]


class Terminal:
    """Mark of errors that the same call will meet again.

    Examples
    --------
    >>> issubclass(NotFoundError, Terminal)
    True
    """


class Transient:
    """Mark of errors that may be gone when the same call is made later.

    Examples
    --------
    >>> issubclass(ThrottledError, Transient)
    True
    """


class HitlError(Exception):
    """Base of every error this package raises.

    Parameters
    ----------
    message : str
        What is wrong, naming the thing.
    hint : str, optional
        What to do about it.
    code : str, optional
        The service's error code, for example ``"ConflictException"``.
    operation : str, optional
        The API operation, for example ``"StartHumanLoop"``.
    request_id : str, optional
        The service's request id, for a support case.
    resource : str, optional
        Name or ARN of the resource concerned.
    item_id : str, optional
        The item concerned, where the error belongs to one item of a batch.

    Examples
    --------
    >>> error = HitlError("workteam 'a' is gone", hint="create it again", resource="a")
    >>> print(error)
    workteam 'a' is gone (create it again)
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        operation: str | None = None,
        request_id: str | None = None,
        resource: str | None = None,
        item_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.operation = operation
        self.request_id = request_id
        self.resource = resource
        self.item_id = item_id

    def __str__(self) -> str:
        """Return the message, then the hint, then where the service said it."""
        text = f"{self.message} ({self.hint})" if self.hint else self.message
        origin = ", ".join(
            part for part in (self.operation, self.request_id and f"request {self.request_id}") if part
        )
        return f"{text} [{origin}]" if origin else text

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by keyword, so that errors cross process borders (Spark, multiprocessing)."""
        notes = {name: value for name, value in vars(self).items() if name == "__notes__"}
        keywords = {name: value for name, value in vars(self).items() if name not in {"message", *notes}}
        return _rebuild, (type(self), self.message, keywords), notes


def _rebuild(kind: type[HitlError], message: str, keywords: dict[str, Any]) -> HitlError:
    return kind(message, **keywords)


class ConfigurationError(HitlError, Terminal):
    """The session, the machine or the installation is not fit for the call."""


class MissingExtraError(ConfigurationError, ImportError):
    """An optional dependency is not installed; the hint is the exact pip command."""


class RegionNotSupportedError(ConfigurationError):
    """Ground Truth and A2I do not exist in the session's Region."""


class CredentialsError(ConfigurationError):
    """There are no AWS credentials, or the session has expired."""


class InvalidInputError(HitlError, Terminal, ValueError):
    """Input that can't work; raised before anything is started."""


class InvalidResourceError(InvalidInputError):
    """A builder's wanted state breaks a rule of the service."""


class InvalidArnError(InvalidInputError):
    """A text that is no ARN, or an ARN of the wrong kind, Region or account."""


class InvalidPredictionError(InvalidInputError):
    """A prediction that can't be used, for example a confidence outside 0 to 1."""


class DuplicateItemError(InvalidInputError):
    """One item id stands for more than one item."""


class EmptyInputError(InvalidInputError):
    """There is nothing to work on."""


class TemplateError(InvalidInputError):
    """A worker template that the service or a browser would refuse."""


class InvalidOutputError(InvalidInputError):
    """An output.json that is cut off, of another shape, or of another flow."""


class ServiceError(HitlError):
    """The service answered with an error. Subclasses say which kind."""


class NotFoundError(ServiceError, Terminal):
    """The resource does not exist, in whichever of AWS's spellings it was said."""


class ConflictError(ServiceError, Terminal):
    """The name is in use, with other input or by something that depends on it."""


class AccessDeniedError(ServiceError, Terminal):
    """The caller may not do this; the hint names the IAM action that is missing."""


class RejectedError(ServiceError, Terminal):
    """The service's own validation refused the request."""


class QuotaExceededError(ServiceError, Transient):
    """A quota is used up; room may come when work in flight ends."""


class ThrottledError(ServiceError, Transient):
    """Too many requests, still after the client's own retries."""


class UnavailableError(ServiceError, Transient):
    """A 5xx, a broken connection or a time-out, still after the client's own retries."""


class DriftError(HitlError, Terminal):
    """What exists differs from what is wanted, and the service can't change it."""


class ResourceFailedError(HitlError, Terminal):
    """A resource ended in a failed state; the message carries the service's reason."""


class WaitTimeoutError(HitlError, Transient, TimeoutError):
    """A deadline passed before the awaited state was reached; `last_seen` is the state there was."""

    def __init__(self, message: str, *, last_seen: object = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.last_seen = last_seen
