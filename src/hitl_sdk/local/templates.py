"""Worker templates: rendering them as RenderUiTemplate does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hitl_sdk._optional import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["render"]


def _unsigned(address: str) -> str:
    return address


def render(
    source: str, task_input: Mapping[str, object] | str, *, sign: Callable[[str], str] = _unsigned
) -> tuple[str, list[dict[str, str]]]:
    """Fill a task's input into a worker template, as RenderUiTemplate does.

    Every ``{{ }}`` is escaped for HTML, objects and arrays print as JSON, and the filters ``to_json``,
    ``escape``, ``escape_once``, ``skip_autoescape``, ``grant_read_access`` and ``s3_presign`` exist. What the
    input does not have prints as nothing and is no error, as in Liquid everywhere. There is no ``include`` and
    no ``render``. A loop may run 100,000 times and the page may have 16 MiB.

    Parameters
    ----------
    source : str
        The template: HTML with Liquid and crowd elements.
    task_input : mapping or str
        What the template sees as ``task.input``, or its JSON text as RenderUiTemplate gets it.
    sign : callable, optional
        Turns the address of an S3 object into one that a browser may read; left out, addresses stay as they are.

    Returns
    -------
    html : str
        The page; empty when there are errors.
    errors : list of dict
        What is wrong with the template or the input, as ``Code`` and ``Message``; nothing of it is raised. AWS
        does not publish its codes. Here they are ``SyntaxError``, ``UnknownFilter``, ``FilterError``,
        ``LimitExceeded``, ``InvalidTaskInput`` and ``RenderingError``.

    Raises
    ------
    MissingExtraError
        If python-liquid is not installed.

    Examples
    --------
    >>> render("<p>{{ task.input.taskObject }}</p>", {"taskObject": "1 < 2"})
    ('<p>1 &lt; 2</p>', [])
    >>> render("{{ task.input.taskObject | shout }}", {"taskObject": "a"})
    ('', [{'Code': 'UnknownFilter', 'Message': "unknown filter 'shout' (line 1)"}])
    """
    load("liquid", extra="local", needed_for="rendering a worker template")
    from hitl_sdk.local import _liquid

    if isinstance(task_input, str):
        try:
            task_input = json.loads(task_input)
        except (ValueError, RecursionError) as error:
            return "", [{"Code": "InvalidTaskInput", "Message": f"the input is no JSON: {error}"}]
    try:
        return _liquid.render(source, task_input, sign), []
    except Exception as error:  # the template is the user's: whatever goes wrong in it is its error, not ours
        return "", [_liquid.describe_error(error)]
