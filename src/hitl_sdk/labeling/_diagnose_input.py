"""The examinations of what a labeling job reads: its manifest, the buckets of its objects, its worker template."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._elements import ANSWER_KEYS, read_template
from hitl_sdk._s3_uri import bucket_and_key
from hitl_sdk.errors import AccessDeniedError, InvalidInputError, NotFoundError, RejectedError
from hitl_sdk.labeling._manifest_objects import bucket_region
from hitl_sdk.labeling.diagnosis import JobFinding
from hitl_sdk.labeling.manifest import InputManifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitl_sdk.labeling.state import LabelingJobState
    from hitl_sdk.session import Session

    Findings = Iterator[JobFinding]

__all__ = ["look_at_buckets", "look_at_manifest", "look_at_template"]

_SAMPLED_LINES = 20
_IMAGES = ("jpg", "png")


def look_at_buckets(state: LabelingJobState, session: Session) -> Findings:
    """Look at the buckets of the manifest and of the first objects: where they lie, and whether browsers may read."""
    names = _input_buckets(state, session)
    images = set(_IMAGES) <= set(state.kind.extensions)
    for bucket in names:
        try:
            region = bucket_region(session.client("s3"), bucket)
        except NotFoundError:
            yield JobFinding(
                "no-bucket",
                f"there is no bucket '{bucket}'",
                "copy the input to one that is there, and clone() the job",
            )
            continue
        if region not in (None, session.region_name):
            yield JobFinding(
                "other-region",
                f"bucket '{bucket}' lies in {region}, the job in {session.region_name}",
                f"copy the input to a bucket of {session.region_name}, and clone() the job",
            )
        if images and not _browsers_may_read(bucket, session):
            yield JobFinding(
                "no-cors",
                f"bucket '{bucket}' has no CORS rule for GET, so that browsers don't show its images",
                'put one: [{"AllowedHeaders": [], "AllowedMethods": ["GET"], "AllowedOrigins": ["*"], '
                '"ExposeHeaders": ["Access-Control-Allow-Origin"]}]',
            )


def _input_buckets(state: LabelingJobState, session: Session) -> list[str]:
    address = state.input_manifest_uri
    if address is None:
        return []
    names = [bucket_and_key(address)[0]]
    try:
        for line in islice(InputManifest.open(address, session), _SAMPLED_LINES):
            source = line.get("source-ref")
            if isinstance(source, str) and source.startswith("s3://"):
                names.append(bucket_and_key(source)[0])
    except (AccessDeniedError, NotFoundError, InvalidInputError):
        pass  # that it can't be read is another's finding
    return list(dict.fromkeys(names))


def look_at_manifest(state: LabelingJobState, session: Session) -> Findings:
    """Look at the lines of the manifest, while nothing is labelled."""
    address = state.input_manifest_uri
    if address is None or state.counters.labeled:
        return
    try:
        report = InputManifest.open(address, session).check(state.kind.name, attribute=state.label_attribute)
    except (NotFoundError, InvalidInputError) as error:
        yield JobFinding(
            "manifest-not-read",
            f"the manifest can't be read: {error.message}",
            "put it there, and clone() the job",
        )
        return
    if not report.ok:
        yield JobFinding(
            "manifest-wrong", str(report), "mend the lines, and clone() the job with the new manifest"
        )


def _browsers_may_read(bucket: str, session: Session) -> bool:
    try:
        with translated_errors(f"bucket '{bucket}'"):
            rules = session.client("s3").get_bucket_cors(Bucket=bucket)["CORSRules"]
    except (NotFoundError, RejectedError) as error:
        if error.code != "NoSuchCORSConfiguration":
            raise
        return False
    return any("GET" in rule["AllowedMethods"] for rule in rules)


def look_at_template(state: LabelingJobState, session: Session) -> Findings:
    """Look whether AWS's function finds the answer under the name that the template gives it."""
    address = state.settings["HumanTaskConfig"]["UiConfig"].get("UiTemplateS3Uri")
    key = state.kind.answer_key
    if address is None or key is None:
        return
    bucket, path = bucket_and_key(address)
    try:
        with translated_errors(address):
            text = (
                session.client("s3")
                .get_object(Bucket=bucket, Key=path)["Body"]
                .read()
                .decode("utf-8", "replace")
            )
    except NotFoundError:
        yield JobFinding("no-template", f"there is no worker template at {address}", "put it there again")
        return
    names = [ANSWER_KEYS.get(element.tag, element.name) for element in read_template(text)]
    if key not in names:
        yield JobFinding(
            "answer-key",
            f"AWS's function looks for the answer under '{key}', and the template has {', '.join(filter(None, names)) or 'no name'}",
            f'give the element name="{key}", as Task.job_template() does, and clone() the job',
        )
