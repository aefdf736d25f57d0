"""Simulated people and models behind the SDK, as a user's test has them."""

import json
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image

import hitl_sdk as hitl
from hitl_sdk.errors import ConfigurationError
from hitl_sdk.labels import Box
from hitl_sdk.testing import mock_hitl

TASK = hitl.tasks.TextClassification(name="sentiment", labels=["-1", "0", "1"], title="Classify reviews")


@pytest.fixture
def cloud():
    with mock_hitl(region="eu-west-1") as cloud:
        team = hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")])
        bucket = cloud.bucket("reviews")
        flow = hitl.ReviewFlow(
            name="sentiment", team=team, task=TASK, output=f"s3://{bucket}/a2i", role_arn=cloud.role_arn
        )
        flow.ensure(cloud.session())
        yield cloud


def route(cloud, count):
    router = hitl.Router(
        flow="sentiment", task=TASK, policy=hitl.Threshold(0.9), session=cloud.session(), progress=False
    )
    return router.route(
        hitl.Prediction(item_id=str(number), item=f"review {number}", label="0", confidence=0.5)
        for number in range(count)
    )


def test_time_spent_is_the_latency_however_coarsely_the_run_polls(cloud):
    cloud.workers.add(3, truth=lambda item: "1", latency=100.5)
    run = route(cloud, 5)
    run.wait(timeout=7200)
    frame = run.answers_frame()
    assert frame["seconds_spent"].tolist() == [100.5] * 5
    assert set(frame["submitted_at"] - frame["accepted_at"]) == {timedelta(seconds=100.5)}


def test_the_answers_of_workers_who_err_reach_the_training_frame(cloud):
    cloud.workers.add(5, truth=lambda item: "1", accuracy=0.7)
    run = route(cloud, 40)
    run.wait(timeout=7200)
    labels = run.training_frame()["label"]
    assert 20 <= (labels == "1").sum() <= 36
    assert set(labels) == {"-1", "0", "1"}


def test_workers_see_the_images_in_the_clouds_s3(cloud):
    picture = BytesIO()
    Image.new("RGB", (32, 24)).save(picture, format="PNG")
    s3 = cloud.session().client("s3")
    s3.put_object(Bucket=cloud.bucket("images"), Key="a cat.png", Body=picture.getvalue())
    task = hitl.tasks.BoundingBox(name="boxes", labels=["cat"], title="Mark the cats")
    flow = hitl.ReviewFlow(
        name="boxes",
        team=hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")]),
        task=task,
        output=f"s3://{cloud.bucket('reviews')}/boxes",
        role_arn=cloud.role_arn,
    )
    flow.ensure(cloud.session())
    cloud.workers.add(truth=lambda item: [Box("cat", 1, 2, 30, 20)], jitter=5)
    router = hitl.Router(flow=flow, policy=hitl.Threshold(0.9), session=cloud.session(), progress=False)
    run = router.route([hitl.Prediction("1", "s3://images/a cat.png", [], 0.5)])
    run.wait(timeout=7200)
    (label,) = run.answers_frame()["label"]
    assert (label["image_width"], label["image_height"]) == (32, 24)
    (box,) = label["shapes"]
    assert box["left"] + box["width"] <= 32


def test_a_function_that_fails_ends_the_call_that_met_it_and_costs_no_item(cloud):
    cloud.workers.answer(lambda item: 1 / 0)
    with pytest.raises(ConfigurationError, match="your function failed: ZeroDivisionError"):
        route(cloud, 20).wait(timeout=7200)
    cloud.workers.answer(lambda item: {"sentiment": {"label": "1"}})
    run = route(cloud, 20)
    run.wait(timeout=7200)
    assert run.training_frame()["label"].tolist() == ["1"] * 20


def test_the_lab_predicts_through_an_endpoint(cloud):
    cloud.endpoints.serve(
        "sentiment", lambda records: [{"probability": 0.6, "predicted_label": 1} for _ in records]
    )
    runtime = cloud.session().client("sagemaker-runtime")
    reply = runtime.invoke_endpoint(
        EndpointName="sentiment",
        ContentType="application/jsonlines",
        Accept="application/jsonlines",
        Body=b'{"features": ["I like it"]}\n',
    )
    assert json.loads(reply["Body"].read()) == {"probability": 0.6, "predicted_label": 1}


def test_a_template_is_rendered_with_aws_filters(cloud):
    rendered = (
        cloud.session()
        .client("sagemaker")
        .render_ui_template(
            UiTemplate={"Content": "<p>{{ task.input.labels | to_json }}</p>"},
            Task={"Input": json.dumps({"labels": ["a"]})},
            RoleArn=cloud.role_arn,
        )
    )
    assert (rendered["RenderedContent"], rendered["Errors"]) == ("<p>[&quot;a&quot;]</p>", [])
