"""Predictions from Amazon Rekognition: labels, moderation labels and custom labels of images.

An image has many labels, each with a confidence of its own: those from `threshold` on are the prediction, all are its
`scores`, and the least sure of the predicted ones gives the item's confidence.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from hitl_sdk.errors import ConfigurationError
from hitl_sdk.routing.sources._asking import ask_in_batches, check_arn, check_members, more_members
from hitl_sdk.routing.sources._files import file_of, without_metadata
from hitl_sdk.routing.sources._image_labels import LabelCount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from hitl_sdk.routing.prediction import InvalidPrediction, Prediction
    from hitl_sdk.routing.sources._asking import Asked, Outcome
    from hitl_sdk.session import Session

__all__ = [
    "from_rekognition_custom_labels",
    "from_rekognition_labels",
    "from_rekognition_moderation",
]

_SET_HERE = ("Image", "MinConfidence", "ProjectVersionArn", "HumanLoopConfig")
_MODEL = r"arn:aws[a-z-]*:rekognition:[a-z0-9-]+:\d{12}:project/\S+/version/\S+"


def from_rekognition_labels(
    session: Session,
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None = None,
    contents: Iterable[bytes | str | Path] | None = None,
    labels: Iterable[str] | None = None,
    min_confidence: float = 0.05,
    threshold: float = 0.5,
    request: Mapping[str, Any] | None = None,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Ask Rekognition what images show: DetectLabels.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    items : iterable of str
        The images' S3 URIs: what people would see. Read as predictions are taken.
    item_ids : iterable of str or int, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.
    contents : iterable of bytes or path, optional
        The images themselves, one an item, for items that Rekognition can't read from S3.
    labels : iterable of str, optional
        The labels that count, those of your task; all when left out. `raw` keeps every label.
    min_confidence : float, default 0.05
        The lowest score that is asked for, from 0 to 1.
    threshold : float, default 0.5
        The score from which on a label is predicted; not below `min_confidence`.
    request : mapping, optional
        More members of DetectLabels, such as ``{"MaxLabels": 20}``.
    concurrency : int, default 8
        Calls at a time.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        One an item, in the order of `items`; the label is a tuple, by falling score. An image that Rekognition refuses
        is an `InvalidPrediction`.

    Raises
    ------
    CredentialsError, AccessDeniedError
        If Rekognition can't be asked at all.
    InvalidInputError
        If there are not as many ids or contents as items, an id is missing, a label stands twice, `items` is one text,
        `concurrency` is below 1, a confidence is not from 0 to 1, or `request` is not one.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> found = {"Labels": [{"Name": "Person", "Confidence": 99.7}, {"Name": "Clinic", "Confidence": 39.2}]}
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer("rekognition", "DetectLabels", lambda request: found)
    ...     [prediction] = from_rekognition_labels(cloud.session(), ["s3://images/1.png"])
    >>> prediction.label, round(prediction.confidence, 3), round(prediction.scores["Clinic"], 3)
    (('Person',), 0.997, 0.392)
    """
    more = more_members(request, *_SET_HERE)
    rekognition = session.client("rekognition")
    check_members(rekognition, "DetectLabels", more)
    count = LabelCount.made(labels, min_confidence, threshold)

    def ask(image: Any) -> Any:
        return rekognition.detect_labels(Image=image, MinConfidence=count.percentage, **more)

    return _asked(ask, "Labels", count, items, item_ids=item_ids, contents=contents, concurrency=concurrency)


def from_rekognition_moderation(
    session: Session,
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None = None,
    contents: Iterable[bytes | str | Path] | None = None,
    labels: Iterable[str] | None = None,
    min_confidence: float = 0.05,
    threshold: float = 0.5,
    request: Mapping[str, Any] | None = None,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Ask Rekognition what is unsafe in images: DetectModerationLabels.

    For people to be asked by AWS itself, by its ``HumanLoopConfig``, see `hitl_sdk.BuiltInReviews`.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    items : iterable of str
        The images' S3 URIs.
    item_ids, contents, labels : iterable, optional
        As for `from_rekognition_labels`. Rekognition gives a label's parents as labels too: name the ones that count.
    min_confidence, threshold : float
        As for `from_rekognition_labels`.
    request : mapping, optional
        More members of DetectModerationLabels, such as ``{"ProjectVersion": "arn:..."}``.
    concurrency : int, default 8
        Calls at a time.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        As `from_rekognition_labels`. The label of an image in which nothing is unsafe is ``()``.

    Raises
    ------
    HitlError
        As `from_rekognition_labels`.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer("rekognition", "DetectModerationLabels", lambda request: {"ModerationLabels": []})
    ...     [prediction] = from_rekognition_moderation(cloud.session(), ["s3://images/1.png"])
    >>> prediction.label, prediction.confidence
    ((), 0.95)
    """
    more = more_members(request, *_SET_HERE)
    rekognition = session.client("rekognition")
    check_members(rekognition, "DetectModerationLabels", more)
    count = LabelCount.made(labels, min_confidence, threshold)

    def ask(image: Any) -> Any:
        return rekognition.detect_moderation_labels(Image=image, MinConfidence=count.percentage, **more)

    return _asked(
        ask, "ModerationLabels", count, items, item_ids=item_ids, contents=contents, concurrency=concurrency
    )


def from_rekognition_custom_labels(
    session: Session,
    project_version_arn: str,
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None = None,
    contents: Iterable[bytes | str | Path] | None = None,
    labels: Iterable[str] | None = None,
    one_label: bool = False,
    min_confidence: float = 0.05,
    threshold: float = 0.5,
    request: Mapping[str, Any] | None = None,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Ask a model of Rekognition Custom Labels, which has to be running: DetectCustomLabels.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    project_version_arn : str
        The model.
    items : iterable of str
        The images' S3 URIs.
    item_ids, contents, labels : iterable, optional
        As for `from_rekognition_labels`.
    one_label : bool, default False
        For a model that gives an image one of several classes: the likeliest label alone is the prediction, as a text,
        whatever its score.
    min_confidence, threshold : float
        As for `from_rekognition_labels`.
    request : mapping, optional
        More members of DetectCustomLabels, such as ``{"MaxResults": 20}``.
    concurrency : int, default 8
        Calls at a time.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        As `from_rekognition_labels`. Where a label lies in the image is in `raw`.

    Raises
    ------
    NotFoundError
        If there is no such model.
    ConfigurationError
        If the model is not running.
    InvalidArnError
        If `project_version_arn` is of no version of a model.
    HitlError
        As `from_rekognition_labels`.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> arn = "arn:aws:rekognition:us-east-1:123456789012:project/shirts/version/v1/1750000000000"
    >>> found = {"CustomLabels": [{"Name": "polo", "Confidence": 61.0}, {"Name": "tee", "Confidence": 37.5}]}
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer("rekognition", "DetectCustomLabels", lambda request: found)
    ...     [prediction] = from_rekognition_custom_labels(
    ...         cloud.session(), arn, ["s3://images/1.png"], one_label=True
    ...     )
    >>> prediction.label, prediction.confidence
    ('polo', 0.61)
    """
    check_arn(
        project_version_arn, _MODEL, "arn:aws:rekognition:REGION:ACCOUNT:project/NAME/version/VERSION/NUMBER"
    )
    more = more_members(request, *_SET_HERE)
    rekognition = session.client("rekognition")
    check_members(rekognition, "DetectCustomLabels", more)
    count = LabelCount.made(labels, min_confidence, threshold, one_label=one_label)

    def ask(image: Any) -> Any:
        with _told_if_it_is_not_running(project_version_arn):
            return rekognition.detect_custom_labels(
                ProjectVersionArn=project_version_arn,
                Image=image,
                MinConfidence=count.percentage,
                **more,
            )

    return _asked(
        ask, "CustomLabels", count, items, item_ids=item_ids, contents=contents, concurrency=concurrency
    )


def _asked(
    ask: Callable[[Any], Any],
    member: str,
    count: LabelCount,
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None,
    contents: Iterable[bytes | str | Path] | None,
    concurrency: int,
) -> Iterator[Outcome]:
    def answer(batch: list[Asked]) -> list[Outcome]:
        raw = without_metadata(ask(file_of(batch[0], own=contents is not None)))
        return [count.outcome(batch[0], raw.get(member, ()), raw)]

    return ask_in_batches(
        answer,
        items,
        about="Rekognition",
        item_ids=item_ids,
        features=contents,
        batch_size=1,
        concurrency=concurrency,
    )


@contextmanager
def _told_if_it_is_not_running(project_version_arn: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotReadyException":
            raise ConfigurationError(
                f"the model {project_version_arn} is not running", hint="start it by StartProjectVersion"
            ) from error
        raise
