"""Whatever befalls a labeling job, its objects and its counters stay in order."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk._ground_truth import kind_named
from hitl_sdk.local.engine import EngineError
from hitl_sdk.local.engine.job_input import JobFailed, manifest_lines
from hitl_sdk.local.engine.job_life import HELD_FOR

from .conftest import World
from .labeling import Labeling

OBJECTS = 5
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
LINES = st.one_of(
    st.builds(
        lambda text, more: {**more, "source": text}, st.text(min_size=1), st.dictionaries(st.text(), JSON)
    ),
    JSON,
)


class Crash(BaseException):
    """The process dies."""


@given(st.binary(max_size=60))
def test_any_bytes_are_lines_or_the_first_bad_line_is_named(body):
    lines, said = [], "s3://data/in"
    try:
        lines = list(manifest_lines(body, kind_named("TextMultiClass"), "s3://data/in"))
    except JobFailed as error:
        said = str(error)
    assert said.startswith("s3://data/in")
    assert all(json.loads(text) == line and isinstance(line["source"], str) for text, line in lines)


@given(st.lists(LINES, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n"]))
def test_lines_of_the_right_shape_are_read_and_others_named(values, newline):
    def is_object(value):
        return (
            isinstance(value, dict)
            and isinstance(value.get("source"), str)
            and value["source"] != ""
            and "source-ref" not in value
            and not any(key.startswith("$") for key in value)
        )

    body = "".join(json.dumps(value) + newline for value in values).encode()
    bad = next((number for number, value in enumerate(values, start=1) if not is_object(value)), None)
    if bad is None:
        read = manifest_lines(body, kind_named("TextMultiClass"), "s3://data/in")
        assert [line for _, line in read] == values
    else:
        with pytest.raises(JobFailed, match=f"line {bad}: "):
            list(manifest_lines(body, kind_named("TextMultiClass"), "s3://data/in"))


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), st.integers(0, OBJECTS - 1), st.integers(1, 3)),
        st.tuples(st.just("wait"), st.sampled_from([1, 700, 4000])),
        st.tuples(st.just("break"), st.integers(0, 12), st.sampled_from([Crash, OSError])),
        st.tuples(st.just("stop")),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(ACTIONS, st.integers(1, 2), st.integers(1, OBJECTS))
def test_every_object_ends_once_and_is_counted_once(actions, workers, at_once):
    world = World()
    try:
        labeling = Labeling(world)
        labeling.manifest(*(f"text {number}" for number in range(OBJECTS)))
        labeling.create(NumberOfHumanWorkersPerDataObject=workers, MaxConcurrentTaskCount=at_once)
        for name, *rest in actions:
            _surviving(labeling, lambda: _act(labeling, name, *rest))  # noqa: B023  called at once
        world.delivery.breaks = []
        for _ in range(4 * OBJECTS):
            _surviving(labeling, lambda: labeling.go_on(HELD_FOR.total_seconds()))
            if labeling.status() in {"Completed", "Stopped"}:
                break
            for number in range(OBJECTS):
                for worker in (1, 2):
                    _act(labeling, "answer", number, worker)
        labeling.go_on(HELD_FOR.total_seconds())

        labelled, failed, unlabelled = labeling.counters()
        lines = labeling.output()
        assert labelled + failed + unlabelled == OBJECTS
        assert unlabelled == 0 or labeling.status() == "Stopped"
        assert len(lines) == OBJECTS
        assert sum("mood" in line for line in lines) == labelled
        assert sum("failure-reason" in line.get("mood-metadata", {}) for line in lines) == failed
        assert len(labeling.statuses_told()) == 1
    finally:
        world.store.close()


def _surviving(labeling, work):
    try:
        work()
    except Crash:
        labeling.world.start_engine()


def _act(labeling, name, *rest):
    world = labeling.world
    if name == "answer":
        number, worker = rest
        try:
            world.accept(worker, f"mood/{number}")
            answer = {"crowd-classifier": {"label": "good"}}
            world.engine.submit(world.scope, world.worker(worker), f"mood/{number}", answer)
        except EngineError:
            return
        labeling.go_on(0)
    elif name == "wait":
        labeling.go_on(rest[0])
    elif name == "break":
        world.delivery.breaks = [None] * rest[0] + [rest[1]("broken")]
    elif labeling.status() in {"Initializing", "InProgress"}:
        world.call("StopLabelingJob", LabelingJobName="mood")
