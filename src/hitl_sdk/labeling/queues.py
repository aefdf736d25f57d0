"""Queues that streaming jobs leave behind: found, shown, and deleted when told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._stream_keys import job_queue_name
from hitl_sdk.errors import NotFoundError
from hitl_sdk.labeling.state import ENDED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hitl_sdk.session import Session

__all__ = ["LeftoverQueue", "delete_leftover_queues", "leftover_queues", "waiting_in"]

_PREFIX = job_queue_name("")


@dataclass(frozen=True, slots=True)
class LeftoverQueue:
    """The queue of a streaming job that has ended. Ground Truth makes one a job, and leaves it.

    Attributes
    ----------
    name : str
        ``GroundTruth-`` and the job's name in lower case.
    url : str
        What SQS calls it by.
    job_name : str
        The job, as it was written.
    job_status : {"Completed", "Failed", "Stopped"}
        How it ended.
    n_waiting : int
        About how many messages nobody will label.

    Examples
    --------
    >>> queue = LeftoverQueue("GroundTruth-pets", "https://sqs/GroundTruth-pets", "Pets", "Stopped", 3)
    >>> print(queue)
    - queue GroundTruth-pets of labeling job 'Pets', Stopped: 3 messages wait in it
    """

    name: str
    url: str
    job_name: str
    job_status: str
    n_waiting: int

    def __str__(self) -> str:
        """Return the line of a plan."""
        return f"- queue {self.name} of labeling job '{self.job_name}', {self.job_status}: {self.n_waiting} messages wait in it"


def waiting_in(session: Session, url: str) -> int:
    """Return about how many messages wait in a queue, those included that are being received."""
    with translated_errors(f"queue {url}"):
        counts = session.client("sqs").get_queue_attributes(
            QueueUrl=url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )["Attributes"]
    return sum(map(int, counts.values()))


def leftover_queues(session: Session) -> tuple[LeftoverQueue, ...]:
    """Return the queues of streaming jobs that have ended, sorted by name. Makes only read calls.

    A queue whose job runs, is stopping, or is not known is none of them.

    Parameters
    ----------
    session : Session
        The account and Region to look in.

    Raises
    ------
    ServiceError
        If AWS refuses to tell.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     leftover_queues(cloud.session())
    ()
    """
    with translated_errors("the queues of labeling jobs"):
        pages = session.client("sqs").get_paginator("list_queues")
        urls = [
            url
            for page in pages.paginate(QueueNamePrefix=_PREFIX, PaginationConfig={"PageSize": 1000})
            for url in page.get("QueueUrls", [])
        ]
    if not urls:
        return ()
    ended = _ended_jobs(session)
    found = []
    for url in urls:
        name = url.rpartition("/")[2]
        if name.removeprefix(_PREFIX) not in ended:
            continue
        try:
            found.append(
                LeftoverQueue(name, url, *ended[name.removeprefix(_PREFIX)], waiting_in(session, url))
            )
        except NotFoundError:  # SQS lists a queue for a minute after it was deleted
            continue
    return tuple(sorted(found, key=lambda queue: queue.name))


def delete_leftover_queues(session: Session, queues: Iterable[LeftoverQueue]) -> tuple[LeftoverQueue, ...]:
    """Delete queues that `leftover_queues` found; what waits in them is lost.

    Each is looked at again first: what is no leftover any more stays.

    Parameters
    ----------
    session : Session
        The account and Region they are in.
    queues : iterable of LeftoverQueue
        What to delete.

    Returns
    -------
    tuple of LeftoverQueue
        What was deleted.

    Raises
    ------
    ServiceError
        If AWS refuses a call; those before it are gone.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     session = cloud.session()
    ...     delete_leftover_queues(session, leftover_queues(session))
    ()
    """
    wanted = {queue.url for queue in queues}
    deleted = []
    for queue in leftover_queues(session) if wanted else ():
        if queue.url in wanted:
            with translated_errors(f"queue {queue.name}"):
                session.client("sqs").delete_queue(QueueUrl=queue.url)
            deleted.append(queue)
    return tuple(deleted)


def _ended_jobs(session: Session) -> dict[str, tuple[str, str]]:
    """Return name and status of the jobs that have ended, by their names in lower case."""
    with translated_errors("the labeling jobs"):
        pages = session.client("sagemaker").get_paginator("list_labeling_jobs")
        return {
            job["LabelingJobName"].lower(): (job["LabelingJobName"], job["LabelingJobStatus"])
            for page in pages.paginate()
            for job in page["LabelingJobSummaryList"]
            if job["LabelingJobStatus"] in ENDED
        }
