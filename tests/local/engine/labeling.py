"""A world with labeling jobs: an engine whose Lambda functions are plain functions of the test."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hitl_sdk._ground_truth import kind_named

BUCKET = "data"
TEMPLATE = "<crowd-form>{{ task.input.taskObject }}</crowd-form>"
LABELS = ["good", "bad"]
KIND = kind_named("TextMultiClass")
OWN_PRE = "arn:aws:lambda:eu-west-1:123456789012:function:SageMaker-pre"
OWN_POST = "arn:aws:lambda:eu-west-1:123456789012:function:SageMaker-post"


class Labeling:
    """Short words for what tests do with labeling jobs."""

    def __init__(self, world) -> None:
        self.world = world
        self.invoked: list[tuple[str, Any]] = []
        self.pre = lambda event: {"taskInput": {"taskObject": event["dataObject"]["source"]}}
        self.post = self.majority
        pre, post = KIND.function_arn("PRE", "eu-west-1"), KIND.function_arn("ACS", "eu-west-1")
        self.functions = {"PreHumanTaskLambdaArn": pre}
        self.functions["AnnotationConsolidationConfig"] = {"AnnotationConsolidationLambdaArn": post}
        pass_through = kind_named("PassThrough").function_arn("PRE", "eu-west-1")
        for arn in (pre, OWN_PRE, pass_through):
            world.delivery.functions[arn] = self._noted("pre")
        for arn in (post, OWN_POST):
            world.delivery.functions[arn] = self._noted("post")
        world.workforce()
        self.team = world.team()
        self.put("ui/template.html", TEMPLATE.encode())
        self.put("ui/labels.json", json.dumps({"labels": [{"label": label} for label in LABELS]}).encode())
        world.delivery.puts.clear()

    def _noted(self, which: str):
        def function(event):
            self.invoked.append((which, event))
            return getattr(self, which)(event)

        return function

    def majority(self, event) -> list[dict[str, Any]]:
        """Consolidate as AWS's function of the kind does, by the majority."""
        payload = json.loads(self.get(event["payload"]["s3Uri"].removeprefix(f"s3://{BUCKET}/")))
        attribute = event["labelAttributeName"]
        items = []
        for item in payload:
            votes = Counter(
                json.loads(each["annotationData"]["content"])["crowd-classifier"]["label"]
                for each in item["annotations"]
            )
            label = max(votes, key=votes.get)
            content = {
                attribute: event["labelCategories"].index(label) if event["labelCategories"] else label,
                f"{attribute}-metadata": {"class-name": label, "confidence": 0.9},
            }
            items.append(
                {"datasetObjectId": item["datasetObjectId"], "consolidatedAnnotation": {"content": content}}
            )
        return items

    def put(self, key: str, body: bytes) -> None:
        self.world.delivery.objects[BUCKET, key] = body

    def get(self, key: str) -> bytes:
        return self.world.delivery.objects[BUCKET, key]

    def manifest(self, *lines: Any, key: str = "in.manifest") -> None:
        """Put a manifest of texts, or of whole lines, into S3."""
        whole = [line if isinstance(line, dict) else {"source": line} for line in lines]
        self.put(key, "".join(json.dumps(line) + "\n" for line in whole).encode())

    def request(self, name: str = "mood", attribute: str = "mood", **changes: Any) -> dict[str, Any]:
        """Return the members of CreateLabelingJob; the members of HumanTaskConfig among `changes` go there."""
        config = {
            "WorkteamArn": self.team,
            "UiConfig": {"UiTemplateS3Uri": f"s3://{BUCKET}/ui/template.html"},
            "TaskTitle": "Mood",
            "TaskDescription": "Choose the mood",
            "NumberOfHumanWorkersPerDataObject": 1,
            "TaskTimeLimitInSeconds": 600,
            "TaskAvailabilityLifetimeInSeconds": 3600,
            **self.functions,
        }
        members = {
            "LabelingJobName": name,
            "LabelAttributeName": attribute,
            "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": f"s3://{BUCKET}/in.manifest"}}},
            "OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
            "RoleArn": "arn:aws:iam::123456789012:role/review",
            "LabelCategoryConfigS3Uri": f"s3://{BUCKET}/ui/labels.json",
        }
        for member, value in changes.items():
            inside = member in config or member in {"MaxConcurrentTaskCount", "PublicWorkforceTaskPrice"}
            (config if inside else members)[member] = value
        given = {key: value for key, value in members.items() if value is not None}
        return {
            **given,
            "HumanTaskConfig": {key: value for key, value in config.items() if value is not None},
        }

    def create(self, name: str = "mood", attribute: str = "mood", **changes: Any) -> str:
        return self.world.call("CreateLabelingJob", **self.request(name, attribute, **changes))[
            "LabelingJobArn"
        ]

    def go_on(self, seconds: float = 1) -> None:
        """Let time pass, and jobs do what is due."""
        self.world.clock.advance(seconds)
        while True:
            self.world.engine.tick()
            if not self.world.engine.work_on_jobs():
                return

    def begin(self, *lines: Any, **changes: Any) -> None:
        """Make a job of a manifest and let it offer its first objects."""
        self.manifest(*lines)
        self.create(**changes)
        self.go_on()

    def open_names(self) -> list[str]:
        return [task.human_loop_name for task in self.world.engine.open_loops()]

    def answer(self, *names: str, worker: int = 1, label: str = "good") -> None:
        """Answer open tasks, all of them when none is named, and let jobs go on."""
        world = self.world
        for name in names or self.open_names():
            world.accept(worker, name)
            world.engine.submit(
                world.scope, world.worker(worker), name, {"crowd-classifier": {"label": label}}
            )
        self.go_on(0)

    def describe(self, name: str = "mood") -> dict[str, Any]:
        return self.world.call("DescribeLabelingJob", LabelingJobName=name)

    def status(self, name: str = "mood") -> str:
        return self.describe(name)["LabelingJobStatus"]

    def counters(self, name: str = "mood") -> tuple[int, int, int]:
        """Return how many objects are labelled by people, failed and unlabelled."""
        counters = self.describe(name)["LabelCounters"]
        assert counters["TotalLabeled"] == counters["HumanLabeled"] + counters["MachineLabeled"]
        return counters["HumanLabeled"], counters["FailedNonRetryableError"], counters["Unlabeled"]

    def output(self, name: str = "mood") -> list[dict[str, Any]]:
        body = self.get(f"out/{name}/manifests/output/output.manifest")
        return [json.loads(line) for line in body.decode().split("\n")[:-1]]

    def files(self, part: str = "") -> list[str]:
        return sorted(key for _, key in self.world.delivery.objects if key.startswith("out/") and part in key)

    def statuses_told(self) -> list[str]:
        return [event["detail"]["LabelingJobStatus"] for event in self.world.delivery.events]
