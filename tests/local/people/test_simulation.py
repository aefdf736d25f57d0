"""Who takes a task, and when it is handed in."""

import json
import re
from datetime import datetime, timedelta
from threading import Thread

import pytest

from hitl_sdk.errors import ConfigurationError, InvalidInputError
from hitl_sdk.local.engine import EngineError, Worker
from hitl_sdk.local.simulation import DefaultAnswers, Workers

POSITIVE = {"sentiment": {"label": "1"}}


def truth(item):
    return item["right"]


def answer_time(answer, what):
    return datetime.fromisoformat(answer[what])


def test_a_function_answers_a_task_at_once(place):
    place.workers.answer(lambda item: {"sentiment": {"label": item["right"]}})
    place.start()
    place.workers.work()
    assert place.status() == "Completed"
    assert place.answers()[0]["answerContent"] == POSITIVE


def test_as_many_workers_answer_as_the_flow_wants(open_place):
    place = open_place(task_count=3)
    place.workers.answer(lambda item: POSITIVE)
    place.start()
    place.workers.work()
    assert len({answer["workerId"] for answer in place.answers()}) == 3


def test_a_worker_looks_like_one_of_aws(place):
    place.workers.answer(lambda item: POSITIVE)
    place.start()
    place.workers.work()
    (answer,) = place.answers()
    identity = answer["workerMetadata"]["identityData"]
    assert re.fullmatch("[0-9a-f]{16}", answer["workerId"])
    assert re.fullmatch(
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", identity["sub"]
    )
    assert identity["issuer"] == "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI"


def test_tasks_that_were_open_before_anybody_came_are_answered_too(place):
    place.start()
    place.workers.work()
    place.workers.answer(lambda item: POSITIVE)
    place.workers.work()
    assert place.status() == "Completed"


def test_a_new_function_takes_the_place_of_the_old_one(place):
    place.workers.answer(lambda item: {"sentiment": {"label": "0"}})
    place.workers.answer(lambda item: POSITIVE)
    place.start()
    place.workers.work()
    assert place.answers()[0]["answerContent"] == POSITIVE


def test_the_function_may_change_its_copy_of_the_input(place):
    place.workers.answer(lambda item: item.clear() or POSITIVE)
    place.start(taskObject="good")
    place.workers.work()
    assert place.outputs()["loop"]["inputContent"] == {"taskObject": "good"}


def test_an_answer_is_accepted_at_the_start_and_submitted_after_the_latency(place):
    place.workers.add(truth=truth, latency=36.2)
    place.start()
    place.clock.advance(7200)
    (answer,) = place.answers()
    assert answer_time(answer, "acceptanceTime") == place.started_at
    assert answer_time(answer, "submissionTime") == place.started_at + timedelta(seconds=36.2)
    assert answer["timeSpentInSeconds"] == 36.2


def test_before_the_latency_has_passed_nothing_is_submitted(place):
    place.workers.add(truth=truth, latency=30)
    place.start()
    place.clock.advance(29)
    place.workers.work()
    assert place.status() == "InProgress"
    assert place.workers.work() == place.started_at + timedelta(seconds=30)


def test_a_latency_may_be_drawn(place):
    place.workers.add(truth=truth, latency=lambda rng: rng.uniform(10, 20))
    place.start_many(20)
    place.clock.advance(60)
    seconds = {document["humanAnswers"][0]["timeSpentInSeconds"] for document in place.outputs().values()}
    assert len(seconds) == 20
    assert all(10 <= second <= 20 for second in seconds)


def test_a_worker_slower_than_the_time_limit_leaves_the_seat_to_another(open_place):
    place = open_place(time_limit=60)
    (slow,) = place.workers.add(truth=truth, latency=61)
    place.start()
    place.clock.advance(10)
    (quick,) = place.workers.add(truth=truth, latency=5)
    place.clock.advance(120)
    assert slow != quick
    assert [answer["workerId"] for answer in place.answers()] == [quick]


def test_an_answer_to_a_stopped_loop_is_dropped(place):
    place.workers.add(truth=truth, latency=30)
    place.start()
    place.workers.work()
    place.call("StopHumanLoop", HumanLoopName="loop")
    place.clock.advance(60)
    assert place.workers.work() is None
    assert (place.status(), place.outputs()) == ("Stopped", {})


def test_a_task_that_is_deleted_meanwhile_troubles_nobody(place):
    place.workers.add(truth=truth, latency=30)
    place.start()
    place.workers.work()
    place.call("StopHumanLoop", HumanLoopName="loop")
    place.clock.advance(10)
    place.call("DeleteHumanLoop", HumanLoopName="loop")
    place.clock.advance(60)
    with pytest.raises(EngineError):
        place.status()


def test_who_drops_out_never_answers_and_the_loop_expires(open_place):
    place = open_place(lifetime=600)
    place.workers.add(3, truth=truth, dropout=1.0)
    place.start()
    place.clock.advance(601)
    assert place.call("DescribeHumanLoop", HumanLoopName="loop")["FailureCode"] == "Expired"


def test_drop_outs_come_at_the_stated_rate(place):
    place.workers.add(truth=truth, dropout=0.3)
    place.start_many(300)
    place.workers.work()
    assert 190 <= len(place.outputs()) <= 230


def test_another_worker_takes_what_one_drops(place):
    place.workers.add(truth=truth, dropout=1.0)
    (reliable,) = place.workers.add(truth=truth)
    place.start_many(5)
    place.workers.work()
    assert {worker for _, worker in place.labels()} == {reliable}
    assert len(place.outputs()) == 5


def test_the_function_fills_the_seats_that_added_workers_leave(open_place):
    place = open_place(task_count=3)
    (added,) = place.workers.add(truth=truth)
    place.workers.answer(lambda item: {"sentiment": {"label": "-1"}})
    place.start()
    place.workers.work()
    said = {answer["workerId"]: answer["answerContent"]["sentiment"]["label"] for answer in place.answers()}
    assert said.pop(added) == "1"
    assert list(said.values()) == ["-1", "-1"]


def test_added_workers_share_the_tasks(place):
    place.workers.add(3, truth=truth)
    place.start_many(90)
    place.workers.work()
    shares = [worker for _, worker in place.labels()]
    assert all(15 <= shares.count(worker) <= 45 for worker in set(shares))
    assert len(set(shares)) == 3


def test_workers_that_come_later_fill_seats_that_are_still_free(open_place):
    place = open_place(task_count=2)
    place.workers.add(truth=truth)
    place.start()
    place.workers.work()
    assert place.status() == "InProgress"
    place.workers.add(truth=truth)
    place.workers.work()
    assert place.status() == "Completed"


def test_the_same_seed_gives_the_same_answers_in_whatever_order_tasks_come(open_place):
    def run(names, seed):
        place = open_place(task_count=2, seed=seed)
        place.workers.add(4, truth=truth, accuracy=0.6, dropout=0.2, latency=lambda rng: rng.random())
        for name in names:
            place.start(name, right="1")
            place.workers.work()
        place.clock.advance(10)
        return place.labels()

    names = [f"loop-{number}" for number in range(40)]
    assert run(names, seed=7) == run(names[::-1], seed=7)
    assert run(names, seed=7) != run(names, seed=8)


def test_without_a_seed_workers_are_new_every_time(place):
    people = {Workers(place.engine, place.clock, seed=None).add(truth=truth)[0] for _ in range(2)}
    assert len(people) == 2


def test_a_seed_of_their_own_makes_workers_the_same_wherever_they_are(place):
    first = Workers(place.engine, place.clock, seed=1).add(2, truth=truth, seed=5)
    assert Workers(place.engine, place.clock, seed=2).add(2, truth=truth, seed=5) == first


def test_an_error_of_the_users_function_is_raised_and_the_task_stays(place):
    place.workers.answer(lambda item: {"sentiment": {"label": item["no_such_key"]}})
    place.start()
    words = "can answer human loop 'loop': your function failed: KeyError: 'no_such_key'"
    with pytest.raises(ConfigurationError, match=words) as caught:
        place.workers.work()
    assert isinstance(caught.value.__cause__.__cause__, KeyError)
    assert place.status() == "InProgress"
    place.workers.answer(lambda item: POSITIVE)
    place.workers.work()
    assert place.status() == "Completed"


def test_one_task_that_fails_does_not_hold_up_the_others(place):
    place.workers.add(truth=lambda item: 1 / (int(item["taskObject"]) - 3) and "1")
    place.start_many(10)
    with pytest.raises(ConfigurationError, match="'loop-3'"):
        place.workers.work()
    assert len(place.outputs()) == 9


def test_a_task_that_failed_is_tried_again_a_minute_later(place):
    failures = [RuntimeError("passing")]

    def fn(item):
        if failures:
            raise failures.pop()
        return POSITIVE

    place.workers.answer(fn)
    place.start()
    with pytest.raises(ConfigurationError, match="passing"):
        place.workers.work()
    place.workers.work()
    assert place.status() == "InProgress"
    place.clock.advance(60)
    place.workers.work()
    assert place.status() == "Completed"


def test_an_error_reaches_whoever_waits(place):
    place.workers.answer(lambda item: 1 / 0)
    place.start()
    with pytest.raises(ConfigurationError, match="ZeroDivisionError"):
        place.clock.sleep(5)


@pytest.mark.parametrize("content", [None, "label", [1], {"a": {1, 2}}, {"a": float("nan")}])
def test_what_is_no_answer_is_refused(place, content):
    place.workers.answer(lambda item: content)
    place.start()
    with pytest.raises(ConfigurationError, match=r"the answer is .+, not a JSON object"):
        place.workers.work()


@pytest.mark.parametrize("latency", [-1, float("nan"), float("inf"), "soon", True])
def test_a_latency_that_is_drawn_badly_is_told(place, latency):
    place.workers.add(truth=truth, latency=lambda rng: latency)
    place.start()
    with pytest.raises(ConfigurationError, match="a latency is"):
        place.workers.work()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n": 0}, "0 workers can't be added"),
        ({"latency": -1}, "a latency is -1"),
        ({"dropout": 1.5}, "dropout is 1.5"),
        ({"accuracy": 95}, "accuracy is 95"),
        ({"accuracy": float("nan")}, "accuracy is nan"),
        ({"accuracy": 1, "confusion": {}}, "accuracy and confusion are both given"),
        ({"confusion": {"1": {"1": 0.5, "0": 0.4}}}, "the confusion row of '1' sums to 0.9"),
        ({"confusion": {"1": {"1": 2, "0": -1}}}, "the chance of '1' in the confusion row of '1' is 2"),
    ],
)
def test_workers_that_can_not_be_are_refused_when_they_are_added(place, options, words):
    with pytest.raises(InvalidInputError, match=words):
        place.workers.add(**{"truth": truth, **options})


def test_only_functions_answer(place):
    with pytest.raises(InvalidInputError, match="no function"):
        place.workers.answer(POSITIVE)


def test_a_real_person_may_take_the_seat_and_gives_it_back_by_letting_the_lease_lapse(open_place):
    place = open_place(time_limit=100)
    place.start()
    place.engine.accept(place.scope, Worker("0" * 16, sub="person"), "loop")
    place.workers.answer(lambda item: POSITIVE)
    place.workers.work()
    assert place.status() == "InProgress"
    place.clock.advance(300)
    place.workers.work()
    assert place.status() == "Completed"


def test_answers_of_real_people_count(open_place):
    place = open_place(task_count=2)
    person = Worker("0" * 16, sub="person")
    place.start()
    place.engine.accept(place.scope, person, "loop")
    place.engine.submit(place.scope, person, "loop", POSITIVE)
    place.workers.answer(lambda item: POSITIVE)
    place.workers.work()
    assert len(place.answers()) == 2


def test_a_loop_that_ends_while_it_is_being_answered_is_let_go(place):
    def stop_it(item):
        place.call("StopHumanLoop", HumanLoopName="loop")
        return POSITIVE

    place.workers.answer(stop_it)
    place.start()
    place.workers.work()
    place.clock.advance(300)
    assert place.status() == "Stopped"


def test_a_loop_that_vanishes_while_it_is_being_answered_is_let_go(place):
    def delete_it(item):
        place.call("StopHumanLoop", HumanLoopName="loop")
        place.clock.advance(10)
        place.call("DeleteHumanLoop", HumanLoopName="loop")
        return POSITIVE

    place.workers.answer(delete_it)
    place.start()
    place.workers.work()
    assert place.workers.work() is None


def test_a_function_may_call_the_service_it_answers_for(place):
    def ask(item):
        place.workers.work()
        place.workers.answer(lambda item: POSITIVE)
        return {"sentiment": {"label": place.status() and "0"}}

    place.workers.answer(ask)
    place.start()
    place.workers.work()
    assert place.answers()[0]["answerContent"] == {"sentiment": {"label": "0"}}


def test_many_threads_at_work_answer_each_task_once(open_place):
    place = open_place(task_count=2)
    asked = []
    place.workers.answer(lambda item: asked.append(item["taskObject"]) or POSITIVE)
    place.start_many(60)
    threads = [Thread(target=place.workers.work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(asked) == sorted(str(number) for number in range(60) for _ in range(2))
    assert len(place.outputs()) == 60


def test_workers_without_anybody_ask_the_engine_for_nothing(place):
    assert Workers(None, place.clock).work() is None


def test_default_answers_let_any_client_run_a_whole_loop(place):
    place.workers.answer(DefaultAnswers())
    place.start(taskObject="good", initialValue="-1")
    place.workers.work()
    assert place.answers()[0]["answerContent"] == {"sentiment": {"label": "-1"}}
    assert (
        json.dumps(place.outputs()["loop"]["inputContent"]) == '{"initialValue": "-1", "taskObject": "good"}'
    )


def test_a_function_for_the_latency_that_fails_is_told_and_the_task_is_offered_again(place):
    luck = iter([0, 1])
    place.workers.add(truth=truth, latency=lambda _: 1 / next(luck))
    place.start()
    with pytest.raises(ConfigurationError, match="latency fails: ZeroDivisionError"):
        place.workers.work()
    place.clock.advance(60)
    place.workers.work()
    place.clock.advance(2)
    assert place.status() == "Completed"


def test_a_task_that_a_real_person_holds_is_tried_again_once_a_minute(place, monkeypatch):
    place.start()
    place.engine.accept(place.scope, Worker("0" * 16, sub="someone"), "loop")
    tries, accept = [], place.engine.accept
    monkeypatch.setattr(place.engine, "accept", lambda *what: tries.append(what) or accept(*what))
    place.workers.answer(lambda _: POSITIVE)
    place.workers.work()
    for _ in range(3):
        place.clock.advance(59 / 3)
        place.workers.work()
    assert len(tries) == 1
    place.clock.advance(1)
    place.workers.work()
    assert len(tries) == 2


@pytest.mark.parametrize("step", ["accept", "submit"])
def test_a_task_and_its_answer_outlast_a_store_that_fails_for_a_moment(place, monkeypatch, step):
    place.workers.answer(lambda _: POSITIVE)
    place.start()
    with monkeypatch.context() as patch:
        patch.setattr(place.engine, step, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            place.workers.work()
    place.workers.work()
    assert place.status() == "Completed"


def test_an_interrupt_in_the_users_function_loses_no_task(place):
    def interrupted(_):
        raise KeyboardInterrupt

    place.workers.answer(interrupted)
    place.start()
    with pytest.raises(KeyboardInterrupt):
        place.workers.work()
    place.workers.answer(lambda _: POSITIVE)
    place.workers.work()
    assert place.status() == "Completed"
