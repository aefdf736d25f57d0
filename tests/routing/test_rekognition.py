"""Predictions from Rekognition: many labels of an image, each with a confidence of its own, as one prediction."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk import tasks
from hitl_sdk.errors import (
    AccessDeniedError,
    ConfigurationError,
    InvalidArnError,
    InvalidInputError,
    NotFoundError,
    RejectedError,
    ThrottledError,
)
from hitl_sdk.routing import (
    InvalidPrediction,
    Prediction,
    from_rekognition_custom_labels,
    from_rekognition_labels,
    from_rekognition_moderation,
)
from hitl_sdk.routing.sources._asking import Asked
from hitl_sdk.routing.sources._image_labels import LabelCount
from hitl_sdk.session import Session
from hitl_sdk.testing import AiError, mock_hitl

from .ai_responses import labels, moderation

IMAGE = "s3://images/1.png"
MODEL = "arn:aws:rekognition:us-east-1:123456789012:project/shirts/version/v1/1750000000000"
# What the speaker showed of one picture at re:Invent.
SHOWN = labels(("Person", 99.7), ("Computer", 99.4), ("Clinic", 52.9), ("School", 47.9), ("Hospital", 35.1))


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        yield cloud


@pytest.fixture
def session(cloud, one_boto3_session):
    return Session(region_name="us-east-1", boto3_session=one_boto3_session, max_attempts=1)


@pytest.fixture
def seen(cloud):
    """Answer all three operations with what is put into `answers`; return the requests."""
    requests = []

    def answer(request):
        requests.append(request)
        return SHOWN

    cloud.ai.answer("rekognition", "DetectLabels", answer)
    return requests


def answering(cloud, operation, response):
    cloud.ai.answer("rekognition", operation, lambda request: response)


def test_the_labels_from_the_threshold_on_are_the_prediction_and_all_are_its_scores(session, seen):
    [prediction] = from_rekognition_labels(session, [IMAGE], item_ids=["one"])

    assert (prediction.item_id, prediction.item) == ("one", IMAGE)
    assert prediction.label == ("Person", "Computer", "Clinic")
    assert prediction.confidence == pytest.approx(0.529)
    assert prediction.scores == pytest.approx(
        {"Person": 0.997, "Computer": 0.994, "Clinic": 0.529, "School": 0.479, "Hospital": 0.351}
    )
    assert prediction.raw == SHOWN
    assert seen == [{"Image": {"S3Object": {"Bucket": "images", "Name": "1.png"}}, "MinConfidence": 5.0}]


def test_only_the_tasks_labels_count(session, seen):
    task = tasks.ImageMultiClassification(name="place", labels=["School", "Clinic"], title="Where is it?")

    [prediction] = from_rekognition_labels(session, [IMAGE], labels=task.labels)

    assert prediction.label == ("Clinic",)
    assert set(prediction.scores) == {"School", "Clinic"}
    assert task.normalise_label(prediction.label) == ("Clinic",)
    assert len(prediction.raw["Labels"]) == 5


def test_more_members_of_the_request_are_passed_on(session, seen):
    list(
        from_rekognition_labels(
            session, [IMAGE], min_confidence=0.55, threshold=0.9, request={"MaxLabels": 20}
        )
    )

    assert (seen[0]["MinConfidence"], seen[0]["MaxLabels"]) == (55.0, 20)


def test_contents_of_ones_own_are_sent_as_bytes(session, seen, tmp_path):
    file = tmp_path / "2.png"
    file.write_bytes(b"two")

    predictions = list(
        from_rekognition_labels(
            session, ["https://a/1.png", "https://a/2.png"], contents=[b"one", file], concurrency=1
        )
    )

    assert [request["Image"] for request in seen] == [{"Bytes": b"one"}, {"Bytes": b"two"}]
    assert [prediction.item for prediction in predictions] == ["https://a/1.png", "https://a/2.png"]


def test_the_paths_of_images_may_be_the_items_too(session, seen, tmp_path):
    file = tmp_path / "1.png"
    file.write_bytes(b"one")
    paths = [str(file)]

    [prediction] = from_rekognition_labels(session, paths, contents=paths)

    assert prediction.item == str(file)
    assert seen[0]["Image"] == {"Bytes": b"one"}


@pytest.mark.parametrize(
    ("item", "contents", "problem"),
    [
        ("https://a/1.png", None, "'https://a/1.png' is no S3 address"),
        (IMAGE, ["nowhere.png"], "nowhere.png can't be read: No such file"),
        (IMAGE, [3], "the content is a int"),
    ],
)
def test_an_image_that_can_t_be_sent_is_an_outcome_of_its_own(session, seen, item, contents, problem):
    [outcome] = from_rekognition_labels(session, [item], contents=contents)

    assert isinstance(outcome, InvalidPrediction)
    assert problem in str(outcome.error)
    assert outcome.error.item_id == "0"
    assert seen == []


def test_moderation_labels_fit_the_moderation_task(cloud, session):
    response = moderation(("Violence", "", 91.5), ("Weapons", "Violence", 91.5), ("Smoking", "Tobacco", 31.0))
    answering(cloud, "DetectModerationLabels", response)
    task = tasks.RekognitionModeration(name="safety", labels=["Weapons", "Smoking"], title="What is unsafe?")

    [prediction] = from_rekognition_moderation(session, [IMAGE], labels=task.labels)

    assert task.normalise_label(prediction.label) == ("Weapons",)
    assert prediction.confidence == pytest.approx(0.915)
    assert prediction.raw["ModerationLabels"][1]["ParentName"] == "Violence"


@pytest.mark.parametrize(
    ("response", "confidence"), [(moderation(), 0.95), (moderation(("Smoking", "Tobacco", 31.0)), 0.69)]
)
def test_where_nothing_is_unsafe_the_confidence_is_that_of_there_being_nothing(
    cloud, session, response, confidence
):
    answering(cloud, "DetectModerationLabels", response)

    [prediction] = from_rekognition_moderation(session, [IMAGE])

    assert prediction.label == ()
    assert prediction.confidence == pytest.approx(confidence)


def test_of_a_custom_model_of_classes_the_likeliest_is_the_prediction(cloud, session):
    seen = []
    found = {"CustomLabels": [{"Name": "tee", "Confidence": 37.5}, {"Name": "polo", "Confidence": 41.0}]}
    cloud.ai.answer("rekognition", "DetectCustomLabels", lambda request: seen.append(request) or found)

    [prediction] = from_rekognition_custom_labels(session, MODEL, [IMAGE], one_label=True)

    assert (prediction.label, prediction.confidence) == ("polo", 0.41)
    assert prediction.scores == {"polo": 0.41, "tee": 0.375}
    assert seen[0]["ProjectVersionArn"] == MODEL


def test_a_class_that_the_custom_model_does_not_give_is_no_prediction(cloud, session):
    answering(cloud, "DetectCustomLabels", {"CustomLabels": []})

    [outcome] = from_rekognition_custom_labels(session, MODEL, [IMAGE], one_label=True)
    [several] = from_rekognition_custom_labels(session, MODEL, [IMAGE])

    assert "no label has a score of 0.05 or more" in str(outcome.error)
    assert outcome.raw == {"CustomLabels": []}
    assert several.label == ()


@pytest.mark.parametrize(
    ("code", "error", "about"),
    [
        ("ResourceNotReadyException", ConfigurationError, "is not running .*StartProjectVersion"),
        ("ResourceNotFoundException", NotFoundError, "Rekognition: not today"),
        ("AccessDeniedException", AccessDeniedError, "allow the action DetectCustomLabels"),
    ],
)
def test_what_no_image_can_escape_ends_the_stream(cloud, session, code, error, about):
    def fail(request):
        raise AiError(code, "not today")

    cloud.ai.answer("rekognition", "DetectCustomLabels", fail)

    with pytest.raises(error, match=about):
        list(from_rekognition_custom_labels(session, MODEL, [IMAGE]))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("InvalidS3ObjectException", RejectedError),
        ("InvalidImageFormatException", RejectedError),
        ("ImageTooLargeException", RejectedError),
        ("ProvisionedThroughputExceededException", ThrottledError),
        ("ThrottlingException", ThrottledError),
    ],
)
def test_an_image_that_is_refused_keeps_its_place_and_the_rest_go_on(cloud, session, code, error):
    def refuse_the_second(request):
        if request["Image"]["S3Object"]["Name"] == "2.png":
            raise AiError(code, "not this one")
        return SHOWN

    cloud.ai.answer("rekognition", "DetectLabels", refuse_the_second)

    first, second, third = from_rekognition_labels(session, [f"s3://images/{n}.png" for n in (1, 2, 3)])

    assert isinstance(first, Prediction)
    assert isinstance(second, InvalidPrediction)
    assert isinstance(third, Prediction)
    assert type(second.error) is error
    assert (second.item_id, second.item, second.error.item_id) == ("1", "s3://images/2.png", "1")


@pytest.mark.parametrize(
    "options",
    [
        {"min_confidence": 0.9, "threshold": 0.5},
        {"threshold": 50},
        {"min_confidence": -0.1},
        {"min_confidence": None},
        {"threshold": "0.5"},
        {"labels": ["a", "a"]},
        {"request": {"MaxLabel": 20}},
        {"request": {"MaxLabels": "20"}},
        {"request": ["MaxLabels"]},
    ],
)
def test_what_can_t_be_is_refused_before_anything_is_read(session, options):
    with pytest.raises(InvalidInputError):
        from_rekognition_labels(session, (pytest.fail("it was read") for _ in "a"), **options)


def test_a_million_images_are_read_as_predictions_are_taken(session, seen):
    predictions = from_rekognition_labels(
        session, (f"s3://images/{n}.png" for n in itertools.count()), concurrency=2
    )

    taken = list(itertools.islice(predictions, 5))
    predictions.close()

    assert [prediction.item_id for prediction in taken] == ["0", "1", "2", "3", "4"]
    assert len(seen) < 20


scores = st.dictionaries(st.sampled_from("abcdef"), st.floats(5, 100), max_size=6)


@given(found=scores, threshold=st.floats(0.05, 1))
def test_the_prediction_is_as_sure_as_its_least_sure_label(found, threshold):
    """Nobody's confidence is made up: it is one of the scores, or what is left of the highest."""
    answered = [{"Name": name, "Confidence": score} for name, score in found.items()]

    prediction = LabelCount.made(None, 0.05, threshold).outcome(Asked("a", IMAGE, IMAGE), answered, answered)

    assert set(prediction.label) == {name for name, score in found.items() if score / 100 >= threshold}
    if prediction.label:
        assert prediction.confidence == min(prediction.scores[name] for name in prediction.label)
    else:
        assert prediction.confidence == 1 - max(prediction.scores.values(), default=0.05)
    assert list(prediction.scores.values()) == sorted(prediction.scores.values(), reverse=True)


@pytest.mark.parametrize("label", [{"Name": "Person"}, {"Confidence": 99.0}])
def test_an_answer_of_another_shape_is_its_items_outcome(cloud, session, label):
    cloud.ai.answer("rekognition", "DetectLabels", lambda request: {"Labels": [label]})
    outcomes = list(from_rekognition_labels(session, [IMAGE, IMAGE]))
    assert ["gave an answer that can't be read" in str(each.error) for each in outcomes] == [True, True]


def test_a_path_that_can_not_be_one_is_its_items_outcome(session):
    [outcome] = from_rekognition_labels(session, ["a picture"], contents=["\0"])
    assert "can't be read" in str(outcome.error)


@pytest.mark.parametrize("member", ["MinConfidence", "HumanLoopConfig"])
def test_what_the_source_sets_is_not_set_by_the_request_too(session, member):
    with pytest.raises(InvalidInputError, match=f"request has {member}"):
        from_rekognition_moderation(session, [IMAGE], request={member: 90})


@pytest.mark.parametrize("arn", [None, "shirts", MODEL.partition("/version")[0]])
def test_what_is_no_version_of_a_model_is_refused_before_anything_is_asked(session, arn):
    with pytest.raises(InvalidArnError, match="project/NAME/version/VERSION"):
        from_rekognition_custom_labels(session, arn, [IMAGE])
