"""What the DynamoDB table of task tokens looks like, for those who make it and those who use it."""

from __future__ import annotations

__all__ = ["EXPIRES_AT", "LOOP", "TOKEN", "TOKEN_ID"]

LOOP = "human_loop_name"
"""The partition key: what is waited for."""

TOKEN_ID = "token_id"  # noqa: S105  the name of an attribute
"""The sort key: a digest, for a token may be longer than a key."""

TOKEN = "task_token"  # noqa: S105
EXPIRES_AT = "expires_at"
"""Seconds since 1970; DynamoDB deletes what is past them."""
