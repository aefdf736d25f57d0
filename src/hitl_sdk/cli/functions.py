"""`hitl functions`: package code for AWS Lambda."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hitl_sdk._function_zip import DEFAULT_PYTHON
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from hitl_sdk.functions import FunctionZip

__all__ = ["app"]

app: typer.Typer = typer.Typer(no_args_is_help=True, help="Lambda functions of labeling jobs.")


@app.callback()
def functions() -> None:
    """Lambda functions of labeling jobs."""  # with a callback, typer keeps the name of a single command


@app.command()
def build(
    handler: Annotated[
        str, typer.Argument(metavar="MODULE:HANDLER", help="The function; also as path/to/module.py:handler.")
    ],
    *,
    out: Annotated[Path, typer.Option(dir_okay=False, help="The zip to write.")],
    require: Annotated[
        list[str] | None,
        typer.Option(metavar="REQUIREMENT", help="What else it needs, as for pip. Repeatable."),
    ] = None,
    extra: Annotated[
        list[str] | None, typer.Option(help="An extra of hitl-sdk: consensus for numpy. Repeatable.")
    ] = None,
    python: Annotated[str, typer.Option(help="The runtime's Python.")] = DEFAULT_PYTHON,
    architecture: Annotated[Literal["x86_64", "arm64"], typer.Option(help="Lambda's processor.")] = "x86_64",
    wheels: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Install from this directory, not from an index."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one document.")] = False,
) -> None:
    """Package a handler for AWS Lambda: with the modules it imports, hitl_sdk, and what both need.

    The zip says itself what its handler and runtime are; LambdaFunction(code="x.zip", ...) deploys it.
    """
    from hitl_sdk.functions import build_zip

    try:
        zipped = build_zip(
            handler,
            requirements=require or (),
            extras=extra or (),
            python=python,
            architecture=architecture,
            wheels=wheels,
        )
        written = zipped.write(out)
    except InvalidInputError as error:
        raise typer.BadParameter(str(error)) from error
    _print(zipped, written, as_json=as_json)


def _print(zipped: FunctionZip, written: Path, *, as_json: bool) -> None:
    size, settings = len(zipped.content), zipped.settings
    if as_json:
        shown = {
            "path": str(written),
            **asdict(settings),
            "sha256": zipped.sha256,
            "bytes": size,
            "unpacked_bytes": zipped.unpacked_size,
        }
        typer.echo(json.dumps(shown))
    else:
        typer.echo(
            f"{written}  {settings.handler}  {settings.runtime} {settings.architecture}  "
            f"{size / 2**20:.1f} MB, unpacked {zipped.unpacked_size / 2**20:.1f} MB"
        )
