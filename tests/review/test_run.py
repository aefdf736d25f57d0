"""Routing a batch, waiting, stopping, and what comes out of it."""

import pickle
import sys

import narwhals as nw
import pandas as pd
import polars as pl
import pytest
import tqdm
from botocore.awsrequest import AWSResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hitl_sdk.review.run
from hitl_sdk import Bands, Sample, Threshold
from hitl_sdk._columns import read_column
from hitl_sdk.consolidation import DawidSkene
from hitl_sdk.errors import (
    CredentialsError,
    DuplicateItemError,
    EmptyInputError,
    InvalidInputError,
    InvalidPredictionError,
    NotFoundError,
    RegionNotSupportedError,
    ResourceFailedError,
    ThrottledError,
    Transient,
    WaitTimeoutError,
)
from hitl_sdk.review import Router
from hitl_sdk.routing import InvalidPrediction, Prediction


def answer(review, label="0"):
    review.cloud.workers.answer(lambda _: {"sentiment": {"label": label}})


def statuses(run):
    return [outcome.status for outcome in run.outcomes]


def test_a_batch_goes_the_whole_way(review):
    answer(review)
    run = review.router(Bands(accept=0.9, drop=0.4)).route(review.predictions(0.95, 0.6, 0.2))
    assert statuses(run) == ["accepted", "started", "dropped"]
    status = run.wait(timeout=7200)
    assert (status.completed, status.total, status.ok) == (1, 1, True)
    assert statuses(run) == ["accepted", "completed", "dropped"]
    frame = run.training_frame()
    assert frame["label"].astype(object).where(frame["label"].notna(), None).tolist() == ["1", "0", None]
    assert frame["label_source"].tolist()[:2] == ["model", "human"]
    assert frame["reason"].tolist()[1] == "confidence 0.60 between 0.40 and 0.90"


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
def test_frames_come_from_every_engine(review, engine):
    answer(review)
    run = review.router().route(review.predictions(0.95, 0.6))
    run.wait(timeout=7200)
    training, answers, outcomes = (
        nw.from_native(frame(engine), eager_only=True)
        for frame in (run.training_frame, run.answers_frame, run.to_frame)
    )
    assert training["label"].to_list() == ["1", "0"]
    assert answers.select("item_id", "item", "label").rows() == [("item-1", "review 1", "0")]
    assert outcomes["status"].to_list() == ["accepted", "completed"]
    assert outcomes["error"].to_list() == [None, None] or outcomes["error"].is_null().all()


def test_a_frame_of_the_users_keeps_its_own_columns_to_the_end(review):
    frame = pl.DataFrame(
        {"item_id": [1], "item": ["good"], "label": [1], "confidence": [0.95], "source": ["web"]}
    )
    trained = review.router().route(frame).training_frame("polars")
    assert trained.select("item_id", "label", "source").rows() == [("1", "1", "web")]


def test_equal_content_is_reviewed_once_and_serves_every_item(review):
    answer(review, "-1")
    items = [Prediction(name, "the same", label, 0.5) for name, label in [("a", "1"), ("b", "0"), ("c", "1")]]
    run = review.router().route(items)
    assert len({outcome.human_loop_name for outcome in run.outcomes}) == len(review.loops()) == 1
    run.wait(timeout=7200)
    assert run.training_frame("polars")["label"].to_list() == ["-1"] * 3
    assert run.answers_frame("polars")["item_id"].to_list() == ["a"]


def test_routing_again_adopts_what_was_started_and_reads_what_was_answered(review):
    review.router().route(review.predictions(0.5, 0.6))
    again = review.router().route(review.predictions(0.5, 0.6, 0.7))
    assert statuses(again) == ["adopted", "adopted", "started"]
    answer(review)
    again.wait(timeout=7200)
    review.calls.count.clear()
    third = review.router().route(review.predictions(0.5, 0.6, 0.7))
    assert statuses(third) == ["completed"] * 3
    assert third.wait(timeout=1).ok
    assert review.calls.count["StartHumanLoop"] == 0


def test_a_bad_prediction_is_that_items_outcome(review):
    predictions = [
        *review.predictions(0.5),
        Prediction("odd label", "text", "7", 0.95),
        Prediction("blank", "  ", "1", 0.5),
        InvalidPrediction("unread", "text", InvalidPredictionError("item 'unread': no answer")),
    ]
    run = review.router().route(predictions)
    assert statuses(run) == ["started", "invalid", "invalid", "invalid"]
    assert "item 'odd label'" in str(run.outcomes[1].error)
    assert run.outcomes[1].error.item_id == "odd label"
    assert [outcome.decision for outcome in run.outcomes[1:]] == [None] * 3
    rows = run.training_frame("polars")
    assert rows["label"].to_list() == [None] * 4
    assert rows["reason"].to_list()[3] == "item 'unread': no answer"
    assert rows["model_label"].to_list() == ["1", None, None, None]
    assert rows["model_confidence"].to_list() == [0.5, None, None, None]


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
def test_a_label_of_another_structure_than_the_tasks_spoils_no_frame(review, engine):
    odd = [["1"], {"label": "1"}, [{"label": "1", "left": "x"}]]
    predictions = [Prediction(f"odd-{number}", "text", label, 0.95) for number, label in enumerate(odd)]

    run = review.router().route([*review.predictions(0.95), *predictions])

    assert statuses(run) == ["accepted", "invalid", "invalid", "invalid"]
    assert read_column(nw.from_native(run.training_frame(engine))["model_label"]) == ["1", None, None, None]


@pytest.mark.parametrize(
    ("predictions", "error"),
    [
        ([], EmptyInputError),
        (pd.DataFrame({"item_id": [], "item": [], "label": [], "confidence": []}), EmptyInputError),
        ([Prediction("a", "x", "1", 0.5)] * 2, DuplicateItemError),
        (pd.DataFrame({"item_id": ["a"], "confidence": [0.5]}), InvalidPredictionError),
    ],
)
def test_a_hopeless_batch_is_refused_before_any_call(review, predictions, error):
    with pytest.raises(error):
        review.router().route(predictions)
    assert not review.calls.count


def test_a_missing_bucket_is_found_before_the_first_loop(review):
    review.session.client("s3").delete_bucket(Bucket="reviews")
    with pytest.raises(NotFoundError, match="bucket 'reviews'"):
        review.router().route(review.predictions(0.5))
    assert review.calls.count["StartHumanLoop"] == 0


def test_a_region_without_a2i_is_refused_before_any_call(review):
    session = review.cloud.session("eu-south-1")
    router = Router(flow="sentiment", task=review.task, policy=Threshold(0.9), session=session)
    with pytest.raises(RegionNotSupportedError):
        router.route(review.predictions(0.5))


def test_a_failed_start_is_that_items_outcome_and_routing_again_cures_it(review):
    review.calls.fail("StartHumanLoop", ("ThrottlingException", 429), when=lambda _, n: n == 2)
    run = review.router(concurrency=1).route(review.predictions(0.1, 0.2, 0.3))
    assert statuses(run) == ["started", "not started", "started"]
    assert isinstance(run.outcomes[1].error, ThrottledError)
    assert isinstance(run.outcomes[1].error, Transient)
    answer(review)
    status = run.wait(timeout=7200)
    assert (status.completed, status.not_started, status.done, status.ok) == (2, 1, True, False)
    row = run.training_frame("polars").row(1, named=True)
    assert row["label"] is None
    assert "injected ThrottlingException" in row["reason"]
    review.calls.heal()
    assert review.router().route(review.predictions(0.1, 0.2, 0.3)).wait(timeout=7200).ok


def test_an_expired_session_ends_the_route_and_nothing_is_lost(review):
    review.calls.fail("StartHumanLoop", ("ExpiredTokenException", 403), when=lambda _, n: n > 1)
    with pytest.raises(CredentialsError, match="1 of 3 human loops had been started"):
        review.router(concurrency=1).route(review.predictions(0.1, 0.2, 0.3))
    review.calls.heal()
    assert sorted(statuses(review.router().route(review.predictions(0.1, 0.2, 0.3)))) == [
        "adopted",
        "started",
        "started",
    ]


def test_a_deadline_ends_the_wait_with_the_last_status_and_cancels_nothing(review):
    run = review.router().route(review.predictions(0.1, 0.2))
    with pytest.raises(WaitTimeoutError, match=r"2 human loops.*2 in progress") as late:
        run.wait(timeout=600)
    assert late.value.last_seen.in_progress == 2
    assert pickle.loads(pickle.dumps(late.value)).last_seen == late.value.last_seen
    answer(review)
    assert run.wait(timeout=600).ok


def test_a_wait_without_a_deadline_is_refused(review):
    run = review.router().route(review.predictions(0.1))
    with pytest.raises(TypeError):
        run.wait()
    with pytest.raises(InvalidInputError):
        run.wait(timeout=0)


def test_waiting_tells_its_progress(review):
    run = review.router().route(review.predictions(0.1, 0.2))
    seen = []

    def note(status):
        seen.append(status.ended)
        answer(review)

    run.wait(timeout=7200, on_progress=note)
    assert (seen[0], seen[-1]) == (0, 2)


def test_many_loops_are_awaited_by_the_list(review):
    predictions = [Prediction(str(number), f"text {number}", "1", 0.5) for number in range(120)]
    run = review.router().route(predictions)
    answer(review)
    review.calls.count.clear()
    assert run.wait(timeout=7200).completed == 120
    assert review.calls.count["DescribeHumanLoop"] == 0
    assert len(run.outputs()) == 120


def test_loops_that_fail_are_reported_and_are_no_success(make_review):
    review = make_review(task_availability_lifetime=600, task_time_limit=60)
    run = review.router().route(review.predictions(0.1))
    status = run.wait(timeout=7200)
    assert (status.failed, status.done, status.ok) == (1, True, False)
    assert status.failures[0].failure_reason in str(run.outcomes[0].error)
    assert statuses(run) == ["failed"]
    row = run.training_frame("polars").row(0, named=True)
    assert (row["label"], row["decision"]) == (None, "review")
    assert "is Failed" in row["reason"]
    again = review.router().route(review.predictions(0.1))
    assert statuses(again) == ["failed"]
    assert isinstance(again.outcomes[0].error, ResourceFailedError)
    restarted = review.router().route(review.predictions(0.1), restart_failed=True)
    assert statuses(restarted) == ["started"]
    answer(review)
    assert restarted.wait(timeout=300).ok


def test_stopping_stops_what_is_in_progress_only(review):
    answer(review)
    done = review.router().route([Prediction("done", "done", "1", 0.1)])
    done.wait(timeout=7200)
    run = review.router().route([Prediction("done", "done", "1", 0.1)])
    assert (run.stop().stopping, statuses(run)) == (0, ["completed"])


def test_a_stopped_run_ends_and_says_so(review):
    run = review.router().route(review.predictions(0.1, 0.2))
    result = run.stop()
    assert (result.stopping, result.errors) == (2, {})
    status = run.wait(timeout=7200)
    assert (status.stopped, status.done, status.ok) == (2, True, False)
    assert statuses(run) == ["stopped"] * 2
    assert "2 human loops: 2 stopped" in str(status)


def test_a_loop_that_somebody_deletes_is_missing_and_no_success(review):
    answer(review)
    run = review.router().route(review.predictions(0.1))
    (name,) = review.loops()
    review.status(name)
    review.session.client("sagemaker-a2i-runtime").delete_human_loop(HumanLoopName=name)
    status = run.wait(timeout=7200)
    assert (status.missing, status.ok) == (1, False)
    assert statuses(run) == ["missing"]


def test_a_loop_that_was_missing_for_a_moment_is_found_again(review):
    run = review.router().route(review.predictions(0.1))
    events = review.session.client("sagemaker-a2i-runtime").meta.events
    empty = AWSResponse("https://example.com", 200, {}, None), {"HumanLoopSummaries": []}
    events.register_first(
        "before-call.sagemaker-a2i-runtime.ListHumanLoops", lambda **_: empty, "nothing yet"
    )
    assert run.status().missing == 1
    events.unregister("before-call.sagemaker-a2i-runtime.ListHumanLoops", unique_id="nothing yet")
    answer(review)
    assert run.wait(timeout=7200).completed == 1


def test_a_status_that_can_not_be_read_is_a_typed_error_and_the_next_try_works(review):
    run = review.router().route(review.predictions(0.1))
    review.calls.fail("ListHumanLoops", ("ThrottlingException", 429))
    with pytest.raises(ThrottledError):
        run.status()
    review.calls.heal()
    assert run.status().in_progress == 1


def test_a_batch_without_reviews_is_done_at_once(review):
    run = review.router().route(review.predictions(0.95, 0.96))
    status = run.wait(timeout=1)
    assert (status.total, status.done, status.ok, str(status)) == (0, True, True, "0 human loops: none")
    assert run.training_frame("polars")["label_source"].to_list() == ["model"] * 2
    assert run.answers_frame("polars").height == 0
    assert repr(run) == f"Run({run.name!r}, 2 items, 0 human loops: none)"


def test_the_rate_is_kept_by_the_clock(review):
    before = review.cloud.clock.monotonic()
    review.router(rate=1.0, concurrency=1).route(review.predictions(*[0.1] * 5))
    assert review.cloud.clock.monotonic() - before >= 4 - 1e-9


def test_the_task_comes_with_the_flow_or_is_asked_for(review):
    router = Router(flow=review.flow, policy=Threshold(0.9), session=review.session, progress=False)
    assert router.task is review.task
    assert statuses(router.route(review.predictions(0.1))) == ["started"]
    with pytest.raises(InvalidInputError, match="no task was given"):
        Router(flow="sentiment", policy=Threshold(0.9), session=review.session)


def test_loops_that_end_while_outputs_are_read_do_not_trouble_the_frame(review, monkeypatch):
    run = review.router().route(review.predictions(0.1, 0.2))
    read = hitl_sdk.review.run.read_loops

    def read_while_another_thread_waits(*args, **options):
        outputs = read(*args, **options)
        answer(review)
        run.wait(timeout=7200)
        return outputs

    monkeypatch.setattr("hitl_sdk.review.run.read_loops", read_while_another_thread_waits)
    assert run.training_frame()["label"].isna().all()
    monkeypatch.undo()
    assert run.training_frame()["label"].tolist() == ["0", "0"]


def test_bars_are_for_those_who_look(review, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    monkeypatch.setattr("tqdm.auto.tqdm", tqdm.tqdm)
    answer(review)
    run = review.router(progress=True).route(review.predictions(0.1))
    run.wait(timeout=7200)
    shown = capsys.readouterr().err
    assert "starting human loops: 100%" in shown
    assert "\rhuman loops: 100%" in shown
    assert "1/1" in shown


def test_without_tqdm_there_is_no_bar_and_no_error(review, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    answer(review)
    assert review.router(progress=True).route(review.predictions(0.1)).wait(timeout=7200).ok
    assert capsys.readouterr().err == ""


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_item_has_one_outcome_and_no_loop_is_started_twice(review, data):
    known = set(review.loops())
    contents = [f"{len(known)} text {number}" for number in range(6)]
    confidences = st.sampled_from([0.1, 0.5, 0.95])
    drawn = data.draw(st.lists(st.tuples(st.sampled_from(contents), confidences), min_size=1, max_size=10))
    predictions = [Prediction(str(n), item, "1", confidence) for n, (item, confidence) in enumerate(drawn)]
    for item in data.draw(st.lists(st.sampled_from(contents), unique=True)):
        review.start(item, label="-1")
    before = set(review.loops())
    policy = Threshold(0.9) | Sample(0.3, seed=data.draw(st.integers(0, 99)))
    for _ in range(2):
        run = review.router(policy).route(data.draw(st.permutations(predictions)))
        outcomes = {outcome.item_id: outcome for outcome in run.outcomes}
        assert len(run.outcomes) == len(outcomes) == len(predictions)
        for prediction in predictions:
            decision = policy.decide_one(prediction).decision
            assert outcomes[prediction.item_id].decision == decision
            assert (outcomes[prediction.item_id].human_loop_name is not None) == (decision == "review")
    loops = review.loops()
    reviewed = {p.item for p in predictions if policy.decide_one(p).decision == "review"}
    assert len(loops) == len(set(loops))
    assert set(loops) == before | {review.request(item).human_loop_name for item in reviewed}


def test_outputs_are_read_without_describing_every_loop(review):
    run = review.router().route(review.predictions(0.1, 0.2, 0.3, 0.4, 0.5))
    answer(review)
    run.wait(timeout=7200)
    before = review.calls.count["DescribeHumanLoop"]

    assert all(row.output for row in run.outputs())
    assert review.calls.count["DescribeHumanLoop"] - before < 5


def test_workers_are_judged_by_the_others_and_by_gold(make_review):
    review = make_review(task_count=3)
    review.cloud.workers.add(2, truth=lambda item: "1")
    careless = review.cloud.workers.add(1, truth=lambda item: "0")
    run = review.router().route(review.predictions(0.1, 0.2))
    run.wait(timeout=7200)
    frame = run.workers_frame("polars", gold={"item-0": "1"})

    wrong = frame.filter(frame["worker"] == careless[0]).row(0, named=True)
    assert (wrong["n_answers"], wrong["accuracy_to_consensus"], wrong["accuracy_to_gold"]) == (2, 0.0, 0.0)
    assert frame["accuracy_to_gold"].sum() == 2.0
    assert len(run.workers_frame()) == run.workers_frame("arrow").num_rows == 3


def test_workers_who_draw_are_judged_by_what_counts_as_the_same(make_review):
    review = make_review(task_count=3)
    review.cloud.workers.add(2, truth=lambda item: "1")
    review.cloud.workers.add(1, truth=lambda item: "-1")
    run = review.router().route(review.predictions(0.1, 0.2))
    run.wait(timeout=7200)

    frame = run.workers_frame(
        consensus=run.training_frame(), same=lambda one, other: abs(int(one)) == abs(int(other))
    )

    assert frame["accuracy_to_consensus"].tolist() == [1.0, 1.0, 1.0]
    assert run.workers_frame()["accuracy_to_consensus"].min() == 0.0


def test_another_method_may_consolidate(make_review):
    review = make_review(task_count=3)
    review.cloud.workers.add(2, truth=lambda item: "0")
    review.cloud.workers.add(1, truth=lambda item: "-1")
    run = review.router().route(review.predictions(0.1, 0.2))
    run.wait(timeout=7200)

    frame = run.training_frame(consolidation=DawidSkene())
    assert frame["label"].tolist() == ["0", "0"]
    assert frame["confidence"].tolist() != run.training_frame()["confidence"].tolist()


def test_another_tasks_answer_is_a_note_and_no_label(review):
    run = review.router().route(review.predictions(0.1))
    review.cloud.workers.answer(lambda _: {"mood": {"label": "0"}})
    run.wait(timeout=7200)
    row = run.training_frame("polars").row(0, named=True)
    assert row["label"] is None
    assert ";" in row["reason"]


def test_every_start_is_told_to_who_asks(review):
    seen = []
    review.router().route(review.predictions(0.1, 0.2, 0.95), on_progress=seen.append)
    assert [start.status for start in seen] == ["started", "started"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"flow": None},
        {"policy": 0.9},
        {"policy": Threshold},
        {"session": None},
        {"task": "sentiment"},
    ],
)
def test_a_router_refuses_what_is_of_another_kind(review, wrong):
    fitting = {"flow": "sentiment", "policy": Threshold(0.9), "session": review.session, "task": review.task}
    with pytest.raises(InvalidInputError, match=f"{next(iter(wrong))}="):
        Router(**{**fitting, **wrong})
