"""For the tests of reading: output files as A2I writes them and as they should not be, and an S3 that fails on order."""

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from hitl_sdk.tasks import TextClassification

FLOW = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/sentiment"


class A2I:
    """Writes output.json files. A change to ``...`` leaves the key out."""

    flow = FLOW
    task = TextClassification(name="sentiment", labels=[-1, 0, 1], title="Classify reviews")

    def answer(self, label="-1", worker="0f1e2d3c4b5a6978", **changes):
        return _without_left_out(
            {
                "acceptanceTime": "2023-02-03T10:00:01.120Z",
                "answerContent": {"sentiment": {"label": label}},
                "submissionTime": "2023-02-03T10:00:39.450Z",
                "timeSpentInSeconds": 38.33,
                "workerId": worker,
                "workerMetadata": {"identityData": {"identityProviderType": "Cognito", "sub": "04fa4b1d"}},
            }
            | changes
        )

    def document(self, *answers, **changes):
        whole = {
            "flowDefinitionArn": FLOW,
            "humanAnswers": list(answers or [self.answer()]),
            "humanLoopName": "loop-1",
            "inputContent": {"initialValue": -1, "taskObject": "I am unhappy with this product"},
        }
        return json.dumps(_without_left_out(whole | changes)).encode()


def _without_left_out(mapping):
    return {key: value for key, value in mapping.items() if value is not ...}


@pytest.fixture(scope="session")
def a2i():
    return A2I()


@pytest.fixture(scope="session")
def s3_server():
    """Return the module of the stand-in for S3, which the benchmarks share."""
    file = Path(__file__).parents[2] / "benchmarks" / "_s3_server.py"
    spec = spec_from_file_location("s3_server", file)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
