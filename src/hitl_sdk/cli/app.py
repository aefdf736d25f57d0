"""Puts the verbs of `hitl` together."""

from __future__ import annotations

import typer

from hitl_sdk._version import __version__
from hitl_sdk.cli import functions, local
from hitl_sdk.cli.demo import demo

__all__ = ["app"]

app: typer.Typer = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Human-in-the-loop machine learning, on AWS or on your own machine.",
)
app.add_typer(functions.app, name="functions")
app.add_typer(local.app, name="local")
app.command()(demo)


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"hitl_sdk {__version__}")
        raise typer.Exit


@app.callback()
def hitl(
    *,
    version: bool = typer.Option(
        False,
        "--version",
        callback=lambda value: _show_version(wanted=value),
        is_eager=True,
        help="Show the version.",
    ),
) -> None:
    """Human-in-the-loop machine learning, on AWS or on your own machine."""
