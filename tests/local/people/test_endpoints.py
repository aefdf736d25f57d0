"""Endpoints that Python functions answer."""

import json
import sys
from types import SimpleNamespace

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.local.endpoints import Endpoints, load_function

LINES = "application/jsonlines"


def serving(fn):
    endpoints = Endpoints()
    endpoints.serve("reviews", fn)
    return endpoints


def sentiment(records):
    return [{"probability": 0.9, "predicted_label": len(record["features"][0]) % 3 - 1} for record in records]


def failure(answer):
    """Return the error as boto3 raises it."""
    status, headers, body = answer
    client = boto3.client("sagemaker-runtime", "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    raw = SimpleNamespace(stream=lambda: [body])
    client.meta.events.register("before-send", lambda **_: AWSResponse("", status, headers, raw))
    with pytest.raises(ClientError) as caught:
        client.invoke_endpoint(EndpointName="reviews", Body=b"")
    return status, caught.value


def test_the_lab_speaks_to_it_in_json():
    status, headers, body = serving(sentiment).handle(
        "reviews", b'[{"features": ["good"]}]', "application/json"
    )
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body) == [{"probability": 0.9, "predicted_label": 0}]


def test_the_lab_speaks_to_it_in_json_lines():
    request = b'{"features": ["good"]}\n\n{"features": ["bad"]}\r\n'
    status, headers, body = serving(sentiment).handle("reviews", request, LINES, LINES)
    assert (status, headers["content-type"]) == (200, LINES)
    assert [json.loads(line)["predicted_label"] for line in body.splitlines()] == [0, -1]


def test_a_line_separator_inside_a_string_ends_no_line():
    echo = serving(lambda records: records)
    body = echo.handle("reviews", '"a\u2028b"'.encode(), LINES)[2]
    assert json.loads(body) == "a\u2028b"


@pytest.mark.parametrize(
    ("content_type", "accept", "answered"),
    [
        ("application/json", "*/*", "application/json"),
        (LINES, "", LINES),
        (LINES, "application/json", "application/json"),
        ("application/json; charset=utf-8", "text/csv, application/x-jsonlines;q=0.5", LINES),
        ("Application/JSON", "application/jsonl", LINES),
    ],
)
def test_the_answer_has_the_type_that_was_asked_for(content_type, accept, answered):
    status, headers, _ = serving(lambda records: [records]).handle("reviews", b"[1]", content_type, accept)
    assert (status, headers["content-type"]) == (200, answered)


def test_other_documents_than_lists_reach_the_function_as_they_are():
    assert serving(lambda document: document["instances"]).handle("reviews", b'{"instances": 3}')[2] == b"3"


def test_numpy_values_are_written_as_plain_ones():
    numpy = pytest.importorskip("numpy")
    body = serving(lambda _: {"p": numpy.array([0.5, 1]), "n": numpy.int64(3)}).handle("reviews", b"[]")[2]
    assert json.loads(body) == {"p": [0.5, 1.0], "n": 3}


def test_serving_again_takes_the_place():
    endpoints = serving(lambda _: 1)
    endpoints.serve("reviews", lambda _: 2)
    assert endpoints.handle("reviews", b"[]")[2] == b"2"


def test_an_unknown_endpoint_is_the_modelled_validation_error():
    status, error = failure(Endpoints().handle("reviews", b"[]"))
    assert status == 400
    assert error.response["Error"] == {"Code": "ValidationError", "Message": "Endpoint reviews not found."}


def test_a_body_over_the_limit_is_a_validation_error():
    status, error = failure(serving(len).handle("reviews", b" " * 6_291_457))
    assert (status, error.response["Error"]["Code"]) == (400, "ValidationError")


def explode(_):
    raise RuntimeError("out of memory")


@pytest.mark.parametrize(
    ("fn", "request_parts", "original_status", "words"),
    [
        (explode, [b"[]"], 500, "RuntimeError: out of memory (test_endpoints.py line"),
        (json.loads, [b"[]"], 500, "TypeError"),
        (len, [b"3"], 500, "TypeError"),
        (lambda _: {1, 2}, [b"[]"], 500, "set is no JSON value"),
        (lambda _: float("nan"), [b"[]"], 500, "can't be written"),
        (lambda _: {"a": 1}, [b"[]", "application/json", LINES], 500, "need a list, not dict"),
        (lambda _: 3, [b"[]", "application/json", LINES], 500, "need a list, not int"),
        (len, [b"{"], 400, "the body is not application/json"),
        (len, [b"[1]\n{", LINES, "*/*"], 400, "the body is not application/jsonlines"),
        (len, [b"\xff"], 400, "the body is not application/json"),
        (len, [b"[" * 100_000], 400, "the body is not application/json"),
        (len, [b"a,b", "text/csv", "*/*"], 415, "'text/csv' is not served"),
        (len, [b"[]", "application/json", "text/csv"], 406, "'text/csv' is not served"),
    ],
)
def test_what_goes_wrong_in_the_container_is_a_model_error(fn, request_parts, original_status, words):
    status, error = failure(serving(fn).handle("reviews", *request_parts))
    assert (status, error.response["Error"]["Code"]) == (424, "ModelError")
    assert error.response["OriginalStatusCode"] == original_status
    assert words in error.response["OriginalMessage"]
    side = "server" if original_status == 500 else "client"
    assert error.response["Error"]["Message"].startswith(
        f"Received {side} error ({original_status}) from primary"
    )


@pytest.mark.parametrize("name", ["", "a_b", "-a", "a-", "a" * 64, "a\n"])
def test_a_name_that_sagemaker_refuses_is_refused(name):
    with pytest.raises(InvalidInputError, match="is no endpoint name"):
        Endpoints().serve(name, len)


def test_only_functions_are_served():
    with pytest.raises(InvalidInputError, match="give a function"):
        Endpoints().serve("reviews", 3)


@pytest.fixture
def working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in ("served_model", "served_broken"):
        sys.modules.pop(name, None)


def test_a_function_is_loaded_from_the_working_directory(working_directory):
    (working_directory / "served_model.py").write_text(
        "class Model:\n    @staticmethod\n    def predict(x): return len(x)\n"
    )
    assert load_function("served_model:Model.predict")([1, 2]) == 2


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("json", "names no function"),
        (":dumps", "names no function"),
        ("json:", "names no function"),
        ("no_such_module:f", "there is no module 'no_such_module'"),
        ("json.nothing:f", "there is no module 'json.nothing'"),
        ("json:nothing", "module 'json' has no 'nothing'"),
        ("json:__doc__", "is no function, but a str"),
    ],
)
def test_a_reference_that_names_no_function_says_why(reference, words, working_directory):
    with pytest.raises(InvalidInputError, match=words):
        load_function(reference)


def test_what_a_module_itself_misses_passes_through(working_directory):
    (working_directory / "served_broken.py").write_text("import no_such_dependency\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_dependency"):
        load_function("served_broken:predict")
