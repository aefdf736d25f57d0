import json

import pytest

from hitl_sdk.local.engine import EngineError, Scope, Settings


def refusal(world, *args, **options):
    with pytest.raises(EngineError) as error:
        world.start(*args, **options)
    return error.value


def start_raw(world, text):
    return world.call(
        "StartHumanLoop",
        HumanLoopName="loop-1",
        FlowDefinitionArn=world.flow_arn,
        HumanLoopInput={"InputContent": text},
    )


def test_a_loop_is_in_progress_and_knows_its_output_from_the_start(reviews):
    reviews.clock.advance(3600)
    arn = reviews.start()
    assert arn == "arn:aws:sagemaker:eu-west-1:123456789012:human-loop/loop-1"
    assert reviews.describe() == {
        "CreationTime": reviews.clock.now(),
        "HumanLoopStatus": "InProgress",
        "HumanLoopName": "loop-1",
        "HumanLoopArn": arn,
        "FlowDefinitionArn": reviews.flow_arn,
        "HumanLoopOutput": {
            "OutputS3Uri": "s3://out/a2i/review/2026/01/01/01/00/01/loop-1/output.json",
        },
    }


def test_a_slash_at_the_end_of_the_output_path_makes_no_empty_folder(world):
    world.workforce()
    world.team()
    world.task_ui()
    world.flow(output="s3://out/")
    world.clock.advance(1)
    world.start()
    assert world.describe()["HumanLoopOutput"]["OutputS3Uri"].startswith("s3://out/review/2026/")


def test_the_same_request_again_finds_the_loop(reviews):
    first = reviews.start(content={"a": 1, "b": 2})
    assert reviews.start(content={"b": 2, "a": 1}) == first
    assert len(reviews.call("ListHumanLoops", FlowDefinitionArn=reviews.flow_arn)["HumanLoopSummaries"]) == 1


def test_the_same_request_finds_a_loop_that_has_ended(reviews):
    arn = reviews.start()
    reviews.answer()
    assert reviews.start() == arn
    assert reviews.status() == "Completed"


def test_a_name_with_another_input_is_a_conflict(reviews):
    reviews.start(content={"taskObject": "a"})
    assert refusal(reviews, content={"taskObject": "b"}).code == "ConflictException"


def test_a_name_with_another_flow_is_a_conflict(reviews):
    reviews.start()
    other = reviews.flow("other")
    reviews.clock.advance(1)
    assert refusal(reviews, flow=other).code == "ConflictException"


def test_a_deleted_name_is_free(reviews):
    reviews.start(content={"taskObject": "a"})
    reviews.answer()
    reviews.call("DeleteHumanLoop", HumanLoopName="loop-1")
    reviews.start(content={"taskObject": "b"})
    assert reviews.status() == "InProgress"


def test_a_flow_that_does_not_exist_starts_nothing(reviews):
    error = refusal(reviews, flow=reviews.scope.arn("flow-definition", "ghost"))
    assert error.code == "ValidationException"
    assert "does not exist" in error.message


def test_a_flow_of_another_region_starts_nothing(reviews):
    elsewhere = Scope("123456789012", "us-east-1").arn("flow-definition", "review")
    assert "does not exist" in refusal(reviews, flow=elsewhere).message


def test_a_flow_that_is_not_active_yet_starts_nothing(reviews):
    assert "not Active" in refusal(reviews, flow=reviews.flow("young")).message


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '"a"', "1", "null", '{"a": NaN}', '{"a": 1e999}', "[" * 100_000]
)
def test_input_that_is_no_json_object_is_refused(reviews, text):
    with pytest.raises(EngineError, match="InputContent") as error:
        start_raw(reviews, text)
    assert error.value.code == "ValidationException"


def test_input_is_limited_to_three_mebibytes_of_utf8(reviews):
    frame = len('{"a":""}')
    full = "x" * (3 * 1024 * 1024 - frame)
    start_raw(reviews, f'{{"a":"{full}"}}')
    with pytest.raises(EngineError, match="longer than 3145728 bytes"):
        start_raw(reviews, f'{{"a":"ä{full[:-1]}"}}')


def test_loops_in_flight_are_limited_per_flow(make_world):
    world = make_world(settings=Settings(loops_in_flight=2)).provision()
    other = world.flow("other")
    world.clock.advance(1)
    world.start("a")
    world.start("b")
    assert refusal(world, "c").code == "ServiceQuotaExceededException"
    assert world.start("a").endswith("/a")  # adopting takes no place
    world.start("c", flow=other)
    world.answer(name="a")
    world.start("d")


def test_a_stopping_loop_is_still_in_flight(make_world):
    world = make_world(settings=Settings(loops_in_flight=1)).provision()
    world.start("a")
    world.call("StopHumanLoop", HumanLoopName="a")
    assert refusal(world, "b").code == "ServiceQuotaExceededException"
    world.clock.advance(1)
    world.start("b")


def test_a_loop_stops_by_the_clock(reviews):
    reviews.start()
    assert reviews.call("StopHumanLoop", HumanLoopName="loop-1") == {}
    assert reviews.status() == "Stopping"
    reviews.clock.advance(1)
    assert reviews.status() == "Stopped"
    assert "FailureReason" not in reviews.describe()


def test_stopping_twice_is_stopping_once(reviews):
    reviews.start()
    reviews.call("StopHumanLoop", HumanLoopName="loop-1")
    reviews.clock.advance(0.5)
    reviews.call("StopHumanLoop", HumanLoopName="loop-1")
    reviews.clock.advance(0.5)
    assert reviews.status() == "Stopped"


def test_a_loop_that_has_ended_is_not_stopped(reviews):
    reviews.start()
    reviews.answer()
    with pytest.raises(EngineError, match="it is Completed") as error:
        reviews.call("StopHumanLoop", HumanLoopName="loop-1")
    assert error.value.code == "ValidationException"


def test_a_loop_expires_when_its_time_is_up(make_world):
    world = make_world().provision(TaskAvailabilityLifetimeInSeconds=600)
    world.start()
    world.clock.advance(599)
    assert world.status() == "InProgress"
    world.clock.advance(1)
    described = world.describe()
    assert described["HumanLoopStatus"] == "Failed"
    assert described["FailureCode"] == "Expired"
    assert described["FailureReason"]


def test_a_task_is_available_for_ten_days_unless_told_otherwise(reviews):
    reviews.start()
    reviews.clock.advance(864_000 - 1)
    assert reviews.status() == "InProgress"
    reviews.clock.advance(1)
    assert reviews.status() == "Failed"


def test_only_a_loop_that_has_ended_is_deleted(reviews):
    reviews.start()
    for stop in (False, True):
        if stop:
            reviews.call("StopHumanLoop", HumanLoopName="loop-1")
        with pytest.raises(EngineError, match="has ended") as error:
            reviews.call("DeleteHumanLoop", HumanLoopName="loop-1")
        assert error.value.code == "ValidationException"
    reviews.clock.advance(1)
    assert reviews.call("DeleteHumanLoop", HumanLoopName="loop-1") == {}


def test_an_unknown_loop_is_not_found(reviews):
    for operation in ("DescribeHumanLoop", "StopHumanLoop", "DeleteHumanLoop"):
        with pytest.raises(EngineError) as error:
            reviews.call(operation, HumanLoopName="ghost")
        assert error.value.code == "ResourceNotFoundException"


def test_loops_of_another_account_are_not_seen(reviews):
    reviews.start()
    with pytest.raises(EngineError) as error:
        reviews.engine.call(
            Scope("210987654321", "eu-west-1"), "DescribeHumanLoop", {"HumanLoopName": "loop-1"}
        )
    assert error.value.code == "ResourceNotFoundException"


def test_a_list_tells_the_states_of_one_flow(make_world):
    world = make_world().provision(TaskAvailabilityLifetimeInSeconds=600)
    world.flow("other")
    world.clock.advance(1)
    world.start("elsewhere", flow=world.scope.arn("flow-definition", "other"))
    world.start("expired")
    world.clock.advance(600)
    world.start("completed")
    world.answer(name="completed")
    world.start("open")
    summaries = world.call("ListHumanLoops", FlowDefinitionArn=world.flow_arn)["HumanLoopSummaries"]
    assert [(s["HumanLoopName"], s["HumanLoopStatus"], "FailureReason" in s) for s in summaries] == [
        ("open", "InProgress", False),
        ("completed", "Completed", False),
        ("expired", "Failed", True),
    ]


def test_loops_of_a_flow_that_does_not_exist_are_not_found(reviews):
    with pytest.raises(EngineError) as error:
        reviews.call("ListHumanLoops", FlowDefinitionArn=reviews.scope.arn("flow-definition", "ghost"))
    assert error.value.code == "ResourceNotFoundException"


def test_an_operation_nobody_knows_is_refused(world):
    with pytest.raises(EngineError) as error:
        world.call("DeleteLabelingJob")
    assert error.value.code == "UnknownOperationException"


def test_the_engine_answers_the_human_review_operations(world):
    kinds = ("Workforce", "Workteam", "HumanTaskUi", "FlowDefinition")
    expected = {f"{verb}{kind}" for kind in kinds for verb in ("Create", "Describe", "Delete")}
    expected |= {f"List{kind}s" for kind in kinds} | {"UpdateWorkforce", "UpdateWorkteam", "RenderUiTemplate"}
    expected |= {"DescribeSubscribedWorkteam", "ListSubscribedWorkteams", "ListHumanLoops"}
    expected |= {f"{verb}LabelingJob" for verb in ("Create", "Describe", "Stop")}
    expected |= {"ListLabelingJobs", "ListLabelingJobsForWorkteam"}
    expected |= {f"{verb}HumanLoop" for verb in ("Start", "Stop", "Describe", "Delete")}
    assert world.engine.operations == expected


def test_numbers_and_texts_of_the_input_come_back_unchanged(reviews):
    content = {
        "n": 12345678901234567890,
        "f": 0.1,
        "t": "ü \u2028 \U0001f600",
        "half": "\ud800",
        "nul": "\x00",
    }
    reviews.start(content=content)
    reviews.answer()
    assert reviews.output()["inputContent"] == content
    assert json.loads(json.dumps(content)) == content
