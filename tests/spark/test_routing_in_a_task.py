"""What a task of Spark does with a partition of decided items; for this no Spark is needed."""

import pickle

import pyarrow as pa
import pytest

from hitl_sdk import Bands, EachLabel
from hitl_sdk.errors import AccessDeniedError
from hitl_sdk.loops import ensure_table, human_loop_name
from hitl_sdk.spark.routing import _Routing
from hitl_sdk.tasks import LabelReview

TABLE = "hitl-runs"


@pytest.fixture
def make_work(review):
    def make(**options):
        ensure_table(review.session, TABLE)
        return _Routing(
            **{
                "make_session": lambda: review.session,
                "task": review.task,
                "flow_definition_arn": review.arn,
                "rate": 50.0,
                "table": TABLE,
                "concurrency": 4,
                "restart_failed": False,
                "quota_timeout": 0.0,
                **options,
            }
        )

    return make


def decided(*rows):
    """Return a partition; each row is an item, a decision, and what differs."""
    columns = {"item_id": [], "item": [], "label": [], "confidence": [], "decision": [], "reason": []}
    for number, (item, decision, *changes) in enumerate(rows):
        row = {
            "item_id": f"item-{number}",
            "item": item,
            "label": "1",
            "confidence": 0.54,
            "decision": decision,
            "reason": "so it is",
            **(changes[0] if changes else {}),
        }
        for name, values in columns.items():
            values.append(row[name])
    return pa.RecordBatch.from_pydict(columns)


def routed(work, *batches):
    return [row for batch in work.outcomes(iter(batches)) for row in batch.to_pylist()]


def test_only_what_people_are_to_see_is_started(review, make_work):
    batch = decided(("a", "accept"), ("It is okay", "review"), ("d", "drop"))
    accepted, seen, dropped = routed(make_work(), batch)
    name = human_loop_name(review.arn, "It is okay")
    assert review.loops() == [name]
    assert accepted == {
        "item_id": "item-0",
        "decision": "accept",
        "reason": "so it is",
        "status": "accepted",
        "human_loop_name": None,
        "error": None,
    }
    assert (seen["status"], seen["human_loop_name"], seen["decision"]) == ("started", name, "review")
    assert (dropped["status"], dropped["human_loop_name"]) == ("dropped", None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"item": ""}, "the item is empty"),
        ({"item": None}, "the item is empty"),
        ({"item_id": None}, "item_id None is not a text"),
        ({"confidence": None}, "the confidence None is not a number"),
        ({"confidence": 54.0}, "divide by 100"),
        ({"label": None}, "the label None is neither"),
        ({"label": "joy"}, "joy"),
    ],
)
@pytest.mark.parametrize("decision", ["accept", "review", None])
def test_a_prediction_that_can_not_be_used_is_a_row_and_the_others_go_on(
    review, make_work, decision, changes, said
):
    bad, good = routed(make_work(), decided(("x", decision, changes), ("It is okay", "review")))
    assert (bad["decision"], bad["status"], bad["human_loop_name"]) == (None, "invalid", None)
    assert bad["error"].startswith("InvalidPredictionError: ")
    assert said in bad["error"]
    assert good["status"] == "started"
    assert len(review.loops()) == 1


def test_equal_content_is_asked_for_once_whatever_its_batch(review, make_work):
    work = make_work()
    first, second, third = routed(
        work, decided(("same", "review"), ("same", "review")), decided(("same", "review"))
    )
    assert first["human_loop_name"] == second["human_loop_name"] == third["human_loop_name"]
    assert review.calls.count["StartHumanLoop"] == 1


def test_a_partition_that_is_run_again_starts_nothing_twice(review, make_work):
    batches = [decided((f"a {n}", "review"), (f"b {n}", "review")) for n in range(3)]
    begun = make_work().outcomes(iter(batches))
    next(begun)
    begun.close()  # the executor is lost
    again = routed(make_work(), *batches)
    assert [row["status"] for row in again] == ["adopted", "adopted", *["started"] * 4]
    assert [row["status"] for row in routed(make_work(), *batches)] == ["adopted"] * 6
    assert len(review.loops()) == review.calls.count["StartHumanLoop"] == 6


def test_two_tasks_at_the_same_content_start_it_once(review, make_work):
    here, there = make_work(), make_work()
    seen = []

    def before(**_):
        if not seen:
            seen.append(None)
            seen.extend(routed(there, decided(("same", "review"))))

    review.session.client("sagemaker-a2i-runtime").meta.events.register(
        "before-call.*.StartHumanLoop", before
    )
    (mine,) = routed(here, decided(("same", "review")))
    assert seen[1] == mine  # the service answers the same request twice
    assert mine["status"] == "started"
    assert len(review.loops()) == 1


def test_a_loop_that_has_ended_says_so(review, make_work):
    review.cloud.workers.answer(lambda item: {"sentiment": {"label": "0"}})
    routed(make_work(), decided(("same", "review")))
    review.cloud.advance(60)
    (row,) = routed(make_work(), decided(("same", "review")))
    assert (row["status"], row["error"]) == ("completed", None)


def test_a_loop_that_was_stopped_is_started_anew_only_if_it_is_wanted(review, make_work):
    name = review.start("same")
    review.session.client("sagemaker-a2i-runtime").stop_human_loop(HumanLoopName=name)
    review.cloud.advance(60)
    (row,) = routed(make_work(), decided(("same", "review")))
    assert row["status"] == "stopped"
    assert "restart_failed=True" in row["error"]
    (row,) = routed(make_work(restart_failed=True), decided(("same", "review")))
    assert (row["status"], row["error"]) == ("started", None)


def test_a_refused_start_is_a_row_and_the_others_go_on(review, make_work):
    bad = human_loop_name(review.arn, "bad")
    review.calls.fail(
        "StartHumanLoop", ("ValidationException", 400), when=lambda params, _: params["HumanLoopName"] == bad
    )
    rows = routed(make_work(), decided(("good", "review"), ("bad", "review")))
    assert [row["status"] for row in rows] == ["started", "not started"]
    assert rows[1]["error"].startswith("RejectedError: ")
    assert rows[1]["human_loop_name"] == bad


def test_what_no_start_can_escape_ends_the_task(review, make_work):
    review.calls.fail("StartHumanLoop", ("AccessDeniedException", 403))
    with pytest.raises(AccessDeniedError):
        routed(make_work(), decided(("good", "review")))


def test_whole_numbers_are_labels(review, make_work):
    batch = decided(("a", "review"), ("b", "accept"))
    columns = {name: batch[name] for name in batch.schema.names} | {"label": pa.array([-1, 0])}
    assert [row["status"] for row in routed(make_work(), pa.RecordBatch.from_pydict(columns))] == [
        "started",
        "accepted",
    ]


def test_all_tasks_share_the_rate(review, make_work):
    begun = review.cloud.clock.monotonic()
    works = [make_work(rate=10.0) for _ in range(3)]
    parts = [
        work.outcomes(iter([decided(*[(f"{part} {n}", "review") for n in range(20)])]))
        for part, work in enumerate(works)
    ]
    for part in parts:
        next(part)
    assert review.cloud.clock.monotonic() - begun >= 60 / 10 - 1
    assert len(review.loops()) == 60


def test_without_a_rate_there_is_no_table(review, make_work):
    rows = routed(make_work(rate=None, table=None), decided(("a", "review")))
    assert rows[0]["status"] == "started"


def test_what_is_sent_to_the_executors_can_be_sent(review, make_work):
    work = pickle.loads(pickle.dumps(make_work(make_session=dict)))
    assert (work.task, work.flow_definition_arn) == (review.task, review.arn)


def test_where_people_are_asked_about_many_labels_the_scores_are_the_models_label(review, make_work):
    task = LabelReview(
        name="labels", title="What does it show?", rule=EachLabel(Bands(accept=0.9, drop=0.4)), shows="text"
    )
    plain = decided(("a street", "review"), ("a school", "accept"))
    scores = pa.array(
        [[("Person", 0.99), ("School", 0.5)], [("School", 0.95)]], pa.map_(pa.string(), pa.float64())
    )
    batch = pa.RecordBatch.from_pydict(
        {name: plain[name] for name in plain.schema.names} | {"scores": scores}
    )
    work = make_work(task=task)
    assert [row["status"] for row in routed(work, batch)] == ["started", "accepted"]
    wanted = task.input("a street", task.normalise_label({"Person": 0.99, "School": 0.5}))
    (loop,) = review.cloud.engine.open_loops()
    assert loop.input_content == wanted
