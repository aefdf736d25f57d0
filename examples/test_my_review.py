"""What the tests of your own code look like; `hitl_cloud` comes with hitl-sdk[testing]."""

# --8<-- [start:imports]
import pytest

import hitl_sdk as hitl
from hitl_sdk.errors import WaitTimeoutError

# --8<-- [end:imports]


# --8<-- [start:code]
# In your project this is code of yours, imported from where it lies.
def review(
    session: hitl.Session, predictions: list[hitl.Prediction], bucket: str, role_arn: str
) -> hitl.Run:
    flow = hitl.ReviewFlow(
        name="sentiment",
        team=hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")]),
        task=hitl.tasks.TextClassification(
            name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
        ),
        output=f"s3://{bucket}/a2i",
        role_arn=role_arn,
    )
    flow.ensure(session)
    return hitl.Router(flow=flow, policy=hitl.Threshold(0.90), session=session).route(
        predictions
    )


# --8<-- [end:code]

PREDICTIONS = [
    hitl.Prediction("r1", "I enjoy this product", "1", 0.94),
    hitl.Prediction("r2", "It is okay", "1", 0.54),
]


# --8<-- [start:tests]
def test_what_the_model_is_not_sure_of_gets_the_label_of_people(
    hitl_cloud: hitl.testing.Cloud,
) -> None:
    hitl_cloud.workers.answer(lambda item: {"sentiment": {"label": "0"}})

    run = review(
        hitl_cloud.session(), PREDICTIONS, hitl_cloud.bucket("reviews"), hitl_cloud.role_arn
    )
    run.wait(timeout=3600)

    frame = run.training_frame()
    assert frame["label"].tolist() == ["1", "0"]
    assert frame["label_source"].tolist() == ["model", "human"]


def test_nobody_is_waited_for_without_end(hitl_cloud: hitl.testing.Cloud) -> None:
    run = review(
        hitl_cloud.session(), PREDICTIONS, hitl_cloud.bucket("reviews"), hitl_cloud.role_arn
    )

    with pytest.raises(WaitTimeoutError):
        run.wait(timeout=8 * 3600)  # passes at once: the clock is the cloud's


def test_running_it_again_starts_nothing_anew(hitl_cloud: hitl.testing.Cloud) -> None:
    bucket = hitl_cloud.bucket("reviews")
    review(hitl_cloud.session(), PREDICTIONS, bucket, hitl_cloud.role_arn)

    again = review(hitl_cloud.session(), PREDICTIONS, bucket, hitl_cloud.role_arn)

    assert [outcome.status for outcome in again.outcomes] == ["accepted", "adopted"]


# --8<-- [end:tests]
