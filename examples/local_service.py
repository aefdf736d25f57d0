"""Use the local service from plain boto3, as any AWS client in any language can."""

# --8<-- [start:imports]
import json

import boto3

from hitl_sdk.testing import local_server

# --8<-- [end:imports]

TEMPLATE = """
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <crowd-classifier name="sentiment" categories="['-1', '0', '1']" initial-value="{{ task.input.initialValue }}"
    header="Which sentiment?">
    <classification-target>{{ task.input.taskObject }}</classification-target>
    <short-instructions>Choose one.</short-instructions>
    <full-instructions header="Sentiment">-1 is bad, 1 is good.</full-instructions>
  </crowd-classifier>
</crowd-form>
"""


# --8<-- [start:boto3]
def look_around(session: boto3.Session, url: str) -> None:
    """Call the service as any program calls AWS: only the address is another."""
    sagemaker = session.client("sagemaker", endpoint_url=url)
    sagemaker.create_human_task_ui(
        HumanTaskUiName="sentiment", UiTemplate={"Content": TEMPLATE}
    )
    print(
        [
            ui["HumanTaskUiName"]
            for ui in sagemaker.list_human_task_uis()["HumanTaskUiSummaries"]
        ]
    )

    rendered = sagemaker.render_ui_template(
        UiTemplate={"Content": TEMPLATE},
        Task={"Input": json.dumps({"taskObject": "It is <okay>", "initialValue": "0"})},
        RoleArn="arn:aws:iam::123456789012:role/review",
    )
    print(
        rendered["RenderedContent"].split("<classification-target>")[1].split("</")[0],
        rendered["Errors"],
    )

    try:
        sagemaker.describe_workteam(WorkteamName="nobody")
    except sagemaker.exceptions.ClientError as error:
        print(error)


# --8<-- [end:boto3]


if __name__ == "__main__":
    with local_server() as server:
        look_around(boto3.Session("any", "key", region_name="us-east-1"), server.url)
