"""The text types of the builders: each rule is the service's own pattern and length, with words for it.

boto3 sends what breaks these rules and lets the service refuse it; the builders refuse it offline.
A test holds every rule against the installed botocore model.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from hitl_sdk.arns import ArnKind, parse_arn

__all__ = [
    "Bucket",
    "CallbackUrl",
    "CallbackUrls",
    "Cidr",
    "Cidrs",
    "ClientId",
    "ClientName",
    "Description",
    "DomainPrefix",
    "Email",
    "FlowDefinitionArn",
    "FlowName",
    "GroupDescription",
    "GroupName",
    "HumanTaskUiArn",
    "Keyword",
    "Keywords",
    "KmsKeyId",
    "OutputUri",
    "RoleArn",
    "TagKey",
    "TagValue",
    "TaskDescription",
    "TaskTitle",
    "TaskUiContent",
    "TaskUiName",
    "TextRule",
    "TopicArn",
    "UserName",
    "UserPoolId",
    "UserPoolName",
    "WorkforceName",
    "WorkteamArn",
    "WorkteamName",
]

_VISIBLE = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+"
_TAG = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"
# What Java's regular expressions read otherwise than Python's.
_IN_PYTHON = {
    ".+": r"[^\n\r\u0085\u2028\u2029]+",
    r"[\t\n\r -\uD7FF\uE000-\uFFFD]*": "[\t\n\r -\ud7ff\ue000-\ufffd]*",
}


@dataclass(frozen=True, slots=True)
class TextRule:
    """A rule of the service for a text: its length, its pattern, and words for what is allowed.

    Parameters
    ----------
    pattern : str
        The service's own pattern, as botocore's model has it. The whole text must match.
    longest, shortest : int
        Length in characters.
    allowed : str
        The rule in words, for the error.

    Raises
    ------
    ValueError
        On a call with a text that breaks the rule.

    Examples
    --------
    >>> TextRule("[a-z]+", longest=3, allowed="lower-case letters")("ABC")
    Traceback (most recent call last):
    ...
    ValueError: allowed are 1 to 3 characters: lower-case letters
    """

    pattern: str
    longest: int
    allowed: str
    shortest: int = 1

    def __call__(self, text: str) -> str:
        """Return `text`, or refuse it."""
        if not (self.shortest <= len(text) <= self.longest and self._matches(text)):
            raise ValueError(
                f"allowed are {self.shortest} to {self.longest:,} characters: {self.allowed}"
                + (f"; it has {len(text):,}" if len(text) > self.longest else "")
            )
        return text

    def _matches(self, text: str) -> bool:
        if self.pattern == _VISIBLE:
            return all(unicodedata.category(char)[0] in "LMSNP" for char in text)
        if self.pattern == _TAG:
            return all(unicodedata.category(char)[0] in "LZN" or char in "_.:/=+-@" for char in text)
        pattern = _IN_PYTHON.get(self.pattern, self.pattern)
        return re.fullmatch(pattern, text, re.ASCII) is not None


@dataclass(frozen=True, slots=True)
class _ArnRule:
    """An ARN of one kind."""

    kind: ArnKind

    def __call__(self, text: str) -> str:
        return parse_arn(text, self.kind).text


def _not_of_the_public_workforce(text: str) -> str:
    if ":workteam/public-crowd/" in text:
        raise ValueError(
            "this is the public (Mechanical Turk) work team, and that workforce closed on 30 September 2026; "
            "use a private team (PrivateTeam) or a vendor's"
        )
    return text


def _free_of_reserved_words(text: str) -> str:
    """Refuse what Cognito refuses in a prefix domain, beyond its pattern."""
    for word in ("aws", "amazon", "cognito"):
        if word in text:
            raise ValueError(f"Cognito reserves the word {word!r} in domain prefixes")
    return text


def _like_a_bucket(text: str) -> str:
    """Apply S3's naming rules for general purpose buckets."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", text):
        raise ValueError(
            f"{text!r} is not a bucket name: 3 to 63 lower-case letters, digits, dots and hyphens, "
            "beginning and ending with a letter or digit"
        )
    if ".." in text or re.fullmatch(r"\d+\.\d+\.\d+\.\d+", text) or text.startswith("xn--"):
        raise ValueError(f"{text!r} is not a bucket name: no two dots in a row, no IP address, no 'xn--'")
    return text


def _like_an_output_uri(text: str) -> str:
    """Check ``s3://bucket/prefix``, and drop the slash at its end so that equal places are equal texts."""
    match = re.fullmatch(r"s3://([^/]+)(/.*)?", text)
    if match is None:
        raise ValueError("allowed is s3://bucket/prefix")
    _like_a_bucket(match[1])
    return text.rstrip("/")


def _like_a_cidr(text: str) -> str:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        valid = False
    else:
        valid = "/" in text
    if not valid:
        raise ValueError("allowed is a range of IP addresses, for example 192.0.2.0/24")
    return text


def _like_an_email(text: str) -> str:
    # The address is not repeated in the error: it is a person's.
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", text):
        raise ValueError("allowed is an e-mail address, name@domain")
    return text


_LETTERS_DIGITS_HYPHENS = "letters, digits and hyphens, beginning and ending with a letter or digit"
_LOWER_DIGITS_HYPHENS = (
    "lower-case letters, digits and hyphens, beginning and ending with a lower-case letter or digit"
)
_POOL_TEXT = r"[\w\s+=,.@-]+"
_POOL_WORDS = "letters, digits, spaces and _+=,.@-"

UserPoolName = Annotated[str, AfterValidator(TextRule(_POOL_TEXT, 128, _POOL_WORDS))]
ClientName = Annotated[str, AfterValidator(TextRule(_POOL_TEXT, 128, _POOL_WORDS))]
UserPoolId = Annotated[
    str, AfterValidator(TextRule(r"[\w-]+_[0-9a-zA-Z]+", 55, "REGION_ID, for example eu-west-1_AbCdEf123"))
]
ClientId = Annotated[str, AfterValidator(TextRule("[ -~]+", 1024, "printable ASCII"))]
CallbackUrl = Annotated[str, AfterValidator(TextRule(_VISIBLE, 1024, "a URL without blanks"))]
DomainPrefix = Annotated[
    str,
    AfterValidator(TextRule(r"^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$", 63, _LOWER_DIGITS_HYPHENS)),
    AfterValidator(_free_of_reserved_words),
]
GroupName = Annotated[str, AfterValidator(TextRule(_VISIBLE, 128, "anything without blanks"))]
GroupDescription = Annotated[str, AfterValidator(TextRule(r"[\S\s]*", 2048, "any text", shortest=0))]
UserName = Annotated[str, AfterValidator(TextRule(_VISIBLE, 128, "anything without blanks"))]
Email = Annotated[
    str,
    AfterValidator(_like_an_email),
    AfterValidator(TextRule(_VISIBLE, 128, "an e-mail address without blanks")),
]
WorkforceName = Annotated[
    str,
    AfterValidator(
        TextRule(
            r"[a-zA-Z0-9]([a-zA-Z0-9\-]){0,62}",
            63,
            "letters, digits and hyphens, beginning with a letter or digit",
        )
    ),
]
Cidr = Annotated[str, AfterValidator(_like_a_cidr)]
WorkteamName = Annotated[
    str, AfterValidator(TextRule("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", 63, _LETTERS_DIGITS_HYPHENS))
]
Description = Annotated[str, AfterValidator(TextRule(".+", 200, "one line of text"))]
TaskUiName = Annotated[str, AfterValidator(TextRule("[a-z0-9](-*[a-z0-9])*", 63, _LOWER_DIGITS_HYPHENS))]
TaskUiContent = Annotated[
    str, AfterValidator(TextRule(r"[\S\s]+", 128_000, "a worker template (HTML with Liquid)"))
]
FlowName = Annotated[str, AfterValidator(TextRule("[a-z0-9](-*[a-z0-9]){0,62}", 63, _LOWER_DIGITS_HYPHENS))]
TaskTitle = Annotated[
    str,
    AfterValidator(TextRule(r"[\t\n\r -\uD7FF\uE000-\uFFFD]*", 128, "text without emoji and control codes")),
]
TaskDescription = Annotated[str, AfterValidator(TextRule(".+", 255, "one line of text"))]
Keyword = Annotated[
    str,
    AfterValidator(
        TextRule("[A-Za-z0-9]+( [A-Za-z0-9]+)*", 30, "words of letters and digits, one blank between")
    ),
]
KmsKeyId = Annotated[str, AfterValidator(TextRule("[a-zA-Z0-9:/_-]*", 2048, "a KMS key id, ARN or alias"))]
TagKey = Annotated[str, AfterValidator(TextRule(_TAG, 128, "letters, digits, blanks and _.:/=+-@"))]
TagValue = Annotated[
    str, AfterValidator(TextRule(_TAG, 256, "letters, digits, blanks and _.:/=+-@", shortest=0))
]

CallbackUrls = Annotated[Sequence[CallbackUrl], AfterValidator(tuple), Field(min_length=1, max_length=100)]
# AWS takes ten ranges (API reference, SourceIpConfig); botocore's model states no number.
Cidrs = Annotated[Sequence[Cidr], AfterValidator(tuple), Field(max_length=10)]
Keywords = Annotated[Sequence[Keyword], AfterValidator(tuple), Field(max_length=5)]
Bucket = Annotated[str, AfterValidator(_like_a_bucket)]
OutputUri = Annotated[
    str,
    AfterValidator(_like_an_output_uri),
    AfterValidator(TextRule(r"(https|s3)://([^/]+)/?(.*)", 1024, "s3://bucket/prefix")),
]
WorkteamArn = Annotated[
    str, AfterValidator(_ArnRule("workteam")), AfterValidator(_not_of_the_public_workforce)
]
FlowDefinitionArn = Annotated[str, AfterValidator(_ArnRule("flow-definition"))]
HumanTaskUiArn = Annotated[str, AfterValidator(_ArnRule("human-task-ui"))]
RoleArn = Annotated[
    str,
    AfterValidator(_ArnRule("role")),
    AfterValidator(
        TextRule(
            r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
            2048,
            "the ARN of a role",
            shortest=20,
        )
    ),
]
TopicArn = Annotated[str, AfterValidator(_ArnRule("sns-topic"))]
