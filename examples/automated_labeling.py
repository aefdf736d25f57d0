"""Let a model label what it is sure of: 1,250 handwritten digits, of which people see half.

Needs ``pip install "hitl-sdk[demo,testing]"``.
"""

# --8<-- [start:imports]
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier

import hitl_sdk as hitl
from hitl_sdk.labeling import AutomatedLabeling, InputManifest

# --8<-- [end:imports]

DIGITS = load_digits()
TRUTH = {
    f"s3://digits/{number:04}.png": str(digit)
    for number, digit in enumerate(DIGITS.target[:1250])
}


def upload(session: hitl.Session) -> None:
    """Put the digits, 8 x 8 pixels of 0 to 16, into the bucket as PNG files."""
    for address, pixels in zip(TRUTH, DIGITS.images, strict=False):
        png = BytesIO()
        Image.fromarray((pixels * 15.9).astype(np.uint8)).save(png, format="PNG")
        session.client("s3").put_object(Bucket="digits", Key=address[12:], Body=png.getvalue())


# --8<-- [start:job]
def job_for(cloud: hitl.testing.Cloud, name: str) -> hitl.LabelingJob:
    """Describe a job whose sure objects are labelled by a model."""
    return hitl.LabelingJob(
        name=name,
        task=hitl.tasks.ImageClassification(
            name="digit", labels=list("0123456789"), title="Which digit?"
        ),
        team=hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")]),
        role_arn=cloud.role_arn,
        input=InputManifest.from_lines([{"source-ref": address} for address in TRUTH]),
        output="s3://digits/labels",
        label_attribute="digit",
        workers_per_object=1,
        max_concurrent_tasks=200,  # a batch: what people label before the model is trained again
        automated=AutomatedLabeling(),
    )


# --8<-- [end:job]


# --8<-- [start:read]
def report(job: hitl.LabelingJob, session: hitl.Session) -> None:
    """Run the job, and print who labelled how much, and how well."""
    job.ensure(session)
    print(job.wait(session, timeout=7 * 86_400, progress=False))
    frame = job.read(session)
    frame["right"] = frame["label"] == frame["item"].map(TRUTH)
    for source, labels in frame.groupby("label_source"):
        print(f"  {source}: {len(labels)} labels, {labels['right'].mean():.1%} of them right")


# --8<-- [end:read]


# --8<-- [start:own]
def pixels(line: Mapping[str, Any], content: bytes | None) -> list[float] | None:
    """Return what the model sees of an object: here all 64 pixels, 0 to 1; of what is no PNG nothing."""
    if not line["source-ref"].endswith(".png"):
        return None
    image = Image.open(BytesIO(content or b"")).convert("L")
    return [value / 255 for value in image.tobytes()]


def teach(cloud: hitl.testing.Cloud) -> None:
    """Have a classifier of your own label from now on."""
    cloud.automated_labeling(ExtraTreesClassifier(200, random_state=0), features=pixels)


# --8<-- [end:own]


with hitl.testing.mock_hitl() as cloud:
    cloud.bucket("digits")
    session = cloud.session()
    upload(session)
    cloud.workers.add(truth=lambda item: TRUTH[item["taskObject"]])

    # --8<-- [start:refused]
    few = InputManifest.from_lines([{"source-ref": address} for address in list(TRUTH)[:200]])
    print(job_for(cloud, "digits-0").clone(name="digits-few", input=few).check())
    # --8<-- [end:refused]

    report(job_for(cloud, "digits-1"), session)
    teach(cloud)
    report(job_for(cloud, "digits-2"), session)

    # --8<-- [start:files]
    answer = session.client("s3").list_objects_v2(
        Bucket="digits", Prefix="labels/digits-2/activelearning/"
    )
    print(*(stored["Key"] for stored in answer["Contents"]), sep="\n")
    # --8<-- [end:files]
