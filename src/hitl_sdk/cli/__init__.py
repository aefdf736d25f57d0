"""The `hitl` command: one verb per thing a person does, thin over the package."""

from __future__ import annotations

import sys

from hitl_sdk._optional import load
from hitl_sdk.errors import HitlError

__all__ = ["main"]


def main() -> None:
    """Run the command line; the exit code is 0 for done, 1 for failed, 2 for wrong use."""
    try:
        load("typer", extra="cli", needed_for="the hitl command")
        from hitl_sdk.cli.app import app

        app()
    except HitlError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from error
