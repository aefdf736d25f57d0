"""Starting human loops in bulk: each once, each with an outcome, hopeless runs ended at once."""

import json
import pickle

import pytest
from botocore.exceptions import ConnectTimeoutError, NoCredentialsError, ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitl_sdk.errors import (
    AccessDeniedError,
    ConflictError,
    CredentialsError,
    DuplicateItemError,
    HitlError,
    InvalidPredictionError,
    NotFoundError,
    RejectedError,
    ResourceFailedError,
    Terminal,
    ThrottledError,
    Transient,
    UnavailableError,
)
from hitl_sdk.loops import INPUT_LENGTH_LIMIT, LoopRequest, LoopState, start_human_loops, stop_human_loops

MANY = [f"text {number}" for number in range(25)]


def start(review, items, **options):
    requests = [review.request(item) for item in items]
    return start_human_loops(review.session, requests, rate=None, **options)


def statuses(starts):
    return [start.status for start in starts]


@pytest.mark.parametrize("count", [1, 3, 25])
def test_loops_are_started_and_reported_in_the_order_of_the_requests(review, count):
    starts = start(review, MANY[:count])
    assert statuses(starts) == ["started"] * count
    assert [start.human_loop_name for start in starts] == [
        review.request(item).human_loop_name for item in MANY[:count]
    ]
    assert starts[0].arn.endswith(f":human-loop/{starts[0].human_loop_name}")
    assert sorted(review.loops()) == sorted(start.human_loop_name for start in starts)


def test_workers_get_the_content_as_it_was_given(review):
    content = {"taskObject": "naïve 日本 \U0001f600", "initialValue": "1"}
    request = LoopRequest(review.arn, review.request("x").human_loop_name, content)
    start_human_loops(review.session, [request])
    seen = []
    review.cloud.workers.answer(lambda given: seen.append(given) or {"sentiment": {"label": "1"}})
    review.cloud.advance(1)
    review.status(request.human_loop_name)
    assert seen == [content]


@pytest.mark.parametrize("count", [3, 25])
def test_running_again_adopts_and_starts_nothing(review, count):
    start(review, MANY[:count])
    review.calls.count.clear()
    starts = start(review, MANY[:count])
    assert statuses(starts) == ["adopted"] * count
    assert review.calls.count["StartHumanLoop"] == 0
    assert {start.state.status for start in starts} == {"InProgress"}
    assert all(start.error is None for start in starts)


def test_one_page_of_the_list_tells_which_of_many_exist(review):
    start(review, MANY[:10])
    review.calls.count.clear()
    assert sorted(statuses(start(review, MANY))) == ["adopted"] * 10 + ["started"] * 15
    assert review.calls.count == {"ListHumanLoops": 1, "StartHumanLoop": 15}


def test_a_loop_with_another_models_label_is_adopted(review):
    name = review.start("x", label="-1")
    (started,) = start(review, ["x"])
    assert (started.status, started.human_loop_name) == ("adopted", name)


@pytest.mark.parametrize("code", [("ConflictException", 409), ("ValidationException", 400)])
def test_whoever_is_slower_adopts_the_loop_of_the_faster(review, code):
    review.start("x", label="-1")
    review.calls.fail("DescribeHumanLoop", ("ResourceNotFoundException", 404), when=lambda _, n: n == 1)
    if code[0] == "ValidationException":

        def already(model, **_):
            said = {"Error": {"Code": code[0], "Message": "HumanLoop 'x' already exists and is finished."}}
            return (type("R", (), {"status_code": 400}), said)

        review.session.client("sagemaker-a2i-runtime").meta.events.register(
            "before-call.sagemaker-a2i-runtime.StartHumanLoop", already
        )
    (started,) = start(review, ["x"])
    assert started.status == "adopted"


def test_a_conflict_over_a_loop_that_is_not_there_is_the_items_outcome(review):
    review.calls.fail("StartHumanLoop", ("ConflictException", 409))
    (started,) = start(review, ["x"])
    assert (started.status, type(started.error)) == ("failed", ConflictError)
    assert "injected ConflictException" in str(started.error)


def test_a_loop_of_our_name_in_another_flow_is_a_conflict(review):
    name = review.start("x")
    other = LoopRequest(review.arn + "-2", name, {"taskObject": "x"})
    (started,) = start_human_loops(review.session, [other])
    assert (started.status, type(started.error)) == ("failed", ConflictError)
    assert "exists in another flow" in str(started.error)


def test_a_loop_that_is_known_to_be_in_another_flow_keeps_no_other_from_its_start(review):
    elsewhere = LoopState("loop-1", "InProgress", flow_definition_arn=review.arn + "-2")
    requests = [LoopRequest(review.arn, "loop-1", {}, elsewhere), review.request("x")]
    conflict, started = start_human_loops(review.session, requests)
    assert (type(conflict.error), started.status) == (ConflictError, "started")


@pytest.mark.parametrize(
    ("fault", "error", "mark"),
    [
        (("ThrottlingException", 429), ThrottledError, Transient),
        (("InternalServerException", 500), UnavailableError, Transient),
        (("ServiceUnavailable", 503), UnavailableError, Transient),
        (ReadTimeoutError(endpoint_url="https://x"), UnavailableError, Transient),
        (ConnectTimeoutError(endpoint_url="https://x"), UnavailableError, Transient),
        (("ValidationException", 400), RejectedError, Terminal),
    ],
)
@pytest.mark.parametrize("operation", ["StartHumanLoop", "DescribeHumanLoop"])
def test_a_failure_is_that_items_outcome_and_the_others_go_on(review, operation, fault, error, mark):
    bad = review.request("text 1").human_loop_name
    review.calls.fail(operation, fault, when=lambda params, _: params["HumanLoopName"] == bad)
    starts = start(review, MANY[:3])
    assert statuses(starts) == ["started", "failed", "started"]
    assert isinstance(starts[1].error, error)
    assert isinstance(starts[1].error, mark)
    review.calls.heal()
    assert statuses(start(review, MANY[:3])) == ["adopted", "started", "adopted"]


@pytest.mark.parametrize("fault", [("ThrottlingException", 429), ("InternalServerException", 500)])
def test_when_the_list_fails_each_loop_is_asked_about_instead(review, fault):
    start(review, MANY[:5])
    review.calls.fail("ListHumanLoops", fault)
    assert sorted(statuses(start(review, MANY))) == ["adopted"] * 5 + ["started"] * 20


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (("ExpiredTokenException", 403), CredentialsError),
        (("UnrecognizedClientException", 403), CredentialsError),
        (NoCredentialsError(), CredentialsError),
        (("AccessDeniedException", 403), AccessDeniedError),
        (("ResourceNotFoundException", 404), NotFoundError),
    ],
)
def test_what_every_item_would_meet_ends_the_run_at_once_and_loses_nothing(review, fault, error):
    review.calls.fail("StartHumanLoop", fault, when=lambda _, n: n > 4)
    seen = []
    with pytest.raises(
        error, match=r"4 of 25 human loops had been started, and running again adopts them"
    ) as ended:
        start(review, MANY, concurrency=1, on_progress=seen.append)
    assert len(seen) == 4
    assert review.calls.count["StartHumanLoop"] < 25
    assert str(pickle.loads(pickle.dumps(ended.value))) == str(ended.value)
    review.calls.heal()
    assert sorted(statuses(start(review, MANY))) == ["adopted"] * 4 + ["started"] * 21


def test_a_list_that_is_denied_ends_the_run_before_anything_is_started(review):
    review.calls.fail("ListHumanLoops", ("AccessDeniedException", 403))
    with pytest.raises(AccessDeniedError, match=r"0 of 25.*allow the action ListHumanLoops"):
        start(review, MANY)
    assert review.calls.count["StartHumanLoop"] == 0


def lose(**_):
    raise ReadTimeoutError(endpoint_url="https://x")


def answer_500(http_response, parsed, **_):
    http_response.status_code = parsed["ResponseMetadata"]["HTTPStatusCode"] = 500
    parsed["Error"] = {"Code": "InternalServerException", "Message": "injected"}


@pytest.mark.parametrize("fault", [lose, answer_500])
def test_a_loop_whose_answer_was_lost_is_looked_up_and_adopted(review, fault):
    events = review.session.client("sagemaker-a2i-runtime").meta.events
    events.register("after-call.sagemaker-a2i-runtime.StartHumanLoop", fault)
    assert statuses(start(review, MANY)) == ["adopted"] * 25
    assert review.calls.count["DescribeHumanLoop"] == review.calls.count["StartHumanLoop"] == 25
    assert len(review.loops()) == 25


def test_a_loop_whose_answer_was_lost_and_that_nobody_can_ask_about_now_is_adopted_later(review):
    events = review.session.client("sagemaker-a2i-runtime").meta.events
    events.register("after-call.sagemaker-a2i-runtime.StartHumanLoop", lose)
    review.calls.fail("DescribeHumanLoop", ("InternalServerException", 500), when=lambda _, n: n > 1)
    (lost,) = start(review, ["x"])
    assert (lost.status, type(lost.error)) == ("failed", UnavailableError)
    assert "Read timeout" in str(lost.error)
    events.unregister("after-call.sagemaker-a2i-runtime.StartHumanLoop", lose)
    review.calls.heal()
    assert statuses(start(review, ["x"])) == ["adopted"]
    assert len(review.loops()) == 1


def test_an_input_over_3_mib_is_that_items_outcome_with_the_cure(review):
    long = review.request("long", taskObject="x" * INPUT_LENGTH_LIMIT)
    starts = start_human_loops(review.session, [long, review.request("short")])
    assert statuses(starts) == ["failed", "started"]
    assert isinstance(starts[0].error, InvalidPredictionError)
    assert "put the content into S3" in str(starts[0].error)
    assert "xxx" not in str(starts[0].error)


def test_an_input_of_just_3_mib_is_started(review):
    frame = len(json.dumps({"taskObject": "", "initialValue": "1"}))
    request = review.request("long", taskObject="é" * ((INPUT_LENGTH_LIMIT - frame) // 2))
    assert statuses(start_human_loops(review.session, [request])) == ["started"]


def test_the_limit_is_still_botocores(one_boto3_session):
    model = one_boto3_session.client("sagemaker-a2i-runtime").meta.service_model.shape_for("InputContent")
    assert model.metadata["max"] == INPUT_LENGTH_LIMIT


NESTED: dict = {}
NESTED["itself"] = NESTED


@pytest.mark.parametrize("content", [b"bytes", float("nan"), "\ud800", NESTED], ids=type)
def test_an_input_that_is_no_json_is_that_items_outcome(review, content):
    starts = start_human_loops(review.session, [review.request("bad", extra=content), review.request("good")])
    assert statuses(starts) == ["failed", "started"]
    assert isinstance(starts[0].error, InvalidPredictionError)
    assert "can't be written as JSON" in str(starts[0].error)


def test_a_name_asked_for_twice_is_refused_before_anything_is_started(review):
    with pytest.raises(DuplicateItemError, match="requested more than once"):
        start(review, ["x", "y", "x"])
    assert review.loops() == []


def test_nothing_to_start_is_no_call(review):
    assert start(review, []) == []
    assert not review.calls.count


def stopped(review, item):
    name = review.start(item)
    stop_human_loops(review.session, [name])
    review.cloud.advance(3600)
    assert review.status(name) == "Stopped"
    return name


def test_a_stopped_loop_is_adopted_as_what_it_is(review):
    stopped(review, "x")
    (adopted,) = start(review, ["x"])
    assert (adopted.status, adopted.state.status) == ("adopted", "Stopped")
    assert isinstance(adopted.error, ResourceFailedError)
    assert "restart_failed=True" in str(adopted.error)


def test_a_failed_loop_tells_its_reason(make_review):
    review = make_review(task_availability_lifetime=600, task_time_limit=60)
    review.start("x")
    review.cloud.advance(601)
    (adopted,) = start(review, ["x"])
    assert adopted.state.status == "Failed"
    assert adopted.state.failure_reason in str(adopted.error)


@pytest.mark.parametrize("others", [0, 20])
def test_restart_failed_deletes_and_starts_again(review, others):
    name = stopped(review, "x")
    starts = start(review, ["x", *MANY[:others]], restart_failed=True)
    assert statuses(starts) == ["started"] * (others + 1)
    assert review.status(name) == "InProgress"


def test_restart_failed_leaves_loops_in_progress_alone(review):
    review.start("x")
    assert statuses(start(review, ["x"], restart_failed=True)) == ["adopted"]
    assert review.calls.count["DeleteHumanLoop"] == 0


def test_restart_failed_leaves_alone_what_somebody_has_restarted_since_the_list_was_read(review):
    name = stopped(review, "text 0")

    def restart_behind_our_back(_):
        if review.status(name) == "Stopped":
            start(review, ["text 0"], restart_failed=True)

    items = [*MANY[1:], "text 0"]  # one call at a time, so that the list is old by the last of them
    starts = start(review, items, restart_failed=True, concurrency=1, on_progress=restart_behind_our_back)
    assert statuses(starts) == ["started"] * (len(items) - 1) + ["adopted"]
    assert review.calls.count["DeleteHumanLoop"] == 1


def test_restart_failed_deletes_no_loop_of_another_flow(review):
    name = stopped(review, "x")
    other = LoopRequest(review.arn + "-2", name, {"taskObject": "x"})
    (started,) = start_human_loops(review.session, [other], restart_failed=True)
    assert isinstance(started.error, ConflictError)
    assert review.status(name) == "Stopped"


def test_a_note_on_what_ends_the_run_is_kept(review):
    error = AccessDeniedError("denied")
    error.add_note("ask the account's owner")
    review.calls.fail("StartHumanLoop", error)
    with pytest.raises(AccessDeniedError, match="0 of 1") as ended:
        start(review, ["x"])
    assert ended.value.__notes__ == ["ask the account's owner"]


def test_a_loop_that_somebody_else_has_just_deleted_is_started_again(review):
    name = stopped(review, "x")
    runtime = review.session.client("sagemaker-a2i-runtime")
    deleted = []

    def delete_first(**_):
        if not deleted:
            deleted.append(name)
            runtime.delete_human_loop(HumanLoopName=name)

    runtime.meta.events.register("before-call.sagemaker-a2i-runtime.DeleteHumanLoop", delete_first)
    assert statuses(start(review, ["x"], restart_failed=True)) == ["started"]


def test_progress_is_told_in_the_callers_thread_once_an_item(review):
    import threading

    seen = []
    start(review, MANY, on_progress=lambda start: seen.append((start.status, threading.current_thread())))
    assert seen == [("started", threading.main_thread())] * 25


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_was_started_before_no_loop_is_started_twice(review, data):
    number = len(review.loops())
    items = [f"run {number} text {n}" for n in range(data.draw(st.integers(1, 14)))]
    before = data.draw(st.lists(st.sampled_from(items), unique=True))
    for item in before:
        review.start(item, label=data.draw(st.sampled_from(["-1", "1"])))
    faulty = data.draw(st.lists(st.sampled_from(items), unique=True))
    names = {review.request(item).human_loop_name for item in faulty}
    review.calls.fail(
        "StartHumanLoop", ("ThrottlingException", 429), when=lambda p, _: p["HumanLoopName"] in names
    )
    first = start(review, data.draw(st.permutations(items)))
    review.calls.heal()
    second = start(review, data.draw(st.permutations(items)))
    assert len(first) == len(second) == len(items)
    assert sum(one.status == "adopted" for one in first) == len(before)
    assert {one.human_loop_name for one in first if one.status == "failed"} == {
        one.human_loop_name for one in second if one.status == "started"
    }
    loops = review.loops()
    assert len(loops) == len(set(loops)) == number + len(items)


def test_every_outcome_can_cross_to_another_process(review):
    review.calls.fail("StartHumanLoop", ("ThrottlingException", 429))
    (failed,) = start(review, ["x"])
    copy = pickle.loads(pickle.dumps(failed))
    assert isinstance(copy.error, HitlError)
    assert str(copy.error) == str(failed.error)
