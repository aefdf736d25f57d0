"""What AWS's own functions give, for each kind of job on images, texts and clips: lines as Ground Truth writes them."""

import builtins
import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hitl_sdk import functions
from hitl_sdk._clock import ManualClock, use_clock
from hitl_sdk._ground_truth import kind_named, kinds
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.functions import _error_model, _images_and_texts
from hitl_sdk.labels import make_mask
from hitl_sdk.tasks import BoundingBoxAdjustment, SemanticSegmentation

from .conftest import JSON, PAYLOAD, Batch, InMemory

GENUINE = Path(__file__).parents[3] / "shared/data/outputs/post_annotation_payload.json"
NOON = datetime(2023, 2, 3, 10, 5, 11, 120034, tzinfo=UTC)
COMMON = {
    "type": "groundtruth/image-classification",
    "job-name": "labeling-job/pets-1",
    "human-annotated": "yes",
    "creation-date": "2023-02-03T10:05:11.120034",
}
ONE_LABEL = ["ImageMultiClass", "TextMultiClass", "VideoMultiClass"]
SEVERAL = ["ImageMultiClassMultiLabel", "TextMultiClassMultiLabel"]
FRAMES = sorted(
    each.name
    for each in kinds()
    if ("Video" in each.name and each.name != "VideoMultiClass") or "3D" in each.name
)


@pytest.fixture(autouse=True)
def noon():
    with use_clock(ManualClock(NOON)):
        yield


def under(kind, answer):
    return {kind_named(kind).answer_key: answer}


def chosen(kind, *labels):
    return [under(kind, {"label": label}) for label in labels]


def boxes(*drawn, **more):
    names = ("label", "left", "top", "width", "height")
    each = [dict(zip(names, box, strict=True)) for box in drawn]
    return {
        "boundingBox": {"boundingBoxes": each, "inputImageProperties": {"width": 100, "height": 80}, **more}
    }


def painted(pixels, **more):
    task = SemanticSegmentation(name="crowd-semantic-segmentation", labels=["cat", "dog"], title="Paint")
    drawn = task.initial_value(make_mask(pixels, ["cat", "dog"]))
    picture = {"pngImageData": drawn["src"].rpartition(",")[2]}
    return {task.name: {"labelMappings": drawn["labelMappings"], "labeledImage": picture, **more}}


def own(metadata):
    return {key: value for key, value in metadata.items() if key not in COMMON}


@pytest.mark.parametrize(
    "kind", [each.name for each in kinds() if each.input_key and each.name not in FRAMES]
)
def test_every_template_gets_its_item_and_the_whole_line(kind):
    line = {kind_named(kind).input_key: "s3://in/a", "pets-ref": "s3://in/b"}

    response = functions.built_in("PRE", kind)({"dataObject": line}, InMemory())

    assert response == {
        "taskInput": {"taskObject": "s3://in/a", "manifestLine": line}, "isHumanAnnotationRequired": True,
    }  # fmt: skip


def test_a_template_gets_the_labels_where_the_event_tells_them():
    event = {"dataObject": {"source-ref": "s3://in/a"}, "labelCategories": ["cat", "dog"]}

    response = functions.built_in("PRE", "BoundingBox")(event, InMemory())

    assert response["taskInput"]["labels"] == ["cat", "dog"]


def test_a_template_of_ones_own_reads_the_keys_of_the_line():
    line = {"source": "It broke", "price": 7}

    response = functions.built_in("PRE", "PassThrough")({"dataObject": line}, InMemory())

    assert response["taskInput"] == {**line, "taskObject": "It broke", "manifestLine": line}


@pytest.mark.parametrize("kind", ONE_LABEL)
def test_one_label_is_the_number_of_its_class(batch, kind):
    batch.add(*chosen(kind, "dog", "dog", "dog")).add(*chosen(kind, "cat"))

    found = batch.consolidated(kind)

    common = COMMON | {"type": kind_named(kind).metadata_type}
    assert found["0"] == {"pets": 1, "pets-metadata": {"class-name": "dog", "confidence": 1.0, **common}}
    assert found["1"] == {"pets": 0, "pets-metadata": {"class-name": "cat", "confidence": 0, **common}}


def disputed(batch, n):
    """Add objects of which w2 says every other wrong."""
    for number in range(n):
        truth, other = ("dog", "cat") if number % 3 else ("cat", "dog")
        batch.add(*chosen("ImageMultiClass", truth, truth, other if number % 2 else truth))


def sureness(batch):
    return {
        content["pets-metadata"]["confidence"] for content in batch.consolidated("ImageMultiClass").values()
    }


def test_a_confidence_of_the_error_model_has_two_decimals(batch):
    disputed(batch, 10)

    sure = sureness(batch)

    assert sure == {round(each, 2) for each in sure}
    assert not sure & {0, 0.67}


@pytest.mark.parametrize("why", ["few answers", "no numpy"])
def test_the_majority_decides_where_errors_can_not_be_learnt(batch, monkeypatch, why):
    disputed(batch, 9 if why == "few answers" else 10)
    if why == "no numpy":
        monkeypatch.setattr(_error_model, "find_spec", lambda name: None)

    assert sureness(batch) == {1.0, 0.67}


@pytest.mark.parametrize("kind", SEVERAL)
def test_several_labels_are_all_that_anyone_chose(batch, kind):
    said = [["cat"], ["dog", "cat"], []]
    batch.add(*[under(kind, {"labels": labels}) for labels in said]).add(under(kind, {"labels": ["dog"]}))

    found = batch.consolidated(kind, labelCategories=["cat", "cow", "dog"])

    assert found["0"]["pets"] == [0, 2]
    assert own(found["0"]["pets-metadata"]) == {
        "class-map": {"0": "cat", "2": "dog"},
        "confidence-map": {"0": 0.67, "2": 0.33},
    }
    assert found["1"]["pets"] == [2]
    assert own(found["1"]["pets-metadata"])["confidence-map"] == {"2": 0}
    assert found["1"]["pets-metadata"]["type"].endswith("-multilabel")


def test_boxes_are_averaged(batch):
    batch.add(boxes(("dog", 10, 10, 20, 20)), boxes(("dog", 12, 10, 20, 20)), boxes(("dog", 11, 10, 20, 20)))
    batch.add(boxes(("cat", 90, 70, 30, 30)))
    batch.add(boxes())

    found = batch.consolidated("BoundingBox")

    size = [{"width": 100, "height": 80, "depth": 3}]
    assert found["0"]["pets"] == {
        "image_size": size,
        "annotations": [{"class_id": 1, "left": 11, "top": 10, "width": 20, "height": 20}],
    }
    assert own(found["0"]["pets-metadata"]) == {"objects": [{"confidence": 1.0}], "class-map": {"1": "dog"}}
    (cut_off,) = found["1"]["pets"]["annotations"]
    assert (cut_off["width"], cut_off["height"]) == (10, 10)
    assert found["1"]["pets-metadata"]["objects"] == [{"confidence": 0}]
    assert found["2"]["pets"] == {"image_size": size, "annotations": []}


def test_a_box_that_shows_nothing_of_the_image_is_left_out(batch):
    batch.add(boxes(("cat", 1, 2, 3, 4), ("dog", 200, 2, 3, 4), ("dog", 5, 5, 0, 9)))

    found = batch.consolidated("BoundingBox")

    assert found["0"]["pets-metadata"]["class-map"] == {"0": "cat"}


def test_boxes_without_the_size_of_their_image_lose_one_object(batch, caplog):
    answer = boxes(("cat", 1, 2, 3, 4))
    del answer["boundingBox"]["inputImageProperties"]
    batch.add(answer).add(boxes())

    assert list(batch.consolidated("BoundingBox")) == ["1"]
    assert "object '0' is left out: the label has no image size" in caplog.text


def test_more_labels_than_the_element_takes_are_read(batch):
    labels = [f"animal {number}" for number in range(40)]
    batch.add(boxes(("animal 39", 1, 2, 3, 4)))

    found = batch.consolidated("BoundingBox", labelCategories=labels)

    assert found["0"]["pets"]["annotations"][0]["class_id"] == 39


def test_spans_stand_beside_all_labels(batch):
    spans = [{"label": "dog", "startOffset": 2, "endOffset": 5}]
    batch.add(*[under("NamedEntityRecognition", {"entities": spans})] * 3, content="A dog")
    batch.add(under("NamedEntityRecognition", {"entities": []}), content="None")

    found = batch.consolidated("NamedEntityRecognition")

    assert found["0"]["pets"] == {
        "annotations": {"labels": [{"label": "cat"}, {"label": "dog"}], "entities": spans}
    }
    assert own(found["0"]["pets-metadata"]) == {"entities": [{"confidence": 1.0}]}
    assert found["1"]["pets"]["annotations"]["entities"] == []


@pytest.mark.parametrize("kind", ["SemanticSegmentation", "AdjustmentSemanticSegmentation"])
def test_a_mask_is_a_png_on_white_that_the_line_names(batch, kind):
    batch.add(painted([[0, 1, 2]]), painted([[0, 1, 2]]), painted([[0, 2, 2]]))

    content = batch.consolidated(kind, labelAttributeName="pets-ref")["0"]

    uri = "s3://out/Pets-1/annotations/consolidated-annotation/output/0_2023-02-03T10:05:11.120034.png"
    colors = content["pets-ref-metadata"]["internal-color-map"]
    assert content["pets-ref"] == uri
    assert [entry["class-name"] for entry in colors.values()] == ["BACKGROUND", "cat", "dog"]
    assert {entry["confidence"] for entry in colors.values()} == {0.89}
    picture = Image.open(io.BytesIO(batch.storage.read(uri)))
    drawn = ["#{:02x}{:02x}{:02x}".format(*pixel) for pixel in np.asarray(picture.convert("RGB"))[0]]
    assert drawn == [entry["hex-color"] for entry in colors.values()]
    assert drawn[0] == "#ffffff"


def test_masks_of_two_sizes_lose_one_object(batch, caplog):
    batch.add(painted([[0, 1]]), painted([[0], [1]])).add(painted([[1, 1]]))

    assert list(batch.consolidated("SemanticSegmentation")) == ["1"]
    assert "object '0' is left out" in caplog.text


def test_a_file_needs_a_place(batch):
    batch.add(painted([[0, 1]]))

    with pytest.raises(InvalidInputError, match="the event has no 'outputConfig'"):
        batch.consolidated("SemanticSegmentation", outputConfig=None)


@pytest.mark.parametrize("kind", ["VerificationBoundingBox", "VerificationSemanticSegmentation"])
def test_a_verdict_is_a_number_in_text_with_what_workers_wrote(batch, kind):
    said = [("wrong", "third box too wide"), ("wrong", ""), ("right", None)]
    batch.add(*[under(kind, {"label": label, "workerComment": text}) for label, text in said])
    batch.add(*chosen(kind, "right"))

    found = batch.consolidated(kind, labelCategories=["right", "wrong"])

    assert found["0"]["pets"] == "1"
    assert found["0"]["pets-metadata"]["class-name"] == "wrong"
    assert found["0"]["pets-metadata"]["worker-feedback"] == [{"comment": "third box too wide"}]
    assert found["1"]["pets"] == "0"
    assert "worker-feedback" not in found["1"]["pets-metadata"]


@pytest.mark.parametrize(
    ("told", "status"), [([True, False], "adjusted"), ([False, False], "unadjusted"), ([None, None], None)]
)
@pytest.mark.parametrize("kind", ["AdjustmentBoundingBox", "AdjustmentSemanticSegmentation"])
def test_whether_a_label_was_adjusted_is_what_the_answers_tell(batch, kind, told, status):
    answer = painted([[0, 1]]) if "Segmentation" in kind else boxes(("cat", 1, 2, 3, 4))
    (key,) = answer
    batch.add(
        *[{key: answer[key] | ({} if each is None else {"initialValueModified": each})} for each in told]
    )

    metadata = batch.consolidated(kind)["0"]["pets-metadata"]

    assert metadata.get("adjustment-status") == status
    assert metadata["type"] == kind_named(kind.removeprefix("Adjustment")).metadata_type


def test_pass_through_says_nothing_of_the_objects(batch):
    assert batch.add({"mood": "good"}).consolidated("PassThrough")["0"]["pets"] == {}


@pytest.mark.parametrize(
    ("kind", "answers", "names"),
    [
        ("ImageMultiClass", chosen("ImageMultiClass", "wolf", "ape", "wolf"), None),
        ("TextMultiClassMultiLabel", [{"x": {"labels": ["wolf", "ape"]}}], {"0": "ape", "1": "wolf"}),
        (
            "BoundingBox",
            [boxes(("wolf", 1, 2, 3, 4)), boxes(("ape", 50, 50, 9, 9))],
            {"0": "ape", "1": "wolf"},
        ),
    ],
)
def test_without_categories_the_labels_are_those_given(batch, kind, answers, names):
    metadata = batch.add(*answers).consolidated(kind, labelCategories=None)["0"]["pets-metadata"]

    if names is None:
        assert metadata["class-name"] == "wolf"
    else:
        assert metadata["class-map"] == names


def test_without_categories_masks_and_spans_name_theirs(batch):
    batch.add({"entities": {"entities": [{"label": "wolf", "startOffset": 0, "endOffset": 2}]}})
    found = batch.consolidated("NamedEntityRecognition", labelCategories=None)
    assert found["0"]["pets"]["annotations"]["labels"] == [{"label": "wolf"}]

    painting = Batch().add(painted([[1, 2]]))
    colors = painting.consolidated("SemanticSegmentation", labelCategories=None)["0"]["pets-metadata"]
    assert [each["class-name"] for each in colors["internal-color-map"].values()] == [
        "BACKGROUND",
        "cat",
        "dog",
    ]


@pytest.mark.parametrize("kind", [*ONE_LABEL, *SEVERAL, "BoundingBox", "NamedEntityRecognition"])
def test_without_categories_and_labels_there_is_nothing_to_say(batch, kind):
    key = kind_named(kind).answer_key

    assert batch.add({key: {"entities": None}}).consolidated(kind, labelCategories=None) == {}


@pytest.mark.parametrize("key", ["animal", "crowd-image-classifier\u200b", "crowd-image-classifier"])
def test_the_answer_may_stand_under_any_key_if_there_is_just_one(batch, key):
    assert batch.add({key: {"label": "dog"}}).consolidated("ImageMultiClass")["0"]["pets"] == 1


def test_of_several_keys_it_is_the_elements(batch):
    batch.add({"note": "x", "crowd-image-classifier\u200b": {"label": "dog\u200b"}})

    assert batch.consolidated("ImageMultiClass")["0"]["pets"] == 1


@pytest.mark.parametrize("wrong", [{"label": "cow"}, {}, "dog", None, {"label": 7}])
def test_one_answer_that_is_none_does_not_count(batch, caplog, wrong):
    batch.add(under("ImageMultiClass", wrong), *chosen("ImageMultiClass", "dog"))
    batch.add(under("ImageMultiClass", wrong))

    found = batch.consolidated("ImageMultiClass")

    assert list(found) == ["0"]
    assert found["0"]["pets-metadata"]["confidence"] == 0
    assert "an answer to object '0' is left out" in caplog.text


@pytest.mark.parametrize("kind", FRAMES)
def test_a_kind_whose_answers_are_read_nowhere_is_refused_in_words(batch, kind, monkeypatch):
    from hitl_sdk.functions import _consolidators

    monkeypatch.setattr(_consolidators, "CONSOLIDATORS", _images_and_texts.CONSOLIDATORS)

    with pytest.raises(InvalidInputError, match=f"the answers of {kind} jobs can't be consolidated"):
        batch.add({}).consolidated(kind)


@pytest.mark.parametrize(("stage", "kind"), [("POST", "BoundingBox"), ("PRE", "Boxes")])
def test_there_are_no_other_functions(stage, kind):
    with pytest.raises(InvalidInputError):
        functions.built_in(stage, kind)


def test_an_event_without_a_job_names_none(batch):
    batch.add(*chosen("ImageMultiClass", "dog"))

    assert (
        batch.consolidated("ImageMultiClass", labelingJobArn=None)["0"]["pets-metadata"]["job-name"]
        == "labeling-job/"
    )


def test_a_genuine_payload_is_read_whole(batch):
    if not GENUINE.is_file():
        pytest.skip("../shared/data is not there")
    batch.storage.write(PAYLOAD, GENUINE.read_bytes())

    found = batch.consolidated("BoundingBox", labelCategories=None)

    payload = json.loads(GENUINE.read_text())
    assert list(found) == [entry["datasetObjectId"] for entry in payload] == ["0", "2"]
    assert found["0"]["pets"] == {
        "image_size": [{"width": 640, "height": 432, "depth": 3}],
        "annotations": [
            {"class_id": 1, "left": 116, "top": 283, "width": 137, "height": 128},
            {"class_id": 0, "left": 418, "top": 281, "width": 138, "height": 141},
        ],
    }
    assert found["0"]["pets-metadata"]["class-map"] == {"0": "Green", "1": "Red"}


@pytest.mark.parametrize("kind", sorted(_images_and_texts.CONSOLIDATORS))
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_any_answer_is_a_label_or_left_out(kind, data):
    keys = st.sampled_from(
        ["label", "labels", "boundingBoxes", "entities", "labelMappings", "labeledImage", "workerComment"]
    )
    answer = st.dictionaries(keys, JSON | st.sampled_from(["cat", ["cat"]]), max_size=3) | JSON
    batch = Batch()
    for answers in data.draw(st.lists(st.lists(answer, max_size=3), max_size=3)):
        batch.add(*(under(kind, each) for each in answers))

    found = batch.consolidated(kind, labelCategories=data.draw(st.sampled_from([None, ["cat", "dog"]])))

    assert set(found) <= {entry["datasetObjectId"] for entry in batch.entries}


def test_loading_the_handlers_loads_nothing_heavy():
    heavy = ("boto3", "narwhals", "numpy", "pydantic", "PIL", "requests")
    code = f"import sys, hitl_sdk.functions; print([name for name in {heavy} if name in sys.modules])"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"


def test_before_people_answer_nothing_heavy_is_needed(monkeypatch):
    """A pre-annotation function is called once an object: it starts cold, and often."""
    real = builtins.__import__

    def without(name, *rest):
        assert name.partition(".")[0] not in {"numpy", "pydantic", "narwhals"}, name
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    functions.built_in("PRE", "BoundingBox")({"dataObject": {"source-ref": "s3://in/a"}}, InMemory())


def test_an_adjusted_label_is_read_by_its_task(batch):
    task = BoundingBoxAdjustment(name="boundingBox", labels=["cat"], title="Mend")
    entry = task.manifest_entry(task.parse_answer(boxes(("cat", 1, 2, 3, 4))).label)

    batch.add(boxes(("cat", 1, 2, 3, 4)))
    assert batch.consolidated("AdjustmentBoundingBox")["0"]["pets"] == entry.value
