"""The life of human loops as a state machine, held against a model of a few lines."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from hitl_sdk.local.engine import EngineError, Settings

NAMES = st.sampled_from(["a", "b", "c"])
WORKERS = st.integers(0, 3)
TASK_COUNT = 2
LEASE = 30
LIFETIME = 100
STOPPING = 5
IN_FLIGHT = 2


@dataclass
class Loop:
    content: int
    started: float
    state: str = "InProgress"
    stops: float = 0.0
    leases: dict[int, float] = field(default_factory=dict)  # worker -> when it lapses
    answered: list[int] = field(default_factory=list)
    declined: set[int] = field(default_factory=set)

    def age(self, now: float) -> None:
        if self.state == "InProgress" and now >= self.started + LIFETIME:
            self.state = "Failed"
        if self.state == "Stopping" and now >= self.stops:
            self.state = "Stopped"

    def holders(self, now: float) -> set[int]:
        return {worker for worker, lapses in self.leases.items() if now < lapses}

    def offers(self, worker: int, now: float) -> bool:
        others = self.holders(now) - {worker}
        free = len(self.answered) + len(others) < TASK_COUNT
        return self.state == "InProgress" and free and worker not in {*self.answered, *self.declined}


class LoopMachine(RuleBasedStateMachine):
    def __init__(self, world) -> None:
        super().__init__()
        self.world = world
        self.now = 0.0
        self.loops: dict[str, Loop] = {}
        self.ended: list[tuple[str, str]] = []
        self.outputs = 0

    def in_flight(self) -> int:
        return sum(loop.state in {"InProgress", "Stopping"} for loop in self.loops.values())

    def expect(self, code, act, *args, **options):
        """Do it, and expect success, or the refusal `code`."""
        if code is None:
            return act(*args, **options)
        with pytest.raises(EngineError) as error:
            act(*args, **options)
        assert error.value.code == code
        return None

    @rule(name=NAMES, content=st.integers(0, 1))
    def start(self, name, content):
        loop = self.loops.get(name)
        if loop is not None:
            code = None if loop.content == content else "ConflictException"
        elif self.in_flight() >= IN_FLIGHT:
            code = "ServiceQuotaExceededException"
        else:
            code = None
        self.expect(code, self.world.start, name, {"n": content})
        if loop is None and code is None:
            self.loops[name] = Loop(content, self.now)

    @rule(name=NAMES)
    def stop(self, name):
        loop = self.loops.get(name)
        if loop is None:
            code = "ResourceNotFoundException"
        else:
            code = None if loop.state in {"InProgress", "Stopping"} else "ValidationException"
        self.expect(code, self.world.call, "StopHumanLoop", HumanLoopName=name)
        if loop is not None and loop.state == "InProgress":
            loop.state, loop.stops = "Stopping", self.now + STOPPING

    @rule(name=NAMES)
    def delete(self, name):
        loop = self.loops.get(name)
        if loop is None:
            code = "ResourceNotFoundException"
        else:
            code = "ValidationException" if loop.state in {"InProgress", "Stopping"} else None
        self.expect(code, self.world.call, "DeleteHumanLoop", HumanLoopName=name)
        if code is None:
            del self.loops[name]

    @rule(name=NAMES, worker=WORKERS)
    def accept(self, name, worker):
        loop = self.loops.get(name)
        if loop is None:
            code = "ResourceNotFoundException"
        else:
            code = None if loop.offers(worker, self.now) else "ConflictException"
        self.expect(code, self.world.accept, worker, name)
        if code is None and worker not in loop.holders(self.now):
            loop.leases[worker] = self.now + LEASE

    @rule(name=NAMES, worker=WORKERS, decline=st.booleans())
    def finish(self, name, worker, decline):
        loop = self.loops.get(name)
        if loop is None:
            code = "ResourceNotFoundException"
        else:
            held = loop.state == "InProgress" and worker in loop.holders(self.now)
            code = None if held else "ConflictException"
        if decline:
            self.expect(code, self.world.engine.decline, self.world.scope, self.world.worker(worker), name)
        else:
            self.expect(code, self.world.submit, worker, name)
        if code is not None:
            return
        del loop.leases[worker]
        if decline:
            loop.declined.add(worker)
            return
        loop.answered.append(worker)
        if len(loop.answered) == TASK_COUNT:
            loop.state = "Completed"
            self.ended.append((name, "Completed"))
            self.outputs += 1

    @rule(seconds=st.sampled_from([1, STOPPING, LEASE, LIFETIME]))
    def let_time_pass(self, seconds):
        self.world.clock.advance(seconds)
        self.now += seconds
        for name, loop in self.loops.items():
            before = loop.state
            loop.age(self.now)
            if loop.state != before:
                self.ended.append((name, loop.state))

    @rule()
    def restart(self):
        self.world.start_engine()

    @invariant()
    def everybody_sees_what_the_model_says(self):
        listed = self.world.call("ListHumanLoops", FlowDefinitionArn=self.world.flow_arn)[
            "HumanLoopSummaries"
        ]
        states = {loop["HumanLoopName"]: loop["HumanLoopStatus"] for loop in listed}
        assert states == {name: loop.state for name, loop in self.loops.items()}
        assert states == {name: self.world.status(name) for name in self.loops}
        for worker in range(4):
            tasks = self.world.engine.open_tasks(self.world.scope, self.world.worker(worker))
            offered = {name for name, loop in self.loops.items() if loop.offers(worker, self.now)}
            assert {task.human_loop_name for task in tasks} == offered

    @invariant()
    def every_end_has_one_event_and_every_completion_one_output(self):
        self.world.engine.tick()
        events = [event["detail"] for event in self.world.delivery.events]
        assert sorted((e["humanLoopName"], e["humanLoopStatus"]) for e in events) == sorted(self.ended)
        assert sum(put.endswith("/output.json") for put in self.world.delivery.puts) == self.outputs


def test_loops_live_as_the_model_says(make_world):
    def machine():
        limits = Settings(loops_in_flight=IN_FLIGHT, stopping_seconds=STOPPING)
        world = make_world(settings=limits).provision(
            TaskCount=TASK_COUNT, TaskTimeLimitInSeconds=LEASE, TaskAvailabilityLifetimeInSeconds=LIFETIME
        )
        return LoopMachine(world)

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
