"""A zip for AWS Lambda: the user's handler, this package, and what both need, as wheels of Lambda's Linux."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hitl_sdk._function_zip import (
    DEFAULT_PYTHON,
    DESCRIPTION,
    LARGEST_UNPACKED,
    LARGEST_UPLOAD,
    FunctionSettings,
    too_large,
)
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hitl_sdk._function_zip import Architecture

__all__ = ["FunctionZip", "build_zip"]

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first hour that a zip can tell
_READABLE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class FunctionZip:
    """A zip that runs on Lambda.

    Attributes
    ----------
    content : bytes
        The zip: what `LambdaFunction` takes as its ``code``.
    settings : FunctionSettings
        Its handler, runtime and architecture; the zip says them too.
    unpacked_size : int
        Bytes of its files.

    Examples
    --------
    >>> zipped = FunctionZip(b"", FunctionSettings("mood.handler", "python3.14", "x86_64"), 0)
    >>> zipped.sha256
    '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
    """

    content: bytes = field(repr=False)
    settings: FunctionSettings
    unpacked_size: int

    @property
    def sha256(self) -> str:
        """Its digest in Base64, as Lambda shows it."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()

    def write(self, path: Path | str) -> Path:
        """Write the zip, and return where it is.

        Parameters
        ----------
        path : path
            The file; its directory must exist.

        Raises
        ------
        InvalidInputError
            If it can't be written there.
        """
        file = Path(path)
        try:
            file.write_bytes(self.content)
        except OSError as error:
            raise InvalidInputError(
                f"{file} can't be written: {error.strerror}", hint="name a file in a directory that exists"
            ) from error
        return file


def build_zip(
    handler: str,
    *,
    requirements: Sequence[str] = (),
    extras: Sequence[str] = (),
    python: str = DEFAULT_PYTHON,
    architecture: Architecture = "x86_64",
    wheels: Path | str | None = None,
) -> FunctionZip:
    """Package a handler for AWS Lambda.

    In the zip are the handler's module, or its whole package, with the modules beside it that it imports; hitl_sdk;
    and what both need, as wheels that pip installs for Lambda's Linux. boto3 is not: the runtime has it. Equal files
    and equal wheels make an equal zip, to the byte. Nothing of the handler is run.

    Parameters
    ----------
    handler : str
        ``"mood:handler"``: a module in the working directory or installed, or ``"path/to/mood.py:handler"``.
    requirements : sequence of str, optional
        What else the handler needs, as pip takes it: ``"rapidfuzz>=3.9"``.
    extras : sequence of str, optional
        Of hitl-sdk: ``"consensus"`` for numpy.
    python : str, default "3.14"
        The Python of the Lambda runtime, at least 3.11.
    architecture : {"x86_64", "arm64"}, default "x86_64"
        Lambda's processor.
    wheels : path, optional
        A directory of wheels, from which all is installed without a package index.

    Returns
    -------
    FunctionZip

    Raises
    ------
    InvalidInputError
        If there is no such handler, or the zip has more than 50 MB, or its files more than 250 MB.
    ConfigurationError
        If there is no pip, or it finds no wheels of what is needed.

    Examples
    --------
    >>> build_zip("mood:handler")
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidInputError: there is no module 'mood' in Python (looked in ... first)
    """
    # Not with the package: no function pays for these when it starts.
    from hitl_sdk.functions._user_modules import files_below, find_handler
    from hitl_sdk.functions._wheels import install, own_requirements

    _check_python(python)
    found = find_handler(handler)
    settings = FunctionSettings(f"{found.module}.{found.function}", f"python{python}", architecture)
    needed = [*own_requirements(extras), *requirements]
    with TemporaryDirectory(prefix="hitl-function-") as folder:
        target = Path(folder)
        install(
            needed,
            target,
            python=python,
            architecture=architecture,
            wheels=None if wheels is None else Path(wheels),
        )
        files = {path.relative_to(target).as_posix(): path for path in files_below(target)}
        files = {name: path for name, path in files.items() if not name.startswith("bin/")}
        _check_names(files, found.files)
        root = Path(__file__).parents[1]
        own = {path.relative_to(root.parent).as_posix(): path for path in files_below(root)}
        unpacked, content = _zipped({**files, **own, **found.files}, settings)
    return FunctionZip(content, settings, unpacked)


def _check_python(python: str) -> None:
    if not re.fullmatch(r"3\.\d+", python) or int(python[2:]) < 11:
        raise InvalidInputError(
            f"python={python!r} is none that hitl_sdk runs on",
            hint=f"write 3.11 or newer: {DEFAULT_PYTHON!r}",
        )


def _check_names(dependencies: Mapping[str, Path], own: Mapping[str, Path]) -> None:
    """Refuse a module that would hide a package from those that need it."""
    tops = {name.partition("/")[0].removesuffix(".py") for name in dependencies}
    for name in own:
        top = name.partition("/")[0].removesuffix(".py")
        if top in tops:
            raise InvalidInputError(
                f"your module {top!r} has the name of a package in the zip", hint="give it another name"
            )


def _zipped(files: Mapping[str, Path], settings: FunctionSettings) -> tuple[int, bytes]:
    """Return how large the files are, and the zip: names in order, all of one hour, so that it says nothing but them."""
    unpacked = sum(path.stat().st_size for path in files.values())
    _refuse_too_large("the unpacked files have", unpacked, LARGEST_UNPACKED)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        for name in sorted(files):
            _add(packed, name, files[name].read_bytes())
        _add(packed, DESCRIPTION, settings.to_json().encode())
    _refuse_too_large("the zip has", len(written.getvalue()), LARGEST_UPLOAD)
    return unpacked, written.getvalue()


def _add(packed: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.create_system = 3  # Unix, wherever it is made
    entry.external_attr = _READABLE
    packed.writestr(entry, content, zipfile.ZIP_DEFLATED)


def _refuse_too_large(what: str, size: int, limit: int) -> None:
    excess = too_large(size, limit)
    if excess is not None:
        raise InvalidInputError(
            f"{what} {excess}",
            hint="take fewer requirements and extras, or put them into a layer or a container image",
        )
