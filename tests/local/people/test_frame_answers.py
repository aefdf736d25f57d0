"""The elements that stand for AWS's task UIs of frames and points: what they ask, and what simulated workers answer."""

import json
import struct
from base64 import b64decode
from zlib import decompress

import pytest

from hitl_sdk._elements import read_template
from hitl_sdk._ground_truth import kind_named
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import (
    Box,
    Cuboid,
    Frame,
    FrameObject,
    FrameSequence,
    Keypoint,
    PointClasses,
    compress_points,
    sequence_label,
)
from hitl_sdk.local.builtin_uis import template_of
from hitl_sdk.local.frame_responses import frame_responses

LABELS = {"labels": [{"label": "van"}, {"label": "bus"}]}
SEQUENCE = {
    "seq-no": 1,
    "prefix": "s3://images/",
    "number-of-frames": 2,
    "frames": [{"frame-no": 4, "frame": "cat.png"}, {"frame-no": 5, "frame": "no.png"}],
}
VAN = Cuboid("van", 8, -3, 1, 5, 2, 2)


def ui(name, **config):
    return template_of(name, LABELS | config, kind_named(name if name.startswith("Video") else f"3D{name}"))


def sequence(*frames):
    return FrameSequence(tuple(Frame(number, None, tuple(things)) for number, things in frames))


def known(desk, name, truth, *, task_object=SEQUENCE, manifest_line=None, config=None, **options):
    given = {"taskObject": task_object, "manifestLine": manifest_line or {}}
    (answer,) = desk.known(ui(name, **(config or {})), truth, input_content=given, **options).values()
    return answer


# --- what is asked --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("VideoObjectDetection", "hitl-video-frames"),
        ("VideoObjectTracking", "hitl-video-frames"),
        ("PointCloudObjectDetection", "hitl-point-cloud"),
        ("PointCloudObjectTracking", "hitl-point-cloud-frames"),
        ("PointCloudSemanticSegmentation", "hitl-point-classes"),
    ],
)
def test_each_task_ui_has_an_element_with_the_labels_of_the_job(name, tag):
    form, element = read_template(ui(name))

    assert (form.tag, element.tag, element.categories) == ("crowd-form", tag, ("van", "bus"))
    assert ("tracking" in element.attributes) is name.endswith("Tracking")


def test_texts_are_marked_by_the_element_of_a2i():
    config = {
        "labels": [
            {"label": "person", "shortDisplayName": "PER", "fullDisplayName": "A person"},
            {"label": "city"},
        ],
        "instructions": {"shortInstruction": "<p>Mark &amp; go</p>", "fullInstruction": "<b>Mark all</b>"},
    }

    template = template_of("NamedEntityRecognition", config, kind_named("NamedEntityRecognition"))

    (element,) = read_template(template)
    assert (element.name, element.categories) == ("crowd-entity-annotation", ("person", "city"))
    assert "PER" in element.attributes["labels"]
    assert "A person" in element.attributes["labels"]
    assert "<short-instructions><p>Mark &amp; go</p></short-instructions>" in template


def test_labels_and_instructions_are_no_liquid():
    config = {"labels": [{"label": "{{ x }}"}], "instructions": {"shortInstruction": "<p>{% raw %}</p>"}}
    template = template_of("VideoObjectDetection", config, kind_named("VideoObjectDetection"))

    assert "{% raw" not in template
    assert read_template(template)[1].categories == ("{{ x }}",)


def test_an_annotation_type_that_is_none_is_refused():
    with pytest.raises(InvalidInputError, match="annotationType is 'Circle'"):
        ui("VideoObjectDetection", annotationType="Circle")


def test_a_task_ui_that_aws_does_not_have_is_refused():
    with pytest.raises(InvalidInputError, match="AWS has no task UI 'AudioTracking'"):
        template_of("AudioTracking", LABELS, kind_named("VideoObjectTracking"))


# --- what is answered -----------------------------------------------------------------------------------------------


def test_every_frame_of_the_sequence_is_answered_with_its_number_and_name(desk):
    truth = sequence((5, [FrameObject(Box("van", 1, 2, 3, 4), object_id="a")]))

    answer = known(desk, "VideoObjectDetection", truth)

    assert answer == {
        "frames": [
            {"frameNumber": "4", "frame": "cat.png", "boundingBoxes": [], "frameAttributes": {}},
            {
                "frameNumber": "5",
                "frame": "no.png",
                "boundingBoxes": [
                    {
                        "label": "van",
                        "left": 1,
                        "top": 2,
                        "width": 3,
                        "height": 4,
                        "objectId": "a",
                        "labelCategoryAttributes": {},
                    }
                ],
                "frameAttributes": {},
            },
        ]
    }


def test_things_without_ids_get_some_by_label_and_place(desk):
    things = [
        FrameObject(Keypoint(label, place, place)) for label, place in (("van", 1), ("bus", 2), ("van", 3))
    ]
    truth = sequence((4, things), (5, things[:2]))

    frames = known(desk, "VideoObjectTracking", truth, config={"annotationType": "Keypoint"})["frames"]

    called = [[(each["objectId"], each["objectName"]) for each in frame["keypoints"]] for frame in frames]
    assert called[0] == [("van-1", "van:1"), ("bus-1", "bus:1"), ("van-2", "van:2")]
    assert called[1] == called[0][:2]


def test_without_a_sequence_the_frames_of_the_truth_are_answered(desk):
    truth = sequence((7, [FrameObject(VAN, object_id="a", object_name="van:9")]))

    (frame,) = known(desk, "PointCloudObjectTracking", truth, task_object="s3://images/a.json")["frames"]

    (cuboid,) = frame["cuboids"]
    assert (frame["frameNumber"], cuboid["center-x"], cuboid["objectName"]) == ("7", 8, "van:9")


def test_cuboids_of_one_frame_are_named(desk):
    bus = Cuboid("bus", 1, 1, 1, 1, 1, 1)
    answer = known(
        desk, "PointCloudObjectDetection", [VAN, bus, VAN], task_object={"frame": "s3://images/1.bin"}
    )

    assert [each["objectName"] for each in answer["cuboids"]] == ["van:1", "bus:1", "van:2"]
    assert "objectId" not in answer["cuboids"][0]


def test_hands_shake_within_the_image_and_move_cuboids_by_centimetres(desk):
    box = sequence((4, [FrameObject(Box("van", 1, 1, 28, 18))]))
    cuboid = sequence((4, [FrameObject(VAN)]))

    for seed in range(10):
        (frame, _) = known(desk, "VideoObjectDetection", box, jitter=9.0, seed=seed)["frames"]
        (drawn,) = frame["boundingBoxes"]
        assert drawn["left"] >= 0
        assert drawn["left"] + drawn["width"] <= 30  # as wide as cat.png
        (frame, _) = known(desk, "PointCloudObjectTracking", cuboid, jitter=9.0, seed=seed)["frames"]
        assert 0 < abs(frame["cuboids"][0]["center-x"] - 8) < 1


def test_the_size_of_an_image_that_can_not_be_read_is_no_bound(desk):
    box = sequence((4, [FrameObject(Box("van", 1000, 1000, 28, 18))]))
    unreadable = SEQUENCE | {"prefix": "s3://nowhere/"}

    (frame, _) = known(desk, "VideoObjectDetection", box, task_object=unreadable, jitter=3.0)["frames"]

    assert frame["boundingBoxes"][0]["left"] > 900


def test_things_are_overlooked_or_called_something_else_frame_by_frame(desk):
    truth = sequence(*((number, [FrameObject(VAN)] * 20) for number in (4, 5)))

    frames = known(desk, "PointCloudObjectTracking", truth, accuracy=0.5)["frames"]

    labels = [[each["label"] for each in frame["cuboids"]] for frame in frames]
    assert all(0 < len(each) < 20 and set(each) == {"van", "bus"} for each in labels)
    assert labels[0] != labels[1]


def classes_in(answer):
    return list(decompress(b64decode(answer["points"])))


def test_points_that_belong_to_something_err_each_by_itself(desk):
    truth = PointClasses(("van", "bus"), bytes([0] * 50 + [1] * 50))

    said = classes_in(known(desk, "PointCloudSemanticSegmentation", truth, accuracy=0.5))
    confused = classes_in(
        known(
            desk,
            "PointCloudSemanticSegmentation",
            truth,
            confusion={"van": {"bus": 1.0}, "bus": {"bus": 1.0}},
        )
    )

    assert said[:50] == [0] * 50
    assert set(said[50:]) == {1, 2}
    assert confused[50:] == [2] * 50


@pytest.mark.parametrize(
    ("frame", "n_points"),
    [
        ({"frame": "s3://images/1.bin"}, 3),  # x, y, z and intensity, unless the frame says otherwise
        ({"frame": "s3://images/1.bin", "format": "binary/xyzrgb"}, 2),
        ({"frame": "s3://images/1.txt"}, 2),
        ({"frame": "s3://images/gone.bin"}, 0),
    ],
)
def test_nothing_painted_is_the_background_for_every_point(frame, n_points, desk):
    desk.objects |= {"1.bin": struct.pack("<12f", *range(12)), "1.txt": b"1 2 3 4\n\n5 6 7 8\n"}

    (answer,) = desk.agreed(ui("PointCloudSemanticSegmentation"), taskObject=frame).values()

    assert classes_in(answer) == [0] * n_points


# --- former labels --------------------------------------------------------------------------------------------------


def test_the_former_sequence_is_there_and_its_changes_are_told(desk):
    former = sequence((4, [FrameObject(Box("van", 1, 2, 3, 4), "a", "van:1")]), (5, []))
    desk.objects["SeqLabel.json"] = json.dumps(
        sequence_label(Box, former, ["van", "bus"], tracking=True)
    ).encode()
    line = {"vans-ref": "s3://images/SeqLabel.json", "vans-ref-metadata": {"class-map": {"0": "van"}}}
    template = ui("VideoObjectTracking", auditLabelAttributeName="vans-ref")

    (agreed,) = desk.agreed(template, taskObject=SEQUENCE, manifestLine=line).values()
    config = {"auditLabelAttributeName": "vans-ref"}
    mended = known(desk, "VideoObjectTracking", sequence(), manifest_line=line, config=config)

    assert agreed["frames"][0]["boundingBoxes"][0]["objectName"] == "van:1"
    assert (agreed["initialValueModified"], mended["initialValueModified"]) == (False, True)


def test_former_cuboids_and_points_are_there(desk):
    desk.objects["points.zlib"] = compress_points(PointClasses(("van", "bus"), bytes([0, 2])))
    cuboid = {
        "class-id": 1,
        "center-x": 1,
        "center-y": 1,
        "center-z": 1,
        "length": 1,
        "width": 1,
        "height": 1,
    }
    line = {
        "boxes": {"annotations": [cuboid]},
        "boxes-metadata": {"class_map": {"1": "bus"}},
        "points-ref": "s3://images/points.zlib",
        "points-ref-metadata": {
            "color-map": {str(n): {"class-name": name} for n, name in enumerate(["", "van", "bus"])}
        },
    }

    boxes = ui("PointCloudObjectDetection", auditLabelAttributeName="boxes")
    (drawn,) = desk.agreed(boxes, taskObject={}, manifestLine=line).values()
    points = ui("PointCloudSemanticSegmentation", auditLabelAttributeName="points-ref")
    (painted,) = desk.agreed(points, taskObject={}, manifestLine=line).values()

    assert (drawn["cuboids"][0]["label"], drawn["initialValueModified"]) == ("bus", False)
    assert (classes_in(painted), painted["initialValueModified"]) == ([0, 2], False)


@pytest.mark.parametrize(
    "name", ["VideoObjectTracking", "PointCloudObjectDetection", "PointCloudSemanticSegmentation"]
)
def test_a_line_without_the_former_label_begins_empty(name, desk):
    template = ui(name, auditLabelAttributeName="vans-ref")

    (answer,) = desk.agreed(template, taskObject={}, manifestLine={}).values()

    assert "initialValueModified" not in answer


def test_an_answer_without_frames_has_no_response_to_a_frame():
    assert (
        frame_responses("w", {"boundingBox": {"boundingBoxes": []}, "other": 7, "none": {"frames": 3}}) == {}
    )
