"""What needs no Spark session: what is refused, what is sent to the executors, and what these do with it."""

import pickle
import sys

import boto3
import pyarrow as pa
import pytest

from hitl_sdk import Session, Threshold
from hitl_sdk import spark as on_spark
from hitl_sdk.consolidation import BoxConsolidation, DawidSkene, MajorityVote, PerLabel, Vote
from hitl_sdk.errors import ConfigurationError, InvalidInputError, InvalidPredictionError, MissingExtraError
from hitl_sdk.labels import to_value
from hitl_sdk.results import Outputs
from hitl_sdk.results import answers_frame as answers_in_memory
from hitl_sdk.spark import consolidation, reading
from hitl_sdk.tasks import TextClassification

pyspark_sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed (the extra spark)")
pyspark_types = pytest.importorskip("pyspark.sql.types")

SECRET = "wJalrXUtnFEMI"


class Frame(pyspark_sql.DataFrame):
    """A Spark frame as far as its columns go."""

    columns = ("group", "item", "worker", "label")

    def __new__(cls):
        return object.__new__(cls)

    def __init__(self):
        pass


def batches(**columns):
    return iter([pa.RecordBatch.from_pydict(columns)])


def test_the_schema_is_that_of_the_frame_in_memory(kind):
    from pyspark.sql.pandas.types import from_arrow_schema

    task, _ = kind
    in_memory = answers_in_memory(Outputs([]), task, "arrow").schema
    assert on_spark.answers_schema(task) == from_arrow_schema(in_memory)


# --- what travels


def test_no_credential_is_sent_to_the_executors(reviews):
    keys = boto3.Session("AKIAIOSFODNN7EXAMPLE", SECRET, region_name="eu-west-1")
    session = Session(region_name="eu-west-1", endpoint_url="http://127.0.0.1:8484", boto3_session=keys)
    session.client("s3")
    sent = pickle.dumps(reading._Reading(reading.recipe(session), reviews.kinds["boxes"][0], None, None))
    assert SECRET.encode() not in sent
    assert b"AKIAIOSFODNN7EXAMPLE" not in sent
    made = pickle.loads(sent).make_session()
    assert (made.region_name, made.endpoint_url) == ("eu-west-1", "http://127.0.0.1:8484")


def test_what_makes_a_session_is_sent_as_it_is():
    def make():
        raise AssertionError("not called here")

    assert reading.recipe(make) is make


def test_the_work_of_an_executor_pickles(kind):
    task, _ = kind
    assert pickle.loads(pickle.dumps(reading._Parsing(task, None))).task == task
    work = consolidation._Work(task.consolidation(), task, (), "item", "worker", "label", None)
    assert type(pickle.loads(pickle.dumps(work)).method) is type(work.method)


# --- what an executor does


def test_documents_are_read_batch_by_batch(reviews, kind):
    task, draw = kind
    documents = reviews.documents(draw)
    several = (
        pa.RecordBatch.from_pydict({"d": documents[at : at + 10]}) for at in range(0, len(documents), 10)
    )
    found = reading._Parsing(task, None).read(several)
    assert pa.Table.from_batches(found).to_pylist() == reviews.answered(task, documents)


def test_addresses_are_read_as_in_memory(reviews, review):
    task, draw = reviews.kinds["one label"]
    documents = reviews.documents(draw)
    uris = [f"s3://reviews/a2i/{number}/output.json" for number in range(len(documents))]
    for uri, document in zip(uris, documents, strict=True):
        if document is not None:
            review.session.client("s3").put_object(
                Bucket="reviews", Key=uri.removeprefix("s3://reviews/"), Body=document
            )
    work = reading._Reading(lambda: review.session, task, reviews.flow, concurrency=2)
    found = pa.Table.from_batches(work.read(batches(uri=uris))).to_pylist()
    wanted = reviews.answered(task, documents, uris, flow_definition_arn=reviews.flow)
    gone = uris[documents.index(None)]
    assert [row for row in found if row["output_s3_uri"] != gone] == [
        row for row in wanted if row["output_s3_uri"] != gone
    ]
    assert [row["error"].partition(":")[0] for row in found if row["output_s3_uri"] == gone] == [
        "NotFoundError"
    ]


@pytest.mark.parametrize("method", [None, DawidSkene()])
def test_a_group_is_consolidated_as_in_memory(reviews, method):
    task, draw = reviews.kinds["one label"]
    table = answers_in_memory(Outputs(reviews.documents(draw)), task, "arrow")
    table = table.filter(table["label"].is_valid())
    table = table.append_column("lot", pa.repeat(pa.scalar(4), len(table)))
    work = consolidation._Work(
        task.consolidation(method), task, ("lot",), "item", "worker", "label", "comment"
    )
    found = work.consolidated([pa.scalar(4)], table)
    assert set(found["lot"].to_pylist()) == {4}
    assert found.drop_columns("lot").equals((method or MajorityVote()).fit_predict(table))


@pytest.mark.parametrize("preferred", [None, "label"])
def test_a_group_of_structures_is_consolidated_as_its_task_does(reviews, kind, preferred):
    task, draw = kind
    table = answers_in_memory(Outputs(reviews.documents(draw)), task, "arrow")
    table = table.filter(table["label"].is_valid())
    read = task.normalise_label if isinstance(task.label_type, list | dict) else str
    votes = [Vote(row["item"], row["worker"], read(row["label"])) for row in table.to_pylist()]
    wanted = task.consolidate(
        votes, preferred={vote.item: vote.label for vote in votes} if preferred else None
    )
    work = consolidation._Work(task.consolidation(), task, (), "item", "worker", "label", preferred)
    names = ["label", "confidence", "agreement", "n_workers", "tie"]
    assert work.consolidated([pa.scalar(3)], table).to_pylist() == [
        {"item": item} | {name: to_value(getattr(each, name)) for name in names}
        for item, each in wanted.items()
    ]


# --- what is refused


class Predictions(Frame):
    """A Spark frame of predictions, as far as its schema goes."""

    schema = None

    def __init__(self, *more, item="string"):
        kinds = {"item_id": "string", "item": item, "label": "string", "confidence": "double"}
        pairs = [*kinds.items(), *((name, "string") for name in more)]
        self.schema = pyspark_types.StructType()
        for name, kind in pairs:
            self.schema.add(name, kind)
        self.columns = self.schema.names

    def __new__(cls, *more, item="string"):
        return object.__new__(cls)


def route(review, frame, **options):
    options = {"flow": "sentiment", "policy": Threshold(0.9), "task": review.task, "rate": None, **options}
    return on_spark.route(frame, **{"session": review.session, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "sentiment"}, "task='sentiment' is no Task"),
        ({"task": TextClassification}, "is no Task"),
        ({"policy": 0.9}, "policy=0.9 is no Policy"),
        ({"flow": None}, "flow=None is no name or ARN"),
        ({"session": None}, "session=None is no Session"),
        ({"session": lambda: None}, "is no Session"),
        ({"quota_timeout": -1}, "quota_timeout=-1"),
        ({"quota_timeout": "3600"}, "quota_timeout='3600'"),
    ],
)
def test_a_routing_that_can_not_work_is_refused_before_the_job(review, options, message):
    with pytest.raises(InvalidInputError, match=message):
        route(review, Predictions(), **options)


class Unknown(Threshold):
    def decide(self, predictions):
        raise NotImplementedError("`replace_strict` is not (yet) implemented for pyspark[connect].")


def test_what_narwhals_does_not_know_of_spark_connect_is_refused_with_the_cure(review):
    with pytest.raises(ConfigurationError, match=r"pyspark\[connect\].*use a classic Spark session"):
        route(review, Predictions(), policy=Unknown(0.9))


def test_a_function_that_holds_a_session_in_place_of_making_one_is_refused_before_the_job(review):
    with pytest.raises(InvalidInputError, match=r"can't be sent to the executors.*partial"):
        route(review, Predictions(), session=lambda: review.session)


@pytest.mark.parametrize("kind", ["integer", "binary", "date"])
def test_contents_that_are_no_texts_are_refused_before_the_job(review, kind):
    with pytest.raises(InvalidPredictionError, match=r"the column 'item' holds .*, not texts"):
        route(review, Predictions(item=kind))


@pytest.mark.parametrize("name", ["item_id", "Item", "day"])
def test_columns_of_the_same_name_as_after_a_join_are_refused_before_the_job(review, name):
    with pytest.raises(InvalidInputError, match=f"two columns .*'{name.lower()}'"):
        route(review, Predictions("day", name))


def read(frame, task):
    return on_spark.read_outputs(Session(region_name="eu-west-1"), frame, task)


@pytest.mark.parametrize(
    "call", [on_spark.answers_frame, read, lambda frame, task: on_spark.consolidate(frame, task=task)]
)
def test_a_frame_of_another_engine_is_refused(reviews, call):
    with pytest.raises(InvalidInputError, match="Table is no Spark frame"):
        call(pa.table({"item": ["1"]}), reviews.kinds["boxes"][0])


@pytest.mark.parametrize("call", [on_spark.answers_frame, read])
def test_a_column_that_is_not_there_is_named(reviews, call):
    with pytest.raises(InvalidInputError, match=r"no column '(document|uri)', but .*'worker'"):
        call(Frame(), reviews.kinds["boxes"][0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "language"}, "no column 'language'"),
        ({"preferred": "guess"}, "no column 'guess'"),
        ({"by": ["group", "item"]}, "two columns 'item'"),
        ({"item": "label"}, "two columns 'label'"),
        ({"buckets": 0}, "buckets=0"),
        ({"method": None}, "neither a method nor a task"),
        ({"method": BoxConsolidation()}, "BoxConsolidation needs a task"),
        ({"method": PerLabel(["a"])}, "PerLabel needs a task"),
    ],
)
def test_a_consolidation_that_can_not_work_is_refused_before_the_job(options, message):
    with pytest.raises(InvalidInputError, match=message):
        on_spark.consolidate(Frame(), **{"method": MajorityVote(), **options})


def test_a_method_for_other_labels_is_refused_before_the_job(reviews):
    with pytest.raises(InvalidInputError):
        on_spark.consolidate(Frame(), DawidSkene(), task=reviews.kinds["boxes"][0])


def test_no_documents_a_task_are_refused(reviews):
    with pytest.raises(InvalidInputError, match="documents_per_task=0"):
        on_spark.read_prefix(
            Session(region_name="eu-west-1"), "s3://reviews", reviews.kinds["boxes"][0], documents_per_task=0
        )


def test_a_spark_session_must_be_active(reviews, review, monkeypatch):
    monkeypatch.setattr(pyspark_sql.SparkSession, "getActiveSession", lambda: None)
    with pytest.raises(ConfigurationError, match="no Spark session is active"):
        on_spark.read_prefix(review.session, "s3://reviews/a2i", reviews.kinds["boxes"][0])


@pytest.mark.parametrize("module", ["pyspark", "pyarrow"])
def test_a_missing_extra_is_named(module, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"{module}.*hitl-sdk\[spark\]"):
        on_spark.consolidate(Frame(), MajorityVote())


@pytest.mark.parametrize(
    ("method", "alone"),
    [
        (MajorityVote(), True),
        (BoxConsolidation(), True),
        (PerLabel(["a"]), True),
        (PerLabel(["a"], of=DawidSkene()), False),
        (DawidSkene(), False),
    ],
)
def test_items_are_dealt_out_where_each_is_looked_at_alone(method, alone):
    assert consolidation._looks_at_each_item_alone(method) is alone
