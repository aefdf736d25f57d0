"""The policy that has a threshold, or bands, for each class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import narwhals as nw

from hitl_sdk.errors import InvalidInputError, InvalidPredictionError
from hitl_sdk.routing._frames import CONFIDENCE, has_categories_of_numbers
from hitl_sdk.routing._policy_json import Read, fields_of
from hitl_sdk.routing._reasons import ACCEPT, DROP, REVIEW, STRIDE, Reason, step_of
from hitl_sdk.routing.policy import Policy
from hitl_sdk.routing.policy_cuts import Bands, Threshold
from hitl_sdk.routing.prediction import readable_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitl_sdk.routing.prediction import Prediction

__all__ = ["PerClass"]

_NO_RULE = Reason("no threshold for this label")


@dataclass(frozen=True, repr=False, eq=False)
class PerClass(Policy):
    """Decide by a threshold, or by bands, of the predicted label's own.

    Parameters
    ----------
    thresholds : mapping of str to float or Bands
        By label: from which confidence on it is accepted; or from which on it is accepted and below which dropped. A whole
        number for a label is the text of its digits.
    default : float or Bands, optional
        For labels without an entry; left out, people see them.

    Raises
    ------
    InvalidInputError
        If a threshold is not from 0 to 1, or a label is neither a text nor a whole number, or is there twice.

    Examples
    --------
    >>> from hitl_sdk.routing import Bands, PerClass, Prediction
    >>> policy = PerClass({"1": 0.80, "-1": Bands(accept=0.95, drop=0.30)}, default=0.90)
    >>> [policy.decide_one(Prediction("a", "It is okay", label, 0.85)).decision for label in ("1", "-1", "0")]
    ['accept', 'review', 'review']
    """

    thresholds: Mapping[str, float | Bands]
    default: float | Bands | None = None

    def __post_init__(self) -> None:
        given: object = self.thresholds
        if not isinstance(given, Mapping):
            raise InvalidInputError(
                f"the thresholds are {type(given).__name__}, no mapping", hint='write {"label": 0.9}'
            )
        read = {_label(label): _threshold(label, value) for label, value in given.items()}
        if len(read) < len(given):
            raise InvalidInputError(
                f"a label is there twice among {list(given)}", hint="as a text and as a number it is the same"
            )
        object.__setattr__(self, "thresholds", MappingProxyType(read))
        if self.default is not None:
            object.__setattr__(self, "default", _threshold("default", self.default))

    def __repr__(self) -> str:
        return f"PerClass({dict(self.thresholds)!r}, default={self.default!r})"

    def __eq__(self, other: object) -> bool:
        return (
            self.thresholds == other.thresholds and self.default == other.default
            if isinstance(other, PerClass)
            else NotImplemented
        )

    def __hash__(self) -> int:
        return hash((frozenset(self.thresholds.items()), self.default))

    def __reduce__(self) -> tuple[Any, ...]:
        return PerClass, (dict(self.thresholds), self.default)

    def _rule(self, label: object) -> Threshold | Bands | None:
        """Return what a label is judged by, None if nothing says."""
        place = self._places.get(label) if isinstance(label, str) else None
        return self._rules[len(self._rules) - 1 if place is None else place]

    @cached_property
    def _rules(self) -> Sequence[Threshold | Bands | None]:
        """The different rules; that for the labels without an entry last."""
        given = {value: _rule_of(value) for value in self.thresholds.values()}
        return [*given.values(), None if self.default is None else _rule_of(self.default)]

    @cached_property
    def _places(self) -> dict[str, int]:
        """Which rule each label has."""
        places = {value: place for place, value in enumerate(dict.fromkeys(self.thresholds.values()))}
        return {label: places[value] for label, value in self.thresholds.items()}

    def _columns(self) -> set[str]:
        return {"confidence", "label"}

    def _needs(self) -> frozenset[str]:
        return frozenset({"confidence"})

    def _reasons(self) -> Sequence[Reason]:
        # Three a rule, whether it has them or not, so that the place of a rule tells where its reasons begin.
        return [reason for rule in self._rules for reason in _three_reasons(rule)]

    def _judged(self, table: Any, name: str) -> Any:
        rules, confidence = self._rules, nw.col(CONFIDENCE)
        place, accept, scale = (nw.col(f"{name}_{what}") for what in ("place", "accept", "scale"))
        drop = nw.col(f"{name}_drop")
        cuts = [(0.0, 0.0, 1) if rule is None else rule._cuts for rule in rules]
        table, label, places = self._label_and_places(table, f"{name}_label")
        table = table.with_columns(_looked_up(label, places, len(rules) - 1).alias(f"{name}_place"))
        table = table.with_columns(
            *(
                _looked_up(place, dict(enumerate(values)), values[-1]).alias(f"{name}_{what}")
                for what, values in zip(("accept", "drop", "scale"), zip(*cuts, strict=True), strict=True)
            )
        )
        accepts, shows = confidence >= accept, confidence >= drop

        def of_band(*values: int) -> nw.Expr:
            below = nw.when(shows).then(nw.lit(values[1])).otherwise(nw.lit(values[2]))
            return nw.when(accepts).then(nw.lit(values[0])).otherwise(below)

        verdict = of_band(ACCEPT, REVIEW, DROP)
        code = (place * 3 + of_band(0, 1, 2)) * STRIDE + step_of(confidence, scale)
        if rules[-1] is None:
            has_rule = place < len(rules) - 1
            verdict = nw.when(has_rule).then(verdict).otherwise(nw.lit(REVIEW))
            code = nw.when(has_rule).then(code).otherwise(nw.lit((len(rules) - 1) * 3 * STRIDE))
        return table.with_columns(verdict.alias(f"{name}_verdict"), code.alias(f"{name}_reason"))

    def _label_and_places(self, table: Any, name: str) -> tuple[Any, nw.Expr, Mapping[Any, int]]:
        """Return a frame, its labels, and the places by what they are there: texts, or numbers that are whole."""
        kind, label = table.collect_schema()["label"], nw.col("label")
        if kind.is_nested() or kind == nw.Boolean:
            raise InvalidPredictionError(
                f"PerClass needs labels that are texts or whole numbers; the column 'label' holds {kind}",
                hint="decide structures by their confidence, with Threshold or Bands",
            )
        if kind == nw.Object or has_categories_of_numbers(table, "label"):
            read = [readable_label(each) for each in table["label"].to_list()]
            texts = [each if isinstance(each, str) else None for each in read]
            series = nw.new_series(name, texts, nw.String, backend=table.implementation)
            return table.with_columns(series), nw.col(name), self._places
        if not kind.is_float():
            return table, label.cast(nw.String), self._places
        numbers = {each: float(each) for each in self._places if each.removeprefix("-").isdecimal()}
        # Plus 0, which makes 0 of -0: Arrow tells them apart.
        whole = {value: self._places[each] for each, value in numbers.items() if f"{value + 0.0:.0f}" == each}
        return table, label.cast(nw.Float64) + 0.0, whole

    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        rule = self._rule(prediction.label)
        return (REVIEW, _NO_RULE.text()) if rule is None else rule._judge(prediction)

    def _as_value(self) -> dict[str, Any]:
        default = self.default._as_value() if isinstance(self.default, Bands) else self.default
        thresholds = {
            label: value._as_value() if isinstance(value, Bands) else value
            for label, value in self.thresholds.items()
        }
        return {self._kind: {"thresholds": thresholds, "default": default}}

    @classmethod
    def _from_value(cls, value: object, read: Read) -> Policy:
        given = fields_of(cls, value)
        thresholds = given["thresholds"]
        if isinstance(thresholds, Mapping):
            thresholds = {label: _read_rule(rule, read) for label, rule in thresholds.items()}
        return cls(thresholds, _read_rule(given.get("default"), read))


def _read_rule(value: Any, read: Read) -> Any:
    return read(value) if isinstance(value, Mapping) else value


def _label(given: object) -> str:
    label = readable_label(given)
    if not isinstance(label, str):
        raise InvalidInputError(
            f"the label {given!r} is neither a text nor a whole number", hint="name it as the model does"
        )
    return label


def _threshold(label: object, value: object) -> float | Bands:
    if isinstance(value, Bands):
        return value
    try:
        return value.threshold if isinstance(value, Threshold) else Threshold(value).threshold  # type: ignore[arg-type]
    except InvalidInputError as error:
        raise InvalidInputError(f"{label!r}: {error.message}", hint=error.hint) from error


def _rule_of(value: float | Bands) -> Threshold | Bands:
    return value if isinstance(value, Bands) else Threshold(value)


def _three_reasons(rule: Threshold | Bands | None) -> Sequence[Reason]:
    reasons = [_NO_RULE] if rule is None else rule._all_reasons
    return [*reasons, *[reasons[-1]] * (3 - len(reasons))]


def _looked_up(column: nw.Expr, values: Mapping[Any, Any], default: Any) -> nw.Expr:
    kind = nw.Int64 if isinstance(default, int) else nw.Float64
    if not values:
        return nw.lit(default)
    return column.replace_strict(
        list(values), list(values.values()), default=nw.lit(default), return_dtype=kind
    )
