"""The one life cycle of everything that is provisioned.

A builder is the wanted state of one AWS resource. Its class says how to read, create, compare, update
and delete such a resource; what plan, ensure, wait and delete mean is said here, once.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._model import Model, shortened
from hitl_sdk._waiting import wait_until
from hitl_sdk.errors import DriftError, HitlError, InvalidResourceError, NotFoundError, ResourceFailedError
from hitl_sdk.resources.plan import Action, Change, Plan
from hitl_sdk.resources.types import UserPoolId
from hitl_sdk.session import Session

__all__ = ["Difference", "IamActions", "InUserPool", "Resource", "State"]

UNKNOWN_ID = "unknown_0"
"""Stands for an id that AWS has yet to give, in a plan for children of what does not exist yet."""

DEFAULT_TIMEOUT = 900.0
_READY = ("Active", "ACTIVE")
_FAILED = ("Failed", "FAILED")
_LEAVING = ("Deleting", "DELETING")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What AWS says a resource is like.

    Attributes
    ----------
    name : str
        Its name at AWS.
    status : str
        ``"Active"`` where AWS knows no status for the kind.
    failure_reason : str or None
        The service's reason, when the status is a failure.

    Examples
    --------
    >>> State(name="people", status="Initializing")
    State(status='Initializing', failure_reason=None)
    """

    name: str = field(repr=False)
    status: str = "Active"
    failure_reason: str | None = None


S = TypeVar("S", bound=State)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which what exists is not what is wanted.

    Examples
    --------
    >>> str(Difference("task_count", 1, 3))
    'task_count is 1, wanted 3'
    """

    field: str
    found: object
    wanted: object

    def __str__(self) -> str:
        """Return the phrase that plans and errors use."""
        return f"{self.field} is {shortened(self.found)}, wanted {shortened(self.wanted)}"


@dataclass(frozen=True, slots=True)
class IamActions:
    """The IAM actions of a kind of resource, by what is done to it."""

    read: tuple[str, ...]
    create: tuple[str, ...]
    delete: tuple[str, ...]
    update: tuple[str, ...] = ()


class Resource(Model, Generic[S]):
    """The wanted state of one AWS resource.

    Every kind has the same verbs: `plan`, `ensure`, `update`, `describe`, `wait`, `delete`.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> pool = hitl.UserPool(name="crew")
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     session = cloud.session()
    ...     print(pool.plan(session))
    ...     state = pool.ensure(session)
    ...     print(pool.plan(session))
    ...     pool.delete(session)
    + user pool 'crew'
    = user pool 'crew'
    True
    """

    kind: ClassVar[str]
    named_by: ClassVar[str] = "name"
    iam: ClassVar[IamActions]
    updatable: ClassVar[frozenset[str]] = frozenset()
    cure: ClassVar[str] = "choose another name, or delete the one that exists"

    # What a kind of resource says about itself.

    @abstractmethod
    def _read(self, session: Session) -> S | None:
        """Return what exists; None, or AWS's own "not found", when there is nothing."""

    @abstractmethod
    def _create(self, session: Session) -> None:
        """Make it, by one call that changes something. What comes on top is `_update`'s."""

    @abstractmethod
    def _delete(self, session: Session, state: S) -> None:
        """Delete what exists."""

    def _differences(self, state: S) -> tuple[Difference, ...]:  # noqa: ARG002  nothing to compare by default
        """Return the fields in which what exists is not what is wanted."""
        return ()

    def _update(self, session: Session, state: S) -> None:
        """Bring the `updatable` fields of what exists in line."""

    def _check(self, session: Session) -> None:
        """Refuse a session in whose Region or account this can't be."""

    def _shown_name(self) -> str:
        return str(getattr(self, self.named_by))

    # What the verbs mean, for every kind.

    @property
    def label(self) -> str:
        """The resource in words, for messages: ``"work team 'crew'"``."""
        return f"{self.kind} '{self._shown_name()}'"

    def find(self, session: Session) -> S | None:
        """Return what exists, or None.

        Parameters
        ----------
        session : Session
            Where to look.

        Raises
        ------
        ServiceError
            If AWS refuses to tell.
        """
        try:
            with translated_errors(self.label):
                return self._read(session)
        except NotFoundError:
            return None

    def plan(self, session: Session) -> Plan:
        """Work out what `ensure` would do. Makes only read calls.

        Parameters
        ----------
        session : Session
            Where it would be done.

        Returns
        -------
        Plan
            One change. Printable; `plan.iam_actions` lists what the caller must be allowed.

        Raises
        ------
        InvalidInputError
            If the session's Region or account does not fit the wanted state.
        """
        if UNKNOWN_ID in vars(self).values():
            return Plan((self._change("create"),))
        self._check(session)
        state = self.find(session)
        if state is None or state.status in _LEAVING:
            return Plan((self._change("create"),))
        differences = self._differences(state)
        if not differences:
            return Plan((self._change("keep"),))
        fixable = all(difference.field in self.updatable for difference in differences)
        return Plan((self._change("update" if fixable else "replace", differences),))

    def ensure(self, session: Session, *, timeout: float = DEFAULT_TIMEOUT) -> S:
        """Make it so: create what is missing, update what differs, and wait until it can be used.

        Safe to run again, after success or after a crash at any point: what exists is adopted.

        Parameters
        ----------
        session : Session
            Where to do it.
        timeout : float, default 900
            Seconds to wait for the resource to become usable.

        Returns
        -------
        State
            What exists now.

        Raises
        ------
        DriftError
            If what exists differs in something that AWS can't change.
        ResourceFailedError
            If the resource ends in a failed state.
        WaitTimeoutError
            If it is not usable in time.
        ServiceError
            If AWS refuses a call.
        """
        self._check(session)
        state = self.find(session)
        if state is not None and state.status in _LEAVING:
            state = self._after_leaving(session, timeout)
        if state is None:
            state = self._created(session, timeout)
        return self._brought_in_line(session, state, timeout)

    def update(self, session: Session, *, timeout: float = DEFAULT_TIMEOUT) -> S:
        """Bring what exists in line, where AWS can change it; make nothing.

        Parameters
        ----------
        session : Session
            Where it is.
        timeout : float, default 900
            Seconds to wait until the change has taken effect.

        Returns
        -------
        State
            What exists now.

        Raises
        ------
        NotFoundError
            If there is nothing to update.
        DriftError
            If what exists differs in something that AWS can't change.
        WaitTimeoutError
            If the change has not taken effect in time.
        """
        self._check(session)
        return self._brought_in_line(session, self.describe(session), timeout)

    def describe(self, session: Session) -> S:
        """Return what exists.

        Parameters
        ----------
        session : Session
            Where to look.

        Raises
        ------
        NotFoundError
            If there is nothing.
        """
        state = self.find(session)
        if state is None:
            raise NotFoundError(
                f"{self.label} does not exist in {session.region_name}",
                hint="ensure() makes it",
                resource=self.label,
            )
        return state

    def wait(
        self,
        session: Session,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        on_progress: Callable[[S], None] | None = None,
    ) -> S:
        """Wait until it can be used.

        Parameters
        ----------
        session : Session
            Where it is.
        timeout : float, default 900
            Seconds until `WaitTimeoutError`.
        on_progress : callable, optional
            Called with every state that is seen.

        Raises
        ------
        ResourceFailedError
            If it ends in a failed state; the message carries the service's reason.
        NotFoundError
            If it does not exist.
        WaitTimeoutError
            If the deadline passes first.
        """
        state = wait_until(
            lambda: self.describe(session),
            lambda state: state.status in _READY + _FAILED,
            timeout=timeout,
            what=f"{self.label} to be Active",
            on_progress=on_progress,
        )
        if state.status in _FAILED:
            raise ResourceFailedError(
                f"{self.label} failed: {state.failure_reason or 'no reason was given'}",
                hint="delete it, cure the reason, and run again",
                resource=self.label,
            )
        return state

    def delete(self, session: Session, *, timeout: float = DEFAULT_TIMEOUT) -> bool:
        """Delete it, and wait until it is gone.

        Parameters
        ----------
        session : Session
            Where it is.
        timeout : float, default 900
            Seconds to wait until it is gone.

        Returns
        -------
        bool
            True if something was deleted, False if there was nothing.

        Raises
        ------
        ServiceError
            If AWS refuses, for example because something still depends on it.
        """
        state = self.find(session)
        if state is None or not self._is_this(state):
            return False
        if state.status not in _LEAVING:
            self._gone(session, state)
        wait_until(
            lambda: self._still_there(session),
            lambda there: not there,
            timeout=timeout,
            what=f"{self.label} to be gone",
        )
        return True

    def _gone(self, session: Session, state: S) -> None:
        try:
            with translated_errors(self.label):
                self._delete(session, state)
        except NotFoundError:
            # The answer to a first call can be lost: then a retry of botocore's finds nothing.
            if self._still_there(session):
                raise

    def _is_this(self, state: S) -> bool:
        """Tell whether what was found is the resource itself, not one that is adopted in its place."""
        return bool(state.name == getattr(self, self.named_by))

    def _created(self, session: Session, timeout: float) -> S:
        try:
            with translated_errors(self.label):
                self._create(session)
        except HitlError:
            # The call may have reached AWS all the same: its answer can be lost, and somebody else,
            # or a retry of botocore's, can have been faster. Only if there is nothing did it fail.
            state = self.find(session)
            if state is None:
                raise
            return state
        found = wait_until(
            lambda: self.find(session),
            lambda state: state is not None,
            timeout=timeout,
            what=f"{self.label} to appear",
        )
        return found or self.describe(session)

    def _brought_in_line(self, session: Session, state: S, timeout: float) -> S:
        """Update what differs, and return what can be used."""
        differences = self._differences(state)
        fixed = [difference for difference in differences if difference.field not in self.updatable]
        if fixed:
            raise DriftError(
                f"{self.label} exists and can't be changed: {'; '.join(map(str, fixed))}",
                hint=self.cure,
                resource=self.label,
            )
        if state.status not in _READY:  # AWS refuses changes to what is still being made
            state = self.wait(session, timeout=timeout)
        if not differences:
            return state
        with translated_errors(self.label):
            self._update(session, state)
        return self.wait(session, timeout=timeout)

    def _after_leaving(self, session: Session, timeout: float) -> S | None:
        return wait_until(
            lambda: self.find(session),
            lambda state: state is None or state.status not in _LEAVING,
            timeout=timeout,
            what=f"{self.label}, which is being deleted, to be gone",
        )

    def _still_there(self, session: Session) -> bool:
        state = self.find(session)
        return state is not None and self._is_this(state)

    def _change(self, action: Action, differences: tuple[Difference, ...] = ()) -> Change:
        needed = {
            "create": self.iam.create + self.iam.update,
            "update": self.iam.update,
        }.get(action, ())
        return Change(
            action=action,
            kind=self.kind,
            name=self._shown_name(),
            differences=tuple(map(str, differences)),
            iam_actions=self.iam.read + needed,
        )


class InUserPool(Resource[S], Generic[S]):
    """A resource that lives in, or on, a Cognito user pool, and so in the pool's Region."""

    user_pool_id: UserPoolId

    def _check(self, session: Session) -> None:
        region = self.user_pool_id.rpartition("_")[0]
        if region != session.region_name:
            raise InvalidResourceError(
                f"{self.label}: user pool {self.user_pool_id} lies in Region {region}, "
                f"the session is in {session.region_name}",
                hint=f"use a pool of {session.region_name}, or a session of {region}",
                resource=self.label,
            )
