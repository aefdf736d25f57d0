"""A process may end at any call: another goes on from the record, loses nothing, doubles nothing, keeps to the budget."""

import json
import os
import random
import signal
import subprocess
import sys
from threading import Lock

import pytest
from botocore.exceptions import ReadTimeoutError

from hitl_sdk.errors import HitlError, UnavailableError
from hitl_sdk.loops.record import LoopChange

N_ITEMS = 5
TIMED_OUT = ReadTimeoutError(endpoint_url="https://example.com")


class Service:
    """What A2I is here: it takes each name once."""

    def __init__(self):
        self.loops = set()

    def start(self, name):
        """Tell whether the loop was there already."""
        was_there = name in self.loops
        self.loops.add(name)
        return was_there


def work(store, stores, service, *, limit):
    """Route some items in batches, as a router does that may have been killed before."""
    run = store.create(stores.header())
    for first in range(0, N_ITEMS, 3):
        numbers = range(first, min(N_ITEMS, first + 3))
        run.add_items([stores.item(n, n) for n in numbers], [stores.loop(n) for n in numbers])
    run.mark_complete()
    left_over = list(
        run.loops({"starting"})
    )  # by a process that was killed: some of them may have been started
    finish(run, service, left_over, then="started")
    while claimed := run.claim(2, limit=limit):
        finish(run, service, claimed, then="adopted")
    return run


def finish(run, service, loops, then):
    """Start loops; `then` is what it means that one is there already."""
    outcomes = {loop.human_loop_name: service.start(loop.human_loop_name) for loop in loops}
    run.update([LoopChange(name, then if was_there else "started") for name, was_there in outcomes.items()])


class Calls:
    """The calls of a client; one of them fails, before it arrives or after."""

    def __init__(self, client):
        self.count, self.fails_at, self.arrives, self._lock = 0, None, False, Lock()
        client.meta.events.register("before-call", self._before)
        client.meta.events.register("after-call", self._after)

    def _before(self, **_):
        with self._lock:
            self.count += 1
            if self.count == self.fails_at and not self.arrives:
                raise TIMED_OUT

    def _after(self, **_):
        if self.count == self.fails_at and self.arrives:
            raise TIMED_OUT


@pytest.mark.parametrize("arrives", [False, True], ids=["lost", "answer lost"])
@pytest.mark.parametrize("limit", [None, 3])
@pytest.mark.parametrize("kind", ["dynamodb", "s3"])
def test_whatever_call_is_the_last_one_the_next_process_goes_on(make_stores, kind, limit, arrives):
    whole = make_stores(kind)
    calls = Calls(whole.session.client(kind))
    work(whole.open(), whole, Service(), limit=limit)
    n_calls = calls.count
    assert n_calls > 10
    for number in range(1, n_calls + 1):
        stores, service = make_stores(kind), Service()
        calls = Calls(stores.session.client(kind))
        calls.fails_at, calls.arrives = number, arrives
        with pytest.raises(UnavailableError):
            work(stores.open(), stores, service, limit=limit)
        run = work(stores.open(), stores, service, limit=limit)
        assert list(run.items()) == [stores.item(n, n) for n in range(N_ITEMS)]
        assert [loop.human_loop_name for loop in run.loops()] == [f"loop-{n}" for n in range(N_ITEMS)]
        assert service.loops == {f"loop-{n}" for n in range(limit or N_ITEMS)}
        assert run.n_charged() == len(service.loops)
        assert not list(run.loops({"starting"}))
        assert run.complete


def test_a_process_that_goes_on_after_an_error_sees_what_has_arrived_all_the_same(make_stores):
    stores = make_stores("dynamodb")
    run = stores.run(3)
    calls = Calls(stores.session.client("dynamodb"))
    calls.fails_at, calls.arrives = 1, True
    with pytest.raises(HitlError):
        run.claim(2)
    assert run.counts() == {"starting": 2, "planned": 1}
    assert [loop.human_loop_name for loop in run.claim(5)] == ["loop-2"]


WRITER = """
import sys
from datetime import UTC, datetime
from hitl_sdk.loops.record import LoopChange, RecordedItem, RecordedLoop, RunHeader, open_record

run = open_record(sys.argv[1]).create(RunHeader("march", "arn:flow", "{}", "{}", "{}", datetime(2026, 3, 1, tzinfo=UTC)))
print("ready", flush=True)
number = run.n_items
while True:
    names = [f"loop-{n}" for n in range(number, number + 5)]
    items = [RecordedItem(f"item-{name}", "x" * 1000, None, None, None, "", human_loop_name=name) for name in names]
    run.add_items(items, [RecordedLoop(name, "arn:flow", "{}") for name in names])
    print("items", number + 5, flush=True)
    claimed = run.claim(5)
    print("claimed", *[loop.human_loop_name for loop in claimed], flush=True)
    run.update([LoopChange(loop.human_loop_name, "started") for loop in claimed])
    print("started", *[loop.human_loop_name for loop in claimed], flush=True)
    number += 5
"""

CLAIMER = """
import json, sys
from hitl_sdk.loops.record import open_record

run = open_record(sys.argv[1]).run("march")
print("ready", flush=True)
sys.stdin.readline()
claimed = []
while some := run.claim(3, limit=200):
    claimed += [loop.human_loop_name for loop in some]
print(json.dumps(claimed), flush=True)
"""


def python(code, *arguments):
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_file_keeps_what_was_written_before_a_kill_and_nothing_by_half(make_stores):
    stores, moments = make_stores("file"), random.Random(7)
    for _ in range(3):
        process = python(WRITER, stores.address)
        said = [process.stdout.readline() for _ in range(moments.randint(5, 60))]
        os.kill(process.pid, signal.SIGKILL)
        said += process.communicate()[0].splitlines(keepends=True)
        run = stores.open().run("march")
        told = [line.split() for line in said if line.endswith("\n")]
        names = [loop.human_loop_name for loop in run.loops()]
        assert (
            names
            == [item.human_loop_name for item in run.items()]
            == [f"loop-{n}" for n in range(len(names))]
        )
        assert len(names) % 5 == 0
        assert len(names) >= max(int(words[1]) for words in told if words[0] == "items")
        started = {name for words in told if words[0] == "started" for name in words[1:]}
        claimed = {name for words in told if words[0] == "claimed" for name in words[1:]}
        assert started <= {loop.human_loop_name for loop in run.loops({"started"})}
        assert claimed <= {loop.human_loop_name for loop in run.loops({"started", "starting"})}


def test_processes_that_claim_at_once_share_one_limit(make_stores):
    stores = make_stores("file")
    run = stores.run(300)
    processes = [python(CLAIMER, stores.address) for _ in range(3)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    claimed = [name for process in processes for name in json.loads(process.communicate()[0])]
    assert len(claimed) == len(set(claimed)) == 200
    assert run.n_charged() == 200
