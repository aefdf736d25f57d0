"""Reads a transcript of Amazon Transcribe's: sentences, with the confidence of their least sure word and their times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Sentence", "sentences_in"]

# Latin; the full-width marks of Chinese and Japanese; Hindi's danda, Arabic's question mark; an ellipsis.
_ENDS = frozenset(".?!\u3002\uff1f\uff01\u0964\u061f\u2026")


@dataclass(frozen=True, slots=True)
class Sentence:
    """What was said from one time to another.

    Attributes
    ----------
    text : str
        The words, with their punctuation.
    confidence : float or None
        That of the word of which Transcribe is least sure; None if it gave none for one of them.
    start, end : float
        Seconds from the beginning of the recording.
    speaker : str or None
        As Transcribe calls who speaks, where it told speakers or channels apart.
    items : tuple
        What Transcribe said of the words and the punctuation.

    Examples
    --------
    >>> Sentence("Hello.", 0.98, 0.1, 0.6, None, ()).text
    'Hello.'
    """

    text: str
    confidence: float | None
    start: float
    end: float
    speaker: str | None
    items: tuple[Mapping[str, Any], ...]


def sentences_in(document: Mapping[str, Any], *, pause: float) -> list[Sentence]:
    """Return the sentences of a transcript, in the order in which they begin.

    A sentence ends at a full stop or a mark like it, where somebody else speaks, and at a silence of `pause` seconds.
    What no word stands in is none.

    Raises
    ------
    LookupError, TypeError, ValueError
        If it is no transcript.

    Examples
    --------
    >>> def word(content, start):
    ...     said = [{"content": content, "confidence": "0.9"}]
    ...     return {"type": "pronunciation", "start_time": start, "end_time": start, "alternatives": said}
    >>> stop = {"type": "punctuation", "alternatives": [{"content": ".", "confidence": "0.0"}]}
    >>> items = [word("Yes", "0.1"), stop, word("We", "0.8"), word("can", "1.0"), stop]
    >>> document = {"results": {"transcripts": [{"transcript": "Yes. We can."}], "items": items}}
    >>> [sentence.text for sentence in sentences_in(document, pause=2.0)]
    ['Yes.', 'We can.']
    """
    results = document["results"]
    items = [item for item in _items(results) if item["alternatives"]]
    speakers = _speakers(results)
    said = " ".join(each["transcript"] for each in results.get("transcripts", ())).strip()
    space = "" if said and " " not in said else " "  # Japanese and Chinese have none
    found = []
    # The channels of a call overlap in time; each is read by itself.
    channels = sorted({item.get("channel_label", "") for item in items})
    for channel in channels:
        of_channel = [item for item in items if item.get("channel_label", "") == channel]
        for group in _groups(of_channel, speakers, pause):
            words = [item for item in group if item["type"] == "pronunciation"]
            if words:
                found.append(_sentence(group, words, speakers, space))
    return sorted(found, key=lambda sentence: (sentence.start, sentence.end))


def _items(results: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Return words and punctuation with their channels; older transcripts name the channel beside its items."""
    channels = (results.get("channel_labels") or {}).get("channels", ())
    of_channels = [
        {"channel_label": channel["channel_label"], **item}
        for channel in channels
        for item in channel["items"]
    ]
    return of_channels or results["items"]


def _speakers(results: Mapping[str, Any]) -> dict[str, str]:
    """Return who says the words by the time at which they begin; older transcripts tell it beside the items."""
    segments = (results.get("speaker_labels") or {}).get("segments", ())
    return {
        item["start_time"]: item["speaker_label"]
        for segment in segments
        for item in segment.get("items", ())
        if "speaker_label" in item
    }


def _groups(
    items: Iterable[Mapping[str, Any]], speakers: Mapping[str, str], pause: float
) -> Iterator[list[Mapping[str, Any]]]:
    group: list[Mapping[str, Any]] = []
    last: Mapping[str, Any] | None = None  # the last word
    ended = False
    for item in items:
        if item["type"] == "pronunciation":
            if last is not None and (
                ended
                or _speaker(item, speakers) != _speaker(last, speakers)
                or float(item["start_time"]) - float(last["end_time"]) >= pause
            ):
                yield group
                group = []
            last, ended = item, False
        else:
            ended = ended or item["alternatives"][0]["content"] in _ENDS
        group.append(item)
    if group:
        yield group


def _sentence(
    group: list[Mapping[str, Any]], words: list[Mapping[str, Any]], speakers: Mapping[str, str], space: str
) -> Sentence:
    text = ""
    for item in group:
        content = item["alternatives"][0]["content"]
        text += content if item["type"] == "punctuation" or not text else space + content
    sure = [_confidence(word["alternatives"][0]) for word in words]
    known = [confidence for confidence in sure if confidence is not None]
    return Sentence(
        text,
        min(known) if len(known) == len(words) else None,
        float(words[0]["start_time"]),
        max(float(word["end_time"]) for word in words),
        _speaker(words[0], speakers),
        tuple(group),
    )


def _confidence(alternative: Mapping[str, Any]) -> float | None:
    """Return how sure Transcribe is of a word; of one that it has redacted, that it is what is to be redacted."""
    said = alternative.get("confidence")
    if said is None and alternative.get("redactions"):
        said = alternative["redactions"][0].get("confidence")
    return None if said is None else float(said)


def _speaker(item: Mapping[str, Any], speakers: Mapping[str, str]) -> str | None:
    return item.get("speaker_label") or speakers.get(item["start_time"]) or item.get("channel_label")
