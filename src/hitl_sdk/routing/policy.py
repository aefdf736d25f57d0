"""Policies: which predictions are accepted, which are dropped, and which go to people.

A policy is a pure rule. Over a frame it runs as expressions of the frame's own engine (through narwhals), over
one prediction as plain Python, with the same answer. Inside, every rule yields two small integers an item: its
verdict, and which of its reasons holds; the texts are put in at the end.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import narwhals as nw

from hitl_sdk.errors import InvalidPredictionError
from hitl_sdk.routing._frames import (
    CONFIDENCE,
    as_float,
    blocks_of,
    is_long,
    is_probability,
    predictions_frame,
    require_columns,
    require_confidence,
    require_item_ids,
    require_names,
)
from hitl_sdk.routing._partitions import by_partition, is_partitioned
from hitl_sdk.routing._policy_json import Read, fields_of, read_policy, several
from hitl_sdk.routing._reasons import ACCEPT, REVIEW, STRIDE, Reason, looked_up, worded
from hitl_sdk.routing.prediction import Prediction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from narwhals.typing import IntoFrame, IntoFrameT

    from hitl_sdk.routing.replay import Replay

__all__ = ["Decision", "Policy", "Verdict"]

Verdict = Literal["accept", "drop", "review"]

_VERDICTS: tuple[Verdict, ...] = ("accept", "drop", "review")  # by number
_NO_CONFIDENCE = "invalid: the confidence is not a number from 0 to 1"
_NO_ID = "invalid: the item has no item_id"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one prediction, and why.

    Attributes
    ----------
    decision : {"accept", "drop", "review"}
        ``"review"`` sends it to people.
    reason : str
        Why, short and the same for equal input: ``"confidence 0.63 < 0.90"``.

    Examples
    --------
    >>> Decision("review", "confidence 0.63 < 0.90").decision
    'review'
    """

    decision: Verdict
    reason: str


class Policy(ABC):
    """A rule that decides which predictions people review.

    Policies combine. Which items people see follows the algebra of sets: ``a | b`` reviews what either reviews,
    ``a & b`` what both review, ``~a`` what `a` does not. What nobody reviews is dropped if a part of ``a | b`` or
    ``a & b`` drops it, else accepted; ``~a`` drops nothing: what `a` drops, it reviews. The reason is that of the
    first part whose verdict it is.

    Examples
    --------
    >>> from hitl_sdk.routing import Prediction, Sample, Threshold
    >>> policy = Threshold(0.90) | Sample(0.02, seed=7)
    >>> policy
    Threshold(threshold=0.9) | Sample(rate=0.02, seed=7)
    >>> policy.decide_one(Prediction("review-1", "It is okay", "1", 0.54))
    Decision(decision='review', reason='confidence 0.54 < 0.90')
    >>> Policy.from_json(policy.to_json()) == policy
    True
    """

    # By the name that JSON has for it.
    _kinds: ClassVar[dict[str, type[Policy]]] = {}
    _kind: ClassVar[str] = ""

    def __init_subclass__(cls, kind: str | None = None, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls._kind = cls.__name__ if kind is None else kind
        if not cls._kind.startswith("_"):
            cls._kinds[cls._kind] = cls

    def decide(self, frame: IntoFrameT) -> IntoFrameT:
        """Add `decision` and `reason` to a frame of predictions.

        Parameters
        ----------
        frame : pandas.DataFrame, polars.DataFrame, polars.LazyFrame, pyarrow.Table, duckdb.DuckDBPyRelation, ...
            Any frame that narwhals knows, and those of dask, with the columns that the policy looks at: `confidence`
            (a number from 0 to 1), `item_id` for a `Sample`, `label` for `PerClass`, `scores` (label to score) for
            `Margin`, `Entropy` and `EachLabel`. All other columns are passed through.

        Returns
        -------
        frame of the same kind
            A lazy frame stays lazy. A row of it without a usable confidence or id gets a null `decision` and says so
            in `reason`, as nobody can have looked at the rows yet.

        Raises
        ------
        InvalidPredictionError
            If it is no frame, a column is missing or holds the wrong kind of values, or in an eager frame a
            confidence is null, NaN or outside 0 to 1, or an `item_id` null.
        InvalidInputError
            If the engine can't do what the policy asks for; the hint says what to do.

        Examples
        --------
        >>> import pandas as pd
        >>> from hitl_sdk.routing import Threshold
        >>> frame = pd.DataFrame({"item_id": ["a", "b"], "confidence": [0.97, 0.31]})
        >>> Threshold(0.90).decide(frame)[["decision", "reason"]].values.tolist()
        [['accept', 'confidence 0.97 >= 0.90'], ['review', 'confidence 0.31 < 0.90']]
        """
        if is_partitioned(frame):
            return cast("IntoFrameT", by_partition(self._decided_leniently, frame))
        table = predictions_frame(frame)
        if table is None:
            raise InvalidPredictionError(
                f"{type(frame).__name__} is no frame",
                hint="give a pandas, polars or arrow frame; for predictions there are decide_one and decide_batch",
            )
        return cast("IntoFrameT", self._decided(table, strict=isinstance(table, nw.DataFrame)))

    def decide_one(self, prediction: Prediction) -> Decision:
        """Decide one prediction; `decide` says the same of it in a frame.

        Parameters
        ----------
        prediction : Prediction
            What the model says of one item.

        Raises
        ------
        InvalidPredictionError
            If it is none.

        Examples
        --------
        >>> from hitl_sdk.routing import Bands, Prediction
        >>> Bands(accept=0.90, drop=0.40).decide_one(Prediction("x", "s3://bucket/x.png", "Hospital", 0.35))
        Decision(decision='drop', reason='confidence 0.35 < 0.40')
        """
        given: object = prediction
        if not isinstance(given, Prediction):
            raise InvalidPredictionError(
                f"{type(given).__name__} is no Prediction", hint="make one of it, or use decide for a frame"
            )
        verdict, reason = self._judge(given)
        return Decision(_VERDICTS[verdict], reason)

    def replay(
        self,
        frame: IntoFrame,
        *,
        truth: str = "truth",
        label: str = "label",
        cost_per_review: float | None = None,
        reviewed_this_month: int = 0,
        confidence_level: float = 0.95,
    ) -> Replay:
        """Say what the policy would have done to predictions whose truth is known.

        Parameters
        ----------
        frame : pandas.DataFrame, polars.DataFrame, polars.LazyFrame, pyarrow.Table, duckdb.DuckDBPyRelation, ...
            What `decide` takes. It is decided and counted in its own engine.
        truth : str, default "truth"
            The column of true labels, or of truth values: whether the model is right. Where it is null the truth is not known.
        label : str, default "label"
            The column of the model's label.
        cost_per_review : float, optional
            What people cost for one review, all its workers together.
        reviewed_this_month : int, default 0
            Reviews that the account has had this month already, which fill the cheaper tiers of AWS's prices first.
        confidence_level : float, default 0.95
            Of the intervals of Clopper and Pearson.

        Returns
        -------
        Replay
            What is accepted, reviewed and dropped, how often the model is right in each, and what the reviews cost.

        Raises
        ------
        InvalidPredictionError
            As `decide`.
        InvalidInputError
            As `decide`; and if labels and truths can't be compared, or the cost is no number from 0.
        EmptyInputError
            If there is nothing to decide.

        Examples
        --------
        >>> import pandas as pd
        >>> from hitl_sdk.routing import Bands
        >>> frame = pd.DataFrame({"label": list("aaab"), "truth": list("aabb"), "confidence": [0.99, 0.95, 0.6, 0.3]})
        >>> replay = Bands(accept=0.90, drop=0.40).replay(frame)
        >>> replay.accepted.n_items, replay.reviews, replay.dropped.n_items, replay.accepted.accuracy.value
        (2, 1, 1, 1.0)
        """
        from hitl_sdk.routing.replay import replay

        return replay(
            self.decide(frame),
            policy=repr(self),
            truth=truth,
            label=label,
            cost_per_review=cost_per_review,
            reviewed_this_month=reviewed_this_month,
            confidence_level=confidence_level,
        )

    def to_json(self) -> str:
        """Write the policy down as JSON, for a file or a setting; `from_json` reads it.

        Examples
        --------
        >>> from hitl_sdk.routing import Sample, Threshold
        >>> (Threshold(0.90) | Sample(0.02, seed=7)).to_json()
        '{"or": [{"Threshold": {"threshold": 0.9}}, {"Sample": {"rate": 0.02, "seed": 7}}]}'
        """
        return json.dumps(self._as_value())

    @staticmethod
    def from_json(text: str | Mapping[str, object]) -> Policy:
        """Read a policy.

        Parameters
        ----------
        text : str or mapping
            What `to_json` wrote, or that as parsed from JSON or YAML; A2I's activation conditions too.

        Raises
        ------
        InvalidInputError
            If it is no JSON, or names a kind of policy or a field that there is not; the message says which there are.

        Examples
        --------
        >>> Policy.from_json({"and": [{"Threshold": {"threshold": 0.9}}, {"not": {"Sample": {"rate": 0.5}}}]})
        Threshold(threshold=0.9) & ~Sample(rate=0.5, seed=0)
        """
        return read_policy(text, Policy._kinds)

    def __or__(self, other: object) -> Policy:
        """Review what either reviews."""
        return _Either._of(self, other) if isinstance(other, Policy) else NotImplemented

    def __and__(self, other: object) -> Policy:
        """Review what both review."""
        return _Both._of(self, other) if isinstance(other, Policy) else NotImplemented

    def __invert__(self) -> Policy:
        """Review what this does not."""
        return _Not(self)

    def __bool__(self) -> bool:
        """Refuse `and`, `or` and `not`, which would take one of two policies and drop the other without a word."""
        raise TypeError("a policy is neither true nor false: combine policies with &, | and ~")

    @abstractmethod
    def _columns(self) -> set[str]:
        """Name the columns it reads."""

    @abstractmethod
    def _reasons(self) -> Sequence[Reason]:
        """List every reason it can give."""

    @abstractmethod
    def _judged(self, table: Any, name: str) -> Any:
        """Add the columns ``{name}_verdict``, a verdict's index, and ``{name}_reason``, a reason's code."""

    @abstractmethod
    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        """Give the verdict's index and the reason for one prediction."""

    def _needs(self) -> frozenset[str]:
        """Name those of `confidence` and `item_id` that no row may be without."""
        return frozenset()

    def _as_value(self) -> dict[str, Any]:
        """Return it as JSON holds it: its kind, and its fields."""
        return {self._kind: {each.name: getattr(self, each.name) for each in fields(cast("Any", self))}}

    @classmethod
    def _from_value(cls, value: object, read: Read) -> Policy:  # noqa: ARG003
        return cls(**fields_of(cls, value))

    @cached_property
    def _all_reasons(self) -> Sequence[Reason]:
        return self._reasons()

    def _decided_leniently(self, frame: Any) -> Any:
        return self._decided(cast("Any", predictions_frame(frame)), strict=False)

    def _decided(self, table: nw.DataFrame[Any] | nw.LazyFrame[Any], *, strict: bool) -> Any:
        """Decide all rows; strictly, a row that can't be decided is an error."""
        require_columns(table, sorted(self._columns()))
        kept = require_names(table, replaced={"decision", "reason"})
        if strict and not len(cast("nw.DataFrame[Any]", table)):
            nothing = nw.lit("", nw.String)  # to be said of no row, of whatever kind its values would be
            empty = table.with_columns(nothing.alias("decision"), nothing.alias("reason"))
            return nw.to_native(empty.select(*kept, "decision", "reason"))
        checks: list[tuple[nw.Expr, str]] = []
        prepared: Any = table
        if "confidence" in self._needs():
            require_confidence(table, "confidence", strict=strict)
            confidence, usable = as_float(table, "confidence"), is_probability(table, "confidence")
            if not strict:
                confidence = nw.when(usable).then(confidence).otherwise(nw.lit(0.0))
                checks.append((usable, _NO_CONFIDENCE))
            prepared = prepared.with_columns(confidence.alias(CONFIDENCE))
        if "item_id" in self._needs():
            require_item_ids(table, strict=strict)
            if not strict:
                checks.append((~nw.col("item_id").is_null(), _NO_ID))
        if not is_long(table):
            return nw.to_native(self._worded(prepared, checks, kept))
        texts = nw.concat([self._worded(block, checks, []) for block in blocks_of(prepared)])
        return nw.to_native(table.select(kept).with_columns(texts["decision"], texts["reason"]))

    def _worded(self, prepared: Any, checks: Sequence[tuple[nw.Expr, str]], kept: Sequence[str]) -> Any:
        """Return some columns, `decision` and `reason`; where a check fails, no decision, and what is wrong."""
        judged = self._judged(prepared, "__hitl")
        judged = looked_up(judged, "__hitl_verdict", _VERDICTS, name="__hitl_decision")
        judged = worded(judged, "__hitl_reason", self._all_reasons, name="__hitl_text")
        decision, reason = nw.col("__hitl_decision"), nw.col("__hitl_text")
        for usable, problem in checks:
            decision = nw.when(usable).then(decision)
            reason = nw.when(usable).then(reason).otherwise(nw.lit(problem))
        return judged.select(*kept, decision.alias("decision"), reason.alias("reason"))


@dataclass(frozen=True, repr=False)
class _Joined(Policy):
    """Policies under one sign: for each item that whose verdict weighs most decides, the first if several weigh the same."""

    parts: tuple[Policy, ...]

    _sign: ClassVar[str]

    @classmethod
    def _of(cls, *parts: Policy) -> Self:
        """Join policies; what is joined by the same sign already needs no brackets, and so no depth."""
        return cls(
            tuple(each for part in parts for each in (part.parts if isinstance(part, cls) else (part,)))
        )

    def __repr__(self) -> str:
        first, *later = self.parts
        shown = [f"({part!r})" if isinstance(part, _Joined) else repr(part) for part in later]
        return f" {self._sign} ".join([f"({first!r})" if self._binds_looser(first) else repr(first), *shown])

    def _binds_looser(self, part: Policy) -> bool:
        return isinstance(self, _Both) and isinstance(part, _Either)

    def _columns(self) -> set[str]:
        return set[str]().union(*(part._columns() for part in self.parts))

    def _needs(self) -> frozenset[str]:
        return frozenset[str]().union(*(part._needs() for part in self.parts))

    def _reasons(self) -> Sequence[Reason]:
        return [reason for part in self.parts for reason in part._all_reasons]

    def _judged(self, table: Any, name: str) -> Any:
        first, *later = self.parts
        judged, place = first._judged(table, name), len(first._all_reasons)
        verdict, reason = nw.col(f"{name}_verdict"), nw.col(f"{name}_reason")
        for part in later:
            # Under one name for all, as pandas takes long for frames of many columns.
            judged = part._judged(judged, f"{name}b")
            its_verdict, its_reason = nw.col(f"{name}b_verdict"), nw.col(f"{name}b_reason") + STRIDE * place
            stays = self._weight(verdict) >= self._weight(its_verdict)
            judged = judged.with_columns(
                nw.when(stays).then(verdict).otherwise(its_verdict).alias(f"{name}_verdict"),
                nw.when(stays).then(reason).otherwise(its_reason).alias(f"{name}_reason"),
            )
            place += len(part._all_reasons)
        return judged

    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        judged = [part._judge(prediction) for part in self.parts]
        return max(judged, key=lambda verdict_and_reason: self._weight(verdict_and_reason[0]))

    def _as_value(self) -> dict[str, Any]:
        return {self._kind: [part._as_value() for part in self.parts]}

    @classmethod
    def _from_value(cls, value: object, read: Read) -> Policy:
        return cls._of(*several(cls._kind, value, read))

    @abstractmethod
    def _weight(self, verdict: Any) -> Any:
        """Give the weight of a verdict, or of a column of them."""


@dataclass(frozen=True, repr=False)
class _Either(_Joined, kind="or"):
    """``a | b``: review outweighs drop, drop outweighs accept."""

    _sign: ClassVar[str] = "|"

    def _weight(self, verdict: Any) -> Any:
        return verdict


@dataclass(frozen=True, repr=False)
class _Both(_Joined, kind="and"):
    """``a & b``: drop outweighs accept, accept outweighs review."""

    _sign: ClassVar[str] = "&"

    def _weight(self, verdict: Any) -> Any:
        return (verdict + 1) % len(_VERDICTS)


@dataclass(frozen=True, repr=False)
class _Not(Policy, kind="not"):
    """``~a``: review what `a` accepts or drops, accept what it reviews."""

    policy: Policy

    def __repr__(self) -> str:
        return f"~({self.policy!r})" if isinstance(self.policy, _Joined) else f"~{self.policy!r}"

    def _columns(self) -> set[str]:
        return self.policy._columns()

    def _needs(self) -> frozenset[str]:
        return self.policy._needs()

    def _reasons(self) -> Sequence[Reason]:
        return self.policy._all_reasons

    def _judged(self, table: Any, name: str) -> Any:
        judged = self.policy._judged(table, name)
        reviews = nw.col(f"{name}_verdict") == REVIEW
        return judged.with_columns(
            nw.when(reviews).then(nw.lit(ACCEPT)).otherwise(nw.lit(REVIEW)).alias(f"{name}_verdict")
        )

    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        verdict, reason = self.policy._judge(prediction)
        return (ACCEPT if verdict == REVIEW else REVIEW), reason

    def _as_value(self) -> dict[str, Any]:
        return {self._kind: self.policy._as_value()}

    @classmethod
    def _from_value(cls, value: object, read: Read) -> Policy:
        return cls(read(value))
