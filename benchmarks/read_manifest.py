"""1,000,000 lines of an output manifest to a frame: this package beside pandas and polars.

Run ``python -m benchmarks.read_manifest [--lines N] [--json FILE]``. pandas and polars make one column of the label
and leave its metadata as objects; taking those apart into columns, as `read_manifest` does, is counted too. Each way is
a process of its own; memory is the peak over what was loaded before.
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
    from collections.abc import Callable, Sequence

NAMES = ("cat", "dog", "bird", "fish")
OURS = "hitl_sdk to pandas"


def write_manifest(file: Path, count: int) -> None:
    """Write lines of a finished image classification job, all different."""
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(
            f'{{"source-ref":"s3://pets/{number}.jpg","species":{number % 4},"species-metadata":{{"class-name":"{NAMES[number % 4]}",'
            f'"confidence":0.{50 + number % 50},"job-name":"labeling-job/species","human-annotated":"yes",'
            f'"creation-date":"2023-02-03T10:{number % 60:02}:{number % 60:02}.{number:06}",'
            f'"type":"groundtruth/image-classification"}}}}\n'
            for number in range(count)
        )


def ours(file: Path) -> int:
    from hitl_sdk.results import read_manifest

    return len(read_manifest(file))


def ours_to_arrow(file: Path) -> int:
    from hitl_sdk.results import read_manifest

    rows: int = read_manifest(file, engine="arrow").num_rows
    return rows


def by_pandas(file: Path) -> int:
    import pandas as pd

    frame = pd.read_json(file, lines=True)
    metadata = pd.DataFrame(frame.pop("species-metadata").tolist())
    metadata["creation-date"] = pd.to_datetime(metadata["creation-date"])
    return len(pd.concat([frame, metadata], axis=1))


def by_polars(file: Path) -> int:
    import polars as pl

    frame = pl.read_ndjson(file).unnest("species-metadata")
    return frame.with_columns(pl.col("creation-date").str.to_datetime()).height


WAYS: dict[str, Callable[[Path], int]] = {
    OURS: ours,
    "hitl_sdk to arrow": ours_to_arrow,
    "pandas.read_json, metadata to columns": by_pandas,
    "polars.read_ndjson, unnest": by_polars,
}


def measure(count: int) -> dict[str, Any]:
    """Return what each way takes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "output.manifest"
        write_manifest(file, count)
        ways = {
            name: in_its_own_process("benchmarks.read_manifest", "--way", name, "--file", file)
            for name in WAYS
        }
    for name, way in ways.items():
        if way["rows"] != count:
            raise RuntimeError(f"{name}: {way['rows']} rows of {count} lines")
        way["times_slower_than_ours"] = round(way["seconds"] / ways[OURS]["seconds"], 2)
    return {"benchmark": "read_manifest", "lines": count, "python": platform.python_version(), "ways": ways}


def table(result: dict[str, Any]) -> str:
    """Return the result as lines for people."""
    lines = [f"{result['lines']:,} lines of an output manifest to a frame", ""]
    lines.append(f"{'way':<42}{'s':>9}{'CPU s':>9}{'peak MiB':>10}{'ours is faster by':>20}")
    lines += [
        f"{name:<42}{way['seconds']:>9.2f}{way['cpu_seconds']:>9.2f}{way['peak_mib']:>10,.0f}"
        f"{way['times_slower_than_ours']:>18.1f} x"
        for name, way in result["ways"].items()
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.way:
        taken = measured(lambda: WAYS[options.way](options.file))
        print(json.dumps(taken))
        return taken
    result = measure(options.lines)
    return report(result, table(result), options.json)


if __name__ == "__main__":
    main()
