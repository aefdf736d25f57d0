"""The main job on real input: handwritten digits, from a reviewers' team to a retrained model.

A classifier learned from a few hundred of scikit-learn's bundled digits reads the rest. What it is sure
of is accepted, the rest goes to simulated reviewers on the embedded service, and a second classifier is
trained on the outcome. Nothing leaves the machine; every figure is computed from the run.
"""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hitl_sdk import _optional, tasks
from hitl_sdk.resources import Member, PrivateTeam
from hitl_sdk.review import ReviewFlow, Router
from hitl_sdk.routing import Prediction, Threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from hitl_sdk.testing import Cloud

    Images = npt.NDArray[np.float64]
    Labels = npt.NDArray[np.str_]

__all__ = ["DemoReport", "run_demo"]

REGION = "eu-west-1"
BUCKET = "hitl-demo"
TRAINED_ON = 300
FOLDS = 5


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo measured. Shares and accuracies are fractions of 1.

    Attributes
    ----------
    images, accepted, reviewed : int
        Images that were routed, taken as the model said, and shown to reviewers.
    share_accepted : float
        `accepted` over `images`.
    accuracy_accepted : float
        Share of right labels among the accepted.
    accuracy_reviewed_before, accuracy_reviewed_after : float
        The same among the reviewed: the model's label, and the reviewers'.
    accuracy_retrained_without_review, accuracy_retrained_with_review : float
        Of the classifier trained again on all routed images, with the model's own labels and with the
        outcome of the review; five-fold, each fold scored against the truth by a model that has not seen it.
    answers_per_image : int
        How many reviewers saw each reviewed image.
    reviewer_error_rate : float
        The stated error rate of the simulated reviewers.
    """

    images: int
    accepted: int
    reviewed: int
    share_accepted: float
    accuracy_accepted: float
    accuracy_reviewed_before: float
    accuracy_reviewed_after: float
    accuracy_retrained_without_review: float
    accuracy_retrained_with_review: float
    answers_per_image: int
    reviewer_error_rate: float

    def to_dict(self) -> dict[str, float | int]:
        """Return the figures by name, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Digits:
    """The routed images: pixels, PNG files, truth, and what the first model says of them."""

    train_images: Images
    train_labels: Labels
    images: Images
    truth: Labels
    predicted: Labels
    confidence: npt.NDArray[np.float64]


def run_demo(
    *,
    threshold: float = 0.90,
    reviewers: int = 3,
    error_rate: float = 0.10,
    seed: int = 7,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[DemoReport, pd.DataFrame]:
    """Run the demo on the embedded service and return its figures and the training frame.

    Parameters
    ----------
    threshold : float, default 0.90
        Images below this confidence are reviewed.
    reviewers : int, default 3
        People who see each reviewed image, 1 to 3.
    error_rate : float, default 0.10
        How often a simulated reviewer is wrong, 0 to 1.
    seed : int, default 7
        Of the reviewers' mistakes.
    say : callable, optional
        Told in one line what happens next.

    Returns
    -------
    DemoReport
        The figures.
    pandas.DataFrame
        The training frame, one row an image.

    Raises
    ------
    MissingExtraError
        If the extra ``demo`` is not installed.
    """
    testing = _optional.load("hitl_sdk.testing", extra="demo", needed_for="the demo")
    say(f"training a classifier on {TRAINED_ON} handwritten digits")
    digits = _read_digits()
    with testing.mock_hitl(region=REGION, seed=seed) as cloud:
        frame = _review(
            cloud, digits, threshold=threshold, reviewers=reviewers, error_rate=error_rate, say=say
        )
    say("retraining on the outcome")
    return _measure(digits, frame, reviewers, error_rate), frame


def _review(
    cloud: Cloud,
    digits: _Digits,
    *,
    threshold: float,
    reviewers: int,
    error_rate: float,
    say: Callable[[str], None],
) -> pd.DataFrame:
    """Provision, route, let people answer, wait, read."""
    say(f"uploading {len(digits.images)} images to s3://{BUCKET}")
    cloud.bucket(BUCKET)
    session = cloud.session()
    uris = _upload(session.client("s3"), digits.images)
    truth: dict[str, str] = dict(zip(uris, digits.truth.tolist(), strict=True))

    task = tasks.ImageClassification(
        name="digit",
        labels=tuple("0123456789"),
        title="Which digit is this?",
        instructions=tasks.Instructions(short="Choose the digit that the writer meant."),
    )
    flow = ReviewFlow(
        name="digits",
        team=PrivateTeam(name="reviewers", members=[Member(email="reviewer@example.com")]),
        task=task,
        output=f"s3://{BUCKET}/reviews",
        role_arn=cloud.role_arn,
        task_count=reviewers,
    )
    say("provisioning a team and a flow")
    flow.ensure(session)

    def what_it_shows(content: Mapping[str, Any]) -> str:
        return truth[task.item(content)]

    cloud.workers.add(reviewers, truth=what_it_shows, accuracy=1 - error_rate)
    router = Router(
        flow=flow.name, task=task, policy=Threshold(threshold), session=session, rate=None, progress=False
    )
    say(f"routing: below {threshold:.2f} an image goes to {reviewers} reviewers")
    run = router.route(
        Prediction(item_id=f"digit-{index:04d}", item=uri, label=label, confidence=confidence)
        for index, (uri, label, confidence) in enumerate(
            zip(uris, digits.predicted.tolist(), digits.confidence.tolist(), strict=True)
        )
    )
    run.wait(timeout=3600)
    return run.training_frame()


def _read_digits() -> _Digits:
    datasets = _optional.load("sklearn.datasets", extra="demo", needed_for="the demo")
    images, labels = datasets.load_digits(return_X_y=True)
    labels = labels.astype(str)
    model = _train(images[:TRAINED_ON], labels[:TRAINED_ON])
    scores = model.predict_proba(images[TRAINED_ON:])
    return _Digits(
        train_images=images[:TRAINED_ON],
        train_labels=labels[:TRAINED_ON],
        images=images[TRAINED_ON:],
        truth=labels[TRAINED_ON:],
        predicted=model.classes_[scores.argmax(axis=1)],
        confidence=scores.max(axis=1),
    )


def _train(images: Images, labels: Labels) -> Any:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    # So little work is slower on several threads, and much slower where the processor is busy.
    with threadpool_limits(1):
        return LogisticRegression(C=0.01, max_iter=1000).fit(images, labels)


def _upload(s3: Any, images: Images) -> list[str]:
    """Put each image into the bucket as a PNG that a person could read, and return the URIs."""
    from PIL import Image

    uris = []
    for index, pixels in enumerate(images):
        file = io.BytesIO()
        grey = (255 - pixels.reshape(8, 8) * (255 / 16)).astype("uint8")
        Image.fromarray(grey).resize((160, 160), Image.Resampling.NEAREST).save(file, "PNG")
        key = f"digits/{index:04d}.png"
        s3.put_object(Bucket=BUCKET, Key=key, Body=file.getvalue(), ContentType="image/png")
        uris.append(f"s3://{BUCKET}/{key}")
    return uris


def _measure(digits: _Digits, frame: pd.DataFrame, reviewers: int, error_rate: float) -> DemoReport:
    """Compare model, reviewers and retrained models with the truth. `frame` is in the order of `digits`."""
    outcome = frame["label"].to_numpy(dtype=str)
    accepted = (frame["decision"] == "accept").to_numpy()
    right_before = digits.predicted == digits.truth
    right_after = outcome == digits.truth
    return DemoReport(
        images=len(frame),
        accepted=int(accepted.sum()),
        reviewed=int((~accepted).sum()),
        share_accepted=float(accepted.mean()),
        accuracy_accepted=float(right_before[accepted].mean()),
        accuracy_reviewed_before=float(right_before[~accepted].mean()),
        accuracy_reviewed_after=float(right_after[~accepted].mean()),
        accuracy_retrained_without_review=_retrained_accuracy(digits, digits.predicted),
        accuracy_retrained_with_review=_retrained_accuracy(digits, outcome),
        answers_per_image=reviewers,
        reviewer_error_rate=error_rate,
    )


def _retrained_accuracy(digits: _Digits, labels: Labels) -> float:
    """Train on the first images and four fifths of the routed ones, score the last fifth; mean of the folds."""
    import numpy as np
    from sklearn.model_selection import KFold

    right = np.zeros(len(labels), dtype=bool)
    for seen, unseen in KFold(FOLDS, shuffle=True, random_state=0).split(digits.images):
        model = _train(
            np.concatenate([digits.train_images, digits.images[seen]]),
            np.concatenate([digits.train_labels, labels[seen]]),
        )
        right[unseen] = model.predict(digits.images[unseen]) == digits.truth[unseen]
    return float(right.mean())
