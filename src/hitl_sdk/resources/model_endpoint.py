"""A model artifact as a SageMaker endpoint: model, configuration and endpoint in one piece, torn down as one."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from hitl_sdk._model import Model
from hitl_sdk._s3_uri import split_uri
from hitl_sdk.errors import DriftError, HitlError
from hitl_sdk.resources._endpoint_parts import (
    DEPLOYMENT_TIMEOUT,
    Configuration,
    Endpoint,
    InferenceModel,
    ModelEndpointState,
    torn_down,
)
from hitl_sdk.resources.base import Resource, State
from hitl_sdk.resources.plan import Plan
from hitl_sdk.resources.types import RoleArn, TagKey, TagValue, TextRule
from hitl_sdk.session import Session

__all__ = ["ModelEndpoint", "ModelEndpointState"]

_NAME = TextRule(
    "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", 63, "letters, digits and hyphens, none of them at an end"
)
_IMAGE = TextRule(r"[\S]+", 255, "the address of an image in a registry")
_VARIABLE = TextRule("[a-zA-Z_][a-zA-Z0-9_]*", 1024, "letters, digits and underscores, no digit first")
_VARIANT = "AllTraffic"
_DIGEST = 5
"""Bytes in the names of model and configuration, two letters each."""


def _of_an_artifact(uri: str) -> str:
    split_uri(uri)
    return uri


class ModelEndpoint(Model):
    """A model artifact that answers InvokeEndpoint, with the model and the configuration that it stands on.

    Model and configuration are named after the endpoint and what is in them, so that a second run finds what the first
    one made. An endpoint of this name with another configuration is refused, never changed.

    Parameters
    ----------
    name : str
        The endpoint: 1 to 63 letters, digits and hyphens.
    image_uri : str
        The container that serves the model, in a registry that the role may read.
    role_arn : str
        What SageMaker runs it as; it reads the artifact and the image.
    model_data : str, optional
        The artifact, ``s3://BUCKET/KEY`` of a ``.tar.gz``; left out where the image holds the model.
    environment : Mapping of str to str, optional
        Variables of the container; they are not shown.
    instance_type : str, optional
        What it runs on, such as ``"ml.m5.large"``.
    instance_count : int, default 1
        How many of them.
    serverless_memory : int, optional
        In place of an instance type: MB of a serverless endpoint, 1024 to 6144 in steps of 1024.
    serverless_concurrency : int, default 5
        Calls at a time that a serverless endpoint answers.
    tags : Mapping of str to str, optional
        Of all three.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     endpoint = ModelEndpoint(
    ...         name="mood",
    ...         image_uri="123456789012.dkr.ecr.us-east-1.amazonaws.com/mood:1",
    ...         model_data="s3://models/mood.tar.gz",
    ...         role_arn=cloud.role_arn,
    ...         instance_type="ml.m5.large",
    ...     )
    ...     with endpoint.deployed(cloud.session()) as state:
    ...         state.name, state.status
    ...     endpoint.find(cloud.session()) is None
    ('mood', 'Active')
    True
    """

    name: Annotated[str, AfterValidator(_NAME)]
    image_uri: Annotated[str, AfterValidator(_IMAGE)]
    role_arn: RoleArn
    model_data: Annotated[str, AfterValidator(_of_an_artifact)] | None = None
    environment: Mapping[
        Annotated[str, AfterValidator(_VARIABLE)], Annotated[str, Field(max_length=1024)]
    ] = Field(default_factory=dict, max_length=100, repr=False)
    instance_type: Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")] | None = None
    instance_count: Annotated[int, Field(ge=1)] = 1
    serverless_memory: Literal[1024, 2048, 3072, 4096, 5120, 6144] | None = None
    serverless_concurrency: Annotated[int, Field(ge=1, le=200)] = 5
    tags: Mapping[TagKey, TagValue] = Field(default_factory=dict, max_length=50)

    @model_validator(mode="after")
    def _one_way_to_run(self) -> Self:
        if (self.instance_type is None) == (self.serverless_memory is None):
            raise ValueError("give instance_type, or serverless_memory: one of them")
        return self

    def plan(self, session: Session) -> Plan:
        """Work out what `ensure` would do. Makes only read calls.

        Parameters
        ----------
        session : Session
            Where it would be done.

        Returns
        -------
        Plan
            One change for each of the three, in order.
        """
        return Plan.joined(part.plan(session) for part in self._parts())

    def ensure(self, session: Session, *, timeout: float = DEPLOYMENT_TIMEOUT) -> ModelEndpointState:
        """Make it so, and wait until it answers. Safe to run again, after a crash at any point too.

        The endpoint costs money until `delete`; `deployed` sees to that by itself.

        Parameters
        ----------
        session : Session
            Where to do it.
        timeout : float, default 1800
            Seconds to wait for the endpoint.

        Raises
        ------
        DriftError
            If there is an endpoint of this name with another configuration.
        ResourceFailedError
            If it fails, with SageMaker's reason. It stays, for its logs, until it is deleted.
        WaitTimeoutError
            If it does not answer in time.
        ServiceError
            If AWS refuses a call, such as for a quota of instances (`QuotaExceededError`).
        """
        self._refuse_another(session)
        model, configuration, endpoint = self._parts()
        model.ensure(session)
        configuration.ensure(session)
        return endpoint.ensure(session, timeout=timeout)

    def find(self, session: Session) -> ModelEndpointState | None:
        """Return the endpoint as it is, or None.

        Parameters
        ----------
        session : Session
            Where to look.
        """
        return self._endpoint().find(session)

    def describe(self, session: Session) -> ModelEndpointState:
        """Return the endpoint as it is.

        Parameters
        ----------
        session : Session
            Where to look.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        return self._endpoint().describe(session)

    def wait(
        self,
        session: Session,
        *,
        timeout: float = DEPLOYMENT_TIMEOUT,
        on_progress: Callable[[ModelEndpointState], None] | None = None,
    ) -> ModelEndpointState:
        """Wait until it answers.

        Parameters
        ----------
        session : Session
            Where it is.
        timeout : float, default 1800
            Seconds until `WaitTimeoutError`.
        on_progress : callable, optional
            Called with every state that is seen.

        Raises
        ------
        ResourceFailedError
            If it fails.
        WaitTimeoutError
            If the deadline passes first.
        """
        return self._endpoint().wait(session, timeout=timeout, on_progress=on_progress)

    def delete(self, session: Session, *, timeout: float = DEPLOYMENT_TIMEOUT) -> bool:
        """Delete endpoint, configuration and model, and wait until they are gone.

        Each is tried, whatever becomes of the others. An endpoint that is still being made is waited for.

        Parameters
        ----------
        session : Session
            Where they are.
        timeout : float, default 1800
            Seconds to wait for each.

        Returns
        -------
        bool
            True if something was deleted.

        Raises
        ------
        ServiceError
            If AWS refuses. What is left then is said by ``describe``, and costs money if it is the endpoint.
        """
        failures: list[HitlError] = []
        parts: Sequence[Resource[Any]] = self._parts()
        try:
            parts = [*self._left_by_another(session), *parts]
        except HitlError as error:
            failures.append(error)
        return _all_deleted(session, parts, timeout, failures)

    @contextmanager
    def deployed(
        self, session: Session, *, timeout: float = DEPLOYMENT_TIMEOUT
    ) -> Iterator[ModelEndpointState]:
        """Run it for the time of a block: make it, wait until it answers, and delete all of it at the end.

        It is deleted also if it fails, if making it breaks off half-way, and if the block raises or is interrupted. What
        was there before, made of the same, goes too: a killed run may have left it. So two at a time need two names.

        Parameters
        ----------
        session : Session
            Where to do it.
        timeout : float, default 1800
            Seconds to wait for the endpoint.

        Yields
        ------
        ModelEndpointState

        Raises
        ------
        DriftError
            If there is an endpoint of this name with another configuration. It is left alone.
        HitlError
            What `ensure` and `delete` raise.
        """
        left = self._refuse_another(session)
        parts: Sequence[Resource[Any]] = self._parts()
        with torn_down(lambda: _all_deleted(session, parts, DEPLOYMENT_TIMEOUT, []), self._endpoint().label):
            if left is not None and left.status == "Failed":
                self._endpoint().delete(session)  # a killed run's, whose failure says nothing of this one
            try:
                state = self.ensure(session, timeout=timeout)
            except DriftError:
                parts = parts[:-1]  # somebody else has made an endpoint of this name meanwhile, and keeps it
                raise
            yield state

    def _refuse_another(self, session: Session) -> ModelEndpointState | None:
        """Refuse an endpoint of another make, before anything is made beside it; return one of this make."""
        endpoint = self._endpoint()
        state = endpoint.find(session)
        if state is None or state.status == "Deleting":
            return None
        if differences := endpoint._differences(state):
            raise DriftError(
                f"{endpoint.label} exists and stands on another configuration: {differences[0]}",
                hint="choose another name, or delete the one that exists",
                resource=endpoint.label,
            )
        return state

    # The parts, in the order in which they are made.

    def _parts(self) -> tuple[InferenceModel, Configuration, Endpoint]:
        return (
            InferenceModel(
                name=self._derived_name, container=self._container, role_arn=self.role_arn, tags=self.tags
            ),
            Configuration(name=self._derived_name, variant=self._variant, tags=self.tags),
            self._endpoint(),
        )

    def _endpoint(self) -> Endpoint:
        return Endpoint(name=self.name, configuration=self._derived_name, tags=self.tags)

    def _left_by_another(self, session: Session) -> list[Resource[State]]:
        """Return what an endpoint of this name, made by this package of something else, stands on."""
        state = self.find(session)
        name = "" if state is None else state.configuration
        if name == self._derived_name or not re.fullmatch(f"{self._stem}-[0-9a-f]{{{2 * _DIGEST}}}", name):
            return []
        return [
            InferenceModel(name=name, container={}, role_arn=self.role_arn, tags={}),
            Configuration(name=name, variant={}, tags={}),
        ]

    @property
    def _stem(self) -> str:
        return self.name[:52].rstrip("-")

    @property
    def _derived_name(self) -> str:
        """The name of model and configuration: the endpoint's, as far as there is room, and a digest of all of it."""
        made_of = json.dumps(
            [self.name, self._container, self.role_arn, self._variant_settings], sort_keys=True
        )
        return f"{self._stem}-{hashlib.blake2b(made_of.encode(), digest_size=_DIGEST).hexdigest()}"

    @property
    def _container(self) -> dict[str, Any]:
        artifact = {} if self.model_data is None else {"ModelDataUrl": self.model_data}
        return {"Image": self.image_uri, **artifact, "Environment": dict(self.environment)}

    @property
    def _variant(self) -> dict[str, Any]:
        return {"VariantName": _VARIANT, "ModelName": self._derived_name, **self._variant_settings}

    @property
    def _variant_settings(self) -> dict[str, Any]:
        if self.serverless_memory is not None:
            serverless = {
                "MemorySizeInMB": self.serverless_memory,
                "MaxConcurrency": self.serverless_concurrency,
            }
            return {"ServerlessConfig": serverless}
        return {
            "InstanceType": self.instance_type,
            "InitialInstanceCount": self.instance_count,
            "InitialVariantWeight": 1,
        }


def _all_deleted(
    session: Session, parts: Sequence[Resource[Any]], timeout: float, failures: list[HitlError]
) -> bool:
    """Delete parts, the last one first, each whatever becomes of the others; tell whether there were any."""
    deleted = False
    for part in reversed(parts):
        try:
            deleted |= part.delete(session, timeout=timeout)
        except HitlError as error:
            failures.append(error)
    if failures:
        for other in failures[1:]:
            failures[0].add_note(str(other))
        raise failures[0]
    return deleted
