"""A budget is a hard stop: for one start, for all resumes together, and for several processes at once."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitl_sdk import Prediction, Run
from hitl_sdk._prices import cost_of_reviews
from hitl_sdk.errors import InvalidInputError, RejectedError
from hitl_sdk.loops.record import open_record
from hitl_sdk.review import Budget, _starts


def statuses(run):
    return [outcome.status for outcome in run.outcomes]


def predictions(count, name="text"):
    return [Prediction(str(number), f"{name} {number}", "1", 0.5) for number in range(count)]


def charged(name):
    return open_record().run(name).n_charged()


def test_no_more_reviews_are_started_than_allowed_and_the_others_say_why(review):
    run = review.router(max_reviews=2).route(predictions(4))
    assert statuses(run) == ["started", "started", "over budget", "over budget"]
    assert run.outcomes[2].reason == "confidence 0.50 < 0.90; over budget: max_reviews=2"
    assert len(review.loops()) == 2
    assert str(run.status()) == "4 human loops: 2 over budget, 2 in progress"


def test_an_item_over_budget_has_no_label_and_says_why(review):
    review.cloud.workers.answer(lambda _: {"sentiment": {"label": "0"}})
    run = review.router(max_reviews=1).route(predictions(2))
    status = run.wait(timeout=7200)
    assert (status.done, status.ok) == (True, False)
    row = run.training_frame("polars").row(1, named=True)
    assert (row["label"], row["decision"]) == (None, "review")
    assert row["reason"] == "confidence 0.50 < 0.90; over budget: max_reviews=1"


def test_starting_again_passes_no_budget(review):
    run = review.router(max_reviews=2).route(predictions(4), name="march")
    run.start()
    review.router(max_reviews=2).route(predictions(6), name="march")
    review.router().resume("march")
    assert len(review.loops()) == 2


def test_a_larger_budget_goes_on_where_the_smaller_ended(review):
    review.router(max_reviews=2).route(predictions(4), name="march")
    run = Run.open("march", session=review.session, task=review.task, max_reviews=3, progress=False)
    run.start()
    assert statuses(run) == ["started"] * 3 + ["over budget"]
    assert statuses(review.router(max_reviews=10).resume("march")) == ["started"] * 4


def test_what_exists_already_is_adopted_and_costs_nothing(review):
    for number in range(3):
        review.start(f"text {number}")
    run = review.router(max_reviews=1).route(predictions(5), name="march")
    assert statuses(run) == ["adopted"] * 3 + ["started", "over budget"]
    assert charged("march") == 1


@pytest.mark.parametrize("count", [3, 30])
def test_without_a_budget_left_what_exists_is_adopted_all_the_same(review, count):
    for number in range(1, count, 2):
        review.start(f"text {number}")
    run = review.router(max_reviews=0).route(predictions(count))
    assert statuses(run) == ["over budget", "adopted"] * (count // 2) + ["over budget"] * (count % 2)


def test_beyond_the_budget_no_loop_is_asked_about_by_itself(review, monkeypatch):
    monkeypatch.setattr(_starts, "CHUNK", 10)
    review.calls.fail("ListHumanLoops", ("ThrottlingException", 429))
    run = review.router(max_reviews=5).route(predictions(60))
    assert review.calls.count["DescribeHumanLoop"] == 10
    assert statuses(run) == ["started"] * 5 + ["over budget"] * 55


def test_what_the_service_refuses_for_good_takes_no_room(review):
    bad = review.request("text 0").human_loop_name
    review.calls.fail(
        "StartHumanLoop", ("ValidationException", 400), when=lambda params, _: params["HumanLoopName"] == bad
    )
    run = review.router(max_reviews=2).route(predictions(4))
    assert isinstance(run.outcomes[0].error, RejectedError)
    assert statuses(run) == ["not started", "started", "started", "over budget"]


def test_what_may_have_been_started_keeps_its_room(review):
    slow = review.request("text 0").human_loop_name
    review.calls.fail(
        "StartHumanLoop",
        ("InternalServerException", 500),
        when=lambda params, _: params["HumanLoopName"] == slow,
    )
    run = review.router(max_reviews=2).route(predictions(4))
    assert statuses(run) == ["not started", "started", "over budget", "over budget"]
    review.calls.heal()
    run.start()
    assert statuses(run) == ["started", "started", "over budget", "over budget"]


def test_a_loop_that_is_started_anew_counts_once(review):
    run = review.router(max_reviews=2).route(predictions(3))
    run.stop()
    assert run.wait(timeout=3600).stopped == 2
    run.start(restart_failed=True)
    assert statuses(run) == ["started", "started", "over budget"]


def test_equal_content_counts_once(review):
    same = [Prediction(str(number), "the same", "1", 0.5) for number in range(5)]
    assert statuses(review.router(max_reviews=1).route(same)) == ["started"] * 5


def test_money_is_a_budget_too(review):
    run = review.router(max_cost=0.25).route(predictions(5))
    assert statuses(run) == ["started"] * 3 + ["over budget"] * 2
    assert run.outcomes[4].reason.endswith("over budget: max_cost=0.25")


def test_people_cost_as_well(make_review):
    review = make_review(task_count=2)
    router = review.router(max_cost=1.0, seconds_per_review=36, hourly_wage=10)
    assert (
        router.prepare(predictions(9)).budget.limit == 3
    )  # 0.08 and two tenths of an hour's hundredths a review


def test_a_run_keeps_its_budget_for_whoever_opens_it(review):
    review.router(max_cost=0.25, seconds_per_review=9, hourly_wage=0).prepare(predictions(5), name="march")
    run = Run.open("march", session=review.session, task=review.task)
    assert run.budget == Budget(max_cost=0.25, seconds_per_review=9, hourly_wage=0)
    assert Run.open("march", session=review.session, task=review.task, max_reviews=9).budget == Budget(
        max_reviews=9, seconds_per_review=9, hourly_wage=0
    )


@given(
    st.floats(0, 20_000, allow_nan=False),
    st.none() | st.integers(0, 10**6),
    st.floats(0, 100),
    st.integers(1, 3),
)
def test_a_budget_of_money_is_used_up_and_never_passed(money, reviews, wage, workers):
    budget = Budget(
        max_cost=money, max_reviews=reviews, hourly_wage=wage, seconds_per_review=10, workers=workers
    )

    def cost(count):
        return cost_of_reviews(count).high + round(count * workers * 10 / 3600 * wage, 2)

    assert cost(budget.limit) <= money
    assert budget.limit == reviews or cost(budget.limit + 1) > money


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_reviews": -1},
        {"max_reviews": 2.5},
        {"max_reviews": True},
        {"max_cost": -1},
        {"max_cost": float("nan")},
        {"max_cost": "100"},
        {"max_cost": True},
        {"max_cost": float("inf")},
        {"hourly_wage": -1},
        {"seconds_per_review": float("inf")},
    ],
)
def test_a_budget_that_is_none_is_refused_at_once(review, wrong):
    with pytest.raises(InvalidInputError, match=next(iter(wrong))):
        review.router(**wrong)


@pytest.mark.parametrize(
    "given",
    [
        {"max_reviews": np.int64(1)},
        {"max_cost": np.float32(0.1)},
        {"max_cost": Fraction(1, 10)},
        {"max_cost": 0.1, "hourly_wage": np.int32(0), "seconds_per_review": np.float64(9)},
    ],
    ids=repr,
)
def test_numbers_of_whatever_kind_are_a_budget(review, given):
    review.router(**given).route(predictions(2), name="march")
    run = Run.open("march", session=review.session, task=review.task, progress=False)
    assert run.budget.limit == charged("march") == 1


def test_several_at_once_pass_no_budget(review):
    review.router().prepare(predictions(60), name="march")

    def work(_):
        review.router(max_reviews=25, concurrency=2).resume("march")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(review.loops()) == charged("march") == 25


def test_what_another_process_starts_of_the_same_run_while_we_look_is_not_free(review):
    run = review.router(max_reviews=2, concurrency=1).prepare(predictions(5), name="march")
    events = review.session.client("sagemaker-a2i-runtime").meta.events

    def let_another_start(**_):
        events.unregister("before-call.sagemaker-a2i-runtime.DescribeHumanLoop", let_another_start)
        review.router(max_reviews=2, concurrency=1).resume("march")

    events.register("before-call.sagemaker-a2i-runtime.DescribeHumanLoop", let_another_start)
    run.start()

    assert len(review.loops()) == charged("march") == 2
    assert statuses(run) == ["started"] * 2 + ["over budget"] * 3


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.booleans()), min_size=1, max_size=4))
def test_however_often_it_is_resumed_with_whichever_budget_no_more_is_charged(review, starts):
    name = f"run-{len(review.loops())}-{review.calls.count.total()}"
    most = 0
    for count, limit, faulty in starts:
        before = len(review.loops())
        if faulty:
            review.calls.fail(
                "StartHumanLoop", ("InternalServerException", 500), when=lambda _, n: n % 3 == 0
            )
        review.router(max_reviews=limit).route(predictions(count + 1, name), name=name)
        review.calls.heal()
        most = max(most, limit)
        assert charged(name) <= most
        assert len(review.loops()) - before <= max(0, limit)
    assert len([loop for loop in open_record().run(name).loops() if loop.status == "started"]) <= most
