"""See what bad input gets: an error that names the thing and the cure, before anything starts."""

# --8<-- [start:imports]
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
from botocore.exceptions import ClientError

import hitl_sdk as hitl
from hitl_sdk.errors import HitlError
from hitl_sdk.results import parse_output

# --8<-- [end:imports]

TASK = hitl.tasks.TextClassification(
    name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
)
GOOD = hitl.Prediction("r1", "It is okay", "1", 0.54)
ARN = "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/sentiment"


@contextmanager
def shown(what: str) -> Iterator[None]:
    """Print the error that the block ends with."""
    try:
        yield
    except HitlError as error:
        print(f"{what}:\n  {type(error).__name__}: {error}\n")


def predictions() -> None:
    """Show what is checked when a prediction is made."""
    # --8<-- [start:predictions]
    with shown("a confidence below 0"):
        hitl.Prediction("r1", "It is okay", "1", -0.54)
    with shown("a percentage"):
        hitl.Prediction("r1", "It is okay", "1", 54.0)
    with shown("NaN"):
        hitl.Prediction("r1", "It is okay", "1", float("nan"))
    # --8<-- [end:predictions]


def batches(router: hitl.Router) -> None:
    """Show what is checked before the first human loop is started."""
    # --8<-- [start:batches]
    with shown("an empty batch"):
        router.route([])
    with shown("an item id that stands twice"):
        router.route([GOOD, hitl.Prediction("r1", "Never again", "-1", 0.70)])
    # --8<-- [end:batches]


def one_of_many(router: hitl.Router) -> None:
    """Show that in a frame a bad row is that item's own outcome, and the others go on."""
    # --8<-- [start:rows]
    run = router.route(
        pd.DataFrame(
            {
                "item_id": ["r1", "r2", "r3", "r4"],
                "item": ["It is okay", "Never again", "I love it", "It works"],
                "label": ["1", "-1", "1", "7"],
                "confidence": [0.54, 70.0, None, 0.60],
            }
        )
    )
    print(run.to_frame()[["item_id", "status", "reason"]].to_string(index=False), "\n")
    # --8<-- [end:rows]


def documents() -> None:
    """Show what is checked in an output.json. In a bulk read each is a row with its error."""
    # --8<-- [start:documents]
    with shown("an output.json that is cut off"):
        parse_output(
            b'{"flowDefinitionArn": "arn", "humanAnswers": [',
            uri="s3://reviews/a2i/output.json",
        )
    with shown("an array"):
        parse_output(b"[]", uri="s3://reviews/a2i/output.json")
    with shown("an output.json of another flow"):
        parse_output(
            b'{"flowDefinitionArn": "another", "humanAnswers": [], "humanLoopName": "a", "inputContent": {}}',
            flow_definition_arn=ARN,
        )
    # --8<-- [end:documents]


def resources() -> None:
    """Show what is checked when a task or a builder is made, offline."""
    # --8<-- [start:resources]
    with shown("a template over 128,000 characters"):
        hitl.tasks.TextClassification(
            name="sentiment",
            labels=["-1", "0", "1"],
            title="Which sentiment?",
            instructions=hitl.tasks.Instructions(full="Read it. " * 16_000),
        )
    with shown("fields that AWS would refuse"):
        hitl.FlowDefinition(
            name="Sentiment Flow",
            workteam_arn=ARN,
            human_task_ui_arn="arn:aws:sagemaker:us-east-1:123456789012:human-task-ui/sentiment",
            role_arn="arn:aws:iam::123456789012:role/review",
            output="bucket/a2i",
            title="Which sentiment?",
            task_count=4,
        )
    # --8<-- [end:resources]


def places(cloud: hitl.testing.Cloud, router: hitl.Router) -> None:
    """Show what is checked of bucket, Region and credentials before the first loop starts."""
    # --8<-- [start:places]
    with shown("a bucket that is missing"):
        cloud.session().client("s3").delete_bucket(Bucket="reviews")
        router.route([GOOD])
    with shown("a Region without A2I"):
        hitl.PrivateTeam(name="reviewers").ensure(cloud.session("eu-north-1"))
    with shown("a session that has expired"):
        expire(router.session)
        router.route([GOOD])
    # --8<-- [end:places]


def expire(session: hitl.Session) -> None:
    """Let the session's SageMaker client be answered as AWS answers an expired session."""

    def refuse(**_: object) -> None:
        message = "The security token included in the request is expired"
        raise ClientError(
            {"Error": {"Code": "ExpiredTokenException", "Message": message}},
            "DescribeFlowDefinition",
        )

    session.client("sagemaker").meta.events.register("before-call", refuse)


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        cloud.bucket("reviews")
        flow = hitl.ReviewFlow(
            name="sentiment",
            team=hitl.PrivateTeam(name="reviewers"),
            task=TASK,
            output="s3://reviews/a2i",
            role_arn=cloud.role_arn,
        )
        flow.ensure(cloud.session())
        router = hitl.Router(
            flow=flow, policy=hitl.Threshold(0.90), session=cloud.session(), progress=False
        )
        predictions()
        batches(router)
        one_of_many(router)
        documents()
        resources()
        places(cloud, router)
