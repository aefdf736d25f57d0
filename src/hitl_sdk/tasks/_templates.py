"""Fills the worker templates of `templates/`."""

import html
import json
from importlib.resources import files
from string import Template

from hitl_sdk.errors import TemplateError

__all__ = ["check_template", "escaped", "escaped_json", "fill_template"]

# Characters that UiTemplate.Content may have (botocore, sagemaker: TemplateContent).
_MAX_TEMPLATE_LENGTH = 128_000


def escaped(text: str) -> str:
    """Escape for HTML text and attributes, and keep Liquid from reading what was plain text.

    Examples
    --------
    >>> escaped('"{{ a }}"')
    '&quot;&#123;&#123; a &#125;&#125;&quot;'
    """
    return html.escape(text).replace("{", "&#123;").replace("}", "&#125;")


def escaped_json(value: object) -> str:
    """Return a value as JSON that may stand in an attribute.

    Examples
    --------
    >>> escaped_json(["<sad>"])
    '[&quot;&lt;sad&gt;&quot;]'
    """
    return escaped(json.dumps(value, ensure_ascii=False))


def fill_template(file_name: str, *, resource: str, **parts: str) -> str:
    """Fill a file of ``templates/`` with parts that are escaped already.

    Raises
    ------
    TemplateError
        If the outcome is longer than the service takes, or not valid Unicode.
    """
    text = files("hitl_sdk.tasks").joinpath("templates", file_name).read_text("utf-8")
    return check_template(Template(text).substitute(parts), resource=resource)


def check_template(template: str, *, resource: str) -> str:
    """Return a worker template if the service takes it.

    Raises
    ------
    TemplateError
        If it is longer than the service takes, or not valid Unicode.
    """
    try:
        template.encode()
    except UnicodeEncodeError:
        raise TemplateError(
            f"a text of task {resource!r} is not valid Unicode: it holds half a surrogate pair",
            hint="decode labels, title and instructions again",
            resource=resource,
        ) from None
    if len(template) > _MAX_TEMPLATE_LENGTH:
        raise TemplateError(
            f"the worker template of task {resource!r} has {len(template):,} characters, "
            f"the service takes {_MAX_TEMPLATE_LENGTH:,}",
            hint="shorten the instructions, for example by a link to a page",
            resource=resource,
        )
    return template
