"""What moto holds, kept in a file: buckets, user pools, roles, functions, queues, topics, rules, tables.

moto has no store of its own; its backends are plain Python objects, so they are pickled as they are.
Unpickling runs whatever a file says. The file is therefore read from nowhere but the directory that its
owner named, and nobody else may read or write it.
"""

from __future__ import annotations

import copyreg
import io
import json
import os
import pickle
from collections import ChainMap, defaultdict
from contextlib import contextmanager
from hashlib import sha256
from threading import Condition, Lock
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakValueDictionary

import moto
from joserfc.jwk import RSAKey
from moto.backends import get_backend
from moto.s3.models import s3_backends

from hitl_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["FILE_NAME", "MotoState"]

FILE_NAME = "moto.pickle"
_FORMAT = 1
_SERVICES = ("cognitoidp", "dynamodb", "events", "iam", "lambda", "s3", "sns", "sqs")


def _without_its_lambda(held: defaultdict[Any, Any]) -> tuple[Any, ...]:
    """Pickle a `defaultdict`; the only one whose default is a lambda, that of functions' aliases, makes a dict."""
    default = held.default_factory if isinstance(held.default_factory, type) else dict
    return defaultdict, (default,), None, None, iter(held.items())


_REDUCERS: dict[type, Callable[[Any], Any]] = {
    RSAKey: lambda key: (RSAKey.import_key, (key.as_dict(private=True),)),  # of a user pool
    Condition: lambda _: (Condition, ()),  # of a queue; who waits at it does so in this process alone
    defaultdict: _without_its_lambda,
    WeakValueDictionary: lambda held: (WeakValueDictionary, (dict(held),)),  # of functions, by ARN
}


class MotoState:
    """A file that holds what moto holds.

    Parameters
    ----------
    file : Path
        Where; it need not exist yet, its directory must.

    Attributes
    ----------
    changed : bool
        Whether moto may hold something that the file does not. Who changes moto otherwise than inside
        `changing` sets it afterwards.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from hitl_sdk.testing import mock_hitl
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     file = Path(directory, FILE_NAME)
    ...     with mock_hitl() as cloud, MotoState(file).kept() as state, state.changing():
    ...         _ = cloud.bucket("reviews")
    ...     with mock_hitl() as cloud, MotoState(file).kept():
    ...         [found["Name"] for found in cloud.session().client("s3").list_buckets()["Buckets"]]
    ['reviews']
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()
        self.changed: bool = False

    @contextmanager
    def kept(self) -> Iterator[MotoState]:
        """Restore at the start of the block, and save at its end.

        Raises
        ------
        ConfigurationError
            See `restore`.
        """
        self.restore()
        try:
            yield self
        finally:
            self.save()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Change moto inside the block; nothing is saved meanwhile."""
        with self._lock:
            try:
                yield
            finally:
                self.changed = True

    def save(self) -> None:
        """Write the file, whole or not at all, if moto has changed.

        Raises
        ------
        RuntimeError
            If moto changes meanwhile, outside of `changing`; to be tried again.
        """
        with self._lock:
            if not self.changed:
                return
            self.changed = False  # before it is read: what changes from now on is for the next time
            try:
                self._write(_pickled())
            except BaseException:
                self.changed = True
                raise

    def _write(self, state: bytes) -> None:
        header = {"format": _FORMAT, "moto": moto.__version__, "sha256": sha256(state).hexdigest()}
        new = self._file.with_name(self._file.name + ".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            opened.write(json.dumps(header).encode() + b"\n" + state)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(self._file)

    def restore(self) -> None:
        """Put what the file holds into moto, in the place of what is there; no file, no change.

        Raises
        ------
        ConfigurationError
            If another version of moto, or of this format, wrote the file, or it is damaged.
        """
        if not self._file.exists():
            return
        head, _, state = self._file.read_bytes().partition(b"\n")
        try:
            header = json.loads(head)
            written, digest = (header["format"], header["moto"]), header["sha256"]
        except (ValueError, KeyError, TypeError):
            raise self._damaged() from None
        if written != (_FORMAT, moto.__version__):
            raise ConfigurationError(
                f"{self._file} was written by moto {written[1]} (format {written[0]}), "
                f"this is moto {moto.__version__} (format {_FORMAT})",
                hint=f"install moto=={written[1]}, or move the file away: human review is kept, "
                "and its user pools and buckets are to be created again",
            )
        if sha256(state).hexdigest() != digest:
            raise self._damaged()
        _put_back(pickle.loads(state))  # noqa: S301  see above

    def _damaged(self) -> ConfigurationError:
        return ConfigurationError(
            f"{self._file} is damaged",
            hint="put a copy in its place, or move it away: human review is kept, "
            "and its user pools and buckets are to be created again",
        )


def _pickled() -> bytes:
    state = {
        service: [(account, region, held) for account, region, held in _backends(service).iter_backends()]
        for service in _SERVICES
    }
    written = io.BytesIO()
    pickler = pickle.Pickler(written, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = ChainMap(_REDUCERS, cast("dict[type, Any]", copyreg.dispatch_table))
    pickler.dump(state)
    return written.getvalue()


def _put_back(state: dict[str, list[tuple[str, str, Any]]]) -> None:
    for service, held in state.items():
        for account, region, backend in held:
            _backends(service)[account][region] = backend
    for account, partition, backend in state["s3"]:  # moto's list of all buckets there are
        for bucket in backend.buckets:
            s3_backends.bucket_accounts[bucket] = (partition, account)


def _backends(service: str) -> Any:
    return get_backend(cast("Any", service))
