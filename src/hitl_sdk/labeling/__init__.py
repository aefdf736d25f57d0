"""The storyline of Ground Truth: manifests in, labeling jobs, chains of them."""

from hitl_sdk.labeling.automated import AutomatedLabeling

__all__ = ["AutomatedLabeling"]
