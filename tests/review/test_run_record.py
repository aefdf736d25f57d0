"""Runs that outlive their process: prepared as a stream, found again by name, the same whoever reads them."""

import datetime as dt
import decimal
import gc
import subprocess
import sys
import tracemalloc

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

from hitl_sdk import Bands, EachLabel, PerClass, Prediction, Router, Run, Sample, Threshold
from hitl_sdk.errors import (
    ConflictError,
    CredentialsError,
    DuplicateItemError,
    EmptyInputError,
    InvalidInputError,
    InvalidPredictionError,
    NotFoundError,
    QuotaExceededError,
    Transient,
    UnavailableError,
)
from hitl_sdk.loops.record import open_record
from hitl_sdk.loops.table import ensure_table
from hitl_sdk.review import _starts, list_runs
from hitl_sdk.review._codec import policy_text, task_text
from hitl_sdk.routing import InvalidPrediction, Policy
from hitl_sdk.tasks import LabelReview, TextClassification


def answer(review, label="0"):
    review.cloud.workers.answer(lambda _: {"sentiment": {"label": label}})


def opened(review, name, **options):
    return Run.open(name, session=review.session, task=review.task, **options)


def statuses(run):
    return [outcome.status for outcome in run.outcomes]


def test_what_is_prepared_is_written_down_and_not_started(review):
    run = review.router(Bands(accept=0.9, drop=0.2)).prepare(review.predictions(0.95, 0.5, 0.1, 0.6))
    assert statuses(run) == ["accepted", "planned", "dropped", "planned"]
    assert (run.complete, review.loops()) == (True, [])
    assert str(run.status()) == "2 human loops: 2 planned"
    assert str(run.start()) == "2 human loops: 2 in progress"
    assert statuses(run) == ["accepted", "started", "dropped", "started"]


def test_a_prepared_run_tells_what_it_would_take(review):
    run = review.router(hourly_wage=20, seconds_per_review=18, max_reviews=3).prepare(
        review.predictions(*[0.1] * 5, 0.95)
    )
    estimate = run.estimate()
    assert (estimate.reviews, estimate.worker_hours, estimate.wages) == (3, 3 * 18 / 3600, 0.3)
    assert run.estimate(reviewed_this_month=60_000).charges.high == 0.12  # the second tier
    assert run.estimate(seconds_per_review=36).worker_hours == 2 * estimate.worker_hours
    run.start()
    assert run.estimate().reviews == 0


def test_workers_of_the_flow_are_reckoned_with(make_review):
    run = make_review(task_count=3).router().prepare([Prediction("1", "x", "1", 0.5)])
    assert run.estimate().answers == 3


def test_a_run_without_a_name_is_named_after_its_flow_and_the_time(review):
    names = [f"sentiment-{review.cloud.clock.now():%Y%m%dT%H%M%SZ}"]
    names += [f"{names[0]}-2", f"{names[0]}-3"]
    runs = [review.router().prepare(review.predictions(0.1)) for _ in names]
    review.cloud.advance(60)
    names.append(f"sentiment-{review.cloud.clock.now():%Y%m%dT%H%M%SZ}")
    runs.append(review.router().prepare(review.predictions(0.1)))
    assert [run.name for run in runs] == [header.name for header in list_runs()] == names


def test_a_named_run_is_gone_on_with_and_takes_nothing_twice(review):
    review.router().route(review.predictions(0.1, 0.2), name="march")
    review.calls.count.clear()
    run = review.router().route(review.predictions(0.1, 0.2, 0.3), name="march")
    assert statuses(run) == ["started"] * 3
    assert review.calls.count["StartHumanLoop"] == 1
    assert len(list_runs()) == 1


def test_an_item_keeps_the_decision_it_was_taken_in_with(review):
    review.router().route([Prediction("a", "text", "1", 0.5)], name="march")
    run = review.router().route([Prediction("a", "text", "0", 0.99)], name="march")
    assert statuses(run) == ["started"]
    assert run.training_frame("polars")["model_label"].to_list() == ["1"]


def test_an_id_that_stands_for_another_content_than_in_the_run_is_refused(review):
    review.router().route(review.predictions(0.1, 0.2), name="march")
    with pytest.raises(DuplicateItemError, match=r"'march'.*'item-1' with another content") as refused:
        review.router().route([Prediction("item-1", "other", "1", 0.1)], name="march")
    assert refused.value.item_id == "item-1"
    assert len(review.loops()) == 2


@pytest.mark.parametrize("distance", [1, 1500])
def test_an_id_that_stands_twice_is_refused_however_far_apart_and_nothing_is_started(review, distance):
    predictions = [Prediction(str(number), f"text {number}", "1", 0.5) for number in range(distance)]
    with pytest.raises(DuplicateItemError, match="more than one prediction has the item_id '0'"):
        review.router().route([*predictions, Prediction("0", "another", "1", 0.5)])
    assert review.loops() == []
    assert list_runs() == []


def test_the_same_ids_are_found_in_whatever_order_they_come_again(review):
    predictions = [Prediction(str(number), f"text {number}", "1", 0.95) for number in range(2500)]
    review.router().prepare(predictions, name="march")
    again = [*predictions[::-7], *(each for n, each in enumerate(predictions[::-1]) if n % 7)]
    assert open_record().run("march").n_items == len(review.router().prepare(again, name="march").outcomes)
    with pytest.raises(DuplicateItemError, match="'0'"):
        review.router().prepare([*again, predictions[0]], name="march")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"policy": Threshold(0.8)}, r'policy is {"Threshold": {"threshold": 0.9}}, not {"Threshold": {"threshold": 0.8}}'),
        ({"policy": Threshold(0.9) | Sample(0.1)}, r'not {"or": \[{"Threshold": {"threshold": 0.9}}, {"Sample": '),
        ({"task": TextClassification(name="sentiment", labels=["-1", "1"], title="Which?")}, "task differs in descri"),
        ({"flow": "other"}, r"flow is arn:.*/sentiment, not arn:.*/other"),
    ],
)  # fmt: skip
def test_a_run_of_something_else_is_refused_naming_what_differs(review, changed, message):
    review.router().route(review.predictions(0.1), name="march")
    review.flow.model_copy(update={"name": "other"}).ensure(review.session)
    given = {
        "flow": "sentiment",
        "policy": Threshold(0.9),
        "task": review.task,
        "session": review.session,
        "progress": False,
    }
    router = Router(**given | changed)
    with pytest.raises(ConflictError, match=message) as refused:
        router.route(review.predictions(0.1), name="march")
    assert refused.value.resource == "march"
    with pytest.raises(ConflictError):
        router.resume("march")


def test_a_run_is_opened_only_with_the_task_it_was_begun_with(review):
    review.router().route(review.predictions(0.1), name="march")
    other = TextClassification(name="mood", labels=["a", "b"], title="Which?")
    with pytest.raises(ConflictError, match="its task differs in description, labels, name, title"):
        Run.open("march", session=review.session, task=other)


def test_a_run_that_is_not_there_is_said_with_those_that_are(review):
    review.router().route(review.predictions(0.1), name="march")
    with pytest.raises(InvalidInputError, match=r"no run 'april' \(it has 'march'\)"):
        opened(review, "april")
    with pytest.raises(InvalidInputError, match="no run 'april'"):
        review.router().resume("april")


@pytest.mark.parametrize("name", ["", "a b", "../up", "é"])
def test_a_name_that_is_none_is_refused(review, name):
    with pytest.raises(InvalidInputError, match="is no name of a run"):
        review.router().route(review.predictions(0.1), name=name)
    assert review.loops() == []


def test_a_run_is_resumed_without_its_predictions(review):
    review.router().prepare(review.predictions(0.1, 0.2), name="march")
    run = review.router().resume("march")
    assert statuses(run) == ["started"] * 2


def test_a_source_that_breaks_off_leaves_a_run_that_is_gone_on_with(review):
    def broken():
        yield from review.predictions(0.1, 0.2)
        raise CredentialsError("the session has expired")

    many = [Prediction(f"more-{number}", f"more {number}", "1", 0.95) for number in range(1000)]
    with pytest.raises(CredentialsError) as ended:
        review.router().route(each for part in (many, broken()) for each in part)
    (name,) = (header.name for header in list_runs())
    assert name in ended.value.__notes__[0]
    assert opened(review, name).complete is False
    run = review.router().route([*many, *review.predictions(0.1, 0.2)], name=name)
    assert (run.complete, len(run.outcomes)) == (True, 1002)


def test_a_run_whose_process_ended_while_it_took_predictions_in_is_not_taken_for_a_whole_one(review):
    def source():
        yield from [Prediction(f"more-{number}", f"more {number}", "1", 0.5) for number in range(1000)]
        raise SystemExit

    with pytest.raises(SystemExit):
        review.router().route(source(), name="march")
    with pytest.raises(InvalidInputError, match=r"taken in 1,000 items.*name='march'.*Run.open\('march'"):
        review.router().resume("march")
    assert review.loops() == []
    run = opened(review, "march")
    assert repr(run).startswith("Run('march', 1000 items and maybe more, ")
    run.start()
    assert len(review.loops()) == 1000


def test_neither_is_one_that_was_cut_off_while_it_took_more_in(review):
    router = review.router()
    router.route(review.predictions(0.1), name="march")

    def more():
        yield from (Prediction(f"more-{number}", f"more {number}", "1", 0.95) for number in range(1000))
        raise SystemExit

    with pytest.raises(SystemExit):
        router.route(more(), name="march")
    with pytest.raises(InvalidInputError, match="taken in 1,001 items"):
        router.resume("march")


class OwnPolicy(Policy):
    """Of a user who gives it no text of its own."""

    def _needs(self):
        return frozenset()

    def _columns(self):
        return set()

    def _reasons(self):
        return []

    def _judged(self, table, name):
        raise NotImplementedError

    def _judge(self, prediction):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (OwnPolicy(), OwnPolicy()),
        (Threshold(0.9) | OwnPolicy(), Threshold(0.9) | OwnPolicy()),
        (~OwnPolicy(), ~OwnPolicy()),
        (PerClass({"1": 0.5, "0": 0.6}), PerClass({"0": 0.6, "1": 0.5})),
    ],
)
def test_equal_policies_are_the_same_in_another_process(one, same):
    assert one is not same
    assert policy_text(one) == policy_text(same)


class OwnRule:
    """Of a user who sorts the labels of an item out in a way of theirs."""

    def split(self, scores):
        raise NotImplementedError


def test_equal_tasks_are_the_same_in_another_process():
    one, same, other = (
        LabelReview(name="labels", title="Which?", rule=rule)
        for rule in (
            EachLabel(PerClass({"a": 0.5, "b": 0.6})),
            EachLabel(PerClass({"b": 0.6, "a": 0.5})),
            EachLabel(PerClass({"a": 0.5, "b": 0.7})),
        )
    )
    assert task_text(one) == task_text(same) != task_text(other)
    own = [task_text(LabelReview(name="labels", title="Which?", rule=OwnRule())) for _ in range(2)]
    assert own[0] == own[1]


def test_a_named_run_without_predictions_is_refused_and_not_begun(review):
    with pytest.raises(EmptyInputError):
        review.router().route(iter(()), name="march")
    assert list_runs() == []


def test_a_run_is_the_same_for_whoever_opens_it(review):
    rows = {
        "item_id": ["a", "b", "c", "d", "e"],
        "item": ["one", "two", "three", "", "five"],
        "label": ["1", "0", "-1", "1", "7"],
        "confidence": [0.95, 0.5, 0.1, 0.5, 0.5],
        "day": [dt.date(2026, 1, day) for day in range(1, 6)],
        "at": [dt.datetime(2026, 1, day, 12, tzinfo=dt.UTC) for day in range(1, 6)],
        "price": [decimal.Decimal("1.10"), None, decimal.Decimal(3), decimal.Decimal(4), decimal.Decimal(5)],
        "raw": [b"\x00\xff", None, b"", b"x", b"y"],
        "sizes": [[1.5], [], None, [2.0, 3.0], [1.0]],
    }
    answer(review)
    run = review.router(Bands(accept=0.9, drop=0.2)).route(pl.DataFrame(rows), name="march")
    run.wait(timeout=7200)

    other = opened(review, "march")

    assert [str(outcome) for outcome in other.outcomes] == [str(outcome) for outcome in run.outcomes]
    assert other.training_frame("polars").equals(run.training_frame("polars"))
    assert other.answers_frame("polars").equals(run.answers_frame("polars"))
    kept = other.training_frame("polars")
    assert [kept[name].to_list() for name in list(rows)[4:]] == list(rows.values())[4:]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (np.float32(0.5), 0.5),
        (np.array([1, 2]), [1, 2]),
        (pd.NaT, None),
        (pd.Timestamp("2026-01-01", tz="UTC"), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
        (dt.timedelta(days=1, microseconds=5), dt.timedelta(days=1, microseconds=5)),
        (dt.time(12, 30), dt.time(12, 30)),
        (("x", "y"), ["x", "y"]),
        ({"nested": {"when": dt.date(2026, 1, 1)}}, {"nested": {"when": dt.date(2026, 1, 1)}}),
        ({"__hitl__": "mine"}, {"__hitl__": "mine"}),
        ({1, 2}, "{1, 2}"),
        ({(1, 2): 3}, "{(1, 2): 3}"),
        pytest.param(10**5000, "something of type int, too long to show", id="a long number"),
    ],
    ids=repr,
)
def test_columns_of_the_users_own_are_kept_or_kept_as_text(review, value, kept):
    prediction = Prediction("a", "x", "1", 0.95, extra={"mine": value})
    run = review.router().prepare([prediction], name="march")
    row = opened(review, "march").training_frame("pandas").iloc[0]
    assert list(row.index)[-1] == "mine"
    frame = nw.from_native(run.training_frame("arrow"), eager_only=True)
    assert frame["mine"].to_list()[0] == kept


def test_what_was_wrong_with_an_item_is_told_as_it_was(review):
    review.calls.fail("StartHumanLoop", ("ServiceQuotaExceededException", 402), when=lambda _, n: n == 2)
    odd = InvalidPredictionError("item 'x': no answer", hint="ask again", item_id="x")
    predictions = [*review.predictions(0.1, 0.2), InvalidPrediction("x", "text", odd)]
    run = review.router(concurrency=1, quota_timeout=0).route(predictions, name="march")
    for each in (run, opened(review, "march")):
        error, invalid = each.outcomes[1].error, each.outcomes[2].error
        assert isinstance(error, QuotaExceededError)
        assert isinstance(error, Transient)
        assert (error.operation, error.request_id) == ("StartHumanLoop", "request-1")
        assert (str(invalid), invalid.item_id) == (str(odd), "x")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (("ServiceQuotaExceededException", 402), QuotaExceededError),
        (("InternalServerException", 500), UnavailableError),
    ],
)
def test_where_starting_is_given_up_the_rest_stays_planned_and_is_gone_on_with(
    review, monkeypatch, fault, error
):
    monkeypatch.setattr(_starts, "CHUNK", 10)
    review.calls.fail("StartHumanLoop", fault)
    predictions = [Prediction(str(number), f"text {number}", "1", 0.5) for number in range(700)]
    run = review.router(quota_timeout=0, concurrency=2).route(predictions)
    assert set(statuses(run)) == {"not started", "planned"}
    assert statuses(run)[-100:] == ["planned"] * 100
    assert isinstance(run.outcomes[0].error, error)
    review.calls.heal()
    run.start()
    assert statuses(run) == ["started"] * 700


def test_progress_of_one_process_is_seen_by_another(review):
    answer(review)
    run = review.router().prepare(review.predictions(0.1, 0.2), name="march")
    other = opened(review, "march")
    run.start()
    assert statuses(other) == ["started"] * 2
    run.wait(timeout=7200)
    assert statuses(other) == ["completed"] * 2
    assert other.wait(timeout=1).ok


def test_a_flow_that_is_gone_is_said_before_anything_is_started(review):
    run = review.router().prepare(review.predictions(0.1), name="march")
    review.flow.delete(review.session)
    with pytest.raises(NotFoundError, match="flow definition"):
        run.start()


def test_predictions_are_read_once_and_no_further_than_they_are_taken_in(review):
    read = []

    def coming():
        for number in range(3000):
            read.append(number)
            if number == 2100:
                assert open_record().run("march").n_items == 2000
            yield Prediction(str(number), f"text {number}", "1", 0.95)

    assert len(review.router().prepare(coming(), name="march").outcomes) == len(read) == 3000


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame])
def test_frames_are_taken_in_by_chunks_like_predictions(review, make):
    rows = {
        "item_id": [str(number) for number in range(2500)],
        "item": [f"text {number}" for number in range(2500)],
        "label": ["1"] * 2500,
        "confidence": [number / 2500 for number in range(2500)],
    }
    run = review.router(Threshold(0.01)).prepare(make(rows))
    assert [outcome.item_id for outcome in run.outcomes] == rows["item_id"]
    assert statuses(run) == ["planned"] * 25 + ["accepted"] * 2475


def test_memory_is_flat_in_the_number_of_predictions(review, tmp_path):
    def peak(count):
        predictions = (
            Prediction(str(n), f"a text of some length, number {n}", "1", 0.5) for n in range(count)
        )
        gc.collect()
        tracemalloc.start()
        review.router(record=f"sqlite:///{tmp_path}/runs.db").prepare(predictions)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2000)
    assert peak(8000) < 1.2 * peak(2000)


def test_a_run_is_read_by_a_process_of_its_own(review, tmp_path):
    record = f"sqlite:///{tmp_path}/runs.db"
    review.router(record=record).prepare(review.predictions(0.1, 0.95), name="march")
    code = (
        "import hitl_sdk as hitl; from hitl_sdk.review import list_runs;"
        "task = hitl.tasks.TextClassification(name='sentiment', labels=['-1', '0', '1'], title='Which sentiment?');"
        f"run = hitl.Run.open('march', session=hitl.Session(region_name='us-east-1'), task=task, record={record!r});"
        f"print([header.name for header in list_runs({record!r})], [outcome.status for outcome in run.outcomes])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "['march'] ['planned', 'accepted']\n"


@pytest.mark.parametrize("address", ["dynamodb://runs", "s3://reviews/runs"])
def test_runs_are_kept_in_a_table_or_a_bucket_as_well(review, address):
    if address.startswith("dynamodb"):
        ensure_table(review.session, "runs")
    answer(review)
    run = review.router(record=address).route(review.predictions(0.1, 0.2, 0.95), name="march")
    review.router(record=address).route(review.predictions(0.1, 0.2, 0.95, 0.3), name="march")
    again = opened(review, "march", record=address)
    assert again.wait(timeout=7200).completed == 3
    assert again.training_frame("polars")["label"].to_list() == ["0", "0", "1", "0"]
    assert run.training_frame("polars").equals(again.training_frame("polars"))


@pytest.mark.parametrize(
    "options", [{"rate": 0}, {"rate": "fast"}, {"concurrency": 0}, {"quota_timeout": "1 h"}]
)
def test_a_pace_that_can_not_be_is_refused_before_a_run_is_begun(review, options):
    with pytest.raises(InvalidInputError, match=next(iter(options))):
        review.router(**options).route(review.predictions(0.5))

    assert list_runs() == []
