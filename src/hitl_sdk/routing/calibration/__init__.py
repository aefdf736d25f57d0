"""Choosing thresholds from labelled predictions, looking at how far confidences can be trusted, and mending them."""

from hitl_sdk.routing.calibration.curve import ErrorCurve, error_curve
from hitl_sdk.routing.calibration.diagram import Reliability, ReliabilityBin, reliability
from hitl_sdk.routing.calibration.thresholds import Calibration, ClassThreshold, calibrate
from hitl_sdk.routing.calibration.transforms import Calibrator, IsotonicCalibration, TemperatureScaling

__all__ = [
    "Calibration",
    "Calibrator",
    "ClassThreshold",
    "ErrorCurve",
    "IsotonicCalibration",
    "Reliability",
    "ReliabilityBin",
    "TemperatureScaling",
    "calibrate",
    "error_curve",
    "reliability",
]
