"""Reading from a stream of addresses, and listing without reading."""

import pytest

from hitl_sdk.errors import InvalidInputError, NotFoundError
from hitl_sdk.results import iter_outputs, list_outputs, read_prefix


@pytest.fixture
def five(review, a2i):
    """Return five objects' addresses, among others that are no outputs."""
    s3 = review.session.client("s3")
    for key in ("a2i/1/else.json", "a2i-old/1/output.json", *(f"a2i/{n}/output.json" for n in range(5))):
        s3.put_object(Bucket="reviews", Key=key, Body=a2i.document(humanLoopName=key))
    return [f"s3://reviews/a2i/{n}/output.json" for n in range(5)]


def test_a_listing_names_what_a_reading_reads(review, five):
    assert list(list_outputs(review.session, "s3://reviews/a2i")) == five
    assert read_prefix(review.session, "s3://reviews/a2i/").uris == five


def test_batches_have_the_addresses_in_their_order(review, five):
    batches = list(iter_outputs(review.session, iter(five[::-1]), batch_size=2))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert [uri for batch in batches for uri in batch.uris] == five[::-1]
    assert all(row.output is not None for batch in batches for row in batch)


def test_addresses_are_taken_as_they_are_fetched(review, five):
    taken = []

    def endless():
        while True:
            taken.append(five[0])
            yield five[0]

    stream = iter_outputs(review.session, endless(), batch_size=3, concurrency=1)
    assert len(next(stream)) == 3
    stream.close()
    assert len(taken) <= 3 + 5


def test_what_is_no_address_or_no_object_keeps_its_row(review, five):
    (outputs,) = iter_outputs(review.session, ["here", five[0], "s3://reviews/gone/output.json"])
    assert [type(row.error) for row in outputs] == [InvalidInputError, type(None), NotFoundError]
    assert outputs[0].uri == "here"


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"concurrency": 0}, {"uris": "s3://reviews/a"}])
def test_what_can_not_work_is_refused_before_anything_is_read(review, wrong):
    with pytest.raises(InvalidInputError):
        iter_outputs(review.session, **{"uris": [], **wrong})


def test_a_listing_of_no_address_is_refused(review):
    with pytest.raises(InvalidInputError, match="no S3 address"):
        list_outputs(review.session, "reviews/a2i")
