"""A frame of Spark is replayed by Spark, and calibrated on like any other."""

import polars as pl
import pyarrow as pa
import pytest
from tests.routing.calibration_data import simulated

from hitl_sdk.routing import Bands, Sample, TemperatureScaling, calibrate

COLUMNS = simulated(200)

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def frame(spark):
    return spark.createDataFrame([*zip(*COLUMNS.values(), strict=True)], [*COLUMNS])


def test_a_policy_is_replayed_as_on_polars(frame):
    policy = Bands(accept=0.90, drop=0.40) | Sample(0.1)
    assert policy.replay(frame) == policy.replay(pl.DataFrame(COLUMNS))


def test_a_threshold_is_chosen_as_on_polars(frame):
    assert calibrate(frame, review_budget=0.3) == calibrate(pl.DataFrame(COLUMNS), review_budget=0.3)


def test_a_frame_of_spark_is_collected_to_be_mended(frame):
    fitted = TemperatureScaling.fit(frame)
    mended = fitted.apply(frame)

    assert fitted == TemperatureScaling.fit(pl.DataFrame(COLUMNS))
    assert isinstance(mended, pa.Table)
    assert mended.column_names == list(COLUMNS)
    assert mended["confidence"].to_pylist() == fitted.apply(pl.DataFrame(COLUMNS))["confidence"].to_list()
