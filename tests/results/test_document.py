"""One output.json: read as it is, or refused with what is wrong."""

import json
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.errors import InvalidOutputError
from hitl_sdk.results import HumanAnswer, HumanLoopOutput, parse_output

URI = "s3://bucket/a2i/sentiment/2023/02/03/10/00/00/loop-1/output.json"
GENUINE = Path(__file__).parents[3] / "shared/data/outputs/a2i_multi_select.output.json"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
TIMES = st.datetimes(min_value=datetime(2017, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_a_document_is_read_into_typed_answers(a2i):
    output = parse_output(a2i.document(a2i.answer("-1"), a2i.answer("0", "0" * 16)))
    assert (output.human_loop_name, output.flow_definition_arn) == ("loop-1", a2i.flow)
    assert output.input_content == {"initialValue": -1, "taskObject": "I am unhappy with this product"}
    assert output.answers[0] == HumanAnswer(
        worker_id="0f1e2d3c4b5a6978",
        worker_sub="04fa4b1d",
        content={"sentiment": {"label": "-1"}},
        accepted_at=datetime(2023, 2, 3, 10, 0, 1, 120_000, UTC),
        submitted_at=datetime(2023, 2, 3, 10, 0, 39, 450_000, UTC),
        seconds_spent=38.33,
    )
    assert [a2i.task.parse_answer(answer.content).label for answer in output.answers] == ["-1", "0"]
    assert output.raw["humanLoopName"] == "loop-1"


def test_text_and_bytes_read_the_same(a2i):
    document = a2i.document()
    assert (
        parse_output(document.decode()) == parse_output(document) == parse_output(b"\xef\xbb\xbf" + document)
    )
    assert parse_output("\ufeff" + document.decode()) == parse_output(document)


def test_the_times_that_files_of_2020_lack_are_none(a2i):
    old = a2i.answer(acceptanceTime=..., timeSpentInSeconds=..., workerMetadata=...)
    answer = parse_output(a2i.document(old)).answers[0]
    assert (answer.accepted_at, answer.seconds_spent, answer.worker_sub) == (None, None, None)
    assert answer.submitted_at == parse_output(a2i.document()).answers[0].submitted_at


@pytest.mark.parametrize("value", ["soon", "", 7, None, ["2023"]])
def test_a_time_that_is_none_does_not_cost_the_answer(a2i, value):
    answer = parse_output(a2i.document(a2i.answer(submissionTime=value))).answers[0]
    assert answer.submitted_at is None
    assert answer.content == {"sentiment": {"label": "-1"}}


@pytest.mark.parametrize("value", ["38", True, None, float("inf"), 10**400])
def test_seconds_that_are_no_number_are_none(a2i, value):
    assert parse_output(a2i.document(a2i.answer(timeSpentInSeconds=value))).answers[0].seconds_spent is None


@pytest.mark.parametrize("metadata", [None, [], {}, {"identityData": None}, {"identityData": {"sub": 7}}])
def test_a_worker_without_identity_has_no_sub(a2i, metadata):
    assert parse_output(a2i.document(a2i.answer(workerMetadata=metadata))).answers[0].worker_sub is None


def test_nobody_may_have_answered(a2i):
    assert parse_output(a2i.document(humanAnswers=[])).answers == ()


def test_content_in_a_list_of_one_is_unwrapped(a2i):
    wrapped = a2i.answer(answerContent=[{"sentiment": {"label": "1"}}])
    assert parse_output(a2i.document(wrapped)).answers[0].content == {"sentiment": {"label": "1"}}


def test_a_document_in_a_list_of_one_is_unwrapped(a2i):
    assert parse_output(b"[" + a2i.document() + b"]") == parse_output(a2i.document())


def test_several_documents_in_one_list_are_refused(a2i):
    with pytest.raises(InvalidOutputError, match="each as it lies in S3"):
        parse_output(b"[" + a2i.document() + b"," + a2i.document() + b"]")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"humanLoopName": ...}, "has no 'humanLoopName'"),
        ({"humanAnswers": ...}, "has no 'humanAnswers'"),
        ({"inputContent": ...}, "has no 'inputContent'"),
        ({"flowDefinitionArn": ...}, "has no 'flowDefinitionArn'"),
        ({"humanAnswers": {}}, "has a dict under 'humanAnswers'"),
        ({"inputContent": "text"}, "has a str under 'inputContent'"),
        ({"humanLoopName": 7}, "has a int under 'humanLoopName'"),
        ({"humanAnswers": [7]}, r"humanAnswers\[0\] is no object"),
        ({"humanAnswers": [{"workerId": "a"}]}, r"humanAnswers\[0\] has no object 'answerContent'"),
        ({"humanAnswers": [{"answerContent": [{}, {}]}]}, r"humanAnswers\[0\] has no object 'answerContent'"),
        ({"humanAnswers": [{"answerContent": {}}]}, r"humanAnswers\[0\] has no 'workerId'"),
    ],
)
def test_what_is_missing_is_named_with_the_address(a2i, changes, message):
    with pytest.raises(InvalidOutputError, match=message) as caught:
        parse_output(a2i.document(**changes), uri=URI)
    assert caught.value.resource == URI
    assert str(caught.value).startswith(URI)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"", "no whole JSON document: Expecting value"),
        (b'{"humanAnswers": [', "no whole JSON document"),
        (b"[]", "an array, not the object"),
        (b"7", "a int, not the object"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"1" * 5_000, "a number is too long"),
        (b'{"half": "\\ud83d"}', "it is not UTF-8"),
    ],
)
def test_what_is_no_document_is_refused_with_cause_and_cure(document, message):
    with pytest.raises(InvalidOutputError, match=message) as caught:
        parse_output(document, uri=URI)
    assert (caught.value.resource, bool(caught.value.hint)) == (URI, True)


@pytest.mark.parametrize("end", range(1, 400, 13))
def test_a_document_cut_off_anywhere_is_refused(a2i, end):
    with pytest.raises(InvalidOutputError, match="no whole JSON document"):
        parse_output(a2i.document()[:-end])


def test_an_error_does_not_show_the_content(a2i):
    with pytest.raises(InvalidOutputError) as caught:
        parse_output(a2i.document()[:-1])
    assert "unhappy" not in str(caught.value)


def test_a_document_of_another_flow_is_refused(a2i):
    other = a2i.flow.replace("sentiment", "toxicity")
    assert parse_output(a2i.document(), flow_definition_arn=a2i.flow).flow_definition_arn == a2i.flow
    with pytest.raises(InvalidOutputError, match=r"is of the flow .*sentiment, not of .*toxicity") as caught:
        parse_output(a2i.document(), flow_definition_arn=other)
    assert "another prefix" in str(caught.value)


def test_the_error_pickles(a2i):
    with pytest.raises(InvalidOutputError) as caught:
        parse_output(b"[]", uri=URI)
    assert pickle.loads(pickle.dumps(caught.value)).resource == URI


@given(st.binary() | st.text() | JSON.map(json.dumps))
def test_nothing_raises_but_the_one_error(document):
    try:
        output = parse_output(document)
    except InvalidOutputError:
        return
    assert isinstance(output, HumanLoopOutput)


@given(st.data())
def test_no_damaged_document_raises_but_the_one_error(a2i, data):
    whole = json.loads(a2i.document(a2i.answer(), a2i.answer("0")))
    for _ in range(data.draw(st.integers(1, 3))):
        place = whole
        while isinstance(place, dict | list) and place:
            key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
            if data.draw(st.booleans()) or not isinstance(place[key], dict | list):
                place[key] = data.draw(JSON)
                break
            place = place[key]
    try:
        parse_output(json.dumps(whole))
    except InvalidOutputError as refused:
        error = refused
    else:
        return
    assert error.hint


@given(
    st.lists(
        st.tuples(
            st.text("0123456789abcdef", min_size=16, max_size=16),
            st.dictionaries(
                st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
                st.text(st.characters(exclude_categories=["Cs"])),
                max_size=3,
            ),
            TIMES,
            TIMES,
            st.floats(0, 1e6),
        ),
        max_size=3,
    ),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_what_was_written_is_what_is_read(a2i, answers, item):
    document = a2i.document(
        inputContent={"taskObject": item},
        humanAnswers=[
            a2i.answer(
                worker=worker,
                answerContent=content,
                acceptanceTime=accepted.isoformat(),
                submissionTime=submitted.isoformat(),
                timeSpentInSeconds=seconds,
            )
            for worker, content, accepted, submitted, seconds in answers
        ],
    )
    output = parse_output(document)
    assert a2i.task.item(output.input_content) == item
    assert [
        (each.worker_id, each.content, each.accepted_at, each.submitted_at, each.seconds_spent)
        for each in output.answers
    ] == answers


@pytest.mark.skipif(not GENUINE.exists(), reason="the genuine files are not on this machine")
def test_a_genuine_file_of_2020_is_read():
    output = parse_output(GENUINE.read_bytes())
    assert output.input_content == {"taskObject": "MS Dhoni retired from cricket"}
    assert output.answers[0].content == {"category": {"labels": ["World"]}}
    assert output.answers[0].accepted_at is None
    assert output.answers[0].submitted_at == datetime(2020, 9, 22, 17, 8, 37, 840_000, UTC)


@pytest.mark.parametrize("document", [None, 5, {"humanLoopName": "loop-1"}])
def test_what_is_no_text_is_refused_as_such(document):
    with pytest.raises(InvalidOutputError, match=r"not the text of an output\.json"):
        parse_output(document)
