"""Streaming labeling jobs: objects that come while the job runs, by an SNS topic and a queue of the job's own.

A job that has nothing to do is Listening, and ends after ten idle days. `wake` looks after jobs that listen or
wait for answers: whenever something has come, and there is room for it, they go on; and as soon as an object is
answered, not only with the last of a batch.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select

from hitl_sdk._data import human_review_quotas
from hitl_sdk._stream_keys import job_queue_name
from hitl_sdk.local.engine import job_files, job_life, job_limits, job_objects
from hitl_sdk.local.engine.errors import TopicMissing
from hitl_sdk.local.engine.job_input import JobFailed, kind_of
from hitl_sdk.local.engine.stream_messages import arrivals
from hitl_sdk.local.engine.values import Scope
from hitl_sdk.local.store import labeling_jobs, labeling_objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from hitl_sdk.local.engine.job_objects import Desk
    from hitl_sdk.local.engine.stream_messages import Arrival
    from hitl_sdk.local.engine.transactions import Transaction

__all__ = ["announce", "idle", "is_streaming", "listen", "open_queue", "take_in", "wake"]

_LOG = logging.getLogger(__name__)

_IDLE = timedelta(days=human_review_quotas()["streaming_idle_days"])
_BATCH = 100  # messages that are taken in at once

_OPEN = select(labeling_jobs).where(
    labeling_jobs.c.queue.is_not(None),
    labeling_jobs.c.step.in_(("Listening", "Answering")),
    labeling_jobs.c.status == "InProgress",
)
_KNOWN = select(labeling_objects.c.given_id).where(
    labeling_objects.c.job == bindparam("job_sequence"),
    labeling_objects.c.given_id.in_(bindparam("ids", expanding=True)),
)


def is_streaming(job: Row[Any]) -> bool:
    """Tell whether objects may come that are not there yet."""
    return "SnsDataSource" in job.definition["InputConfig"]["DataSource"]


def open_queue(desk: Desk, job: Row[Any]) -> str:
    """Make the queue in which the job's objects wait, unless it is there, and return its name.

    Raises
    ------
    JobFailed
        If there is no such topic.
    """
    queue = job_queue_name(job.name)
    topic = job.definition["InputConfig"]["DataSource"]["SnsDataSource"]["SnsTopicArn"]
    try:
        desk.delivery.open_queue(_scope(job), queue, topic)
    except TopicMissing as error:
        raise JobFailed(f"The input can't be read: {error}") from error
    return queue


def take_in(desk: Desk, job: Row[Any]) -> None:
    """Take objects out of the queue, as many as there is room for; the others wait in it."""
    open_queue(desk, job)
    while room := desk.run(partial(_room, job=job)):
        messages = desk.delivery.receive(_scope(job), job.queue, min(room, _BATCH))
        if not messages:
            return
        attribute, kind = job.definition["LabelAttributeName"], kind_of(job.definition)
        came = [
            each
            for message in messages
            for each in arrivals(message.body, message.message_id, attribute, kind)
        ]
        desk.run(partial(_keep, job=job, came=came))
        desk.delivery.drop(_scope(job), job.queue, [message.receipt for message in messages])


def _room(tx: Transaction, job: Row[Any]) -> int:
    """Return how many objects more may be with workers, or wait to be."""
    at_once = job_limits.at_once(job)
    waiting = len(job_objects.in_state(tx, job, "Waiting", limit=at_once))
    return max(0, at_once - waiting - int(job_life.flow_of(tx, job).in_flight))


def _keep(tx: Transaction, job: Row[Any], came: Sequence[Arrival]) -> None:
    """Write down the objects that have not come before."""
    now = job_life.held(tx, job)
    by_id = {_digest(each.given_id): each for each in reversed(came)}
    known = set(tx.connection.execute(_KNOWN, {"job_sequence": job.sequence, "ids": list(by_id)}).scalars())
    fresh = {key: by_id[key] for key in reversed(by_id) if key not in known}
    if not fresh:
        return
    first = now.objects + now.labeled_before
    rows = [
        {
            "job": job.sequence,
            "number": number,
            "object_id": str(number),
            "given_id": key,
            "state": "Waiting",
            "line": each.line,
        }
        for number, (key, each) in enumerate(fresh.items(), first)
    ]
    tx.connection.execute(insert(labeling_objects), rows)
    job_life.update_job(tx, now, objects=now.objects + len(rows), updated_at=tx.now)
    problems = {
        number: each.problem for number, each in enumerate(fresh.values(), first) if each.problem is not None
    }
    job_objects.fail(tx, now, problems)


def listen(tx: Transaction, job: Row[Any]) -> None:
    """Let the job wait for objects."""
    job_life.go_on(tx, job, "Listening", due_at=tx.now + _IDLE)


def idle(desk: Desk, job: Row[Any]) -> None:
    """Stop a job to which nothing has come for ten days."""
    if desk.delivery.waiting(_scope(job), job.queue):
        desk.run(partial(_go_on, job=job, step="Choosing"))
    else:
        desk.run(lambda tx: job_life.end(tx, job_life.held(tx, job), "Stopped"))


def wake(desk: Desk) -> bool:
    """Let streaming jobs go on for which something has come; tell whether there were any."""
    woken = False
    for job in desk.run(lambda tx: tx.connection.execute(_OPEN).all()):
        try:
            step = _news(desk, job)
        except Exception as error:  # whatever a face's own client raises, it is asked again
            _LOG.warning("the queue of labeling job %s can't be looked at: %r", job.name, error)
            continue
        if step is not None:
            woken = desk.run(partial(_wake, job=job, step=step)) or woken
    return woken


def _news(desk: Desk, job: Row[Any]) -> str | None:
    if desk.run(partial(job_objects.done_with, job=job, limit=1)):
        return "Saving"
    if desk.run(partial(_room, job=job)) and desk.delivery.waiting(_scope(job), job.queue):
        return "Choosing"
    return None


def _wake(tx: Transaction, job: Row[Any], step: str) -> bool:
    now = job_life.locked(tx, job.sequence)
    if now is None or (now.step, now.claim) != (job.step, job.claim) or now.status != "InProgress":
        return False
    job_life.go_on(tx, now, step)
    return True


def _go_on(tx: Transaction, job: Row[Any], step: str) -> None:
    job_life.go_on(tx, job_life.held(tx, job), step)


def announce(desk: Desk, job: Row[Any], labeled: Sequence[Row[Any]]) -> None:
    """Send the lines of labelled objects to the job's output topic, if it has one.

    Raises
    ------
    JobFailed
        If there is no such topic.
    """
    topic = job.definition["OutputConfig"].get("SnsTopicArn")
    if topic is None:
        return
    for each in labeled:
        try:
            desk.delivery.publish(_scope(job), topic, job_files.output_line(each).decode())
        except TopicMissing as error:
            raise JobFailed(f"The output can't be sent: {error}") from error


def _digest(given_id: str) -> str:
    return blake2b(given_id.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def _scope(job: Row[Any]) -> Scope:
    return Scope(job.account_id, job.region)
