"""The fields of a labeling job, each held against the rules when the job is made."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    InstanceOf,
    PlainValidator,
    SerializeAsAny,
    ValidationInfo,
    field_validator,
)

from hitl_sdk._ground_truth import Kind
from hitl_sdk._model import Model
from hitl_sdk.labeling import _rules
from hitl_sdk.labeling._fields import AttributeName, ContentClassifier, Function, JobName, object_uri
from hitl_sdk.labeling._input import JobInput
from hitl_sdk.labeling.automated import AutomatedLabeling
from hitl_sdk.labeling.categories import LabelCategories
from hitl_sdk.labeling.job_output import JobOutput
from hitl_sdk.labeling.manifest import InputManifest
from hitl_sdk.labeling.streaming import SnsInput
from hitl_sdk.resources import PrivateTeam
from hitl_sdk.resources.types import KmsKeyId, OutputUri, RoleArn, TagKey, TagValue, TopicArn, WorkteamArn
from hitl_sdk.tasks import Task

__all__ = ["JobSettings"]


def _as_input(value: object) -> object:
    if isinstance(value, str):
        return object_uri(value)
    if isinstance(value, InputManifest | JobOutput | SnsInput):
        return value
    raise ValueError("give s3://bucket/key of a manifest, an InputManifest, or an SnsInput")


def _usual_workers(fields: Mapping[str, Any]) -> int:
    return _rules.kind_of(fields).usual_workers


class JobSettings(Model):
    """What a labeling job is; what can be done with it is `LabelingJob`'s."""

    model_config: ClassVar[ConfigDict] = ConfigDict(validate_default=True)

    # In this order: the rules of a field see the fields before it.
    name: JobName
    task: SerializeAsAny[InstanceOf[Task]]
    team: PrivateTeam | WorkteamArn
    role_arn: RoleArn
    input: Annotated[JobInput, PlainValidator(_as_input)]
    output: OutputUri
    pre_annotation: Function = None
    post_annotation: Function = None
    prior_attribute: AttributeName | None = None
    label_attribute: AttributeName | None = None
    categories: LabelCategories | None = None
    workers_per_object: Annotated[int, Field(ge=1, le=9)] = Field(default_factory=_usual_workers)
    task_time_limit: Annotated[int, Field(ge=30)] = 3600
    task_availability_lifetime: Annotated[int, Field(ge=60, le=2_592_000)] = 864_000
    max_concurrent_tasks: Annotated[int, Field(ge=1, le=5000)] = 1000
    max_human_labeled_objects: Annotated[int, Field(ge=1)] | None = None
    max_percentage_labeled: Annotated[int, Field(ge=1, le=100)] | None = None
    automated: AutomatedLabeling | None = None
    price: object = None
    kms_key_id: KmsKeyId | None = None
    output_topic_arn: TopicArn | None = None
    content_classifiers: Annotated[Sequence[ContentClassifier], AfterValidator(tuple)] = ()
    tags: Annotated[Mapping[TagKey, TagValue], Field(max_length=50)] = {}

    @field_validator("*", mode="after")
    @classmethod
    def _fits_the_fields_before_it(cls, value: Any, info: ValidationInfo) -> Any:
        broken = _rules.broken_rules(str(info.field_name), value, info.data)
        if broken:
            raise ValueError("; ".join(broken))
        return value

    @property
    def kind(self) -> Kind:
        """The kind of labeling job that Ground Truth makes of it."""
        return _rules.kind_of(dict(self))

    @property
    def attribute(self) -> str:
        """The label attribute: under which key of the output manifest the labels stand."""
        return _rules.attribute_name(dict(self))
