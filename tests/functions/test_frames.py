"""AWS's functions for video frames and point clouds: answers go in, Ground Truth's files come out and are read back."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from tests.labeling.frame_samples import (
    BUCKET,
    DRAWN,
    FRAME_SAMPLES,
    LABELS,
    SEQUENCE,
    categories_of,
    detected,
    one,
)

from hitl_sdk import functions
from hitl_sdk._ground_truth import kind_named
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import (
    Box,
    Cuboid,
    Frame,
    FrameSequence,
    PointClasses,
    read_compressed_points,
    read_frame,
    read_sequence_label,
)
from hitl_sdk.local.answers import DefaultAnswers, TruthAnswers
from hitl_sdk.local.builtin_uis import template_of
from hitl_sdk.local.engine import OpenTask, Scope

from .conftest import InMemory

KINDS = pytest.mark.parametrize("kind", FRAME_SAMPLES)
ADJUSTMENTS = [kind for kind in FRAME_SAMPLES if kind.startswith("Adjustment")]


class Job:
    """One object of a job: what AWS's functions and simulated workers do with it."""

    def __init__(self, sample, line=None, prior=None, storage=None):
        self.sample = sample
        self.kind = kind_named(sample.task.labeling_kind)
        self.attribute = "vans-ref" if self.kind.attribute_ends_in_ref else "vans"
        self.storage = storage or InMemory(
            {f"s3://{BUCKET}/{key}": content for key, content in sample.files.items()}
        )
        self.line = line or sample.line
        template = template_of(str(self.kind.human_task_ui), categories_of(sample, prior), self.kind)
        event = {"dataObject": self.line}
        task_input = functions.built_in("PRE", self.kind)(event, self.storage)["taskInput"]
        self.task = OpenTask(
            scope=Scope("123456789012", "eu-west-1"),
            human_loop_name="loop",
            flow="flow",
            title="t",
            description="d",
            template=template,
            input_content=json.loads(json.dumps(task_input)),
            task_count=1,
            answered_by=frozenset(),
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            sequence=1,
        )

    def _read(self, bucket, key):
        return self.storage.get(f"s3://{bucket}/{key}")

    def known(self, truth=None, seed=0, **options):
        """Return the answer of somebody who knows the truth."""
        answers = TruthAnswers(lambda item: self.sample.truth if truth is None else truth, **options)
        return answers.answer(self.task, Random(seed), self._read)

    def agreed(self):
        """Return the answer of somebody who changes nothing."""
        return DefaultAnswers().answer(self.task, Random(0), self._read)

    def consolidated(self, *answers, labels=LABELS, attribute=None):
        """Return the line with what AWS's function for the kind says of these answers."""
        payload = [
            {
                "datasetObjectId": "0",
                "dataObject": {"s3Uri": self.sample.item},
                "annotations": [
                    {"workerId": f"w{number}", "annotationData": {"content": json.dumps(answer)}}
                    for number, answer in enumerate(answers)
                ],
            }
        ]
        self.storage.write("s3://out/payload.json", json.dumps(payload).encode())
        event = {
            "labelingJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:labeling-job/Vans",
            "labelCategories": labels,
            "labelAttributeName": attribute or self.attribute,
            "payload": {"s3Uri": "s3://out/payload.json"},
            "outputConfig": "s3://out/Vans/annotations",
        }
        response = functions.built_in("ACS", self.kind)(event, self.storage)
        assert json.loads(json.dumps(response)) == response
        return {**self.line, **response[0]["consolidatedAnnotation"]["content"]} if response else None

    def read_back(self, line):
        """Return the label that a line names, read as any reader would who knows its form alone."""
        value, metadata = line[self.attribute], line[f"{self.attribute}-metadata"]
        if "color-map" in metadata:
            colors = metadata["color-map"]
            names = [colors[str(number)]["class-name"] for number in range(1, len(colors))]
            return read_compressed_points(
                self.storage.read(value), names, metadata.get("dataset-object-attributes")
            )
        if self.attribute.endswith("-ref"):
            return read_sequence_label(self.storage.read(value), metadata["class-map"])[1]
        frame = read_frame(Cuboid, value, class_map=metadata["class_map"])
        attributes = read_frame(Cuboid, {"attributes": metadata["dataset-object-attributes"]}).attributes
        return replace(frame, attributes=attributes)


@KINDS
@pytest.mark.parametrize("workers", [1, 3])
def test_what_workers_say_is_read_back_from_the_manifest(kind, workers):
    job = Job(FRAME_SAMPLES[kind])
    answers = [job.known(seed=seed) for seed in range(workers)]

    line = job.consolidated(*answers)

    assert job.read_back(line) == job.sample.truth
    assert [job.sample.task.parse_answer(answer).label for answer in answers] == [job.sample.truth] * workers
    assert line[f"{job.attribute}-metadata"]["type"] == job.sample.task.metadata_type


@pytest.mark.parametrize("annotation_type", DRAWN)
@pytest.mark.parametrize("kind", ["VideoObjectDetection", "VideoObjectTracking"])
def test_video_frames_take_four_kinds_of_shapes(kind, annotation_type):
    task = one(type(FRAME_SAMPLES[kind].task), annotation_type=annotation_type)
    sample = replace(FRAME_SAMPLES[kind], task=task, truth=detected(DRAWN[annotation_type]))
    job = Job(sample)

    label = job.read_back(job.consolidated(job.known(), job.known()))

    assert [each.shape for frame in label.frames for each in frame.objects] == [DRAWN[annotation_type]] * 2


def test_a_sequence_lies_where_ground_truth_puts_it():
    job = Job(FRAME_SAMPLES["VideoObjectTracking"])

    line = job.consolidated(job.known())

    assert line["vans-ref"] == "s3://out/Vans/annotations/consolidated-annotation/output/0/SeqLabel.json"
    metadata = line["vans-ref-metadata"]
    assert metadata["class-map"] == {"0": "van", "1": "bus"}
    assert metadata["job-name"] == "labeling-job/vans"
    assert "adjustment-status" not in metadata
    assert json.loads(job.storage.read(line["vans-ref"]))["tracking-annotations"][1] == {
        "annotations": [
            {
                "left": 5,
                "top": 6,
                "width": 20,
                "height": 10,
                "class-id": "0",
                "label-category-attributes": {"hidden": "no"},
                "object-id": "id-1",
                "object-name": "van:1",
            }
        ],
        "frame-no": "1",
        "frame": "f_0002.jpg",
        "frame-attributes": {},
    }


def test_frames_of_point_clouds_are_spelled_in_their_own_way():
    job = Job(FRAME_SAMPLES["3DPointCloudObjectTracking"])

    line = job.consolidated(job.known())

    (first, _) = json.loads(job.storage.read(line["vans-ref"]))["tracking-annotations"]
    assert (first["frame-number"], first["frame-name"], first["annotations"][0]["class-id"]) == (
        0,
        "f_0001.jpg",
        0,
    )
    assert line["vans-ref-metadata"]["objects"] == [
        {"frame-no": 0, "confidence": []},
        {"frame-no": 1, "confidence": []},
    ]


def test_cuboids_of_one_frame_stand_in_the_line():
    job = Job(FRAME_SAMPLES["3DPointCloudObjectDetection"])

    one_worker, three = job.consolidated(job.known()), job.consolidated(*[job.known()] * 3)

    assert one_worker["vans"]["annotations"][0]["object-name"] == "van:1"
    metadata = one_worker["vans-metadata"]
    assert (metadata["class_map"], metadata["objects"]) == ({"0": "van"}, [])
    assert metadata["dataset-object-attributes"] == {"weather": "rain"}
    assert three["vans-metadata"]["objects"] == [{"confidence": 1.0}]


def test_classes_of_points_are_compressed():
    job = Job(FRAME_SAMPLES["3DPointCloudSemanticSegmentation"])

    line = job.consolidated(job.known(), job.known())

    assert line["vans-ref"] == "s3://out/Vans/annotations/consolidated-annotation/output/0/PointClasses.zlib"
    colors = line["vans-ref-metadata"]["color-map"]
    assert colors["0"] == {"class-name": "Background", "hex-color": "#ffffff", "confidence": 1.0}
    assert [colors[number]["class-name"] for number in "12"] == LABELS


@pytest.mark.parametrize("kind", ADJUSTMENTS)
def test_an_adjustment_begins_with_the_former_label_and_says_whether_it_was_changed(kind):
    first = Job(FRAME_SAMPLES[kind.removeprefix("Adjustment")])
    line = first.consolidated(first.known())
    second = Job(FRAME_SAMPLES[kind], line, first.attribute, first.storage)
    attribute = f"again-{first.attribute}"
    nothing = PointClasses((), bytes(5)) if "Segmentation" in kind else []

    kept = second.consolidated(second.agreed(), attribute=attribute)
    second.attribute = attribute
    assert second.read_back(kept) == first.sample.truth
    assert kept[f"{attribute}-metadata"]["adjustment-status"] == "unadjusted"
    assert kept[first.attribute] == line[first.attribute]
    mended = second.consolidated(second.agreed(), second.known(nothing), attribute=attribute)
    assert mended[f"{attribute}-metadata"]["adjustment-status"] == "adjusted"


@KINDS
def test_somebody_who_agrees_with_nothing_marks_nothing(kind):
    job = Job(FRAME_SAMPLES[kind])

    label = job.sample.task.parse_answer(job.agreed()).label

    if isinstance(label, FrameSequence):
        assert [(frame.name, frame.objects) for frame in label.frames] == [
            ("f_0001.jpg", ()),
            ("f_0002.jpg", ()),
        ]
    elif isinstance(label, Frame):
        assert label.objects == ()
    else:
        assert label == PointClasses(tuple(LABELS), bytes(5))


@KINDS
def test_workers_err_at_things_and_points_each_by_itself(kind):
    job = Job(FRAME_SAMPLES[kind])

    answers = [job.known(seed=seed, accuracy=0.5, jitter=1.0) for seed in range(20)]

    assert len({json.dumps(answer) for answer in answers}) > 5
    for answer in answers:
        job.sample.task.parse_answer(answer)


@KINDS
def test_labels_that_the_event_does_not_tell_are_those_that_workers_gave(kind):
    job = Job(FRAME_SAMPLES[kind])
    answer = job.known()

    untold = job.read_back(job.consolidated(answer, labels=None))
    assert untold == job.read_back(job.consolidated(answer, labels=sorted(LABELS)))


@KINDS
def test_an_answer_that_can_not_be_read_is_left_out(kind, caplog):
    job = Job(FRAME_SAMPLES[kind])

    assert job.consolidated({"nothing": {}}) is None
    assert "an answer to object '0' is left out" in caplog.text


def test_answers_that_name_no_label_make_none():
    job = Job(FRAME_SAMPLES["VideoObjectDetection"])

    assert job.consolidated(job.agreed(), labels=None) is None


@pytest.mark.parametrize("content", [b"[]", b"no JSON"])
def test_a_sequence_file_that_is_none_is_refused(content):
    sample = FRAME_SAMPLES["VideoObjectDetection"]
    storage = InMemory({sample.item: content})

    with pytest.raises(InvalidInputError, match=r"s3://data/in/a\.json is"):
        functions.built_in("PRE", "VideoObjectDetection")({"dataObject": sample.line}, storage)


def test_people_are_given_the_parsed_sequence_or_the_frame():
    given = {kind: Job(FRAME_SAMPLES[kind]).task.input_content["taskObject"] for kind in FRAME_SAMPLES}

    assert given["VideoObjectTracking"] == SEQUENCE
    assert given["3DPointCloudObjectDetection"] == {
        "frame": "s3://data/in/1.bin",
        "unix-timestamp": 1600000000,
        "format": "binary/xyzi",
    }
    bare = {"dataObject": {"source-ref": "s3://data/in/1.bin"}}
    task_input = functions.built_in("PRE", "3DPointCloudObjectDetection")(bare, {})["taskInput"]
    assert task_input["taskObject"] == {"frame": "s3://data/in/1.bin"}


def test_boxes_of_several_workers_are_averaged_frame_by_frame():
    job = Job(FRAME_SAMPLES["VideoObjectTracking"])
    near = job.known(
        [{"frame": "f_0001.jpg", "annotations": [{"shape": Box("van", 7, 6, 20, 10), "object_id": "other"}]}]
    )

    label = job.read_back(job.consolidated(job.known(), job.known(), near))

    assert label.frames[0].objects[0].shape.left == pytest.approx(17 / 3)
    assert label.frames[0].objects[0].object_id == "id-1"
