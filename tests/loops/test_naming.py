"""Names of human loops: from the flow and the content alone, and such as the service takes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.errors import InvalidArnError, InvalidPredictionError
from hitl_sdk.loops import human_loop_name

FLOW = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/{}"


def test_a_name_is_what_it_was_in_every_release():
    assert (
        human_loop_name(FLOW.format("sentiment"), "It is okay")
        == "sentiment-c0f92a33d5a19a3a2e7e4fce77c45eac3e2b9387"
    )


@given(
    st.from_regex(r"[a-z0-9](-*[a-z0-9]){0,62}", fullmatch=True).filter(lambda name: len(name) <= 63),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_every_name_is_one_that_the_service_takes(flow_name, item):
    name = human_loop_name(FLOW.format(flow_name), item)
    assert len(name) <= 63
    assert re.fullmatch("[a-z0-9](-*[a-z0-9])*", name)


def test_the_rule_for_names_is_still_botocores(one_boto3_session):
    model = one_boto3_session.client("sagemaker-a2i-runtime").meta.service_model.shape_for("HumanLoopName")
    assert (model.metadata["max"], model.metadata["pattern"]) == (63, "^[a-z0-9](-*[a-z0-9])*$")


def test_equal_content_has_one_name_and_other_content_or_another_flow_another():
    names = {
        human_loop_name(FLOW.format(flow), item)
        for flow in ("a", "b")
        for item in ("x", "y", "x", "é", "日本")
    }
    assert len(names) == 8


def test_what_is_no_flow_or_no_unicode_is_refused():
    with pytest.raises(InvalidArnError):
        human_loop_name("sentiment", "x")
    with pytest.raises(InvalidPredictionError, match="not valid Unicode"):
        human_loop_name(FLOW.format("a"), "\ud800")
