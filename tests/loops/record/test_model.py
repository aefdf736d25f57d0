"""Every store against a plain model in memory: whatever is done, in whatever order, by two who share a run."""

from dataclasses import replace
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.loops.record import LOOP_STATUSES, LoopChange

NUMBERS = st.integers(0, 7)
STATUSES = st.sampled_from(sorted(LOOP_STATUSES))
CHANGES = st.lists(
    st.tuples(
        NUMBERS,
        STATUSES,
        st.sampled_from([None, "why"]),
        st.sampled_from([None, True]),
        st.none() | st.just("starting") | STATUSES,
    ),
    max_size=4,
)
_runs = count(1)


class Model:
    """A run as two dicts."""

    def __init__(self):
        self.items, self.loops, self.complete = {}, {}, False

    def add(self, items, loops):
        self.complete = self.complete and all(item.item_id in self.items for item in items)
        for item in items:
            self.items.setdefault(item.item_id, item)
        for loop in loops:
            self.loops.setdefault(loop.human_loop_name, loop)
        order = list(self.items)
        return [order.index(item.item_id) for item in items]

    def n_charged(self):
        return sum(loop.charged for loop in self.loops.values())

    def claim(self, n, limit):
        room = n if limit is None else min(n, limit - self.n_charged())
        planned = [loop for loop in self.loops.values() if loop.status == "planned"]
        for loop in planned[: max(0, room)]:
            self.loops[loop.human_loop_name] = replace(
                loop, status="starting", charged=True, attempts=loop.attempts + 1
            )
        return [self.loops[loop.human_loop_name] for loop in planned[: max(0, room)]]

    def update(self, changes):
        if any(change.human_loop_name not in self.loops for change in changes):
            return False
        for change in changes:
            loop = self.loops[change.human_loop_name]
            if change.if_status not in {None, loop.status}:
                continue
            charged = loop.charged and change.status not in {"planned", "adopted", "failed"}
            self.loops[change.human_loop_name] = replace(
                loop,
                status=change.status,
                error=change.error,
                charged=charged if change.charged is None else change.charged,
                output_uri=change.output_uri or loop.output_uri,
            )
        return True

    def counts(self):
        statuses = [loop.status for loop in self.loops.values()]
        return {status: statuses.count(status) for status in statuses}


class Record(RuleBasedStateMachine):
    """Two processes at one run; now and then one of them ends, and begins anew."""

    stores = None

    @initialize()
    def begin(self):
        self.name = f"run-{next(_runs)}"
        self.model = Model()
        self.runs = [self.stores.open().create(self.stores.header(self.name)) for _ in range(2)]

    @rule(who=st.integers(0, 1))
    def restart(self, who):
        self.runs[who] = self.stores.open().run(self.name)

    @rule(who=st.integers(0, 1), numbers=st.lists(NUMBERS, max_size=4), loops=st.lists(NUMBERS, max_size=4))
    def add(self, who, numbers, loops):
        items = [self.stores.item(number, number) for number in numbers]
        wanted = [self.stores.loop(number) for number in loops]
        assert self.runs[who].add_items(items, wanted) == self.model.add(items, wanted)

    @rule(who=st.integers(0, 1), n=st.integers(0, 5), limit=st.none() | st.integers(0, 8))
    def claim(self, who, n, limit):
        assert self.runs[who].claim(n, limit=limit) == self.model.claim(n, limit)

    @rule(who=st.integers(0, 1), changes=CHANGES)
    def update(self, who, changes):
        wanted = [
            LoopChange(
                f"loop-{number}",
                status,
                error,
                charged,
                output_uri=error and f"s3://b/{number}",
                if_status=if_status,
            )
            for number, status, error, charged, if_status in changes
        ]
        if self.model.update(wanted):
            self.runs[who].update(wanted)
        else:
            with pytest.raises(InvalidInputError):
                self.runs[who].update(wanted)

    @rule(who=st.integers(0, 1))
    def complete(self, who):
        self.model.complete = True
        self.runs[who].mark_complete()

    @rule(
        who=st.integers(0, 1),
        statuses=st.sets(STATUSES),
        start=st.integers(0, 8),
    )
    def look(self, who, statuses, start):
        run = self.runs[who]
        assert list(run.items(start)) == list(self.model.items.values())[start:]
        wanted = [loop for loop in self.model.loops.values() if loop.status in statuses]
        assert list(run.loops(statuses)) == wanted
        assert run.positions({"item-1", "item-5", "other"}) == {
            name: place for place, name in enumerate(self.model.items) if name in {"item-1", "item-5"}
        }

    @invariant()
    def both_see_the_same(self):
        for run in getattr(self, "runs", ()):
            assert list(run.loops()) == list(self.model.loops.values())
            assert (run.n_items, run.complete) == (len(self.model.items), self.model.complete)
            assert (run.counts(), run.n_charged()) == (self.model.counts(), self.model.n_charged())


@pytest.mark.parametrize(("kind", "examples"), [("memory", 40), ("file", 30), ("dynamodb", 5), ("s3", 5)])
def test_a_store_does_what_the_model_does(make_stores, kind, examples):
    machine = type("Machine", (Record,), {"stores": make_stores(kind)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
