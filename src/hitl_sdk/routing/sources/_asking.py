"""Asks a model about a stream of items: names, order, bounded look-ahead, and which error is whose.

What is wrong with one item is that item's outcome; what no item can escape (credentials, permission, a model that
does not exist) is raised. A source gives a function that answers one item or a batch, and gets all the rest.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from itertools import count, islice
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import narwhals as nw
from botocore.validate import ParamValidator

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._threads import check_concurrency, results_in_order
from hitl_sdk.errors import (
    AccessDeniedError,
    ConfigurationError,
    HitlError,
    InvalidArnError,
    InvalidInputError,
    InvalidOutputError,
    InvalidPredictionError,
    NotFoundError,
)
from hitl_sdk.routing.prediction import InvalidPrediction, Prediction, item_id_problem, item_problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

__all__ = [
    "FATAL",
    "Asked",
    "Outcome",
    "TooLarge",
    "ask_each",
    "ask_in_batches",
    "check_arn",
    "check_members",
    "failed",
    "more_members",
    "name_of",
    "predicted",
    "read_as_told",
    "settled",
    "unusable",
    "without_asking",
]

Outcome: TypeAlias = Prediction | InvalidPrediction

_ROUNDING = 2e-5
"""How far above 1 the surest are: in single precision 1e-7, by fastText, and so BlazingText, 1e-5."""

FATAL = (ConfigurationError, AccessDeniedError, NotFoundError)
"""Errors that every item would meet: no outcome of one, but the end of the stream."""

_OF_THE_ITEM = "Missing required parameter in input:"


class TooLarge(Exception):
    """Raised by an answering function for a batch of several items: ask about each half of it instead."""


class Asked(NamedTuple):
    """An item that a model is asked about."""

    item_id: str
    item: str
    features: object
    """What the model is given: the item itself, unless the user gave something else."""


def ask_each(
    answer: Callable[[Asked], Outcome | Iterable[Outcome]],
    items: Iterable[str],
    *,
    about: str,
    item_ids: Iterable[object] | None = None,
    concurrency: int = 8,
    closed: Event | None = None,
) -> Iterator[Outcome]:
    """Ask about items one by one.

    Parameters
    ----------
    answer : callable
        Asks about one item, and returns its outcome, or several (the sentences of a recording). botocore's errors
        are translated here.
    items : iterable of str
        Read as outcomes are taken, a bounded number ahead.
    about : str
        What is asked, for messages: ``"Comprehend"``, ``"endpoint 'mood'"``.
    item_ids : iterable of str or int, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.
    concurrency : int, default 8
        Calls at a time. With 1, all happens in the caller's thread, and nothing is read ahead.
    closed : Event, optional
        Set when the stream ends or is closed, for an `answer` that waits to give up then.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        In the order of the items. The arguments are checked at once, before it is iterated.

    Raises
    ------
    InvalidInputError
        If `items` is one text, `concurrency` is below 1, or ids and items are seen not to fit. From the stream, after
        the outcomes of all items before: if an id is missing or none.
    HitlError
        From the stream: what every item would meet, such as expired credentials.
    """

    def answer_one(batch: list[Asked]) -> Iterable[Outcome]:
        outcome = answer(batch[0])
        return [outcome] if isinstance(outcome, Prediction | InvalidPrediction) else outcome

    return ask_in_batches(
        answer_one,
        items,
        about=about,
        item_ids=item_ids,
        batch_size=1,
        concurrency=concurrency,
        closed=closed,
    )


def ask_in_batches(
    answer: Callable[[list[Asked]], Iterable[Outcome]],
    items: Iterable[str],
    *,
    about: str,
    batch_size: int,
    item_ids: Iterable[object] | None = None,
    features: Iterable[object] | None = None,
    concurrency: int = 8,
    closed: Event | None = None,
) -> Iterator[Outcome]:
    """Ask about many items a call; otherwise as `ask_each`.

    `answer` gets at most `batch_size` items, never none; items that no model should be asked about are left out of
    it. It returns one outcome an item, in their order; or raises `TooLarge`. An error of the call is the outcome of every
    item in it. `features`, one an item, are what the model is given in place of the items.
    """
    if not isinstance(batch_size, Integral) or batch_size < 1:
        raise InvalidInputError(f"batch_size={batch_size}", hint="give at least 1")
    check_concurrency(concurrency)
    named = _named(_values_of("items", items), _values_of("item_ids", item_ids), _rows_of(features))

    def outcomes_of(piece: list[Asked] | Exception) -> list[Outcome]:
        if isinstance(piece, Exception):
            raise piece
        return _outcomes(answer, piece, about)

    pieces = _pieces(named, batch_size)
    # Not by `map`, which a StopIteration of the user's would end in silence.
    results = (
        (outcomes_of(piece) for piece in pieces)
        if concurrency == 1
        else results_in_order(outcomes_of, pieces, concurrency=concurrency, closed=closed)
    )
    return _flat(results)


def _flat(results: Iterator[list[Outcome]]) -> Iterator[Outcome]:
    """Yield the outcomes; who closes this stream closes the one below, which ends its threads."""
    try:
        for outcomes in results:
            yield from outcomes
    finally:
        close = getattr(results, "close", None)
        if close is not None:
            close()


def _outcomes(
    answer: Callable[[list[Asked]], Iterable[Outcome]], batch: list[Asked], about: str
) -> list[Outcome]:
    refused = [without_asking(asked) for asked in batch]
    usable = [asked for asked, outcome in zip(batch, refused, strict=True) if outcome is None]
    answered = _answered(answer, usable, about) if usable else []
    if len(usable) == len(batch):
        return answered
    rest = iter(answered)
    return [outcome or next(rest) for outcome in refused]


def _answered(
    answer: Callable[[list[Asked]], Iterable[Outcome]], batch: list[Asked], about: str
) -> list[Outcome]:
    try:
        with translated_errors(about):
            return list(answer(batch))
    except TooLarge:
        middle = len(batch) // 2
        return _answered(answer, batch[:middle], about) + _answered(answer, batch[middle:], about)
    except HitlError as error:
        if isinstance(error, FATAL):
            raise
        return [failed(asked, error) for asked in batch]


def predicted(
    asked: Asked,
    label: object,
    confidence: object,
    *,
    scores: Mapping[str, float] | None = None,
    extra: Mapping[str, object] | None = None,
    raw: object = None,
    item_id: str | None = None,
) -> Outcome:
    """Return the prediction of an item, or why its label or confidence can't be used.

    `item_id` is for one of several predictions of the item.
    """
    name = asked.item_id if item_id is None else item_id
    try:
        return Prediction(name, asked.item, label, settled(confidence), scores=scores, extra=extra, raw=raw)  # type: ignore[arg-type]
    except InvalidPredictionError as error:
        return InvalidPrediction(name, asked.item, error, raw=raw)


def settled(score: object) -> Any:
    """Return a score that rounding has put just outside 0 to 1 back within."""
    if isinstance(score, bool) or not isinstance(score, Real):
        return score
    within = min(max(float(score), 0.0), 1.0)
    return within if abs(float(score) - within) <= _ROUNDING else score


def unusable(asked: Asked, problem: str, *, raw: object = None, hint: str | None = None) -> InvalidPrediction:
    """Return the outcome of an item whose answer can't be used, with the reason."""
    error = InvalidPredictionError(f"item {asked.item_id!r}: {problem}", hint=hint, item_id=asked.item_id)
    return InvalidPrediction(asked.item_id, asked.item, error, raw=raw)


@contextmanager
def read_as_told(service: str) -> Iterator[None]:
    """Turn what an answer of another shape than the service's own is failed at into an error of its item."""
    try:
        yield
    except (AttributeError, LookupError, TypeError) as error:
        raise InvalidOutputError(
            f"{service} gave an answer that can't be read: {type(error).__name__}: {error}"
        ) from error


def failed(asked: Asked, error: HitlError, *, raw: object = None) -> InvalidPrediction:
    """Return the outcome of an item that the call for it failed with."""
    own = copy.copy(error)  # the call is of a batch, an error of one item; and a copy holds no frames
    own.item_id = asked.item_id
    return InvalidPrediction(asked.item_id, asked.item, own, raw=raw)


def without_asking(asked: Asked) -> InvalidPrediction | None:
    """Return the outcome of an item that no model should be asked about, or None."""
    problem = item_problem(asked.item_id, asked.item)
    if problem is None:
        return None
    given: object = asked.item
    return InvalidPrediction(asked.item_id, given if isinstance(given, str) else "", problem)


def _pieces(named: Iterator[Asked], size: int) -> Iterator[list[Asked] | Exception]:
    """Yield batches; what listing the items fails with comes after them, so that no answer is lost to it."""
    while True:
        batch: list[Asked] = []
        failure: Exception | None = None
        try:
            for asked in islice(named, size):
                batch.append(asked)  # noqa: PERF402  what came before a failure stays
        except Exception as error:  # raised again when its turn has come
            failure = error
        if batch:
            yield batch
        if failure is not None:
            yield failure
        if failure is not None or not batch:
            return


def _values_of(what: str, given: Any) -> Any:
    """Return what stands one an item; of a column its values, since Arrow's are no texts."""
    if isinstance(given, str | bytes):
        return given
    known = nw.from_native(given, pass_through=True, allow_series=True)
    if isinstance(known, nw.DataFrame | nw.LazyFrame):
        raise InvalidInputError(f"{what} is a frame", hint="give one of its columns")
    left_out = given is None and what != "items"
    keyed = isinstance(given, Mapping)  # going over it gives its keys
    if not left_out and (keyed or not isinstance(given, Iterable)):
        raise InvalidInputError(f"{what} is a {type(given).__name__}", hint="give a list")
    return known.to_list() if isinstance(known, nw.Series) else given


def _rows_of(features: Any) -> Any:
    """Return what stands one an item; of a frame its rows, over which it would not go by itself."""
    known = nw.from_native(features, pass_through=True)
    return known.rows() if isinstance(known, nw.DataFrame) else _values_of("features", features)


def _named(
    items: Iterable[str], item_ids: Iterable[object] | None, features: Iterable[object] | None
) -> Iterator[Asked]:
    """Check what can be checked before anything is read, and return the items under their names."""
    given: object = items
    if isinstance(given, str | bytes):
        raise InvalidInputError(
            "items is one text", hint="give a list of items, also where there is only one"
        )
    beside = {"item_ids": item_ids, "features": features}
    for what, column in beside.items():
        if isinstance(items, Sized) and isinstance(column, Sized) and len(items) != len(column):
            raise _uneven(f"{len(column)} {what} for {len(items)} items")
    if isinstance(item_ids, Sized) and not isinstance(item_ids, Iterator):
        for item_id in item_ids:
            name_of(item_id)
    return _zipped(iter(items), item_ids, features)


_END = object()


def _zipped(
    items: Iterator[str], item_ids: Iterable[object] | None, features: Iterable[object] | None
) -> Iterator[Asked]:
    ids: Iterator[object] = iter(count() if item_ids is None else item_ids)
    inputs = None if features is None else iter(features)
    for place, item in enumerate(items):
        item_id = next(ids, _END)
        given = item if inputs is None else next(inputs, _END)
        for what, value in (("item_ids", item_id), ("features", given)):
            if value is _END:
                raise _uneven(f"{what} ended after {place}; there are more items")
        yield Asked(name_of(item_id), item, given)
    for what, rest in (("item_ids", () if item_ids is None else ids), ("features", inputs or ())):
        if next(iter(rest), _END) is not _END:
            raise _uneven(f"there are more {what} than items")


def _uneven(problem: str) -> InvalidInputError:
    return InvalidInputError(problem, hint="give one for each item, in the same order")


def more_members(request: Mapping[str, Any] | None, *own: str) -> dict[str, Any]:
    """Return what a user adds to the requests of a source.

    Raises
    ------
    InvalidInputError
        If it is no mapping, or has one of those that the source sets itself.
    """
    if request is not None and not isinstance(request, Mapping):
        raise InvalidInputError(f"request is a {type(request).__name__}", hint="give a dict of its members")
    given = dict(request or {})
    taken = [name for name in own if name in given]
    if taken:
        raise InvalidInputError(
            f"request has {taken[0]}, which is set here", hint="use the argument that there is for it, if any"
        )
    return given


def check_members(client: Any, operation: str, members: Mapping[str, Any]) -> None:
    """Refuse at once, and not by every item, what no request of an operation may have.

    `members` are those that are the same for all items; what the items bring may be missing.

    Raises
    ------
    InvalidInputError
        If the operation has no such member, or its value is of another type.
    """
    shape = client.meta.service_model.operation_model(operation).input_shape
    report = ParamValidator().validate(members, shape).generate_report()
    problems = [line for line in report.splitlines() if not line.startswith(_OF_THE_ITEM)]
    if problems:
        raise InvalidInputError(
            f"{operation} takes no such request: {'; '.join(problems)}", hint="give it as boto3 takes it"
        )


def check_arn(arn: object, pattern: str, like: str) -> None:
    """Refuse at once what is not the ARN of the model that is to be asked.

    Raises
    ------
    InvalidArnError
        If it does not fit the pattern.
    """
    if not isinstance(arn, str) or not re.fullmatch(pattern, arn):
        raise InvalidArnError(f"{arn!r} is not the ARN that is wanted", hint=f"it looks like {like}")


def name_of(item_id: object) -> str:
    """Return an item's id as text.

    Raises
    ------
    InvalidPredictionError
        If it names nothing.
    """
    name = str(item_id) if isinstance(item_id, Integral) else item_id
    problem = item_id_problem(name)
    if problem is not None:
        raise problem
    return str(name)
