"""The files that a manifest names in place of labels: masks, sequences of frames, classes of points, workers' answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hitl_sdk.errors import InvalidOutputError
from hitl_sdk.results._fetching import Fetched, fetch_in_order, object_fetcher
from hitl_sdk.results._long_form import error_text
from hitl_sdk.results._manifest_labels import form_of
from hitl_sdk.results._s3 import ObjectReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hitl_sdk.labels import LabelType
    from hitl_sdk.results._manifest_rows import Rows
    from hitl_sdk.session import Session

__all__ = ["follow_files"]


class _Named(NamedTuple):
    """A file that a row names."""

    rows: Rows
    place: int
    uri: str
    metadata: Mapping[str, Any]


class _Opened(NamedTuple):
    """The label that a file has, or why it has none."""

    label_type: LabelType | None = None
    label: object = None
    error: str | None = None


def follow_files(parts: Sequence[Rows], session: Session) -> list[LabelType]:
    """Put labels in place of the addresses of their files, and return of which types they are.

    A file that is missing or broken makes its row one with an error.
    """
    types: list[LabelType] = []
    named = list(_named(parts))
    for file, opened in zip(named, fetch_in_order(_opener(session), named), strict=True):
        columns = file.rows.columns
        columns["label"][file.place] = opened.label
        if opened.label_type is None:
            columns["status"][file.place] = "unreadable"
            columns["error"][file.place] = opened.error
            columns["confidence"][file.place] = columns["confidence_note"][file.place] = None
        elif opened.label_type not in types:
            types.append(opened.label_type)
    return types


def _named(parts: Sequence[Rows]) -> Iterator[_Named]:
    for rows in parts:
        if isinstance(uris := rows.columns.get("label_uri"), list):
            for place, uri in enumerate(uris):
                if uri is not None:
                    yield _Named(rows, place, uri, rows.columns["metadata"][place])


def _opener(session: Session) -> Callable[[_Named], _Opened]:
    fetch = object_fetcher(ObjectReader(session))

    def opened(file: _Named) -> _Opened:
        return _open(fetch(file.uri), file.metadata)

    return opened


def _open(fetched: Fetched, metadata: Mapping[str, Any]) -> _Opened:
    if fetched.document is None:
        return _Opened(error=error_text(fetched.error))
    try:
        return _Opened(*form_of(metadata.get("type")).open(fetched.document, metadata))
    except InvalidOutputError as error:
        return _Opened(error=error_text(error))
    except ValueError as error:
        return _Opened(error=error_text(InvalidOutputError(f"{fetched.uri}: {error}")))
