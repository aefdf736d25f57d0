"""1,000,000 lines of an output manifest, of classes and of boxes, to a frame: this package beside four libraries.

Run ``python -m benchmarks.read_manifest [--lines N] [--repeat N] [--json FILE]``. Every way makes a frame of the item, the
label, its confidence, who gave it, when, and the job. A library's own way has the boxes as numbers of classes, the confidences
and the classes' names beside them; this package names each box, checks each line, and finds which lines are odd. Each way is
a process of its own, and imports before it is measured; memory is the peak over what was loaded before.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from benchmarks._process import in_its_own_process, measured
from benchmarks._report import report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


NAMES = ("cat", "dog", "bird", "fish")
FOLDER = "s3://pets-in-the-wild/collected/2023-01/batch-07/camera-12"
KINDS = ("classes", "boxes")
OURS = {"pandas": "hitl_sdk to pandas", "arrow": "hitl_sdk to arrow", "polars": "hitl_sdk to polars"}
AIMS = {"times faster than pandas": 10.0, "times the seconds of the best library": 1.3, "peak over file": 2.0}


def write_manifest(file: Path, count: int, kind: str) -> None:
    """Write lines of a finished job, all different: of image classification, or of boxes, none to three an image."""
    line = _line_of_class if kind == "classes" else _line_of_boxes
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(map(line, range(count)))


def _line_of_class(number: int) -> str:
    return (
        f'{{"source-ref":"{FOLDER}/{number:08}.jpg","species":{number % 4},"species-metadata":{{'
        f'"class-name":"{NAMES[number % 4]}","confidence":0.{50 + number % 50},{_metadata(number)},'
        f'"type":"groundtruth/image-classification"}}}}\n'
    )


def _line_of_boxes(number: int) -> str:
    classes = [(number + each) % 4 for each in range(number % 4)]
    boxes = ",".join(
        f'{{"class_id":{each},"left":{(number * 7 + each * 31) % 600},"top":{(number * 3 + each * 17) % 400},'
        f'"width":{20 + number % 90},"height":{15 + number % 60}}}'
        for each in classes
    )
    objects = ",".join(f'{{"confidence":0.{50 + (number + each) % 50}}}' for each in classes)
    names = ",".join(f'"{each}":"{NAMES[each]}"' for each in sorted(classes))
    return (
        f'{{"source-ref":"{FOLDER}/{number:08}.jpg","species":{{"image_size":[{{"width":640,"height":480,"depth":3}}],'
        f'"annotations":[{boxes}]}},"species-metadata":{{"objects":[{objects}],"class-map":{{{names}}},{_metadata(number)},'
        f'"type":"groundtruth/object-detection"}}}}\n'
    )


def _metadata(number: int) -> str:
    created = f"2023-02-03T10:{number % 60:02}:{number % 60:02}.{number % 1_000_000:06}"
    return f'"job-name":"labeling-job/species","human-annotated":"yes","creation-date":"{created}"'


def ours(engine: Literal["pandas", "arrow", "polars"]) -> Callable[[], Callable[[Path], int]]:
    def prepare() -> Callable[[Path], int]:
        read = _prepared()
        return lambda file: len(read(file, engine=engine))

    return prepare


def _prepared() -> Callable[..., Any]:
    """Import all that reading to a frame loads on first use."""
    from hitl_sdk.results import read_manifest

    for engine in ("pandas", "arrow", "polars"):
        read_manifest([_line_of_class(1)], engine=engine)
    return read_manifest


def ours_in_batches() -> Callable[[Path], int]:
    from hitl_sdk.results import iter_manifest

    _prepared()
    return lambda file: sum(len(frame) for frame in iter_manifest(file))


def by_pandas() -> Callable[[Path], int]:
    import pandas as pd

    def read(file: Path) -> int:
        frame = pd.read_json(file, lines=True)
        metadata = pd.json_normalize(frame.pop("species-metadata").tolist(), max_level=0)
        metadata["creation-date"] = pd.to_datetime(metadata["creation-date"])
        return len(pd.concat([frame, metadata], axis=1))

    return read


def by_pyarrow() -> Callable[[Path], int]:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow.json import read_json

    def read(file: Path) -> int:
        table = read_json(file).flatten()
        created = pc.cast(table["species-metadata.creation-date"], pa.timestamp("us"))
        return int(table.append_column("created", created).num_rows)

    return read


def by_pyarrow_to_pandas() -> Callable[[Path], int]:
    import pandas as pd
    from pyarrow.json import read_json

    def read(file: Path) -> int:
        frame = read_json(file).flatten().to_pandas()
        frame["created"] = pd.to_datetime(frame["species-metadata.creation-date"])
        return len(frame)

    return read


def by_duckdb() -> Callable[[Path], int]:
    import duckdb
    import pyarrow as pa  # noqa: F401

    def read(file: Path) -> int:
        lines = duckdb.read_json(str(file), format="newline_delimited")
        table = lines.select('"source-ref", species, unnest("species-metadata")').to_arrow_table()
        return int(table.num_rows)

    return read


def by_duckdb_to_pandas() -> Callable[[Path], int]:
    import duckdb
    import pandas as pd  # noqa: F401

    def read(file: Path) -> int:
        lines = duckdb.read_json(str(file), format="newline_delimited")
        return len(lines.select('"source-ref", species, unnest("species-metadata")').df())

    return read


def by_polars() -> Callable[[Path], int]:
    import polars as pl

    def read(file: Path) -> int:
        frame = pl.read_ndjson(file).unnest("species-metadata")
        return frame.with_columns(pl.col("creation-date").str.to_datetime()).height

    return read


WAYS: dict[str, Callable[[], Callable[[Path], int]]] = {
    OURS["pandas"]: ours("pandas"),
    OURS["arrow"]: ours("arrow"),
    OURS["polars"]: ours("polars"),
    "hitl_sdk, iter_manifest to pandas": ours_in_batches,
    "pandas: read_json, json_normalize": by_pandas,
    "pyarrow: read_json, flatten, to pandas": by_pyarrow_to_pandas,
    "duckdb: read_json, unnest, to pandas": by_duckdb_to_pandas,
    "pyarrow: read_json, flatten": by_pyarrow,
    "duckdb: read_json, unnest, to arrow": by_duckdb,
    "polars: read_ndjson, unnest": by_polars,
}
"""Each prepares what it needs and returns what reads a file."""

SAME_FRAME = {
    "pandas": [name for name in WAYS if "pandas" in name and "hitl_sdk" not in name],
    "arrow": ["pyarrow: read_json, flatten", "duckdb: read_json, unnest, to arrow"],
    "polars": ["polars: read_ndjson, unnest"],
}


def measure(count: int, repeat: int) -> dict[str, Any]:
    """Return the best of some runs of each way, the ways taking turns."""
    manifests: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            file = Path(folder) / f"{kind}.manifest"
            write_manifest(file, count, kind)
            manifests[kind] = {
                "file_mib": round(file.stat().st_size / 2**20, 1),
                "ways": _measured(file, count, repeat),
            }
            file.unlink()
    for manifest in manifests.values():
        manifest["ratios"] = _ratios(manifest)
    return {
        "benchmark": "read_manifest",
        "lines": count,
        "repeat": repeat,
        "python": platform.python_version(),
        "aims": AIMS,
        "manifests": manifests,
    }


def _measured(file: Path, count: int, repeat: int) -> dict[str, Any]:
    best: dict[str, Any] = {}
    for _ in range(repeat):
        for name in WAYS:
            taken = in_its_own_process("benchmarks.read_manifest", "--way", name, "--file", file)
            if taken["rows"] != count:
                raise RuntimeError(f"{name}: {taken['rows']} rows of {count} lines")
            if name not in best or taken["seconds"] < best[name]["seconds"]:
                best[name] = taken
    return best


def _ratios(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return what the aims are about, each engine beside the libraries that make the same frame."""
    ways = manifest["ways"]
    seconds = {name: way["seconds"] for name, way in ways.items()}
    by_hand = seconds["pandas: read_json, json_normalize"]
    return {
        engine: {
            "times faster than pandas": round(by_hand / seconds[name], 1),
            "times the seconds of the best library": round(
                seconds[name] / min(seconds[other] for other in SAME_FRAME[engine]), 2
            ),
            "peak over file": round(ways[name]["peak_mib"] / manifest["file_mib"], 2),
        }
        for engine, name in OURS.items()
    }


def table(result: dict[str, Any]) -> str:
    """Return the result as lines for people."""
    lines = []
    for kind, manifest in result["manifests"].items():
        lines += [f"{result['lines']:,} lines of {kind}, {manifest['file_mib']:,.0f} MiB, to a frame", ""]
        lines.append(f"{'way':<42}{'s':>9}{'CPU s':>9}{'peak MiB':>10}{'of the file':>13}")
        lines += [
            f"{name:<42}{way['seconds']:>9.2f}{way['cpu_seconds']:>9.2f}{way['peak_mib']:>10,.0f}"
            f"{way['peak_mib'] / manifest['file_mib']:>11.1f} x"
            for name, way in manifest["ways"].items()
        ]
        for engine, ratios in manifest["ratios"].items():
            told = ", ".join(f"{value:g} {name} (aim {AIMS[name]:g})" for name, value in ratios.items())
            lines.append(f"to {engine}: {told}")
        lines.append("")
    return "\n".join(lines[:-1])


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.way:
        read = WAYS[options.way]()
        taken = measured(lambda: read(options.file))
        print(json.dumps(taken))
        return taken
    result = measure(options.lines, options.repeat)
    return report(result, table(result), options.json)


if __name__ == "__main__":
    main()
