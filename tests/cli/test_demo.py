"""`hitl demo`: the main job on real digits, in the words that a user reads."""

import json
import re

import pytest
from typer.testing import CliRunner

from hitl_sdk import demo
from hitl_sdk._version import __version__
from hitl_sdk.cli.app import app

pytest.importorskip("sklearn", reason="the demo needs scikit-learn")


@pytest.fixture(scope="module")
def outcome():
    said = []
    report, frame = demo.run_demo(reviewers=1, error_rate=0.05, say=said.append)
    return report, frame, said


def test_every_image_is_in_the_training_frame_once(outcome):
    report, frame, _ = outcome
    assert report.images == len(frame) == frame["item_id"].nunique() == 1497
    assert report.accepted + report.reviewed == report.images


def test_the_figures_agree_with_the_frame(outcome):
    report, frame, _ = outcome
    accepted = frame[frame["decision"] == "accept"]
    assert report.accepted == len(accepted) == (frame["label_source"] == "model").sum()
    assert report.share_accepted == pytest.approx(len(accepted) / len(frame))
    assert (accepted["label"] == accepted["model_label"]).all()
    assert (accepted["model_confidence"] >= 0.90).all()


def test_every_image_below_the_threshold_was_labelled_by_a_person(outcome):
    _, frame, _ = outcome
    reviewed = frame[frame["decision"] == "review"]
    assert (reviewed["label_source"] == "human").all()
    assert reviewed["label"].notna().all()
    assert (reviewed["model_confidence"] < 0.90).all()


def test_reviewers_err_as_often_as_was_stated(outcome):
    report, _, _ = outcome
    assert report.accuracy_reviewed_after == pytest.approx(0.95, abs=0.025)


def test_the_review_is_worth_it(outcome):
    report, _, _ = outcome
    assert report.accuracy_reviewed_after > report.accuracy_reviewed_before
    assert report.accuracy_retrained_with_review > report.accuracy_retrained_without_review


def test_the_steps_are_told_in_order(outcome):
    _, _, said = outcome
    assert [line.split()[0] for line in said] == [
        "training",
        "uploading",
        "provisioning",
        "routing:",
        "retraining",
    ]


@pytest.fixture
def shown(outcome, monkeypatch):
    """Let the command show the run of this module, and return what it was asked for."""
    asked = {}

    def run(**options):
        asked.update(options)
        options["say"]("training a classifier")
        return outcome[:2]

    monkeypatch.setattr(demo, "run_demo", run)
    return asked


def test_the_command_prints_the_frame_s_head_and_the_figures(outcome, shown):
    printed = CliRunner().invoke(app, ["demo", "--reviewers", "1", "--threshold", "0.8"])
    assert printed.exit_code == 0
    assert re.search(r"item_id +label +label_source", printed.stdout)
    assert f"{outcome[0].accuracy_retrained_with_review:.1%}" in printed.stdout
    assert "1 reviewer each" in printed.stdout
    assert (shown["reviewers"], shown["threshold"]) == (1, 0.8)


def test_json_is_all_that_is_printed_when_asked_for(outcome, shown):
    printed = CliRunner().invoke(app, ["demo", "--json"])
    assert json.loads(printed.stdout) == outcome[0].to_dict()


def test_a_fourth_reviewer_is_refused():
    refused = CliRunner().invoke(app, ["demo", "--reviewers", "4"])
    assert refused.exit_code == 2


def test_the_version_is_shown():
    assert CliRunner().invoke(app, ["--version"]).stdout == f"hitl_sdk {__version__}\n"
