"""Recordings by Amazon Transcribe: the sentences it is not sure of, each as a clip for people to hear."""

# --8<-- [start:imports]
import json
from itertools import islice
from random import Random
from typing import Any

import hitl_sdk as hitl
from hitl_sdk.routing import calibrate, from_transcribe, from_transcripts, predictions_frame

# --8<-- [end:imports]

THINGS, STATES = ("lamp", "chair", "table", "shelf"), ("broken", "late", "wrong", "fine")
MISHEARD = {"lamp": "lamb", "chair": "share", "table": "cable", "shelf": "self"}


def said_in(call: int) -> list[str]:
    """Return what is said in a call, sentence by sentence."""
    rng = Random(call)
    return [f"The {rng.choice(THINGS)} is {rng.choice(STATES)}." for _ in range(12)]


LABELLED = [f"s3://calls/{call}.wav" for call in range(75)]
NEW = [f"s3://calls/{call}.wav" for call in range(75, 100)]


# --8<-- [start:ten_lines]
def review(session: hitl.Session, flow: hitl.ReviewFlow) -> hitl.Run:
    """Calibrate on calls that were written down, then have people hear what is not sure."""
    options: dict[str, Any] = {"output": "s3://calls/transcripts", "language_code": "en-US"}
    known = from_transcribe(session, LABELLED, **options)
    checked = predictions_frame(known).dropna(subset=["label"])  # what failed
    checked["truth"] = [heard in said_in(call_of(clip)) for heard, clip in zip_of(checked)]
    found = calibrate(checked, target_error=0.05)
    print(found)

    predictions = from_transcribe(session, NEW, **options)
    router = hitl.Router(flow=flow, policy=found.policy, session=session, max_reviews=150)
    # Run again under this name, it goes on with this run.
    return router.route(predictions, name="calls-2026-11")


# --8<-- [end:ten_lines]


# --8<-- [start:one]
def one_transcript(session: hitl.Session) -> None:
    """Read a transcript that is there already."""
    recording, transcript = "s3://calls/7.wav", "s3://calls/by-hand/7.json"
    sentences = from_transcripts(session, [recording], [transcript], item_ids=["7"])
    for each in islice(sentences, 3):
        assert isinstance(each, hitl.Prediction)
        print(each.item_id, each.item, each.label, each.confidence)


# --8<-- [end:one]


# --8<-- [start:truth]
def call_of(clip: str) -> int:
    """Return the number of the call that a clip is of."""
    return int(clip.removeprefix("s3://calls/").partition(".wav")[0])


def zip_of(frame: Any) -> Any:
    """Return what was heard in each clip."""
    return zip(frame["label"], frame["item"], strict=True)


# --8<-- [end:truth]


# --8<-- [start:stand-in]
class Transcribe:
    """Answers in Transcribe's place: each job takes a minute, and some words are misheard."""

    def __init__(self, cloud: hitl.testing.Cloud) -> None:
        self._cloud = cloud
        self._jobs: dict[str, Any] = {}
        cloud.ai.answer("transcribe", "StartTranscriptionJob", self.start)
        cloud.ai.answer("transcribe", "GetTranscriptionJob", self.get)

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        """Start a job, and write its transcript."""
        name = request["TranscriptionJobName"]
        if name in self._jobs:
            raise hitl.testing.AiError("ConflictException", "The job exists.")
        self._jobs[name] = request, self._cloud.clock.now()
        transcript = transcript_of(call_of(request["Media"]["MediaFileUri"]))
        self._cloud.session().client("s3").put_object(
            Bucket=request["OutputBucketName"],
            Key=request["OutputKey"],
            Body=json.dumps(transcript).encode(),
        )
        return {"TranscriptionJob": {"TranscriptionJobName": name}}

    # --8<-- [end:stand-in]

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        """Tell how a job stands."""
        asked, since = self._jobs[request["TranscriptionJobName"]]
        done = (self._cloud.clock.now() - since).total_seconds() >= 60
        place = f"{asked['OutputBucketName']}/{asked['OutputKey']}"
        job = {
            "TranscriptionJobName": asked["TranscriptionJobName"],
            "TranscriptionJobStatus": "COMPLETED" if done else "IN_PROGRESS",
            "Media": asked["Media"],
            "Transcript": {"TranscriptFileUri": f"https://s3.us-east-1.amazonaws.com/{place}"},
        }
        return {"TranscriptionJob": job}


def transcript_of(call: int) -> dict[str, Any]:
    """Write a transcript as Transcribe does."""
    rng, now, items = Random(-call - 1), 0.0, []
    for sentence in said_in(call):
        for word in sentence.rstrip(".").split():
            sure = rng.betavariate(12 if word in MISHEARD else 300, 1)
            heard = word if rng.random() < sure else MISHEARD.get(word, word)
            items.append(
                {
                    "type": "pronunciation",
                    "start_time": f"{now:.2f}",
                    "end_time": f"{now + 0.4:.2f}",
                    "alternatives": [{"content": heard, "confidence": f"{sure:.3f}"}],
                }
            )
            now += 0.5
        items.append(
            {"type": "punctuation", "alternatives": [{"content": ".", "confidence": "0.0"}]}
        )
    return {
        "results": {"transcripts": [{"transcript": " ".join(said_in(call))}], "items": items}
    }


def main() -> None:
    """Run the review on the embedded service; people hear what is said."""
    with hitl.testing.mock_hitl() as cloud:
        session = cloud.session()
        cloud.bucket("calls")
        Transcribe(cloud)
        cloud.workers.answer(heard_by_people)
        flow = hitl.ReviewFlow(
            name="calls",
            team=hitl.PrivateTeam(
                name="listeners", members=[hitl.Member(email="ana@example.com")]
            ),
            task=hitl.tasks.TranscriptionReview(name="said", title="Write down what is said"),
            output=f"s3://{cloud.bucket('reviews')}/a2i",
            role_arn=cloud.role_arn,
        )
        flow.ensure(session)
        run = review(session, flow)
        print(run.wait(timeout=7200))
        frame = run.training_frame()
        right = [heard in said_in(call_of(clip)) for heard, clip in zip_of(frame)]
        print(f"of {len(frame)} sentences {sum(right) / len(right):.1%} are right")

        session.client("s3").put_object(
            Bucket="calls", Key="by-hand/7.json", Body=json.dumps(transcript_of(7)).encode()
        )
        one_transcript(session)


def heard_by_people(item: dict[str, Any]) -> dict[str, Any]:
    """Answer a task: the sentence of the call that begins where the clip does."""
    start = float(item["taskObject"].partition("#t=")[2].partition(",")[0])
    number = round((start + 0.25) / 2) if start else 0
    return {"said": said_in(call_of(item["taskObject"]))[number]}


if __name__ == "__main__":
    main()
