"""Predictions from Comprehend: sentiment, a classifier's classes and labels, entities as spans; and whose error it is."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk import tasks
from hitl_sdk.errors import (
    AccessDeniedError,
    InvalidArnError,
    InvalidInputError,
    InvalidPredictionError,
    NotFoundError,
    RejectedError,
    ThrottledError,
    UnavailableError,
)
from hitl_sdk.labels import Span
from hitl_sdk.routing.sources.comprehend import (
    from_comprehend_classifier,
    from_comprehend_entities,
    from_comprehend_sentiment,
)
from hitl_sdk.session import Session
from hitl_sdk.testing import AiError, mock_hitl

ENDPOINT = "arn:aws:comprehend:us-east-1:123456789012:document-classifier-endpoint/tickets"
RECOGNIZER = "arn:aws:comprehend:us-east-1:123456789012:entity-recognizer-endpoint/parts"
LABELS = {"POSITIVE": "1", "NEUTRAL": "0", "MIXED": "0", "NEGATIVE": "-1"}


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        yield cloud


@pytest.fixture
def session(cloud, one_boto3_session):
    return Session(region_name="us-east-1", boto3_session=one_boto3_session, max_attempts=1)


def sentiment(text):
    """Return what the stand-in says of a text: it begins with its sentiment."""
    name = text.split()[0].strip(",").upper()
    scores = dict.fromkeys(("Positive", "Negative", "Neutral", "Mixed"), 0.1)
    return {"Sentiment": name, "SentimentScore": {**scores, name.capitalize(): 0.7}}


@pytest.fixture
def batches(cloud):
    """Answer sentiments; return the texts of each call."""
    calls = []

    def many(request):
        calls.append(request["TextList"])
        results, errors = [], []
        for place, text in enumerate(request["TextList"]):
            if text.startswith("broken"):
                code = "INTERNAL_SERVER_ERROR" if "inside" in text else "INVALID_REQUEST"
                errors.append({"Index": place, "ErrorCode": code, "ErrorMessage": "not this one"})
            else:
                results.append({"Index": place, **sentiment(text)})
        return {"ResultList": results[::-1], "ErrorList": errors}  # in no order

    cloud.ai.answer("comprehend", "BatchDetectSentiment", many)
    return calls


def test_the_sentiment_is_the_label_and_its_score_the_confidence(session, batches):
    [prediction] = from_comprehend_sentiment(session, ["positive, I enjoy it"], item_ids=["one"])

    assert (prediction.item_id, prediction.label, prediction.confidence) == ("one", "POSITIVE", 0.7)
    assert prediction.scores == {"POSITIVE": 0.7, "NEGATIVE": 0.1, "NEUTRAL": 0.1, "MIXED": 0.1}
    assert prediction.raw == {"Index": 0, **sentiment("positive")}


def test_labels_of_your_task_stand_for_sentiments_and_those_alike_are_added_up(session, batches):
    task = tasks.TextClassification(name="s", labels=["-1", "0", "1"], title="Which?")
    predictions = list(from_comprehend_sentiment(session, ["negative one", "mixed one"], labels=LABELS))

    assert [prediction.label for prediction in predictions] == ["-1", "0"]
    assert predictions[1].confidence == pytest.approx(0.8)
    assert predictions[0].scores == pytest.approx({"1": 0.1, "0": 0.2, "-1": 0.7})
    assert all(task.input(each.item, each.label) for each in predictions)


def test_whole_numbers_as_labels_are_their_digits_in_the_scores_too(session, batches):
    labels = {"POSITIVE": 1, "NEUTRAL": 0, "MIXED": 0, "NEGATIVE": -1}
    [prediction] = from_comprehend_sentiment(session, ["positive"], labels=labels)

    assert (prediction.label, prediction.confidence) == ("1", prediction.scores["1"])
    assert set(prediction.scores) == {"-1", "0", "1"}


def test_a_mapping_is_no_list_of_texts(session, batches):
    with pytest.raises(InvalidInputError, match="items is a dict"):
        from_comprehend_sentiment(session, {"one": "positive, I enjoy it"})


def test_a_sentiment_without_a_label_is_that_item_s_outcome(session, batches):
    labels = {"POSITIVE": "good", "NEGATIVE": "bad"}
    good, neither = from_comprehend_sentiment(session, ["positive", "neutral"], labels=labels)

    assert good.label == "good"
    assert "the sentiment is NEUTRAL, and labels has none for it" in neither.error.message
    assert neither.raw["Sentiment"] == "NEUTRAL"


def test_25_texts_go_in_a_call_and_what_comes_in_no_order_is_put_in_order(session, batches):
    texts = [
        f"{name} {number}" for number in range(15) for name in ("positive", "negative", "mixed", "neutral")
    ]

    predictions = list(from_comprehend_sentiment(session, texts, concurrency=1))

    assert [len(call) for call in batches] == [25, 25, 10]
    assert [prediction.label for prediction in predictions] == [text.split()[0].upper() for text in texts]


def test_a_last_text_alone_needs_no_other_permission_than_the_rest(session, batches, watched):
    watched(session, ("comprehend",)).fail("DetectSentiment", ("AccessDeniedException", 400))
    predictions = list(
        from_comprehend_sentiment(session, [f"positive {n}" for n in range(26)], concurrency=1)
    )

    assert [len(call) for call in batches] == [25, 1]
    assert {prediction.label for prediction in predictions} == {"POSITIVE"}


def test_the_texts_are_read_as_predictions_are_taken(session, batches):
    read = []
    endless = (read.append(number) or f"positive {number}" for number in itertools.count())

    taken = list(itertools.islice(from_comprehend_sentiment(session, endless, concurrency=2), 30))

    assert len(taken) == 30
    assert len(read) <= 25 * (2 * 4 + 3)


def test_a_row_of_the_error_list_is_that_text_s_outcome(session, batches):
    texts = ["positive", "broken inside", "broken", "negative"]
    good, internal, refused, bad = from_comprehend_sentiment(session, texts)

    assert (good.label, bad.label) == ("POSITIVE", "NEGATIVE")
    assert isinstance(internal.error, UnavailableError)
    assert isinstance(refused.error, RejectedError)
    assert refused.error.item_id == "2"
    assert refused.raw == {"Index": 2, "ErrorCode": "INVALID_REQUEST", "ErrorMessage": "not this one"}


@pytest.mark.parametrize(
    "results", [[], [{"Sentiment": "POSITIVE"}], [{"Index": 7, **sentiment("positive")}]]
)
def test_a_text_that_is_neither_among_results_nor_errors_is_told_so(cloud, session, results):
    said = {"ResultList": results, "ErrorList": [{"Index": -1}]}
    cloud.ai.answer("comprehend", "BatchDetectSentiment", lambda request: said)

    outcomes = list(from_comprehend_sentiment(session, ["a", "b"]))

    assert all("neither a result nor an error" in outcome.error.message for outcome in outcomes)


def test_a_text_that_is_too_large_is_refused_before_it_is_sent_and_takes_no_other_with_it(session, batches):
    texts = ["positive", "positive " + "ä" * 2_496, "positive " + "ä" * 2_495, "negative"]
    outcomes = list(from_comprehend_sentiment(session, texts))

    assert [len(call) for call in batches] == [3]
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "Prediction",
        "InvalidPrediction",
        "Prediction",
        "Prediction",
    ]
    assert "the text has 5,001 bytes; Comprehend takes 5,000" in outcomes[1].error.message


def test_one_text_for_which_a_whole_call_is_refused_is_found(cloud, session):
    calls = []

    def many(request):
        calls.append(len(request["TextList"]))
        if "negative, and cursed" in request["TextList"]:
            raise AiError("InvalidRequestException", "one of them is invalid")
        return {
            "ResultList": [{"Index": n, **sentiment(text)} for n, text in enumerate(request["TextList"])],
            "ErrorList": [],
        }

    cloud.ai.answer("comprehend", "BatchDetectSentiment", many)
    texts = [f"positive {number}" for number in range(24)]

    outcomes = list(from_comprehend_sentiment(session, [*texts[:9], "negative, and cursed", *texts[9:]]))

    assert [number for number, outcome in enumerate(outcomes) if hasattr(outcome, "error")] == [9]
    assert isinstance(outcomes[9].error, RejectedError)
    assert len(calls) < 12


@pytest.mark.parametrize(
    ("code", "error"),
    [("ThrottlingException", ThrottledError), ("InternalServerException", UnavailableError)],
)
def test_a_call_that_fails_for_a_while_is_the_outcome_of_its_texts_and_the_rest_goes_on(
    cloud, session, batches, code, error
):
    def many(request):
        if request["TextList"][0] == "positive 25":
            raise AiError(code, "not now")
        return {
            "ResultList": [{"Index": n, **sentiment(text)} for n, text in enumerate(request["TextList"])],
            "ErrorList": [],
        }

    cloud.ai.answer("comprehend", "BatchDetectSentiment", many)
    outcomes = list(from_comprehend_sentiment(session, [f"positive {number}" for number in range(75)]))

    failed = [number for number, outcome in enumerate(outcomes) if hasattr(outcome, "error")]
    assert failed == list(range(25, 50))
    assert isinstance(outcomes[25].error, error)


def test_what_no_text_can_escape_is_raised(cloud, session):
    def denied(request):
        raise AiError("AccessDeniedException", "comprehend:BatchDetectSentiment")

    cloud.ai.answer("comprehend", "BatchDetectSentiment", denied)
    with pytest.raises(AccessDeniedError):
        list(from_comprehend_sentiment(session, ["a", "b"]))


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 26},
        {"batch_size": 0},
        {"batch_size": "5"},
        {"batch_size": 2.5},
        {"labels": {"HAPPY": "1"}},
        {"labels": {}},
        {"labels": ["POSITIVE"]},
        {"labels": {"POSITIVE": None}},
        {"language_code": None},
        {"language_code": "english"},
        {"concurrency": 0},
        {"item_ids": ["a", "b"]},
    ],
)
def test_what_can_t_work_is_refused_before_anything_is_asked(session, batches, options):
    with pytest.raises(InvalidInputError):
        from_comprehend_sentiment(session, ["positive"], **options)
    assert batches == []


def classified(cloud, **response):
    cloud.ai.answer("comprehend", "ClassifyDocument", lambda request: response)


def test_the_class_with_the_highest_score_is_the_label(cloud, session):
    classified(cloud, Classes=[{"Name": "delivery", "Score": 0.3}, {"Name": "billing", "Score": 0.7}])
    [prediction] = from_comprehend_classifier(session, ENDPOINT, ["The bill is wrong"])

    assert (prediction.label, prediction.confidence) == ("billing", 0.7)
    assert list(prediction.scores.items()) == [("billing", 0.7), ("delivery", 0.3)]


@settings(max_examples=10)
@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1, width=32), min_size=1, max_size=6))
def test_the_labels_from_the_threshold_on_are_the_label_and_the_least_sure_is_the_confidence(scores):
    with mock_hitl() as cloud:
        classified(cloud, Labels=[{"Name": name, "Score": score} for name, score in scores.items()])
        session = Session(region_name="us-east-1")
        [prediction] = from_comprehend_classifier(session, ENDPOINT, ["text"], threshold=0.5, concurrency=1)

    chosen = {name: score for name, score in scores.items() if score >= 0.5}
    assert set(prediction.label) == set(chosen)
    least = min(chosen.values()) if chosen else 1 - max(scores.values())
    assert prediction.confidence == pytest.approx(least)


@pytest.mark.parametrize("said", [{}, {"Classes": []}, {"Labels": []}, {"Classes": [], "Labels": []}])
def test_a_classifier_that_gives_no_score_is_that_item_s_outcome_and_no_sure_prediction(cloud, session, said):
    classified(cloud, **said)
    [outcome] = from_comprehend_classifier(session, ENDPOINT, ["text"])

    assert isinstance(outcome.error, InvalidPredictionError)
    assert "gave no class or label" in outcome.error.message


@pytest.mark.parametrize("score", [math.nan, 1.5])
def test_a_score_that_is_none_is_no_confidence(score):
    with mock_hitl() as cloud:
        cloud.ai.answer(
            "comprehend", "ClassifyDocument", lambda request: {"Classes": [{"Name": "a", "Score": score}]}
        )
        [outcome] = from_comprehend_classifier(cloud.session(), ENDPOINT, ["a text"])
    assert "is not from 0 to 1" in outcome.error.message


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "ResourceUnavailableException"])
def test_an_endpoint_that_is_not_there_or_not_in_service_is_raised(cloud, session, code):
    def missing(request):
        raise AiError(code, "The specified resource is not available.")

    cloud.ai.answer("comprehend", "ClassifyDocument", missing)
    cloud.ai.answer("comprehend", "DetectEntities", missing)
    with pytest.raises(NotFoundError, match="document-classifier-endpoint/tickets"):
        list(from_comprehend_classifier(session, ENDPOINT, ["text"]))
    with pytest.raises(NotFoundError, match="entity-recognizer-endpoint/parts"):
        list(from_comprehend_entities(session, ["text"], endpoint_arn=RECOGNIZER))


@pytest.mark.parametrize("arn", ["tickets", None, ENDPOINT.replace("-endpoint", ""), f"{ENDPOINT} "])
def test_what_is_no_endpoint_s_arn_is_refused_before_anything_is_asked(session, arn):
    with pytest.raises(InvalidArnError, match="document-classifier-endpoint/NAME"):
        from_comprehend_classifier(session, arn, ["text"])


def test_an_endpoint_of_the_other_kind_is_refused(session):
    with pytest.raises(InvalidArnError, match="entity-recognizer-endpoint/NAME"):
        from_comprehend_entities(session, ["text"], endpoint_arn=ENDPOINT)


def test_aws_s_own_classifier_of_prompts_is_an_endpoint_too(cloud, session):
    classified(cloud, Classes=[{"Name": "SAFE_PROMPT", "Score": 0.9}])
    arn = "arn:aws:comprehend:us-east-1:aws:document-classifier-endpoint/prompt-safety"
    [prediction] = from_comprehend_classifier(session, arn, ["text"])
    assert prediction.label == "SAFE_PROMPT"


@pytest.mark.parametrize("named", [{"Name": "a"}, {"Score": 0.5}])
def test_a_class_without_its_name_or_score_is_that_item_s_outcome(cloud, session, named):
    classified(cloud, Classes=[named])
    [outcome] = from_comprehend_classifier(session, ENDPOINT, ["text"])

    assert "a class has no" in outcome.error.message
    assert outcome.raw == {"Classes": [named]}


@pytest.mark.parametrize(
    "options",
    [
        {"confidence_of_none": "0.5"},
        {"confidence_of_none": 2},
        {"labels": ["PERSON"]},
        {"labels": {}},
        {"labels": {"PERSON": ()}},
        {"language_code": "english"},
    ],
)
def test_what_can_t_be_of_entities_is_refused(session, options):
    with pytest.raises(InvalidInputError, match=next(iter(options))):
        from_comprehend_entities(session, ["text"], **options)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, "0.5", None])
def test_a_threshold_that_no_score_has_is_refused(session, threshold):
    with pytest.raises(InvalidInputError, match="threshold"):
        from_comprehend_classifier(session, ENDPOINT, ["text"], threshold=threshold)


def entity(kind, text, begin, score=0.9):
    return {"Type": kind, "Text": text, "BeginOffset": begin, "EndOffset": begin + len(text), "Score": score}


def test_entities_are_spans_in_characters_and_the_least_sure_is_the_confidence(cloud, session):
    text = "🙂 Ana is in Rome"
    found = [entity("PERSON", "Ana", 2, 0.8), entity("LOCATION", "Rome", 12, 0.95)]
    cloud.ai.answer("comprehend", "DetectEntities", lambda request: {"Entities": found})
    task = tasks.NamedEntityRecognition(name="names", labels=["person", "city"], title="Mark the names")

    [prediction] = from_comprehend_entities(session, [text], labels={"PERSON": "person", "LOCATION": "city"})

    assert prediction.label == (Span("person", 2, 5, 0.8), Span("city", 12, 16, 0.95))
    assert prediction.confidence == 0.8
    assert [text[span.start_offset : span.end_offset] for span in prediction.label] == ["Ana", "Rome"]
    assert task.input(text, prediction.label)["initialValue"][0]["label"] == "person"


def test_types_that_the_task_lacks_are_left_out_and_stay_in_the_raw_response(cloud, session):
    found = [entity("DATE", "today", 0, 0.2), entity("PERSON", "Ana", 6)]
    cloud.ai.answer("comprehend", "DetectEntities", lambda request: {"Entities": found})
    [prediction] = from_comprehend_entities(session, ["today Ana"], labels={"PERSON": "person"})

    assert (prediction.label, prediction.confidence) == ((Span("person", 6, 9, 0.9),), 0.9)
    assert len(prediction.raw["Entities"]) == 2


@pytest.mark.parametrize(("given", "confidence"), [({}, 0.0), ({"confidence_of_none": 0.8}, 0.8)])
def test_of_a_text_without_names_comprehend_gives_no_confidence_so_you_do(cloud, session, given, confidence):
    cloud.ai.answer("comprehend", "DetectEntities", lambda request: {"Entities": []})
    [prediction] = from_comprehend_entities(session, ["nothing here"], **given)

    assert (prediction.label, prediction.confidence) == ((), confidence)


def test_a_recognizer_of_your_own_is_asked_by_its_endpoint_without_a_language(cloud, session):
    asked = []
    cloud.ai.answer("comprehend", "DetectEntities", lambda request: asked.append(request) or {"Entities": []})
    list(from_comprehend_entities(session, ["text"], endpoint_arn=RECOGNIZER))
    list(from_comprehend_entities(session, ["Text"], language_code="de"))

    assert asked == [
        {"Text": "text", "EndpointArn": RECOGNIZER},
        {"Text": "Text", "LanguageCode": "de"},
    ]


def test_an_entity_without_its_place_is_that_item_s_outcome(cloud, session):
    broken = {"Type": "PERSON", "Text": "Ana", "Score": 0.9}
    cloud.ai.answer("comprehend", "DetectEntities", lambda request: {"Entities": [broken]})
    [outcome] = from_comprehend_entities(session, ["Ana"])

    assert "no 'BeginOffset'" in outcome.error.message
    assert outcome.raw == {"Entities": [broken]}


def test_a_text_of_more_than_100_000_bytes_is_not_sent(cloud, session):
    cloud.ai.answer("comprehend", "DetectEntities", lambda request: {"Entities": []})
    large, right = from_comprehend_entities(session, ["ä" * 50_001, "ä" * 50_000])

    assert "100,002 bytes" in large.error.message
    assert right.label == ()
