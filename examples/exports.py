"""From the training frame of a review to files that a model is trained on."""

# --8<-- [start:imports]
import json
import tempfile
from pathlib import Path

import hitl_sdk as hitl
from hitl_sdk import training
from hitl_sdk.labels import Box, Shapes, Span

# --8<-- [end:imports]

TASK = hitl.tasks.TextClassification(
    name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
)
REVIEWS = {
    "I love it": "1", "Great value": "1", "Works like a charm": "1", "So soft": "1", "Fits well": "1",
    "It broke": "-1", "Too small": "-1", "Never again": "-1", "The colour ran": "-1", "A waste": "-1",
}  # fmt: skip


def reviewed(cloud: hitl.testing.Cloud, sure: float) -> hitl.Run:
    """Have a model's labels reviewed; it says "1" of everything, and is sure of what is long."""
    cloud.bucket("reviews")
    cloud.workers.answer(lambda item: {"sentiment": {"label": REVIEWS[item["taskObject"]]}})
    flow = hitl.ReviewFlow(
        name="sentiment",
        team=hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")]),
        task=TASK,
        output="s3://reviews/a2i",
        role_arn=cloud.role_arn,
    )
    flow.ensure(cloud.session())
    router = hitl.Router(flow=flow, policy=hitl.Threshold(0.9), session=cloud.session())
    run = router.route(
        [
            hitl.Prediction(f"r{n}", text, "1", min(len(text) / sure, 1))
            for n, text in enumerate(REVIEWS)
        ]
    )
    run.wait(timeout=3600)
    return run


# --8<-- [start:split]
def split(run: hitl.Run) -> None:
    """Part the rows for training and test, and let corrections weigh more."""
    frame = training.with_sample_weights(run.training_frame(), correction=3)
    parts = training.split(frame, fractions={"train": 0.6, "test": 0.4}, seed=7)
    for name, part in parts.items():
        print(name)
        print(
            part[["item_id", "label", "label_source", "sample_weight"]].to_string(index=False)
        )


# --8<-- [end:split]


# --8<-- [start:history]
def keep(first: hitl.Run, second: hitl.Run) -> None:
    """Put a newer run behind an older one."""
    history = training.append(first.training_frame(), second.training_frame())
    history = training.append(history, second.training_frame())  # changes nothing
    print(len(history), "rows,", len(training.current(history)), "of them in force")
    of_one = history[history["item_id"] == "r8"]
    print(of_one[["item_id", "label", "label_source", "current"]].to_string(index=False))


# --8<-- [end:history]


# --8<-- [start:manifest]
def to_sagemaker(run: hitl.Run, session: hitl.Session, folder: Path) -> None:
    """Write an augmented manifest, put it into S3, and say how to train on it."""
    export = training.to_augmented_manifest(
        run.training_frame(),
        TASK,
        folder / "train.manifest",
        attribute="sentiment",
        s3_uri="s3://reviews/training/train.manifest",
    )
    export.upload(session)
    print(json.dumps(export.channel, indent=2))  # one entry of InputDataConfig
    line = json.loads(export.path.read_text().splitlines()[0])
    print({name: line[name] for name in ("source", "sentiment")})


# --8<-- [end:manifest]


# --8<-- [start:tables]
def to_tables(run: hitl.Run, folder: Path) -> None:
    """Write tables."""
    frame = run.training_frame()
    for export in (
        training.to_jsonl(frame, folder / "train.jsonl"),
        training.to_csv(frame, folder / "train.csv"),
        training.to_parquet(frame, folder / "train.parquet", task=TASK),
    ):
        print(export.path.name, "has", export.n_rows, "rows")


# --8<-- [end:tables]


# --8<-- [start:images]
def to_image_formats(folder: Path) -> None:
    """Write boxes for other trainers."""
    task = hitl.tasks.BoundingBox(
        name="cats", labels=["cat", "dog"], title="Draw a box around every pet"
    )
    boxes = Shapes(
        (Box("cat", left=64, top=48, width=320, height=240),), image_width=640, image_height=480
    )
    row = training.TrainingRow(
        "1", "s3://pets/tom.jpg", boxes, 0.97, "accept", "confidence 0.97 >= 0.90"
    )
    frame = training.build_training_frame([row], task)

    training.to_coco(frame, task, folder / "coco" / "train.json")
    training.to_yolo({"train": frame}, task, folder / "yolo")
    training.to_voc({"train": frame}, task, folder / "voc")
    for file in sorted(path for path in folder.rglob("*.*") if path.is_file()):
        print(file.relative_to(folder).as_posix())
    print((folder / "yolo/labels/train/tom.txt").read_text().strip())


# --8<-- [end:images]


# --8<-- [start:spans]
def to_tags(folder: Path) -> None:
    """Write entity spans as tags."""
    task = hitl.tasks.NamedEntityRecognition(
        name="places", labels=["city"], title="Mark the cities"
    )
    spans = (Span("city", 8, 16),)
    row = training.TrainingRow(
        "1", "I am in New York.", spans, 0.97, "accept", "confidence 0.97 >= 0.90"
    )
    frame = training.build_training_frame([row], task)
    print(training.to_conll(frame, task, folder / "train.conll").path.read_text().strip())


# --8<-- [end:spans]


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud, tempfile.TemporaryDirectory() as name:
        first, second = reviewed(cloud, sure=10), reviewed(cloud, sure=100)
        split(first)
        keep(first, second)
        to_sagemaker(second, cloud.session(), Path(name))
        to_tables(second, Path(name))
        to_image_formats(Path(name, "images"))
        to_tags(Path(name))
