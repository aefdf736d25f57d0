"""Ask a SageMaker endpoint for predictions; here a Python function answers in its place."""

import hitl_sdk as hitl
from hitl_sdk.routing import InvalidPrediction, from_callable, from_endpoint

REVIEWS = ["I love it", "It is okay", "Never again"]


# --8<-- [start:serve]
def model(records: list[dict[str, list[str]]]) -> list[dict[str, object]]:
    """Answer as the endpoint would: one record an item. The third has no probability."""
    known: dict[str, dict[str, object]] = {
        "I love it": {"probability": 0.97, "predicted_label": 1},
        "It is okay": {"probability": 0.54, "predicted_label": 1},
    }
    return [known.get(record["features"][0], {"predicted_label": -1}) for record in records]


# --8<-- [end:serve]


# --8<-- [start:ask]
def ask(session: hitl.Session) -> None:
    """Print one line an item; a record that can't be used is that item's own outcome."""
    for prediction in from_endpoint(session, "sentiment", REVIEWS, item_ids=["r1", "r2", "r3"]):
        if isinstance(prediction, InvalidPrediction):
            print(prediction.item_id, "is not usable:", prediction.error)
        else:
            print(prediction.item_id, prediction.label, prediction.confidence)


# --8<-- [end:ask]


# --8<-- [start:callable]
def ask_a_function() -> None:
    """Ask a model in this process: any function of an item that gives label and confidence."""
    predictions = from_callable(lambda text: ("1" if "love" in text else "0", 0.8), REVIEWS)
    print([prediction.item_id for prediction in predictions])


# --8<-- [end:callable]


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        cloud.endpoints.serve("sentiment", model)
        ask(cloud.session())
        ask_a_function()
