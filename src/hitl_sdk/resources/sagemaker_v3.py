"""A model of the ``sagemaker`` package, version 3, as an endpoint for the time of a block (extra ``sagemaker``)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._optional import load
from hitl_sdk.errors import ConfigurationError, ConflictError, InvalidInputError, RejectedError
from hitl_sdk.resources._endpoint_parts import DEPLOYMENT_TIMEOUT, Configuration, Endpoint, torn_down

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitl_sdk.session import Session

__all__ = ["SageMakerEndpoint", "deployed_by_sagemaker"]

_Part: TypeAlias = Endpoint | Configuration


class SageMakerEndpoint(Protocol):
    """What this package knows of a ``sagemaker.core.resources.Endpoint``, which has far more.

    Attributes
    ----------
    endpoint_name : str
        Its name.
    endpoint_status : str
        ``"InService"``, when it answers.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> endpoint: SageMakerEndpoint = SimpleNamespace(endpoint_name="mood", endpoint_status="InService")
    """

    endpoint_name: str
    endpoint_status: str


@contextmanager
def deployed_by_sagemaker(
    session: Session,
    model: object,
    *,
    name: str | None = None,
    instance_type: str | None = None,
    instance_count: int = 1,
    timeout: float = DEPLOYMENT_TIMEOUT,
) -> Iterator[SageMakerEndpoint]:
    """Run a model of ``sagemaker`` 3 as an endpoint for the time of a block.

    Configuration and endpoint are made by ``sagemaker``, waited for with a deadline, and deleted at the end of the block:
    also if the endpoint fails, or the block raises or is interrupted. The model stays.

    Parameters
    ----------
    session : Session
        Where to do it.
    model : Model or Endpoint
        A ``sagemaker.core.resources.Model``; or an ``Endpoint``, as ``ModelBuilder.deploy`` gives it, which is waited
        for, and deleted with its configuration, in the same way.
    name : str, optional
        The endpoint's name; the model's, when left out.
    instance_type : str, optional
        What a model runs on, such as ``"ml.m5.large"``; it must be said for one.
    instance_count : int, default 1
        How many of them.
    timeout : float, default 1800
        Seconds to wait for the endpoint.

    Yields
    ------
    Endpoint
        A ``sagemaker.core.resources.Endpoint``, which `routing.from_predictor` takes.

    Raises
    ------
    MissingExtraError
        If ``sagemaker`` is not installed.
    InvalidInputError
        If `model` is neither, or has no `instance_type`.
    ConfigurationError
        If `session` has an `endpoint_url`, which ``sagemaker`` would not know of.
    ConflictError, RejectedError
        If there is an endpoint or an endpoint configuration of this name already, or somebody makes it meanwhile. It is
        left alone.
    NotFoundError
        If there is no such `Endpoint`, or no such `Model`.
    ResourceFailedError
        If the endpoint fails, with SageMaker's reason.
    WaitTimeoutError
        If it does not answer in time.

    Examples
    --------
    >>> from hitl_sdk import Session
    >>> with deployed_by_sagemaker(Session(region_name="eu-west-1"), "mood"):
    ...     pass
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidInputError: a str is neither a Model nor an Endpoint of sagemaker 3 (...)
    """
    _check(session, model, instance_type)
    given: Any = model
    existing: Any = model if hasattr(model, "endpoint_name") else None
    if existing is None:
        chosen = name or given.model_name
        endpoint = Endpoint(name=chosen, configuration=chosen, tags={})
    else:
        endpoint = Endpoint(name=existing.endpoint_name, configuration="", tags={})
        made_of = endpoint.describe(session).configuration  # the object may not know it yet
        endpoint = Endpoint(name=existing.endpoint_name, configuration=made_of, tags={})
    parts: list[_Part] = [
        endpoint,
        Configuration(name=endpoint.configuration, variant={}, tags={}),
    ]
    if existing is None:
        _refuse_what_exists(session, parts)

    def tear_down() -> None:
        for part in parts:
            part.delete(session)

    with torn_down(tear_down, endpoint.label):
        if existing is None:
            variant = {
                "variant_name": "AllTraffic",
                "model_name": given.model_name,
                "instance_type": instance_type,
                "initial_instance_count": instance_count,
                "initial_variant_weight": 1,
            }
            existing = _made(session, endpoint, variant, parts)
        endpoint.wait(session, timeout=timeout)
        with translated_errors(endpoint.label):
            existing.refresh()
        yield existing


def _check(session: Session, model: object, instance_type: str | None) -> None:
    names = (getattr(model, "model_name", None), getattr(model, "endpoint_name", None))
    if not any(isinstance(name, str) for name in names):
        raise InvalidInputError(
            f"a {type(model).__name__} is neither a Model nor an Endpoint of sagemaker 3",
            hint="give one of sagemaker.core.resources, or describe it by hitl_sdk.ModelEndpoint",
        )
    if not hasattr(model, "endpoint_name") and instance_type is None:
        raise InvalidInputError("instance_type is missing", hint='say what it runs on, such as "ml.m5.large"')
    if session.endpoint_url is not None:
        raise ConfigurationError(
            "sagemaker does not know this session's endpoint_url, and would call AWS",
            hint="set AWS_ENDPOINT_URL in place of it",
        )


def _refuse_what_exists(session: Session, parts: list[_Part]) -> None:
    """Refuse names that are taken: at the end of the block what stands under them is deleted."""
    for part in parts:
        if part.find(session) is not None:
            raise ConflictError(
                f"{part.label} exists already", hint="give another name, or delete it", resource=part.label
            )


def _made(session: Session, endpoint: Endpoint, variant: dict[str, Any], parts: list[_Part]) -> Any:
    """Make configuration and endpoint through ``sagemaker``, and return its object of the endpoint.

    What somebody else has made meanwhile under one of the names is taken out of `parts`, which are deleted at the end.
    """
    needed_for = "deploying by sagemaker"
    resources: Any = load("sagemaker.core.resources", extra="sagemaker", needed_for=needed_for)
    shapes: Any = load("sagemaker.core.shapes", extra="sagemaker", needed_for=needed_for)
    where = {"session": session.boto3_session, "region": session.region_name}
    try:
        with translated_errors(endpoint.label):
            resources.EndpointConfig.create(
                endpoint_config_name=endpoint.configuration,
                production_variants=[shapes.ProductionVariant(**variant)],
                **where,
            )
    except RejectedError:
        parts.clear()
        raise
    try:
        with translated_errors(endpoint.label):
            return resources.Endpoint.create(
                endpoint_name=endpoint.name, endpoint_config_name=endpoint.configuration, **where
            )
    except RejectedError:
        state = endpoint.find(session)
        if state is not None and state.configuration != endpoint.configuration:
            parts.remove(endpoint)
        raise
