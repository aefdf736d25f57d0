"""Have product reviews labelled from the beginning: a labeling job, from its estimate to its labels."""

import hitl_sdk as hitl

REVIEWS = [
    "The fabric is thin, and it tore on the second day.",
    "Fits as if made for me.",
    "It is a coat.",
    "Came late, in the wrong colour.",
    "I wear it every day!",
    "The buttons are black.",
]


# --8<-- [start:job]
def mood_job(bucket: str, role_arn: str) -> hitl.LabelingJob:
    """Describe the job: what is labelled, by whom, and where the labels go."""
    task = hitl.tasks.TextClassification(
        name="mood",
        labels=["negative", "neutral", "positive"],
        title="Which mood does the review have?",
        instructions=hitl.tasks.Instructions(short="Judge the words, not the product."),
    )
    return hitl.LabelingJob(
        name="mood-1",
        task=task,
        team=hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")]),
        role_arn=role_arn,
        input=hitl.labeling.InputManifest.from_lines(
            [{"source": review} for review in REVIEWS]
        ),
        output=f"s3://{bucket}/labels",
        label_attribute="mood",
        workers_per_object=3,
        max_concurrent_tasks=2,
    )


# --8<-- [end:job]


# --8<-- [start:before]
def look_before(job: hitl.LabelingJob, session: hitl.Session) -> None:
    """Say what is wrong with the job, what it would take, and what would be made."""
    print(job.check(session))
    print(job.estimate(session, seconds_per_task=20, wage_per_hour=18))
    print(job.plan(session))


# --8<-- [end:before]


# --8<-- [start:broken]
def break_rules(job: hitl.LabelingJob) -> None:
    """Break several rules at once."""
    try:
        job.clone(
            name="mood metadata", label_attribute="source", workers_per_object=12, price=0.012
        )
    except hitl.HitlError as error:
        print(error)


# --8<-- [end:broken]


# --8<-- [start:run]
def run(job: hitl.LabelingJob, session: hitl.Session) -> None:
    """Make the job, wait until it has ended, and read its labels."""
    job.ensure(session)
    print(job.wait(session, timeout=24 * 3600))
    print(
        job.read(session)[["item", "label", "confidence", "label_source"]].to_string(
            index=False
        )
    )


# --8<-- [end:run]


# --8<-- [start:stuck]
def go_on(job: hitl.LabelingJob, session: hitl.Session) -> hitl.LabelingJob:
    """Find out why a job does not move, stop it, and go on with what has no label."""
    print(job.diagnose(session))
    print(job.stop(session))
    return job.resume(session, name=f"{job.name}-goes-on")


# --8<-- [end:stuck]


def mood_of(item: dict[str, str]) -> str:
    """Tell the mood as the simulated workers do."""
    text = item["taskObject"]
    if any(word in text for word in ("tore", "late")):
        return "negative"
    return "positive" if any(word in text for word in ("Fits", "every day")) else "neutral"


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        session, job = cloud.session(), mood_job(cloud.bucket("coats"), cloud.role_arn)
        print("# before")
        look_before(job, session)
        print("# broken")
        break_rules(job)
        print("# stuck")
        stuck = job.clone(name="mood-0", team=hitl.PrivateTeam(name="nobody"))
        stuck.ensure(session)
        cloud.advance(60)
        resumed = go_on(stuck, session)
        print("# run")
        cloud.workers.add(3, truth=mood_of, accuracy=0.9, latency=30)
        run(job, session)
        print("# resumed")
        run(resumed.clone(name=resumed.name, team=job.team), session)
