import pytest

from hitl_sdk.local.engine import BucketMissing, MemoryDelivery, Scope, Settings
from hitl_sdk.local.engine.outbox import HELD_FOR, MOST_ATTEMPTS


class Crash(BaseException):
    """The process dies."""


@pytest.fixture
def unlucky(reviews):
    reviews.start()
    reviews.accept()
    return reviews


def statuses(world):
    return [event["detail"]["humanLoopStatus"] for event in world.delivery.events]


def test_the_output_is_there_before_the_loop_is_completed(unlucky):
    unlucky.delivery.breaks = [OSError("S3 is down")]
    unlucky.submit()
    assert unlucky.status() == "InProgress"
    assert unlucky.delivery.objects == {}
    unlucky.clock.advance(1)
    assert unlucky.status() == "Completed"
    assert unlucky.output()["humanLoopName"] == "loop-1"


def test_the_output_and_the_event_are_put_once(unlucky):
    unlucky.submit()
    unlucky.clock.advance(3600)
    unlucky.engine.tick()
    assert len(unlucky.delivery.puts) == 2
    assert statuses(unlucky) == ["Completed"]


def test_an_event_that_failed_is_put_again(unlucky):
    unlucky.delivery.breaks = [None, ConnectionError("EventBridge is down")]
    unlucky.submit()
    assert unlucky.status() == "Completed"
    assert statuses(unlucky) == []
    unlucky.clock.advance(1)
    unlucky.engine.tick()
    assert statuses(unlucky) == ["Completed"]


def test_pauses_between_attempts_grow(unlucky):
    unlucky.delivery.breaks = [OSError()] * 3
    unlucky.submit()
    for pause in (1, 2, 4):
        before = len(unlucky.delivery.puts)
        unlucky.clock.advance(pause - 0.001)
        unlucky.engine.tick()
        assert len(unlucky.delivery.puts) == before
        unlucky.clock.advance(0.001)
        unlucky.engine.tick()
        assert len(unlucky.delivery.puts) > before
    assert unlucky.status() == "Completed"


def test_a_missing_bucket_fails_the_loop_at_once(unlucky):
    unlucky.delivery.breaks = [BucketMissing("out")]
    unlucky.submit()
    described = unlucky.describe()
    assert described["HumanLoopStatus"] == "Failed"
    assert described["FailureCode"] == "ValidationError"
    assert described["FailureReason"] == "The output bucket 'out' does not exist"
    assert statuses(unlucky) == ["Failed"]
    unlucky.clock.advance(3600)
    unlucky.engine.tick()
    assert len(unlucky.delivery.puts) == 2


def test_an_output_that_can_never_be_written_fails_the_loop_in_the_end(unlucky):
    unlucky.delivery.breaks = [OSError("for ever")] * MOST_ATTEMPTS
    unlucky.submit()
    for _ in range(MOST_ATTEMPTS):
        unlucky.clock.advance(3600)
        unlucky.engine.tick()
    described = unlucky.describe()
    assert (described["HumanLoopStatus"], described["FailureCode"]) == ("Failed", "InternalError")
    assert statuses(unlucky) == ["Failed"]


def test_an_event_that_can_never_be_put_is_given_up(unlucky):
    unlucky.delivery.breaks = [None] + [OSError("for ever")] * MOST_ATTEMPTS
    unlucky.submit()
    for _ in range(2 * MOST_ATTEMPTS):
        unlucky.clock.advance(3600)
        unlucky.engine.tick()
    assert len(unlucky.delivery.puts) == 1 + MOST_ATTEMPTS
    assert unlucky.status() == "Completed"


@pytest.mark.parametrize("breaks", [[Crash()], [None, Crash()]])
def test_a_crash_between_commit_and_delivery_loses_nothing(unlucky, breaks):
    unlucky.delivery.breaks = list(breaks)
    with pytest.raises(Crash):
        unlucky.submit()
    unlucky.start_engine()
    unlucky.clock.advance(HELD_FOR.total_seconds())
    assert unlucky.status() == "Completed"
    assert statuses(unlucky) == ["Completed"]
    assert unlucky.output()["humanAnswers"][0]["workerId"] == unlucky.worker().worker_id


def test_a_crash_after_the_output_was_put_writes_the_same_bytes_again(unlucky):
    class DiesAfterwards(MemoryDelivery):
        written = ()

        def put_object(self, scope, bucket, key, body):
            self.written += (body,)
            if len(self.written) == 1:
                raise Crash

    unlucky.delivery = DiesAfterwards()
    unlucky.start_engine()
    with pytest.raises(Crash):
        unlucky.submit()
    unlucky.clock.advance(HELD_FOR.total_seconds())
    unlucky.start_engine()
    assert unlucky.status() == "Completed"
    first, second = unlucky.delivery.written
    assert first == second


def test_an_event_put_again_has_the_same_id(unlucky):
    ids = []

    class Repeats(MemoryDelivery):
        def put_event(self, scope, event):
            ids.append(event["id"])
            if len(ids) == 1:
                raise OSError

    unlucky.delivery = Repeats()
    unlucky.start_engine()
    unlucky.submit()
    unlucky.clock.advance(1)
    unlucky.engine.tick()
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_while_one_delivers_nobody_else_does(unlucky):
    class Nosy(MemoryDelivery):
        def put_object(self, scope, bucket, key, body):
            unlucky.start_engine()  # another process at the same store
            unlucky.engine.tick()
            unlucky.delivery.puts.append(key)
            super().put_object(scope, bucket, key, body)

    nosy = unlucky.delivery = Nosy()
    nosy.puts = []
    unlucky.start_engine()
    unlucky.submit()
    assert len(nosy.puts) == 1
    assert unlucky.status() == "Completed"


def test_a_delivery_that_took_too_long_does_not_end_the_loop_twice(unlucky):
    class Slow(MemoryDelivery):
        def put_object(self, scope, bucket, key, body):
            super().put_object(scope, bucket, key, body)
            if len(self.events) == 0 and unlucky.delivery is self:
                unlucky.delivery = MemoryDelivery()
                unlucky.clock.advance(HELD_FOR.total_seconds())
                unlucky.start_engine()  # somebody else takes over
                unlucky.engine.tick()

    slow = unlucky.delivery = Slow()
    unlucky.start_engine()
    unlucky.submit()
    assert statuses(unlucky) == ["Completed"]
    assert slow.events == []
    unlucky.call("DeleteFlowDefinition", FlowDefinitionName="review")  # nothing is in flight


def test_loops_that_somebody_else_ended_meanwhile_are_left_alone(reviews):
    class Nosy(MemoryDelivery):
        def put_event(self, scope, event):
            reviews.start_engine()  # another process at the same store
            reviews.engine.tick()
            super().put_event(scope, event)

    reviews.delivery = Nosy()
    reviews.start_engine()
    for name in ("loop-1", "loop-2"):
        reviews.start(name)
        reviews.call("StopHumanLoop", HumanLoopName=name)
    reviews.clock.advance(1)
    reviews.engine.tick()
    assert statuses(reviews) == ["Stopped", "Stopped"]
    reviews.call("DeleteFlowDefinition", FlowDefinitionName="review")  # nothing is in flight


def test_an_event_may_start_the_next_loop(reviews):
    """What a target of the event does is no part of the transaction that posted it."""

    class Chain(MemoryDelivery):
        def put_event(self, scope, event):
            super().put_event(scope, event)
            reviews.start("loop-2")

    reviews.delivery = Chain()
    reviews.start_engine()
    reviews.start()
    reviews.answer()
    assert reviews.status("loop-2") == "InProgress"


def test_a_loop_whose_answers_are_in_neither_stops_nor_expires(unlucky):
    unlucky.delivery.breaks = [OSError()]
    unlucky.submit()
    assert unlucky.call("StopHumanLoop", HumanLoopName="loop-1") == {}
    unlucky.clock.advance(864_000)
    assert unlucky.status() == "Completed"


def test_the_event_of_a_deleted_loop_is_still_put(unlucky):
    unlucky.delivery.breaks = [None, OSError()]
    unlucky.submit()
    unlucky.call("DeleteHumanLoop", HumanLoopName="loop-1")
    unlucky.clock.advance(1)
    unlucky.engine.tick()
    assert statuses(unlucky) == ["Completed"]


def test_many_parcels_that_are_due_at_once_are_all_delivered(make_world):
    world = make_world(settings=Settings(stopping_seconds=0)).provision()
    names = [f"loop-{number}" for number in range(250)]
    for name in names:
        world.start(name)
    world.delivery.breaks = [OSError()] * 250
    for name in names:
        world.accept(name=name)
        world.submit(name=name)
    assert world.delivery.objects == {}
    world.clock.advance(1)
    world.engine.tick()
    assert len(world.delivery.objects) == len(world.delivery.events) == 250


def test_memory_has_no_cognito_to_ask():
    assert MemoryDelivery().user_pool_client(Scope("123456789012", "eu-west-1"), "pool_1", "client") is None


def test_memory_knows_only_the_buckets_it_was_told_of():
    delivery = MemoryDelivery(buckets=["out"])
    scope = Scope("123456789012", "eu-west-1")
    delivery.put_object(scope, "out", "key", b"")
    with pytest.raises(BucketMissing, match="'other' does not exist"):
        delivery.put_object(scope, "other", "key", b"")


def test_an_output_that_is_gone_is_written_again_and_no_event_tells_of_it(unlucky):
    unlucky.submit()
    before = dict(unlucky.delivery.objects)
    unlucky.delivery.objects.clear()
    unlucky.start("loop-2")

    unlucky.engine.put_missing_outputs(lambda _, bucket, key: (bucket, key) not in unlucky.delivery.objects)

    assert unlucky.delivery.objects == before
    assert statuses(unlucky) == ["Completed"]


def test_an_output_that_is_there_is_left_alone(unlucky):
    unlucky.submit()
    puts = list(unlucky.delivery.puts)

    unlucky.engine.put_missing_outputs(lambda *_: False)

    assert unlucky.delivery.puts == puts
