"""Runs every benchmark, one after the other: ``python -m benchmarks [--json FILE]``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks import (
    consolidation,
    decide,
    import_time,
    loops,
    read_manifest,
    read_outputs,
    read_s3,
    start_loops,
    stream_memory,
    write_manifest,
)

BENCHMARKS = (
    import_time,
    read_outputs,
    read_s3,
    read_manifest,
    write_manifest,
    decide,
    consolidation,
    loops,
    start_loops,
    stream_memory,
)


def main() -> None:
    """Print every table, and write all results into one JSON file if it is named."""
    parser = argparse.ArgumentParser(description="Run every benchmark.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, too")
    options = parser.parse_args()
    results = []
    for benchmark in BENCHMARKS:
        results.append(benchmark.main([]))
        print(flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
