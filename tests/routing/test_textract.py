"""Predictions from Textract: forms on one page and in documents of many, as fields with their confidences."""

import threading

import pytest

from hitl_sdk import tasks
from hitl_sdk.errors import (
    AccessDeniedError,
    CredentialsError,
    InvalidInputError,
    RejectedError,
    UnavailableError,
    WaitTimeoutError,
)
from hitl_sdk.labels import FormField
from hitl_sdk.routing import InvalidPrediction, Prediction, from_textract, from_textract_documents
from hitl_sdk.routing._responses import inferences_in
from hitl_sdk.session import Session
from hitl_sdk.testing import AiError, mock_hitl

from .ai_responses import Field, document, page_blocks

PAGE = "s3://forms/1.png"
PDF = "s3://forms/1.pdf"
FORM = [Field("Invoice No", "17 B", 97.0, 98.5), Field("Due date:", "3 Nay", 91.0, 64.0)]


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        cloud.bucket("forms")
        yield cloud


@pytest.fixture
def session(cloud, one_boto3_session):
    return Session(region_name="us-east-1", boto3_session=one_boto3_session, max_attempts=1)


def answering(cloud, response):
    requests = []
    cloud.ai.answer("textract", "AnalyzeDocument", lambda request: requests.append(request) or response)
    return requests


class Jobs:
    """Textract's jobs: started once a token, in progress for some looks, then a result in pages of blocks."""

    def __init__(self, cloud, result, *, looks=0, page_size=1000):
        self.started, self.asked = [], []
        self._result, self._looks, self._size = result, looks, page_size
        self._lock = threading.Lock()
        cloud.ai.answer("textract", "StartDocumentAnalysis", self.start)
        cloud.ai.answer("textract", "GetDocumentAnalysis", self.get)

    def start(self, request):
        with self._lock:
            self.started.append(request)
        return {"JobId": request["ClientRequestToken"]}

    def get(self, request):
        with self._lock:
            self.asked.append(request)
            if self._looks:
                self._looks -= 1
                return {"JobStatus": "IN_PROGRESS"}
        start = int(request.get("NextToken", 0))
        blocks = self._result.get("Blocks", [])
        more = {"NextToken": str(start + self._size)} if start + self._size < len(blocks) else {}
        return {
            "JobStatus": "SUCCEEDED",
            **self._result,
            "Blocks": blocks[start : start + self._size],
            **more,
        }


# One page


def test_a_field_is_as_sure_as_its_least_sure_block_and_the_page_as_its_least_sure_field(cloud, session):
    response = document(FORM)
    requests = answering(cloud, response)

    [prediction] = from_textract(session, [PAGE], item_ids=["one"])

    assert prediction.label == (FormField("Invoice No", "17 B", 0.97), FormField("Due date:", "3 Nay", 0.64))
    assert prediction.scores == {"Invoice No": 0.97, "Due date:": 0.64}
    assert prediction.confidence == 0.64
    assert prediction.raw == response
    assert requests == [
        {"Document": {"S3Object": {"Bucket": "forms", "Name": "1.png"}}, "FeatureTypes": ["FORMS"]}
    ]


def test_the_prediction_fits_the_task_of_forms(cloud, session):
    answering(cloud, document(FORM))
    task = tasks.TextractForms(name="invoice", title="Mend the fields", keys={"Due date": ["Due date:"]})

    [prediction] = from_textract(session, [PAGE], keys=task.keys)

    assert task.normalise_label(prediction.label) == (FormField("Due date:", "3 Nay", 0.64),)
    assert prediction.scores == {"Due date": 0.64}
    shown = task.input(PAGE, prediction.label)["initialValue"]
    assert [block["text"] for block in shown] == ["Due date:", "3 Nay"]


def test_a_box_to_tick_has_its_state_as_value(cloud, session):
    answering(cloud, document([Field("Paid", "SELECTED"), Field("Void", "NOT_SELECTED")]))

    [prediction] = from_textract(session, [PAGE])

    assert [(field.key, field.value) for field in prediction.label] == [
        ("Paid", "SELECTED"),
        ("Void", "NOT_SELECTED"),
    ]


def test_an_empty_field_has_an_empty_value(cloud, session):
    answering(cloud, document([Field("Signed", "")]))

    [prediction] = from_textract(session, [PAGE])

    assert prediction.label == (FormField("Signed", "", 0.95),)


def test_of_a_key_that_stands_twice_the_less_sure_one_counts(cloud, session):
    answering(cloud, document([Field("Date", "1 May", 95.0), Field("Date", "2 May", 71.0)]))

    [prediction] = from_textract(session, [PAGE])

    assert prediction.scores == {"Date": 0.71}
    assert len(prediction.label) == 2


def test_a_key_that_was_not_found_counts_nothing(cloud, session):
    answering(cloud, document(FORM))

    [prediction] = from_textract(session, [PAGE], keys=["Invoice No", "Total"])

    assert prediction.confidence == 0.0
    assert [field.key for field in prediction.label] == ["Invoice No"]
    assert prediction.scores == {"Invoice No": 0.97}


def test_a_page_without_fields_is_no_prediction(cloud, session):
    answering(cloud, document([]))

    [outcome] = from_textract(session, [PAGE])

    assert isinstance(outcome, InvalidPrediction)
    assert "Textract found no field of a form" in str(outcome.error)
    assert outcome.raw == document([])


def test_a_field_without_a_confidence_is_not_given_one(cloud, session):
    blocks = page_blocks([Field("Paid", "")])
    for block in blocks:
        block.pop("Confidence", None)
    answering(cloud, {"Blocks": blocks})

    [outcome] = from_textract(session, [PAGE])

    assert "gave no confidence for 'Paid'" in str(outcome.error)


def test_other_features_and_contents_of_ones_own_are_passed_on(cloud, session):
    requests = answering(cloud, document(FORM))

    list(from_textract(session, [PAGE], contents=[b"page"], request={"FeatureTypes": ["FORMS", "TABLES"]}))

    assert requests == [{"Document": {"Bytes": b"page"}, "FeatureTypes": ["FORMS", "TABLES"]}]


def test_a_page_that_textract_refuses_keeps_its_place(cloud, session):
    def refuse(request):
        raise AiError("UnsupportedDocumentException", "no picture")

    cloud.ai.answer("textract", "AnalyzeDocument", refuse)

    [outcome] = from_textract(session, [PAGE])

    assert isinstance(outcome.error, RejectedError)


@pytest.mark.parametrize(
    "keys",
    ["Total", [], [""], {"Total": [""]}, [3], {"Total": "Sum"}, {"Total": None}, {"A": ["B"], "B": ["A"]}],
)
def test_keys_that_name_nothing_are_refused(session, keys):
    with pytest.raises(InvalidInputError, match="keys="):
        from_textract(session, [PAGE], keys=keys)


# Documents of many pages


def test_a_document_is_waited_for_and_read_to_its_last_block(cloud, session):
    whole = document(FORM, [Field("Total", "9.50", 88.0)])
    jobs = Jobs(cloud, whole, looks=5, page_size=7)

    [prediction] = from_textract_documents(session, [PDF])

    assert [field.key for field in prediction.label] == ["Invoice No", "Due date:", "Total"]
    assert prediction.confidence == 0.64
    assert prediction.raw == {"JobStatus": "SUCCEEDED", **whole}
    assert jobs.started[0]["DocumentLocation"] == {"S3Object": {"Bucket": "forms", "Name": "1.pdf"}}
    assert len(jobs.asked) == 5 + -(-len(whole["Blocks"]) // 7)


def test_asking_again_finds_the_job_unless_the_document_or_the_request_is_another(cloud, session):
    jobs = Jobs(cloud, document(FORM))
    s3 = session.client("s3")

    def token(**options):
        list(from_textract_documents(session, [PDF], **options))
        return jobs.started[-1]["ClientRequestToken"]

    s3.put_object(Bucket="forms", Key="1.pdf", Body=b"first")
    first = token()
    assert token() == first
    assert token(request={"FeatureTypes": ["FORMS", "TABLES"]}) != first
    s3.put_object(Bucket="forms", Key="1.pdf", Body=b"second")
    assert token() != first


def test_a_page_is_a_prediction_where_people_are_shown_pages(cloud, session):
    Jobs(cloud, document(FORM, [], [Field("Total", "9.50", 88.0)]))

    predictions = list(
        from_textract_documents(
            session, [PDF], item_ids=["doc"], page_item=lambda uri, page: f"{uri[:-4]}-{page}.png"
        )
    )

    assert [(each.item_id, each.item, each.confidence) for each in predictions] == [
        ("doc/1", "s3://forms/1-1.png", 0.64),
        ("doc/3", "s3://forms/1-3.png", 0.88),
    ]
    assert predictions[1].extra == {"document": PDF, "page": 3}
    assert {block["Page"] for block in predictions[1].raw["Blocks"]} == {3}


@pytest.mark.parametrize("about", [{}, {"DocumentMetadata": {}}])
def test_no_page_is_lost_where_the_result_does_not_say_how_many_there_are(cloud, session, about):
    pages = document(FORM, [Field("Total", "9.50", 88.0)], metadata=False)
    lost = [{"ErrorCode": "INVALID_IMAGE", "Pages": [3]}]
    Jobs(cloud, {**pages, **about, "JobStatus": "PARTIAL_SUCCESS", "Warnings": lost})

    outcomes = from_textract_documents(session, [PDF], page_item=lambda uri, page: f"{uri}#{page}")

    assert [each.item_id for each in outcomes] == ["0/1", "0/2", "0/3"]


def test_a_key_that_is_on_no_page_has_people_look_at_each(cloud, session):
    Jobs(cloud, document([], [Field("Total", "9.50", 88.0)]))

    predictions = list(
        from_textract_documents(
            session, [PDF], keys=["Total", "Due date"], page_item=lambda uri, page: f"{uri}#{page}"
        )
    )

    assert [(each.item_id, each.confidence) for each in predictions] == [("0/1", 0.0), ("0/2", 0.0)]
    assert [each.scores for each in predictions] == [{}, {"Total": 0.88}]


def test_a_document_without_fields_is_one_outcome(cloud, session):
    Jobs(cloud, document([], []))

    [outcome] = from_textract_documents(session, [PDF], page_item=lambda uri, page: f"{uri}#{page}")

    assert (outcome.item_id, outcome.item) == ("0", PDF)
    assert "no field" in str(outcome.error)


LOST = [{"ErrorCode": "PAGE_CHARACTERS_NOT_SUPPORTED", "Pages": [2]}]


def test_pages_that_textract_could_not_read_are_not_passed_over(cloud, session):
    Jobs(cloud, {**document(FORM, []), "JobStatus": "PARTIAL_SUCCESS", "Warnings": LOST})

    [whole] = from_textract_documents(session, [PDF])
    first, second = from_textract_documents(session, [PDF], page_item=lambda uri, page: f"{uri}#{page}")

    assert "could not read page 2 (PAGE_CHARACTERS_NOT_SUPPORTED)" in str(whole.error)
    assert whole.raw["Blocks"]
    assert isinstance(first, Prediction)
    assert (second.item_id, second.item) == ("0/2", f"{PDF}#2")
    assert isinstance(second, InvalidPrediction)


@pytest.mark.parametrize("page_item", [None, lambda uri, page: f"{uri}#{page}"])
def test_pages_that_are_lost_without_a_word_are_not_passed_over(cloud, session, page_item):
    Jobs(cloud, {**document(FORM, []), "JobStatus": "PARTIAL_SUCCESS"})

    [outcome] = from_textract_documents(session, [PDF], page_item=page_item)

    assert "could not read all of its pages" in outcome.error.message
    assert outcome.raw["Blocks"]


def test_a_job_that_fails_is_that_documents_outcome(cloud, session):
    Jobs(cloud, {"JobStatus": "FAILED", "StatusMessage": "INVALID_IMAGE_TYPE"})

    [outcome] = from_textract_documents(session, [PDF])

    assert "Textract failed: INVALID_IMAGE_TYPE" in str(outcome.error)


def test_a_job_that_failed_may_be_tried_again_as_the_error_says(cloud, session):
    jobs = Jobs(cloud, {"JobStatus": "FAILED", "StatusMessage": "INTERNAL_ERROR"})

    [outcome] = from_textract_documents(session, [PDF])
    list(from_textract_documents(session, [PDF], request={"JobTag": "again"}))

    assert 'request={"JobTag": "again"}' in outcome.error.hint
    assert len({request["ClientRequestToken"] for request in jobs.started}) == 2


def test_a_document_has_its_time_and_no_more(cloud, session):
    jobs = Jobs(cloud, document(FORM), looks=10_000)
    before = cloud.clock.now()

    [outcome] = from_textract_documents(session, [PDF], timeout=120)

    assert isinstance(outcome.error, WaitTimeoutError)
    assert 120 <= (cloud.clock.now() - before).total_seconds() < 130
    assert len(jobs.started) == 1


def test_where_no_job_more_may_run_the_next_waits_for_its_turn(cloud, session):
    jobs = Jobs(cloud, document(FORM))
    refusals = [AiError("LimitExceededException", "too many jobs")] * 4

    def start(request):
        if refusals:
            raise refusals.pop()
        return jobs.start(request)

    cloud.ai.answer("textract", "StartDocumentAnalysis", start)

    [prediction] = from_textract_documents(session, [PDF])

    assert isinstance(prediction, Prediction)


@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "ThrottlingException", "InternalServerError"]
)
def test_a_look_that_fails_for_a_while_does_not_lose_the_job(cloud, session, code):
    jobs = Jobs(cloud, document(FORM))
    failures = [AiError(code, "not now")] * 3

    def get(request):
        if failures:
            raise failures.pop()
        return jobs.get(request)

    cloud.ai.answer("textract", "GetDocumentAnalysis", get)

    [prediction] = from_textract_documents(session, [PDF])

    assert isinstance(prediction, Prediction)
    assert len(jobs.started) == 1


def test_a_start_that_fails_is_that_documents_outcome_and_the_rest_go_on(cloud, session):
    jobs = Jobs(cloud, document(FORM))

    def start(request):
        if request["DocumentLocation"]["S3Object"]["Name"] == "1.pdf":
            raise AiError("InternalServerError", "not this one")
        return jobs.start(request)

    cloud.ai.answer("textract", "StartDocumentAnalysis", start)

    first, second = from_textract_documents(session, [PDF, "s3://forms/2.pdf"])

    assert isinstance(first.error, UnavailableError)
    assert isinstance(second, Prediction)


@pytest.mark.parametrize("timeout", [0, "60", None])
def test_a_timeout_is_a_number_above_nothing(session, timeout):
    with pytest.raises(InvalidInputError, match="timeout="):
        from_textract_documents(session, [PDF], timeout=timeout)


@pytest.mark.parametrize(
    "options",
    [
        {"page_item": "page.png"},
        {"request": {"FeatureTypes": ["TABLES"]}},
        {"request": {"FeatureTypes": "FORMS"}},
        {"request": {"FeatureType": ["FORMS"]}},
        {"request": [("JobTag", "a")]},
    ],
)
def test_what_can_t_work_is_refused_before_a_job_is_started(cloud, session, options):
    jobs = Jobs(cloud, document(FORM))
    with pytest.raises(InvalidInputError):
        from_textract_documents(session, [PDF], **options)
    assert jobs.started == []


def test_a_page_is_not_asked_about_without_its_form(session):
    with pytest.raises(InvalidInputError, match="FORMS has to be among them"):
        from_textract(session, [PAGE], request={"FeatureTypes": ["TABLES"]})


def test_an_expired_session_is_raised_though_s3_tells_no_more_than_400(cloud, session, watched):
    def expired(request):
        raise AiError("ExpiredTokenException", "The security token is expired")

    watched(session, ("s3",)).fail("HeadObject", ("400", 400))
    cloud.ai.answer("textract", "StartDocumentAnalysis", expired)

    with pytest.raises(CredentialsError):
        list(from_textract_documents(session, [PDF]))


def test_who_closes_the_stream_does_not_wait_for_jobs_that_run(cloud, session):
    jobs = Jobs(cloud, document(FORM))

    def start(request):
        jobs.start(request)
        return {"JobId": request["DocumentLocation"]["S3Object"]["Name"].replace(".", "-")}

    def get(request):
        return jobs.get(request) if request["JobId"] == "1-pdf" else {"JobStatus": "IN_PROGRESS"}

    cloud.ai.answer("textract", "StartDocumentAnalysis", start)
    cloud.ai.answer("textract", "GetDocumentAnalysis", get)
    stream = from_textract_documents(session, [PDF, "s3://forms/2.pdf"], timeout=1e12, concurrency=2)

    assert isinstance(next(stream), Prediction)
    stream.close()


def test_an_error_that_ends_the_stream_does_not_wait_for_jobs_that_run(cloud, session):
    runs = threading.Event()

    def start(request):
        name = request["DocumentLocation"]["S3Object"]["Name"]
        if name == "1.pdf":
            assert runs.wait(30)  # the other's job is looked at already
            raise AiError("AccessDeniedException", "no more")
        return {"JobId": "two"}

    def get(request):
        runs.set()
        return {"JobStatus": "IN_PROGRESS"}

    cloud.ai.answer("textract", "StartDocumentAnalysis", start)
    cloud.ai.answer("textract", "GetDocumentAnalysis", get)

    with pytest.raises(AccessDeniedError):
        list(from_textract_documents(session, [PDF, "s3://forms/2.pdf"], timeout=1e12, concurrency=2))


def test_a_start_that_tells_no_job_is_that_document_s_outcome(cloud, session):
    cloud.ai.answer("textract", "StartDocumentAnalysis", lambda request: {})
    [outcome] = from_textract_documents(session, [PDF])
    assert "can't be read: KeyError: 'JobId'" in outcome.error.message


@pytest.mark.parametrize(
    "block",
    [{}, {"Relationships": [{"Type": "VALUE"}]}, {"Relationships": [{"Ids": ["w"]}]}],
    ids=["no id", "no ids", "no type"],
)
def test_an_answer_of_another_shape_is_its_items_outcome(cloud, session, block):
    own = {} if not block else {"Id": "k"}
    odd = {"BlockType": "KEY_VALUE_SET", "EntityTypes": ["KEY"], "Confidence": 91.0} | own | block
    answering(cloud, {"Blocks": [odd]})
    outcomes = list(from_textract(session, [PAGE, PAGE]))
    assert ["gave an answer that can't be read" in str(each.error) for each in outcomes] == [True, True]


def test_the_token_of_a_job_is_not_for_the_request_to_set(session):
    with pytest.raises(InvalidInputError, match="request has ClientRequestToken"):
        from_textract_documents(session, [PAGE], request={"ClientRequestToken": "one-for-all"})


def test_what_is_no_response_that_conditions_look_at_is_told_what_is_one():
    with pytest.raises(InvalidInputError, match=r"^that is no response .*give what Rekognition's"):
        inferences_in({"Labels": []})
