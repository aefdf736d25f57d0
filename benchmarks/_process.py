"""Runs one way of a benchmark in a process of its own, so that its peak memory is its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["in_its_own_process", "measured"]


def in_its_own_process(module: str, *arguments: object) -> dict[str, Any]:
    """Run ``python -m MODULE ARGUMENTS`` and return the JSON object that it prints last."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    printed: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return printed


def measured(work: Callable[[], int]) -> dict[str, Any]:
    """Return what a piece of work takes: seconds by the clock and of CPU, and memory over what is loaded before.

    The work returns how many rows it made.
    """
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu, start = time.process_time(), time.perf_counter()
    rows = work()
    return {
        "rows": rows,
        "seconds": round(time.perf_counter() - start, 3),
        "cpu_seconds": round(time.process_time() - cpu, 3),
        "peak_mib": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1),
    }
