"""Make one label of what several workers drew, marked or wrote: boxes, spans, masks, texts, forms."""

# --8<-- [start:imports]
from hitl_sdk.consolidation import (
    BoxConsolidation,
    Consensus,
    FormConsolidation,
    InstanceMaskConsolidation,
    KeypointConsolidation,
    MajorityVote,
    MaskVote,
    NumberConsolidation,
    PolygonConsolidation,
    SpanConsolidation,
    TextConsolidation,
    Vote,
)
from hitl_sdk.labels import (
    Box,
    Keypoint,
    Mask,
    Point,
    Polygon,
    Shapes,
    Span,
    make_mask,
    mask_pixels,
)

# --8<-- [end:imports]


def boxes() -> None:
    """Match boxes by IoU, average them, and say how sure each is."""
    # --8<-- [start:boxes]
    drawn = {
        "ann": [Box("cat", 10, 12, 90, 60), Box("dog", 200, 40, 80, 80)],
        "bob": [Box("cat", 12, 10, 88, 64), Box("dog", 204, 44, 80, 80)],
        "cai": [Box("fox", 205, 39, 79, 83), Box("cat", 400, 300, 20, 20)],
    }
    votes = [
        Vote("1.jpg", worker, Shapes(tuple(shapes), 640, 480))
        for worker, shapes in drawn.items()
    ]
    consensus = BoxConsolidation(min_iou=0.5).consolidate(votes)["1.jpg"]
    for box in consensus.label.shapes:
        print(
            f"{box.label} {box.left:.1f} {box.top:.1f} {box.width:.1f} {box.height:.1f}",
            end=" ",
        )
        print(f"confidence {box.confidence:.2f}")
    print(f"confidence {consensus.confidence:.2f}, agreement {consensus.agreement:.2f}")
    # --8<-- [end:boxes]


def ties() -> None:
    """Let the model decide where the workers are split."""
    # --8<-- [start:ties]
    votes = [
        Vote("1.jpg", "ann", Shapes((Box("cat", 10, 10, 50, 50), Box("dog", 200, 40, 80, 80)))),
        Vote("1.jpg", "bob", Shapes((Box("cat", 10, 10, 50, 50),))),
    ]
    models = {"no model": None, "sees one": {"1.jpg": Shapes((Box("cat", 11, 9, 52, 50),))}}
    for model, preferred in models.items():
        consensus = BoxConsolidation().consolidate(votes, preferred=preferred)["1.jpg"]
        print(f"{model}: {[box.label for box in consensus.label.shapes]}, tie {consensus.tie}")
    # --8<-- [end:ties]


def outlines_and_points() -> None:
    """Average outlines along their length, and points by their place."""
    # --8<-- [start:outlines]
    corners = [Point(10, 10), Point(90, 10), Point(90, 50), Point(10, 50)]
    more = [Point(94, 52), Point(14, 52), Point(14, 12), Point(54, 12), Point(94, 12)]
    roofs = {"ann": Polygon("roof", tuple(corners)), "bob": Polygon("roof", tuple(more))}
    votes = [Vote("1.jpg", worker, Shapes((roof,))) for worker, roof in roofs.items()]
    roof = PolygonConsolidation().consolidate(votes)["1.jpg"].label.shapes[0]
    print([(round(x, 1), round(y, 1)) for x, y in roof.vertices])

    noses = {"ann": Keypoint("nose", 155, 275), "bob": Keypoint("nose", 161, 283)}
    points = [Vote("1.jpg", worker, Shapes((nose,))) for worker, nose in noses.items()]
    print(KeypointConsolidation(max_distance=20).consolidate(points)["1.jpg"].label.shapes[0])
    # --8<-- [end:outlines]


def spans() -> None:
    """Cluster spans, and settle their boundaries."""
    # --8<-- [start:spans]
    text = "Flights from New York City to Rome"
    marked = {
        "ann": (Span("city", 13, 21), Span("city", 30, 34)),
        "bob": (Span("city", 13, 26),),
        "cai": (Span("state", 13, 26), Span("city", 30, 34)),
    }
    votes = [Vote("1", worker, label) for worker, label in marked.items()]
    for span in SpanConsolidation().consolidate(votes)["1"].label:
        marked_text = text[span.start_offset : span.end_offset]
        print(f"{span.label}: {marked_text}, confidence {span.confidence:.2f}")
    # --8<-- [end:spans]


def show(consensus: Consensus[Mask]) -> None:
    """Print the pixels of a mask."""
    for row in mask_pixels(consensus.label).tolist():
        print("".join(map(str, row)))
    print(
        f"{consensus.label.labels}, confidence {consensus.confidence:.2f}, tie {consensus.tie}"
    )


def masks() -> None:
    """Vote on each pixel, of labels and of instances."""
    # --8<-- [start:masks]
    roads = {
        "ann": make_mask([[0, 1, 1, 1], [0, 1, 1, 2]], ["road", "sky"]),
        "bob": make_mask([[0, 1, 1, 2], [0, 0, 1, 2]], ["road", "sky"]),
        "cai": make_mask([[1, 1, 1, 2], [0, 0, 2, 2]], ["road", "sky"]),
    }
    show(
        MaskVote().consolidate([Vote("1.jpg", who, mask) for who, mask in roads.items()])[
            "1.jpg"
        ]
    )

    cars = {
        "ann": make_mask([[1, 1, 0, 2, 2, 2]], ["car", "car"]),
        "bob": make_mask([[2, 2, 0, 1, 1, 1]], ["car", "car"]),  # the other way round
        "cai": make_mask([[1, 1, 1, 0, 2, 2]], ["car", "van"]),
    }
    votes = [Vote("1.jpg", who, mask) for who, mask in cars.items()]
    show(InstanceMaskConsolidation().consolidate(votes)["1.jpg"])
    # --8<-- [end:masks]


def texts_and_forms() -> None:
    """Choose a text, and go through a form field by field."""
    # --8<-- [start:forms]
    forms: dict[str, dict[str, object]] = {
        "ann": {"kind": "invoice", "total": 80.5, "remark": "paid in cash"},
        "bob": {"kind": "invoice", "total": 80.5, "remark": "paid  in cash"},
        "cai": {"kind": "receipt", "total": 30.5, "remark": "payed in cash", "urgent": True},
    }
    method = FormConsolidation(
        {
            "kind": MajorityVote(),
            "total": NumberConsolidation(),
            "remark": TextConsolidation(),
            "urgent": MajorityVote(),
        }
    )
    consensus = method.consolidate([Vote("1.pdf", who, form) for who, form in forms.items()])
    print(consensus["1.pdf"].label)
    for name, confidence in (consensus["1.pdf"].label_confidences or {}).items():
        print(f"{name} {confidence:.2f}")
    # --8<-- [end:forms]


if __name__ == "__main__":
    boxes()
    ties()
    outlines_and_points()
    spans()
    masks()
    texts_and_forms()
