"""The output of a labeling job as the input of another: all of it, or the lines that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from hitl_sdk._manifest_line import metadata_key
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labeling.manifest import InputManifest
from hitl_sdk.results import manifest_row

if TYPE_CHECKING:
    from hitl_sdk.session import Session

__all__ = ["JobOutput", "Where"]

Where: TypeAlias = Callable[[Mapping[str, Any]], bool]
"""Takes a row as `hitl_sdk.results.read_manifest` gives it for a line, and says whether the line is meant."""


@dataclass(frozen=True, slots=True)
class JobOutput:
    """The output manifest of a labeling job, as the ``input`` of another `LabelingJob`.

    Attributes
    ----------
    uri : str
        Where the output manifest lies, or will: ``s3://BUCKET/KEY``. It is read when the next job is made.
    attribute : str
        The label attribute that `where` is about.
    where : callable, optional
        Takes a row with ``item``, ``label``, ``confidence``, ``label_source`` and the other columns of
        `hitl_sdk.results.read_manifest` but ``item_id``; only lines for which it is true are taken. A line without
        that label has ``label`` None.
    relabel : str, optional
        A label attribute: all lines are taken, and those that are meant lose it, so that they are asked again.

    Raises
    ------
    InvalidInputError
        If `where` can't be called.

    Examples
    --------
    >>> JobOutput("s3://data/out/pets/manifests/output/output.manifest", "pets", where=lambda row: row["label"] == "dog")
    JobOutput(uri='s3://data/out/pets/manifests/output/output.manifest', attribute='pets', where=<function ...)
    """

    uri: str
    attribute: str
    where: Where | None = None
    relabel: str | None = None

    def __post_init__(self) -> None:
        """Refuse what can't be asked about a row."""
        if self.where is not None and not callable(self.where):
            raise InvalidInputError(
                f"where={self.where!r} is no function",
                hint='give one of a row: lambda row: row["label"] == "dog"',
            )

    @property
    def is_whole(self) -> bool:
        """Whether the manifest is taken as it lies there, without a copy."""
        return self.where is None and self.relabel is None

    def manifest(self, session: Session) -> InputManifest:
        """Return the lines that are asked for; they are read anew whenever it is gone through.

        Parameters
        ----------
        session : Session
            Whose S3.

        Raises
        ------
        NotFoundError
            If the former job has no output yet.
        """
        lines = InputManifest.open(self.uri, session)
        if self.is_whole:
            return lines
        return InputManifest.from_lines(lambda: self._asked(lines))

    def _asked(self, lines: InputManifest) -> Iterator[Mapping[str, Any]]:
        for line in lines:
            meant = self.where is None or _tells(self.where, line, self.attribute)
            if self.relabel is not None:
                yield _without(line, self.relabel) if meant else line
            elif meant:
                yield line


def _tells(where: Where, line: Mapping[str, Any], attribute: str) -> bool:
    try:
        return bool(where(manifest_row(line, attribute)))
    except Exception as error:  # the user's function, whatever it raises
        raise InvalidInputError(
            f"where= fails at the line of {_item(line)}: {type(error).__name__}: {error}",
            hint="it takes a row as results.read_manifest gives it, in which label and confidence may be None",
        ) from error


def _item(line: Mapping[str, Any]) -> str:
    return str(line.get("source-ref", "an object that is a text"))


def _without(line: Mapping[str, Any], attribute: str) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key not in (attribute, metadata_key(attribute))}
