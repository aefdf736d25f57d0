"""Functions of one's own in a labeling job: packaged, deployed with it, and run. Lambda gets this file itself."""

# --8<-- [start:imports]
import json
from collections import Counter
from collections.abc import Iterator, Sequence

import hitl_sdk as hitl
from hitl_sdk import functions
from hitl_sdk.functions import (
    ConsolidatedAnnotation,
    DataObject,
    PostAnnotationEvent,
    PreAnnotationEvent,
)

# --8<-- [end:imports]

task = hitl.tasks.TextClassification(
    name="fault", labels=["late", "broken", "none"], title="What went wrong?"
)


# --8<-- [start:handlers]
@functions.pre_annotation
def before(event: PreAnnotationEvent) -> dict[str, object]:
    """Show what was bought, and the review."""
    return {"taskObject": f"{event.data_object.get('product', 'An order')}: {event.item}"}


@functions.post_annotation
def after(
    objects: Sequence[DataObject], event: PostAnnotationEvent
) -> Iterator[ConsolidatedAnnotation]:
    """Keep what most workers say, and how many they are."""
    for each in objects:
        votes = Counter(task.parse_answer(answer.content).label for answer in each.annotations)
        (fault, count), *_ = votes.most_common(1)
        label = {"fault": fault, "votes": count}
        yield ConsolidatedAnnotation(
            each.dataset_object_id, {event.label_attribute_name: label}
        )


# --8<-- [end:handlers]


# --8<-- [start:deploy]
def own_functions(role_arn: str) -> dict[str, hitl.resources.LambdaFunction]:
    """Package this file once, and describe a function for each of its handlers."""
    zipped = functions.build_zip(f"{__file__}:before")
    return {
        handler: hitl.resources.LambdaFunction(
            name=f"SageMaker-faults-{handler}",
            code=zipped.content,
            handler=f"deployed_functions.{handler}",
            role_arn=role_arn,
        )
        for handler in ("before", "after")
    }


# --8<-- [end:deploy]


# --8<-- [start:job]
def faults_job(bucket: str, role_arn: str) -> hitl.LabelingJob:
    """Describe a job that calls both functions; it deploys them."""
    own = own_functions(role_arn)
    return hitl.LabelingJob(
        name="faults",
        task=task,
        input=hitl.labeling.InputManifest.from_lines(
            [{"source": "It came in pieces.", "product": "A lamp"}, {"source": "I like it."}]
        ),
        output=f"s3://{bucket}/labels",
        team=hitl.PrivateTeam(name="readers", members=[hitl.Member(email="ana@example.com")]),
        role_arn=role_arn,
        workers_per_object=3,
        pre_annotation=own["before"],
        post_annotation=own["after"],
    )


# --8<-- [end:job]


def main() -> None:
    """Run the job on the embedded service."""
    with hitl.testing.mock_hitl() as cloud:
        session = cloud.session()
        cloud.workers.answer(
            lambda item: {
                "fault": {"label": "broken" if "pieces" in item["taskObject"] else "none"}
            }
        )
        job = faults_job(cloud.bucket("reviews"), cloud.role_arn)
        # --8<-- [start:run]
        for change in job.plan(session):
            if change.kind == "Lambda function":
                print(change)
        job.ensure(session)
        print(job.wait(session, timeout=86_400).status)
        found = session.client("s3").get_object(
            Bucket="reviews", Key="labels/faults/manifests/output/output.manifest"
        )
        for line in map(json.loads, found["Body"].read().splitlines()):
            print(line["source"], line["faults"])
        # --8<-- [end:run]
        # --8<-- [start:invoke]
        answer = session.client("lambda").invoke(
            FunctionName="SageMaker-faults-before",
            Payload=json.dumps({"dataObject": {"source": "It came late."}}),
        )
        print(json.loads(answer["Payload"].read())["taskInput"])
        # --8<-- [end:invoke]
        # --8<-- [start:statement]
        for function in own_functions(cloud.role_arn).values():
            print(function.describe(session).invoke_statement)
        # --8<-- [end:statement]


if __name__ == "__main__":
    main()
