"""What CreateLabelingJob refuses that the service's model lets through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hitl_sdk._ground_truth import CUSTOM, function_of_arn, public_workteam_arn, task_ui_of_arn
from hitl_sdk._manifest_line import can_name_label
from hitl_sdk.local.engine.errors import EngineError
from hitl_sdk.local.engine.job_input import kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitl_sdk._ground_truth import Kind, Stage
    from hitl_sdk.local.engine.transactions import Params, Transaction
    from hitl_sdk.local.engine.values import Scope

__all__ = ["LONGEST_AVAILABILITY", "check"]

LONGEST_AVAILABILITY = 2_592_000  # seconds, of private teams; also what a job gets that names none


def check(tx: Transaction, scope: Scope, params: Params) -> None:
    """Refuse a labeling job that can't work.

    Raises
    ------
    EngineError
        ``ValidationException``, naming the member.
    """
    kind = kind_of(params)
    _check_attribute(params["LabelAttributeName"], kind)
    _check_places(params)
    _check_functions(tx, scope, params["HumanTaskConfig"])
    _check_ui(scope, params, kind)
    _check_people(scope, params["HumanTaskConfig"], kind)
    _check_algorithm(scope, params, kind)


def refused(message: str) -> EngineError:
    """Return the error of a member that is not as the service wants it."""
    return EngineError("ValidationException", message)


def _check_attribute(name: str, kind: Kind) -> None:
    if not can_name_label(name):
        raise refused(
            f"LabelAttributeName {name!r} is reserved: source, source-ref and names ending in -metadata are"
        )
    if kind.attribute_ends_in_ref and not name.endswith("-ref"):
        raise refused(f"LabelAttributeName {name!r} must end with -ref for {kind.name}")
    if not kind.attribute_ends_in_ref and kind.name != CUSTOM and name.endswith("-ref"):
        raise refused(f"LabelAttributeName {name!r} must not end with -ref for {kind.name}")


def _check_places(params: Params) -> None:
    source = params["InputConfig"]["DataSource"]
    if not source:
        raise refused("DataSource names neither an S3DataSource nor an SnsDataSource")
    uris = {
        "ManifestS3Uri": source.get("S3DataSource", {}).get("ManifestS3Uri"),
        "S3OutputPath": params["OutputConfig"]["S3OutputPath"],
        "LabelCategoryConfigS3Uri": params.get("LabelCategoryConfigS3Uri"),
        "UiTemplateS3Uri": params["HumanTaskConfig"]["UiConfig"].get("UiTemplateS3Uri"),
    }
    for member, uri in uris.items():
        if uri is not None and not uri.startswith("s3://"):
            raise refused(f"{member} must be an s3:// URI")


def _check_functions(tx: Transaction, scope: Scope, config: Mapping[str, Any]) -> None:
    post = config.get("AnnotationConsolidationConfig", {}).get("AnnotationConsolidationLambdaArn")
    given: list[tuple[str, str | None, Stage]] = [
        ("PreHumanTaskLambdaArn", config.get("PreHumanTaskLambdaArn"), "PRE"),
        ("AnnotationConsolidationLambdaArn", post, "ACS"),
    ]
    known = []
    for member, arn, stage in given:
        if arn is None:
            continue
        found = function_of_arn(arn)
        if found is None:
            if not tx.delivery.has_function(scope, arn):
                raise refused(f"{member} {arn} does not exist")
        elif found[0] != stage:
            raise refused(f"{member} {arn} is a function for the other stage")
        elif arn != found[1].function_arn(stage, scope.region):
            raise refused(f"{member} {arn} is not of this Region, {scope.region}")
        else:
            known.append(found[1])
    if len(known) == 2 and known[0] != known[1]:
        raise refused(f"PRE-{known[0].name} and ACS-{known[1].name} are functions of different kinds of job")


def _check_ui(scope: Scope, params: Params, kind: Kind) -> None:
    ui = params["HumanTaskConfig"]["UiConfig"]
    if len(ui) != 1:
        raise refused("UiConfig must have one of UiTemplateS3Uri and HumanTaskUiArn")
    if kind.human_task_ui is not None:
        wanted = kind.human_task_ui_arn(scope.region)
        if ui.get("HumanTaskUiArn") != wanted:
            raise refused(f"{kind.name} needs HumanTaskUiArn {wanted}")
    elif "HumanTaskUiArn" in ui:
        name = task_ui_of_arn(ui["HumanTaskUiArn"]) or ui["HumanTaskUiArn"]
        raise refused(f"{kind.name} needs a UiTemplateS3Uri; {name} is not for it")
    if kind.name != CUSTOM and "LabelCategoryConfigS3Uri" not in params:
        raise refused(f"{kind.name} needs a LabelCategoryConfigS3Uri")


def _check_people(scope: Scope, config: Mapping[str, Any], kind: Kind) -> None:
    if (
        config["WorkteamArn"] == public_workteam_arn(scope.region)
        or "/public-crowd/" in config["WorkteamArn"]
    ):
        raise refused("The Mechanical Turk workforce closed on 30 September 2026: use a private work team")
    if "PublicWorkforceTaskPrice" in config:
        raise refused("PublicWorkforceTaskPrice is for the Mechanical Turk workforce alone")
    limit = config["TaskTimeLimitInSeconds"]
    if limit > kind.longest_task_time_limit:
        raise refused(f"TaskTimeLimitInSeconds {limit} is above {kind.longest_task_time_limit}")
    lifetime = config.get("TaskAvailabilityLifetimeInSeconds", LONGEST_AVAILABILITY)
    if lifetime > LONGEST_AVAILABILITY:
        raise refused(f"TaskAvailabilityLifetimeInSeconds {lifetime} is above {LONGEST_AVAILABILITY}")


def _check_algorithm(scope: Scope, params: Params, kind: Kind) -> None:
    if "LabelingJobAlgorithmsConfig" not in params:
        return
    arn = params["LabelingJobAlgorithmsConfig"]["LabelingJobAlgorithmSpecificationArn"]
    wanted = kind.algorithm_arn(scope.region)
    if wanted is None:
        raise refused(f"{kind.name} has no automated labeling: leave LabelingJobAlgorithmsConfig out")
    if arn != wanted:
        raise refused(
            f"LabelingJobAlgorithmSpecificationArn {arn} is not for {kind.name}, which has {wanted}"
        )
    if "SnsDataSource" in params["InputConfig"]["DataSource"]:
        raise refused("A streaming labeling job has no automated labeling")
