"""Which predictions go to people: predictions, policies and sources. Pure decisions; nothing is started here."""

from hitl_sdk.routing.activation import Activation, ActivationConditions
from hitl_sdk.routing.batch import DecidedItem, decide_batch, decided_chunks
from hitl_sdk.routing.calibration import (
    Calibration,
    Calibrator,
    ClassThreshold,
    ErrorCurve,
    IsotonicCalibration,
    Reliability,
    ReliabilityBin,
    TemperatureScaling,
    calibrate,
    error_curve,
    reliability,
)
from hitl_sdk.routing.policy import Decision, Policy, Verdict
from hitl_sdk.routing.policy_classes import PerClass
from hitl_sdk.routing.policy_cuts import Bands, Threshold
from hitl_sdk.routing.policy_fields import Confidence, Missing
from hitl_sdk.routing.policy_sample import Sample
from hitl_sdk.routing.policy_scores import EachLabel, Entropy, LabelSplit, Margin
from hitl_sdk.routing.prediction import InvalidPrediction, Prediction
from hitl_sdk.routing.rates import Rate
from hitl_sdk.routing.replay import Replay, ReplayPart
from hitl_sdk.routing.sources import (
    from_batch_transform,
    from_callable,
    from_endpoint,
    from_estimator,
    from_predictor,
    from_rekognition_custom_labels,
    from_rekognition_labels,
    from_rekognition_moderation,
    from_textract,
    from_textract_documents,
    predictions_frame,
)

__all__ = [
    "Activation",
    "ActivationConditions",
    "Bands",
    "Calibration",
    "Calibrator",
    "ClassThreshold",
    "Confidence",
    "DecidedItem",
    "Decision",
    "EachLabel",
    "Entropy",
    "ErrorCurve",
    "InvalidPrediction",
    "IsotonicCalibration",
    "LabelSplit",
    "Margin",
    "Missing",
    "PerClass",
    "Policy",
    "Prediction",
    "Rate",
    "Reliability",
    "ReliabilityBin",
    "Replay",
    "ReplayPart",
    "Sample",
    "TemperatureScaling",
    "Threshold",
    "Verdict",
    "calibrate",
    "decide_batch",
    "decided_chunks",
    "error_curve",
    "from_batch_transform",
    "from_callable",
    "from_endpoint",
    "from_estimator",
    "from_predictor",
    "from_rekognition_custom_labels",
    "from_rekognition_labels",
    "from_rekognition_moderation",
    "from_textract",
    "from_textract_documents",
    "predictions_frame",
    "reliability",
]
