"""Route predictions on a Spark cluster: it decides, and its tasks start the human loops under one rate."""

# --8<-- [start:imports]
import os
import sys
import tempfile
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession, functions

import hitl_sdk as hitl
from hitl_sdk.loops import ensure_table
from hitl_sdk.spark import route

# --8<-- [end:imports]

TASK = hitl.tasks.TextClassification(
    name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
)


def provision(session: hitl.Session) -> None:
    """Make a flow. On AWS it is there already."""
    session.client("s3").create_bucket(Bucket="reviews")
    hitl.ReviewFlow(
        name="sentiment",
        team=hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")]),
        task=TASK,
        output="s3://reviews/a2i",
        role_arn="arn:aws:iam::123456789012:role/review",
    ).ensure(session)


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


def predictions(spark: SparkSession) -> DataFrame:
    """Return 800 predictions, each content twice, and one with a label of no use; on a cluster they come from a table."""
    number = functions.col("id")
    return spark.range(0, 800, numPartitions=4).select(
        functions.concat(functions.lit("r"), number).alias("item_id"),
        functions.concat(functions.lit("review "), number % 400).alias("item"),
        functions.when(number == 7, "joy").otherwise("1").alias("label"),
        (0.80 + (number % 200) / 1000).alias("confidence"),
    )


# --8<-- [start:route]
def review(session: hitl.Session, frame: DataFrame, outcomes: str) -> None:
    """Decide on the cluster, start at most 400 human loops a second in all, and keep what became of each item."""
    ensure_table(session, "hitl-runs")  # once
    routed = route(
        frame,
        flow="sentiment",
        task=TASK,
        policy=hitl.Bands(accept=0.90, drop=0.81) | hitl.Sample(0.02, seed=7),
        session=session,
        rate=400,
        table="hitl-runs",
    )
    routed.write.mode("overwrite").parquet(outcomes)


# --8<-- [end:route]


def show(spark: SparkSession, outcomes: str) -> None:
    """Count what became of the items, and the human loops, of which equal content shares one."""
    frame = spark.read.parquet(outcomes)
    frame.groupBy("decision").count().orderBy("decision").show()
    errors = frame.where(functions.col("status") == "invalid")
    errors.select("item_id", "reason").show(truncate=False)
    loops = frame.select("human_loop_name").where(functions.col("human_loop_name").isNotNull())
    print("human loops:", loops.distinct().count())


if __name__ == "__main__":
    with (
        hitl.testing.local_server(simulate_workers=False) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        provision(server.session())
        spark, session = start(server), server.session()
        first, second = str(Path(folder, "first")), str(Path(folder, "second"))
        review(session, predictions(spark), first)
        show(spark, first)
        review(session, predictions(spark), second)
        begun = spark.read.parquet(second).where(functions.col("status") == "started")
        print("started by a second run of the job:", begun.count())
