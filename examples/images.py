"""Have photographs classified: items are addresses in S3. The two pictures are scikit-learn's."""

from importlib.resources import files

import hitl_sdk as hitl


# --8<-- [start:review]
def review(session: hitl.Session, bucket: str, role_arn: str) -> hitl.Run:
    """Let people decide what is in a picture where the model is not sure."""
    task = hitl.tasks.ImageClassification(
        name="subject",
        labels=["building", "flower", "animal"],
        title="What does the picture show?",
        instructions=hitl.tasks.Instructions(short="Choose what takes up most of the picture."),
    )
    team = hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")])
    flow = hitl.ReviewFlow(
        name="subjects",
        team=team,
        task=task,
        output=f"s3://{bucket}/a2i",
        role_arn=role_arn,
    )
    flow.ensure(session)
    router = hitl.Router(flow=flow, policy=hitl.Bands(accept=0.90, drop=0.20), session=session)
    run = router.route(
        [
            hitl.Prediction("china", f"s3://{bucket}/china.jpg", "building", 0.97),
            hitl.Prediction("flower", f"s3://{bucket}/flower.jpg", "animal", 0.48),
            hitl.Prediction("blurred", f"s3://{bucket}/blurred.jpg", "animal", 0.11),
        ]
    )
    run.wait(timeout=3600)
    return run


# --8<-- [end:review]


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        bucket = cloud.bucket("pictures")
        for name in ("china.jpg", "flower.jpg"):
            picture = files("sklearn.datasets.images").joinpath(name).read_bytes()
            cloud.session().client("s3").put_object(Bucket=bucket, Key=name, Body=picture)
        cloud.workers.answer(lambda item: {"subject": {"label": "flower"}})
        frame = review(cloud.session(), bucket, cloud.role_arn).training_frame()
        columns = ["item_id", "model_label", "decision", "label", "reason"]
        print(frame[columns].fillna("-").to_string(index=False))
