"""A labeling job: planned, made once, repaired after a crash at any call, waited for, stopped, gone on with."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from contextlib import contextmanager

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from hitl_sdk import Member, PrivateTeam
from hitl_sdk.errors import (
    ConflictError,
    DriftError,
    HitlError,
    InvalidInputError,
    InvalidResourceError,
    NotFoundError,
    RejectedError,
    ResourceFailedError,
    WaitTimeoutError,
)
from hitl_sdk.labeling import AutomatedLabeling, InputManifest, LabelCounters, LabelingJobState
from hitl_sdk.resources import LambdaFunction

LINES = [{"source": f"review {number}"} for number in range(6)]
DAY = 86_400


@pytest.fixture
def manifest(jobs, session):
    return jobs.put_manifest(session, LINES)


@pytest.fixture
def job(jobs, cloud, manifest):
    """A job whose team and input are there to be made."""
    return jobs.make(team=jobs.team, role_arn=cloud.role_arn, workers_per_object=1)


@pytest.fixture
def answered(cloud):
    """Somebody who finds every review good."""
    cloud.workers.answer(lambda item: {"crowd-classifier": {"label": "good"}})


def keys_in(session, prefix="out/"):
    found = session.client("s3").list_objects_v2(Bucket="labels", Prefix=prefix)
    return [entry["Key"] for entry in found.get("Contents", [])]


def job_names(session):
    pages = session.client("sagemaker").get_paginator("list_labeling_jobs").paginate()
    return [each["LabelingJobName"] for page in pages for each in page["LabelingJobSummaryList"]]


def test_a_plan_shows_team_files_and_job_and_changes_nothing(session, job):
    plan = job.plan(session)
    assert {change.action for change in plan} == {"create"}
    assert [change.kind for change in plan][-3:] == ["worker template", "label categories", "labeling job"]
    assert {"sagemaker:CreateLabelingJob", "iam:PassRole", "s3:PutObject"} <= set(plan.iam_actions)
    assert keys_in(session) == []
    assert job_names(session) == []


def test_ensure_makes_the_job_that_was_described(session, job):
    state = job.ensure(session)
    assert state.status in ("Initializing", "InProgress")
    assert state.label_attribute == "mood-1"
    assert state.settings["HumanTaskConfig"]["WorkteamArn"].endswith(":workteam/private-crowd/crew")
    assert all(key.startswith("out/mood-1-input/") for key in keys_in(session))


def test_a_second_ensure_changes_nothing(session, job):
    first = job.ensure(session)
    before = keys_in(session, "")
    assert job.plan(session).is_empty
    assert job.ensure(session).arn == first.arn == job.describe(session).arn
    assert keys_in(session, "") == before
    assert job_names(session) == ["mood-1"]


def test_labels_come_out(session, job, answered):
    job.ensure(session)
    seen = []
    state = job.wait(session, timeout=DAY, on_progress=seen.append)
    assert state.ok
    assert state.counters.human_labeled == len(LINES)
    assert seen[-1] == state
    frame = job.read(session)
    assert frame["item"].tolist() == [line["source"] for line in LINES]
    assert set(frame["label"]) == {"good"}
    assert state.output_manifest_uri == job.output_manifest_uri


def test_a_manifest_of_ones_own_is_uploaded_under_its_digest(session, jobs, job, answered):
    lines = InputManifest.from_lines(LINES[:2])
    job = job.clone(name="mood-2", input=lines)
    job.ensure(session)
    uploaded = [key for key in keys_in(session) if key.endswith(".manifest") and "-input/" in key]
    assert len(uploaded) == 1
    assert re.fullmatch(r"out/mood-2-input/input-[0-9a-f]{16}\.manifest", uploaded[0])
    assert job.wait(session, timeout=DAY).counters.total == 2
    assert job.plan(session).is_empty
    with pytest.raises(DriftError, match="input is 's3://labels/out/mood-2-input/input-"):
        job.clone(name="mood-2", input=InputManifest.from_lines(LINES[:3])).ensure(session)


class Breaker:
    """Breaks the n-th call from now of a session: before it reaches AWS, or after AWS has done it."""

    def __init__(self, session):
        self.left = self.lost_answer = None
        for service in ("cognito-idp", "s3", "sagemaker", "sts"):
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


@pytest.mark.parametrize("lost_answer", [False, True], ids=["never sent", "answer lost"])
def test_a_crash_at_any_call_is_repaired_by_running_again(session, jobs, cloud, lost_answer):
    breaker = Breaker(session)
    # The team's own calls are broken in its own tests.
    team = jobs.team.ensure(session).workteam_arn
    for number in range(1, 100):
        name = f"mood-{number}"
        lines = InputManifest.from_lines(LINES)
        job = jobs.make(name=name, team=team, role_arn=cloud.role_arn, input=lines)
        breaker.arm(number, lost_answer=lost_answer)
        try:
            job.ensure(session)
        except HitlError:
            job.ensure(session)
        came = breaker.disarm()
        assert job_names(session).count(name) == 1
        assert len(keys_in(session, f"out/{name}-input/")) == 3
        assert job.plan(session).is_empty
        if not came:
            break
    assert 7 < number < 99


def test_what_is_wrong_is_told_before_anything_is_made(session, jobs, cloud):
    jobs.put_manifest(session, [{"source": "good"}, {"text": "no source"}])
    job = jobs.make(team=jobs.team, role_arn=cloud.role_arn, output="s3://nowhere/out")
    with pytest.raises(InvalidResourceError, match="labeling job 'mood-1' can't be made") as refused:
        job.ensure(session)
    assert "output: there is no bucket 'nowhere'" in str(refused.value)
    assert "line 2: there is neither 'source' nor 'source-ref'" in str(refused.value)
    assert session.client("sagemaker").list_workteams()["Workteams"] == []
    assert keys_in(session) == []


def test_other_settings_are_drift_named_by_field(session, jobs, job):
    job.ensure(session)
    other = job.clone(
        name="mood-1", workers_per_object=3, task=jobs.mood.model_copy(update={"title": "Mood?"})
    )
    with pytest.raises(DriftError, match="workers_per_object is 1, wanted 3") as refused:
        other.ensure(session)
    assert "task.title is 'Which mood?', wanted 'Mood?'" in str(refused.value)
    assert "choose another name" in str(refused.value)
    assert [change.action for change in other.plan(session)][-1] == "replace"


def test_a_name_that_differs_in_case_alone_is_taken(session, job):
    job.ensure(session)
    with pytest.raises(
        ConflictError, match="there is a labeling job 'mood-1', and AWS takes 'Mood-1' for the same"
    ):
        job.clone(name="Mood-1").ensure(session)


def test_a_job_that_is_not_there_is_not_found(session, jobs):
    with pytest.raises(
        NotFoundError, match=r"labeling job 'mood-1' does not exist in us-east-1 \(ensure\(\) makes it"
    ):
        jobs.make().describe(session)


def test_a_wait_ends_at_its_deadline(session, job):
    job.ensure(session)
    with pytest.raises(WaitTimeoutError, match="labeling job 'mood-1' to end"):
        job.wait(session, timeout=60)


def test_a_failed_job_is_no_success(session, job, cloud):
    job.ensure(session)
    with pytest.raises(ResourceFailedError, match=r"labeling job 'mood-1' is Failed.*diagnose\(\)"):
        fail_by_deleting_the_input(session, job, cloud)


def fail_by_deleting_the_input(session, job, cloud):
    session.client("s3").delete_object(Bucket="labels", Key="in/reviews.manifest")
    job.wait(session, timeout=DAY)


def test_a_stopped_job_goes_on_as_another_with_what_has_no_label(session, job, cloud):
    asked = []

    def truth(item):
        asked.append(item["taskObject"])
        return "good"

    cloud.workers.add(1, truth=truth, latency=1000)
    job = job.clone(name="mood-1", max_concurrent_tasks=2)
    job.ensure(session)
    cloud.advance(1500)
    stopped = job.stop(session)
    assert (stopped.status, stopped.counters.labeled) == ("Stopped", 2)
    assert job.stop(session) == stopped
    with pytest.raises(ResourceFailedError, match="is Stopped"):
        job.wait(session, timeout=DAY)
    goes_on = job.resume(session, name="mood-2")
    assert (goes_on.attribute, goes_on.input) == ("mood-1", job.output_manifest_uri)
    goes_on.ensure(session)
    state = goes_on.wait(session, timeout=DAY)
    assert state.status == "Completed"
    assert goes_on.read(session)["label"].tolist() == ["good"] * 6
    assert Counter(asked)["review 0"] == Counter(asked)["review 1"] == 1


def test_a_job_that_runs_or_is_done_is_not_resumed(session, job, cloud):
    job.ensure(session)
    with pytest.raises(InvalidInputError, match="stop it first, or wait for it"):
        job.resume(session, name="mood-2")
    cloud.workers.answer(lambda item: {"crowd-classifier": {"label": "good"}})
    job.wait(session, timeout=DAY)
    with pytest.raises(InvalidInputError, match="has labelled all 6 objects"):
        job.resume(session, name="mood-2")


def test_a_job_without_output_is_not_resumed(session, job):
    job.ensure(session)
    job.stop(session)
    session.client("s3").delete_object(Bucket="labels", Key="out/mood-1/manifests/output/output.manifest")
    with pytest.raises(NotFoundError, match="has written no output manifest"):
        job.resume(session, name="mood-2")


def test_a_clone_keeps_what_was_given_and_makes_anew_what_follows_from_the_name(jobs):
    job = jobs.make(max_concurrent_tasks=7)
    clone = job.clone(name="mood-2")
    assert (clone.max_concurrent_tasks, clone.attribute, clone.input) == (7, "mood-2", job.input)


VOTE = """
import json

import boto3


def handler(event, context):
    bucket, _, key = event["payload"]["s3Uri"].removeprefix("s3://").partition("/")
    objects = json.loads(boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    return [
        {
            "datasetObjectId": each["datasetObjectId"],
            "consolidatedAnnotation": {
                "content": {event["labelAttributeName"]: {"votes": len(each["annotations"])}}
            },
        }
        for each in objects
    ]
"""


def test_a_function_of_ones_own_is_deployed_with_the_job(session, jobs, job, cloud):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("vote.py", VOTE)
    vote = LambdaFunction(
        name="SageMaker-vote",
        code=packed.getvalue(),
        handler="vote.handler",
        runtime="python3.12",
        role_arn=cloud.role_arn,
    )
    job = job.clone(name="voted", task=jobs.note, post_annotation=vote)
    assert "+ Lambda function 'SageMaker-vote'" in str(job.plan(session))
    cloud.workers.answer(lambda item: {"note": "fine"})
    job.ensure(session)
    assert "= Lambda function 'SageMaker-vote'" in str(job.plan(session))
    assert job.plan(session).is_empty
    assert job.wait(session, timeout=DAY).ok
    (first, *_) = InputManifest.open(job.output_manifest_uri, session)
    assert first["voted"] == {"votes": 1}
    assert first["voted-metadata"]["type"] == "groundtruth/custom"


def test_a_job_with_a_condition_for_stopping_may_end_stopped(session, job, answered):
    job = job.clone(name="few", max_human_labeled_objects=2, max_concurrent_tasks=2)
    job.ensure(session)
    state = job.wait(session, timeout=DAY)
    assert (state.status, state.counters.labeled) == ("Stopped", 2)


def test_a_bar_shows_the_objects_that_are_done(session, job, answered, monkeypatch):
    moved = []

    @contextmanager
    def bar(description, *, total, shown):
        assert (description, shown) == ("labeling job 'mood-1'", True)
        yield lambda done, total=None: moved.append((done, total))

    monkeypatch.setattr("hitl_sdk.labeling._life.progress_bar", bar)
    job.ensure(session)
    job.wait(session, timeout=DAY)
    assert moved[-1] == (6, 6)
    assert moved == sorted(moved)


def test_a_job_that_ends_while_it_is_told_to_stop_is_as_it_ended(session, job, cloud):
    job.ensure(session)

    def end_before(**_):
        cloud.workers.answer(lambda item: {"crowd-classifier": {"label": "good"}})
        cloud.advance(DAY)

    session.client("sagemaker").meta.events.register("before-call.sagemaker.StopLabelingJob", end_before)
    assert job.stop(session).status == "Completed"


def test_an_order_to_stop_that_is_refused_is_an_error(session, job):
    job.ensure(session)

    def refuse(**_):
        said = {"Error": {"Code": "ValidationException", "Message": "not now"}}
        return AWSResponse("https://example.com", 400, {}, None), said

    session.client("sagemaker").meta.events.register("before-call.sagemaker.StopLabelingJob", refuse)
    with pytest.raises(RejectedError, match="not now"):
        job.stop(session)


def test_who_joins_the_team_of_a_running_job_is_invited(session, jobs, job):
    job.ensure(session)
    people = [*jobs.team.members, Member(email="ben@example.com")]
    job.clone(name="mood-1", team=PrivateTeam(name="crew", members=people)).ensure(session)
    state = jobs.team.describe(session)
    users = session.client("cognito-idp").list_users_in_group(
        UserPoolId=state.user_pool_id, GroupName=state.group
    )["Users"]
    assert len(users) == 2
    assert job_names(session) == ["mood-1"]


def test_automated_labeling_goes_on_with_the_model_of_the_stopped_job(session, jobs, cloud, monkeypatch):
    model = "arn:aws:sagemaker:us-east-1:123456789012:model/of-mood-1"
    state = LabelingJobState(
        name="mood-1",
        status="Stopped",
        arn="arn:aws:sagemaker:us-east-1:123456789012:labeling-job/mood-1",
        counters=LabelCounters(human_labeled=1, unlabeled=1),
        label_attribute="mood-1",
        output_manifest_uri=jobs.put_manifest(session, LINES),
        final_model_arn=model,
    )
    monkeypatch.setattr("hitl_sdk.labeling._life.describe", lambda name, session: state)
    job = jobs.make(automated=AutomatedLabeling(volume_kms_key_id="alias/disks"))
    goes_on = job.resume(session, name="mood-2")
    assert goes_on.automated == AutomatedLabeling(volume_kms_key_id="alias/disks", initial_model_arn=model)
    assert jobs.make().resume(session, name="mood-2").automated is None


def test_a_job_without_output_says_what_to_wait_for(jobs, hitl_cloud):
    hitl_cloud.bucket("labels")

    with pytest.raises(NotFoundError, match=r"labeling job 'mood-1' has no output manifest yet .*wait\(\)"):
        jobs.make().read(hitl_cloud.session())
