"""The lab's steps in plain boto3, as a notebook has them; prints the answers as JSON."""

import json
import time

import boto3

REVIEWS = ["I enjoy this product", "I am unhappy with this product", "It is okay", "sometimes it works"]
TEMPLATE = """
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <crowd-classifier name="sentiment" categories="['-1', '0', '1']" initial-value="{{ task.input.initialValue }}"
    header="Classify reviews by sentiment">
    <classification-target>{{ task.input.taskObject }}</classification-target>
    <full-instructions header="Sentiment">1: joy. 0: neither. -1: anger.</full-instructions>
    <short-instructions>Choose the sentiment.</short-instructions>
  </crowd-classifier>
</crowd-form>
"""


def wait(probe, done):
    deadline = time.monotonic() + 30
    while not done(state := probe()):
        if time.monotonic() > deadline:
            raise TimeoutError(str(state))
        time.sleep(0.1)  # noqa: TID251  a script of its own, without this package
    return state


def predict(runtime, text):
    """Ask the endpoint, in JSON Lines as the lab does."""
    answer = runtime.invoke_endpoint(
        EndpointName="sentiment",
        ContentType="application/jsonlines",
        Accept="application/jsonlines",
        Body=json.dumps({"features": [text]}),
    )
    return json.loads(answer["Body"].read().decode().splitlines()[0])


def team_of_one(cognito, sagemaker):
    pool = cognito.create_user_pool(PoolName="reviewers")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="reviewers",
        GenerateSecret=True,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        SupportedIdentityProviders=["COGNITO"],
    )["UserPoolClient"]["ClientId"]
    cognito.create_user_pool_domain(UserPoolId=pool, Domain="reviewers-of-the-lab")
    cognito.create_group(GroupName="crew", UserPoolId=pool)
    sagemaker.create_workforce(
        WorkforceName="reviewers", CognitoConfig={"UserPool": pool, "ClientId": client}
    )
    wait(
        lambda: sagemaker.describe_workforce(WorkforceName="reviewers")["Workforce"],
        lambda workforce: workforce["Status"] == "Active",
    )
    member = {"CognitoMemberDefinition": {"UserPool": pool, "UserGroup": "crew", "ClientId": client}}
    team = sagemaker.create_workteam(
        WorkteamName="crew", WorkforceName="reviewers", Description="reviewers", MemberDefinitions=[member]
    )["WorkteamArn"]
    cognito.admin_create_user(
        UserPoolId=pool,
        Username="ana@example.com",
        UserAttributes=[{"Name": "email", "Value": "ana@example.com"}],
        MessageAction="SUPPRESS",
    )
    cognito.admin_add_user_to_group(UserPoolId=pool, Username="ana@example.com", GroupName="crew")
    return team


def main():
    cognito, sagemaker, s3 = (boto3.client(name) for name in ("cognito-idp", "sagemaker", "s3"))
    a2i, runtime = boto3.client("sagemaker-a2i-runtime"), boto3.client("sagemaker-runtime")
    s3.create_bucket(Bucket="lab")
    flow = sagemaker.create_flow_definition(
        FlowDefinitionName="sentiment",
        RoleArn="arn:aws:iam::123456789012:role/review",
        HumanLoopConfig={
            "WorkteamArn": team_of_one(cognito, sagemaker),
            "HumanTaskUiArn": sagemaker.create_human_task_ui(
                HumanTaskUiName="sentiment", UiTemplate={"Content": TEMPLATE}
            )["HumanTaskUiArn"],
            "TaskCount": 1,
            "TaskTitle": "Classify reviews by sentiment",
            "TaskDescription": "Classify reviews by sentiment",
        },
        OutputConfig={"S3OutputPath": "s3://lab/a2i-results"},
    )["FlowDefinitionArn"]
    wait(
        lambda: sagemaker.describe_flow_definition(FlowDefinitionName="sentiment"),
        lambda described: described["FlowDefinitionStatus"] == "Active",
    )
    loops = []
    for number, text in enumerate(REVIEWS):
        prediction = predict(runtime, text)
        if prediction["probability"] < 0.90:
            loops.append(f"loop-{number}")
            a2i.start_human_loop(
                HumanLoopName=loops[-1],
                FlowDefinitionArn=flow,
                HumanLoopInput={
                    "InputContent": json.dumps(
                        {"initialValue": prediction["predicted_label"], "taskObject": text}
                    )
                },
            )
    answers = {}
    for name in loops:
        loop = wait(
            lambda name=name: a2i.describe_human_loop(HumanLoopName=name),
            lambda described: described["HumanLoopStatus"] == "Completed",
        )
        bucket, _, key = loop["HumanLoopOutput"]["OutputS3Uri"].removeprefix("s3://").partition("/")
        output = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        answer = output["humanAnswers"][0]["answerContent"]["sentiment"]["label"]
        answers[output["inputContent"]["taskObject"]] = answer
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
