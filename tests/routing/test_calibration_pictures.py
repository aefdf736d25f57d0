"""The curve of errors against reviews and the reliability diagram: their numbers, and that they can be drawn."""

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from tests.routing.calibration_data import EAGER, ENGINES, simulated

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing import calibrate, error_curve, reliability

COLUMNS = simulated(800, too_sure=3)
FRAME = pd.DataFrame(COLUMNS)
RIGHT = (FRAME["label"] == FRAME["truth"]).to_numpy()


def rows(frame):
    return frame.to_pylist() if hasattr(frame, "to_pylist") else pl.DataFrame(frame).to_dicts()


def test_the_curve_says_of_each_threshold_what_it_accepts():
    frame = pd.DataFrame(
        {"truth": [True, False, True, False, False], "confidence": [0.9, 0.9, 0.8, 0.4, 0.4]}
    )
    curve = error_curve(frame).to_frame("polars").to_dicts()

    assert [row["threshold"] for row in curve] == [0.9, 0.8, 0.4]
    assert [row["review_share"] for row in curve] == pytest.approx([0.6, 0.4, 0])
    assert [(row["accepted"], row["errors"]) for row in curve] == [(2, 1), (3, 1), (5, 3)]
    for row in curve:
        exact = binomtest(row["errors"], row["accepted"]).proportion_ci(method="exact")
        assert (row["error_rate_low"], row["error_rate_high"]) == pytest.approx((exact.low, exact.high))


def test_a_curve_of_many_thresholds_is_thinned_evenly_over_reviews():
    thin = error_curve(FRAME, points=9).to_frame("polars")

    assert thin["accepted"].to_list()[0] == 1
    assert thin["accepted"].to_list()[-1] == 800
    assert np.diff(thin["review_share"].to_numpy()) == pytest.approx([-1 / 8] * 8, abs=0.01)
    full = {row["threshold"]: row for row in error_curve(FRAME).to_frame("polars").to_dicts()}
    assert all(full[row["threshold"]] == row for row in thin.to_dicts())


@pytest.mark.parametrize("engine", EAGER)
def test_curve_and_bins_come_as_frames_of_every_engine(engine):
    assert rows(error_curve(FRAME).to_frame(engine)) == rows(error_curve(FRAME).to_frame("polars"))
    assert rows(reliability(FRAME).to_frame(engine)) == rows(reliability(FRAME).to_frame("polars"))


def test_frames_of_every_engine_have_the_same_curve_and_bins():
    curves = {name: rows(error_curve(make(COLUMNS)).to_frame()) for name, make in ENGINES.items()}
    assert curves == dict.fromkeys(ENGINES, curves["pandas"])
    bins = {
        name: [(b.low, b.accuracy) for b in reliability(make(COLUMNS)).bins] for name, make in ENGINES.items()
    }
    assert bins == dict.fromkeys(ENGINES, bins["pandas"])


@pytest.mark.parametrize(("binning", "strategy"), [("width", "uniform"), ("count", "quantile")])
@pytest.mark.parametrize("bins", [5, 10, 15])
def test_bins_are_those_of_scikit_learn(binning, strategy, bins):
    accuracy, confidence = calibration_curve(RIGHT, FRAME["confidence"], n_bins=bins, strategy=strategy)
    found = reliability(FRAME, bins=bins, binning=binning)

    assert [each.accuracy.value for each in found.bins] == pytest.approx(accuracy)
    assert [each.confidence for each in found.bins] == pytest.approx(confidence)


def test_the_expected_calibration_error_of_a_worked_example():
    """Two bins: of 4 items at 0.9 on average 2 are right, of 1 item at 0.3 none; (4 * 0.4 + 1 * 0.3) / 5."""
    frame = pd.DataFrame(
        {"truth": [True, True, False, False, False], "confidence": [0.95, 0.95, 0.85, 0.85, 0.3]}
    )
    found = reliability(frame, bins=2)

    assert found.expected_calibration_error == pytest.approx((4 * 0.4 + 0.3) / 5)
    assert str(found) == "expected calibration error 38.0 %, in 2 of 2 bins of equal width, on 5 items"


def test_a_confidence_on_an_edge_belongs_to_the_bin_below():
    found = reliability(pd.DataFrame({"truth": [True] * 4, "confidence": [0.0, 0.5, 0.50001, 1.0]}), bins=2)
    assert [each.accuracy.total for each in found.bins] == [2, 2]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1),
    st.integers(1, 20),
    st.sampled_from(["width", "count"]),
)
def test_every_item_is_in_one_bin_and_the_error_is_a_share(given, bins, binning):
    frame = pd.DataFrame(given, columns=["confidence", "truth"])
    found = reliability(frame, bins=bins, binning=binning)

    assert found.n_items == len(given)
    assert all(each.low <= each.confidence <= each.high + 1e-12 for each in found.bins)
    assert 0 <= found.expected_calibration_error <= 1


@pytest.mark.parametrize("wrong", [{"bins": 0}, {"bins": "10"}, {"bins": 2.5}, {"binning": "luck"}])
def test_bins_that_can_not_be_are_refused(wrong):
    with pytest.raises(InvalidInputError, match="one bin or more"):
        reliability(FRAME, **wrong)


@pytest.mark.parametrize("points", [1, "9", 2.5])
def test_a_curve_has_at_least_two_points(points):
    with pytest.raises(InvalidInputError, match="points="):
        error_curve(FRAME, points=points)


def test_pictures_are_written_as_png_and_svg(tmp_path):
    chosen = calibrate(FRAME, target_error=0.3)
    figures = {
        "curve": error_curve(FRAME).plot(),
        "marked": error_curve(FRAME).plot(mark=chosen),
        "reliability": reliability(FRAME).plot(),
    }
    for name, figure in figures.items():
        assert isinstance(figure, Figure)
        figure.savefig(tmp_path / f"{name}.png")
        figure.savefig(tmp_path / f"{name}.svg")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (tmp_path / f"{name}.svg").read_text("utf-8")


def test_a_curve_shows_its_numbers_and_the_choice():
    chosen = calibrate(FRAME, target_error=0.3)
    axes = error_curve(FRAME).plot(mark=chosen).axes[0]
    line, mark = axes.lines[0], axes.containers[0]

    assert line.get_ydata()[-1] == pytest.approx(1 - RIGHT.mean())
    assert mark.lines[0].get_xydata().tolist() == [[chosen.review_share.value, chosen.error_rate.value]]
    assert mark.get_label() == "chosen policy"
    assert axes.get_ylim()[1] < 1


def test_pictures_go_onto_axes_that_are_given():
    figure = Figure()
    left, right = figure.subplots(1, 2)

    assert error_curve(FRAME).plot(ax=left) is figure
    assert reliability(FRAME).plot(ax=right) is figure
    assert (left.get_xlabel(), right.get_xlabel()) == ("items reviewed", "confidence")


def test_a_choice_that_accepts_nothing_is_not_marked():
    chosen = calibrate(FRAME, review_budget=1)
    labels = error_curve(FRAME).plot(mark=chosen).axes[0].get_legend_handles_labels()[1]
    assert "without any review" in labels


def test_drawing_leaves_the_global_state_of_pyplot_alone():
    code = (
        "import sys, pandas as pd\nfrom hitl_sdk.routing import error_curve\n"
        "error_curve(pd.DataFrame({'truth': [True, False], 'confidence': [0.9, 0.8]})).plot()\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_confidences_of_0_have_a_bin_of_their_own_where_bins_are_equal_in_count():
    frame = pd.DataFrame({"truth": [False, False, True, False], "confidence": [0.0, 0.0, 1.0, 1.0]})
    found = reliability(frame, bins=2, binning="count")
    assert [(each.confidence, each.accuracy.count, each.accuracy.total) for each in found.bins] == [
        (0.0, 0, 2),
        (1.0, 1, 2),
    ]
    assert found.expected_calibration_error == 0.25


def test_a_curve_of_one_threshold_is_a_point_that_can_be_seen():
    line = error_curve(FRAME.assign(confidence=0.5)).plot().axes[0].lines[0]
    assert (len(line.get_xdata()), line.get_marker()) == (1, "o")
    assert error_curve(FRAME).plot().axes[0].lines[0].get_marker() == "None"


def test_only_a_calibration_is_marked():
    chosen = calibrate(FRAME, target_error=0.3)
    with pytest.raises(InvalidInputError, match="mark is Threshold, no Calibration"):
        error_curve(FRAME).plot(mark=chosen.policy)


def test_curves_of_other_numbers_are_not_equal():
    assert error_curve(FRAME) != error_curve(FRAME.assign(confidence=0.5))


def test_narrow_bars_are_not_hidden_by_their_edges():
    bars = reliability(FRAME, bins=50, binning="count").plot().axes[0].patches
    assert all(to_hex(bar.get_edgecolor()) != "#ffffff" for bar in bars)
