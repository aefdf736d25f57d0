"""Automated labeling as it is asked for: what is refused offline, what is advised, what goes to AWS."""

from __future__ import annotations

import pytest

from hitl_sdk._ground_truth import kind_named, kinds
from hitl_sdk.errors import InvalidResourceError
from hitl_sdk.labeling import AutomatedLabeling

MODEL = "arn:aws:sagemaker:eu-west-1:123456789012:model/pets"


def test_the_request_names_the_algorithm_of_the_kind_and_no_more():
    request = AutomatedLabeling().to_request(kind_named("TextMultiClass"), "eu-west-1")

    assert request == {
        "LabelingJobAlgorithmSpecificationArn": (
            "arn:aws:sagemaker:eu-west-1:027400017018:labeling-job-algorithm-specification/text-classification"
        )
    }


def test_the_request_carries_model_key_and_network():
    automated = AutomatedLabeling(
        initial_model_arn=MODEL, volume_kms_key_id="key-1", security_group_ids=["sg-1"], subnets=["subnet-1"]
    )
    request = automated.to_request(kind_named("BoundingBox"), "eu-west-1")

    assert request["InitialActiveLearningModelArn"] == MODEL
    assert request["LabelingJobResourceConfig"] == {
        "VolumeKmsKeyId": "key-1",
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
    }


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"initial_model_arn": "pets"}, "the ARN of a SageMaker model"),
        ({"volume_kms_key_id": "a key"}, "a KMS key id"),
        ({"subnets": ["subnet-1"]}, "give both or none"),
        ({"security_group_ids": ["sg 1"], "subnets": ["subnet-1"]}, "the id of a security group"),
        ({"security_group_ids": ["sg-1"] * 6, "subnets": ["subnet-1"]}, "at most 5"),
        ({"security_group_ids": ["sg-1"], "subnets": ["subnet-1"] * 17}, "at most 16"),
    ],
)
def test_what_breaks_a_rule_of_the_service_is_refused(fields, words):
    with pytest.raises(InvalidResourceError, match=words):
        AutomatedLabeling(**fields)


def test_four_kinds_have_an_algorithm():
    able = [kind.name for kind in kinds() if not AutomatedLabeling().problems(kind)]

    assert able == ["BoundingBox", "ImageMultiClass", "SemanticSegmentation", "TextMultiClass"]


@pytest.mark.parametrize(
    ("kind", "job", "problem"),
    [
        ("NamedEntityRecognition", {}, "AWS has no algorithm for NamedEntityRecognition"),
        ("TextMultiClass", {"n_objects": 1249}, "at least 1,250 objects, and there are 1,249"),
        ("TextMultiClass", {"streaming": True}, "a streaming job"),
        ("SemanticSegmentation", {"n_labels": 21}, "at most 20 labels, and there are 21"),
    ],
)
def test_what_keeps_a_job_from_it_is_said(kind, job, problem):
    (found,) = AutomatedLabeling().problems(kind_named(kind), **job)

    assert problem in found


def test_at_the_limits_nothing_is_wrong():
    automated = AutomatedLabeling()

    assert automated.problems(kind_named("SemanticSegmentation"), n_objects=1250, n_labels=20) == ()
    assert automated.problems(kind_named("ImageMultiClass"), n_objects=1250, n_labels=500) == ()
    assert automated.image_problem(kind_named("ImageMultiClass"), 3840, 2160) is None
    assert automated.image_problem(kind_named("TextMultiClass"), 99_999, 99_999) is None


def test_few_objects_are_advised_against():
    assert "there are 4,999" in str(AutomatedLabeling().advice(n_objects=4999))
    assert AutomatedLabeling().advice(n_objects=5000) is None


@pytest.mark.parametrize(("width", "height"), [(3841, 100), (100, 2161)])
def test_an_image_too_large_either_way_is_told(width, height):
    problem = AutomatedLabeling().image_problem(kind_named("BoundingBox"), width, height)

    assert problem == f"the image has {width} x {height} pixels, automated labeling takes at most 3840 x 2160"
