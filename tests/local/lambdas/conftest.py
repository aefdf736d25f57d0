"""Functions deployed in moto by plain boto3, from modules given as text."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from hitl_sdk.local.lambdas import Lambdas
from hitl_sdk.local.moto_services import MotoServices, scope_in
from hitl_sdk.testing import mock_hitl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitl_sdk.testing import Cloud

REGION = "eu-west-1"


class Deployment:
    """A cloud, a runner of its functions, and plain boto3, which the cloud's own runner answers."""

    def __init__(self, cloud: Cloud, lambdas: Lambdas) -> None:
        self.cloud = cloud
        self.lambdas = lambdas
        self.client = boto3.client("lambda")

    def deploy(self, name: str, main: str, *, environment=None, timeout: int = 3, **modules: str) -> str:
        """Deploy ``main.handler``, and return its ARN."""
        made = self.client.create_function(
            FunctionName=name,
            Runtime="python3.14",
            Role=self.cloud.role_arn,
            Handler="main.handler",
            Code={"ZipFile": self.zipped(main=main, **modules)},
            Timeout=timeout,
            Environment={"Variables": environment or {}},
        )
        return made["FunctionArn"]

    def zipped(self, **files: str) -> bytes:
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as packed:
            for name, text in files.items():
                packed.writestr(f"{name}.py", text)
        return written.getvalue()

    def invoke(self, arn: str, event: Any = None) -> Any:
        return self.lambdas.invoke(scope_in(REGION), arn, event)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_hitl(region=REGION) as cloud:
        yield cloud


@pytest.fixture
def deployment(cloud) -> Iterator[Deployment]:
    lambdas = Lambdas(MotoServices())
    yield Deployment(cloud, lambdas)
    lambdas.close()
