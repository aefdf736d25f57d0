"""Queues that streaming jobs leave: those of jobs that have ended are found, and deleted when told."""

from __future__ import annotations

import pytest
from botocore.awsrequest import AWSResponse

from hitl_sdk import Session
from hitl_sdk._stream_keys import job_queue_name
from hitl_sdk.errors import AccessDeniedError, UnavailableError
from hitl_sdk.labeling import delete_leftover_queues, leftover_queues
from hitl_sdk.testing import mock_hitl


@pytest.fixture
def session(one_boto3_session):
    with mock_hitl():
        yield Session(region_name="us-east-1", boto3_session=one_boto3_session)


@pytest.fixture
def jobs(session):
    """Return the jobs that SageMaker lists, by name; the test fills it."""
    statuses: dict[str, str] = {}

    def listed(**_):
        answer = {
            "LabelingJobSummaryList": [
                {"LabelingJobName": name, "LabelingJobStatus": status} for name, status in statuses.items()
            ]
        }
        return AWSResponse("https://example.com", 200, {}, None), answer

    session.client("sagemaker").meta.events.register("before-call.sagemaker.ListLabelingJobs", listed)
    return statuses


def make_queue(session, name, messages=0):
    url = session.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    for number in range(messages):
        session.client("sqs").send_message(QueueUrl=url, MessageBody=f"message {number}")
    return url


def names_left(session):
    urls = session.client("sqs").list_queues().get("QueueUrls", [])
    return sorted(url.rpartition("/")[2] for url in urls)


def test_a_queue_is_called_after_its_job_in_lower_case():
    assert job_queue_name("Pets-Q3") == "GroundTruth-pets-q3"


def test_the_queues_of_ended_jobs_are_found(session, jobs):
    jobs |= {"Pets": "Stopped", "cars": "Failed", "trees": "Completed"}
    for name in ("GroundTruth-trees", "GroundTruth-pets", "GroundTruth-cars"):
        make_queue(session, name)

    assert [(queue.name, queue.job_name, queue.job_status) for queue in leftover_queues(session)] == [
        ("GroundTruth-cars", "cars", "Failed"),
        ("GroundTruth-pets", "Pets", "Stopped"),
        ("GroundTruth-trees", "trees", "Completed"),
    ]


@pytest.mark.parametrize("status", ["Initializing", "InProgress", "Stopping"])
def test_the_queue_of_a_job_that_has_not_ended_is_no_leftover(session, jobs, status):
    jobs["pets"] = status
    make_queue(session, "GroundTruth-pets")

    assert leftover_queues(session) == ()


def test_a_queue_whose_job_nobody_knows_is_no_leftover(session, jobs):
    jobs["pets"] = "Stopped"
    for name in ("GroundTruth-cars", "my-GroundTruth-pets", "pets"):
        make_queue(session, name)

    assert leftover_queues(session) == ()


def test_what_waits_is_counted(session, jobs):
    jobs["pets"] = "Stopped"
    make_queue(session, "GroundTruth-pets", messages=3)
    (queue,) = leftover_queues(session)

    assert queue.n_waiting == 3
    assert str(queue) == "- queue GroundTruth-pets of labeling job 'pets', Stopped: 3 messages wait in it"


def test_finding_deletes_nothing(session, jobs):
    jobs["pets"] = "Stopped"
    make_queue(session, "GroundTruth-pets")
    leftover_queues(session)

    assert names_left(session) == ["GroundTruth-pets"]


def test_what_was_found_and_told_is_deleted_and_no_other(session, jobs):
    jobs |= {"pets": "Stopped", "cars": "Stopped", "trees": "InProgress"}
    for name in ("GroundTruth-pets", "GroundTruth-cars", "GroundTruth-trees", "mine"):
        make_queue(session, name)
    pets = [queue for queue in leftover_queues(session) if queue.job_name == "pets"]

    assert delete_leftover_queues(session, pets) == tuple(pets)
    assert names_left(session) == ["GroundTruth-cars", "GroundTruth-trees", "mine"]


def test_a_queue_whose_job_runs_again_meanwhile_stays(session, jobs):
    jobs["pets"] = "Stopped"
    make_queue(session, "GroundTruth-pets")
    found = leftover_queues(session)
    jobs["pets"] = "InProgress"

    assert delete_leftover_queues(session, found) == ()
    assert names_left(session) == ["GroundTruth-pets"]


def test_nothing_to_delete_asks_nothing(session, watched):
    calls = watched(session, ("sqs", "sagemaker"))

    assert delete_leftover_queues(session, []) == ()
    assert not calls.count


def test_a_queue_that_was_deleted_a_moment_ago_is_passed_over(session, jobs, watched):
    jobs |= {"pets": "Stopped", "cars": "Stopped"}
    gone = make_queue(session, "GroundTruth-cars")
    make_queue(session, "GroundTruth-pets")
    calls = watched(session, ("sqs",))
    calls.fail(
        "GetQueueAttributes",
        ("AWS.SimpleQueueService.NonExistentQueue", 400),
        when=lambda params, _: params["QueueUrl"] == gone,
    )

    assert [queue.job_name for queue in leftover_queues(session)] == ["pets"]


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("ListQueues", ("AccessDenied", 403)),
        ("GetQueueAttributes", ("ServiceUnavailable", 503)),
        ("DeleteQueue", ("AccessDenied", 403)),
    ],
)
def test_what_sqs_refuses_is_told_in_our_words(session, jobs, watched, operation, fault):
    jobs["pets"] = "Stopped"
    make_queue(session, "GroundTruth-pets")
    watched(session, ("sqs",)).fail(operation, fault)

    with pytest.raises(AccessDeniedError if fault[1] == 403 else UnavailableError):
        delete_leftover_queues(session, leftover_queues(session))
