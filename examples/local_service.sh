#!/usr/bin/env bash
# The local service from a shell: start it, call it with the AWS CLI, run a whole review on it, end it.
set -euo pipefail
cd "$(dirname "$0")"

# --8<-- [start:up]
log=$(mktemp)
hitl local up --simulate-workers --endpoint sentiment=a2i_lab:model > "$log" &
until grep "hitl local service ready" "$log"; do sleep 0.1; done
# --8<-- [end:up]
trap 'hitl local down --port 8484' EXIT

# --8<-- [start:aws]
export AWS_ENDPOINT_URL=http://127.0.0.1:8484 AWS_DEFAULT_REGION=us-east-1
export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=key  # clients insist on having some

aws s3 mb s3://lab
python a2i_lab.py lab arn:aws:iam::123456789012:role/review
aws sagemaker-a2i-runtime list-human-loops \
    --flow-definition-arn arn:aws:sagemaker:us-east-1:123456789012:flow-definition/sentiment \
    --query 'HumanLoopSummaries[].HumanLoopStatus' --output text
# --8<-- [end:aws]
hitl local status
