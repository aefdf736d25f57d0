"""A model artifact as an endpoint for the time of a review, by boto3 or by sagemaker 3.

    python examples/deployed_model.py                              on the embedded service
    python examples/deployed_model.py IMAGE ARTIFACT ROLE_ARN      on AWS, where it costs money for some minutes

The image may be SageMaker's own for PyTorch or scikit-learn, with the code in the artifact, or yours.
"""

# --8<-- [start:imports]
import sys

import hitl_sdk as hitl
from hitl_sdk.resources import deployed_by_sagemaker
from hitl_sdk.routing import from_endpoint, from_predictor

# --8<-- [end:imports]

REVIEWS = ["I enjoy this product", "I am unhappy with this product", "It is okay"]
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/sentiment:1"


# --8<-- [start:deployed]
def ask(session: hitl.Session, image_uri: str, model_data: str, role_arn: str) -> None:
    """Make model, configuration and endpoint, ask it, and delete all three, whatever happens."""
    endpoint = hitl.ModelEndpoint(
        name="sentiment",
        image_uri=image_uri,
        model_data=model_data,
        role_arn=role_arn,
        instance_type="ml.m5.large",
    )
    print(endpoint.plan(session))
    with endpoint.deployed(session, timeout=1800) as state:
        for prediction in from_endpoint(session, state.name, REVIEWS):
            print(prediction)


# --8<-- [end:deployed]


# --8<-- [start:sagemaker]
def ask_by_sagemaker(
    session: hitl.Session, image_uri: str, model_data: str, role_arn: str
) -> None:
    """Do the same with sagemaker's own classes; pip install "hitl-sdk[sagemaker]"."""
    from sagemaker.core.resources import Model
    from sagemaker.core.shapes import ContainerDefinition

    model = Model.create(
        model_name="sentiment",
        primary_container=ContainerDefinition(image=image_uri, model_data_url=model_data),
        execution_role_arn=role_arn,
        session=session.boto3_session,
        region=session.region_name,
    )
    with deployed_by_sagemaker(session, model, instance_type="ml.m5.large") as endpoint:
        for prediction in from_predictor(endpoint, REVIEWS):
            print(prediction)
    model.delete()


# --8<-- [end:sagemaker]


def model_of_the_lab(records: list[dict[str, list[str]]]) -> list[dict[str, object]]:
    """Stand in for the container: what the lab's own model says of the reviews."""
    scores = {REVIEWS[0]: (0.9376, 1), REVIEWS[1]: (0.6340, -1), REVIEWS[2]: (0.5422, 1)}
    known = [scores[record["features"][0]] for record in records]
    return [
        {"probability": probability, "predicted_label": label} for probability, label in known
    ]


# --8<-- [start:simulated]
def simulated() -> None:
    """Let a Python function answer for the container, under the endpoint's name."""
    with hitl.testing.mock_hitl(region="us-east-1") as cloud:
        cloud.endpoints.serve("sentiment", model_of_the_lab)
        ask(cloud.session(), IMAGE, "s3://models/sentiment.tar.gz", cloud.role_arn)
        left = cloud.session().client("sagemaker").list_endpoints()["Endpoints"]
        print("endpoints that are left:", left)


# --8<-- [end:simulated]


if __name__ == "__main__":
    if len(sys.argv) == 4:
        ask(hitl.Session(), *sys.argv[1:])
    else:
        simulated()
