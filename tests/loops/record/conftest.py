"""Each kind of store, opened as often as a test likes: every store sees what the others have written."""

from datetime import UTC, datetime
from itertools import count

import pytest

from hitl_sdk import Session
from hitl_sdk.loops import ensure_table
from hitl_sdk.loops.record import RecordedItem, RecordedLoop, RunHeader, open_record
from hitl_sdk.testing import mock_hitl

FLOW = "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/sentiment"
KINDS = ("memory", "file", "dynamodb", "s3")
_numbers = count(1)


def header(name: str = "march", **changes) -> RunHeader:
    fields = {
        "name": name,
        "flow_definition_arn": FLOW,
        "task": '{"name": "sentiment"}',
        "policy": "{}",
        "settings": '{"max_reviews": 3}',
        "created_at": datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
    }
    return RunHeader(**fields | changes)


class Stores:
    """One place where runs are kept."""

    flow = FLOW

    def __init__(self, address: str, session: Session) -> None:
        self.address = address
        self.session = session
        self._opened = [open_record(address, session=session)]  # memory lasts as long as somebody has it open

    def open(self):
        """Return a store that knows nothing but what lies there, as after a restart."""
        self._opened.append(open_record(self.address, session=self.session))
        return self._opened[-1]

    def close(self) -> None:
        for store in self._opened:
            store.close()

    def header(self, name: str = "march", **changes) -> RunHeader:
        return header(name, **changes)

    def item(self, number: int, loop: int | None = None) -> RecordedItem:
        name = None if loop is None else f"loop-{loop}"
        return RecordedItem(
            f"item-{number}", f"Größe {number}", '"1"', 0.54, "review", "0.54 < 0.90", human_loop_name=name
        )

    def loop(self, number: int, **changes) -> RecordedLoop:
        return RecordedLoop(f"loop-{number}", FLOW, f'{{"taskObject": "Größe {number}"}}', **changes)

    def run(self, n_loops: int = 0, name: str = "march"):
        """Return a run with so many items, each with a loop of its own."""
        run = self.open().create(self.header(name))
        run.add_items([self.item(n, n) for n in range(n_loops)], [self.loop(n) for n in range(n_loops)])
        return run


@pytest.fixture
def make_stores(one_boto3_session, tmp_path):
    made = []

    def make(kind: str) -> Stores:
        session = Session(region_name="us-east-1", boto3_session=one_boto3_session)
        name = f"runs-{next(_numbers)}"
        if kind == "dynamodb":
            ensure_table(session, name)
        if kind == "s3":
            session.client("s3").create_bucket(Bucket=name)
        addresses = {
            "memory": f"sqlite://{name}",
            "file": f"sqlite:///{tmp_path}/{name}.sqlite3",
            "dynamodb": f"dynamodb://{name}",
            "s3": f"s3://{name}/hitl",
        }
        made.append(Stores(addresses[kind], session))
        return made[-1]

    with mock_hitl():
        yield make
        for stores in made:
            stores.close()


@pytest.fixture(params=KINDS)
def stores(request, make_stores) -> Stores:
    return make_stores(request.param)


@pytest.fixture
def make_header():
    return header
