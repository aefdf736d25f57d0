"""The example on real product reviews: people mend the labels, and the retrained model."""

import re
import runpy
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
REVIEWS = ROOT.parent / "shared" / "data" / "reviews" / "amazon_review_snippets.csv"


@pytest.fixture
def report(monkeypatch, tmp_path, capsys):
    """Run the example on some reviews, and return what it prints."""

    def run(reviews: pd.DataFrame) -> str:
        reviews.to_csv(tmp_path / "amazon_review_snippets.csv", index=False)
        monkeypatch.setattr(sys, "argv", ["product_reviews.py", "--data", str(tmp_path)])
        runpy.run_path(str(ROOT / "examples" / "product_reviews.py"), run_name="__main__")
        return capsys.readouterr().out

    return run


def shares(report: str, row: str) -> list[float]:
    """Return the shares of a row, where it stands first and second in the report, in percent."""
    lines = [line for line in report.splitlines() if line.startswith(row)]
    return [float(share) for line in lines for share in re.findall(r"([\d.]+)%  \[", line)]


def test_raters_who_are_right_mend_every_label_that_they_see(report):
    good, bad = "it is good and works", "it came without a cable"  # the lexicon knows no word of it
    texts = [f"{good if number % 2 else bad}, part {number}" for number in range(60)]
    ratings = [" ".join(["3" if number % 2 else "-2"] * 20) for number in range(60)]
    said = report(
        pd.DataFrame({"item_id": range(60), "text": texts, "ratings": ratings}).astype({"item_id": str})
    )

    assert "60 snippets, 60 of them reviewed (100%), 540 answers" in said
    assert shares(said, "1 rater ")[:2] == shares(said, "9 raters")[:2] == [100.0, 100.0]
    assert shares(said, "model alone")[0] < 100


def test_on_real_reviews_more_raters_make_better_labels(report):
    if not REVIEWS.exists():
        pytest.skip("the reviews are not part of the project: ../shared/data/reviews is not there")
    said = report(pd.read_csv(REVIEWS).sample(150, random_state=7))

    of_all = [shares(said, row)[0] for row in ("model alone", "1 rater ", "9 raters")]
    assert of_all == sorted(of_all)
    assert of_all[2] - of_all[0] > 10
