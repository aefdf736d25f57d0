"""What the engine refuses with, and what a delivery may fail with."""

from __future__ import annotations

__all__ = ["BucketMissing", "EngineError", "FunctionFailed", "TopicMissing"]


class EngineError(Exception):
    """A request that the engine refuses, in the words of AWS's API.

    Parameters
    ----------
    code : str
        The modelled exception's name, for example ``"ConflictException"``; ``"ValidationException"``
        where the service's model has none.
    message : str
        What is wrong, naming the thing.
    **members : str
        What else the modelled exception carries.

    Examples
    --------
    >>> error = EngineError("ResourceInUse", "HumanTaskUi 'review' already exists")
    >>> error.code, error.message
    ('ResourceInUse', "HumanTaskUi 'review' already exists")
    """

    def __init__(self, code: str, message: str, **members: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.members = members

    def __str__(self) -> str:
        """Return the code and the message."""
        return f"{self.code}: {self.message}"


class BucketMissing(Exception):
    """The bucket of an output does not exist: trying again won't help.

    Parameters
    ----------
    bucket : str
        Its name.

    Examples
    --------
    >>> str(BucketMissing("reviews"))
    "The output bucket 'reviews' does not exist"
    """

    def __init__(self, bucket: str) -> None:
        super().__init__(bucket)
        self.bucket = bucket

    def __str__(self) -> str:
        """Return the sentence that becomes the loop's FailureReason."""
        return f"The output bucket {self.bucket!r} does not exist"


class FunctionFailed(Exception):
    """A Lambda function raised, did not end in time, gave what is no JSON, or does not exist.

    Parameters
    ----------
    reason : str
        What happened: the type of the function's error and its message.

    Examples
    --------
    >>> str(FunctionFailed("KeyError: 'source-ref'"))
    "KeyError: 'source-ref'"
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TopicMissing(Exception):
    """The SNS topic of a labeling job does not exist: trying again won't help.

    Parameters
    ----------
    topic_arn : str
        Its ARN.

    Examples
    --------
    >>> str(TopicMissing("arn:aws:sns:eu-west-1:123456789012:pets"))
    'The topic arn:aws:sns:eu-west-1:123456789012:pets does not exist'
    """

    def __init__(self, topic_arn: str) -> None:
        super().__init__(topic_arn)
        self.topic_arn = topic_arn

    def __str__(self) -> str:
        """Return the sentence."""
        return f"The topic {self.topic_arn} does not exist"
