"""Read what labeling jobs wrote: labels, failures, files of labels, and the answers of each worker."""

# --8<-- [start:imports]
import json
import tempfile
from pathlib import Path

import hitl_sdk as hitl
from hitl_sdk.consolidation import DawidSkene, Vote
from hitl_sdk.labels import colored_png, make_mask, mask_pixels, read_mask
from hitl_sdk.results import iter_manifest, read_manifest, read_worker_responses

# --8<-- [end:imports]

JOB = "s3://pets/out/species-1"
MANIFEST = f"{JOB}/manifests/output/output.manifest"
TASK = hitl.tasks.ImageClassification(
    name="species", labels=["cat", "dog"], title="Which animal is it?"
)


def metadata(kind: str, **more: object) -> dict[str, object]:
    """Return metadata as Ground Truth writes it."""
    return {
        **more,
        "type": f"groundtruth/{kind}",
        "job-name": "labeling-job/species-1",
        "human-annotated": "yes",
        "creation-date": "2026-02-03T10:05:11.120034",
    }


def species(name: str, confidence: float) -> dict[str, object]:
    """Return what one job says of an image."""
    told = metadata("image-classification", **{"class-name": name, "confidence": confidence})
    return {"species": TASK.labels.index(name), "species-metadata": told}


def checked(name: str) -> dict[str, object]:
    """Return what the job after it says of that label."""
    told = metadata("label-verification", **{"class-name": name, "confidence": 0.8})
    return {"check": 0, "check-metadata": told | {"job-name": "labeling-job/check-1"}}


def written(session: hitl.Session) -> None:
    """Write what two chained jobs leave behind."""
    failed = {
        "failure-reason": "the image could not be fetched",
        "job-name": "labeling-job/species-1",
    }
    lines = [
        {"source-ref": "s3://pets/0.jpg", **species("dog", 0.92), **checked("right")},
        {"source-ref": "s3://pets/1.jpg", **species("cat", 0), **checked("wrong")},
        {"source-ref": "s3://pets/2.jpg", "species-metadata": failed},
        {"source-ref": "s3://pets/3.jpg"},
    ]
    put(
        session,
        MANIFEST,
        "\n".join([*map(json.dumps, lines), '{"source-ref": "s3://pe']).encode(),
    )
    drawn = make_mask([[0, 0, 1], [0, 1, 1]], ["road"])
    put(
        session,
        f"{JOB}/annotations/consolidated-annotation/output/0.png",
        colored_png(drawn, ROAD),
    )
    for number, labels in enumerate([["cat", "dog", "dog"], ["cat", "cat", "cat"]]):
        answers = [
            {
                "workerId": f"w{worker}",
                "answerContent": {"crowd-image-classifier": {"label": label}},
            }
            for worker, label in enumerate(labels)
        ]
        folder = f"{JOB}/annotations/worker-response/iteration-1/{number}"
        put(
            session,
            f"{folder}/2026-02-03_10:00:39.json",
            json.dumps({"answers": answers}).encode(),
        )


def put(session: hitl.Session, uri: str, body: bytes) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    session.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


ROAD = {"road": "#2ca02c"}


# --8<-- [start:read]
def read(session: hitl.Session) -> None:
    """Read every label of every line; what nobody could label says why."""
    frame = read_manifest(MANIFEST, session=session)
    columns = ["item_id", "attribute", "label", "confidence", "status"]
    print(frame[columns].astype(object).fillna("-").to_string(index=False))
    for row in frame[frame["status"].isin(["failed", "unreadable"])].itertuples():
        print(row.item_id, row.failure_reason if row.status == "failed" else row.error)


# --8<-- [end:read]


# --8<-- [start:attribute]
def read_one_job(session: hitl.Session) -> None:
    """Read one job's labels, a row a line; a confidence that says nothing is null, with the reason."""
    frame = read_manifest(MANIFEST, attribute="species", session=session)
    columns = ["item", "label", "confidence", "confidence_note"]
    print(frame.loc[frame["status"] == "labelled", columns].to_string(index=False))


# --8<-- [end:attribute]


# --8<-- [start:follow]
def read_masks(session: hitl.Session) -> None:
    """Read masks, not where they lie; a file that is gone is a row with the reason."""
    frame = read_manifest(masks(), follow=True, session=session)
    for row in frame.itertuples():
        if row.status == "labelled":
            print(
                str(row.label_uri).rpartition("/")[2],
                mask_pixels(read_mask(row.label)).tolist(),
            )
        else:
            print(str(row.label_uri).rpartition("/")[2], str(row.error).partition(":")[0])


# --8<-- [end:follow]


def masks() -> list[str]:
    """Return lines of a job of semantic segmentation, one of whose masks is gone."""
    colors = {
        "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0.8},
        "1": {"class-name": "road", "hex-color": "#2ca02c", "confidence": 0.8},
    }
    told = metadata("semantic-segmentation", **{"internal-color-map": colors})
    folder = f"{JOB}/annotations/consolidated-annotation/output"
    return [
        json.dumps(
            {
                "source-ref": f"s3://pets/{n}.jpg",
                "road-ref": f"{folder}/{n}.png",
                "road-ref-metadata": told,
            }
        )
        for n in range(2)
    ]


# --8<-- [start:batches]
def write_parquet(session: hitl.Session, folder: Path) -> None:
    """Write a Parquet file for every 100,000 labels; memory holds one batch, however long the manifest is."""
    batches = iter_manifest(MANIFEST, attribute="species", batch_size=100_000, session=session)
    for number, frame in enumerate(batches):
        frame.to_parquet(folder / f"part-{number:05}.parquet")


# --8<-- [end:batches]


# --8<-- [start:workers]
def consolidate_anew(session: hitl.Session) -> None:
    """Read what each worker answered, and make one label of the answers, by the task's method or another."""
    answers = read_worker_responses(JOB, session, task=TASK)
    print(answers[["item_id", "item", "worker", "label", "iteration"]].to_string(index=False))
    votes = [
        Vote(str(row.item_id), str(row.worker), TASK.read_label(row.label))
        for row in answers.itertuples()
    ]
    print({item: one.label for item, one in TASK.consolidate(votes).items()})
    print(DawidSkene().fit_predict(answers)[["item", "label"]].to_string(index=False))


# --8<-- [end:workers]


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        cloud.bucket("pets")
        written(cloud.session())
        read(cloud.session())
        read_one_job(cloud.session())
        read_masks(cloud.session())
        with tempfile.TemporaryDirectory() as folder:
            write_parquet(cloud.session(), Path(folder))
            print(*sorted(path.name for path in Path(folder).iterdir()))
        consolidate_anew(cloud.session())
