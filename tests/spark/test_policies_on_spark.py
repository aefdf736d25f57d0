"""Policies on Spark decide as everywhere else, in the engine."""

import math

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.routing import policy_samples as samples

from hitl_sdk.errors import InvalidPredictionError, MissingExtraError
from hitl_sdk.routing import ActivationConditions, Margin, Sample, Threshold

pytestmark = pytest.mark.timeout(300)  # the first one waits for Spark to start


def agree(spark, policies, rows, kept_as):
    """Decide by all policies in one job, as each takes a second, and compare each item of each."""
    frame = spark.createDataFrame(samples.arrow_table(rows, kept_as))
    for number, policy in enumerate(policies):
        decided = policy.decide(frame)
        frame = decided.withColumnsRenamed({"decision": f"decision_{number}", "reason": f"reason_{number}"})
    found = frame.toArrow().to_pylist()
    for number, policy in enumerate(policies):
        of_one = {row["item_id"]: (row[f"decision_{number}"], row[f"reason_{number}"]) for row in found}
        assert of_one == samples.one_by_one(policy, rows), policy


@pytest.mark.parametrize("kept_as", ["structs", "maps", "lists"])
def test_spark_decides_as_decide_one_does(spark, kept_as):
    policies = samples.ONE_OF_EACH
    if kept_as != "structs":
        policies = [policy for policy in policies if "scores" in policy._columns()]
    agree(spark, policies, samples.many_rows(), kept_as)


@pytest.mark.parametrize("name", ["a.b", "a`b", "__HITL_reason"])
def test_a_column_of_a_name_that_is_an_expression_is_refused(spark, name):
    frame = spark.createDataFrame(pa.table({"confidence": [0.5], name: ["x"]}))
    with pytest.raises(InvalidPredictionError, match="can't be named"):
        Threshold(0.9).decide(frame)


def test_upper_case_is_lower_case_in_spark(spark):
    frame = spark.createDataFrame(pa.table({"confidence": [0.5], "Decision": ["old"]}))
    assert Threshold(0.9).decide(frame).columns == ["confidence", "decision", "reason"]


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(policies=st.lists(samples.policies, min_size=3, max_size=3), rows=samples.rows)
def test_spark_decides_by_any_combination(spark, policies, rows):
    agree(spark, policies, rows, "structs")


def test_ids_that_are_numbers_are_drawn_by_their_digits(spark):
    ids = list(range(-20, 20))
    wanted = samples.decided(Sample(0.5, seed=5), "arrow", pa.table({"item_id": list(map(str, ids))}))
    found = Sample(0.5, seed=5).decide(spark.createDataFrame(pa.table({"item_id": ids})))
    assert samples.decided_rows(found.toArrow().to_pylist()) == wanted


def test_rows_that_can_t_be_decided_are_marked(spark):
    columns = {"item_id": ["a", "b", "c", None], "confidence": [0.95, 94.0, math.nan, 0.95]}
    found = (Threshold(0.9) | Sample(0.0)).decide(spark.createDataFrame(pa.table(columns))).toArrow()
    assert found["decision"].to_pylist() == ["accept", None, None, None]
    assert found["reason"].to_pylist() == [
        "confidence 0.95 >= 0.90",
        *["invalid: the confidence is not a number from 0 to 1"] * 2,
        "invalid: the item has no item_id",
    ]


def test_activation_conditions_are_evaluated_in_sparks_workers(spark):
    check = {"ModerationLabelName": "Weapons", "ConfidenceLessThan": 70}
    conditions = ActivationConditions.parse(
        {"Conditions": [{"ConditionType": "ModerationLabelConfidenceCheck", "ConditionParameters": check}]}
    )
    raw = ['{"ModerationLabels": [{"Name": "Weapons", "Confidence": 50}]}', '{"ModerationLabels": []}', None]
    found = conditions.decide(spark.createDataFrame(pa.table({"item_id": ["a", "b", "c"], "raw": raw})))
    assert [row["decision"] for row in found.toArrow().to_pylist()] == ["review", "accept", "review"]


def test_a_spark_without_arrow_functions_is_named(spark, monkeypatch):
    from pyspark.sql import functions

    monkeypatch.delattr(functions, "arrow_udf")
    frame = spark.createDataFrame(pa.table({"item_id": ["a"]}))
    with pytest.raises(MissingExtraError, match=r"Sample on a Spark frame needs pyspark 4.1 or newer"):
        Sample(0.5).decide(frame)
    assert Threshold(0.5).decide(spark.createDataFrame(pa.table({"confidence": [0.7]}))).count() == 1


def test_scores_that_are_none_are_refused_before_a_job_starts(spark):
    with pytest.raises(Exception, match="not a score for each label"):
        Margin(0.2).decide(spark.createDataFrame(pa.table({"scores": ["a"]})))
