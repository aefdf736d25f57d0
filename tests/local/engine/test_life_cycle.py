"""The life of human loops as a state machine, held against a model of a few lines."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hitl_sdk.local.engine import EngineError, Settings

TASK_COUNT = 2
LEASE = 30
LIFETIME = 100
STOPPING = 5
IN_FLIGHT = 2
NAMES = st.sampled_from(["a", "b", "c"])
WORKERS = st.integers(0, 3)
SECONDS = st.sampled_from([0, 1, STOPPING, LEASE - 1, LEASE])


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
        self.looking = 0  # one worker looks after each step

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

    @initialize()
    def start_two(self):
        for name in "ab":
            self.start(name, content=0)

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

    @rule(name=NAMES, content=st.integers(0, 1))
    def start_anew(self, name, content):
        if name in self.loops and self.loops[name].state not in {"InProgress", "Stopping"}:
            self.delete(name)
        self.start(name, content)

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

    @rule(name=NAMES, worker=WORKERS)
    def decline(self, name, worker):
        code = self.refusal_of_an_end(name, worker)
        self.expect(code, self.world.engine.decline, self.world.scope, self.world.worker(worker), name)
        if code is None:
            del self.loops[name].leases[worker]
            self.loops[name].declined.add(worker)

    @rule(name=NAMES, worker=WORKERS)
    def submit(self, name, worker):
        code = self.refusal_of_an_end(name, worker)
        self.expect(code, self.world.submit, worker, name)
        if code is None:
            loop = self.loops[name]
            del loop.leases[worker]
            loop.answered.append(worker)
            if len(loop.answered) == TASK_COUNT:
                loop.state = "Completed"
                self.ended.append((name, "Completed"))
                self.outputs += 1

    @rule(name=NAMES, worker=WORKERS, seconds=SECONDS, declines=st.booleans())
    def work(self, name, worker, seconds, declines):
        """Accept, and end it somewhat later: in time, or just not."""
        self.accept(name, worker)
        self.let_time_pass(seconds)
        (self.decline if declines else self.submit)(name, worker)

    @rule(name=NAMES)
    def work_until_nothing_is_offered(self, name):
        for worker in range(4):
            if name in self.loops and self.loops[name].offers(worker, self.now):
                self.accept(name, worker)
                self.submit(name, worker)

    def refusal_of_an_end(self, name, worker):
        loop = self.loops.get(name)
        if loop is None:
            return "ResourceNotFoundException"
        held = loop.state == "InProgress" and worker in loop.holders(self.now)
        return None if held else "ConflictException"

    @rule(seconds=SECONDS)
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
        self.looking = (self.looking + 1) % 4
        tasks = self.world.engine.open_tasks(self.world.scope, self.world.worker(self.looking))
        offered = {name for name, loop in self.loops.items() if loop.offers(self.looking, self.now)}
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
            max_examples=80,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
