"""The files that a labeling job reads: worker template, label categories and manifest, named by their content.

A job keeps the addresses of its files for good. A name that carries the content's digest makes equal files equal
addresses: what was uploaded before a crash is found again, and what has changed since shows as a difference.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._ground_truth import CUSTOM
from hitl_sdk._s3_uri import bucket_and_key
from hitl_sdk.errors import NotFoundError
from hitl_sdk.labeling._input import manifest_address, manifest_to_upload
from hitl_sdk.labeling._rules import categories_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hitl_sdk.labeling.job import LabelingJob
    from hitl_sdk.labeling.manifest import InputManifest
    from hitl_sdk.session import Session

__all__ = ["JobFile", "JobFiles", "files_of", "is_there"]


@dataclass(frozen=True, slots=True)
class JobFile:
    """A file of a job, and how to put it where it belongs."""

    what: str
    uri: str
    upload: Callable[[Session], object]

    def ensure(self, session: Session) -> None:
        """Upload it, unless it is there: its name says that the content is the same."""
        if not is_there(self.uri, session):
            with translated_errors(self.uri):
                self.upload(session)


@dataclass(frozen=True, slots=True)
class JobFiles:
    """Where a job's files lie; `to_upload` are those that this package writes."""

    template_uri: str | None
    categories_uri: str | None
    manifest_uri: str | None
    to_upload: tuple[JobFile, ...]


def files_of(job: LabelingJob, session: Session) -> JobFiles:
    """Return the files of a job. Writes nothing; a manifest that is to be uploaded is gone through for its digest."""
    folder = f"{job.output}/{job.name}-input"
    kind, categories = job.kind, categories_of(dict(job))
    written: list[JobFile] = []
    if kind.human_task_ui is None:
        # AWS's functions look for the answer under a name of their own, other functions under the task's
        template = job.task.job_template(job.prior_attribute, keep_name=kind.name == CUSTOM)
        written.append(_text_file("worker template", folder, "template", ".liquid.html", template))
    if categories is not None:
        text = json.dumps(categories.to_json(kind), ensure_ascii=False, indent=2)
        written.append(_text_file("label categories", folder, "labels", ".json", text))
    if (manifest := manifest_to_upload(job.input, session)) is not None:
        written.append(_manifest_file(folder, manifest))
    uris = {file.what: file.uri for file in written}
    return JobFiles(
        template_uri=uris.get("worker template"),
        categories_uri=uris.get("label categories"),
        manifest_uri=uris.get("input manifest", manifest_address(job.input)),
        to_upload=tuple(written),
    )


def is_there(uri: str, session: Session) -> bool:
    """Tell whether an object exists."""
    bucket, key = bucket_and_key(uri)
    try:
        with translated_errors(uri):
            session.client("s3").head_object(Bucket=bucket, Key=key)
    except NotFoundError:
        return False
    return True


def _text_file(what: str, folder: str, stem: str, ending: str, text: str) -> JobFile:
    uri = f"{folder}/{stem}-{_digest([text])}{ending}"
    bucket, key = bucket_and_key(uri)
    content_type = "application/json" if ending == ".json" else "text/html; charset=utf-8"

    def upload(session: Session) -> object:
        return session.client("s3").put_object(
            Bucket=bucket, Key=key, Body=text.encode(), ContentType=content_type
        )

    return JobFile(what, uri, upload)


def _manifest_file(folder: str, manifest: InputManifest) -> JobFile:
    lines = (json.dumps(line, ensure_ascii=False) for line in manifest)
    uri = f"{folder}/input-{_digest(lines)}.manifest"
    return JobFile("input manifest", uri, lambda session: manifest.write(uri, session))


def _digest(texts: Iterable[str]) -> str:
    """Return 16 hexadecimal digits of the texts, each with its end."""
    found = hashlib.sha256()
    for text in texts:
        found.update(text.encode())
        found.update(b"\n")
    return found.hexdigest()[:16]
