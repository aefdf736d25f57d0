"""Augmented manifests: lines as Ground Truth writes them, read back equal, and a channel that SageMaker takes."""

import io
import json
from datetime import UTC, datetime

import numpy as np
import pytest
from botocore.session import get_session
from botocore.validate import validate_parameters
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hitl_sdk._clock import ManualClock, use_clock
from hitl_sdk.errors import InvalidInputError, NotFoundError
from hitl_sdk.labels import Box, Keypoint, Shapes, Span
from hitl_sdk.labels.masks import make_mask, mask_pixels, read_colored_png
from hitl_sdk.training import append, to_augmented_manifest

ENGINES = ("pandas", "polars", "arrow")
URI = "s3://data/pets/train.manifest"


def write(make, tmp_path, kind, labels, *, engine="pandas", **columns):
    task = make.task(kind)
    attribute = "pets-ref" if kind in {"semantic", "instances"} else "pets"
    frame = make.frame(task, labels, engine, **columns)
    return to_augmented_manifest(frame, task, tmp_path / "train.manifest", attribute=attribute, s3_uri=URI)


def lines(export):
    return [json.loads(line) for line in export.path.read_bytes().decode().split("\n")[:-1]]


def of(metadata, *without):
    return {key: value for key, value in metadata.items() if key not in {"creation-date", *without}}


@pytest.mark.parametrize("engine", ENGINES)
def test_one_label_is_the_number_of_its_class(make, tmp_path, engine):
    export = write(
        make, tmp_path, "one", ["dog", "cat"], engine=engine, item=["Wuff", "Miau"], confidence=[0.75, None],
        label_source=["model", "human"], human_loop_name=[None, "loop-1"],
        created_at=["2026-01-01T09:00:00Z", "2026-01-01T09:00:00Z"], completed_at=[None, "2026-01-01T10:00:00Z"],
    )  # fmt: skip

    assert lines(export) == [
        {
            "source": "Wuff",
            "pets": 1,
            "pets-metadata": {
                "class-name": "dog",
                "confidence": 0.75,
                "type": "groundtruth/text-classification",
                "job-name": "pets",
                "human-annotated": "no",
                "creation-date": "2026-01-01T09:00:00.000000",
            },
        },
        {
            "source": "Miau",
            "pets": 0,
            "pets-metadata": {
                "class-name": "cat",
                "confidence": 0.0,
                "type": "groundtruth/text-classification",
                "job-name": "a2i/loop-1",
                "human-annotated": "yes",
                "creation-date": "2026-01-01T10:00:00.000000",
            },
        },
    ]


def test_a_label_without_a_time_is_of_now(make, tmp_path):
    with use_clock(ManualClock(datetime(2026, 5, 1, tzinfo=UTC))):
        (line,) = lines(write(make, tmp_path, "one", ["dog"]))

    assert line["pets-metadata"]["creation-date"] == "2026-05-01T00:00:00.000000"


def test_a_verdict_is_a_number_in_text(make, tmp_path):
    (line,) = lines(write(make, tmp_path, "verdict", ["Incorrect"]))

    assert line["pets"] == "1"
    assert line["pets-metadata"]["class-name"] == "Incorrect"


@pytest.mark.parametrize("engine", ENGINES)
def test_several_labels_are_numbers_with_their_confidences(make, tmp_path, engine):
    export = write(
        make, tmp_path, "several", [("cat", "wild boar"), ()], engine=engine,
        label_confidences=[[0.5, None], []], item=["a", "b"],
    )  # fmt: skip

    first, second = lines(export)
    assert (first["pets"], second["pets"]) == ([0, 2], [])
    assert of(first["pets-metadata"], "human-annotated", "job-name") == {
        "class-map": {"0": "cat", "2": "wild boar"},
        "confidence-map": {"0": 0.5, "2": 0.0},
        "type": "groundtruth/text-classification-multilabel",
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_boxes_are_pixels_with_the_size_of_the_image(make, tmp_path, engine):
    label = Shapes((Box("wild boar", 10, 20.4, 30, 40, 0.5), Box("cat", -5, 0, 8, 6)), 640, 480)

    first, second = lines(write(make, tmp_path, "boxes", [label, Shapes((), 9, 9)], engine=engine))

    assert first["source-ref"] == "s3://pets/0.jpg"
    assert first["pets"] == {
        "image_size": [{"width": 640, "height": 480, "depth": 3}],
        "annotations": [
            {"class_id": 2, "left": 10, "top": 20, "width": 30, "height": 40},
            {"class_id": 0, "left": 0, "top": 0, "width": 3, "height": 6},
        ],
    }
    assert of(first["pets-metadata"], "human-annotated", "job-name") == {
        "objects": [{"confidence": 0.5}, {"confidence": 0.0}],
        "class-map": {"2": "wild boar", "0": "cat"},
        "type": "groundtruth/object-detection",
    }
    assert (second["pets"]["annotations"], second["pets-metadata"]["objects"]) == ([], [])


BOXES = st.builds(
    Box,
    st.sampled_from(["cat", "dog", "wild boar"]),
    left=st.integers(0, 60),
    top=st.integers(0, 60),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
)


@settings(deadline=None, max_examples=40)
@given(boxes=st.lists(BOXES, max_size=4))
def test_whole_boxes_come_back(make, tmp_path_factory, boxes):
    label = Shapes(tuple(boxes), 100, 100)
    (line,) = lines(write(make, tmp_path_factory.mktemp("boxes"), "boxes", [label]))

    names = line["pets-metadata"]["class-map"]
    found = [
        Box(names[str(each["class_id"])], each["left"], each["top"], each["width"], each["height"])
        for each in line["pets"]["annotations"]
    ]
    assert found == boxes


@pytest.mark.parametrize("engine", ENGINES)
def test_spans_are_entities_with_all_labels_beside_them(make, tmp_path, engine):
    spans = (Span("dog", 2, 5, 0.5), Span("cat", 6, 9))

    (line,) = lines(write(make, tmp_path, "spans", [spans], engine=engine, item=["A dog or cat"]))

    assert line["pets"]["annotations"] == {
        "labels": [{"label": "cat"}, {"label": "dog"}, {"label": "wild boar"}],
        "entities": [
            {"label": "dog", "startOffset": 2, "endOffset": 5},
            {"label": "cat", "startOffset": 6, "endOffset": 9},
        ],
    }
    assert line["pets-metadata"]["entities"] == [{"confidence": 0.5}, {"confidence": 0.0}]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_semantic_mask_is_a_png_whose_pixels_are_classes(make, tmp_path, engine):
    mask = make_mask([[0, 1], [2, 2]], ["wild boar", "cat"])

    export = write(make, tmp_path, "semantic", [mask], engine=engine, confidence=[0.5])

    (line,) = lines(export)
    png = export.files[1].read_bytes()
    colors = line["pets-ref-metadata"]["internal-color-map"]
    assert line["pets-ref"] == "s3://data/pets/train-masks/0.png"
    assert export.files == (tmp_path / "train.manifest", tmp_path / "train-masks" / "0.png")
    assert np.asarray(Image.open(io.BytesIO(png))).tolist() == [[0, 3], [1, 1]]
    assert colors["0"] == {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0.5}
    named = {entry["class-name"]: entry["hex-color"] for key, entry in colors.items() if key != "0"}
    assert mask_pixels(read_colored_png(png, named)).tolist() == [[0, 3], [1, 1]]
    assert Image.open(io.BytesIO(png)).convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_instances_are_a_png_with_their_labels_beside_it(make, tmp_path):
    mask = make_mask([[0, 1], [2, 2]], ["cat", "cat"])

    export = write(make, tmp_path, "instances", [mask])

    (line,) = lines(export)
    assert line["pets-ref-metadata"]["class-map"] == {"1": "cat", "2": "cat"}
    assert export.files[1].read_bytes() == mask.png


def test_other_labels_are_written_as_they_are(make, tmp_path):
    label = Shapes((Keypoint("cat", 1, 2),), 9, 9)

    (line,) = lines(write(make, tmp_path, "keypoints", [label]))

    assert line["pets"] == {
        "shapes": [{"label": "cat", "x": 1, "y": 2, "confidence": None}], "image_width": 9, "image_height": 9,
    }  # fmt: skip
    assert line["pets-metadata"]["type"] == "groundtruth/custom"


def test_free_text_is_written_as_it_is(make, tmp_path):
    (line,) = lines(write(make, tmp_path, "text", ["we met"]))

    assert line["pets"] == "we met"


def test_any_text_stays_on_its_line(make, tmp_path):
    (line,) = lines(write(make, tmp_path, "one", ["cat"], item=["one\ntwo\u2028three\x85\r"]))

    assert line["source"] == "one\ntwo\u2028three\x85\r"


@pytest.mark.parametrize(
    ("kind", "label", "names", "content_type"),
    [
        ("one", "cat", ["source-ref", "pets"], "application/x-recordio"),
        ("images", ("cat",), ["source-ref", "pets"],
         "application/x-recordio; label-format=class-id"),
        ("semantic", make_mask([[1]], ["cat"]), ["source-ref", "pets-ref"], "application/x-recordio"),
    ],
)  # fmt: skip
def test_the_channel_is_one_that_a_training_job_takes(  # noqa: PLR0917
    make, tmp_path, kind, label, names, content_type
):
    channel = write(make, tmp_path, kind, [label]).channel

    shape = get_session().get_service_model("sagemaker").shape_for("Channel")
    validate_parameters(channel, shape)
    assert channel["ContentType"] == content_type
    assert channel["RecordWrapperType"] == "RecordIO"
    assert channel["InputMode"] == "Pipe"
    assert channel["DataSource"]["S3DataSource"] == {
        "S3DataType": "AugmentedManifestFile",
        "S3Uri": URI,
        "S3DataDistributionType": "FullyReplicated",
        "AttributeNames": names,
    }
    enums = {name: member.enum for name, member in shape.members.items() if hasattr(member, "enum")}
    assert all(channel[name] in values for name, values in enums.items() if name in channel and values)


def test_it_is_uploaded_to_where_the_channel_says(make, tmp_path, hitl_cloud):
    export = write(make, tmp_path, "semantic", [make_mask([[1]], ["cat"])])
    session = hitl_cloud.session()
    with pytest.raises(NotFoundError):
        export.upload(session)
    hitl_cloud.bucket("data")

    export.upload(session)

    s3 = session.client("s3")
    there = {entry["Key"] for entry in s3.list_objects_v2(Bucket="data")["Contents"]}
    assert there == {"pets/train.manifest", "pets/train-masks/0.png"}
    body = s3.get_object(Bucket="data", Key="pets/train.manifest")["Body"].read()
    assert body == export.path.read_bytes()


def test_only_rows_in_force_are_written(make, tmp_path):
    task = make.task("one")
    frame = append(make.frame(task, ["cat", None]), make.frame(task, ["dog"]))

    export = to_augmented_manifest(frame, task, tmp_path / "a", attribute="pets", s3_uri=URI)

    assert ([line["pets"] for line in lines(export)], export.n_rows, export.left_out) == ([1], 1, 2)


def test_the_jobs_name_may_be_given(make, tmp_path):
    task = make.task("one")
    export = to_augmented_manifest(
        make.frame(task, ["cat"]),
        task,
        tmp_path / "a",
        attribute="pets",
        s3_uri=URI,
        job_name="labeling-job/x",
    )

    assert lines(export)[0]["pets-metadata"]["job-name"] == "labeling-job/x"


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("one", {"attribute": "source-ref"}, "can't name a label"),
        ("one", {"attribute": "a_b"}, "can't name a label"),
        ("one", {"attribute": "pets-metadata"}, "can't name a label"),
        ("one", {"attribute": "pets-ref"}, "must not end with -ref"),
        ("semantic", {"attribute": "pets"}, "must end with -ref"),
        ("one", {"channel": "a b"}, "can't name a channel"),
        ("one", {"s3_uri": "train.manifest"}, "is no address of a file"),
        ("one", {"s3_uri": "s3://bucket/folder/"}, "is no address of a file"),
    ],
)
def test_names_that_can_not_be_are_refused(make, tmp_path, kind, options, message):
    label = make_mask([[1]], ["cat"]) if kind == "semantic" else "cat"
    task = make.task(kind)

    with pytest.raises(InvalidInputError, match=message):
        to_augmented_manifest(
            make.frame(task, [label]), task, tmp_path / "a", **{"attribute": "pets", "s3_uri": URI} | options
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "labels", "items", "message"),
    [
        ("one", ["cat", "cat"], ["s3://pets/1.jpg", "Miau"], "item '1' is no S3 URI, but others are"),
        ("boxes", [Shapes((), 9, 9)], ["https://example.com/1.jpg"], "item '0' is no S3 URI, as an image must be"),
        ("boxes", [Shapes()], ["s3://pets/1.jpg"], "item '0' can't be written: the label has no image size"),
        ("boxes", [Shapes((Box("cat", 9, 0, 5, 5),), 9, 9)], ["s3://pets/1.jpg"],
         "item '0' can't be written: the label has a 'cat' of which nothing is inside"),
    ],
)  # fmt: skip
def test_an_item_that_can_not_be_written_is_named(  # noqa: PLR0917
    make, tmp_path, kind, labels, items, message
):
    with pytest.raises(InvalidInputError, match=message):
        write(make, tmp_path, kind, labels, item=items)
    assert list(tmp_path.iterdir()) == []


def test_a_mask_of_another_size_than_its_png_is_named(make, tmp_path):
    mask = make_mask([[1]], ["cat"])
    broken = type(mask)(2, 2, mask.labels, mask.png)

    with pytest.raises(
        InvalidInputError, match=r"item '0' has a label that can't be used: .* a mask of 2 x 2"
    ):
        write(make, tmp_path, "instances", [broken])
