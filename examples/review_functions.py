"""Functions that start human loops for a state machine, and that are told of their ends. Lambda gets this file."""

# --8<-- [start:imports]
import hitl_sdk as hitl
from hitl_sdk import functions
from hitl_sdk.review import start_handler

# --8<-- [end:imports]

task = hitl.tasks.TextClassification(
    name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
)


# --8<-- [start:told]
@functions.completion_handler
def told(event: functions.HumanLoopEvent) -> None:
    """Do something with a loop that has ended."""
    print(f"{event.human_loop_name[:12]}... {event.status}: {event.failure_reason or 'fine'}")


# --8<-- [end:told]


# --8<-- [start:step]
# called by the state machine, with the token of its step
start = start_handler(
    task=task, flow="sentiment", table="review-tokens", policy=hitl.Threshold(0.9)
)

# called by EventBridge when a loop has ended; answers every execution that waits for it
answer = functions.task_token_handler(table="review-tokens")
# --8<-- [end:step]


if __name__ == "__main__":
    print(sorted(name for name in ("answer", "start", "told") if callable(globals()[name])))
