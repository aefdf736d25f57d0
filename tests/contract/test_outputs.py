"""What a review leaves behind: output.json in S3, an event on the bus."""

import json
import re
from contextlib import contextmanager
from urllib.parse import unquote_plus

import pytest

PATTERN = {"source": ["aws.sagemaker"], "detail-type": ["SageMaker A2I HumanLoop Status Change"]}


@contextmanager
def events_of(face, flow):
    """Yield a function that returns the next event of the flow, through a rule and a queue."""
    sqs, events = face.client("sqs"), face.client("events")
    name = flow.rpartition("/")[2]
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {**PATTERN, "detail": {"flowDefinitionArn": [flow]}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])

    def next_event():
        messages = face.wait(
            lambda: sqs.receive_message(QueueUrl=queue).get("Messages", []), bool, "an event in the queue"
        )
        return json.loads(messages[0]["Body"])

    yield next_event


def document(face, loop):
    uri = loop["HumanLoopOutput"]["OutputS3Uri"]
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    stored = face.client("s3").get_object(Bucket=bucket, Key=key)
    assert stored["ContentType"] == "application/json"
    return key, json.loads(stored["Body"].read())


def test_the_output_lies_under_the_flow_the_time_and_the_loop(answered_review):
    name = answered_review.start()
    loop = answered_review.wait_for(name, "Completed")

    key, _ = document(answered_review.face, loop)

    pattern = rf"a2i/{answered_review.flow_name}/\d{{4}}/\d\d/\d\d/\d\d/\d\d/\d\d/{name}/output\.json"
    assert re.fullmatch(pattern, key)
    listed = answered_review.face.client("s3").list_objects_v2(
        Bucket="reviews", Prefix=f"a2i/{answered_review.flow_name}/"
    )
    assert [found["Key"] for found in listed["Contents"]] == [key]


def test_the_output_has_the_keys_that_aws_writes(answered_review):
    name = answered_review.start(taskObject="good", initialValue="1")
    loop = answered_review.wait_for(name, "Completed")

    _, output = document(answered_review.face, loop)

    assert sorted(output) == ["flowDefinitionArn", "humanAnswers", "humanLoopName", "inputContent"]
    assert output["flowDefinitionArn"] == answered_review.flow
    assert output["humanLoopName"] == name
    assert output["inputContent"] == {"taskObject": "good", "initialValue": "1"}
    (answer,) = output["humanAnswers"]
    assert answer["answerContent"] == {"sentiment": {"label": "1"}}
    assert sorted(answer) == [
        "acceptanceTime",
        "answerContent",
        "submissionTime",
        "timeSpentInSeconds",
        "workerId",
        "workerMetadata",
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["acceptanceTime"])
    identity = answer["workerMetadata"]["identityData"]
    assert sorted(identity) == ["identityProviderType", "issuer", "sub"]


def test_the_end_of_a_loop_is_an_event_in_the_queue(answered_review):
    with events_of(answered_review.face, answered_review.flow) as next_event:
        name = answered_review.start()
        loop = answered_review.wait_for(name, "Completed")
        event = next_event()

    detail = event["detail"]
    assert event["source"] == "aws.sagemaker"
    assert event["account"] == "123456789012"
    assert event["region"] == answered_review.face.region
    assert event["resources"] == [loop["HumanLoopArn"]]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"])
    assert (detail["humanLoopName"], detail["humanLoopStatus"]) == (name, "Completed")
    assert detail["humanLoopOutput"] == {"outputS3Uri": loop["HumanLoopOutput"]["OutputS3Uri"]}


def test_a_stopped_loop_is_an_event_too(review):
    with events_of(review.face, review.flow) as next_event:
        name = review.start()
        review.a2i.stop_human_loop(HumanLoopName=name)
        review.wait_for(name, "Stopped")
        event = next_event()

    assert (event["detail"]["humanLoopName"], event["detail"]["humanLoopStatus"]) == (name, "Stopped")


def test_an_expired_loop_is_an_event_with_its_reason(cloud_review):
    with events_of(cloud_review.face, cloud_review.flow) as next_event:
        cloud_review.start()
        cloud_review.face.cloud.advance(4000)
        detail = next_event()["detail"]

    assert (detail["humanLoopStatus"], detail["failureCode"]) == ("Failed", "Expired")
    assert detail["failureReason"]


def test_a_missing_bucket_fails_the_loop_and_says_so(cloud_review):
    cloud_review.face.client("s3").delete_bucket(Bucket="reviews")
    cloud_review.face.cloud.workers.answer(lambda _: {"sentiment": {"label": "1"}})

    loop = cloud_review.wait_for(cloud_review.start(), "Failed")

    assert loop["FailureCode"] == "ValidationError"
    assert "reviews" in loop["FailureReason"]


def test_a_new_output_notifies_the_queue_of_its_bucket(cloud_review):
    face = cloud_review.face
    sqs = face.client("sqs")
    queue = sqs.create_queue(QueueName="new-outputs")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    face.client("s3").put_bucket_notification_configuration(
        Bucket="reviews",
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    sqs.purge_queue(QueueUrl=queue)  # of the test message that S3 sends
    face.cloud.workers.answer(lambda _: {"sentiment": {"label": "1"}})
    loop = cloud_review.wait_for(cloud_review.start(), "Completed")

    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]

    key = json.loads(message["Body"])["Records"][0]["s3"]["object"]["key"]
    assert loop["HumanLoopOutput"]["OutputS3Uri"].endswith(unquote_plus(key))


@pytest.mark.parametrize("content_type", ["application/json", "application/jsonlines"])
def test_an_endpoint_of_your_own_answers(answered_review, content_type):
    runtime = answered_review.face.client("sagemaker-runtime")

    answer = runtime.invoke_endpoint(EndpointName="echo", ContentType=content_type, Body=b'[{"a": 1}]\n')

    assert answer["ContentType"] == content_type
    assert json.loads(answer["Body"].read()) == [{"a": 1}]


def test_an_endpoint_that_fails_is_a_model_error(answered_review):
    runtime = answered_review.face.client("sagemaker-runtime")

    with pytest.raises(runtime.exceptions.ModelError) as caught:
        runtime.invoke_endpoint(EndpointName="echo", ContentType="application/json", Body=b"no json")

    assert caught.value.response["OriginalStatusCode"] == 400


def test_an_endpoint_that_nobody_made_is_not_found(answered_review):
    runtime = answered_review.face.client("sagemaker-runtime")

    with pytest.raises(runtime.exceptions.ValidationError, match="Endpoint other not found"):
        runtime.invoke_endpoint(EndpointName="other", Body=b"{}")


def test_an_endpoint_that_was_made_in_moto_stays_motos(answered_review):
    sagemaker = answered_review.face.client("sagemaker")
    image = {"Image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/model:1"}
    sagemaker.create_model(ModelName="m", PrimaryContainer=image, ExecutionRoleArn=answered_review.face.role)
    variant = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="other", EndpointConfigName="c")
    runtime = answered_review.face.client("sagemaker-runtime")

    assert runtime.invoke_endpoint(EndpointName="other", Body=b"{}")["Body"].read() == b"body"
