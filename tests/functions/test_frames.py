"""AWS's functions for video frames and point clouds: answers go in, Ground Truth's files come out, and are read back."""

import json
import zlib
from base64 import b64encode
from dataclasses import replace

import pytest

from hitl_sdk import functions, tasks
from hitl_sdk._ground_truth import kind_named
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import (
    Box,
    Cuboid,
    Frame,
    FrameSequence,
    PointClasses,
    compress_points,
    read_compressed_points,
    read_frame,
    read_sequence_label,
)
from hitl_sdk.local.answers.frames import Cuboids, FrameShapes, Points
from hitl_sdk.local.answers.people import TruthAnswers

from ..labeling.frame_samples import BUCKET, DRAWN, FRAME_SAMPLES, LABELS, SEQUENCE, detected, one, tracked
