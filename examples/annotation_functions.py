"""Functions of a labeling job: typed, tried here as Lambda calls them, with what AWS's own would say beside them."""

# --8<-- [start:imports]
import json
from collections import Counter
from collections.abc import Iterator, Sequence

from hitl_sdk import functions, tasks
from hitl_sdk.functions import (
    ConsolidatedAnnotation,
    DataObject,
    PostAnnotationEvent,
    PreAnnotationEvent,
)
from hitl_sdk.testing import mock_hitl

# --8<-- [end:imports]


# --8<-- [start:before]
@functions.pre_annotation
def before(event: PreAnnotationEvent) -> dict[str, object] | None:
    """Show a review and what was bought; a review of one word tells nothing, and nobody is asked."""
    if len(event.item.split()) < 2:
        return None
    return {"taskObject": event.item, "product": event.data_object.get("product", "unknown")}
    # --8<-- [end:before]


# --8<-- [start:after]
task = tasks.TextClassification(name="mood", labels=["bad", "good"], title="Find the mood")


@functions.post_annotation
def after(
    objects: Sequence[DataObject], event: PostAnnotationEvent
) -> Iterator[ConsolidatedAnnotation]:
    """Keep the label that most workers gave, and how many they were."""
    for each in objects:
        votes = Counter(task.parse_answer(answer.content).label for answer in each.annotations)
        (label, count), *_ = votes.most_common(1)
        mood = {"label": label, "votes": count, "of": len(each.annotations)}
        yield ConsolidatedAnnotation(each.dataset_object_id, {event.label_attribute_name: mood})
        # --8<-- [end:after]


# --8<-- [start:ready]
ready = functions.consolidate(task)
# --8<-- [end:ready]


def payload(answers: dict[str, list[str]]) -> bytes:
    """Return answers as Ground Truth writes them for a post-annotation function; one of them is damaged."""
    objects = [
        {
            "datasetObjectId": number,
            "dataObject": {"content": "It came late"},
            "annotations": [
                {
                    "workerId": f"private.eu-west-1.{place}",
                    "annotationData": {"content": json.dumps({"mood": {"label": label}})},
                }
                for place, label in enumerate(labels)
            ],
        }
        for number, labels in answers.items()
    ]
    damaged = {"workerId": "private.eu-west-1.9", "annotationData": {"content": "{"}}
    return json.dumps([*objects, {"datasetObjectId": "2", "annotations": [damaged]}]).encode()


print("before:")
# --8<-- [start:call]
for line in ({"source": "It came late", "product": "lamp"}, {"source": "Fine"}):
    print(" ", before({"version": "2018-10-16", "dataObject": line}, None))
# --8<-- [end:call]

with mock_hitl() as cloud:
    cloud.bucket("reviews")
    uri = "s3://reviews/moods/annotations/consolidated-annotation/consolidation-request/iteration-1/1.json"
    storage = functions.S3Storage(cloud.session().client("s3"))
    storage.write(uri, payload({"0": ["bad", "bad", "good"], "1": ["good"]}))
    # --8<-- [start:event]
    event = {
        "version": "2018-10-16",
        "labelingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/moods",
        "labelCategories": ["bad", "good"],
        "labelAttributeName": "mood",
        "roleArn": cloud.role_arn,
        "payload": {"s3Uri": uri},
        "outputConfig": "s3://reviews/moods/annotations",
    }
    response = after(event, None)
    # --8<-- [end:event]

    def show(title: str, entries: object) -> None:
        print(f"{title}:")
        for entry in json.loads(json.dumps(entries)):
            print(
                " ",
                entry["datasetObjectId"],
                json.dumps(entry["consolidatedAnnotation"]["content"]),
            )

    show("after", response)
    show("consolidate", ready(event, None))
    show("pass_through", functions.pass_through(event, None))
    # --8<-- [start:built_in]
    of_aws = functions.built_in("ACS", "TextMultiClass")
    show("ACS-TextMultiClass", of_aws(event, storage))
    # --8<-- [end:built_in]
