"""The algorithms of automated labeling on this machine: any classifier, and what it sees of an object."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from hitl_sdk._data import human_review_quotas
from hitl_sdk._optional import load
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from hitl_sdk.local.active_learning import Estimator

__all__ = ["Algorithm", "Algorithms", "ObjectFeatures", "pixels", "text"]

ObjectFeatures: TypeAlias = Callable[[Mapping[str, Any], bytes | None], Sequence[float] | str | None]
"""Makes an estimator's row of an object: of its manifest line, and the bytes that ``source-ref`` names."""

_SIDE = 16  # of the thumbnail whose pixels are the features of an image


@dataclass(frozen=True, slots=True)
class Algorithm:
    """What learns to label.

    Attributes
    ----------
    estimator : Estimator
        An untrained classifier.
    features : callable
        Makes its rows.
    least_objects : int
        Jobs with fewer objects fail.
    """

    estimator: Estimator
    features: ObjectFeatures
    least_objects: int


class Algorithms:
    """Which algorithm labels what: scikit-learn's logistic regression, until another is given.

    Examples
    --------
    >>> type(Algorithms().named("text-classification").estimator).__name__
    'Pipeline'
    >>> Algorithms().named("object-detection") is None
    True
    """

    def __init__(self) -> None:
        self._given: Estimator | None = None
        self._features: ObjectFeatures | None = None
        self._least_objects = human_review_quotas()["automated_labeling_least_objects"]

    def use(
        self, estimator: Estimator | None, features: ObjectFeatures | None, least_objects: int | None
    ) -> None:
        """Let another classifier label, or what it sees be another; None leaves the usual.

        Raises
        ------
        InvalidInputError
            If it is no classifier.
        """
        for method in ("fit", "predict_proba"):
            if estimator is not None and not callable(getattr(estimator, method, None)):
                raise InvalidInputError(
                    f"{type(estimator).__name__} has no {method}",
                    hint="give a classifier with fit, predict_proba and classes_, as scikit-learn's",
                )
        self._given = estimator
        self._features = features
        if least_objects is not None:
            self._least_objects = least_objects

    def named(self, name: str) -> Algorithm | None:
        """Return what does here the work of AWS's algorithm; None if nothing does.

        Raises
        ------
        MissingExtraError
            If it takes scikit-learn, and that is not installed.
        """
        usual: dict[str, tuple[Callable[[], Estimator], ObjectFeatures]] = {
            "text-classification": (_of_words, text),
            "image-classification": (_of_pixels, pixels),
        }
        if name not in usual:
            return None
        make, features = usual[name]
        # Not by truth: an untrained ensemble of scikit-learn's has no length yet.
        estimator = make() if self._given is None else self._given
        return Algorithm(estimator, self._features or features, self._least_objects)


def text(line: Mapping[str, Any], content: bytes | None) -> str | None:
    """Return the text of an object.

    Examples
    --------
    >>> text({"source": "Loved it"}, None)
    'Loved it'
    """
    return line.get("source") if content is None else content.decode("utf-8", "replace")


def pixels(line: Mapping[str, Any], content: bytes | None) -> list[float] | None:  # noqa: ARG001  one face for all
    """Return the pixels of an image, made small, from 0 to 1; None if it is no image.

    Examples
    --------
    >>> pixels({"source-ref": "s3://in/a.png"}, b"no image") is None
    True
    """
    images = load("PIL.Image", extra="images", needed_for="automated labeling of images")
    try:
        with images.open(io.BytesIO(content or b"")) as image:
            small = image.convert("RGB").resize((_SIDE, _SIDE), images.Resampling.BILINEAR)
    except (OSError, ValueError, SyntaxError):  # as Pillow says that it can't read one
        return None
    return [value / 255 for value in small.tobytes()]


def _of_words() -> Estimator:
    linear = _sklearn("linear_model")
    words = _sklearn("feature_extraction.text").TfidfVectorizer(sublinear_tf=True)
    made: Estimator = _sklearn("pipeline").make_pipeline(
        words, linear.LogisticRegression(C=10, max_iter=1000)
    )
    return made


def _of_pixels() -> Estimator:
    fewer = _sklearn("decomposition").PCA(
        n_components=0.95, svd_solver="full"
    )  # of pixels, most say the same
    linear = _sklearn("linear_model").LogisticRegression(max_iter=1000)
    made: Estimator = _sklearn("pipeline").make_pipeline(fewer, linear)
    return made


def _sklearn(module: str) -> Any:
    return load(f"sklearn.{module}", extra="demo", needed_for="automated labeling")
