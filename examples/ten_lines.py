"""A whole review in ten lines, on the embedded service."""

import hitl_sdk as hitl

with hitl.testing.mock_hitl() as cloud:  # leave this out, and it runs on AWS
    session = cloud.session()
    cloud.bucket("reviews")
    cloud.workers.answer(lambda item: {"sentiment": {"label": "0"}})

    task = hitl.tasks.TextClassification(
        name="sentiment", labels=["-1", "0", "1"], title="Mood?"
    )
    team = hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")])
    flow = hitl.ReviewFlow(
        name="sentiment",
        team=team,
        task=task,
        output="s3://reviews/a2i",
        role_arn=cloud.role_arn,
    )
    flow.ensure(session)

    sure = hitl.Prediction(item_id="1", item="I enjoy this product", label="1", confidence=0.94)
    unsure = hitl.Prediction(item_id="2", item="It is okay", label="1", confidence=0.54)
    router = hitl.Router(flow=flow, policy=hitl.Threshold(0.90), session=session)
    run = router.route([sure, unsure])
    run.wait(timeout=7200)
    print(run.training_frame()[["item", "label", "label_source", "model_label"]])
