"""Forms in documents of many pages, read by Textract and mended by people; Python functions answer in its place."""

# --8<-- [start:imports]
from collections.abc import Iterable, Iterator
from functools import partial
from random import Random
from typing import Any

import pandas as pd

import hitl_sdk as hitl
from hitl_sdk.routing import (
    InvalidPrediction,
    calibrate,
    from_textract,
    from_textract_documents,
    predictions_frame,
)

# --8<-- [end:imports]

KEYS = {"Invoice No": [], "Due date": ["Payable by"], "Total": []}
TASK = hitl.tasks.TextractForms(
    name="invoice", title="Mend the fields of this invoice", keys=KEYS
)
LABELLED = [f"s3://invoices/{number}.pdf" for number in range(150)]
NEW = [f"s3://invoices/{number}.pdf" for number in range(150, 200)]


def invoice(number: int) -> list[dict[str, str]]:
    """Say what stands on the pages of a document: the fields of each."""
    draw = Random(number)
    date = f"{draw.randint(1, 28)} May"
    head = {"Invoice No": f"A-{number}", draw.choice(["Due date", "Payable by"]): date}
    return [head, {"Total": f"{draw.randint(100, 999)}.50"}]


# --8<-- [start:stand-in]
def pages_of(number: int) -> Iterator[dict[str, Any]]:
    """Yield Textract's blocks: a value is right as often as it is sure; now and then a key is overlooked."""
    draw = Random(f"model {number}")
    for page, fields in enumerate(invoice(number), start=1):
        for key, value in fields.items():
            if draw.random() < 0.02:
                continue
            sure = 1 - 0.5 * draw.random() ** 8
            text = value if draw.random() < sure else misread(value)
            yield from field(f"{page}-{key}", page, key, text, round(100 * sure))


def misread(value: str) -> str:
    """Take some letters for others."""
    return value.replace("May", "Nay").replace(".", ",").replace("A-", "4-")


def field(
    name: str, page: int, key: str, value: str, confidence: float
) -> list[dict[str, Any]]:
    """Return the blocks of a field: key, value, and the words of both."""
    words = {f"{name}-k{n}": word for n, word in enumerate(key.split())}
    more = {f"{name}-v{n}": word for n, word in enumerate(value.split())}
    pair = {"BlockType": "KEY_VALUE_SET", "Confidence": confidence, "Page": page}
    to_value, key_words = (
        [{"Type": "VALUE", "Ids": [f"{name}-v"]}],
        [{"Type": "CHILD", "Ids": [*words]}],
    )
    return [
        {
            **pair,
            "Id": f"{name}-k",
            "EntityTypes": ["KEY"],
            "Relationships": to_value + key_words,
        },
        {
            **pair,
            "Id": f"{name}-v",
            "EntityTypes": ["VALUE"],
            "Relationships": [{"Type": "CHILD", "Ids": [*more]}],
        },
        *(
            {
                "BlockType": "WORD",
                "Id": each,
                "Text": word,
                "Confidence": confidence,
                "Page": page,
            }
            for each, word in {**words, **more}.items()
        ),
    ]


# --8<-- [end:stand-in]


class Textract:
    """Runs jobs: started once for a token, found again by it, and told of block by block."""

    def __init__(self) -> None:
        self.jobs: dict[str, int] = {}

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer StartDocumentAnalysis."""
        name = request["DocumentLocation"]["S3Object"]["Name"]
        self.jobs[request["ClientRequestToken"]] = int(name.split(".")[0])
        return {"JobId": request["ClientRequestToken"]}

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer GetDocumentAnalysis, sixteen blocks at a time."""
        blocks, start = (
            list(pages_of(self.jobs[request["JobId"]])),
            int(request.get("NextToken", 0)),
        )
        more = {"NextToken": str(start + 16)} if start + 16 < len(blocks) else {}
        about = {"JobStatus": "SUCCEEDED", "DocumentMetadata": {"Pages": 2}}
        return {**about, "Blocks": blocks[start : start + 16], **more}

    def analyze(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer AnalyzeDocument, for the picture of a document's first page."""
        number = int(request["Document"]["S3Object"]["Name"].split("-")[0])
        return {"Blocks": [block for block in pages_of(number) if block["Page"] == 1]}


# --8<-- [start:one-page]
def ask(session: hitl.Session, pages: Iterable[str]) -> None:
    """Print the fields of pages, as Textract has read them."""
    for prediction in from_textract(
        session, pages, keys={"Invoice No": [], "Due date": ["Payable by"]}
    ):
        if isinstance(prediction, InvalidPrediction):
            print(prediction.item, "is not usable:", prediction.error)
        else:
            print(prediction.item, f"{prediction.confidence:.2f}", prediction.scores)


# --8<-- [end:one-page]


# --8<-- [start:ten_lines]
def review(session: hitl.Session, flow: hitl.ReviewFlow) -> hitl.Run:
    """Calibrate on documents that were read by people, then have them mend the pages that are not sure."""
    read = partial(from_textract_documents, session, keys=TASK.keys, page_item=picture)
    checked = predictions_frame(read(LABELLED)).dropna(subset=["label"])  # what failed
    checked["truth"] = are_right(checked)
    found = calibrate(checked, target_error=0.05)
    print(found)

    # Some of what is sure is looked at too, to see whether it still is.
    policy = found.policy | hitl.Sample(0.02)
    router = hitl.Router(flow=flow, policy=policy, session=session, max_reviews=100)
    # Run again under this name, it goes on with this run.
    return router.route(read(NEW), name="invoices-2026-11")


# --8<-- [end:ten_lines]


# --8<-- [start:truth]
def picture(document: str, page: int) -> str:
    """Say where the picture of a page lies."""
    return f"{document.removesuffix('.pdf')}-{page}.png"


def are_right(frame: pd.DataFrame) -> list[bool]:
    """Say of each page whether all of its fields are there, and right."""
    return [
        {field["key"]: field["value"] for field in label} == on_page(item)
        for label, item in zip(frame["label"], frame["item"], strict=True)
    ]


# --8<-- [end:truth]


def on_page(item: str) -> dict[str, str]:
    """Say what stands on the page that a picture is of."""
    number, page = item.rpartition("/")[2].removesuffix(".png").split("-")
    return invoice(int(number))[int(page) - 1]


# --8<-- [start:answers]
def mended(item: dict[str, Any]) -> dict[str, Any]:
    """Answer as a person would: with what stands on the page."""
    fields = TASK.normalise_label(on_page(item["taskObject"]))
    return {TASK.answer_key: {"blocks": TASK.initial_value(fields)}}


# --8<-- [end:answers]


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        textract = Textract()
        cloud.ai.answer("textract", "AnalyzeDocument", textract.analyze)
        cloud.ai.answer("textract", "StartDocumentAnalysis", textract.start)
        cloud.ai.answer("textract", "GetDocumentAnalysis", textract.get)
        cloud.workers.answer(mended)
        session, bucket = cloud.session(), cloud.bucket("invoices")
        flow = hitl.ReviewFlow(
            name="invoices",
            team=hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")]),
            task=TASK,
            output=f"s3://{bucket}/a2i",
            role_arn=cloud.role_arn,
        )
        flow.ensure(session)
        ask(session, ["s3://invoices/1-1.png", "s3://invoices/4-1.png"])
        run = review(session, flow)
        print(run.wait(timeout=7 * 24 * 3600))
        frame = run.training_frame()
        print(
            frame["label_source"].value_counts().to_dict(),
            "of",
            frame["document"].nunique(),
            "documents",
        )
        first = frame[frame["label_source"] == "human"].iloc[0]
        print(
            first["item_id"],
            first["reason"],
            [(each["key"], each["value"]) for each in first["label"]],
        )
        right = are_right(frame)
        print(f"of {len(right)} pages {sum(right) / len(right):.1%} are right")
        print(len(textract.jobs), "jobs")
