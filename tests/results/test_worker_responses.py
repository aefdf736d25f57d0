"""Worker responses of labeling jobs to frames: one row an answer, and what can't be read keeps a row."""

import json

import pytest

from hitl_sdk.consolidation import MajorityVote, Vote
from hitl_sdk.errors import InvalidInputError, NotFoundError
from hitl_sdk.results import RESPONSE_COLUMNS, iter_worker_responses, read_worker_responses
from hitl_sdk.tasks import BoundingBox, ImageClassification
from hitl_sdk.testing import mock_hitl

TASK = ImageClassification(name="species", labels=["cat", "dog"], title="Which animal is it?")
FOLDER = "out/pets-1/annotations/worker-response"
JOB = "s3://pets/out/pets-1"


@pytest.fixture(scope="module")
def cloud():
    with mock_hitl() as cloud:
        cloud.bucket("pets")
        yield cloud


@pytest.fixture
def session(cloud):
    session = cloud.session()
    yield session
    client = session.client("s3")
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="pets"):
        for entry in page.get("Contents", ()):
            client.delete_object(Bucket="pets", Key=entry["Key"])


def put(session, name, content):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    session.client("s3").put_object(Bucket="pets", Key=f"{FOLDER}/{name}", Body=body)


def answer(label="cat", worker="private.eu-west-1.0f1e2d3c4b5a6978", second=39, **changes):
    return {
        "acceptanceTime": "2023-02-03T10:00:01.120Z",
        "submissionTime": f"2023-02-03T10:00:{second}.450Z",
        "timeSpentInSeconds": 36.2,
        "workerId": worker,
        "answerContent": {"crowd-image-classifier": {"label": label}},
    } | changes


def rows(session, uri=JOB, **options):
    return read_worker_responses(uri, session, engine="arrow", **options).to_pylist()


def test_an_answer_is_a_row(session):
    put(session, "iteration-2/7/2023-02-03_10:00:39.json", {"answers": [answer()]})
    (row,) = rows(session, task=TASK, items={"7": "s3://pets/7.jpg"})

    assert tuple(row) == RESPONSE_COLUMNS
    assert (row["item_id"], row["item"], row["worker"]) == (
        "7",
        "s3://pets/7.jpg",
        "private.eu-west-1.0f1e2d3c4b5a6978",
    )
    assert (row["label"], row["iteration"], row["seconds_spent"]) == ("cat", 2, 36.2)
    assert row["accepted_at"].isoformat() == "2023-02-03T10:00:01.120000+00:00"
    assert row["submitted_at"].isoformat() == "2023-02-03T10:00:39.450000+00:00"
    assert row["output_s3_uri"] == f"s3://pets/{FOLDER}/iteration-2/7/2023-02-03_10:00:39.json"
    assert (row["error"], row["document"]) == (None, None)


def test_old_files_lack_times(session):
    given = answer(acceptanceTime=None, timeSpentInSeconds=None, submissionTime=None)
    put(session, "iteration-1/0/a.json", {"answers": [given]})

    assert [rows(session)[0][name] for name in ("accepted_at", "submitted_at", "seconds_spent")] == [None] * 3


def test_without_a_task_a_label_is_the_json_of_the_answer(session):
    put(session, "iteration-1/0/a.json", {"answers": [answer()]})

    assert json.loads(rows(session)[0]["label"]) == {"crowd-image-classifier": {"label": "cat"}}


def test_the_answer_may_stand_under_the_name_of_the_task(session):
    put(session, "iteration-1/0/a.json", {"answers": [answer(answerContent={"species": {"label": "dog"}})]})

    assert rows(session, task=TASK)[0]["label"] == "dog"


def test_structures_are_plain_values(session):
    box = {"label": "cat", "left": 10, "top": 12, "width": 90, "height": 60}
    size = {"width": 640, "height": 480}
    content = {"boundingBox": {"boundingBoxes": [box], "inputImageProperties": size}}
    put(session, "iteration-1/0/a.json", {"answers": [answer(answerContent=content)]})
    task = BoundingBox(name="cats", labels=["cat"], title="Draw")

    assert rows(session, task=task)[0]["label"]["shapes"] == [box | {"confidence": None}]


def test_items_are_read_from_the_output_manifest(session):
    put(session, "iteration-1/1/a.json", {"answers": [answer()]})
    put(session, "iteration-1/2/a.json", {"answers": [answer()]})
    lines = b'{"source-ref": "s3://pets/0.jpg"}\n{"source": "a text"}\ncut off\n'
    key = "out/pets-1/manifests/output/output.manifest"
    session.client("s3").put_object(Bucket="pets", Key=key, Body=lines)

    assert [row["item"] for row in rows(session)] == ["a text", None]
    assert (
        rows(session, f"s3://pets/{key}")
        == rows(session, f"{JOB}/annotations/worker-response/")
        == rows(session)
    )


def test_answers_are_in_the_order_of_their_files(session):
    put(session, "iteration-1/0/b.json", {"answers": [answer(worker="w1"), answer(worker="w2")]})
    put(session, "iteration-1/0/a.json", {"answers": [answer(worker="w3")]})
    put(session, "iteration-2/0/a.json", {"answers": [answer(worker="w4")]})

    assert [row["worker"] for row in rows(session)] == ["w3", "w1", "w2", "w4"]


def test_an_answer_that_a_later_file_has_again_is_one_row(session):
    put(session, "iteration-1/0/a.json", {"answers": [answer(worker="w1")]})
    put(
        session,
        "iteration-1/0/b.json",
        {"answers": [answer(worker="w1"), answer(worker="w2"), answer("dog", "w1", 50)]},
    )
    put(session, "iteration-1/1/a.json", {"answers": [answer(worker="w1")]})
    put(session, "iteration-2/0/a.json", {"answers": [answer(worker="w1")]})

    told = [(row["item_id"], row["worker"], row["iteration"]) for row in rows(session)]
    assert told == [("0", "w1", 1), ("0", "w2", 1), ("0", "w1", 1), ("1", "w1", 1), ("0", "w1", 2)]


def test_answers_without_a_time_are_never_taken_for_one(session):
    put(session, "iteration-1/0/a.json", {"answers": [answer(submissionTime=None)] * 2})

    assert len(rows(session)) == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"cut off", "no whole JSON document"),
        ({"answer": []}, "has no 'answers'"),
        ({"answers": {}}, "has a dict under 'answers'"),
        ({"answers": [{"workerId": "w"}]}, "answers[0] has no object 'answerContent'"),
        ({"answers": [answer("bird")]}, "bird"),
    ],
)
def test_what_cant_be_read_keeps_a_row_with_the_reason(session, content, reason):
    put(session, "iteration-1/0/a.json", content)
    put(session, "iteration-1/1/a.json", {"answers": [answer()]})
    broken, fine = rows(session, task=TASK)

    assert (fine["label"], fine["error"]) == ("cat", None)
    assert reason in broken["error"]
    assert broken["label"] is None
    assert broken["document"]


def test_a_file_that_is_gone_keeps_a_row(session, monkeypatch):
    from hitl_sdk.results import _s3

    put(session, "iteration-1/0/a.json", {"answers": [answer()]})

    def gone(self, uri):
        raise NotFoundError(f"{uri} is not there")

    monkeypatch.setattr(_s3.ObjectReader, "get", gone)
    (row,) = rows(session, items={})

    assert "NotFoundError" in row["error"]
    assert row["document"] is None


def test_other_files_and_folders_are_left_alone(session):
    put(session, "iteration-1/0/a.json", {"answers": [answer()]})
    put(session, "iteration-1/0/a.txt", b"x")
    put(session, "stray.json", b"x")
    put(session, "other/3/a.json", {"answers": [answer()]})

    assert [(row["item_id"], row["iteration"]) for row in rows(session)] == [("0", 1), ("3", None)]


def frame_file(number):
    box = {
        "label": "van",
        "left": number,
        "top": 2,
        "width": 3,
        "height": 4,
        "objectId": "a1",
        "objectName": "van:1",
    }
    frame = {
        "frameNumber": str(number),
        "frame": f"f_{number}.jpg",
        "boundingBoxes": [box],
        "frameAttributes": {},
    }
    return {"trackingAnnotations": frame}


def test_files_of_frames_are_one_answer_a_folder(session):
    for number in range(3):
        put(session, f"iteration-1/0/0a1b/f_{number}.json", frame_file(number))
    put(session, "iteration-1/0/ffff/f_0.json", frame_file(0))
    one, other = rows(session)

    assert (one["worker"], other["worker"]) == ("0a1b", "ffff")
    frames = json.loads(one["label"])["trackingAnnotations"]["frames"]
    assert [frame["frameNumber"] for frame in frames] == ["0", "1", "2"]


def test_files_of_frames_are_not_read_where_one_has_the_whole_answer(session):
    put(session, "iteration-1/0/2023-02-03_10:00:39.json", {"answers": [answer()]})
    put(session, "iteration-1/0/0a1b/f_0.json", frame_file(0))
    put(session, "iteration-1/1/0a1b/f_0.json", {"answers": [answer(worker="w9")]})

    assert [row["worker"][-2:] for row in rows(session)] == ["78", "w9"]


def test_a_folder_of_other_files_keeps_a_row(session):
    put(session, "iteration-1/0/0a1b/f_0.json", {"x": 1})
    put(session, "iteration-1/1/0a1b/f_0.json", frame_file(0))
    put(session, "iteration-1/1/0a1b/f_1.json", b"cut off")
    errors = [row["error"] for row in rows(session)]

    assert "neither answers nor trackingAnnotations" in errors[0]
    assert "f_1.json is no whole JSON document" in errors[1]


def test_answers_are_consolidated_anew(session):
    put(
        session,
        "iteration-1/0/a.json",
        {"answers": [answer("cat", "w1"), answer("dog", "w2"), answer("dog", "w3")]},
    )
    frame = read_worker_responses(JOB, session, task=TASK)
    votes = [Vote(row.item_id, row.worker, TASK.read_label(row.label)) for row in frame.itertuples()]

    assert TASK.consolidate(votes)["0"].label == "dog"
    assert MajorityVote().fit_predict(frame, item="item_id")["label"].tolist() == ["dog"]


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
def test_batches_are_the_rows_of_the_whole(session, engine):
    for number in range(5):
        put(session, f"iteration-1/{number}/a.json", {"answers": [answer(worker="w1"), answer(worker="w2")]})
    frames = list(iter_worker_responses(JOB, session, batch_size=4, engine=engine))

    assert [len(frame) for frame in frames] == [4, 4, 2]


def test_nothing_makes_an_empty_frame_and_no_batch(session):
    assert read_worker_responses(JOB, session).shape == (0, len(RESPONSE_COLUMNS))
    assert list(iter_worker_responses(JOB, session)) == []


def test_what_cant_work_is_refused(session):
    with pytest.raises(InvalidInputError, match="no S3 address"):
        read_worker_responses("pets/out", session)
    with pytest.raises(InvalidInputError, match="batch_size=0"):
        iter_worker_responses(JOB, session, batch_size=0)
    with pytest.raises(NotFoundError):
        read_worker_responses("s3://no-such-bucket/job", session)
