"""On Spark, in local mode: the same rows as in memory."""

import random
from functools import partial

import pandas as pd
import pyarrow as pa
import pytest

from hitl_sdk import Session
from hitl_sdk import spark as on_spark
from hitl_sdk.consolidation import DawidSkene, MajorityVote, OneCoinDawidSkene, Vote
from hitl_sdk.errors import NotFoundError
from hitl_sdk.labels import to_value
from hitl_sdk.results import read_prefix
from hitl_sdk.testing import local_server

pytestmark = pytest.mark.timeout(300)  # the first one waits for Spark to start

OUTCOME = ["item", "label", "confidence", "agreement", "n_workers", "tie"]


def frame_of(spark, columns, partitions=3):
    """Return a frame whose rows lie in several partitions."""
    table = pa.table(columns)
    return spark.createDataFrame(table).repartitionByRange(partitions, table.column_names[0])


def rows(frame):
    return frame.toArrow().to_pylist()


def in_order(found, *names):
    return sorted(found, key=lambda row: [str(row[name]) for name in names])


def close(value):
    """Return the same, with floats that may differ in the last digits: sums depend on their order."""
    if isinstance(value, list):
        return list(map(close, value))
    if isinstance(value, dict):
        return {name: close(part) for name, part in value.items()}
    return pytest.approx(value, abs=1e-9) if isinstance(value, float) else value


# --- reading


@pytest.mark.parametrize("kept_as", [pa.binary(), pa.string()], ids=["bytes", "text"])
def test_documents_in_a_frame_give_the_rows_of_pandas(spark, reviews, kind, kept_as):
    task, draw = kind
    documents = reviews.documents(draw)
    if kept_as == pa.string():
        documents = [text and text.decode("utf-8", "replace") for text in documents]
    uris = [f"s3://reviews/{number:03}/output.json" for number in range(len(documents))]
    frame = frame_of(spark, {"path": uris, "content": pa.array(documents, kept_as)})
    found = on_spark.answers_frame(
        frame, task, document="content", uri="path", flow_definition_arn=reviews.flow
    )
    assert found.schema == on_spark.answers_schema(task)
    wanted = reviews.answered(task, documents, uris, flow_definition_arn=reviews.flow)
    assert sum(row["error"] is not None for row in wanted) == 7
    assert in_order(rows(found), "output_s3_uri", "worker") == in_order(wanted, "output_s3_uri", "worker")


@pytest.fixture(scope="module")
def server():
    with local_server() as running:
        yield running


@pytest.fixture(scope="module")
def stored(server, reviews):
    """Return a session whose S3 has documents of boxes under a prefix, and others beside it."""
    session = server.session()
    s3 = session.client("s3")
    s3.create_bucket(Bucket="reviews")
    documents = [text for text in reviews.documents(reviews.kinds["boxes"][1]) if text is not None]
    for number, document in enumerate(documents):
        s3.put_object(Bucket="reviews", Key=f"a2i/{number:03}/output.json", Body=document)
    for key in ("a2i/000/else.json", "a2i-old/000/output.json"):
        s3.put_object(Bucket="reviews", Key=key, Body=documents[0])
    return session


def test_a_prefix_gives_the_rows_of_pandas_in_their_order(spark, reviews, stored):
    task, _ = reviews.kinds["boxes"]
    outputs = read_prefix(stored, "s3://reviews/a2i")
    found = on_spark.read_prefix(stored, "s3://reviews/a2i", task, documents_per_task=10)
    assert found.rdd.getNumPartitions() == 4
    assert rows(found) == reviews.answered(task, outputs.documents, outputs.uris)


def test_a_function_may_make_the_session_on_both_sides(spark, reviews, stored):
    make = partial(Session, region_name="us-east-1", endpoint_url=stored.endpoint_url)
    task, _ = reviews.kinds["boxes"]
    found = on_spark.read_outputs(
        make, frame_of(spark, {"key": ["s3://reviews/a2i/000/output.json"]}), task, uri="key"
    )
    outputs = read_prefix(stored, "s3://reviews/a2i/000")
    assert rows(found) == reviews.answered(task, outputs.documents, outputs.uris)


def test_addresses_of_nothing_keep_their_rows(spark, reviews, stored):
    uris = ["s3://reviews/a2i/gone/output.json", "reviews/a2i", None]
    found = rows(on_spark.read_outputs(stored, frame_of(spark, {"uri": uris}, 1), reviews.kinds["boxes"][0]))
    errors = {row["output_s3_uri"]: row["error"].partition(":")[0] for row in found}
    assert errors == dict(zip(uris, ["NotFoundError", "InvalidInputError", "InvalidInputError"], strict=True))


def test_a_prefix_of_nothing_is_an_empty_frame(spark, reviews, stored):
    found = on_spark.read_prefix(stored, "s3://reviews/empty", reviews.kinds["boxes"][0], spark=spark)
    assert rows(found) == []


def test_a_bucket_that_is_not_there_is_known_before_the_job(spark, reviews, stored):
    with pytest.raises(NotFoundError):
        on_spark.read_prefix(stored, "s3://no-such-bucket/a2i", reviews.kinds["boxes"][0])


# --- consolidation


@pytest.fixture(scope="module")
def crowd():
    """Return answers of eight workers to 120 items in three groups: with ties, with items of one, and unreadable ones."""
    drawn = random.Random(3)
    said = []
    for number in range(120):
        truth = drawn.choice("abc")
        for worker in drawn.sample(range(8), drawn.randint(1, 5)):
            label = truth if drawn.random() < 0.4 + worker / 16 else drawn.choice("abc")
            said.append((f"group {number % 3}", f"item {number // 2}", f"worker {worker}", label, truth))
    said += [(f"group {n}", f"alone {n}", "worker 1", "a", "a") for n in range(2)]
    said += [("group 1", "item 7", None, None, "a"), ("group 2", None, None, None, None)]
    return pd.DataFrame(said, columns=["group", "item", "worker", "label", "truth"])


def of_pandas(frame):
    """Return a frame's rows as Spark has them."""
    return pa.Table.from_pandas(frame, preserve_index=False).to_pylist()


@pytest.fixture(scope="module")
def crowd_on_spark(spark, crowd):
    return frame_of(spark, pa.Table.from_pandas(crowd, preserve_index=False)).cache()


@pytest.mark.parametrize(
    "method", [MajorityVote(), DawidSkene(), OneCoinDawidSkene()], ids=lambda one: type(one).__name__
)
def test_a_frame_is_consolidated_as_by_pandas(crowd, crowd_on_spark, method):
    found = on_spark.consolidate(crowd_on_spark, method, buckets=7)
    wanted = of_pandas(method.fit_predict(crowd))
    assert found.columns == OUTCOME
    assert in_order(rows(found), "item") == close(in_order(wanted, "item"))


def test_the_crowd_has_ties_and_items_of_one_worker(crowd):
    made = MajorityVote().fit_predict(crowd)
    assert 5 < made["tie"].sum() < 50
    assert made["confidence"].isna().sum() == 2


@pytest.mark.parametrize("method", [MajorityVote(), DawidSkene()], ids=lambda one: type(one).__name__)
def test_each_group_is_consolidated_by_itself(crowd, crowd_on_spark, method):
    found = on_spark.consolidate(crowd_on_spark, method, by="group")
    wanted = [
        {"group": name, **row}
        for name, group in crowd.groupby("group")
        for row in of_pandas(method.fit_predict(group))
    ]
    assert found.columns == ["group", *OUTCOME]
    assert in_order(rows(found), "group", "item") == close(in_order(wanted, "group", "item"))


@pytest.mark.parametrize("by", [(), "group"])
def test_the_preferred_label_wins_a_tie_that_it_is_part_of(crowd, crowd_on_spark, by):
    found = rows(
        on_spark.consolidate(
            crowd_on_spark.where("group = 'group 1'"), MajorityVote(), by=by, preferred="truth"
        )
    )
    mine = crowd[crowd["group"] == "group 1"]
    preferred = dict(zip(mine["item"], mine["truth"], strict=True))
    wanted = of_pandas(MajorityVote().fit_predict(mine, preferred=preferred))
    assert wanted != of_pandas(MajorityVote().fit_predict(mine))
    assert in_order([{name: row[name] for name in OUTCOME} for row in found], "item") == in_order(
        wanted, "item"
    )


def test_items_labels_and_groups_keep_their_types_and_names(spark):
    columns = {
        "site": pa.array([1, None, None], pa.int16()),
        "key": pa.array([7, 7, 7], pa.int64()),
        "who": ["ann", "ann", "bob"],
        "stars": pa.array([5, 4, 4], pa.int32()),
    }
    found = on_spark.consolidate(
        frame_of(spark, columns), MajorityVote(), by=["site"], item="key", worker="who", label="stars"
    )
    kinds = {field.name: field.dataType.simpleString() for field in found.schema}
    assert [kinds[name] for name in ("site", "key", "stars")] == ["smallint", "bigint", "int"]
    assert [(row["site"], row["stars"], row["n_workers"]) for row in in_order(rows(found), "site")] == [
        (1, 5, 1), (None, 4, 2),
    ]  # fmt: skip


@pytest.mark.parametrize("by", [(), "output_s3_uri"], ids=["all", "by address"])
def test_structures_are_consolidated_as_their_task_does(spark, reviews, kind, by):
    task, draw = kind
    documents = reviews.documents(draw)
    uris = [f"s3://reviews/{number % 2}" for number in range(len(documents))]
    frame = frame_of(spark, {"uri": uris, "document": pa.array(documents, pa.binary())})
    found = rows(on_spark.consolidate(on_spark.answers_frame(frame, task, uri="uri"), task=task, by=by))
    wanted = []
    for group in sorted(set(uris)) if by else [None]:
        votes = [
            Vote(row["item"], row["worker"], task.normalise_label(row["label"]))
            for row in reviews.answered(task, documents, uris)
            if row["label"] is not None and group in {None, row["output_s3_uri"]}
        ]
        wanted += [
            ({"output_s3_uri": group} if by else {})
            | {"item": item}
            | {name: to_value(getattr(each, name)) for name in OUTCOME[1:]}
            for item, each in task.consolidate(votes).items()
        ]
    names = [name for name in ("output_s3_uri", "item") if name in found[0]]
    assert in_order(found, *names) == close(in_order(wanted, *names))


def test_a_label_of_nobody_ends_the_job_with_the_reason(spark):
    from pyspark.errors import PythonException

    frame = frame_of(spark, {"item": ["1"], "worker": pa.array([None], pa.string()), "label": ["a"]})
    with pytest.raises(PythonException, match="1 rows have a label but no 'worker'"):
        rows(on_spark.consolidate(frame, MajorityVote()))


def test_a_frame_of_no_answers_gives_no_rows(crowd_on_spark):
    for method in (MajorityVote(), DawidSkene()):
        assert rows(on_spark.consolidate(crowd_on_spark.where("false"), method)) == []
