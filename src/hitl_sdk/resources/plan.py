"""What `ensure` would do, worked out with read calls alone, and the IAM actions it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Action", "Change", "Plan"]

Action = Literal["create", "update", "keep", "replace", "delete"]
_SYMBOLS: dict[Action, str] = {"create": "+", "update": "~", "keep": "=", "replace": "!", "delete": "-"}


@dataclass(frozen=True, slots=True)
class Change:
    """What would happen to one resource.

    Attributes
    ----------
    action : {"create", "update", "keep", "replace", "delete"}
        ``"replace"`` means that it differs in what AWS can't change: `ensure` refuses it with a
        `DriftError` and never deletes anything by itself.
    kind : str
        For example ``"work team"``.
    name : str
        Its name; of a person's e-mail address only the masked form.
    differences : tuple of str
        What differs, one phrase each.
    iam_actions : tuple of str
        What the caller must be allowed, for example ``"sagemaker:CreateWorkteam"``.

    Examples
    --------
    >>> print(Change("update", "work team", "crew", ("description is 'a', wanted 'b'",)))
    ~ work team 'crew': description is 'a', wanted 'b'
    """

    action: Action
    kind: str
    name: str
    differences: tuple[str, ...] = ()
    iam_actions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return one line: the symbol, the resource, what differs."""
        line = f"{_SYMBOLS[self.action]} {self.kind} '{self.name}'"
        return f"{line}: {'; '.join(self.differences)}" if self.differences else line


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes of one or more resources, in the order in which `ensure` would make them.

    Attributes
    ----------
    changes : tuple of Change
        One for each resource, those that stay as they are included.

    Examples
    --------
    >>> plan = Plan((Change("create", "user pool", "crew", (), ("cognito-idp:CreateUserPool",)),))
    >>> print(plan)
    + user pool 'crew'
    >>> plan.is_empty, plan.iam_actions
    (False, ('cognito-idp:CreateUserPool',))
    """

    changes: tuple[Change, ...] = ()

    @classmethod
    def joined(cls, plans: Iterable[Plan]) -> Plan:
        """Return one plan with the changes of all, in order.

        Parameters
        ----------
        plans : iterable of Plan
            In the order in which `ensure` goes.

        Examples
        --------
        >>> len(Plan.joined([Plan((Change("keep", "user", "ana"),)), Plan()]).changes)
        1
        """
        return cls(tuple(change for plan in plans for change in plan.changes))

    @property
    def is_empty(self) -> bool:
        """True when everything is already as wanted."""
        return all(change.action == "keep" for change in self.changes)

    @property
    def iam_actions(self) -> tuple[str, ...]:
        """The IAM actions that the whole plan needs, sorted, each once."""
        return tuple(sorted({action for change in self.changes for action in change.iam_actions}))

    def __iter__(self) -> Iterator[Change]:
        """Iterate over the changes."""
        return iter(self.changes)

    def __str__(self) -> str:
        """Return one line a resource."""
        return "\n".join(str(change) for change in self.changes)
