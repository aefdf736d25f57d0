"""What is wrong with an input manifest: a report that people read, and a frame of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload

from hitl_sdk._frames import Engine, Frame, build_frame
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["ManifestProblem", "ManifestReport"]

_SHOWN = 3
"""Problems of one code that are printed."""

_KINDS = {"line": "int", "severity": "text", "code": "text", "message": "text"}


@dataclass(frozen=True, slots=True)
class ManifestProblem:
    """One thing that is wrong.

    Attributes
    ----------
    line : int or None
        The number of the line, from 1; None if it is the manifest as a whole.
    severity : {"error", "warning"}
        Whether a job would fail or leave the line out, or just do what is hardly meant.
    code : str
        What it is, for programs: ``"empty-line"``.
    message : str
        What it is, for people. Never the text of an item.

    Examples
    --------
    >>> print(ManifestProblem(3, "error", "empty-line", "the line is empty"))
    line 3: the line is empty
    """

    line: int | None
    severity: Literal["error", "warning"]
    code: str
    message: str

    def __str__(self) -> str:
        """Return the message, behind the line's number."""
        place = "the manifest" if self.line is None else f"line {self.line}"
        return f"{place}: {self.message}" + (" (warning)" if self.severity == "warning" else "")


@dataclass(frozen=True, slots=True)
class ManifestReport:
    """What `InputManifest.check` found. Printed, it shows some of each code.

    Attributes
    ----------
    name : str
        The manifest: its address, or where its lines come from.
    n_lines : int
        How many data objects it has; lines that can't be read count, empty ones don't.
    n_labelled : int
        How many have the job's label attribute already: a job leaves those as they are.
    problems : tuple of ManifestProblem
        What is wrong, in the order of the lines: of each code the first 1,000.
    counts : mapping of str to int
        How many problems there are of each code, also of those that are not kept.
    n_errors, n_warnings : int
        How many there are of each severity.

    Examples
    --------
    >>> from hitl_sdk.labeling import InputManifest
    >>> report = InputManifest.from_lines(['{"source": "It broke"}', '{"text": "I love it"}']).check()
    >>> print(report)
    the lines: 2 lines, 1 error
      line 2: there is neither 'source' nor 'source-ref'
    >>> report.ok, report.counts
    (False, {'no-source': 1})
    """

    name: str
    n_lines: int
    n_labelled: int
    problems: tuple[ManifestProblem, ...]
    counts: Mapping[str, int]
    n_errors: int
    n_warnings: int

    @property
    def ok(self) -> bool:
        """Whether a job can be made of it: nothing is an error."""
        return not self.n_errors

    @property
    def n_problems(self) -> int:
        """How many problems there are, also of those that are not kept."""
        return self.n_errors + self.n_warnings

    def raise_errors(self) -> None:
        """Raise what is wrong, if anything is.

        Raises
        ------
        InvalidInputError
            With the printed report as its message.
        """
        if not self.ok:
            raise InvalidInputError(str(self), resource=self.name)

    @overload
    def frame(self, engine: Literal["pandas"] = ...) -> pd.DataFrame: ...
    @overload
    def frame(self, engine: Literal["polars"]) -> pl.DataFrame: ...
    @overload
    def frame(self, engine: Literal["arrow"]) -> pa.Table: ...
    def frame(self, engine: Engine = "pandas") -> Frame:
        """Return the problems as a frame, one row each.

        Parameters
        ----------
        engine : {"pandas", "polars", "arrow"}, default "pandas"
            Whose frame.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            ``line`` (null for the manifest as a whole), ``severity``, ``code``, ``message``.

        Raises
        ------
        MissingExtraError
            If the engine is not installed.
        """
        columns = {name: [getattr(problem, name) for problem in self.problems] for name in _KINDS}
        return build_frame(columns, _KINDS, engine)  # type: ignore[arg-type]  # kinds as literals

    def __str__(self) -> str:
        """Return a line for the whole, and some for each code."""
        lines = [f"{self.name}: {_counted(self.n_lines, 'line')}, {self._said()}"]
        for code, count in self.counts.items():
            of_code = [problem for problem in self.problems if problem.code == code][:_SHOWN]
            lines += [f"  {problem}" for problem in of_code]
            if count > len(of_code):
                lines.append(f"  ... {count - len(of_code):,} more like this [{code}]")
        return "\n".join(lines)

    def _said(self) -> str:
        found = [
            _counted(number, what)
            for number, what in ((self.n_errors, "error"), (self.n_warnings, "warning"))
            if number
        ]
        return ", ".join(found) or "nothing wrong"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
