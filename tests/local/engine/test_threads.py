"""Many threads at one engine, and two engines at one database."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from hitl_sdk.local.engine import EngineError, Settings
from hitl_sdk.local.store import SCHEMA_VERSION, Store, schema_versions

THREADS = 16


def outcome(work, *args):
    try:
        return work(*args)
    except EngineError as error:
        return error.code


def together(work, arguments):
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda argument: outcome(work, argument), arguments))


def test_one_name_started_by_many_is_one_loop(anywhere):
    anywhere.provision()
    arns = together(lambda _: anywhere.start(), range(THREADS))
    assert len(set(arns)) == 1
    assert len(list(anywhere.engine.open_loops())) == 1


def test_one_name_with_many_inputs_has_one_winner(anywhere):
    anywhere.provision()
    outcomes = Counter(together(lambda n: anywhere.start(content={"n": n}), range(THREADS)))
    assert outcomes["ConflictException"] == THREADS - 1


def test_one_name_in_many_flows_has_one_winner(anywhere):
    anywhere.provision()
    flows = [anywhere.flow(f"flow-{number}") for number in range(THREADS)]
    anywhere.clock.advance(1)
    outcomes = Counter(together(lambda flow: anywhere.start(flow=flow), flows))
    assert outcomes["ConflictException"] == THREADS - 1


def test_one_resource_created_by_many_has_one_winner(anywhere):
    outcomes = Counter(together(lambda n: anywhere.workforce(f"crew-{n}"), range(THREADS)))
    assert outcomes["ValidationException"] == THREADS - 1
    outcomes = Counter(together(lambda _: anywhere.task_ui(), range(THREADS)))
    assert outcomes["ResourceInUse"] == THREADS - 1


def test_the_last_place_in_flight_is_taken_once(make_world, store_url):
    world = make_world(store_url, settings=Settings(loops_in_flight=5)).provision()
    outcomes = Counter(together(lambda n: world.start(f"loop-{n}"), range(THREADS)))
    assert outcomes["ServiceQuotaExceededException"] == THREADS - 5


def test_the_last_seat_is_taken_once(anywhere):
    anywhere.provision(TaskCount=3)
    anywhere.start()
    outcomes = together(anywhere.accept, range(THREADS))
    assert sum(outcome == "ConflictException" for outcome in outcomes) == THREADS - 3


def test_many_answer_and_the_output_is_written_once(anywhere):
    anywhere.provision(TaskCount=3)
    names = [f"loop-{number}" for number in range(8)]
    for name in names:
        anywhere.start(name)
        for number in range(3):
            anywhere.accept(number, name)
    together(lambda pair: anywhere.submit(pair[0], pair[1]), [(n, name) for name in names for n in range(3)])
    assert {anywhere.status(name) for name in names} == {"Completed"}
    assert all(len(anywhere.output(name)["humanAnswers"]) == 3 for name in names)
    puts = Counter(anywhere.delivery.puts)
    assert puts.pop("Completed") == len(names)
    assert set(puts.values()) == {1}
    anywhere.call("DeleteFlowDefinition", FlowDefinitionName="review")  # every place in flight was given back


def test_loops_that_are_due_end_once_whoever_looks(anywhere):
    anywhere.provision(TaskAvailabilityLifetimeInSeconds=60)
    for number in range(20):
        anywhere.start(f"loop-{number}")
    anywhere.clock.advance(60)
    together(lambda _: anywhere.engine.tick(), range(THREADS))
    anywhere.engine.tick()
    assert len({event["resources"][0] for event in anywhere.delivery.events}) == 20
    assert len(anywhere.delivery.events) == 20
    anywhere.call("DeleteFlowDefinition", FlowDefinitionName="review")


def test_starting_and_stopping_and_answering_at_once_leaves_nothing_in_flight(anywhere):
    anywhere.provision()

    def one_life(number):
        name = f"loop-{number}"
        anywhere.start(name)
        if number % 3 == 0:
            anywhere.call("StopHumanLoop", HumanLoopName=name)
        else:
            anywhere.answer(name=name)
        return name

    together(one_life, range(60))
    anywhere.clock.advance(1)
    states = Counter(anywhere.status(f"loop-{number}") for number in range(60))
    assert states == {"Completed": 40, "Stopped": 20}
    anywhere.call("DeleteFlowDefinition", FlowDefinitionName="review")


def test_two_engines_at_one_database_share_the_work(make_world, durable_url):
    here, there = make_world(durable_url), make_world(durable_url)
    there.clock, there.delivery = here.clock, here.delivery
    there.start_engine()
    here.provision(TaskCount=2)
    here.start()
    with ThreadPoolExecutor(THREADS) as pool:
        seats = list(pool.map(lambda n: outcome((here, there)[n % 2].accept, n), range(THREADS)))
    assert sum(seat == "ConflictException" for seat in seats) == THREADS - 2
    winners = [number for number, seat in enumerate(seats) if seat != "ConflictException"]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda n: (there, here)[n % 2].submit(n), winners))
    assert here.status() == there.status() == "Completed"
    assert len(here.delivery.puts) == 2


def test_what_one_process_leaves_behind_another_ends(make_world, durable_url):
    here, there = make_world(durable_url), make_world(durable_url)
    here.provision()
    there.clock.advance(1)
    there.engine.tick()
    here.start()
    here.call("StopHumanLoop", HumanLoopName="loop-1")
    there.clock.advance(2)  # the first process is gone; its alarm with it
    assert there.status() == "Stopped"
    assert [event["detail"]["humanLoopStatus"] for event in there.delivery.events] == ["Stopped"]


def test_a_store_is_made_once_by_many(tmp_path):
    url = f"sqlite:///{tmp_path}/reviews.db"
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: Store(url), range(8)))
    versions = select(schema_versions.c.version)
    assert stores[0].run(lambda connection: connection.execute(versions).scalars().all()) == [SCHEMA_VERSION]
    for store in stores:
        store.close()
