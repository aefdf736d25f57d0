"""What is looked at beside the job before it is made, and what it will take."""

from __future__ import annotations

import io
import sys

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError

from hitl_sdk.errors import InvalidInputError, UnavailableError
from hitl_sdk.labeling import AutomatedLabeling, InputManifest, SnsInput
from hitl_sdk.labeling.job_output import JobOutput

TOPIC = "arn:aws:sns:us-east-1:123456789012:reviews"


def texts(count):
    return InputManifest.from_lines([{"source": f"review {number}"} for number in range(count)])


def fields_of(report):
    return [problem.field for problem in report.problems]


def test_without_a_session_nothing_is_asked_and_the_lines_in_hand_are_read(jobs):
    report = jobs.make(input=InputManifest.from_lines([{"source": "good"}, {}])).check()
    assert fields_of(report) == ["input"]
    assert "line 2" in str(report)
    assert report.manifest.n_lines == 2
    assert jobs.make().check().manifest is None


def test_a_job_that_can_be_made_has_nothing_wrong(session, jobs, cloud):
    jobs.put_manifest(session, [{"source": "good"}])
    report = jobs.make(role_arn=cloud.role_arn, team=jobs.team).check(session)
    assert report.ok
    assert str(report) == "nothing is wrong with the job"


def test_everything_that_lies_elsewhere_is_told_at_once(session, jobs):
    s3 = session.client("s3")
    s3.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    elsewhere = "eu-west-1:123456789012"
    report = jobs.make(
        team=f"arn:aws:sagemaker:{elsewhere}:workteam/private-crowd/crew",
        role_arn="arn:aws:iam::999999999999:role/labeling",
        input="s3://far/in.manifest",
        output="s3://nowhere/out",
        pre_annotation=f"arn:aws:lambda:{elsewhere}:function:SageMaker-pre",
        post_annotation=f"arn:aws:lambda:{elsewhere}:function:SageMaker-post",
        output_topic_arn=f"arn:aws:sns:{elsewhere}:labelled",
        kms_key_id=f"arn:aws:kms:{elsewhere}:key/1",
    ).check(session)
    assert fields_of(report) == [
        "team",
        "pre_annotation",
        "post_annotation",
        "output_topic_arn",
        "kms_key_id",
        "role_arn",
        "input",
        "output",
    ]
    assert "the bucket 'far' lies in eu-west-1, the session is in us-east-1" in str(report)


def test_a_region_without_ground_truth_is_told(one_boto3_session, jobs, cloud):
    from hitl_sdk import Session

    session = Session(region_name="sa-east-1", boto3_session=one_boto3_session)
    assert "Ground Truth has no built-in functions in Region sa-east-1" in str(jobs.make().check(session))


def test_a_team_of_another_account_is_told_unless_it_is_a_vendors(session, jobs, cloud):
    jobs.put_manifest(session, [{"source": "good"}])
    place = "arn:aws:sagemaker:us-east-1:999999999999:workteam"
    private = jobs.make(role_arn=cloud.role_arn, team=f"{place}/private-crowd/crew")
    vendor = jobs.make(role_arn=cloud.role_arn, team=f"{place}/vendor-crowd/crew")
    assert fields_of(private.check(session)) == ["team"]
    assert vendor.check(session).ok


def test_a_manifest_that_is_not_there_is_told(session, jobs, cloud):
    report = jobs.make(role_arn=cloud.role_arn, team=jobs.team).check(session)
    assert fields_of(report) == ["input"]


def test_a_topic_in_another_region_is_told(session, jobs, cloud):
    near = jobs.make(role_arn=cloud.role_arn, team=jobs.team, input=SnsInput(topic_arn=TOPIC))
    far = near.clone(name="far", input=SnsInput(topic_arn=TOPIC.replace("us-east-1", "eu-west-1")))
    session.client("sns").create_topic(Name="reviews")
    assert fields_of(far.check(session)) == ["input"]
    assert near.check(session).ok


def test_topics_and_a_team_that_are_not_there_are_told(session, jobs, cloud):
    job = jobs.make(
        role_arn=cloud.role_arn, input=SnsInput(topic_arn=TOPIC), output_topic_arn=f"{TOPIC}-done"
    )
    report = job.check(session)
    assert fields_of(report) == ["output_topic_arn", "input", "team"]
    assert "there is no work team 'crew'" in str(report)


@pytest.mark.parametrize(
    ("service", "operation"), [("sns", "GetTopicAttributes"), ("sagemaker", "DescribeWorkteam")]
)
def test_what_the_caller_may_not_look_for_may_be_there(service, operation, session, jobs, cloud):
    session.client("sns").create_topic(Name="reviews")
    jobs.team.ensure(session)

    def refuse(**_):
        said = {"Error": {"Code": "AccessDeniedException", "Message": "not allowed"}}
        return AWSResponse("https://example.com", 403, {}, None), said

    session.client(service).meta.events.register(f"before-call.{service}.{operation}", refuse)
    assert jobs.make(role_arn=cloud.role_arn, input=SnsInput(topic_arn=TOPIC)).check(session).ok


def test_lines_that_are_about_the_former_label_must_have_it(jobs):
    from hitl_sdk._ground_truth import kind_named

    kind = kind_named("VerificationBoundingBox")
    lines = InputManifest.from_lines([{"source-ref": "s3://labels/1.png"}])
    report = jobs.of(kind, prior_attribute="boxes", input=lines).check()
    assert fields_of(report) == ["input"]
    assert "boxes" in str(report)


@pytest.mark.parametrize(
    ("count", "wrong", "advised"), [(1249, True, True), (1250, False, True), (5000, False, False)]
)
def test_automated_labeling_wants_many_objects(jobs, count, wrong, advised):
    report = jobs.make(input=texts(count), automated=AutomatedLabeling()).check()
    assert ("automated" in fields_of(report)) == wrong
    assert ("automated" in [each.field for each in report.advice]) == advised


def test_a_large_batch_is_asked_for(jobs):
    assert "~ max_concurrent_tasks: AWS Support" in str(jobs.make(max_concurrent_tasks=1001).check())


def test_what_a_former_job_gives_is_read_with_a_session(session, jobs, cloud):
    uri = jobs.put_manifest(session, [{"source": "good"}, {"source": "bad"}], "s3://labels/former.manifest")
    whole, some = JobOutput(uri, "old"), JobOutput(uri, "old", where=lambda row: row["item"] == "bad")
    for former, count in ((whole, 2), (some, 1)):
        job = jobs.make(role_arn=cloud.role_arn, input=former)
        assert job.check().manifest is None
        assert job.check(session).manifest.n_lines == count


def test_an_estimate_counts_what_has_no_label(jobs):
    labelled = {"source": "good", "mood": 1, "mood-metadata": {"type": "groundtruth/text-classification"}}
    lines = InputManifest.from_lines([labelled, {"source": "bad"}, {"source": "fine"}])
    estimate = jobs.make(input=lines, label_attribute="mood").estimate(seconds_per_task=60, wage_per_hour=12)
    assert (estimate.objects, estimate.already_labeled, estimate.tasks) == (2, 1, 6)
    assert (estimate.worker_hours, estimate.wages) == (0.1, pytest.approx(1.2))
    assert "(1 more have a label already)" in str(estimate)


@pytest.mark.parametrize(
    ("objects", "prices"),
    [
        (0, (0, 0)),
        (1, (0.08, 0.08)),
        (50_000, (4000, 4000)),
        (100_000, (6000, 6000)),
        (200_000, (10_000, 8000)),
        (2_000_000, (4000 + 38_000 + 20_000, 6000 + 38_000)),
    ],
)
def test_money_is_told_by_both_readings_of_the_tiers(objects, prices):
    from hitl_sdk.labeling import JobEstimate

    estimate = JobEstimate(objects=objects)
    assert tuple(estimate.prices.values()) == pytest.approx(prices)
    assert ("as one reads the tiers" in str(estimate)) == (prices[0] != prices[1])


@pytest.mark.parametrize(
    ("changes", "objects"),
    [
        ({"max_human_labeled_objects": 3}, 3),
        ({"max_percentage_labeled": 25}, 3),
        ({"max_human_labeled_objects": 30}, 10),
    ],
)
def test_an_estimate_heeds_the_conditions_for_stopping(jobs, changes, objects):
    assert jobs.make(input=texts(10), **changes).estimate().objects == objects


def test_an_estimate_says_what_it_does_not_know(jobs):
    told = str(
        jobs.make(input=texts(10), automated=AutomatedLabeling(), max_human_labeled_objects=3).estimate()
    )
    assert "10 objects, each by 3 workers: at most 30 tasks" in told
    for unknown in (
        "give seconds_per_task",
        "give wage_per_hour",
        "how many objects the model takes",
        "free tier",
    ):
        assert unknown in told


def test_an_estimate_needs_a_manifest_and_numbers_that_can_be(session, jobs):
    with pytest.raises(InvalidInputError, match="nobody can tell how many objects"):
        jobs.make(input=SnsInput(topic_arn=TOPIC)).estimate(session)
    with pytest.raises(InvalidInputError, match="seconds_per_task=-1"):
        jobs.make(input=texts(1)).estimate(seconds_per_task=-1)
    jobs.put_manifest(session, [{"source": "good"}])
    assert jobs.make().estimate(session).objects == 1


def put_image(session, key, width, height):
    from PIL import Image

    content = io.BytesIO()
    Image.new("1", (width, height)).save(content, "PNG")
    session.client("s3").put_object(Bucket="labels", Key=key, Body=content.getvalue())
    return {"source-ref": f"s3://labels/{key}"}


def test_images_too_large_for_a_model_are_told(session, jobs, cloud):
    from hitl_sdk._ground_truth import kind_named

    small, large = put_image(session, "small.png", 1920, 1080), put_image(session, "large.png", 1921, 1080)
    session.client("s3").put_object(Bucket="labels", Key="broken.png", Body=b"no image")
    others = [{"source-ref": "s3://labels/none.png"}, {"source-ref": "s3://labels/broken.png"}]
    fields = {"role_arn": cloud.role_arn, "automated": AutomatedLabeling()}

    def told(lines, kind):
        job = jobs.of(kind_named(kind), input=InputManifest.from_lines(lines), **fields)
        return [problem.message for problem in job.check(session).problems if "pixels" in problem.message]

    assert told([*others, small], "SemanticSegmentation") == []
    (message,) = told([*others, small, large, large], "SemanticSegmentation")
    assert message.startswith("s3://labels/large.png: the image has 1921 x 1080 pixels")
    assert told([large], "BoundingBox") == []
    assert told([{"source": "a text"}], "TextMultiClass") == []


def test_without_pillow_sizes_are_not_looked_at(session, jobs, cloud, monkeypatch):
    from hitl_sdk._ground_truth import kind_named

    lines = [put_image(session, "large.png", 4000, 10)]
    job = jobs.of(
        kind_named("BoundingBox"),
        input=InputManifest.from_lines(lines),
        role_arn=cloud.role_arn,
        automated=AutomatedLabeling(),
    )
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    assert "automated: looking at the sizes of images needs PIL" in str(job.check(session))


def test_what_the_caller_may_not_read_the_jobs_role_may(session, jobs, cloud):
    jobs.put_manifest(session, [{"source": "good"}])

    def refuse(**_):
        said = {"Error": {"Code": "AccessDenied", "Message": "not allowed"}}
        return AWSResponse("https://example.com", 403, {}, None), said

    for operation in ("GetObject", "GetBucketLocation"):
        session.client("s3").meta.events.register(f"before-call.s3.{operation}", refuse)
    report = jobs.make(role_arn=cloud.role_arn, team=jobs.team).check(session)
    assert report.ok
    assert "its lines were not looked at" in str(report)


def test_what_may_be_gone_next_time_is_no_fault_of_the_job(session, jobs, cloud):
    jobs.put_manifest(session, [{"source": "good"}])

    def break_off(**_):
        raise EndpointConnectionError(endpoint_url="https://unreachable.example.com")

    session.client("s3").meta.events.register("before-call.s3.GetObject", break_off)
    with pytest.raises(UnavailableError):
        jobs.make(role_arn=cloud.role_arn).check(session)


def test_a_job_in_which_nobody_would_be_asked_is_told(jobs):
    lines = [
        {"source": "good", "mood": 1, "mood-metadata": {"class-name": "good"}},
        {"source": "bad", "mood": 0, "mood-metadata": {"class-name": "bad"}},
    ]
    all_have_one = jobs.make(input=InputManifest.from_lines(lines), label_attribute="mood").check()
    assert all_have_one.ok
    assert [problem.field for problem in all_have_one.advice] == ["input"]
    assert "every line has a label under 'mood' already" in str(all_have_one)
    one_has = [lines[0], {"source": "bad"}]
    assert not jobs.make(input=InputManifest.from_lines(one_has), label_attribute="mood").check().advice


def test_what_tells_the_objects_must_be_a_function(jobs):
    with pytest.raises(InvalidInputError, match="where='label == 1' is no function"):
        jobs.make().relabel(name="again", where="label == 1")
