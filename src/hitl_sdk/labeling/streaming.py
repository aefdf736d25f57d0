"""Streaming labeling jobs: objects go in by one SNS topic, labels come out by another, until the job is stopped."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._model import Model
from hitl_sdk._stream_keys import job_queue_name
from hitl_sdk._waiting import wait_until
from hitl_sdk.errors import InvalidInputError, NotFoundError
from hitl_sdk.labeling._stream_results import ResultsQueue, StreamResult
from hitl_sdk.labeling._stream_sending import Sender, SendReport, SentObject
from hitl_sdk.labeling.queues import waiting_in
from hitl_sdk.resources.types import TopicArn
from hitl_sdk.session import Session

__all__ = ["SendReport", "SentObject", "SnsInput", "Stream", "StreamResult"]


class SnsInput(Model):
    """Input of a streaming job: an SNS topic, and a manifest to begin with.

    Parameters
    ----------
    topic_arn : str
        The topic that objects are sent to. A standard one, in the job's Region.
    manifest : str, optional
        ``s3://BUCKET/KEY`` of objects that are labelled first.

    Raises
    ------
    InvalidResourceError
        If it is no ARN of a topic.

    Examples
    --------
    >>> SnsInput(topic_arn="arn:aws:sns:eu-west-1:123456789012:pets").manifest is None
    True
    """

    topic_arn: TopicArn
    manifest: str | None = None


class StreamingJob(Protocol):
    """What a `Stream` has to know of a labeling job; a `LabelingJob` whose input is an `SnsInput` says it."""

    @property
    def name(self) -> str:
        """The job's name."""
        ...

    @property
    def input(self) -> object:
        """Its input, an `SnsInput`."""
        ...

    @property
    def output_topic_arn(self) -> str | None:
        """The topic that its labels go to."""
        ...


class Stream:
    """Both ends of a streaming job that runs.

    Parameters
    ----------
    job : LabelingJob
        The job; its `input` is an `SnsInput`.
    session : Session
        The job's account and Region.

    Raises
    ------
    InvalidInputError
        If the job takes its objects from a manifest alone.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     session, bucket = cloud.session(), cloud.bucket("labels")
    ...     topic_arn = session.client("sns").create_topic(Name="reviews")["TopicArn"]
    ...     job = hitl.LabelingJob(
    ...         name="moods",
    ...         task=hitl.tasks.TextClassification(name="mood", labels=["bad", "good"], title="Mood?"),
    ...         team=hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")]),
    ...         role_arn=cloud.role_arn,
    ...         input=SnsInput(topic_arn=topic_arn),
    ...         output="s3://labels/stream",
    ...     )
    ...     state = job.ensure(session)
    ...     cloud.advance(60)
    ...     stream = Stream(job, session)
    ...     print(stream.send(["Loved it", "Came late", "Loved it"]), "|", stream.waiting(), "wait")
    2 sent, 1 repeated, 0 failed | 2 wait
    """

    def __init__(self, job: StreamingJob, session: Session) -> None:
        if not isinstance(job.input, SnsInput):
            raise InvalidInputError(
                f"labeling job '{job.name}' is no streaming job", hint="give it input=SnsInput(topic_arn=...)"
            )
        self._session = session
        self._job = job
        self._input = job.input
        self._results: ResultsQueue | None = None

    def send(
        self,
        items: Iterable[str | Mapping[str, Any]],
        *,
        key: str | None = None,
        most_waiting: int = 1000,
        timeout: float = 3600.0,
        on_progress: Callable[[SentObject], None] | None = None,
    ) -> SendReport:
        """Send objects to be labelled, never more than the people can take.

        Each goes with an id by which the job labels it once, so sending again labels nothing twice.

        Parameters
        ----------
        items : iterable of str or mapping
            Texts, S3 URIs, or manifest lines.
        key : str, optional
            The attribute of each line that is its id: an SKU, a database key. Up to 1,024 characters. When left
            out, what the line itself says (``dataset-objectid-attribute-name``), else a digest of its content.
        most_waiting : int, default 1000
            How many objects may wait for a free place in the job. SQS counts them approximately.
        timeout : float, default 3600
            Seconds that may pass until there is room for the next objects.
        on_progress : callable, optional
            Called with each outcome as it is known.

        Returns
        -------
        SendReport
            One outcome an item. An item that can't be sent is its own failure; the others go on.

        Raises
        ------
        InvalidInputError
            If `most_waiting` is below 10, the size of a batch.
        NotFoundError
            If there is no such topic, or the job has not started: what is sent before is lost.
        WaitTimeoutError
            If there is no room in time. What was sent is told in a note, and stays.
        CredentialsError, AccessDeniedError
            If no object can be sent.
        """
        if most_waiting < 10:
            raise InvalidInputError(
                f"most_waiting={most_waiting}", hint="give at least 10, the size of a batch"
            )
        url = self._job_queue()
        room = most_waiting - waiting_in(self._session, url)

        def make_room(wanted: int) -> None:
            nonlocal room
            if wanted > room:
                room = most_waiting - wait_until(
                    lambda: waiting_in(self._session, url),
                    lambda waiting: waiting + wanted <= most_waiting,
                    timeout=timeout,
                    what=f"room in the queue of labeling job '{self._job.name}'",
                )
            room -= wanted

        return Sender(self._session, self._input.topic_arn, make_room).send(items, key, on_progress)

    def waiting(self) -> int:
        """Return about how many objects wait for a free place in the job.

        Raises
        ------
        NotFoundError
            If the job has not started: it makes its queue as it does.
        """
        return waiting_in(self._session, self._job_queue())

    def subscribe(self) -> None:
        """Keep the job's labels from now on, in a queue of the user's own, for `results` to read.

        The queue is called after the job, ``NAME-results``, and keeps a message for 14 days. What the topic
        sends before there is a queue is lost to it, so do it before you send; doing it again changes nothing.

        Raises
        ------
        InvalidInputError
            If the job has no output topic.
        NotFoundError
            If there is no such topic.
        """
        self._results_queue().ensure()

    def results(self, *, timeout: float, count: int | None = None) -> Iterator[StreamResult]:
        """Yield labelled objects as they come, each once.

        A message is deleted when the next one is asked for: what a crash cuts off comes again. What can't be
        read is a result of its own, with its `error`, and is gone after it.

        Parameters
        ----------
        timeout : float
            Seconds to wait for all of them. It ends without an error.
        count : int, optional
            Stop after so many; without end when left out.

        Raises
        ------
        InvalidInputError
            If the job has no output topic, or `timeout` is not above 0.
        ServiceError
            If AWS refuses a call.
        """
        if not timeout > 0:
            raise InvalidInputError(f"timeout={timeout!r}", hint="give a number of seconds above 0")
        return self._results_queue().read(timeout, count)

    def unsubscribe(self) -> bool:
        """Delete the queue of results, and what is in it.

        Returns
        -------
        bool
            False if there was none.
        """
        return self._results_queue().delete()

    def _results_queue(self) -> ResultsQueue:
        if self._job.output_topic_arn is None:
            raise InvalidInputError(
                f"labeling job '{self._job.name}' has no output topic", hint="give it output_topic_arn=..."
            )
        if self._results is None:
            name = f"{self._job.name}-results"
            self._results = ResultsQueue(self._session, self._job.output_topic_arn, name)
        return self._results

    def _job_queue(self) -> str:
        name = job_queue_name(self._job.name)
        try:
            with translated_errors(f"queue {name}"):
                return self._session.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        except NotFoundError as error:
            raise NotFoundError(
                f"labeling job '{self._job.name}' has no queue yet",
                hint="start it and wait until it is InProgress: objects sent before are lost",
                resource=name,
            ) from error
