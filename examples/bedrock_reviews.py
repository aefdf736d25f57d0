"""A language model on Amazon Bedrock that states how sure it is: calibrated, and people for the rest."""

# --8<-- [start:imports]
import json
from random import Random
from typing import Any

import hitl_sdk as hitl
from hitl_sdk.routing import calibrate, from_bedrock, from_bedrock_model, predictions_frame

# --8<-- [end:imports]

TOPICS = {"billing": "The bill", "delivery": "The parcel", "account": "The sign-in"}
TRUTH = {
    f"{TOPICS[topic]} of order {number} is {fault}": topic
    for number in range(200)
    for fault in ("wrong", "missing")
    for topic in TOPICS
}
LABELLED, NEW = list(TRUTH)[:900], list(TRUTH)[900:]
MODEL = "amazon.nova-lite-v1:0"


# --8<-- [start:prompt]
def prompt(ticket: str) -> str:
    """Say what is asked, and how to answer."""
    return (
        "Which of billing, delivery and account is this ticket about?\n"
        f"<ticket>{ticket}</ticket>\n"
        'Answer with JSON alone: {"label": "...", "confidence": ...}, where confidence is the '
        "probability from 0 to 1 that the label is right."
    )


# --8<-- [end:prompt]


# --8<-- [start:ten_lines]
def review(session: hitl.Session, flow: hitl.ReviewFlow) -> hitl.Run:
    """Calibrate what the model says of itself, then have people look at the rest."""
    checked = predictions_frame(from_bedrock(session, MODEL, LABELLED, prompt=prompt), "pandas")
    checked = checked.dropna(subset=["label"])  # what could not be read
    checked["truth"] = [TRUTH[text] for text in checked["item"]]
    found = calibrate(checked, target_error=0.1)
    print(found)

    predictions = from_bedrock(session, MODEL, NEW, prompt=prompt)
    router = hitl.Router(flow=flow, policy=found.policy, session=session, max_reviews=300)
    # Run again under this name, it goes on with this run.
    return router.route(predictions, name="tickets-2026-11")


# --8<-- [end:ten_lines]


# --8<-- [start:stated]
def what_it_states(session: hitl.Session) -> None:
    """Compare what the model states with how often it is right."""
    checked = predictions_frame(from_bedrock(session, MODEL, LABELLED, prompt=prompt), "pandas")
    checked = checked.dropna(subset=["label"])
    right = checked["label"] == [TRUTH[text] for text in checked["item"]]
    print(f"stated {checked['confidence'].mean():.2f}, right {right.mean():.2f}")


# --8<-- [end:stated]


# --8<-- [start:unreadable]
def unreadable(session: hitl.Session) -> None:
    """Show what becomes of an answer that is none."""
    for each in from_bedrock(session, MODEL, ["It is about a bill"], prompt=str):
        assert isinstance(each, hitl.routing.InvalidPrediction)
        print(each.error)
        raw: Any = each.raw
        print(raw["output"]["message"]["content"][0]["text"])


# --8<-- [end:unreadable]


# --8<-- [start:own-words]
def in_its_own_words(session: hitl.Session) -> None:
    """Ask a model that Converse does not know."""
    predictions = from_bedrock_model(
        session,
        "arn:aws:bedrock:us-east-1:123456789012:imported-model/abcdef012345",
        ["My bill is wrong"],
        body=lambda ticket: {"prompt": prompt(ticket), "max_gen_len": 64},
        text=lambda said: str(said["generation"]),
    )
    for each in predictions:
        assert isinstance(each, hitl.Prediction)
        print(each.label, each.confidence)


# --8<-- [end:own-words]


# --8<-- [start:stand-in]
def model(request: dict[str, Any]) -> dict[str, Any]:
    """Answer in the model's place: it states more than it keeps, and sometimes talks."""
    asked = request["messages"][0]["content"][0]["text"]
    ticket = asked.partition("<ticket>")[2].partition("</ticket>")[0]
    rng = Random(ticket)
    said = "I am sorry, I can't tell."
    if ticket in TRUTH and rng.random() > 0.01:
        sure = rng.betavariate(9, 1)
        right = rng.random() < sure**2
        topic = TRUTH[ticket] if right else rng.choice(list(TOPICS))
        said = f"```json\n{json.dumps({'label': topic, 'confidence': round(sure, 2)})}\n```"
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": said}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 80, "outputTokens": 20, "totalTokens": 100},
        "metrics": {"latencyMs": 300},
    }


# --8<-- [end:stand-in]


def imported(_request: dict[str, Any]) -> dict[str, Any]:
    """Answer for an imported model, in the words of its family."""
    said = {
        "generation": 'Sure! {"label": "billing", "confidence": 0.91}',
        "stop_reason": "stop",
    }
    return {"body": json.dumps(said).encode(), "contentType": "application/json"}


def main() -> None:
    """Run the review on the embedded service; people know what tickets are about."""
    with hitl.testing.mock_hitl() as cloud:
        cloud.ai.answer("bedrock-runtime", "Converse", model)
        cloud.ai.answer("bedrock-runtime", "InvokeModel", imported)
        cloud.workers.add(3, truth=lambda item: TRUTH[item["taskObject"]])
        session = cloud.session()
        flow = hitl.ReviewFlow(
            name="tickets",
            team=hitl.PrivateTeam(
                name="readers", members=[hitl.Member(email="ana@example.com")]
            ),
            task=hitl.tasks.TextClassification(
                name="topic", labels=list(TOPICS), title="What is it about?"
            ),
            output=f"s3://{cloud.bucket('reviews')}/a2i",
            role_arn=cloud.role_arn,
        )
        flow.ensure(session)
        run = review(session, flow)
        print(run.wait(timeout=7200))
        frame = run.training_frame().dropna(subset=["label"])
        right = frame["label"] == [TRUTH[item] for item in frame["item"]]
        print(f"of {len(frame)} labels {right.mean():.1%} are right")
        what_it_states(session)
        unreadable(session)
        in_its_own_words(session)


if __name__ == "__main__":
    main()
