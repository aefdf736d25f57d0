"""The dialect of Liquid that worker templates are written in, on python-liquid.

What differs from plain Liquid: every output is escaped for HTML, objects and arrays print as JSON, five filters
are added, there are no partial templates, and loops, variables and the output are bounded.
"""

from __future__ import annotations

import html
import json
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TextIO

from liquid import Environment, Markup, RenderContext
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.echo_tag import EchoTag
from liquid.exceptions import (
    FilterArgumentError,
    FilterError,
    LiquidError,
    LiquidSyntaxError,
    ResourceLimitError,
    UnknownFilterError,
)
from liquid.filter import liquid_filter, with_context
from liquid.undefined import Undefined

if TYPE_CHECKING:
    from collections.abc import Callable

    from liquid import BoundTemplate

__all__ = ["describe_error", "render"]

_CODES: tuple[tuple[type[LiquidError], str], ...] = (
    (ResourceLimitError, "LimitExceeded"),
    (UnknownFilterError, "UnknownFilter"),
    (LiquidSyntaxError, "SyntaxError"),
    (FilterError, "FilterError"),
    (FilterArgumentError, "FilterError"),
)


_SIGN = object()  # the key of the signer among the variables: no text, so that no template can name it


class _BoundedEnvironment(Environment):
    """An environment in which a template of 128,000 characters can't fill the machine's memory."""

    loop_iteration_limit = 100_000
    output_stream_limit = 16 * 2**20
    local_namespace_limit = 32 * 2**20


class _HtmlOutputNode(OutputNode):
    """``{{ ... }}``: text escaped, objects and arrays as JSON, what is missing as nothing."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(_escaped(_as_text(self.expression.evaluate(context))))


class _HtmlOutput(Output):
    node_class = _HtmlOutputNode


class _HtmlEcho(EchoTag):
    node_class = _HtmlOutputNode  # type: ignore[assignment]  # it prints itself as {{ }}, which means the same


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, Undefined):
        return ""
    if isinstance(value, bool | dict | list | tuple):
        return _json(value)
    if isinstance(value, range):
        return f"{value.start}..{value.stop - 1}"
    return str(value)


def _json(value: object) -> str:
    return json.dumps(None if isinstance(value, Undefined) else value, ensure_ascii=False, default=_as_text)


def _escaped(text: str) -> str:
    """Escape `text` unless it was escaped already; quotes become the entities that AWS writes."""
    if isinstance(text, Markup):
        return text
    return Markup(html.escape(text).replace("&#x27;", "&#39;"))


@liquid_filter
def _escape(value: object) -> str:
    return _escaped(_as_text(value))


@liquid_filter
def _escape_once(value: object) -> str:
    return _escaped(html.unescape(_as_text(value)))


@liquid_filter
def _skip_autoescape(value: object) -> str:
    return Markup(_as_text(value))


@liquid_filter
def _to_json(value: object) -> str:
    return _json(value)


@with_context
@liquid_filter
def _grant_read_access(value: object, *, context: RenderContext) -> str:
    """Sign the address of an S3 object; `capture` hands on escaped text, so that is undone first."""
    address = _as_text(value)
    if isinstance(address, Markup):
        address = html.unescape(str(address))
    if not address:
        return ""
    sign: Callable[[str], str] = context.globals[_SIGN]  # type: ignore[index,assignment]
    try:
        return sign(address)
    except Exception as error:  # whatever the signer meets is an error of this rendering, and is told as one
        raise FilterError(f"no read access to {address!r}: {error}", token=None) from error


@cache
def _environment() -> Environment:
    environment = _BoundedEnvironment(autoescape=True)
    environment.add_tag(_HtmlOutput)
    environment.add_tag(_HtmlEcho)
    for tag in ("include", "render"):
        del environment.tags[tag]
    for name in ("safe", "escapejs"):  # python-liquid's own
        del environment.filters[name]
    environment.filters |= {
        "escape": _escape,
        "escape_once": _escape_once,
        "grant_read_access": _grant_read_access,
        "s3_presign": _grant_read_access,
        "skip_autoescape": _skip_autoescape,
        "to_json": _to_json,
    }
    return environment


@lru_cache(maxsize=64)
def _parsed(source: str) -> BoundTemplate:
    return _environment().from_string(source)


def render(source: str, task_input: object, sign: Callable[[str], str]) -> str:
    """Render `source` with ``task.input``; raises python-liquid's errors."""
    return _parsed(source).render({"task": {"input": task_input}, _SIGN: sign})


def describe_error(error: Exception) -> dict[str, str]:
    """Return `error` in the shape of RenderUiTemplate's errors."""
    if not isinstance(error, LiquidError):
        return {"Code": "RenderingError", "Message": f"{type(error).__name__}: {error}"}
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "RenderingError")
    place = error.context()
    return {"Code": code, "Message": f"{error.message} (line {place[0]})" if place else str(error.message)}
