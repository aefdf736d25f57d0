"""Predictions from what batch transform jobs have written."""

import gzip
import json

import pytest

from hitl_sdk.errors import (
    EmptyInputError,
    InvalidInputError,
    InvalidOutputError,
    NotFoundError,
    ResourceFailedError,
)
from hitl_sdk.routing import InvalidPrediction, Prediction, from_batch_transform
from hitl_sdk.testing import mock_hitl

REVIEWS = ["I enjoy this product", "It is okay", "sometimes it works"]
LAB = [
    {"probability": 0.9376, "predicted_label": 1},
    {"probability": 0.5422, "predicted_label": 1},
    {"probability": 0.3931, "predicted_label": -1},
]
FEATURES = [{"features": [review]} for review in REVIEWS]


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        cloud.bucket("jobs")
        yield cloud


@pytest.fixture
def session(cloud):
    return cloud.session()


@pytest.fixture
def put(session):
    """Write an object: bytes, a text, or values as JSON Lines."""

    def put(key: str, body) -> None:
        if isinstance(body, list):
            body = "\n".join(json.dumps(value) for value in body)
        session.client("s3").put_object(Bucket="jobs", Key=key, Body=body)

    return put


@pytest.fixture
def make_job(session, cloud):
    """Make a job by the name "mood", as its owner would."""

    def make(*, data=None, status="Completed", reason=None, **options) -> str:
        sagemaker = session.client("sagemaker")
        sagemaker.create_model(ModelName="mood", ExecutionRoleArn=cloud.role_arn)
        source = data or {"S3DataType": "S3Prefix", "S3Uri": "s3://jobs/in"}
        sagemaker.create_transform_job(
            TransformJobName="mood",
            ModelName="mood",
            TransformInput={
                "DataSource": {"S3DataSource": source},
                "ContentType": options.pop("input_type", "application/jsonlines"),
            },
            TransformOutput={"S3OutputPath": "s3://jobs/out", **options.pop("output", {})},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
            **options,
        )
        from moto.sagemaker.models import sagemaker_backends

        job = sagemaker_backends[cloud.account_id][cloud.region_name].transform_jobs["mood"]
        job.transform_job_status, job.failure_reason = status, reason
        return "mood"

    return make


def read(session, output="s3://jobs/out", **options) -> list:
    return list(from_batch_transform(session, output, **options))


def shown(outcomes) -> list[tuple]:
    return [
        (each.item_id, each.item, each.label, each.confidence)
        if isinstance(each, Prediction)
        else (each.item_id, each.item, each.error.message)
        for each in outcomes
    ]


IN_LINES = [
    ("reviews.jsonl:1", REVIEWS[0], "1", 0.9376),
    ("reviews.jsonl:2", REVIEWS[1], "1", 0.5422),
    ("reviews.jsonl:3", REVIEWS[2], "-1", 0.3931),
]


def test_joined_lines_hold_item_and_prediction(session, put):
    put(
        "out/reviews.jsonl.out",
        [given | {"SageMakerOutput": made} for given, made in zip(FEATURES, LAB, strict=True)],
    )
    outcomes = read(session)
    assert shown(outcomes) == IN_LINES
    assert outcomes[0].raw == LAB[0]


def test_what_is_no_object_is_joined_under_two_names(session, put):
    put(
        "out/reviews.jsonl.out",
        [
            {"SageMakerInput": review, "SageMakerOutput": made}
            for review, made in zip(REVIEWS, LAB, strict=True)
        ],
    )
    assert shown(read(session)) == IN_LINES


def test_a_joined_document_holds_both_lists(session, put):
    put(
        "out/reviews.jsonl.out",
        json.dumps({"SageMakerInput": FEATURES, "SageMakerOutput": {"predictions": LAB}}, indent=1),
    )
    assert shown(read(session)) == IN_LINES


@pytest.mark.parametrize(
    "written",
    [
        "\n".join(json.dumps(record) for record in LAB),
        "\n".join(json.dumps(record) for record in LAB) + "\n\n",
        "\r\n".join(json.dumps(record) for record in LAB),
        json.dumps(LAB),
        json.dumps(LAB, indent=2),
        json.dumps({"predictions": LAB}, indent=2),
        json.dumps({"predictions": LAB[:2]}) + "\n" + json.dumps({"predictions": LAB[2:]}),
    ],
)
@pytest.mark.parametrize("input_uri", ["s3://jobs/in", "s3://jobs/in/", "s3://jobs/in/reviews.jsonl"])
def test_without_joining_the_items_come_from_the_input_line_by_line(session, put, written, input_uri):
    put("in/reviews.jsonl", FEATURES)
    put("out/reviews.jsonl.out", written)
    assert shown(read(session, input_uri=input_uri)) == IN_LINES


def test_an_input_may_be_lines_of_text(session, put):
    put("in/reviews.txt", "It is okay\n12\n")
    put("out/reviews.txt.out", LAB[:2])
    assert shown(read(session, input_uri="s3://jobs/in", input_type="text/plain")) == [
        ("reviews.txt:1", "It is okay", "1", 0.9376),
        ("reviews.txt:2", "12", "1", 0.5422),
    ]


def test_csv_is_read_by_columns(session, put):
    put("in/reviews.csv", 'r1,"I enjoy it, really"\nr2,"It is\nokay"\n')
    put("out/reviews.csv.out", "0.1,0.9\n0.75,0.25\n")
    options = {"input_type": "text/csv", "item": 1, "item_id": 0, "labels": ["0", "1"]}
    assert shown(read(session, input_uri="s3://jobs/in", **options)) == [
        ("r1", "I enjoy it, really", "1", 0.9),
        ("r2", "It is\nokay", "0", 0.75),
    ]


@pytest.mark.parametrize(
    ("row", "options"),
    [
        ("It is okay,1,0.9", {}),
        ("It is okay,0.1,0.9", {"labels": [0, 1]}),
        ("It is okay,0.9", {"labels": [0, 1], "decode": lambda row: row[-1]}),
    ],
)
def test_joined_csv_has_the_answer_in_its_last_columns(session, put, row, options):
    put("out/reviews.csv.out", row)
    outcomes = read(session, output_type="text/csv", item=0, **options)
    assert shown(outcomes) == [("reviews.csv:1", "It is okay", "1", 0.9)]


def test_joined_csv_does_not_tell_which_column_is_the_item(session, put):
    with pytest.raises(InvalidInputError, match="item is missing"):
        from_batch_transform(session, "s3://jobs/out", output_type="text/csv")


def test_item_and_id_are_where_one_says(session, put):
    put("out/a.out", [{"id": 7, "text": "It is okay", "SageMakerOutput": LAB[0]}])
    assert shown(read(session, item="text", item_id="id")) == [("7", "It is okay", "1", 0.9376)]
    assert shown(
        read(session, item=lambda line: line["text"].upper(), item_id=lambda line: f"r{line['id']}")
    ) == [("r7", "IT IS OKAY", "1", 0.9376)]


def test_files_come_in_the_order_of_their_names_each_with_its_own_input(session, put):
    for name, review in zip(["b/1.jsonl", "a.jsonl", "c.jsonl"], REVIEWS, strict=True):
        put(f"in/{name}", [{"features": [review]}])
        put(f"out/{name}.out", LAB[:1])
    put("out2/other.out", LAB)
    put("out/_SUCCESS", b"")
    assert [(each.item_id, each.item) for each in read(session, input_uri="s3://jobs/in")] == [
        ("a.jsonl:1", REVIEWS[1]),
        ("b/1.jsonl:1", REVIEWS[0]),
        ("c.jsonl:1", REVIEWS[2]),
    ]


def test_an_output_may_lack_the_folders_of_its_input(session, put):
    put("in/2026/11/reviews.jsonl", FEATURES)
    put("out/reviews.jsonl.out", LAB)
    assert shown(read(session, input_uri="s3://jobs/in")) == IN_LINES


def test_a_line_that_can_not_be_read_is_its_items_outcome(session, put):
    put("in/reviews.jsonl", FEATURES)
    put("out/reviews.jsonl.out", f"{json.dumps(LAB[0])}\n500 Internal Error\n{json.dumps(LAB[2])}")
    outcomes = read(session, input_uri="s3://jobs/in")
    assert [type(each) for each in outcomes] == [Prediction, InvalidPrediction, Prediction]
    assert (outcomes[1].item, outcomes[1].raw) == (REVIEWS[1], "500 Internal Error")


def test_a_joined_line_that_can_not_be_read_keeps_its_place(session, put):
    put("out/a.out", '{"features": ["It is okay"]}\nbroken {\n')
    assert shown(read(session)) == [
        ("a:1", "", "item 'a:1': the line has no SageMakerOutput"),
        ("a:2", "", "item 'a:2': the line has no SageMakerOutput"),
    ]


def test_a_line_whose_item_is_not_found_is_not_usable(session, put):
    put(
        "out/a.out",
        [{"text": "It is okay", "SageMakerOutput": LAB[0]}, FEATURES[0] | {"SageMakerOutput": LAB[0]}],
    )
    missing, found = read(session)
    assert "the item is empty or not a text" in str(missing.error)
    assert found.item == REVIEWS[0]


def test_a_line_whose_id_is_not_found_is_known_by_its_place(session, put):
    records = [{"id": "x"} | FEATURES[0], FEATURES[1]]
    put("out/a.out", [each | {"SageMakerOutput": its} for each, its in zip(records, LAB, strict=False)])
    found, missing = read(session, item_id="id")
    assert (found.item_id, missing.item_id) == ("x", "a:2")
    assert "item_id None" in str(missing.error)


def test_what_decode_fails_at_is_its_lines_outcome(session, put):
    put("in/reviews.jsonl", FEATURES[:2])
    put("out/reviews.jsonl.out", [{"p": [0.9]}, {}])
    fine, failed = read(session, input_uri="s3://jobs/in", decode=lambda line: line["p"], labels=["0", "1"])
    assert (fine.label, fine.confidence) == ("1", 0.9)
    assert "decode failed: KeyError" in str(failed.error)


def test_with_decode_a_line_is_one_record_whatever_is_in_it(session, put):
    ranking = [{"label": "0", "score": 0.1}, {"label": "1", "score": 0.9}]
    put("in/reviews.jsonl", FEATURES[:1])
    put("out/reviews.jsonl.out", [ranking])
    with pytest.raises(InvalidOutputError, match="or give decode for a line"):
        read(session, input_uri="s3://jobs/in")
    [prediction] = read(session, input_uri="s3://jobs/in", decode=lambda line: line)
    assert prediction.scores == {"0": 0.1, "1": 0.9}


@pytest.mark.parametrize("written", [LAB[:2], [*LAB, LAB[0]]])
def test_a_file_of_another_length_than_its_input_gives_nothing_at_all(session, put, written):
    put("in/reviews.jsonl", FEATURES)
    put("out/reviews.jsonl.out", written)
    stream = from_batch_transform(session, "s3://jobs/out", input_uri="s3://jobs/in")
    with pytest.raises(InvalidOutputError, match=f"has {len(written)} records, its input .* has 3"):
        next(stream)


def test_nothing_written_and_no_bucket_are_said_at_once(session, put):
    with pytest.raises(EmptyInputError, match=r"no \.out file under s3://jobs/out"):
        from_batch_transform(session, "s3://jobs/out")
    with pytest.raises(NotFoundError):
        from_batch_transform(session, "s3://nowhere/out")
    put("out/reviews.jsonl.out", LAB)
    with pytest.raises(InvalidOutputError, match=r"the input of s3://jobs/out/reviews\.jsonl\.out is not"):
        from_batch_transform(session, "s3://jobs/out", input_uri="s3://jobs/in")


def test_the_name_of_a_job_says_where_all_is(session, put, make_job):
    put("in/reviews.jsonl", FEATURES)
    put("out/reviews.jsonl.out", LAB)
    assert shown(read(session, make_job())) == IN_LINES


def test_the_name_of_a_job_says_that_it_joined_and_what_it_wrote(session, put, make_job):
    put("out/reviews.csv.out", "It is okay,1,0.9")
    job = make_job(
        input_type="text/csv", output={"Accept": "text/csv"}, DataProcessing={"JoinSource": "Input"}
    )
    assert shown(read(session, job, item=0)) == [("reviews.csv:1", "It is okay", "1", 0.9)]


@pytest.mark.parametrize("status", ["InProgress", "Failed", "Stopped"])
def test_a_job_that_is_not_completed_is_refused_with_its_reason(session, make_job, status):
    with pytest.raises(ResourceFailedError, match=f"'mood' is {status}: out of memory"):
        from_batch_transform(session, make_job(status=status, reason="out of memory"))


def test_a_job_that_read_a_manifest_does_not_say_where_its_files_are(session, put, make_job):
    put("in/reviews.jsonl", FEATURES)
    put("out/reviews.jsonl.out", LAB)
    job = make_job(data={"S3DataType": "ManifestFile", "S3Uri": "s3://jobs/manifest"})
    with pytest.raises(InvalidInputError, match="read a ManifestFile"):
        from_batch_transform(session, job)
    assert shown(read(session, job, input_uri="s3://jobs/in")) == IN_LINES


def test_a_job_that_does_not_exist_is_not_found(session):
    with pytest.raises(NotFoundError, match="batch transform job 'gone'"):
        from_batch_transform(session, "gone")


class Bucket:
    """Stands where a session stands; its one object has a million lines, made as they are read."""

    line = json.dumps(FEATURES[0] | {"SageMakerOutput": LAB[0]}).encode() + b"\n"

    def __init__(self) -> None:
        self.chunks_read = 0

    def client(self, _):
        return self

    def get_paginator(self, _):
        return self

    def paginate(self, **_):
        yield {"Contents": [{"Key": "out/a.out"}]}

    def get_object(self, **_):
        return {"ETag": "1", "Body": self}

    def iter_chunks(self, _):
        while self.chunks_read < 1000:
            self.chunks_read += 1
            yield self.line * 1000

    def close(self) -> None:
        pass


def test_a_file_is_read_as_predictions_are_taken():
    bucket = Bucket()
    stream = from_batch_transform(bucket, "s3://jobs/out")
    taken = [next(stream) for _ in range(2500)]
    assert bucket.chunks_read == 3
    assert taken[-1].item_id == "a:2500"


@pytest.mark.parametrize("field", ["item", "item_id"])
def test_what_a_function_does_not_find_is_its_lines_outcome(session, put, field):
    put("out/a.out", [{"name": "x", "SageMakerOutput": LAB[0]}, {"SageMakerOutput": LAB[1]}])
    options = {"item": lambda _: "text", field: lambda record: record["name"]}
    read, lost = from_batch_transform(session, "s3://jobs/out", **options)

    assert isinstance(read, Prediction)
    assert (lost.item_id, "KeyError('name')" in str(lost.error)) == ("a:2", True)


def test_a_cell_that_is_too_long_to_read_ends_the_stream_with_its_cure(session, put):
    put("out/a.out", 'ok,1,0.9\n"' + "x" * 200_000 + '",1,0.9\n')
    stream = from_batch_transform(session, "s3://jobs/out", item=0, output_type="text/csv")

    assert next(stream).item == "ok"
    with pytest.raises(InvalidOutputError, match="field_size_limit"):
        next(stream)


def test_a_field_of_a_line_that_is_no_record_is_not_one_of_its_letters(session, put):
    put("in/reviews.csv", "r1,It is okay\n")
    put("out/reviews.csv.out", LAB[:1])
    [outcome] = read(session, input_uri="s3://jobs/in", item=1)
    assert isinstance(outcome, InvalidPrediction)
    assert 'input_type="text/csv"' in str(outcome.error)


def test_a_joined_list_beside_the_probabilities_of_all_labels_is_one_input(session, put):
    put("out/a.out", [{"SageMakerInput": ["r1", "It is okay"], "SageMakerOutput": [0.25, 0.75]}])
    assert shown(read(session, item=1, item_id=0, labels=["0", "1"])) == [("r1", "It is okay", "1", 0.75)]


def test_a_joined_document_may_hold_one_probability_an_item(session, put):
    put("out/reviews.jsonl.out", [{"SageMakerInput": FEATURES[:2], "SageMakerOutput": [0.9, 0.25]}])
    assert [(each.label, each.confidence) for each in read(session, labels=["0", "1"])] == [
        ("1", 0.9),
        ("0", 0.75),
    ]


@pytest.mark.parametrize(
    ("row", "options"),
    [
        ("It is okay,0.5,0.93", {"labels": ["0", "1"]}),  # a feature, and the probability of the second label
        ("r1,It is okay,1", {"item": 1}),  # a label alone
        ("It is okay,1", {}),
    ],
)
def test_columns_of_the_input_are_not_taken_for_the_answer(session, put, row, options):
    put("out/reviews.csv.out", row)
    [outcome] = read(session, output_type="text/csv", **({"item": 0} | options))
    assert isinstance(outcome, InvalidPrediction)
    assert "decode=lambda row: row[-1]" in str(outcome.error)


def test_an_input_that_was_compressed_is_read_as_what_it_holds(session, put):
    lines = [json.dumps(record).encode() + b"\n" for record in FEATURES]
    put("in/reviews.jsonl.gz", gzip.compress(lines[0]) + gzip.compress(lines[1] + lines[2]))
    put("out/reviews.jsonl.gz.out", LAB)
    assert [each.item for each in read(session, input_uri="s3://jobs/in")] == REVIEWS


@pytest.mark.parametrize("damage", [lambda body: body[:-9], lambda body: body[:12] + b"\xff" * 30])
def test_an_input_that_can_not_be_decompressed_is_refused(session, put, damage):
    put("in/reviews.jsonl.gz", damage(gzip.compress(json.dumps(FEATURES[0]).encode() * 50)))
    put("out/reviews.jsonl.gz.out", LAB[:1])
    with pytest.raises(InvalidOutputError, match=r"reviews\.jsonl\.gz can't be decompressed"):
        read(session, input_uri="s3://jobs/in")


def test_the_mark_of_utf_8_is_no_part_of_the_first_line(session, put):
    put("in/reviews.jsonl", b"\xef\xbb\xbf" + json.dumps(FEATURES[0]).encode())
    put("out/reviews.jsonl.out", LAB[:1])
    assert shown(read(session, input_uri="s3://jobs/in")) == IN_LINES[:1]


def test_items_of_an_input_that_the_job_wrote_nothing_for_are_not_lost(session, put):
    put("in/reviews.jsonl", FEATURES)
    put("in/rest.jsonl", FEATURES[:2])
    put("out/reviews.jsonl.out", LAB)
    outcomes = read(session, input_uri="s3://jobs/in")
    assert [(each.item_id, each.item) for each in outcomes[:2]] == [
        ("rest.jsonl:1", REVIEWS[0]),
        ("rest.jsonl:2", REVIEWS[1]),
    ]
    assert "the job has written nothing for s3://jobs/in/rest.jsonl" in str(outcomes[0].error)
    assert shown(outcomes[2:]) == IN_LINES


def test_what_came_into_the_folder_after_a_job_was_completed_is_not_of_that_job(session, put, make_job):
    put("in/reviews.jsonl", FEATURES)
    put("in/tomorrow.jsonl", FEATURES)
    put("out/reviews.jsonl.out", LAB)
    assert shown(read(session, make_job())) == IN_LINES


def test_a_prefix_of_inputs_need_not_be_a_folder(session, put, make_job):
    put("in/reviews.jsonl", FEATURES)
    put("out/reviews.jsonl.out", LAB)
    job = make_job(data={"S3DataType": "S3Prefix", "S3Uri": "s3://jobs/in/rev"})
    assert shown(read(session, job)) == IN_LINES


def test_of_an_output_that_was_joined_and_filtered_the_input_may_be_given(session, put, make_job):
    put("in/reviews.jsonl", FEATURES)
    put("out/reviews.jsonl.out", LAB)
    job = make_job(DataProcessing={"JoinSource": "Input", "OutputFilter": "$.SageMakerOutput"})
    assert "(if it was filtered or not joined, give input_uri)" in str(read(session, job)[0].error)
    assert shown(read(session, job, input_uri="s3://jobs/in")) == IN_LINES


def test_records_that_were_written_without_line_breaks_are_told_the_cure(session, put):
    put("in/reviews.jsonl", FEATURES)
    put("out/reviews.jsonl.out", "".join(map(json.dumps, LAB)))
    with pytest.raises(InvalidOutputError, match="AssembleWith='Line'"):
        read(session, input_uri="s3://jobs/in")


def test_what_the_model_gave_is_kept_whatever_decode_makes_of_it(session, put):
    put("in/reviews.jsonl", FEATURES[:1])
    put("out/reviews.jsonl.out", [{"p": 0.9, "tokens": 7}])
    [prediction] = read(session, input_uri="s3://jobs/in", decode=lambda line: ("1", line["p"]))
    assert prediction.raw == {"p": 0.9, "tokens": 7}


def test_a_line_may_hold_the_probabilities_of_several_items(session, put):
    # what a container answers in JSON to a request of several records (BatchStrategy "MultiRecord")
    put("in/reviews.jsonl", FEATURES)
    put("out/reviews.jsonl.out", "[[0.1, 0.9], [0.75, 0.25]]\n[[0.5, 0.5]]\n")
    outcomes = read(session, input_uri="s3://jobs/in", labels=["0", "1"])
    assert [(each.label, each.confidence) for each in outcomes] == [("1", 0.9), ("0", 0.75), ("0", 0.5)]
