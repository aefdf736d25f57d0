"""The training frame of labels that are no single text: types, consolidation of whole frames, and what can't be made one."""

from base64 import b64encode

import pytest

from hitl_sdk.consolidation import DawidSkene
from hitl_sdk.labels import Box, Shapes, to_value
from hitl_sdk.labels.masks import colored_png, make_mask
from hitl_sdk.results import HumanAnswer, HumanLoopOutput
from hitl_sdk.tasks import (
    BoundingBox,
    BoundingBoxVerification,
    CheckField,
    ChoiceField,
    Form,
    SemanticSegmentation,
    TextClassification,
    TextMultiClassification,
)
from hitl_sdk.training import TrainingRow, build_training_frame

FLOW = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/flow"
BOX = {"label": "cat", "left": 10, "top": 10, "width": 20, "height": 20}


def task(kind, **fields):
    return kind(**{"name": "a", "title": "Which?"} | fields)


def output(*contents, loop="loop-1"):
    """Return the output of a loop in which one worker each gave these answers."""
    answers = tuple(
        HumanAnswer(f"{number:016x}", None, {"a": content}, None, None, None)
        for number, content in enumerate(contents)
    )
    return HumanLoopOutput(loop, FLOW, {"taskObject": "x"}, answers, {})


def row(answered=None, *, item_id="1", decision="review", model_label=None, **changes):
    return TrainingRow(item_id, "x", model_label, 0.5, decision, "why", output=answered, **changes)


def rows_of(of, *rows, **options):
    return build_training_frame(rows, of, engine="arrow", **options).to_pylist()


def test_several_labels_have_a_confidence_each():
    topics = task(TextMultiClassification, labels=["price", "size", "colour"])
    (made,) = rows_of(
        topics,
        row(output({"labels": ["size", "price"]}, {"labels": ["price"]}, {"labels": ["price", "size"]})),
    )

    assert made["label"] == ["price", "size"]
    assert made["label_confidences"] == [1.0, pytest.approx(2 / 3)]


def test_a_form_has_a_confidence_for_each_field():
    form = task(Form, fields=[ChoiceField(name="kind", choices=["car", "van"]), CheckField(name="new")])
    said = [
        {"kind": {"car": True, "van": False}, "new": {"on": True}},
        {"kind": {"car": True, "van": False}, "new": {"on": True}},
    ]
    answers = tuple(HumanAnswer(f"{n:016x}", None, each, None, None, None) for n, each in enumerate(said))
    (made,) = rows_of(form, row(HumanLoopOutput("loop-1", FLOW, {}, answers, {})))

    assert list(made["label"]) == ["kind", "new"]
    assert made["label_confidences"] == [1.0, 1.0]


def test_boxes_are_averaged_and_keep_their_structure():
    boxes = task(BoundingBox, labels=["cat"])
    size = {"inputImageProperties": {"width": 100, "height": 80}}
    (made,) = rows_of(
        boxes,
        row(output({"boundingBoxes": [BOX], **size}, {"boundingBoxes": [BOX | {"left": 12}], **size}), model_label=Shapes((Box("cat", 9, 9, 20, 20),))),
    )  # fmt: skip

    assert made["label"] == {
        "shapes": [BOX | {"left": 11.0, "confidence": 1.0}],
        "image_width": 100,
        "image_height": 80,
    }
    assert made["model_label"]["shapes"][0]["left"] == 9.0
    assert made["label_source"] == "consolidated"


def test_one_workers_boxes_stand_as_they_are():
    (made,) = rows_of(task(BoundingBox, labels=["cat"]), row(output({"boundingBoxes": [BOX]})))

    assert (made["label_source"], made["confidence"], made["label"]["shapes"][0]["confidence"]) == (
        "human",
        None,
        None,
    )


def mask_answer(width, height):
    picture = {
        "labelMappings": {"road": {"color": "#2ca02c"}},
        "inputImageProperties": {"width": width, "height": height},
    }
    png = colored_png(make_mask([[1] * width] * height, ["road"]), {"road": "#2ca02c"})
    return picture | {"labeledImage": {"pngImageData": b64encode(png).decode()}}


def test_answers_that_fit_no_consensus_leave_one_item_without_a_label_and_say_why():
    roads = task(SemanticSegmentation, labels=["road"])
    broken = row(output(mask_answer(4, 2), mask_answer(2, 4)), human_loop_name="loop-1")
    fine = row(output(mask_answer(4, 2), mask_answer(4, 2)), item_id="2", human_loop_name="loop-2")
    first, second = rows_of(roads, broken, fine)

    assert (first["label"], first["label_source"], first["n_workers"]) == (None, None, 2)
    assert "loop-1" in first["reason"]
    assert second["label"]["width"] == 4


def test_a_broken_item_alone_keeps_its_row_too():
    (made,) = rows_of(
        task(SemanticSegmentation, labels=["road"]), row(output(mask_answer(4, 2), mask_answer(2, 4)))
    )

    assert made["label"] is None


def test_rows_of_equal_content_count_their_answers_once():
    mood = task(TextClassification, labels=["a", "b"])
    shared = output({"label": "a"}, {"label": "b"}, {"label": "b"})
    rows = [row(shared, item_id=item_id, human_loop_name="loop-1") for item_id in ("1", "2")]
    made = rows_of(mood, *rows, consolidation=DawidSkene())

    assert made[0]["label"] == made[1]["label"]
    assert made[0]["n_workers"] == 3


def test_dawid_and_skene_learn_about_workers_across_rows():
    """One worker says "a" whatever he sees; where the other two are split he decides a majority, but not this method."""
    mood = task(TextClassification, labels=["a", "b"])
    said = [
        ("a", "a", "a"),
        ("b", "b", "a"),
        ("a", "a", "a"),
        ("b", "b", "a"),
        ("b", "b", "a"),
        ("a", "a", "a"),
        ("b", "a", "a"),
    ]
    rows = [
        row(
            output(*({"label": label} for label in labels), loop=f"loop-{n}"),
            item_id=str(n),
            human_loop_name=f"loop-{n}",
        )
        for n, labels in enumerate(said)
    ]
    by_majority = rows_of(mood, *rows)[-1]
    by_model = rows_of(mood, *rows, consolidation=DawidSkene())[-1]

    assert by_majority["confidence"] == pytest.approx(2 / 3)
    assert by_model["confidence"] != pytest.approx(2 / 3)


def test_a_tie_is_flagged_and_the_models_label_wins():
    mood = task(TextClassification, labels=["a", "b"])
    (made,) = rows_of(mood, row(output({"label": "a"}, {"label": "b"}), model_label="b"))

    assert (made["label"], made["tie"]) == ("b", True)


def test_what_people_judge_is_no_label_that_could_win_a_tie():
    check = task(BoundingBoxVerification, labels=["cat"])
    judged = Shapes((Box("cat", 1, 2, 3, 4),), 10, 10)
    said, accepted = rows_of(
        check,
        row(output({"label": "Incorrect"}, {"label": "Correct"}), model_label=judged),
        row(item_id="2", decision="accept", model_label=judged),
    )

    assert (said["label"], said["tie"]) == ("Correct", True)
    assert said["model_label"]["shapes"][0]["width"] == 3
    assert (accepted["label"], accepted["label_source"]) == (None, None)


def test_accepted_structures_are_the_models():
    found = Shapes((Box("cat", 1, 2, 3, 4, 0.97),), 10, 10)
    (made,) = rows_of(task(BoundingBox, labels=["cat"]), row(decision="accept", model_label=found))

    assert made["label"] == made["model_label"] == to_value(found)
    assert made["label_source"] == "model"
