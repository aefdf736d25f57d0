"""Predictions from Transcribe: words to sentences, the least sure word, clips; and jobs that are started once."""

import itertools
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk import tasks
from hitl_sdk.errors import (
    AccessDeniedError,
    CredentialsError,
    InvalidInputError,
    InvalidPredictionError,
    NotFoundError,
    QuotaExceededError,
    UnavailableError,
    WaitTimeoutError,
)
from hitl_sdk.routing.sources import transcribe
from hitl_sdk.routing.sources._transcripts import sentences_in
from hitl_sdk.routing.sources.transcribe import from_transcribe, from_transcription_jobs, from_transcripts
from hitl_sdk.session import Session
from hitl_sdk.testing import AiError, mock_hitl

AUDIO = "s3://calls/7.wav"


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        cloud.bucket("calls")
        yield cloud


@pytest.fixture
def session(cloud, one_boto3_session):
    return Session(region_name="us-east-1", boto3_session=one_boto3_session, max_attempts=1)


def word(content, start, end, confidence="0.9", **more):
    """Return an item as Transcribe writes it: numbers as text."""
    said = {"content": content} if confidence is None else {"confidence": confidence, "content": content}
    return {
        "type": "pronunciation",
        "start_time": f"{start:.3f}",
        "end_time": f"{end:.3f}",
        "alternatives": [said],
        **more,
    }


def mark(content, **more):
    return {"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": content}], **more}


def transcript(*items, text="words and words", **results):
    return {
        "jobName": "call-7",
        "accountId": "123456789012",
        "status": "COMPLETED",
        "results": {"transcripts": [{"transcript": text}], "items": list(items), **results},
    }


CALL = transcript(
    word("Good", 0.5, 0.8, "0.99"),
    word("day", 0.8, 1.1, "0.97"),
    mark("."),
    word("It's", 1.4, 1.6, "0.95"),
    word("a", 1.6, 1.7, "0.41"),
    mark(","),
    word("phone", 1.8, 2.2, "0.88"),
    mark("?"),
)


def ask(session, document=CALL, **options):
    return list(from_transcripts(session, [AUDIO], [document], **options))


def test_a_sentence_is_a_prediction_as_sure_as_its_least_sure_word(session):
    first, second = ask(session, item_ids=["7"])

    assert [(each.item_id, each.label) for each in (first, second)] == [
        ("7/1", "Good day."),
        ("7/2", "It's a, phone?"),
    ]
    assert (first.confidence, second.confidence) == (0.97, 0.41)
    assert second.raw["items"] == CALL["results"]["items"][3:]


def test_each_has_its_clip_and_its_times(session):
    first, second = ask(session)

    assert (first.item, second.item) == (f"{AUDIO}#t=0.25,1.35", f"{AUDIO}#t=1.15,2.45")
    assert second.extra == {"recording": AUDIO, "start": 1.4, "end": 2.2, "speaker": None}


def test_a_clip_does_not_begin_before_the_recording(session):
    [prediction] = ask(session, transcript(word("Yes", 0.1, 0.4)), margin=1)

    assert prediction.item == f"{AUDIO}#t=0.00,1.40"


def test_people_hear_the_clip_alone_and_find_its_words(session):
    task = tasks.TranscriptionReview(name="said", title="Write down what is said")
    prediction = ask(session)[0]
    content = task.input(prediction.item, prediction.label)

    assert content == {"taskObject": f"{AUDIO}#t=0.25,1.35", "initialValue": "Good day."}
    assert "{{ clip[0] | grant_read_access }}{% if clip[1] %}#t={{ clip[1] }}{% endif %}" in task.template()


def test_somebody_else_begins_a_sentence_of_their_own(session):
    document = transcript(
        word("Hello", 0.0, 0.4, speaker_label="spk_0"),
        word("Good", 0.5, 0.8, speaker_label="spk_1"),
        word("day", 0.8, 1.1, speaker_label="spk_1"),
        mark(".", speaker_label="spk_1"),
    )
    assert [(each.label, each.extra["speaker"]) for each in ask(session, document)] == [
        ("Hello", "spk_0"),
        ("Good day.", "spk_1"),
    ]


def test_older_transcripts_tell_the_speakers_beside_the_words(session):
    words = [word("Hello", 0.0, 0.4), word("Yes", 0.5, 0.8)]
    segments = [
        {
            "speaker_label": f"spk_{n}",
            "items": [{"start_time": each["start_time"], "speaker_label": f"spk_{n}"}],
        }
        for n, each in enumerate(words)
    ]
    document = transcript(*words, speaker_labels={"speakers": 2, "segments": segments})

    assert [each.extra["speaker"] for each in ask(session, document)] == ["spk_0", "spk_1"]


def test_channels_that_overlap_are_read_each_by_itself(session):
    document = transcript(
        word("How", 0.0, 0.4, channel_label="ch_0"),
        word("Well", 0.2, 0.5, channel_label="ch_1"),
        word("much", 0.4, 0.8, channel_label="ch_0"),
        mark("?", channel_label="ch_0"),
        word("then", 0.9, 1.2, channel_label="ch_1"),
    )
    assert [(each.label, each.extra["speaker"]) for each in ask(session, document)] == [
        ("How much?", "ch_0"),
        ("Well then", "ch_1"),
    ]


@pytest.mark.parametrize(
    "merged", [{}, {"items": []}, {"items": [word("How", 0.0, 0.4), word("Well", 0.2, 0.5)]}]
)
def test_older_transcripts_tell_the_channel_beside_the_words(session, merged):
    channels = [
        {"channel_label": "ch_0", "items": [word("How", 0.0, 0.4), word("much", 0.4, 0.8), mark("?")]},
        {"channel_label": "ch_1", "items": [word("Well", 0.2, 0.5), word("then", 0.9, 1.2)]},
    ]
    document = {"results": {"channel_labels": {"channels": channels, "number_of_channels": 2}, **merged}}

    assert [(each.label, each.extra["speaker"]) for each in ask(session, document)] == [
        ("How much?", "ch_0"),
        ("Well then", "ch_1"),
    ]


def test_a_long_silence_ends_a_sentence_too(session):
    words = [word("one", 0, 1), word("two", 2.9, 3.5), word("three", 5.5, 6)]

    assert [each.label for each in ask(session, transcript(*words))] == ["one two", "three"]
    assert len(ask(session, transcript(*words), pause=1.5)) == 3


def test_words_of_a_language_without_spaces_are_written_without(session):
    document = transcript(word("今日", 0, 1), word("は", 1, 2), mark("。"), text="今日は。")

    assert [each.label for each in ask(session, document)] == ["今日は。"]


def test_a_redacted_word_is_as_sure_as_its_redaction(session):
    redacted = {"content": "[PII]", "redactions": [{"category": "PII", "type": "NAME", "confidence": "0.77"}]}
    document = transcript({**word("x", 0, 1), "alternatives": [redacted]})

    [prediction] = ask(session, document)
    assert (prediction.label, prediction.confidence) == ("[PII]", 0.77)


def test_a_sentence_with_a_word_without_a_confidence_gets_none_invented(session):
    document = transcript(word("Yes", 0, 1), mark("."), word("No", 1, 2, None), mark("."))
    good, bad = ask(session, document)

    assert good.label == "Yes."
    assert isinstance(bad.error, InvalidPredictionError)
    assert (bad.item_id, bad.item) == ("0/2", f"{AUDIO}#t=0.75,2.25")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["word", "mark", "stop"]), st.floats(0, 1), st.floats(0, 5), st.sampled_from("ab")
        ),
        max_size=20,
    )
)
def test_no_word_is_lost_and_each_sentence_is_as_sure_as_its_least_sure_word(drawn):
    items, now = [], 0.0
    for number, (kind, confidence, gap, speaker) in enumerate(drawn):
        if kind == "word":
            now += gap
            items.append(word(f"w{number}", now, now + 0.5, repr(confidence), speaker_label=speaker))
            now += 0.5
        else:
            items.append(mark("," if kind == "mark" else "."))
    sentences = sentences_in(transcript(*items), pause=2.0)

    said = [item for sentence in sentences for item in sentence.items if item["type"] == "pronunciation"]
    assert said == [item for item in items if item["type"] == "pronunciation"]
    for sentence in sentences:
        words = [item for item in sentence.items if item["type"] == "pronunciation"]
        assert sentence.confidence == min(float(each["alternatives"][0]["confidence"]) for each in words)
        assert len({each["speaker_label"] for each in words}) == 1


def put(key, document):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    boto3.client("s3").put_object(Bucket="calls", Key=key, Body=body)
    return f"s3://calls/{key}"


def test_transcripts_are_read_from_s3_one_that_can_t_be_is_that_recording_s_outcome(session):
    places = [
        put("said/1.json", CALL),
        "s3://calls/said/gone.json",
        put("said/3.json", b"{"),
        put("said/4.json", {"results": {}}),
        put("said/5.json", transcript()),
        "7.json",
        put("said/7.json", CALL),
    ]
    items = [f"s3://calls/{number}.wav" for number in range(1, 8)]
    outcomes = list(from_transcripts(session, items, places, item_ids=range(1, 8)))

    assert [outcome.item_id for outcome in outcomes] == ["1/1", "1/2", "2", "3", "4", "5", "6", "7/1", "7/2"]
    errors = [outcome.error for outcome in outcomes if hasattr(outcome, "error")]
    assert isinstance(errors[0], NotFoundError)
    assert "JSONDecodeError" in errors[1].message
    assert "KeyError: 'items'" in errors[2].message
    assert "its transcript has no words" in errors[3].message
    assert "no S3 address" in errors[4].message


def test_a_transcript_as_text_is_refused_without_a_word_of_it(session):
    [outcome] = ask(session, json.dumps(CALL))

    assert "give it parsed" in outcome.error.hint
    assert "phone" not in str(outcome.error)


def test_a_bucket_that_may_not_be_read_is_raised(session, watched):
    watched(session, ("s3",)).fail("GetObject", ("AccessDenied", 403))
    with pytest.raises(AccessDeniedError):
        ask(session, "s3://calls/1.json")


@pytest.mark.parametrize(
    "options",
    [
        {"pause": 0},
        {"pause": "2"},
        {"margin": -1},
        {"margin": float("inf")},
        {"margin": None},
        {"concurrency": 0},
        {"item_ids": ["a", "b"]},
    ],
)
def test_what_can_t_work_is_refused_before_anything_is_read(session, options):
    with pytest.raises(InvalidInputError):
        from_transcripts(session, [AUDIO], [CALL], **options)


class Jobs:
    """Transcribe, as far as its jobs go: each takes a while, and writes its transcript to S3."""

    def __init__(self, cloud) -> None:
        self.cloud = cloud
        self.started = {}
        self.seconds = 90
        self.failed = {}
        cloud.ai.answer("transcribe", "StartTranscriptionJob", self.start)
        cloud.ai.answer("transcribe", "GetTranscriptionJob", self.get)

    def start(self, request):
        name = request["TranscriptionJobName"]
        if name in self.started:
            raise AiError("ConflictException", "The requested job name already exists.")
        self.started[name] = request, self.cloud.clock.now()
        return {"TranscriptionJob": {"TranscriptionJobName": name, "TranscriptionJobStatus": "IN_PROGRESS"}}

    def get(self, request):
        name = request["TranscriptionJobName"]
        if name not in self.started:
            raise AiError("NotFoundException", "The requested job couldn't be found.")
        asked, since = self.started[name]
        audio = asked["Media"]["MediaFileUri"]
        job = {
            "TranscriptionJobName": name,
            "TranscriptionJobStatus": "IN_PROGRESS",
            "Media": {"MediaFileUri": audio},
        }
        if (self.cloud.clock.now() - since).total_seconds() < self.seconds:
            return {"TranscriptionJob": job}
        if audio in self.failed:
            failed = {**job, "TranscriptionJobStatus": "FAILED", "FailureReason": self.failed[audio]}
            return {"TranscriptionJob": failed}
        bucket, key = asked.get("OutputBucketName", "calls"), asked.get("OutputKey", f"{name}.json")
        put(key, CALL)
        uri = f"https://s3.us-east-1.amazonaws.com/{bucket}/{key}"
        done = {**job, "TranscriptionJobStatus": "COMPLETED", "Transcript": {"TranscriptFileUri": uri}}
        return {"TranscriptionJob": done}


@pytest.fixture
def jobs(cloud):
    return Jobs(cloud)


def start(session, items=(AUDIO,), **options):
    return list(from_transcribe(session, items, **{"output": "s3://calls/said", **options}))


def test_a_recording_is_transcribed_and_its_sentences_are_predictions(session, jobs):
    request = {"Settings": {"ShowSpeakerLabels": True, "MaxSpeakerLabels": 2}}
    outcomes = start(session, item_ids=["7"], language_code="en-US", request=request)

    assert [(each.item_id, each.label) for each in outcomes] == [
        ("7/1", "Good day."),
        ("7/2", "It's a, phone?"),
    ]
    [(asked, _)] = jobs.started.values()
    assert (asked["LanguageCode"], asked["Media"]) == ("en-US", {"MediaFileUri": AUDIO})
    assert asked["OutputKey"] == f"said/{asked['TranscriptionJobName']}.json"
    assert asked["Settings"] == request["Settings"]


def test_asking_again_finds_the_job_and_pays_for_nothing_twice(session, jobs):
    first = start(session)

    assert start(session) == first
    assert len(jobs.started) == 1


def test_another_recording_under_the_address_or_another_request_is_another_job(session, jobs):
    put("7.wav", b"one")
    start(session)
    put("7.wav", b"two")
    start(session)
    start(session, language_code="de-DE")

    assert len(jobs.started) == 3


@pytest.mark.parametrize(
    ("options", "language"),
    [
        ({}, {"IdentifyLanguage": True}),
        ({"request": {"LanguageCode": "fr-FR"}}, {"LanguageCode": "fr-FR"}),
        ({"request": {"IdentifyMultipleLanguages": True}}, {"IdentifyMultipleLanguages": True}),
        ({"language_code": "fr-FR"}, {"LanguageCode": "fr-FR"}),
    ],
)
def test_the_language_is_said_in_one_way_for_a_job_with_two_fails(session, jobs, options, language):
    start(session, **options)
    [(asked, _)] = jobs.started.values()
    ways = ("LanguageCode", "IdentifyLanguage", "IdentifyMultipleLanguages")

    assert {name: asked[name] for name in ways if name in asked} == language


def test_an_expired_session_is_raised_though_s3_tells_no_more_than_400(cloud, session, jobs, watched):
    def expired(request):
        raise AiError("ExpiredTokenException", "The security token is expired")

    watched(session, ("s3",)).fail("HeadObject", ("400", 400))
    cloud.ai.answer("transcribe", "StartTranscriptionJob", expired)

    with pytest.raises(CredentialsError):
        start(session)


def test_a_killed_start_is_found_again(session, jobs, watched):
    calls = watched(session, ("transcribe",))
    calls.fail("GetTranscriptionJob", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        start(session, concurrency=1)
    calls.heal()

    assert len(start(session)) == 2
    assert len(jobs.started) == 1


def test_a_recording_that_fails_is_its_own_outcome_with_the_reason_and_the_cure(session, jobs):
    jobs.failed["s3://calls/2.wav"] = "The file is no sound."
    items = [f"s3://calls/{number}.wav" for number in (1, 2, 3)]
    outcomes = start(session, items)

    assert [outcome.item_id for outcome in outcomes] == ["0/1", "0/2", "1", "2/1", "2/2"]
    assert "Transcribe failed: The file is no sound." in outcomes[2].error.message
    assert "delete the job hitl-" in outcomes[2].error.hint
    assert outcomes[2].raw["TranscriptionJobStatus"] == "FAILED"


def test_a_recording_that_takes_too_long_is_its_own_outcome_and_its_job_goes_on(session, jobs):
    jobs.seconds = 7200
    [outcome] = start(session, timeout=600)

    assert isinstance(outcome.error, WaitTimeoutError)
    jobs.cloud.advance(7200)
    assert len(start(session, timeout=600)) == 2


def test_a_service_that_is_down_while_a_job_runs_is_waited_out(cloud, session, jobs):
    calls = itertools.count()

    def now_and_then(request):
        if next(calls) % 2 == 0:
            raise AiError("InternalFailureException", "not now")
        return jobs.get(request)

    cloud.ai.answer("transcribe", "GetTranscriptionJob", now_and_then)

    assert len(start(session)) == 2


@pytest.mark.parametrize(
    ("code", "error"),
    [("LimitExceededException", QuotaExceededError), ("InternalFailureException", UnavailableError)],
)
def test_a_start_that_is_refused_for_now_is_that_recording_s_outcome(cloud, session, jobs, code, error):
    def full(request):
        if request["Media"]["MediaFileUri"].endswith("2.wav"):
            raise AiError(code, "not now")
        return jobs.start(request)

    cloud.ai.answer("transcribe", "StartTranscriptionJob", full)
    outcomes = start(session, [f"s3://calls/{number}.wav" for number in (1, 2, 3)])

    assert [outcome.item_id for outcome in outcomes if hasattr(outcome, "error")] == ["1"]
    assert isinstance(outcomes[2].error, error)


def test_a_recording_of_which_s3_does_not_tell_for_now_is_not_paid_for_twice(session, jobs, watched):
    start(session, [AUDIO])
    watched(session, ("s3",)).fail("HeadObject", ("ServiceUnavailable", 503))
    [outcome] = start(session, [AUDIO])

    assert isinstance(outcome.error, UnavailableError)
    assert len(jobs.started) == 1


def test_a_network_that_fails_while_a_job_runs_is_waited_out(session, jobs, watched):
    fault = EndpointConnectionError(endpoint_url="https://example.com")
    watched(session, ("transcribe",)).fail("GetTranscriptionJob", fault, when=lambda _, number: number == 1)

    assert len(start(session)) == 2


@pytest.mark.parametrize(
    "options",
    [
        {"output": "said"},
        {"timeout": 0},
        {"timeout": "1 h"},
        {"pause": -1},
        {"request": {"Media": {}}},
        {"request": {"Setting": {}}},
        {"language_code": "en-US", "request": {"IdentifyLanguage": True}},
    ],
)
def test_what_can_t_work_is_refused_before_anything_is_started(session, jobs, options):
    with pytest.raises(InvalidInputError):
        from_transcribe(session, [AUDIO], **{"output": "s3://calls/said", **options})
    assert jobs.started == {}


def test_jobs_of_yours_are_read_by_their_names_and_waited_for(session, jobs):
    transcriber = boto3.client("transcribe")
    for number in (1, 2):
        transcriber.start_transcription_job(
            TranscriptionJobName=f"call-{number}",
            LanguageCode="en-US",
            Media={"MediaFileUri": f"s3://calls/{number}.wav"},
        )
    outcomes = list(from_transcription_jobs(session, ["call-1", "gone", "call-2"]))

    assert [outcome.item_id for outcome in outcomes] == [
        "call-1/1",
        "call-1/2",
        "gone",
        "call-2/1",
        "call-2/2",
    ]
    assert outcomes[0].extra["recording"] == "s3://calls/1.wav"
    assert "there is no transcription job 'gone'" in outcomes[2].error.message


def test_who_closes_the_stream_does_not_wait_for_jobs_that_run(cloud, session):
    def get(request):
        status = "FAILED" if request["TranscriptionJobName"] == "call-1" else "IN_PROGRESS"
        return {"TranscriptionJob": {"TranscriptionJobStatus": status}}

    cloud.ai.answer("transcribe", "GetTranscriptionJob", get)
    stream = from_transcription_jobs(session, ["call-1", "call-2"], timeout=1e12, concurrency=2)

    assert next(stream).item_id == "call-1"
    stream.close()


def test_a_job_that_names_no_recording_is_read_under_its_own_name(cloud, session, jobs):
    cloud.ai.answer(
        "transcribe",
        "GetTranscriptionJob",
        lambda request: {"TranscriptionJob": {"TranscriptionJobStatus": "FAILED"}},
    )
    [outcome] = from_transcription_jobs(session, ["call-1"])

    assert (outcome.item_id, outcome.item) == ("call-1", "call-1")


@pytest.fixture
def website():
    """Serve transcripts as Transcribe's own bucket does, whose addresses are signed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = {"/right.json": 200, "/down.json": 503}.get(self.path.partition("?")[0], 403)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(CALL).encode())

        def log_message(self, *_) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_transcript_in_transcribe_s_own_bucket_is_read_by_its_signed_address(website):
    assert json.loads(transcribe._downloaded(f"{website}/right.json?X-Amz-Signature=secret")) == CALL


@pytest.mark.parametrize(("path", "error"), [("expired", NotFoundError), ("down", UnavailableError)])
def test_an_address_that_answers_no_more_is_told_without_its_signature(website, path, error):
    with pytest.raises(error) as refused:
        transcribe._downloaded(f"{website}/{path}.json?X-Amz-Signature=secret")
    assert "secret" not in str(refused.value)


def test_a_network_that_fails_is_told_without_the_signature():
    with pytest.raises(UnavailableError) as refused:
        transcribe._downloaded("http://127.0.0.1:1/right.json?X-Amz-Signature=secret")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ("s3://calls/a%20b.json", "s3://calls/a%20b.json"),
        ("https://s3.eu-west-1.amazonaws.com/calls/said/a%20b.json", "s3://calls/said/a b.json"),
        ("https://s3.eu-west-1.amazonaws.com/aws-transcribe-eu-west-1-prod/a.json?X-Amz-Signature=x", None),
        ("https://example.com/a.json", None),
    ],
)
def test_which_addresses_are_of_buckets_of_one_s_own(place, address):
    assert transcribe._s3_address(place) == address
