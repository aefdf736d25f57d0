"""What becomes of reviews that nobody answers in time: an error, the model's answer, or people in another flow."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest

from hitl_sdk import Member, PrivateTeam, ReviewFlow, Router, Run, Threshold
from hitl_sdk.errors import AccessDeniedError, InvalidInputError, NotFoundError, WaitTimeoutError
from hitl_sdk.loops import human_loop_name
from hitl_sdk.loops.record import RunHeader, open_record
from hitl_sdk.review import list_runs
from hitl_sdk.review.timeouts import Escalate, Overdue

HOUR = 3600.0
MINUTE = 60.0  # late enough, with fewer looks at the list


HEADER = RunHeader(
    "run", "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/x", "", "", "", datetime.now(UTC)
)


@pytest.fixture
def make_flow(review):
    """Make another flow, for the same task."""

    def make(name, **more):
        flow = ReviewFlow(
            name=name,
            team=PrivateTeam(name="reviewers", members=[Member(email="ana@example.com")]),
            task=review.task,
            output="s3://reviews/a2i",
            role_arn=review.cloud.role_arn,
            **more,
        )
        return flow.ensure(review.session).arn

    return make


@pytest.fixture
def seniors(make_flow):
    return make_flow("seniors")


def answer(review, label="-1"):
    review.cloud.workers.answer(lambda _: {"sentiment": {"label": label}})


def nobody_answers(review):
    review.cloud.workers._everyone_else = None


def seniors_answer(review):
    """Let people answer as soon as something was given up."""

    def seen(status):
        if status.given_up:
            answer(review)

    return seen


def rows(run):
    return run.training_frame("polars").rows(named=True)


def route(review, *confidences, **options):
    return review.router(**options).route(review.predictions(*(confidences or (0.1, 0.2, 0.95))))


def statuses(run):
    return [outcome.status for outcome in run.outcomes]


def test_by_default_the_wait_fails_and_nothing_is_cancelled(review):
    run = route(review)
    with pytest.raises(WaitTimeoutError) as late:
        run.wait(timeout=HOUR)
    assert late.value.last_seen.in_progress == 2
    assert {review.status(name) for name in review.loops()} == {"InProgress"}


def test_the_models_answer_stands_for_what_nobody_answered_in_time(review):
    run = route(review)
    status = run.wait(timeout=HOUR, on_timeout="accept")
    assert (status.given_up, status.done, status.ok) == (2, True, True)
    assert {review.status(name) for name in review.loops()} == {"Stopped"}
    assert statuses(run) == ["accepted"] * 3
    first, _, third = rows(run)
    assert (first["label"], first["label_source"], first["decision"]) == ("1", "model", "accept")
    assert first["confidence"] == pytest.approx(0.1)
    assert "nobody answered in time" in first["reason"]
    assert "nobody answered" not in third["reason"]


def test_what_people_have_answered_by_then_counts(review):
    review.start("review 0")
    answer(review)
    review.cloud.advance(60)
    nobody_answers(review)
    run = route(review)
    status = run.wait(timeout=HOUR, on_timeout="accept")
    assert (status.completed, status.given_up, status.ok) == (1, 1, True)
    assert [(row["label"], row["label_source"]) for row in rows(run)] == [
        ("-1", "human"),
        ("1", "model"),
        ("1", "model"),
    ]


def test_an_answer_that_comes_while_the_loops_are_stopped_counts(review, seniors):
    run = route(review, concurrency=1)

    def answer_first(**_):
        answer(review)
        review.cloud.advance(1)

    events = review.session.client("sagemaker-a2i-runtime").meta.events
    events.register_first("before-call.sagemaker-a2i-runtime.StopHumanLoop", answer_first)
    status = run.wait(timeout=HOUR, on_timeout=Escalate(flow=seniors, timeout=HOUR))
    assert (status.completed, status.given_up, status.total) == (2, 0, 2)
    assert loops_of(review, seniors) == []


def test_what_is_open_is_stopped_and_asked_in_the_other_flow(review, seniors):
    run = route(review)
    status = run.wait(
        timeout=HOUR, on_timeout=Escalate(flow="seniors", timeout=HOUR), on_progress=seniors_answer(review)
    )
    assert (status.given_up, status.completed, status.total, status.ok) == (2, 2, 4, True)
    assert {review.status(name) for name in review.loops()} == {"Stopped"}
    assert statuses(run) == ["completed", "completed", "accepted"]
    first = rows(run)[0]
    assert (first["label"], first["label_source"]) == ("-1", "human")
    assert first["flow_definition_arn"] == seniors
    assert first["human_loop_name"] == name_in(review, seniors, "review 0")
    assert "/seniors/" in first["output_s3_uri"]
    assert run.answers_frame("polars")["item_id"].sort().to_list() == ["item-0", "item-1"]


def name_in(review, arn, item):
    return human_loop_name(arn, review.task.review_key(item, review.task.normalise_label("1")))


def loops_of(review, arn):
    runtime = review.session.client("sagemaker-a2i-runtime")
    said = runtime.list_human_loops(FlowDefinitionArn=arn)["HumanLoopSummaries"]
    return [loop["HumanLoopName"] for loop in said]


def test_what_was_routed_to_the_other_flow_before_is_adopted_there(review, seniors):
    options = {"task": review.task, "session": review.session, "policy": Threshold(0.9), "progress": False}
    Router(flow="seniors", **options).route(review.predictions(0.1))
    run = route(review)
    run.wait(
        timeout=HOUR, on_timeout=Escalate(flow=seniors, timeout=HOUR), on_progress=seniors_answer(review)
    )
    assert len(loops_of(review, seniors)) == 2
    assert statuses(run) == ["completed", "completed", "accepted"]


def test_items_of_equal_content_are_asked_once_there_too(review, seniors):
    twins = [*review.predictions(0.1), *(replace(one, item_id="twin") for one in review.predictions(0.1))]
    run = review.router().route(twins)
    run.wait(
        timeout=HOUR, on_timeout=Escalate(flow=seniors, timeout=HOUR), on_progress=seniors_answer(review)
    )
    assert len(loops_of(review, seniors)) == 1
    assert [row["label"] for row in rows(run)] == ["-1", "-1"]


def test_if_nobody_answers_there_either_it_goes_on_as_is_said(review, seniors):
    run = route(review)
    status = run.wait(timeout=HOUR, on_timeout=Escalate(flow=seniors, timeout=HOUR, then="accept"))
    assert (status.given_up, status.ok) == (4, True)
    assert statuses(run) == ["accepted"] * 3
    assert {review.status(name) for name in loops_of(review, seniors)} == {"Stopped"}
    assert rows(run)[0]["label_source"] == "model"


def test_if_nobody_answers_there_either_the_wait_fails_by_default(review, seniors):
    run = route(review)
    before = review.cloud.clock.monotonic()
    with pytest.raises(WaitTimeoutError):
        run.wait(timeout=HOUR, on_timeout=Escalate(flow=seniors, timeout=HOUR))
    assert review.cloud.clock.monotonic() - before >= 2 * HOUR
    assert {review.status(name) for name in loops_of(review, seniors)} == {"InProgress"}
    answer(review)
    assert run.wait(timeout=HOUR).ok


def test_a_chain_of_flows_is_gone_through(review, seniors, make_flow):
    chief = make_flow("chief")
    run = route(review)
    status = run.wait(
        timeout=HOUR,
        on_timeout=Escalate(flow=seniors, timeout=HOUR, then=Escalate(flow=chief, timeout=HOUR)),
        on_progress=lambda status: answer(review) if status.given_up == 4 else None,
    )
    assert (status.given_up, status.completed, status.ok) == (4, 2, True)
    assert {row["flow_definition_arn"] for row in rows(run) if row["label_source"] == "human"} == {chief}


def test_the_budget_holds_for_the_other_flow_too(review, seniors):
    run = review.router(max_reviews=3).route(review.predictions(0.1, 0.2))
    with pytest.raises(WaitTimeoutError):
        run.wait(timeout=HOUR, on_timeout=Escalate(flow=seniors, timeout=HOUR))
    assert len(loops_of(review, seniors)) == 1
    assert sorted(review.status(name) for name in review.loops()) == ["InProgress", "Stopped"]


@pytest.mark.parametrize("budget", [{"max_cost": 100}, {"max_reviews": 9, "hourly_wage": 20}])
def test_where_wages_are_no_part_of_the_budget_the_other_flow_may_ask_more_people(review, make_flow, budget):
    pairs = make_flow("pairs", task_count=2)
    run = review.router(seconds_per_review=18, **budget).route(review.predictions(0.1))
    with pytest.raises(WaitTimeoutError):
        run.wait(timeout=MINUTE, on_timeout=Escalate(flow=pairs, timeout=MINUTE))
    assert len(loops_of(review, pairs)) == 1


def test_a_budget_of_money_that_counts_people_is_not_passed_by_a_flow_that_asks_more_of_them(
    review, make_flow
):
    pairs = make_flow("pairs", task_count=2)
    router = review.router(max_cost=100, seconds_per_review=18, hourly_wage=20)
    run = router.route(review.predictions(0.1))
    with pytest.raises(InvalidInputError, match="'pairs' asks 2 people about an item, and max_cost counts 1"):
        run.wait(timeout=MINUTE, on_timeout=Escalate(flow=pairs, timeout=MINUTE))
    assert loops_of(review, pairs) == []


def test_a_raised_budget_is_shared_with_what_was_planned_before(review, seniors):
    """What is stopped for other people must be sure of its place there: nobody may start what lies before it."""
    route(review, *[0.1] * 8, max_reviews=4)
    (name,) = (header.name for header in list_runs())
    run = Run.open(name, session=review.session, task=review.task, max_reviews=6, progress=False)
    with pytest.raises(WaitTimeoutError) as late:
        run.wait(timeout=MINUTE, on_timeout=Escalate(flow=seniors, timeout=MINUTE))
    assert late.value.last_seen.given_up == len(loops_of(review, seniors)) == 0
    assert [review.status(name) for name in review.loops()] == ["InProgress"] * 6


def test_two_who_escalate_at_once_share_what_the_budget_leaves(review, seniors):
    run = route(review, *[0.1] * 4, max_reviews=5, concurrency=1)
    (name,) = (header.name for header in list_runs())
    events = review.session.client("sagemaker-a2i-runtime").meta.events

    def let_another_escalate(**_):  # when the first has given a loop up, and has planned none for it yet
        events.unregister("before-call.sagemaker-a2i-runtime.StopHumanLoop", let_another_escalate)
        Overdue(review.session, open_record().run(name), review.task).escalate(seniors, limit=5)

    events.register("before-call.sagemaker-a2i-runtime.StopHumanLoop", let_another_escalate)
    with pytest.raises(WaitTimeoutError):
        run.wait(timeout=MINUTE, on_timeout=Escalate(flow=seniors, timeout=MINUTE))
    assert len(loops_of(review, seniors)) == 1
    assert sorted(review.status(name) for name in review.loops()) == ["InProgress"] * 3 + ["Stopped"]


def test_what_can_not_happen_is_refused_before_anybody_waits(review, seniors):
    run = route(review)
    before = review.cloud.clock.monotonic()
    with pytest.raises(NotFoundError, match="juniors"):
        run.wait(timeout=HOUR, on_timeout=Escalate(flow="juniors", timeout=HOUR))
    with pytest.raises(InvalidInputError, match="asked already"):
        run.wait(timeout=HOUR, on_timeout=Escalate(flow=review.arn, timeout=HOUR))
    again = Escalate(flow="seniors", timeout=HOUR)
    with pytest.raises(InvalidInputError, match="asked already"):
        run.wait(timeout=HOUR, on_timeout=Escalate(flow=seniors, timeout=HOUR, then=again))
    with pytest.raises(InvalidInputError, match="on_timeout='drop'"):
        run.wait(timeout=HOUR, on_timeout="drop")
    assert review.cloud.clock.monotonic() == before


@pytest.mark.parametrize("on_timeout", ["accept", Escalate(flow="seniors", timeout=MINUTE)])
def test_who_may_not_stop_loops_is_told_so_and_the_next_wait_puts_it_right(review, seniors, on_timeout):
    run = route(review)
    review.calls.fail("StopHumanLoop", ("AccessDeniedException", 400))
    with pytest.raises(AccessDeniedError, match="StopHumanLoop"):
        run.wait(timeout=MINUTE, on_timeout=on_timeout)
    assert {review.status(name) for name in review.loops()} == {"InProgress"}
    review.calls.heal()
    assert run.wait(timeout=MINUTE, on_timeout=on_timeout, on_progress=seniors_answer(review)).ok


def test_people_who_were_asked_before_are_not_asked_again(review, seniors, make_flow):
    chief = make_flow("chief")
    run = route(review)
    for flow in (seniors, chief, seniors):
        with pytest.raises(WaitTimeoutError) as late:
            run.wait(timeout=HOUR, on_timeout=Escalate(flow=flow, timeout=HOUR))
    assert (late.value.last_seen.in_progress, late.value.last_seen.given_up) == (2, 4)
    answer(review)
    assert run.wait(timeout=HOUR).ok
    assert {row["flow_definition_arn"] for row in rows(run) if row["label_source"] == "human"} == {chief}


@pytest.mark.parametrize(
    "wrong",
    [{"timeout": 0}, {"timeout": "1 h"}, {"timeout": 1, "then": "drop"}, {"flow": None}, {"flow": ""}],
)
def test_an_escalation_that_can_not_be_is_refused_when_it_is_made(wrong):
    with pytest.raises(InvalidInputError):
        Escalate(**{"flow": "seniors", "timeout": 1, **wrong})


# -- killed in between


class Killed(BaseException):
    """The process is gone: nothing catches it."""


def kill_at(monkeypatch, review, number):
    """Kill the process at the n-th step from now: at a write of the record, or at a call that changes something."""
    steps = count(1)

    def step():
        if next(steps) == number:
            raise Killed

    kind = type(open_record("sqlite://").create(HEADER))

    def stepping(write):
        def write_stepping(self, *args, **options):
            step()
            return write(self, *args, **options)

        return write_stepping

    for name in ("update", "add_items", "claim"):
        monkeypatch.setattr(kind, name, stepping(getattr(kind, name)))
    events = review.session.client("sagemaker-a2i-runtime").meta.events
    for operation in ("StopHumanLoop", "StartHumanLoop"):
        for when in ("before-call", "after-call"):
            events.register(
                f"{when}.sagemaker-a2i-runtime.{operation}",
                lambda **_: step(),
                unique_id=f"{when}{operation}",
            )


def heal(monkeypatch, review):
    monkeypatch.undo()
    events = review.session.client("sagemaker-a2i-runtime").meta.events
    for operation in ("StopHumanLoop", "StartHumanLoop"):
        for when in ("before-call", "after-call"):
            events.unregister(f"{when}.sagemaker-a2i-runtime.{operation}", unique_id=f"{when}{operation}")


@pytest.mark.parametrize("goes_on_with", ["the same wait", "a start and a wait"])
def test_killed_at_any_step_it_is_put_right_by_going_on(review, seniors, monkeypatch, goes_on_with):
    number = 0
    while True:
        number += 1
        items = [replace(one, item=f"{one.item} of {number}") for one in review.predictions(0.1, 0.2)]
        nobody_answers(review)
        run = review.router(concurrency=1).route(items, name=f"run-{number}")
        escalate = Escalate(flow=seniors, timeout=MINUTE)
        kill_at(monkeypatch, review, number)
        try:
            run.wait(timeout=MINUTE, on_timeout=escalate, on_progress=seniors_answer(review))
        except Killed:
            killed = True
        else:
            killed = False
        heal(monkeypatch, review)
        again = Run.open(f"run-{number}", session=review.session, task=review.task, progress=False)
        answer(review)
        if goes_on_with == "a start and a wait":
            again.start()
            status = again.wait(timeout=MINUTE)
        else:
            status = again.wait(timeout=MINUTE, on_timeout=escalate)
        assert status.ok
        assert {row["label"] for row in rows(again)} == {"-1"}
        for item in items:
            asked = [loops_named(review, name_in(review, arn, item.item)) for arn in (review.arn, seniors)]
            assert asked in (["Completed", None], ["Stopped", "Completed"])
        if not killed:
            break
    assert number > 8


def loops_named(review, name):
    """Return the status of a loop; None if there is none."""
    try:
        return review.status(name)
    except review.session.client("sagemaker-a2i-runtime").exceptions.ResourceNotFoundException:
        return None
