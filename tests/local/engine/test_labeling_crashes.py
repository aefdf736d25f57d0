"""Labeling jobs whose files can't be written, whose process dies, and that several processes work on."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from hitl_sdk.local.engine import BucketMissing
from hitl_sdk.local.engine.job_life import HELD_FOR
from hitl_sdk.local.engine.job_work import MOST_ATTEMPTS

from .labeling import Labeling


class Crash(BaseException):
    """The process dies."""


def answer_all(labeling):
    """Work on the job to its end, whatever is open."""
    for _ in range(20):
        if labeling.status() in {"Completed", "Failed"}:
            return
        labeling.answer()
        labeling.go_on(HELD_FOR.total_seconds())
    pytest.fail(f"the job is still {labeling.status()}")


def begin(labeling):
    labeling.manifest("a", "b", "c")
    labeling.create(MaxConcurrentTaskCount=2, TaskAvailabilityLifetimeInSeconds=None)


def steps_of_a_whole_job(make_world):
    """Return what the job of `begin` reads, writes and invokes, in order."""
    labeling = Labeling(make_world())
    begin(labeling)
    labeling.go_on()
    answer_all(labeling)
    return labeling.world.delivery.puts


def test_a_whole_job_is_what_the_tests_break(make_world):
    steps = Counter(step.partition(" ")[0] for step in steps_of_a_whole_job(make_world))
    assert steps["get"] == 3
    assert steps["invoke"] == 3 + 2
    assert steps["Completed"] == 1


@pytest.mark.parametrize("error", [Crash, OSError])
def test_whatever_breaks_in_between_every_object_is_labelled_once(make_world, error):
    whole = steps_of_a_whole_job(make_world)
    for number in range(len(whole)):
        labeling = Labeling(make_world())
        begin(labeling)
        labeling.world.delivery.breaks = [None] * number + [error("broken")]
        while labeling.world.delivery.breaks:
            try:
                labeling.go_on()
                labeling.answer()
            except Crash:
                labeling.world.start_engine()
        answer_all(labeling)
        labeling.go_on(HELD_FOR.total_seconds())

        assert labeling.status() == "Completed", whole[number]
        assert labeling.counters() == (3, 0, 0), whole[number]
        assert [line["mood"] for line in labeling.output()] == [0, 0, 0], whole[number]
        assert len(labeling.files("worker-response")) == 3, whole[number]
        assert labeling.statuses_told() == ["Completed"], whole[number]


def test_a_store_that_is_opened_again_goes_on_with_the_job(make_world, durable_url):
    labeling = Labeling(make_world(durable_url))
    begin(labeling)
    labeling.world.restart(durable_url)
    labeling.go_on()
    labeling.answer("mood/0")
    labeling.world.restart(durable_url)
    labeling.answer("mood/1")
    labeling.world.restart(durable_url)
    labeling.answer("mood/2")
    assert labeling.status() == "Completed"
    assert labeling.counters() == (3, 0, 0)


def test_who_knows_that_nobody_else_is_at_work_need_not_wait(labeling):
    begin(labeling)
    labeling.world.delivery.breaks = [Crash()]
    with pytest.raises(Crash):
        labeling.go_on()
    labeling.world.start_engine()
    labeling.go_on()
    assert labeling.status() == "Initializing"
    labeling.world.engine.resume_jobs()
    labeling.go_on(0)
    assert labeling.status() == "InProgress"


def test_resuming_does_not_end_the_wait_for_answers(labeling):
    labeling.begin("a")
    labeling.world.engine.resume_jobs()
    labeling.go_on()
    assert labeling.status() == "InProgress"
    assert labeling.open_names() == ["mood/0"]


def test_answers_that_are_consolidated_again_lie_where_they_lay(labeling):
    def die_once(event):
        labeling.post = labeling.majority
        raise Crash

    labeling.post = die_once
    labeling.begin("a", "b")
    with pytest.raises(Crash):
        labeling.answer()
    labeling.world.start_engine()
    labeling.world.clock.advance(5)
    labeling.world.engine.resume_jobs()
    labeling.go_on()
    assert labeling.counters() == (2, 0, 0)
    assert len(labeling.files("consolidation-request")) == 1


def test_a_manifest_that_is_gone_is_written_again_as_it_was(labeling):
    labeling.begin("a", "b", MaxConcurrentTaskCount=1)
    labeling.answer()
    labeling.answer()
    labeling.create("unread")
    objects, key = labeling.world.delivery.objects, ("data", "out/mood/manifests/output/output.manifest")
    before = objects.pop(key)
    labeling.world.engine.put_missing_outputs(lambda scope, *place: place not in objects)
    assert objects[key] == before
    assert labeling.statuses_told() == ["Completed"]
    puts = len(labeling.world.delivery.puts)
    labeling.world.engine.put_missing_outputs(lambda scope, *place: place not in objects)
    assert len(labeling.world.delivery.puts) == puts


def test_a_missing_bucket_fails_the_job_at_once(labeling):
    begin(labeling)
    labeling.world.delivery.breaks = [None, None, None, BucketMissing("out")]
    labeling.go_on()
    described = labeling.describe()
    assert described["LabelingJobStatus"] == "Failed"
    assert described["FailureReason"] == "The output bucket 'out' does not exist"


def test_a_bucket_that_goes_takes_the_open_objects_with_it(labeling):
    labeling.begin("a", "b", "c", MaxConcurrentTaskCount=2)
    labeling.world.delivery.breaks = [BucketMissing("data")]
    labeling.answer("mood/0", "mood/1")
    assert labeling.status() == "Failed"
    assert labeling.open_names() == []


def test_a_step_that_fails_is_tried_again_after_growing_pauses(labeling):
    begin(labeling)
    labeling.world.delivery.breaks = [OSError()] * 3
    labeling.go_on()
    for pause in (1, 2, 4):
        before = len(labeling.world.delivery.puts)
        labeling.go_on(pause - 0.001)
        assert len(labeling.world.delivery.puts) == before
        labeling.go_on(0.001)
        assert len(labeling.world.delivery.puts) > before
    assert labeling.status() == "InProgress"


def test_a_step_that_can_never_be_done_fails_the_job_in_the_end(labeling):
    begin(labeling)
    labeling.world.delivery.breaks = [OSError("for ever")] * MOST_ATTEMPTS
    for _ in range(MOST_ATTEMPTS):
        labeling.go_on(3600)
    assert labeling.status() == "Failed"
    assert labeling.describe()["FailureReason"] == "InternalError: Reading failed"


def test_what_a_step_did_too_slowly_does_not_count(labeling):
    def slow(event):
        if len(labeling.invoked) == 1:
            labeling.world.clock.advance(HELD_FOR.total_seconds())
            labeling.world.engine.work_on_jobs()  # as another process would
        return {"taskInput": {"taskObject": "x"}}

    labeling.pre = slow
    labeling.begin("a", "b")
    assert labeling.open_names() == ["mood/0", "mood/1"]
    labeling.answer()
    assert labeling.counters() == (2, 0, 0)


def test_slow_preparation_is_kept_bit_by_bit(labeling):
    def slow(event):
        labeling.world.clock.advance(120)
        return {"taskInput": {"taskObject": "x"}}

    labeling.pre = slow
    labeling.begin("a", "b", "c")
    created = [task.created_at for task in labeling.world.engine.open_loops()]
    assert len(set(created)) == 3


def test_a_job_that_is_gone_is_let_be(labeling):
    labeling.pre = lambda event: labeling.world.store.clear()
    labeling.begin("a")
    assert labeling.world.call("ListLabelingJobs") == {"LabelingJobSummaryList": []}


def test_threads_and_processes_share_jobs_and_do_no_step_twice(make_world, durable_url):
    labeling = Labeling(make_world(durable_url))
    for number in range(4):
        labeling.manifest(*(f"text {line}" for line in range(5)))
        labeling.create(f"job-{number}", MaxConcurrentTaskCount=5)
    labeling.world.clock.advance(1)
    first = labeling.world.engine
    labeling.world.start_engine()
    engines = [first, labeling.world.engine]

    def work(number):
        while engines[number % 2].work_on_jobs():
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
        names = sorted(labeling.open_names())
        assert len(names) == 20
        for name in names:
            labeling.world.accept(1, name)
        list(
            pool.map(
                lambda name: labeling.world.engine.submit(
                    labeling.world.scope,
                    labeling.world.worker(1),
                    name,
                    {"crowd-classifier": {"label": "bad"}},
                ),
                names,
            )
        )
        list(pool.map(work, range(8)))
    labeling.go_on()
    assert {labeling.status(f"job-{number}") for number in range(4)} == {"Completed"}
    which = Counter(which for which, _ in labeling.invoked)
    assert which == {"pre": 20, "post": 4}
    assert sorted(labeling.statuses_told()) == ["Completed"] * 4


@pytest.fixture
def kept(labeling, monkeypatch):
    """What the delivery has held each time it was told to keep it: how many objects, how many events."""
    delivery, held = labeling.world.delivery, []
    monkeypatch.setattr(
        delivery, "keep", lambda: held.append((len(delivery.objects), len(labeling.statuses_told())))
    )
    return held


def test_what_a_job_will_read_is_kept_before_there_is_a_job(labeling, kept):
    labeling.manifest("a")
    labeling.create()
    assert kept == [(3, 0)]


def test_a_jobs_end_is_kept_once_it_was_told(labeling, kept):
    labeling.begin("a")
    labeling.answer()
    assert kept[-1][1] == 1
