"""What the tests of labeling jobs share: a job to vary, of any kind, and a cloud to make it in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hitl_sdk import Member, PrivateTeam, Session, tasks
from hitl_sdk.labeling import LabelingJob
from hitl_sdk.testing import Cloud, mock_hitl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hitl_sdk._ground_truth import Kind

TEAM_ARN = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/crew"
ROLE_ARN = "arn:aws:iam::123456789012:role/labeling"


class Jobs:
    """Makes jobs that differ from one that can be made in nothing but what a test is about."""

    instructions = tasks.Instructions(short="Look closely.", full="Look closely, then answer.")
    mood = tasks.TextClassification(
        name="mood", labels=["bad", "good"], title="Which mood?", keywords=["mood"]
    )
    team = PrivateTeam(name="crew", members=[Member(email="ana@example.com")])
    note = tasks.Custom(
        name="note",
        title="Describe it",
        template='<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>'
        "<crowd-form>{{ task.input.taskObject }} <crowd-input name='note'></crowd-input></crowd-form>",
    )

    def make(self, **changes: Any) -> LabelingJob:
        """Return a job of text classification, with changes."""
        wanted = {
            "name": "mood-1",
            "task": self.mood,
            "team": TEAM_ARN,
            "role_arn": ROLE_ARN,
            "input": "s3://labels/in/reviews.manifest",
            "output": "s3://labels/out",
            **changes,
        }
        return LabelingJob(**wanted)

    def task_of(self, kind: Kind, **fields: Any) -> tasks.Task:
        """Return a task that says it is of a kind, whatever its workers would see."""
        says = {
            "labeling_kind": kind.name,
            "_template_after": lambda task, prior: f"{task.template()} {prior}",
        }
        family = type("AnyTask", (tasks.TextClassification,), says)
        wanted = {
            "name": "any",
            "labels": ["a", "b"],
            "title": "Any task",
            "instructions": self.instructions,
            **fields,
        }
        return family(**wanted)

    def of(self, kind: Kind, **changes: Any) -> LabelingJob:
        """Return a job of a kind."""
        fields = {
            "name": "any-1",
            "task": self.task_of(kind),
            "prior_attribute": "former-ref" if kind.role in ("verify", "adjust") else None,
            **changes,
        }
        return self.make(**fields)

    def put_manifest(
        self, session: Session, lines: Iterable[object], uri: str = "s3://labels/in/reviews.manifest"
    ) -> str:
        """Put lines where the job looks for its input."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body = "\n".join(json.dumps(line) for line in lines).encode()
        session.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
        return uri


@pytest.fixture(scope="session")
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_hitl() as cloud:
        cloud.bucket("labels")
        yield cloud


@pytest.fixture
def session(cloud, one_boto3_session) -> Session:
    return Session(region_name="us-east-1", boto3_session=one_boto3_session)
