"""Human-in-the-loop machine learning on Amazon SageMaker Ground Truth and Augmented AI.

Who reviews, what they see, which predictions reach them, what they answered, and the training data
that comes out of it: on AWS, in a test, or on your own machine, by nothing but an endpoint.

Importing this package loads nothing else: every name below arrives on first use, boto3 with the
first `Session`, pandas with the first frame.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from hitl_sdk._version import __version__

if TYPE_CHECKING:
    from hitl_sdk import (
        arns,
        consolidation,
        errors,
        functions,
        labeling,
        labels,
        loops,
        resources,
        results,
        review,
        routing,
        spark,
        tasks,
        testing,
        training,
    )
    from hitl_sdk.errors import HitlError
    from hitl_sdk.labeling import LabelingJob
    from hitl_sdk.resources import (
        EventQueue,
        FlowDefinition,
        HumanTaskUi,
        LambdaFunction,
        Member,
        ModelEndpoint,
        PrivateTeam,
        User,
        UserGroup,
        UserPool,
        UserPoolClient,
        UserPoolDomain,
        Workforce,
        Workteam,
    )
    from hitl_sdk.review import BuiltInReviews, Escalate, ReviewFlow, Router, Run
    from hitl_sdk.routing import (
        ActivationConditions,
        Bands,
        Confidence,
        EachLabel,
        Entropy,
        Margin,
        Missing,
        PerClass,
        Policy,
        Prediction,
        Sample,
        Threshold,
        calibrate,
    )
    from hitl_sdk.session import Session

_HOME = {
    "hitl_sdk.errors": ("HitlError",),
    "hitl_sdk.labeling": ("LabelingJob",),
    "hitl_sdk.resources": (
        "EventQueue",
        "FlowDefinition",
        "HumanTaskUi",
        "LambdaFunction",
        "Member",
        "ModelEndpoint",
        "PrivateTeam",
        "User",
        "UserGroup",
        "UserPool",
        "UserPoolClient",
        "UserPoolDomain",
        "Workforce",
        "Workteam",
    ),
    "hitl_sdk.review": ("BuiltInReviews", "Escalate", "ReviewFlow", "Router", "Run"),
    "hitl_sdk.routing": (
        "ActivationConditions",
        "Bands",
        "Confidence",
        "EachLabel",
        "Entropy",
        "Margin",
        "Missing",
        "PerClass",
        "Policy",
        "Prediction",
        "Sample",
        "Threshold",
        "calibrate",
    ),
    "hitl_sdk.session": ("Session",),
}
_HOME_OF_NAME = {name: module for module, names in _HOME.items() for name in names}
_SUBPACKAGES = frozenset(
    {
        "arns",
        "consolidation",
        "errors",
        "functions",
        "labeling",
        "labels",
        "loops",
        "resources",
        "results",
        "review",
        "routing",
        "spark",
        "tasks",
        "testing",
        "training",
    }
)

__all__ = [
    "ActivationConditions",
    "Bands",
    "BuiltInReviews",
    "Confidence",
    "EachLabel",
    "Entropy",
    "Escalate",
    "EventQueue",
    "FlowDefinition",
    "HitlError",
    "HumanTaskUi",
    "LabelingJob",
    "LambdaFunction",
    "Margin",
    "Member",
    "Missing",
    "ModelEndpoint",
    "PerClass",
    "Policy",
    "Prediction",
    "PrivateTeam",
    "ReviewFlow",
    "Router",
    "Run",
    "Sample",
    "Session",
    "Threshold",
    "User",
    "UserGroup",
    "UserPool",
    "UserPoolClient",
    "UserPoolDomain",
    "Workforce",
    "Workteam",
    "__version__",
    "arns",
    "calibrate",
    "consolidation",
    "errors",
    "functions",
    "labeling",
    "labels",
    "loops",
    "resources",
    "results",
    "review",
    "routing",
    "spark",
    "tasks",
    "testing",
    "training",
]


def __getattr__(name: str) -> object:
    if name in _SUBPACKAGES:
        return import_module(f"hitl_sdk.{name}")
    if name in _HOME_OF_NAME:
        value: object = getattr(import_module(_HOME_OF_NAME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'hitl_sdk' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
