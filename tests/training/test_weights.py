"""Weights: what people corrected counts more, and what can't be trained on nothing."""

import io

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Box, FormField, Mask, Shapes, Span
from hitl_sdk.labels.masks import make_mask
from hitl_sdk.training import append, with_sample_weights

ENGINES = ("pandas", "polars", "arrow")


def weights(frame, **options):
    return nw.from_native(with_sample_weights(frame, **options))["sample_weight"].to_list()


def one(engine, make, **columns):
    return make.frame(
        make.task("one"),
        ["cat", "dog", "dog", "cat", None],
        engine,
        label_source=["model", "human", "consolidated", "human", None],
        model_label=["cat", "cat", "dog", None, "cat"],
        **columns,
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_correction_weighs_more(make, engine):
    assert weights(one(engine, make)) == [1.0, 2.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize("engine", ENGINES)
def test_each_source_may_have_its_weight(make, engine):
    assert weights(one(engine, make), correction=5, human=3, model=0) == [0.0, 5.0, 3.0, 3.0, 0.0]


def test_the_frame_stays_as_it_was_but_for_the_column(make):
    frame = one("pandas", make)
    frame.index = [7, 3, 3, 1, 0]

    weighed = with_sample_weights(frame, column="w")

    pd.testing.assert_frame_equal(weighed.drop(columns="w"), frame)
    assert weighed["w"].dtype == np.float64


def test_rows_that_are_not_in_force_weigh_nothing(make):
    columns = {"label_source": ["human"], "model_label": ["cat"]}
    frames = [make.frame(make.task("one"), [label], **columns) for label in ("cat", "dog")]

    assert weights(append(*frames)) == [0.0, 2.0]


def recoded(mask, order):
    """Return a mask of the same pixels in another PNG, its labels in another order."""
    pixels = np.asarray(Image.open(io.BytesIO(mask.png)))
    numbers = np.array([0, *(order.index(label) + 1 for label in mask.labels)])
    file = io.BytesIO()
    Image.fromarray(numbers[pixels].astype(np.uint8)).save(file, format="PNG", compress_level=0)
    return Mask(mask.width, mask.height, tuple(order), file.getvalue())


A, B = Box("cat", 1, 2, 3, 4), Box("dog", 5, 6, 7, 8)
MASK = make_mask([[0, 1], [2, 2]], ["cat", "dog"])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("kind", "label", "said", "differs"),
    [
        ("several", ("cat",), ("cat",), False),
        ("several", ("cat",), ("cat", "dog"), True),
        ("several", (), ("dog",), True),
        ("boxes", Shapes((A, B), 9, 9), Shapes((B, Box("cat", 1, 2, 3, 4, confidence=0.7))), False),
        ("boxes", Shapes((A, A)), Shapes((A,)), True),
        ("boxes", Shapes((A,)), Shapes((Box("cat", 1, 2, 3, 5),)), True),
        ("spans", (Span("cat", 0, 3),), (Span("cat", 0, 3, confidence=0.5),), False),
        ("spans", (Span("cat", 0, 3),), (Span("dog", 0, 3),), True),
        ("fields", (FormField("Due", "3 May"),), (FormField("Due", "5 May"),), True),
        ("semantic", MASK, recoded(MASK, ["dog", "cat"]), False),
        ("semantic", MASK, make_mask([[0, 0], [2, 2]], ["cat", "dog"]), True),
        ("form", {"mood": "cat", "stars": 1.0, "again": True, "why": ["x"]},
         {"mood": "cat", "stars": 1.0, "again": True, "why": ["x"]}, False),
        ("form", {"mood": "cat", "stars": 1.0, "again": True, "why": ["x"]},
         {"mood": "cat", "stars": 2.0, "again": True, "why": ["x"]}, True),
        ("verdict", "Correct", Shapes((A,)), False),
    ],
)  # fmt: skip
def test_a_label_differs_if_it_says_something_else(  # noqa: PLR0917
    make, engine, kind, label, said, differs
):
    frame = make.frame(make.task(kind), [label], engine, model_label=[said])

    assert weights(frame) == [2.0 if differs else 1.0]


@pytest.mark.parametrize("options", [{"correction": -1}, {"human": float("nan")}, {"model": float("inf")}])
def test_what_is_no_weight_is_refused(make, options):
    with pytest.raises(InvalidInputError, match=f"{next(iter(options))}=.* is no weight"):
        weights(one("pandas", make), **options)


def test_a_frame_without_the_models_labels_is_refused(make):
    with pytest.raises(InvalidInputError, match="no column 'model_label'"):
        weights(make.frame(make.task("one"), ["cat"]))


def test_several_labels_of_people_alone_are_no_correction():
    frame = pl.DataFrame(
        {"label": [["joy"]], "label_source": ["human"], "model_label": [None]},
        schema={"label": pl.List(pl.String), "label_source": pl.String, "model_label": pl.List(pl.String)},
    )

    assert with_sample_weights(frame)["sample_weight"].to_list() == [1.0]
