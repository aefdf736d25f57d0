"""Several answers to one, with their confidence and agreement. Pure arithmetic on labels."""

from hitl_sdk.consolidation.agreement import cohen_kappa, fleiss_kappa, krippendorff_alpha
from hitl_sdk.consolidation.consensus import Consensus, Consolidation, Vote
from hitl_sdk.consolidation.crowd_kit import CrowdKit
from hitl_sdk.consolidation.dawid_skene import DawidSkene
from hitl_sdk.consolidation.forms import FieldMethod, FormConsolidation, FormFieldConsolidation
from hitl_sdk.consolidation.frames import CuboidConsolidation, FrameConsolidation, PointVote
from hitl_sdk.consolidation.majority import MajorityVote, majority
from hitl_sdk.consolidation.masks import InstanceMaskConsolidation, MaskVote
from hitl_sdk.consolidation.one_coin import OneCoinDawidSkene
from hitl_sdk.consolidation.per_label import PerLabel
from hitl_sdk.consolidation.shapes import (
    BoxConsolidation,
    KeypointConsolidation,
    PolygonConsolidation,
    PolylineConsolidation,
)
from hitl_sdk.consolidation.smoothed_dawid_skene import SmoothedDawidSkene
from hitl_sdk.consolidation.spans import SpanConsolidation
from hitl_sdk.consolidation.texts import NumberConsolidation, TextConsolidation

__all__ = [
    "BoxConsolidation",
    "Consensus",
    "Consolidation",
    "CrowdKit",
    "CuboidConsolidation",
    "DawidSkene",
    "FieldMethod",
    "FormConsolidation",
    "FormFieldConsolidation",
    "FrameConsolidation",
    "InstanceMaskConsolidation",
    "KeypointConsolidation",
    "MajorityVote",
    "MaskVote",
    "NumberConsolidation",
    "OneCoinDawidSkene",
    "PerLabel",
    "PointVote",
    "PolygonConsolidation",
    "PolylineConsolidation",
    "SmoothedDawidSkene",
    "SpanConsolidation",
    "TextConsolidation",
    "Vote",
    "cohen_kappa",
    "fleiss_kappa",
    "krippendorff_alpha",
    "majority",
]
