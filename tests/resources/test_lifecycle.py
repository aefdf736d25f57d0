"""What plan, ensure, wait and delete mean, shown on a kind of resource that exists only here."""

from typing import ClassVar

import pytest

from hitl_sdk import Session
from hitl_sdk.errors import (
    DriftError,
    InvalidResourceError,
    NotFoundError,
    RejectedError,
    ResourceFailedError,
    WaitTimeoutError,
)
from hitl_sdk.resources import Plan, Resource, State, UserGroup
from hitl_sdk.resources.base import UNKNOWN_ID, Difference, IamActions


class World:
    """What exists, as a list of statuses that each read moves along."""

    def __init__(self, *statuses: str | None) -> None:
        self.statuses = list(statuses)
        self.done: list[str] = []

    def look(self) -> str | None:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


WORLD = World(None)


class Thing(Resource[State]):
    kind: ClassVar[str] = "thing"
    iam: ClassVar[IamActions] = IamActions(
        read=("x:Read",), create=("x:Create",), update=("x:Update",), delete=("x:Delete",)
    )
    updatable: ClassVar[frozenset[str]] = frozenset({"colour"})

    name: str
    differing: tuple[str, ...] = ()
    creation_fails: bool = False
    deletion_finds_nothing: bool = False

    def _read(self, session):
        status = WORLD.look()
        return None if status is None else State(name=self.name, status=status, failure_reason="it broke")

    def _create(self, session):
        WORLD.done.append("create")
        if self.creation_fails:
            raise RejectedError("refused")
        if WORLD.statuses == [None]:
            WORLD.statuses = ["Active"]

    def _differences(self, state):
        return tuple(Difference(field, "old", "new") for field in self.differing)

    def _update(self, session, state):
        WORLD.done.append("update")

    def _delete(self, session, state):
        WORLD.done.append("delete")
        if self.deletion_finds_nothing:
            raise NotFoundError("not found")


@pytest.fixture
def world(monkeypatch, manual_clock):
    def become(*statuses):
        monkeypatch.setitem(globals(), "WORLD", World(*statuses))
        return WORLD

    return become


@pytest.fixture
def anywhere():
    return Session(region_name="eu-west-1")


@pytest.mark.parametrize(
    ("statuses", "differing", "line"),
    [
        ([None], (), "+ thing 'a'"),
        (["Deleting"], (), "+ thing 'a'"),
        (["Active"], (), "= thing 'a'"),
        (["Active"], ("colour",), "~ thing 'a': colour is 'old', wanted 'new'"),
        (
            ["Active"],
            ("colour", "size"),
            "! thing 'a': colour is 'old', wanted 'new'; size is 'old', wanted 'new'",
        ),
    ],
)
def test_a_plan_says_in_one_line_what_would_happen(world, anywhere, statuses, differing, line):
    existing = world(*statuses)

    plan = Thing(name="a", differing=differing).plan(anywhere)

    assert str(plan) == line
    assert plan.is_empty == line.startswith("=")
    assert existing.done == []


def test_a_plan_lists_the_actions_of_what_it_would_do(world, anywhere):
    world(None)
    creation = Thing(name="a").plan(anywhere)
    world("Active")
    keeping = Thing(name="a").plan(anywhere)

    assert creation.iam_actions == ("x:Create", "x:Read", "x:Update")
    assert keeping.iam_actions == ("x:Read",)


def test_plans_join_in_order(world, anywhere):
    world("Active")
    plan = Plan.joined(Thing(name=name).plan(anywhere) for name in "ba")

    assert [change.name for change in plan] == ["b", "a"]


def test_the_child_of_what_does_not_exist_is_planned_without_a_call(anywhere):
    plan = UserGroup(name="crew", user_pool_id=UNKNOWN_ID).plan(anywhere)

    assert str(plan) == "+ user group 'crew'"


def test_ensure_creates_and_waits_until_it_is_active(world, anywhere):
    existing = world(None, "Initializing", "Initializing", "Active")

    assert Thing(name="a").ensure(anywhere).status == "Active"
    assert existing.done == ["create"]


def test_ensure_waits_for_what_it_has_updated(world, anywhere):
    existing = world("Active", "Updating", "Active")

    Thing(name="a", differing=("colour",)).ensure(anywhere)

    assert existing.done == ["update"]


def test_ensure_updates_only_what_is_ready_for_it(world, anywhere):
    existing = world("Initializing", "Active", "Active")

    Thing(name="a", differing=("colour",)).ensure(anywhere)

    assert (existing.done, existing.statuses) == (["update"], ["Active"])


def test_ensure_refuses_what_can_not_be_changed_and_names_the_cure(world, anywhere):
    existing = world("Active")

    with pytest.raises(DriftError, match=r"size is 'old', wanted 'new'.*choose another name"):
        Thing(name="a", differing=("colour", "size")).ensure(anywhere)
    assert existing.done == []


def test_ensure_waits_until_the_old_one_has_gone(world, anywhere):
    existing = world("Deleting", "Deleting", None, "Active")

    Thing(name="a").ensure(anywhere)

    assert existing.done == ["create"]


def test_a_creation_that_failed_after_all_counts_when_the_thing_is_there(world, anywhere):
    existing = world(None, "Active")

    Thing(name="a", creation_fails=True).ensure(anywhere)

    assert existing.done == ["create"]


def test_a_creation_that_failed_for_good_says_why(world, anywhere):
    world(None)

    with pytest.raises(RejectedError, match="refused"):
        Thing(name="a", creation_fails=True).ensure(anywhere)


def test_a_failed_resource_is_not_a_success(world, anywhere):
    world("Failed")

    with pytest.raises(ResourceFailedError, match="thing 'a' failed: it broke"):
        Thing(name="a").ensure(anywhere)


def test_a_wait_ends_at_its_deadline(world, anywhere):
    world("Initializing")

    with pytest.raises(WaitTimeoutError, match="thing 'a' to be Active"):
        Thing(name="a").wait(anywhere, timeout=60)


def test_a_wait_tells_of_every_state(world, anywhere):
    world("Initializing", "Active")
    seen = []

    Thing(name="a").wait(anywhere, on_progress=lambda state: seen.append(state.status))

    assert seen == ["Initializing", "Active"]


def test_update_brings_in_line_what_exists(world, anywhere):
    there = world("Active")
    assert Thing(name="t", differing=("colour",)).update(anywhere).status == "Active"
    assert there.done == ["update"]


def test_update_of_what_is_as_wanted_changes_nothing(world, anywhere):
    there = world("Active")
    assert Thing(name="t").update(anywhere).status == "Active"
    assert there.done == []


def test_update_makes_nothing(world, anywhere):
    there = world(None)
    with pytest.raises(NotFoundError, match="thing 't' does not exist"):
        Thing(name="t").update(anywhere)
    assert there.done == []


def test_update_refuses_what_can_not_be_changed(world, anywhere):
    world("Active")
    with pytest.raises(DriftError, match="size"):
        Thing(name="t", differing=("size",)).update(anywhere)


def test_describing_nothing_is_an_error_with_the_region(world, anywhere):
    world(None)

    with pytest.raises(NotFoundError, match="thing 'a' does not exist in eu-west-1"):
        Thing(name="a").describe(anywhere)


def test_delete_waits_until_it_is_gone(world, anywhere):
    existing = world("Active", "Deleting", None)

    assert Thing(name="a").delete(anywhere) is True
    assert existing.done == ["delete"]


def test_a_delete_that_finds_nothing_has_deleted_it_though_its_first_answer_was_lost(world, anywhere):
    existing = world("Active", None)

    assert Thing(name="a", deletion_finds_nothing=True).delete(anywhere) is True
    assert existing.done == ["delete"]


def test_a_delete_that_misses_something_else_is_an_error(world, anywhere):
    world("Active")

    with pytest.raises(NotFoundError):
        Thing(name="a", deletion_finds_nothing=True).delete(anywhere)


def test_delete_joins_a_deletion_that_is_under_way(world, anywhere):
    existing = world("Deleting", None)

    assert Thing(name="a").delete(anywhere) is True
    assert existing.done == []


def test_deleting_nothing_says_so(world, anywhere):
    world(None)

    assert Thing(name="a").delete(anywhere) is False


def test_a_pool_of_another_region_is_refused():
    group = UserGroup(name="crew", user_pool_id="eu-west-1_AbCdEf123")

    with pytest.raises(InvalidResourceError, match="lies in Region eu-west-1, the session is in us-east-1"):
        group.plan(Session(region_name="us-east-1"))
