"""Does it pay to ask people, and how many? Real product reviews, a real model, and what twenty real raters said.

    python product_reviews.py --data DIR

DIR holds ``amazon_review_snippets.csv`` of VADER's ICWSM 2014 resources (columns item_id, text, ratings: twenty whole numbers
from -4 to 4). VADER's lexicon says of each snippet how negative or positive it is. Where it is not sure, raters
are asked, on the embedded service: their answers are the first nine ratings. What is right is the majority of the
eleven others, whom nobody asked. Needs ``pip install "hitl-sdk[demo]" vaderSentiment``.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

import hitl_sdk as hitl

RATERS = (1, 3, 5, 9)
ASKED = max(RATERS)
A_TEAM = (
    3  # a human loop has at most three workers, so nine raters are three teams of a flow each
)

TASK = hitl.tasks.TextClassification(
    name="sentiment",
    labels=["-1", "0", "1"],
    title="Is the writer content?",
    instructions=hitl.tasks.Instructions(
        short="Choose what the snippet says of the product.",
        full={"1": "something good", "0": "neither, or both", "-1": "something bad"},
        good=[
            hitl.tasks.Example(
                show="the battery lasts all day", why="1: praise without a word of feeling"
            )
        ],
        bad=[hitl.tasks.Example(show="not bad at all", why="not -1: two negatives are praise")],
    ),
)


def read_reviews(folder: Path) -> pd.DataFrame:
    """Return one row a snippet: item_id, item, what nine raters said, and what eleven others hold to be right."""
    reviews = pd.read_csv(folder / "amazon_review_snippets.csv").rename(
        columns={"text": "item"}
    )
    reviews = reviews.drop_duplicates("item", ignore_index=True)
    ratings = np.sign([[int(rating) for rating in line.split()] for line in reviews["ratings"]])
    reviews["said"] = [[str(rating) for rating in line] for line in ratings[:, :ASKED]]
    votes = [
        hitl.consolidation.Vote(item_id, str(rater), str(rating))
        for item_id, line in zip(reviews["item_id"], ratings[:, ASKED:], strict=True)
        for rater, rating in enumerate(line)
    ]
    right = hitl.consolidation.MajorityVote().consolidate(votes)
    reviews["truth"] = [right[item_id].label for item_id in reviews["item_id"]]
    return reviews


def predict(reviews: pd.DataFrame) -> pd.DataFrame:
    """Add VADER's label, by the thresholds of its authors, and how far from neutral it is as its confidence."""
    model = SentimentIntensityAnalyzer()
    compound = np.array([model.polarity_scores(text)["compound"] for text in reviews["item"]])
    label = np.select([compound >= 0.05, compound <= -0.05], ["1", "-1"], "0")
    return reviews.assign(label=label, confidence=np.abs(compound))


def what_a_rater_said(said: dict[str, list[str]], rater: int, content: dict[str, Any]) -> str:
    return said[TASK.item(content)][rater]


def ask(
    predictions: pd.DataFrame, raters: range, threshold: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Route to a team whose workers say what these raters said; return training frame and answers."""
    said = dict(zip(predictions["item"], predictions["said"], strict=True))
    with hitl.testing.mock_hitl() as cloud:
        session, bucket = cloud.session(), cloud.bucket("reviews")
        flow = hitl.ReviewFlow(
            name="product-reviews",
            team=hitl.PrivateTeam(
                name="raters", members=[hitl.Member(email="ana@example.com")]
            ),
            task=TASK,
            output=f"s3://{bucket}/a2i",
            role_arn=cloud.role_arn,
            task_count=len(raters),
        )
        flow.ensure(session)
        for rater in raters:
            cloud.workers.add(truth=partial(what_a_rater_said, said, rater))
        router = hitl.Router(
            flow=flow,
            policy=hitl.Threshold(threshold),
            session=session,
            rate=None,
            progress=False,
        )
        run = router.route(predictions[["item_id", "item", "label", "confidence"]])
        run.wait(timeout=7200)
        return run.training_frame(), run.answers_frame()


def labels_after(frame: pd.DataFrame, answers: pd.DataFrame, raters: int) -> pd.Series:
    """Return each item's label: the model's where it was accepted, else the majority of the first raters."""
    few = answers[answers.groupby("item_id").cumcount() < raters]
    preferred = dict(zip(frame["item_id"], frame["model_label"], strict=True))
    votes = map(hitl.consolidation.Vote, few["item_id"], few["worker"], few["label"])
    consensus = hitl.consolidation.MajorityVote().consolidate(votes, preferred=preferred)
    return frame["item_id"].map(
        lambda item_id: consensus[item_id].label if item_id in consensus else preferred[item_id]
    )


def retrained(texts: pd.Series, labels: pd.Series) -> np.ndarray:
    """Return what a model trained on these labels says of texts that it has not seen, in five folds."""
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(C=4, max_iter=1000),
    )
    predicted: np.ndarray = cross_val_predict(
        model, texts, labels, cv=KFold(5, shuffle=True, random_state=0)
    )
    return predicted


def share(right: pd.Series) -> str:
    """Return a share of right ones with Wilson's 95 % confidence interval."""
    interval = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
    return f"{right.mean():6.1%}  [{interval.low:.1%}, {interval.high:.1%}]"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument(
        "--data", type=Path, required=True, help="folder of amazon_review_snippets.csv"
    )
    arguments.add_argument(
        "--threshold", type=float, default=0.5, help="review below this confidence (0.5)"
    )
    given = arguments.parse_args()

    reviews = predict(read_reviews(given.data))
    truth = reviews["truth"]
    rounds = [
        ask(reviews, range(first, first + A_TEAM), given.threshold)
        for first in range(0, ASKED, A_TEAM)
    ]
    frame = rounds[0][0]
    answers = pd.concat([answers for _, answers in rounds], ignore_index=True)
    reviewed = frame["decision"] == "review"

    print(
        f"{len(frame):,} snippets, {reviewed.sum():,} of them reviewed ({reviewed.mean():.0%}), {len(answers):,} answers"
    )
    print(f"\nright labels       {'of all':<24}  of those reviewed")
    before = frame["model_label"] == truth
    print(f"model alone       {share(before)}  {share(before[reviewed])}")
    outcomes = {raters: labels_after(frame, answers, raters) for raters in RATERS}
    for raters, labels in outcomes.items():
        print(
            f"{raters} rater{'s' if raters > 1 else ' '}          {share(labels == truth)}  {share((labels == truth)[reviewed])}"
        )
    print("\nmodel trained anew on these labels, on snippets it has not seen")
    print(
        f"model alone       {share(retrained(reviews['item'], frame['model_label']) == truth)}"
    )
    for raters, labels in outcomes.items():
        print(
            f"{raters} rater{'s' if raters > 1 else ' '}          {share(retrained(reviews['item'], labels) == truth)}"
        )


if __name__ == "__main__":
    main()
