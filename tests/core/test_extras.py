"""Without an extra the core works, and says which extra brings what is asked for."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import hitl_sdk
from hitl_sdk._elements import parse_attribute
from hitl_sdk._frames import build_frame
from hitl_sdk.errors import MissingExtraError
from hitl_sdk.local.templates import render
from hitl_sdk.routing import Margin, Sample
from hitl_sdk.tasks import SemanticSegmentation
from hitl_sdk.testing import mock_hitl
from hitl_sdk.training import to_coco

OF_EXTRAS = (
    "PIL a2wsgi crowdkit datasets json5 liquid moto msgspec numpy obstore pandas polars psycopg pyarrow pyspark rapidfuzz "
    "scipy shapely sklearn sqlalchemy starlette tqdm typer uvicorn"
)
WITH_THE_CORE_ALONE = f"""
import sys
sys.modules.update(dict.fromkeys({OF_EXTRAS.split()}))  # None: an import fails as if it were not installed
import hitl_sdk as hitl
hitl.Session(region_name="eu-west-1").client("sagemaker")
task = hitl.tasks.TextClassification(name="mood", labels=["0", "1"], title="Which mood?")
team = hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")])
role = "arn:aws:iam::123456789012:role/review"
hitl.ReviewFlow(name="mood", team=team, task=task, output="s3://bucket/a2i", role_arn=role)
policy = hitl.Threshold(0.9) | hitl.Sample(0.02, seed=7)
boxes = hitl.tasks.BoundingBox(name="cats", labels=["cat"], title="Draw a box around every cat")
box = dict(label="cat", left=1, top=2, width=3, height=4)
assert boxes.parse_answer(dict(cats=dict(boundingBoxes=[box]))).label == boxes.normalise_label([box])
votes = [hitl.consolidation.Vote(item, worker, item) for item in "ab" for worker in "xyz"]
assert hitl.consolidation.MajorityVote().consolidate(votes)["a"].confidence == 1.0
assert hitl.consolidation.krippendorff_alpha(votes) == 1.0
print(hitl.routing.decide_batch(policy, [hitl.Prediction("a", "It is okay", "1", 0.5)])[0].decision)
"""

WITH_FRAMES_OF_ONE_ENGINE = """
import sys
engine, *missing = sys.argv[1:]
class Missing:  # None in `sys.modules` is what pyarrow can't bear
    def find_spec(self, name, *_):
        if name in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
import hitl_sdk as hitl
unsure = hitl.Prediction("a", "It is okay", "1", 0.5, scores={"1": 0.5, "0": 0.5})
frame = hitl.routing.predictions_frame([unsure], engine)
policies = [
    hitl.Threshold(0.9), hitl.PerClass({"1": 0.9}), hitl.Sample(1.0), hitl.Margin(0.1), hitl.Entropy(0.5),
    hitl.EachLabel(hitl.Threshold(0.9)), ~hitl.Missing("item"), hitl.Confidence("confidence", "<", 0.9),
]
print({str(policy.decide(frame)["decision"][0]) for policy in policies})
"""


def frame(engine):
    return lambda: build_frame({"a": ["x"]}, {"a": "text"}, engine)


def mask_export():
    """Export a mask that was painted elsewhere."""
    task = SemanticSegmentation(name="roads", labels=["road"], title="Paint the road")
    label = {"width": 1, "height": 1, "labels": ["road"], "png": b"..."}
    to_coco(pa.table({"item_id": ["1"], "item": ["s3://b/1.png"], "label": [label]}), task, "unwritten.json")


def sample(engine):
    items = {"polars": pl.DataFrame, "arrow": pa.table}[engine]({"item_id": ["1"]})
    return lambda: Sample(0.5, seed=1).decide(items)


def margin():
    scores = [[{"label": "1", "score": 0.5}]]
    return Margin(0.5).decide(pl.DataFrame({"item_id": ["1"], "scores": scores}))


def cloud():
    with mock_hitl():
        pass


@pytest.mark.parametrize(
    ("module", "extra", "ask"),
    [
        ("pandas", "pandas", frame("pandas")),
        ("polars", "polars", frame("polars")),
        ("pyarrow", "arrow", frame("arrow")),
        ("pyarrow", "pandas", frame("pandas")),
        ("numpy", "polars", sample("polars")),
        ("numpy", "arrow", sample("arrow")),
        ("pyarrow", "polars", margin),
        ("PIL.Image", "images", mask_export),
        ("moto", "testing", cloud),
        ("sqlalchemy", "testing", cloud),
        ("json5", "templates", lambda: parse_attribute("[only, json5]")),
        ("liquid", "local", lambda: render("{{ task.input }}", {})),
    ],
)
def test_what_an_extra_brings_names_that_extra(monkeypatch, module, extra, ask):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError) as caught:
        ask()
    package = module.partition(".")[0]
    assert f'needs {package}, which is not installed (pip install "hitl-sdk[{extra}]")' in str(caught.value)


def run(program, *arguments):
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("module", "extra", "arguments"),
    [
        ("typer", "cli", ["--help"]),
        ("uvicorn", "local", ["local", "up", "--port", "0"]),
        ("sklearn", "demo", ["demo"]),
    ],
)
def test_the_command_names_the_extra_that_it_needs(module, extra, arguments):
    ended = run(
        f"import sys; sys.modules[{module!r}] = None\nfrom hitl_sdk.cli import main; main()", *arguments
    )
    assert ended.returncode == 1
    assert f'pip install "hitl-sdk[{extra}]"' in ended.stderr
    assert "Traceback" not in ended.stderr


def test_session_tasks_policies_and_builders_need_no_extra():
    ended = run(WITH_THE_CORE_ALONE)
    assert (ended.stdout.strip(), ended.stderr) == ("review", "")


@pytest.mark.parametrize("engine", ["arrow", "pandas", "polars"])
def test_the_extra_of_an_engine_is_enough_for_every_policy_on_its_frames(engine):
    settings = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    brought = {re.split(r"\W", each)[0] for each in settings["project"]["optional-dependencies"][engine]}
    missing = {"pandas", "polars", "pyarrow"} - brought

    ended = run(WITH_FRAMES_OF_ONE_ENGINE, engine, *missing)

    assert (ended.stdout.strip(), ended.stderr) == ("{'review'}", "")


def test_every_extra_that_a_hint_names_exists():
    sources = (file.read_text() for file in Path(hitl_sdk.__file__).parent.rglob("*.py"))
    calls = (node for text in sources for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    keywords = [{word.arg: word.value for word in call.keywords} for call in calls]
    hints = [given["extra"] for given in keywords if given.keys() == {"extra", "needed_for"}]
    named = {hint.value for hint in hints if isinstance(hint, ast.Constant)}
    assert {"arrow", "cli", "demo", "local"} <= named
    assert named <= set(metadata("hitl-sdk").get_all("Provides-Extra"))
