"""The pytest plug-in, in a test suite of a user's."""

import subprocess
import sys

SUITE = """
import boto3

pytest_plugins = ["hitl_sdk.testing.plugin"]


def make_ui(sagemaker):
    sagemaker.create_human_task_ui(HumanTaskUiName="ui", UiTemplate={"Content": "<p>"})
    assert len(sagemaker.list_human_task_uis()["HumanTaskUiSummaries"]) == 1


def test_in_process(hitl_cloud):
    make_ui(boto3.client("sagemaker"))


def test_in_process_again(hitl_cloud):
    make_ui(boto3.client("sagemaker"))


def test_over_http(hitl_server):
    make_ui(hitl_server.session().client("sagemaker"))


def test_over_http_again(hitl_server):
    make_ui(hitl_server.session().client("sagemaker"))
"""


def test_its_fixtures_are_new_for_each_test(tmp_path):
    (tmp_path / "conftest.py").write_text("", "utf-8")
    (tmp_path / "test_suite.py").write_text(SUITE, "utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert "4 passed" in done.stdout, done.stdout + done.stderr


def test_it_loads_nothing_until_a_fixture_is_used():
    script = "import sys, hitl_sdk.testing.plugin; print(sorted({'boto3', 'moto', 'sqlalchemy'} & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )

    assert done.stdout.strip() == "[]"
