"""Handlers that are told of ended loops, and executions of Step Functions that are answered by their task tokens."""

import json
import logging
import math
from collections import defaultdict
from contextlib import suppress

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.errors import (
    AccessDeniedError,
    InvalidInputError,
    NotFoundError,
    ThrottledError,
    UnavailableError,
)
from hitl_sdk.functions import HumanLoopEvent, TaskTokens, completion_handler, task_token_handler
from hitl_sdk.resources import TaskTokenTable

FLOW = "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/sentiment"


def event(status="Completed", name="loop-1", **detail):
    return {
        "version": "0",
        "id": "8a5c",
        "detail-type": "SageMaker A2I HumanLoop Status Change",
        "source": "aws.sagemaker",
        "account": "123456789012",
        "time": "2026-01-01T00:10:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "creationTime": "2026-01-01T00:00:00.500Z",
            "failureCode": None,
            "failureReason": None,
            "flowDefinitionArn": FLOW,
            "humanLoopArn": f"arn:aws:sagemaker:us-east-1:123456789012:human-loop/{name}",
            "humanLoopName": name,
            "humanLoopOutput": {"outputS3Uri": f"s3://reviews/{name}/output.json"},
            "humanLoopStatus": status,
            **detail,
        },
    }


def put_output(name="loop-1", answers=({"answerContent": {"mood": {"label": "bad"}}, "workerId": "w"},)):
    body = answers if isinstance(answers, bytes) else json.dumps({"humanAnswers": list(answers)}).encode()
    boto3.client("s3").put_object(Bucket="reviews", Key=f"{name}/output.json", Body=body)


class Executions:
    """Who waits at Step Functions, as far as the wire shows: what each token got, and errors that it gives."""

    def __init__(self, session) -> None:
        self.got = defaultdict(list)
        self.errors = {}
        events = session.client("stepfunctions").meta.events
        events.register("provide-client-params.stepfunctions.*", self._note)
        events.register("before-call.stepfunctions.*", self._answer)

    def _note(self, params, context, **_) -> None:
        context["hitl_test"] = params

    def _answer(self, context, **_):
        params = context["hitl_test"]
        token = params["taskToken"]
        if token in self.errors:
            code, status = self.errors[token]
            said = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
            return AWSResponse("https://example.com", status, {}, None), said
        self.got[token].append(json.loads(params["output"]) if "output" in params else params["error"])
        return AWSResponse("https://example.com", 200, {}, None), {}


@pytest.fixture
def executions(review):
    return Executions(review.session)


@pytest.fixture
def tokens(review, executions):
    TaskTokenTable(name="tokens").ensure(review.session)
    return TaskTokens(review.session, "tokens")


@pytest.fixture
def handler(review, tokens):
    return task_token_handler(table="tokens", session=review.session)


def test_a_function_is_told_what_has_ended_and_how():
    ends = []
    handler = completion_handler(ends.append)

    handler(event("Failed", failureCode="Expired", failureReason="nobody answered"), None)

    [end] = ends
    assert (end.human_loop_name, end.status, end.failure_code) == ("loop-1", "Failed", "Expired")
    assert (end.created_at.isoformat(), end.sent_at.isoformat()) == (
        "2026-01-01T00:00:00.500000+00:00",
        "2026-01-01T00:10:00+00:00",
    )


def test_a_function_that_takes_something_else_is_refused_when_the_handler_is_made():
    with pytest.raises(InvalidInputError, match="can't be called with the event"):
        completion_handler(lambda event, extra: None)


def test_another_event_is_refused_with_the_cure():
    with pytest.raises(InvalidInputError, match="the rule's pattern is to ask for"):
        completion_handler(print)({"source": "aws.s3", "detail-type": "Object Created"}, None)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3),
    )
)
def test_whatever_stands_in_a_field_it_is_read_or_refused_in_our_words(value):
    for field in event()["detail"]:
        with suppress(InvalidInputError):  # any other error fails
            assert HumanLoopEvent.from_json(event(**{field: value})).event_id == "8a5c"


def test_everybody_who_waits_for_a_loop_gets_its_answers(handler, tokens, executions):
    put_output()
    for token in ("a", "b"):
        tokens.keep("loop-1", token)
    tokens.keep("loop-2", "c")

    assert handler(event(), None) == {"answered": 2}

    output = {
        "humanLoopName": "loop-1",
        "humanLoopArn": "arn:aws:sagemaker:us-east-1:123456789012:human-loop/loop-1",
        "flowDefinitionArn": FLOW,
        "status": "Completed",
        "outputS3Uri": "s3://reviews/loop-1/output.json",
        "answers": [{"answerContent": {"mood": {"label": "bad"}}, "workerId": "w", "submissionTime": None}],
    }
    assert executions.got == {"a": [output], "b": [output]}
    assert list(tokens.waiting_for("loop-2")) == ["c"]


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (event("Failed", failureCode="Expired"), "HumanLoop.Expired"),
        (event("Failed", failureCode="InternalError"), "HumanLoop.Failed"),
        (event("Stopped"), "HumanLoop.Stopped"),
    ],
)
def test_another_end_is_an_error_with_a_name_that_can_be_caught(handler, tokens, executions, end, error):
    tokens.keep("loop-1", "a")

    handler(end, None)

    assert executions.got == {"a": [error]}


def test_an_event_that_comes_again_answers_nobody_twice(handler, tokens, executions):
    put_output()
    tokens.keep("loop-1", "a")

    assert [handler(event(), None)["answered"] for _ in range(3)] == [1, 0, 0]
    assert len(executions.got["a"]) == 1


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_token_whose_step_is_over_is_dropped_with_a_line_in_the_log(
    handler, tokens, executions, caplog, code
):
    put_output()
    tokens.keep("loop-1", "late")
    tokens.keep("loop-1", "a")
    executions.errors["late"] = (code, 400)

    with caplog.at_level(logging.INFO):
        assert handler(event(), None) == {"answered": 1}

    assert f"nobody waits for human loop loop-1 with this token any more: {code}" in caplog.text
    assert "late" not in caplog.text
    assert list(tokens.waiting_for("loop-1")) == []


def test_one_that_can_t_be_answered_now_keeps_no_other_from_its_answer_and_is_answered_the_next_time(
    handler, tokens, executions
):
    put_output()
    for token in ("a", "b", "c"):
        tokens.keep("loop-1", token)
    executions.errors["b"] = ("InternalError", 500)

    with pytest.raises(UnavailableError):
        handler(event(), None)
    executions.errors.clear()

    assert handler(event(), None) == {"answered": 1}
    assert {token: len(got) for token, got in executions.got.items()} == {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize("answer", ["ä" * 131_072, "\ud800", math.nan])
def test_answers_that_a_step_can_t_have_are_left_in_the_output(handler, tokens, executions, answer):
    put_output(answers=[{"answerContent": {"text": answer}}])
    tokens.keep("loop-1", "a")

    handler(event(), None)

    [output] = executions.got["a"]
    assert (output["answers"], output["outputS3Uri"]) == (None, "s3://reviews/loop-1/output.json")


@pytest.mark.parametrize("body", [None, b"{", b"[]", b'{"humanAnswers": [7]}', b"[" * 100_000])
def test_an_output_that_can_t_be_read_answers_with_its_address(handler, tokens, executions, caplog, body):
    if body is not None:
        put_output(answers=body)
    tokens.keep("loop-1", "a")

    with caplog.at_level(logging.WARNING):
        handler(event(), None)

    assert executions.got["a"][0]["answers"] is None
    assert "the answers of human loop loop-1 can't be read" in caplog.text


def test_an_output_that_can_t_be_read_just_now_is_read_the_next_time(review, handler, tokens, executions):
    put_output()
    tokens.keep("loop-1", "a")
    review.calls.fail("GetObject", ("SlowDown", 503))

    with pytest.raises(ThrottledError):
        handler(event(), None)
    review.calls.heal()

    assert handler(event(), None) == {"answered": 1}


def test_a_loop_that_nobody_waits_for_costs_one_look(review, handler, tokens):
    assert handler(event(), None) == {"answered": 0}
    assert review.calls.count["GetObject"] == 0


def test_a_token_is_kept_once_however_often_it_is_told_and_no_longer_than_an_execution_lasts(review, tokens):
    for _ in range(3):
        tokens.keep("loop-1", "t" * 2048)

    [entry] = review.session.client("dynamodb").scan(TableName="tokens")["Items"]
    assert int(entry["expires_at"]["N"]) - review.cloud.clock.now().timestamp() == pytest.approx(
        365 * 86_400, abs=1
    )


def test_more_executions_than_a_page_holds_are_all_found(tokens):
    names = [f"{number:03}" + "t" * 2000 for number in range(600)]
    for name in names:
        tokens.keep("loop-1", name)

    assert sorted(tokens.waiting_for("loop-1")) == names


def test_a_table_that_is_not_there_or_not_allowed_is_told_so(review, tokens, watched):
    with pytest.raises(NotFoundError, match="table 'none'"):
        TaskTokens(review.session, "none").keep("loop-1", "a")
    watched(review.session, ("dynamodb",)).fail("Query", ("AccessDeniedException", 400))
    with pytest.raises(AccessDeniedError, match="table 'tokens'"):
        list(tokens.waiting_for("loop-1"))
