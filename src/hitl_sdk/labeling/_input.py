"""A job's input, in whichever of its forms: an address, a manifest, a former job's output, a topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hitl_sdk.labeling.job_output import JobOutput
from hitl_sdk.labeling.manifest import InputManifest
from hitl_sdk.labeling.streaming import SnsInput

if TYPE_CHECKING:
    from hitl_sdk.session import Session

__all__ = ["JobInput", "manifest_address", "manifest_of", "manifest_to_upload"]

JobInput: TypeAlias = str | InputManifest | JobOutput | SnsInput
"""What a job labels; a text is the address of a manifest in S3."""


def manifest_address(given: JobInput) -> str | None:
    """Return where the manifest lies already; None if there is none, or it has yet to be uploaded."""
    if isinstance(given, SnsInput):
        return given.manifest
    if isinstance(given, JobOutput):
        return given.uri if given.is_whole else None
    return given if isinstance(given, str) else None


def manifest_to_upload(given: JobInput, session: Session) -> InputManifest | None:
    """Return the manifest that is to be uploaded; None if it lies where it should, or there is none."""
    if isinstance(given, JobOutput) and not given.is_whole:
        return given.manifest(session)
    return given if isinstance(given, InputManifest) else None


def manifest_of(given: JobInput, session: Session | None) -> InputManifest | None:
    """Return the manifest, wherever it lies; None if there is none, or it lies in S3 and there is no session."""
    if session is None:
        return given if isinstance(given, InputManifest) else None
    address = manifest_address(given)
    return manifest_to_upload(given, session) if address is None else InputManifest.open(address, session)
