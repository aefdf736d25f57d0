"""What a test suite imports: the review service in this process, or as a process of its own.

Loads nothing until a name is used, for the pytest plug-in imports this package in every run.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitl_sdk.local.ai_services import AiError
    from hitl_sdk.testing.cloud import Cloud, mock_hitl
    from hitl_sdk.testing.processes import LocalServer, local_server

_HOME = {
    "AiError": "hitl_sdk.local.ai_services",
    "Cloud": "hitl_sdk.testing.cloud",
    "LocalServer": "hitl_sdk.testing.processes",
    "local_server": "hitl_sdk.testing.processes",
    "mock_hitl": "hitl_sdk.testing.cloud",
}

__all__ = ["AiError", "Cloud", "LocalServer", "local_server", "mock_hitl"]


def __getattr__(name: str) -> object:
    if name in _HOME:
        value: object = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'hitl_sdk.testing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
