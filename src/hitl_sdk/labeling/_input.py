"""A job's input, in whichever of its forms: an address, a manifest, a former job's output, a topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitl_sdk.labeling.manifest import InputManifest
    from hitl_sdk.session import Session

__all__ = ["is_former_output", "is_input", "is_streamed", "manifest_address", "manifest_to_upload"]


def is_streamed(given: object) -> bool:
    """Tell whether objects come by SNS."""
    return hasattr(given, "topic_arn")


def is_input(given: object) -> bool:
    """Tell whether a job can take it."""
    return is_streamed(given) or hasattr(given, "manifest") or hasattr(given, "write")


def is_former_output(given: object) -> bool:
    """Tell whether it is the output of a former job."""
    return hasattr(given, "is_whole")


def manifest_address(given: object) -> str | None:
    """Return where the manifest lies already; None if there is none, or it has yet to be uploaded."""
    if isinstance(given, str):
        return given
    if is_streamed(given):
        return given.manifest
    return given.uri if getattr(given, "is_whole", False) else None


def manifest_to_upload(given: object, session: Session | None) -> InputManifest | None:
    """Return the manifest that is to be uploaded; None if it lies where it should, or there is none."""
    if isinstance(given, str) or is_streamed(given) or getattr(given, "is_whole", False):
        return None
    return given.manifest(session) if hasattr(given, "manifest") else given
