"""CoNLL: spans become BIO tags and come back from them; what has no tags is refused."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Span
from hitl_sdk.training import to_conll
from hitl_sdk.training.conll import tokens

ENGINES = ("pandas", "polars", "arrow")


def exported(make, tmp_path, texts, labels, *, engine="pandas", task=None, **options):
    task = task or make.task("spans")
    frame = make.frame(task, labels, engine, item=texts)
    return to_conll(frame, task, tmp_path / "a.conll", overwrite=True, **options)


def blocks(export):
    return [block.split("\n") for block in export.path.read_bytes().decode().split("\n\n")[:-1]]


def read_spans(text, block):
    """Find the tokens of a block in its text again, and return the spans of their tags."""
    spans, position = [], 0
    for line in block:
        token, tag = line.split(" ")
        start = text.index(token, position)
        position = start + len(token)
        mark, _, label = tag.partition("-")
        if mark == "B":
            spans.append(Span(label.replace("_", " "), start, position))
        elif mark == "I":
            assert spans[-1].label == label.replace("_", " ")
            spans[-1] = Span(spans[-1].label, spans[-1].start_offset, position)
    return tuple(spans)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_token_a_line_and_an_empty_line_behind_each_item(make, tmp_path, engine):
    export = exported(
        make,
        tmp_path,
        ["Tom, the grey cat", "No pets"],
        [(Span("cat", 0, 3), Span("cat", 9, 17)), ()],
        engine=engine,
    )

    assert export.path.read_text().splitlines() == [
        "Tom B-cat", ", O", "the O", "grey B-cat", "cat I-cat", "", "No O", "pets O", "",
    ]  # fmt: skip
    assert (export.n_rows, export.left_out) == (2, 0)


def test_spans_side_by_side_stay_two(make, tmp_path):
    (block,) = blocks(exported(make, tmp_path, ["Tom Rex"], [(Span("cat", 0, 3), Span("cat", 4, 7))]))

    assert block == ["Tom B-cat", "Rex B-cat"]


def test_the_order_of_spans_does_not_matter(make, tmp_path):
    (block,) = blocks(exported(make, tmp_path, ["Tom Rex"], [(Span("dog", 4, 7), Span("cat", 0, 3))]))

    assert block == ["Tom B-cat", "Rex B-dog"]


def test_a_token_is_cut_where_a_span_ends(make, tmp_path):
    (block,) = blocks(exported(make, tmp_path, ["the catlike beast"], [(Span("cat", 4, 7),)]))

    assert block == ["the O", "cat B-cat", "like O", "beast O"]


def test_blanks_in_a_label_become_underscores(make, tmp_path):
    (block,) = blocks(exported(make, tmp_path, ["a boar"], [(Span("wild boar", 2, 6),)]))

    assert block == ["a O", "boar B-wild_boar"]


TEXTS = st.text(st.sampled_from("ab .,\n\tßé日🐗'"), min_size=1, max_size=30).filter(
    lambda text: text.strip()
)


@st.composite
def labelled_texts(draw):
    """Return a text and spans in it, without overlap and without blanks at their ends."""
    text = draw(TEXTS)
    borders = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = []
    for start, end in zip(borders[::2], borders[1::2], strict=False):
        if text[start:end].strip() == text[start:end]:
            spans.append(Span(draw(st.sampled_from(["cat", "dog", "wild boar"])), start, end))
    return text, tuple(spans)


@settings(deadline=None, max_examples=150)
@given(labelled=st.lists(labelled_texts(), min_size=1, max_size=3))
def test_spans_come_back(make, tmp_path_factory, labelled):
    texts, labels = zip(*labelled, strict=True)

    export = exported(make, tmp_path_factory.mktemp("conll"), list(texts), list(labels))

    found = [read_spans(text, block) for text, block in zip(texts, blocks(export), strict=True)]
    assert found == list(labels)


def test_blanks_at_the_ends_of_a_span_are_lost(make, tmp_path):
    text = "the cat ."
    (block,) = blocks(exported(make, tmp_path, [text], [(Span("cat", 3, 8),)]))

    assert read_spans(text, block) == (Span("cat", 4, 7),)


@given(text=st.text())
def test_tokens_hold_every_character_but_blanks(text):
    found = tokens(text)

    assert "".join(text[start:end] for start, end in found) == re.sub(r"\s", "", text)
    assert all(start < end for start, end in found)


def test_tokens_may_be_found_in_another_way(make, tmp_path):
    def words(text):
        return [match.span() for match in re.finditer(r"\S+", text)]

    (block,) = blocks(exported(make, tmp_path, ["Tom, a cat."], [(Span("cat", 7, 11),)], tokenize=words))

    assert block == ["Tom, O", "a O", "cat. B-cat"]


@pytest.mark.parametrize(
    ("text", "spans", "message"),
    [
        ("Tom Rex", (Span("cat", 0, 5), Span("dog", 4, 7)), "item '0' has spans that overlap from 4 on"),
        ("Tom", (Span("cat", 0, 9),), "item '0' has a span up to 9, the text has 3 characters"),
        ("Tom   Rex", (Span("cat", 4, 5),), "item '0' has a span from 4 to 5 without a token"),
        ("  ", (), "item '0' has a text without tokens"),
    ],
)
def test_an_item_that_has_no_tags_is_named(make, tmp_path, text, spans, message):
    with pytest.raises(InvalidInputError, match=message):
        exported(make, tmp_path, [text], [spans])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([(4, 7), (0, 3)], "a token from 0 to 3, out of order"),
        ([(0, 3), (2, 7)], "a token from 2 to 7, out of order"),
        ([(0, 8)], "a token from 0 to 8, out of order or out of the text"),
        ([(0, 7)], "a token from 0 to 7 with blanks in it"),
        ([(3, 4)], "a token from 3 to 4 with blanks in it"),
        ([(2, 2)], "a token from 2 to 2, out of order"),
    ],
)
def test_tokens_that_can_not_stand_in_a_column_are_refused(make, tmp_path, found, message):
    with pytest.raises(InvalidInputError, match=f"item '0' has {message}"):
        exported(make, tmp_path, ["Tom Rex"], [()], tokenize=lambda _: found)


def test_labels_that_differ_in_blanks_alone_are_refused(make, tmp_path):
    with pytest.raises(InvalidInputError, match="two labels would have the tag 'wild_boar'"):
        exported(make, tmp_path, ["a"], [()], task=make.task("spans", labels=("wild boar", "wild_boar")))


@pytest.mark.parametrize("kind", ["one", "several"])
def test_labels_that_are_no_spans_are_refused(make, tmp_path, kind):
    with pytest.raises(InvalidInputError, match="item '0' has no spans for a label"):
        exported(make, tmp_path, ["a"], ["cat" if kind == "one" else ("cat",)], task=make.task(kind))
