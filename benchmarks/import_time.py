"""What importing this package costs over boto3, each import in an interpreter of its own.

Run ``python -m benchmarks.import_time [--repeat N] [--json FILE]``.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks._report import report

if TYPE_CHECKING:
    from collections.abc import Sequence

BOTO3 = "import boto3; boto3.Session(region_name='eu-west-1')"
WAYS = {
    "boto3 and a boto3.Session": BOTO3,
    "import hitl_sdk, alone": "import hitl_sdk",
    "boto3, then hitl_sdk and a Session": f"{BOTO3}; import hitl_sdk; hitl_sdk.Session(region_name='eu-west-1')",
    "boto3, then every public name of hitl_sdk": (
        f"{BOTO3}; import hitl_sdk; [getattr(hitl_sdk, name) for name in hitl_sdk.__all__]"
    ),
}
AIM_MILLISECONDS = 25.0
AIMED_AT = "boto3, then hitl_sdk and a Session"


def measure(repeat: int) -> dict[str, Any]:
    """Return the median milliseconds of each way, inside the interpreter, the ways taking turns."""
    seen: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(repeat + 1):  # the first round fills the caches and is left out
        for name, program in WAYS.items():
            seen[name].append(_milliseconds(program))
    medians = {name: statistics.median(times[1:]) for name, times in seen.items()}
    base = medians["boto3 and a boto3.Session"]
    return {
        "benchmark": "import_time",
        "ways": {
            name: {"milliseconds": round(median, 1), "over_boto3": round(median - base, 1)}
            for name, median in medians.items()
        },
        "aim_over_boto3": {AIMED_AT: AIM_MILLISECONDS},
    }


def _milliseconds(program: str) -> float:
    timed = (
        f"import time; start = time.perf_counter(); {program}; print((time.perf_counter() - start) * 1000)"
    )
    printed = subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True).stdout
    return float(printed)


def table(result: dict[str, Any]) -> str:
    """Return the result as text for people."""
    lines = ["importing, median", f"{'':<44}{'ms':>8}{'over boto3':>12}"]
    for name, way in result["ways"].items():
        over = f"{way['over_boto3']:>+11.1f}" if "boto3, then" in name else ""
        aim = f"  (aim {AIM_MILLISECONDS:g})" if name == AIMED_AT else ""
        lines.append(f"{name:<44}{way['milliseconds']:>8.1f}{over}{aim}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print the table, and write the JSON file if one is named."""
    parser = argparse.ArgumentParser(description="What importing hitl_sdk costs over boto3.")
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    options = parser.parse_args(arguments)
    result = measure(options.repeat)
    return report(result, table(result), options.json)


if __name__ == "__main__":
    main()
