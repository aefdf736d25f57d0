"""What workers are told: in short, in full, and by good and bad examples."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import quote

from pydantic import AfterValidator, BeforeValidator, Field

from hitl_sdk._model import Model
from hitl_sdk.tasks._templates import escaped

__all__ = ["Example", "Instructions"]

_IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg")
# What an address may hold unescaped; quotes, blanks and braces are not among it.
_SAFE_IN_ADDRESSES = ":/?#[]@!$&()*+,;=%~"


def _text_keys(value: object) -> object:
    """Let ``{1: "joy"}`` stand for ``{"1": "joy"}``: labels are often numbers."""
    return {str(key): text for key, text in value.items()} if isinstance(value, Mapping) else value


class Example(Model):
    """One example of good or bad work.

    Parameters
    ----------
    show : str
        The address of an image (``s3://`` or ``https://``, ending as images do), which workers see as one,
        or a text.
    why : str
        What makes it good or bad.

    Raises
    ------
    InvalidResourceError
        If there is nothing to show.

    Examples
    --------
    >>> print(Example(show="It broke", why="says nothing good").html())
    <blockquote>It broke</blockquote>
    <p>says nothing good</p>
    """

    show: str = Field(min_length=1)
    why: str = ""

    def html(self) -> str:
        """Return the example as escaped HTML; workers get a signed address of an image in S3.

        Examples
        --------
        >>> print(Example(show="s3://bucket/tight box.png").html())
        <p><img src="{{ 's3://bucket/tight%20box.png' | grant_read_access }}" style="max-width: 100%"></p>
        """
        shown = f"<blockquote>{escaped(self.show)}</blockquote>"
        if self.show.startswith(("s3://", "https://")) and self.show.lower().endswith(_IMAGE_ENDINGS):
            address = quote(self.show, safe=_SAFE_IN_ADDRESSES)
            if address.startswith("s3://"):
                address = f"{{{{ '{address}' | grant_read_access }}}}"
            shown = f'<p><img src="{address}" style="max-width: 100%"></p>'
        return f"{shown}\n<p>{escaped(self.why)}</p>" if self.why else shown


def _as_examples(value: object) -> object:
    """Let a text stand for the example that shows it."""
    if isinstance(value, str | Mapping | Example):
        raise ValueError("give a list of examples, also of one")
    if not isinstance(value, Sequence):
        return value
    return tuple(Example(show=each) if isinstance(each, str) else each for each in value)


Examples = Annotated[Sequence[Example], BeforeValidator(_as_examples), AfterValidator(tuple)]


class Instructions(Model):
    """What workers are told. Plain text: it is escaped, so ``<`` and ``{{`` show as they are.

    Parameters
    ----------
    short : str
        Always beside the task: one or two sentences.
    full : str or mapping of str to str
        Behind "View full instructions": a text, in which empty lines part the paragraphs, or what each
        label means.
    good, bad : sequence of Example or str
        Examples that follow the full instructions: what to do, and what not to.

    Raises
    ------
    InvalidResourceError
        If a field is of the wrong type.

    Examples
    --------
    >>> Instructions(short="Pick one.", full={1: "joy", -1: "anger"}).full
    {'1': 'joy', '-1': 'anger'}
    >>> tight = Example(show="s3://bucket/tight.png", why="The box touches the ears.")
    >>> Instructions(short="Draw boxes.", good=[tight], bad=["no box at all"]).bad
    (Example(show='no box at all', why=''),)
    """

    short: str = ""
    full: Annotated[str | Mapping[str, str], BeforeValidator(_text_keys)] = ""
    good: Examples = ()
    bad: Examples = ()

    def full_html(self) -> str:
        """Return `full` as escaped paragraphs, and the examples below them.

        Examples
        --------
        >>> Instructions(full={"0": "a < b"}).full_html()
        '<p><strong>0</strong>: a &lt; b</p>'
        """
        if isinstance(self.full, str):
            paragraphs = [escaped(text.strip()) for text in self.full.split("\n\n") if text.strip()]
        else:
            paragraphs = [
                f"<strong>{escaped(label)}</strong>: {escaped(meaning)}"
                for label, meaning in self.full.items()
            ]
        parts = [f"<p>{paragraph}</p>" for paragraph in paragraphs]
        for heading, examples in (("Good examples", self.good), ("Bad examples", self.bad)):
            if examples:
                parts += [f"<h3>{heading}</h3>", *(example.html() for example in examples)]
        return "\n".join(parts)

    def short_html(self) -> str:
        """Return `short` as one escaped paragraph, or nothing.

        Examples
        --------
        >>> Instructions(short="Is it a cat?").short_html()
        '<p>Is it a cat?</p>'
        """
        return f"<p>{escaped(self.short)}</p>" if self.short else ""
