"""The built-in way: AWS starts the human loops, under names that start nothing twice; a router follows them."""

import json

import numpy as np
import pytest
from tests.routing.ai_responses import Field, document, moderation

from hitl_sdk import Member, PrivateTeam, ReviewFlow, Router, Session, tasks
from hitl_sdk.errors import (
    InvalidInputError,
    InvalidOutputError,
    InvalidResourceError,
    NotFoundError,
    RejectedError,
    ThrottledError,
    WaitTimeoutError,
)
from hitl_sdk.loops import human_loop_name
from hitl_sdk.resources import FlowDefinitionState
from hitl_sdk.review.built_in import BuiltInReviews, HumanLoopActivation
from hitl_sdk.routing import ActivationConditions, InvalidPrediction, Prediction, from_textract_documents
from hitl_sdk.testing import AiError, mock_hitl

SAFETY = tasks.RekognitionModeration(name="safety", labels=["Weapons", "Smoking"], title="What is unsafe?")
INVOICE = tasks.TextractForms(name="invoice", title="Mend the fields", keys={"Due date": ["Payable by"]})
UNSURE = {
    "Conditions": [
        {
            "ConditionType": "ModerationLabelConfidenceCheck",
            "ConditionParameters": {"ModerationLabelName": "*", "ConfidenceLessThan": 80},
        }
    ]
}
UNSURE_OF_THE_DATE = {
    "Conditions": [
        {
            "ConditionType": "ImportantFormKeyConfidenceCheck",
            "ConditionParameters": {
                "ImportantFormKey": "Due date",
                "ImportantFormKeyAliases": ["Payable by"],
                "WordBlockConfidenceLessThan": 80,
            },
        },
        {
            "ConditionType": "MissingImportantFormKey",
            "ConditionParameters": {
                "ImportantFormKey": "Due date",
                "ImportantFormKeyAliases": ["Payable by"],
            },
        },
    ]
}
IMAGES = ["s3://images/1.png", "s3://images/2.png"]
FOUND = {
    "1.png": moderation(("Weapons", "Violence", 93.0)),
    "2.png": moderation(("Smoking", "Tobacco", 61.0)),
}


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        cloud.bucket("images")
        yield cloud


@pytest.fixture
def session(cloud, one_boto3_session):
    return Session(region_name="us-east-1", boto3_session=one_boto3_session, max_attempts=1)


def flow_of(cloud, task, conditions=None, **options):
    return ReviewFlow(
        name=task.name,
        team=PrivateTeam(name="crew", members=[Member(email="ana@example.com")]),
        task=task,
        output="s3://images/a2i",
        role_arn=cloud.role_arn,
        **{"built_in": True, "activation_conditions": conditions, **options},
    )


@pytest.fixture
def safety(cloud, session):
    flow = flow_of(cloud, SAFETY, UNSURE)
    flow.ensure(session)
    return flow


@pytest.fixture
def requests(cloud):
    """Answer moderation by the name of the image; return the requests."""
    seen = []

    def answer(request):
        seen.append(request)
        return FOUND[request["Image"]["S3Object"]["Name"]]

    cloud.ai.answer("rekognition", "DetectModerationLabels", answer)
    return seen


def loops(session, arn):
    listed = session.client("sagemaker-a2i-runtime").list_human_loops(FlowDefinitionArn=arn)
    return sorted(loop["HumanLoopName"] for loop in listed["HumanLoopSummaries"])


def test_aws_starts_the_loops_that_the_conditions_ask_for(session, safety, requests):
    arn = safety.describe(session).arn

    sure, unsure = BuiltInReviews(flow=safety, session=session, concurrency=1).ask(IMAGES)

    assert (sure.label, sure.confidence, sure.extra) == (("Weapons",), 0.93, {"human_loop_arn": None})
    assert unsure.label == ("Smoking",)
    name = human_loop_name(arn, IMAGES[1])
    assert unsure.extra["human_loop_arn"].endswith(f":human-loop/{name}")
    assert loops(session, arn) == [name]
    assert requests[1] == {
        "Image": {"S3Object": {"Bucket": "images", "Name": "2.png"}},
        "MinConfidence": 50.0,
        "HumanLoopConfig": {"HumanLoopName": name, "FlowDefinitionArn": arn},
    }


def test_the_activation_of_a_prediction_is_a_value(session, safety, requests):
    sure, unsure = BuiltInReviews(flow=safety, session=session).ask(IMAGES)

    activation = HumanLoopActivation.of(unsure.raw)
    assert activation.started
    assert activation.human_loop_arn == unsure.extra["human_loop_arn"]
    assert activation.reasons
    assert activation.results["Conditions"][0]["EvaluationResult"] is True
    assert not HumanLoopActivation.of(sure.raw).started
    assert HumanLoopActivation.of(sure.raw).results["Conditions"][0]["EvaluationResult"] is False


@pytest.mark.parametrize("results", ['{"Conditions": []}', {"Conditions": []}])
def test_the_results_are_read_as_text_and_parsed(results):
    said = {"HumanLoopActivationConditionsEvaluationResults": results}

    assert HumanLoopActivation.of({"HumanLoopActivationOutput": said}).results == {"Conditions": []}


@pytest.mark.parametrize("results", ["{cut off", "[]", "[" * 100_000])
def test_results_that_are_no_object_are_an_error(results):
    said = {"HumanLoopActivationConditionsEvaluationResults": results}

    with pytest.raises(InvalidOutputError, match="is no JSON object"):
        HumanLoopActivation.of({"HumanLoopActivationOutput": said})


def test_a_response_without_an_activation_output_asked_for_no_loop():
    assert HumanLoopActivation.of(moderation()) == HumanLoopActivation(None, (), None)


def test_a_router_follows_the_loops_to_the_training_frame(cloud, session, safety, requests):
    cloud.workers.answer(lambda item: {SAFETY.answer_key: {"moderationLabels": [{"name": "Weapons"}]}})
    reviews = BuiltInReviews(flow=safety, session=session)
    router = Router(flow=safety, policy=reviews.policy, session=session, progress=False)

    run = router.route(reviews.ask(IMAGES))

    assert run.wait(timeout=3600).ok
    frame = run.training_frame("polars")
    assert frame["label"].to_list() == [["Weapons"], ["Weapons"]]
    assert frame["label_source"].to_list() == ["model", "human"]
    assert frame["reason"].to_list() == ["human_loop_arn is missing", "human_loop_arn is there"]
    assert len(loops(session, run.flow_definition_arn)) == 1


def test_running_again_starts_nothing_and_finds_the_answers(cloud, session, safety, requests):
    cloud.workers.answer(lambda item: {SAFETY.answer_key: {"moderationLabels": []}})
    reviews = BuiltInReviews(flow=safety, session=session)
    router = Router(flow=safety, policy=reviews.policy, session=session, progress=False)
    first = router.route(reviews.ask(IMAGES))
    first.wait(timeout=3600)

    second = router.route(reviews.ask(IMAGES))

    assert second.wait(timeout=3600).ok
    assert len(loops(session, first.flow_definition_arn)) == 1
    assert second.training_frame("polars")["label"].to_list() == [["Weapons"], []]


def test_a_loop_that_somebody_else_started_for_the_item_is_adopted(session, safety, requests):
    arn = safety.describe(session).arn
    name = human_loop_name(arn, IMAGES[1])
    session.client("sagemaker-a2i-runtime").start_human_loop(
        HumanLoopName=name,
        FlowDefinitionArn=arn,
        HumanLoopInput={"InputContent": json.dumps(SAFETY.input(IMAGES[1], []))},
    )

    [prediction] = BuiltInReviews(flow=safety, session=session).ask(IMAGES[1:])

    assert prediction.label == ("Smoking",)
    assert prediction.extra["human_loop_arn"].endswith(name)
    assert HumanLoopActivation.of(prediction.raw).human_loop_arn == prediction.extra["human_loop_arn"]
    assert loops(session, arn) == [name]
    assert ["HumanLoopConfig" in request for request in requests] == [True, False]


def no_loop_is_started(cloud, error):
    """Let every call fail that asks for a human loop; the others answer."""

    def answer(request):
        if "HumanLoopConfig" in request:
            raise error
        return FOUND["2.png"]

    cloud.ai.answer("rekognition", "DetectModerationLabels", answer)


def test_a_loop_whose_start_was_not_answered_is_adopted(cloud, session, safety, requests):
    reviews = BuiltInReviews(flow=safety, session=session)
    [started] = reviews.ask(IMAGES[1:])

    no_loop_is_started(cloud, AiError("InternalServerError", "try again"))

    [prediction] = reviews.ask(IMAGES[1:])

    assert prediction.extra == started.extra


def test_a_loop_is_followed_whose_results_can_t_be_read(session, safety, requests, monkeypatch):
    """It is started and people work on it, whatever the response says of its conditions."""
    rekognition = session.client("rekognition")
    said = {
        "HumanLoopArn": "arn:aws:sagemaker:us-east-1:123456789012:human-loop/safety-1",
        "HumanLoopActivationConditionsEvaluationResults": '{"Conditions": [{"Condit',
    }
    rekognition.meta.events.register(
        "after-call.rekognition.DetectModerationLabels",
        lambda parsed, **_: parsed.update(HumanLoopActivationOutput=said),
    )

    [prediction] = BuiltInReviews(flow=safety, session=session).ask(IMAGES[1:])

    assert prediction.extra["human_loop_arn"] == said["HumanLoopArn"]


def test_a_form_is_reviewed_where_a_key_is_unsure_or_missing(cloud, session):
    pages = {
        "1.png": document([Field("Payable by", "3 May", 99.0, 99.0)]),
        "2.png": document([Field("Payable by", "3 Nay", 99.0, 64.0)]),
        "3.png": document([]),
    }
    cloud.ai.answer(
        "textract", "AnalyzeDocument", lambda request: pages[request["Document"]["S3Object"]["Name"]]
    )
    flow = flow_of(cloud, INVOICE, UNSURE_OF_THE_DATE)
    flow.ensure(session)
    answers = {
        "2.png": INVOICE.initial_value(INVOICE.normalise_label({"Payable by": "3 May"})),
        "3.png": INVOICE.initial_value(INVOICE.normalise_label({"Due date": "4 May"})),
    }
    cloud.workers.answer(
        lambda item: {
            INVOICE.answer_key: {"blocks": answers[item["aiServiceRequest"]["document"]["s3Object"]["name"]]}
        }
    )
    reviews = BuiltInReviews(flow=flow, session=session)
    router = Router(flow=flow, policy=reviews.policy, session=session, progress=False)

    run = router.route(reviews.ask([f"s3://images/{name}" for name in pages]))

    assert run.wait(timeout=3600).ok
    frame = run.training_frame("polars")
    assert frame["label_source"].to_list() == ["model", "human", "human"]
    assert [[(field["key"], field["value"]) for field in label] for label in frame["label"]] == [
        [("Payable by", "3 May")],
        [("Payable by", "3 May")],
        [("Due date", "4 May")],
    ]
    assert frame["model_confidence"].to_list() == [0.99, 0.64, 0.0]


def test_fields_that_workers_were_not_shown_stay_the_models(cloud, session):
    """AWS shows those that conditions match, and no others."""
    page = document([Field("No", "17", 99.0, 99.0), Field("Due date", "3 Nay", 99.0, 64.0)])
    cloud.ai.answer("textract", "AnalyzeDocument", lambda request: page)
    task = tasks.TextractForms(name="invoice", title="Mend the fields")
    flow = flow_of(cloud, task, UNSURE_OF_THE_DATE)
    flow.ensure(session)
    mended = task.initial_value(task.normalise_label({"Due date": "3 May"}))
    cloud.workers.answer(lambda item: {task.answer_key: {"blocks": mended}})
    reviews = BuiltInReviews(flow=flow, session=session)
    router = Router(flow=flow, policy=reviews.policy, session=session, progress=False)

    run = router.route(reviews.ask(["s3://images/1.png"]))
    run.wait(timeout=3600)

    [label] = run.training_frame("polars")["label"].to_list()
    assert label == [
        {"key": "Due date", "value": "3 May", "confidence": None},
        {"key": "No", "value": "17", "confidence": 0.99},
    ]


def test_documents_of_many_pages_come_to_people_by_the_same_conditions(cloud, session):
    """AWS has no HumanLoopConfig for them: the router decides by the conditions, and starts loops of its own."""
    whole = document([Field("Payable by", "3 May", 99.0, 99.0)], [Field("Due date", "4 Nay", 99.0, 64.0)])
    cloud.ai.answer("textract", "StartDocumentAnalysis", lambda request: {"JobId": "job-1"})
    cloud.ai.answer("textract", "GetDocumentAnalysis", lambda request: {"JobStatus": "SUCCEEDED", **whole})
    flow = flow_of(cloud, INVOICE, built_in=False)
    flow.ensure(session)
    mended = INVOICE.initial_value(INVOICE.normalise_label({"Due date": "4 May"}))
    cloud.workers.answer(lambda item: {INVOICE.answer_key: {"blocks": mended}})
    conditions = ActivationConditions.parse(UNSURE_OF_THE_DATE)
    router = Router(flow=flow, policy=conditions, session=session, progress=False)

    run = router.route(
        from_textract_documents(
            session,
            ["s3://images/1.pdf"],
            keys=INVOICE.keys,
            page_item=lambda uri, page: f"{uri}-{page}.png",
        )
    )

    assert run.wait(timeout=3600).ok
    frame = run.training_frame("polars")
    assert frame["item"].to_list() == ["s3://images/1.pdf-1.png", "s3://images/1.pdf-2.png"]
    assert frame["label_source"].to_list() == ["model", "human"]
    assert frame["label"][1].to_list()[0]["value"] == "4 May"


def test_what_the_content_is_free_of_is_declared(session, safety, requests):
    classifiers = ["FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"]

    list(BuiltInReviews(flow=safety, session=session, content_classifiers=classifiers).ask(IMAGES[:1]))

    assert requests[0]["HumanLoopConfig"]["DataAttributes"] == {"ContentClassifiers": classifiers}


def test_what_is_declared_may_come_one_by_one(session, safety, requests):
    classifiers = iter(["FreeOfAdultContent"])

    list(BuiltInReviews(flow=safety, session=session, content_classifiers=classifiers).ask(IMAGES[:1]))

    assert requests[0]["HumanLoopConfig"]["DataAttributes"] == {"ContentClassifiers": ["FreeOfAdultContent"]}


def test_a_full_flow_is_waited_for(cloud, session, safety, requests):
    refusals = [AiError("HumanLoopQuotaExceededException", "full")] * 3

    def answer(request):
        if refusals:
            raise refusals.pop()
        return FOUND["2.png"]

    cloud.ai.answer("rekognition", "DetectModerationLabels", answer)

    [prediction] = BuiltInReviews(flow=safety, session=session).ask(IMAGES[1:])

    assert prediction.extra["human_loop_arn"]
    assert not refusals


def test_a_full_flow_is_not_waited_for_by_an_item_whose_loop_is_there(cloud, session, safety, requests):
    reviews = BuiltInReviews(flow=safety, session=session)
    [started] = reviews.ask(IMAGES[1:])

    no_loop_is_started(cloud, AiError("HumanLoopQuotaExceededException", "full"))

    [prediction] = reviews.ask(IMAGES[1:])

    assert prediction.extra == started.extra


def test_who_closes_the_stream_does_not_wait_for_room(cloud, session, safety, requests):
    def answer(request):
        if request["Image"]["S3Object"]["Name"] == "2.png":
            raise AiError("HumanLoopQuotaExceededException", "full")
        return FOUND["1.png"]

    cloud.ai.answer("rekognition", "DetectModerationLabels", answer)
    stream = BuiltInReviews(flow=safety, session=session, quota_timeout=1e12, concurrency=2).ask(IMAGES)

    assert isinstance(next(stream), Prediction)
    stream.close()


@pytest.mark.parametrize(
    ("task", "request_", "problem"),
    [
        (SAFETY, {"Colour": "red"}, "DetectModerationLabels takes no such request: .*Colour"),
        (INVOICE, {"FeatureTypes": "FORMS"}, "AnalyzeDocument takes no such request: .*FeatureTypes"),
        (INVOICE, {"FeatureTypes": ["TABLES"]}, "FORMS has to be among them"),
    ],
)
def test_a_request_that_can_t_be_is_refused_before_anything_is_asked(cloud, session, task, request_, problem):
    flow = flow_of(cloud, task)
    flow.ensure(session)

    with pytest.raises(InvalidInputError, match=problem):
        BuiltInReviews(flow=flow, session=session, request=request_).ask(IMAGES)


def test_a_flow_that_stays_full_is_the_items_outcome_in_the_end(cloud, session, safety):
    def full(request):
        raise AiError("HumanLoopQuotaExceededException", "full")

    cloud.ai.answer("rekognition", "DetectModerationLabels", full)

    [outcome] = BuiltInReviews(flow=safety, session=session, quota_timeout=60).ask(IMAGES[1:])

    assert isinstance(outcome.error, WaitTimeoutError)
    assert outcome.item == IMAGES[1]


@pytest.mark.parametrize(
    ("code", "error"),
    [("InvalidImageFormatException", RejectedError), ("ThrottlingException", ThrottledError)],
)
def test_an_item_that_is_refused_keeps_its_place(cloud, session, safety, code, error):
    def answer(request):
        if request["Image"]["S3Object"]["Name"] == "1.png":
            raise AiError(code, "not this one")
        return FOUND["2.png"]

    cloud.ai.answer("rekognition", "DetectModerationLabels", answer)

    first, second = BuiltInReviews(flow=safety, session=session).ask(IMAGES)

    assert isinstance(first, InvalidPrediction)
    assert type(first.error) is error
    assert second.extra["human_loop_arn"]


def test_an_item_that_does_not_lie_in_s3_is_an_outcome_of_its_own(session, safety, requests):
    [outcome] = BuiltInReviews(flow=safety, session=session).ask(["https://images/1.png"])

    assert "is no S3 address" in str(outcome.error)


@pytest.mark.parametrize("options", [{"built_in": False, "activation_conditions": None}])
def test_a_flow_that_is_not_built_in_is_refused_before_anything_is_asked(cloud, session, requests, options):
    flow = flow_of(cloud, SAFETY, **options)
    flow.ensure(session)

    with pytest.raises(InvalidInputError, match="is of a custom task type, not of AWS/Rekognition"):
        BuiltInReviews(flow=flow, session=session).ask(IMAGES)

    assert requests == []


def test_a_flow_that_does_not_exist_is_refused(session):
    with pytest.raises(NotFoundError):
        BuiltInReviews(flow="safety", task=SAFETY, session=session).ask(IMAGES)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"task": None}, "no task was given"),
        (
            {"task": tasks.TextClassification(name="mood", labels=["a", "b"], title="?")},
            "TextClassification is none",
        ),
        (
            {"content_classifiers": ["FreeOfFat"]},
            "give a list of FreeOfPersonallyIdentifiableInformation and",
        ),
        ({"content_classifiers": "FreeOfAdultContent"}, "give a list of"),
        ({"content_classifiers": None}, "give a list of"),
        ({"content_classifiers": [["FreeOfAdultContent"]]}, "give a list of"),
        ({"flow": FlowDefinitionState, "task": None}, "give its name, its ARN, or the ReviewFlow"),
        ({"session": None}, "give a Session"),
        ({"quota_timeout": 0}, "give a number of seconds above 0"),
        ({"concurrency": 0}, "concurrency=0"),
        ({"min_confidence": 0.9}, "min_confidence=0.9, threshold=0.5"),
    ],
)
def test_what_can_t_be_is_refused(session, options, problem):
    with pytest.raises(InvalidInputError, match=problem):
        BuiltInReviews(**{"flow": "safety", "task": SAFETY, "session": session, **options})


# The flow


def test_the_flow_has_the_source_of_its_task_and_the_conditions(cloud, session, safety):
    state = safety.describe(session)

    assert state.request_source == SAFETY.answer_key
    assert json.loads(state.activation_conditions) == UNSURE
    assert safety.plan(session).is_empty


def test_conditions_of_the_router_serve_the_flow_too(cloud, session):
    conditions = ActivationConditions.parse(UNSURE)

    state = flow_of(cloud, SAFETY, conditions).ensure(session)

    assert ActivationConditions.parse(state.activation_conditions) == conditions


def test_conditions_may_hold_numbers_of_numpy(cloud):
    check = UNSURE["Conditions"][0]
    parameters = {**check["ConditionParameters"], "ConfidenceLessThan": np.float32(80)}

    flow = flow_of(cloud, SAFETY, {"Conditions": [{**check, "ConditionParameters": parameters}]})

    assert json.loads(flow.activation_conditions) == UNSURE


@pytest.mark.parametrize(
    ("task", "options", "problem"),
    [
        (tasks.TextClassification(name="mood", labels=["a", "b"], title="?"), {}, "not TextClassification"),
        (SAFETY, {"built_in": False, "activation_conditions": UNSURE}, "need a request_source"),
        (SAFETY, {"activation_conditions": UNSURE_OF_THE_DATE}, "activation_conditions are for textract"),
        (SAFETY, {"activation_conditions": {"Conditions": [object()]}}, "is object, not an object"),
    ],
)
def test_a_flow_that_aws_would_not_take_is_refused_offline(cloud, task, options, problem):
    with pytest.raises(InvalidResourceError, match=problem):
        flow_of(cloud, task, **options)
