"""Predictions from models on Bedrock: an answer in JSON with a stated confidence, however it is wrapped, or none."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.errors import (
    AccessDeniedError,
    ConfigurationError,
    InvalidInputError,
    InvalidPredictionError,
    NotFoundError,
    RejectedError,
    ThrottledError,
    UnavailableError,
)
from hitl_sdk.routing.sources.bedrock import _objects_in, from_bedrock, from_bedrock_model
from hitl_sdk.session import Session
from hitl_sdk.testing import AiError, mock_hitl

MODEL = "amazon.nova-lite-v1:0"
ANSWER = '{"label": "1", "confidence": 0.93}'


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        yield cloud


@pytest.fixture
def session(cloud, one_boto3_session):
    return Session(region_name="us-east-1", boto3_session=one_boto3_session, max_attempts=1)


def converse(*content, stop_reason="end_turn"):
    """Return Converse's response with the parts of a message."""
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": stop_reason,
        "usage": {"inputTokens": 40, "outputTokens": 12, "totalTokens": 52},
        "metrics": {"latencyMs": 310},
    }


def saying(cloud, said, **options):
    response = converse({"text": said}, **options)
    cloud.ai.answer("bedrock-runtime", "Converse", lambda request: response)
    return response


def ask(session, items=("I enjoy it",), **options):
    return list(from_bedrock(session, MODEL, items, **{"prompt": lambda text: f"Rate: {text}", **options}))


def test_the_model_s_label_and_its_stated_confidence_are_the_prediction(cloud, session):
    response = saying(cloud, ANSWER)
    [prediction] = ask(session, item_ids=["one"])

    assert (prediction.item_id, prediction.item) == ("one", "I enjoy it")
    assert (prediction.label, prediction.confidence) == ("1", 0.93)
    assert prediction.raw == response


def test_the_item_goes_into_the_prompt_and_the_rest_of_the_request_is_yours(cloud, session):
    seen = []
    cloud.ai.answer(
        "bedrock-runtime", "Converse", lambda request: seen.append(request) or converse({"text": ANSWER})
    )
    more = {"system": [{"text": "You rate."}], "inferenceConfig": {"temperature": 0.0, "maxTokens": 100}}
    ask(session, request=more)

    assert seen == [
        {"modelId": MODEL, "messages": [{"role": "user", "content": [{"text": "Rate: I enjoy it"}]}], **more}
    ]


@pytest.mark.parametrize(
    "said",
    [
        f"  {ANSWER}\n",
        f"```json\n{ANSWER}\n```",
        f"```\n{ANSWER}\n```",
        f"Here you are:\n```json\n{ANSWER}\n```\nAnything else?",
        f"It is positive, so {ANSWER}.",
        f"I weigh {{joy}} and {{anger}}: {ANSWER}",
        f"[{ANSWER}]",
        '{"label": "1", "confidence": "0.93"}',
        '{"label": "1", "confidence": 0.93, "why": {"words": ["enjoy"]}}',
    ],
)
def test_however_the_object_is_wrapped_it_is_read(cloud, session, said):
    saying(cloud, said)
    [prediction] = ask(session)

    assert (prediction.label, prediction.confidence) == ("1", 0.93)


def test_a_tool_that_the_model_calls_has_the_answer_as_its_input(cloud, session):
    call = {"toolUse": {"toolUseId": "t", "name": "rate", "input": {"label": "0", "confidence": 0.5}}}
    cloud.ai.answer(
        "bedrock-runtime",
        "Converse",
        lambda request: converse({"text": "I call it."}, call, stop_reason="tool_use"),
    )
    [prediction] = ask(session)

    assert (prediction.label, prediction.confidence) == ("0", 0.5)


@pytest.mark.parametrize("given", [["label", "confidence"], "label and confidence", 7])
def test_a_tool_that_is_given_no_object_is_no_answer(cloud, session, given):
    call = {"toolUse": {"toolUseId": "t", "name": "rate", "input": given}}
    cloud.ai.answer("bedrock-runtime", "Converse", lambda request: converse(call, stop_reason="tool_use"))
    [outcome] = ask(session)

    assert "no JSON object" in outcome.error.message


def test_a_structured_label_under_a_field_of_its_own_is_kept(cloud, session):
    saying(cloud, '{"entities": [{"label": "city", "start_offset": 3, "end_offset": 7}], "sure": 0.6}')
    [prediction] = ask(session, label_field="entities", confidence_field="sure")

    assert prediction.label == [{"label": "city", "start_offset": 3, "end_offset": 7}]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("I would rather not say.", "no JSON object"),
        ("", "no JSON object"),
        ("7", "no JSON object"),
        ('{"label": "1", "conf', "no JSON object"),
        (f"{ANSWER} or {ANSWER}", "2 objects"),
        (f"```json\n{ANSWER}\n```\n```json\n{ANSWER}\n```", "2 objects"),
        ('{"label": "1"}', "no 'confidence'; it has ['label']"),
        ('{"mood": "1"}', "no 'label' and no 'confidence'"),
        ('{"label": "1", "confidence": 93}', "93.0 is not from 0 to 1"),
        ('{"label": "1", "confidence": "high"}', "'high' is not a number"),
        ('{"label": "1", "confidence": NaN}', "nan is not from 0 to 1"),
        ('{"label": "1", "confidence": true}', "True is not a number"),
        ('{"label": null, "confidence": 0.9}', "the label None"),
        ('{"label": "1", "confidence": "90%"}', "'90%' is not a number"),
        (f'{{"label": "-1", "confidence": 0.2, "else": {ANSWER},}}', "no JSON object"),
        (f'{{"label": "-1", "confidence": 0.2, "else": {ANSWER}', "no JSON object"),
        ("[" * 100_000, "no JSON object"),
        ('{"label":' * 20_000, "no JSON object"),
    ],
)
def test_an_answer_that_can_t_be_read_is_that_item_s_outcome_with_the_response(cloud, session, said, words):
    response = saying(cloud, said)
    [outcome] = ask(session)

    assert isinstance(outcome.error, InvalidPredictionError)
    assert words in outcome.error.message
    assert outcome.raw == response


@pytest.mark.parametrize(
    ("stop_reason", "words"),
    [
        ("max_tokens", "raise maxTokens"),
        ("guardrail_intervened", "guardrail"),
        ("malformed_model_output", "malformed"),
        ("malformed_tool_use", "malformed"),
        ("content_filtered", "filtered"),
    ],
)
def test_an_answer_that_was_cut_off_or_kept_back_says_so_even_if_it_could_be_read(
    cloud, session, stop_reason, words
):
    saying(cloud, ANSWER, stop_reason=stop_reason)
    [outcome] = ask(session)

    assert words in outcome.error.message


@given(st.text(alphabet='{}[]"`:,ab1 \n', max_size=40))
def test_whatever_a_model_says_is_read_or_refused(said):
    assert all(isinstance(each, dict) for each in _objects_in(said))


@given(
    st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.floats(allow_nan=False), max_size=3),
    st.text(alphabet="ab .,\n", max_size=10),
)
def test_one_object_in_any_words_is_found(record, words):
    assert _objects_in(f"{words} {json.dumps(record)} {words}") == [record]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ThrottlingException", ThrottledError),
        ("ServiceUnavailableException", UnavailableError),
        ("ModelTimeoutException", UnavailableError),
        ("ModelNotReadyException", UnavailableError),
        ("ValidationException", RejectedError),
    ],
)
def test_a_call_that_fails_is_that_item_s_outcome_and_the_rest_goes_on(cloud, session, code, error):
    def model(request):
        if "two" in request["messages"][0]["content"][0]["text"]:
            raise AiError(code, "not this one")
        return converse({"text": ANSWER})

    cloud.ai.answer("bedrock-runtime", "Converse", model)
    outcomes = ask(session, ["one", "two", "three"])

    assert [outcome.item_id for outcome in outcomes if hasattr(outcome, "error")] == ["1"]
    assert isinstance(outcomes[1].error, error)


@pytest.mark.parametrize(
    ("code", "error"),
    [("AccessDeniedException", AccessDeniedError), ("ResourceNotFoundException", NotFoundError)],
)
def test_a_model_that_may_not_be_asked_or_is_not_there_is_raised(cloud, session, code, error):
    def model(request):
        raise AiError(code, "no")

    cloud.ai.answer("bedrock-runtime", "Converse", model)
    with pytest.raises(error, match=MODEL):
        ask(session)


@pytest.mark.parametrize(
    "options",
    [
        {"prompt": "Rate:"},
        {"request": {"messages": []}},
        {"request": {"modelId": MODEL}},
        {"request": {"inferenceconfig": {}}},
        {"request": {"system": "You rate."}},
        {"concurrency": 0},
    ],
)
def test_what_can_t_work_is_refused_before_anything_is_asked(session, options):
    with pytest.raises(InvalidInputError):
        from_bedrock(session, MODEL, ["text"], **{"prompt": str, **options})


@pytest.mark.parametrize(
    ("said", "error", "cure"),
    [
        ("The provided model identifier is invalid.", NotFoundError, "ListFoundationModels"),
        (
            f"Invocation of model ID {MODEL} with on-demand throughput isn't supported.",
            ConfigurationError,
            "ListInferenceProfiles",
        ),
    ],
)
def test_a_model_that_bedrock_refuses_by_a_validation_is_raised_too(cloud, session, said, error, cure):
    def model(request):
        raise AiError("ValidationException", said)

    cloud.ai.answer("bedrock-runtime", "Converse", model)
    cloud.ai.answer("bedrock-runtime", "InvokeModel", model)
    with pytest.raises(error, match=f"{MODEL}.*{cure}"):
        ask(session)
    with pytest.raises(error, match=f"imported.*{cure}"):
        ask_model(session)


@pytest.mark.parametrize("returned", [None, ["I enjoy it"]])
def test_a_prompt_that_is_no_text_is_raised_without_a_word_of_the_item(session, returned):
    with pytest.raises(ConfigurationError, match="prompt returns a") as raised:
        ask(session, prompt=lambda _: returned)
    assert "enjoy" not in str(raised.value)


def test_a_model_without_a_name_is_refused_before_anything_is_asked(session):
    with pytest.raises(InvalidInputError, match="modelId"):
        from_bedrock(session, None, ["text"], prompt=str)
    with pytest.raises(InvalidInputError, match="modelId"):
        from_bedrock_model(session, None, ["text"], body=dict, text=str)


def test_neither_items_nor_answers_are_logged(cloud, session, caplog):
    saying(cloud, "a secret answer")
    with caplog.at_level(logging.DEBUG, logger="hitl_sdk"):
        ask(session, ["a secret item"])

    assert "secret" not in caplog.text


def invoked(cloud, body):
    requests = []

    def model(request):
        requests.append(request)
        return {"body": body if isinstance(body, bytes) else json.dumps(body).encode(), "contentType": "json"}

    cloud.ai.answer("bedrock-runtime", "InvokeModel", model)
    return requests


def ask_model(session, **options):
    said = {"body": lambda item: {"prompt": item}, "text": lambda answer: answer["generation"], **options}
    return list(from_bedrock_model(session, "imported", ["I enjoy it"], **said))


def test_a_model_of_another_dialect_is_asked_in_its_own_words(cloud, session):
    requests = invoked(cloud, {"generation": f"```json\n{ANSWER}\n```", "stop_reason": "stop"})
    [prediction] = ask_model(session)

    assert (prediction.label, prediction.confidence) == ("1", 0.93)
    assert prediction.raw["stop_reason"] == "stop"
    assert json.loads(requests[0]["body"]) == {"prompt": "I enjoy it"}


@pytest.mark.parametrize("body", [b"{", b"\xff", {"other": 1}, {"generation": None}, [1]])
def test_a_body_that_is_not_as_expected_is_that_item_s_outcome(cloud, session, body):
    invoked(cloud, body)
    [outcome] = ask_model(session)

    assert "the answer can't be read" in outcome.error.message
    assert outcome.raw


def test_a_text_in_place_of_a_function_is_refused(session):
    with pytest.raises(InvalidInputError, match="body is a dict"):
        from_bedrock_model(session, "imported", ["x"], body={}, text=str)
    with pytest.raises(InvalidInputError, match="text is a str"):
        from_bedrock_model(session, "imported", ["x"], body=dict, text="generation")
