"""Read what people said on a Spark cluster, and make one label of several there."""

# --8<-- [start:imports]
import os
import sys

from pyspark.sql import DataFrame, SparkSession, functions

import hitl_sdk as hitl
from hitl_sdk.consolidation import DawidSkene, MajorityVote
from hitl_sdk.spark import consolidate, read_prefix

# --8<-- [end:imports]

TASK = hitl.tasks.TextClassification(
    name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
)
TRUTH = {
    f"{language}: review {n}": ("-1", "0", "1")[n % 3]
    for language in ("de", "en")
    for n in range(12)
}


def review(server: hitl.testing.LocalServer) -> None:
    """Have every item labelled by three simulated workers, who err now and then; one file is cut off."""
    session = server.session()
    session.client("s3").create_bucket(Bucket="reviews")
    flow = hitl.ReviewFlow(
        name="sentiment",
        team=hitl.PrivateTeam(
            name="reviewers",
            members=[hitl.Member(email=f"{name}@example.com") for name in ("ana", "bo", "cy")],
        ),
        task=TASK,
        output="s3://reviews/a2i",
        role_arn="arn:aws:iam::123456789012:role/review",
        task_count=3,
    )
    flow.ensure(session)
    router = hitl.Router(
        flow=flow, policy=hitl.Threshold(0.90), session=session, progress=False
    )
    run = router.route(
        [hitl.Prediction(item, item, label, 0.5) for item, label in TRUTH.items()]
    )
    run.wait(timeout=60)
    session.client("s3").put_object(
        Bucket="reviews", Key="a2i/broken/output.json", Body=b'{"humanAnswers": ['
    )


def start(server: hitl.testing.LocalServer) -> SparkSession:
    """Start Spark inside this machine. On a cluster, the executors' role has the credentials."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master("local[2]")
    builder = builder.config("spark.ui.enabled", "false").config(
        "spark.sql.shuffle.partitions", 4
    )
    for name, value in server.environment.items():
        builder = builder.config(f"spark.executorEnv.{name}", value)
    return builder.getOrCreate()


# --8<-- [start:read]
def read(session: hitl.Session) -> DataFrame:
    """Read all answers below the flow's output on the cluster, once."""
    answers = read_prefix(session, "s3://reviews/a2i", TASK).cache()
    readable = functions.col("error").isNull()
    answers.groupBy(readable.alias("readable")).count().orderBy("readable").show()
    return answers.where(readable)


# --8<-- [end:read]


# --8<-- [start:consolidate]
def labels(answers: DataFrame) -> None:
    """Make one label an item: by majority, and by a model of the workers of each language."""
    majority = consolidate(answers, MajorityVote())
    majority.groupBy("n_workers", "tie").count().orderBy("tie").show()

    by_language = answers.withColumn("language", functions.substring("item", 1, 2))
    weighed = consolidate(by_language, DawidSkene(), by="language")
    agreement = functions.round("agreement", 2).alias("agreement")
    shown = weighed.select("language", "item", "label", agreement)
    shown.orderBy("item").show(4, truncate=False)


# --8<-- [end:consolidate]


if __name__ == "__main__":
    with hitl.testing.local_server(error_rate=0.2) as server:
        review(server)
        start(server)
        labels(read(server.session()))
