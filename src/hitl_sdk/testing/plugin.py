"""The pytest plug-in: fixtures `hitl_cloud` (in process) and `hitl_server` (over HTTP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitl_sdk.testing.cloud import Cloud
    from hitl_sdk.testing.processes import LocalServer

__all__ = ["hitl_cloud", "hitl_server", "hitl_server_process"]


@pytest.fixture
def hitl_cloud() -> Iterator[Cloud]:
    """Yield the review service beside moto's AWS, in this process, new for each test."""
    from hitl_sdk.testing import mock_hitl

    with mock_hitl() as cloud:
        yield cloud


@pytest.fixture(scope="session")
def hitl_server_process() -> Iterator[LocalServer]:
    """Yield one review service over HTTP for the whole run. Tests take `hitl_server`."""
    from hitl_sdk.testing import local_server

    with local_server() as server:
        yield server


@pytest.fixture
def hitl_server(hitl_server_process: LocalServer) -> LocalServer:
    """Return the review service over HTTP, with simulated workers, empty at the start of each test."""
    hitl_server_process.reset()
    return hitl_server_process
