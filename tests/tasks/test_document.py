"""Forms of documents: our own flows and those of Textract, blocks in and fields out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hitl_sdk as hitl
from hitl_sdk.consolidation import FormFieldConsolidation, MajorityVote
from hitl_sdk.errors import (
    InvalidInputError,
    InvalidOutputError,
    InvalidPredictionError,
    InvalidResourceError,
)
from hitl_sdk.labels import FormField, clean_text, to_value
from hitl_sdk.results import answers_frame, read_prefix
from hitl_sdk.tasks import TextractForms

KEY = "AWS/Textract/AnalyzeDocument/Forms/V1"
DOCUMENT = "s3://bucket/folder/a b & c.png"


def task(**fields):
    return TextractForms(**{"name": "invoice", "title": "Mend the fields"} | fields)


def block(id_, kind, **fields):
    return {"blockType": "KEY_VALUE_SET", "id": id_, "entityTypes": [kind]} | fields


def relation(kind, *ids):
    return {"relationships": [{"type": kind, "ids": list(ids)}]}


def answer(*blocks):
    return {KEY: {"blocks": list(blocks)}}


BLOCKS = [block("k", "KEY", text="Due date", **relation("VALUE", "v")), block("v", "VALUE", text="3 May")]
REQUEST = {
    "aiServiceRequest": {"document": {"s3Object": {"bucket": "bucket", "name": "folder/a b & c.png"}}},
    "selectedAiServiceResponse": {"blocks": BLOCKS},
    "humanLoopContext": {"importantFormKeys": [{"importantFormKey": "Due date"}]},
}


def element(page_seen, asked, content):
    _, (form, found) = page_seen(asked, content)
    assert (form.tag, found.tag) == ("crowd-form", "crowd-textract-analyze-document")
    return found.attributes


def test_a_flow_of_our_own_shows_the_document_and_the_models_fields(page_seen):
    asked = task()
    seen = element(page_seen, asked, asked.input(DOCUMENT, [FormField("Due <date>", '"3 Nay"')]))

    assert seen["src"] == "https://signed/bucket/folder/a b & c.png"
    assert [each["text"] for each in json.loads(seen["initial-value"])] == ["Due <date>", '"3 Nay"']
    assert seen["block-types"] == "['KEY_VALUE_SET']"
    assert {"no-key-edit", "no-geometry-edit"} <= seen.keys()
    assert "keys" not in seen


def test_a_loop_of_textract_shows_its_document_its_blocks_and_the_keys_of_its_conditions(page_seen):
    seen = element(page_seen, task(), REQUEST)

    assert seen["src"] == "https://signed/bucket/folder/a b & c.png"
    assert json.loads(seen["initial-value"]) == BLOCKS
    assert json.loads(seen["keys"]) == [{"importantFormKey": "Due date"}]


def test_without_a_prediction_the_worker_starts_from_nothing(page_seen):
    assert "initial-value" not in element(page_seen, task(), task().input(DOCUMENT))


def test_keys_have_aliases(page_seen):
    asked = task(keys={"Due date": ["Payable by", '"Due"']}, allow_key_edit=True, allow_geometry_edit=True)
    seen = element(page_seen, asked, asked.input(DOCUMENT))

    assert json.loads(seen["keys"]) == [
        {"importantFormKey": "Due date", "importantFormKeyAliases": ["Payable by", '"Due"']}
    ]
    assert not {"no-key-edit", "no-geometry-edit"} & seen.keys()
    assert task(keys=["Due date"]).keys == {"Due date": ()}


@pytest.mark.parametrize("keys", ["Due date", 3])
def test_keys_are_a_list_or_a_mapping(keys):
    with pytest.raises(InvalidResourceError, match="keys: give a list of keys"):
        task(keys=keys)


def test_the_item_is_the_document_of_either_flow():
    assert task().item(task().input(DOCUMENT)) == DOCUMENT
    assert task().item(REQUEST) == DOCUMENT
    with pytest.raises(InvalidOutputError, match=r"no document\.s3Object with bucket and name"):
        task().item({"aiServiceRequest": {"image": {}}})
    with pytest.raises(InvalidOutputError, match="no text under 'taskObject'"):
        task().item({})
    with pytest.raises(InvalidPredictionError, match="no address of a document"):
        task().input("Dear Sir")


def words(text):
    return [{"blockType": "WORD", "id": f"{text}{n}", "text": word} for n, word in enumerate(text.split())]


@pytest.mark.parametrize(
    ("blocks", "label"),
    [
        ([], []),
        (BLOCKS, [FormField("Due date", "3 May")]),
        (BLOCKS[:1], [FormField("Due date", "")]),
        (BLOCKS[1:], []),
        ([block("k", "KEY", text="Due date")], [FormField("Due date", "")]),
        (
            [block("k", "KEY", text="Due date", relationships=[{"type": "VALUE"}])],
            [FormField("Due date", "")],
        ),
        ([block("k", "KEY", text="Due\u200b date ", relationships=None)], [FormField("Due date", "")]),
        (
            [
                block("k", "KEY", **relation("CHILD", "a b0", "a b1")),
                *words("a b"),
            ],
            [FormField("a b", "")],
        ),
        (
            [
                block("k", "KEY", text="Paid", **relation("VALUE", "v")),
                block("v", "VALUE", **relation("CHILD", "s", "gone")),
                {"blockType": "SELECTION_ELEMENT", "id": "s", "selectionStatus": "SELECTED"},
            ],
            [FormField("Paid", "SELECTED")],
        ),
        (
            [
                block("k", "KEY", text="Seats", **relation("VALUE", "v", "w")),
                block("v", "VALUE", text=12),
                block("w", "VALUE", text="A"),
            ],
            [FormField("Seats", "12 A")],
        ),
    ],
)
def test_blocks_are_read_in_all_their_spellings(blocks, label):
    assert task().parse_answer(answer(*blocks)).label == tuple(label)


@pytest.mark.parametrize("blocks", [None, []])
def test_nothing_there_is_an_answer(blocks):
    assert task().parse_answer({KEY: {"blocks": blocks}}).label == ()
    assert task().parse_answer({KEY: {}}).label == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "no object under 'AWS/Textract/AnalyzeDocument/Forms/V1', but nothing"),
        ({"invoice": {"blocks": []}}, "no object under"),
        ({KEY: []}, "no object under .*, but list"),
        ({KEY: {"Blocks": []}}, "has no 'blocks', but 'Blocks'"),
        ({KEY: {"blocks": {"a": 1}}}, "blocks are no list of objects"),
        ({KEY: {"blocks": ["a"]}}, "blocks are no list of objects"),
        (answer(block("k", "KEY", relationships="v")), "relationships of a block are no list"),
        (answer(block("k", "KEY", relationships=["v"])), "relationships of a block are no list"),
    ],
)
def test_an_answer_that_cannot_be_read_says_why(content, message):
    with pytest.raises(InvalidOutputError, match=message):
        task().parse_answer(content)


def test_words_that_name_each_other_do_not_go_in_circles():
    circle = [block("k", "KEY", **relation("CHILD", "k"))]
    assert task().parse_answer(answer(*circle)).label == (FormField("", ""),)


FIELDS = st.builds(
    lambda key, value, confidence: FormField(clean_text(key), clean_text(value), confidence),
    st.text(max_size=8),
    st.text(max_size=8),
    st.none() | st.floats(0, 1),
)


@given(st.lists(FIELDS, max_size=4))
def test_what_goes_in_as_a_prediction_comes_back_as_an_answer(fields):
    asked = task()
    label = asked.normalise_label(fields)
    assert label == asked.normalise_label(to_value(fields)) == tuple(fields)
    read = asked.parse_answer({KEY: {"blocks": asked.initial_value(label)}}).label
    assert [(each.key, each.value) for each in read] == [(each.key, each.value) for each in fields]


def test_the_confidence_of_a_block_is_in_percent():
    (key, value) = task().input(DOCUMENT, [FormField("a", "b", 0.5)])["initialValue"]
    assert key["confidence"] == value["confidence"] == 50


@pytest.mark.parametrize("label", ["Due date", [3], [{"key": "a"}]])
def test_a_prediction_that_has_no_fields_is_refused(label):
    with pytest.raises(InvalidPredictionError, match="can't be read"):
        task().normalise_label(label)


def test_fields_are_compared_by_their_own_method_alone():
    assert isinstance(task().consolidation(), FormFieldConsolidation)
    with pytest.raises(InvalidInputError, match="MajorityVote can't"):
        task().consolidation(MajorityVote())


def test_a_loop_that_textract_has_started_is_answered_and_read():
    with hitl.testing.mock_hitl() as cloud:
        session = cloud.session()
        cloud.bucket("data")
        team = hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")])
        flow = hitl.ReviewFlow(
            name="forms", team=team, task=task(), output="s3://data/a2i", role_arn=cloud.role_arn
        )
        arn = flow.ensure(session).arn
        cloud.workers.add(truth=lambda given: {"Due date": "4 May"})
        session.client("sagemaker-a2i-runtime").start_human_loop(
            HumanLoopName="loop", FlowDefinitionArn=arn, HumanLoopInput={"InputContent": json.dumps(REQUEST)}
        )
        cloud.advance(1)
        frame = answers_frame(read_prefix(session, "s3://data/a2i"), task(), engine="arrow")

    (row,) = frame.select(["item", "label", "error"]).to_pylist()
    assert row == {
        "item": DOCUMENT,
        "label": [{"key": "Due date", "value": "4 May", "confidence": None}],
        "error": None,
    }
