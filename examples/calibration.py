"""From labelled predictions to a policy: how far confidences can be trusted, which threshold to take, what it would have done.

    python calibration.py FOLDER

draws the pictures into a folder.
"""

# --8<-- [start:imports]
import sys
import tempfile
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.naive_bayes import GaussianNB

import hitl_sdk as hitl
from hitl_sdk.routing import IsotonicCalibration, TemperatureScaling, error_curve, reliability

# --8<-- [end:imports]


# --8<-- [start:frame]
def labelled_predictions() -> pd.DataFrame:
    """Return what a model says of handwritten digits that it has not seen, and what they are."""
    digits = load_digits()
    names = [str(name) for name in digits.target_names]
    model = GaussianNB(var_smoothing=0.1).fit(digits.data[:600], digits.target[:600])
    scores = model.predict_proba(digits.data[600:])
    return pd.DataFrame(
        {
            "item_id": [f"digit-{number}" for number in range(600, len(digits.data))],
            "label": [names[best] for best in scores.argmax(axis=1)],
            "confidence": scores.max(axis=1),
            "scores": [dict(zip(names, row, strict=True)) for row in scores.tolist()],
            "truth": [names[digit] for digit in digits.target[600:]],
        }
    )


# --8<-- [end:frame]


def main(folder: Path) -> None:
    """Print a figure for each step, and draw two pictures."""
    frame = labelled_predictions()
    # --8<-- [start:halves]
    known, kept_aside = frame.iloc[::2], frame.iloc[1::2]
    # --8<-- [end:halves]

    # --8<-- [start:reliability]
    print(reliability(known))
    # --8<-- [end:reliability]

    print()
    # --8<-- [start:mend]
    mended = TemperatureScaling.fit(known, scores="scores")
    print(f"temperature {mended.temperature:.1f}: {reliability(mended.apply(kept_aside))}")
    isotonic = IsotonicCalibration.fit(known)
    print(f"isotonic: {reliability(isotonic.apply(kept_aside))}")
    # --8<-- [end:mend]

    print()
    # --8<-- [start:target]
    known, kept_aside = mended.apply(known), mended.apply(kept_aside)
    found = hitl.calibrate(known, target_error=0.05)
    print(found)
    # --8<-- [end:target]

    print()
    # --8<-- [start:replay]
    print(found.policy.replay(kept_aside, cost_per_review=0.12))
    # --8<-- [end:replay]

    print()
    # --8<-- [start:goals]
    print(hitl.calibrate(known, review_budget=0.20))
    print()
    print(hitl.calibrate(known, cost_ratio=10))
    # --8<-- [end:goals]

    print()
    # --8<-- [start:per_class]
    print(hitl.calibrate(known, review_budget=0.20, per_class=True))
    # --8<-- [end:per_class]

    print()
    # --8<-- [start:out_of_reach]
    try:
        hitl.calibrate(known, target_error=0.01)
    except hitl.errors.InvalidInputError as error:
        print(error)
    # --8<-- [end:out_of_reach]

    # --8<-- [start:plot]
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    reliability(frame).plot(ax=left)
    error_curve(known, points=100).plot(ax=right, mark=found)
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "calibration.svg", metadata={"Date": None})
    # --8<-- [end:plot]


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
