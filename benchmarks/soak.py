"""Kills a run with kill -9 at random moments, again and again, and counts what is lost and what is started twice.

Run ``python -m benchmarks.soak [--kills N] [--items N] [--seed N] [--json FILE]``. A client routes items over HTTP to a
local service, and is killed; the next one is given the same predictions under the same name, and is killed too, until
one comes to its end. Then the service is asked, by plain boto3, which human loops there are. Every second run has a budget,
and every third is worked at by two clients at once. Exits with 1 unless nothing was lost and nothing doubled.
"""

from __future__ import annotations

import argparse
import math
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hitl_sdk as hitl
from benchmarks._report import report
from benchmarks._soak_client import TASK, Work, predictions
from hitl_sdk.loops import human_loop_name
from hitl_sdk.testing import local_server

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitl_sdk.testing import LocalServer

_LIFE = (0.2, 1.8)
"""How long a client lives, as a multiple of what it takes with one item: some are killed while they plan, some while they
look up what the last one has left, most while they start loops."""


@dataclass(frozen=True, slots=True)
class Found:
    """What has come of one run."""

    kills: int
    started: int
    lost: int
    doubled: int
    over_budget: int


def provision(server: LocalServer, name: str) -> str:
    """Make a flow, and return its ARN."""
    session = server.session()
    s3, iam = session.client("s3"), session.boto3_session.client("iam", endpoint_url=server.url)
    try:
        role = iam.create_role(RoleName="review", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        s3.create_bucket(Bucket="reviews")
    except iam.exceptions.EntityAlreadyExistsException:
        role = iam.get_role(RoleName="review")["Role"]["Arn"]
    team = hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")])
    flow = hitl.ReviewFlow(name=name, team=team, task=TASK, output="s3://reviews/a2i", role_arn=role)
    return flow.ensure(session).arn


def seconds_of_one(server: LocalServer, folder: str) -> float:
    """Return how long a client works that has one item."""
    provision(server, "one")
    client = _begun(Work(server.url, f"sqlite:///{folder}/one.sqlite3", "one", items=1))
    begun = time.monotonic()
    _ended(client, math.inf)
    return time.monotonic() - begun


def kill_until_done(
    work: Work, *, chance: random.Random, pace: float, clients: int = 1, most: int = 10**9
) -> int:
    """Let clients work and kill them, until they come to their end by themselves or so many were killed; return how many.

    `pace` is the seconds that a client works with one item.
    """
    kills = 0
    while True:
        alive = [_begun(work) for _ in range(clients)]
        begun = time.monotonic()
        lives = [pace * chance.uniform(*_LIFE) if kills < most else math.inf for _ in alive]
        try:
            ended = [
                _ended(process, begun + life) for process, life in zip(alive, sorted(lives), strict=True)
            ]
        finally:
            for process in alive:  # if one has failed, the others are not to go on
                process.kill()
        kills += ended.count(False)
        if all(ended):
            return kills


def found(server: LocalServer, work: Work, flow_arn: str, kills: int) -> Found:
    """Compare what the service has with what is wanted."""
    pages = server.session().client("sagemaker-a2i-runtime").get_paginator("list_human_loops")
    names = Counter(
        loop["HumanLoopName"]
        for page in pages.paginate(FlowDefinitionArn=flow_arn, PaginationConfig={"PageSize": 100})
        for loop in page["HumanLoopSummaries"]
    )
    wanted = {human_loop_name(flow_arn, prediction.item) for prediction in predictions(work.items)}
    room = len(wanted) if work.max_reviews is None else work.max_reviews
    return Found(
        kills,
        started=names.total(),
        lost=max(0, min(len(wanted), room) - len(names.keys() & wanted)),
        doubled=names.total() - len(names.keys() & wanted),
        over_budget=max(0, names.total() - room),
    )


def soak(kills: int, items: int, seed: int) -> dict[str, Any]:
    """Run after run, until so many clients were killed."""
    chance, runs, begun = random.Random(seed), list[Found](), time.monotonic()
    with tempfile.TemporaryDirectory() as folder, local_server(simulate_workers=False) as server:
        pace = seconds_of_one(server, folder)
        while sum(run.kills for run in runs) < kills:
            number = len(runs) + 1
            work = Work(
                server.url,
                f"sqlite:///{folder}/runs.sqlite3",
                f"soak-{number}",
                items,
                max_reviews=items // 2 if number % 2 == 0 else None,
            )
            flow_arn = provision(server, work.name)
            killed = kill_until_done(
                work,
                chance=chance,
                pace=pace,
                clients=2 if number % 3 == 0 else 1,
                most=kills - sum(run.kills for run in runs),
            )
            runs.append(found(server, work, flow_arn, killed))
            print(f"run {number}: {asdict(runs[-1])}", file=sys.stderr, flush=True)
    names = ("kills", "started", "lost", "doubled", "over_budget")
    total = {name: sum(getattr(run, name) for run in runs) for name in names}
    return {
        "benchmark": "soak",
        "items": items,
        "runs": len(runs),
        **total,
        "seconds": round(time.monotonic() - begun),
    }


def _begun(work: Work) -> subprocess.Popen[bytes]:
    """Return a client that has imported what it needs, and begins to work."""
    given = [str(value) for value in asdict(work).values() if value is not None]
    command = [sys.executable, "-m", "benchmarks._soak_client", *given]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return process


def _ended(process: subprocess.Popen[bytes], deadline: float) -> bool:
    """Tell whether a client came to its end before the deadline; else it is killed."""
    try:
        left = max(0.0, deadline - time.monotonic())
        code = process.wait(left if math.isfinite(left) else None)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    if code != 0:
        raise RuntimeError(f"a client has failed with exit code {code}")
    return True


def table(result: dict[str, Any]) -> str:
    """Return the result as text for people."""
    return (
        f"{result['kills']} kills in {result['runs']} runs of {result['items']:,} items, {result['seconds']} s: "
        f"{result['started']:,} human loops started, {result['lost']} lost, {result['doubled']} doubled, "
        f"{result['over_budget']} over budget"
    )


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Soak, print what came of it, and write the JSON file if one is named."""
    parser = argparse.ArgumentParser(description="Kill runs, and count what is lost and what is doubled.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--items", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    options = parser.parse_args(arguments)
    result = soak(options.kills, options.items, options.seed)
    return report(result, table(result), options.json)


if __name__ == "__main__":
    outcome = main()
    sys.exit(0 if outcome["lost"] == outcome["doubled"] == outcome["over_budget"] == 0 else 1)
