"""What is not installed is named, with the command that brings it."""

import sys

import pytest

from hitl_sdk.consolidation import (
    BoxConsolidation,
    FormFieldConsolidation,
    InstanceMaskConsolidation,
    MaskVote,
    PolygonConsolidation,
    SpanConsolidation,
    TextConsolidation,
    Vote,
)
from hitl_sdk.errors import MissingExtraError
from hitl_sdk.labels import Box, FormField, Mask, Point, Polygon, Shapes, Span, make_mask

ROOF = Polygon("roof", (Point(0, 0), Point(4, 0), Point(2, 3)))
MASK = Mask(1, 1, ("road",), b"...")


def agree(method, *answers):
    return method.consolidate([Vote("1", str(number), answer) for number, answer in enumerate(answers)])


@pytest.mark.parametrize(
    ("module", "extra", "ask"),
    [
        ("numpy", "images", lambda: agree(BoxConsolidation(), Shapes((Box("cat", 0, 0, 1, 1),)), Shapes())),
        ("shapely", "images", lambda: agree(PolygonConsolidation(), Shapes((ROOF,)), Shapes((ROOF,)))),
        ("numpy", "images", lambda: agree(MaskVote(), MASK, MASK)),
        ("PIL", "images", lambda: agree(InstanceMaskConsolidation(), MASK, MASK)),
        ("PIL", "images", lambda: make_mask([[1]], ["road"])),
        ("rapidfuzz", "text", lambda: agree(TextConsolidation(), "left", "right")),
    ],
)
def test_what_is_missing_is_named_with_its_extra(monkeypatch, module, extra, ask):
    for name in [module, *(name for name in sys.modules if name.startswith(f"{module}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError) as caught:
        ask()

    assert f'needs {module}, which is not installed (pip install "hitl-sdk[{extra}]")' in str(caught.value)


def test_spans_and_fields_of_documents_need_nothing(monkeypatch):
    for module in ("numpy", "PIL", "rapidfuzz", "shapely"):
        monkeypatch.setitem(sys.modules, module, None)

    assert agree(SpanConsolidation(), (Span("city", 0, 4),), (Span("city", 0, 4),))["1"].agreement == 1
    assert agree(FormFieldConsolidation(), (FormField("a", "b"),), (FormField("a", "b"),))["1"].agreement == 1
