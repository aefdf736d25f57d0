"""Every example runs, and prints what lies beside it in `examples/output`, which is what the guide shows.

After a change that is meant: ``python examples/NAME.py > examples/output/NAME.txt``, from the folder `examples`. Those of
the kinds of task also draw a picture beside it.
"""

import os
import re
import runpy
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hitl_sdk.testing import mock_hitl

EXAMPLES = Path(__file__).parents[2] / "examples"
NOT_RUN = {
    "deployed_functions",  # asks pip for wheels; tests/packaging/test_example.py
    "product_reviews",  # reads a data set that is not part of the project; tests/examples/test_product_reviews.py
}
SCRIPTS = sorted(
    path.stem
    for path in EXAMPLES.glob("*.py")
    if not path.stem.startswith("test_") and path.stem not in NOT_RUN
)
# Trained models: on another processor, or with another scikit-learn, an object more or less may be right.
FIGURES_DIFFER = {"automated_labeling", "calibration", "ground_truth_images", "scikit_learn_reviews"}
# Spark needs Java, and ten seconds to start.
ON_SPARK = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs a Java runtime, and there is none"),
    pytest.mark.timeout(300),
]
TASKS = sorted(path.stem for path in (EXAMPLES / "tasks").glob("*.py") if not path.stem.startswith("_"))
# How an image is compressed differs between versions of Pillow; what it shows does not.
EMBEDDED_IMAGE = re.compile(r"data:image/\w+;base64,[^\"]+")

# Code lines of the notebook of the lab "Data labeling and human-in-the-loop pipelines with Amazon Augmented AI (A2I)"
# (DeepLearning.AI and AWS, Practical Data Science, course 3, week 3), counted in its printed form: lines of code cells
# that are neither blank nor a comment. The cells that deploy the model and make the domain and the group are not
# in that print, so there are more.
LINES_OF_THE_NOTEBOOK = 253


def run(name: str) -> None:
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")


@pytest.fixture
def in_examples(monkeypatch):
    """Run as `python NAME.py` does: from the file's folder, without arguments."""
    monkeypatch.chdir(EXAMPLES)
    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.setattr(sys, "argv", ["example"])


@pytest.fixture
def in_tasks(monkeypatch):
    """Run as `python tasks/NAME.py` does."""
    monkeypatch.chdir(EXAMPLES)
    monkeypatch.syspath_prepend(EXAMPLES / "tasks")
    monkeypatch.setattr(sys, "argv", ["example"])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=ON_SPARK if name.startswith("spark_") else ()) for name in SCRIPTS]
)
def test_an_example_prints_what_the_guide_shows(name, in_examples, capsys):
    run(name)

    printed, shown = capsys.readouterr().out, (EXAMPLES / "output" / f"{name}.txt").read_text("utf-8")
    if name in FIGURES_DIFFER:
        printed, shown = without_figures(printed), without_figures(shown)
    assert printed == shown


def without_figures(text: str) -> str:
    return re.sub(r" *[\d][\d.,]*", " #", text)


def test_the_chain_makes_labels_and_model_better(in_examples, capsys):
    run("ground_truth_images")

    lines = capsys.readouterr().out.splitlines()[-3:]
    labels, models = zip(
        *([float(each) for each in re.findall(r"([\d.]+)%", line)] for line in lines), strict=True
    )
    assert list(labels) == sorted(labels)
    assert models[-1] > models[0]


@pytest.mark.parametrize("name", TASKS)
def test_the_example_of_a_task_prints_and_draws_one_row(name, in_tasks, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("HITL_EXAMPLE_PICTURES", str(tmp_path))
    run(f"tasks/{name}")

    committed = EXAMPLES / "output" / "tasks"
    assert capsys.readouterr().out == (committed / f"{name}.txt").read_text("utf-8")
    drawn, shown = (
        EMBEDDED_IMAGE.sub("", (folder / f"{name}.svg").read_text("utf-8"))
        for folder in (tmp_path, committed)
    )
    assert drawn == shown


def test_no_output_is_kept_of_an_example_that_is_gone():
    kept = {path.stem for path in (EXAMPLES / "output").iterdir() if path.is_file()}
    assert kept == set(SCRIPTS) | NOT_RUN
    assert {path.name for path in (EXAMPLES / "output" / "tasks").iterdir()} == {
        f"{name}.{ending}" for name in TASKS for ending in ("svg", "txt")
    }


def test_the_lab_gives_three_human_labels_and_one_of_the_model(in_examples):
    lab = runpy.run_path(str(EXAMPLES / "a2i_lab.py"))
    answers = {"I am unhappy with this product": "-1", "It is okay": "0", "sometimes it works": "0"}

    with mock_hitl() as cloud:
        cloud.endpoints.serve("sentiment", lab["model"])
        cloud.workers.answer(lambda item: {"sentiment": {"label": answers[item["taskObject"]]}})
        frame = lab["review"](cloud.session(), cloud.bucket("lab"), cloud.role_arn).training_frame()

    assert frame[["label", "label_source"]].values.tolist() == [
        ["1", "model"],
        ["-1", "human"],
        ["0", "human"],
        ["0", "human"],
    ]


def test_the_lab_takes_less_than_a_third_of_the_lines_of_the_notebook():
    lines = (EXAMPLES / "a2i_lab.py").read_text("utf-8").splitlines()
    of_code = [line for line in lines if line.strip() and not line.strip().startswith("#")]

    assert len(of_code) < LINES_OF_THE_NOTEBOOK / 3


def test_every_error_that_bad_input_gets_is_typed(in_examples, capsys):
    run("bad_input")

    kinds = [
        line.split(":")[0].strip() for line in capsys.readouterr().out.splitlines() if "Error: " in line[:40]
    ]
    assert set(kinds) == {
        "CredentialsError",
        "DuplicateItemError",
        "EmptyInputError",
        "InvalidOutputError",
        "InvalidPredictionError",
        "InvalidResourceError",
        "NotFoundError",
        "RegionNotSupportedError",
        "TemplateError",
    }


@pytest.mark.timeout(120)
def test_the_tests_of_a_user_pass_by_themselves(tmp_path):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]

    done = subprocess.run(
        [*command, "-c", os.devnull, str(EXAMPLES / "test_my_review.py")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "3 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.timeout(180)
def test_the_lab_runs_over_http_with_another_address_and_nothing_else(tmp_path):
    """Simulated workers agree with the model there, so people's labels are those that were set before."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    here = Path(sys.executable).parent
    environment |= {
        "PATH": f"{here}{os.pathsep}{environment['PATH']}",
        "XDG_STATE_HOME": str(tmp_path),
    }
    script = (EXAMPLES / "local_service.sh").read_text("utf-8")
    script = script.replace("local up", f"local up --port {port}").replace("8484", str(port))

    done = subprocess.run(
        ["bash", "-c", script, str(EXAMPLES / "local_service.sh")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if " model " in line or " human " in line]
    assert [row[-4:-1] for row in rows] == [
        ["1", "model", "1"],
        ["-1", "human", "-1"],
        ["1", "human", "1"],
        ["1", "human", "1"],
    ]
    assert "Completed\tCompleted\tCompleted" in done.stdout
    assert f"ended the service on http://127.0.0.1:{port}" in done.stdout
