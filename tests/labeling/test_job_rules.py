"""What a labeling job may be: every broken rule is told when it is made, all at once, without a call."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk import tasks
from hitl_sdk._ground_truth import CUSTOM, kind_named, kinds
from hitl_sdk.errors import InvalidResourceError
from hitl_sdk.labeling import AutomatedLabeling, LabelCategories, LabelingJob, SnsInput
from hitl_sdk.labeling._rules import categories_of

KINDS = pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
BOXES = kind_named("BoundingBox")


@KINDS
def test_a_job_of_every_kind_can_be_made_with_nothing_but_what_is_required(jobs, kind):
    job = jobs.of(kind)
    assert job.kind == kind
    assert job.attribute.endswith("-ref") == kind.attribute_ends_in_ref
    assert job.workers_per_object == kind.usual_workers


def test_all_broken_rules_are_told_together(jobs):
    with pytest.raises(InvalidResourceError) as refused:
        jobs.make(
            name="mood 1",
            team="crew",
            label_attribute="source",
            workers_per_object=10,
            task_time_limit=30_000,
            task_availability_lifetime=59,
            max_concurrent_tasks=6000,
            price=0.012,
            categories=LabelCategories(labels=["one"]),
            prior_attribute="old",
            output="bucket",
        )
    told = [line.strip().partition(":")[0] for line in str(refused.value).splitlines()[1:]]
    assert list(dict.fromkeys(told)) == [
        "name",
        "team",
        "output",
        "prior_attribute",
        "label_attribute",
        "categories",
        "workers_per_object",
        "task_time_limit",
        "task_availability_lifetime",
        "max_concurrent_tasks",
        "price",
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"label_attribute": "source-ref"}, "'source-ref' is the name of the item itself: choose another"),
        ({"label_attribute": "mood-metadata"}, "ends in '-metadata', as the metadata of a label does"),
        ({"name": "mood-metadata"}, "ends in '-metadata'.*give another label_attribute"),
        ({"label_attribute": "mood-ref"}, "must not end in '-ref': give 'mood'"),
        ({"label_attribute": "-mood"}, "label_attribute: allowed are 1 to 127 characters"),
        ({"name": "m" * 64}, "name: allowed are 1 to 63 characters"),
        ({"prior_attribute": "old"}, "does not look at former labels: leave it out"),
        ({"workers_per_object": 0}, "workers_per_object: Input should be greater than or equal to 1"),
        ({"task_time_limit": 29}, "task_time_limit: Input should be greater than or equal to 30"),
        ({"task_time_limit": 28_801}, "may take at most 28,800 s"),
        ({"task_availability_lifetime": 2_592_001}, "less than or equal to 2592000"),
        ({"task_availability_lifetime": 60}, "tasks would expire while somebody works on them"),
        ({"max_concurrent_tasks": 5001}, "max_concurrent_tasks"),
        ({"max_human_labeled_objects": 0}, "max_human_labeled_objects"),
        ({"max_percentage_labeled": 101}, "max_percentage_labeled"),
        ({"price": {"Cents": 1}}, "closed on 30 September 2026: leave it out"),
        (
            {"team": "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"},
            "closed on 30 September 2026",
        ),
        ({"input": "labels/in.manifest"}, "input: allowed is the S3 address of an object"),
        ({"input": "s3://labels/in/"}, "input: allowed is the S3 address of an object"),
        ({"input": 7}, "input: give s3://bucket/key of a manifest"),
        ({"input": f"s3://labels/{'k' * 1020}"}, "1,024 characters"),
        ({"pre_annotation": "PRE-TextMultiClass"}, "the ARN of a Lambda function"),
        ({"pre_annotation": kind_named("TextMultiClass").function_arn("ACS", "us-east-1")}, "swap the two"),
        ({"post_annotation": BOXES.function_arn("ACS", "us-east-1")}, "TextClassification is of the kind"),
        ({"pre_annotation": False}, "post_annotation: AWS's function .* leave that out, or make both False"),
        ({"pre_annotation": True}, "a LambdaFunction, or False for none"),
        ({"content_classifiers": ["Clean"]}, "content_classifiers"),
        ({"tags": {"a": "b\n"}}, "tags"),
        ({"kms_key_id": "my key"}, "kms_key_id"),
        ({"colour": "red"}, "colour: no such field"),
    ],
)
def test_a_broken_rule_names_field_and_cure(jobs, changes, says):
    with pytest.raises(InvalidResourceError, match=says):
        jobs.make(**changes)


@pytest.mark.parametrize(
    "kind", [each for each in kinds() if each.attribute_ends_in_ref], ids=lambda k: k.name
)
def test_an_attribute_of_files_ends_in_ref(jobs, kind):
    with pytest.raises(InvalidResourceError, match="give 'masks-ref'"):
        jobs.of(kind, label_attribute="masks")
    assert jobs.of(kind, name="masks-ref").attribute == "masks-ref"


@pytest.mark.parametrize("kind", [each for each in kinds() if each.of], ids=lambda k: k.name)
def test_labels_that_are_looked_at_have_to_be_named(jobs, kind):
    with pytest.raises(InvalidResourceError, match="name the label attribute of the former job"):
        jobs.of(kind, prior_attribute=None)


@pytest.mark.parametrize("kind", [each for each in kinds() if each.of], ids=lambda k: k.name)
def test_labels_that_are_looked_at_stay_under_their_own_name(jobs, kind):
    same = "former-ref" if kind.attribute_ends_in_ref else "former"
    with pytest.raises(InvalidResourceError, match="is the attribute of the former labels"):
        jobs.of(kind, prior_attribute=same, label_attribute=same)


@KINDS
def test_a_task_may_take_as_long_as_its_kind_allows(jobs, kind):
    longest = kind.longest_task_time_limit
    assert jobs.of(kind, task_time_limit=longest, task_availability_lifetime=2_592_000)
    with pytest.raises(InvalidResourceError, match=f"at most {longest:,} s"):
        jobs.of(kind, task_time_limit=longest + 1)


@KINDS
def test_only_kinds_with_an_algorithm_are_labelled_automatically(jobs, kind):
    if kind.algorithm is not None:
        assert jobs.of(kind, automated=AutomatedLabeling()).automated is not None
        return
    with pytest.raises(InvalidResourceError, match=r"AWS has no algorithm for .*: leave automated out"):
        jobs.of(kind, automated=AutomatedLabeling())


def test_a_streaming_job_is_not_labelled_automatically(jobs):
    topic = SnsInput(topic_arn="arn:aws:sns:us-east-1:123456789012:reviews")
    with pytest.raises(InvalidResourceError, match="a streaming job can't be labelled automatically"):
        jobs.make(input=topic, automated=AutomatedLabeling())


def test_segmentation_by_machine_takes_twenty_labels(jobs):
    kind = kind_named("SemanticSegmentation")
    many = jobs.task_of(kind, labels=[f"l{n}" for n in range(21)])
    assert jobs.of(kind, task=many).automated is None
    with pytest.raises(InvalidResourceError, match="at most 20 labels"):
        jobs.of(kind, task=many, automated=AutomatedLabeling())


@KINDS
def test_the_number_of_labels_is_that_of_the_kind(jobs, kind):
    if kind.max_labels is None:
        assert jobs.of(kind, task=jobs.task_of(kind, labels=[f"l{n}" for n in range(60)]))
        return
    too_many = [f"l{n}" for n in range(kind.max_labels + 1)]
    with pytest.raises(InvalidResourceError, match=f"at most {kind.max_labels} labels"):
        jobs.of(kind, task=jobs.task_of(kind, labels=too_many))


def test_a_task_without_labels_of_its_own_needs_categories_unless_it_is_custom(jobs):
    family = type("Noted", (tasks.Custom,), {"labeling_kind": "BoundingBox"})
    noted = family(name="note", title="Describe it", template=jobs.note.html)
    with pytest.raises(InvalidResourceError, match="needs label categories"):
        jobs.make(task=noted)
    assert jobs.make(task=noted, categories=LabelCategories(labels=["cat"]))
    assert jobs.make(task=jobs.note).categories is None


def test_categories_are_those_of_the_task(jobs):
    assert jobs.make(categories=LabelCategories(labels=["bad", "good"]))
    with pytest.raises(InvalidResourceError, match="its labels are not those of the task"):
        jobs.make(categories=LabelCategories(labels=["good", "bad"]))


def test_entities_need_instructions(jobs):
    names = {"name": "names", "labels": ["city"], "title": "Mark the cities"}
    with pytest.raises(InvalidResourceError, match="needs instructions"):
        jobs.make(task=tasks.NamedEntityRecognition(**names))
    told = tasks.NamedEntityRecognition(**names, instructions=jobs.instructions)
    assert jobs.make(task=told)
    assert jobs.make(task=told, categories=LabelCategories(labels=["city"]))


def test_the_former_attribute_is_said_once(jobs):
    kind = kind_named("AdjustmentVideoObjectTracking")
    other = LabelCategories(labels=["a", "b"], audit_attribute="another-ref")
    with pytest.raises(
        InvalidResourceError, match="audit_attribute is 'another-ref', prior_attribute is 'former-ref'"
    ):
        jobs.of(kind, categories=other)
    assert jobs.of(kind, categories=LabelCategories(labels=["a", "b"], audit_attribute="former-ref"))


def test_a_job_whose_answers_are_read_by_another_function_is_custom(jobs):
    own = "arn:aws:lambda:us-east-1:123456789012:function:SageMaker-vote"
    job = jobs.of(BOXES, post_annotation=own)
    assert job.kind.name == CUSTOM
    with pytest.raises(InvalidResourceError, match="AWS has no algorithm"):
        jobs.of(BOXES, post_annotation=own, automated=AutomatedLabeling())
    assert jobs.of(BOXES, post_annotation=False).kind.name == CUSTOM


def test_aws_functions_that_are_named_are_taken_for_what_they_are(jobs):
    own = BOXES.function_arn("ACS", "us-east-1")
    assert jobs.of(BOXES, post_annotation=own).kind == BOXES


def test_a_job_reads_without_an_address_of_a_person(jobs):
    assert "ana@" not in repr(jobs.make(task=jobs.mood))


def test_a_task_that_can_not_show_former_labels_says_so(jobs):
    with pytest.raises(InvalidResourceError, match="prior_attribute: task 'note' can't show the label 'old'"):
        jobs.make(task=jobs.note, prior_attribute="old")


def test_a_task_in_a_task_ui_of_aws_keeps_the_functions_of_aws(jobs):
    task = tasks.VideoObjectDetection(name="vans", labels=["van"], title="Find every van")
    assert jobs.make(task=task).kind.name == "VideoObjectDetection"
    with pytest.raises(InvalidResourceError, match="post_annotation: only AWS's own functions go with"):
        jobs.make(task=task, post_annotation=False)


def test_what_depends_on_the_kind_is_not_told_of_a_task_that_is_none(jobs):
    with pytest.raises(InvalidResourceError) as refused:
        jobs.make(task="mood", label_attribute="masks-ref", prior_attribute="old")
    assert [line.strip().partition(":")[0] for line in str(refused.value).splitlines()[1:]] == ["task"]


def test_what_is_drawn_on_video_frames_is_told_by_the_task(jobs):
    task = tasks.VideoObjectDetection(name="v", labels=["a"], title="t", annotation_type="Polygon")
    changes = {"task": task, "label_attribute": "v-ref", "input": "s3://bucket/in.manifest"}

    job = jobs.make(**changes, categories=LabelCategories(labels=["a"]))

    assert categories_of(dict(job)).annotation_type == "Polygon"
    with pytest.raises(InvalidResourceError, match="annotation_type is 'Keypoint', the task's is 'Polygon'"):
        jobs.make(**changes, categories=LabelCategories(labels=["a"], annotation_type="Keypoint"))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(LabelingJob.model_fields)), ANYTHING, max_size=4))
def test_whatever_is_given_is_taken_or_refused_in_words(jobs, fields):
    with suppress(InvalidResourceError):
        job = jobs.make(**fields)
        assert job.clone(name=job.name) == job
