"""Routing on Spark, in local mode, against the review service over HTTP: the loops and rows of a router."""

import pyarrow as pa
import pytest

from hitl_sdk import Margin, Member, PrivateTeam, ReviewFlow, Router, Sample, Threshold
from hitl_sdk import spark as on_spark
from hitl_sdk.errors import InvalidInputError, NotFoundError
from hitl_sdk.loops import ensure_table, human_loop_name, list_loops
from hitl_sdk.routing import Bands
from hitl_sdk.tasks import TextClassification
from hitl_sdk.testing import local_server

pytestmark = pytest.mark.timeout(300)  # the first one waits for Spark to start

TASK = TextClassification(name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?")
TABLE = "hitl-runs"
COLUMNS = ["item_id", "decision", "reason", "status", "human_loop_name", "error"]


@pytest.fixture(scope="module")
def session():
    with local_server(simulate_workers=False) as server:
        session = server.session()
        session.client("s3").create_bucket(Bucket="reviews")
        ensure_table(session, TABLE)
        yield session


@pytest.fixture
def make_flow(session, request):
    def make(name):
        flow = ReviewFlow(
            name=name,
            team=PrivateTeam(name="reviewers", members=[Member(email="ana@example.com")]),
            task=TASK,
            output="s3://reviews/a2i",
            role_arn="arn:aws:iam::123456789012:role/review",
        )
        return flow.ensure(session).arn

    return make


def predictions(count, **changes):
    columns = {
        "item_id": [f"item-{n}" for n in range(count)],
        "item": [f"review {n}" for n in range(count)],
        "label": [("-1", "0", "1")[n % 3] for n in range(count)],
        "confidence": [(n * 7 % 100) / 100 for n in range(count)],
    }
    return columns | changes


def route(spark, session, columns, flow, *, partitions=4, **options):
    frame = spark.createDataFrame(pa.table(columns)).repartitionByRange(partitions, "item_id")
    options = {"policy": Threshold(0.90), "rate": 1000, "table": TABLE, **options}
    return on_spark.route(frame, flow=flow, task=TASK, session=session, **options)


def rows(frame):
    return sorted(frame.toArrow().to_pylist(), key=lambda row: str(row["item_id"]))


def test_the_rows_are_those_of_a_router(spark, session, make_flow):
    policy = Bands(accept=0.8, drop=0.1) | Sample(0.2, seed=7)
    columns = predictions(80)
    columns["label"][5], columns["item"][6], columns["confidence"][8] = "joy", "", 1.5
    make_flow("as-a-router")
    found = route(spark, session, columns, "as-a-router", policy=policy)
    assert found.columns == COLUMNS
    found = rows(found)
    options = {"session": session, "rate": None, "progress": False, "record": "sqlite://"}
    router = Router(flow="as-a-router", task=TASK, policy=policy, **options)
    wanted = router.route(pa.table(columns)).to_frame("arrow").to_pylist()
    assert sum(row["status"] == "started" for row in found) > 40
    for row in wanted:
        row["status"] = row["status"].replace("adopted", "started")
    assert found == sorted(wanted, key=lambda row: row["item_id"])


def test_a_second_run_of_the_job_starts_nothing(spark, session, make_flow):
    arn = make_flow("twice")
    first = rows(route(spark, session, predictions(40), "twice"))
    begun = {loop.human_loop_name: loop.created_at for loop in list_loops(session, arn)}
    assert set(begun) == {row["human_loop_name"] for row in first if row["decision"] == "review"}
    again = rows(route(spark, session, predictions(40), arn, partitions=3))
    assert {row["status"] for row in again} == {"accepted", "adopted"}
    assert [row["human_loop_name"] for row in again] == [row["human_loop_name"] for row in first]
    assert {loop.human_loop_name: loop.created_at for loop in list_loops(session, arn)} == begun


def test_computing_the_frame_again_starts_nothing(spark, session, make_flow):
    arn = make_flow("again")
    frame = route(spark, session, predictions(20), "again")
    frame.count()
    assert {row["status"] for row in rows(frame)} == {"accepted", "adopted"}
    assert len(list(list_loops(session, arn))) == 18


def test_equal_content_in_several_partitions_is_started_once(spark, session, make_flow):
    arn = make_flow("equal")
    columns = predictions(60, item=["the same"] * 60, confidence=[0.5] * 60)
    found = rows(route(spark, session, columns, "equal", partitions=6, rate=None, table=None))
    assert {row["human_loop_name"] for row in found} == {human_loop_name(arn, "the same")}
    assert {row["status"] for row in found} <= {"started", "adopted"}
    assert len(list(list_loops(session, arn))) == 1


def test_tasks_share_one_rate(spark, session, make_flow):
    arn = make_flow("paced")
    columns = predictions(240, confidence=[0.5] * 240)
    route(spark, session, columns, "paced", partitions=4, rate=100).count()
    moments = sorted(loop.created_at.timestamp() for loop in list_loops(session, arn))
    assert len(moments) == 240
    for first in range(0, 240, 10):
        for last in range(first, 240):
            within = last - first + 1
            assert within <= 100 * (moments[last] - moments[first] + 1) + 100
    assert moments[-1] - moments[0] >= 240 / 100 - 1.5


def test_nothing_to_review_starts_nothing(spark, session, make_flow):
    arn = make_flow("nothing")
    found = rows(route(spark, session, predictions(8, confidence=[0.99] * 8), "nothing"))
    assert [row["status"] for row in found] == ["accepted"] * 8
    assert list(list_loops(session, arn)) == []


def test_what_can_not_work_is_refused_before_the_job(spark, session, make_flow):
    make_flow("refused")
    columns = predictions(4)
    with pytest.raises(InvalidInputError, match=r"needs a DynamoDB table .*ensure_table"):
        route(spark, session, columns, "refused", table=None)
    with pytest.raises(NotFoundError, match="no DynamoDB table 'nope'"):
        route(spark, session, columns, "refused", table="nope")
    with pytest.raises(NotFoundError, match="no-such-flow"):
        route(spark, session, columns, "no-such-flow")
    with pytest.raises(InvalidInputError, match="no column 'label'"):
        route(spark, session, {name: columns[name] for name in ("item_id", "item", "confidence")}, "refused")
    with pytest.raises(InvalidInputError, match="is no Policy"):
        route(spark, session, columns, "refused", policy=0.9)
    with pytest.raises(InvalidInputError, match="scores"):
        route(spark, session, columns, "refused", policy=Margin(0.1))
    with pytest.raises(InvalidInputError, match="concurrency=4"):
        route(spark, session, columns, "refused", concurrency="4")
    with pytest.raises(InvalidInputError, match="rate='50'"):
        route(spark, session, columns, "refused", rate="50")
    with pytest.raises(InvalidInputError, match=r"rate='50' .*needs a DynamoDB table"):
        route(spark, session, columns, "refused", rate="50", table=None)
    with pytest.raises(InvalidInputError, match="concurrency=0"):
        route(spark, session, columns, "refused", concurrency=0)
