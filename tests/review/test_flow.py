"""The review flow: planned, made once, repaired after a crash at any call, deleted."""

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from hitl_sdk import Member, PrivateTeam, ReviewFlow, Session, tasks
from hitl_sdk.errors import DriftError, HitlError, InvalidArnError, InvalidResourceError, NotFoundError
from hitl_sdk.testing import mock_hitl

TASK = tasks.TextClassification(name="mood", labels=["-1", "0", "1"], title="Which mood?", keywords=["mood"])


def review_flow(**changes):
    wanted = {
        "name": "sentiment",
        "team": PrivateTeam(name="reviewers", members=[Member(email="ana@example.com")]),
        "task": TASK,
        "output": "s3://reviews/a2i/",
        "role_arn": "arn:aws:iam::123456789012:role/review",
        **changes,
    }
    return ReviewFlow(**wanted)


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        cloud.bucket("reviews")
        yield cloud


@pytest.fixture
def session(cloud, one_boto3_session):
    return Session(region_name="us-east-1", boto3_session=one_boto3_session)


class Breaker:
    """Breaks the n-th call from now of a session: before it reaches AWS, or after AWS has done it."""

    def __init__(self, session):
        self.left = self.lost_answer = None
        for service in ("cognito-idp", "sagemaker", "sts"):
            events = session.client(service).meta.events
            events.register("before-call", self._before)
            events.register("after-call", self._after)

    def arm(self, number, *, lost_answer):
        self.left, self.lost_answer = number, lost_answer

    def disarm(self):
        """Tell whether the call came."""
        came, self.left = self.left is None, None
        return came

    def _before(self, **_):
        if self.left is not None:
            self.left -= 1
            if self.left == 0 and not self.lost_answer:
                self.left = None
                raise EndpointConnectionError(endpoint_url="https://unreachable.example.com")

    def _after(self, **_):
        if self.left == 0:
            self.left = None
            raise ReadTimeoutError(endpoint_url="https://slow.example.com")


def one_of_everything(session):
    sagemaker, cognito = session.client("sagemaker"), session.client("cognito-idp")
    pools = cognito.list_user_pools(MaxResults=60)["UserPools"]
    clients = cognito.list_user_pool_clients(UserPoolId=pools[0]["Id"], MaxResults=60)["UserPoolClients"]
    return {
        "pools": len(pools),
        "clients": len(clients),
        "workforces": len(sagemaker.list_workforces()["Workforces"]),
        "workteams": len(sagemaker.list_workteams()["Workteams"]),
        "uis": len(sagemaker.list_human_task_uis()["HumanTaskUiSummaries"]),
        "flows": len(sagemaker.list_flow_definitions()["FlowDefinitionSummaries"]),
    }


def test_a_plan_shows_team_task_ui_and_flow_and_changes_nothing(session):
    plan = review_flow().plan(session)
    assert [change.action for change in plan] == ["create"] * len(plan.changes)
    assert str(plan).splitlines()[-2:] == ["+ human task UI 'sentiment'", "+ flow definition 'sentiment'"]
    assert "iam:PassRole" in plan.iam_actions
    assert session.client("sagemaker").list_human_task_uis()["HumanTaskUiSummaries"] == []


def test_ensure_makes_the_flow_that_was_described(session):
    state = review_flow(task_count=3, task_time_limit=60, task_availability_lifetime=600).ensure(session)
    assert state.status == "Active"
    assert (state.output, state.title, state.keywords) == ("s3://reviews/a2i", "Which mood?", ("mood",))
    assert (state.task_count, state.task_time_limit, state.task_availability_lifetime) == (3, 60, 600)
    assert state.workteam_arn.endswith(":workteam/private-crowd/reviewers")


def test_a_second_ensure_changes_nothing(session):
    flow = review_flow()
    first = flow.ensure(session)
    assert flow.plan(session).is_empty
    assert flow.ensure(session) == first == flow.describe(session) == flow.wait(session)
    assert set(one_of_everything(session).values()) == {1}


@pytest.mark.parametrize("lost_answer", [False, True])
def test_a_crash_at_any_call_is_repaired_by_running_again(one_boto3_session, lost_answer):
    with mock_hitl():
        # One session for all rounds: its clients are made once, and each round's AWS answers them.
        session = Session(region_name="us-east-1", boto3_session=one_boto3_session)
        breaker = Breaker(session)
    flow = review_flow()
    for number in range(1, 200):
        with mock_hitl() as cloud:
            cloud.bucket("reviews")
            breaker.arm(number, lost_answer=lost_answer)
            try:
                flow.ensure(session)
            except HitlError:
                flow.ensure(session)
            came = breaker.disarm()
            assert set(one_of_everything(session).values()) == {1}, number
        if not came:
            break
    assert 20 < number < 199


def test_a_team_given_by_its_arn_is_used_as_it_is(session):
    team = PrivateTeam(name="crew").ensure(session)
    flow = review_flow(team=team.workteam_arn)
    assert [change.kind for change in flow.plan(session)] == ["human task UI", "flow definition"]
    assert flow.ensure(session).workteam_arn == team.workteam_arn


def test_what_aws_can_not_change_is_drift_named_by_field(session):
    review_flow().ensure(session)
    with pytest.raises(DriftError, match="task_count is 1, wanted 2"):
        review_flow(task_count=2).ensure(session)
    other = tasks.TextClassification(name="mood", labels=["a", "b"], title="Which mood?", keywords=["mood"])
    with pytest.raises(DriftError, match="human task UI 'sentiment'"):
        review_flow(task=other).ensure(session)
    assert {change.action for change in review_flow(task=other).plan(session)} == {"keep", "replace"}


def test_delete_takes_flow_and_task_ui_and_leaves_the_team(session):
    flow = review_flow()
    flow.ensure(session)
    assert flow.delete(session) is True
    assert flow.delete(session) is False
    with pytest.raises(NotFoundError):
        flow.describe(session)
    assert len(session.client("sagemaker").list_workteams()["Workteams"]) == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "Sentiment"}, "name: allowed are"),
        ({"task_count": 4}, "task_count"),
        ({"task_time_limit": 10}, "task_time_limit"),
        ({"task_time_limit": 600, "task_availability_lifetime": 60}, "would expire"),
        ({"output": "bucket/prefix"}, "output: allowed is s3://bucket/prefix"),
        ({"role_arn": "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/x"}, "role_arn"),
        ({"team": "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/x"}, "team"),
        ({"colour": "red"}, "colour: no such field"),
        ({"keywords": ["a"] * 6}, "keywords"),
    ],
)
def test_what_aws_would_refuse_is_refused_offline(changes, says):
    with pytest.raises(InvalidResourceError, match=says):
        review_flow(**changes)


def test_keywords_of_ones_own_replace_those_of_the_task(session):
    assert review_flow(keywords=["own"]).ensure(session).keywords == ("own",)


def test_a_role_of_another_account_is_refused_before_anything_is_made(session):
    flow = review_flow(role_arn="arn:aws:iam::999999999999:role/review")
    with pytest.raises(InvalidArnError, match="lies in account 999999999999"):
        flow.plan(session)


def test_a_flow_reads_without_a_workers_address():
    assert "ana@" not in repr(review_flow())


def test_a_team_of_another_kind_is_refused_in_plain_words():
    with pytest.raises(InvalidResourceError, match="team: 'crew' is not an ARN of a workteam") as refused:
        review_flow(team="crew")
    assert "function-after" not in str(refused.value)


@pytest.mark.parametrize("task", ["mood", None, {"name": "mood"}])
def test_a_task_of_another_kind_is_refused(task):
    with pytest.raises(InvalidResourceError, match="task"):
        review_flow(task=task)
