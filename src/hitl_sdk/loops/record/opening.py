"""Opens the record of runs by its address."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from hitl_sdk._s3_uri import split_uri
from hitl_sdk.errors import ConfigurationError, InvalidInputError
from hitl_sdk.loops.record._dynamodb import DynamoShelf
from hitl_sdk.loops.record._log import LogStore
from hitl_sdk.loops.record._s3 import S3Shelf
from hitl_sdk.loops.record._sqlite import SqliteStore

if TYPE_CHECKING:
    from hitl_sdk.loops.record.base import RecordStore
    from hitl_sdk.session import Session

__all__ = ["default_address", "open_record"]

_FORMS = "one of sqlite:///FILE, sqlite:// (in memory), dynamodb://TABLE, s3://BUCKET/PREFIX"
_MEMORY_NAME = re.compile(r"[A-Za-z0-9_-]*")
_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")


def default_address() -> str:
    """Return where runs are recorded when nothing else is said.

    That is what the environment variable ``HITL_RUN_RECORD`` names, else a SQLite file in the user's state directory:
    ``$XDG_STATE_HOME/hitl-sdk/runs.sqlite3``, usually ``~/.local/state/hitl-sdk/runs.sqlite3``.

    Raises
    ------
    ConfigurationError
        If nothing is said, and the user has no home directory.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl():
    ...     default_address()
    'sqlite://mock-...'
    """
    given = os.environ.get("HITL_RUN_RECORD")
    if given:
        return given
    home: str | Path | None = os.environ.get("XDG_STATE_HOME")
    try:
        home = home or Path.home() / ".local" / "state"
    except RuntimeError as error:  # as in a container whose user has no name
        raise ConfigurationError(
            "there is no home directory for the run record",
            hint="name a place in HITL_RUN_RECORD: sqlite:////path/to/runs.sqlite3",
        ) from error
    return f"sqlite:///{Path(home, 'hitl-sdk', 'runs.sqlite3')}"


def open_record(address: str | None = None, *, session: Session | None = None) -> RecordStore:
    """Open the record of runs.

    Parameters
    ----------
    address : str, optional
        ``"sqlite:///runs.db"`` (a file, relative here, or absolute as ``"sqlite:////var/lib/runs.db"``) for one
        machine; ``"dynamodb://TABLE"`` or ``"s3://BUCKET/PREFIX"`` for several; ``"sqlite://"`` for memory that goes
        with the store, ``"sqlite://NAME"`` for memory that several stores of this process share as long as one of them
        is open. `default_address` when left out.
    session : Session, optional
        Whose table or bucket; needed for those alone.

    Returns
    -------
    RecordStore

    Raises
    ------
    InvalidInputError
        If the address is none of these, or a session is needed and there is none.
    ConfigurationError
        If the file can't be opened. That there is no such table or bucket, its first use says.

    Examples
    --------
    >>> open_record("sqlite://").runs()
    []
    >>> open_record("runs.db")
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidInputError: 'runs.db' is no address of a run record (one of sqlite:///FILE, ...)
    """
    given: object = default_address() if address is None else address
    if not isinstance(given, str) or "\0" in given:
        raise _no_address(given)
    address = given
    scheme, separator, rest = address.partition("://")
    if not separator:
        raise _no_address(address)
    if scheme == "sqlite":
        return _sqlite(address, rest)
    if scheme == "dynamodb" and _TABLE_NAME.fullmatch(rest):
        return LogStore(DynamoShelf(address, _needed(session, address).client("dynamodb"), rest))
    if scheme == "s3":
        try:
            bucket, prefix = split_uri(address, of_object=False)
        except InvalidInputError as error:
            raise _no_address(address) from error
        return LogStore(S3Shelf(address, _needed(session, address).client("s3"), bucket, prefix))
    raise _no_address(address)


def _needed(session: Session | None, address: str) -> Session:
    if session is None:
        raise InvalidInputError(f"{address} needs a session", hint="open_record(address, session=session)")
    return session


def _sqlite(address: str, rest: str) -> RecordStore:
    if rest.startswith("/"):
        path = Path(rest[1:]) if rest[1:] else None
        if path is None:
            raise _no_address(address)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.touch(mode=0o600)  # it holds what people are shown: for nobody else on this machine
        except OSError as error:
            raise ConfigurationError(
                f"the file of the run record {address} can't be made: {error.strerror}",
                hint="name a place that you may write to in HITL_RUN_RECORD: sqlite:////path/to/runs.sqlite3",
            ) from error
        return SqliteStore(address, path)
    if not _MEMORY_NAME.fullmatch(rest):
        raise _no_address(address)
    return SqliteStore(address, rest or None)


def _no_address(address: object) -> InvalidInputError:
    return InvalidInputError(f"{address!r} is no address of a run record", hint=_FORMS)
