"""Routing, results and consolidation on a cluster: Spark frames in and out, by the same code as pandas frames."""

from hitl_sdk.spark.consolidation import consolidate
from hitl_sdk.spark.reading import answers_frame, read_outputs, read_prefix
from hitl_sdk.spark.routing import route
from hitl_sdk.spark.schema import answers_schema

__all__ = ["answers_frame", "answers_schema", "consolidate", "read_outputs", "read_prefix", "route"]
