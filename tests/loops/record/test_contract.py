"""What every store of runs does, whichever it is."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.loops.record import LoopChange, RecordedItem


def names(loops):
    return [loop.human_loop_name for loop in loops]


def test_a_run_is_found_again_by_its_name(stores):
    run = stores.open().create(stores.header())
    assert run.header == stores.header()
    assert stores.open().run("march").header == stores.header()


def test_a_name_that_is_taken_keeps_its_header(stores):
    first = stores.header()
    stores.open().create(first)
    assert stores.open().create(stores.header(policy='{"other": 1}')).header == first


def test_an_unknown_run_is_refused_by_the_names_there_are(stores):
    store = stores.open()
    assert store.find("april") is None
    with pytest.raises(InvalidInputError, match="has no run 'april' \\(it has no run yet\\)"):
        store.run("april")
    store.create(stores.header("march"))
    with pytest.raises(InvalidInputError, match="it has 'march'"):
        store.run("april")


def test_runs_are_listed_the_oldest_first(stores):
    for day, name in ((2, "a"), (3, "c"), (1, "b")):
        stores.open().create(stores.header(name, created_at=datetime(2026, 3, day, tzinfo=UTC)))
    assert [header.name for header in stores.open().runs()] == ["b", "a", "c"]


def test_runs_of_one_store_know_nothing_of_each_other(stores):
    march, april = stores.run(2), stores.run(1, "april")
    march.claim(1)
    assert (march.n_items, april.n_items) == (2, 1)
    assert (march.counts(), april.counts()) == ({"starting": 1, "planned": 1}, {"planned": 1})


def test_a_deleted_run_is_gone_and_its_name_begins_anew(stores):
    stores.run(3).claim(2)
    stores.run(1, "april")
    store = stores.open()
    assert (store.delete("march"), store.delete("march")) == (True, False)
    assert [header.name for header in stores.open().runs()] == ["april"]
    again = store.create(stores.header())
    assert (again.n_items, again.counts(), list(again.loops())) == (0, {}, [])
    assert stores.open().run("april").n_items == 1


def test_items_come_back_whole_and_in_their_order(stores):
    items = [
        stores.item(0),
        stores.item(1, 1),
        RecordedItem("bad", "", None, None, None, "no label", "InvalidPredictionError: no label", '{"a": 1}'),
        RecordedItem(
            "drop\x00\u2028", "a\nb" * 1000, '{"boxes": []}', 0.1 + 0.2, "drop", "", extra='{"ü": "🎈"}'
        ),
    ]
    run = stores.open().create(stores.header())
    assert run.add_items(items[:2]) == [0, 1]
    assert run.add_items(items[2:]) == [2, 3]
    again = stores.open().run("march")
    assert list(again.items()) == items
    assert list(again.items(start=3)) == items[3:]
    assert list(again.items(start=9)) == []
    assert again.n_items == 4


def test_a_batch_that_is_given_again_changes_nothing(stores):
    run = stores.run(2)
    run.claim(1)
    changed = replace(stores.item(1, 1), confidence=0.99)
    again = stores.open().run("march")
    positions = again.add_items(
        [stores.item(2, 2), changed, stores.item(3)], [stores.loop(n) for n in (1, 2)]
    )
    assert positions == [2, 1, 3]
    assert list(again.items()) == [stores.item(0, 0), stores.item(1, 1), stores.item(2, 2), stores.item(3)]
    assert again.counts() == {"starting": 1, "planned": 2}


def test_of_an_item_or_a_loop_twice_in_a_batch_the_first_counts(stores):
    run = stores.open().create(stores.header())
    items = [stores.item(0, 0), stores.item(1, 0), replace(stores.item(0), item="other")]
    loops = [stores.loop(0), stores.loop(1), replace(stores.loop(0), input_content="{}")]
    assert run.add_items(items, loops) == [0, 1, 0]
    assert list(run.items()) == items[:2]
    assert list(run.loops()) == loops[:2]


def test_positions_tell_which_items_are_there(stores):
    run = stores.run(3)
    assert run.positions(["item-2", "other", "item-0"]) == {"item-2": 2, "item-0": 0}
    assert stores.open().run("march").positions([f"item-{n}" for n in range(2000)]) == {
        f"item-{n}": n for n in range(3)
    }


def test_a_run_is_complete_when_it_is_said(stores):
    run = stores.run(1)
    assert not run.complete
    run.mark_complete()
    run.mark_complete()
    assert run.complete
    assert stores.open().run("march").complete


def test_a_run_is_not_complete_while_more_is_taken_in(stores):
    run = stores.run(1)
    run.mark_complete()
    run.add_items([stores.item(0)], [stores.loop(7)])
    assert run.complete
    run.add_items([stores.item(0), stores.item(1)])
    assert not run.complete
    assert not stores.open().run("march").complete
    run.mark_complete()
    assert stores.open().run("march").complete


def test_a_claim_gives_the_first_planned_loops_and_charges_them(stores):
    run = stores.run(5)
    claimed = run.claim(2)
    assert claimed == [stores.loop(n, status="starting", charged=True, attempts=1) for n in (0, 1)]
    assert list(stores.open().run("march").loops({"starting"})) == claimed
    assert names(run.claim(10)) == ["loop-2", "loop-3", "loop-4"]
    assert run.claim(10) == []
    assert run.n_charged() == 5


@pytest.mark.parametrize("n", [0, -1])
def test_a_claim_of_nothing_gives_nothing(stores, n):
    assert stores.run(2).claim(n) == []


def test_a_claim_keeps_to_the_limit_whatever_has_become_of_the_others(stores):
    run = stores.run(6)
    assert names(run.claim(4, limit=3)) == ["loop-0", "loop-1", "loop-2"]
    assert run.claim(4, limit=3) == []
    run.update([LoopChange("loop-0", "started"), LoopChange("loop-1", "adopted")])
    assert names(run.claim(4, limit=3)) == ["loop-3"]
    run.update([LoopChange("loop-0", "Completed"), LoopChange("loop-2", "failed", "refused")])
    assert names(run.claim(4, limit=3)) == ["loop-4"]
    assert run.claim(4, limit=2) == []
    assert run.n_charged() == 3


def test_two_claimers_never_get_the_same_loop(stores):
    run, other = stores.run(4), stores.open().run("march")
    assert other.counts() == {"planned": 4}
    assert names(run.claim(1)) == ["loop-0"]
    assert names(other.claim(2, limit=2)) == ["loop-1"]
    assert names(run.claim(9)) == ["loop-2", "loop-3"]
    assert other.claim(9) == []


def test_released_loops_are_claimed_again_in_their_place_and_it_is_known_that_they_were(stores):
    run = stores.run(3)
    run.claim(2)
    run.release(["loop-1", "loop-0"])
    assert (run.counts(), run.n_charged()) == ({"planned": 3}, 0)
    claimed = stores.open().run("march").claim(9)
    assert [(loop.human_loop_name, loop.attempts) for loop in claimed] == [
        ("loop-0", 2),
        ("loop-1", 2),
        ("loop-2", 1),
    ]


def test_a_change_keeps_what_it_does_not_speak_of(stores):
    run = stores.run(1)
    run.claim(1)
    began = datetime(2026, 3, 1, 13, 0, 0, 250_000, tzinfo=UTC)
    run.update([LoopChange("loop-0", "started", created_at=began)])
    run.update([LoopChange("loop-0", "Failed", "nobody answered", escalated_to="loop-9")])
    run.update([LoopChange("loop-0", "Completed", output_uri="s3://reviews/output.json")])
    assert list(stores.open().run("march").loops()) == [
        stores.loop(
            0,
            status="Completed",
            charged=True,
            attempts=1,
            created_at=began,
            output_uri="s3://reviews/output.json",
            escalated_to="loop-9",
        )
    ]


def test_a_failure_that_may_have_started_the_loop_stays_charged(stores):
    run = stores.run(2)
    run.claim(2)
    run.update([LoopChange("loop-0", "failed", "time-out", charged=True), LoopChange("loop-1", "failed")])
    assert run.n_charged() == 1


def test_a_change_of_an_unknown_loop_is_refused_and_nothing_of_the_batch_is_written(stores):
    run = stores.run(1)
    with pytest.raises(InvalidInputError, match="has no human loop 'loop-7'"):
        run.update([LoopChange("loop-0", "started"), LoopChange("loop-7", "started")])
    assert run.counts() == {"planned": 1}
    run.update([])


def test_a_change_finds_a_loop_that_another_process_has_added(stores):
    run = stores.run(1)
    stores.open().run("march").add_items([], [stores.loop(5)])
    run.update([LoopChange("loop-5", "started")])
    assert run.counts() == {"planned": 1, "started": 1}


def test_loops_are_shown_by_status_in_the_order_they_were_asked_for(stores):
    run = stores.run(4)
    run.update([LoopChange("loop-3", "Completed"), LoopChange("loop-1", "Completed")])
    assert names(run.loops({"Completed"})) == ["loop-1", "loop-3"]
    assert names(run.loops({"planned", "Completed"})) == [f"loop-{n}" for n in range(4)]
    assert names(run.loops([])) == []


def test_loops_can_be_changed_while_one_goes_through_them(stores):
    run = stores.run(4)
    for loop in run.loops():
        run.update([LoopChange(loop.human_loop_name, "Completed")])
    assert run.counts() == {"Completed": 4}


def test_a_word_that_is_no_status_is_refused(stores):
    with pytest.raises(InvalidInputError, match="'done' is no status of a loop"):
        list(stores.run(1).loops({"done"}))
    with pytest.raises(InvalidInputError, match="'done' is no status of a loop"):
        LoopChange("loop-0", "done")


def test_long_inputs_of_a_batch_come_back_whole(stores):
    drawn = random.Random(7)
    texts = [drawn.randbytes(150_000).hex() for _ in range(4)]
    run = stores.open().create(stores.header())
    run.add_items([], [replace(stores.loop(n), input_content=text) for n, text in enumerate(texts)])
    assert [loop.input_content for loop in stores.open().run("march").claim(9)] == texts


def test_threads_share_a_record(stores):
    run, begin, claimed = stores.run(40), Barrier(4), []

    def claim():
        begin.wait()
        while some := run.claim(3, limit=35):
            claimed.extend(names(some))

    threads = [Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 35
    assert stores.open().run("march").n_charged() == 35


def test_a_change_is_dropped_if_somebody_has_written_another_in_the_meantime(stores):
    run = stores.run(2)
    first, second = names(run.claim(2))
    run.update([LoopChange(first, "started")])
    run.update(
        [
            LoopChange(first, "failed", error="late", if_status="starting"),
            LoopChange(second, "adopted", if_status="starting"),
        ]
    )
    again = stores.open().run("march")
    assert [(loop.status, loop.charged, loop.error) for loop in again.loops()] == [
        ("started", True, None),
        ("adopted", False, None),
    ]
