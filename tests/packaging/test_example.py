"""The example of the guide, with wheels in place of a package index."""

import runpy
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_example_packages_deploys_and_runs_functions(monkeypatch, wheels, capsys):
    monkeypatch.chdir(EXAMPLES)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels.path))

    runpy.run_path("deployed_functions.py", run_name="__main__")

    assert capsys.readouterr().out == Path("output", "deployed_functions.txt").read_text("utf-8")
