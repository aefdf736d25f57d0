"""A run that ends at any call or any write: resumed, it has started every loop once."""

import json
from contextlib import contextmanager
from dataclasses import replace

import pytest

from hitl_sdk._clock import current_clock
from hitl_sdk.loops import human_loop_name
from hitl_sdk.loops.record import open_record
from hitl_sdk.loops.record._sqlite import SqliteStore
from hitl_sdk.review import _starts
from hitl_sdk.routing import Prediction

ITEMS = 7


class Killed(BaseException):
    """Nothing handles it: the process is gone, and with it all that it would have done."""


class Death:
    """Kills at the call or the write of a number, before it is made or when it has been; from then on nothing works."""

    def __init__(self, what, when, number):
        self.what, self.when, self.number = what, when, number
        self.seen = 0
        self.dead = False

    def comes(self, what, when):
        if what == self.what and when == self.when:
            self.seen += 1
            self.dead = self.dead or self.seen == self.number
        if self.dead:
            raise Killed


@contextmanager
def dying(review, death):
    """Let calls and writes die inside the block."""
    events = review.session.client("sagemaker-a2i-runtime").meta.events
    transaction = SqliteStore.transaction

    @contextmanager
    def deadly(store):
        death.comes("write", "before")
        with transaction(store) as connection:
            yield connection
        death.comes("write", "after")

    def before(**_):
        death.comes("call", "before")

    def after(**_):
        death.comes("call", "after")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteStore, "transaction", deadly)
        events.register("before-send.sagemaker-a2i-runtime", before, "dying before")
        events.register("after-call.sagemaker-a2i-runtime", after, "dying after")
        try:
            yield
        except Killed:
            pass
        finally:
            events.unregister("before-send.sagemaker-a2i-runtime", unique_id="dying before")
            events.unregister("after-call.sagemaker-a2i-runtime", unique_id="dying after")


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(_starts, "CHUNK", 3)
    monkeypatch.setattr(_starts, "_WRITTEN_TOGETHER", 2)


def predictions(name):
    return [Prediction(str(number), f"{name} {number}", "1", 0.5) for number in range(ITEMS)]


def names(review, predicted):
    return {human_loop_name(review.arn, prediction.item) for prediction in predicted}


@pytest.mark.parametrize("limit", [None, 4])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("what", ["call", "write"])
def test_wherever_a_run_dies_its_next_start_loses_and_doubles_nothing(
    review, small_batches, what, when, limit
):
    wanted, number, died = set(), 0, True
    while died:
        number += 1
        name = f"{what}-{when}-{number}"
        death = Death(what, when, number)
        router = review.router(concurrency=2, max_reviews=limit)
        with dying(review, death):
            router.route(predictions(name), name=name)
        died = death.dead

        run = router.route(predictions(name), name=name)

        before, wanted = wanted, set(review.loops())
        assert len(wanted - before) == (limit or ITEMS)
        assert wanted - before <= names(review, predictions(name))
        assert len(review.loops()) == len(wanted)
        status = run.status()
        assert (status.in_progress, status.over_budget) == (limit or ITEMS, ITEMS - (limit or ITEMS))
        assert open_record().run(name).n_charged() == (limit or ITEMS)
    assert number > 5


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_dies_twice_in_a_row_is_no_worse(review, small_batches, when):
    for first, second in [(1, 1), (3, 2), (5, 3), (2, 8)]:
        name = f"{first}-{second}-{when}"
        for number in (first, second):
            with dying(review, Death("call", when, number)):
                review.router(concurrency=1).route(predictions(name), name=name)
        review.router().resume(name)
        assert names(review, predictions(name)) <= set(review.loops())
    assert len(review.loops()) == len(set(review.loops())) == 4 * ITEMS


def test_what_exists_before_is_free_however_the_run_dies(review, small_batches):
    for number in range(1, 12):
        name = f"run-{number}"
        for prediction in predictions(name)[:5]:
            review.start(prediction.item)
        with dying(review, Death("call", "before", number)):
            review.router(max_reviews=2).route(predictions(name), name=name)
        run = review.router(max_reviews=2).route(predictions(name), name=name)
        assert run.status().in_progress == ITEMS
        assert open_record().run(name).n_charged() <= 2


def test_a_loop_that_was_started_and_is_gone_stays_missing(review):
    run = review.router().route(predictions("gone"), name="gone")
    (name, *_) = review.loops()
    review.session.client("sagemaker-a2i-runtime").stop_human_loop(HumanLoopName=name)
    review.cloud.advance(3600)
    review.status(name)
    review.session.client("sagemaker-a2i-runtime").delete_human_loop(HumanLoopName=name)
    started = review.calls.count["StartHumanLoop"]

    again = review.router().route(predictions("gone"), name="gone")

    assert (again.status().missing, review.calls.count["StartHumanLoop"]) == (1, started)
    again.start(restart_failed=True)
    assert (run.status().missing, run.status().in_progress) == (0, ITEMS)


def test_two_who_start_the_same_run_start_each_loop_once(review, small_batches):
    one = review.router(concurrency=1).prepare(predictions("two"), name="two")
    other = review.router(concurrency=1).resume
    seen = []

    def let_the_other_work(start):
        seen.append(start)
        if len(seen) == 2:
            other("two")

    one.start(on_progress=let_the_other_work)

    assert sorted(review.loops()) == sorted(names(review, predictions("two")))
    assert one.status().in_progress == ITEMS


def test_who_interrupts_a_start_is_told_which_run_to_resume(review):
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interrupted:
        review.router().route(predictions("unnamed"), on_progress=interrupt)
    (header,) = open_record().runs()
    assert interrupted.value.__notes__ == [f"Run {header.name!r} can be resumed."]
    review.router().resume(header.name)
    assert set(review.loops()) == names(review, predictions("unnamed"))


def test_a_record_tells_the_input_of_a_loop_as_workers_get_it(review):
    review.router().prepare(predictions("input"), name="input")
    loops = list(open_record().run("input").loops())
    assert json.loads(loops[0].input_content) == {
        "taskObject": "input 0",
        "initialValue": "1",
    }
    assert {replace(loop, human_loop_name="", input_content="").status for loop in loops} == {"planned"}
    assert open_record().run("input").header.created_at == current_clock().now()
