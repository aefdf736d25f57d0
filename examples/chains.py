"""Hierarchical labels: what is wrong is asked of those reviews alone that another job has found to be bad."""

import hitl_sdk as hitl

REVIEWS = {
    "It broke after a day": ("bad", "quality"),
    "Better than I hoped": ("good", None),
    "Two weeks late": ("bad", "delivery"),
    "Does what it should": ("good", None),
}

with hitl.testing.mock_hitl() as cloud:
    session, bucket = cloud.session(), cloud.bucket("reviews")
    cloud.workers.add(
        3, truth=lambda item: REVIEWS[item["taskObject"]]["mood" in item["manifestLine"]]
    )
    # --8<-- [start:chain]
    moods = hitl.LabelingJob(
        name="moods",
        label_attribute="mood",
        task=hitl.tasks.TextClassification(
            name="mood", labels=["bad", "good"], title="Which mood?"
        ),
        input=hitl.labeling.InputManifest.from_lines(
            [{"source": review} for review in REVIEWS]
        ),
        output=f"s3://{bucket}/out",
        team=hitl.PrivateTeam(name="readers", members=[hitl.Member(email="ana@example.com")]),
        role_arn=cloud.role_arn,
    )
    moods.ensure(session)
    moods.wait(session, timeout=86_400)

    reasons = moods.then(
        name="reasons",
        task=hitl.tasks.TextClassification(
            name="reason", labels=["quality", "delivery"], title="What was wrong?"
        ),
        where=lambda row: row["label"] == "bad",
    )
    reasons.ensure(session)
    reasons.wait(session, timeout=86_400)

    both = hitl.results.read_manifest(reasons.output_manifest_uri, session=session)
    print(both[["item_id", "item", "attribute", "label"]])
    # --8<-- [end:chain]
