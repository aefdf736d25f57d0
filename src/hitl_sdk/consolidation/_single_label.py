"""What the methods for one label an item share: votes or a frame in, consensus or a frame out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import narwhals as nw

from hitl_sdk._optional import load
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from narwhals.typing import IntoDataFrameT

    from hitl_sdk.consolidation._election import Scores
    from hitl_sdk.consolidation._votes import EncodedVotes
    from hitl_sdk.consolidation.consensus import Consensus, Vote

__all__ = ["SingleLabelMethod", "labelled"]

LabelT = TypeVar("LabelT")


class SingleLabelMethod(ABC):
    """A method that gives every label of an item a score; the highest wins, by one rule for ties."""

    takes: ClassVar[str] = "single labels"

    @abstractmethod
    def _scores(self, votes: EncodedVotes) -> tuple[Scores, Mapping[str, object]]:
        """Return the scores, and the fitted attributes."""

    def consolidate(
        self, votes: Iterable[Vote[str]], *, preferred: Mapping[str, str] | None = None
    ) -> Mapping[str, Consensus[str]]:
        """Return one consensus an item that has votes, in the order in which the items first appear.

        Parameters
        ----------
        votes : iterable of Vote
            More than one of a worker for an item are all counted, and are one worker. One whose label is None is
            left out.
        preferred : mapping of str to str, optional
            By item, the label that wins a tie which it is part of: usually the model's.

        Raises
        ------
        MissingExtraError
            If numpy, which every frame engine brings, is not installed.
        """
        load("numpy", extra="consensus", needed_for=type(self).__name__)
        from hitl_sdk.consolidation._election import consensus_by_item, elect
        from hitl_sdk.consolidation._votes import encode_votes

        encoded = encode_votes(list(labelled(votes)))
        scores, _ = self._scores(encoded)
        return consensus_by_item(encoded, elect(encoded, scores, preferred))

    def fit_predict(
        self,
        frame: IntoDataFrameT,
        *,
        item: str = "item",
        worker: str = "worker",
        label: str = "label",
        preferred: Mapping[str, object] | Mapping[int, object] | None = None,
    ) -> IntoDataFrameT:
        """Return a frame of one row an item that has votes, in the order in which the items first appear.

        Parameters
        ----------
        frame : pandas.DataFrame, polars.DataFrame or pyarrow.Table
            One row a vote, as `results.answers_frame` and crowd-kit have them. Rows without a label are left out.
            More than one of a worker for an item are all counted, and are one worker.
        item, worker, label : str
            Its columns. The item is what is consolidated: its content by default, which is the same for all loops
            that show the same; ``item="item_id"`` takes your own ids.
        preferred : mapping of item to label, optional
            The label that wins a tie which it is part of: usually the model's.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            As `frame` is: the columns of the item and the label under their names and with their types, then
            ``confidence`` and ``agreement`` (0 to 1, null for one worker), ``n_workers`` and ``tie``.

        Raises
        ------
        InvalidInputError
            If it is no frame, lacks a column, has a label without an item or a worker, or labels that are not single
            values.
        """
        load("numpy", extra="consensus", needed_for=type(self).__name__)
        from hitl_sdk.consolidation._election import consensus_frame, elect
        from hitl_sdk.consolidation._votes import encode_frame

        votes_frame = _eager(frame)
        encoded = encode_frame(votes_frame, item, worker, label)
        scores, fitted = self._scores(encoded)
        made = consensus_frame(encoded, elect(encoded, scores, preferred), votes_frame, item, label)
        for name, value in fitted.items():
            setattr(self, name, value)
        return cast("IntoDataFrameT", made.to_native())


def labelled(votes: Iterable[Vote[LabelT]]) -> Iterator[Vote[LabelT]]:
    """Yield the votes that have a label; whoever has no type checker may give None."""
    nothing: object = None
    return (vote for vote in votes if vote.label is not nothing)


def _eager(frame: Any) -> nw.DataFrame[Any]:
    try:
        return nw.from_native(frame, eager_only=True)
    except TypeError as error:
        raise InvalidInputError(
            f"{type(frame).__name__} is no frame of pandas, polars or arrow",
            hint="collect a lazy frame first, or on Spark use hitl_sdk.spark.consolidate(); votes go through consolidate()",
        ) from error
