"""Tasks in which a label is judged or mended."""

import json
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hitl_sdk as hitl
from hitl_sdk._elements import read_template
from hitl_sdk.consolidation import MajorityVote, MaskVote, Vote
from hitl_sdk.errors import (
    InvalidInputError,
    InvalidOutputError,
    InvalidPredictionError,
    InvalidResourceError,
)
from hitl_sdk.labels import (
    Box,
    Shapes,
    make_mask,
    mask_colors,
    mask_type,
    read_colored_png,
    shapes_type,
)
from hitl_sdk.local.templates import render
from hitl_sdk.tasks import (
    Answer,
    BoundingBox,
    BoundingBoxAdjustment,
    BoundingBoxVerification,
    ImageClassification,
    ImageClassificationVerification,
    PolygonAnnotation,
    SemanticSegmentation,
    SemanticSegmentationAdjustment,
    SemanticSegmentationVerification,
)

ITEM = "s3://bucket/1.png"
BOXES = Shapes((Box("cat", 10, 12, 90, 60), Box("dog", 1.5, 2, 3, 4)), 640, 480)
MASK = make_mask([[0, 1, 1], [2, 2, 1]], ["cat", "dog"])
VERIFICATIONS = {BoundingBoxVerification: BOXES, SemanticSegmentationVerification: MASK}
ADJUSTMENTS = {BoundingBoxAdjustment: BOXES, SemanticSegmentationAdjustment: MASK}
every_verification = pytest.mark.parametrize("kind", VERIFICATIONS)
every_adjustment = pytest.mark.parametrize("kind", ADJUSTMENTS)


def task_of(kind, **fields):
    return kind(**{"name": "check", "labels": ["cat", "dog"], "title": "Are all animals found?"} | fields)


# --- verification


@every_verification
def test_the_element_has_the_choices_and_shows_what_is_judged(kind, element_seen):
    task = task_of(kind)

    element = element_seen(task, task.input(ITEM, VERIFICATIONS[kind]))

    assert element.tag == "crowd-image-classifier"
    assert element.name == "check"
    assert element.categories == ("Correct", "Incorrect")
    assert element.attributes["header"] == "Are all animals found?"
    assert element.attributes["src"] == "https://signed/bucket/1.png"
    assert "initial-value" not in element.attributes


def test_boxes_lie_over_the_image(element_seen):
    task = task_of(BoundingBoxVerification)
    overlay = json.loads(element_seen(task, task.input(ITEM, BOXES)).attributes["overlay"])
    value = [
        {"label": "cat", "left": 10, "top": 12, "width": 90, "height": 60},
        {"label": "dog", "left": 1.5, "top": 2, "width": 3, "height": 4},
    ]
    assert overlay == {"boundingBox": {"labels": ["cat", "dog"], "value": value}}


def test_a_mask_lies_over_the_image(element_seen):
    task = task_of(SemanticSegmentationVerification)
    overlay = json.loads(element_seen(task, task.input(ITEM, MASK)).attributes["overlay"])
    assert overlay.keys() == {"semanticSegmentation"}
    shown = overlay["semanticSegmentation"]
    colors = {label: each["color"] for label, each in shown["labelMappings"].items()}
    assert shown["labels"] == ["cat", "dog"]
    assert colors == dict(mask_colors(["cat", "dog"]))
    assert read_colored_png(b64decode(shown["src"].removeprefix("data:image/png;base64,")), colors) == MASK


@every_verification
def test_choices_of_any_number_from_two_to_ten_can_be_given(kind, element_seen):
    task = task_of(kind, choices=["good", "fair", "poor"])
    assert element_seen(task, task.input(ITEM, VERIFICATIONS[kind])).categories == ("good", "fair", "poor")
    with pytest.raises(InvalidResourceError, match=r"choices: .*at least 2"):
        task_of(kind, choices=["good"])
    with pytest.raises(InvalidResourceError, match=r"choices: .*at most 10"):
        task_of(kind, choices=range(11))


def test_what_is_judged_keeps_the_limits_of_its_own_task():
    assert len(task_of(SemanticSegmentationVerification, labels=range(11)).labels) == 11
    with pytest.raises(InvalidResourceError, match=r"labels: .*at most 10"):
        task_of(BoundingBoxVerification, labels=range(11))


def test_workers_are_asked_for_a_comment_unless_none_is_wanted():
    task = task_of(BoundingBoxVerification, comment_prompt="Which < is wrong?")
    assert "<worker-comment>\n<p>Which &lt; is wrong?</p>" in task.template()
    assert "worker-comment" not in task_of(BoundingBoxVerification, comment_prompt="").template()


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12))
def test_labels_of_any_characters_survive_the_page(element_seen, label):
    try:
        task = task_of(BoundingBoxVerification, labels=[label, "b"], choices=[label, "b"])
    except InvalidResourceError:
        return  # empty once cleaned, or equal to the other
    element = element_seen(task, task.input(ITEM, [Box(label, 1, 2, 3, 4)]))
    overlay = json.loads(element.attributes["overlay"])["boundingBox"]
    assert element.categories == tuple(overlay["labels"]) == (label, "b")
    assert overlay["value"][0]["label"] == label


@every_verification
def test_people_give_a_choice_about_what_the_model_gave(kind):
    task = task_of(kind)
    assert task.label_type is str
    assert task.model_label_type == (shapes_type(Box) if kind is BoundingBoxVerification else mask_type())
    assert task.label_names == ("Correct", "Incorrect")
    assert task.model_label_names == task.labels
    assert task.read_label("Incorrect") == "Incorrect"
    assert task.normalise_label(VERIFICATIONS[kind]) == VERIFICATIONS[kind]
    assert task.parse_answer({"check": {"label": " Incorrect\u200b"}}) == Answer("Incorrect")
    assert task.metadata_type == "groundtruth/label-verification"
    assert isinstance(task.consolidation(), MajorityVote)


@every_verification
def test_the_comment_of_a_worker_is_kept(kind):
    content = {"check": {"label": "Incorrect", "workerComment": "the third is too wide"}}
    assert task_of(kind).parse_answer(content) == Answer("Incorrect", "the third is too wide")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "no object under 'check'"),
        ({"check": {"label": "cat"}}, "label 'cat' is none of task 'check'"),
        ({"check": {"boundingBoxes": []}}, "label None is none of task 'check'"),
    ],
)
def test_an_answer_that_is_none_of_the_choices_is_an_error(content, message):
    with pytest.raises(InvalidOutputError, match=message):
        task_of(BoundingBoxVerification).parse_answer(content)


def test_what_is_no_label_to_judge_is_refused():
    task = task_of(BoundingBoxVerification)
    with pytest.raises(InvalidPredictionError, match="about a label that is there, and there is none"):
        task.input(ITEM)
    with pytest.raises(InvalidPredictionError, match="'cow' is no label"):
        task.input(ITEM, [Box("cow", 1, 2, 3, 4)])
    with pytest.raises(InvalidPredictionError, match="no address of an image"):
        task.input("1.png", BOXES)


@every_verification
def test_nobody_has_judged_what_was_accepted(kind):
    assert task_of(kind).accepted_label(VERIFICATIONS[kind]) is None


def test_another_label_of_the_same_image_is_another_review():
    task = task_of(BoundingBoxVerification)
    key = task.review_key(ITEM, BOXES)
    sure = task.normalise_label([Box("cat", 10.0, 12, 90, 60, 0.9), Box("dog", 1.5, 2, 3, 4, 0.8)])
    assert task.review_key(ITEM, sure) == key  # the same boxes, however sure the model is
    assert task.review_key(ITEM, Shapes(BOXES.shapes[:1])) != key
    assert task.review_key("s3://bucket/2.png", BOXES) != key
    assert task.review_key(ITEM, None) == ITEM

    masks = task_of(SemanticSegmentationVerification)
    other = make_mask([[0, 1, 1], [2, 2, 2]], ["cat", "dog"])
    assert masks.review_key(ITEM, MASK) != masks.review_key(ITEM, other)


def test_judgements_are_voted_on():
    votes = [Vote("1", "a", "Correct"), Vote("1", "b", "Incorrect"), Vote("1", "c", "Incorrect")]
    consensus = task_of(BoundingBoxVerification).consolidate(votes)["1"]
    assert consensus.label == "Incorrect"
    assert consensus.agreement == pytest.approx(2 / 3)


# --- adjustment


@every_adjustment
def test_what_the_model_found_is_there_to_be_mended(kind, element_seen):
    task = task_of(kind)
    element = element_seen(task, task.input(ITEM, ADJUSTMENTS[kind]))
    assert element.tag == kind.element
    assert json.loads(element.attributes["initial-value"]) == task.initial_value(ADJUSTMENTS[kind])


@every_adjustment
def test_without_a_label_there_is_nothing_to_mend(kind):
    with pytest.raises(InvalidPredictionError, match="about a label that is there, and there is none"):
        task_of(kind).input(ITEM)


def test_a_model_that_found_nothing_can_be_mended():
    assert task_of(BoundingBoxAdjustment).input(ITEM, [])["initialValue"] == []


@every_adjustment
def test_an_adjustment_is_the_same_task_but_for_that(kind):
    plain = BoundingBox if kind is BoundingBoxAdjustment else SemanticSegmentation
    task, label = task_of(kind), ADJUSTMENTS[kind]
    assert task.template() == task_of(plain).template()
    assert task.input(ITEM, label) == task_of(plain).input(ITEM, label)
    assert task.metadata_type == task_of(plain).metadata_type
    assert task.label_type == task_of(plain).label_type
    assert type(task.consolidation()) is type(task_of(plain).consolidation())
    assert task.accepted_label(label) is label
    assert task.review_key(ITEM, label) == ITEM


@pytest.mark.parametrize("modified", [True, False])
def test_an_answer_tells_whether_anything_was_changed(modified):
    answer = {"boundingBoxes": [], "initialValueModified": modified}
    assert task_of(BoundingBoxAdjustment).parse_answer({"check": answer}).modified is modified


def test_the_method_of_a_mended_mask_may_be_chosen():
    method = MaskVote()
    assert task_of(SemanticSegmentationAdjustment).consolidation(method) is method


@pytest.mark.parametrize("kind", [*VERIFICATIONS, *ADJUSTMENTS])
def test_the_template_renders_without_a_label_as_in_a_preview(kind):
    html, errors = render(task_of(kind).template(), {"taskObject": ITEM})
    assert errors == []
    assert len(read_template(html)) == 2


def test_two_labels_of_one_image_are_judged_in_two_reviews_and_equal_ones_in_one():
    predictions = [
        hitl.Prediction("both", ITEM, BOXES, 0.4),
        hitl.Prediction("one", ITEM, Shapes(BOXES.shapes[:1], 640, 480), 0.4),
        hitl.Prediction("again", ITEM, BOXES, 0.6),
        hitl.Prediction("sure", ITEM, BOXES, 0.95),
    ]
    with hitl.testing.mock_hitl() as cloud:
        cloud.bucket("data")
        cloud.workers.answer(
            lambda item: {
                "check": {
                    "label": "Correct"
                    if len(item["initialValue"]["boundingBox"]["value"]) == 2
                    else "Incorrect"
                }
            }
        )
        flow = hitl.ReviewFlow(
            name="check",
            team=hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")]),
            task=task_of(BoundingBoxVerification),
            output="s3://data/a2i",
            role_arn=cloud.role_arn,
        )
        flow.ensure(cloud.session())
        run = hitl.Router(flow=flow, policy=hitl.Threshold(0.9), session=cloud.session()).route(predictions)
        run.wait(timeout=3600)
        frame = run.training_frame("arrow").to_pylist()

    loops = [row["human_loop_name"] for row in frame]
    assert loops[0] == loops[2] != loops[1]
    assert [row["label"] for row in frame] == ["Correct", "Incorrect", "Correct", None]
    assert frame[3]["model_label"]["shapes"] == frame[0]["model_label"]["shapes"]


# --- the label of a class


def test_the_label_that_is_judged_stands_above_the_instructions(render_page):
    task = ImageClassificationVerification(name="check", labels=["c<t", "dog"], title="Is the label right?")

    assert "<strong>c&lt;t</strong>" in render_page(task.template(), task.input(ITEM, "c<t"))


def test_another_class_of_the_same_image_is_another_review():
    task = ImageClassificationVerification(name="check", labels=["cat", "dog"], title="Is the label right?")

    assert task.review_key(ITEM, "cat") != task.review_key(ITEM, "dog")


# --- in labeling jobs, where the label is that of a former job

LINE = {
    "source-ref": ITEM,
    "pets": {
        "annotations": [{"class_id": 1, "left": 1, "top": 2, "width": 3, "height": 4}],
        "image_size": [],
    },
    "pets-metadata": {"class-map": {"1": 'd"g'}, "class-name": "dog"},
    "mask-ref": "s3://bucket/mask.png",
    "mask-ref-metadata": {
        "internal-color-map": {
            "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
            "1": {"class-name": "cat", "hex-color": "#2ca02c"},
            "2": {"class-name": 'd"g', "hex-color": "#1f77b4"},
        }
    },
}
PRIOR_BOXES = [{"label": 'd"g', "left": 1, "top": 2, "width": 3, "height": 4}]
PRIOR_MASK = {
    "labelMappings": {"cat": {"color": "#2ca02c"}, 'd"g': {"color": "#1f77b4"}},
    "src": "https://signed/bucket/mask.png",
}
LABELS = ["cat", 'd"g']
PRIOR = [
    (BoundingBoxAdjustment, "pets", "initial-value", PRIOR_BOXES),
    (SemanticSegmentationAdjustment, "mask-ref", "initial-value", PRIOR_MASK),
    (BoundingBoxVerification, "pets", "overlay", {"boundingBox": {"labels": LABELS, "value": PRIOR_BOXES}}),
    (
        SemanticSegmentationVerification,
        "mask-ref",
        "overlay",
        {"semanticSegmentation": {"labels": LABELS, **PRIOR_MASK}},
    ),
]


@pytest.mark.parametrize(("kind", "prior", "attribute", "shown"), PRIOR)
def test_a_job_shows_the_label_of_the_former_job(kind, prior, attribute, shown, render_page):
    template = task_of(kind, labels=LABELS).job_template(prior)

    page = render_page(template, {"taskObject": ITEM, "manifestLine": LINE})
    element = next(each for each in read_template(page) if each.tag != "crowd-form")

    assert json.loads(element.attributes[attribute]) == shown


@every_adjustment
def test_a_line_without_that_label_has_nothing_to_start_from(kind, render_page):
    page = render_page(task_of(kind).job_template("pets"), {"taskObject": ITEM, "manifestLine": {}})

    assert "initial-value" not in page


def test_a_job_shows_the_class_that_the_former_job_found(render_page):
    task = ImageClassificationVerification(name="check", labels=["cat", "dog"], title="Is the label right?")

    page = render_page(task.job_template("pets"), {"taskObject": ITEM, "manifestLine": LINE})

    assert "<strong>dog</strong>" in page


@pytest.mark.parametrize(
    ("task", "key"),
    [
        (task_of(BoundingBox), "boundingBox"),
        (task_of(BoundingBoxVerification), "crowd-image-classifier"),
        (task_of(SemanticSegmentation), "crowd-semantic-segmentation"),
        (task_of(PolygonAnnotation), "check"),
    ],
)
def test_in_a_job_the_element_has_the_name_that_aws_s_function_looks_for(task, key):
    assert f'name="{key}"' in task.job_template()


@pytest.mark.parametrize("kind", [PolygonAnnotation, ImageClassification])
def test_a_task_that_shows_no_former_label_says_so(kind):
    with pytest.raises(InvalidInputError, match="'pets'"):
        task_of(kind).job_template("pets")
