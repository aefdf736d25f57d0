"""Predictions from Translate: pairs of texts, whose confidence is never invented but given by a function of the user's."""

import pytest
from botocore.exceptions import ClientError

from hitl_sdk import tasks
from hitl_sdk.errors import (
    AccessDeniedError,
    InvalidInputError,
    InvalidPredictionError,
    NotFoundError,
    RejectedError,
    ThrottledError,
)
from hitl_sdk.routing.sources.translate import back_translation, from_translate
from hitl_sdk.session import Session
from hitl_sdk.testing import AiError, mock_hitl


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        yield cloud


@pytest.fixture
def session(cloud, one_boto3_session):
    return Session(region_name="us-east-1", boto3_session=one_boto3_session, max_attempts=1)


@pytest.fixture
def requests(cloud):
    """Answer with the text in capitals; return the requests."""
    seen = []

    def answer(request):
        seen.append(request)
        return {
            "TranslatedText": request["Text"].upper(),
            "SourceLanguageCode": "en",
            "TargetLanguageCode": request["TargetLanguageCode"],
        }

    cloud.ai.answer("translate", "TranslateText", answer)
    return seen


def ask(session, items=("good day",), confidence=lambda text, translation: 0.5, **options):
    return list(from_translate(session, items, target_language_code="de", confidence=confidence, **options))


def test_the_pair_is_a_prediction_with_the_confidence_that_you_say(session, requests):
    told = []
    [prediction] = ask(session, confidence=lambda *pair: told.append(pair) or 0.25, item_ids=["one"])

    assert told == [("good day", "GOOD DAY")]
    assert (prediction.item_id, prediction.item) == ("one", "good day")
    assert (prediction.label, prediction.confidence) == ({"translation": "GOOD DAY"}, 0.25)
    assert prediction.raw["SourceLanguageCode"] == "en"


def test_it_fits_a_form_in_which_people_mend_the_translation(session, requests):
    form = tasks.Form(
        name="pair", title="Is it right?", fields=[tasks.TextField(name="translation", title="German")]
    )
    [prediction] = ask(session)

    assert form.input(prediction.item, prediction.label)["taskObject"] == "good day"


def test_without_a_field_the_label_is_the_bare_translation(session, requests):
    [prediction] = ask(session, field=None)

    assert prediction.label == "GOOD DAY"


def test_without_a_confidence_there_is_no_prediction(session, requests):
    with pytest.raises(TypeError):
        from_translate(session, ["good day"], target_language_code="de")
    with pytest.raises(InvalidInputError, match="Translate tells no confidence"):
        ask(session, confidence=0.9)
    assert requests == []


def test_the_rest_of_the_request_is_yours(session, requests):
    ask(session, source_language_code="en", request={"Settings": {"Formality": "FORMAL"}})

    assert requests == [
        {
            "Text": "good day",
            "SourceLanguageCode": "en",
            "TargetLanguageCode": "de",
            "Settings": {"Formality": "FORMAL"},
        }
    ]


@pytest.mark.parametrize(("score", "words"), [(1.5, "not from 0 to 1"), (None, "not a number")])
def test_a_confidence_that_is_none_is_that_item_s_outcome_with_the_translation(
    session, requests, score, words
):
    [outcome] = ask(session, confidence=lambda *pair: score)

    assert words in outcome.error.message
    assert outcome.raw["TranslatedText"] == "GOOD DAY"


def test_a_pair_of_which_you_can_not_say_anything_is_that_item_s_outcome(session, requests):
    def confidence(text, translation):
        if text == "two":
            raise InvalidPredictionError("no model for this language")
        return 1.0

    outcomes = ask(session, ["one", "two", "three"], confidence)

    assert [hasattr(outcome, "error") for outcome in outcomes] == [False, True, False]
    assert outcomes[1].raw["TranslatedText"] == "TWO"


def test_an_error_of_your_own_code_is_yours(session, requests):
    with pytest.raises(ZeroDivisionError):
        ask(session, confidence=lambda *pair: 1 / 0)


def test_a_text_that_is_too_large_is_not_sent(session, requests):
    large, right = ask(session, ["ä" * 5_001, "ä" * 5_000])

    assert "the text has 10,002 bytes; Translate takes 10,000" in large.error.message
    assert len(requests) == 1
    assert right.confidence == 0.5


def test_an_empty_translation_is_that_item_s_outcome(cloud, session):
    empty = {"TranslatedText": "", "SourceLanguageCode": "en", "TargetLanguageCode": "de"}
    cloud.ai.answer("translate", "TranslateText", lambda request: empty)
    [outcome] = ask(session)

    assert "the translation is empty" in outcome.error.message


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("TooManyRequestsException", ThrottledError),
        ("DetectedLanguageLowConfidenceException", RejectedError),
        ("UnsupportedLanguagePairException", RejectedError),
    ],
)
def test_a_call_that_fails_is_that_item_s_outcome_and_the_rest_goes_on(cloud, session, requests, code, error):
    answers = iter([True, False, True])

    def answer(request):
        if not next(answers):
            raise AiError(code, "not this one")
        return {"TranslatedText": "x", "SourceLanguageCode": "en", "TargetLanguageCode": "de"}

    cloud.ai.answer("translate", "TranslateText", answer)
    outcomes = ask(session, ["one", "two", "three"], concurrency=1)

    assert [type(getattr(outcome, "error", None)) for outcome in outcomes] == [type(None), error, type(None)]


@pytest.mark.parametrize(
    ("code", "error"),
    [("AccessDeniedException", AccessDeniedError), ("ResourceNotFoundException", NotFoundError)],
)
def test_what_no_text_can_escape_is_raised(cloud, session, code, error):
    def answer(request):
        raise AiError(code, "no")

    cloud.ai.answer("translate", "TranslateText", answer)
    with pytest.raises(error):
        ask(session)


def translator(cloud, back):
    """Answer the way there in capitals, and the way back by `back`."""

    def answer(request):
        there = request["TargetLanguageCode"] == "de"
        return {
            "TranslatedText": request["Text"].upper() if there else back(request["Text"]),
            "SourceLanguageCode": request["SourceLanguageCode"],
            "TargetLanguageCode": request["TargetLanguageCode"],
        }

    cloud.ai.answer("translate", "TranslateText", answer)


@pytest.mark.parametrize(
    ("back", "alike"), [(str, 1.0), (lambda text: "???", 0.0), (lambda text: text[:4], 2 * 4 / 12)]
)
def test_a_translation_translated_back_is_as_alike_as_what_both_have_in_order(cloud, session, back, alike):
    translator(cloud, back)
    score = back_translation(session, source_language_code="en", target_language_code="de")
    [prediction] = ask(session, confidence=score)

    assert prediction.confidence == pytest.approx(alike)


def test_a_way_back_that_fails_is_that_item_s_outcome(cloud, session):
    def broken(text):
        raise AiError("TooManyRequestsException", "not now")

    translator(cloud, broken)
    score = back_translation(session, source_language_code="en", target_language_code="de")
    [outcome] = ask(session, confidence=score)

    assert isinstance(outcome.error, ThrottledError)
    assert outcome.error.item_id == "0"


def test_the_translation_is_kept_where_aws_fails_in_your_function(session, requests):
    def refused(text, translation):
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "not now"}}, "Estimate")

    [outcome] = ask(session, confidence=refused)

    assert isinstance(outcome.error, ThrottledError)
    assert outcome.raw["TranslatedText"] == "GOOD DAY"


def test_what_no_item_can_escape_in_your_function_is_raised(session, requests):
    def refused(text, translation):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Estimate")

    with pytest.raises(AccessDeniedError):
        ask(session, confidence=refused)


@pytest.mark.parametrize("languages", [("auto", "de"), ("en", "auto"), (None, "de")])
def test_there_is_no_way_back_into_a_language_that_has_no_name(session, languages):
    source, target = languages
    with pytest.raises(InvalidInputError):
        back_translation(session, source_language_code=source, target_language_code=target)


def test_a_request_that_has_what_is_set_here_is_refused_before_anything_is_asked(session, requests):
    with pytest.raises(InvalidInputError, match="request has Text"):
        ask(session, request={"Text": "another"})
    with pytest.raises(InvalidInputError, match="TerminologyName"):
        ask(session, request={"TerminologyName": ["orders"]})
    assert requests == []
