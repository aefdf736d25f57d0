"""HumanLoopConfig: a call of Rekognition or Textract starts a human loop if the flow's conditions say so."""

import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.routing.ai_responses import Field, document, moderation

from hitl_sdk import Member, PrivateTeam, ReviewFlow, tasks
from hitl_sdk.errors import ConfigurationError
from hitl_sdk.local.simulation import DefaultAnswers
from hitl_sdk.testing import mock_hitl

MODERATION = "AWS/Rekognition/DetectModerationLabels/Image/V3"
FORMS = "AWS/Textract/AnalyzeDocument/Forms/V1"
IMAGE = {"S3Object": {"Bucket": "images", "Name": "1.png"}}
SAFETY = tasks.RekognitionModeration(name="safety", labels=["Weapons", "Smoking"], title="What is unsafe?")
INVOICE = tasks.TextractForms(name="invoice", title="Mend the fields")
FOUND = moderation(("Violence", "", 93.0), ("Weapons", "Violence", 93.0), ("Smoking", "Tobacco", 61.0))
FORM = document([Field("Invoice No", "17 B", 97.0, 98.5), Field("Payable by", "3 Nay", 71.0, 64.0)])
ONCE = Config(retries={"total_max_attempts": 1})


def check(**parameters):
    return {"ConditionType": "ModerationLabelConfidenceCheck", "ConditionParameters": parameters}


def sampling(percentage):
    return {"ConditionType": "Sampling", "ConditionParameters": {"RandomSamplingPercentage": percentage}}


def missing(key, *aliases):
    named = {"ImportantFormKey": key, "ImportantFormKeyAliases": list(aliases)}
    return {"ConditionType": "MissingImportantFormKey", "ConditionParameters": named}


def unsure(key, *aliases):
    named = {"ImportantFormKey": key, "ImportantFormKeyAliases": list(aliases)}
    below = {"KeyValueBlockConfidenceLessThan": 80, "WordBlockConfidenceLessThan": 80}
    return {"ConditionType": "ImportantFormKeyConfidenceCheck", "ConditionParameters": {**named, **below}}


SURE_IT_IS_A_WEAPON = check(ModerationLabelName="Weapons", ConfidenceGreaterThan=90)
UNSURE_OF_ANYTHING = check(ModerationLabelName="*", ConfidenceLessThan=70)
UNSURE_OF_A_WEAPON = check(ModerationLabelName="Weapons", ConfidenceLessThan=70)


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        cloud.bucket("images")
        cloud.ai.answer("rekognition", "DetectModerationLabels", lambda request: FOUND)
        cloud.ai.answer("textract", "AnalyzeDocument", lambda request: FORM)
        yield cloud


@pytest.fixture
def flow(cloud):
    """Return a function that makes a flow of a task and conditions, and returns its ARN."""

    def made(*conditions, task=SAFETY, **options):
        if conditions:
            options["activation_conditions"] = {"Conditions": list(conditions)}
        return (
            ReviewFlow(
                name=f"flow-{task.name}",
                team=PrivateTeam(name="crew", members=[Member(email="ana@example.com")]),
                task=task,
                output="s3://images/a2i",
                role_arn=cloud.role_arn,
                **{"built_in": True, **options},
            )
            .ensure(cloud.session())
            .arn
        )

    return made


def moderated(arn, name="loop-1", **request):
    config = {"HumanLoopName": name, "FlowDefinitionArn": arn}
    return boto3.client("rekognition", config=ONCE).detect_moderation_labels(
        **{"Image": IMAGE, "HumanLoopConfig": config, **request}
    )["HumanLoopActivationOutput"]


def analyzed(arn, name="loop-1", **request):
    config = {"HumanLoopName": name, "FlowDefinitionArn": arn}
    return boto3.client("textract", config=ONCE).analyze_document(
        **{"Document": IMAGE, "FeatureTypes": ["FORMS"], "HumanLoopConfig": config, **request}
    )["HumanLoopActivationOutput"]


def output_of(cloud, name="loop-1"):
    """Let the loop be answered, and return its output.json."""
    cloud.workers.answer(DefaultAnswers(0.0, seed=0))
    cloud.advance(5)
    loop = boto3.client("sagemaker-a2i-runtime").describe_human_loop(HumanLoopName=name)
    bucket, _, key = loop["HumanLoopOutput"]["OutputS3Uri"].removeprefix("s3://").partition("/")
    return json.load(boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"])


def loops(arn):
    listed = boto3.client("sagemaker-a2i-runtime").list_human_loops(FlowDefinitionArn=arn)
    return [loop["HumanLoopName"] for loop in listed["HumanLoopSummaries"]]


def test_a_condition_that_holds_starts_a_loop_and_says_so(cloud, flow):
    arn = flow(SURE_IT_IS_A_WEAPON)

    activation = moderated(arn)

    assert activation["HumanLoopArn"] == arn.replace("flow-definition/flow-safety", "human-loop/loop-1")
    assert activation["HumanLoopActivationReasons"]
    results = json.loads(activation["HumanLoopActivationConditionsEvaluationResults"])
    assert results == {"Conditions": [{**SURE_IT_IS_A_WEAPON, "EvaluationResult": True}]}
    assert loops(arn) == ["loop-1"]


def test_conditions_that_do_not_hold_start_none(cloud, flow):
    arn = flow(UNSURE_OF_A_WEAPON)

    activation = moderated(arn)

    assert set(activation) == {"HumanLoopActivationConditionsEvaluationResults"}
    results = json.loads(activation["HumanLoopActivationConditionsEvaluationResults"])
    assert results["Conditions"][0]["EvaluationResult"] is False
    assert loops(arn) == []


def test_without_conditions_every_call_starts_one(cloud, flow):
    activation = moderated(flow())

    assert activation["HumanLoopArn"]
    assert "HumanLoopActivationConditionsEvaluationResults" not in activation


def test_results_that_are_longer_than_a_response_takes_are_left_out_of_it(cloud, flow):
    named = [
        check(ModerationLabelName=f"{'Weapons' * 8} {number}", ConfidenceLessThan=70) for number in range(52)
    ]

    activation = moderated(flow(UNSURE_OF_ANYTHING, *named))

    assert set(activation) == {"HumanLoopArn", "HumanLoopActivationReasons"}


def test_without_human_loop_config_nothing_is_evaluated(cloud, flow):
    arn = flow()

    response = boto3.client("rekognition").detect_moderation_labels(Image=IMAGE)

    assert "HumanLoopActivationOutput" not in response
    assert loops(arn) == []


def test_the_output_holds_what_aws_puts_into_it(cloud, flow):
    arn = flow(UNSURE_OF_ANYTHING, SURE_IT_IS_A_WEAPON)
    config = {
        "HumanLoopName": "loop-1",
        "FlowDefinitionArn": arn,
        "DataAttributes": {"ContentClassifiers": ["FreeOfAdultContent"]},
    }
    moderated(arn, HumanLoopConfig=config)

    output = output_of(cloud)

    assert output["awsManagedHumanLoopRequestSource"] == MODERATION
    content = output["inputContent"]
    assert content["aiServiceRequest"] == {
        "image": {"s3Object": {"bucket": "images", "name": "1.png"}},
        "humanLoopConfig": {
            "dataAttributes": {"contentClassifiers": ["FreeOfAdultContent"]},
            "flowDefinitionArn": arn,
            "humanLoopName": "loop-1",
        },
    }
    assert [label["name"] for label in content["aiServiceResponse"]["moderationLabels"]] == [
        "Violence",
        "Weapons",
        "Smoking",
    ]
    assert [label["name"] for label in content["selectedAiServiceResponse"]["moderationLabels"]] == [
        "Weapons",
        "Smoking",
    ]
    assert content["selectedAiServiceResponse"]["moderationModelVersion"] == "7.0"
    assert content["humanTaskActivationConditionResults"]["Conditions"][0]["EvaluationResult"] is True


def test_workers_see_the_fields_that_conditions_match_and_the_keys_that_they_ask_for(cloud, flow):
    arn = flow(unsure("Due date", "Payable by"), missing("Total", "Sum"), task=INVOICE)
    analyzed(arn)

    output = output_of(cloud)

    assert output["awsManagedHumanLoopRequestSource"] == FORMS
    content = output["inputContent"]
    assert content["humanLoopContext"]["importantFormKeys"] == [
        {"importantFormKey": "Due date", "importantFormKeyAliases": ["Payable by"]},
        {"importantFormKey": "Total", "importantFormKeyAliases": ["Sum"]},
    ]
    assert content["aiServiceResponse"]["documentMetadata"] == {"pages": 1}
    (answer,) = output["humanAnswers"]
    assert [block["text"] for block in answer["answerContent"][FORMS]["blocks"]] == ["Payable by", "3 Nay"]


def test_workers_are_told_every_name_that_conditions_have_for_a_key(cloud, flow):
    analyzed(flow(unsure("Due date", "Payable by"), missing("Due date", "Due"), missing("*"), task=INVOICE))

    assert output_of(cloud)["inputContent"]["humanLoopContext"]["importantFormKeys"] == [
        {"importantFormKey": "Due date", "importantFormKeyAliases": ["Payable by", "Due"]}
    ]


def test_a_missing_key_alone_shows_workers_no_field(cloud, flow):
    analyzed(flow(missing("Total"), task=INVOICE))

    (answer,) = output_of(cloud)["humanAnswers"]

    assert answer["answerContent"][FORMS]["blocks"] == []


def test_the_same_request_finds_its_loop_whatever_the_model_says_by_now(cloud, flow):
    arn = flow()
    first = moderated(arn)
    cloud.ai.answer("rekognition", "DetectModerationLabels", lambda request: moderation())

    assert moderated(arn)["HumanLoopArn"] == first["HumanLoopArn"]
    assert loops(arn) == ["loop-1"]


@pytest.mark.parametrize("response", [{}, {"ModerationLabels": [{"Name": "Weapons"}]}])
def test_a_stand_in_that_leaves_out_what_conditions_look_at_is_named(cloud, flow, response):
    arn = flow(UNSURE_OF_ANYTHING)
    cloud.ai.answer("rekognition", "DetectModerationLabels", lambda request: response)

    with pytest.raises(ConfigurationError, match=f"stands in for {MODERATION}"):
        moderated(arn)

    assert loops(arn) == []


def test_sampling_draws_the_same_for_the_same_request_and_differently_for_others(cloud, flow):
    arn = flow(sampling(50))

    def starts(number, name):
        image = {"S3Object": {"Bucket": "images", "Name": f"{number}.png"}}
        return "HumanLoopArn" in moderated(arn, name, Image=image)

    first = [starts(number, f"first-{number}") for number in range(40)]
    second = [starts(number, f"second-{number}") for number in range(40)]

    assert first == second
    assert 10 < sum(first) < 30


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"arn": "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/nobody"}, "does not exist"),
        ({"Image": {"Bytes": b"picture"}}, "must be an S3Object"),
    ],
)
def test_a_request_that_no_loop_could_come_of_is_refused(cloud, flow, changes, problem):
    arn = flow()
    changes = dict(changes)

    with pytest.raises(boto3.client("rekognition").exceptions.ClientError, match=problem) as caught:
        moderated(changes.pop("arn", arn), **changes)

    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"
    assert loops(arn) == []


@pytest.mark.parametrize("options", [{"task": INVOICE}, {"built_in": False}])
def test_a_flow_of_another_source_is_refused(cloud, flow, options):
    arn = flow(**options)

    with pytest.raises(ClientError, match=f"not of {MODERATION}"):
        moderated(arn)


def test_a_name_that_is_taken_by_another_request_is_refused(cloud, flow):
    arn = flow()
    moderated(arn)

    with pytest.raises(ClientError, match=r"InvalidParameterException.*'loop-1' already exists for another"):
        moderated(arn, Image={"S3Object": {"Bucket": "images", "Name": "2.png"}})


def test_a_flow_that_is_full_takes_no_loop_more(cloud, flow, monkeypatch):
    arn = flow(task=INVOICE)
    monkeypatch.setattr(
        cloud.engine, "_settings", type(cloud.engine._settings)(loops_in_flight=1), raising=True
    )
    analyzed(arn, "loop-1")

    textract = boto3.client("textract")
    with pytest.raises(textract.exceptions.HumanLoopQuotaExceededException) as caught:
        analyzed(arn, "loop-2")

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 402
    assert caught.value.response["ServiceCode"] == "sagemaker"
    assert loops(arn) == ["loop-1"]


CREATE = {
    "FlowDefinitionName": "plain",
    "OutputConfig": {"S3OutputPath": "s3://images/a2i"},
}


@pytest.mark.parametrize(
    ("source", "conditions", "problem"),
    [
        (MODERATION, "no json", "not JSON"),
        (MODERATION, json.dumps({"Conditions": [{"ConditionType": "Luck"}]}), "has the ConditionType 'Luck'"),
        (FORMS, json.dumps({"Conditions": [SURE_IT_IS_A_WEAPON]}), f"are not for {FORMS}"),
    ],
)
def test_conditions_that_can_t_be_are_refused_with_the_flow(cloud, flow, source, conditions, problem):
    sagemaker = boto3.client("sagemaker")
    flow()
    described = sagemaker.describe_flow_definition(FlowDefinitionName="flow-safety")

    with pytest.raises(ClientError, match=f"ValidationException.*{problem}"):
        sagemaker.create_flow_definition(
            **CREATE,
            RoleArn=cloud.role_arn,
            HumanLoopConfig=described["HumanLoopConfig"],
            HumanLoopRequestSource={"AwsManagedHumanLoopRequestSource": source},
            HumanLoopActivationConfig={
                "HumanLoopActivationConditionsConfig": {"HumanLoopActivationConditions": conditions}
            },
        )
