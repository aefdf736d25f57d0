"""What several workers say of the things in one frame: their places by a method for shapes, the rest by vote."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, Protocol

from hitl_sdk.consolidation._parts import match
from hitl_sdk.consolidation.majority import majority
from hitl_sdk.labels import Attribute, FrameObject, PlacedT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hitl_sdk.consolidation._parts import PartsConsensus

__all__ = [
    "AgreedObjects",
    "PlaceMethod",
    "Seen",
    "agree_on_attributes",
    "agree_on_objects",
    "free_name",
    "tracks",
]


class PlaceMethod(Protocol[PlacedT]):
    """A method for the shapes of one frame."""

    takes: ClassVar[str]

    def agree_on(
        self,
        answers: Sequence[Sequence[PlacedT]],
        size: tuple[int | None, int | None],
        preferred: Sequence[PlacedT] | None,
    ) -> PartsConsensus[PlacedT]:
        """Return what several workers drew together on one frame."""
        ...


class Seen(NamedTuple):
    """How one worker calls a thing."""

    worker: int
    object_id: str | None
    object_name: str | None


class AgreedObjects(NamedTuple, Generic[PlacedT]):
    """The things of one frame, without ids and names, and how those who saw each of them call it."""

    objects: list[FrameObject[PlacedT]]
    seen: list[list[Seen]]
    drawn: PartsConsensus[PlacedT]


def agree_on_objects(
    answers: Sequence[Sequence[FrameObject[PlacedT]]],
    method: PlaceMethod[PlacedT],
    preferred: Sequence[FrameObject[PlacedT]] | None,
) -> AgreedObjects[PlacedT]:
    """Return what several workers marked together in one frame."""
    wanted = None if preferred is None else [each.shape for each in preferred]
    # Frames do not tell how large they are.
    drawn = method.agree_on([[each.shape for each in answer] for answer in answers], (None, None), wanted)
    objects, seen = [], []
    for part, origins in zip(drawn.parts, drawn.origins, strict=True):
        from_whom = [(worker, answers[worker][place]) for worker, place in origins]
        attributes = agree_on_attributes([each.attributes for _, each in from_whom])
        objects.append(FrameObject(part, attributes=attributes))
        seen.append([Seen(worker, each.object_id, each.object_name) for worker, each in from_whom])
    return AgreedObjects(objects, seen, drawn)


def agree_on_attributes(told: Sequence[tuple[Attribute, ...]]) -> tuple[Attribute, ...]:
    """Return the attributes that at least half of the workers tell, each with the value most of them give.

    Of values given as often it is the first in sorted order. Attributes are sorted by name.
    """
    values: dict[str, list[str]] = {}
    for attribute in (each for one in told for each in one):
        values.setdefault(attribute.name, []).append(attribute.value)
    return tuple(
        Attribute(name, majority(given).label)
        for name, given in sorted(values.items())
        if 2 * len(given) >= len(told)
    )


def tracks(frames: Iterable[Sequence[Sequence[Seen]]]) -> list[list[int]]:
    """Return the number of the track that each thing of each frame belongs to.

    Frame by frame a thing goes on with the track to which most of those who marked it have given their id before;
    where none has, it begins a new one.
    """
    known: dict[tuple[int, str], int] = {}
    found = []
    n_tracks = 0
    for things in frames:
        ids = [
            [(each.worker, each.object_id) for each in seen if each.object_id is not None] for seen in things
        ]
        votes = [Counter(known[key] for key in keys if key in known) for keys in ids]
        matched = match(
            (n, thing, track) for thing, counts in enumerate(votes) for track, n in counts.items()
        )
        numbers = []
        for thing, keys in enumerate(ids):
            if thing not in matched:
                matched[thing] = n_tracks
                n_tracks += 1
            numbers.append(matched[thing])
            for key in keys:
                known.setdefault(key, matched[thing])
        found.append(numbers)
    return found


def free_name(given: Iterable[str | None], taken: set[str]) -> str | None:
    """Return the name most workers use, and take it; one that is taken is numbered. None if nobody gives one."""
    names = [name for name in given if name is not None]
    if not names:
        return None
    counts = Counter(names)
    by_votes = sorted(counts, key=lambda name: (-counts[name], name))
    free = next((name for name in by_votes if name not in taken), None)
    number = 2
    while free is None:
        candidate = f"{by_votes[0]}-{number}"
        free = None if candidate in taken else candidate
        number += 1
    taken.add(free)
    return free
