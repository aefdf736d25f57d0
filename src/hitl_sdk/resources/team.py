"""A private team in one piece: the sign-in, the people, the Region's workforce, and the work team."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._model import Model, masked
from hitl_sdk.errors import ConflictError, DriftError
from hitl_sdk.resources.base import DEFAULT_TIMEOUT, UNKNOWN_ID, Resource
from hitl_sdk.resources.plan import Plan
from hitl_sdk.resources.types import Cidrs, Description, DomainPrefix, Email, UserName, WorkteamName
from hitl_sdk.resources.user import User, UserState
from hitl_sdk.resources.user_group import UserGroup
from hitl_sdk.resources.user_pool import UserPool, UserPoolState
from hitl_sdk.resources.user_pool_client import UserPoolClient
from hitl_sdk.resources.user_pool_domain import UserPoolDomain
from hitl_sdk.resources.workforce import Workforce, WorkforceState, find_workforce
from hitl_sdk.resources.workteam import Workteam, WorkteamState
from hitl_sdk.session import Session

__all__ = ["Member", "PrivateTeam", "TeamState"]

_MADE_FOR = "hitl-sdk:team"
"""The tag that marks a user pool as made by this package, and for which team."""

_TURNS: dict[str, Lock] = {}
"""One lock a Region: Cognito takes several pools and clients of one name, so two threads would make two."""


class Member(Model):
    """One person of a private team.

    Parameters
    ----------
    email : str
        Where the invitation goes. Shown only masked.
    username : str, optional
        What the person signs in with; the address when left out.

    Examples
    --------
    >>> Member(email="ana@example.com")
    Member(a***@example.com)
    """

    email: Email = Field(repr=False)
    # .get(): before 2.12, pydantic asks for the default even where the other field was refused
    username: UserName = Field(default_factory=lambda fields: fields.get("email", ""), repr=False)

    def __repr__(self) -> str:
        """Show the person masked."""
        return f"Member({masked(self.username)})"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class TeamState:
    """A private team as it is.

    Attributes
    ----------
    workteam_arn : str
        What a flow definition takes.
    portal_url : str or None
        Where the people sign in and work.
    name, group : str
        The work team's name, and its group in the user pool.
    user_pool_id, client_id : str
        Where the people sign in.
    workforce_name : str
        The Region's workforce, which may be shared with other teams.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     hitl.PrivateTeam(name="crew").ensure(cloud.session()).workteam_arn
    'arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/crew'
    """

    workteam_arn: str
    portal_url: str | None
    name: str
    group: str
    user_pool_id: str
    client_id: str
    workforce_name: str


class PrivateTeam(Model):
    """A work team of people you invite, with everything that it stands on.

    `ensure` makes, in this order, what is missing: user pool, sign-in domain, client with secret, the
    Region's workforce, group, accounts, work team. AWS allows one workforce to a Region and account: when
    there is one already, it is adopted, and the group and the accounts go into *its* user pool.

    People are only ever added: somebody who is no longer among `members` keeps the account and the group.

    Parameters
    ----------
    name : str
        1 to 63 letters, digits and hyphens: the name of the work team and, where they have to be made, of
        the pool, the client, the group and the workforce.
    members : sequence of Member, optional
        Who works in it.
    description : str, optional
        1 to 200 characters in one line.
    domain : str, optional
        The prefix of the sign-in address; derived from account, Region and name when left out.
    source_ip_cidrs : sequence of str, optional
        From where people may work. It holds for the whole workforce; left out, it stays as it is.
    suppress_invitations : bool, default False
        Make accounts without sending messages; `invite` sends them later.

    Examples
    --------
    >>> team = PrivateTeam(name="reviewers", members=[Member(email="ana@example.com")])
    >>> team.members
    (Member(a***@example.com),)
    """

    name: WorkteamName
    members: Annotated[Sequence[Member], AfterValidator(tuple)] = ()
    description: Description = Field(default_factory=lambda fields: f"Work team {fields.get('name')}")
    domain: DomainPrefix | None = None
    source_ip_cidrs: Cidrs | None = None
    suppress_invitations: bool = False

    @model_validator(mode="after")
    def _one_account_a_person(self) -> Self:
        seen: set[str] = set()
        for member in self.members:
            name = member.username.casefold()
            if name in seen:
                raise ValueError(f"{masked(member.username)} is there twice in members")
            seen.add(name)
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
            One change for each resource, in order; ``print(plan)`` shows one line each.

        Raises
        ------
        RegionNotSupportedError
            If there is no human review in the session's Region.
        """
        session.require_human_review()
        resources: list[Resource[Any]]
        workforce = find_workforce(session)
        if workforce is not None:
            pool_id, client_id = self._sign_in_of(workforce, session)
            resources = []
        else:
            pool = self._pool().find(session)
            pool_id = pool.id if pool else UNKNOWN_ID
            client = self._client(pool_id).find(session) if pool else None
            client_id = client.id if client else UNKNOWN_ID
            resources = [self._pool(), self._pool_domain(session, pool_id, pool), self._client(pool_id)]
        resources.append(self._workforce(pool_id, client_id, workforce))
        resources += [self._group(pool_id), *self._users(pool_id), self._workteam(pool_id, client_id)]
        return Plan.joined(resource.plan(session) for resource in resources)

    def ensure(self, session: Session, *, timeout: float = DEFAULT_TIMEOUT) -> TeamState:
        """Make it so, and wait until the team can be given work.

        Safe to run again, after success or after a crash at any point, and from several threads: they take turns.
        Several processes that make the same team for the first time can make several pools, which the next run
        refuses by name.

        Parameters
        ----------
        session : Session
            Where to do it.
        timeout : float, default 900
            Seconds to wait for any one resource.

        Raises
        ------
        DriftError
            If what exists differs in something that AWS can't change.
        ResourceFailedError
            If the workforce ends in a failed state.
        WaitTimeoutError
            If something is not usable in time.
        ServiceError
            If AWS refuses a call.
        """
        session.require_human_review()
        with _TURNS.setdefault(session.region_name, Lock()):
            return self._ensured(session, timeout)

    def _ensured(self, session: Session, timeout: float) -> TeamState:
        existing = find_workforce(session)
        if existing is not None:
            pool_id, client_id = self._sign_in_of(existing, session)
        else:
            pool = self._pool().ensure(session, timeout=timeout)
            pool_id = pool.id
            self._pool_domain(session, pool_id, pool).ensure(session, timeout=timeout)
            client_id = self._client(pool_id).ensure(session, timeout=timeout).id
        workforce = self._workforce(pool_id, client_id, existing).ensure(session, timeout=timeout)
        self._group(pool_id).ensure(session, timeout=timeout)
        for user in self._users(pool_id):
            user.ensure(session, timeout=timeout)
        workteam = self._workteam(pool_id, client_id).ensure(session, timeout=timeout)
        return self._state(workforce, workteam, session)

    def describe(self, session: Session) -> TeamState:
        """Return the team as it is.

        Parameters
        ----------
        session : Session
            Where to look.

        Raises
        ------
        NotFoundError
            If there is no workforce in the Region, or no work team of this name.
        """
        session.require_human_review()
        workforce = self._workforce(UNKNOWN_ID, UNKNOWN_ID, None).describe(session)
        pool_id, client_id = self._sign_in_of(workforce, session)
        return self._state(workforce, self._workteam(pool_id, client_id).describe(session), session)

    def wait(
        self,
        session: Session,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        on_progress: Callable[[WorkforceState], None] | None = None,
    ) -> TeamState:
        """Wait until the workforce that the team belongs to can be used.

        Parameters
        ----------
        session : Session
            Where it is.
        timeout : float, default 900
            Seconds until `WaitTimeoutError`.
        on_progress : callable, optional
            Called with every state of the workforce that is seen.

        Raises
        ------
        ResourceFailedError
            If the workforce ends in a failed state.
        NotFoundError
            If the team does not exist.
        WaitTimeoutError
            If the deadline passes first.
        """
        self._workforce(UNKNOWN_ID, UNKNOWN_ID, None).wait(session, timeout=timeout, on_progress=on_progress)
        return self.describe(session)

    def delete(self, session: Session, *, everything: bool = False, timeout: float = DEFAULT_TIMEOUT) -> bool:
        """Delete the work team and its group; with `everything`, also what was made for it.

        The workforce and the user pool may serve other teams, and the pool holds people's accounts.
        So they stay, unless `everything` is asked for; and even then they go only if this team's `ensure`
        made the pool (a tag tells) and no other work team is left.

        Parameters
        ----------
        session : Session
            Where it is.
        everything : bool, default False
            Delete the workforce, the client, the domain, and the pool with its accounts too.
        timeout : float, default 900
            Seconds to wait for any one resource to be gone.

        Returns
        -------
        bool
            True if something was deleted.

        Raises
        ------
        ConflictError
            With `everything`, if the workforce has other work teams. Nothing has been deleted then.
        ServiceError
            If AWS refuses, for example because a flow definition still uses the team.
        """
        session.require_human_review()
        workforce = find_workforce(session)
        pool = self._pool_made_for_it(session, workforce) if everything else None
        if pool is not None and workforce is not None:
            self._refuse_if_shared(session)
        pool_id = pool.id if pool is not None else workforce.user_pool_id if workforce is not None else None
        doomed: list[Resource[Any]] = [self._workteam(UNKNOWN_ID, UNKNOWN_ID)]
        if pool_id is not None:
            doomed.append(self._group(pool_id))
        if pool is not None:
            doomed += [
                self._workforce(pool.id, UNKNOWN_ID, workforce),
                self._client(pool.id),
                self._pool_domain(session, pool.id, pool),
                self._pool(),
            ]
        deleted = [resource.delete(session, timeout=timeout) for resource in doomed]
        return any(deleted)

    def invite(self, session: Session, email: str) -> UserState:
        """Bring one person in: account, group, and the invitation (again).

        Parameters
        ----------
        session : Session
            Where the team is.
        email : str
            A member's address, or that of somebody new.

        Returns
        -------
        UserState
            The person's account.

        Raises
        ------
        NotFoundError
            If the team does not exist yet.
        InvalidResourceError
            If `email` is not an address.
        ServiceError
            If AWS refuses a call.
        """
        known = {member.email.casefold(): member for member in self.members}
        member = known.get(email.casefold()) or Member(email=email)
        return self._user(self.describe(session).user_pool_id, member).invite(session)

    # The parts. Their names come from the team's, so that a second run finds what the first one made.

    def _pool(self) -> UserPool:
        return UserPool(name=self.name, tags={_MADE_FOR: self.name})

    def _client(self, pool_id: str) -> UserPoolClient:
        return UserPoolClient(name=self.name, user_pool_id=pool_id)

    def _pool_domain(self, session: Session, pool_id: str, pool: UserPoolState | None) -> UserPoolDomain:
        """Take the prefix that is asked for, else the one that the pool has, else one of our own."""
        place = f"{session.account_id}/{session.region_name}/{self.name}"
        derived = f"hitl-{hashlib.blake2b(place.encode(), digest_size=10).hexdigest()}"
        existing = pool.domain if pool is not None else None
        return UserPoolDomain(domain=self.domain or existing or derived, user_pool_id=pool_id)

    def _workforce(self, pool_id: str, client_id: str, existing: WorkforceState | None) -> Workforce:
        return Workforce(
            name=existing.name if existing is not None else self.name,
            user_pool_id=pool_id,
            client_id=client_id,
            source_ip_cidrs=self.source_ip_cidrs,
        )

    def _group(self, pool_id: str) -> UserGroup:
        return UserGroup(name=self.name, user_pool_id=pool_id)

    def _users(self, pool_id: str) -> list[User]:
        return [self._user(pool_id, member) for member in self.members]

    def _user(self, pool_id: str, member: Member) -> User:
        return User(
            username=member.username,
            user_pool_id=pool_id,
            email=member.email,
            group=self.name,
            suppress_invitation=self.suppress_invitations,
        )

    def _workteam(self, pool_id: str, client_id: str) -> Workteam:
        return Workteam(
            name=self.name,
            user_pool_id=pool_id,
            client_id=client_id,
            group=self.name,
            description=self.description,
        )

    def _sign_in_of(self, workforce: WorkforceState, session: Session) -> tuple[str, str]:
        if workforce.user_pool_id is None or workforce.client_id is None:
            raise DriftError(
                f"the workforce of {session.region_name}, '{workforce.name}', signs in at an identity provider "
                "of its own (OIDC), and a private team's people sign in at a Cognito user pool",
                hint="make the Workteam for its groups yourself, or use another Region",
                resource=workforce.arn,
            )
        return workforce.user_pool_id, workforce.client_id

    def _pool_made_for_it(self, session: Session, workforce: WorkforceState | None) -> UserPoolState | None:
        """Return the pool that this team's `ensure` made, unless the workforce signs in elsewhere."""
        pool = self._pool().find(session)
        if pool is None or pool.tags.get(_MADE_FOR) != self.name:
            return None
        return pool if workforce is None or workforce.user_pool_id == pool.id else None

    def _refuse_if_shared(self, session: Session) -> None:
        with translated_errors("the work teams"):
            pages = session.client("sagemaker").get_paginator("list_workteams").paginate()
            others = [
                team["WorkteamName"]
                for page in pages
                for team in page["Workteams"]
                if team["WorkteamName"] != self.name
            ]
        if others:
            raise ConflictError(
                f"the workforce of team '{self.name}' has other work teams: {', '.join(sorted(others))}",
                hint="delete them first, or delete this team without everything=True",
                resource=self.name,
            )

    def _state(self, workforce: WorkforceState, workteam: WorkteamState, session: Session) -> TeamState:
        pool_id, client_id = self._sign_in_of(workforce, session)
        return TeamState(
            workteam_arn=workteam.arn,
            portal_url=workteam.portal_url or workforce.portal_url,
            name=workteam.name,
            group=self.name,
            user_pool_id=pool_id,
            client_id=client_id,
            workforce_name=workforce.name,
        )
