"""The zip runs where Lambda would run it: a Python that finds its files, boto3, and nothing else."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from hitl_sdk.functions import build_zip
from hitl_sdk.testing import local_server

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
BOTO3 = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")
HANDLERS = """
from collections import Counter

from hitl_sdk import functions, tasks


@functions.pre_annotation
def before(event):
    return {"taskObject": event.item}


@functions.post_annotation
def after(objects, event):
    for each in objects:
        votes = Counter(answer.content["mood"]["label"] for answer in each.annotations)
        yield functions.ConsolidatedAnnotation(each.dataset_object_id, {"mood": votes.most_common(1)[0][0]})


by_task = functions.consolidate(tasks.TextClassification(name="mood", title="Mood?", labels=["good", "bad"]))
"""
RUN = """
import json, sys
sys.path[:0] = sys.argv[1:3]
import pydantic
from mood import after, before, by_task
assert pydantic.__file__.startswith(sys.argv[1]), pydantic.__file__
event = json.loads(sys.stdin.read())
answers = [before({"dataObject": {"source": "It broke"}}, None), after(event, None), by_task(event, None)]
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def server():
    with local_server(simulate_workers=False) as server:
        yield server


@pytest.fixture
def event(server):
    """A batch of two objects in the server's S3."""
    s3 = server.session().client("s3")
    s3.create_bucket(Bucket="answers")
    batch = [
        {
            "datasetObjectId": str(number),
            "dataObject": {"content": "It broke"},
            "annotations": [
                {
                    "workerId": f"w{worker}",
                    "annotationData": {"content": json.dumps({"mood": {"label": label}})},
                }
                for worker, label in enumerate(labels)
            ],
        }
        for number, labels in enumerate((["bad", "bad", "good"], ["good"]))
    ]
    s3.put_object(Bucket="answers", Key="batch.json", Body=json.dumps(batch))
    return {
        "version": "2018-10-16",
        "labelingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/demo",
        "labelCategories": ["good", "bad"],
        "labelAttributeName": "mood",
        "roleArn": "arn:aws:iam::123456789012:role/gt",
        "payload": {"s3Uri": "s3://answers/batch.json"},
    }


def run_on_lambda(python, zipped, folder, event, server):
    """Run all three handlers in an isolated Python, whose AWS is the server."""
    code, runtime = folder / "code", folder / "runtime"
    with zipfile.ZipFile(zipped.write(folder / "mood.zip")) as packed:
        packed.extractall(code)
    runtime.mkdir()
    for name in BOTO3:
        (runtime / name).symlink_to(Path(sysconfig.get_path("purelib")) / name)
    done = subprocess.run(
        [python, "-I", "-S", "-c", RUN, str(code), str(runtime)],
        input=json.dumps(event),
        env={**server.environment, "AWS_REGION": "us-east-1", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(answers):
    before, after, by_task = answers
    assert before["taskInput"] == {"taskObject": "It broke"}
    assert [entry["consolidatedAnnotation"]["content"]["mood"] for entry in after] == ["bad", "good"]
    assert [entry["datasetObjectId"] for entry in by_task] == ["0", "1"]
    assert "bad" in json.dumps(by_task[0])


@pytest.mark.skipif(
    sys.platform != "linux", reason="the installed packages are for another system than Lambda's"
)
def test_a_zip_of_wheels_runs_by_itself(installed_wheels, project, tmp_path, server, event):
    (project / "mood.py").write_text(HANDLERS, "utf-8")
    machine = "arm64" if os.uname().machine == "aarch64" else "x86_64"
    # As new as these wheels may be: what they need of Linux is this machine's, not Lambda's.
    zipped = build_zip("mood:after", python=HERE, architecture=machine, wheels=installed_wheels)

    check(run_on_lambda(sys.executable, zipped, tmp_path, event, server))


@pytest.mark.timeout(180)
@pytest.mark.usefixtures("package_index")
@pytest.mark.parametrize("python", [HERE, "3.12", "3.13", "3.14"])
def test_a_zip_from_the_package_index_runs_by_itself(python, project, tmp_path, server, event):
    executable = sys.executable if python == HERE else shutil.which(f"python{python}")
    if executable is None or subprocess.run([executable, "-c", ""], check=False).returncode != 0:
        pytest.skip(f"there is no Python {python} here to run it")
    (project / "mood.py").write_text(HANDLERS, "utf-8")

    zipped = build_zip("mood:after", python=python)

    check(run_on_lambda(executable, zipped, tmp_path, event, server))


@pytest.mark.timeout(180)
@pytest.mark.usefixtures("package_index")
def test_a_zip_for_another_processor_is_built_here(project):
    zipped = build_zip("mood:before", architecture="arm64", extras=["consensus"])

    compiled = [
        name for name in zipfile.ZipFile(zipped.write(project / "x.zip")).namelist() if name.endswith(".so")
    ]
    assert any(name.startswith("numpy/") for name in compiled)
    assert all("cpython-314-aarch64" in name for name in compiled if "pydantic_core" in name)
