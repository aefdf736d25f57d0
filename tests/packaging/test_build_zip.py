"""What is in the zip of a function, that it is the same each time, and what can't be packaged."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hitl_sdk
from hitl_sdk import functions
from hitl_sdk.errors import ConfigurationError, InvalidInputError
from hitl_sdk.functions import FunctionSettings, build_zip
from hitl_sdk.functions import packaging as packaging_module
from hitl_sdk.resources import LambdaFunction

ROLE = "arn:aws:iam::123456789012:role/mood"


def opened(zipped):
    return zipfile.ZipFile(io.BytesIO(zipped.content))


def names_in(zipped):
    return opened(zipped).namelist()


def tops_in(zipped):
    return {name.partition("/")[0] for name in names_in(zipped)}


def test_the_handler_and_what_it_imports_are_in_the_zip(project, wheels):
    zipped = build_zip("mood:before", wheels=wheels.path)

    own = {"mood.py", "words.py", "only_for_words.py", "late.py", "shop"}
    assert own <= tops_in(zipped)
    assert "unused.py" not in tops_in(zipped)
    assert {name for name in names_in(zipped) if name.startswith("shop")} == {
        "shop/__init__.py",
        "shop/prices.py",
        "shop/table.json",
    }
    assert opened(zipped).read("mood.py").decode() == (project / "mood.py").read_text("utf-8")


def test_this_package_and_what_it_needs_are_in_the_zip_and_boto3_is_not(project, wheels):
    zipped = build_zip("mood:before", wheels=wheels.path)

    assert {"narwhals.py", "pydantic.py", "tenacity.py", "pydantic-99.dist-info"} <= tops_in(zipped)
    assert not {"boto3", "botocore", "bin", "__pycache__"} & tops_in(zipped)
    own = {name for name in names_in(zipped) if name.startswith("hitl_sdk/")}
    assert {
        "hitl_sdk/functions/handlers.py",
        "hitl_sdk/data/labeling_kinds.json",
        "hitl_sdk/py.typed",
    } <= own
    assert not any("__pycache__" in name for name in own)
    source = Path(hitl_sdk.__file__).parent
    assert opened(zipped).read("hitl_sdk/__init__.py") == (source / "__init__.py").read_bytes()


def test_the_zip_says_what_lambda_must_be_told(project, wheels):
    zipped = build_zip("mood:before", python="3.13", architecture="arm64", wheels=wheels.path)

    assert zipped.settings == FunctionSettings("mood.before", "python3.13", "arm64")
    function = LambdaFunction(name="SageMaker-mood", code=zipped.content, role_arn=ROLE)
    assert (function.handler, function.runtime, function.architecture) == (
        "mood.before",
        "python3.13",
        "arm64",
    )
    assert zipped.sha256 == function.code_sha256


def test_equal_files_make_an_equal_zip(project, wheels):
    first = build_zip("mood:before", wheels=wheels.path)
    for file in project.rglob("*.py"):
        file.touch()
    (project / "shop" / "prices.py").chmod(0o600)

    assert build_zip("mood:before", wheels=wheels.path).content == first.content
    (project / "words.py").write_text("X = 2\n", "utf-8")
    assert build_zip("mood:before", wheels=wheels.path).content != first.content


def test_entries_are_in_order_and_of_one_hour(project, wheels):
    packed = opened(build_zip("mood:before", wheels=wheels.path))

    names = packed.namelist()[:-1]
    assert names == sorted(names)
    assert packed.namelist()[-1] == "hitl_function.json"
    assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert {oct(entry.external_attr >> 16) for entry in packed.infolist()} == {"0o100644"}


def test_the_size_is_that_of_the_files(project, wheels):
    zipped = build_zip("mood:before", wheels=wheels.path)

    sizes = [entry.file_size for entry in opened(zipped).infolist() if entry.filename != "hitl_function.json"]
    assert zipped.unpacked_size == sum(sizes)


def test_a_handler_may_be_named_by_its_file(project, wheels, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    zipped = build_zip("project/mood.py:before", wheels=wheels.path)

    assert zipped.settings.handler == "mood.before"
    assert {"mood.py", "words.py", "shop"} <= tops_in(zipped)


def test_a_handler_may_lie_in_a_package_which_comes_as_a_whole(project, wheels):
    (project / "shop" / "prices.py").write_text("import words\nhandler = words.handler\n", "utf-8")

    zipped = build_zip("shop.prices:handler", wheels=wheels.path)

    assert zipped.settings.handler == "shop.prices.handler"
    assert {"shop/__init__.py", "shop/prices.py", "words.py"} <= set(names_in(zipped))
    assert "mood.py" not in names_in(zipped)


def test_a_handler_may_be_that_of_a_package_itself(project, wheels):
    (project / "shop" / "__init__.py").write_text("from .prices import *\n", "utf-8")

    assert build_zip("shop:handler", wheels=wheels.path).settings.handler == "shop.handler"


def test_a_ready_handler_of_this_package_needs_no_module_of_one_s_own(project, wheels):
    zipped = build_zip("hitl_sdk.functions:pass_through", wheels=wheels.path)

    assert zipped.settings.handler == "hitl_sdk.functions.pass_through"
    assert not {"mood.py", "words.py"} & tops_in(zipped)


def test_an_installed_handler_comes_without_its_neighbours(project, wheels, tmp_path, monkeypatch):
    """They are other packages, of this machine's kind; pip brings what is needed."""
    site = tmp_path / "site"
    (site / "other-1.dist-info").mkdir(parents=True)
    (site / "theirs.py").write_text("import other\ndef handler(event, context): ...\n", "utf-8")
    (site / "other.py").write_text("", "utf-8")
    monkeypatch.syspath_prepend(site)

    zipped = build_zip("theirs:handler", wheels=wheels.path)

    assert "theirs.py" in tops_in(zipped)
    assert "other.py" not in tops_in(zipped)


def test_requirements_and_extras_come_with_what_they_need(project, wheels):
    wheels.add("emoji", "tiny", emoji=b"")
    wheels.add("tiny", tiny=b"")
    wheels.add("numpy", numpy=b"")

    zipped = build_zip("mood:before", requirements=["emoji>=1"], extras=["consensus"], wheels=wheels.path)

    assert {"emoji.py", "tiny.py", "numpy.py"} <= tops_in(zipped)


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        ("nobody:before", r"there is no module 'nobody' in Python \(looked in .*project first\)"),
        ("shop.nobody:before", "there is no module 'shop.nobody' in Python"),
        ("words.nobody:before", "there is no module 'words.nobody' in Python"),
        ("nobody.py:before", "there is no file nobody.py"),
        ("mood:after", r"mood.py has no 'after' \(name a function of the module\)"),
        ("mood:json.dumps", "'mood:json.dumps' names no function"),
        ("mood", "'mood' names no function"),
        (":before", "':before' names no function"),
        ("broken:before", r"broken.py is no Python: .*line 1"),
        ("latin:before", r"latin.py is no Python"),
        ("sys:exit", "there is no module 'sys' in Python"),
    ],
)
def test_a_handler_that_is_not_there_is_told_before_anything_is_installed(project, handler, words, tmp_path):
    (project / "broken.py").write_text("def\n", "utf-8")
    (project / "latin.py").write_bytes(b"# caf\xe9\n")

    with pytest.raises(InvalidInputError, match=words):
        build_zip(handler, wheels=tmp_path / "there is none")


def test_nothing_of_the_handler_is_run(project, wheels):
    (project / "mood.py").write_text("raise SystemError\n\n\ndef before(event, context): ...\n", "utf-8")

    assert build_zip("mood:before", wheels=wheels.path)


def test_a_module_that_would_hide_a_package_is_refused(project, wheels):
    (project / "mood.py").write_text("import tenacity\n\n\ndef before(event, context): ...\n", "utf-8")
    (project / "tenacity.py").write_text("", "utf-8")

    with pytest.raises(
        InvalidInputError, match="your module 'tenacity' has the name of a package in the zip"
    ):
        build_zip("mood:before", wheels=wheels.path)


@pytest.mark.parametrize("python", ["3.10", "2.7", "3", "python3.14", "3.14.1"])
def test_a_python_that_this_package_does_not_run_on_is_refused(project, python):
    with pytest.raises(InvalidInputError, match=r"write 3\.11 or newer: '3\.14'"):
        build_zip("mood:before", python=python)


def test_an_extra_that_is_none_is_answered_with_those_there_are(project):
    with pytest.raises(InvalidInputError, match=r"no extra 'numbers' \(there are .*consensus"):
        build_zip("mood:before", extras=["numbers"])


def test_a_wheel_that_is_not_to_be_had_is_named_with_the_cure(project, wheels):
    with pytest.raises(
        ConfigurationError,
        match=r"pip finds no wheels of .*nowhere.* for Python 3\.14 on x86_64.*package index",
    ):
        build_zip("mood:before", requirements=["nowhere"], wheels=wheels.path)


@pytest.mark.parametrize(
    ("limit", "words"), [("LARGEST_UNPACKED", "the unpacked files have"), ("LARGEST_UPLOAD", "the zip has")]
)
def test_what_lambda_would_not_take_is_refused_with_the_cure(project, wheels, monkeypatch, limit, words):
    monkeypatch.setattr(packaging_module, limit, 2**20 // 4)

    with pytest.raises(
        InvalidInputError, match=rf"{words} \d+ MB, and Lambda takes .*take fewer requirements"
    ):
        build_zip("mood:before", wheels=wheels.path)


def test_a_python_without_pip_is_told_how_to_get_it(project, monkeypatch):
    monkeypatch.setattr("hitl_sdk.functions._wheels.find_spec", lambda name: None)

    with pytest.raises(ConfigurationError, match="python -m ensurepip"):
        build_zip("mood:before")


def test_a_package_that_is_not_installed_says_so(project, monkeypatch):
    from importlib.metadata import PackageNotFoundError

    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("hitl_sdk.functions._wheels.requires", missing)

    with pytest.raises(ConfigurationError, match="hitl-sdk is not installed"):
        build_zip("mood:before")


def test_pip_that_says_nothing_is_told_by_its_exit_code(project, monkeypatch):
    silent = subprocess.CompletedProcess([], 3, "", "")
    monkeypatch.setattr("hitl_sdk.functions._wheels.subprocess.run", lambda *_, **__: silent)

    with pytest.raises(ConfigurationError, match="pip ended with 3"):
        build_zip("mood:before")


@pytest.mark.parametrize(
    ("python", "architecture", "newest", "too_new"),
    [("3.14", "x86_64", "2_34_x86_64", "2_35"), ("3.11", "arm64", "2_26_aarch64", "2_27")],
)
def test_wheels_are_those_that_the_runtime_s_linux_can_load(python, architecture, newest, too_new):
    from hitl_sdk.functions._wheels import _platforms

    tags = _platforms(python, architecture)

    assert tags[0] == f"manylinux_{newest}"
    assert tags[-1].startswith("manylinux2014_")
    assert not any(too_new in tag for tag in tags)


def test_a_zip_is_written_where_it_is_wanted(tmp_path):
    zipped = functions.FunctionZip(b"PK", FunctionSettings("mood.before", "python3.14", "x86_64"), 0)

    assert zipped.write(tmp_path / "x.zip").read_bytes() == b"PK"
    with pytest.raises(InvalidInputError, match="can't be written: No such file"):
        zipped.write(tmp_path / "nowhere" / "x.zip")


def test_the_default_python_is_one_of_lambda_s():
    import botocore.session

    lambda_model = botocore.session.get_session().get_service_model("lambda")

    assert f"python{packaging_module.DEFAULT_PYTHON}" in lambda_model.shape_for("Runtime").enum


def test_importing_functions_loads_nothing_that_only_packaging_needs():
    code = "import sys, hitl_sdk.functions; print({'symtable', 'subprocess', 'importlib.metadata'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


def test_the_description_is_plain_json(project, wheels):
    content = opened(build_zip("mood:before", wheels=wheels.path)).read("hitl_function.json")

    assert json.loads(content)["handler"] == "mood.before"
