"""The steps of a labeling job, each of which may be done again: what they read, write and invoke, and what they change.

::

    Reading --> Publishing --> Choosing --> Preparing --> Answering --> Saving --> Consolidating --.
                    ^                                                                              |
                    '------------------------------- one iteration --------------------------------'

Reading takes in the manifest, Choosing takes up the next objects or ends the job, Preparing has each prepared by
the pre-annotation function and offers it to workers, Saving writes their answers, Consolidating has them made one
label each by the post-annotation function, Publishing writes the output manifest. Nothing but a transaction's own
reading and writing happens inside of transactions.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import and_, bindparam, case, func, insert, select, update

from hitl_sdk._ground_truth import CUSTOM, function_of_arn, kind_named
from hitl_sdk.local.engine import job_files, job_life, lifecycle
from hitl_sdk.local.engine.documents import canonical_json
from hitl_sdk.local.engine.errors import BucketMissing, FunctionFailed
from hitl_sdk.local.engine.job_input import JobFailed, bucket_and_key, kind_of, read_input
from hitl_sdk.local.engine.loops import insert_loops
from hitl_sdk.local.engine.values import Scope
from hitl_sdk.local.store import flows, labeling_objects, loops, seats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from hitl_sdk.local.engine.delivery import Delivery
    from hitl_sdk.local.engine.job_input import JobInput
    from hitl_sdk.local.engine.transactions import Transaction

__all__ = ["Desk", "carry_on"]

T = TypeVar("T")
_LOG = logging.getLogger(__name__)

MOST_ATTEMPTS = 17  # with growing pauses, about 5 hours
_PAGE = 100
_INVOCATIONS = 100  # of the pre-annotation function, before what they gave is kept
_OBJECTS_AT_ONCE = 1000  # MaxConcurrentTaskCount of a job that names none
_LONGEST_REASON = 1024
_VERSION = "2018-10-16"
_UNANSWERED = "No worker answered in the task's availability lifetime"
_TOO_OLD = "The labeling job was not completed in 30 days"

_OF_JOB = labeling_objects.c.job == bindparam("job_sequence")
_IN_STATE = and_(_OF_JOB, labeling_objects.c.state == bindparam("in_state"))
_OBJECTS = (
    select(labeling_objects).where(_IN_STATE).order_by(labeling_objects.c.number).limit(bindparam("limit"))
)
_ALL = (
    select(labeling_objects)
    .where(_OF_JOB, labeling_objects.c.number > bindparam("after"))
    .order_by(labeling_objects.c.number)
    .limit(bindparam("limit"))
)
_COUNTS = (
    select(
        labeling_objects.c.state,
        func.count(),
        func.sum(case((labeling_objects.c.human_annotated.is_(True), 1), else_=0)),
    )
    .where(_OF_JOB)
    .group_by(labeling_objects.c.state)
)
_CHANGE = update(labeling_objects).where(_OF_JOB, labeling_objects.c.number == bindparam("of_number"))
_CHANGE_ALL = update(labeling_objects).where(_IN_STATE)
_ANSWERED = seats.c.state == "Answered"


class Desk(Protocol):
    """Where a step is done: it runs transactions and has a door to the cloud."""

    @property
    def delivery(self) -> Delivery:
        """Reads, writes and invokes."""
        ...

    def run(self, work: Callable[[Transaction], T]) -> T:
        """Do `work` in one transaction."""
        ...

    def now(self) -> datetime:
        """Return what time it is."""
        ...


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What came of an object's preparation: what workers will see, why there is nothing, or neither."""

    number: int
    object_id: str
    task_input: dict[str, Any] | None = None
    failure: str | None = None


def carry_on(desk: Desk, job: Row[Any]) -> None:
    """Do the next step of a job that was claimed."""
    try:
        _STEPS[job.step](desk, job)
    except job_life.ClaimLost:
        return
    except (JobFailed, BucketMissing) as error:
        _try_to(desk, partial(_fail, job=job, reason=str(error)))
    except Exception as error:  # whatever a face's own client raises, the job is kept
        attempts = job.attempts + 1
        _LOG.warning(
            "%s of labeling job %s: attempt %d of %d failed: %r",
            job.step,
            job.name,
            attempts,
            MOST_ATTEMPTS,
            error,
        )
        if attempts < MOST_ATTEMPTS:
            _try_to(desk, partial(job_life.postpone, job=job))
        else:
            _try_to(desk, partial(_fail, job=job, reason=f"InternalError in step {job.step}"))


def _try_to(desk: Desk, work: Callable[[Transaction], None]) -> None:
    try:
        desk.run(work)
    except job_life.ClaimLost:
        return


def _fail(tx: Transaction, job: Row[Any], reason: str) -> None:
    now = job_life.held(tx, job)
    lifecycle.stop_loops_of(tx, job_life.flow_of(tx, now).sequence)
    job_life.end(tx, now, "Failed", reason=reason)


# Reading


def _read(desk: Desk, job: Row[Any]) -> None:
    found = read_input(desk.delivery, _scope(job), job.definition)
    desk.run(partial(_begin, job=job, found=found))


def _begin(tx: Transaction, job: Row[Any], found: JobInput) -> None:
    now = job_life.held(tx, job)
    tx.connection.execute(update(flows).where(flows.c.job == job.sequence).values(template=found.template))
    rows = [
        {
            "job": job.sequence,
            "number": number,
            "object_id": str(number),
            "state": "LabeledBefore" if has_label else "Waiting",
            "line": line,
        }
        for number, (line, has_label) in enumerate(zip(found.lines, found.has_label, strict=True))
    ]
    if rows:
        tx.connection.execute(insert(labeling_objects), rows)
    before = sum(found.has_label)
    job_life.go_on(
        tx,
        job,
        "Publishing",
        status=now.status if now.outcome else "InProgress",
        label_categories=None if found.label_categories is None else list(found.label_categories),
        objects=len(rows) - before,
        labeled_before=before,
        updated_at=tx.now,
    )


# Choosing


def _choose(desk: Desk, job: Row[Any]) -> None:
    desk.run(partial(_take_up, job=job))


def _take_up(tx: Transaction, job: Row[Any]) -> None:
    """Take up the next objects, or end the job when there are none to take up."""
    now = job_life.held(tx, job)
    if now.outcome is not None:
        job_life.end(tx, now, now.outcome, reason=now.failure_reason)
        return
    if tx.now >= job.created_at + job_life.LONGEST_JOB:
        job_life.end(tx, now, "Failed", reason=_TOO_OLD)
        return
    at_once = now.definition["HumanTaskConfig"].get("MaxConcurrentTaskCount", _OBJECTS_AT_ONCE)
    waiting = _objects(tx, now, "Waiting", limit=at_once)
    taken = waiting[: _allowance(now)]
    if not taken:
        if not _takes_more(now):
            job_life.end(tx, now, "Stopped" if waiting else "Completed")
        return
    iteration = now.iteration + 1
    _change(tx, now, [(each.number, {}) for each in taken], state="Chosen", iteration=iteration)
    job_life.go_on(tx, now, "Preparing", iteration=iteration)


def _takes_more(job: Row[Any]) -> bool:
    """Tell whether objects may come that are not there yet: a job with an SNS topic runs until it is stopped."""
    return "SnsDataSource" in job.definition["InputConfig"]["DataSource"]


def _allowance(job: Row[Any]) -> int:
    """Return how many objects more the stopping conditions let people label."""
    conditions = job.definition.get("StoppingConditions", {})
    total, done = (
        job.objects + job.labeled_before,
        job.labeled_before + job.human_labeled + job.machine_labeled,
    )
    allowed = [total]
    if "MaxHumanLabeledObjectCount" in conditions:
        allowed.append(conditions["MaxHumanLabeledObjectCount"] - job.human_labeled)
    if "MaxPercentageOfInputDatasetLabeled" in conditions:
        allowed.append(total * conditions["MaxPercentageOfInputDatasetLabeled"] // 100 - done)
    return max(0, min(allowed))


# Preparing


def _prepare(desk: Desk, job: Row[Any]) -> None:
    objects = desk.run(partial(_objects, job=job, state="Chosen", limit=_INVOCATIONS))
    until = desk.now() + job_life.HELD_FOR / 20
    prepared: list[_Prepared] = []
    for each in objects:
        prepared.append(_prepared(desk, job, each))
        if desk.now() >= until:
            break
    desk.run(partial(_offer, job=job, prepared=prepared))


def _prepared(desk: Desk, job: Row[Any], data_object: Row[Any]) -> _Prepared:
    """Have the pre-annotation function prepare an object."""
    number, object_id = data_object.number, data_object.object_id
    scope = _scope(job)
    function = job.definition["HumanTaskConfig"].get("PreHumanTaskLambdaArn") or kind_named(
        CUSTOM
    ).function_arn("PRE", scope.region)
    line = json.loads(data_object.line)
    event = {"version": _VERSION, "labelingJobArn": job.arn, "dataObject": line}
    try:
        task_input, is_for_people = _pre_annotation(desk.delivery.invoke(scope, function, event))
    except FunctionFailed as error:
        return _Prepared(number, object_id, failure=f"The pre-annotation function failed: {error}")
    if not is_for_people:
        return _Prepared(number, object_id)
    if function_of_arn(function) and job.label_categories is not None:
        task_input = {"labels": job.label_categories, **task_input}
    return _Prepared(number, object_id, task_input=task_input)


def _pre_annotation(answer: object) -> tuple[dict[str, Any], bool]:
    """Return taskInput, and whether people are to label; AWS's own samples spell that without "is", and as a text."""
    if not isinstance(answer, dict):
        raise FunctionFailed(f"it gave {type(answer).__name__} in place of an object")
    task_input = answer.get("taskInput")
    for key in ("isHumanAnnotationRequired", "humanAnnotationRequired"):
        if str(answer.get(key)).lower() == "false":
            return {}, False
    if not isinstance(task_input, dict):
        raise FunctionFailed("its answer has no object taskInput")
    return task_input, True


def _offer(tx: Transaction, job: Row[Any], prepared: Sequence[_Prepared]) -> None:
    """Offer to workers what was prepared, and go on when all has been."""
    now = job_life.held(tx, job)
    flow = job_life.flow_of(tx, now)
    if now.outcome is not None:
        values = {"state": "Waiting", "iteration": None}
        tx.connection.execute(
            _CHANGE_ALL.values(values), {"job_sequence": now.sequence, "in_state": "Chosen"}
        )
    else:
        _start_loops(tx, now, flow, [each for each in prepared if each.task_input is not None])
        without = [each for each in prepared if each.task_input is None and each.failure is None]
        _change(tx, now, [(each.number, {}) for each in without], state="NotForPeople")
        _fail_objects(tx, now, {each.number: each.failure for each in prepared if each.failure is not None})
    if _objects(tx, now, "Chosen", limit=1):
        job_life.go_on(tx, now, "Preparing")
    elif job_life.flow_of(tx, now).in_flight:
        job_life.go_on(tx, now, "Answering", due_at=now.created_at + job_life.LONGEST_JOB)
    else:
        job_life.go_on(tx, now, "Saving")


def _start_loops(tx: Transaction, job: Row[Any], flow: Row[Any], prepared: Sequence[_Prepared]) -> None:
    if not prepared:
        return
    new = [
        {
            "name": f"{job.name}/{each.number}",
            "arn": f"{job.arn}/{each.number}",
            "input_content": canonical_json(each.task_input),
            "output_uri": job_files.object_folder(job, each.object_id),
        }
        for each in prepared
    ]
    insert_loops(tx, flow, new)
    _change(tx, job, [(each.number, {}) for each in prepared], state="Offered")


# Answering


def _give_up(desk: Desk, job: Row[Any]) -> None:
    desk.run(partial(_expire, job=job))


def _expire(tx: Transaction, job: Row[Any]) -> None:
    """Take no more answers after 30 days; what was answered until then is still consolidated."""
    now = job_life.held(tx, job)
    job_life.update_job(tx, now, outcome="Failed", failure_reason=_TOO_OLD)
    lifecycle.stop_loops_of(tx, job_life.flow_of(tx, now).sequence)


# Saving


def _save(desk: Desk, job: Row[Any]) -> None:
    answered = desk.run(partial(_answers, job=job, state="Offered", limit=_PAGE))
    uris: dict[int, str] = {}
    for data_object, given in answered:
        if given:
            files = job_files.response_files(job, data_object.object_id, given)
            for uri, body in files.items():
                _put(desk, job, uri, body)
            uris[data_object.number] = next(iter(files))
    desk.run(partial(_saved, job=job, numbers=[each.number for each, _ in answered], uris=uris))


def _answers(
    tx: Transaction, job: Row[Any], state: str, limit: int
) -> list[tuple[Row[Any], Sequence[Row[Any]]]]:
    """Return objects, each with the answers that were given to it."""
    objects = _objects(tx, job, state, limit=limit)
    names = [f"{job.name}/{each.number}" for each in objects]
    given: dict[str, list[Row[Any]]] = {name: [] for name in names}
    for start in range(0, len(names), _PAGE):
        statement = (
            select(seats, loops.c.name)
            .join(loops, loops.c.sequence == seats.c.loop)
            .where(
                loops.c.account_id == job.account_id,
                loops.c.region == job.region,
                loops.c.name.in_(names[start : start + _PAGE]),
                _ANSWERED,
            )
        )
        for seat in tx.connection.execute(statement):
            given[seat.name].append(seat)
    return [(each, given[f"{job.name}/{each.number}"]) for each in objects]


def _saved(tx: Transaction, job: Row[Any], numbers: Sequence[int], uris: dict[int, str]) -> None:
    now = job_life.held(tx, job)
    answered = [(number, {"response_uri": uri}) for number, uri in uris.items()]
    _change(tx, now, answered, state="Answered")
    rest = [number for number in numbers if number not in uris]
    if now.outcome is not None:
        _change(tx, now, [(number, {}) for number in rest], state="Waiting", iteration=None)
    else:
        _fail_objects(tx, now, dict.fromkeys(rest, _UNANSWERED))
    job_life.go_on(tx, now, "Saving" if _objects(tx, now, "Offered", limit=1) else "Consolidating")


# Consolidating


def _consolidate(desk: Desk, job: Row[Any]) -> None:
    answered = desk.run(partial(_answers, job=job, state="Answered", limit=job.objects))
    kind = kind_of(job.definition)
    config = job.definition["HumanTaskConfig"].get("AnnotationConsolidationConfig")
    contents: dict[str, dict[str, Any]] = {}
    failure = None
    if answered and (config is None or _is_pass_through(config["AnnotationConsolidationLambdaArn"])):
        contents = {
            each.object_id: _reference(job, each, kind.metadata_type, desk.now()) for each, _ in answered
        }
    elif answered:
        payload = [job_files.payload_item(job, each, given) for each, given in answered]
        _put(desk, job, job_files.request_uri(job), _json(payload))
        try:
            answer = desk.delivery.invoke(
                _scope(job), config["AnnotationConsolidationLambdaArn"], _post_annotation_event(job)
            )
            contents = _post_annotation(answer)
            _put(desk, job, job_files.response_uri(job), _json(answer))
        except FunctionFailed as error:
            failure = f"The post-annotation function failed: {error}"
    desk.run(
        partial(_label, job=job, objects=[each for each, _ in answered], contents=contents, failure=failure)
    )


def _is_pass_through(function_arn: str) -> bool:
    known = function_of_arn(function_arn)
    return known is not None and known[1].name == CUSTOM


def _reference(job: Row[Any], data_object: Row[Any], kind: str, at: datetime) -> dict[str, Any]:
    """Return the label of an object that nobody consolidates: where its answers lie."""
    attribute = job.definition["LabelAttributeName"]
    metadata = {"worker-response-ref": data_object.response_uri, **job_files.metadata_of_job(job, kind, at)}
    return {attribute: {}, f"{attribute}-metadata": metadata}


def _post_annotation_event(job: Row[Any]) -> dict[str, Any]:
    event = {
        "version": _VERSION,
        "labelingJobArn": job.arn,
        "labelCategories": job.label_categories,
        "labelAttributeName": job.definition["LabelAttributeName"],
        "roleArn": job.definition["RoleArn"],
        "outputConfig": job_files.annotations_uri(job),
        "payload": {"s3Uri": job_files.request_uri(job)},
    }
    key = job.definition["OutputConfig"].get("KmsKeyId")
    return {**event, "kmsKeyId": key} if key else event


def _post_annotation(answer: object) -> dict[str, dict[str, Any]]:
    """Return what the post-annotation function says of each object, by its id."""
    if not isinstance(answer, list):
        raise FunctionFailed(f"it gave {type(answer).__name__} in place of a list")
    contents: dict[str, dict[str, Any]] = {}
    for item in answer:
        try:
            object_id, content = item["datasetObjectId"], item["consolidatedAnnotation"]["content"]
        except (TypeError, KeyError):
            object_id = content = None
        if object_id is None or not isinstance(content, dict):
            raise FunctionFailed(
                "an item of its answer lacks datasetObjectId or consolidatedAnnotation.content"
            )
        contents[str(object_id)] = content
    return contents


def _label(
    tx: Transaction,
    job: Row[Any],
    objects: Sequence[Row[Any]],
    contents: dict[str, dict[str, Any]],
    failure: str | None,
) -> None:
    now = job_life.held(tx, job)
    attribute = now.definition["LabelAttributeName"]
    reason = failure or f"The post-annotation function gave no {attribute} for the object"
    labels = {
        each.number: {"label": _with_metadata(now, contents[each.object_id], tx.now)}
        for each in objects
        if attribute in contents.get(each.object_id, {})
    }
    _change(tx, now, labels.items(), state="Labeled", human_annotated=True)
    _fail_objects(tx, now, {each.number: reason for each in objects if each.number not in labels})
    _count(tx, now)
    job_life.go_on(tx, now, "Publishing", updated_at=tx.now)


def _with_metadata(job: Row[Any], content: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Return a label with its metadata, which AWS's own functions write themselves."""
    key = f"{job.definition['LabelAttributeName']}-metadata"
    kind = kind_of(job.definition)
    given = content.get(key) if kind.name != CUSTOM else None
    own = given if isinstance(given, dict) else {}
    return {**content, key: {**job_files.metadata_of_job(job, kind.metadata_type, at), **own}}


# Publishing


def _publish(desk: Desk, job: Row[Any]) -> None:
    lines: list[bytes] = []
    of_iteration: list[bytes] = []
    after = -1
    while page := desk.run(partial(_objects_after, job=job, after=after)):
        for each in page:
            line = job_files.output_line(each) + b"\n"
            lines.append(line)
            if each.iteration == job.iteration:
                of_iteration.append(line)
        after = page[-1].number
    _put(desk, job, job_files.manifest_uri(job), b"".join(lines))
    if of_iteration:
        _put(desk, job, job_files.intermediate_uri(job), b"".join(of_iteration))
    desk.run(partial(_published, job=job))


def _published(tx: Transaction, job: Row[Any]) -> None:
    job_life.go_on(tx, job_life.held(tx, job), "Choosing")


def _objects_after(tx: Transaction, job: Row[Any], after: int) -> Sequence[Row[Any]]:
    values = {"job_sequence": job.sequence, "after": after, "limit": 10 * _PAGE}
    return tx.connection.execute(_ALL, values).all()


_STEPS: dict[str, Callable[[Desk, Row[Any]], None]] = {
    "Reading": _read,
    "Publishing": _publish,
    "Choosing": _choose,
    "Preparing": _prepare,
    "Answering": _give_up,
    "Saving": _save,
    "Consolidating": _consolidate,
}


def _scope(job: Row[Any]) -> Scope:
    return Scope(job.account_id, job.region)


def _put(desk: Desk, job: Row[Any], uri: str, body: bytes) -> None:
    desk.delivery.put_object(_scope(job), *bucket_and_key(uri), body)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _objects(tx: Transaction, job: Row[Any], state: str, limit: int) -> Sequence[Row[Any]]:
    values = {"job_sequence": job.sequence, "in_state": state, "limit": limit}
    return tx.connection.execute(_OBJECTS, values).all()


def _change(
    tx: Transaction, job: Row[Any], objects: Iterable[tuple[int, dict[str, Any]]], **common: Any
) -> None:
    """Write columns of objects: `common` to all, and to each its own."""
    rows = [{"job_sequence": job.sequence, "of_number": number, **common, **own} for number, own in objects]
    if rows:
        tx.connection.execute(_CHANGE, rows)


def _fail_objects(tx: Transaction, job: Row[Any], reasons: dict[int, str]) -> None:
    """Let objects, by their number, go without a label for a reason that their lines will tell."""
    if not reasons:
        return
    key = f"{job.definition['LabelAttributeName']}-metadata"
    changes = [
        (
            number,
            {
                "failure_reason": reason[:_LONGEST_REASON],
                "label": {key: job_files.metadata_of_failure(job, reason[:_LONGEST_REASON], tx.now)},
            },
        )
        for number, reason in reasons.items()
    ]
    _change(tx, job, changes, state="Failed")
    _count(tx, job)


def _count(tx: Transaction, job: Row[Any]) -> None:
    """Keep the counters that DescribeLabelingJob shows."""
    labeled = by_people = failed = 0
    for state, number, human in tx.connection.execute(_COUNTS, {"job_sequence": job.sequence}):
        if state == "Labeled":
            labeled, by_people = number, int(human)
        elif state == "Failed":
            failed = number
    job_life.update_job(
        tx,
        job,
        human_labeled=by_people,
        machine_labeled=labeled - by_people,
        failed=failed,
        updated_at=tx.now,
    )
