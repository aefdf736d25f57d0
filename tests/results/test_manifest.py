"""Output manifests to frames: every form of label, and every line keeps its row."""

import json
import sys
from pathlib import Path

import pytest
from botocore.exceptions import IncompleteReadError
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.errors import InvalidInputError, NotFoundError, UnavailableError
from hitl_sdk.results import (
    MANIFEST_COLUMNS,
    MixedConfidenceWarning,
    _manifest_source,
    iter_manifest,
    read_manifest,
)
from hitl_sdk.testing import mock_hitl

GENUINE = Path(__file__).parents[3] / "shared" / "data" / "outputs"
CREATED = "2023-02-03T10:05:11.120034"


def line(
    value, metadata_type, *, attribute="tag", source="source-ref", item="s3://pets/1.jpg", **metadata
) -> str:
    described = {
        "type": f"groundtruth/{metadata_type}",
        "job-name": "labeling-job/tags",
        "human-annotated": "yes",
    }
    described |= {"creation-date": CREATED} | {
        name.replace("_", "-"): each for name, each in metadata.items()
    }
    return json.dumps({source: item, attribute: value, f"{attribute}-metadata": described})


def one(*lines, **options):
    """Return the first row as a dict."""
    return read_manifest(lines, engine="arrow", **options).to_pylist()[0]


def species(name="dog", number=1, **options) -> str:
    return line(number, "image-classification", class_name=name, confidence=0.92, **options)


def test_a_class_is_read_by_its_name():
    row = one(species())

    assert (row["label"], row["confidence"]) == ("dog", 0.92)
    assert (row["item_id"], row["item"]) == ("0", "s3://pets/1.jpg")
    assert (row["label_source"], row["job_name"]) == ("human", "labeling-job/tags")
    assert row["completed_at"].isoformat() == "2023-02-03T10:05:11.120034+00:00"


def test_the_columns_are_in_their_order():
    assert tuple(read_manifest([species()]).columns) == MANIFEST_COLUMNS


def test_a_text_may_be_the_item():
    assert (
        one(line(0, "text-classification", source="source", item="It broke", class_name="bad"))["item"]
        == "It broke"
    )


def test_labels_of_a_model_say_so():
    assert one(species(human_annotated="no"))["label_source"] == "model"


@pytest.mark.parametrize("number", [1, "1"])
def test_the_number_of_a_class_may_be_a_text(number):
    assert one(species(number=number))["label"] == "dog"


def test_a_missing_confidence_is_null_without_a_note():
    row = one(line(1, "image-classification", class_name="dog"))

    assert (row["confidence"], row["confidence_note"]) == (None, None)


def test_a_confidence_may_be_a_text():
    assert one(line(1, "image-classification", class_name="dog", confidence="0.50"))["confidence"] == 0.5


def test_several_classes_have_a_confidence_each():
    row = one(
        line(
            [2, 0],
            "image-classification-multilabel",
            class_map={"2": "red", "0": "wet"},
            confidence_map={"2": 0.81},
        )
    )

    assert (row["label"], row["label_confidences"]) == (["red", "wet"], [0.81, None])


def test_boxes_have_the_names_of_their_classes_and_the_size_of_the_image():
    value = {
        "image_size": [{"width": 640, "height": 480, "depth": 3}],
        "annotations": [{"class_id": "0", "left": 10.5, "top": 20, "width": 30, "height": 40}],
    }
    row = one(line(value, "object-detection", class_map={"0": "apple"}, objects=[{"confidence": 0.88}]))

    box = {"label": "apple", "left": 10.5, "top": 20, "width": 30, "height": 40, "confidence": 0.88}
    assert row["label"] == {"shapes": [box], "image_width": 640, "image_height": 480}


@pytest.mark.parametrize("annotations", [[], None])
def test_an_image_without_boxes_has_none(annotations):
    row = one(
        line({"image_size": [{"width": 6, "height": 4}], "annotations": annotations}, "object-detection")
    )

    assert row["label"] == {"shapes": [], "image_width": 6, "image_height": 4}


def test_boxes_without_confidences_are_read():
    value = {"annotations": [{"class_id": 0, "left": 1, "top": 2, "width": 3, "height": 4}]}
    row = one(line(value, "object-detection", class_map={"0": "apple"}))

    assert row["label"]["shapes"][0]["confidence"] is None
    assert row["label"]["image_width"] is None


def test_spans_are_read():
    entity = {"label": "city", "startOffset": 5, "endOffset": 11}
    row = one(line({"annotations": {"entities": [entity]}}, "text-span", entities=[{"confidence": 0.7}]))

    assert row["label"] == [{"label": "city", "start_offset": 5, "end_offset": 11, "confidence": 0.7}]


def test_a_mask_is_the_address_of_its_file():
    row = one(
        line("s3://out/0.png", "semantic-segmentation", attribute="road-ref",
             internal_color_map={"0": {"class-name": "BACKGROUND", "confidence": 0.8}})
    )  # fmt: skip

    assert (row["label"], row["confidence"], row["attribute"]) == ("s3://out/0.png", 0.8, "road-ref")


def test_a_verdict_on_a_label_is_a_class():
    assert one(line("1", "label-verification", class_name="wrong", confidence=0.9))["label"] == "wrong"


def test_an_adjusted_label_says_so():
    row = one(line({"annotations": []}, "object-detection", adjustment_status="adjusted"))

    assert row["adjustment_status"] == "adjusted"


@pytest.mark.parametrize("metadata_type", ["custom", "something_new"])
def test_other_labels_are_their_json(metadata_type):
    assert json.loads(one(line({"a": [1, "ü"]}, metadata_type))["label"]) == {"a": [1, "ü"]}


def test_custom_metadata_may_spell_its_keys_with_underscores():
    fields = {
        "source": "x",
        "own": 1,
        "own-metadata": {"type": "groundTruth/custom", "job_name": "j", "creation_date": CREATED},
    }
    row = one(json.dumps(fields))

    assert (row["job_name"], row["completed_at"].year) == ("j", 2023)


@pytest.mark.parametrize("attribute", [None, "tag"])
def test_a_line_that_nobody_has_labelled_yet_has_no_label_and_no_error(attribute):
    row = one('{"source-ref": "s3://pets/2.jpg", "page": 1}', attribute=attribute)

    assert (row["item"], row["label"], row["error"]) == ("s3://pets/2.jpg", None, None)
    assert (row["status"], row["attribute"]) == ("unlabelled", attribute)


@pytest.mark.parametrize("key", ["failure-reason", "failure_reason", "failureReason"])
@pytest.mark.parametrize("attribute", [None, "tag"])
def test_an_object_that_failed_says_why(key, attribute):
    told = {key: "the image is too large", "job-name": "labeling-job/tags", "creation-date": CREATED}
    row = one(
        json.dumps({"source-ref": "s3://pets/2.jpg", "page": 1, "tag-metadata": told}), attribute=attribute
    )

    assert (row["status"], row["failure_reason"]) == ("failed", "the image is too large")
    assert (row["label"], row["error"], row["attribute"]) == (None, None, "tag")
    assert row["job_name"] == "labeling-job/tags"
    assert row["completed_at"].year == 2023


def test_of_chained_labels_one_may_have_failed():
    fields = json.loads(species()) | {"check-metadata": {"failure-reason": "nobody answered"}}
    rows = read_manifest([json.dumps(fields)], engine="arrow").to_pylist()

    assert [(row["attribute"], row["status"]) for row in rows] == [("tag", "labelled"), ("check", "failed")]


def test_a_metadata_without_a_label_or_a_reason_is_of_an_unlabelled_line():
    assert one(json.dumps({"source": "x", "tag-metadata": {"job-name": "j"}}))["status"] == "unlabelled"


def test_a_label_whose_metadata_has_no_type_cant_be_read():
    fields = json.loads(species())
    del fields["tag-metadata"]["type"]

    assert "the metadata of 'tag' has no type" in one(json.dumps(fields))["error"]


def test_what_is_null_counts_as_left_out():
    row = one(json.dumps({"source-ref": None, "source": "x", "tag": None, "tag-metadata": None}))

    assert (row["item"], row["status"], row["attribute"]) == ("x", "unlabelled", None)


def test_a_broken_label_leaves_the_other_of_the_line_alone():
    fields = json.loads(species()) | json.loads(line(1, "image-classification", attribute="check"))
    fine, broken = read_manifest([json.dumps(fields)], engine="arrow").to_pylist()

    assert (fine["label"], fine["error"]) == ("dog", None)
    assert (broken["attribute"], broken["item"], broken["status"]) == (
        "check",
        "s3://pets/1.jpg",
        "unreadable",
    )


def test_cuboids_of_a_point_cloud_are_read_with_the_names_of_their_classes():
    van = {"object-name": "van:1", "class-id": 0, "center-x": 1, "center-y": 2, "center-z": 3, "length": 4}
    van |= {"width": 2, "height": 2.5, "roll": 0, "pitch": 0, "yaw": 1.5, "label-category-attributes": {}}
    told = {"type": "groundtruth/point_cloud_object_detection", "class_map": {"0": "van"}, "objects": []}
    told["dataset-object-attributes"] = {"weather": "rain"}
    row = one(
        json.dumps({"source-ref": "s3://x/1.json", "tag": {"annotations": [van]}, "tag-metadata": told})
    )

    (thing,) = row["label"]["objects"]
    assert (thing["shape"]["label"], thing["shape"]["yaw"], thing["object_name"]) == ("van", 1.5, "van:1")
    assert row["label"]["attributes"] == [{"name": "weather", "value": "rain"}]


@pytest.mark.parametrize(
    "kind",
    ["video-object-detection", "video-object-tracking", "point_cloud_object_tracking",
     "point_cloud_single_frame_semantic_segmentation"],
)  # fmt: skip
def test_labels_of_frames_and_points_are_the_addresses_of_their_files(kind):
    row = one(line("s3://out/0/file", kind, attribute="tag-ref"))

    assert row["label"] == row["label_uri"] == "s3://out/0/file"


def test_the_confidence_of_classes_of_points_stands_in_their_colors():
    colors = {"0": {"class-name": "Background", "confidence": 0.7}}
    told = line("s3://out/0/file", "point_cloud_single_frame_semantic_segmentation", color_map=colors)

    assert one(told)["confidence"] == 0.7


SINGLE = "the file says 0: one worker was asked"


def test_the_zero_of_a_single_worker_is_null_with_the_reason():
    row = one(line(1, "image-classification", class_name="dog", confidence="0.00"))

    assert (row["confidence"], row["confidence_note"]) == (None, SINGLE)


def test_the_zero_of_a_model_is_as_it_says():
    row = one(line(1, "image-classification", class_name="dog", confidence=0, human_annotated="no"))

    assert (row["confidence"], row["confidence_note"]) == (0, None)


def box_line(*confidences, **metadata):
    box = {"class_id": 0, "left": 1, "top": 2, "width": 3, "height": 4}
    objects = [{"confidence": confidence} for confidence in confidences]
    told = {"class_map": {"0": "a"}, "objects": objects} | metadata
    return line({"annotations": [box] * len(confidences)}, "object-detection", **told)


def shares(row):
    return [shape["confidence"] for shape in row["label"]["shapes"]]


def test_zeros_of_parts_of_a_label_are_null_with_the_reason():
    row = one(box_line(0, 0))
    entity = {"label": "city", "startOffset": 5, "endOffset": 11}
    spans = one(line({"annotations": {"entities": [entity]}}, "text-span", entities=[{"confidence": 0}]))
    several = one(
        line([2], "image-classification-multilabel", class_map={"2": "red"}, confidence_map={"2": 0})
    )

    assert (shares(row), row["confidence_note"]) == ([None, None], SINGLE)
    assert (spans["label"][0]["confidence"], spans["confidence_note"]) == (None, SINGLE)
    assert (several["label_confidences"], several["confidence_note"]) == ([None], SINGLE)


OLD = "the file says 0.09: one worker was asked"


@pytest.mark.parametrize("others", [[], ["cut off"], ['{"source": "x"}']])
def test_the_old_confidence_of_single_workers_is_null_where_there_is_no_other(others):
    rows = read_manifest([box_line(0.09), box_line(0.09, 0), box_line(), *others], engine="arrow").to_pylist()

    assert [shares(row) for row in rows[:3]] == [[None], [None, None], []]
    assert [row["confidence_note"] for row in rows[:3]] == [OLD, OLD, None]


def test_the_old_confidence_stays_where_several_workers_were_asked():
    rows = read_manifest([box_line(0.09), box_line(0.88)], engine="arrow").to_pylist()

    assert [shares(row) for row in rows] == [[0.09], [0.88]]


def test_each_attribute_is_judged_by_itself():
    lines = [
        species(attribute="a"),
        line(1, "image-classification", attribute="b", class_name="x", confidence=0.09),
    ]
    rows = read_manifest(lines, engine="arrow").to_pylist()

    assert [row["confidence"] for row in rows] == [0.92, None]


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
def test_all_forms_lose_the_old_confidence(engine):
    lines = [
        line(1, "image-classification", class_name="dog", confidence=0.09),
        line(1, "image-classification", class_name="dog", confidence=0.09, human_annotated="maybe"),
    ]
    frame = read_manifest(lines, engine=engine)
    several = line([2], "image-classification-multilabel", class_map={"2": "red"}, confidence_map={"2": 0.09})

    assert [str(each) for each in frame["confidence_note"]] == [OLD, OLD]
    assert one(several)["label_confidences"] == [None]


def test_in_batches_the_old_confidence_is_judged_by_what_has_been_read(monkeypatch):
    monkeypatch.setattr(_manifest_source, "_LINES", 1)
    frames = iter_manifest([box_line(0.09), box_line(0.88), box_line(0.09)], batch_size=1, engine="arrow")

    assert [shares(frame.to_pylist()[0]) for frame in frames] == [[None], [0.88], [0.09]]


MACHINE = line(1, "image-classification", class_name="cat", confidence=0.7, human_annotated="no")


@pytest.mark.parametrize("lines", [[species(), MACHINE], [species(confidence_more=1), MACHINE]])
def test_confidences_of_people_and_of_a_model_in_one_frame_warn(lines):
    with pytest.warns(MixedConfidenceWarning, match="scales of their own") as warned:
        read_manifest(lines)

    assert warned[0].filename == __file__


def test_batches_warn_once():
    with pytest.warns(MixedConfidenceWarning) as warned:
        assert len(list(iter_manifest([species(), MACHINE] * 3, batch_size=2))) == 3

    assert len(warned) == 1


@pytest.mark.parametrize(
    "lines",
    [[species()], [MACHINE], [MACHINE, line(1, "image-classification", class_name="x", confidence=0)]],
)
def test_confidences_of_one_scale_do_not_warn(lines):
    assert len(read_manifest(lines)) == len(lines)


def test_names_of_attributes_may_have_any_letters():
    assert one(species(attribute="étiquette"))["attribute"] == "étiquette"


def test_class_names_lose_what_nobody_sees():
    assert one(species(name="\u200bdog\ufeff"))["label"] == "dog"


def test_metadata_under_a_mistaken_name_is_found():
    fields = json.loads(species())
    fields["animal"] = fields.pop("tag")

    assert one(json.dumps(fields))["label"] == "dog"
    assert one(json.dumps(fields), attribute="animal")["label"] == "dog"


def test_chained_labels_are_a_row_each():
    chained = json.dumps(json.loads(species()) | json.loads(species("wrong", attribute="check")))
    rows = read_manifest([chained, species("cat")], engine="arrow").to_pylist()

    told = [(row["item_id"], row["attribute"], row["label"]) for row in rows]
    assert told == [("0", "tag", "dog"), ("0", "check", "wrong"), ("1", "tag", "cat")]


def test_of_chained_labels_the_one_that_is_named_is_read():
    chained = json.dumps(json.loads(species()) | json.loads(species("wrong", attribute="check")))
    rows = read_manifest([chained, species("cat")], attribute="check", engine="arrow").to_pylist()

    assert [(row["label"], row["attribute"], row["status"]) for row in rows] == [
        ("wrong", "check", "labelled"),
        (None, "check", "unlabelled"),
    ]


def test_lines_may_have_attributes_of_their_own():
    frame = read_manifest([species(attribute="a"), species("cat", attribute="b")])

    assert frame["label"].tolist() == ["dog", "cat"]


def test_kinds_of_labels_that_fit_no_column_together_are_refused():
    lines = [species(), line([], "text-classification-multilabel", class_map={})]

    with pytest.raises(
        InvalidInputError, match=r"labels of several kinds: 'groundtruth/image-class.*attribute="
    ):
        read_manifest(lines)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"source-ref": "s3://pe', "no whole JSON document"),
        ("[1]", "the line is list, no object"),
        (line(1, "image-classification"), "no class-name for class 1"),
        (line(1, "text-classification-multilabel", class_map={}), "the classes are int, no list"),
        (line([1], "text-classification-multilabel"), "the class map is NoneType"),
        (line([1], "text-classification-multilabel", class_map={}), "no name for class 1"),
        (line([], "object-detection"), "the label is list, no object"),
        (
            line({"annotations": [{"class_id": 0, "left": "x"}]}, "object-detection", class_map={"0": "a"}),
            "a box has no top, width, height, but class_id, left",
        ),
        (line({"annotations": []}, "text-span"), "annotations is list, no object"),
        (line({"annotations": {"entities": [7]}}, "text-span"), "a span is int, no object"),
        (line({"x": 1}, "semantic-segmentation"), "the label is dict, no address"),
    ],
)
def test_a_line_that_cant_be_read_keeps_its_row_with_the_reason(text, reason):
    rows = read_manifest([text, '{"source": "x"}'], engine="arrow").to_pylist()

    assert (rows[1]["item"], rows[1]["error"]) == ("x", None)
    assert reason in rows[0]["error"]
    assert rows[0]["document"] == text


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n"])
def test_a_file_is_read_by_lines(tmp_path, ending):
    file = tmp_path / "output.manifest"
    file.write_bytes(b"\xef\xbb\xbf" + f"{species()}{ending}{species('cat')}{ending}".encode())

    assert (
        read_manifest(file)["label"].tolist() == read_manifest(str(file))["label"].tolist() == ["dog", "cat"]
    )


def test_one_json_array_is_read_like_lines():
    assert read_manifest(f"[{species()}, {species('cat')}]".encode())["label"].tolist() == ["dog", "cat"]


def test_an_array_that_is_cut_off_keeps_a_row():
    assert "no whole JSON document" in read_manifest(f"[{species()},".encode())["error"][0]


def test_nothing_makes_an_empty_frame():
    assert read_manifest(b"").shape == (0, len(MANIFEST_COLUMNS))


def test_a_manifest_in_s3_is_read_with_a_session():
    with mock_hitl() as cloud:
        bucket, session = cloud.bucket("out"), cloud.session()
        session.client("s3").put_object(Bucket=bucket, Key="output.manifest", Body=species().encode())

        assert read_manifest(f"s3://{bucket}/output.manifest", session=session)["label"].tolist() == ["dog"]
        with pytest.raises(NotFoundError):
            read_manifest(f"s3://{bucket}/other.manifest", session=session)
    with pytest.raises(InvalidInputError, match="give a session"):
        read_manifest("s3://out/output.manifest")


@pytest.mark.parametrize("source", ["no-such-file.manifest", 7])
def test_what_is_no_manifest_is_refused(source):
    with pytest.raises(InvalidInputError, match=r"can't be read|is no manifest"):
        read_manifest(source)


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
def test_all_engines_have_the_same_rows(engine):
    frame = read_manifest([species(), "cut off"], engine=engine)
    rows = (
        frame.to_pylist()
        if engine == "arrow"
        else frame.to_dict("records")
        if engine == "pandas"
        else frame.to_dicts()
    )

    assert [row["item"] == "s3://pets/1.jpg" for row in rows] == [True, False]
    assert [isinstance(row["error"], str) for row in rows] == [False, True]


def test_without_msgspec_the_rows_are_the_same(monkeypatch):
    lines = [species(), "cut off", '{"source": "\u00fc"}']
    expected = read_manifest(lines, engine="arrow").to_pylist()
    monkeypatch.setitem(sys.modules, "msgspec.json", None)

    assert read_manifest(lines, engine="arrow").to_pylist() == expected


@settings(deadline=None)
@given(st.lists(st.text(), max_size=3))
def test_no_text_makes_it_fail(lines):
    frame = read_manifest([text.replace("\n", " ") for text in lines], engine="arrow")

    assert frame.num_rows == sum(bool(text.replace("\n", " ").strip()) for text in lines)


def genuine(name) -> Path:
    file = GENUINE / f"{name}.output.manifest"
    if not file.exists():
        pytest.skip("genuine manifests are not part of the project: ../shared/data/outputs is not there")
    return file


@pytest.mark.parametrize(
    ("name", "rows", "first"),
    [
        ("image_classification", 69, "RH"),
        ("mixed_classification", 2, "dog"),
        ("bounding_box", 12, "pepperoni pizza slice"),
        ("bounding_box_float", 100, "Bird"),
        ("custom_text", 296, "annotation-ref"),
        ("semantic_segmentation", 1, "S10-label3"),
    ],
)
def test_genuine_manifests_are_read_whole(name, rows, first):
    frame = read_manifest(genuine(name))

    assert len(frame) == rows
    assert frame["error"].isna().all()
    assert set(frame["status"]) == {"labelled"}
    assert first in str(frame["label"][0])


def told(name):
    """Return the lines of a genuine manifest as JSON says them, each with what is under its one label attribute."""
    for text in genuine(name).read_text("utf-8-sig").splitlines():
        if text.strip():
            fields = json.loads(text)
            key = next(key for key, value in fields.items() if isinstance(value, dict) and "type" in value)
            (names,) = {key.removesuffix("-metadata")} & fields.keys() or {
                each for each in fields if each not in {"source", "source-ref", key}
            }
            yield fields, names, fields[names], fields[key]


@pytest.mark.parametrize(
    "name",
    ["image_classification", "mixed_classification", "bounding_box", "bounding_box_float", "custom_text", "semantic_segmentation"],
)  # fmt: skip
def test_genuine_manifests_are_read_without_loss(name):
    rows = read_manifest(genuine(name), engine="arrow").to_pylist()

    for row, (fields, attribute, value, metadata) in zip(rows, told(name), strict=True):
        assert row["item"] == fields.get("source-ref", fields.get("source"))
        assert (row["attribute"], row["metadata_type"]) == (attribute, metadata["type"])
        assert row["job_name"] == metadata["job-name"]
        assert row["completed_at"].isoformat()[:19] == metadata["creation-date"][:19]
        assert row["label_source"] == "human"
        assert_same_label(row, value, metadata)


def assert_same_label(row, value, metadata):
    kind = metadata["type"].removeprefix("groundtruth/")
    if kind.endswith("classification"):
        assert row["label"] == metadata["class-name"].strip("\u200b \ufeff")
        assert (row["confidence"] or 0) == metadata["confidence"]
        assert (row["confidence_note"] is None) == bool(metadata["confidence"])
    elif kind == "object-detection":
        drawn = [
            {name: box[name] for name in ("left", "top", "width", "height")}
            | {
                "label": metadata["class-map"][str(box["class_id"])],
                "confidence": each.get("confidence") or None,
            }
            for box, each in zip(value["annotations"], metadata["objects"], strict=True)
        ]
        assert row["label"]["shapes"] == drawn
        assert row["label"]["image_width"] == value["image_size"][0]["width"]
    elif kind == "semantic-segmentation":
        assert row["label"] == row["label_uri"] == value
    else:
        assert json.loads(row["label"]) == value


def test_many_lines_are_read_together_and_the_odd_one_by_itself():
    lines = [
        species("cat" if number % 2 else "dog", item=f"s3://pets/{number}.jpg") for number in range(1_500)
    ]
    lines[700] = "cut off"
    lines[1_200] = json.dumps(json.loads(lines[1_200]) | {"more": 1})
    rows = read_manifest(lines, engine="arrow").to_pylist()

    assert [row["item_id"] for row in rows if row["error"]] == ["700"]
    assert [row["label"] for row in rows if not row["error"]].count("dog") == 749
    assert {row["completed_at"] for row in rows if not row["error"]} == {rows[0]["completed_at"]}


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "class_name": st.sampled_from(["dog", "c\u200bat", 7]),
                "confidence": st.sampled_from([0, 0.5, "0.5", None]),
                "human_annotated": st.sampled_from(["yes", "no", "Yes", None]),
                "creation_date": st.sampled_from([CREATED, "2020-08-27T17:15:41.430Z", "soon", 7]),
                "job_name": st.sampled_from(["a", None]),
            },
        ),
        min_size=1,
        max_size=5,
    )
)
@settings(deadline=None)
@pytest.mark.filterwarnings("ignore::hitl_sdk.results.MixedConfidenceWarning")
def test_reading_together_and_one_by_one_give_the_same_rows(metadata):
    lines = [line(1, "image-classification", **each) for each in metadata]
    apart = [row for each in lines for row in read_manifest([each, "x"], engine="arrow").to_pylist()[:1]]

    for row, alone in zip(read_manifest(lines, engine="arrow").to_pylist(), apart, strict=True):
        assert row | {"item_id": "0"} == alone


@pytest.mark.parametrize("batch_size", [0, -1])
def test_a_batch_has_at_least_one_row(batch_size):
    with pytest.raises(InvalidInputError, match="give at least 1"):
        iter_manifest([species()], batch_size=batch_size)


def test_lines_may_be_bytes_and_end_as_lines_of_a_file_do():
    assert read_manifest([f"\ufeff{species()}\n".encode(), b"\n", species("cat").encode() + b"\r\n"])[
        "label"
    ].tolist() == ["dog", "cat"]


def test_an_object_may_go_over_several_lines_where_it_comes_by_itself():
    assert read_manifest([json.dumps(json.loads(species()), indent=1), species("cat")])["label"].tolist() == [
        "dog",
        "cat",
    ]


def test_what_is_no_line_is_refused():
    with pytest.raises(InvalidInputError, match="a line is dict, no text"):
        read_manifest([json.loads(species())])


@pytest.mark.parametrize("lines", [[species()], ["cut off"], []])
def test_an_engine_that_is_none_is_refused(lines):
    with pytest.raises(InvalidInputError, match="engine='spark' is not known"):
        read_manifest(lines, engine="spark")


def test_boxes_that_are_no_list_cant_be_read():
    assert "annotations are dict, no list" in one(line({"annotations": {}}, "object-detection"))["error"]


class BrokenOff:
    """An S3 whose answers end after some bytes, as often as it is told."""

    def __init__(self, content, *, failures, after=100):
        self.content, self.failures, self.after = content, failures, after
        self.asked = []

    def client(self, name):
        return self

    def get_object(self, *, Bucket, Key, **where):
        self.asked.append(where)
        start = int(where.get("Range", "bytes=0-")[6:-1])
        return {"ETag": '"1"', "Body": self.body(start)}

    def body(self, start):
        whole = self.content[start:]
        if self.failures:
            self.failures -= 1
            return Body(whole[: self.after], IncompleteReadError(actual_bytes=0, expected_bytes=1))
        return Body(whole, None)


class Body:
    def __init__(self, content, error):
        self.content, self.error = content, error

    def iter_chunks(self, size):
        yield self.content
        if self.error:
            raise self.error

    def close(self):
        pass


def test_a_read_from_s3_that_breaks_off_is_taken_up_where_it_ended():
    s3 = BrokenOff(f"{species()}\n{species('cat')}".encode(), failures=2)

    assert read_manifest("s3://out/key", session=s3)["label"].tolist() == ["dog", "cat"]
    assert s3.asked == [
        {},
        {"Range": "bytes=100-", "IfMatch": '"1"'},
        {"Range": "bytes=200-", "IfMatch": '"1"'},
    ]


def test_a_read_from_s3_that_breaks_off_again_and_again_is_an_error():
    with pytest.raises(UnavailableError):
        read_manifest("s3://out/key", session=BrokenOff(species().encode(), failures=3))


@pytest.mark.parametrize("confidence", ["much", "nan", True, [0.5], 10**400])
def test_a_confidence_that_is_no_number_is_null(confidence):
    row = one(line(1, "image-classification", class_name="dog", confidence=confidence))

    assert (row["label"], row["confidence"], row["error"]) == ("dog", None, None)
