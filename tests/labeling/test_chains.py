"""Jobs that go on from the output of another."""

import json

import pytest

import hitl_sdk as hitl
from hitl_sdk import tasks
from hitl_sdk.errors import InvalidInputError, NotFoundError
from hitl_sdk.labeling import InputManifest, JobOutput

NAME = "pets"
OUTPUT = "s3://labels/out/pets/manifests/output/output.manifest"


def line(number: int, label: str | None, confidence: float = 0.9, source: str = "yes") -> dict[str, object]:
    address = {"source-ref": f"s3://labels/in/{number}.png"}
    if label is None:
        return address
    metadata = {
        "class-name": label,
        "confidence": confidence,
        "type": "groundtruth/image-classification",
        "human-annotated": source,
        "job-name": "labeling-job/pets",
        "creation-date": "2026-01-02T03:04:05.000006",
    }
    return {**address, "pets": ["cat", "dog"].index(label), "pets-metadata": metadata}


LINES = [line(0, "cat"), line(1, "dog", 0.6), line(2, None), line(3, "dog")]


@pytest.fixture
def job(jobs):
    task = tasks.ImageClassification(name="pet", labels=["cat", "dog"], title="Which pet?")
    return jobs.make(name=NAME, task=task)


@pytest.fixture
def session(hitl_cloud):
    hitl_cloud.bucket("labels")
    session = hitl_cloud.session()
    InputManifest.from_lines(LINES).write(OUTPUT, session)
    return session


def numbers(source: JobOutput, session) -> list[int]:
    return [int(each["source-ref"][-5]) for each in source.manifest(session)]


# --- which lines


def test_without_a_condition_the_manifest_is_taken_where_it_lies(job):
    verify = job.verify(name="check")

    assert verify.input == JobOutput(OUTPUT, "pets")
    assert verify.input.is_whole


def test_a_job_may_take_the_lines_of_one_label(job, session):
    then = job.then(name="breed", task=job.task, where=lambda row: row["label"] == "dog")

    assert numbers(then.input, session) == [1, 3]


def test_a_job_may_take_the_lines_of_little_confidence(job, session):
    verify = job.verify(name="check", where=lambda row: (row["confidence"] or 1) < 0.8)

    assert numbers(verify.input, session) == [1]


def test_a_line_without_a_label_is_asked_about_too(job, session):
    then = job.then(name="rest", task=job.task, where=lambda row: row["label"] is None)

    assert numbers(then.input, session) == [2]


def test_a_condition_that_fails_says_at_which_line(job, session):
    then = job.then(name="breed", task=job.task, where=lambda row: row["confidence"] < 0.8)

    with pytest.raises(
        InvalidInputError, match=r"where= fails at the line of s3://labels/in/2.png: TypeError"
    ):
        numbers(then.input, session)


def test_a_former_job_without_output_is_not_found(job, hitl_cloud):
    hitl_cloud.bucket("labels")

    with pytest.raises(NotFoundError):
        numbers(job.then(name="breed", task=job.task, where=lambda row: True).input, hitl_cloud.session())


# --- which settings


def test_a_verification_shows_the_former_label_and_has_one_of_its_own(job):
    verify = job.verify(name="check")

    assert isinstance(verify.task, tasks.ImageClassificationVerification)
    assert (verify.prior_attribute, verify.attribute) == ("pets", "check")
    assert (verify.team, verify.role_arn, verify.output) == (job.team, job.role_arn, job.output)


def test_what_belongs_to_the_task_does_not_go_on(jobs):
    job = jobs.make(
        name=NAME, task=tasks.BoundingBox(name="b", labels=["cat"], title="Draw"), label_attribute="boxes"
    )
    arn = "arn:aws:lambda:us-east-1:123456789012:function:SageMaker-mine"

    verify = job.clone(name="other", post_annotation=arn).verify(name="check")

    assert verify.post_annotation is None
    assert verify.label_attribute is None


def test_a_task_of_one_s_own_may_verify(job):
    task = tasks.ImageClassificationVerification(
        name="check", labels=["cat", "dog"], title="Right?", choices=["Yes", "No"]
    )

    assert job.verify(name="check", task=task, workers_per_object=5).task is task


def test_an_adjustment_starts_from_the_former_label(jobs):
    boxes = jobs.make(name="boxes", task=tasks.BoundingBox(name="b", labels=["cat"], title="Draw"))

    adjust = boxes.adjust(name="mended")

    assert isinstance(adjust.task, tasks.BoundingBoxAdjustment)
    assert adjust.task.labels == ("cat",)
    assert adjust.prior_attribute == "boxes"


def test_what_adjusts_can_be_adjusted_again(jobs):
    boxes = jobs.make(name="boxes", task=tasks.BoundingBox(name="b", labels=["cat"], title="Draw"))

    assert boxes.adjust(name="mended").adjust(name="again").prior_attribute == "mended"


@pytest.mark.parametrize("verb", ["verify", "adjust"])
def test_a_label_that_has_no_such_task_says_what_can_be_done(verb, jobs):
    with pytest.raises(InvalidInputError, match=r"labeling job 'mood-1' can't be .*job\.then"):
        getattr(jobs.make(), verb)(name="check")


def test_frames_are_verified_by_an_adjustment_in_which_nothing_may_be_changed(jobs):
    vans = jobs.make(name="vans", task=tasks.VideoObjectTracking(name="v", labels=["van"], title="Track"))

    verify = vans.verify(name="check")

    file = verify.categories.to_json(verify.kind)
    assert verify.kind.name == "AdjustmentVideoObjectTracking"
    assert [each["editsAllowed"] for each in file["labels"]] == ["none"]
    assert [each["name"] for each in file["frameAttributes"]] == ["verdict"]
    assert verify.prior_attribute == "vans-ref"


# --- labelled again


def test_those_that_are_meant_lose_their_label_and_the_rest_keep_it(job, session):
    again = job.relabel(name="pets-2", where=lambda row: row["label"] == "dog")

    assert [sorted(each) for each in again.input.manifest(session)] == [
        ["pets", "pets-metadata", "source-ref"],
        ["source-ref"],
        ["source-ref"],
        ["source-ref"],
    ]
    assert again.attribute == "pets"


def test_a_verification_says_what_is_labelled_again(job, hitl_cloud, session):
    checked = job.verify(name="check")
    verdicts = [
        each
        | {
            "check": i % 2,
            "check-metadata": dict(
                LINES[0]["pets-metadata"], **{"class-name": "Right" if i % 2 else "Wrong"}
            ),
        }
        for i, each in enumerate(LINES)
    ]
    InputManifest.from_lines(verdicts).write(checked.output_manifest_uri, session)

    again = job.relabel(name="pets-2", after=checked, where=lambda row: row["label"] == "Wrong")

    assert ["pets" in each for each in again.input.manifest(session)] == [False, True, False, True]
    assert json.loads(json.dumps(next(iter(again.input.manifest(session)))))["check"] == 0


def test_only_what_lost_its_label_is_asked_again(job, hitl_cloud, session):
    s3 = session.client("s3")
    for number in range(4):
        s3.put_object(Bucket="labels", Key=f"in/{number}.png", Body=b"")
    asked: list[str] = []
    hitl_cloud.workers.answer(
        lambda item: asked.append(item["taskObject"]) or {"crowd-image-classifier": {"label": "cat"}}
    )
    team = hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")])
    again = job.relabel(
        name="pets-2", where=lambda row: row["label"] == "dog", team=team, role_arn=hitl_cloud.role_arn,
        workers_per_object=1,
    )  # fmt: skip

    again.ensure(session)
    again.wait(session, timeout=86_400, progress=False)

    assert sorted(asked) == [f"s3://labels/in/{number}.png" for number in (1, 2, 3)]
    frame = again.read(session)
    assert frame["label"].tolist() == ["cat"] * 4
    assert frame["job_name"].tolist() == ["labeling-job/pets", *["labeling-job/pets-2"] * 3]
