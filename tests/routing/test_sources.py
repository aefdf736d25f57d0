"""Predictions from functions and endpoints."""

import io
import json

import numpy as np
import pytest

from hitl_sdk.errors import InvalidInputError, InvalidPredictionError, RejectedError
from hitl_sdk.routing import InvalidPrediction, Prediction, from_callable, from_endpoint
from hitl_sdk.testing import mock_hitl

REVIEWS = ["I enjoy this product", "I am unhappy with this product", "It is okay"]
LAB = [
    {"probability": 0.9376369118690491, "predicted_label": 1},
    {"probability": 0.6340296864509583, "predicted_label": -1},
    {"probability": 0.5422114729881287, "predicted_label": 1},
]


class Endpoint:
    """Stands where a session stands, and gives the answers it is told to."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.asked: list[dict] = []

    def client(self, service):
        assert service == "sagemaker-runtime"
        return self

    def invoke_endpoint(self, **params):
        self.asked.append(params)
        return {"Body": io.BytesIO(self.answers.pop(0))}


def listed(source, *args, **options):
    return list(source(*args, **options))


def json_lines(records) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode()


def test_a_function_may_answer_in_pairs_or_records():
    answers = {"a": ("1", 0.9), "b": {"label": -1, "confidence": 0.5, "scores": {"-1": 0.5}}, "c": LAB[0]}
    predictions = listed(from_callable, answers.get, list("abc"), item_ids=["x", "y", "z"])
    assert [(p.item_id, p.item, p.label, p.confidence) for p in predictions] == [
        ("x", "a", "1", 0.9),
        ("y", "b", "-1", 0.5),
        ("z", "c", "1", 0.9376369118690491),
    ]
    assert predictions[1].scores == {"-1": 0.5}
    assert predictions[1].raw is answers["b"]


def test_what_a_function_can_not_answer_is_that_items_outcome():
    def refuse(item):
        raise InvalidPredictionError("no picture")

    assert listed(from_callable, refuse, ["a"])[0].error.message == "no picture"
    assert isinstance(listed(from_callable, lambda _: None, ["a"])[0], InvalidPrediction)
    assert "divide by 100" in str(listed(from_callable, lambda _: ("1", 94.0), ["a"])[0].error)


def test_a_functions_own_errors_pass_through():
    with pytest.raises(ZeroDivisionError):
        list(from_callable(lambda _: 1 / 0, ["a"]))


def test_as_many_ids_as_items_are_needed():
    with pytest.raises(InvalidInputError, match="1 item_ids for 2 items"):
        from_callable(lambda _: ("1", 0.5), ["a", "b"], item_ids=["x"])


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
            json_lines(LAB) + b"\n\n",
        ),
    ],
)
def test_the_labs_endpoint_is_spoken_to_in_both_formats(content_type, sent, answer):
    endpoint = Endpoint(answer)
    predictions = listed(from_endpoint, endpoint, "sentiment", REVIEWS, content_type=content_type)
    assert endpoint.asked[0]["Body"] == sent
    assert endpoint.asked[0]["ContentType"] == endpoint.asked[0]["Accept"] == content_type
    assert predictions == [
        Prediction(str(n), review, record["predicted_label"], record["probability"], raw=record)
        for n, (review, record) in enumerate(zip(REVIEWS, LAB, strict=True))
    ]


def test_items_go_in_batches_and_come_back_in_order():
    endpoint = Endpoint(json_lines(LAB[:2]), json_lines(LAB[2:]))
    predictions = listed(
        from_endpoint, endpoint, "sentiment", REVIEWS, batch_size=2, concurrency=1, item_ids="xyz"
    )
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
    ],
)
def test_a_record_that_can_not_be_read_is_that_items_outcome(record, says):
    answer = b"\n".join([json.dumps(LAB[0]).encode(), record.encode(), json.dumps(LAB[2]).encode()])
    predictions = listed(from_endpoint, Endpoint(answer), "sentiment", REVIEWS)
    assert [type(p).__name__ for p in predictions] == ["Prediction", "InvalidPrediction", "Prediction"]
    assert says in str(predictions[1].error)
    assert predictions[1].error.item_id == "1"
    assert predictions[1].raw is not None


def test_too_few_records_make_the_whole_batch_unusable_rather_than_shift_it():
    predictions = listed(from_endpoint, Endpoint(json_lines(LAB[:2])), "sentiment", REVIEWS)
    assert [str(p.error) for p in predictions] == [
        f"item '{n}': the model gave 2 records for 3 items" for n in range(3)
    ]


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        yield cloud


def test_an_endpoint_of_the_cloud_answers(cloud):
    cloud.endpoints.serve("sentiment", lambda records: [LAB[0] for _ in records])
    predictions = listed(from_endpoint, cloud.session(), "sentiment", REVIEWS)
    assert [p.label for p in predictions] == ["1", "1", "1"]


def test_what_the_model_fails_at_is_the_outcome_of_its_batch_and_the_others_go_on(review):
    review.cloud.endpoints.serve("sentiment", lambda records: [LAB[0] for _ in records])
    review.calls.fail(
        "InvokeEndpoint", ("ModelError", 424), when=lambda params, n: b"unhappy" in params["Body"]
    )
    outcomes = listed(from_endpoint, review.session, "sentiment", REVIEWS, batch_size=1)
    assert [type(each) for each in outcomes] == [Prediction, InvalidPrediction, Prediction]
    assert isinstance(outcomes[1].error, RejectedError)
    assert outcomes[1].error.item_id == "1"
    assert "endpoint 'sentiment': injected ModelError" in str(outcomes[1].error)


def test_ids_may_be_whole_numbers_of_any_kind():
    predictions = listed(from_callable, lambda _: ("1", 0.5), ["a", "b"], item_ids=np.array([7, 8]))
    assert [prediction.item_id for prediction in predictions] == ["7", "8"]


@pytest.mark.parametrize("item_id", [None, "", 1.5, "\ud800"])
def test_an_id_that_names_nothing_is_refused_before_the_model_is_asked(item_id):
    with pytest.raises(InvalidPredictionError, match="item_id"):
        from_callable(lambda _: pytest.fail("asked"), ["a"], item_ids=[item_id])


def test_one_text_is_not_taken_letter_by_letter():
    with pytest.raises(InvalidInputError, match="items is one text"):
        from_callable(lambda _: ("1", 0.5), "hello")


def test_what_is_no_item_is_not_sent_and_keeps_its_place():
    endpoint = Endpoint(json_lines(LAB[:2]))
    predictions = listed(
        from_endpoint, endpoint, "sentiment", [float("nan"), "one", None, "two", "\ud800", b"x"]
    )
    assert [type(each) is Prediction for each in predictions] == [False, True, False, True, False, False]
    assert [each.item_id for each in predictions] == list("012345")
    assert endpoint.asked[0]["Body"].count(b"features") == 2


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"batch_size": -1}, {"concurrency": 0}])
def test_a_batch_and_the_threads_are_at_least_one(wrong):
    with pytest.raises(InvalidInputError, match="give at least 1"):
        from_endpoint(Endpoint(), "sentiment", REVIEWS, **wrong)
