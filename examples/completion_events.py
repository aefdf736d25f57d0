"""Know when people have answered without asking again and again: by a queue, a function, a state machine."""

# --8<-- [start:imports]
import io
import json
import zipfile
from pathlib import Path
from threading import Event
from typing import Any

import hitl_sdk as hitl
from hitl_sdk.resources import CompletionRule, LambdaFunction, TaskTokenTable
from hitl_sdk.review import state_machine_definition

# --8<-- [end:imports]

HERE = Path(__file__).parent


# --8<-- [start:queue]
def wait_on_events(
    session: hitl.Session, flow: hitl.ReviewFlow, predictions: list[hitl.Prediction]
) -> hitl.Run:
    """Make a queue for the flow, start a run, and wait for its events."""
    arn = flow.describe(session).arn
    queue = hitl.EventQueue(name="sentiment-ends", flow_definition_arn=arn)
    print(queue.plan(session))
    queue.ensure(session)

    router = hitl.Router(flow=flow, policy=hitl.Threshold(0.9), session=session)
    run = router.route(predictions, name="reviews-2026-11")
    print(run.wait(timeout=7200, events=queue.address))
    return run


# --8<-- [end:queue]


# --8<-- [start:deploy]
def deploy(session: hitl.Session, code: bytes, role_arn: str, flow_arn: str) -> str:
    """Deploy the functions of review_functions.py, and a state machine whose step is a review."""
    TaskTokenTable(name="review-tokens").ensure(session)
    made = {
        name: LambdaFunction(
            name=f"SageMaker-review-{name}",
            code=code,  # on AWS: functions.build_zip("review_functions:start").content
            handler=f"review_functions.{name}",
            runtime="python3.14",
            role_arn=role_arn,
        ).ensure(session)
        for name in ("start", "answer", "told")
    }
    for name in ("answer", "told"):
        CompletionRule(
            name=f"review-{name}",
            function_name=made[name].name,
            flow_definition_arn=flow_arn,
        ).ensure(session)

    definition = state_machine_definition(made["start"].arn, timeout=864_000)
    machine = session.client("stepfunctions").create_state_machine(
        name="review", roleArn=role_arn, definition=json.dumps(definition)
    )
    return machine["stateMachineArn"]


# --8<-- [end:deploy]


# --8<-- [start:execute]
def execute(session: hitl.Session, machine: str, name: str, confidence: float) -> str:
    """Let the machine decide about a prediction; people answer where it is unsure."""
    prediction = {
        "item": f"It is okay, said {name}",
        "label": "1",
        "confidence": confidence,
    }
    return session.client("stepfunctions").start_execution(
        stateMachineArn=machine, name=name, input=json.dumps(prediction)
    )["executionArn"]


# --8<-- [end:execute]


def end_of(cloud: hitl.testing.Cloud, execution: str) -> Any:
    """Let time pass for people, and for moto, which runs machines in threads of their own."""
    client = cloud.session().client("stepfunctions")
    for _ in range(1200):
        said = client.describe_execution(executionArn=execution)
        if said["status"] != "RUNNING":
            return json.loads(said["output"])
        cloud.advance(1)
        Event().wait(0.05)
    raise TimeoutError(execution)


def zipped() -> bytes:
    """Pack the functions alone: what they import is installed where the local service runs them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        opened.write(HERE / "review_functions.py", "review_functions.py")
    return packed.getvalue()


def main() -> None:
    """Run all three on the embedded service, whose workers answer."""
    with hitl.testing.mock_hitl() as cloud:
        session = cloud.session()
        cloud.workers.answer(lambda item: {"sentiment": {"label": "0"}})
        flow = hitl.ReviewFlow(
            name="sentiment",
            team=hitl.PrivateTeam(
                name="readers", members=[hitl.Member(email="ana@example.com")]
            ),
            task=hitl.tasks.TextClassification(
                name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
            ),
            output=f"s3://{cloud.bucket('reviews')}/a2i",
            role_arn=cloud.role_arn,
        )
        arn = flow.ensure(session).arn
        predictions = [
            hitl.Prediction(str(number), f"review {number}", "1", 0.5) for number in range(250)
        ]
        wait_on_events(session, flow, predictions)

        machine = deploy(session, zipped(), cloud.role_arn, arn)
        unsure = execute(session, machine, "ana", 0.54)
        sure = execute(session, machine, "bob", 0.97)
        end = end_of(cloud, unsure)
        print(end["status"], end["answers"][0]["answerContent"])
        print(end_of(cloud, sure))


if __name__ == "__main__":
    main()
