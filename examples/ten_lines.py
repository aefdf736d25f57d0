"""A whole review in ten lines, on the embedded service."""

import hitl_sdk as hitl

with hitl.testing.mock_hitl() as cloud:  # on AWS: leave it out, bring a bucket and a role
    cloud.bucket("reviews")
    cloud.workers.answer(lambda item: {"sentiment": {"label": "0"}})

    task = hitl.tasks.TextClassification(
        name="sentiment", labels=["-1", "0", "1"], title="Mood?"
    )
    team = hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")])
    flow = hitl.ReviewFlow(
        name="mood", team=team, task=task, output="s3://reviews/a2i", role_arn=cloud.role_arn
    )
    flow.ensure(cloud.session())

    sure = hitl.Prediction("1", item="I enjoy this product", label="1", confidence=0.94)
    unsure = hitl.Prediction("2", item="It is okay", label="1", confidence=0.54)
    router = hitl.Router(flow=flow, policy=hitl.Threshold(0.90), session=cloud.session())
    run = router.route([sure, unsure])
    run.wait(timeout=7200)
    print(run.training_frame()[["item", "label", "label_source", "model_label"]])
