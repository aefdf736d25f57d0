from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from hitl_sdk.local.engine import EngineError


def pages(world, operation, key, **params):
    """Return the list of every page."""
    found, token = [], {}
    while True:
        answer = world.call(operation, **params, **token)
        found.append(answer[key])
        if "NextToken" not in answer:
            return found
        token = {"NextToken": answer["NextToken"]}


@pytest.fixture
def loops(reviews):
    """Seven loops, the first three of them started in one instant."""
    for number in range(7):
        if number > 2:
            reviews.clock.advance(1)
        reviews.start(f"loop-{number}")
    return reviews


def loop_names(world, **params):
    found = pages(world, "ListHumanLoops", "HumanLoopSummaries", FlowDefinitionArn=world.flow_arn, **params)
    return [[int(loop["HumanLoopName"][-1]) for loop in page] for page in found]


def test_the_newest_loops_come_first(loops):
    assert loop_names(loops) == [[6, 5, 4, 3, 2, 1, 0]]


def test_pages_follow_each_other_without_gap_or_repeat(loops):
    assert loop_names(loops, MaxResults=2) == [[6, 5], [4, 3], [2, 1], [0]]
    assert loop_names(loops, MaxResults=2, SortOrder="Ascending") == [[0, 1], [2, 3], [4, 5], [6]]


def test_a_full_last_page_has_no_token(loops):
    assert loop_names(loops, MaxResults=7) == [[6, 5, 4, 3, 2, 1, 0]]


def test_a_page_has_up_to_a_hundred_unless_told_otherwise(reviews):
    for number in range(101):
        reviews.start(f"loop-{number}")
    assert [len(page) for page in loop_names(reviews)] == [100, 1]


def test_loops_that_start_between_two_pages_change_none_of_them(loops):
    first = loops.call("ListHumanLoops", FlowDefinitionArn=loops.flow_arn, MaxResults=3)
    loops.start("loop-7")
    second = loops.call(
        "ListHumanLoops", FlowDefinitionArn=loops.flow_arn, MaxResults=4, NextToken=first["NextToken"]
    )
    assert [loop["HumanLoopName"] for loop in second["HumanLoopSummaries"]] == [
        "loop-3",
        "loop-2",
        "loop-1",
        "loop-0",
    ]


def test_after_includes_its_time_and_before_does_not(loops):
    times = [
        loop["CreationTime"]
        for loop in loops.call("ListHumanLoops", FlowDefinitionArn=loops.flow_arn, SortOrder="Ascending")[
            "HumanLoopSummaries"
        ]
    ]
    assert loop_names(loops, CreationTimeAfter=times[4]) == [[6, 5, 4]]
    assert loop_names(loops, CreationTimeBefore=times[4]) == [[3, 2, 1, 0]]
    assert loop_names(loops, CreationTimeAfter=times[0], CreationTimeBefore=times[3], MaxResults=2) == [
        [2, 1],
        [0],
    ]


@pytest.fixture
def token(loops):
    return loops.call("ListHumanLoops", FlowDefinitionArn=loops.flow_arn, MaxResults=2)["NextToken"]


@pytest.mark.parametrize(
    "touch",
    [
        lambda token: token[:-4],
        lambda token: token + "!",
        lambda token: "A" + token[1:],
        lambda token: "ü",
        lambda token: "x",
        lambda token: urlsafe_b64encode(urlsafe_b64decode(token).replace(b"6", b"7")).decode(),
    ],
)
def test_a_token_that_was_touched_is_refused(loops, token, touch):
    touched = touch(token)
    assert touched != token
    with pytest.raises(EngineError, match="NextToken") as error:
        loops.call("ListHumanLoops", FlowDefinitionArn=loops.flow_arn, NextToken=touched)
    assert error.value.code == "ValidationException"


def test_a_token_of_another_list_is_refused(loops, token):
    other = loops.flow("other")
    for operation, params in (
        ("ListHumanLoops", {"FlowDefinitionArn": other}),
        ("ListHumanLoops", {"FlowDefinitionArn": loops.flow_arn, "SortOrder": "Ascending"}),
        ("ListFlowDefinitions", {}),
    ):
        with pytest.raises(EngineError, match="NextToken"):
            loops.call(operation, **params, NextToken=token)


def test_a_token_lives_through_a_restart(loops, token):
    loops.start_engine()
    answer = loops.call("ListHumanLoops", FlowDefinitionArn=loops.flow_arn, NextToken=token)
    assert answer["HumanLoopSummaries"][0]["HumanLoopName"] == "loop-4"


@pytest.fixture
def teams(world):
    world.workforce()
    for name in ("bravo", "Alpha", "charlie", "a-team"):
        world.team(name)
        world.clock.advance(1)
    return world


def team_names(world, **params):
    return [
        [team["WorkteamName"] for team in page]
        for page in pages(world, "ListWorkteams", "Workteams", **params)
    ]


def test_teams_come_oldest_first(teams):
    assert team_names(teams) == [["bravo", "Alpha", "charlie", "a-team"]]
    assert team_names(teams, SortOrder="Descending", MaxResults=3) == [
        ["a-team", "charlie", "Alpha"],
        ["bravo"],
    ]


def test_teams_are_sorted_by_name_on_request(teams):
    assert team_names(teams, SortBy="Name", MaxResults=3) == [["Alpha", "a-team", "bravo"], ["charlie"]]
    assert team_names(teams, SortBy="Name", SortOrder="Descending", MaxResults=1) == [
        ["charlie"],
        ["bravo"],
        ["a-team"],
        ["Alpha"],
    ]


def test_teams_are_found_by_a_part_of_the_name(teams):
    assert team_names(teams, NameContains="alph") == [["Alpha"]]
    assert team_names(teams, NameContains="a-") == [["a-team"]]
    assert team_names(teams, NameContains="%") == [[]]


def test_flows_and_task_uis_come_newest_first(reviews):
    reviews.clock.advance(1)
    reviews.flow("younger")
    reviews.task_ui("younger")
    flows = reviews.call("ListFlowDefinitions")["FlowDefinitionSummaries"]
    assert [flow["FlowDefinitionName"] for flow in flows] == ["younger", "review"]
    task_uis = reviews.call("ListHumanTaskUis", SortOrder="Ascending")["HumanTaskUiSummaries"]
    assert [task_ui["HumanTaskUiName"] for task_ui in task_uis] == ["ui", "younger"]
