"""Labeling jobs from their manifest to their output: what workers see, what functions get, what lies in S3."""

import json
from datetime import timedelta

import pytest

from hitl_sdk._ground_truth import kind_named
from hitl_sdk.local.engine import EngineError

from .labeling import BUCKET, OWN_POST, OWN_PRE

PRE, POST = "PreHumanTaskLambdaArn", "AnnotationConsolidationConfig"


def test_a_job_labels_every_line_of_its_manifest(labeling_anywhere):
    labeling = labeling_anywhere
    labeling.begin({"source": "fine", "batch": 7}, "awful")
    assert labeling.status() == "InProgress"
    labeling.answer("mood/0", label="good")
    labeling.answer("mood/1", label="bad")

    assert labeling.status() == "Completed"
    first, second = labeling.output()
    assert first["source"] == "fine"
    assert first["batch"] == 7
    assert first["mood"] == 0
    assert second["mood"] == 1
    assert second["mood-metadata"] == {
        "class-name": "bad",
        "confidence": 0.9,
        "type": "groundtruth/text-classification",
        "job-name": "labeling-job/mood",
        "human-annotated": "yes",
        "creation-date": "2026-01-01T00:00:01.000000",
    }


def test_it_writes_each_file_where_ground_truth_does(labeling):
    labeling.begin("fine", "awful", MaxConcurrentTaskCount=1)
    labeling.answer()
    labeling.answer()

    moment = "2026-01-01_00:00:01.json"
    consolidated = "out/mood/annotations/consolidated-annotation"
    assert labeling.files() == [
        f"{consolidated}/consolidation-request/iteration-1/{moment}",
        f"{consolidated}/consolidation-request/iteration-2/{moment}",
        f"{consolidated}/consolidation-response/iteration-1/{moment}",
        f"{consolidated}/consolidation-response/iteration-2/{moment}",
        "out/mood/annotations/intermediate/1/annotations.manifest",
        "out/mood/annotations/intermediate/2/annotations.manifest",
        f"out/mood/annotations/worker-response/iteration-1/0/{moment}",
        f"out/mood/annotations/worker-response/iteration-2/1/{moment}",
        "out/mood/manifests/output/output.manifest",
    ]


def test_an_output_path_may_end_with_a_slash(labeling):
    labeling.begin("fine", OutputConfig={"S3OutputPath": f"s3://{BUCKET}/out/"})
    assert labeling.files() == ["out/mood/manifests/output/output.manifest"]
    assert labeling.describe()["LabelingJobOutput"] == {
        "OutputDatasetS3Uri": f"s3://{BUCKET}/out/mood/manifests/output/output.manifest"
    }


def test_a_worker_response_file_holds_all_answers(labeling):
    labeling.begin("fine", NumberOfHumanWorkersPerDataObject=2)
    labeling.answer(worker=1, label="good")
    assert labeling.files("worker-response") == []
    labeling.world.clock.advance(5)
    labeling.answer(worker=2, label="bad")

    (key,) = labeling.files("worker-response")
    assert key.endswith("/0/2026-01-01_00:00:06.json")
    first, second = json.loads(labeling.get(key))["answers"]
    assert first == {
        "acceptanceTime": "2026-01-01T00:00:01.000Z",
        "submissionTime": "2026-01-01T00:00:01.000Z",
        "timeSpentInSeconds": 0.0,
        "workerId": "private.eu-west-1.0000000000000001",
        "workerMetadata": {"identityData": first["workerMetadata"]["identityData"]},
        "answerContent": {"crowd-classifier": {"label": "good"}},
    }
    assert first["workerMetadata"]["identityData"]["identityProviderType"] == "Cognito"
    assert second["answerContent"]["crowd-classifier"]["label"] == "bad"


def test_workers_see_what_the_pre_annotation_function_gives_and_the_labels(labeling):
    labeling.pre = lambda event: {
        "taskInput": {"text": event["dataObject"]["source"], "line": event["dataObject"]}
    }
    labeling.begin({"source": "fine", "batch": 7})
    (task,) = labeling.world.engine.open_loops()

    assert task.input_content == {
        "labels": ["good", "bad"],
        "text": "fine",
        "line": {"source": "fine", "batch": 7},
    }
    assert (task.human_loop_name, task.title, task.task_count) == ("mood/0", "Mood", 1)
    assert task.template.startswith("<crowd-form>")
    assert labeling.invoked == [
        (
            "pre",
            {
                "version": "2018-10-16",
                "labelingJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:labeling-job/mood",
                "dataObject": {"source": "fine", "batch": 7},
            },
        )
    ]


def test_a_function_of_ones_own_decides_alone_what_workers_see(labeling):
    labeling.begin("fine", **{PRE: OWN_PRE, POST: {"AnnotationConsolidationLambdaArn": OWN_POST}})
    (task,) = labeling.world.engine.open_loops()
    assert task.input_content == {"taskObject": "fine"}


def test_the_post_annotation_function_is_given_a_payload_in_s3(labeling):
    labeling.begin(
        {"source": "fine"}, OutputConfig={"S3OutputPath": f"s3://{BUCKET}/out", "KmsKeyId": "key-1"}
    )
    labeling.answer()

    event = labeling.invoked[-1][1]
    uri = event.pop("payload")["s3Uri"]
    assert event == {
        "version": "2018-10-16",
        "labelingJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:labeling-job/mood",
        "labelCategories": ["good", "bad"],
        "labelAttributeName": "mood",
        "roleArn": "arn:aws:iam::123456789012:role/review",
        "outputConfig": f"s3://{BUCKET}/out/mood/annotations",
        "kmsKeyId": "key-1",
    }
    assert json.loads(labeling.get(uri.removeprefix(f"s3://{BUCKET}/"))) == [
        {
            "datasetObjectId": "0",
            "dataObject": {"content": "fine"},
            "annotations": [
                {
                    "workerId": "private.eu-west-1.0000000000000001",
                    "annotationData": {"content": '{"crowd-classifier":{"label":"good"}}'},
                }
            ],
        }
    ]


def test_an_object_in_s3_is_named_to_the_function_not_shown(labeling):
    labeling.pre = lambda event: {"taskInput": {"taskObject": event["dataObject"]["source-ref"]}}
    labeling.begin(
        {"source-ref": "s3://data/1.png"},
        **{PRE: OWN_PRE, POST: {"AnnotationConsolidationLambdaArn": OWN_POST}},
        LabelCategoryConfigS3Uri=None,
    )
    labeling.answer()
    event = labeling.invoked[-1][1]
    payload = json.loads(labeling.get(event["payload"]["s3Uri"].removeprefix(f"s3://{BUCKET}/")))
    assert payload[0]["dataObject"] == {"s3Uri": "s3://data/1.png"}
    assert event["labelCategories"] is None
    assert labeling.output()[0]["mood"] == "good"


def test_a_custom_jobs_metadata_is_the_services_own(labeling):
    def forged(event):
        return [
            {
                "datasetObjectId": "0",
                "consolidatedAnnotation": {
                    "content": {"mood": {"votes": 3}, "more": 1, "mood-metadata": {"type": "forged"}}
                },
            }
        ]

    labeling.post = forged
    labeling.begin("fine", **{PRE: OWN_PRE, POST: {"AnnotationConsolidationLambdaArn": OWN_POST}})
    labeling.answer()
    (line,) = labeling.output()
    assert line["mood"] == {"votes": 3}
    assert line["more"] == 1
    assert line["mood-metadata"]["type"] == "groundtruth/custom"


@pytest.mark.parametrize("post", [None, kind_named("PassThrough").function_arn("ACS", "eu-west-1")])
def test_answers_that_nobody_consolidates_are_referred_to(labeling, post):
    config = post and {"AnnotationConsolidationLambdaArn": post}
    labeling.begin("fine", **{PRE: None, POST: config}, LabelCategoryConfigS3Uri=None)
    labeling.answer()

    (line,) = labeling.output()
    (response,) = labeling.files("worker-response")
    assert line["mood"] == {}
    assert line["mood-metadata"]["worker-response-ref"] == f"s3://{BUCKET}/{response}"
    assert line["mood-metadata"]["type"] == "groundtruth/custom"
    assert [which for which, _ in labeling.invoked] == ["pre"]
    assert labeling.files("consolidation") == []


def test_no_more_objects_are_with_workers_than_the_job_says(labeling):
    labeling.begin(*"abcde", MaxConcurrentTaskCount=2)
    assert labeling.open_names() == ["mood/0", "mood/1"]
    labeling.answer("mood/0")
    assert labeling.open_names() == ["mood/1"]
    labeling.answer("mood/1")
    assert labeling.open_names() == ["mood/2", "mood/3"]
    assert labeling.counters() == (2, 0, 3)
    assert [bool(line.get("mood") is not None) for line in labeling.output()] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_the_manifest_has_all_lines_from_the_beginning(labeling):
    labeling.begin("fine", "awful")
    assert labeling.output() == [{"source": "fine"}, {"source": "awful"}]


def test_a_line_that_has_the_label_is_kept_and_not_labelled_again(labeling):
    before = {"source": "fine", "mood": 1, "mood-metadata": {"class-name": "bad"}}
    labeling.begin(before, "awful")
    assert labeling.open_names() == ["mood/1"]
    assert labeling.counters() == (0, 0, 1)
    labeling.answer()
    assert labeling.status() == "Completed"
    assert labeling.output()[0] == before


def test_a_job_with_nothing_to_do_is_completed_at_once(labeling):
    labeling.begin({"source": "fine", "mood": 1})
    assert labeling.status() == "Completed"
    assert labeling.output() == [{"source": "fine", "mood": 1}]
    assert labeling.statuses_told() == ["Completed"]


@pytest.mark.parametrize(
    "answer",
    [
        {"taskInput": {}, "isHumanAnnotationRequired": False},
        {"taskInput": {}, "isHumanAnnotationRequired": "false"},
        {"taskInput": {}, "humanAnnotationRequired": "false"},
    ],
)
def test_an_object_that_is_not_for_people_is_left_as_it_is(labeling, answer):
    labeling.pre = lambda event: answer if event["dataObject"]["source"] == "a" else {"taskInput": {"b": 1}}
    labeling.begin("a", "b")
    assert labeling.open_names() == ["mood/1"]
    labeling.answer()
    assert labeling.status() == "Completed"
    assert labeling.output()[0] == {"source": "a"}
    assert labeling.counters() == (1, 0, 1)


def test_a_job_none_of_whose_objects_is_for_people_ends(labeling):
    labeling.pre = lambda event: {"taskInput": {}, "isHumanAnnotationRequired": False}
    labeling.begin("a", "b")
    assert labeling.status() == "Completed"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([], "it gave list in place of an object"),
        ({"taskinput": {}}, "its answer has no object taskInput"),
        ({"taskInput": {"x": float("nan")}}, "its answer is no JSON"),
    ],
)
def test_nonsense_of_the_pre_annotation_function_fails_the_object_alone(labeling, answer, said):
    labeling.pre = lambda event: answer if event["dataObject"]["source"] == "a" else {"taskInput": {"b": 1}}
    labeling.begin("a", "b")
    labeling.answer()
    assert labeling.status() == "Completed"
    assert labeling.counters() == (1, 1, 0)
    failed, labelled = labeling.output()
    assert "mood" not in failed
    assert failed["mood-metadata"] == {
        "failure-reason": f"The pre-annotation function failed: {said}",
        "job-name": "labeling-job/mood",
        "creation-date": "2026-01-01T00:00:01.000000",
    }
    assert labelled["mood"] == 0


def test_a_pre_annotation_function_that_fails_fails_every_object(labeling):
    labeling.pre = lambda event: event["no such key"]
    labeling.begin("a", "b")
    assert labeling.status() == "Completed"
    assert labeling.counters() == (0, 2, 0)
    assert labeling.output()[1]["mood-metadata"]["failure-reason"].endswith("KeyError: 'no such key'")


@pytest.mark.parametrize(
    ("post", "said"),
    [
        (lambda event: event["no such key"], "The post-annotation function failed: KeyError: 'no such key'"),
        (lambda event: {}, "The post-annotation function failed: it gave dict in place of a list"),
        (
            lambda event: ["0"],
            "The post-annotation function failed: an item of its answer lacks datasetObjectId",
        ),
        (
            lambda event: [{"datasetObjectId": "0", "consolidatedAnnotation": {"content": None}}],
            "The post-annotation function failed: an item of its answer lacks datasetObjectId",
        ),
        (lambda event: [float("inf")], "The post-annotation function failed: its answer is no JSON"),
        (lambda event: [], "The post-annotation function gave no mood for the object"),
        (
            lambda event: [{"datasetObjectId": "0", "consolidatedAnnotation": {"content": {"other": 1}}}],
            "The post-annotation function gave no mood for the object",
        ),
    ],
)
def test_a_post_annotation_function_that_fails_fails_its_batch_and_the_rest_goes_on(labeling, post, said):
    def once(event):
        labeling.post = labeling.majority
        return post(event)

    labeling.post = once
    labeling.begin("a", "b", MaxConcurrentTaskCount=1)
    labeling.answer()
    assert labeling.counters() == (0, 1, 1)
    labeling.answer()
    assert labeling.status() == "Completed"
    failed, labelled = labeling.output()
    assert failed["mood-metadata"]["failure-reason"].startswith(said)
    assert labelled["mood"] == 0


def test_a_reason_is_kept_whatever_stands_in_it(labeling_anywhere):
    labeling = labeling_anywhere

    def odd(event):
        raise ValueError("nul \x00 half \ud83d " + "long" * 1000)

    labeling.pre = odd
    labeling.begin("a")
    reason = labeling.output()[0]["mood-metadata"]["failure-reason"]
    assert "nul  half ? longlong" in reason
    assert len(reason) == 1024


def test_a_function_may_label_part_of_its_batch(labeling):
    labeling.post = lambda event: labeling.majority(event)[:1]
    labeling.begin("a", "b")
    labeling.answer()
    assert labeling.counters() == (1, 1, 0)


def test_an_object_that_failed_is_labelled_by_a_job_on_the_output(labeling):
    labeling.post = lambda event: labeling.majority(event)[:1]
    labeling.begin("a", "b")
    labeling.answer()
    labeling.post = labeling.majority
    labeling.put("in.manifest", labeling.get("out/mood/manifests/output/output.manifest"))
    labeling.create("again")
    labeling.go_on()
    assert labeling.open_names() == ["again/1"]
    labeling.answer(label="bad")
    first, second = labeling.output("again")
    assert first["mood-metadata"]["job-name"] == "labeling-job/mood"
    assert second["mood-metadata"]["job-name"] == "labeling-job/again"
    assert "failure-reason" not in second["mood-metadata"]


def test_an_object_that_nobody_answers_fails_and_some_answers_are_enough(labeling_anywhere):
    labeling = labeling_anywhere
    labeling.begin("a", "b", NumberOfHumanWorkersPerDataObject=2)
    labeling.answer("mood/0")
    labeling.go_on(3600)
    assert labeling.status() == "Completed"
    assert labeling.counters() == (1, 1, 0)
    answered, unanswered = labeling.output()
    assert answered["mood"] == 0
    assert (
        unanswered["mood-metadata"]["failure-reason"]
        == "No worker answered in the task's availability lifetime"
    )


def test_a_job_ends_after_thirty_days_with_what_was_answered(labeling_anywhere):
    labeling = labeling_anywhere
    labeling.begin("a", "b", "c", MaxConcurrentTaskCount=2, TaskAvailabilityLifetimeInSeconds=None)
    labeling.answer("mood/0")
    labeling.go_on(timedelta(days=30).total_seconds() - 1)
    described = labeling.describe()
    assert (described["LabelingJobStatus"], described["FailureReason"]) == (
        "Failed",
        "The labeling job was not completed in 30 days",
    )
    assert labeling.output()[0]["mood"] == 0
    assert labeling.output()[1] == {"source": "b"}
    assert labeling.statuses_told() == ["Failed"]


def test_a_job_that_was_not_looked_at_for_thirty_days_fails(labeling):
    labeling.manifest("a")
    labeling.create()
    labeling.go_on(timedelta(days=31).total_seconds())
    assert labeling.describe()["FailureReason"] == "The labeling job was not completed in 30 days"


def test_people_label_no_more_objects_than_the_job_says(labeling):
    labeling.begin(*"abcd", StoppingConditions={"MaxHumanLabeledObjectCount": 3}, MaxConcurrentTaskCount=2)
    labeling.answer()
    assert labeling.open_names() == ["mood/2"]
    labeling.answer()
    assert labeling.status() == "Stopped"
    assert labeling.counters() == (3, 0, 1)


def test_no_more_of_the_data_set_is_labelled_than_the_job_says(labeling):
    labelled = {"source": "x", "mood": 0}
    labeling.begin(labelled, *"abc", StoppingConditions={"MaxPercentageOfInputDatasetLabeled": 60})
    assert labeling.open_names() == ["mood/1"]
    labeling.answer()
    assert labeling.status() == "Stopped"


def test_a_job_that_meets_a_condition_with_its_last_object_is_completed(labeling):
    labeling.begin("a", StoppingConditions={"MaxHumanLabeledObjectCount": 1})
    labeling.answer()
    assert labeling.status() == "Completed"


def test_stopping_makes_labels_of_the_answers_given_so_far(labeling_anywhere):
    labeling = labeling_anywhere
    labeling.begin("a", "b", "c", NumberOfHumanWorkersPerDataObject=2, MaxConcurrentTaskCount=2)
    labeling.answer("mood/0")
    labeling.world.call("StopLabelingJob", LabelingJobName="mood")
    assert labeling.status() == "Stopping"
    assert labeling.open_names() == []
    labeling.go_on(0)
    assert labeling.status() == "Stopped"
    assert labeling.counters() == (1, 0, 2)
    assert [line.get("mood") for line in labeling.output()] == [0, None, None]
    assert labeling.output()[1] == {"source": "b"}
    assert labeling.statuses_told() == ["Stopped"]


def test_a_job_is_stopped_before_it_has_begun(labeling):
    labeling.manifest("a")
    labeling.create()
    labeling.world.call("StopLabelingJob", LabelingJobName="mood")
    labeling.world.call("StopLabelingJob", LabelingJobName="mood")
    labeling.go_on()
    assert labeling.status() == "Stopped"
    assert labeling.output() == [{"source": "a"}]


def test_a_job_that_is_stopped_while_objects_are_prepared_offers_none(labeling):
    def stopping(event):
        labeling.world.call("StopLabelingJob", LabelingJobName="mood")
        return {"taskInput": {"taskObject": "x"}}

    labeling.pre = stopping
    labeling.begin("a", "b")
    assert labeling.status() == "Stopped"
    assert labeling.counters() == (0, 0, 2)


def test_a_stopped_job_goes_on_as_a_job_on_its_output(labeling):
    labeling.begin("a", "b", MaxConcurrentTaskCount=1)
    labeling.answer()
    labeling.world.call("StopLabelingJob", LabelingJobName="mood")
    labeling.go_on(0)
    labeling.put("in.manifest", labeling.get("out/mood/manifests/output/output.manifest"))
    labeling.create("mood-2")
    labeling.go_on()
    assert labeling.open_names() == ["mood-2/1"]
    labeling.answer()
    assert [line["mood"] for line in labeling.output("mood-2")] == [0, 0]


def test_an_ended_job_lets_go_of_its_team(labeling):
    labeling.begin("a")
    with pytest.raises(EngineError, match="in use by a flow definition or a labeling job"):
        labeling.world.call("DeleteWorkteam", WorkteamName="team")
    labeling.answer()
    labeling.world.call("DeleteWorkteam", WorkteamName="team")


def test_objects_are_no_loops_of_a2i(labeling):
    labeling.begin("a")
    world = labeling.world
    assert world.engine.is_open(world.scope, "mood/0")
    assert world.call("ListFlowDefinitions") == {"FlowDefinitionSummaries": []}
    with pytest.raises(EngineError, match="ResourceNotFoundException"):
        world.describe("mood/0")
    with pytest.raises(EngineError, match="ResourceNotFoundException"):
        world.call("DeleteHumanLoop", HumanLoopName="mood/0")
    labeling.answer()
    assert labeling.statuses_told() == ["Completed"]
    asked_for = []
    world.engine.put_missing_outputs(lambda scope, bucket, key: asked_for.append(key))
    assert asked_for == ["out/mood/manifests/output/output.manifest"]
    assert not world.engine.is_open(world.scope, "mood/0")


def test_texts_come_back_unchanged(labeling_anywhere):
    labeling = labeling_anywhere
    lines = [{"source": "ü \U0001f600 \u2028"}, {"source": "half \ud83d"}, {"source": "nul \x00", "n": 1e300}]
    labeling.begin(*lines)
    labeling.answer()
    assert [{**line, "mood": None, "mood-metadata": None} for line in labeling.output()] == [
        {**line, "mood": None, "mood-metadata": None} for line in lines
    ]


def test_lines_may_end_with_a_carriage_return(labeling):
    labeling.put("in.manifest", b'{"source": "a"}\r\n{"source": "b"}')
    labeling.create()
    labeling.go_on()
    assert labeling.output() == [{"source": "a"}, {"source": "b"}]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, "The manifest s3://data/in.manifest does not exist"),
        (b"", "s3://data/in.manifest is empty"),
        (b'\xef\xbb\xbf{"source": "a"}\n', "line 1: begins with a byte-order mark"),
        (b'{"source": "a"}\n\n{"source": "b"}\n', "line 2: is empty"),
        (b'{"source": "a"}\n{"source": \n', "line 2: is no JSON"),
        (b'{"source": "a"}\n["source"]\n', "line 2: is no JSON object"),
        (b'{"source": "\xff"}\n', "line 1: is not UTF-8"),
        (b'{"text": "a"}\n', "line 1: must have source, and has []"),
        (b'{"source-ref": "s3://data/a"}\n', "line 1: must have source, and has ['source-ref']"),
        (b'{"source": "a", "source-ref": "s3://data/a"}\n', "line 1: must have source, and has"),
        (b'{"source": 7}\n', "line 1: source is no text"),
        (b'{"source": "a", "$x": 1}\n', "line 1: has a key that begins with $"),
        (b'{"source": "' + b"a" * 20_001 + b'"}\n', "line 1: source has 20001 characters"),
        (b'{"source": "a", "b": "' + b"a" * 100_000 + b'"}\n', "line 1: has 100024 characters"),
        (b"[" * 100_000 + b"\n", "line 1: is no JSON"),
        (b'{"source": "a"}\n' * 100_001, "has 100001 lines"),
    ],
)
def test_a_manifest_that_can_not_be_read_fails_the_job_and_names_the_line(labeling, body, said):
    if body is not None:
        labeling.put("in.manifest", body)
    labeling.create()
    labeling.go_on()
    described = labeling.describe()
    assert described["LabelingJobStatus"] == "Failed"
    assert said in described["FailureReason"]
    assert labeling.statuses_told() == ["Failed"]


def test_an_image_must_lie_in_s3(labeling):
    labeling.manifest({"source-ref": "https://example.com/a.png"})
    labeling.create(**{PRE: OWN_PRE, POST: {"AnnotationConsolidationLambdaArn": OWN_POST}})
    labeling.go_on()
    assert labeling.describe()["FailureReason"].endswith("line 1: source-ref is no s3:// URI")


@pytest.mark.parametrize(
    ("key", "body", "said"),
    [
        ("ui/template.html", None, "The worker template s3://data/ui/template.html does not exist"),
        ("ui/template.html", b"\xff", "The worker template s3://data/ui/template.html is not UTF-8"),
        ("ui/template.html", b"\x00", "The worker template s3://data/ui/template.html holds a NUL character"),
        ("ui/labels.json", None, "The label category file s3://data/ui/labels.json does not exist"),
        ("ui/labels.json", b"{", "does not have the labels"),
        ("ui/labels.json", b'{"labels": ["a"]}', "does not have the labels"),
        ("ui/labels.json", b'{"labels": [{"label": "a"}, {"label": "a"}]}', "does not have the labels"),
    ],
)
def test_what_else_can_not_be_read_fails_the_job(labeling, key, body, said):
    labeling.manifest("a")
    if body is None:
        del labeling.world.delivery.objects[BUCKET, key]
    else:
        labeling.put(key, body)
    labeling.create()
    labeling.go_on()
    assert said in labeling.describe()["FailureReason"]


def test_entities_are_marked_in_a_template_of_the_service(labeling):
    kind = kind_named("NamedEntityRecognition")
    world = labeling.world
    for stage in ("PRE", "ACS"):
        world.delivery.functions[kind.function_arn(stage, "eu-west-1")] = labeling._noted(
            "pre" if stage == "PRE" else "post"
        )
    changes = {
        PRE: kind.function_arn("PRE", "eu-west-1"),
        POST: {"AnnotationConsolidationLambdaArn": kind.function_arn("ACS", "eu-west-1")},
        "UiConfig": {"HumanTaskUiArn": kind.human_task_ui_arn("eu-west-1")},
    }
    labeling.begin("Ana went home", **changes)
    (task,) = world.engine.open_loops()
    assert "<crowd-entity-annotation" in task.template


def with_frames(labeling):
    """Give the functions of video frames to a world, and return a job's members."""
    kind = kind_named("VideoObjectTracking")
    pre, post = (kind.function_arn(stage, "eu-west-1") for stage in ("PRE", "ACS"))
    labeling.pre = lambda event: {"taskInput": {"taskObject": event["dataObject"]["source-ref"]}}
    labeling.world.delivery.functions[pre] = labeling._noted("pre")
    labeling.world.delivery.functions[post] = labeling._noted("post")
    return {
        PRE: pre,
        POST: {"AnnotationConsolidationLambdaArn": post},
        "UiConfig": {"HumanTaskUiArn": kind.human_task_ui_arn("eu-west-1")},
        "attribute": "vans-ref",
    }


def test_answers_to_frames_have_a_file_each_beside_the_whole(labeling):
    labeling.begin({"source-ref": "s3://data/seq.json"}, **with_frames(labeling))
    world = labeling.world
    frames = [{"frameNumber": str(number), "frame": f"f_{number}.jpg"} for number in range(2)]
    world.accept(1, "mood/0")
    world.engine.submit(world.scope, world.worker(1), "mood/0", {"trackingAnnotations": {"frames": frames}})
    labeling.post = lambda event: []
    labeling.go_on(0)

    whole, *parts = sorted(labeling.files("worker-response/iteration-1/0"), key=lambda key: key.count("/"))
    assert whole.endswith("/0/2026-01-01_00:00:01.json")
    assert [key.rpartition("/")[2] for key in parts] == ["f_0.jpg.json", "f_1.jpg.json"]
    assert json.loads(labeling.get(parts[0])) == {"trackingAnnotations": frames[0]}


def test_a_label_category_file_must_fit_the_task_ui(labeling):
    config = {"labels": [{"label": "van"}], "annotationType": "Cuboid"}
    labeling.put("ui/labels.json", json.dumps(config).encode())
    labeling.begin({"source-ref": "s3://data/seq.json"}, **with_frames(labeling))
    reason = labeling.describe()["FailureReason"]
    assert reason.startswith("The label category file does not fit VideoObjectTracking: ")


def test_a_function_that_was_deleted_meanwhile_fails_the_objects(labeling):
    labeling.manifest("a")
    labeling.create(**{PRE: OWN_PRE})
    del labeling.world.delivery.functions[OWN_PRE]
    labeling.go_on()
    assert "there is no function" in labeling.output()[0]["mood-metadata"]["failure-reason"]
