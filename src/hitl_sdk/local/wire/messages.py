"""One HTTP request and one response, as plain values that every face can make and read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Credential", "HttpRequest", "HttpResponse", "SerializationError", "ValidationError", "WireError"]

_AUTHORIZATION = re.compile(r"Credential=(?P<scope>[^,\s]+)")


class WireError(Exception):
    """A request that never reaches the engine, by the code and message the client gets.

    Parameters
    ----------
    code : str
        AWS's error code.
    message : str
        AWS's wording.

    Examples
    --------
    >>> WireError("UnknownOperationException", "no such operation").code
    'UnknownOperationException'
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class SerializationError(WireError):
    """A body or a parameter that is not of the type the service model wants.

    Examples
    --------
    >>> SerializationError("'taskCount' must be an integer").code
    'SerializationException'
    """

    def __init__(self, message: str) -> None:
        super().__init__("SerializationException", message)


class ValidationError(WireError):
    """Input of the right types that breaks a constraint of the service model.

    Examples
    --------
    >>> ValidationError("1 validation error detected: ...").code
    'ValidationException'
    """

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)


@dataclass(frozen=True, slots=True)
class Credential:
    """Who signed a request, for which Region and service. The signature itself is not checked.

    Parameters
    ----------
    access_key_id : str
        The public half of the key.
    region : str
        The Region of the credential scope.
    service : str
        The signing name, for example ``"sagemaker"`` (which A2I's runtime uses too).

    Examples
    --------
    >>> Credential("AKIDEXAMPLE", "eu-west-1", "sagemaker").region
    'eu-west-1'
    """

    access_key_id: str
    region: str
    service: str


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request, as it came.

    Parameters
    ----------
    method : str
        In capitals.
    path : str
        Still percent-encoded, without the query.
    query : str
        Still encoded, without the question mark.
    headers : mapping of str to str
        By lower-case name.
    body : bytes
        Whole.

    Examples
    --------
    >>> signed = "AWS4-HMAC-SHA256 Credential=KEY/20260101/eu-west-1/sagemaker/aws4_request, SignedHeaders=host"
    >>> HttpRequest("POST", "/", headers={"authorization": signed}).credential
    Credential(access_key_id='KEY', region='eu-west-1', service='sagemaker')
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def credential(self) -> Credential | None:
        """The credential scope of the signature (header or presigned URL), None when there is none."""
        found = _AUTHORIZATION.search(self.headers.get("authorization", ""))
        scope = found["scope"] if found else parse_qs(self.query).get("X-Amz-Credential", [""])[0]
        parts = scope.split("/")
        if len(parts) != 5:
            return None
        access_key_id, _date, region, service, _terminator = parts
        return Credential(access_key_id, region, service)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response: status code, headers and the whole body.

    Examples
    --------
    >>> HttpResponse(200, {"content-type": "application/json"}, b"{}").status
    200
    """

    status: int
    headers: dict[str, str]
    body: bytes
