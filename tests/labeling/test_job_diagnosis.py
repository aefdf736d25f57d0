"""Why a job does not move: each cause is found, with its evidence and its cure, by read calls alone."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.awsrequest import AWSResponse

from hitl_sdk import PrivateTeam, tasks
from hitl_sdk._ground_truth import kind_named
from hitl_sdk.labeling import InputManifest, LabelCounters, _diagnose
from hitl_sdk.labeling._diagnose import diagnosis_of

IMAGES = tasks.ImageClassification(name="digit", labels=["0", "1"], title="Which digit?")
CORS = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
READS = ("Describe", "Get", "Head", "List")
OWN = "arn:aws:lambda:us-east-1:123456789012:function:"


@pytest.fixture
def made(session, jobs, cloud):
    """Make a job, and return it: of images in a bucket that browsers may read, with somebody to label them."""
    session.client("s3").put_bucket_cors(Bucket="labels", CORSConfiguration=CORS)

    def make(**changes):
        fields = {
            "name": "digits-1",
            "task": IMAGES,
            "team": jobs.team,
            "role_arn": cloud.role_arn,
            "workers_per_object": 1,
            "input": InputManifest.from_lines([{"source-ref": f"s3://labels/{n}.png"} for n in range(3)]),
            **changes,
        }
        job = jobs.make(**fields)
        job.ensure(session)
        return job

    return make


def sign_in(session, team):
    state = team.describe(session)
    for member in team.members:
        session.client("cognito-idp").admin_set_user_password(
            UserPoolId=state.user_pool_id, Username=member.username, Password="A-long-one-7", Permanent=True
        )


def denied(session, service, operation):
    """Have a service refuse an operation."""

    def refuse(**_):
        said = {"Error": {"Code": "AccessDeniedException", "Message": "not allowed"}}
        return AWSResponse("https://example.com", 403, {}, None), said

    session.client(service).meta.events.register(f"before-call.{service}.{operation}", refuse)


def test_a_job_that_only_waits_for_answers_is_well(session, jobs, made):
    job = made()
    sign_in(session, jobs.team)
    diagnosis = job.diagnose(session)
    assert diagnosis.ok
    assert str(diagnosis).endswith("nothing was found that keeps it from moving")


def test_only_read_calls_are_made(session, made):
    job = made()
    called = []
    for service in ("cognito-idp", "lambda", "s3", "sagemaker", "sqs"):
        session.client(service).meta.events.register(
            "before-call", lambda model, **_: called.append(model.name)
        )
    job.diagnose(session)
    assert called
    assert [name for name in called if not name.startswith(READS)] == []


def test_a_team_without_people_is_found(session, made):
    diagnosis = made(team=PrivateTeam(name="empty")).diagnose(session)
    assert diagnosis.codes == ("no-worker",)
    assert "nobody is in work team 'empty'" in str(diagnosis)
    assert "PrivateTeam(members=[...]).ensure()" in str(diagnosis)


def test_people_who_never_signed_in_are_found(session, made):
    diagnosis = made().diagnose(session)
    assert diagnosis.codes == ("nobody-signed-in",)
    assert "ana" not in str(diagnosis)
    at_work = replace(diagnosis.state, counters=LabelCounters(human_labeled=1, unlabeled=2))
    assert diagnosis_of(at_work, session).ok


def test_a_team_with_fewer_people_than_an_object_wants_is_found(session, jobs, made):
    job = made(workers_per_object=2)
    sign_in(session, jobs.team)
    diagnosis = job.diagnose(session)
    assert diagnosis.codes == ("too-few-workers",)
    assert "each object waits for 2 workers, and work team 'crew' has 1" in str(diagnosis)
    at_work = replace(diagnosis.state, counters=LabelCounters(human_labeled=1, unlabeled=2))
    assert diagnosis_of(at_work, session).ok


def test_a_team_that_is_gone_is_found(session, jobs, made):
    job = made()
    state = job.describe(session)
    config = {
        **state.settings["HumanTaskConfig"],
        "WorkteamArn": "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/gone",
    }
    assert "no-team" in examined(state, session, HumanTaskConfig=config).codes


def examined(state, session, **settings):
    """Diagnose a job that has other settings than it was made with."""
    return diagnosis_of(replace(state, settings={**state.settings, **settings}), session)


def test_tasks_that_have_expired_are_found(session, made, cloud):
    job = made(task_time_limit=60, task_availability_lifetime=3600)
    cloud.advance(7200)
    diagnosis = job.diagnose(session)
    assert {"objects-failing", "tasks-expired"} <= set(diagnosis.codes)
    assert "all objects have failed: 3 x " in str(diagnosis)
    assert "tasks expire after 3,600 s" in str(diagnosis)


def test_a_bucket_whose_images_browsers_may_not_read_is_found(session, jobs, made):
    job = made()
    sign_in(session, jobs.team)
    session.client("s3").delete_bucket_cors(Bucket="labels")
    diagnosis = job.diagnose(session)
    assert diagnosis.codes == ("no-cors",)
    assert '"AllowedMethods": ["GET"]' in str(diagnosis)
    session.client("s3").put_bucket_cors(
        Bucket="labels",
        CORSConfiguration={"CORSRules": [{"AllowedMethods": ["PUT"], "AllowedOrigins": ["*"]}]},
    )
    assert job.diagnose(session).codes == ("no-cors",)


def test_objects_in_another_region_or_in_no_bucket_are_found(session, jobs, made, cloud):
    s3 = session.client("s3")
    s3.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_cors(Bucket="far", CORSConfiguration=CORS)
    job = made()
    sign_in(session, jobs.team)
    uri = jobs.put_manifest(
        session,
        [{"source-ref": "s3://far/1.png"}, {"source-ref": "s3://nowhere/2.png"}],
        "s3://labels/far.manifest",
    )
    source = {"DataSource": {"S3DataSource": {"ManifestS3Uri": uri}}}
    diagnosis = examined(job.describe(session), session, InputConfig=source)
    assert diagnosis.codes == ("other-region", "no-bucket")
    assert "bucket 'far' lies in eu-west-1, the job in us-east-1" in str(diagnosis)


def test_a_manifest_that_is_gone_or_wrong_is_found(session, jobs, made):
    job = made()
    sign_in(session, jobs.team)
    state = job.describe(session)
    gone = {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://labels/none.manifest"}}}
    assert examined(state, session, InputConfig=gone).codes == ("manifest-not-read",)
    uri = jobs.put_manifest(session, [{"label": 1}], "s3://labels/wrong.manifest")
    wrong = {"DataSource": {"S3DataSource": {"ManifestS3Uri": uri}}}
    diagnosis = examined(state, session, InputConfig=wrong)
    assert diagnosis.codes == ("manifest-wrong",)
    assert "line 1" in str(diagnosis)


@pytest.mark.parametrize(
    ("template", "code"),
    [
        (
            "<crowd-form><crowd-image-classifier name='digit'></crowd-image-classifier></crowd-form>",
            "answer-key",
        ),
        ("<crowd-form></crowd-form>", "answer-key"),
        (None, "no-template"),
    ],
)
def test_a_template_whose_answer_is_not_found_is_told(session, jobs, made, template, code):
    job = made()
    sign_in(session, jobs.team)
    state = job.describe(session)
    if template is not None:
        session.client("s3").put_object(Bucket="labels", Key="own.html", Body=template.encode())
    config = {**state.settings["HumanTaskConfig"], "UiConfig": {"UiTemplateS3Uri": "s3://labels/own.html"}}
    diagnosis = examined(state, session, HumanTaskConfig=config)
    assert diagnosis.codes == (code,)


@pytest.fixture
def own_function(session, cloud):
    """Make a function of a name, in moto's Lambda."""

    def make(name):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as file:
            file.writestr("own.py", "def handler(event, context):\n    return event\n")
        session.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="own.handler",
            Role=cloud.role_arn,
            Code={"ZipFile": packed.getvalue()},
        )
        return f"{OWN}{name}"

    return make


def test_functions_that_can_not_be_invoked_are_found(session, jobs, made, own_function):
    job = made()
    sign_in(session, jobs.team)
    state = job.describe(session)
    good, unnamed, missing = own_function("SageMaker-vote"), own_function("vote"), f"{OWN}SageMaker-none"

    def with_functions(pre, post):
        config = {
            **state.settings["HumanTaskConfig"],
            "PreHumanTaskLambdaArn": pre,
            "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": post},
        }
        return examined(state, session, HumanTaskConfig=config)

    assert with_functions(good, good).ok
    diagnosis = with_functions(unnamed, missing)
    assert diagnosis.codes == ("function-not-invocable", "no-function")
    statement = json.loads(diagnosis.findings[0].cure.partition("role: ")[2])
    assert statement == {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": unnamed}


def test_a_function_that_has_failed_is_found(session, jobs, made, own_function):
    state = made().describe(session)
    sign_in(session, jobs.team)
    own = own_function("SageMaker-vote")

    def failed(parsed, **_):
        parsed["Configuration"].update(State="Failed", StateReason="the image is gone")

    session.client("lambda").meta.events.register("after-call.lambda.GetFunction", failed)
    config = {**state.settings["HumanTaskConfig"], "PreHumanTaskLambdaArn": own}
    diagnosis = examined(state, session, HumanTaskConfig=config)
    assert diagnosis.codes == ("function-not-ready",)
    assert "is Failed: the image is gone" in str(diagnosis)


def test_how_a_job_ended_is_told(session, jobs, made, cloud):
    job = made()
    job.stop(session)
    assert "stopped" in job.diagnose(session).codes
    failed = jobs.make(
        name="mood-9",
        team=jobs.team,
        role_arn=cloud.role_arn,
        input=jobs.put_manifest(session, [{"source": "a"}]),
    )
    failed.ensure(session)
    session.client("s3").delete_object(Bucket="labels", Key="in/reviews.manifest")
    cloud.advance(600)
    diagnosis = failed.diagnose(session)
    assert diagnosis.state.status == "Failed"
    assert diagnosis.codes[0] == "failed"


def test_a_queue_that_was_left_is_found(session, jobs, made):
    job = made()
    sign_in(session, jobs.team)
    for name in ("digits-1", "another"):
        session.client("sqs").create_queue(QueueName=f"GroundTruth-{name}")
    topic = {"DataSource": {"SnsDataSource": {"SnsTopicArn": "arn:aws:sns:us-east-1:123456789012:digits"}}}
    assert examined(job.describe(session), session, InputConfig=topic).ok
    stopped = job.stop(session)
    assert "leftover-queue" not in job.diagnose(session).codes
    diagnosis = examined(stopped, session, InputConfig=topic)
    assert diagnosis.codes == ("leftover-queue",)  # to be stopped is how such a job ends
    assert "queue GroundTruth-digits-1 is left" in str(diagnosis)


def test_what_the_caller_may_not_see_is_said_and_the_rest_is_seen(session, made):
    job = made(team=PrivateTeam(name="empty"))
    denied(session, "s3", "GetBucketCors")
    diagnosis = job.diagnose(session)
    assert diagnosis.codes == ("no-worker", "not-seen")
    assert "allow GetBucketCors" in str(diagnosis)


def test_a_kind_with_a_task_ui_of_aws_has_no_template_to_look_at(session, jobs, made):
    kind = kind_named("NamedEntityRecognition")
    lines = InputManifest.from_lines([{"source": "Ana is in Rome"}])
    job = made(task=jobs.task_of(kind), input=lines)
    sign_in(session, jobs.team)
    assert job.diagnose(session).ok


def test_who_works_for_a_vendor_is_not_looked_at(session, made):
    state = made().describe(session)
    vendor = "arn:aws:sagemaker:us-east-1:999999999999:workteam/vendor-crowd/theirs"
    config = {**state.settings["HumanTaskConfig"], "WorkteamArn": vendor}
    assert examined(state, session, HumanTaskConfig=config).ok


def test_whom_an_openid_provider_lets_in_is_not_looked_at(session, made):
    job = made()

    def of_openid(parsed, **_):
        parsed["Workteam"]["MemberDefinitions"] = [{"OidcMemberDefinition": {"Groups": ["people"]}}]

    session.client("sagemaker").meta.events.register("after-call.sagemaker.DescribeWorkteam", of_openid)
    assert job.diagnose(session).ok


def test_a_job_of_which_aws_says_little_is_examined_all_the_same(session, jobs, made, cloud):
    job = made(task_time_limit=60, task_availability_lifetime=3600)
    cloud.advance(7200)
    state = replace(job.describe(session), created_at=None, output_manifest_uri=None)
    diagnosis = diagnosis_of(state, session)
    assert diagnosis.codes == ("objects-failing",)
    assert diagnosis.findings[0].evidence == "all objects have failed"
    gone = replace(state, output_manifest_uri="s3://labels/none.manifest")
    assert diagnosis_of(gone, session).findings[0].evidence == "all objects have failed"


def test_some_objects_that_have_failed_are_counted(session, made):
    state = made().describe(session)
    some = replace(state, counters=LabelCounters(human_labeled=2, failed=1))
    assert "1 of 3 objects have failed" in str(diagnosis_of(some, session))


def test_an_s3_that_knows_no_such_rules_is_told_and_the_rest_is_seen(session, made):
    job = made(team=PrivateTeam(name="empty"))

    def refuse(**_):
        said = {"Error": {"Code": "MethodNotAllowed", "Message": "no"}}
        return AWSResponse("https://example.com", 405, {}, None), said

    session.client("s3").meta.events.register("before-call.s3.GetBucketCors", refuse)
    diagnosis = job.diagnose(session)
    assert diagnosis.codes == ("no-worker", "not-seen")
    assert "look at it yourself" in str(diagnosis)


def test_the_guide_explains_every_finding():
    source = Path(_diagnose.__file__).parent
    code = "".join(file.read_text("utf-8") for file in source.glob("_diagnose*.py"))
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "labeling.md").read_text("utf-8")
    codes = set(re.findall(r'JobFinding\(\s*"([a-z-]+)"', code))
    assert len(codes) > 15
    assert {each for each in codes if f"`{each}`" not in guide} == set()
