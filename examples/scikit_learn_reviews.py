"""A scikit-learn classifier of handwritten digits: a threshold that keeps its errors down, and people for the rest."""

# --8<-- [start:imports]
from itertools import islice

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier

import hitl_sdk as hitl
from hitl_sdk.routing import calibrate, from_estimator, predictions_frame

# --8<-- [end:imports]

# --8<-- [start:model]
IMAGES, DIGITS = load_digits(return_X_y=True)
TRAINED, CHECKED, NEW = slice(0, 600), slice(600, 1500), slice(1500, 1797)
NAMES = [f"s3://digits/{number}.png" for number in range(len(DIGITS))]

MODEL = RandomForestClassifier(n_estimators=100, random_state=0)
MODEL.fit(IMAGES[TRAINED], DIGITS[TRAINED])
# --8<-- [end:model]


# --8<-- [start:ten_lines]
def review(session: hitl.Session, flow: hitl.ReviewFlow) -> hitl.Run:
    """Calibrate on what is labelled, then have people look at what the model is not sure of."""
    checked = predictions_frame(
        from_estimator(MODEL, NAMES[CHECKED], features=IMAGES[CHECKED]), "pandas"
    )
    checked["truth"] = DIGITS[CHECKED].astype(str)
    found = calibrate(checked, target_error=0.02)
    print(found)

    predictions = from_estimator(
        MODEL, NAMES[NEW], item_ids=range(1500, 1797), features=IMAGES[NEW]
    )
    router = hitl.Router(flow=flow, policy=found.policy, session=session, max_reviews=250)
    # Run again under this name, it goes on with this run.
    return router.route(predictions, name="digits-2026-11")


# --8<-- [end:ten_lines]


# --8<-- [start:features]
def pixels(items: list[str]) -> np.ndarray:
    """Make the features of some items, when their turn comes; here from memory."""
    numbers = [int(item.removeprefix("s3://digits/").removesuffix(".png")) for item in items]
    return np.asarray(IMAGES[numbers])


def without_all_features_in_memory() -> None:
    """Give a function in place of the rows."""
    for prediction in islice(from_estimator(MODEL, NAMES[NEW], features=pixels), 3):
        print(prediction.item, getattr(prediction, "label", None))


# --8<-- [end:features]


def main() -> None:
    """Run the review on the embedded service; people know the digits."""
    truth = dict(zip(NAMES, DIGITS.astype(str), strict=True))
    with hitl.testing.mock_hitl() as cloud:
        cloud.bucket("reviews")
        cloud.workers.answer(lambda item: {"digit": {"label": truth[item["taskObject"]]}})
        task = hitl.tasks.ImageClassification(
            name="digit", labels=[str(digit) for digit in range(10)], title="Which digit?"
        )
        flow = hitl.ReviewFlow(
            name="digits",
            team=hitl.PrivateTeam(
                name="readers", members=[hitl.Member(email="ana@example.com")]
            ),
            task=task,
            output="s3://reviews/a2i",
            role_arn=cloud.role_arn,
        )
        flow.ensure(cloud.session())
        run = review(cloud.session(), flow)
        run.wait(timeout=7200)

        frame = run.training_frame()
        right = frame["label"] == [truth[item] for item in frame["item"]]
        by_model = frame["label_source"] == "model"
        print(f"people answered {(~by_model).sum()} of {len(frame)}")
        print(
            f"of what the model kept {right[by_model].mean():.1%} is right, of all {right.mean():.1%}"
        )
    without_all_features_in_memory()


if __name__ == "__main__":
    main()
