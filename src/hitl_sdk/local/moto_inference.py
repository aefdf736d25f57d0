"""Lets moto describe models and endpoints as AWS does: what was not given is left out."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from moto.core.responses import ActionResult
from moto.sagemaker.responses import SageMakerResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["inference_described_as_by_aws"]

_DESCRIBING = ("describe_model", "describe_endpoint_config", "describe_endpoint")


@contextmanager
def inference_described_as_by_aws() -> Iterator[None]:
    """Leave empty structures out of moto's descriptions, inside the block.

    moto has ``"VpcConfig": {}`` where there is none; ``sagemaker`` 3 refuses that, for it has members that must be there.

    Examples
    --------
    >>> import boto3
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl() as cloud:  # which does it
    ...     sagemaker = boto3.client("sagemaker")
    ...     made = sagemaker.create_model(ModelName="mood", ExecutionRoleArn=cloud.role_arn)
    ...     "VpcConfig" in sagemaker.describe_model(ModelName="mood")
    False
    """
    with ExitStack() as stack:
        for name in _DESCRIBING:
            described = _without_empty(getattr(SageMakerResponse, name))
            stack.enter_context(patch.object(SageMakerResponse, name, described))
        yield


def _without_empty(describe: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    @wraps(describe)
    def described(response: Any) -> ActionResult:
        whole: Any = describe(response).result
        return ActionResult({name: value for name, value in whole.items() if value != {}})

    return described
