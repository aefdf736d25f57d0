"""A Spark of two cores in this machine's memory, one for all tests of a process: it takes some ten seconds to start."""

import json
import os
import random
import shutil
import sys
from base64 import b64encode

import pyarrow as pa
import pytest

from hitl_sdk.labels import colored_png, make_mask
from hitl_sdk.results import Outputs
from hitl_sdk.results import answers_frame as answers_in_memory
from hitl_sdk.tasks import (
    BoundingBox,
    CheckField,
    ChoiceField,
    Form,
    NamedEntityRecognition,
    NumberField,
    SemanticSegmentation,
    TextClassification,
    TextMultiClassification,
)

SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.executorEnv.AWS_ACCESS_KEY_ID": "testing",  # as the local server wants them
    "spark.executorEnv.AWS_SECRET_ACCESS_KEY": "testing",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
FLOW = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/reviews"


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed (the extra spark)")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs a Java runtime, and there is none")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = sql.SparkSession.builder.master("local[2]").appName("tests")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("spark"))).getOrCreate()
    yield session
    session.stop()


class Reviews:
    """Documents as A2I writes them, of three workers who err at random, and some that can't be read."""

    flow = FLOW

    @property
    def kinds(self):
        """Return tasks by name, each with what draws an answer to it."""
        return TASKS

    def document(self, number, contents, **changes):
        answers = [
            {
                "acceptanceTime": f"2023-02-03T10:{number % 60:02}:01.120Z",
                "answerContent": content,
                "submissionTime": f"2023-02-03T10:{number % 60:02}:39.450Z",
                "timeSpentInSeconds": 38.33,
                "workerId": worker,
            }
            for worker, content in zip(("ann", "bob", "cleo"), contents, strict=False)
        ]
        whole = {
            "flowDefinitionArn": FLOW,
            "humanAnswers": answers,
            "humanLoopName": f"loop-{number}",
            "inputContent": {"taskObject": f"s3://images/{number % 25}.png"},
        }
        return json.dumps(whole | changes).encode()

    def documents(self, content, count=30, seed=7):
        """Return readable documents, whose answers `content` draws, and five that are not, in between."""
        drawn = random.Random(seed)
        made = [self.document(n, [content(drawn) for _ in range(drawn.randint(1, 3))]) for n in range(count)]
        made[3:3] = [b"", b'{"humanAnswers": [', b"\xff\xfe", None, self.document(900, [])]
        made[11:11] = [self.document(901, [{"other": 1}, content(drawn)])]
        made[17:17] = [self.document(902, [content(drawn)], flowDefinitionArn=f"{FLOW}-old")]
        return made

    def answered(self, task, documents, uris=None, **options):
        """Return the long form, made in memory, as rows."""
        outputs = Outputs(documents, uris=uris, **options)
        schema = answers_in_memory(Outputs([]), task, "arrow").schema
        frame = answers_in_memory(outputs, task)
        return pa.Table.from_pandas(frame, schema, preserve_index=False).to_pylist()


def sentiment(drawn):
    return {"sentiment": {"label": drawn.choice(["-1", "0", "0", "1"])}}


def topics(drawn):
    return {"topics": {"labels": drawn.sample(["price", "size", "colour"], drawn.randint(0, 3))}}


def boxes(drawn):
    def box(label, left):
        return {
            "label": label,
            "left": left + drawn.randint(0, 3),
            "top": 10 + drawn.randint(0, 3),
            "width": 40,
            "height": 30 + drawn.randint(0, 3),
        }

    found = [box("cat", 10), box("dog", 100), box("cat", 200)][: drawn.randint(1, 3)]
    return {"cats": {"boundingBoxes": found, "inputImageProperties": {"height": 100, "width": 300}}}


def entities(drawn):
    end = drawn.randint(3, 5)
    return {"names": {"entities": [{"label": "who", "startOffset": 0, "endOffset": end}]}}


def form(drawn):
    is_car = drawn.random() < 0.5
    return {
        "kind": {"car": is_car, "bike": not is_car},
        "price": str(drawn.randint(70, 90)),
        "used": {"on": drawn.random() < 0.5},
    }


def mask(drawn):
    painted = make_mask([[0, 1, drawn.randint(0, 2)], [2, 2, 1]], ["road", "sky"])
    colors = {"road": "#2ca02c", "sky": "#1f77b4"}
    return {
        "street": {
            "inputImageProperties": {"height": 2, "width": 3},
            "labelMappings": {label: {"color": color} for label, color in colors.items()},
            "labeledImage": {"pngImageData": b64encode(colored_png(painted, colors)).decode()},
        }
    }


TASKS = {
    "one label": (
        TextClassification(name="sentiment", labels=[-1, 0, 1], title="Which sentiment?"),
        sentiment,
    ),
    "several labels": (
        TextMultiClassification(name="topics", labels=["price", "size", "colour"], title="Topics?"),
        topics,
    ),
    "boxes": (BoundingBox(name="cats", labels=["cat", "dog"], title="Draw a box"), boxes),
    "forms": (
        Form(
            name="offer",
            title="What is offered?",
            fields=[
                ChoiceField(name="kind", choices=["car", "bike"]),
                NumberField(name="price"),
                CheckField(name="used"),
            ],
        ),
        form,
    ),
    "masks": (SemanticSegmentation(name="street", labels=["road", "sky"], title="Paint"), mask),
    "spans": (NamedEntityRecognition(name="names", labels=["who"], title="Mark the names"), entities),
}


@pytest.fixture(scope="session")
def reviews():
    return Reviews()


@pytest.fixture(params=TASKS)
def kind(request):
    """Return each task, and what draws an answer to it."""
    return TASKS[request.param]
