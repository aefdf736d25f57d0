"""Input manifests of labeling jobs: made from what there is, checked, sampled, split and written, as streams."""

from __future__ import annotations

import heapq
from functools import partial
from hashlib import blake2b
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING, Any

from hitl_sdk._manifest_line import ITEM_KEYS
from hitl_sdk._s3_uri import split_uri
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labeling._manifest_checks import ManifestChecks
from hitl_sdk.labeling._manifest_json import Line, batched, encode_line
from hitl_sdk.labeling._manifest_listing import Listed, listed_source
from hitl_sdk.labeling._manifest_sources import ChosenLines, CsvLines, GivenLines, ManifestFile
from hitl_sdk.labeling._manifest_storage import place_of, s3_client, write_chunks
from hitl_sdk.training.split import check_fractions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from os import PathLike

    from hitl_sdk._manifest_line import ItemKey
    from hitl_sdk.labeling._manifest_sources import LineSource
    from hitl_sdk.labeling.report import ManifestReport
    from hitl_sdk.session import Session

__all__ = ["InputManifest"]


class InputManifest:
    """The data objects of a labeling job, one a line. Made by `InputManifest.open` and the other class methods.

    It holds no lines: each use goes through what it was made of again, and chooses, changes or writes as it
    goes. So a manifest may be larger than memory.

    Attributes
    ----------
    name : str
        Where its lines come from, for messages.

    Examples
    --------
    >>> manifest = InputManifest.from_lines([{"source": "It broke", "shop": 7}, {"source": "I love it", "shop": 9}])
    >>> manifest.check("TextMultiClass").ok
    True
    >>> [line["source"] for line in manifest.filter(lambda line: line["shop"] > 8)]
    ['I love it']
    """

    def __init__(self, source: LineSource) -> None:
        self._source = source

    def __repr__(self) -> str:
        return f"InputManifest({self.name!r})"

    @property
    def name(self) -> str:
        """Where its lines come from: an address, or what was given."""
        return self._source.name

    @classmethod
    def open(cls, place: str | PathLike[str], session: Session | None = None) -> InputManifest:
        """Open a manifest that was written.

        A byte-order mark, CRLF, empty lines and an array of all objects are read too, so that writing it again mends them.
        What ends in ``.gz`` is unpacked.

        Parameters
        ----------
        place : path or str
            A file, or ``s3://BUCKET/KEY``.
        session : Session, optional
            Whose S3.

        Raises
        ------
        InvalidInputError
            If it is in S3 and there is no session. What can't be read is said when it is used.
        """
        name = place_of(place)
        if name.startswith("s3://"):
            split_uri(name)
            s3_client(name, session)
        return cls(ManifestFile(name, session))

    @classmethod
    def from_lines(cls, lines: Iterable[object] | Callable[[], Iterable[object]]) -> InputManifest:
        """Take lines that are in hand, or are made on the way.

        Parameters
        ----------
        lines : iterable or callable
            Each a dict, or its JSON text; or a function that returns such an iterable each time it is called. A mere
            iterator can be used once.

        Raises
        ------
        InvalidInputError
            If it is one text or one dict, not a list.
        """
        return cls(GivenLines(lines))

    @classmethod
    def from_frame(
        cls,
        frame: object,
        *,
        column: str | None = None,
        key: ItemKey | None = None,
        keep: Sequence[str] | None = None,
    ) -> InputManifest:
        """Take the rows of a frame: a line each, with what is not null in its columns.

        Parameters
        ----------
        frame : frame
            Of pandas, polars, pyarrow or another engine that narwhals knows; a lazy one is collected. Times become ISO 8601
            text, structures JSON objects.
        column : str, optional
            The column with texts or S3 URIs; by default ``source``, ``source-ref`` or ``item``, the first that it has.
        key : {"source", "source-ref"}, optional
            Under which key they stand; by default the column's name if it is one of these, else as the first row asks: an S3
            URI is a ``source-ref``.
        keep : sequence of str, optional
            Other columns that lines have; by default all.

        Raises
        ------
        InvalidInputError
            If it is no frame, or lacks a column.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"item": ["s3://pets/1.jpg", "s3://pets/2.jpg"], "age": [3, None]})
        >>> list(InputManifest.from_frame(frame))
        [{'source-ref': 's3://pets/1.jpg', 'age': 3.0}, {'source-ref': 's3://pets/2.jpg'}]
        """
        from hitl_sdk.labeling._manifest_frames import FrameRows

        return cls(FrameRows(frame, column=column, key=key, keep=keep))

    @classmethod
    def from_csv(
        cls,
        place: str | PathLike[str],
        *,
        column: str,
        key: ItemKey | None = None,
        keep: Sequence[str] = (),
        session: Session | None = None,
    ) -> InputManifest:
        """Take the rows of a CSV in UTF-8 whose first row has the names of its columns.

        Parameters
        ----------
        place : path or str
            A file, or ``s3://BUCKET/KEY``.
        column : str
            The column with texts or S3 URIs.
        key : {"source", "source-ref"}, optional
            Under which key they stand; by default as the first row asks: an S3 URI is a ``source-ref``.
        keep : sequence of str
            Other columns that lines have, as text.
        session : Session, optional
            Whose S3.
        """
        name = place_of(place)
        return cls(CsvLines(name, lambda: [name], session, column=column, key=key, keep=keep))

    @classmethod
    def from_s3(
        cls,
        uri: str,
        session: Session,
        kind: Listed = "image",
        *,
        column: str | None = None,
        key: ItemKey | None = None,
        keep: Sequence[str] = (),
        sequences: str | None = None,
    ) -> InputManifest:
        """Take what lies under a prefix in S3, as the console's automated set-up does.

        Parameters
        ----------
        uri : str
            ``s3://BUCKET/PREFIX``: the folder.
        session : Session
            Whose S3.
        kind : {"image", "text", "csv", "video", "video-frames"}, default "image"
            What is looked for; other files are left out. Images (.jpg, .jpeg, .png) and videos (.mp4, .ogg, .webm) are a line
            each; of texts (.txt) each line is one, of CSVs each row. For video frames, each direct sub-folder that has images
            is a sequence: its file is written at once, with the first 2,000 frames in the order of the UTF-8 bytes of
            their names, and the manifest names these files.
        column, key, keep : optional
            Of CSVs, as in `from_csv`.
        sequences : str, optional
            The folder in S3 for sequence files; by default that of the frames' folders.

        Raises
        ------
        InvalidInputError
            If the kind is not known, or `column` is missing.
        EmptyInputError
            If there is no such file: at once for video frames, else when the lines are used.

        Warns
        -----
        UserWarning
            If a sequence has more than 2,000 frames.

        Examples
        --------
        >>> from hitl_sdk.testing import mock_hitl
        >>> with mock_hitl() as cloud:
        ...     for name in ("2.jpg", "1.png", "notes.md"):
        ...         _ = cloud.session().client("s3").put_object(Bucket=cloud.bucket("pets"), Key=f"in/{name}", Body=b"")
        ...     print(*InputManifest.from_s3("s3://pets/in", cloud.session()))
        {'source-ref': 's3://pets/in/1.png'} {'source-ref': 's3://pets/in/2.jpg'}
        """
        return cls(listed_source(uri, session, kind, column=column, key=key, keep=keep, sequences=sequences))

    @classmethod
    def from_job(
        cls,
        place: str | PathLike[str],
        session: Session | None = None,
        *,
        where: Callable[[Line], bool] | None = None,
    ) -> InputManifest:
        """Take the output manifest of a former job: its lines with their labels, for a chained job.

        Parameters
        ----------
        place : path or str
            ``LabelingJob.output_manifest_uri``, or a file.
        session : Session, optional
            Whose S3.
        where : callable, optional
            Which lines: is given each as a dict, the label's value and its metadata as the file has them.

        Examples
        --------
        >>> from tempfile import TemporaryDirectory
        >>> lines = [{"source": "It broke", "mood": 0, "mood-metadata": {"class-name": "bad", "confidence": 0.61}},
        ...          {"source": "I love it", "mood": 1, "mood-metadata": {"class-name": "good", "confidence": 0.95}}]
        >>> with TemporaryDirectory() as folder:
        ...     output = InputManifest.from_lines(lines).write(f"{folder}/output.manifest")
        ...     unsure = InputManifest.from_job(output, where=lambda line: line["mood-metadata"]["confidence"] < 0.8)
        ...     print(*(line["source"] for line in unsure))
        It broke
        """
        manifest = cls.open(place, session)
        return manifest if where is None else manifest.filter(where)

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines as dicts."""
        return chain.from_iterable(self._source.batches())

    def write(self, place: str | PathLike[str], session: Session | None = None) -> str:
        """Write the manifest: all of it, or nothing if a line can't be written.

        Parameters
        ----------
        place : path or str
            A file, or ``s3://BUCKET/KEY``; what is there is replaced. What ends in ``.gz`` is packed; Ground Truth reads none
            of these.
        session : Session, optional
            Whose S3.

        Returns
        -------
        str
            The place.

        Raises
        ------
        InvalidInputError
            If a line is no object of JSON values, naming its number; if the place can't be written.
        ServiceError
            Whatever S3 says. An upload that fails is aborted.
        """
        name = place_of(place)
        write_chunks(name, self._source.encoded(), session)
        return name

    def filter(self, keep: Callable[[Line], bool]) -> InputManifest:
        """Return the manifest of the lines for which a function is true.

        Parameters
        ----------
        keep : callable
            Is given each line as a dict.
        """
        return self._chosen(lambda batches: ([line for line in lines if keep(line)] for lines in batches))

    def sample(self, *, n: int | None = None, fraction: float | None = None, seed: int = 0) -> InputManifest:
        """Return a random sample of the lines, in their order.

        Whether a line is drawn depends on its item and the seed: the same lines make the same sample anywhere, and with
        `fraction` a line's fate does not depend on the others.

        Parameters
        ----------
        n : int, optional
            How many lines; they are held in memory.
        fraction : float, optional
            About which share of the lines, from 0 to 1. Either this or `n`.
        seed : int, default 0
            Another one draws others.

        Raises
        ------
        InvalidInputError
            If not just one of the two is given, or it is no such number; when used, if there are fewer lines than `n`.

        Examples
        --------
        >>> manifest = InputManifest.from_lines([{"source": text} for text in "abcdefgh"])
        >>> [line["source"] for line in manifest.sample(n=3, seed=7)]
        ['a', 'c', 'f']
        """
        if (n is None) is (fraction is None):
            raise InvalidInputError(f"n={n} and fraction={fraction}", hint="give one of the two")
        if n is not None:
            if n < 1:
                raise InvalidInputError(f"n={n}", hint="give at least 1")
            return self._chosen(partial(_draw_exactly, n=n, seed=seed))
        if fraction is None or not 0 <= fraction <= 1:
            raise InvalidInputError(f"fraction={fraction}", hint="give a share from 0 to 1")
        return self._between(0, fraction, seed)

    def split(self, fractions: Mapping[str, float], *, seed: int = 0) -> dict[str, InputManifest]:
        """Return manifests of parts of the lines, none of which shares an item with another.

        In which part a line is depends on its item, the fractions and the seed alone, not on the other lines; so the
        parts have about their share of the lines.

        Parameters
        ----------
        fractions : mapping of str to float
            The share of each part, above 0, together 1: ``{"train": 0.8, "test": 0.2}``.
        seed : int, default 0
            Another one gives another split.

        Returns
        -------
        dict of str to InputManifest
            By the names of `fractions`. Each goes through all lines when it is used.

        Raises
        ------
        InvalidInputError
            If the fractions are no shares.

        Examples
        --------
        >>> manifest = InputManifest.from_lines([{"source": text} for text in "abcdefgh"])
        >>> parts = manifest.split({"train": 0.75, "test": 0.25}, seed=7)
        >>> {name: "".join(line["source"] for line in part) for name, part in parts.items()}
        {'train': 'acdefgh', 'test': 'b'}
        """
        check_fractions(fractions)
        bounds = [0.0, *accumulate(fractions.values())]
        bounds[-1] = 1.0  # whatever the sum of floats says
        return {
            name: self._between(start, end, seed)
            for name, (start, end) in zip(fractions, pairwise(bounds), strict=True)
        }

    def check(
        self,
        kind: str | None = None,
        *,
        attribute: str | None = None,
        prior: str | None = None,
        region: str | None = None,
        session: Session | None = None,
        objects: bool = False,
        most_objects: int | None = None,
    ) -> ManifestReport:
        """Check every line against the rules of Ground Truth, in one pass.

        Parameters
        ----------
        kind : str, optional
            The kind of job, as ``Task.labeling_kind`` names it: ``"BoundingBox"``. It says which key, which files, how many
            lines and which names of labels are right.
        attribute : str, optional
            The label attribute that the job is to write.
        prior : str, optional
            The label attribute that it is to verify or adjust; each line must have it.
        region : str, optional
            The job's Region; by default the session's.
        session : Session, optional
            Asks S3 for the Region of each bucket, once.
        objects : bool, default False
            Look for the objects too, by listing the folders they are in.
        most_objects : int, optional
            How many lines a job may have, where AWS has raised your quota.

        Returns
        -------
        ManifestReport
            All that is wrong, with numbers of lines. What the lines of a file say is never an exception. Memory: some 60 bytes
            a line, to tell repeated items; with `objects` twice that.

        Raises
        ------
        InvalidInputError
            If the kind is not known, `objects` is wanted without a session, or the manifest can't be opened; naming the
            line, if what it was filtered or sampled from can't be read.
        ServiceError
            If S3 does not give the manifest, or an answer of a bucket.
        """
        if objects and session is None:
            raise InvalidInputError("objects are in S3", hint="give a session: check(..., session=session)")
        buckets = named = None
        if session is not None:
            from hitl_sdk.labeling._manifest_objects import Buckets, NamedObjects

            buckets = Buckets(session, region or session.region_name)
            named = NamedObjects(session) if objects else None
        checks = ManifestChecks(
            kind=kind,
            attribute=attribute,
            prior=prior,
            most_objects=most_objects,
            buckets=buckets,
            objects=named,
        )
        return checks.report(self._source)

    def _chosen(self, choose: Callable[[Iterator[list[Line]]], Iterator[list[Line]]]) -> InputManifest:
        return InputManifest(ChosenLines(self._source, choose))

    def _between(self, start: float, end: float, seed: int) -> InputManifest:
        """Return the lines whose draw is from `start` up to `end`."""
        return self.filter(lambda line: start <= _draw(line, seed) < end)


def _draw(line: Line, seed: int) -> float:
    """Return a number from 0 up to 1 that belongs to the item of a line under a seed; without an item, to the whole line."""
    item: Any = next((line[key] for key in ITEM_KEYS if isinstance(line.get(key), str)), None)
    content = encode_line(line, 0) if item is None else item.encode("utf-8", "surrogatepass")
    digest = blake2b(content, digest_size=8, key=str(seed).encode()).digest()
    return (int.from_bytes(digest, "big") >> 11) * 2.0**-53


def _draw_exactly(batches: Iterator[list[Line]], *, n: int, seed: int) -> Iterator[list[Line]]:
    """Choose the lines with the smallest draws; of equal items the first."""
    count = 0

    def drawn() -> Iterator[tuple[float, int, Line]]:
        nonlocal count
        for line in chain.from_iterable(batches):
            yield _draw(line, seed), count, line
            count += 1

    chosen = heapq.nsmallest(n, drawn())
    if count < n:
        raise InvalidInputError(f"a sample of n={n} lines is wanted of {count}", hint="give at most that")
    return batched(line for _, _, line in sorted(chosen, key=lambda each: each[1]))
