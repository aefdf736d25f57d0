"""Predictions from Amazon Translate: pairs of a text and its translation, with a confidence that you say how to get."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk.errors import HitlError, InvalidInputError
from hitl_sdk.routing.sources._asking import (
    FATAL,
    ask_each,
    check_members,
    failed,
    more_members,
    predicted,
    unusable,
)
from hitl_sdk.routing.sources._files import without_metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hitl_sdk.routing.prediction import InvalidPrediction, Prediction
    from hitl_sdk.routing.sources._asking import Asked, Outcome
    from hitl_sdk.session import Session

__all__ = ["back_translation", "from_translate"]

LARGEST = 10_000
"""Bytes of UTF-8 that TranslateText takes (https://docs.aws.amazon.com/translate/latest/dg/what-is-limits.html)."""


def from_translate(
    session: Session,
    items: Iterable[str],
    *,
    target_language_code: str,
    confidence: Callable[[str, str], float],
    source_language_code: str = "auto",
    field: str | None = "translation",
    item_ids: Iterable[object] | None = None,
    request: Mapping[str, Any] | None = None,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Translate texts, for people to look at the pairs: TranslateText.

    Translate tells no confidence, and none is invented: `confidence` says how sure you are of a pair. `back_translation` makes
    such a function; a rule of your own, or a model for quality estimation, are others. Whatever it is, it is a score until it
    has been calibrated on pairs that people have judged.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    items : iterable of str
        The texts; read as predictions are taken. One of more than 10,000 bytes is not sent.
    target_language_code : str
        The language that is wanted.
    confidence : callable
        Takes a text and its translation, returns a number from 0 to 1. Called in threads. What it raises as
        `InvalidPredictionError`, or as an error of AWS, is that item's outcome.
    source_language_code : str, default "auto"
        The language of the texts; by default Comprehend finds it out, which AWS charges for.
    field : str or None, default "translation"
        The label is ``{field: translation}``, as a `tasks.Form` with such a `TextField` takes it; None for the bare text.
    item_ids : iterable of str or int, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.
    request : mapping, optional
        Further members of the request: ``TerminologyNames``, ``Settings``.
    concurrency : int, default 8
        Calls at a time.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        One an item, in the order of `items`.

    Raises
    ------
    NotFoundError
        If there is no such terminology.
    CredentialsError, AccessDeniedError
        If Translate can't be asked at all.
    InvalidInputError
        If there are not as many ids as items, an id is missing, `items` is one text, `confidence` can't be called, `request`
        has a member that is set here, or `concurrency` is below 1.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> def german(request):
    ...     return {"TranslatedText": "Guten Tag", "SourceLanguageCode": "en", "TargetLanguageCode": "de"}
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer("translate", "TranslateText", german)
    ...     [prediction] = from_translate(
    ...         cloud.session(),
    ...         ["Good day"],
    ...         target_language_code="de",
    ...         confidence=lambda text, translation: min(len(text), len(translation)) / max(len(text), len(translation)),
    ...     )
    >>> prediction.label, round(prediction.confidence, 2)
    ({'translation': 'Guten Tag'}, 0.89)
    """
    if not callable(confidence):
        raise InvalidInputError(
            f"confidence is a {type(confidence).__name__}",
            hint="give a function of text and translation; Translate tells no confidence",
        )
    client = session.client("translate")
    languages = {"SourceLanguageCode": source_language_code, "TargetLanguageCode": target_language_code}
    more: Any = {**languages, **more_members(request, "Text", *languages)}
    check_members(client, "TranslateText", more)

    def answer(asked: Asked) -> Outcome:
        size = len(asked.item.encode())
        if size > LARGEST:
            return unusable(
                asked, f"the text has {size:,} bytes; Translate takes {LARGEST:,}", hint="give it in parts"
            )
        said: Any = client.translate_text(Text=asked.item, **more)
        raw = without_metadata(said)
        translation = raw["TranslatedText"]
        if not translation:
            return unusable(asked, "the translation is empty", raw=raw)
        try:
            with translated_errors("the confidence"):
                sure = confidence(asked.item, translation)
        except HitlError as error:
            if isinstance(error, FATAL):
                raise
            return failed(asked, error, raw=raw)  # the translation is paid for
        label = translation if field is None else {field: translation}
        return predicted(asked, label, sure, raw=raw)

    return ask_each(answer, items, about="Translate", item_ids=item_ids, concurrency=concurrency)


def back_translation(
    session: Session, *, source_language_code: str, target_language_code: str
) -> Callable[[str, str], float]:
    """Return a function that has a translation translated back, and says how alike it is to the text.

    The number is the share of characters that both have in the same order (`difflib`'s ratio), without regard to case. It
    is a score, not a probability: a good translation may come back in other words, and two errors may cancel out. Each pair
    costs a second call of Translate, and time that grows with the square of the length: a second of a processor for 5,000
    characters.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    source_language_code, target_language_code : str
        Of the texts, and of their translations.

    Returns
    -------
    callable
        Takes a text and its translation, returns a number from 0 to 1; for `from_translate`.

    Raises
    ------
    InvalidInputError
        If a language is not named: there is no way back into ``"auto"``.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> def english(request):
    ...     return {"TranslatedText": "Good morning", "SourceLanguageCode": "de", "TargetLanguageCode": "en"}
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer("translate", "TranslateText", english)
    ...     alike = back_translation(cloud.session(), source_language_code="en", target_language_code="de")
    ...     round(alike("Good day", "Guten Tag"), 2)
    0.5
    """
    client = session.client("translate")
    languages: Any = {"SourceLanguageCode": target_language_code, "TargetLanguageCode": source_language_code}
    check_members(client, "TranslateText", languages)
    if "auto" in languages.values():
        raise InvalidInputError("a language is 'auto'", hint="name both, for the way back")

    def alike(text: str, translation: str) -> float:
        with translated_errors("Translate"):
            back = client.translate_text(Text=translation, **languages)["TranslatedText"]
        return SequenceMatcher(None, text.casefold(), back.casefold(), autojunk=False).ratio()

    return alike
