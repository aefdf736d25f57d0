"""The built-in way: Rekognition or Textract is asked, and AWS itself starts the human loop if the flow says so.

Calls carry a ``HumanLoopConfig``. Human loops are named as a `Router` names them, from the flow and the item: a router
with the policy of the same reviews finds them, and its run waits for them and reads them like its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any, Literal, get_args

from botocore.exceptions import ClientError

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._threads import check_concurrency
from hitl_sdk._waiting import check_timeout, wait_until
from hitl_sdk.errors import (
    ConflictError,
    InvalidInputError,
    InvalidOutputError,
    QuotaExceededError,
    RejectedError,
    UnavailableError,
)
from hitl_sdk.loops import check_flow, human_loop_name
from hitl_sdk.loops.states import describe_loop
from hitl_sdk.resources._activation import RequestSource
from hitl_sdk.review.flow import ReviewFlow
from hitl_sdk.routing.policy_fields import Missing
from hitl_sdk.routing.prediction import Prediction
from hitl_sdk.routing.sources._asking import ask_each, check_members, more_members
from hitl_sdk.routing.sources._files import s3_object, without_metadata
from hitl_sdk.routing.sources._form_fields import FormCount, forms_request
from hitl_sdk.routing.sources._image_labels import LabelCount
from hitl_sdk.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mypy_boto3_sagemaker_a2i_runtime import AugmentedAIRuntimeClient

    from hitl_sdk.routing import InvalidPrediction, Policy
    from hitl_sdk.routing.sources._asking import Asked, Outcome
    from hitl_sdk.tasks import Task

__all__ = ["BuiltInReviews", "HumanLoopActivation"]

ContentClassifier = Literal["FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"]

_COLUMN = "human_loop_arn"
_OUTPUT = "HumanLoopActivationOutput"
_FORMS = "AWS/Textract/AnalyzeDocument/Forms/V1"
# Who closes the stream waits for it.
_LONGEST_PAUSE = 20.0
# The service's own MinConfidence: another one would change which labels a flow's conditions look at.
_MIN_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True)
class HumanLoopActivation:
    """What Rekognition or Textract says of the human loop that a call might start: HumanLoopActivationOutput.

    Attributes
    ----------
    human_loop_arn : str or None
        The loop, if one was started.
    reasons : tuple of str
        Why, in AWS's own words, which are not documented.
    results : mapping or None
        The flow's conditions, ``"EvaluationResult": true`` or ``false`` beside each; None if the flow has none.

    Examples
    --------
    >>> HumanLoopActivation.of({"ModerationLabels": [], "HumanLoopActivationOutput": {}}).started
    False
    """

    human_loop_arn: str | None
    reasons: tuple[str, ...]
    results: Mapping[str, Any] | None

    @property
    def started(self) -> bool:
        """Whether there is a human loop."""
        return self.human_loop_arn is not None

    @classmethod
    def of(cls, response: object) -> HumanLoopActivation:
        """Read it from a response.

        Parameters
        ----------
        response : mapping, or anything else
            What boto3 returned, or the `raw` of a prediction. What has no HumanLoopActivationOutput tells of no loop.

        Raises
        ------
        InvalidOutputError
            If the results of the conditions are no JSON object.

        Examples
        --------
        >>> said = {"HumanLoopActivationConditionsEvaluationResults": '{"Conditions": []}'}
        >>> HumanLoopActivation.of({"HumanLoopActivationOutput": said}).results
        {'Conditions': []}
        """
        said = _activation_output(response)
        # The model calls it a JSON value: botocore gives the text, and may come to parse it.
        results = said.get("HumanLoopActivationConditionsEvaluationResults")
        try:
            results = json.loads(results) if isinstance(results, str) else results
        except (ValueError, RecursionError):
            results = ()
        if results is not None and not isinstance(results, Mapping):
            raise InvalidOutputError(
                "HumanLoopActivationConditionsEvaluationResults is no JSON object", hint="is it cut off?"
            )
        reasons = tuple(said.get("HumanLoopActivationReasons") or ())
        return cls(_loop_arn(response), reasons, results)


class BuiltInReviews:
    """Asks Rekognition or Textract, and lets AWS start the human loops that the flow's conditions ask for.

    Parameters
    ----------
    flow : str or ReviewFlow
        The flow definition, made with ``built_in=True``: its name, its ARN, or the builder that made it.
    task : RekognitionModeration or TextractForms, optional
        What people are asked, and so which service; that of `flow` when this is a `ReviewFlow`.
    session : Session
        As whom and where.
    content_classifiers : sequence of str, optional
        What you declare the content to be free of: ``"FreeOfPersonallyIdentifiableInformation"``,
        ``"FreeOfAdultContent"``.
    min_confidence, threshold : float, default 0.5
        Of moderation labels: the lowest score that is asked for, and that from which on a label is predicted.
    request : mapping, optional
        More members of DetectModerationLabels or AnalyzeDocument.
    quota_timeout : float, default 3600
        Seconds to wait for room where as many human loops are in flight as may.
    concurrency : int, default 8
        Calls at a time.

    Raises
    ------
    InvalidInputError
        If the task is of another kind, or a value is out of its bounds or of another kind.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> task = hitl.tasks.RekognitionModeration(name="safety", labels=["Weapons"], title="What is unsafe?")
    >>> team = hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")])
    >>> check = {"ModerationLabelName": "Weapons", "ConfidenceLessThan": 90}
    >>> rule = {"ConditionType": "ModerationLabelConfidenceCheck", "ConditionParameters": check}
    >>> found = {"ModerationLabels": [{"Name": "Weapons", "Confidence": 71.5, "ParentName": "Violence"}]}
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     session, bucket = cloud.session(), cloud.bucket("images")
    ...     flow = hitl.ReviewFlow(
    ...         name="safety", team=team, task=task, output="s3://images/a2i", role_arn=cloud.role_arn,
    ...         built_in=True, activation_conditions={"Conditions": [rule]},
    ...     )
    ...     state = flow.ensure(session)
    ...     cloud.ai.answer("rekognition", "DetectModerationLabels", lambda request: found)
    ...     cloud.workers.answer(lambda item: {task.answer_key: {"moderationLabels": []}})
    ...     reviews = BuiltInReviews(flow=flow, session=session)
    ...     router = hitl.Router(flow=flow, policy=reviews.policy, session=session)
    ...     run = router.route(reviews.ask(["s3://images/1.png"]))
    ...     status = run.wait(timeout=3600)
    ...     row = run.training_frame().iloc[0]
    >>> list(row["model_label"]), list(row["label"]), row["label_source"]
    (['Weapons'], [], 'human')
    """

    def __init__(
        self,
        *,
        flow: str | ReviewFlow,
        session: Session,
        task: Task | None = None,
        content_classifiers: Sequence[ContentClassifier] = (),
        min_confidence: float = _MIN_CONFIDENCE,
        threshold: float = 0.5,
        request: Mapping[str, Any] | None = None,
        quota_timeout: float = 3600.0,
        concurrency: int = 8,
    ) -> None:
        _check(flow, session)
        check_timeout(quota_timeout, "quota_timeout")
        check_concurrency(concurrency)
        its_task: Any = task or (None if isinstance(flow, str) else flow.task)
        self.source: str = _source_of(its_task)
        self.flow: str = flow if isinstance(flow, str) else flow.name
        self.task: Task = its_task
        self.session = session
        self._classifiers = _classifiers_in(content_classifiers)
        labels = None if self.source == _FORMS else its_task.labels
        self._labels = LabelCount.made(labels, min_confidence, threshold)
        self._request = more_members(request, "Image", "Document", "MinConfidence", "HumanLoopConfig")
        self._quota_timeout = quota_timeout
        self._concurrency = concurrency

    def __repr__(self) -> str:
        """Name flow and request source."""
        return f"BuiltInReviews(flow={self.flow!r}, source={self.source!r})"

    @property
    def policy(self) -> Policy:
        """Review what AWS has started a human loop for, accept the rest: for the router that follows the loops."""
        return ~Missing(_COLUMN)

    def ask(
        self, items: Iterable[str], *, item_ids: Iterable[object] | None = None
    ) -> Iterator[Prediction | InvalidPrediction]:
        """Ask about items as results are taken; human loops start on the way.

        Safe to run again: a loop's name is made from the flow and the item, so that AWS starts none twice.

        Parameters
        ----------
        items : iterable of str
            S3 URIs of images, or of documents of one page.
        item_ids : iterable of str or int, optional
            One an item; the position, ``"0"``, ``"1"``, ..., when left out.

        Returns
        -------
        iterator of Prediction or InvalidPrediction
            As `from_rekognition_moderation` or `from_textract` gives them, in the order of `items`; the `extra` column
            ``human_loop_arn`` names the loop, if there is one, and `HumanLoopActivation.of(prediction.raw)` says why.
            A page on which no field is read, but a human loop was started, has the label ``()`` and the confidence 0.

        Raises
        ------
        InvalidInputError
            If the flow is of another request source, or the service takes no such `request`; and as the sources do.
        NotFoundError, ResourceFailedError, ConfigurationError
            If the flow takes no loops: see `hitl_sdk.loops.check_flow`.
        """
        flow_arn = self._ready_flow()
        call = self._call()
        runtime = self.session.client("sagemaker-a2i-runtime")
        closed = Event()

        def answer(asked: Asked) -> Outcome:
            name = human_loop_name(flow_arn, self.task.review_key(asked.item, None))
            place = s3_object(asked.item)
            config: dict[str, Any] = {"HumanLoopName": name, "FlowDefinitionArn": flow_arn}
            if self._classifiers:
                config["DataAttributes"] = {"ContentClassifiers": self._classifiers}
            try:
                with translated_errors(f"human loop {name!r}"):
                    raw = self._with_room(lambda: call(place, HumanLoopConfig=config), runtime, name, closed)
            except (ConflictError, QuotaExceededError, RejectedError, UnavailableError):
                # The loop may be there already: its name is refused, or the answer was lost. Then only the model is asked.
                loop = describe_loop(runtime, name)
                if loop.status == "Missing" or loop.flow_definition_arn != flow_arn:
                    raise
                raw = {**call(place), _OUTPUT: {"HumanLoopArn": loop.arn}}
            return self._outcome(asked, raw)

        return ask_each(
            answer,
            items,
            about="Rekognition" if self.source != _FORMS else "Textract",
            item_ids=item_ids,
            concurrency=self._concurrency,
            closed=closed,
        )

    def _ready_flow(self) -> str:
        """Return the ARN of the flow, which takes human loops from the task's service."""
        flow = check_flow(self.session, self.flow)
        with translated_errors(f"flow definition {flow.name!r}"):
            said = self.session.client("sagemaker").describe_flow_definition(FlowDefinitionName=flow.name)
        source = said.get("HumanLoopRequestSource", {}).get("AwsManagedHumanLoopRequestSource")
        if source != self.source:
            raise InvalidInputError(
                f"flow definition {flow.name!r} is of {source or 'a custom task type'}, not of {self.source}",
                hint="make it with built_in=True and the same task, or route the predictions of another source",
            )
        return flow.arn

    def _call(self) -> Callable[..., dict[str, Any]]:
        """Return how the service is asked about an object."""
        if self.source == _FORMS:
            textract = self.session.client("textract")
            wanted = forms_request(textract, "AnalyzeDocument", self._request)
            return lambda place, **more: without_metadata(
                textract.analyze_document(Document=place, **wanted, **more)
            )
        rekognition = self.session.client("rekognition")
        asked: dict[str, Any] = {"MinConfidence": self._labels.percentage, **self._request}
        check_members(rekognition, "DetectModerationLabels", asked)
        return lambda place, **more: without_metadata(
            rekognition.detect_moderation_labels(Image=place, **asked, **more)
        )

    def _with_room(
        self,
        call: Callable[[], dict[str, Any]],
        runtime: AugmentedAIRuntimeClient,
        name: str,
        closed: Event,
    ) -> dict[str, Any]:
        """Make the call, again and again while as many human loops are in flight as may, unless its own is among them."""

        def answered() -> dict[str, Any] | None:
            if closed.is_set():  # nobody takes the results any more
                raise CancelledError
            try:
                return call()
            except ClientError as error:
                full = error.response["Error"]["Code"] == "HumanLoopQuotaExceededException"
                if full and describe_loop(runtime, name).status == "Missing":
                    return None
                raise

        raw = wait_until(
            answered,
            lambda said: said is not None,
            timeout=self._quota_timeout,
            what=f"room for human loop {name!r}",
            first_pause=1.0,
            longest_pause=_LONGEST_PAUSE,
        )
        return raw or {}

    def _outcome(self, asked: Asked, raw: dict[str, Any]) -> Outcome:
        arn = _loop_arn(raw)
        extra = {_COLUMN: arn}
        if self.source != _FORMS:
            return self._labels.outcome(asked, raw.get("ModerationLabels", ()), raw, extra=extra)
        count = FormCount.made(getattr(self.task, "keys", None) or None)
        blocks = raw.get("Blocks", [])
        outcome = count.outcome(asked, blocks, count.missing(blocks), raw, extra=extra)
        if arn is not None and not isinstance(outcome, Prediction):
            return Prediction(asked.item_id, asked.item, (), 0.0, extra=extra, raw=raw)
        return outcome


def _activation_output(response: object) -> Mapping[str, Any]:
    """Return what a response says of a human loop; nothing if it says nothing."""
    said = response.get(_OUTPUT) if isinstance(response, Mapping) else None
    return said if isinstance(said, Mapping) else {}


def _loop_arn(response: object) -> str | None:
    """Return the loop that was started, whatever else is said of it."""
    return _activation_output(response).get("HumanLoopArn") or None


def _check(flow: object, session: object) -> None:
    if not isinstance(flow, str | ReviewFlow):
        raise InvalidInputError(
            f"flow={flow!r} is no flow", hint="give its name, its ARN, or the ReviewFlow that made it"
        )
    if not isinstance(session, Session):
        raise InvalidInputError(f"session={session!r} is no Session", hint="give a Session as session")


def _classifiers_in(given: object) -> list[ContentClassifier]:
    known = get_args(ContentClassifier)
    names = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else None
    if names is None or any(name not in known for name in names):
        raise InvalidInputError(
            f"content_classifiers={given!r}", hint=f"give a list of {' and '.join(known)}"
        )
    return names


def _source_of(task: object) -> str:
    """Return the request source of a task: its element answers under that name."""
    source = getattr(task, "answer_key", None)
    if source not in get_args(RequestSource):
        given = (
            "no task was given" if task is None else f"{type(task).__name__} is none of AWS's integrations"
        )
        raise InvalidInputError(given, hint="give a RekognitionModeration or a TextractForms task")
    return str(source)
