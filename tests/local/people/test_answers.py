"""What a simulated worker makes of a template."""

from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest

from hitl_sdk.errors import InvalidInputError, TemplateError
from hitl_sdk.local.answers import DefaultAnswers, TruthAnswers
from hitl_sdk.local.engine import OpenTask, Scope

CHOICES = "['cat', 'dog', 'cow']"
CLASSIFIER = (
    f'<crowd-classifier name="animal" categories="{CHOICES}" initial-value="{{{{ task.input.guess }}}}">'
)


def task(template=CLASSIFIER, **input_content):
    return OpenTask(
        scope=Scope("123456789012", "eu-west-1"),
        human_loop_name="loop",
        flow="arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/flow",
        title="t",
        description="d",
        template=template,
        input_content=input_content,
        task_count=1,
        answered_by=frozenset(),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        sequence=1,
    )


def default_answer(template, **input_content):
    return DefaultAnswers().answer(task(template, **input_content), Random(0))


def said(answers, a_task, times=3000):
    return Counter(answers.answer(a_task, Random(number))["animal"]["label"] for number in range(times))


@pytest.mark.parametrize("tag", ["crowd-classifier", "crowd-image-classifier"])
def test_who_knows_the_truth_answers_one_label_classifiers(tag):
    template = f'<crowd-form><{tag} name="animal" categories="{CHOICES}"><crowd-text-area name="c">'
    assert TruthAnswers(lambda item: "dog").answer(task(template), Random(0)) == {"animal": {"label": "dog"}}


def test_a_classifier_without_name_answers_under_its_tag():
    template = f'<crowd-image-classifier categories="{CHOICES}">'
    answer = TruthAnswers(lambda item: "dog").answer(task(template), Random(0))
    assert answer == {"crowd-image-classifier": {"label": "dog"}}


@pytest.mark.parametrize(
    "template",
    [
        "<crowd-classifier name='animal' categories='{{ task.input.labels | to_json }}'>",
        "{% assign l = task.input.labels %}<crowd-classifier name='animal' categories='{{ l }}'>",
        "{% if task.input.no %}<crowd-classifier name='x' categories='[1]'>{% endif %}"
        "<crowd-classifier name='animal' categories=\"['dog', 'cat']\">",
    ],
)
def test_choices_that_liquid_decides_on_are_rendered_first(template):
    answers = TruthAnswers(lambda item: "dog")
    assert answers.answer(task(template, labels=["dog", "cat"]), Random(0)) == {"animal": {"label": "dog"}}


def test_a_truth_that_is_a_number_stands_for_its_text():
    template = "<crowd-classifier name='animal' categories='[-1, 1]'>"
    assert TruthAnswers(lambda item: -1).answer(task(template), Random(0)) == {"animal": {"label": "-1"}}


def test_accuracy_is_the_share_of_right_answers_and_errors_are_spread_evenly():
    counts = said(TruthAnswers(lambda item: "cat", accuracy=0.7), task())
    assert counts["cat"] == pytest.approx(2100, abs=100)
    assert counts["dog"] == pytest.approx(450, abs=80)
    assert counts["cow"] == pytest.approx(450, abs=80)


def test_a_confusion_row_gives_the_chances_of_what_is_said():
    confusion = {"cat": {"cat": 0.5, "dog": 0.3, "cow": 0.2 + 5e-7}}
    counts = said(TruthAnswers(lambda item: "cat", confusion=confusion), task())
    assert counts["dog"] == pytest.approx(900, abs=90)
    assert counts["cow"] == pytest.approx(600, abs=80)


def test_where_there_is_one_choice_nobody_can_err():
    template = "<crowd-classifier name='animal' categories=\"['cat']\">"
    assert said(TruthAnswers(lambda item: "cat", accuracy=0), task(template), 1) == {"cat": 1}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"truth": lambda item: "bee"},
            r"the truth 'bee' is no choice \(the choices are \['cat'",
        ),
        ({"truth": lambda item: "cat", "confusion": {"dog": {"dog": 1}}}, "no row for 'cat'"),
        (
            {"truth": lambda item: "cat", "confusion": {"cat": {"bee": 1}}},
            "'bee' in the confusion row of 'cat'",
        ),
        ({"truth": lambda item: item["x"]}, "your function failed: KeyError"),
    ],
)
def test_a_truth_that_does_not_fit_the_task_is_told(options, words):
    with pytest.raises(InvalidInputError, match=words):
        TruthAnswers(**options).answer(task(), Random(0))


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>", "nothing"),
        (CLASSIFIER * 2, "<crowd-classifier>, <crowd-classifier>"),
        ("<crowd-input name='a'><input type='hidden' name='h'><select name='b'>", "<crowd-input>, <select>"),
    ],
)
def test_a_template_that_wants_something_else_names_it_and_the_way_out(template, found):
    with pytest.raises(InvalidInputError, match=rf"asks for {found} \(.*cloud\.workers\.answer\(fn\)"):
        TruthAnswers(lambda item: "cat").answer(task(template), Random(0))


@pytest.mark.parametrize("categories", ["", "categories='[]'"])
def test_a_classifier_without_choices_is_told(categories):
    with pytest.raises(InvalidInputError, match="has no categories"):
        default_answer(f"<crowd-classifier name='animal' {categories}>")


def test_choices_that_can_not_be_read_are_told():
    with pytest.raises(TemplateError):
        default_answer("<crowd-classifier name='animal' categories='[cat dog'>")


def test_a_template_that_can_not_be_rendered_is_told():
    with pytest.raises(InvalidInputError, match="can't be rendered: unknown filter 'nope'"):
        default_answer(CLASSIFIER + "{% if true %}{{ 1 | nope }}{% endif %}")


@pytest.mark.parametrize(
    ("input_content", "label"),
    [
        ({"guess": "dog", "initialValue": "cow"}, "dog"),
        ({"guess": "bee", "initialValue": "cow"}, "cow"),
        ({"initialValue": "bee"}, "cat"),
        ({}, "cat"),
    ],
)
def test_the_pre_set_value_comes_before_the_inputs_and_the_first_choice(input_content, label):
    assert default_answer(CLASSIFIER, **input_content) == {"animal": {"label": label}}


def test_default_answers_err_at_the_stated_rate():
    counts = said(DefaultAnswers(error_rate=0.2), task(guess="dog"))
    assert counts["dog"] == pytest.approx(2400, abs=100)
    assert counts["cat"] == pytest.approx(300, abs=70)


def test_another_seed_puts_the_errors_elsewhere():
    first, again, other = (
        [DefaultAnswers(0.5, seed).answer(task(), Random(n)) for n in range(50)] for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("template", "answer"),
    [
        (f"<crowd-classifier-multi-select name='n' categories=\"{CHOICES}\">", {"n": {"labels": ["cat"]}}),
        (
            f'<crowd-image-classifier-multi-select categories="{CHOICES}">',
            {"crowd-image-classifier-multi-select": {"labels": ["cat"]}},
        ),
        ("<crowd-input name='n' value='{{ task.input.text }}'>", {"n": "a & b"}),
        ("<crowd-text-area name='n'>", {}),
        ("<input name='n' value='v'><input type='hidden' name='h' value='w'>", {"n": "v", "h": "w"}),
        (
            "<crowd-checkbox name='n' value='a' checked><crowd-checkbox name='n' value='b'>",
            {"n": {"a": True, "b": False}},
        ),
        ("<crowd-toggle-button name='n'>", {"n": {"on": False}}),
        (
            "<input type='radio' name='n' value='a'><input type='checkbox' name='m' checked>",
            {"n": {"a": False}, "m": {"on": True}},
        ),
        ("<crowd-checkbox><crowd-button name='b'><select name='s'>", {}),
    ],
)
def test_other_controls_keep_what_they_show(template, answer):
    assert default_answer(template, text="a & b") == answer
