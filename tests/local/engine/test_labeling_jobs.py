"""The five operations of labeling jobs: what they show, list and refuse."""

import pytest

from hitl_sdk._ground_truth import kind_named, public_workteam_arn
from hitl_sdk.local.engine import EngineError

from .labeling import KIND, OWN_POST, OWN_PRE

PRE, POST = "PreHumanTaskLambdaArn", "AnnotationConsolidationConfig"
REGION = "eu-west-1"


def functions_of(name, region=REGION):
    kind = kind_named(name)
    return {
        PRE: kind.function_arn("PRE", region),
        POST: {"AnnotationConsolidationLambdaArn": kind.function_arn("ACS", region)},
    }


def ui_of(name):
    return {"UiConfig": {"HumanTaskUiArn": kind_named(name).human_task_ui_arn(REGION)}}


def refusal(labeling, attribute="mood", **changes):
    with pytest.raises(EngineError) as error:
        labeling.create(attribute=attribute, **changes)
    return error.value


def test_a_job_is_described_as_it_was_created(labeling):
    tags = [{"Key": "team", "Value": "a"}]
    conditions = {"MaxHumanLabeledObjectCount": 3}
    request = labeling.request(Tags=tags, StoppingConditions=conditions)
    arn = labeling.world.call("CreateLabelingJob", **request)["LabelingJobArn"]
    assert arn == "arn:aws:sagemaker:eu-west-1:123456789012:labeling-job/mood"

    described = labeling.describe()
    assert {member: described[member] for member in request} == request
    assert described["LabelingJobStatus"] == "Initializing"
    assert described["LabelCounters"] == {
        "TotalLabeled": 0,
        "HumanLabeled": 0,
        "MachineLabeled": 0,
        "FailedNonRetryableError": 0,
        "Unlabeled": 0,
    }
    assert len(described["JobReferenceCode"]) == 32
    assert described["CreationTime"] == described["LastModifiedTime"] == labeling.world.clock.now()
    assert "LabelingJobOutput" not in described
    assert "FailureReason" not in described


def test_the_time_of_the_last_change_goes_on_with_the_job(labeling):
    labeling.begin("a")
    begun = labeling.describe()["LastModifiedTime"]
    labeling.world.clock.advance(60)
    assert labeling.describe()["LastModifiedTime"] == begun
    labeling.answer()
    assert labeling.describe()["LastModifiedTime"] > begun


def test_a_job_that_is_not_there_is_not_found(labeling):
    for operation in ("DescribeLabelingJob", "StopLabelingJob"):
        with pytest.raises(EngineError) as error:
            labeling.world.call(operation, LabelingJobName="ghost")
        assert error.value.code == "ResourceNotFound"


@pytest.mark.parametrize("name", ["mood", "MOOD", "Mood"])
def test_a_name_is_taken_whatever_its_case(labeling, name):
    labeling.create("mood")
    with pytest.raises(EngineError) as error:
        labeling.create(name)
    assert error.value.code == "ResourceInUse"


def test_an_ended_job_can_not_be_stopped(labeling):
    labeling.begin("a")
    labeling.answer()
    with pytest.raises(EngineError, match="is not in progress: it is Completed"):
        labeling.world.call("StopLabelingJob", LabelingJobName="mood")


@pytest.mark.parametrize("attribute", ["source", "source-ref", "mood-metadata"])
def test_reserved_names_of_labels_are_refused(labeling, attribute):
    error = refusal(labeling, attribute)
    assert error.code == "ValidationException"
    assert "is reserved" in error.message


def test_a_label_that_is_an_object_in_s3_ends_with_ref_and_no_other(labeling):
    masks = functions_of("SemanticSegmentation")
    assert "must end with -ref for SemanticSegmentation" in refusal(labeling, **masks).message
    assert "must not end with -ref for TextMultiClass" in refusal(labeling, "mood-ref").message
    assert labeling.create("masks", "mood-ref", **masks)
    own = {PRE: OWN_PRE, POST: {"AnnotationConsolidationLambdaArn": OWN_POST}}
    assert labeling.create("own", "mood-ref", **own)


@pytest.mark.parametrize(
    "changes",
    [
        {"OutputConfig": {"S3OutputPath": "https://out/x"}},
        {"LabelCategoryConfigS3Uri": "https://data/labels.json"},
        {"UiConfig": {"UiTemplateS3Uri": "https://data/ui.html"}},
        {"InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "https://data/in"}}}},
    ],
)
def test_what_is_no_place_in_s3_is_refused(labeling, changes):
    assert "must be an s3:// URI" in refusal(labeling, **changes).message


def test_a_job_needs_data(labeling):
    assert "neither an S3DataSource" in refusal(labeling, InputConfig={"DataSource": {}}).message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({PRE: OWN_PRE + "-x"}, "SageMaker-pre-x does not exist"),
        (
            {POST: {"AnnotationConsolidationLambdaArn": OWN_POST + "-x"}},
            "AnnotationConsolidationLambdaArn .* does not exist",
        ),
        ({PRE: KIND.function_arn("ACS", REGION)}, "is a function for the other stage"),
        ({PRE: KIND.function_arn("PRE", "us-east-1")}, "is not of this Region, eu-west-1"),
        (
            {PRE: kind_named("BoundingBox").function_arn("PRE", REGION)},
            "are functions of different kinds of job",
        ),
    ],
)
def test_a_function_must_be_there_and_be_for_its_stage(labeling, changes, said):
    with pytest.raises(EngineError, match=said):
        labeling.create(**changes)


def test_a_template_and_a_task_ui_are_not_given_together(labeling):
    both = {"UiTemplateS3Uri": "s3://data/ui.html", **ui_of("NamedEntityRecognition")["UiConfig"]}
    for ui in ({}, both):
        assert "one of UiTemplateS3Uri and HumanTaskUiArn" in refusal(labeling, UiConfig=ui).message


def test_a_kind_has_its_own_ui_or_a_template(labeling):
    entities = functions_of("NamedEntityRecognition")
    assert "NamedEntityRecognition needs HumanTaskUiArn" in refusal(labeling, **entities).message
    wrong = ui_of("VideoObjectDetection")
    assert "NamedEntityRecognition needs HumanTaskUiArn" in refusal(labeling, **entities, **wrong).message
    assert "TextMultiClass needs a UiTemplateS3Uri" in refusal(labeling, **wrong).message
    assert labeling.create(**entities, **ui_of("NamedEntityRecognition"))


def test_a_built_in_kind_needs_its_labels(labeling):
    said = refusal(labeling, LabelCategoryConfigS3Uri=None).message
    assert said == "TextMultiClass needs a LabelCategoryConfigS3Uri"


def test_a_team_that_is_not_there_is_refused(labeling):
    team = labeling.world.scope.arn("workteam/private-crowd", "ghost")
    assert "does not exist or you do not have access" in refusal(labeling, WorkteamArn=team).message


def test_mechanical_turk_is_refused_with_the_reason(labeling):
    said = refusal(labeling, WorkteamArn=public_workteam_arn(REGION)).message
    assert said == "The Mechanical Turk workforce closed on 30 September 2026: use a private work team"
    price = {"AmountInUsd": {"Cents": 3}}
    assert "Mechanical Turk workforce alone" in refusal(labeling, PublicWorkforceTaskPrice=price).message


def test_times_longer_than_the_kind_allows_are_refused(labeling):
    assert "28801 is above 28800" in refusal(labeling, TaskTimeLimitInSeconds=28_801).message
    assert "is above 2592000" in refusal(labeling, TaskAvailabilityLifetimeInSeconds=2_592_001).message
    frames = {**functions_of("VideoObjectDetection"), **ui_of("VideoObjectDetection")}
    assert labeling.create(attribute="vans-ref", TaskTimeLimitInSeconds=28_801, **frames)


def test_automated_labeling_is_for_kinds_that_have_it(labeling):
    def config(kind):
        arn = kind_named(kind).algorithm_arn(REGION)
        return {"LabelingJobAlgorithmsConfig": {"LabelingJobAlgorithmSpecificationArn": arn}}

    several = functions_of("TextMultiClassMultiLabel")
    assert "has no automated labeling" in refusal(labeling, **several, **config("TextMultiClass")).message
    assert "is not for TextMultiClass" in refusal(labeling, **config("BoundingBox")).message
    stream = {"DataSource": {"SnsDataSource": {"SnsTopicArn": "arn:aws:sns:eu-west-1:123456789012:in"}}}
    assert "streaming" in refusal(labeling, InputConfig=stream, **config("TextMultiClass")).message
    assert labeling.create(**config("TextMultiClass"))


def test_jobs_are_listed_by_name_time_and_status(labeling):
    labeling.manifest("a")
    for name in ("bravo", "Alpha", "charlie"):
        labeling.create(name)
        labeling.world.clock.advance(0.1)
    labeling.world.call("StopLabelingJob", LabelingJobName="charlie")
    names = names_listed(labeling)
    assert names() == ["bravo", "Alpha", "charlie"]
    assert names(SortOrder="Descending") == ["charlie", "Alpha", "bravo"]
    assert names(SortBy="Name") == ["Alpha", "bravo", "charlie"]
    assert names(SortBy="Status", SortOrder="Descending") == ["charlie", "Alpha", "bravo"]
    assert names(StatusEquals="Stopping") == ["charlie"]
    assert names(NameContains="A") == ["bravo", "Alpha", "charlie"]
    assert names(NameContains="PHA") == ["Alpha"]


def names_listed(labeling):
    def names(**params):
        listed = labeling.world.call("ListLabelingJobs", **params)["LabelingJobSummaryList"]
        return [job["LabelingJobName"] for job in listed]

    return names


def test_jobs_are_listed_by_the_times_of_their_making_and_of_their_last_change(labeling):
    clock, names = labeling.world.clock, names_listed(labeling)
    labeling.manifest("a")
    labeling.create("first")
    made_second = clock.advance(10) or clock.now()
    labeling.create("second")
    changed = clock.advance(10) or clock.now()
    labeling.world.call("StopLabelingJob", LabelingJobName="first")
    assert names(CreationTimeAfter=made_second) == ["second"]
    assert names(CreationTimeBefore=made_second) == ["first"]
    assert names(LastModifiedTimeAfter=changed) == ["first"]
    assert names(LastModifiedTimeBefore=changed) == ["second"]


@pytest.mark.parametrize("by", ["Name", "CreationTime", "Status"])
@pytest.mark.parametrize("order", ["Ascending", "Descending"])
def test_pages_hold_every_job_once(labeling_anywhere, by, order):
    labeling = labeling_anywhere
    for number in range(5):
        labeling.create(f"job-{number}")
    params = {"SortBy": by, "SortOrder": order, "MaxResults": 2}
    page = labeling.world.call("ListLabelingJobs", **params)
    seen = page["LabelingJobSummaryList"]
    while token := page.get("NextToken"):
        page = labeling.world.call("ListLabelingJobs", **params, NextToken=token)
        seen += page["LabelingJobSummaryList"]
    names = [job["LabelingJobName"] for job in seen]
    assert sorted(names) == [f"job-{number}" for number in range(5)]
    assert names == sorted(names, reverse=order == "Descending")


def test_a_summary_says_what_a_list_is_read_for(labeling):
    labeling.begin("a")
    labeling.answer()
    (summary,) = labeling.world.call("ListLabelingJobs")["LabelingJobSummaryList"]
    described = labeling.describe()
    shared = set(summary) & set(described)
    assert {member: summary[member] for member in shared} == {member: described[member] for member in shared}
    assert set(summary) - shared == {"WorkteamArn", PRE, "AnnotationConsolidationLambdaArn"}
    assert summary[PRE] == KIND.function_arn("PRE", REGION)


def test_a_summary_of_a_job_without_functions_names_none(labeling):
    labeling.create(**{PRE: None, POST: None})
    (summary,) = labeling.world.call("ListLabelingJobs")["LabelingJobSummaryList"]
    assert PRE not in summary


def test_the_jobs_of_a_team_show_what_it_has_to_do(labeling):
    labeling.world.team("other")
    labeling.begin("a", "b", "c", MaxConcurrentTaskCount=2)
    labeling.answer("mood/0")
    (job,) = labeling.world.call("ListLabelingJobsForWorkteam", WorkteamArn=labeling.team)[
        "LabelingJobSummaryList"
    ]
    reference = labeling.describe()["JobReferenceCode"]
    assert job == {
        "LabelingJobName": "mood",
        "JobReferenceCode": reference,
        "WorkRequesterAccountId": "123456789012",
        "CreationTime": labeling.describe()["CreationTime"],
        "LabelCounters": {"HumanLabeled": 0, "PendingHuman": 1, "Total": 3},
        "NumberOfHumanWorkersPerDataObject": 1,
    }

    def listed(team=labeling.team, **params):
        found = labeling.world.call("ListLabelingJobsForWorkteam", WorkteamArn=team, **params)
        return len(found["LabelingJobSummaryList"])

    assert listed(labeling.world.scope.arn("workteam/private-crowd", "other")) == 0
    assert listed(JobReferenceCodeContains=reference[3:9].upper()) == 1
    assert listed(JobReferenceCodeContains="%") == 0
    labeling.answer("mood/1")
    labeling.world.call("StopLabelingJob", LabelingJobName="mood")
    labeling.go_on(0)
    assert listed() == 1


def test_the_jobs_of_a_team_that_is_not_there_are_not_found(labeling):
    team = labeling.world.scope.arn("workteam/private-crowd", "ghost")
    with pytest.raises(EngineError) as error:
        labeling.world.call("ListLabelingJobsForWorkteam", WorkteamArn=team)
    assert error.value.code == "ResourceNotFound"


def test_jobs_do_not_count_as_flow_definitions(labeling):
    for number in range(3):
        labeling.create(f"job-{number}")
    labeling.world.task_ui()
    for number in range(100):
        labeling.world.flow(f"flow-{number}")
    with pytest.raises(EngineError, match="No more than 100"):
        labeling.world.flow("one-too-many")
