"""Predictions from SageMaker endpoints, by name and through objects that stand for them."""

import io
import json
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from hitl_sdk.errors import (
    AccessDeniedError,
    ConfigurationError,
    CredentialsError,
    InvalidInputError,
    NotFoundError,
    RejectedError,
    ThrottledError,
    UnavailableError,
)
from hitl_sdk.routing import InvalidPrediction, Prediction, from_endpoint, from_predictor
from hitl_sdk.testing import mock_hitl

REVIEWS = ["I enjoy this product", "I am unhappy with this product", "It is okay"]
LAB = [
    {"probability": 0.9376369118690491, "predicted_label": 1},
    {"probability": 0.6340296864509583, "predicted_label": -1},
    {"probability": 0.5422114729881287, "predicted_label": 1},
]


class Endpoint:
    """Stands where a session stands, and gives the answers it is told to."""

    def __init__(self, *answers: bytes | Exception, content_type: str = "") -> None:
        self.answers = list(answers)
        self.content_type = content_type
        self.asked: list[dict] = []

    def client(self, service):
        assert service == "sagemaker-runtime"
        return self

    def invoke_endpoint(self, **params):
        self.asked.append(params)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"Body": io.BytesIO(answer), "ContentType": self.content_type or params["Accept"]}


def json_lines(records) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode()


def asked(endpoint, items=REVIEWS, **options) -> list:
    return list(from_endpoint(endpoint, "sentiment", items, **options))


def model_error(original: int) -> ClientError:
    said = {"Error": {"Code": "ModelError", "Message": "not found"}, "OriginalStatusCode": original}
    return ClientError({**said, "ResponseMetadata": {"HTTPStatusCode": 424}}, "InvokeEndpoint")


@pytest.mark.parametrize(
    ("content_type", "sent", "answer"),
    [
        ("application/jsonlines", json_lines({"features": [r]} for r in REVIEWS), json_lines(LAB)),
        ("application/jsonlines", json_lines({"features": [r]} for r in REVIEWS), json_lines([LAB])),
        (
            "application/jsonlines",
            json_lines({"features": [r]} for r in REVIEWS),
            json_lines([[one] for one in LAB]),
        ),
        (
            "application/json",
            json.dumps([{"features": [r]} for r in REVIEWS]).encode(),
            json.dumps(LAB).encode(),
        ),
        (
            "application/json",
            json.dumps([{"features": [r]} for r in REVIEWS]).encode(),
            json.dumps({"predictions": LAB}, indent=1).encode(),
        ),
        (
            "application/json",
            json.dumps([{"features": [r]} for r in REVIEWS]).encode(),
            json_lines(LAB) + b"\n\n",
        ),
    ],
)
def test_the_labs_endpoint_is_spoken_to_in_both_formats(content_type, sent, answer):
    endpoint = Endpoint(answer)
    predictions = asked(endpoint, content_type=content_type)
    assert endpoint.asked[0]["Body"] == sent
    assert endpoint.asked[0]["ContentType"] == endpoint.asked[0]["Accept"] == content_type
    assert predictions == [
        Prediction(str(n), review, record["predicted_label"], record["probability"], raw=record)
        for n, (review, record) in enumerate(zip(REVIEWS, LAB, strict=True))
    ]


@pytest.mark.parametrize(
    ("answer", "accept"),
    [
        (b"[[0.1, 0.9], [0.75, 0.25]]", "application/json"),
        (b'{"predictions": [[0.1, 0.9], [0.75, 0.25]]}', "application/json"),
        (b"[0.1, 0.9]\n[0.75, 0.25]", "application/jsonlines"),
        (b"0.1,0.9\n0.75,0.25\n", "text/csv"),
        (b"[0.9, 0.25]", "application/json"),
        (b"0.9\n0.25\n", "text/csv"),
        (b"0.9,0.25", "text/csv; charset=utf-8"),
    ],
)
def test_with_labels_a_model_may_give_probabilities_alone(answer, accept):
    predictions = asked(Endpoint(answer), REVIEWS[:2], labels=[0, 1], accept=accept)
    assert [(each.label, each.confidence) for each in predictions] == [("1", 0.9), ("0", 0.75)]
    assert predictions[0].scores == pytest.approx({"0": 0.1, "1": 0.9})
    assert predictions[1].scores == pytest.approx({"0": 0.75, "1": 0.25})


@pytest.mark.parametrize(
    "answer",
    [
        [{"label": "POSITIVE", "score": 0.9}],  # the Hugging Face container
        [[{"label": "NEGATIVE", "score": 0.1}, {"label": "POSITIVE", "score": 0.9}]],
        [{"label": ["POSITIVE", "NEGATIVE"], "prob": [0.9, 0.1]}],  # BlazingText
        [{"label": ["POSITIVE"], "prob": [0.9]}],
    ],
)
def test_a_label_may_come_with_its_score_one_or_all_of_them(answer):
    [prediction] = asked(Endpoint(json.dumps(answer).encode()), REVIEWS[:1], content_type="application/json")
    assert (prediction.label, prediction.confidence) == ("POSITIVE", 0.9)
    assert prediction.scores in (None, {"POSITIVE": 0.9}, {"POSITIVE": 0.9, "NEGATIVE": 0.1})


def test_the_score_beside_a_predicted_label_is_not_taken_for_its_confidence():
    # Linear Learner: the score is that of the positive class, whichever was predicted
    [outcome] = asked(Endpoint(b'[{"score": 0.1, "predicted_label": 0}]'), REVIEWS[:1])
    assert "no probability or confidence; it has ['predicted_label', 'score']" in str(outcome.error)


def test_rows_of_csv_are_labels_with_their_confidence():
    predictions = asked(Endpoint(b'"1",0.9\n007,0.5\n'), REVIEWS[:2], accept="text/csv")
    assert [(each.label, each.confidence) for each in predictions] == [("1", 0.9), ("007", 0.5)]


def test_a_model_may_be_given_features_in_place_of_the_items():
    endpoint = Endpoint(json_lines(LAB[:2]), b"1,0.9\n1,0.8\n")
    rows = [np.array([1, 2]), (3, 4)]
    assert [each.item for each in asked(endpoint, REVIEWS[:2], features=rows)] == REVIEWS[:2]
    asked(endpoint, REVIEWS[:2], features=rows, content_type="text/csv")
    assert [each["Body"] for each in endpoint.asked] == [
        b'{"features": [1, 2]}\n{"features": [3, 4]}',
        b"1,2\n3,4\n",
    ]


def test_a_text_in_csv_is_quoted():
    endpoint = Endpoint(b"1,0.9\n")
    asked(endpoint, ['a, "b"'], content_type="text/csv")
    assert endpoint.asked[0]["Body"] == b'"a, ""b"""\n'


def test_another_dialect_is_two_functions():
    endpoint = Endpoint(b'{"outputs": [{"class": "1", "p": 0.9}, {"class": "0", "p": 0.8}]}')
    predictions = asked(
        endpoint,
        REVIEWS[:2],
        content_type="application/json",
        encode=lambda texts: json.dumps({"inputs": texts}),
        decode=lambda body: [(each["class"], each["p"]) for each in json.loads(body)["outputs"]],
        request={"InferenceComponentName": "mood"},
    )
    assert json.loads(endpoint.asked[0]["Body"]) == {"inputs": REVIEWS[:2]}
    assert endpoint.asked[0]["InferenceComponentName"] == "mood"
    assert [(each.label, each.confidence) for each in predictions] == [("1", 0.9), ("0", 0.8)]


def test_an_answer_that_can_not_be_decoded_is_the_outcome_of_its_batch():
    endpoint = Endpoint(b"<html>", json_lines(LAB[2:]))
    outcomes = asked(
        endpoint,
        batch_size=2,
        concurrency=1,
        decode=lambda body: [json.loads(line) for line in body.splitlines()],
    )
    assert ["decode failed: JSONDecodeError" in str(each.error) for each in outcomes[:2]] == [True, True]
    assert outcomes[0].raw == b"<html>"
    assert isinstance(outcomes[2], Prediction)


def test_items_go_in_batches_and_come_back_in_order():
    endpoint = Endpoint(json_lines(LAB[:2]), json_lines(LAB[2:]))
    predictions = asked(endpoint, batch_size=2, concurrency=1, item_ids="xyz")
    assert [p.item_id for p in predictions] == ["x", "y", "z"]
    assert [len(asked["Body"].splitlines()) for asked in endpoint.asked] == [2, 1]


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("nonsense {", "the answer is a str, not a record"),
        ('{"probability": 0.5}', "no predicted_label or label; it has ['probability']"),
        ('{"predicted_label": 1}', "no probability or confidence; it has ['predicted_label']"),
        ('{"predicted_label": 1, "probability": "high"}', "is not a number"),
        ('{"predicted_label": null, "probability": 0.5}', "neither a text nor a whole number"),
        ('{"predicted_label": 1, "probability": NaN}', "is not from 0 to 1"),
        ("5", "the answer is a int, not a record"),
        ("[]", "the answer is a list, not a record"),
        ('[{"label": "a", "score": 0.9}, {"label": "b"}]', "the answer has no probability"),
        ("[" * 100_000, "the answer is a str, not a record"),
    ],
)
def test_a_record_that_can_not_be_read_is_that_items_outcome(record, says):
    answer = b"\n".join([json.dumps(LAB[0]).encode(), record.encode(), json.dumps(LAB[2]).encode()])
    predictions = asked(Endpoint(answer))
    assert [type(p).__name__ for p in predictions] == ["Prediction", "InvalidPrediction", "Prediction"]
    assert says in str(predictions[1].error)
    assert predictions[1].error.item_id == "1"
    assert predictions[1].raw is not None


@pytest.mark.parametrize(
    ("scores", "says"),
    [
        ([0.2, 0.3, 0.5], "the model gave 3 scores for 2 labels"),
        ([-3.1, 2.4], "the confidence -3.1 is not from 0 to 1 (probabilities are expected, one a label)"),
        (["a", "b"], "the confidence 'a' is not a number"),
    ],
)
def test_scores_that_are_no_probabilities_of_the_labels_are_refused(scores, says):
    answer = json_lines([[0.5, 0.5], scores])
    fine, outcome = asked(Endpoint(answer), REVIEWS[:2], labels=["0", "1"])
    assert fine.label == "0"  # of equals the first
    assert says in str(outcome.error)
    assert outcome.raw == scores


def test_too_few_records_make_the_whole_batch_unusable_rather_than_shift_it():
    predictions = asked(Endpoint(json_lines(LAB[:2])))
    assert [str(p.error) for p in predictions] == [
        f"item '{n}': the model gave 2 records for 3 items" for n in range(3)
    ]


def test_a_batch_that_the_model_finds_too_large_is_asked_in_halves():
    endpoint = Endpoint(
        model_error(413), json_lines(LAB[:1]), model_error(413), model_error(413), json_lines(LAB[2:])
    )
    first, alone, last = asked(endpoint)
    assert [len(each["Body"].splitlines()) for each in endpoint.asked] == [3, 1, 2, 1, 1]
    assert (first.item, last.item) == (REVIEWS[0], REVIEWS[2])
    assert isinstance(alone.error, RejectedError)


def test_a_batch_of_more_than_the_service_takes_is_never_sent_whole():
    endpoint = Endpoint(json_lines(LAB[:1]), json_lines(LAB[1:2]))
    predictions = asked(endpoint, ["a" * 4_000_000, "b" * 4_000_000])
    assert [each.label for each in predictions] == ["1", "-1"]
    assert max(len(each["Body"]) for each in endpoint.asked) < 6_291_456


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        yield cloud


def test_an_endpoint_of_the_cloud_answers(cloud):
    cloud.endpoints.serve("sentiment", lambda records: [LAB[0] for _ in records])
    predictions = asked(cloud.session())
    assert [p.label for p in predictions] == ["1", "1", "1"]


def test_what_the_models_code_raises_is_the_outcome_of_its_batch_and_the_others_go_on(cloud):
    def model(records):
        if "unhappy" in records[0]["features"][0]:
            raise KeyError("token not found")
        return [LAB[0] for _ in records]

    cloud.endpoints.serve("sentiment", model)
    outcomes = asked(cloud.session(), batch_size=1)
    assert [type(each) for each in outcomes] == [Prediction, InvalidPrediction, Prediction]
    assert isinstance(outcomes[1].error, RejectedError)
    assert "token not found" in str(outcomes[1].error)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (("ModelError", 424), RejectedError),
        (("ThrottlingException", 400), ThrottledError),
        (("ServiceUnavailable", 503), UnavailableError),
        (("InternalFailure", 500), UnavailableError),
        (("ModelNotReadyException", 429), UnavailableError),
        (("ValidationError", 400), RejectedError),
        (ReadTimeoutError(endpoint_url="https://x"), UnavailableError),
    ],
)
def test_a_call_that_fails_is_the_outcome_of_its_batch_and_the_others_go_on(review, fault, kind):
    review.cloud.endpoints.serve("sentiment", lambda records: [LAB[0] for _ in records])
    review.calls.fail("InvokeEndpoint", fault, when=lambda params, n: b"unhappy" in params["Body"])
    outcomes = asked(review.session, batch_size=1)
    assert [type(each) for each in outcomes] == [Prediction, InvalidPrediction, Prediction]
    assert isinstance(outcomes[1].error, kind)
    assert outcomes[1].error.item_id == outcomes[1].item_id == "1"
    assert "endpoint 'sentiment'" in str(outcomes[1].error)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (("ExpiredTokenException", 403), CredentialsError),
        (("AccessDeniedException", 403), AccessDeniedError),
    ],
)
def test_what_no_item_can_escape_is_raised(review, fault, kind):
    review.calls.fail("InvokeEndpoint", fault)
    with pytest.raises(kind):
        asked(review.session)


def test_an_endpoint_that_does_not_exist_is_raised(cloud):
    with pytest.raises(NotFoundError, match="endpoint 'sentiment'"):
        asked(cloud.session())


@pytest.mark.parametrize("original", [0, 503, 504])
def test_a_container_that_does_not_answer_may_do_so_later(original):
    [outcome] = asked(Endpoint(model_error(original)), REVIEWS[:1])
    assert isinstance(outcome.error, UnavailableError)


@pytest.mark.parametrize(
    "wrong",
    [{"batch_size": 0}, {"batch_size": -1}, {"batch_size": 2.5}, {"batch_size": None}, {"concurrency": 0}],
)
def test_a_batch_and_the_threads_are_at_least_one(wrong):
    with pytest.raises(InvalidInputError, match="give at least 1"):
        from_endpoint(Endpoint(), "sentiment", REVIEWS, **wrong)


def test_as_many_features_as_items_are_needed():
    with pytest.raises(InvalidInputError, match="1 features for 3 items"):
        from_endpoint(Endpoint(), "sentiment", REVIEWS, features=[[1]])


def test_an_object_in_place_of_a_name_is_told_its_own_function():
    with pytest.raises(InvalidInputError, match="from_predictor"):
        from_endpoint(Endpoint(), SimpleNamespace(endpoint_name="sentiment"), REVIEWS)


class Predictor:
    """As the ``Predictor`` of sagemaker 2, with the lab's serializers."""

    endpoint_name = "sentiment"

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.asked = []

    def predict(self, data):
        self.asked.append(data)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize("answer", [LAB, json_lines(LAB), json_lines(LAB).decode(), {"predictions": LAB}])
def test_a_predictor_is_given_records_and_read_in_any_form(answer):
    predictor = Predictor(answer)
    predictions = list(from_predictor(predictor, REVIEWS))
    assert predictor.asked == [[{"features": [review]} for review in REVIEWS]]
    assert [(each.label, each.confidence) for each in predictions] == [
        (str(record["predicted_label"]), record["probability"]) for record in LAB
    ]


def test_a_predictor_may_speak_another_dialect():
    predictor = Predictor({"scores": np.array([[0.1, 0.9]])})
    [prediction] = from_predictor(
        predictor, REVIEWS[:1], labels=["a", "b"], encode=list, decode=lambda said: said["scores"]
    )
    assert predictor.asked == [REVIEWS[:1]]
    assert prediction.scores == {"a": 0.1, "b": 0.9}


def test_what_a_predictor_raises_is_treated_as_of_an_endpoint():
    first, second = from_predictor(Predictor(model_error(500), LAB[:1]), REVIEWS[:2], batch_size=1)
    assert isinstance(first.error, RejectedError)
    assert second.label == "1"
    with pytest.raises(ZeroDivisionError):
        list(from_predictor(Predictor(ZeroDivisionError()), REVIEWS))


def test_an_endpoint_object_is_sent_lines():
    sent = {}

    def invoke(**params):
        sent.update(params)
        return SimpleNamespace(body=io.BytesIO(json_lines(LAB)))

    predictions = list(from_predictor(SimpleNamespace(endpoint_name="mood", invoke=invoke), REVIEWS))
    assert sent["body"] == json_lines({"features": [review]} for review in REVIEWS)
    assert sent["content_type"] == sent["accept"] == "application/jsonlines"
    assert [each.label for each in predictions] == ["1", "-1", "1"]


@pytest.mark.parametrize(
    ("thing", "hint"),
    [
        (SimpleNamespace(predict=print, predict_proba=print), "from_estimator"),
        ("sentiment", "from_endpoint"),
        (None, "from_callable"),
    ],
)
def test_what_is_no_predictor_is_told_what_it_is(thing, hint):
    with pytest.raises(InvalidInputError, match=hint):
        from_predictor(thing, REVIEWS)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_frame_of_features_goes_row_by_row(frame):
    endpoint = Endpoint(json_lines(LAB[:2]))
    list(from_endpoint(endpoint, "mood", REVIEWS[:2], features=frame({"a": [1, 2], "b": [0.5, 0.25]})))
    assert endpoint.asked[0]["Body"] == b'{"features": [1, 0.5]}\n{"features": [2, 0.25]}'


def test_numpys_numbers_in_a_row_are_written():
    endpoint = Endpoint(json_lines(LAB[:1]))
    list(from_endpoint(endpoint, "mood", REVIEWS[:1], features=[[np.float32(0.5), np.int64(2)]]))
    assert endpoint.asked[0]["Body"] == b'{"features": [0.5, 2]}'


@pytest.mark.parametrize(
    ("content_type", "odd", "says"),
    [
        ("application/jsonlines", [{1}], "a set, which JSON has not"),
        ("text/csv", "\ud800", "can't be written in utf-8"),
    ],
)
def test_features_that_can_not_be_written_are_one_items_outcome(content_type, odd, says):
    endpoint = Endpoint(b"1,0.9\n", b"1,0.8\n")
    outcomes = list(
        from_endpoint(
            endpoint,
            "mood",
            REVIEWS,
            features=[[1], odd, [3]],
            content_type=content_type,
            accept="text/csv",
            concurrency=1,
        )
    )
    assert [type(outcome) for outcome in outcomes] == [Prediction, InvalidPrediction, Prediction]
    assert says in str(outcomes[1].error)


def test_what_the_source_sets_is_not_set_by_the_request_too():
    with pytest.raises(InvalidInputError, match="request has Accept"):
        from_endpoint(Endpoint(), "mood", REVIEWS, request={"Accept": "text/csv"})


def test_a_cell_that_is_too_long_to_read_is_its_batchs_outcome():
    long = b'"' + b"x" * 200_000 + b'",0.9\n'
    [outcome] = from_endpoint(Endpoint(long), "mood", REVIEWS[:1], content_type="text/csv")
    assert "field larger than field limit" in str(outcome.error)


def test_a_label_in_csv_may_go_over_lines():
    [prediction] = from_endpoint(Endpoint(b'"one\ntwo",0.9\n'), "mood", REVIEWS[:1], content_type="text/csv")
    assert prediction.label == "one\ntwo"


def test_an_answer_is_read_in_the_characters_that_it_says():
    latin = Endpoint("déçu,0.9\n".encode("latin-1"), content_type="text/csv; charset=ISO-8859-1")
    marked = Endpoint(b"\xef\xbb\xbf" + json_lines(LAB[:1]))
    [by_name] = asked(latin, REVIEWS[:1], accept="text/csv")
    [by_mark] = asked(marked, REVIEWS[:1])
    assert (by_name.label, by_mark.label) == ("déçu", "1")


def test_a_text_is_sent_in_the_characters_that_are_said():
    endpoint = Endpoint(b"1,0.9\n", content_type="text/csv")
    fine, odd = asked(
        endpoint, ["déçu", "\N{SNOWMAN}"], content_type="text/csv; charset=latin-1", accept="text/csv"
    )
    assert (endpoint.asked[0]["Body"], fine.label) == ("déçu\n".encode("latin-1"), "1")
    assert "can't be written in latin-1" in str(odd.error)


def test_characters_that_do_not_exist_are_refused_at_once_and_in_an_answer_are_its_batchs_outcome():
    with pytest.raises(InvalidInputError, match="charset=klingon"):
        from_endpoint(Endpoint(), "mood", REVIEWS, content_type="text/csv; charset=klingon")
    answering = Endpoint(b"1,0.9\n", content_type="text/csv; charset=klingon")
    [outcome] = asked(answering, REVIEWS[:1], accept="text/csv")
    assert "charset=klingon" in str(outcome.error)


def test_the_surest_of_blazingtext_is_certain_though_its_probability_is_above_1():
    [prediction] = asked(Endpoint(b'{"label": ["__label__1"], "prob": [1.0000100135803223]}'), REVIEWS[:1])
    assert (prediction.confidence, prediction.scores) == (1, {"__label__1": 1})


def test_an_answer_of_numpy_is_read_by_its_own_function_and_an_empty_one_is_its_batchs_outcome():
    written = io.BytesIO()
    np.save(written, np.array([[0.25, 0.75]]))
    outcomes = asked(
        Endpoint(written.getvalue(), b"", content_type="application/x-npy"),
        REVIEWS[:2],
        labels=["0", "1"],
        accept="application/x-npy",
        decode=lambda body: np.load(io.BytesIO(body)),
        batch_size=1,
        concurrency=1,
    )
    assert outcomes[0].scores == {"0": 0.25, "1": 0.75}
    assert "decode failed: EOFError" in str(outcomes[1].error)


def test_what_overflows_in_decode_is_its_batchs_outcome():
    [outcome] = asked(Endpoint(b"1000"), REVIEWS[:1], decode=lambda body: [math.exp(float(body))])
    assert "decode failed: OverflowError" in str(outcome.error)


@pytest.mark.parametrize("status", [400, 422, 500])
def test_one_item_that_the_model_fails_on_does_not_take_its_batch_with_it(status):
    endpoint = Endpoint(
        model_error(status),  # three
        json_lines(LAB[:1]),
        model_error(status),  # the second and the third
        model_error(status),
        json_lines(LAB[2:]),
    )
    first, failed, last = asked(endpoint)
    assert [len(each["Body"].splitlines()) for each in endpoint.asked] == [3, 1, 2, 1, 1]
    assert (first.label, last.label) == ("1", "1")
    assert isinstance(failed.error, RejectedError)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(0, UnavailableError), (429, UnavailableError), (503, UnavailableError), (406, RejectedError)],
)
def test_what_a_container_answers_to_any_batch_is_not_asked_for_in_halves(status, kind):
    endpoint = Endpoint(model_error(status))
    assert [type(each.error) for each in asked(endpoint)] == [kind] * 3
    assert len(endpoint.asked) == 1


def test_a_body_is_measured_in_bytes():
    endpoint = Endpoint(json_lines(LAB[:1]), json_lines(LAB[1:2]))
    predictions = asked(endpoint, ["a", "b"], encode=lambda texts: "\N{SNOWMAN}" * 2_000_000 * len(texts))
    assert [each.label for each in predictions] == ["1", "-1"]


@pytest.mark.parametrize("made", [None, {"inputs": []}])
def test_what_encode_makes_is_a_body(made):
    [outcome] = asked(Endpoint(), REVIEWS[:1], encode=lambda _: made)
    assert f"encode gave a {type(made).__name__}" in str(outcome.error)


@pytest.mark.parametrize("wrong", ["abc", ["TargetModel"]])
def test_more_members_are_a_mapping(wrong):
    with pytest.raises(InvalidInputError, match="request is a"):
        from_endpoint(Endpoint(), "mood", REVIEWS, request=wrong)


def test_a_member_that_invoke_endpoint_has_not_ends_the_stream(cloud):
    cloud.endpoints.serve("sentiment", lambda records: [LAB[0] for _ in records])
    with pytest.raises(ConfigurationError, match="TargetModle"):
        asked(cloud.session(), request={"TargetModle": "mood-2.tar.gz"})


@pytest.mark.parametrize("members", [{"TargetModel": "mood-2.tar.gz"}, {"TargetVariant": "challenger"}])
def test_which_model_of_an_endpoint_answers_may_be_said(members):
    endpoint = Endpoint(json_lines(LAB))
    asked(endpoint, request=members)
    assert endpoint.asked[0].items() >= members.items()
