"""Answers the executions of Step Functions that wait for human loops, by their task tokens.

A step with ``.waitForTaskToken`` gives its token to a function that starts the loop (`review.start_handler`), and waits.
Its token is kept in DynamoDB before the loop is started; when the loop has come to its end, every execution that waits
for it is answered.
"""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._clock import current_clock
from hitl_sdk._s3_uri import split_uri
from hitl_sdk._token_table import EXPIRES_AT, LOOP, TOKEN, TOKEN_ID
from hitl_sdk.errors import HitlError, InvalidOutputError, Transient
from hitl_sdk.functions.completion import completion_handler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hitl_sdk._loop_event import HumanLoopEvent
    from hitl_sdk.functions.handlers import Handler
    from hitl_sdk.session import Session

__all__ = ["TaskTokens", "task_token_handler"]

_LOG = logging.getLogger(__name__)

# What SendTaskSuccess and SendTaskFailure say of a token that nobody waits with any more.
_GONE = ("TaskDoesNotExist", "TaskTimedOut", "InvalidToken")
_LARGEST_OUTPUT = 262_144  # bytes of UTF-8: the limit of SendTaskSuccess
_LONGEST_CAUSE = 32_768
_LONGEST_EXECUTION = timedelta(days=365)


class TaskTokens:
    """The task tokens of the executions that wait for human loops, in a DynamoDB table.

    Parameters
    ----------
    session : Session
        Where the table and the executions are.
    table : str
        Made by `TaskTokenTable`.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     session = cloud.session()
    ...     table = hitl.resources.TaskTokenTable(name="review-tokens").ensure(session)
    ...     tokens = TaskTokens(session, "review-tokens")
    ...     tokens.keep("loop-1", "a token")
    ...     list(tokens.waiting_for("loop-1"))
    ['a token']
    """

    def __init__(self, session: Session, table: str) -> None:
        self._session = session
        self._table = table

    def keep(self, human_loop_name: str, token: str) -> None:
        """Note that an execution waits for a loop. To be called before the loop is started, or looked at.

        Parameters
        ----------
        human_loop_name : str
            The loop.
        token : str
            The task token.

        Raises
        ------
        NotFoundError
            If there is no such table.
        ServiceError
            If DynamoDB refuses.
        """
        expires_at = current_clock().now() + _LONGEST_EXECUTION
        with translated_errors(f"table {self._table!r}"):
            self._session.client("dynamodb").put_item(
                TableName=self._table,
                Item={
                    **_key(human_loop_name, token),
                    TOKEN: {"S": token},
                    EXPIRES_AT: {"N": str(int(expires_at.timestamp()))},
                },
            )

    def waiting_for(self, human_loop_name: str) -> Iterator[str]:
        """Go through the tokens of the executions that wait for a loop.

        Parameters
        ----------
        human_loop_name : str
            The loop.

        Yields
        ------
        str

        Raises
        ------
        NotFoundError
            If there is no such table.
        ServiceError
            If DynamoDB refuses.
        """
        with translated_errors(f"table {self._table!r}"):
            pages = self._session.client("dynamodb").get_paginator("query")
            for page in pages.paginate(
                TableName=self._table,
                KeyConditionExpression=f"{LOOP} = :loop",
                ExpressionAttributeValues={":loop": {"S": human_loop_name}},
                ConsistentRead=True,
            ):
                for entry in page["Items"]:
                    yield entry[TOKEN]["S"]

    def answer(self, event: HumanLoopEvent) -> int:
        """Answer every execution that waits for a loop that has come to its end, and forget its token.

        A completed loop is SendTaskSuccess with ``humanLoopName``, ``humanLoopArn``, ``flowDefinitionArn``, ``status``,
        ``outputS3Uri`` and ``answers``: of each worker `answerContent`, `workerId` and `submissionTime`; null where
        output.json can't be read, or is too large for a step. Another end is SendTaskFailure with the error
        ``"HumanLoop.Expired"``, ``"HumanLoop.Failed"`` or ``"HumanLoop.Stopped"``.

        Parameters
        ----------
        event : HumanLoopEvent
            What has ended, and how.

        Returns
        -------
        int
            Executions that were answered.

        Raises
        ------
        ServiceError
            If one could not be answered, after all others were; its token stays, for another try.
        """
        waiting = list(self.waiting_for(event.human_loop_name))
        output = _end_of(self._session, event) if waiting and event.status == "Completed" else {}
        answered, failure = 0, None
        for token in waiting:
            try:
                if event.status == "Completed":
                    answered += self.succeed(event.human_loop_name, token, output)
                else:
                    answered += self.fail(event.human_loop_name, token, *_error_of(event))
            except HitlError as error:
                failure = error
        if failure is not None:
            raise failure
        return answered

    def succeed(self, human_loop_name: str, token: str, output: Mapping[str, object]) -> bool:
        """Let an execution go on, and forget its token.

        Parameters
        ----------
        human_loop_name : str
            What it waited for.
        token : str
            The task token.
        output : mapping
            The output of its step: JSON of at most 262,144 bytes.

        Returns
        -------
        bool
            False if nobody waits with that token any more: the step was answered before, or its time was up.

        Raises
        ------
        ServiceError
            If Step Functions refuses for another reason.
        """
        client = self._session.client("stepfunctions")
        text = json.dumps(output, ensure_ascii=False)
        return self._answer(
            human_loop_name, token, lambda: client.send_task_success(taskToken=token, output=text)
        )

    def fail(self, human_loop_name: str, token: str, error: str, cause: str) -> bool:
        """Let the step of an execution fail, and forget its token.

        Parameters
        ----------
        human_loop_name : str
            What it waited for.
        token : str
            The task token.
        error : str
            The name that ``Catch`` and ``Retry`` of the state machine know it by.
        cause : str
            The reason, for people.

        Returns
        -------
        bool
            False if nobody waits with that token any more.

        Raises
        ------
        ServiceError
            If Step Functions refuses for another reason.
        """
        client = self._session.client("stepfunctions")
        return self._answer(
            human_loop_name,
            token,
            lambda: client.send_task_failure(taskToken=token, error=error, cause=cause[:_LONGEST_CAUSE]),
        )

    def _answer(self, human_loop_name: str, token: str, send: Callable[[], object]) -> bool:
        answered = True
        try:
            with translated_errors(f"an execution that waits for human loop {human_loop_name!r}"):
                send()
        except HitlError as error:
            # By its code: S3's InvalidToken is one of credentials, and so an error of another class.
            if not (error.code or "").startswith(_GONE):
                raise
            _LOG.info(
                "nobody waits for human loop %s with this token any more: %s", human_loop_name, error.code
            )
            answered = False
        with translated_errors(f"table {self._table!r}"):
            self._session.client("dynamodb").delete_item(
                TableName=self._table, Key=_key(human_loop_name, token)
            )
        return answered


def task_token_handler(*, table: str, session: Session | None = None) -> Handler:
    """Return a Lambda handler that answers the executions of Step Functions that wait for a human loop.

    `CompletionRule` has EventBridge call it; see `TaskTokens.answer` for what the executions get. An event that comes again
    answers nobody twice. A token whose step is over is dropped, with a line in the log.

    Parameters
    ----------
    table : str
        Where `review.start_handler` keeps the tokens; made by `TaskTokenTable`.
    session : Session, optional
        By the environment, when left out, as in Lambda.

    Returns
    -------
    callable
        ``handler(event, context)``, which returns how many executions were answered.

    Examples
    --------
    >>> lambda_handler = task_token_handler(table="review-tokens")
    """
    sessions = [] if session is None else [session]

    @completion_handler
    def answer(event: HumanLoopEvent) -> dict[str, int]:
        if not sessions:
            from hitl_sdk.session import Session as OfTheEnvironment

            sessions.append(OfTheEnvironment())
        tokens = TaskTokens(sessions[0], table)
        return {"answered": tokens.answer(event)}

    return answer


def _end_of(session: Session, event: HumanLoopEvent) -> dict[str, object]:
    """Return what an execution gets for a completed loop.

    Where the answers can't be read for good, or are none that the output of a step can hold, they are None, and output.json has
    them. Where they can't be read at the moment, that is raised.
    """
    end: dict[str, object] = {
        "humanLoopName": event.human_loop_name,
        "humanLoopArn": event.human_loop_arn,
        "flowDefinitionArn": event.flow_definition_arn,
        "status": event.status,
        "outputS3Uri": event.output_s3_uri,
        "answers": None,
    }
    try:
        with_answers = {**end, "answers": _answers(session, event.output_s3_uri)}
    except HitlError as error:
        if isinstance(error, Transient):
            raise
        _LOG.warning("the answers of human loop %s can't be read: %s", event.human_loop_name, error)
        return end
    try:
        size = len(json.dumps(with_answers, ensure_ascii=False, allow_nan=False).encode())
    except ValueError:  # half a surrogate pair, or NaN, which Step Functions takes for no JSON
        return end
    return with_answers if size <= _LARGEST_OUTPUT else end


def _answers(session: Session, output_s3_uri: str | None) -> list[object] | None:
    """Read what people said: the answerContent of each, with who said it and when."""
    if output_s3_uri is None:
        return None
    bucket, key = split_uri(output_s3_uri)
    with translated_errors(output_s3_uri):
        body = session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        return [
            {name: answer.get(name) for name in ("answerContent", "workerId", "submissionTime")}
            for answer in json.loads(body)["humanAnswers"]
        ]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidOutputError(
            f"{output_s3_uri} is no output of a human loop", resource=output_s3_uri
        ) from error


def _error_of(event: HumanLoopEvent) -> tuple[str, str]:
    """Return name and cause of the error that a loop's end is to an execution."""
    kind = "Expired" if event.failure_code == "Expired" else event.status
    reason = event.failure_reason or event.failure_code or "no reason was given"
    return f"HumanLoop.{kind}", f"human loop {event.human_loop_name} was {event.status}: {reason}"


def _key(human_loop_name: str, token: str) -> dict[str, dict[str, str]]:
    digest = blake2b(token.encode(), digest_size=20).hexdigest()
    return {LOOP: {"S": human_loop_name}, TOKEN_ID: {"S": digest}}
