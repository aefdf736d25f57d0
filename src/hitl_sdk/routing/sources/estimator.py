"""Predictions from a scikit-learn classifier, or from anything with its `predict_proba` and `classes_`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing.prediction import Prediction
from hitl_sdk.routing.sources._asking import ask_in_batches, unusable
from hitl_sdk.routing.sources._records import checked_labels, from_scores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hitl_sdk.routing.prediction import InvalidPrediction
    from hitl_sdk.routing.sources._asking import Asked, Outcome

__all__ = ["from_estimator"]

_REFUSALS = (AttributeError, LookupError, TypeError, ValueError)
"""What an estimator, or a function that makes its rows, raises at an item that it can't read: a gap, no text, no entry."""


def from_estimator(
    estimator: object,
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None = None,
    features: object = None,
    batch_size: int = 1024,
) -> Iterator[Prediction | InvalidPrediction]:
    """Ask a fitted classifier for the probabilities of its classes, many items at a time.

    Parameters
    ----------
    estimator : object
        With scikit-learn's `predict_proba` and `classes_`: a classifier, a pipeline that ends in one, XGBoost's and
        LightGBM's too.
    items : iterable of str
        The contents, or their S3 URIs: what people would see. Read as predictions are taken, `batch_size` ahead.
    item_ids : iterable of str or int, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.
    features : optional
        What the estimator is given, where that is not the texts of the items: an array, a sparse matrix or a frame
        with a row an item; an iterable of rows; or a function that makes the rows of a list of items.
    batch_size : int, default 1024
        Items a call of `predict_proba`.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        One an item, in the order of `items`: the likeliest class, its probability, and all of them as `scores`. An item
        whose features can't be made, or that the estimator refuses, is an `InvalidPrediction`.

    Raises
    ------
    InvalidInputError
        If `estimator` has no `predict_proba`, is not fitted, or has several outputs, or several labels an item; if ids
        or features are not as many as items, an id is missing, or `items` is one text.
    ValueError, TypeError, AttributeError, LookupError
        From the iterator: the estimator's own, if it has refused every item so far.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> from sklearn.pipeline import make_pipeline
    >>> model = make_pipeline(CountVectorizer(), MultinomialNB()).fit(["good", "bad"], [1, -1])
    >>> [prediction] = from_estimator(model, ["good, very good"])
    >>> prediction.label, round(prediction.confidence, 2), sorted(prediction.scores)
    ('1', 0.8, ['-1', '1'])
    """
    classifier: Any = estimator
    labels = _classes(classifier)
    per_item, rows_of = _features(features)
    has_answered = False

    def answer(batch: list[Asked]) -> list[Outcome]:
        nonlocal has_answered
        refusals: list[Exception] = []
        outcomes = _asked(classifier, batch, rows_of, labels, refusals)
        has_answered = has_answered or any(isinstance(outcome, Prediction) for outcome in outcomes)
        if refusals and not has_answered:
            raise refusals[0]
        return outcomes

    return ask_in_batches(
        answer,
        items,
        about=type(classifier).__name__,
        item_ids=item_ids,
        features=per_item,
        batch_size=batch_size,
        concurrency=1,
    )


def _asked(
    classifier: Any,
    batch: list[Asked],
    rows_of: Callable[[list[Any]], object],
    labels: tuple[str, ...],
    refusals: list[Exception],
) -> list[Outcome]:
    """Ask about a batch; of one that is refused, find the items that it is refused for."""
    try:
        table = classifier.predict_proba(rows_of([asked.features for asked in batch]))
    except _REFUSALS as error:
        refusals.append(error)
        if len(batch) == 1:
            return [unusable(batch[0], f"{type(classifier).__name__} refuses it: {error}")]
        middle = len(batch) // 2
        return [
            outcome
            for half in (batch[:middle], batch[middle:])
            for outcome in _asked(classifier, half, rows_of, labels, refusals)
        ]
    if hasattr(table, "to_numpy"):  # a frame, over whose rows it would not go by itself
        table = table.to_numpy()
    vectors = table.tolist() if hasattr(table, "tolist") else list(() if table is None else table)
    if len(vectors) != len(batch):
        raise InvalidInputError(
            f"{type(classifier).__name__} gave {len(vectors)} rows for {len(batch)} items",
            hint="features must make a row an item",
        )
    return [from_scores(asked, row, labels, raw=row) for asked, row in zip(batch, vectors, strict=True)]


def _classes(classifier: Any) -> tuple[str, ...]:
    name = type(classifier).__name__
    if not callable(getattr(classifier, "predict_proba", None)):
        hint = "give a classifier with predict_proba"
        if callable(getattr(classifier, "decision_function", None)):
            hint = "its scores are no probabilities: wrap it in sklearn's CalibratedClassifierCV and fit that"
        raise InvalidInputError(f"{name} has no predict_proba", hint=hint)
    classes = getattr(classifier, "classes_", None)
    if classes is None:
        raise InvalidInputError(f"{name} has no classes_", hint="fit it first")
    if len(classes) and hasattr(classes[0], "__len__") and not isinstance(classes[0], str | bytes):
        raise InvalidInputError(f"{name} has several outputs", hint="give the estimator of each by itself")
    if _is_multilabel(classifier):
        raise InvalidInputError(
            f"{name} gives several labels an item, each with a probability of its own",
            hint="say which of them hold, and how sure that is, by a function to from_callable",
        )
    labels = checked_labels(classes)
    return () if labels is None else labels


def _is_multilabel(classifier: Any) -> bool:
    """Tell whether scikit-learn's own has been fitted to several labels an item, which its `classes_` do not say."""
    while hasattr(classifier, "steps") or hasattr(classifier, "best_estimator_"):
        classifier = classifier.steps[-1][1] if hasattr(classifier, "steps") else classifier.best_estimator_
    of_a_network = getattr(classifier, "out_activation_", None) == "logistic"
    return getattr(classifier, "multilabel_", False) is True or (of_a_network and classifier.n_outputs_ > 1)


def _features(features: Any) -> tuple[Iterable[object] | None, Callable[[list[Any]], object]]:
    """Return what stands for each item, and how rows are made of what stands for a batch."""
    if features is None:
        return None, _as_they_are
    if callable(features):
        return None, features
    if hasattr(features, "to_pylist"):  # Arrow's: of a column an estimator would be given no texts
        of_rows = hasattr(features, "schema")
        return (range(len(features)), features.take) if of_rows else (features.to_pylist(), _as_they_are)
    if hasattr(features, "iloc"):
        return range(len(features)), lambda places: features.iloc[places]
    if hasattr(features, "tocsr"):
        features = features.tocsr()  # a sparse matrix of another form may have no rows to take
    if hasattr(features, "shape"):
        return range(features.shape[0]), lambda places: features[places]
    return features, _as_they_are


def _as_they_are(rows: list[Any]) -> object:
    return rows
