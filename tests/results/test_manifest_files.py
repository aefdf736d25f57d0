"""Files that a manifest names in place of labels are followed on request; each keeps its row, whatever it holds."""

import json
import zlib

import pytest

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import colored_png, make_mask, mask_pixels, read_mask
from hitl_sdk.results import iter_manifest, read_manifest
from hitl_sdk.results._manifest_labels import form_of
from hitl_sdk.testing import mock_hitl

FOLDER = "s3://out/job/annotations/consolidated-annotation/output"
COLORS = {"road": "#2ca02c", "sky": "#1f77b4"}


@pytest.fixture(scope="module")
def session():
    with mock_hitl() as cloud:
        cloud.bucket("out")
        yield cloud.session()


def put(session, name, content):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    bucket, _, key = f"{FOLDER}/{name}".removeprefix("s3://").partition("/")
    session.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def line(name, metadata_type, *, attribute="tag-ref", **metadata):
    told = {"type": f"groundtruth/{metadata_type}", "human-annotated": "yes"}
    told |= {key.replace("_", "-"): value for key, value in metadata.items()}
    return json.dumps(
        {"source-ref": "s3://in/1", attribute: f"{FOLDER}/{name}", f"{attribute}-metadata": told}
    )


def mask_line(name, confidence=0.8):
    classes = {"0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": confidence}}
    classes |= {
        str(number): {"class-name": label, "hex-color": color, "confidence": confidence}
        for number, (label, color) in enumerate(COLORS.items(), 1)
    }
    return line(name, "semantic-segmentation", internal_color_map=classes)


def rows(lines, session, **options):
    return read_manifest(lines, follow=True, session=session, engine="arrow", **options).to_pylist()


def test_a_mask_is_read_from_its_file(session):
    drawn = make_mask([[0, 1], [2, 2]], ["road", "sky"])
    put(session, "0.png", colored_png(drawn, COLORS))
    (row,) = rows([mask_line("0.png")], session)
    mask = read_mask(row["label"])

    assert mask_pixels(mask).tolist() == [[0, 1], [2, 2]]
    assert mask.labels == ("road", "sky")
    assert (row["label_uri"], row["confidence"], row["status"]) == (f"{FOLDER}/0.png", 0.8, "labelled")


def test_without_following_the_label_is_the_address():
    row = read_manifest([mask_line("0.png")], engine="arrow").to_pylist()[0]

    assert row["label"] == row["label_uri"] == f"{FOLDER}/0.png"


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
def test_a_missing_or_broken_file_makes_its_row_one_with_an_error(session, engine):
    put(session, "0.png", colored_png(make_mask([[0, 1]], ["road"]), COLORS))
    put(session, "broken.png", b"no picture")
    lines = [
        mask_line("0.png"),
        mask_line("gone.png"),
        mask_line("broken.png"),
        '{"source-ref": "s3://in/2"}',
    ]
    frame = read_manifest(lines, follow=True, session=session, engine=engine)
    columns = {
        name: list(frame[name].to_pylist() if engine == "arrow" else frame[name])
        for name in ("status", "error")
    }

    assert columns["status"] == ["labelled", "unreadable", "unreadable", "unlabelled"]
    assert columns["error"][1].startswith("NotFoundError")
    assert "broken.png" in columns["error"][2]


def test_where_no_file_can_be_read_there_are_rows_all_the_same(session):
    assert [row["label"] for row in rows([mask_line("gone.png"), mask_line("away.png")], session)] == [
        None,
        None,
    ]


def test_a_metadata_without_colors_is_told_of(session):
    put(session, "0.png", colored_png(make_mask([[0, 1]], ["road"]), COLORS))

    assert "the color map is NoneType" in rows([line("0.png", "semantic-segmentation")], session)[0]["error"]


def test_many_masks_keep_their_order(session):
    for number in range(40):
        put(session, f"{number}.png", colored_png(make_mask([[1] * (number + 1)], ["road"]), COLORS))
    lines = [mask_line(f"{number}.png") for number in range(40)]
    frames = iter_manifest(lines, follow=True, session=session, batch_size=7, engine="arrow")

    widths = [row["label"]["width"] for frame in frames for row in frame.to_pylist()]
    assert widths == list(range(1, 41))


def test_a_sequence_of_frames_is_read_from_its_file(session):
    van = {
        "left": 5,
        "top": 6,
        "width": 20,
        "height": 10,
        "class-id": "0",
        "object-id": "a1",
        "object-name": "van:1",
    }
    frame = {
        "frame-no": "0",
        "frame": "f_0001.jpg",
        "frame-attributes": {"weather": "rain"},
        "annotations": [van],
    }
    put(session, "0/SeqLabel.json", {"tracking-annotations": [frame]})
    (row,) = rows([line("0/SeqLabel.json", "video-object-tracking", class_map={"0": "van"})], session)

    (read,) = row["label"]["frames"]
    assert (read["name"], read["attributes"]) == ("f_0001.jpg", [{"name": "weather", "value": "rain"}])
    assert read["objects"][0]["shape"]["label"] == "van"
    assert read["objects"][0]["object_id"] == "a1"


def test_a_sequence_of_point_clouds_is_read_from_its_file(session):
    center = {"center-x": 1, "center-y": 2, "center-z": 3, "length": 4, "width": 2, "height": 2}
    van = center | {
        "roll": 0,
        "pitch": 0,
        "yaw": 1.5,
        "class-id": 0,
        "object-id": "a1",
        "object-name": "van:1",
    }
    frame = {"frame-number": 300, "frame-name": "300.txt", "frame-attributes": {}, "annotations": [van]}
    put(session, "1/SeqLabel.json", {"tracking-annotations": [frame]})
    (row,) = rows([line("1/SeqLabel.json", "point_cloud_object_tracking", class_map={"0": "van"})], session)

    assert row["label"]["frames"][0]["objects"][0]["shape"]["yaw"] == 1.5


def test_classes_of_points_are_read_from_their_file(session):
    put(session, "0/x.zlib", zlib.compress(bytes([0, 1, 3])))
    named = {"0": {"class-name": "Background"}, "1": {"class-name": "road"}, "3": {"class-name": "tree"}}
    kind = "point_cloud_single_frame_semantic_segmentation"
    (row,) = rows([line("0/x.zlib", kind, color_map=named)], session)

    assert row["label"]["labels"] == ["road", "2", "tree"]
    assert list(row["label"]["classes"]) == [0, 1, 3]


def answered(name):
    told = {"type": "groundtruth/custom", "worker-response-ref": f"{FOLDER}/{name}"}
    return json.dumps({"source": "x", "own": {}, "own-metadata": told})


def test_answers_of_a_custom_job_without_functions_are_read_from_their_file(session):
    put(session, "a.json", {"answers": [{"workerId": "w1", "answerContent": {"own": 1}}]})
    put(session, "b.json", {"other": 1})
    fine, broken = rows([answered("a.json"), answered("b.json")], session)

    assert json.loads(fine["label"])[0]["workerId"] == "w1"
    assert "no file of workers' answers" in broken["error"]


def test_without_following_their_address_is_told():
    row = read_manifest([answered("a.json")], engine="arrow").to_pylist()[0]

    assert (row["label"], row["label_uri"]) == ("{}", f"{FOLDER}/a.json")


def test_labels_that_stand_in_the_line_stay_as_they_are(session):
    told = {"class-name": "dog", "type": "groundtruth/image-classification"}
    given = json.dumps({"source-ref": "s3://in/1", "tag": 1, "tag-metadata": told})

    put(session, "0.png", colored_png(make_mask([[0, 1]], ["road"]), COLORS))

    assert rows([given], session)[0]["label"] == "dog"
    with pytest.raises(InvalidInputError, match="labels of several kinds"):
        rows([given, mask_line("0.png")], session)


def test_following_needs_a_session():
    with pytest.raises(InvalidInputError, match="give a session"):
        read_manifest([mask_line("0.png")], follow=True)


def test_an_address_that_is_none_makes_its_row_one_with_an_error(session):
    given = mask_line("0.png").replace("s3://out", "http://out")

    assert "no S3 address" in rows([given], session)[0]["error"]


def test_a_label_that_stands_in_the_line_is_in_no_file():
    with pytest.raises(ValueError, match="stand in no file"):
        form_of("groundtruth/text-span").open(b"", {"type": "groundtruth/text-span"})
