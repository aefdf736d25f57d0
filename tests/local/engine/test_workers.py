from datetime import timedelta

import pytest

from hitl_sdk.local.engine import EngineError


@pytest.fixture
def pairs(make_world):
    """A flow that wants two answers, with ten minutes for each."""
    world = make_world().provision(TaskCount=2, TaskTimeLimitInSeconds=600)
    world.start()
    return world


def names(world, number=1, **options):
    tasks = world.engine.open_tasks(world.scope, world.worker(number, **options))
    return [task.human_loop_name for task in tasks]


def test_an_open_task_says_all_that_a_page_needs(reviews):
    reviews.start(content={"taskObject": "a text", "initialValue": "1"})
    (task,) = reviews.engine.open_tasks(reviews.scope, reviews.worker())
    assert task.scope == reviews.scope
    assert task.human_loop_name == "loop-1"
    assert task.flow == reviews.flow_arn
    assert (task.title, task.description) == ("Look", "Look closely")
    assert task.template == "<crowd-form></crowd-form>"
    assert task.input_content == {"taskObject": "a text", "initialValue": "1"}
    assert (task.task_count, task.answered_by) == (1, frozenset())
    assert task.created_at == reviews.clock.now()


def test_a_lease_lasts_as_long_as_the_flow_says(pairs):
    lease = pairs.accept()
    assert lease.accepted_at == pairs.clock.now()
    assert lease.lapses_at - lease.accepted_at == timedelta(seconds=600)


def test_a_lease_lasts_an_hour_unless_told_otherwise(reviews):
    reviews.start()
    lease = reviews.accept()
    assert lease.lapses_at - lease.accepted_at == timedelta(hours=1)


def test_accepting_again_is_holding_on_to_the_same_lease(pairs):
    first = pairs.accept()
    pairs.clock.advance(60)
    assert pairs.accept() == first


def test_there_are_as_many_seats_as_answers_wanted(pairs):
    pairs.accept(1)
    pairs.accept(2)
    with pytest.raises(EngineError, match="no seat left") as error:
        pairs.accept(3)
    assert error.value.code == "ConflictException"


def test_the_last_of_the_answers_completes_the_loop(pairs):
    pairs.answer(1)
    assert pairs.status() == "InProgress"
    pairs.answer(2)
    assert pairs.status() == "Completed"


def test_a_worker_does_not_answer_twice(pairs):
    pairs.answer(1)
    with pytest.raises(EngineError, match="answered"):
        pairs.accept(1)
    with pytest.raises(EngineError, match="holds no seat"):
        pairs.submit(1)


def test_a_seat_whose_lease_lapsed_is_offered_again(pairs):
    pairs.accept(1)
    pairs.accept(2)
    assert names(pairs, 3) == []
    pairs.clock.advance(600)
    assert names(pairs, 3) == ["loop-1"]
    pairs.accept(3)


def test_an_answer_after_the_lease_lapsed_is_refused(pairs):
    pairs.accept(1)
    pairs.clock.advance(599.999)
    pairs.submit(1)
    pairs.accept(2)
    pairs.clock.advance(600)
    with pytest.raises(EngineError, match=r"time .* is up") as error:
        pairs.submit(2)
    assert error.value.code == "ConflictException"


def test_whose_lease_lapsed_may_accept_again(pairs):
    pairs.accept(1)
    pairs.clock.advance(600)
    lease = pairs.accept(1)
    assert lease.accepted_at == pairs.clock.now()
    pairs.submit(1)


def test_whose_lease_lapsed_has_no_seat_when_others_took_them(pairs):
    pairs.accept(1)
    pairs.clock.advance(600)
    pairs.accept(2)
    pairs.accept(3)
    assert names(pairs, 1) == []
    with pytest.raises(EngineError, match="no seat left"):
        pairs.accept(1)


def test_a_declined_task_goes_to_others_alone(pairs):
    pairs.accept(1)
    pairs.engine.decline(pairs.scope, pairs.worker(1), "loop-1")
    assert names(pairs, 1) == []
    assert names(pairs, 2) == ["loop-1"]
    with pytest.raises(EngineError, match="declined"):
        pairs.accept(1)
    pairs.answer(2, 3)
    assert pairs.status() == "Completed"


def test_what_is_not_held_is_not_declined(pairs):
    with pytest.raises(EngineError, match="holds no seat"):
        pairs.engine.decline(pairs.scope, pairs.worker(1), "loop-1")


def test_a_held_task_stays_on_the_workers_list(pairs):
    pairs.accept(1)
    pairs.accept(2)
    assert names(pairs, 1) == ["loop-1"]


def test_tasks_are_offered_oldest_first_and_up_to_a_limit(reviews):
    for number in range(5):
        reviews.start(f"loop-{number}")
    assert names(reviews) == [f"loop-{number}" for number in range(5)]
    tasks = reviews.engine.open_tasks(reviews.scope, reviews.worker(), limit=2)
    assert [task.human_loop_name for task in tasks] == ["loop-0", "loop-1"]


def test_a_worker_sees_the_tasks_of_the_own_teams_alone(reviews):
    reviews.start()
    own = frozenset({reviews.scope.arn("workteam/private-crowd", "team")})
    other = frozenset({reviews.scope.arn("workteam/private-crowd", "other")})
    assert names(reviews, teams=own) == ["loop-1"]
    assert names(reviews, teams=other) == []
    with pytest.raises(EngineError) as error:
        reviews.engine.accept(reviews.scope, reviews.worker(teams=other), "loop-1")
    assert error.value.code == "ResourceNotFoundException"


@pytest.mark.parametrize("end", ["stop", "expire", "complete"])
def test_a_loop_that_is_no_longer_in_progress_takes_no_answers(make_world, end):
    world = make_world().provision(TaskAvailabilityLifetimeInSeconds=60)
    world.start()
    world.accept()
    if end == "stop":
        world.call("StopHumanLoop", HumanLoopName="loop-1")
    elif end == "expire":
        world.clock.advance(60)
    else:
        world.submit()
    assert names(world, 2) == []
    for act in (world.submit, world.accept):
        with pytest.raises(EngineError, match="takes no more answers") as error:
            act()
        assert error.value.code == "ConflictException"


def test_a_loop_that_does_not_exist_is_not_accepted(reviews):
    with pytest.raises(EngineError) as error:
        reviews.accept(name="ghost")
    assert error.value.code == "ResourceNotFoundException"


@pytest.mark.parametrize("answer", [{"a": float("nan")}, {"a": {1, 2}}, {"a": object()}])
def test_an_answer_that_json_can_not_carry_is_refused(reviews, answer):
    reviews.start()
    reviews.accept()
    with pytest.raises(EngineError) as error:
        reviews.engine.submit(reviews.scope, reviews.worker(), "loop-1", answer)
    assert error.value.code == "ValidationException"
    assert reviews.status() == "InProgress"


def test_every_open_loop_is_found_over_several_pages(reviews):
    for number in range(450):
        reviews.start(f"loop-{number}")
    found = [task.human_loop_name for task in reviews.engine.open_loops(reviews.scope)]
    assert found == [f"loop-{number}" for number in range(450)]


def test_open_loops_may_be_answered_while_they_are_read(reviews):
    for number in range(250):
        reviews.start(f"loop-{number}")
    seen = 0
    for task in reviews.engine.open_loops():
        reviews.answer(name=task.human_loop_name)
        seen += 1
    assert seen == 250
    assert list(reviews.engine.open_loops()) == []


def test_whoever_keeps_the_last_sequence_reads_new_loops_alone(reviews):
    reviews.start("a")
    (first,) = reviews.engine.open_loops()
    reviews.start("b")
    assert [task.human_loop_name for task in reviews.engine.open_loops(after=first.sequence)] == ["b"]


def test_open_loops_say_who_has_answered(pairs):
    pairs.answer(1)
    pairs.accept(2)
    (task,) = pairs.engine.open_loops()
    assert task.answered_by == {pairs.worker(1).worker_id}
