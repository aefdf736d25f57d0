#!/usr/bin/env bash
# The local service from a shell: start it, call it with the AWS CLI, run a whole review on it, end it.
set -euo pipefail
cd "$(dirname "$0")"
PORT=${PORT:-8484}
log=$(mktemp)

# --8<-- [start:up]
hitl local up --port "$PORT" --simulate-workers --endpoint sentiment=a2i_lab:model > "$log" &
until grep "hitl local service ready" "$log"; do sleep 0.1; done
# --8<-- [end:up]
trap 'hitl local down --port "$PORT"' EXIT

# --8<-- [start:aws]
export AWS_ENDPOINT_URL="http://127.0.0.1:$PORT" AWS_DEFAULT_REGION=us-east-1
export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=key # clients insist on having some

aws s3 mb s3://lab
python a2i_lab.py lab arn:aws:iam::123456789012:role/review
aws sagemaker-a2i-runtime list-human-loops --output text --query 'HumanLoopSummaries[].HumanLoopStatus' \
    --flow-definition-arn arn:aws:sagemaker:us-east-1:123456789012:flow-definition/sentiment
# --8<-- [end:aws]
hitl local status --port "$PORT"
