"""Stand-ins for AI services: a function of the test's own answers an operation, as the service would."""

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from hitl_sdk.errors import ConfigurationError, InvalidInputError
from hitl_sdk.testing import AiError, mock_hitl

SCORES = {"Positive": 0.9, "Negative": 0.04, "Neutral": 0.05, "Mixed": 0.01}
ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        yield cloud


def sentiment(**changed):
    return lambda request: {"Sentiment": "POSITIVE", "SentimentScore": SCORES, **changed}


def client(service):
    return boto3.client(service, config=ONCE)


def test_a_function_takes_the_request_and_gives_the_response_as_boto3_has_them(cloud):
    seen = []
    cloud.ai.answer("comprehend", "DetectSentiment", lambda request: seen.append(request) or sentiment()({}))

    response = client("comprehend").detect_sentiment(Text="I enjoy it", LanguageCode="en")

    assert seen == [{"Text": "I enjoy it", "LanguageCode": "en"}]
    del response["ResponseMetadata"]
    assert response == {"Sentiment": "POSITIVE", "SentimentScore": SCORES}


def test_the_last_function_given_answers(cloud):
    cloud.ai.answer("comprehend", "DetectSentiment", sentiment())
    cloud.ai.answer("comprehend", "DetectSentiment", sentiment(Sentiment="MIXED"))

    assert client("comprehend").detect_sentiment(Text="so so", LanguageCode="en")["Sentiment"] == "MIXED"


def test_blobs_come_as_bytes(cloud):
    seen = []
    labels = {"Labels": [{"Name": "Shirt", "Confidence": 88.5}]}
    cloud.ai.answer("rekognition", "DetectLabels", lambda request: seen.append(request) or labels)

    client("rekognition").detect_labels(Image={"Bytes": b"\x00\xff"})

    assert seen == [{"Image": {"Bytes": b"\x00\xff"}}]


@pytest.mark.parametrize(
    ("named", "request_", "response"),
    [
        (
            ("textract", "GetDocumentAnalysis"),
            {"JobId": "job-1"},
            {"JobStatus": "SUCCEEDED", "Blocks": [{"BlockType": "PAGE", "Id": "p"}]},
        ),
        (
            ("transcribe", "GetTranscriptionJob"),
            {"TranscriptionJobName": "talk"},
            {"TranscriptionJob": {"TranscriptionJobName": "talk", "TranscriptionJobStatus": "COMPLETED"}},
        ),
        (
            ("translate", "TranslateText"),
            {"Text": "hello", "SourceLanguageCode": "en", "TargetLanguageCode": "de"},
            {"TranslatedText": "hallo", "SourceLanguageCode": "en", "TargetLanguageCode": "de"},
        ),
        (
            ("bedrock-runtime", "Converse"),
            {
                "modelId": "arn:aws:bedrock:us-east-1::foundation-model/any.model-v1:0",
                "messages": [
                    {
                        "role": "user",
                        "content": [{"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}],
                    }
                ],
                "additionalModelRequestFields": {"top_k": [1, {"x": None}]},
            },
            {
                "output": {"message": {"role": "assistant", "content": [{"text": "a shirt"}]}},
                "stopReason": "end_turn",
                "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
                "metrics": {"latencyMs": 4},
            },
        ),
    ],
)
def test_every_service_is_spoken_for(cloud, named, request_, response):
    service, operation = named
    seen = []
    cloud.ai.answer(service, operation, lambda request: seen.append(request) or response)

    received = getattr(client(service), xform_name(operation))(**request_)

    assert seen == [request_]
    del received["ResponseMetadata"]
    assert received == response


def test_the_body_of_a_model_goes_both_ways_as_it_is(cloud):
    seen = []
    answer = {"body": b'{"completion": "1"}', "contentType": "application/json"}
    cloud.ai.answer("bedrock-runtime", "InvokeModel", lambda request: seen.append(request) or answer)

    response = client("bedrock-runtime").invoke_model(
        modelId="any.model", body=b"not { json", trace="ENABLED"
    )

    assert seen[0]["body"] == b"not { json"
    assert (seen[0]["modelId"], seen[0]["trace"]) == ("any.model", "ENABLED")
    assert isinstance(response["body"], StreamingBody)
    assert response["body"].read() == answer["body"]
    assert response["contentType"] == "application/json"


@pytest.mark.parametrize(
    ("named", "request_", "error"),
    [
        (
            ("comprehend", "DetectSentiment"),
            {"Text": "a", "LanguageCode": "en"},
            ("TextSizeLimitExceededException", 400),
        ),
        (
            ("textract", "AnalyzeDocument"),
            {"Document": {"Bytes": b"a"}, "FeatureTypes": ["FORMS"]},
            ("HumanLoopQuotaExceededException", 402),
        ),
        (("rekognition", "DetectLabels"), {"Image": {"Bytes": b"a"}}, ("InternalServerError", 500)),
        (("bedrock-runtime", "Converse"), {"modelId": "m"}, ("ThrottlingException", 429)),
        (("bedrock-runtime", "Converse"), {"modelId": "m"}, ("ServiceUnavailableException", 503)),
    ],
)
def test_an_error_arrives_as_the_modelled_exception(cloud, named, request_, error):
    service, operation = named
    code, status = error

    def fail(request):
        raise AiError(code, "not today", QuotaCode="L-1")

    cloud.ai.answer(service, operation, fail)
    asked = client(service)

    with pytest.raises(getattr(asked.exceptions, code)) as caught:
        getattr(asked, xform_name(operation))(**request_)

    assert caught.value.response["Error"]["Message"] == "not today"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_an_error_carries_its_own_members(cloud):
    def fail(request):
        raise AiError("HumanLoopQuotaExceededException", "full", QuotaCode="L-1", ServiceCode="sagemaker")

    cloud.ai.answer("textract", "AnalyzeDocument", fail)

    with pytest.raises(ClientError) as caught:
        client("textract").analyze_document(Document={"Bytes": b"a"}, FeatureTypes=["FORMS"])

    assert (caught.value.response["QuotaCode"], caught.value.response["ServiceCode"]) == ("L-1", "sagemaker")


def test_a_request_that_breaks_the_model_never_reaches_the_function(cloud):
    cloud.ai.answer("comprehend", "DetectSentiment", lambda request: pytest.fail("it was called"))

    with pytest.raises(
        ClientError, match="'languageCode' failed to satisfy constraint: Member must satisfy enum"
    ):
        client("comprehend").detect_sentiment(Text="a", LanguageCode="xx")


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"Mood": "good"}, 'Unknown parameter in input: "Mood"'),
        ({"Sentiment": 1}, "Invalid type for parameter Sentiment"),
        ({"Sentiment": "positive"}, "Member must satisfy enum value set"),
        ({"SentimentScore": {"Positive": "0.9"}}, "Invalid type for parameter SentimentScore.Positive"),
    ],
)
def test_a_response_that_the_service_never_gives_is_refused(cloud, changed, problem):
    cloud.ai.answer("comprehend", "DetectSentiment", sentiment(**changed))

    with pytest.raises(ConfigurationError, match=f"answers comprehend.DetectSentiment gave .*{problem}"):
        client("comprehend").detect_sentiment(Text="a", LanguageCode="en")


def test_a_function_that_fails_says_so_to_the_caller(cloud):
    cloud.ai.answer("comprehend", "DetectSentiment", lambda request: {}["Sentiment"])

    with pytest.raises(
        ConfigurationError, match=r"comprehend\.DetectSentiment failed: KeyError: 'Sentiment'"
    ):
        client("comprehend").detect_sentiment(Text="a", LanguageCode="en")


def test_what_no_function_answers_stays_motos(cloud):
    cloud.ai.answer("comprehend", "DetectSentiment", sentiment())
    comprehend = client("comprehend")

    assert comprehend.list_entity_recognizers()["EntityRecognizerPropertiesList"] == []
    assert client("rekognition").detect_labels(Image={"Bytes": b"a"})["Labels"]
    with pytest.raises(ClientError, match="Not yet implemented"):
        client("translate").list_languages()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("s3", "GetObject", dict), "'s3' is no AI service that can be stood in for .use bedrock-runtime"),
        (("comprehend", "detect_sentiment", dict), "did you mean .*DetectSentiment"),
        (("comprehend", "Nonsense!", dict), "spell it as the API does"),
        (("bedrock-runtime", "ConverseStream", dict), "streams events"),
        (("comprehend", "DetectSentiment", None), "comprehend.DetectSentiment is given None"),
        (("comprehend", None, dict), "comprehend has no operation None"),
    ],
)
def test_what_can_t_be_stood_in_for_is_refused(cloud, arguments, problem):
    with pytest.raises(InvalidInputError, match=problem):
        cloud.ai.answer(*arguments)


def test_after_the_block_moto_is_as_it_was():
    from moto.comprehend import urls

    before = dict(urls.url_paths)
    with mock_hitl():
        assert urls.url_paths != before

    assert urls.url_paths == before


@pytest.mark.parametrize(
    ("text", "accepted"), [("shirt, polo", True), ("two\nlines", True), ("bell\a", False)]
)
def test_negated_unicode_classes_of_the_models_are_understood(text, accepted):
    from hitl_sdk.local.wire.validation import _matches

    assert _matches(r"[\P{C}\n]*", text) is accepted
    assert _matches(r"^\P{M}*$", text) is True
