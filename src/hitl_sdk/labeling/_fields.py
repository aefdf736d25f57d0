"""The text types of labeling jobs: the service's own patterns and lengths, with words for them."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, PlainValidator

from hitl_sdk.resources import LambdaFunction
from hitl_sdk.resources.types import TextRule

__all__ = [
    "FUNCTION_ARN",
    "OBJECT_URI",
    "AttributeName",
    "ContentClassifier",
    "Function",
    "JobName",
    "object_uri",
]

_NAME = "letters, digits and hyphens, beginning and ending with a letter or digit"
FUNCTION_ARN = TextRule(
    r"arn:aws[a-z\-]*:lambda:[a-z0-9\-]*:[0-9]{12}:function:.*", 2048, "the ARN of a Lambda function"
)
OBJECT_URI = TextRule(r"(https|s3)://([^/]+)/?(.*)", 1024, "s3://bucket/key")


def object_uri(text: str) -> str:
    """Return the address of an object in S3, or refuse it.

    Raises
    ------
    ValueError
        If it is none.
    """
    if not re.fullmatch(r"s3://[^/]+/.*[^/]", text, re.DOTALL):
        raise ValueError(
            "allowed is the S3 address of an object, s3://bucket/key; give a file as InputManifest.open(path)"
        )
    return OBJECT_URI(text)


def _as_function(value: object) -> object:
    if isinstance(value, str):
        return FUNCTION_ARN(value)
    if value is None or value is False or isinstance(value, LambdaFunction):
        return value
    raise ValueError("give the ARN of a Lambda function, a LambdaFunction, or False for none")


JobName = Annotated[str, AfterValidator(TextRule("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", 63, _NAME))]
AttributeName = Annotated[str, AfterValidator(TextRule("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,126}", 127, _NAME))]
Function = Annotated[str | LambdaFunction | Literal[False] | None, PlainValidator(_as_function)]
ContentClassifier = Literal["FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"]
