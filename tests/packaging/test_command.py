"""`hitl functions build`: the zip, what is printed of it, and the exit codes."""

import json
import zipfile

import pytest
from typer.testing import CliRunner

from hitl_sdk.cli.app import app
from hitl_sdk.errors import ConfigurationError


def hitl(*arguments):
    return CliRunner().invoke(app, ["functions", "build", *map(str, arguments)])


def test_a_zip_is_built_and_described(project, wheels):
    wheels.add("emoji", emoji=b"")

    done = hitl("mood:before", "--out", "mood.zip", "--require", "emoji", "--wheels", wheels.path)

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("mood.zip  mood.before  python3.14 x86_64  ")
    assert {"emoji.py", "mood.py"} <= set(zipfile.ZipFile(project / "mood.zip").namelist())


def test_the_description_is_one_json_document(project, wheels):
    done = hitl(
        *("mood:before", "--out", "mood.zip", "--python", "3.13", "--architecture", "arm64"),
        *("--wheels", wheels.path, "--json"),
    )

    said = json.loads(done.stdout)
    assert (said["path"], said["handler"], said["runtime"]) == ("mood.zip", "mood.before", "python3.13")
    assert said["architecture"] == "arm64"
    assert said["bytes"] == (project / "mood.zip").stat().st_size
    assert said["unpacked_bytes"] > said["bytes"]
    assert len(said["sha256"]) == 44


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nobody:before", "--out", "x.zip"), "there is no module 'nobody'"),
        (("mood:before", "--out", "x.zip", "--extra", "nothing"), "no extra 'nothing'"),
        (("mood:before", "--out", "x.zip", "--architecture", "z80"), "z80"),
        (("mood:before",), "--out"),
    ],
)
def test_wrong_use_exits_with_two(project, arguments, words):
    done = hitl(*arguments)

    assert done.exit_code == 2
    assert words in done.stderr
    assert not (project / "x.zip").exists()


def test_a_failure_is_an_error_for_the_command_to_tell(project, tmp_path):
    done = hitl("mood:before", "--out", "x.zip", "--wheels", tmp_path)

    assert done.exit_code == 1
    assert isinstance(done.exception, ConfigurationError)
