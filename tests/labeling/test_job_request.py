"""What is sent to make a job: what botocore's own validator takes, with AWS's own functions and task UIs."""

from __future__ import annotations

from typing import get_args

import boto3
import pytest
from botocore.validate import ParamValidator

from hitl_sdk import tasks
from hitl_sdk._ground_truth import CUSTOM, function_of_arn, kind_named, kinds
from hitl_sdk.errors import InvalidResourceError
from hitl_sdk.labeling import AutomatedLabeling, LabelCategories, SnsInput
from hitl_sdk.labeling._fields import FUNCTION_ARN, OBJECT_URI, AttributeName, JobName
from hitl_sdk.labeling._life import request_for

KINDS = pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
REGION = "eu-central-1"


@pytest.fixture(scope="module")
def shape():
    model = boto3.client("sagemaker", region_name=REGION).meta.service_model
    return model.operation_model("CreateLabelingJob").input_shape


@pytest.fixture
def request_of(one_boto3_session, shape):
    from hitl_sdk import Session

    session = Session(region_name=REGION, boto3_session=one_boto3_session)

    def made(job):
        request, _ = request_for(job, session)
        assert not ParamValidator().validate(request, shape).has_errors()
        return request

    return made


@KINDS
def test_the_request_of_every_kind_is_valid_and_names_functions_of_aws(jobs, request_of, kind):
    job = jobs.of(kind)
    request = request_of(job)
    task = request["HumanTaskConfig"]
    functions = [
        task["PreHumanTaskLambdaArn"],
        task["AnnotationConsolidationConfig"]["AnnotationConsolidationLambdaArn"],
    ]
    assert [function_of_arn(arn) for arn in functions] == [("PRE", kind), ("ACS", kind)]
    assert (set(task["UiConfig"]) == {"HumanTaskUiArn"}) == (kind.human_task_ui is not None)
    assert request["LabelAttributeName"] == job.attribute
    assert request["LabelCategoryConfigS3Uri"].startswith("s3://labels/out/any-1-input/labels-")


def test_everything_that_is_given_is_asked_for(jobs, request_of):
    job = jobs.make(
        label_attribute="mood",
        workers_per_object=9,
        task_time_limit=60,
        task_availability_lifetime=600,
        max_concurrent_tasks=50,
        max_human_labeled_objects=100,
        max_percentage_labeled=90,
        automated=AutomatedLabeling(),
        kms_key_id="alias/labels",
        output_topic_arn=f"arn:aws:sns:{REGION}:123456789012:labelled",
        content_classifiers=["FreeOfAdultContent"],
        tags={"team": "nlp"},
    )
    request = request_of(job)
    assert request["LabelAttributeName"] == "mood"
    assert request["StoppingConditions"] == {
        "MaxHumanLabeledObjectCount": 100,
        "MaxPercentageOfInputDatasetLabeled": 90,
    }
    assert request["LabelingJobAlgorithmsConfig"]["LabelingJobAlgorithmSpecificationArn"].endswith(
        "/text-classification"
    )
    assert request["OutputConfig"] == {
        "S3OutputPath": "s3://labels/out",
        "KmsKeyId": "alias/labels",
        "SnsTopicArn": job.output_topic_arn,
    }
    assert request["InputConfig"]["DataAttributes"] == {"ContentClassifiers": ["FreeOfAdultContent"]}
    assert request["Tags"] == [{"Key": "team", "Value": "nlp"}]
    task = request["HumanTaskConfig"]
    assert (task["TaskTitle"], task["TaskDescription"], task["TaskKeywords"]) == (
        "Which mood?",
        "Which mood?",
        ["mood"],
    )
    assert (task["NumberOfHumanWorkersPerDataObject"], task["TaskTimeLimitInSeconds"]) == (9, 60)
    assert (task["TaskAvailabilityLifetimeInSeconds"], task["MaxConcurrentTaskCount"]) == (600, 50)


def test_a_job_says_nothing_of_what_was_not_asked_for(jobs, request_of):
    request = request_of(jobs.make())
    for left_out in ("StoppingConditions", "LabelingJobAlgorithmsConfig", "Tags"):
        assert left_out not in request
    assert set(request["OutputConfig"]) == {"S3OutputPath"}
    assert set(request["InputConfig"]) == {"DataSource"}


@pytest.mark.parametrize("manifest", [None, "s3://labels/in/first.manifest"])
def test_a_streaming_job_names_its_topic(jobs, request_of, manifest):
    topic = f"arn:aws:sns:{REGION}:123456789012:reviews"
    source = request_of(jobs.make(input=SnsInput(topic_arn=topic, manifest=manifest)))["InputConfig"][
        "DataSource"
    ]
    assert source["SnsDataSource"] == {"SnsTopicArn": topic}
    assert source.get("S3DataSource") == (manifest and {"ManifestS3Uri": manifest})


def test_a_custom_job_may_have_functions_of_aws_its_own_or_none(jobs, request_of):
    own = f"arn:aws:lambda:{REGION}:123456789012:function:SageMaker-vote"
    passed_through = request_of(jobs.make(task=jobs.note))["HumanTaskConfig"]
    assert passed_through["PreHumanTaskLambdaArn"] == kind_named(CUSTOM).function_arn("PRE", REGION)
    voted = request_of(jobs.make(task=jobs.note, pre_annotation=own, post_annotation=own))["HumanTaskConfig"]
    assert voted["PreHumanTaskLambdaArn"] == own
    assert voted["AnnotationConsolidationConfig"] == {"AnnotationConsolidationLambdaArn": own}
    none = request_of(jobs.make(task=jobs.note, pre_annotation=False, post_annotation=False))
    assert not {"PreHumanTaskLambdaArn", "AnnotationConsolidationConfig"} & set(none["HumanTaskConfig"])
    assert "LabelCategoryConfigS3Uri" not in none


def test_answers_stand_where_the_function_that_reads_them_looks(jobs):
    task = tasks.BoundingBox(name="cats", labels=["cat"], title="Draw a box around every cat")
    own = f"arn:aws:lambda:{REGION}:123456789012:function:SageMaker-vote"
    for_aws = uploaded(jobs.make(task=task), "worker template")
    for_another = uploaded(jobs.make(task=task, post_annotation=own), "worker template")
    assert 'name="boundingBox"' in for_aws
    assert 'name="cats"' in for_another


def test_answers_about_a_former_label_do_too(jobs):
    task = tasks.BoundingBoxVerification(name="check", labels=["cat"], title="Are the boxes right?")
    fields = {"task": task, "prior_attribute": "cats"}
    for_aws = uploaded(jobs.make(**fields), "worker template")
    for_another = uploaded(jobs.make(**fields, post_annotation=False), "worker template")
    assert 'name="crowd-image-classifier"' in for_aws
    assert 'name="check"' in for_another
    assert "manifestLine['cats']" in for_another


def test_the_file_of_categories_is_that_of_the_kind(jobs):
    kind = kind_named("AdjustmentVideoObjectDetection")
    job = jobs.of(kind, categories=LabelCategories(labels=["a", "b"], annotation_type="Polygon"))
    text = uploaded(job, "label categories")
    assert '"auditLabelAttributeName": "former-ref"' in text
    assert '"annotationType": "Polygon"' in text
    assert '"documentVersion": "2020-03-01"' in text


def test_files_are_named_by_their_content(jobs):
    job, same, other = (
        jobs.make(),
        jobs.make(),
        jobs.make(task=jobs.mood.model_copy(update={"title": "Mood?"})),
    )
    assert addresses(job) == addresses(same)
    assert addresses(job) != addresses(other)


class Kept:
    """Keeps what is uploaded."""

    def client(self, _):
        return self

    def put_object(self, **request):
        self.body = request["Body"].decode()


def uploaded(job, what):
    from hitl_sdk.labeling._files import files_of

    file = next(file for file in files_of(job, None).to_upload if file.what == what)
    kept = Kept()
    file.upload(kept)
    return kept.body


def addresses(job):
    from hitl_sdk.labeling._files import files_of

    return [file.uri for file in files_of(job, None).to_upload]


def rule_of(annotated):
    return get_args(annotated)[1].func


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("LabelingJobName", rule_of(JobName)),
        ("LabelAttributeName", rule_of(AttributeName)),
        ("HumanTaskConfig.PreHumanTaskLambdaArn", FUNCTION_ARN),
        ("InputConfig.DataSource.S3DataSource.ManifestS3Uri", OBJECT_URI),
    ],
)
def test_the_rule_of_a_text_is_that_of_the_installed_botocore(shape, path, rule):
    for name in path.split("."):
        shape = shape.members[name]
    assert (rule.pattern, rule.longest) == (shape.metadata["pattern"], shape.metadata["max"])


@pytest.mark.parametrize(
    ("field", "path", "limits"),
    [
        ("workers_per_object", "HumanTaskConfig.NumberOfHumanWorkersPerDataObject", (1, 9)),
        ("task_time_limit", "HumanTaskConfig.TaskTimeLimitInSeconds", (30, None)),
        ("task_availability_lifetime", "HumanTaskConfig.TaskAvailabilityLifetimeInSeconds", (60, None)),
        ("max_concurrent_tasks", "HumanTaskConfig.MaxConcurrentTaskCount", (1, 5000)),
        ("max_human_labeled_objects", "StoppingConditions.MaxHumanLabeledObjectCount", (1, None)),
        ("max_percentage_labeled", "StoppingConditions.MaxPercentageOfInputDatasetLabeled", (1, 100)),
    ],
)
def test_the_limits_of_a_number_are_those_of_the_installed_botocore(jobs, shape, field, path, limits):
    for name in path.split("."):
        shape = shape.members[name]
    assert (shape.metadata.get("min"), shape.metadata.get("max")) == limits
    least, most = limits
    for wrong in [least - 1, *([most + 1] if most else [])]:
        with pytest.raises(InvalidResourceError, match=f"{field}: "):
            jobs.make(**{field: wrong})
