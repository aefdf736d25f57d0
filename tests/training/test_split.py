"""A split: by share, by label, without leaks, the same from every engine and in every order."""

from collections import Counter

import narwhals as nw
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.errors import EmptyInputError, InvalidInputError
from hitl_sdk.labels import Box, FormField, Mask, Shapes, Span
from hitl_sdk.training import append, split

ENGINES = ("pandas", "polars", "arrow")


def frame(labels, items=None, **columns):
    n = len(labels)
    return pd.DataFrame(
        {
            "item_id": [str(i) for i in range(n)],
            "item": items or [f"text {i}" for i in range(n)],
            "label": labels,
        }
        | columns
    )


def ids(parts):
    return {name: nw.from_native(part)["item_id"].to_list() for name, part in parts.items()}


def counts(part, column="label"):
    return Counter(part[column])


def test_each_part_has_its_share_of_every_label():
    parts = split(
        frame(["a"] * 700 + ["b"] * 200 + ["c"] * 100), fractions={"train": 0.7, "val": 0.1, "test": 0.2}
    )

    assert counts(parts["train"]) == pytest.approx({"a": 490, "b": 140, "c": 70}, abs=2)
    assert counts(parts["val"]) == pytest.approx({"a": 70, "b": 20, "c": 10}, abs=2)
    assert counts(parts["test"]) == pytest.approx({"a": 140, "b": 40, "c": 20}, abs=2)


def test_the_default_is_four_fifths_for_training():
    assert {name: len(part) for name, part in split(frame(["a", "b"] * 50)).items()} == {
        "train": 80,
        "test": 20,
    }


def test_labels_that_occur_once_do_not_all_go_to_one_part():
    parts = split(frame([f"label {i}" for i in range(100)]))

    assert len(parts["test"]) == pytest.approx(20, abs=2)


@settings(deadline=None, max_examples=40)
@given(
    labels=st.lists(st.sampled_from("abc"), min_size=10, max_size=80),
    share=st.sampled_from([0.5, 0.7, 0.8]),
    seed=st.integers(0, 5),
)
def test_parts_are_within_few_rows_of_their_share(labels, share, seed):
    parts = split(frame(labels), fractions={"train": share, "test": 1 - share}, seed=seed)

    assert len(parts["train"]) == pytest.approx(share * len(labels), abs=2)
    for label, count in Counter(labels).items():
        assert counts(parts["train"])[label] == pytest.approx(share * count, abs=2)


@settings(deadline=None, max_examples=40)
@given(
    items=st.lists(st.sampled_from([f"text {i}" for i in range(12)]), min_size=12, max_size=60),
    seed=st.integers(0, 3),
)
def test_equal_content_is_never_in_two_parts(items, seed):
    try:
        parts = split(frame(["a"] * len(items), items), fractions={"x": 0.5, "y": 0.5}, seed=seed)
    except InvalidInputError:
        assert len(set(items)) < 3
        return

    assert set(parts["x"]["item"]) & set(parts["y"]["item"]) == set()
    assert len(parts["x"]) + len(parts["y"]) == len(items)


@settings(deadline=None, max_examples=40)
@given(
    customers=st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh")), min_size=20, max_size=60),
    seed=st.integers(0, 3),
)
def test_no_group_is_in_two_parts(customers, seed):
    data = frame(["a"] * len(customers), customer=pd.Series(customers, dtype=object))
    try:
        parts = split(data, fractions={"x": 0.5, "y": 0.5}, groups="customer", seed=seed)
    except InvalidInputError:
        assert len(set(customers)) < 3
        return

    assert set(parts["x"]["customer"].dropna()) & set(parts["y"]["customer"].dropna()) == set()


def test_equal_content_joins_groups():
    data = frame(["a"] * 4, ["same", "x", "same", "y"], customer=["c1", "c1", "c2", "c2"])

    with pytest.raises(InvalidInputError, match="the part 'test' would be empty"):
        split(data, groups="customer")


def test_rows_without_a_group_stand_for_themselves():
    data = frame(["a"] * 10, customer=pd.Series([None] * 10, dtype=object))

    assert len(split(data, groups="customer")["test"]) == 2


@pytest.mark.parametrize("stratify", ["label", None])
def test_the_parts_are_the_same_from_every_engine_and_in_every_order(stratify):
    data = frame(["a", "b", "c"] * 20, [f"text {i % 45}" for i in range(60)])
    options = {"fractions": {"train": 0.6, "test": 0.4}, "seed": 3, "stratify": stratify}
    expected = {name: set(found) for name, found in ids(split(data, **options)).items()}

    shuffled = data.sample(frac=1, random_state=1)
    others = [shuffled, pl.from_pandas(data), nw.from_native(shuffled).to_arrow()]
    for other in others:
        parts = split(other, **options)
        assert {name: set(found) for name, found in ids(parts).items()} == expected
        assert all(type(part) is type(other) for part in parts.values())


def test_rows_keep_their_order_and_columns():
    data = frame(["a", "b"] * 10, note=range(20))

    train = split(data)["train"]

    assert train["note"].is_monotonic_increasing
    pd.testing.assert_frame_equal(train, data.loc[train.index])


def test_another_seed_gives_another_split():
    data = frame(["a"] * 50)

    assert ids(split(data, seed=1)) == ids(split(data, seed=1)) != ids(split(data, seed=2))


def test_rows_without_a_label_are_in_no_part():
    parts = split(frame(["a", None] * 10))

    assert sum(len(part) for part in parts.values()) == 10


def test_rows_that_are_not_in_force_are_in_no_part():
    older = frame(["a"] * 10, schema_version=1)
    data = append(older, frame(["b"] * 10, schema_version=1))

    parts = split(data)

    assert {label for part in parts.values() for label in part["label"]} == {"b"}


def box(label):
    return Box(label, 0, 0, 1, 1)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("kind", "rare", "often"),
    [
        ("several", ("cat", "dog"), ("dog",)),
        ("boxes", Shapes((box("cat"), box("dog"))), Shapes((box("dog"),))),
        ("boxes", Shapes((box("cat"),)), Shapes(())),
        ("spans", (Span("cat", 0, 1),), ()),
        ("fields", (FormField("cat", "x"),), (FormField("dog", "x"),)),
        ("semantic", Mask(1, 1, ("cat",), b"1"), Mask(1, 1, ("dog",), b"2")),
        ("form", {"mood": "cat", "stars": None, "again": None, "why": []},
         {"mood": "dog", "stars": None, "again": None, "why": []}),
    ],
)  # fmt: skip
def test_a_structured_label_counts_for_each_name_in_it(make, engine, kind, rare, often):
    labels = [rare if number % 10 == 0 else often for number in range(100)]
    data = make.frame(make.task(kind), labels, engine)

    found = ids(split(data, fractions={"train": 0.5, "test": 0.5}))

    assert sum(int(name) % 10 == 0 for name in found["test"]) == pytest.approx(5, abs=1)
    assert len(found["test"]) == pytest.approx(50, abs=1)


def test_a_function_may_say_what_is_balanced():
    data = frame([f"{'ab'[i % 10 == 0]}-{i}" for i in range(100)])

    parts = split(data, stratify=lambda label: [label[0]], fractions={"train": 0.5, "test": 0.5})

    assert sum(label.startswith("b") for label in parts["test"]["label"]) == 5


def test_another_column_may_say_what_is_balanced():
    data = frame(["a"] * 100, lang=["de" if i % 10 == 0 else None for i in range(100)])

    parts = split(data, stratify="lang", fractions={"train": 0.5, "test": 0.5})

    assert counts(parts["test"], "lang")["de"] == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fractions": {"a": 0.5, "b": 0.4}}, "sum to 0.9, not to 1"),
        ({"fractions": {"a": 1.5, "b": -0.5}}, "not above 0"),
        ({"fractions": {}}, "sum to 0"),
        ({"groups": "customer"}, "no column 'customer'"),
        ({"stratify": "lang"}, "no column 'lang'"),
    ],
)
def test_what_can_not_be_split_is_refused(options, message):
    with pytest.raises(InvalidInputError, match=message):
        split(frame(["a"] * 10), **options)


@pytest.mark.parametrize(
    ("given_frame", "message"), [([1, 2], "list is no frame"), (pl.LazyFrame(), "is lazy")]
)
def test_what_is_no_frame_is_refused(given_frame, message):
    with pytest.raises(InvalidInputError, match=message):
        split(given_frame)


def test_a_frame_without_labels_is_refused():
    with pytest.raises(EmptyInputError, match="no row of the frame has a label"):
        split(frame([None, None]))
