"""Names of human loops: made from what is reviewed, so that the same review has the same name everywhere."""

from __future__ import annotations

from hashlib import blake2b

from hitl_sdk.arns import parse_arn
from hitl_sdk.errors import InvalidPredictionError

__all__ = ["human_loop_name"]

# The service allows 63 characters of [a-z0-9] and hyphens; 40 of them are the digest's.
_DIGEST_BYTES = 20
_READABLE_LENGTH = 22


def human_loop_name(flow_definition_arn: str, item: str) -> str:
    """Return the name of the human loop that reviews an item in a flow.

    It depends on the flow and on the item's content alone: running again finds what was started, equal
    content is reviewed once, and a new model's label for an item does not have it reviewed anew.

    Parameters
    ----------
    flow_definition_arn : str
        The flow.
    item : str
        The content, or its S3 URI.

    Returns
    -------
    str
        At most 63 characters: the beginning of the flow's name, and 160 bits of a BLAKE2b digest.

    Raises
    ------
    InvalidArnError
        If it is not the ARN of a flow definition.
    InvalidPredictionError
        If `item` is not valid Unicode.

    Examples
    --------
    >>> flow = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/sentiment"
    >>> human_loop_name(flow, "It is okay")
    'sentiment-...'
    """
    flow = parse_arn(flow_definition_arn, "flow-definition")
    try:
        content = item.encode()
    except UnicodeEncodeError:
        raise InvalidPredictionError(
            "the item is not valid Unicode: it holds half a surrogate pair", hint="decode it again"
        ) from None
    digest = blake2b(flow.text.encode() + b"\0" + content, digest_size=_DIGEST_BYTES).hexdigest()
    return f"{flow.name[:_READABLE_LENGTH].rstrip('-')}-{digest}"
