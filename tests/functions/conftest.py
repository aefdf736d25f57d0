"""What the tests of functions share: a batch of answers in memory, and the events about it."""

import json

import pytest
from hypothesis import strategies as st

from hitl_sdk import functions

JOB = "arn:aws:sagemaker:eu-west-1:123456789012:labeling-job/Pets-1"
PAYLOAD = "s3://out/Pets-1/annotations/consolidated-annotation/consolidation-request/iteration-1/a.json"

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=8), each, max_size=3),
    max_leaves=8,
)


class InMemory(dict):
    """Objects by address."""

    read = dict.__getitem__
    write = dict.__setitem__


class Batch:
    """Objects and the answers to them, as Ground Truth hands them to a function."""

    def __init__(self) -> None:
        self.storage = InMemory()
        self.entries = []
        self.put(self.entries)

    def put(self, payload) -> None:
        self.storage.write(PAYLOAD, json.dumps(payload).encode())

    def add(self, *answers, **data_object):
        """Add an object with one answer a worker."""
        self.entries.append(
            {
                "datasetObjectId": str(len(self.entries)),
                "dataObject": data_object or {"s3Uri": "s3://in/a.jpg"},
                "annotations": [
                    {"workerId": f"w{number}", "annotationData": {"content": json.dumps(answer)}}
                    for number, answer in enumerate(answers)
                ],
            }
        )
        self.put(self.entries)
        return self

    def event(self, **fields):
        return {
            "version": "2018-10-16",
            "labelingJobArn": JOB,
            "labelCategories": ["cat", "dog"],
            "labelAttributeName": "pets",
            "payload": {"s3Uri": PAYLOAD},
            "outputConfig": "s3://out/Pets-1/annotations",
        } | fields

    def consolidated(self, kind, **fields):
        """Return by object what AWS's function for the kind says of it."""
        response = functions.built_in("ACS", kind)(self.event(**fields), self.storage)
        assert json.loads(json.dumps(response)) == response
        return {entry["datasetObjectId"]: entry["consolidatedAnnotation"]["content"] for entry in response}


@pytest.fixture
def batch():
    return Batch()
