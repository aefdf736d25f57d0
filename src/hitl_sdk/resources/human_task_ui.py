"""The human task UI: the worker template as AWS keeps it. It can't be changed once made."""

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from hitl_sdk.resources.base import Difference, IamActions, Resource, State
from hitl_sdk.resources.types import TaskUiContent, TaskUiName
from hitl_sdk.session import Session

__all__ = ["HumanTaskUi", "HumanTaskUiState"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanTaskUiState(State):
    """A task UI as it is.

    Attributes
    ----------
    arn : str
        Its ARN.
    content_sha256 : str
        The digest of its template, in hexadecimal. AWS gives the template itself only by a URL.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> ui = hitl.HumanTaskUi(name="sentiment", content="<p>{{ task.input.taskObject }}</p>")
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     ui.ensure(cloud.session()).arn
    'arn:aws:sagemaker:us-east-1:123456789012:human-task-ui/sentiment'
    """

    arn: str
    content_sha256: str


class HumanTaskUi(Resource[HumanTaskUiState]):
    """A worker template.

    Parameters
    ----------
    name : str
        1 to 63 lower-case letters, digits and hyphens.
    content : str
        The template: HTML with Liquid and crowd elements, 1 to 128,000 characters.

    Examples
    --------
    >>> HumanTaskUi(name="sentiment", content="<crowd-form></crowd-form>").label
    "human task UI 'sentiment'"
    >>> HumanTaskUi(name="sentiment", content="")
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidResourceError: HumanTaskUi can't be made:
      content: allowed are 1 to 128,000 characters: a worker template (HTML with Liquid)
    """

    kind: ClassVar[str] = "human task UI"
    iam: ClassVar[IamActions] = IamActions(
        read=("sagemaker:DescribeHumanTaskUi",),
        create=("sagemaker:CreateHumanTaskUi",),
        delete=("sagemaker:DeleteHumanTaskUi",),
    )
    cure: ClassVar[str] = (
        "a task UI can't be changed: choose another name, or delete the one that exists together with "
        "the flow definitions that use it"
    )

    name: TaskUiName
    content: TaskUiContent = Field(repr=False)

    @property
    def content_sha256(self) -> str:
        """The digest of the content, in hexadecimal, as AWS computes it."""
        return hashlib.sha256(self.content.encode()).hexdigest()

    def _check(self, session: Session) -> None:
        session.require_human_review()

    def _read(self, session: Session) -> HumanTaskUiState:
        ui = session.client("sagemaker").describe_human_task_ui(HumanTaskUiName=self.name)
        return HumanTaskUiState(
            name=ui["HumanTaskUiName"],
            status=ui.get("HumanTaskUiStatus", "Active"),
            arn=ui["HumanTaskUiArn"],
            content_sha256=ui["UiTemplate"].get("ContentSha256", ""),
        )

    def _create(self, session: Session) -> None:
        session.client("sagemaker").create_human_task_ui(
            HumanTaskUiName=self.name, UiTemplate={"Content": self.content}
        )

    def _differences(self, state: HumanTaskUiState) -> tuple[Difference, ...]:
        if state.content_sha256.lower() == self.content_sha256:
            return ()
        return (Difference("content_sha256", state.content_sha256, self.content_sha256),)

    def _delete(self, session: Session, state: HumanTaskUiState) -> None:
        session.client("sagemaker").delete_human_task_ui(HumanTaskUiName=state.name)
