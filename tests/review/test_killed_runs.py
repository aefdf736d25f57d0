"""Runs of 2,000 items over HTTP whose process is killed with kill -9 at random moments; `make soak` does it 200 times."""

import random
import sys
from pathlib import Path

import pytest

from hitl_sdk.loops.record import open_record
from hitl_sdk.testing import local_server

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks import soak
from benchmarks._soak_client import Work

sys.path.pop(0)


@pytest.fixture(scope="module")
def server():
    with local_server(simulate_workers=False) as server:
        yield server


@pytest.fixture(scope="module")
def pace(server, tmp_path_factory):
    return soak.seconds_of_one(server, str(tmp_path_factory.mktemp("one")))


@pytest.mark.parametrize(("clients", "max_reviews"), [(1, None), (2, 700)])
def test_killed_at_random_moments_a_run_loses_and_doubles_nothing(
    server, pace, tmp_path, clients, max_reviews
):
    name = f"killed-{clients}"
    work = Work(server.url, f"sqlite:///{tmp_path}/runs.sqlite3", name, 2_000, max_reviews)
    flow_arn = soak.provision(server, name)

    kills = soak.kill_until_done(work, chance=random.Random(name), pace=pace, clients=clients, most=3)

    found = soak.found(server, work, flow_arn, kills)
    assert (found.lost, found.doubled, found.over_budget) == (0, 0, 0)
    assert found.started == (max_reviews or 1_800)
    record = open_record(work.record).run(name)
    assert (record.n_items, record.n_charged(), record.complete) == (2_000, found.started, True)
    counts = dict(record.counts())
    assert counts["started"] + counts.get("adopted", 0) == found.started
