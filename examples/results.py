"""Read what people said: from a prefix in S3, with a document that is broken, to frames."""

# --8<-- [start:imports]
import tempfile
from pathlib import Path

import hitl_sdk as hitl
from hitl_sdk.results import (
    answers_frame,
    iter_prefix,
    parse_output,
    read_manifest,
    read_prefix,
)

# --8<-- [end:imports]

TASK = hitl.tasks.TextClassification(
    name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
)


def reviewed(cloud: hitl.testing.Cloud) -> hitl.Run:
    """Have three reviews answered."""
    cloud.bucket("reviews")
    labels = {"I love it": "1", "It is okay": "0", "Never again": "-1"}
    cloud.workers.answer(lambda item: {"sentiment": {"label": labels[item["taskObject"]]}})
    flow = hitl.ReviewFlow(
        name="sentiment",
        team=hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")]),
        task=TASK,
        output="s3://reviews/a2i",
        role_arn=cloud.role_arn,
    )
    flow.ensure(cloud.session())
    router = hitl.Router(flow=flow, policy=hitl.Threshold(0.90), session=cloud.session())
    run = router.route(
        [hitl.Prediction(f"r{n}", item, "0", 0.5) for n, item in enumerate(labels)]
    )
    run.wait(timeout=3600)
    return run


# --8<-- [start:prefix]
def read(session: hitl.Session) -> None:
    """Read all answers below the flow's output, whoever started the loops, and whenever."""
    outputs = read_prefix(session, "s3://reviews/a2i")
    print(outputs)
    answers = answers_frame(outputs, TASK)
    readable = answers["error"].isna()
    print(
        answers[readable][["item", "worker", "label", "seconds_spent"]].to_string(index=False)
    )
    for uri, error, document in answers[~readable][
        ["output_s3_uri", "error", "document"]
    ].itertuples(index=False):
        print(error.replace(uri, "s3://.../output.json"))
        print("what is there:", document)


# --8<-- [end:prefix]


# --8<-- [start:batches]
def write_parquet(session: hitl.Session, folder: Path) -> None:
    """Write a Parquet file for every 1000 documents; memory holds one batch, however many there are."""
    batches = iter_prefix(session, "s3://reviews/a2i", batch_size=1000)
    for number, outputs in enumerate(batches):
        answers_frame(outputs, TASK).to_parquet(folder / f"part-{number:05}.parquet")


# --8<-- [end:batches]


# --8<-- [start:one]
def read_one(document: bytes) -> None:
    """Read one document that is in hand already."""
    output = parse_output(document)
    answer = output.answers[0]
    print(output.input_content["taskObject"], "->", TASK.parse_answer(answer.content).label)


# --8<-- [end:one]


# --8<-- [start:manifest]
def read_job(session: hitl.Session) -> None:
    """Read what a labeling job wrote; a line that can't be read is a row with the reason."""
    frame = read_manifest("s3://reviews/job/manifests/output/output.manifest", session=session)
    columns = ["item", "label", "confidence", "label_source", "error"]
    print(frame[columns].astype(object).fillna("-").to_string(index=False))


# --8<-- [end:manifest]

OUTPUT_MANIFEST = b"""\
{"source":"I love it","mood":1,"mood-metadata":{"class-name":"good","confidence":0.77,"type":"groundtruth/text-classification",\
"job-name":"labeling-job/mood","human-annotated":"yes","creation-date":"2023-02-03T10:05:11.120034"}}
{"source":"Never again","mood":0,"mood-meta
"""


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        run = reviewed(cloud)
        s3 = cloud.session().client("s3")
        documents = run.outputs()
        read_one(documents.documents[0] or b"")
        key = (documents.uris[1] or "").removeprefix("s3://reviews/")
        s3.put_object(
            Bucket="reviews",
            Key=key,
            Body=b'{"flowDefinitionArn": "arn", "humanAnswers": [',
        )  # as if cut off
        read(cloud.session())
        place = "job/manifests/output/output.manifest"
        s3.put_object(Bucket="reviews", Key=place, Body=OUTPUT_MANIFEST)
        read_job(cloud.session())
        with tempfile.TemporaryDirectory() as folder:
            write_parquet(cloud.session(), Path(folder))
            print(*(file.name for file in Path(folder).iterdir()))
