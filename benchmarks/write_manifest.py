"""1,000,000 lines of a manifest written to a file: this package beside json.dumps and the writers of polars and pandas.

Run ``python -m benchmarks.write_manifest [--lines N] [--json FILE]``. The lines are those of a chained job: an image, a label and
its metadata. Dicts and frames are there before; lines of a generator are made on the way, and their making counts. Each way
is a process of its own; memory is the peak over what was loaded before. All write the same lines.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks._process import in_its_own_process, measured
from benchmarks._report import report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NAMES = ("cat", "dog", "bird", "fish")
BASELINE = "json.dumps, a line each"


def made_lines(count: int) -> Iterator[dict[str, Any]]:
    """Yield lines as a finished image classification job writes them, all different."""
    for number in range(count):
        yield {
            "source-ref": f"s3://pets/{number}.jpg",
            "species": number % 4,
            "species-metadata": {
                "class-name": NAMES[number % 4],
                "confidence": (50 + number % 50) / 100,
                "job-name": "labeling-job/species",
                "human-annotated": "yes",
                "creation-date": f"2023-02-03T10:{number % 60:02}:{number % 60:02}.{number:06}",
                "type": "groundtruth/image-classification",
            },
        }


def plain_lines(count: int) -> Iterator[dict[str, Any]]:
    """Yield lines as they are before any job: an image and two attributes."""
    for number in range(count):
        yield {"source-ref": f"s3://pets/{number}.jpg", "shelter": "north", "batch": number % 7}


def by_json(lines: list[dict[str, Any]], file: Path) -> None:
    with file.open("w", encoding="utf-8") as written:
        for line in lines:
            written.write(json.dumps(line) + "\n")


def ours(lines: Any, file: Path) -> None:
    from hitl_sdk.labeling import InputManifest

    InputManifest.from_lines(lines).write(file)


def ours_from_frame(frame: Any, file: Path) -> None:
    from hitl_sdk.labeling import InputManifest

    InputManifest.from_frame(frame).write(file)


def by_polars(frame: Any, file: Path) -> None:
    frame.write_ndjson(file)


def by_pandas(frame: Any, file: Path) -> None:
    frame.to_json(file, orient="records", lines=True)


def polars_frame(lines: Iterator[dict[str, Any]]) -> Any:
    import polars as pl

    return pl.DataFrame(list(lines))


def arrow_table(lines: Iterator[dict[str, Any]]) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist(list(lines))


def pandas_frame(lines: Iterator[dict[str, Any]]) -> Any:
    import pandas as pd

    return pd.DataFrame(list(lines))


# What is there before, and what is measured.
WAYS: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Path], None]]] = {
    BASELINE: (list, by_json),
    "hitl_sdk, from dicts": (list, ours),
    "hitl_sdk, from a polars frame": (polars_frame, ours_from_frame),
    "hitl_sdk, from an arrow table": (arrow_table, ours_from_frame),
    "hitl_sdk, from a pandas frame": (pandas_frame, ours_from_frame),
    "hitl_sdk, from a generator": (iter, ours),
    "polars.write_ndjson": (polars_frame, by_polars),
    "pandas.to_json": (pandas_frame, by_pandas),
}
LINES = {"labelled lines": made_lines, "plain lines": plain_lines}


def once(way: str, lines: str, count: int, file: Path) -> dict[str, Any]:
    """Return what one way takes in this process."""
    prepare, write = WAYS[way]
    there = prepare(LINES[lines](count))
    write(prepare(LINES[lines](1)), file)  # what is loaded on first use is not counted

    def work() -> int:
        write(there, file)
        return count

    return measured(work)


def measure(count: int, repeat: int) -> dict[str, Any]:
    """Return the best of some runs of each way, the ways taking turns."""
    kinds: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for lines in LINES:
            best: dict[str, Any] = {}
            for way in [*WAYS] * repeat:
                file = Path(folder) / f"{way}.manifest"
                taken = in_its_own_process(
                    "benchmarks.write_manifest", "--way", way, "--of", lines, "--lines", count, "--file", file
                )
                if way not in best or taken["seconds"] < best[way]["seconds"]:
                    best[way] = taken | {"mib": round(file.stat().st_size / 2**20, 1)}
            for way in best.values():
                way["times_faster_than_json"] = round(best[BASELINE]["seconds"] / way["seconds"], 2)
            _compare(Path(folder))
            kinds[lines] = best
    return {
        "benchmark": "write_manifest",
        "lines": count,
        "python": platform.python_version(),
        "ways": kinds,
    }


def _compare(folder: Path) -> None:
    """Hold that all ways of this package wrote the same bytes, and those say what json.dumps wrote."""
    contents = {file.stem: file for file in folder.glob("hitl_sdk*")}
    first = next(iter(contents.values())).read_bytes()
    for name, file in contents.items():
        if file.read_bytes() != first:
            raise RuntimeError(f"{name} wrote other bytes")
    with (folder / f"{BASELINE}.manifest").open("rb") as theirs:
        if any(
            json.loads(one) != json.loads(other)
            for one, other in zip(theirs, first.splitlines(), strict=True)
        ):
            raise RuntimeError("json.dumps wrote other lines")


def table(result: dict[str, Any]) -> str:
    """Return the result as lines for people."""
    lines = [f"{result['lines']:,} lines of a manifest to a file"]
    for kind, ways in result["ways"].items():
        size = max(way["mib"] for way in ways.values())
        lines += ["", f"{kind + f', up to {size:,.0f} MiB':<42}{'s':>9}{'CPU s':>9}{'peak MiB':>10}"]
        lines[-1] += f"{'of json.dumps':>16}"
        lines += [
            f"{name:<42}{way['seconds']:>9.2f}{way['cpu_seconds']:>9.2f}{way['peak_mib']:>10,.0f}"
            f"{way['times_faster_than_json']:>14.1f} x"
            for name, way in ways.items()
        ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--of", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.way:
        taken = once(options.way, options.of, options.lines, options.file)
        print(json.dumps(taken))
        return taken
    result = measure(options.lines, options.repeat)
    return report(result, table(result), options.json)


if __name__ == "__main__":
    main()
