"""Make input manifests of labeling jobs from what there is: checked, sampled, split, written as streams."""

# --8<-- [start:imports]
import tempfile
from pathlib import Path

import pandas as pd

import hitl_sdk as hitl
from hitl_sdk.labeling import InputManifest

# --8<-- [end:imports]


# --8<-- [start:bucket]
def from_a_bucket(session: hitl.Session) -> None:
    """List the images under a prefix; lines are made while they are written."""
    manifest = InputManifest.from_s3("s3://pets/photos", session)
    place = manifest.write("s3://pets/manifests/photos.manifest", session)
    print(place, *InputManifest.open(place, session), sep="\n")


# --8<-- [end:bucket]


# --8<-- [start:frames]
def from_video_frames(session: hitl.Session) -> None:
    """Make a sequence of each folder of frames, and a manifest of the sequences."""
    manifest = InputManifest.from_s3("s3://pets/cam", session, "video-frames")
    print(*manifest, sep="\n")
    body = session.client("s3").get_object(Bucket="pets", Key="cam/gate-sequence.json")["Body"]
    print(body.read().decode())


# --8<-- [end:frames]


# --8<-- [start:table]
def from_a_table(folder: Path) -> None:
    """Take a frame of any engine, or a CSV; other columns go with the lines."""
    frame = pd.DataFrame({"item": ["It broke", "I love it"], "shop": ["north", None]})
    print(*InputManifest.from_frame(frame), sep="\n")
    frame.to_csv(folder / "reviews.csv", index=False)
    print(*InputManifest.from_csv(folder / "reviews.csv", column="item"), sep="\n")


# --8<-- [end:table]

BAD = b"""\xef\xbb\xbf{"source-ref":"s3://pets/photos/1.jpg"}\r
{"source-ref":"s3://pets/photos/2.gif"}

{"source":"a text among images"}
{"source-ref":"s3://pets/photos/1.jpg"}
{"source-ref":"s3://pets-eu/3.jpg","species":0,"species-metadata":{}}
{"source-ref":"s3://pets/photos/gone.jpg","$id":7
{"source-ref":"s3://pets/photos/gone.jpg"}
"""


# --8<-- [start:check]
def check(session: hitl.Session, file: Path) -> None:
    """Say all that is wrong with a manifest, in one pass."""
    report = InputManifest.open(file).check(
        "ImageMultiClass", attribute="species-ref", session=session, objects=True
    )
    print(str(report).replace(str(file.parent), "..."))
    print(report.ok, report.n_labelled, len(report.frame("pandas")))


# --8<-- [end:check]


# --8<-- [start:mend]
def mend(file: Path) -> None:
    """Read what is no clean manifest, leave out what can't be labelled, and write it anew."""
    texts = InputManifest.open(file).filter(lambda line: len(line.get("source", "")) > 3)
    texts.write(file)
    print(file.read_bytes())


# --8<-- [end:mend]


# --8<-- [start:parts]
def parts(folder: Path) -> None:
    """Draw a sample for a first job, and keep the lines of a test set apart, whatever is added later."""
    reviews = InputManifest.from_lines(
        lambda: ({"source": f"review {n}"} for n in range(10_000))  # made anew for each use
    )
    print(sum(1 for _ in reviews.sample(n=50, seed=1)))
    for name, part in reviews.split({"train": 0.9, "test": 0.1}, seed=1).items():
        part.write(folder / f"{name}.manifest")
        print(name, sum(1 for _ in part))


# --8<-- [end:parts]

OUTPUT = [
    {
        "source": "It broke",
        "mood": 0,
        "mood-metadata": {"class-name": "bad", "confidence": 0.61, "human-annotated": "yes"},
    },
    {
        "source": "I love it",
        "mood": 1,
        "mood-metadata": {"class-name": "good", "confidence": 0.95, "human-annotated": "yes"},
    },
]


# --8<-- [start:job]
def from_a_job(session: hitl.Session) -> None:
    """Take the lines of a former job that are worth asking again; their labels stay with them."""
    output = "s3://pets/out/moods/manifests/output/output.manifest"
    unsure = InputManifest.from_job(
        output, session, where=lambda line: line["mood-metadata"]["confidence"] < 0.8
    )
    print(*unsure)


# --8<-- [end:job]


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud, tempfile.TemporaryDirectory() as name:
        folder, session, s3 = Path(name), cloud.session(), cloud.session().client("s3")
        cloud.bucket("pets")
        cloud.session("eu-west-1").client("s3").create_bucket(
            Bucket="pets-eu", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        for key in (
            "photos/1.jpg",
            "photos/2.gif",
            "photos/3.png",
            "cam/gate/f1.jpg",
            "cam/gate/f2.jpg",
        ):
            s3.put_object(Bucket="pets", Key=key, Body=b"...")
        from_a_bucket(session)
        from_video_frames(session)
        from_a_table(folder)
        (folder / "bad.manifest").write_bytes(BAD)
        check(session, folder / "bad.manifest")
        (folder / "texts.manifest").write_bytes(
            b'[{"source": "It broke"},\r\n\r\n {"source": "?"}, {"source": "I love it"}]'
        )
        mend(folder / "texts.manifest")
        parts(folder)
        InputManifest.from_lines(OUTPUT).write(
            "s3://pets/out/moods/manifests/output/output.manifest", session
        )
        from_a_job(session)
