"""From images in a bucket to a trained model, by three Ground Truth jobs: label, verify, label again what is disputed.

scikit-learn's handwritten digits lie as PNG files in a bucket of the embedded service. Three simulated workers, each right
about three times in four, label 300 of them; then they judge each other's labels; then they label again what they found
wrong. After each step a model is trained on the labels as they stand, and tried on the digits that nobody was asked about.
Needs ``pip install "hitl-sdk[demo,testing]"``.
"""

from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import hitl_sdk as hitl

N_LABELLED = 300
ACCURACY = 0.75
DIGITS = load_digits()
ORDER = np.random.default_rng(7).permutation(len(DIGITS.target))
ASKED, KEPT = ORDER[:N_LABELLED], ORDER[N_LABELLED:]


def png(pixels: np.ndarray) -> bytes:
    """Return one digit, 8 x 8 pixels of 0 to 16, as a PNG file large enough to look at."""
    image = Image.fromarray((255 - pixels * 15.9).astype(np.uint8)).resize((64, 64))
    written = BytesIO()
    image.save(written, format="PNG")
    return written.getvalue()


def number_of(address: str) -> int:
    return int(address.rpartition("/")[2].removesuffix(".png"))


def truth(content: dict[str, Any]) -> str:
    """Return the right answer: whether the label that is shown is right, or else which digit it is."""
    line = content["manifestLine"]
    digit = str(DIGITS.target[number_of(line["source-ref"])])
    if "digit" not in line:
        return digit
    return "Correct" if line["digit-metadata"]["class-name"] == digit else "Incorrect"


def report(step: str, answers: int, labels: pd.DataFrame) -> None:
    """Print how many labels are right, and how good a model is that was trained on them."""
    labels = labels.dropna(subset=["label"])
    rows = labels["item"].map(number_of).to_numpy()
    right = float((labels["label"].astype(int).to_numpy() == DIGITS.target[rows]).mean())
    model = LogisticRegression(max_iter=2_000).fit(DIGITS.data[rows] / 16, labels["label"])
    score = model.score(DIGITS.data[KEPT] / 16, DIGITS.target[KEPT].astype(str))
    print(f"{step:<28}{answers:>8}{right:>16.1%}{score:>16.1%}")


with hitl.testing.mock_hitl() as cloud:
    session, bucket = cloud.session(), cloud.bucket("digits")
    for number in ASKED:
        body = png(DIGITS.images[number])
        session.client("s3").put_object(Bucket=bucket, Key=f"in/{number:04}.png", Body=body)
    cloud.workers.add(3, truth=truth, accuracy=ACCURACY, latency=5)

    label = hitl.LabelingJob(
        name="digits",
        label_attribute="digit",
        task=hitl.tasks.ImageClassification(
            name="digit", labels=[str(digit) for digit in range(10)], title="Which digit is it?"
        ),
        input=hitl.labeling.InputManifest.from_s3(f"s3://{bucket}/in/", session, kind="image"),
        output=f"s3://{bucket}/out",
        team=hitl.PrivateTeam(name="readers", members=[hitl.Member(email="ana@example.com")]),
        role_arn=cloud.role_arn,
        workers_per_object=3,
    )
    print(label.estimate(session), end="\n\n")
    label.ensure(session)
    label.wait(session, timeout=86_400, progress=False)
    labels = label.read(session)
    print(f"{'step':<28}{'answers':>8}{'labels right':>16}{'model right':>16}")
    report("labelled by three", 3 * N_LABELLED, labels)

    verify = label.verify(name="digits-check")
    verify.ensure(session)
    verify.wait(session, timeout=86_400, progress=False)
    judged = verify.read(session).set_index("item")["label"]
    correct = labels[labels["item"].map(judged) == "Correct"]
    report(f"without {len(labels) - len(correct)} judged wrong", 6 * N_LABELLED, correct)

    again = label.relabel(
        name="digits-again", after=verify, where=lambda row: row["label"] == "Incorrect"
    )
    again.ensure(session)
    again.wait(session, timeout=86_400, progress=False)
    n_disputed = len(labels) - len(correct)
    report("those labelled again", 6 * N_LABELLED + 3 * n_disputed, again.read(session))
