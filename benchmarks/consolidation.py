"""500,000 votes to 100,000 labels: this package beside crowd-kit, and how right both are on published sets.

Run ``python -m benchmarks.consolidation [--tasks N] [--data DIR] [--json FILE]``. Votes are a pandas frame of strings.
Each way is a process of its own, its imports done before; memory is the peak over what was loaded then. Without crowd-kit
(``pip install "hitl-sdk[crowd]"``) only our own ways run, and GLAD, which is crowd-kit's, is left out. The published
sets are read from DIR/crowd, by default of the folder that the environment variable HITL_DATA names, or
``../shared/data``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import warnings
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmarks._process import in_its_own_process, measured
from benchmarks._report import report
from hitl_sdk.consolidation import CrowdKit, DawidSkene, MajorityVote, OneCoinDawidSkene

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKERS_OF_A_TASK = 5
CLASSES = 10
OURS = {"MajorityVote": MajorityVote, "DawidSkene": DawidSkene, "OneCoinDawidSkene": OneCoinDawidSkene}
AIMS = {"MajorityVote": 2.0, "DawidSkene": 10.0, "OneCoinDawidSkene": 10.0}
# Accuracies that were measured with crowd-kit 1.4.2 when the sets were collected.
LISTED = {
    "rte": {"MajorityVote": 0.897, "DawidSkene": 0.928, "OneCoinDawidSkene": 0.925, "GLAD": 0.925},
    "dog": {"MajorityVote": 0.822, "DawidSkene": 0.843, "OneCoinDawidSkene": 0.830, "GLAD": 0.834},
    "product": {"MajorityVote": 0.897, "DawidSkene": 0.940, "OneCoinDawidSkene": 0.908, "GLAD": 0.928},
    "CF": {"MajorityVote": 0.882, "DawidSkene": 0.830, "OneCoinDawidSkene": 0.887, "GLAD": 0.880},
}


def make_votes(tasks: int) -> pd.DataFrame:
    """Return votes in no order, of workers who are right in 30 to 95 % of all cases."""
    rng = np.random.default_rng(0)
    n_workers = max(tasks // 100, WORKERS_OF_A_TASK)
    truth = rng.integers(CLASSES, size=tasks)
    accuracy = rng.uniform(0.3, 0.95, size=n_workers)
    item = np.repeat(np.arange(tasks), WORKERS_OF_A_TASK)
    steps = rng.integers(1, n_workers // WORKERS_OF_A_TASK + 1, size=(tasks, WORKERS_OF_A_TASK))
    worker = (rng.integers(n_workers, size=(tasks, 1)) + steps.cumsum(axis=1)).ravel() % n_workers
    other = (truth[item] + rng.integers(1, CLASSES, size=len(item))) % CLASSES
    label = np.where(rng.random(len(item)) < accuracy[worker], truth[item], other)
    order = rng.permutation(len(item))
    return pd.DataFrame(
        {
            "item": [f"item-{number:07d}" for number in item[order]],
            "worker": [f"worker-{number:05d}" for number in worker[order]],
            "label": [f"class-{number}" for number in label[order]],
        }
    )


def write_votes(tasks: int, file: Path) -> dict[str, Any]:
    """Write votes to a file."""
    make_votes(tasks).to_parquet(file)
    return {"tasks": tasks}


def forget_peak() -> None:
    """Let the peak memory of this process begin anew, for reading the file took more; on Linux only."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "utf-8")


def run_way(way: str, votes: Path, labels: Path) -> dict[str, Any]:
    """Run one way on votes of a file, and write the labels to another, with whether they were tied."""
    maker, _, name = way.partition(" ")
    frame = pd.read_parquet(votes)
    if maker == "hitl_sdk":
        ask = OURS[name]().fit_predict
    else:
        warnings.simplefilter("ignore")  # crowd-kit uses what pandas 3.1 calls deprecated
        from crowdkit import aggregation  # type: ignore[import-not-found, import-untyped, unused-ignore]

        ask = getattr(aggregation, name)().fit_predict
        frame = frame.rename(columns={"item": "task"})
    made: list[Any] = []

    def work() -> int:
        made.append(ask(frame))
        return len(made[0])

    forget_peak()
    taken = measured(work)
    if maker != "hitl_sdk":
        made[0] = made[0].rename("label").rename_axis("item").reset_index()
    made[0].to_parquet(labels)
    return taken


def measure_speed(tasks: int) -> dict[str, Any]:
    """Return what each method takes here and in crowd-kit, and how many labels differ, ties left out."""
    makers = ["hitl_sdk", "crowd-kit"] if find_spec("crowdkit") else ["hitl_sdk"]
    with tempfile.TemporaryDirectory() as folder:
        votes = Path(folder) / "votes.parquet"
        # Made elsewhere: a process starts with the peak of the one that started it.
        in_its_own_process("benchmarks.consolidation", "--make", votes, "--tasks", tasks)
        methods: dict[str, Any] = {}
        for name in OURS:
            methods[name] = {"aim": AIMS[name]}
            labels = {maker: Path(folder) / f"{maker}-{name}.parquet" for maker in makers}
            for maker in makers:
                methods[name][maker] = in_its_own_process(
                    "benchmarks.consolidation", "--way", f"{maker} {name}", "--files", votes, labels[maker]
                )
            if len(makers) > 1:
                ours, theirs = (pd.read_parquet(file) for file in labels.values())
                both = ours.merge(theirs, on="item", suffixes=("", "_theirs"))
                differ = both["label"] != both["label_theirs"]
                methods[name]["differ"] = int((differ & ~both["tie"]).sum())
                methods[name]["differ_in_ties"] = int((differ & both["tie"]).sum())
                times = [methods[name][maker]["cpu_seconds"] for maker in makers]
                methods[name]["times_faster"] = round(times[1] / times[0], 1)
    return methods


def measure_accuracy(data: Path) -> dict[str, Any] | str:
    """Return the accuracy of each method on each published set, or why there is none."""
    if not (data / "crowd").is_dir():
        return f"no folder {data / 'crowd'}: name it by --data or HITL_DATA"
    accuracies: dict[str, Any] = {}
    for name in LISTED:
        votes = pd.read_csv(data / "crowd" / name / "label.csv")
        truth = pd.read_csv(data / "crowd" / name / "truth.csv")
        methods = {each: kind() for each, kind in OURS.items()} | (
            {"GLAD": CrowdKit("GLAD")} if find_spec("crowdkit") else {}
        )
        accuracies[name] = {}
        for each, method in methods.items():
            judged = method.fit_predict(votes).merge(truth, on="item")
            accuracies[name][each] = round(float((judged["label"] == judged["truth"]).mean()), 4)
    return accuracies


def table(result: dict[str, Any]) -> str:
    """Return the result as lines for people."""
    lines = [f"{result['tasks']:,} tasks x {WORKERS_OF_A_TASK} workers x {CLASSES} classes, from strings", ""]
    lines.append(
        f"{'way':<32}{'s':>8}{'CPU s':>8}{'peak MiB':>10}{'ours is faster by':>24}{'labels that differ':>22}"
    )
    for name, method in result["methods"].items():
        for maker in ("hitl_sdk", "crowd-kit"):
            if maker in method:
                way = method[maker]
                lines.append(
                    f"{maker + ' ' + name:<32}{way['seconds']:>8.2f}{way['cpu_seconds']:>8.2f}{way['peak_mib']:>10,.0f}"
                )
        if "times_faster" in method:
            ties = f", {method['differ_in_ties']} ties" if method["differ_in_ties"] else ""
            lines[-1] += (
                f"{method['times_faster']:>12.1f} x (aim {method['aim']:g}){method['differ']:>12}{ties}"
            )
    if not all("crowd-kit" in method for method in result["methods"].values()):
        lines.append('crowd-kit is not installed: pip install "hitl-sdk[crowd]"')
    lines += ["", "accuracy on published sets, beside the one that is listed"]
    if isinstance(result["accuracies"], str):
        return "\n".join([*lines, f"left out: {result['accuracies']}"])
    names = list(next(iter(result["accuracies"].values())))
    lines.append(f"{'':<12}" + "".join(f"{name:>24}" for name in names))
    for crowd, accuracies in result["accuracies"].items():
        shown = (f"{accuracies[name]:.4f} ({LISTED[crowd][name]:.3f})" for name in names)
        lines.append(f"{crowd:<12}" + "".join(f"{each:>24}" for each in shown))
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("HITL_DATA", "../shared/data")))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--files", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.make or options.way:
        taken = (
            run_way(options.way, *options.files) if options.way else write_votes(options.tasks, options.make)
        )
        print(json.dumps(taken))
        return taken
    result = {
        "benchmark": "consolidation",
        "tasks": options.tasks,
        "python": platform.python_version(),
        "methods": measure_speed(options.tasks),
        "accuracies": measure_accuracy(options.data),
    }
    return report(result, table(result), options.json)


if __name__ == "__main__":
    main()
