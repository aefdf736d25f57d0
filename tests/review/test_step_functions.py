"""Human loops as steps of state machines: moto runs the machines, Lambda's functions run here, people answer."""

import io
import json
import zipfile
from functools import partial

import pytest
from botocore.awsrequest import AWSResponse

from hitl_sdk import Member, Prediction, PrivateTeam, ReviewFlow, Sample, Threshold
from hitl_sdk._clock import SystemClock, use_clock
from hitl_sdk._waiting import wait_until
from hitl_sdk.errors import (
    InvalidArnError,
    InvalidInputError,
    InvalidPredictionError,
    NotFoundError,
    QuotaExceededError,
    UnavailableError,
)
from hitl_sdk.functions import TaskTokens
from hitl_sdk.loops import human_loop_name
from hitl_sdk.resources import CompletionRule, LambdaFunction, TaskTokenTable
from hitl_sdk.review import start_handler, state_machine_definition
from hitl_sdk.tasks import TextClassification
from hitl_sdk.testing import local_server

START = """
import hitl_sdk as hitl

task = hitl.tasks.TextClassification(name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?")
handler = hitl.review.start_handler(task=task, flow="sentiment", table="tokens", policy=hitl.Threshold(0.9))
"""
ANSWER = """
from hitl_sdk import functions

handler = functions.task_token_handler(table="tokens")
"""
ARN = "arn:aws:lambda:us-east-1:123456789012:function:SageMaker-start"


class OnTheServer:
    """A flow on `hitl local up`, whose simulated workers answer."""

    def __init__(self, server) -> None:
        self.session = server.session()
        self.session.client("s3").create_bucket(Bucket="reviews")
        iam = self.session.boto3_session.client("iam", endpoint_url=server.url)
        self.role_arn = iam.create_role(RoleName="review", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        ReviewFlow(
            name="sentiment",
            team=PrivateTeam(name="crew", members=[Member(email="ana@example.com")]),
            task=TextClassification(name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"),
            output="s3://reviews/a2i",
            role_arn=self.role_arn,
        ).ensure(self.session)


class Machine:
    """A state machine that asks people, deployed whole."""

    def __init__(self, session, role_arn) -> None:
        self.session = session
        self.role_arn = role_arn
        self.client = session.client("stepfunctions")
        TaskTokenTable(name="tokens").ensure(session)
        start = self._deploy("SageMaker-start", START)
        self._deploy("SageMaker-answer", ANSWER)
        CompletionRule(name="reviews", function_name="SageMaker-answer").ensure(session)
        definition = state_machine_definition(start.arn, timeout=60)
        self.arn = self.client.create_state_machine(
            name="review", roleArn=role_arn, definition=json.dumps(definition)
        )["stateMachineArn"]

    def _deploy(self, name, text):
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
        return function.ensure(self.session)

    def execute(self, name, **prediction):
        """Start an execution, and return when it waits, or is over."""
        started = self.client.start_execution(
            stateMachineArn=self.arn, name=name, input=json.dumps(prediction)
        )
        self._until(started["executionArn"], lambda: self.is_over(started) or self.waits(started))
        return started

    def is_over(self, execution):
        return self.client.describe_execution(executionArn=execution["executionArn"])["status"] != "RUNNING"

    def waits(self, execution):
        history = self.client.get_execution_history(executionArn=execution["executionArn"])["events"]
        return any(event["type"] == "TaskSubmitted" for event in history)

    def end(self, execution):
        """Return status and output, or the name of the error, of an execution."""
        self._until(execution["executionArn"], lambda: self.is_over(execution))
        said = self.client.describe_execution(executionArn=execution["executionArn"])
        return said["status"], json.loads(said["output"]) if "output" in said else said["error"]

    def _until(self, what, is_so):
        with use_clock(SystemClock()):  # moto runs machines in threads of their own
            wait_until(is_so, bool, timeout=20, what=what, first_pause=0.01, longest_pause=0.1)


@pytest.fixture
def machine(review):
    return Machine(review.session, review.cloud.role_arn)


@pytest.fixture
def people(review):
    return partial(review.cloud.workers.add, 1, truth=lambda item: "0")


def test_an_execution_waits_until_people_have_answered(machine, review, people):
    people(latency=600)
    execution = machine.execute("one", item_id="1", item="It is okay", label="1", confidence=0.54)
    assert not machine.is_over(execution)

    review.cloud.advance(660)

    status, output = machine.end(execution)
    assert status == "SUCCEEDED"
    assert output["humanLoopName"] == human_loop_name(review.arn, "It is okay")
    assert output["answers"][0]["answerContent"] == {"sentiment": {"label": "0"}}
    assert review.session.client("dynamodb").scan(TableName="tokens")["Items"] == []


def test_executions_with_the_same_item_wait_for_one_loop_and_each_is_answered(machine, review, people):
    people(latency=600)
    executions = [
        machine.execute(name, item="It is okay", label=label, confidence=0.5)
        for name, label in (("one", "1"), ("two", "-1"))
    ]

    review.cloud.advance(660)

    assert {machine.end(execution)[0] for execution in executions} == {"SUCCEEDED"}
    assert len(review.loops()) == 1


def test_a_loop_that_was_completed_before_answers_at_once(machine, review, people):
    people()
    name = review.start("It is okay")
    review.cloud.advance(60)

    status, output = machine.end(machine.execute("one", item="It is okay", label="1", confidence=0.5))

    assert (status, output["humanLoopName"], len(output["answers"])) == ("SUCCEEDED", name, 1)


def test_what_the_policy_accepts_asks_nobody(machine, review):
    end = machine.end(machine.execute("one", item="It is great", label="1", confidence=0.97))

    assert end == (
        "SUCCEEDED",
        {"decision": "accept", "label": "1", "confidence": 0.97, "reason": "confidence 0.97 >= 0.90"},
    )
    assert review.loops() == []


def test_a_loop_that_is_stopped_fails_the_step_by_a_name(machine, review):
    execution = machine.execute("one", item="It is okay", label="1", confidence=0.5)
    [name] = review.loops()

    review.session.client("sagemaker-a2i-runtime").stop_human_loop(HumanLoopName=name)
    review.cloud.advance(60)

    assert machine.end(execution) == ("FAILED", "HumanLoop.Stopped")


def test_a_loop_that_had_been_stopped_before_fails_the_step_at_once(machine, review):
    name = review.start("It is okay")
    review.session.client("sagemaker-a2i-runtime").stop_human_loop(HumanLoopName=name)
    review.cloud.advance(60)

    end = machine.end(machine.execute("one", item="It is okay", label="1", confidence=0.5))

    assert end == ("FAILED", "HumanLoop.Stopped")


def test_a_prediction_that_can_t_be_used_fails_the_step_by_its_name(machine, review):
    end = machine.end(machine.execute("one", item="It is okay", label="7", confidence=0.5))

    assert end == ("FAILED", "InvalidPredictionError")
    assert review.loops() == []


class SentimentCheck(TextClassification):
    """People judge what the model says."""

    def review_key(self, item, label):
        return f"{item}\n{label}"


@pytest.fixture
def answered_at_once(review):
    """Let Step Functions take every answer: there is no execution that waits for one."""
    said = AWSResponse("https://example.com", 200, {}, None), {}
    events = review.session.client("stepfunctions").meta.events
    events.register("before-call.stepfunctions.*", lambda **_: said)


class Direct:
    """The two handlers without a machine, and what the wire shows of their answers."""

    def __init__(self, review, **options) -> None:
        TaskTokenTable(name="tokens").ensure(review.session)
        self.tokens = TaskTokens(review.session, "tokens")
        options = {"task": review.task, "flow": "sentiment", "table": "tokens", **options}
        self.handler = start_handler(session=review.session, **options)
        self.name = human_loop_name(review.arn, "It is okay")

    def start(self, token="a", **prediction):
        return self.handler({"taskToken": token, "prediction": {"item": "It is okay", **prediction}}, None)


@pytest.fixture
def direct(review):
    return Direct(review)


def test_without_a_policy_people_see_every_item_and_it_needs_no_prediction(review, direct):
    assert direct.start() == {"humanLoopName": direct.name, "status": "started"}
    assert review.loops() == [direct.name]


def test_the_token_is_kept_before_the_loop_is_started(review, direct):
    review.calls.fail("StartHumanLoop", KeyboardInterrupt())

    with pytest.raises(KeyboardInterrupt):
        direct.start()

    assert list(direct.tokens.waiting_for(direct.name)) == ["a"]
    assert review.loops() == []


def test_killed_after_the_start_it_is_adopted_by_the_next_try_and_both_tokens_wait(review, direct):
    direct.start("a")

    assert direct.start("b")["status"] == "adopted"
    assert sorted(direct.tokens.waiting_for(direct.name)) == ["a", "b"]
    assert review.loops() == [direct.name]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (("InternalServerException", 500), UnavailableError),
        (("ServiceQuotaExceededException", 402), QuotaExceededError),
    ],
)
def test_what_may_pass_is_an_error_that_the_machine_tries_again(review, direct, fault, error):
    review.calls.fail("StartHumanLoop", fault)

    with pytest.raises(error):
        direct.start()

    [retries] = [state["Retry"] for state in state_machine_definition(ARN, timeout=60)["States"].values()]
    assert error.__name__ in {name for retry in retries for name in retry["ErrorEquals"]}


@pytest.mark.parametrize(
    "error", ["Lambda.ClientExecutionTimeoutException", "Lambda.Unknown", "Sandbox.Timedout"]
)
def test_a_function_that_was_killed_or_did_not_answer_is_tried_again(error):
    [state] = state_machine_definition(ARN, timeout=60)["States"].values()

    assert error in state["Retry"][0]["ErrorEquals"]


def test_a_flow_that_is_not_there_is_told_before_a_token_is_kept(review):
    direct = Direct(review)
    handler = start_handler(task=review.task, flow="gone", table="tokens", session=review.session)

    with pytest.raises(NotFoundError, match="gone"):
        handler({"taskToken": "a", "prediction": {"item": "It is okay"}}, None)

    assert list(direct.tokens.waiting_for(direct.name)) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "sentiment"}, "task='sentiment' is no Task"),
        ({"flow": None}, "flow=None is no name or ARN"),
        ({"table": None}, "table=None is no name"),
        ({"policy": 0.9}, r"policy=0\.9 is no Policy"),
        ({"session": "eu-west-1"}, "session='eu-west-1' is no Session"),
    ],
)
def test_what_can_not_work_is_refused_when_the_handler_is_made_and_not_in_lambda(review, options, message):
    with pytest.raises(InvalidInputError, match=message):
        start_handler(**{"task": review.task, "flow": "sentiment", "table": "tokens", **options})


def test_a_warm_function_looks_its_flow_up_once(review, direct):
    for token in ("a", "b", "c"):
        direct.start(token)

    assert review.calls.count["DescribeFlowDefinition"] == 1


def test_a_step_asks_for_the_loop_that_a_router_asks_for(review, direct):
    direct.start(label=1)

    run = review.router().route([Prediction("1", "It is okay", "1", 0.5)])

    assert [outcome.status for outcome in run.outcomes] == ["adopted"]


def test_where_people_judge_a_label_another_label_is_another_review(review):
    task = SentimentCheck(name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?")
    direct = Direct(review, task=task)

    direct.start("a", label="1")
    direct.start("b", label="-1")

    names = review.loops()
    assert sorted(token for name in names for token in direct.tokens.waiting_for(name)) == ["a", "b"]
    assert len(names) == 2


@pytest.mark.parametrize("label", ["joy", ["1"], True, 0.5])
def test_a_label_that_the_task_has_not_is_refused_before_anybody_waits(review, direct, label):
    with pytest.raises(InvalidPredictionError):
        direct.start(label=label)

    assert list(direct.tokens.waiting_for(direct.name)) == []


@pytest.mark.parametrize(
    "event",
    [{}, {"taskToken": "a"}, {"taskToken": 7, "prediction": {}}, {"taskToken": "", "prediction": {}}, []],
)
def test_an_event_that_no_machine_sent_is_refused(direct, event):
    with pytest.raises(InvalidInputError, match="no taskToken and prediction"):
        direct.handler(event, None)


def test_an_item_that_is_none_is_refused(review, direct):
    with pytest.raises(InvalidPredictionError):
        direct.handler({"taskToken": "a", "prediction": {}}, None)
    with pytest.raises(InvalidPredictionError):
        Direct(review, policy=Threshold(0.9)).start(label="1")


@pytest.mark.parametrize("ids", [{}, {"item_id": None}])
def test_a_sample_of_items_without_ids_is_drawn_by_their_content(review, answered_at_once, ids):
    direct = Direct(review, policy=Sample(0.3, seed=7))
    asked = [
        direct.start(item=f"review {number}", label="1", confidence=0.95, **ids)["humanLoopName"]
        for number in range(40)
    ]

    assert 4 <= sum(name is not None for name in asked) <= 20


def test_a_step_has_a_deadline_and_other_states_follow_it():
    definition = state_machine_definition(ARN, timeout=864_000, then={"Store": {"Type": "Succeed"}})

    review = definition["States"]["Review"]
    assert (review["TimeoutSeconds"], review["Next"], definition["StartAt"]) == (864_000, "Store", "Review")
    assert "End" not in review


@pytest.mark.parametrize("timeout", [0, -1, 1.5, True, 100_000_000])
def test_a_deadline_that_is_none_is_refused(timeout):
    with pytest.raises(InvalidInputError, match="timeout"):
        state_machine_definition(ARN, timeout=timeout)


def test_the_function_is_named_by_its_arn():
    with pytest.raises(InvalidArnError, match="SageMaker-start"):
        state_machine_definition("SageMaker-start", timeout=60)


def test_a_state_of_the_review_s_own_name_is_refused():
    with pytest.raises(InvalidInputError, match="'Review'"):
        state_machine_definition(ARN, timeout=60, then={"Review": {"Type": "Succeed"}})


def test_on_the_server_a_machine_runs_from_the_first_call_to_the_answers_of_people():
    with local_server() as server:
        deployed = OnTheServer(server)
        machine = Machine(deployed.session, deployed.role_arn)
        execution = machine.execute("one", item="It is okay", label="1", confidence=0.54)

        status, output = machine.end(execution)

    assert (status, output["answers"][0]["answerContent"]) == ("SUCCEEDED", {"sentiment": {"label": "1"}})
