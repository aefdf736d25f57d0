"""Columns to frames: times that are regular, odd or none, the same in every engine."""

from datetime import UTC, datetime, timedelta, timezone

import narwhals as nw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk._frames import build_frame, time_text

REGULAR = "2020-09-22T17:08:37.840Z"
ODD = [
    "2020-09-22", "2020-09-22 17:08:37.84Z", "2020-09-22T19:08:37.84+02:00", "2020-09-22T17:08Z", "20200922T170837Z",
    "2020-09-22T17:08:37.1234567Z", " 2020-09-22T17:08:37Z ", "2020-09-22T17:08:60Z", "2020-9-2T1:8:7Z", "soon", "",
    "0999-01-01T00:00:00Z", None,
]  # fmt: skip


def times(values, engine):
    column = build_frame({"t": values}, {"t": "time"}, engine)["t"]
    return column.to_pylist() if engine == "arrow" else column.to_list()


@pytest.mark.parametrize("odd", ODD)
def test_one_odd_time_among_regular_ones_is_read_alike_by_every_engine(odd):
    expected = time_text(odd)
    read = times([REGULAR, odd], "arrow")
    assert read == times([REGULAR, odd], "polars")
    assert read[0] == datetime(2020, 9, 22, 17, 8, 37, 840_000, UTC)
    assert read[1] == (expected and datetime.fromisoformat(expected))


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_survives_its_text_in_every_engine(moment):
    assert times([time_text(moment)], "arrow") == times([time_text(moment)], "polars") == [moment]


def test_a_time_of_any_zone_becomes_utc_and_none_counts_as_utc():
    moment = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert time_text(moment) == "2026-01-01T00:00:00.000000Z"
    assert time_text(datetime(2026, 1, 1)) == "2026-01-01T00:00:00.000000Z"  # noqa: DTZ001


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+10:00", "soon", 7, None])
def test_what_is_no_time_has_no_text(value):
    assert time_text(value) is None


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
def test_half_a_surrogate_pair_in_a_column_of_the_users_is_shown_as_its_number(engine):
    frame = nw.from_native(build_frame({"n": [1]}, {"n": "int"}, engine, extra={"own": ["a\ud800"]}))
    assert frame["own"].to_list() == ["a\\ud800"]
