"""Label what comes in all day: texts in by one SNS topic, labels out by another.

Needs ``pip install "hitl-sdk[pandas,testing]"``.
"""

# --8<-- [start:imports]
import hitl_sdk as hitl
from hitl_sdk.labeling import SnsInput, Stream, delete_leftover_queues, leftover_queues
from hitl_sdk.results import read_manifest

# --8<-- [end:imports]

TICKETS = [
    {"source": "I can't sign in", "ticket": "T-1"},
    {"source": "Where is my parcel?", "ticket": "T-2"},
    {"source": "The invoice is wrong", "ticket": "T-3"},
]
TOPIC_OF = {
    "I can't sign in": "account",
    "Where is my parcel?": "delivery",
    "The invoice is wrong": "billing",
}


# --8<-- [start:job]
def job_for(cloud: hitl.testing.Cloud, session: hitl.Session) -> hitl.LabelingJob:
    """Describe a job that takes its objects from a topic, and sends its labels to another."""
    sns = session.client("sns")
    return hitl.LabelingJob(
        name="Tickets",
        task=hitl.tasks.TextClassification(
            name="topic", labels=["account", "billing", "delivery"], title="What is it about?"
        ),
        team=hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")]),
        role_arn=cloud.role_arn,
        input=SnsInput(topic_arn=sns.create_topic(Name="tickets")["TopicArn"]),
        output_topic_arn=sns.create_topic(Name="topics")["TopicArn"],
        output=f"s3://{cloud.bucket('labels')}/stream",
        workers_per_object=1,
    )


# --8<-- [end:job]


with hitl.testing.mock_hitl() as cloud:
    session = cloud.session()
    cloud.workers.add(truth=lambda item: TOPIC_OF[item["taskObject"]])
    job = job_for(cloud, session)
    job.ensure(session)
    cloud.advance(60)

    # --8<-- [start:send]
    stream = Stream(job, session)
    stream.subscribe()  # before anything is sent: what the topic tells nobody is lost
    print(stream.send(TICKETS, key="ticket"))
    print(
        stream.send(TICKETS, key="ticket")
    )  # again: the same ids, so nothing is labelled twice
    # --8<-- [end:send]

    # --8<-- [start:bad]
    report = stream.send(
        [{"source": "Cancel my order"}, {"source": "Call me", "ticket": "T-3"}], key="ticket"
    )
    for failure in report.failures:
        print(failure.position, failure.error)
    # --8<-- [end:bad]

    # --8<-- [start:results]
    results = list(stream.results(timeout=600, count=3))
    frame = read_manifest([result.text for result in results if result.error is None])
    frame["ticket"] = [result.object_id for result in results]
    print(frame[["ticket", "item", "label"]].sort_values("ticket").to_string(index=False))
    # --8<-- [end:results]

    # --8<-- [start:end]
    stream.unsubscribe()
    print(job.stop(session))
    found = leftover_queues(session)  # a plan: nothing is deleted yet
    print(*found, sep="\n")
    print(len(delete_leftover_queues(session, found)), "deleted")
    # --8<-- [end:end]
