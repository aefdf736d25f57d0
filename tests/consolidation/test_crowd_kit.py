"""Methods of crowd-kit behind our own words."""

import sys

import pandas as pd
import pytest

from hitl_sdk.consolidation import (
    Consensus,
    Consolidation,
    CrowdKit,
    DawidSkene,
    MajorityVote,
    OneCoinDawidSkene,
    PerLabel,
    Vote,
)
from hitl_sdk.errors import InvalidInputError, MissingExtraError

# crowd-kit 1.4.2 uses what pandas 3.1 calls deprecated.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:crowdkit", "ignore::FutureWarning:crowdkit"
)


class Oracle:
    """Says what it is told, as crowd-kit's aggregators do."""

    def __init__(self, labels, probabilities=None):
        self.answers = labels
        self.probabilities = probabilities

    def fit_predict(self, frame):
        assert list(frame.columns) == ["task", "worker", "label"]
        assert set(frame.dtypes.astype(str)) == {"int64"}
        self.labels_ = pd.Series(self.answers)
        if self.probabilities is not None:
            self.probas_ = pd.DataFrame.from_dict(self.probabilities, orient="index")
        return self.labels_


@pytest.fixture
def aggregation():
    return pytest.importorskip(
        "crowdkit.aggregation", reason="crowd-kit is not installed: pip install crowd-kit"
    )


def test_labels_without_probabilities_have_no_confidence(votes_of):
    votes = votes_of(ann="ab", bob="bb")
    consensus = CrowdKit(Oracle({1: 0, 0: 1})).consolidate(votes)
    assert list(consensus.values()) == [Consensus("b", None, 0.5, 2), Consensus("a", None, 0.0, 2)]


def test_the_confidence_is_the_probability(votes_of):
    oracle = Oracle({}, {1: {1: 0.7, 0: 0.3}, 0: {1: 0.1, 0: 0.9}})
    consensus = CrowdKit(oracle).consolidate(votes_of(ann="ab", bob="bb"))
    assert list(consensus.values()) == [Consensus("a", 0.9, 0.5, 2), Consensus("b", 0.7, 1.0, 2)]


def test_a_label_that_has_no_probability_has_none_to_speak_of(votes_of):
    consensus = CrowdKit(Oracle({}, {0: {1: 1.0}})).consolidate(votes_of(ann="a", bob="b"))
    assert consensus == {"0": Consensus("b", 1.0, 0.5, 2)}


def test_equal_probabilities_are_a_tie(votes_of):
    method = CrowdKit(Oracle({}, {0: {0: 0.5, 1: 0.5}}))
    votes = votes_of(ann="a", bob="b")
    assert method.consolidate(votes)["0"] == Consensus("a", 0.5, 0.5, 2, tie=True)
    assert method.consolidate(votes, preferred={"0": "b"})["0"].label == "b"


def test_the_aggregator_stays_as_it_is_and_its_fitted_copy_can_be_had(votes_of):
    oracle = Oracle({0: 0, 1: 1})
    method = CrowdKit(oracle)
    method.fit_predict(pd.DataFrame(votes_of(ann="ab", bob="bb")))
    assert not hasattr(oracle, "labels_")
    assert method.aggregator_.labels_.to_dict() == {0: 0, 1: 1}


@pytest.mark.parametrize("said", [{}, {"ann": "aa", "bob": "aa"}])
def test_without_two_labels_there_is_nothing_to_ask(votes_of, said):
    votes = votes_of(**said)
    assert CrowdKit(Oracle(None)).consolidate(votes) == MajorityVote().consolidate(votes)


def test_what_the_aggregator_refuses_is_an_error_of_ours(votes_of):
    class Refuses:
        def fit_predict(self, frame):
            raise ValueError("only two classes")

    with pytest.raises(InvalidInputError, match="Refuses can't do with these votes: only two classes"):
        CrowdKit(Refuses()).consolidate(votes_of(ann="abc"))


def test_what_has_no_fit_is_no_aggregator():
    with pytest.raises(InvalidInputError, match="no aggregator"):
        CrowdKit(object())


def test_without_crowd_kit_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "crowdkit", None)
    monkeypatch.delitem(sys.modules, "crowdkit.aggregation", raising=False)
    with pytest.raises(MissingExtraError, match=r'needs crowdkit.*pip install "hitl-sdk\[crowd\]"'):
        CrowdKit("GLAD")


def test_a_name_that_crowd_kit_does_not_have_is_refused_with_those_it_has(aggregation):
    with pytest.raises(InvalidInputError, match=r"no aggregator 'BradleyTerry'.*GLAD.*Wawa"):
        CrowdKit("BradleyTerry")


@pytest.mark.parametrize("name", ["DawidSkene", "OneCoinDawidSkene", "MajorityVote"])
def test_it_says_what_our_own_method_says(aggregation, votes_of, name):
    own: Consolidation[str] = {each.__name__: each for each in (DawidSkene, OneCoinDawidSkene, MajorityVote)}[
        name
    ]()
    votes = votes_of(ann="abcabcab", bob="abcabbab", cleo="aacabcba", dan=" b  ccab")
    ours, theirs = own.consolidate(votes), CrowdKit(name).consolidate(votes)
    assert ours.keys() == theirs.keys()
    for item, consensus in ours.items():
        assert (consensus.label, consensus.tie) == (theirs[item].label, theirs[item].tie)
        assert consensus.agreement == theirs[item].agreement
        assert consensus.confidence == pytest.approx(theirs[item].confidence, abs=1e-6)


@pytest.mark.parametrize("name", ["GLAD", "KOS", "MMSR"])
def test_an_aggregator_is_asked_by_its_name(aggregation, votes_of, name):
    votes = votes_of(ann="abababab", bob="abababaa", cleo="abababbb")
    consensus = CrowdKit(name).consolidate(votes)
    assert [each.label for each in consensus.values()][:6] == list("ababab")
    assert [each.confidence is None for each in consensus.values()] == [name in {"KOS", "MMSR"}] * 8


def test_an_aggregator_that_is_for_two_labels_refuses_three(aggregation, votes_of):
    with pytest.raises(InvalidInputError, match="KOS can't do with these votes"):
        CrowdKit("KOS").consolidate(votes_of(ann="abc", bob="abc"))


def test_one_with_settings_answers_for_each_of_several_labels(aggregation):
    votes = [Vote(item, worker, ("price",)) for item in "12" for worker in ("ann", "bob")]
    votes += [Vote("3", worker, ("size",)) for worker in ("ann", "bob")]
    method = PerLabel(["price", "size"], of=CrowdKit(aggregation.MACE(n_restarts=1, n_iter=5)))
    assert [each.label for each in method.consolidate(votes).values()] == [("price",), ("price",), ("size",)]


def test_glad_is_as_right_as_is_listed(aggregation, real_crowd):
    votes, truth = real_crowd("CF")
    judged = CrowdKit("GLAD").fit_predict(votes).merge(truth, on="item")
    assert (judged["label"] == judged["truth"]).mean() == pytest.approx(0.880, abs=0.0005)
