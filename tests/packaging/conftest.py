"""Wheels without an index: small ones to look into a zip, and those of what is installed here to run one."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

NEEDED = (
    "annotated-types",
    "narwhals",
    "pydantic",
    "pydantic-core",
    "tenacity",
    "typing-extensions",
    "typing-inspection",
)


class WheelFolder:
    """A directory of wheels that a test may add to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, name: str, *needs: str, **files: bytes) -> None:
        """Write a pure wheel of version 99; its modules are given by their names."""
        info = f"{name}-99.dist-info"
        required = "".join(f"Requires-Dist: {each}\n" for each in needs)
        contents = {
            **{f"{module}.py": content for module, content in files.items()},
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 99\n{required}".encode(),
            f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n".encode(),
        }
        contents[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*contents, f"{info}/RECORD"]).encode()
        with zipfile.ZipFile(self.path / f"{name}-99-py3-none-any.whl", "w") as wheel:
            for path, content in contents.items():
                wheel.writestr(path, content)


@pytest.fixture
def wheels(tmp_path) -> WheelFolder:
    """Wheels by the names of what hitl_sdk needs: enough to look into the zip, too little to run it."""
    folder = WheelFolder(tmp_path / "wheels")
    folder.path.mkdir()
    for name in ("narwhals", "pydantic", "tenacity"):
        folder.add(name, **{name: b"X = 1\n"})
    return folder


@pytest.fixture(scope="session")
def installed_wheels(tmp_path_factory) -> Path:
    """Pack what is installed here, and hitl_sdk needs, as wheels again."""
    folder = tmp_path_factory.mktemp("wheels")
    for name in NEEDED:
        installed = distribution(name)
        said = installed.read_text("WHEEL") or ""
        tag = next(line.removeprefix("Tag: ") for line in said.splitlines() if line.startswith("Tag: "))
        with zipfile.ZipFile(
            folder / f"{name.replace('-', '_')}-{installed.version}-{tag}.whl", "w"
        ) as wheel:
            for file in installed.files or ():
                if ".." not in file.parts and file.suffix != ".pyc":
                    wheel.write(file.locate(), str(file))
    return folder


@pytest.fixture(scope="session")
def package_index(tmp_path_factory) -> None:
    """Skip where pip reaches none."""
    target = tmp_path_factory.mktemp("download")
    asked = [sys.executable, "-m", "pip", "download", "--no-deps", "--retries=0", "--timeout=5"]
    done = subprocess.run([*asked, "--dest", str(target), "tenacity"], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("pip reaches no package index")


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """The working directory: a handler, what it imports, and what it does not."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name, text in {
        "mood.py": "import json\nimport words\nfrom shop import prices\n\n\n"
        "def before(event, context):\n    import late\n    return {'taskInput': event}\n",
        "words.py": "import boto3\nimport only_for_words\n",
        "only_for_words.py": "",
        "late.py": "",
        "unused.py": "",
    }.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "shop" / "__pycache__").mkdir(parents=True)
    for name in ("__init__.py", "prices.py", "table.json", ".hidden", "__pycache__/prices.cpython-311.pyc"):
        (folder / "shop" / name).write_text("", "utf-8")
    monkeypatch.chdir(folder)
    return folder
