"""Automated labeling: AWS trains a model on what people label, and lets it label what it is sure of."""

from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from hitl_sdk._data import human_review_quotas
from hitl_sdk._ground_truth import Kind, kinds
from hitl_sdk._model import Model
from hitl_sdk.resources.types import KmsKeyId, TextRule

__all__ = ["AutomatedLabeling"]

_MODEL = r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:model/.*"
_VPC_ID = "[-0-9a-zA-Z]+"

ModelArn = Annotated[str, AfterValidator(TextRule(_MODEL, 2048, "the ARN of a SageMaker model", shortest=20))]
SecurityGroupId = Annotated[str, AfterValidator(TextRule(_VPC_ID, 32, "the id of a security group"))]
SubnetId = Annotated[str, AfterValidator(TextRule(_VPC_ID, 32, "the id of a subnet"))]


class AutomatedLabeling(Model):
    """Have a model of AWS's label the objects that it is sure of, and people the rest.

    Ground Truth has 10 objects labelled as a probe, then a training batch, then a validation set. From
    there on it trains, finds the confidence from which the model is right often enough on the validation
    set, labels all that lie above, and asks people for those it is least sure of. How often is enough
    can't be set: 95 % of the labels of a classification, a mean IoU of 0.6 for boxes, of 0.7 for masks.
    ``max_concurrent_tasks`` of the job is the size of a batch.

    Parameters
    ----------
    initial_model_arn : str, optional
        The model to start from: `final_model_arn` of a former job.
    volume_kms_key_id : str, optional
        The key for the disks of AWS's training machines.
    security_group_ids, subnets : sequence of str, optional
        The VPC of those machines: 1 to 5 security groups and 1 to 16 subnets, both or none.

    Raises
    ------
    InvalidResourceError
        If a value breaks a rule of the service.

    Examples
    --------
    >>> from hitl_sdk.labeling import kind_named
    >>> automated = AutomatedLabeling()
    >>> automated.problems(kind_named("ImageMultiClass"), n_objects=1800)
    ()
    >>> automated.problems(kind_named("ImageMultiClass"), n_objects=200)
    ('automated labeling takes at least 1,250 objects, and there are 200',)
    """

    initial_model_arn: ModelArn | None = None
    volume_kms_key_id: KmsKeyId | None = None
    security_group_ids: Annotated[Sequence[SecurityGroupId], AfterValidator(tuple), Field(max_length=5)] = ()
    subnets: Annotated[Sequence[SubnetId], AfterValidator(tuple), Field(max_length=16)] = ()

    @model_validator(mode="after")
    def _vpc_is_whole(self) -> Self:
        if bool(self.security_group_ids) != bool(self.subnets):
            raise ValueError("security_group_ids and subnets go together: give both or none")
        return self

    def to_request(self, kind: Kind, region: str) -> dict[str, Any]:
        """Return ``LabelingJobAlgorithmsConfig`` of CreateLabelingJob.

        Parameters
        ----------
        kind : Kind
            The job's kind, which has an algorithm.
        region : str
            The job's Region.
        """
        request: dict[str, Any] = {"LabelingJobAlgorithmSpecificationArn": kind.algorithm_arn(region)}
        if self.initial_model_arn is not None:
            request["InitialActiveLearningModelArn"] = self.initial_model_arn
        resources: dict[str, Any] = {}
        if self.volume_kms_key_id is not None:
            resources["VolumeKmsKeyId"] = self.volume_kms_key_id
        if self.subnets:
            resources["VpcConfig"] = {
                "SecurityGroupIds": list(self.security_group_ids),
                "Subnets": list(self.subnets),
            }
        return request | ({"LabelingJobResourceConfig": resources} if resources else {})

    def problems(
        self,
        kind: Kind,
        *,
        n_objects: int | None = None,
        n_labels: int | None = None,
        streaming: bool = False,
    ) -> tuple[str, ...]:
        """Say what keeps a job from being labelled automatically; nothing is asked of AWS.

        Parameters
        ----------
        kind : Kind
            The job's kind.
        n_objects : int, optional
            The lines of its manifest, where they are known.
        n_labels : int, optional
            Its label categories.
        streaming : bool, default False
            Whether objects come by SNS.

        Returns
        -------
        tuple of str
            One sentence each; empty if nothing does.
        """
        quotas = human_review_quotas()
        least, most = (
            quotas["automated_labeling_least_objects"],
            quotas["automated_labeling_segmentation_labels"],
        )
        found = []
        if kind.algorithm is None:
            able = ", ".join(each.name for each in kinds() if each.algorithm)
            found.append(f"AWS has no algorithm for {kind.name}; it has for {able}")
        if streaming:
            found.append("a streaming job can't be labelled automatically")
        if n_objects is not None and n_objects < least:
            found.append(f"automated labeling takes at least {least:,} objects, and there are {n_objects:,}")
        if kind.algorithm == "semantic-segmentation" and n_labels is not None and n_labels > most:
            found.append(f"automated segmentation takes at most {most} labels, and there are {n_labels}")
        return tuple(found)

    def advice(self, *, n_objects: int) -> str | None:
        """Say what makes little sense, though AWS allows it; None if nothing does.

        Parameters
        ----------
        n_objects : int
            The lines of the job's manifest.

        Examples
        --------
        >>> AutomatedLabeling().advice(n_objects=1800)
        'AWS advises 5,000 objects or more for automated labeling, and there are 1,800: few may be left ...'
        """
        advised = human_review_quotas()["automated_labeling_advised_objects"]
        if n_objects >= advised:
            return None
        return (
            f"AWS advises {advised:,} objects or more for automated labeling, and there are {n_objects:,}: "
            "few may be left for the model once people have labelled what it learns and is tested on"
        )

    def image_problem(self, kind: Kind, width: int, height: int) -> str | None:
        """Say whether an image is too large to be labelled automatically; None if it is not.

        Parameters
        ----------
        kind : Kind
            The job's kind.
        width, height : int
            The image's size in pixels.

        Examples
        --------
        >>> from hitl_sdk.labeling import kind_named
        >>> AutomatedLabeling().image_problem(kind_named("SemanticSegmentation"), 3840, 2160)
        'the image has 3840 x 2160 pixels, automated labeling takes at most 1920 x 1080'
        """
        most = kind.automated_most_pixels
        if most is None or (width <= most[0] and height <= most[1]):
            return None
        return (
            f"the image has {width} x {height} pixels, automated labeling takes at most {most[0]} x {most[1]}"
        )
