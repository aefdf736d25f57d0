"""The second half of an iteration: answers are written, made one label an object, and published."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from hitl_sdk._s3_uri import bucket_and_key
from hitl_sdk.local.engine import job_files, job_functions, job_life, job_objects, streams
from hitl_sdk.local.engine.errors import FunctionFailed
from hitl_sdk.local.engine.values import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Row

    from hitl_sdk.local.engine.job_objects import Desk
    from hitl_sdk.local.engine.transactions import Transaction

__all__ = ["consolidate", "publish", "save", "write_manifest"]

_UNANSWERED = "No worker answered in the task's availability lifetime"


def save(desk: Desk, job: Row[Any]) -> None:
    """Write the answers to some of the objects that workers are done with."""
    answered = desk.run(partial(_done_with, job=job))
    uris: dict[int, str] = {}
    for data_object, given in answered:
        if given:
            files = job_files.response_files(job, data_object.object_id, given)
            for uri, body in files.items():
                _put(desk, job, uri, body)
            uris[data_object.number] = next(iter(files))
    desk.run(partial(_saved, job=job, numbers=[each.number for each, _ in answered], uris=uris))


def _done_with(tx: Transaction, job: Row[Any]) -> list[tuple[Row[Any], Sequence[Row[Any]]]]:
    return job_objects.with_answers(tx, job, job_objects.done_with(tx, job))


def _answered(tx: Transaction, job: Row[Any]) -> list[tuple[Row[Any], Sequence[Row[Any]]]]:
    return job_objects.with_answers(tx, job, job_objects.in_state(tx, job, "Answered", limit=job.objects))


def _saved(tx: Transaction, job: Row[Any], numbers: Sequence[int], uris: Mapping[int, str]) -> None:
    now = job_life.held(tx, job)
    answered = [(number, {"response_uri": uri}) for number, uri in uris.items()]
    job_objects.change(tx, now, answered, state="Answered")
    rest = [number for number in numbers if number not in uris]
    if now.outcome is not None:
        job_objects.change(tx, now, [(number, {}) for number in rest], state="Waiting", iteration=None)
    else:
        job_objects.fail(tx, now, dict.fromkeys(rest, _UNANSWERED))
    more = job_objects.done_with(tx, now, limit=1)
    job_life.go_on(tx, now, "Saving" if more else "Consolidating")


def consolidate(desk: Desk, job: Row[Any]) -> None:
    """Have the answers of the iteration made labels, all in one go: methods learn from each about the others."""
    answered = desk.run(partial(_answered, job=job))
    objects = [each for each, _ in answered]
    function = job_functions.consolidating_function(job)
    contents: dict[str, dict[str, Any]] = {}
    failure = None
    if function is None:
        contents = {each.object_id: job_functions.reference(job, each) for each in objects}
    elif answered:
        payload = [job_files.payload_item(job, each, given) for each, given in answered]
        last = max(seat.submitted_at for _, given in answered for seat in given)
        payload_uri = job_files.request_uri(job, last)
        _put(desk, job, payload_uri, json.dumps(payload).encode())
        try:
            answer, contents = job_functions.consolidate(desk.delivery, job, function, payload_uri)
            _put(desk, job, job_files.response_uri(job, last), json.dumps(answer).encode())
        except FunctionFailed as error:
            failure = f"The post-annotation function failed: {error}"
    desk.delivery.keep()  # the labels may name files that the function has written
    desk.run(partial(_label, job=job, objects=objects, contents=contents, failure=failure))


def _label(
    tx: Transaction,
    job: Row[Any],
    objects: Sequence[Row[Any]],
    contents: Mapping[str, dict[str, Any]],
    failure: str | None,
) -> None:
    now = job_life.held(tx, job)
    attribute = now.definition["LabelAttributeName"]
    labels = {
        each.number: {"label": job_functions.with_metadata(now, contents[each.object_id], tx.now)}
        for each in objects
        if attribute in contents.get(each.object_id, {})
    }
    job_objects.change(tx, now, labels.items(), state="Labeled", human_annotated=True)
    reason = failure or f"The post-annotation function gave no {attribute} for the object"
    job_objects.fail(tx, now, {each.number: reason for each in objects if each.number not in labels})
    job_objects.count(tx, now)
    job_life.go_on(tx, now, "Publishing", updated_at=tx.now)


def publish(desk: Desk, job: Row[Any]) -> None:
    """Write the output manifest as it is by now, and tell of new labels."""
    news = write_manifest(desk, job)
    desk.delivery.keep()
    streams.announce(desk, job, news)
    desk.run(partial(_published, job=job, announced=[each.number for each in news]))


def write_manifest(desk: Desk, job: Row[Any]) -> list[Row[Any]]:
    """Write the output manifest, and the lines of the iteration beside it; return the labels that nobody was told of."""
    lines: list[bytes] = []
    of_iteration: list[bytes] = []
    news: list[Row[Any]] = []
    after = -1
    while page := desk.run(partial(job_objects.written_after, job=job, number=after)):
        news += [each for each in page if each.state == "Labeled" and not each.announced]
        for each in page:
            line = job_files.output_line(each) + b"\n"
            lines.append(line)
            if each.iteration == job.iteration:
                of_iteration.append(line)
        after = page[-1].number
    _put(desk, job, job_files.manifest_uri(job), b"".join(lines))
    if of_iteration:
        _put(desk, job, job_files.intermediate_uri(job), b"".join(of_iteration))
    return news


def _published(tx: Transaction, job: Row[Any], announced: Sequence[int]) -> None:
    now = job_life.held(tx, job)
    job_objects.change(tx, now, [(number, {}) for number in announced], announced=True)
    job_life.go_on(tx, now, "Choosing")


def _put(desk: Desk, job: Row[Any], uri: str, body: bytes) -> None:
    desk.delivery.put_object(Scope(job.account_id, job.region), *bucket_and_key(uri), body)
