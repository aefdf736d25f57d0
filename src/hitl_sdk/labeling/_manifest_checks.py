"""The rules of an input manifest, line by line, in one pass.

The rules and numbers: Amazon SageMaker Developer Guide, "Use an Input Manifest File", "Supported Data Formats", "Input Data
Quotas", "Verify and Adjust Labels"; CreateLabelingJob, LabelAttributeName. What AWS does with a byte-order mark, an empty line, a
repeated key or an array is not documented; no reader of JSON lines has to take them.
"""

from __future__ import annotations

import codecs
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from hitl_sdk._ground_truth import kind_named
from hitl_sdk._manifest_line import ITEM_KEYS, METADATA, can_name_label, metadata_key
from hitl_sdk._model import shortened
from hitl_sdk._s3_uri import split_uri
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labeling._manifest_json import Line, decode_line, json_length
from hitl_sdk.labeling._manifest_numbers import NumberTable
from hitl_sdk.labeling.report import ManifestProblem, ManifestReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hitl_sdk._ground_truth import Kind
    from hitl_sdk.labeling._manifest_objects import Buckets, NamedObjects
    from hitl_sdk.labeling._manifest_sources import LineSource, RawLines

__all__ = ["ManifestChecks"]

MOST_CHARACTERS = 100_000
"""Of a line."""

MOST_OF_A_VALUE = 20_000
"""Characters of one attribute."""

_KEPT = 1_000
_REPAIR = "InputManifest.open(...).write(...) mends it"
_OTHER_ENCODINGS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Severity = Literal["error", "warning"]


class ManifestChecks:
    """Goes through the lines of a manifest once, and says all that is wrong with them."""

    def __init__(
        self,
        *,
        kind: str | None,
        attribute: str | None,
        prior: str | None,
        most_objects: int | None,
        buckets: Buckets | None,
        objects: NamedObjects | None,
    ) -> None:
        self._kind: Kind | None = None if kind is None else kind_named(kind)
        self._attribute = attribute
        self._prior = prior
        self._most_objects = most_objects or (self._kind.most_objects if self._kind else None)
        self._buckets = buckets
        self._objects = objects
        self._seen = NumberTable()
        self._key: str | None = None
        self._kept: list[ManifestProblem] = []
        self._counts: Counter[str] = Counter()
        self._severities: Counter[Severity] = Counter()

    def report(self, source: LineSource) -> ManifestReport:
        """Check the lines and return what is wrong."""
        self._check_attributes()
        n_lines = n_labelled = 0
        for number, raw in self._lines(source.raw()):
            n_lines += 1
            n_labelled += self._check_line(number, raw)
        self._check_number(n_lines)
        for line, code, message in self._objects.missing() if self._objects else ():
            self._found(line, code, message, "warning" if line is None else "error")
        self._kept.sort(key=lambda problem: (problem.line is not None, problem.line or 0))
        counts = {problem.code: self._counts[problem.code] for problem in self._kept}
        return ManifestReport(
            source.name,
            n_lines,
            n_labelled,
            tuple(self._kept),
            counts,
            self._severities["error"],
            self._severities["warning"],
        )

    def _found(self, line: int | None, code: str, message: str, severity: Severity = "error") -> None:
        self._counts[code] += 1
        self._severities[severity] += 1
        if self._counts[code] <= _KEPT:
            self._kept.append(ManifestProblem(line, severity, code, message))

    def _lines(self, batches: Iterable[RawLines]) -> Iterator[tuple[int, bytes]]:
        """Yield the numbered lines that have something to check; say what is wrong with them as lines."""
        number = 0
        for lines in batches:
            for raw in lines:
                number += 1
                if isinstance(raw, InvalidInputError):
                    self._found(number, "not-json", raw.message.removeprefix(f"line {number}: "))
                    continue
                line = self._begun(raw) if number == 1 else raw
                if line is None:
                    return
                if line.endswith(b"\r"):
                    self._found(number, "crlf", f"it ends with CRLF; {_REPAIR}", "warning")
                if not line or line.isspace():
                    self._found(number, "empty-line", f"the line is empty; {_REPAIR}")
                    continue
                yield number, line

    def _begun(self, raw: bytes) -> bytes | None:
        """Return the first line without a byte-order mark; None if the file has no lines that could be read."""
        if raw.startswith(_OTHER_ENCODINGS):
            self._found(1, "not-utf-8", "the file is UTF-16; save it as UTF-8")
            return None
        line = raw.removeprefix(codecs.BOM_UTF8)
        if line != raw:
            self._found(1, "byte-order-mark", f"the file begins with a byte-order mark; {_REPAIR}")
        if line.lstrip().startswith(b"["):
            self._found(1, "json-array", f"the file is one JSON array, not an object a line; {_REPAIR}")
            return None
        return line

    def _check_line(self, number: int, raw: bytes) -> bool:
        """Check a line, and tell whether it has the job's label already."""
        try:
            fields = decode_line(raw)
            repeated = _repeated_key(raw, fields)
            if len(raw) > MOST_OF_A_VALUE:
                self._check_length(number, raw, fields)
        except ValueError as error:
            self._found(number, "not-json", str(error))
            return False
        except RecursionError:
            self._found(number, "not-json", "it is nested too deep")
            return False
        if repeated is not None:
            self._found(number, "repeated-key", f"the key {shortened(repeated)} stands more than once")
        if len(fields) > 1:
            self._check_names(number, fields)
        if self._prior is not None and not {self._prior, metadata_key(self._prior)} <= fields.keys():
            self._found(number, "no-prior-label", f"there is no {self._prior!r} with its metadata to work on")
        self._check_source(number, fields)
        return self._attribute in fields

    def _check_length(self, number: int, raw: bytes, fields: Line) -> None:
        length = len(raw.rstrip(b"\r").decode())
        if length > MOST_CHARACTERS:
            self._found(
                number, "line-too-long", f"{length:,} characters; {MOST_CHARACTERS:,} are allowed in a line"
            )
        for name, value in fields.items():
            if (length := json_length(value)) > MOST_OF_A_VALUE:
                self._found(
                    number,
                    "value-too-long",
                    f"{shortened(name)} has {length:,} characters; {MOST_OF_A_VALUE:,} are allowed in a value",
                )

    def _check_names(self, number: int, fields: Line) -> None:
        for name in fields:
            if name.startswith("$"):
                self._found(number, "reserved-name", f"{shortened(name)} begins with $, as AWS's own do")
            if not name.endswith(METADATA) or name == "source-ref-metadata":
                continue
            label = name.removesuffix(METADATA)
            if label not in fields:
                self._found(
                    number,
                    "stray-metadata",
                    f"{shortened(name)} is the metadata of a label that is not there",
                    "warning",
                )
            elif label.endswith(METADATA):
                self._found(
                    number,
                    "label-attribute",
                    f"a label attribute can't end in -metadata, as {shortened(label)}",
                )

    def _check_source(self, number: int, fields: Line) -> None:
        keys = [key for key in ITEM_KEYS if key in fields]
        if len(keys) != 1:
            both = "both 'source' and 'source-ref'" if keys else "neither 'source' nor 'source-ref'"
            self._found(number, "two-sources" if keys else "no-source", f"there is {both}")
            return
        key, value = keys[0], fields[keys[0]]
        self._key = self._key or key
        if key != self._key:
            self._found(number, "mixed-sources", f"it has {key!r} where lines before have {self._key!r}")
        elif self._kind and self._kind.input_key not in {None, key}:
            self._found(
                number,
                "wrong-source",
                f"it has {key!r}; {self._kind.title} asks for {self._kind.input_key!r}",
            )
        if not isinstance(value, str) or not value.strip():
            self._found(number, "no-item", f"{key!r} is no text, or an empty one")
            return
        code = hash((key, value))
        if first := self._seen.get(code):
            self._found(number, "repeated-item", f"it has the item of line {first}", "warning")
        else:
            self._seen.put(code, number)
        if key == "source-ref":
            self._check_object(number, value, fields)

    def _check_object(self, number: int, uri: str, fields: Line) -> None:
        try:
            bucket, key = split_uri(uri)
        except InvalidInputError:
            self._found(number, "no-s3-uri", f"'source-ref' is no S3 URI of an object: {shortened(uri)}")
            return
        extensions = self._kind.extensions if self._kind else ()
        if extensions and key.rpartition(".")[2].lower() not in extensions:
            self._found(
                number,
                "file-extension",
                f"{shortened(uri)} is none of .{', .'.join(extensions)}",
            )
        if "bin" in extensions:  # a frame of a point cloud says when it was taken
            metadata: Any = fields.get("source-ref-metadata")
            time = metadata.get("unix-timestamp") if isinstance(metadata, dict) else None
            if not isinstance(time, int | float):
                self._found(
                    number, "no-frame-metadata", "'source-ref-metadata' lacks the number 'unix-timestamp'"
                )
        problem = self._buckets.problem(bucket) if self._buckets else None
        if problem is not None:
            self._found(number, *problem)
        elif self._objects:
            self._objects.add(number, bucket, key)

    def _check_attributes(self) -> None:
        """Check the names of the job's label attribute and of the one that it works on."""
        kind = self._kind
        if self._attribute is not None:
            self._check_name(self._attribute, None if kind is None else kind.attribute_ends_in_ref)
        if kind is not None and kind.of and self._prior is None:
            self._found(
                None, "no-prior-label", f"{kind.title} works on a label: name its attribute, prior=..."
            )
        if self._prior is not None:
            endings = {kind_named(name).attribute_ends_in_ref for name in kind.of} if kind else set()
            self._check_name(self._prior, endings.pop() if len(endings) == 1 else None)
            if self._prior == self._attribute:
                self._found(
                    None,
                    "label-attribute",
                    f"the label {self._prior!r} and the one that it becomes have one name",
                )

    def _check_name(self, name: str, ends_in_ref: bool | None) -> None:
        if not can_name_label(name):
            self._found(
                None,
                "label-attribute",
                f"{shortened(name)} can't name a label: use up to 127 letters, digits and hyphens between them; not "
                "source, source-ref, or -metadata at the end",
            )
        elif ends_in_ref is not None and name.endswith("-ref") is not ends_in_ref:
            self._found(
                None,
                "label-attribute",
                f"{name!r} must{'' if ends_in_ref else ' not'} end in -ref for this kind of job",
            )

    def _check_number(self, n_lines: int) -> None:
        if not n_lines and not self._counts:
            self._found(None, "no-lines", "there is no line")
        if self._most_objects is not None and n_lines > self._most_objects:
            what = "sequences" if self._kind and "json" in self._kind.extensions else "objects"
            self._found(
                None,
                "too-many-lines",
                f"{n_lines:,} {what}; a job takes {self._most_objects:,}: make several manifests of it",
            )


def _repeated_key(raw: bytes, fields: Line) -> str | None:
    """Return a key that an object in the line has twice; None if there is none.

    Readers keep one of the two, so the text is looked at. Where all values are plain and nothing is escaped, the number of
    quotes tells.
    """
    texts = 0
    for value in fields.values():
        if isinstance(value, str):
            texts += 1
        elif isinstance(value, dict | list):
            break
    else:
        if b"\\" not in raw and raw.count(b'"') == 2 * (len(fields) + texts):
            return None
    repeated: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> None:
        keys = Counter(key for key, _ in items)
        repeated.extend(key for key, count in keys.items() if count > 1)

    json.loads(raw.decode(), object_pairs_hook=pairs, parse_int=str, parse_float=str)
    return repeated[0] if repeated else None
