"""Installs wheels for AWS Lambda's Linux into a folder, by pip, whatever this machine is."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec
from typing import TYPE_CHECKING

from hitl_sdk.errors import ConfigurationError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from hitl_sdk._function_zip import Architecture

__all__ = ["install", "own_requirements"]

_IN_THE_RUNTIME = ("boto3",)
_MACHINES: dict[Architecture, str] = {"x86_64": "x86_64", "arm64": "aarch64"}


def own_requirements(extras: Iterable[str]) -> list[str]:
    """Return what hitl_sdk itself needs in Lambda, with extras of it; boto3 is there already.

    Raises
    ------
    InvalidInputError
        If there is no such extra.
    ConfigurationError
        If hitl_sdk runs without being installed.
    """
    try:
        stated = requires("hitl-sdk") or []
    except PackageNotFoundError as error:
        raise ConfigurationError("hitl-sdk is not installed", hint="pip install hitl-sdk") from error
    by_extra: dict[str, list[str]] = {"": []}
    for text in stated:
        requirement, _, marker = text.partition(";")
        found = re.search(r"extra == ['\"]([^'\"]+)['\"]", marker)
        by_extra.setdefault(found[1] if found else "", []).append(requirement.strip())
    unknown = [extra for extra in extras if extra not in by_extra]
    if unknown:
        known = ", ".join(sorted(by_extra)[1:])
        raise InvalidInputError(f"hitl-sdk has no extra {unknown[0]!r}", hint=f"there are {known}")
    wanted = by_extra[""] + [requirement for extra in extras for requirement in by_extra[extra]]
    return [each for each in wanted if re.split(r"[^\w-]", each)[0] not in _IN_THE_RUNTIME]


def install(
    requirements: Sequence[str],
    target: Path,
    *,
    python: str,
    architecture: Architecture,
    wheels: Path | None,
) -> None:
    """Install wheels, and what they need, into `target`.

    Raises
    ------
    ConfigurationError
        If there is no pip, or it does not find the wheels.
    """
    if find_spec("pip") is None:
        raise ConfigurationError(
            "packaging a function needs pip, which this Python does not have",
            hint="python -m ensurepip, or uv pip install pip",
        )
    offline = [] if wheels is None else ["--no-index", "--find-links", str(wheels)]
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"),
        *("--no-compile", "--only-binary=:all:", "--implementation=cp", f"--python-version={python}"),
        *(f"--platform={tag}" for tag in _platforms(python, architecture)),
        *offline,
        *("--target", str(target), *requirements),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  pip of this Python
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        reason = said[-1].removeprefix("ERROR: ") if said else f"pip ended with {done.returncode}"
        raise ConfigurationError(
            f"pip finds no wheels of all of {', '.join(requirements)} for Python {python} on {architecture}: {reason}",
            hint="see that pip reaches its package index, or name a directory of wheels; "
            "what has no wheel for that Python may have one for another",
        )


def _platforms(python: str, architecture: Architecture) -> list[str]:
    """Return the wheels' tags that run there: Amazon Linux 2023 has glibc 2.34, Amazon Linux 2 of old runtimes 2.26."""
    newest = 34 if int(python.partition(".")[2]) >= 12 else 26
    machine = _MACHINES[architecture]
    return [f"manylinux_2_{minor}_{machine}" for minor in range(newest, 16, -1)] + [
        f"manylinux2014_{machine}"
    ]
