"""Human loops through plain boto3, in both faces."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from botocore.config import Config

from hitl_sdk.local.engine import EngineError


def test_a_started_loop_is_in_progress(review):
    name = review.start()

    loop = review.describe(name)

    assert loop["HumanLoopStatus"] == "InProgress"
    assert loop["FlowDefinitionArn"] == review.flow
    assert loop["HumanLoopArn"] == review.flow.replace(
        f"flow-definition/{review.flow_name}", f"human-loop/{name}"
    )
    assert loop["CreationTime"].tzinfo is not None


def test_the_same_request_again_adopts_the_loop(review):
    name = review.start(taskObject="good")
    created = review.describe(name)["CreationTime"]

    review.start(taskObject="good")

    assert review.describe(name)["CreationTime"] == created
    assert len(review.a2i.list_human_loops(FlowDefinitionArn=review.flow)["HumanLoopSummaries"]) == 1


def test_the_same_name_with_another_input_is_a_conflict(review):
    review.start(taskObject="good")

    with pytest.raises(review.a2i.exceptions.ConflictException) as caught:
        review.start(taskObject="bad")

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert review.name() in caught.value.response["Message"]


def test_a_loop_of_a_flow_that_does_not_exist_is_refused(review):
    with pytest.raises(review.a2i.exceptions.ValidationException, match="does not exist"):
        review.a2i.start_human_loop(
            HumanLoopName=review.name(),
            FlowDefinitionArn=review.flow + "x",
            HumanLoopInput={"InputContent": "{}"},
        )


@pytest.mark.parametrize("content", ["no json", "[1]", '"text"', '{"a": '])
def test_an_input_that_is_no_json_object_is_refused(review, content):
    with pytest.raises(review.a2i.exceptions.ValidationException) as caught:
        review.a2i.start_human_loop(
            HumanLoopName=review.name(),
            FlowDefinitionArn=review.flow,
            HumanLoopInput={"InputContent": content},
        )

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_an_input_over_3_mib_is_refused_and_not_repeated(review):
    with pytest.raises(review.a2i.exceptions.ValidationException) as caught:
        review.start(taskObject="secret" * 600_000)

    assert "3145728" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_name_with_capitals_is_refused_in_the_words_of_aws(review):
    with pytest.raises(review.a2i.exceptions.ValidationException) as caught:
        review.start("LOUD")

    assert str(caught.value.response["Message"]) == (
        f"1 validation error detected: Value '{review.name('LOUD')}' at 'humanLoopName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: ^[a-z0-9](-*[a-z0-9])*$"
    )


@pytest.mark.parametrize("operation", ["describe_human_loop", "stop_human_loop", "delete_human_loop"])
def test_a_loop_that_does_not_exist_is_not_found(review, operation):
    with pytest.raises(review.a2i.exceptions.ResourceNotFoundException) as caught:
        getattr(review.a2i, operation)(HumanLoopName="nobody-started-this")

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_loops_of_a_flow_that_does_not_exist_are_not_found(review):
    with pytest.raises(review.a2i.exceptions.ResourceNotFoundException):
        review.a2i.list_human_loops(FlowDefinitionArn=review.flow + "x")


def test_a_stopped_loop_goes_through_stopping(review):
    name = review.start()

    review.a2i.stop_human_loop(HumanLoopName=name)

    assert review.describe(name)["HumanLoopStatus"] == "Stopping"
    assert review.wait_for(name, "Stopped")["HumanLoopStatus"] == "Stopped"


def test_a_stopped_loop_can_be_deleted_and_is_gone(review):
    name = review.start()
    review.a2i.stop_human_loop(HumanLoopName=name)
    review.wait_for(name, "Stopped")

    review.a2i.delete_human_loop(HumanLoopName=name)

    with pytest.raises(review.a2i.exceptions.ResourceNotFoundException):
        review.describe(name)


def test_a_loop_in_progress_is_not_deleted(review):
    name = review.start()

    with pytest.raises(review.a2i.exceptions.ValidationException):
        review.a2i.delete_human_loop(HumanLoopName=name)


def test_pages_hold_every_loop_once_newest_first(review):
    names = [review.start(f"loop-{number}") for number in range(7)]

    paginator = review.a2i.get_paginator("list_human_loops")
    pages = list(paginator.paginate(FlowDefinitionArn=review.flow, PaginationConfig={"PageSize": 3}))

    assert [len(page["HumanLoopSummaries"]) for page in pages] == [3, 3, 1]
    listed = [loop["HumanLoopName"] for page in pages for loop in page["HumanLoopSummaries"]]
    assert listed == names[::-1]


def test_sort_order_turns_the_list_round(review):
    names = [review.start(f"loop-{number}") for number in range(3)]

    loops = review.a2i.list_human_loops(FlowDefinitionArn=review.flow, SortOrder="Ascending")

    assert [loop["HumanLoopName"] for loop in loops["HumanLoopSummaries"]] == names


def test_creation_times_bound_the_list(review):
    created = review.describe(review.start())["CreationTime"]

    def listed(**bounds):
        return len(review.a2i.list_human_loops(FlowDefinitionArn=review.flow, **bounds)["HumanLoopSummaries"])

    hour = timedelta(hours=1)
    assert listed(CreationTimeAfter=created - hour, CreationTimeBefore=created + hour) == 1
    assert listed(CreationTimeAfter=created + hour) == 0
    assert listed(CreationTimeBefore=created - hour) == 0


def test_a_token_of_another_list_is_refused(review):
    for number in range(2):
        review.start(f"loop-{number}")
    token = review.a2i.list_human_loops(FlowDefinitionArn=review.flow, MaxResults=1)["NextToken"]

    with pytest.raises(review.a2i.exceptions.ValidationException):
        review.a2i.list_human_loops(FlowDefinitionArn=review.flow, NextToken=token, SortOrder="Ascending")


def test_more_than_100_results_a_page_are_refused(review):
    with pytest.raises(review.a2i.exceptions.ValidationException, match="less than or equal to 100"):
        review.a2i.list_human_loops(FlowDefinitionArn=review.flow, MaxResults=101)


def test_a_loop_nobody_answers_expires_by_the_clock(cloud_review):
    name = cloud_review.start()

    cloud_review.face.cloud.advance(3599)
    assert cloud_review.describe(name)["HumanLoopStatus"] == "InProgress"
    cloud_review.face.cloud.advance(2)

    loop = cloud_review.describe(name)
    assert (loop["HumanLoopStatus"], loop["FailureCode"]) == ("Failed", "Expired")
    assert loop["FailureReason"]


@pytest.mark.parametrize(
    ("code", "status"),
    [("ServiceQuotaExceededException", 402), ("ThrottlingException", 429), ("InternalServerException", 500)],
)
def test_what_the_engine_refuses_arrives_as_the_modelled_exception(cloud_review, monkeypatch, code, status):
    def refuse(*_):
        raise EngineError(code, "not now")

    monkeypatch.setattr(cloud_review.face.cloud.engine, "call", refuse)
    once = cloud_review.face.new_client(
        "sagemaker-a2i-runtime", config=Config(retries={"total_max_attempts": 1})
    )

    with pytest.raises(getattr(once.exceptions, code)) as caught:
        once.start_human_loop(
            HumanLoopName="loop", FlowDefinitionArn=cloud_review.flow, HumanLoopInput={"InputContent": "{}"}
        )

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert caught.value.response["Message"] == "not now"


def test_sixteen_threads_start_each_loop_once(cloud_review):
    def start(number):
        return cloud_review.start(f"loop-{number % 100}", taskObject=str(number % 100))

    with ThreadPoolExecutor(16) as pool:
        names = list(pool.map(start, range(200)))

    loops = cloud_review.a2i.get_paginator("list_human_loops").paginate(FlowDefinitionArn=cloud_review.flow)
    listed = [loop["HumanLoopName"] for page in loops for loop in page["HumanLoopSummaries"]]
    assert sorted(listed) == sorted(set(names))
    assert len(listed) == 100


def test_times_are_those_of_the_test_s_clock(cloud_review):
    created = cloud_review.describe(cloud_review.start())["CreationTime"]

    assert abs(created - cloud_review.face.cloud.clock.now()) < timedelta(milliseconds=1)
