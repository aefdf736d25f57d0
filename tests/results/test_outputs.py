"""Many documents to a frame: nothing dropped, the same rows in every engine and by either reader."""

import json
import sys
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.errors import InvalidInputError, MissingExtraError, NotFoundError
from hitl_sdk.results import Outputs, _long_form, _regular_json, answers_frame

ENGINES = ("pandas", "polars", "arrow")
COLUMNS = [
    "item_id", "item", "worker", "label", "comment", "accepted_at", "submitted_at", "seconds_spent",
    "human_loop_name", "output_s3_uri", "error", "document",
]  # fmt: skip


def rows_of(frame):
    """Return a frame of any engine as a list of plain dicts, with None for what is not there."""
    if hasattr(frame, "to_dicts"):
        return frame.to_dicts()
    if hasattr(frame, "to_pylist"):
        return frame.to_pylist()
    return [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.astype(object).to_dict("records")
    ]


@pytest.fixture
def without_msgspec(monkeypatch):
    monkeypatch.setitem(sys.modules, "msgspec", None)
    monkeypatch.delitem(sys.modules, "hitl_sdk.results._regular", raising=False)


@pytest.fixture(scope="session")
def all_kinds(a2i):
    """Documents of every kind that was ever met, with what the frame says of them."""
    old = a2i.answer(acceptanceTime=..., timeSpentInSeconds=..., workerMetadata=...)
    return [
        (a2i.document(), ["-1"], []),
        (a2i.document(a2i.answer("1"), a2i.answer("0", "0" * 16)), ["1", "0"], []),
        (a2i.document(old), ["-1"], []),
        (a2i.document(a2i.answer(-1)), ["-1"], []),
        (a2i.document(a2i.answer("\u200b0 ")), ["0"], []),
        (a2i.document(a2i.answer(answerContent=[{"sentiment": {"label": "0"}}])), ["0"], []),
        (a2i.document(a2i.answer(submissionTime="soon", timeSpentInSeconds="38")), ["-1"], []),
        (a2i.document().replace(b"unhappy", "smutny żółw 中".encode()), ["-1"], []),
        (a2i.document().replace(b"38.33", b"1e999"), ["-1"], []),
        (a2i.document(humanAnswers=[]), [None], ["nobody has answered"]),
        (a2i.document(a2i.answer("2"), a2i.answer("0")), [None, "0"], ["label '2' is none"]),
        (a2i.document(inputContent={"text": "x"}), [None], ["no text under 'taskObject'"]),
        (a2i.document(flowDefinitionArn=a2i.flow + "-old"), [None], ["is of the flow"]),
        (a2i.document(humanLoopName=...), [None], ["has no 'humanLoopName'"]),
        (a2i.document(a2i.answer(), 7), [None], [r"humanAnswers[1] is no object"]),
        (a2i.document(a2i.answer(), a2i.answer(answerContent=7)), [None], ["has no object 'answerContent'"]),
        (a2i.document()[:-20], [None], ["no whole JSON document"]),
        (b"[" + a2i.document() + b"]", ["-1"], []),
        (b"[" + a2i.document() + b"," + a2i.document() + b"]", [None], ["is an array"]),
        (a2i.document()[:-1] + b', "note": "\xff"}', [None], ["is not UTF-8"]),
        (b"", [None], ["no whole JSON document"]),
        (None, [None], ["is not there"]),
    ]


@pytest.fixture(scope="session")
def mixed(a2i, all_kinds):
    return Outputs(
        [document for document, _, _ in all_kinds],
        uris=[f"s3://bucket/{number}/output.json" for number in range(len(all_kinds))],
        flow_definition_arn=a2i.flow,
    )


def test_the_long_form_has_one_row_an_answer(a2i):
    document = a2i.document(a2i.answer("-1"), a2i.answer("0", "0" * 16))
    frame = answers_frame(Outputs([document], uris=["s3://b/output.json"]), a2i.task)
    assert list(frame.columns) == COLUMNS
    assert rows_of(frame)[1] == {
        "item_id": None,
        "item": "I am unhappy with this product",
        "worker": "0" * 16,
        "label": "0",
        "comment": None,
        "accepted_at": datetime(2023, 2, 3, 10, 0, 1, 120_000, UTC),
        "submitted_at": datetime(2023, 2, 3, 10, 0, 39, 450_000, UTC),
        "seconds_spent": 38.33,
        "human_loop_name": "loop-1",
        "output_s3_uri": "s3://b/output.json",
        "error": None,
        "document": None,
    }


def test_your_own_item_ids_are_put_in_by_loop(a2i):
    outputs = Outputs([a2i.document(), a2i.document(humanLoopName="loop-2"), b"[]"])
    frame = answers_frame(outputs, a2i.task, item_ids={"loop-2": "item-7"})
    assert [row["item_id"] for row in rows_of(frame)] == [None, "item-7", None]


def test_nothing_is_dropped_and_every_row_has_a_label_or_an_error(a2i, all_kinds, mixed):
    rows = rows_of(answers_frame(mixed, a2i.task))
    expected = [(number, label) for number, (_, labels, _) in enumerate(all_kinds) for label in labels]
    assert [(int(row["output_s3_uri"].split("/")[3]), row["label"]) for row in rows] == expected
    assert all((row["label"] is None) == (row["error"] is not None) for row in rows)


def test_a_row_with_an_error_says_its_type_and_carries_the_document(a2i, all_kinds, mixed):
    errors = {row["output_s3_uri"]: row for row in rows_of(answers_frame(mixed, a2i.task)) if row["error"]}
    for number, (document, _, messages) in enumerate(all_kinds):
        for message in messages:
            row = errors[f"s3://bucket/{number}/output.json"]
            assert row["error"].startswith("InvalidOutputError: ")
            assert message in row["error"]
            assert row["document"] == (None if document is None else document.decode("utf-8", "replace"))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_has_the_same_rows(a2i, mixed, engine):
    assert rows_of(answers_frame(mixed, a2i.task, engine)) == rows_of(answers_frame(mixed, a2i.task))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_rows_are_the_same_without_msgspec(a2i, mixed, engine, request):
    fast = rows_of(answers_frame(mixed, a2i.task, engine))
    request.getfixturevalue("without_msgspec")
    assert rows_of(answers_frame(mixed, a2i.task, engine)) == fast


@pytest.mark.parametrize("extra", ["with", "without"])
def test_regular_documents_do_not_take_the_careful_way(a2i, monkeypatch, extra, request):
    if extra == "without":
        request.getfixturevalue("without_msgspec")
    monkeypatch.setattr(_long_form._Rows, "_add_carefully", lambda *_: pytest.fail("took the careful way"))
    outputs = Outputs([a2i.document(a2i.answer(), a2i.answer("0"))] * 300, flow_definition_arn=a2i.flow)
    assert len(answers_frame(outputs, a2i.task)) == 600


def test_one_bad_document_sends_only_itself_the_careful_way(a2i, monkeypatch):
    careful = []
    add_carefully = _long_form._Rows._add_carefully
    monkeypatch.setattr(
        _long_form._Rows,
        "_add_carefully",
        lambda self, index, row: (careful.append(index), add_carefully(self, index, row)),
    )
    outputs = Outputs([a2i.document()] * 300 + [b"cut off"] + [a2i.document()] * 300)
    frame = answers_frame(outputs, a2i.task)
    assert careful == [300]
    assert frame.index[frame["error"].notna()].tolist() == [300]


def test_many_different_answers_are_not_all_remembered(a2i, monkeypatch):
    monkeypatch.setattr(_long_form, "_REMEMBERED_ANSWERS", 1)
    outputs = Outputs([a2i.document(a2i.answer(label)) for label in ("-1", "0", "1", "0")])
    assert answers_frame(outputs, a2i.task)["label"].tolist() == ["-1", "0", "1", "0"]


def test_the_types_of_pandas_are_its_own(a2i, mixed):
    types = answers_frame(mixed, a2i.task).dtypes.astype(str)
    assert types["seconds_spent"] == "float64"
    assert types["accepted_at"] == types["submitted_at"] == "datetime64[us, UTC]"
    assert {types[name] for name in ("item", "worker", "label", "error", "item_id")} <= {"str", "object"}


@pytest.mark.parametrize("engine", ENGINES)
def test_no_documents_give_an_empty_frame_with_all_columns(a2i, engine):
    frame = answers_frame(Outputs([]), a2i.task, engine)
    assert rows_of(frame) == []
    assert list(getattr(frame, "column_names", frame.columns)) == COLUMNS


def test_an_unknown_engine_is_named_with_the_known(a2i):
    with pytest.raises(InvalidInputError, match=r"engine='spark' .*'pandas', 'polars', 'arrow'"):
        answers_frame(Outputs([]), a2i.task, "spark")


@pytest.mark.parametrize(
    ("engine", "module", "extra"),
    [("pandas", "pandas", "pandas"), ("polars", "polars", "polars"), ("arrow", "pyarrow", "arrow")],
)
def test_a_missing_engine_says_what_to_install(a2i, monkeypatch, engine, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError) as caught:
        answers_frame(Outputs([]), a2i.task, engine)
    assert f'pip install "hitl-sdk[{extra}]"' in str(caught.value)


# --- without a task


@pytest.mark.parametrize("engine", ENGINES)
def test_outputs_of_any_task_become_a_frame_of_json_text(mixed, all_kinds, engine):
    rows = rows_of(getattr(mixed, f"to_{engine}")())
    first = rows[0]
    assert json.loads(first["answer_content"]) == {"sentiment": {"label": "-1"}}
    assert json.loads(first["input_content"])["taskObject"] == "I am unhappy with this product"
    assert {row["output_s3_uri"] for row in rows} == {
        f"s3://bucket/{number}/output.json" for number in range(len(all_kinds))
    }
    assert rows == rows_of(mixed.to_arrow())


# --- rows


def test_outputs_are_a_sequence_of_rows(a2i, mixed, all_kinds):
    assert len(mixed) == len(all_kinds) == len(list(mixed))
    assert mixed[0].output.human_loop_name == "loop-1"
    assert mixed[0].document == a2i.document()
    assert mixed[-1].error is not None
    assert all((row.output is None) != (row.error is None) for row in mixed)
    assert "1 documents" in repr(Outputs([b""]))
    with pytest.raises(IndexError):
        mixed[len(mixed)]


def test_an_error_of_fetching_is_the_error_of_the_row(a2i):
    missing = NotFoundError("s3://b/1: gone")
    outputs = Outputs([a2i.document(), None], uris=["s3://b/0", "s3://b/1"], errors={1: missing})
    assert outputs[1].error is outputs[-1].error is missing
    assert answers_frame(outputs, a2i.task)["error"].tolist()[1] == "NotFoundError: s3://b/1: gone"


def test_documents_may_be_text(a2i):
    assert answers_frame(Outputs([a2i.document().decode(), "\ud800"]), a2i.task)["label"][0] == "-1"


def test_as_many_addresses_as_documents():
    with pytest.raises(InvalidInputError, match="1 documents came with 2 URIs"):
        Outputs([b""], uris=["s3://b/1", "s3://b/2"])


ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "workerId": st.text(max_size=3) | st.integers(),
        "answerContent": st.sampled_from(
            [
                {"sentiment": {"label": "0"}},
                {"sentiment": {"label": 1}},
                {},
                [],
                [{"sentiment": {"label": "0"}}],
                None,
            ]
        )
        | st.fixed_dictionaries(
            {"sentiment": st.fixed_dictionaries({"label": st.text(max_size=2) | st.floats()})}
        ),
        "acceptanceTime": st.sampled_from(
            [
                "2023-02-03T10:00:01.120Z",
                "2023-02-03",
                "2023-02-03T10:00:01+02:00",
                "2023-2-3T1:2:60Z",
                "",
                None,
                3,
            ]
        ),
        "timeSpentInSeconds": st.floats() | st.integers() | st.none() | st.booleans() | st.just("7"),
    },
).map(lambda changes: {"workerId": "w", "answerContent": {"sentiment": {"label": "0"}}} | changes)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "flowDefinitionArn": st.sampled_from(["flow", "other"]) | st.none(),
        "humanAnswers": st.lists(ANSWERS | st.none(), max_size=3),
        "humanLoopName": st.text(max_size=3) | st.integers(),
        "inputContent": st.fixed_dictionaries(
            {}, optional={"taskObject": st.text(max_size=3) | st.integers()}
        ),
    },
).map(
    lambda changes: json.dumps(
        {
            "flowDefinitionArn": "flow",
            "humanAnswers": [{"workerId": "w", "answerContent": {"sentiment": {"label": "0"}}}],
            "humanLoopName": "loop",
            "inputContent": {"taskObject": "item"},
        }
        | changes
    ).encode()
)


@given(st.lists(DOCUMENTS | st.binary(max_size=5) | st.none(), max_size=6))
def test_all_readers_and_all_engines_agree_on_anything(a2i, documents):
    outputs = Outputs(documents, flow_definition_arn="flow")
    fast = rows_of(answers_frame(outputs, a2i.task, "arrow"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_long_form, "_regular_decoder", lambda: _regular_json.decode_regular)
        without_extra = rows_of(answers_frame(outputs, a2i.task, "arrow"))
        patch.setattr(_long_form._Rows, "_add_regular", lambda *_: int("not regular"))
        careful = rows_of(answers_frame(outputs, a2i.task, "arrow"))
    assert fast == without_extra == careful == rows_of(answers_frame(outputs, a2i.task, "polars"))
    assert all((row["label"] is None) == (row["error"] is not None) for row in fast)
    assert len(fast) >= len(documents)
