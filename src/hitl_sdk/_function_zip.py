"""The zip of a Lambda function: AWS's limits for it, and what one that was built here says of itself."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from typing import Literal

from hitl_sdk.errors import InvalidInputError

__all__ = [
    "DEFAULT_PYTHON",
    "DESCRIPTION",
    "LARGEST_UNPACKED",
    "LARGEST_UPLOAD",
    "Architecture",
    "FunctionSettings",
    "settings_in",
    "too_large",
]

Architecture = Literal["x86_64", "arm64"]

DEFAULT_PYTHON = "3.14"
"""The newest Python that Lambda offers to everybody: ``python3.15``, also in botocore's list, is a preview."""

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, November 2026
LARGEST_UPLOAD = 50 * 1024 * 1024
LARGEST_UNPACKED = 250 * 1024 * 1024

DESCRIPTION = "hitl_function.json"


@dataclass(frozen=True, slots=True)
class FunctionSettings:
    """What Lambda has to be told of a zip.

    Attributes
    ----------
    handler : str
        ``"mood.handler"``.
    runtime : str
        ``"python3.14"``.
    architecture : {"x86_64", "arm64"}
        The processor that its compiled modules are for.

    Examples
    --------
    >>> FunctionSettings("mood.handler", "python3.14", "arm64").to_json()
    '{"architecture": "arm64", "handler": "mood.handler", "runtime": "python3.14"}'
    """

    handler: str
    runtime: str
    architecture: Architecture

    def to_json(self) -> str:
        """Return the content of the file that says so in the zip."""
        return json.dumps(asdict(self), sort_keys=True)


def settings_in(content: bytes) -> FunctionSettings | None:
    """Return what a zip says of itself, None if it says nothing.

    Raises
    ------
    InvalidInputError
        If it is no zip.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return FunctionSettings(**json.loads(packed.read(DESCRIPTION)))
    except KeyError:
        return None
    except (zipfile.BadZipFile, ValueError, TypeError) as error:
        raise InvalidInputError(
            f"the code is no zip of a function: {error}", hint="hitl functions build makes one"
        ) from None


def too_large(size: int, limit: int) -> str | None:
    """Return in words by how much a zip is too large, None if it is not."""
    if size <= limit:
        return None
    return f"{size / 2**20:,.0f} MB, and Lambda takes at most {limit // 2**20} MB"
