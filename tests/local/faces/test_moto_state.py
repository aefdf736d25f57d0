"""What moto holds, kept in a file and put back: in this process, and across the death of a server."""

import io
import json
import os
import signal
import stat
import threading
import zipfile
from contextlib import contextmanager
from queue import Queue

import boto3
import moto
import pytest
from joserfc import jwt
from moto import mock_aws

import hitl_sdk as hitl
from hitl_sdk._waiting import wait_until
from hitl_sdk.errors import ConfigurationError
from hitl_sdk.local.lambdas import Lambdas
from hitl_sdk.local.moto_services import MotoServices
from hitl_sdk.local.moto_state import FILE_NAME, MotoState
from hitl_sdk.testing import local_server

REGION = "eu-west-1"


@pytest.fixture
def file(tmp_path):
    return tmp_path / FILE_NAME


@contextmanager
def moto_kept_in(file):
    """Let moto begin empty, and find and leave its state in the file."""
    with mock_aws(), MotoState(file).kept() as state:
        yield state
        state.changed = True


def client(service):
    return boto3.client(service, REGION, aws_access_key_id="key", aws_secret_access_key="secret")


def make_bucket(name="reviews"):
    client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})


def test_objects_are_put_back(file):
    with moto_kept_in(file):
        make_bucket()
        client("s3").put_object(Bucket="reviews", Key="a", Body=b"\x00\xff", Metadata={"by": "me"})

    with moto_kept_in(file):
        found = client("s3").get_object(Bucket="reviews", Key="a")
        assert (found["Body"].read(), found["Metadata"]) == (b"\x00\xff", {"by": "me"})


def test_a_bucket_that_was_put_back_keeps_its_name_to_itself(file):
    with moto_kept_in(file):
        make_bucket()

    with moto_kept_in(file), pytest.raises(client("s3").exceptions.BucketAlreadyOwnedByYou):
        make_bucket()


def test_a_user_signs_in_after_as_before(file):
    with moto_kept_in(file):
        cognito = client("cognito-idp")
        pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
        app = cognito.create_user_pool_client(
            UserPoolId=pool, ClientName="portal", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        cognito.admin_create_user(UserPoolId=pool, Username="ana")
        cognito.admin_set_user_password(UserPoolId=pool, Username="ana", Password="Secret-1", Permanent=True)

    with moto_kept_in(file):
        signed_in = client("cognito-idp").admin_initiate_auth(
            UserPoolId=pool,
            ClientId=app,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ana", "PASSWORD": "Secret-1"},
        )["AuthenticationResult"]
        key = moto.backends.get_backend("cognitoidp")[moto.core.DEFAULT_ACCOUNT_ID][REGION].user_pools[pool]
        token = jwt.decode(signed_in["IdToken"], key.json_web_key)
        assert token.claims["cognito:username"] == "ana"


def test_an_event_still_reaches_the_queue_of_its_rule(file):
    with moto_kept_in(file):
        queue = client("sqs").create_queue(QueueName="ends")["QueueUrl"]
        client("sqs").send_message(QueueUrl=queue, MessageBody="before")
        client("events").put_rule(Name="ends", EventPattern=json.dumps({"source": ["reviews"]}))
        arn = f"arn:aws:sqs:{REGION}:{moto.core.DEFAULT_ACCOUNT_ID}:ends"
        client("events").put_targets(Rule="ends", Targets=[{"Id": "queue", "Arn": arn}])

    with moto_kept_in(file):
        entry = {"Source": "reviews", "DetailType": "end", "Detail": "{}"}
        client("events").put_events(Entries=[entry])
        bodies = [
            message["Body"]
            for message in client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        ]
    assert bodies[0] == "before"
    assert json.loads(bodies[1])["source"] == "reviews"


def test_roles_topics_and_tables_are_put_back(file):
    key = {"AttributeName": "id", "AttributeType": "S"}
    with moto_kept_in(file):
        client("iam").create_role(RoleName="review", AssumeRolePolicyDocument="{}")
        topic = client("sns").create_topic(Name="ends")["TopicArn"]
        client("dynamodb").create_table(
            TableName="items",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[key],
            BillingMode="PAY_PER_REQUEST",
        )
        client("dynamodb").put_item(TableName="items", Item={"id": {"S": "1"}})

    with moto_kept_in(file):
        assert client("iam").get_role(RoleName="review")["Role"]["RoleName"] == "review"
        assert client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["TopicArn"] == topic
        assert client("dynamodb").scan(TableName="items")["Items"] == [{"id": {"S": "1"}}]


def test_a_function_runs_after_as_before(file):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        opened.writestr("main.py", "def handler(event, context): return event")
    with moto_kept_in(file):
        role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        arn = client("lambda").create_function(
            FunctionName="echo",
            Runtime="python3.14",
            Role=role,
            Handler="main.handler",
            Code={"ZipFile": packed.getvalue()},
        )["FunctionArn"]

    with moto_kept_in(file), Lambdas(MotoServices()).at_work():
        answer = client("lambda").invoke(FunctionName=arn, Payload=b"[1]")

    assert answer["Payload"].read() == b"[1]"


def test_a_queue_is_saved_while_somebody_waits_at_it(file):
    with mock_aws(), MotoState(file).kept() as state:
        queue = client("sqs").create_queue(QueueName="ends")["QueueUrl"]
        backend = moto.backends.get_backend("sqs")[moto.core.DEFAULT_ACCOUNT_ID][REGION]
        lock = backend.get_queue("ends")._messages_lock
        waits, messages = threading.Event(), Queue()

        def wait():
            with lock:
                waits.set()
                messages.put(lock.wait(20))

        thread = threading.Thread(target=wait)
        thread.start()
        waits.wait(5)
        with lock:  # given back by who waits
            pass
        state.changed = True
        state.save()
        with lock:
            lock.notify()
        thread.join(5)

    assert messages.get() is True
    with moto_kept_in(file):
        assert client("sqs").list_queues()["QueueUrls"] == [queue]


def test_the_file_is_its_owner_s_alone(file):
    with moto_kept_in(file):
        make_bucket()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == [FILE_NAME]


def test_what_has_not_changed_is_not_written(file):
    with mock_aws(), MotoState(file).kept():
        pass

    assert not file.exists()


def test_a_file_stays_whole_when_it_can_t_be_written_anew(file, monkeypatch):
    with moto_kept_in(file):
        make_bucket()
    before = file.read_bytes()

    def fail(_):
        raise OSError("no space left")

    with mock_aws():
        state = MotoState(file)
        with state.changing():
            make_bucket("another")
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="no space left"):
            state.save()

    assert file.read_bytes() == before
    assert state.changed


@pytest.mark.parametrize("header", [{"moto": "1.2.3"}, {"format": 99}])
def test_a_file_of_another_version_is_refused_and_left_alone(file, header):
    with moto_kept_in(file):
        make_bucket()
    head, _, rest = file.read_bytes().partition(b"\n")
    file.write_bytes(json.dumps({**json.loads(head), **header}).encode() + b"\n" + rest)
    before = file.read_bytes()

    with mock_aws(), pytest.raises(ConfigurationError) as caught, MotoState(file).kept():
        pass

    for told in (str(file), str(next(iter(header.values()))), moto.__version__):
        assert told in caught.value.message
    assert "move the file away" in caught.value.hint
    assert file.read_bytes() == before


@pytest.mark.parametrize("keep", [0, 1, 20, -1])
def test_a_file_that_was_cut_off_is_refused(file, keep):
    with moto_kept_in(file):
        make_bucket()
    file.write_bytes(file.read_bytes()[:keep])

    with mock_aws(), pytest.raises(ConfigurationError, match="is damaged"):
        MotoState(file).restore()


PREDICTIONS = [
    hitl.Prediction(item_id="1", item="I enjoy this", label="good", confidence=0.95),
    hitl.Prediction(item_id="2", item="It is okay", label="good", confidence=0.4),
    hitl.Prediction(item_id="3", item="I am unhappy", label="bad", confidence=0.5),
]


def team():
    return hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")])


def review(session):
    """Provision what is missing, and have the predictions reviewed."""
    session.client("s3").head_bucket(Bucket="reviews")
    flow = hitl.ReviewFlow(
        name="sentiment",
        team=team(),
        task=hitl.tasks.TextClassification(name="sentiment", labels=["good", "bad"], title="Good or bad?"),
        output="s3://reviews/a2i",
        role_arn="arn:aws:iam::123456789012:role/review",
    )
    flow.ensure(session)
    run = hitl.Router(flow=flow, policy=hitl.Threshold(0.9), session=session, progress=False).route(
        PREDICTIONS
    )
    run.wait(timeout=30)
    return run


def first_life(server):
    session = server.session()
    session.client("s3").create_bucket(Bucket="reviews")
    return review(session).training_frame()


def second_life(server):
    """Return what a second run finds: all of it there, with loops of the first run's hours."""
    session = server.session()
    assert team().plan(session).is_empty
    return review(session).training_frame()


def test_all_is_there_again_after_a_stop(tmp_path):
    with local_server(data=tmp_path) as server:
        before = first_life(server)

    with local_server(data=tmp_path) as server:
        after = second_life(server)

    assert after.created_at.notna().any()
    assert after.equals(before)


def test_all_that_was_saved_is_there_again_after_a_kill(tmp_path):
    with local_server(data=tmp_path) as server:
        before = first_life(server)
        server.session().client("s3").create_bucket(Bucket="the-last-change")
        wait_until(
            lambda: (tmp_path / FILE_NAME).exists() and (tmp_path / FILE_NAME).read_bytes(),
            lambda state: state and b"the-last-change" in state,
            timeout=20,
            what="the periodic save",
        )
        os.kill(server.pid, signal.SIGKILL)

    with local_server(data=tmp_path) as server:
        after = second_life(server)

    assert after.created_at.notna().any()
    assert after.equals(before)


def test_outputs_are_there_again_even_if_nothing_was_saved(tmp_path):
    with local_server(data=tmp_path) as server:
        s3 = server.session().client("s3")
        first_life(server)
        before = bodies(s3)
        os.kill(server.pid, signal.SIGKILL)
    (tmp_path / FILE_NAME).unlink(missing_ok=True)

    with local_server(data=tmp_path) as server:
        after = bodies(server.session().client("s3"))

    assert len(after) == 2
    assert after == before


def bodies(s3):
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket="reviews")["Contents"]]
    return {key: s3.get_object(Bucket="reviews", Key=key)["Body"].read() for key in keys}
