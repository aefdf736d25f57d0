"""The page of operations, held against the installed botocore, the engine and both faces."""

import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from botocore.model import StructureShape

from hitl_sdk.local.coverage import operations_page
from hitl_sdk.local.engine import Engine
from hitl_sdk.local.wire import human_review_operations

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:{}/x"
SAMPLES = {
    "FlowDefinitionArn": ARN.format("flow-definition"),
    "HumanTaskUiArn": ARN.format("human-task-ui"),
    "WorkteamArn": ARN.format("workteam/private-crowd"),
    "RoleArn": "arn:aws:iam::123456789012:role/review",
    "S3OutputPath": "s3://bucket/prefix",
    "InputContent": "{}",
    "Input": "{}",
}


def sample(shape, name=""):
    """Return the least that the model accepts for a shape."""
    if isinstance(shape, StructureShape):
        return {member: sample(shape.members[member], member) for member in shape.required_members}
    if shape.type_name == "list":
        return [sample(shape.member)]
    if shape.type_name == "integer":
        return shape.metadata.get("min", 1)
    return SAMPLES.get(name) or (shape.enum[0] if getattr(shape, "enum", None) else "abc")


def test_the_committed_page_is_what_the_generator_writes():
    assert PAGE.read_text("utf-8") == operations_page(), (
        "run: python -m hitl_sdk.local.coverage docs/operations.md"
    )


def test_the_generator_is_a_command(tmp_path):
    subprocess.run([sys.executable, "-m", "hitl_sdk.local.coverage", str(tmp_path / "page.md")], check=True)

    assert (tmp_path / "page.md").read_text("utf-8") == operations_page()


def test_the_engine_answers_no_operation_that_botocore_does_not_have():
    assert Engine.operations <= human_review_operations().keys()


def test_the_page_has_a_row_for_each_operation():
    rows = [line for line in operations_page().splitlines() if line.startswith("| `sagemaker")]

    assert len(rows) == len(human_review_operations())


@pytest.mark.parametrize("name", sorted(human_review_operations()))
def test_each_face_answers_what_the_page_says(face, name):
    operation = human_review_operations()[name]
    client = face.client(operation.service_model.service_name)
    method = next(method for method, known in client.meta.method_to_api_mapping.items() if known == name)
    try:
        getattr(client, method)(**sample(operation.input_shape))
        code = "none"
    except ClientError as error:
        code = error.response["Error"]["Code"]

    assert (code == "UnknownOperationException") == (name not in Engine.operations)
