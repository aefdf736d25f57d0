"""The talk's review screen: what a model is sure of stands, people decide on the doubtful labels and add what is missing."""

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hitl_sdk as hitl
from hitl_sdk.consolidation import BoxConsolidation, DawidSkene, Vote
from hitl_sdk.errors import (
    InvalidInputError,
    InvalidOutputError,
    InvalidPredictionError,
    InvalidResourceError,
)
from hitl_sdk.labels import ScoredLabel, to_value
from hitl_sdk.tasks import LabelReview
from hitl_sdk.testing import mock_hitl

RULE = hitl.EachLabel(hitl.Bands(accept=0.90, drop=0.40))
# A part of what the talk shows: what is there, and what Rekognition says of it.
TALK = {
    "Person": 0.9970584, "Computer": 0.9943254, "Monitor": 0.9509449, "School": 0.4786574, "Office": 0.4291470,
    "Doctor": 0.4012984, "Hospital": 0.3505763, "X-Ray": 0.3223660, "Painting": 0.2311285,
}  # fmt: skip
SHOWN = "s3://data/1.png"
ADDED = {"labels": {"School": True, "Office": False, "Doctor": False}, "labels-added": "Polo shirt"}


def review(**fields):
    return LabelReview(**{"name": "labels", "title": "What does it show?", "rule": RULE} | fields)


def human(*labels, confidence=1.0):
    return tuple(ScoredLabel(label, confidence, "human") for label in labels)


def told(labels):
    return [(each.label, round(each.confidence, 4), each.source) for each in labels]


def test_the_talks_labels_are_merged_as_the_talk_shows():
    task = review()
    model = task.normalise_label(TALK)

    assert told(task.merged_label(task.parse_answer(ADDED).label, model)) == [
        ("Person", 0.9971, "model"),
        ("Computer", 0.9943, "model"),
        ("Monitor", 0.9509, "model"),
        ("School", 1.0, "human"),
        ("Polo shirt", 1.0, "human"),
    ]


def test_the_page_shows_the_image_the_accepted_labels_and_a_box_for_each_doubtful_one(page_seen):
    html, elements = page_seen(review(), review().input(SHOWN, TALK))
    boxes = [each for each in elements if each.tag == "crowd-checkbox"]

    assert '<img src="https://signed/data/1.png"' in html
    assert [box.attributes["value"] for box in boxes] == ["School", "Office", "Doctor"]
    assert all(box.name == "labels" and "checked" in box.attributes for box in boxes)
    assert " ".join(html.split("These labels stand already:")[1].split("</p>")[0].split()) == (
        "<strong>Person</strong>, <strong>Computer</strong>, <strong>Monitor</strong>"
    )
    assert "School (47.87 %)" in html
    assert "Hospital" not in html


def test_a_page_may_show_less(page_seen):
    task = review(ticked=False, show_confidence=False, accepted_prompt="", add_prompt="", shows="text")
    html, elements = page_seen(task, task.input("A text", TALK))

    assert "A text" in html
    assert "Person" not in html
    assert "%" not in html
    assert [(each.tag, "checked" in each.attributes) for each in elements[2:]] == [
        ("crowd-checkbox", False)
    ] * 3


def test_labels_with_quotes_and_tags_come_through_the_page(page_seen):
    odd = {'6" <b>pipe</b> & "co"': 0.5}
    html, elements = page_seen(review(), review().input(SHOWN, odd))

    assert "<b>pipe" not in html
    assert next(each for each in elements if each.tag == "crowd-checkbox").attributes["value"] == next(
        iter(odd)
    )


@pytest.mark.parametrize(
    "given",
    [
        {"School": 0.475, "Person": 0.75, "Cat": None},
        [{"Name": "Person", "Confidence": 75}, {"Name": "School", "Confidence": 47.5, "Instances": []}],
        [ScoredLabel("School", 0.475), ScoredLabel("Person", 0.75, "model")],
        [{"label": "Person", "confidence": "0.75"}, {"label": "School", "confidence": 0.475, "source": None}],
    ],
)
def test_a_models_labels_are_read_in_any_form_and_sorted_by_score(given):
    assert review().normalise_label(given) == (
        ScoredLabel("Person", 0.75, "model"),
        ScoredLabel("School", 0.475, "model"),
    )


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"Person": 99.7}, "the confidence of 'Person' is 99.7, not from 0 to 1"),
        ([{"Name": "Person", "Confidence": 175}], "1.75, not from 0 to 1"),
        ({"Person": 1.0000001}, "the confidence of 'Person' is 1.0000001, not from 0 to 1"),
        (["Person", "person"], "a label stands there twice"),
        ([""], "a label is empty"),
        ([{"label": "Person", "source": "gossip"}], "neither 'model' nor 'human'"),
        (7, "no object"),
    ],
)
def test_what_is_no_label_with_a_score_is_refused(given, problem):
    with pytest.raises(InvalidPredictionError, match=problem):
        review().normalise_label(given)


def test_people_are_asked_about_labels_without_a_score():
    task = review()
    assert [each["label"] for each in task.input(SHOWN, ["Cat"])["initialValue"]["asked"]] == ["Cat"]


def test_an_image_without_any_labels_can_be_labelled_all_the_same():
    task = review()
    assert task.input(SHOWN) == {"taskObject": SHOWN}
    assert task.parse_answer({"labels-added": " Cat \n\n dog\nCAT "}).label == human("Cat", "dog")
    assert task.merged_label(human("Cat"), None) == human("Cat")


def test_an_answer_in_which_nothing_is_kept_or_added_is_an_answer():
    assert review().parse_answer({}).label == ()
    assert review().parse_answer({"labels": {"School": False}}).label == ()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"sentiment": {"label": "1"}}, "neither 'labels' nor 'labels-added', but 'sentiment'"),
        ({"labels": ["School"]}, "the boxes are list, no object"),
        ({"labels": {"School": "maybe"}}, "a box is neither ticked nor not"),
        ({"labels": {"School": 1}}, "a box is neither ticked nor not"),
        ({"labels-added": ["Polo shirt"]}, "what was added is"),
    ],
)
def test_an_answer_to_something_else_is_refused(content, problem):
    with pytest.raises(InvalidOutputError, match=problem):
        review().parse_answer(content)


def test_what_people_add_is_the_models_label_whatever_its_capitals():
    task = review()
    merged = task.merged_label(human("person", "x-ray"), task.normalise_label(TALK))

    assert told(merged)[0] == ("Person", 1.0, "human")
    assert told(merged)[-1] == ("X-Ray", 1.0, "human")  # dropped by the rule, and there all the same


def test_a_label_that_is_written_with_other_blanks_or_accents_is_the_same_label():
    task = review()
    model = task.normalise_label({"Polo shirt": 0.5, "Caf\N{LATIN SMALL LETTER E WITH ACUTE}": 0.5})
    added = "polo  shirt\nPolo\N{NO-BREAK SPACE}shirt\ncafe\N{COMBINING ACUTE ACCENT}\n bus\tstop "

    answer = task.parse_answer({"labels-added": added})

    assert [each.label for each in task.merged_label(answer.label, model)] == [
        "Caf\N{LATIN SMALL LETTER E WITH ACUTE}",
        "Polo shirt",
        "bus stop",
    ]


def test_an_accepted_item_keeps_the_accepted_labels_alone():
    task = review()
    assert [each.label for each in task.accepted_label(task.normalise_label(TALK))] == [
        "Person",
        "Computer",
        "Monitor",
    ]


def test_a_review_is_the_same_as_long_as_it_shows_the_same_labels():
    task = review()

    def key(**changed):
        return task.review_key(SHOWN, task.normalise_label(TALK | changed))

    assert key() == key(School=0.48, Painting=0.1)
    assert key() != key(School=0.95)
    assert key() != key(Hospital=0.41)


def test_a_rule_is_something_that_splits():
    with pytest.raises(InvalidResourceError, match="rule"):
        review(rule=0.9)


def consensus(*answers, by=None, preferred=None):
    votes = [Vote("a", f"w{number}", human(*labels)) for number, labels in enumerate(answers)]
    task = review()
    model = {"a": task.normalise_label(preferred)} if preferred else None
    return task.consolidate(votes, by=by, preferred=model)["a"]


def test_several_people_decide_on_each_label_by_itself():
    said = consensus(["School", "Polo shirt"], ["School", "polo shirt"], ["School", "Hat"], preferred=TALK)

    assert [(each.label, round(each.confidence, 2)) for each in said.label] == [
        ("School", 1.0),
        ("Polo shirt", 0.67),
    ]
    assert (said.n_workers, said.tie, round(said.confidence, 2)) == (3, False, 0.67)
    assert said.agreement == pytest.approx((1 + 1 + 1 / 3) / 3)


def test_several_people_add_the_same_label_however_they_space_it():
    said = consensus(["Polo shirt"], ["polo  shirt"], [])

    assert [each.label for each in said.label] == ["Polo shirt"]


def test_who_does_not_write_an_accepted_label_again_has_not_voted_against_it():
    said = consensus(["School", "person"], ["School", "person"], ["School"], preferred=TALK)

    assert told(said.label) == [("School", 1.0, "human"), ("person", 1.0, "human")]
    assert (said.confidence, said.agreement) == (1, 1)
    assert not consensus(["School", "person"], ["School"], preferred=TALK).tie


def test_a_tie_goes_to_the_model_where_it_is_more_sure_than_not():
    split = consensus(["Clinic", "School"], [], preferred={"Clinic": 0.52, "School": 0.47})

    assert [each.label for each in split.label] == ["Clinic"]
    assert split.tie


def test_people_who_all_keep_nothing_agree():
    said = consensus([], [], preferred=TALK)
    assert (said.label, said.agreement, said.confidence) == ((), 1, 1)


def test_one_person_is_taken_at_their_word():
    said = consensus(["Hat"])
    assert said.label == human("Hat")
    assert (said.confidence, said.agreement, said.n_workers) == (None, None, 1)


def test_a_method_that_learns_about_workers_learns_over_all_labels():
    """Dan and Eve tick all there is. Each label is asked of one image, so only all of them together show it."""
    task = review()
    votes = [
        Vote(f"i{n}", worker, human("right", "wrong") if worker in {"dan", "eve"} else human("right"))
        for n in range(10)
        for worker in ("ana", "ben", "cleo", "dan", "eve")
    ]
    votes += [
        Vote("last", "ana", ()),
        Vote("last", "dan", human("wrong")),
        Vote("last", "eve", human("wrong")),
    ]

    assert task.consolidate(votes)["last"].label != ()
    assert task.consolidate(votes, by=DawidSkene())["last"].label == ()


def test_a_method_for_other_labels_is_refused():
    with pytest.raises(InvalidInputError, match="BoxConsolidation can't consolidate"):
        review().consolidation(BoxConsolidation())


LABELS = st.dictionaries(
    st.text("abcXYZ ", min_size=1).map(str.strip).filter(bool), st.floats(0, 1), max_size=8
)


@settings(max_examples=80, deadline=None)
@given(LABELS, st.lists(st.sampled_from(["a", "b", "Cat", "dog"])), st.randoms())
def test_nothing_that_is_sure_or_was_said_is_lost_and_nothing_else_comes_in(scores, added, random):
    task = review()
    try:
        model = task.normalise_label(scores)
    except InvalidPredictionError:
        return  # the same label twice, but for capitals
    asked = [each["label"] for each in task.initial_value(model)["asked"]]
    ticks = {label: random.random() < 0.5 for label in asked}
    merged = task.merged_label(
        task.parse_answer({"labels": ticks, "labels-added": "\n".join(added)}).label, model
    )

    by_label = {each.label.casefold(): each for each in merged}
    said = {label.casefold() for label, on in ticks.items() if on} | {label.casefold() for label in added}
    sure = {label.casefold() for label, score in scores.items() if score >= 0.9}
    assert by_label.keys() == said | sure
    assert len(by_label) == len(merged)
    assert all(
        (each.confidence, each.source) == (1.0, "human") for name, each in by_label.items() if name in said
    )
    assert task.read_label(to_value(merged)) == merged


@pytest.fixture
def talk():
    """An account in which one worker answers as in the talk, and a function that routes through the review screen."""
    with mock_hitl() as cloud:
        session, _ = cloud.session(), cloud.bucket("data")
        task = review()
        team = hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")])
        flow = hitl.ReviewFlow(
            name="labels", team=team, task=task, output="s3://data/a2i", role_arn=cloud.role_arn
        )
        flow.ensure(session)
        cloud.workers.answer(lambda given: ADDED)
        router = hitl.Router(flow=flow, policy=RULE, session=session)

        def routed(predictions):
            run = router.route(predictions)
            run.wait(timeout=3600)
            return run.training_frame("polars").to_dicts()

        yield routed


def test_predictions_go_through_the_screen_to_merged_rows(talk):
    sure = {"Person": 0.99, "Painting": 0.2}
    rows = talk(
        [
            hitl.Prediction("desk", SHOWN, label=("Person",), confidence=0.95, scores=TALK),
            hitl.Prediction("sure", "s3://data/2.png", label=("Person",), confidence=0.99, scores=sure),
        ]
    )

    assert [(row["decision"], row["label_source"]) for row in rows] == [
        ("review", "human"),
        ("accept", "model"),
    ]
    assert [(each["label"], each["source"]) for each in rows[0]["label"]] == [
        ("Person", "model"),
        ("Computer", "model"),
        ("Monitor", "model"),
        ("School", "human"),
        ("Polo shirt", "human"),
    ]
    assert [each["confidence"] for each in rows[0]["label"]][3:] == [1.0, 1.0]
    assert rows[1]["label"] == [{"label": "Person", "confidence": 0.99, "source": "model"}]
    assert len(rows[0]["model_label"]) == len(TALK)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_a_frame_of_scores_goes_through_the_screen(talk, make):
    columns = {
        "item_id": ["desk"],
        "item": [SHOWN],
        "label": ["Person"],
        "confidence": [0.5],
        "scores": [TALK],
    }

    [row] = talk(make(columns))
    assert [each["label"] for each in row["label"]][-2:] == ["School", "Polo shirt"]
