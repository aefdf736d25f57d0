"""The engine of human review: free of moto and of HTTP, with its state in one store.

It owns what AWS's human review owns: workforces, work teams, task UIs, flow definitions, human loops,
labeling jobs, leases, answers, outputs and events. Faces turn to `Engine.call` with requests, people's side to
`open_tasks`, `accept` and `submit`; what leaves the engine leaves through a `Delivery`.

::

    engine      the table of operations, the workers' side, what time does
    workforces, workteams, task_uis, flows, loops      the operations, one file per resource
    built_in    what a call of Rekognition or Textract with HumanLoopConfig starts
    work        seats, leases and answers
    lifecycle   the states of a loop, and every change between them
    jobs, job_rules      the operations of labeling jobs, and what they refuse
    job_work, job_life   the steps of a labeling job, and every change of its state
    job_choosing, job_offering, job_labeling           the steps themselves, in the order of an iteration
    job_input, job_objects, job_functions, job_files   what they read, keep, invoke and write
    automated, streams   machine labels, and objects that come by SNS
    outbox      what is still to be put into S3 and EventBridge
    documents   output.json and the event
    paging, transactions, values, delivery, errors     what these stand on
"""

from hitl_sdk.local.engine.built_in import REQUEST_SOURCES
from hitl_sdk.local.engine.delivery import Delivery, MemoryDelivery, QueueMessage
from hitl_sdk.local.engine.engine import Engine
from hitl_sdk.local.engine.errors import BucketMissing, EngineError, FunctionFailed, TopicMissing
from hitl_sdk.local.engine.values import Lease, OpenTask, Scope, Settings, Worker

__all__ = [
    "REQUEST_SOURCES",
    "BucketMissing",
    "Delivery",
    "Engine",
    "EngineError",
    "FunctionFailed",
    "Lease",
    "MemoryDelivery",
    "OpenTask",
    "QueueMessage",
    "Scope",
    "Settings",
    "TopicMissing",
    "Worker",
]
