"""Translations by Amazon Translate, which tells no confidence: a score of one's own, calibrated, and people for the rest."""

# --8<-- [start:imports]
from functools import partial
from random import Random
from typing import Any

import hitl_sdk as hitl
from hitl_sdk.routing import back_translation, calibrate, from_translate, predictions_frame

# --8<-- [end:imports]

THINGS = {"lamp": "Lampe", "chair": "Stuhl", "table": "Tisch"}
STATES = {"broken": "kaputt", "late": "verspätet", "wrong": "falsch"}
GERMAN = {
    f"The {thing} of order {number} is {state}": f"{THINGS[thing]} aus Bestellung {number}: {STATES[state]}"
    for number in range(130)
    for thing in THINGS
    for state in STATES
}
ENGLISH = {german: english for english, german in GERMAN.items()}
LABELLED, NEW = list(GERMAN)[:900], list(GERMAN)[900:]


# --8<-- [start:ten_lines]
def review(session: hitl.Session, flow: hitl.ReviewFlow) -> hitl.Run:
    """Calibrate the score on pairs that people have judged, then have them look at the rest."""
    alike = back_translation(session, source_language_code="en", target_language_code="de")
    in_german = partial(
        from_translate,
        session,
        source_language_code="en",
        target_language_code="de",
        confidence=alike,
    )
    checked = predictions_frame(in_german(LABELLED)).dropna(subset=["label"])  # what failed
    checked["truth"] = [said == GERMAN[text] for said, text in pairs_in(checked)]
    found = calibrate(checked, target_error=0.05)
    print(found)

    router = hitl.Router(flow=flow, policy=found.policy, session=session, max_reviews=150)
    # Run again under this name, it goes on with this run.
    return router.route(in_german(NEW), name="orders-de-2026-11")


# --8<-- [end:ten_lines]


# --8<-- [start:pairs]
def pairs_in(frame: Any) -> list[tuple[str, str]]:
    """Return the translations with their texts."""
    said = [label["translation"] for label in frame["label"]]
    return list(zip(said, frame["item"], strict=True))


# --8<-- [end:pairs]


# --8<-- [start:task]
TASK = hitl.tasks.Form(
    name="pair",
    title="Is the German right?",
    instructions=hitl.tasks.Instructions(short="Mend the translation, or leave it as it is."),
    fields=[hitl.tasks.TextField(name="translation", title="German")],
)
# --8<-- [end:task]


# --8<-- [start:own-score]
def as_long_as_usual(text: str, translation: str) -> float:
    """Be sure of translations that are about as long as their texts."""
    return min(len(text), len(translation)) / max(len(text), len(translation))


# --8<-- [end:own-score]


# --8<-- [start:stand-in]
def translate(request: dict[str, Any]) -> dict[str, Any]:
    """Answer in Translate's place: one in seven translations says something else."""
    text, back = request["Text"], request["TargetLanguageCode"] == "en"
    rng = Random(text)
    if back:
        said = ENGLISH.get(text) or f"The thing of {text.partition(': ')[2] or 'it'}"
        said = said.replace(" is ", " was ") if rng.random() < 0.3 else said
    else:
        said = GERMAN[text] if rng.random() > 1 / 7 else GERMAN[text].replace(":", " ist")
    return {
        "TranslatedText": said,
        "SourceLanguageCode": request["SourceLanguageCode"],
        "TargetLanguageCode": request["TargetLanguageCode"],
    }


# --8<-- [end:stand-in]


def main() -> None:
    """Run the review on the embedded service; people know both languages."""
    with hitl.testing.mock_hitl() as cloud:
        cloud.ai.answer("translate", "TranslateText", translate)
        cloud.workers.answer(lambda item: {"translation": GERMAN[item["taskObject"]]})
        session = cloud.session()
        flow = hitl.ReviewFlow(
            name="orders-de",
            team=hitl.PrivateTeam(
                name="readers", members=[hitl.Member(email="ana@example.com")]
            ),
            task=TASK,
            output=f"s3://{cloud.bucket('reviews')}/a2i",
            role_arn=cloud.role_arn,
        )
        flow.ensure(session)
        run = review(session, flow)
        print(run.wait(timeout=7200))
        frame = run.training_frame()
        right = [said == GERMAN[text] for said, text in pairs_in(frame)]
        print(f"of {len(frame)} translations {sum(right) / len(right):.1%} are right")
        [own] = from_translate(
            session,
            NEW[:1],
            source_language_code="en",
            target_language_code="de",
            confidence=as_long_as_usual,
        )
        assert isinstance(own, hitl.Prediction)
        print(own.label, round(own.confidence, 2))


if __name__ == "__main__":
    main()
