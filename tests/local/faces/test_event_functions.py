"""Functions that rules have called at the end of a loop, in process and on the server."""

import io
import json
import logging
import zipfile

import boto3
import pytest

from hitl_sdk import Member, PrivateTeam, ReviewFlow, tasks
from hitl_sdk.loops import LoopRequest, start_human_loops
from hitl_sdk.resources import CompletionRule, LambdaFunction
from hitl_sdk.testing import local_server, mock_hitl

TO_A_QUEUE = """
import json
import boto3

def handler(event, context):
    text = event if isinstance(event, str) else json.dumps(event)
    boto3.client("sqs").send_message(QueueUrl=boto3.client("sqs").get_queue_url(QueueName="told")["QueueUrl"], MessageBody=text)
"""
FAILS_TWICE = """
calls = []

def handler(event, context):
    calls.append(event)
    print("call", len(calls))
    if len(calls) < 3:
        raise RuntimeError("what people work on")
"""


class Review:
    """A flow whose loops are answered at once, and a function that a rule calls at their end."""

    def __init__(self, session, role_arn) -> None:
        self.session = session
        self.role_arn = role_arn
        session.client("s3").create_bucket(Bucket="reviews")
        self.queue = session.client("sqs").create_queue(QueueName="told")["QueueUrl"]
        self.task = tasks.TextClassification(name="mood", labels=["bad", "good"], title="Mood?")
        team = PrivateTeam(name="crew", members=[Member(email="ana@example.com")])
        flow = ReviewFlow(
            name="mood", team=team, task=self.task, output="s3://reviews/a2i", role_arn=role_arn
        )
        self.flow_arn = flow.ensure(session).arn

    def deploy(self, text, name="SageMaker-told"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as opened:
            opened.writestr("main.py", text)
        function = LambdaFunction(
            name=name,
            code=packed.getvalue(),
            handler="main.handler",
            runtime="python3.14",
            role_arn=self.role_arn,
        )
        function.ensure(self.session)
        CompletionRule(name=name, function_name=name).ensure(self.session)

    def start(self, *names):
        requests = [LoopRequest(self.flow_arn, name, self.task.input(name)) for name in names]
        start_human_loops(self.session, requests)

    def told(self, wait=0):
        found = self.session.client("sqs").receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=wait
        )
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        cloud.workers.answer(lambda item: {"mood": {"label": "bad"}})
        yield cloud


@pytest.fixture
def review(cloud):
    return Review(cloud.session(), cloud.role_arn)


def test_a_function_gets_the_event_word_for_word(cloud, review):
    review.deploy(TO_A_QUEUE)
    review.start("loop-1")
    cloud.advance(60)

    [event] = review.told()
    assert event["detail-type"] == "SageMaker A2I HumanLoop Status Change"
    assert (event["account"], event["detail"]["humanLoopName"]) == (cloud.account_id, "loop-1")
    assert event["detail"]["humanLoopStatus"] == "Completed"


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ({"Input": '{"fixed": true}'}, {"fixed": True}),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"name": "$.detail.humanLoopName"},
                    "InputTemplate": '{"loop": "<name>"}',
                }
            },
            {"loop": "loop-1"},
        ),
    ],
)
def test_a_target_shapes_what_its_function_gets(cloud, review, shape, told):
    review.deploy(TO_A_QUEUE)
    events = boto3.client("events")
    [target] = events.list_targets_by_rule(Rule="SageMaker-told")["Targets"]
    events.put_targets(Rule="SageMaker-told", Targets=[{**target, **shape}])
    review.start("loop-1")
    cloud.advance(60)

    assert review.told() == [told]


def test_a_function_that_fails_is_called_twice_more_and_its_words_stay_out_of_the_log(
    cloud, review, caplog, capsys
):
    review.deploy(FAILS_TWICE)
    with caplog.at_level(logging.WARNING):
        review.start("loop-1")
        cloud.advance(60)

    assert capsys.readouterr().out.split("\n")[:3] == ["call 1", "call 2", "call 3"]
    assert caplog.text.count("failed at an event") == 2
    assert "what people work on" not in caplog.text


def test_a_function_that_fails_keeps_neither_the_loop_nor_another_from_its_event(cloud, review):
    review.deploy("def handler(event, context): raise RuntimeError()", name="SageMaker-broken")
    review.deploy(TO_A_QUEUE)
    review.start("loop-1")
    cloud.advance(60)

    runtime = review.session.client("sagemaker-a2i-runtime")
    assert runtime.describe_human_loop(HumanLoopName="loop-1")["HumanLoopStatus"] == "Completed"
    assert len(review.told()) == 1


@pytest.mark.parametrize("kept", [False, True])
def test_the_server_calls_functions_too_also_where_it_keeps_its_state(kept, tmp_path):
    with local_server(data=tmp_path if kept else None) as server:
        session = server.session()
        trust = json.dumps({"Statement": []})
        iam = session.boto3_session.client("iam", endpoint_url=server.url)
        role = iam.create_role(RoleName="review", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        review = Review(session, role)
        review.deploy(TO_A_QUEUE)
        review.start("loop-1")

        assert [event["detail"]["humanLoopName"] for event in review.told(wait=20)] == ["loop-1"]
