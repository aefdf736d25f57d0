"""What a review will take: reviews, answers, hours and money, and what of it is not known."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk._data import review_prices
from hitl_sdk._prices import PriceRange, cost_of_reviews, tiered_price
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.review.estimate import Estimate

TIERS = [(50_000, 0.08), (1_000_000, 0.04), (None, 0.02)]


@pytest.mark.parametrize(
    ("count", "before", "price"),
    [
        (0, 0, 0.0),
        (1, 0, 0.08),
        (50_000, 0, 4_000.0),
        (50_001, 0, 4_000.04),
        (2_000_000, 0, 4_000 + 38_000 + 20_000),
        (10, 50_000, 0.4),
        (20_000, 40_000, 800 + 400),
        (1, 5_000_000, 0.02),
    ],
)
def test_each_tier_is_filled_before_the_next(count, before, price):
    assert tiered_price(count, TIERS, before=before) == pytest.approx(price)


numbers = st.integers(0, 3_000_000)


@given(first=numbers, second=numbers)
def test_two_batches_of_a_month_cost_as_much_as_one(first, second):
    apart = tiered_price(first, TIERS) + tiered_price(second, TIERS, before=first)
    assert tiered_price(first + second, TIERS) == pytest.approx(apart, abs=0.011)


@given(count=numbers, more=numbers, before=numbers)
def test_more_reviews_never_cost_less(count, more, before):
    less, greater = cost_of_reviews(count, before=before), cost_of_reviews(count + more, before=before)
    assert less.low <= less.high
    assert (less.low, less.high) <= (greater.low, greater.high)


@pytest.mark.parametrize("numbers", [{"count": -1}, {"count": 1, "before": -1}])
def test_less_than_nothing_has_no_price(numbers):
    with pytest.raises(InvalidInputError, match="-1"):
        cost_of_reviews(**numbers)


def test_both_readings_of_the_prices_are_dated_and_say_where_they_are_from():
    table = review_prices()
    assert set(table["tiers"]) == {"low", "high"}
    for name, tiers in table["tiers"].items():
        assert table["_about"]["source"][name]
        assert tiers[-1][0] is None
        assert [price for _, price in tiers] == sorted((price for _, price in tiers), reverse=True)
    estimate = Estimate(reviews=1)
    assert estimate.prices_read_on == table["_about"]["read_on"]
    assert set(estimate.price_sources) == {"low", "high"}
    assert estimate.currency == "USD"


def test_an_estimate_counts_reviews_answers_hours_and_money():
    estimate = Estimate(reviews=1_000, workers=3, seconds_per_review=12, hourly_wage=30)
    assert estimate.answers == 3_000
    assert estimate.worker_hours == pytest.approx(10)
    assert estimate.wages == pytest.approx(300)
    assert estimate.charges == PriceRange(30.0, 80.0, "USD")
    assert estimate.cost == PriceRange(330.0, 380.0, "USD")
    assert "3,000 answers" in str(estimate)
    assert "330.00 to 380.00 USD together" in str(estimate)


def test_an_estimate_makes_nothing_up():
    estimate = Estimate(reviews=1_000)
    assert (estimate.worker_hours, estimate.wages, estimate.cost) == (None, None, None)
    assert estimate.unknown[:2] == (
        "how long a review takes: give seconds_per_review",
        "what people cost: give hourly_wage, or ask the vendor",
    )
    assert "hours" not in str(estimate)
    assert "together" not in str(estimate)


def test_what_is_told_is_not_among_the_unknown():
    estimate = Estimate(reviews=1_000, seconds_per_review=9, hourly_wage=0, reviewed_this_month=60_000)
    assert not any("give" in unknown for unknown in estimate.unknown)
    assert estimate.charges.high == pytest.approx(40)  # the second tier


def test_who_states_a_wage_is_not_asked_for_it():
    assert Estimate(reviews=1, hourly_wage=20).unknown[:2] == (
        "how long a review takes: give seconds_per_review",
        "what the free tier still covers",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"reviews": -1},
        {"reviews": "5"},
        {"workers": 0},
        {"workers": None},
        {"seconds_per_review": -1},
        {"seconds_per_review": float("inf")},
        {"hourly_wage": float("nan")},
        {"hourly_wage": Decimal(20)},
    ],
)
def test_a_number_that_can_not_be_is_refused(wrong):
    with pytest.raises(InvalidInputError, match=next(iter(wrong))):
        Estimate(**{"reviews": 1, **wrong})


def test_nothing_to_review_costs_nothing():
    estimate = Estimate(reviews=0, seconds_per_review=10, hourly_wage=20)
    assert estimate.cost == PriceRange(0.0, 0.0, "USD")
    assert "sources differ" not in str(estimate)
