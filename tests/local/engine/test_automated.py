"""Automated labeling jobs: the real loop, its files and counters, and what ends it."""

import json

import numpy as np
import pytest

from hitl_sdk._ground_truth import kind_named
from hitl_sdk.errors import InvalidInputError, MissingExtraError
from hitl_sdk.local.algorithms import Algorithm, Algorithms

from .labeling import Labeling

ALGORITHM = kind_named("TextMultiClass").algorithm_arn("eu-west-1")
AUTOMATED = {"LabelingJobAlgorithmsConfig": {"LabelingJobAlgorithmSpecificationArn": ALGORITHM}}
FILE = "activelearning/auto-annotator/{}/output/auto_annotator_output.txt"


class Reader:
    """A classifier that reads the label in the text, and is as sure as its first word says."""

    def fit(self, texts, labels):
        self.classes_ = np.array(sorted(set(labels)))
        return self

    def predict_proba(self, texts):
        sure = np.array([float(text.split()[0]) for text in texts])
        says = np.array([text.split()[1] for text in texts])
        return np.array(
            [
                [p if name == said else 1 - p for name in self.classes_]
                for p, said in zip(sure, says, strict=True)
            ]
        )


def texts(count: int, sure=lambda number: 0.9) -> list[str]:
    return [f"{sure(number)} {'good' if number % 2 else 'bad'} {number}" for number in range(count)]


def text_of(line, content):
    return line["source"]


def learning(labeling, *, estimator=None, features=text_of, least_objects=1):
    algorithm = Algorithm(estimator or Reader(), features, least_objects)
    labeling.world.delivery.algorithms["text-classification"] = algorithm
    return labeling


@pytest.fixture
def learner(labeling):
    return learning(labeling)


def answer(labeling, *, wrong=lambda text: False):
    """Answer all open tasks as the texts say."""
    world = labeling.world
    lines = labeling.output()
    for name in labeling.open_names():
        text = lines[int(name.rpartition("/")[2])]["source"]
        label = text.split()[1]
        if wrong(text):
            label = {"good": "bad", "bad": "good"}[label]
        world.accept(1, name)
        world.engine.submit(world.scope, world.worker(1), name, {"crowd-classifier": {"label": label}})
    labeling.go_on(0)


def run(labeling, *lines, batch=50, wrong=lambda text: False, **changes):
    """Run a job to its end; return how many tasks each iteration had."""
    labeling.begin(*lines, MaxConcurrentTaskCount=batch, **AUTOMATED, **changes)
    sizes = []
    while labeling.status() == "InProgress":
        sizes.append(len(labeling.open_names()))
        answer(labeling, wrong=wrong)
    return sizes


def test_people_label_probe_training_and_validation_and_the_model_the_rest(learner):
    sizes = run(learner, *texts(200))
    counters = learner.describe()["LabelCounters"]

    assert sizes == [10, 40, 40]
    assert learner.status() == "Completed"
    assert (counters["HumanLabeled"], counters["MachineLabeled"], counters["TotalLabeled"]) == (90, 110, 200)


def test_a_machine_label_says_that_it_is_one(learner):
    run(learner, *texts(200))
    machine = [line for line in learner.output() if line["mood-metadata"]["human-annotated"] == "no"]
    line = machine[0]

    assert len(machine) == 110
    assert line["mood-metadata"]["class-name"] == line["source"].split()[1]
    assert line["mood"] == ["good", "bad"].index(line["mood-metadata"]["class-name"])
    assert line["mood-metadata"]["confidence"] == 0.9
    assert line["mood-metadata"]["type"] == "groundtruth/text-classification"
    assert line["mood-metadata"]["job-name"] == "labeling-job/mood"


def test_machine_labels_lie_in_the_file_of_their_iteration(learner):
    run(learner, *texts(200))
    lines = learner.get(f"out/mood/{FILE.format(4)}").decode().splitlines()
    output = learner.output()

    assert learner.files("activelearning") == [f"out/mood/{FILE.format(4)}"]
    assert len(lines) == 110
    for each in lines:
        object_id, _, document = each.partition(" ")
        assert json.loads(document).items() <= output[int(object_id)].items()


def test_the_model_is_named_once_there_is_one(learner):
    learner.begin(*texts(200), MaxConcurrentTaskCount=50, **AUTOMATED)
    assert "FinalActiveLearningModelArn" not in learner.describe()["LabelingJobOutput"]
    answer_all(learner)

    arn = learner.describe()["LabelingJobOutput"]["FinalActiveLearningModelArn"]
    assert arn == "arn:aws:sagemaker:eu-west-1:123456789012:model/mood-4"


def test_what_the_model_is_least_sure_of_goes_to_people(learner):
    def sure(number):
        return 0.6 if number % 10 == 0 else 0.9

    sizes = run(learner, *texts(200, sure), wrong=lambda text: text.startswith("0.6"))
    machine = [line for line in learner.output() if line["mood-metadata"]["human-annotated"] == "no"]

    assert learner.status() == "Completed"
    assert {line["source"].split()[0] for line in machine} == {"0.9"}
    assert len(sizes) > 3


def test_a_model_that_is_seldom_right_labels_nothing(learner):
    run(learner, *texts(120), wrong=lambda text: int(text.split()[2]) % 3 == 0)

    assert learner.counters() == (120, 0, 0)
    assert learner.files("activelearning") == []


def test_too_few_objects_fail_the_job(labeling):
    learning(labeling, least_objects=1250).begin(*texts(20), **AUTOMATED)

    assert labeling.describe()["FailureReason"] == (
        "Automated labeling takes at least 1,250 objects, and there are 20"
    )


def test_a_kind_that_nothing_learns_here_fails_in_words(labeling):
    labeling.begin(*texts(20), **AUTOMATED)

    assert labeling.status() == "Failed"
    assert (
        "Nothing on this machine learns to label text classification" in labeling.describe()["FailureReason"]
    )


def test_a_probe_that_fails_fails_the_job(learner):
    learner.begin(*texts(100), MaxConcurrentTaskCount=50, **AUTOMATED)
    learner.answer(*learner.open_names()[:8])
    learner.go_on(3601)

    assert learner.describe()["FailureReason"] == (
        "Automated labeling failed: 2 of the 10 probe objects failed, more than 10 %"
    )


class Broken(Reader):
    def predict_proba(self, texts):
        return [[2.0]]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"estimator": Broken()}, "Broken.predict_proba gave an array"),
        ({"features": lambda line, content: line["colour"]}, "can't be made: KeyError: 'colour'"),
        ({"features": lambda line, content: [0.0] * len(line["source"])}, "no table of numbers"),
    ],
)
def test_what_the_loop_can_not_work_with_fails_the_job_in_words(labeling, options, said):
    run(learning(labeling, **options), *texts(100))

    assert labeling.status() == "Failed"
    assert said in labeling.describe()["FailureReason"]


def test_the_number_of_objects_for_people_is_kept(learner):
    run(learner, *texts(200), StoppingConditions={"MaxHumanLabeledObjectCount": 30})

    assert learner.status() == "Stopped"
    assert learner.counters() == (30, 0, 170)


def test_the_share_of_objects_that_get_a_label_is_kept(learner):
    run(learner, *texts(200), StoppingConditions={"MaxPercentageOfInputDatasetLabeled": 60})
    counters = learner.describe()["LabelCounters"]

    assert learner.status() == "Stopped"
    assert (counters["HumanLabeled"], counters["MachineLabeled"]) == (90, 30)


def test_objects_that_had_a_label_before_stay_as_they_are(learner):
    before = {"source": "0.9 good old", "mood": 0, "mood-metadata": {"human-annotated": "yes"}}
    run(learner, before, *texts(150))

    assert learner.output()[0] == before
    assert learner.describe()["LabelCounters"]["TotalLabeled"] == 150


def test_a_stopped_job_keeps_what_there_is(learner):
    learner.begin(*texts(200), MaxConcurrentTaskCount=50, **AUTOMATED)
    learner.world.call("StopLabelingJob", LabelingJobName="mood")
    learner.go_on()

    assert learner.status() == "Stopped"
    assert learner.counters() == (0, 0, 200)


def test_an_image_that_is_not_there_is_left_to_people(labeling):
    labeling.pre = lambda event: {"taskInput": {"taskObject": str(event["dataObject"])}}
    image = kind_named("ImageMultiClass")
    post = {"AnnotationConsolidationLambdaArn": image.function_arn("ACS", "eu-west-1")}
    labeling.world.delivery.functions[post["AnnotationConsolidationLambdaArn"]] = labeling.majority
    pre = image.function_arn("PRE", "eu-west-1")
    labeling.world.delivery.functions[pre] = labeling.pre
    seen = []

    def features(line, content):
        seen.append(content)
        return content.decode()

    labeling.world.delivery.algorithms["image-classification"] = Algorithm(Reader(), features, 1)
    lines = texts(150)
    for number, text in enumerate(lines[:145]):
        labeling.put(f"images/{number}.txt", text.encode())
    config = {"LabelingJobAlgorithmSpecificationArn": image.algorithm_arn("eu-west-1")}
    labeling.begin(
        *({"source-ref": f"s3://data/images/{number}.txt"} for number in range(150)),
        MaxConcurrentTaskCount=30,
        LabelingJobAlgorithmsConfig=config,
        PreHumanTaskLambdaArn=pre,
        AnnotationConsolidationConfig=post,
    )
    while labeling.status() == "InProgress":
        for name in labeling.open_names():
            labeling.answer(name, label=lines[int(name.rpartition("/")[2])].split()[1])
    output = labeling.output()

    assert labeling.status() == "Completed"
    assert all(line["mood-metadata"]["human-annotated"] == "yes" for line in output[145:])
    assert labeling.describe()["LabelCounters"]["MachineLabeled"] > 30
    assert None not in seen


def answer_all(labeling):
    while labeling.status() == "InProgress":
        answer(labeling)


class Crash(BaseException):
    """The process dies."""


def test_a_crash_while_machine_labels_are_written_changes_nothing(make_world):
    labeling = learning(Labeling(make_world()))
    labeling.begin(*texts(200), MaxConcurrentTaskCount=50, **AUTOMATED)
    delivery = labeling.world.delivery
    real = delivery.put_object

    def put(scope, bucket, key, body):
        if "auto_annotator" in key and not crashed:
            crashed.append(key)
            raise Crash
        real(scope, bucket, key, body)

    crashed: list[str] = []
    delivery.put_object = put
    with pytest.raises(Crash):
        answer_all(labeling)
    labeling.world.start_engine()
    labeling.world.engine.resume_jobs()
    labeling.go_on()

    assert crashed
    assert labeling.status() == "Completed"
    assert labeling.describe()["LabelCounters"]["MachineLabeled"] == 110


def test_the_usual_algorithms_tell_texts_and_images_apart():
    algorithms = Algorithms()

    assert algorithms.named("text-classification").features({"source": "a"}, None) == "a"
    assert (
        algorithms.named("text-classification").features({"source-ref": "s3://a/b"}, b"b\xff")
        == "b\N{REPLACEMENT CHARACTER}"
    )
    assert algorithms.named("image-classification").least_objects == 1250
    assert algorithms.named("semantic-segmentation") is None


def test_an_untrained_ensemble_is_a_classifier_too():
    class Forest(Reader):
        def __len__(self):
            raise AttributeError("estimators_")

    algorithms = Algorithms()
    forest = Forest()
    algorithms.use(forest, None, None)

    assert algorithms.named("text-classification").estimator is forest


@pytest.mark.parametrize("estimator", [object(), type("Half", (), {"fit": print})()])
def test_what_is_no_classifier_is_refused(estimator):
    with pytest.raises(InvalidInputError, match=r"has no (fit|predict_proba)"):
        Algorithms().use(estimator, None, None)


def test_features_that_need_what_is_not_installed_fail_the_job_with_the_command(labeling):
    def features(line, content):
        raise MissingExtraError("it needs PIL, which is not installed", hint='pip install "hitl-sdk[images]"')

    run(learning(labeling, features=features), *texts(100))

    assert 'pip install "hitl-sdk[images]"' in labeling.describe()["FailureReason"]


def test_objects_that_no_model_can_see_are_all_labelled_by_people(labeling):
    run(learning(labeling, features=lambda line, content: None), *texts(100))

    assert labeling.counters() == (100, 0, 0)
