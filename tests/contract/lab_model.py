"""The lab's sentiment model, as a function that the local service serves."""

SCORES = {
    "I enjoy this product": (0.94, 1),
    "I am unhappy with this product": (0.63, -1),
    "It is okay": (0.55, 0),
    "sometimes it works": (0.51, 1),
}


def predict(records):
    """Take ``{"features": [review]}`` lines, give ``{"probability", "predicted_label"}`` lines."""
    scores = [SCORES[record["features"][0]] for record in records]
    return [{"probability": probability, "predicted_label": label} for probability, label in scores]
