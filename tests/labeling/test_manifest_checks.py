"""What is wrong with an input manifest: all of it in one pass, with numbers of lines, and never an exception."""

import json
import sys

import boto3
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hitl_sdk._ground_truth import kinds
from hitl_sdk.errors import AccessDeniedError, InvalidInputError, NotFoundError, UnavailableError
from hitl_sdk.labeling import InputManifest, _manifest_objects
from hitl_sdk.labeling._manifest_numbers import NumberTable
from hitl_sdk.testing import mock_hitl

TEXT = {"source": "It broke"}
IMAGE = {"source-ref": "s3://pets/1.jpg"}


def said(manifest, *options, **more) -> list[str]:
    return [str(problem) for problem in manifest.check(*options, **more).problems]


def of(*lines) -> InputManifest:
    return InputManifest.from_lines(lines)


def file_of(tmp_path, content: bytes) -> InputManifest:
    (tmp_path / "x.manifest").write_bytes(content)
    return InputManifest.open(tmp_path / "x.manifest")


def test_a_clean_manifest_has_nothing_wrong():
    report = of(TEXT, {"source": "I love it", "shop": 7}).check("TextMultiClass", attribute="mood")

    assert (report.ok, report.n_lines, report.n_problems, report.problems) == (True, 2, 0, ())
    assert str(report) == "the lines: 2 lines, nothing wrong"
    report.raise_errors()


def test_all_that_is_wrong_is_found_in_one_pass(tmp_path):
    content = (
        b'\xef\xbb\xbf{"source-ref":"s3://pets/1.jpg"}\r\n'
        b"\n"
        b'{"source-ref":"s3://pets/1.jpg","source":"It broke"}\n'
        b'{"source-ref":"s3://pets/2.jpg","pet":1,"pet-metadata":{},"pet-metadata-metadata":{}}\n'
        b'{"source-ref"\n'
        b"[]\n"
        b'{"source":"It broke"}\n'
        b'{"source-ref":"s3://pets/1.jpg"}\n'
        b'{"source-ref":"s3://pets/3.jpg","$id":1}'
    )
    report = file_of(tmp_path, content).check("BoundingBox")

    assert [(problem.line, problem.code) for problem in report.problems] == [
        (1, "byte-order-mark"),
        (1, "crlf"),
        (2, "empty-line"),
        (3, "two-sources"),
        (4, "label-attribute"),
        (5, "not-json"),
        (6, "not-json"),
        (7, "mixed-sources"),
        (8, "repeated-item"),
        (9, "reserved-name"),
    ]
    assert (report.n_lines, report.n_errors, report.n_warnings) == (8, 8, 2)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xef\xbb\xbf{}", "line 1: the file begins with a byte-order mark"),
        (b'{"source":"a"}\r\n', "line 1: it ends with CRLF"),
        (b'{"source":"a"}\n\n{"source":"b"}', "line 2: the line is empty"),
        (b"[", "line 1: the file is one JSON array, not an object a line"),
        (b'  [{"source":"a"},\n{"source":"b"}]', "line 1: the file is one JSON array"),
        ('{"source":"a"}'.encode("utf-16"), "line 1: the file is UTF-16"),
        (b'{"source":"\xff"}', "line 1: it is not UTF-8 from byte 12 on"),
        (b'{"source":"a","b":{"c":1,"c":2}}', "line 1: the key 'c' stands more than once"),
        (b'{"source":"a","source":"b"}', "line 1: the key 'source' stands more than once"),
        (b'{"source":"a", "\\u0073ource" :"b"}', "line 1: the key 'source' stands more than once"),
        (b"", "the manifest: there is no line"),
        (b'{"source":' + b"[" * 100_000, "line 1: it is nested too deep"),
    ],
)
def test_what_a_file_may_have_wrong_is_said(tmp_path, content, problem):
    assert said(file_of(tmp_path, content))[0].startswith(problem)


@pytest.mark.parametrize("text", ['a "quoted" text', "back\\slash", '":', "ü", '{"source":1,"source":2}'])
def test_no_key_is_taken_for_repeated(text):
    assert (
        said(of({"source": text, "of": text, "in": {"source": [text, {"of": text}]}}), "TextMultiClass") == []
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({}, "there is neither 'source' nor 'source-ref'"),
        (IMAGE | TEXT, "there is both 'source' and 'source-ref'"),
        (TEXT, "it has 'source'; boxes around objects asks for 'source-ref'"),
        ({"source-ref": 7}, "'source-ref' is no text, or an empty one"),
        ({"source-ref": " "}, "'source-ref' is no text, or an empty one"),
        (
            {"source-ref": "https://pets/1.jpg"},
            "'source-ref' is no S3 URI of an object: 'https://pets/1.jpg'",
        ),
        ({"source-ref": "s3://pets"}, "'source-ref' is no S3 URI of an object: 's3://pets'"),
        ({"source-ref": "s3://pets/1.gif"}, "'s3://pets/1.gif' is none of .jpg, .jpeg, .png"),
        ({"source-ref": "s3://pets/jpg.d"}, "'s3://pets/jpg.d' is none of .jpg, .jpeg, .png"),
        (IMAGE | {"$id": 1}, "'$id' begins with $, as AWS's own do"),
        (IMAGE | {"a-metadata": {}}, "'a-metadata' is the metadata of a label that is not there (warning)"),
        (
            IMAGE | {"a": 1, "a-metadata": 1, "a-metadata-metadata": {}},
            "a label attribute can't end in -metadata, as 'a-metadata'",
        ),
        (IMAGE | {"about": "ü" * 20_001}, "'about' has 20,001 characters; 20,000 are allowed in a value"),
        (IMAGE | {"about": ["x" * 19_997]}, "'about' has 20,001 characters; 20,000 are allowed in a value"),
        (b"\xed\xa0\x80", "it is not UTF-8 from byte 1 on"),
        ({"source": {7}}, "it can't be written: Object of type set is not JSON serializable"),
        (7, "it is int, no object"),
    ],
)
def test_what_a_line_may_have_wrong_is_said_with_its_number(line, problem):
    title = next(kind.title for kind in kinds() if kind.name == "BoundingBox")

    assert said(of({"source-ref": "s3://pets/0.jpg"}, line), "BoundingBox") in (
        [f"line 2: {problem.replace('boxes around objects', title)}"],
        ["line 2: it has 'source' where lines before have 'source-ref'"],
    )


def test_the_wrong_key_for_the_kind_is_said():
    assert "it has 'source-ref'; " in said(of(IMAGE), "TextMultiClass")[0]
    assert said(of(IMAGE), "PassThrough") == said(of(TEXT), "PassThrough") == []


@pytest.mark.parametrize(("length", "codes"), [(100_000, []), (100_001, ["line-too-long"])])
def test_a_line_has_at_most_100000_characters_of_any_language(tmp_path, length, codes):
    line = {"source": "ü"} | {str(n): "ü" * 19_000 for n in range(5)}
    line["last"] = "ü" * (length - len(json.dumps(line, ensure_ascii=False)) - len(', "last": ""'))
    text = json.dumps(line, ensure_ascii=False)
    report = file_of(tmp_path, f"{text}\r\n".encode()).check()

    assert len(text) == length
    assert [problem.code for problem in report.problems if problem.code != "crlf"] == codes


def test_lines_may_be_nested_up_to_where_python_gives_up(tmp_path):
    depths = range(sys.getrecursionlimit() - 200, sys.getrecursionlimit() + 50)
    lines = [b'{"source":"%d","deep":%s%s}' % (n, b"[" * n, b"]" * n) for n in depths]
    report = file_of(tmp_path, b"\n".join(lines)).check()

    assert report.n_lines == len(depths)
    assert set(report.counts) == {"not-json"}
    assert {problem.message for problem in report.problems} == {"it is nested too deep"}


def test_what_a_frame_has_that_json_has_not_is_a_problem_of_its_line():
    frame = pl.DataFrame({"source": ["a", "b"], "raw": [None, b"x"]})

    assert said(InputManifest.from_frame(frame)) == [
        "line 2: it can't be written: Object of type bytes is not JSON serializable"
    ]


def test_items_that_stand_twice_are_told_with_both_lines():
    other = {"source-ref": "s3://pets/2.jpg"}

    assert said(of(IMAGE, other, IMAGE | {"n": 1}, IMAGE), "BoundingBox") == [
        "line 3: it has the item of line 1 (warning)",
        "line 4: it has the item of line 1 (warning)",
    ]


@pytest.mark.parametrize(
    ("kind", "name", "wrong"),
    [
        ("BoundingBox", "pets", None),
        ("BoundingBox", "pets-ref", "'pets-ref' must not end in -ref for this kind of job"),
        ("SemanticSegmentation", "pets", "'pets' must end in -ref for this kind of job"),
        ("SemanticSegmentation", "pets-ref", None),
        (None, "pets-ref", None),
        (None, "pets-metadata", "'pets-metadata' can't name a label"),
        (None, "source", "'source' can't name a label"),
        (None, "source-ref", "'source-ref' can't name a label"),
        (None, "-pets", "'-pets' can't name a label"),
        (None, "p" * 128, "can't name a label"),
    ],
)
def test_the_name_of_the_jobs_label_must_suit_its_kind(kind, name, wrong):
    report = of(IMAGE).check(kind, attribute=name)

    assert [(problem.line, problem.code) for problem in report.problems] == (
        [] if wrong is None else [(None, "label-attribute")]
    )
    assert wrong is None or wrong in report.problems[0].message


@pytest.mark.parametrize("kind", [kind.name for kind in kinds() if kind.of])
def test_a_job_that_works_on_labels_needs_to_know_which(kind):
    assert "works on a label: name its attribute, prior=..." in said(of(IMAGE), kind)[0]


def test_each_line_must_have_the_label_that_is_worked_on():
    labelled = IMAGE | {"boxes": {}, "boxes-metadata": {}}
    manifest = of(labelled, {"source-ref": "s3://pets/2.jpg"}, {"source-ref": "s3://pets/3.jpg", "boxes": {}})

    assert said(manifest, "AdjustmentBoundingBox", prior="boxes", attribute="better") == [
        "line 2: there is no 'boxes' with its metadata to work on",
        "line 3: there is no 'boxes' with its metadata to work on",
    ]


def test_the_label_that_is_worked_on_keeps_its_name_and_its_ending():
    line = IMAGE | {"a": 1, "a-metadata": {}, "a-ref": 1, "a-ref-metadata": {}}

    assert said(of(line), "AdjustmentBoundingBox", prior="a", attribute="a") == [
        "the manifest: the label 'a' and the one that it becomes have one name"
    ]
    assert said(of(line), "VerificationSemanticSegmentation", prior="a", attribute="b") == [
        "the manifest: 'a' must end in -ref for this kind of job"
    ]
    assert said(of(line), "VerificationSemanticSegmentation", prior="a-ref", attribute="b") == []


def test_lines_that_have_the_label_already_are_counted():
    report = of(IMAGE | {"pet": 1, "pet-metadata": {}}, {"source-ref": "s3://pets/2.jpg"}).check(
        attribute="pet"
    )

    assert (report.ok, report.n_lines, report.n_labelled) == (True, 2, 1)


def test_a_frame_of_a_point_cloud_says_when_it_was_taken():
    cloud = {"source-ref": "s3://cars/1.bin"}
    kind = "3DPointCloudObjectDetection"

    assert said(of(cloud), kind) == ["line 1: 'source-ref-metadata' lacks the number 'unix-timestamp'"]
    assert said(of(cloud | {"source-ref-metadata": {"unix-timestamp": "1"}}), kind) != []
    assert said(of(cloud | {"source-ref-metadata": {"unix-timestamp": 1.5}}), kind) == []


@pytest.mark.parametrize(
    ("kind", "count", "problem"),
    [
        ("BoundingBox", 100_000, None),
        ("BoundingBox", 100_001, "100,001 objects; a job takes 100,000"),
        ("SemanticSegmentation", 20_001, "20,001 objects; a job takes 20,000"),
        ("VideoObjectDetection", 11, "11 sequences; a job takes 10"),
    ],
)
def test_a_job_takes_so_many_lines(kind, count, problem):
    ending = "json" if kind.startswith("Video") else "png"
    manifest = InputManifest.from_lines({"source-ref": f"s3://pets/{n}.{ending}"} for n in range(count))
    report = manifest.check(kind)

    assert [problem.code for problem in report.problems] == ([] if problem is None else ["too-many-lines"])
    assert problem is None or problem in str(report)


def test_a_quota_that_was_raised_counts():
    assert said(of(IMAGE, {"source-ref": "s3://pets/2.jpg"}), "BoundingBox", most_objects=1) != []
    assert said(of(IMAGE, {"source-ref": "s3://pets/2.jpg"}), "BoundingBox", most_objects=2) == []


def test_a_kind_that_is_not_known_is_refused():
    with pytest.raises(InvalidInputError, match="no built-in kind 'Boxes'"):
        of(IMAGE).check("Boxes")


# The report -------------------------------------------------------------------


def test_a_report_shows_some_of_each_kind_and_counts_all(tmp_path):
    report = file_of(tmp_path, b'{"source":"a"}\n' + b"\n" * 2_345 + b"{}\n").check()

    assert str(report).splitlines()[1:] == [
        "  line 2: the line is empty; InputManifest.open(...).write(...) mends it",
        "  line 3: the line is empty; InputManifest.open(...).write(...) mends it",
        "  line 4: the line is empty; InputManifest.open(...).write(...) mends it",
        "  ... 2,342 more like this [empty-line]",
        "  line 2347: there is neither 'source' nor 'source-ref'",
    ]
    assert report.counts == {"empty-line": 2_345, "no-source": 1}
    assert (report.n_problems, len(report.problems)) == (2_346, 1_001)


def test_a_report_is_raised_as_it_is_printed():
    report = of({}).check(attribute="source")

    assert str(report).splitlines()[0] == "the lines: 1 line, 2 errors"
    with pytest.raises(InvalidInputError) as caught:
        report.raise_errors()
    assert str(caught.value) == str(report)


def test_warnings_alone_are_no_errors():
    report = of(IMAGE, IMAGE).check()

    assert report.ok
    assert str(report).splitlines()[0] == "the lines: 2 lines, 1 warning"
    report.raise_errors()


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
def test_a_report_is_a_frame_of_any_engine(engine):
    frame = of(IMAGE, {}).check(attribute="source").frame(engine)
    rows = frame.to_pylist() if engine == "arrow" else frame.to_dicts() if engine == "polars" else None

    assert list(frame.column_names if engine == "arrow" else frame.columns) == [
        "line",
        "severity",
        "code",
        "message",
    ]
    if rows is not None:
        assert [(row["line"], row["code"]) for row in rows] == [(None, "label-attribute"), (2, "no-source")]


def test_the_text_of_an_item_is_in_no_message():
    lines = [
        {"source": "secret", "n": {1}},
        '{"source": "secret',
        {"source": "secret", "source-ref": "secret"},
    ]
    assert "secret" not in str(of(*lines).check("BoundingBox"))


# Any bytes --------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        b'{"source":"a"}', b'{"source-ref":"s3://b/1.jpg"}', b"\n", b"\r\n", b"[", b"]", b"{", b'"', b"\xef\xbb\xbf",
        b"\\u", b'"source":', b"\xff", b"\xff\xfe", b"NaN", b"1e999", b"\\ud83d", b"\x00", b" ", b",", b'"a-metadata":{}',
    ]
)  # fmt: skip


@given(st.binary(max_size=200) | st.lists(PIECES, max_size=12).map(b"".join))
@example(b"\xff\xfe")
@example(b'{"source":"\\ud83d"}')
def test_any_bytes_get_a_report(tmp_path_factory, content):
    manifest = file_of(tmp_path_factory.mktemp("any"), content)

    report = manifest.check("BoundingBox", attribute="a", prior="b")
    assert report.n_problems >= len(report.problems) > 0
    assert str(report)


@given(st.lists(PIECES, max_size=12).map(b"".join))
def test_what_a_check_finds_right_can_be_read_and_written(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("any")
    manifest = file_of(folder, content)
    if manifest.check().ok:
        assert len(list(InputManifest.open(manifest.write(folder / "again")))) == manifest.check().n_lines


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=50), st.integers(1, 2**64 - 1))
def test_the_table_of_numbers_is_a_dict(keys, number):
    table, plain = NumberTable(), {}
    for key in keys + list(range(2_000)):
        table.put(key, number)
        plain[key] = number
    table.put(7, 1)

    assert len(table) == len(plain)
    assert {key: table.get(key) for key in plain} == plain | {7: 1}
    assert table.get(5_000) == plain.get(5_000, 0)


# In S3 ------------------------------------------------------------------------


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        cloud.bucket("pets")
        boto3.client("s3", region_name="eu-west-1").create_bucket(
            Bucket="pets-eu", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield cloud


def put(session, *keys):
    for key in keys:
        session.client("s3").put_object(Bucket="pets", Key=key, Body=b"")


def references(*uris) -> InputManifest:
    return InputManifest.from_lines([{"source-ref": uri} for uri in uris])


def test_each_bucket_is_asked_once_for_its_region(cloud, watched):
    session = cloud.session()
    calls = watched(session, ("s3",))
    manifest = references(
        "s3://pets/1.jpg", "s3://pets-eu/1.jpg", "s3://pets/2.jpg", "s3://pets-eu/2.jpg", "s3://nobody/1.jpg"
    )

    assert said(manifest, "BoundingBox", session=session) == [
        "line 2: bucket 'pets-eu' is in Region eu-west-1, the job in us-east-1",
        "line 4: bucket 'pets-eu' is in Region eu-west-1, the job in us-east-1",
        "line 5: there is no bucket 'nobody'",
    ]
    assert calls.count == {"HeadBucket": 3}
    assert "line 1: bucket 'pets' is in Region us-east-1, the job in eu-west-1" in said(
        manifest, session=session, region="eu-west-1"
    )


def test_without_a_session_nobody_is_asked(cloud):
    assert said(references("s3://pets-eu/1.jpg"), region="us-east-1") == []
    with pytest.raises(InvalidInputError, match=r"objects are in S3 \(give a session"):
        references("s3://pets/1.jpg").check(objects=True)


def test_a_bucket_that_one_may_not_use_is_not_held_to_be_wrong(cloud, watched):
    session = cloud.session()
    watched(session, ("s3",)).fail("HeadBucket", ("403", 403))

    assert said(references("s3://pets/1.jpg"), session=session) == []


def test_a_bucket_that_does_not_answer_is_an_error(cloud, watched):
    session = cloud.session()
    watched(session, ("s3",)).fail("HeadBucket", ("500", 500))

    with pytest.raises(UnavailableError):
        references("s3://pets/1.jpg").check(session=session)


def test_an_answer_of_another_region_tells_it(cloud):
    session = cloud.session()

    def moved(http_response, parsed, **_):
        parsed["Error"] = {"Code": "301", "Message": "Moved Permanently"}
        parsed["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] = "eu-west-2"
        http_response.status_code = 301

    session.client("s3").meta.events.register("after-call.s3.HeadBucket", moved)
    assert "is in Region eu-west-2" in said(references("s3://pets/1.jpg"), session=session)[0]


def test_objects_are_looked_for_by_listing_their_folders(cloud, watched):
    session = cloud.session()
    put(session, "in/1.jpg", "in/2.jpg", "in/deep/3.jpg", "other/4.jpg")
    calls = watched(session, ("s3",))
    manifest = references(
        "s3://pets/in/1.jpg", "s3://pets/in/gone.jpg", "s3://pets/in/deep/3.jpg", "s3://pets/other/4.jpg",
        "s3://pets/other/gone.jpg", "s3://pets/in/gone.jpg", "s3://nobody/1.jpg",
    )  # fmt: skip

    assert said(manifest, "BoundingBox", session=session, objects=True) == [
        "line 2: there is no object under its 'source-ref'",
        "line 5: there is no object under its 'source-ref'",
        "line 6: it has the item of line 2 (warning)",
        "line 6: there is no object under its 'source-ref'",
        "line 7: there is no bucket 'nobody'",
    ]
    assert calls.count["ListObjectsV2"] == 2
    assert calls.count["HeadObject"] == 0


def test_many_folders_are_listed_together(cloud, watched, monkeypatch):
    monkeypatch.setattr(_manifest_objects, "_MOST_FOLDERS", 3)
    session = cloud.session()
    keys = [f"in/{n}/{n}/1.jpg" for n in range(10)]
    put(session, *keys)
    calls = watched(session, ("s3",))

    manifest = references(*(f"s3://pets/{key}" for key in keys), "s3://pets/top.jpg")
    assert said(manifest, session=session, objects=True) == [
        "line 11: there is no object under its 'source-ref'"
    ]
    assert calls.count["ListObjectsV2"] == 1


def test_more_buckets_than_folders_are_listed_each(cloud, monkeypatch):
    monkeypatch.setattr(_manifest_objects, "_MOST_FOLDERS", 1)
    session = cloud.session()
    put(session, "a/1.jpg")
    cloud.bucket("others")

    manifest = references("s3://pets/a/1.jpg", "s3://others/a/1.jpg")
    assert said(manifest, session=session, objects=True) == [
        "line 2: there is no object under its 'source-ref'"
    ]


def test_objects_that_cant_be_listed_are_not_held_to_be_missing(cloud, watched):
    session = cloud.session()
    cloud.bucket("others")
    watched(session, ("s3",)).fail(
        "ListObjectsV2", ("AccessDenied", 403), when=lambda params, n: params["Bucket"] == "pets"
    )

    first, second = said(references("s3://pets/1.jpg", "s3://others/1.jpg"), session=session, objects=True)
    assert first.startswith("the manifest: objects of bucket 'pets' were not looked for: ")
    assert first.endswith("(warning)")
    assert second == "line 2: there is no object under its 'source-ref'"


def test_a_manifest_that_is_not_there_is_an_error(cloud):
    with pytest.raises(NotFoundError):
        InputManifest.open("s3://pets/gone.manifest", cloud.session()).check()


def test_a_manifest_that_one_may_not_read_is_an_error(cloud, watched):
    session = cloud.session()
    watched(session, ("s3",)).fail("GetObject", ("AccessDenied", 403))

    with pytest.raises(AccessDeniedError):
        InputManifest.open("s3://pets/x.manifest", session).check()
