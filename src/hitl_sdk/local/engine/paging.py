"""Lists in pages: filters, order, and a NextToken that only the list it came from accepts.

A page goes on after the last row's own place in the order, so rows that come or go between two pages
make none appear twice and hide none.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from hitl_sdk.local.engine.errors import EngineError
from hitl_sdk.local.store import without_documents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Row, Table

    from hitl_sdk.local.engine.transactions import Params, Transaction
    from hitl_sdk.local.engine.values import Scope

__all__ = ["page"]

# AWS documents none; as many as a page may have.
DEFAULT_PAGE = 100
_DIGEST_BYTES = 12
_COLUMNS = {"Name": "name", "Status": "status"}


def page(
    tx: Transaction,
    scope: Scope,
    table: Table,
    params: Params,
    *,
    order: str,
    where: Sequence[ColumnElement[bool]] = (),
) -> tuple[Sequence[Row[Any]], dict[str, str]]:
    """Return the rows of the page that `params` ask for.

    Parameters
    ----------
    tx, scope
        The transaction, and where to look.
    table : Table
        A table of named resources.
    params : mapping
        The request: NameContains, CreationTimeAfter (from then on), CreationTimeBefore (not at that
        time any more), SortBy, SortOrder, MaxResults, NextToken, as far as the operation has them.
    order : str
        The SortOrder of a request that names none.
    where : sequence, optional
        Further conditions, of which the request's own members are the only source.

    Returns
    -------
    tuple
        The rows, without their documents; and ``{"NextToken": ...}``, empty on the last page.
    """
    size: int = params.get("MaxResults", DEFAULT_PAGE)
    descending = params.get("SortOrder", order) == "Descending"
    column = table.c[_COLUMNS.get(params.get("SortBy", ""), "created_at")]
    conditions = [*_filters(scope, table, params), *where]
    binding = _binding(scope, table, params)
    if token := params.get("NextToken"):
        value, sequence = _opened(token, binding)
        place = datetime.fromisoformat(value) if column is table.c.created_at else value
        conditions.append(_after(column, table.c.sequence, place, sequence, descending))
    ordering = [column.desc(), table.c.sequence.desc()] if descending else [column, table.c.sequence]
    statement = select(*without_documents(table)).where(*conditions).order_by(*ordering).limit(size + 1)
    rows: Sequence[Row[Any]] = tx.connection.execute(statement).all()
    if len(rows) <= size:
        return rows, {}
    last = rows[size - 1]
    value = last._mapping[column]
    return rows[:size], {"NextToken": _sealed([_as_text(value), last.sequence], binding)}


def _as_text(value: str | datetime) -> str:
    return value.isoformat() if isinstance(value, datetime) else value


def _filters(scope: Scope, table: Table, params: Params) -> list[ColumnElement[bool]]:
    conditions = [table.c.account_id == scope.account_id, table.c.region == scope.region]
    if part := params.get("NameContains"):
        # lowered on both sides: SQLite's LIKE knows no case, PostgreSQL's does
        conditions.append(func.lower(table.c.name).contains(part.lower(), autoescape=True))
    if after := params.get("CreationTimeAfter"):
        conditions.append(table.c.created_at >= after)
    if before := params.get("CreationTimeBefore"):
        conditions.append(table.c.created_at < before)
    return conditions


def _after(
    column: ColumnElement[Any],
    sequence_column: ColumnElement[Any],
    place: Any,
    sequence: int,
    descending: bool,
) -> ColumnElement[bool]:
    if descending:
        return or_(column < place, and_(column == place, sequence_column < sequence))
    return or_(column > place, and_(column == place, sequence_column > sequence))


def _binding(scope: Scope, table: Table, params: Params) -> str:
    """Return all that must be the same for the pages of one list; their size may change."""
    members = {name: value for name, value in params.items() if name not in {"NextToken", "MaxResults"}}
    return json.dumps([scope.account_id, scope.region, table.name, members], sort_keys=True, default=str)


def _sealed(place: list[Any], binding: str) -> str:
    text = json.dumps(place).encode()
    return urlsafe_b64encode(_digest(text, binding) + text).decode()


def _opened(token: str, binding: str) -> tuple[str, int]:
    try:
        sealed = urlsafe_b64decode(token.encode())
    except (Base64Error, ValueError):
        sealed = b""
    digest, text = sealed[:_DIGEST_BYTES], sealed[_DIGEST_BYTES:]
    # decoding forgives stray characters; a token that was touched shall not pass
    if digest != _digest(text, binding) or urlsafe_b64encode(sealed).decode() != token:
        raise EngineError("ValidationException", "Invalid NextToken: it is not of this list")
    value, sequence = json.loads(text)
    return value, sequence


def _digest(text: bytes, binding: str) -> bytes:
    return blake2b(text + binding.encode(), digest_size=_DIGEST_BYTES).digest()
