"""Which keys of a task's input a worker template reads, read out of its Liquid."""

import re
from dataclasses import dataclass

from hitl_sdk._elements import LIQUID, LIQUID_COMMENT

__all__ = ["InputKeys", "read_input_keys"]

_TAG = re.compile(r"\{%-?\s*(\w+)")
_ENDS = re.compile(r"^\{[{%]-?|-?[}%]\}$")
_PATH = re.compile(r"\btask\.input(?P<path>(?:\.[\w-]+|\[[^\]]*\])*)")
_STEP = re.compile(r"\.([\w-]+)|\[\s*['\"]([^'\"]+)['\"]\s*\]")
_DEFAULT = re.compile(r"\|\s*default\b")
_TESTS = frozenset({"if", "elsif", "unless", "case", "when"})
_LOOPS = frozenset({"for", "tablerow"})


@dataclass(frozen=True, slots=True)
class InputKeys:
    """The keys of ``task.input`` that a template reads; ``initialValue`` is none of them.

    Attributes
    ----------
    required : tuple of str
        Without which something is missing on the page.
    optional : tuple of str
        Which the template tests for, or has a default for.
    nested : frozenset of str
        Those of either that hold lists or objects.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    nested: frozenset[str] = frozenset()

    @property
    def only(self) -> str | None:
        """The key that holds the item itself: the one there is, if it holds a text."""
        keys = self.required + self.optional
        return keys[0] if len(keys) == 1 and not self.nested else None


def read_input_keys(source: str) -> InputKeys:
    """Find the keys that a template reads, in loops, tests and filters as well.

    A key whose name is computed, as in ``task.input[key]``, is not found.

    Examples
    --------
    >>> keys = read_input_keys("{% for each in task.input.texts %}{{ each }}, {{ task.input.hint }}{% endfor %}")
    >>> keys.required, keys.only
    (('texts', 'hint'), None)
    >>> read_input_keys("{% if task.input.hint %}{{ task.input.hint | escape }}{% endif %}").optional
    ('hint',)
    """
    found: dict[str, None] = {}
    optional: set[str] = set()
    nested: set[str] = set()
    for token in LIQUID.findall(LIQUID_COMMENT.sub("", source)):
        tag = _TAG.match(token)
        expression = _ENDS.sub("", token)
        for match in _PATH.finditer(expression):
            steps = [dotted or quoted for dotted, quoted in _STEP.findall(match["path"])]
            if not steps or steps[0] == "initialValue":
                continue
            key = steps[0]
            found[key] = None
            if (tag and tag[1] in _TESTS) or _DEFAULT.search(expression, match.end()):
                optional.add(key)
            if len(steps) > 1 or (tag and tag[1] in _LOOPS):
                nested.add(key)
    return InputKeys(
        tuple(key for key in found if key not in optional),
        tuple(key for key in found if key in optional),
        frozenset(nested),
    )
