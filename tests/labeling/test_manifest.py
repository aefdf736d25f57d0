"""Manifests from whatever there is, written and read again: the same lines, sampled, split, filtered."""

import datetime as dt
import gzip
import json
import sys
from itertools import chain

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.errors import EmptyInputError, InvalidInputError, NotFoundError
from hitl_sdk.labeling import InputManifest, _manifest_frames, _manifest_json
from hitl_sdk.testing import mock_hitl

PETS = [{"source-ref": f"s3://pets/{n}.jpg", "shelter": "north", "batch": n} for n in range(7)]


@pytest.fixture(params=["msgspec", "json"])
def writer(request, monkeypatch):
    """Run a test with msgspec, and as if it were not installed."""
    if request.param == "json":
        monkeypatch.setitem(sys.modules, "msgspec", None)
        monkeypatch.setitem(sys.modules, "msgspec.json", None)
    for loader in (_manifest_json._fast_encoder, _manifest_json._fast_decoder):
        loader.cache_clear()
    yield request.param
    monkeypatch.undo()
    for loader in (_manifest_json._fast_encoder, _manifest_json._fast_decoder):
        loader.cache_clear()


@pytest.fixture
def without_polars(monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    _manifest_frames._has_polars.cache_clear()
    yield
    monkeypatch.undo()
    _manifest_frames._has_polars.cache_clear()


def texts(manifest) -> str:
    return "".join(line["source"] for line in manifest)


def letters(count=26):
    return InputManifest.from_lines([{"source": f"{n} a text"} for n in range(count)])


def test_lines_are_written_compact_and_in_utf_8(tmp_path, writer):
    place = InputManifest.from_lines([{"source": "naïve ☕", "n": 1}, {"source": 'a "b"\n'}]).write(
        tmp_path / "new" / "x.manifest"
    )

    assert place == str(tmp_path / "new" / "x.manifest")
    assert (tmp_path / "new" / "x.manifest").read_bytes() == (
        '{"source":"naïve ☕","n":1}\n{"source":"a \\"b\\"\\n"}\n'.encode()
    )


def test_what_was_written_is_read_as_often_as_one_likes(tmp_path, writer):
    manifest = InputManifest.open(InputManifest.from_lines(PETS).write(tmp_path / "x.manifest"))

    assert list(manifest) == list(manifest) == PETS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=5))
def test_any_lines_come_back_as_they_were(tmp_path_factory, lines):
    file = tmp_path_factory.mktemp("any") / "x.manifest"

    assert list(InputManifest.open(InputManifest.from_lines(lines).write(file))) == lines


def test_lines_may_be_json_text():
    manifest = InputManifest.from_lines(['{"source": "a"}', b'{"source": "b"}\n', {"source": "c"}])

    assert texts(manifest) == "abc"


def test_an_iterator_can_be_used_once_and_says_so():
    manifest = InputManifest.from_lines(iter([{"source": "a"}]))

    assert texts(manifest) == "a"
    with pytest.raises(InvalidInputError, match="came from an iterator, which is used up"):
        list(manifest)


def test_a_function_makes_the_lines_anew_each_time():
    manifest = InputManifest.from_lines(lambda: ({"source": each} for each in "ab"))

    assert texts(manifest) == texts(manifest) == "ab"


@pytest.mark.parametrize("lines", ['{"source": "a"}', {"source": "a"}, b"{}", 7])
def test_one_line_is_no_list_of_lines(lines):
    with pytest.raises(InvalidInputError, match="is no list of lines"):
        InputManifest.from_lines(lines)


class Label(str):
    """A text of a type of its own."""


def circle():
    line: dict = {"source": "a"}
    line["again"] = line
    return line


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({"source": b"a"}, "Object of type bytes is not JSON serializable"),
        ({"source": {"a"}}, "Object of type set is not JSON serializable"),
        ({"source": dt.date(2026, 1, 1)}, "Object of type date is not JSON serializable"),
        ({"source": "a", "score": float("nan")}, "Out of range float values are not JSON compliant"),
        ({"source": "a", "in": [{"score": float("inf")}]}, "Out of range float values"),
        ({"source": "\ud83d"}, "a text holds half a surrogate pair"),
        ({"source": "a", 7: "b"}, "a key is no text"),
        (circle(), "Circular reference"),
        ("no json", "it is no JSON: Expecting value at character 1"),
        ([1], "it is list, no object"),
        ("[1]", "it is a JSON array, no object"),
    ],
)
def test_a_line_that_cant_be_written_is_named_and_nothing_is_written(tmp_path, writer, line, problem):
    file = tmp_path / "x.manifest"
    lines = [{"source": "secret", "nothing": None}] * 4_100 + [line]

    with pytest.raises(InvalidInputError) as caught:
        InputManifest.from_lines(lines).write(file)
    assert str(caught.value).startswith("line 4101: ")
    assert problem in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_line_nested_too_deep_is_refused_in_words(tmp_path, writer):
    line: dict = {"source": "a"}
    for _ in range(100_000):
        line = {"source": line}

    with pytest.raises(InvalidInputError, match=r"line 1: .*nested too deep"):
        InputManifest.from_lines([line]).write(tmp_path / "x.manifest")
    while isinstance(line["source"], dict):  # Python takes it apart without recursion
        line = line["source"]


def test_types_that_json_knows_by_their_kin_are_written(tmp_path, writer):
    lines = [{"source": Label("a"), "share": np.float64(0.5), "none": None, "in": {"list": [1, True, (2,)]}}]

    assert InputManifest.from_lines(lines).write(tmp_path / "x.manifest")
    assert (tmp_path / "x.manifest").read_text() == (
        '{"source":"a","share":0.5,"none":null,"in":{"list":[1,true,[2]]}}\n'
    )


def test_a_file_that_was_there_stays_when_writing_fails(tmp_path):
    file = tmp_path / "x.manifest"
    file.write_text("as it was")

    with pytest.raises(InvalidInputError):
        InputManifest.from_lines([{"source": b"a"}]).write(file)
    assert file.read_text() == "as it was"


def test_a_manifest_may_be_written_over_the_one_it_is_made_of(tmp_path):
    place = InputManifest.from_lines(PETS).write(tmp_path / "x.manifest")
    InputManifest.open(place).filter(lambda line: line["batch"] > 4).write(place)

    assert [line["batch"] for line in InputManifest.open(place)] == [5, 6]


def test_gzip_goes_by_the_name_and_equal_lines_make_equal_files(tmp_path):
    for name in ("1.gz", "2.gz"):
        InputManifest.from_lines(PETS).write(tmp_path / name)

    first, second = ((tmp_path / name).read_bytes() for name in ("1.gz", "2.gz"))
    assert gzip.decompress(first).startswith(
        b'{"source-ref":"s3://pets/0.jpg","shelter":"north","batch":0}\n'
    )
    assert first == second
    assert list(InputManifest.open(tmp_path / "1.gz")) == PETS


def test_gzip_files_one_after_the_other_are_one(tmp_path):
    file = tmp_path / "x.gz"
    file.write_bytes(gzip.compress(b'{"source":"a"}\n') + gzip.compress(b'{"source":"b"}\n'))

    assert texts(InputManifest.open(file)) == "ab"


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"plain", "is no gzip file"), (gzip.compress(b'{"source":"a"}\n' * 99, mtime=0)[:-9], "is cut off")],
    ids=["none", "cut off"],
)
def test_gzip_that_is_none_or_cut_off_is_refused(tmp_path, content, problem):
    (tmp_path / "x.gz").write_bytes(content)

    with pytest.raises(InvalidInputError, match=problem):
        list(InputManifest.open(tmp_path / "x.gz"))


@pytest.mark.parametrize(
    "content",
    [
        b'\xef\xbb\xbf{"source":"a"}\n{"source":"b"}\n',
        b'{"source":"a"}\r\n\r\n  \r\n{"source":"b"}',
        b'[{"source":"a"},\n {"source":"b"}]',
        b'\xef\xbb\xbf [{"source":"a"}, {"source":"b"}]\n',
    ],
)
def test_what_is_no_clean_manifest_is_read_and_mended_by_writing(tmp_path, writer, content):
    file = tmp_path / "x.manifest"
    file.write_bytes(content)
    InputManifest.open(file).write(tmp_path / "mended.manifest")

    assert (tmp_path / "mended.manifest").read_bytes() == b'{"source":"a"}\n{"source":"b"}\n'
    assert InputManifest.open(tmp_path / "mended.manifest").check("TextMultiClass").problems == ()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"source":"a"}\n\n{"source"\n', "line 3: it is no JSON"),
        (b'{"source":"a"}\n"text"\n', "line 2: it is a JSON text, no object"),
        (b'{"source":"a"}\nnull\n', "line 2: it is a JSON null, no object"),
        (b'{"source":"a"}\ntrue\n', "line 2: it is a JSON boolean, no object"),
        (b'{"source":"a"}\n7\n', "line 2: it is a JSON number, no object"),
        (b'{"source":"a"}\n{"source":NaN}\n', "line 2: it is no JSON: 'nan' is no number|'NaN' is no number"),
        (b'{"source":"a"}\n{"source":1e999}\n', "line 2: it is no JSON: '1e999' is no number"),
        (b'{"source":"a"}\n{"source":' + b"9" * 5_000 + b"}\n", "line 2: it is no JSON: Exceeds the limit"),
        (b'{"source":"a"}\n{"source":"\\ud83d"}\n', "line 2: a text holds half a surrogate pair"),
        (b'{"source":"a"}\n{"source":"\xff"}\n', "line 2: it is not UTF-8 from byte 12 on"),
        (b'{"source":"a"}\n{"source":' + b"[" * 100_000, "line 2: it is nested too deep"),
        (b'[{"source":"a"}\n', "line 1: .* begins as a JSON array, but is none"),
    ],
)
def test_a_line_that_cant_be_read_is_named(tmp_path, writer, content, problem):
    file = tmp_path / "x.manifest"
    file.write_bytes(content)

    with pytest.raises(InvalidInputError, match=problem):
        list(InputManifest.open(file))


def test_numbers_are_read_as_python_reads_them(tmp_path, writer):
    (tmp_path / "x.manifest").write_bytes(b'{"source":"a","n":123456789012345678901234567890,"x":2.5e-1}\n')
    line = next(iter(InputManifest.open(tmp_path / "x.manifest")))

    assert (line["n"], line["x"]) == (123456789012345678901234567890, 0.25)


def test_places_that_are_none_are_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="int is no place of a manifest"):
        InputManifest.open(7)
    with pytest.raises(InvalidInputError, match="can't be read: No such file"):
        list(InputManifest.open(tmp_path / "missing"))
    with pytest.raises(InvalidInputError, match="can't be read: Is a directory"):
        list(InputManifest.open(tmp_path))
    with pytest.raises(InvalidInputError, match="can't be written: Is a directory"):
        InputManifest.from_lines(PETS).write(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInputError, match="can't be written: "):
        InputManifest.from_lines(PETS).write(tmp_path / "file" / "x.manifest")
    with pytest.raises(InvalidInputError, match=r"is in S3 \(give a session"):
        InputManifest.open("s3://pets/x.manifest")
    with pytest.raises(InvalidInputError, match="is no S3 address"):
        InputManifest.open("s3://pets")


def test_a_manifest_says_where_it_comes_from():
    assert repr(InputManifest.from_lines([])) == "InputManifest('the lines')"
    assert InputManifest.open("pets.manifest").sample(n=1).name == "pets.manifest"


# Frames -----------------------------------------------------------------------

ENGINES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}
COLUMNS = {"source-ref": ["s3://pets/1.jpg", "s3://pets/2.jpg"], "shelter": ['a "ü"', "\n"], "n": [1, 2]}


@pytest.mark.parametrize("engine", ENGINES)
def test_rows_of_any_engine_are_the_same_lines(tmp_path, engine):
    manifest = InputManifest.from_frame(ENGINES[engine](COLUMNS))

    assert list(manifest) == [
        dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)
    ]
    assert InputManifest.open(manifest.write(tmp_path / "x.manifest")).check("BoundingBox").ok


NESTED = {
    "item": ["s3://pets/1.jpg", "s3://pets/2.jpg", "s3://pets/3.jpg"],
    "mood": [0, None, 1],
    "shop": ["north", None, "ü"],
    "share": [0.25, 1e-7, float("nan")],
    "mood-metadata": [
        {"class-name": "null", "confidence": 0.5},
        None,
        {"class-name": "b", "confidence": 1.0},
    ],
    "tags": [["a"], [], ["b", "c"]],
}


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_null_is_not_in_a_line(tmp_path, engine):
    manifest = InputManifest.from_frame(
        ENGINES[engine](NESTED), keep=["mood", "shop", "share", "mood-metadata", "tags"]
    )

    lines = list(InputManifest.open(manifest.write(tmp_path / "x.manifest")))
    assert lines == list(manifest) == [
        {"source-ref": "s3://pets/1.jpg", "mood": 0, "shop": "north", "share": 0.25, "mood-metadata": {"class-name": "null", "confidence": 0.5}, "tags": ["a"]},
        {"source-ref": "s3://pets/2.jpg", "share": 1e-7, "tags": []},
        {"source-ref": "s3://pets/3.jpg", "mood": 1, "shop": "ü", "mood-metadata": {"class-name": "b", "confidence": 1.0}, "tags": ["b", "c"]},
    ]  # fmt: skip


DEEP = {
    "source": ["a", "b"],
    "share": [0.5, 1.0],
    "deep": [{"x": 1.5, "y": {"z": "ü"}}, {"x": 2.0, "y": {"z": ""}}],
}


@pytest.mark.parametrize("engine", ENGINES)
def test_structures_are_the_same_lines_from_any_engine(tmp_path, engine):
    written = InputManifest.from_frame(ENGINES[engine](DEEP)).write(tmp_path / "x.manifest")

    assert list(InputManifest.open(written)) == [
        {"source": "a", "share": 0.5, "deep": {"x": 1.5, "y": {"z": "ü"}}},
        {"source": "b", "share": 1.0, "deep": {"x": 2.0, "y": {"z": ""}}},
    ]


@pytest.mark.parametrize("columns", [COLUMNS, DEEP])
def test_polars_writes_the_bytes_that_are_written_without_it(tmp_path, columns, request):
    manifest = InputManifest.from_frame(pl.DataFrame(columns).to_arrow())
    by_polars = tmp_path / "polars"
    manifest.write(by_polars)
    request.getfixturevalue("without_polars")
    manifest.write(tmp_path / "own")

    assert by_polars.read_bytes() == (tmp_path / "own").read_bytes()


def test_any_character_is_written_alike_by_all_ways(tmp_path):
    characters = [chr(code) for code in range(0x3000) if not 0xD800 <= code < 0xE000] + ["😀", "\U0010ffff"]
    frame, lines = tmp_path / "frame", tmp_path / "lines"
    InputManifest.from_frame(pl.DataFrame({"source": characters})).write(frame)
    InputManifest.from_lines([{"source": each} for each in characters]).write(lines)

    in_json = "".join(
        json.dumps({"source": each}, ensure_ascii=False, separators=(",", ":")) + "\n" for each in characters
    )
    assert frame.read_bytes() == lines.read_bytes() == in_json.encode()


def test_times_arrays_and_numbers_of_numpy_become_json():
    frame = pd.DataFrame(
        {
            "source": ["a"],
            "at": [dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC)],
            "day": [dt.date(2026, 1, 2)],
            "vector": [np.array([1, 2])],
        }
    )

    assert list(InputManifest.from_frame(frame)) == [
        {"source": "a", "at": "2026-01-02T03:00:00+00:00", "day": "2026-01-02", "vector": [1, 2]}
    ]


@pytest.mark.parametrize(
    ("columns", "options", "keys"),
    [
        ({"item": ["It broke"]}, {}, ["source"]),
        ({"item": ["s3://pets/1.jpg"]}, {}, ["source-ref"]),
        ({"item": ["s3://pets/1.jpg"]}, {"key": "source"}, ["source"]),
        ({"source": ["s3://is a text"]}, {}, ["source"]),
        ({"text": ["It broke"], "item": ["x"]}, {"column": "text"}, ["source", "item"]),
        ({"text": ["It broke"], "item": ["x"]}, {"column": "text", "keep": []}, ["source"]),
    ],
)
def test_the_items_stand_under_the_key_that_suits_them(columns, options, keys):
    assert list(next(iter(InputManifest.from_frame(pl.DataFrame(columns), **options)))) == keys


def test_a_lazy_frame_is_collected_and_one_without_rows_has_no_lines(tmp_path):
    empty = pl.LazyFrame({"source": []}, schema={"source": pl.String})

    assert list(InputManifest.from_frame(empty)) == []
    InputManifest.from_frame(empty).write(tmp_path / "x.manifest")
    assert (tmp_path / "x.manifest").read_bytes() == b""


@pytest.mark.parametrize(
    ("frame", "options", "problem"),
    [
        ([1], {}, "list is no frame"),
        (pl.DataFrame({"text": ["a"]}), {}, "no column 'source', 'source-ref' or 'item', but \\['text'\\]"),
        (pl.DataFrame({"item": ["a"]}), {"keep": ["age"]}, "the frame has no column 'age', but \\['item'\\]"),
        (pl.DataFrame({"source": ["a"], "item": ["b"]}), {"column": "item"}, "are both 'source'"),
        (
            pd.DataFrame([["a", "b"]], columns=["item", "item"]),
            {},
            "two columns of the frame have the same name",
        ),
        (pd.DataFrame([["a", "b"]], columns=["item", 3]), {}, "whose names are no text: \\[3\\]"),
    ],
)
def test_a_frame_that_is_none_or_lacks_a_column_is_refused(frame, options, problem):
    with pytest.raises(InvalidInputError, match=problem):
        InputManifest.from_frame(frame, **options)


def test_a_value_of_a_frame_that_json_has_not_is_named_by_its_line(tmp_path):
    frame = pl.DataFrame({"source": ["a", "b"], "raw": [None, b"x"]})

    with pytest.raises(InvalidInputError, match="line 2: it can't be written: Object of type bytes"):
        InputManifest.from_frame(frame).write(tmp_path / "x.manifest")


@pytest.mark.parametrize("column", [{}, {"no": [None] * 24 + ["x"]}, {"tags": [[]] * 25}])
def test_more_rows_than_are_taken_at_a_time_are_all_written(tmp_path, monkeypatch, column):
    monkeypatch.setattr(_manifest_frames, "_ROWS", 10)
    monkeypatch.setattr(_manifest_frames, "_ROWS_BY_POLARS", 10)
    frame = nw.from_native(pl.DataFrame({"source": [str(n) for n in range(25)]} | column))

    manifest = InputManifest.open(InputManifest.from_frame(frame).write(tmp_path / "x.manifest"))
    assert [line["source"] for line in manifest] == [str(n) for n in range(25)]


# CSV --------------------------------------------------------------------------


def csv(tmp_path, content, **options):
    (tmp_path / "x.csv").write_bytes(content)
    return InputManifest.from_csv(tmp_path / "x.csv", **options)


def test_a_csv_gives_a_line_a_row(tmp_path):
    content = 'id,review,shop\r\n1,"It broke, twice",ü\r\n\r\n2,"two\nlines",b\r\n'.encode()
    manifest = csv(tmp_path, b"\xef\xbb\xbf" + content, column="review", keep=["shop"])

    assert list(manifest) == list(manifest) == [
        {"source": "It broke, twice", "shop": "ü"},
        {"source": "two\nlines", "shop": "b"},
    ]  # fmt: skip


def test_a_csv_of_addresses_gives_references(tmp_path):
    assert list(csv(tmp_path, b"uri\ns3://pets/1.jpg\n", column="uri")) == [{"source-ref": "s3://pets/1.jpg"}]
    assert list(csv(tmp_path, b"uri\ns3://x\n", column="uri", key="source")) == [{"source": "s3://x"}]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no column 'text', but \\[\\]"),
        (b"review\na\n", "no column 'text', but \\['review'\\]"),
        (b"text,n\na,1\nb\n", "line 3: 1 cells under 2 columns"),
        (b'text\n"a"b\n', "line 2: it is no CSV"),
        (b'text\n"open', "line 2: it is no CSV"),
        (b"text\na\n\xff\n", "line 3: it is not UTF-8"),
        (b"text\n" + b"x" * 200_000, "line 2: it is no CSV: field larger"),
    ],
)
def test_a_csv_that_is_none_is_refused_by_its_line(tmp_path, content, problem):
    with pytest.raises(InvalidInputError, match=problem):
        list(csv(tmp_path, content, column="text"))


# Sampling, splitting ----------------------------------------------------------


def test_a_sample_of_n_is_exact_in_order_and_the_same_again():
    drawn = list(letters(1000).sample(n=100, seed=3))

    assert len(drawn) == 100
    assert drawn == list(letters(1000).sample(n=100, seed=3))
    assert drawn == [line for line in letters(1000) if line in drawn]
    assert drawn != list(letters(1000).sample(n=100, seed=4))


def test_a_sample_of_all_is_all():
    assert list(letters(5).sample(n=5)) == list(letters(5)) == list(letters(5).sample(fraction=1))
    assert list(letters(5).sample(fraction=0)) == []


def test_more_than_there_are_cant_be_drawn():
    with pytest.raises(InvalidInputError, match="n=6 lines is wanted of 5"):
        list(letters(5).sample(n=6))


@pytest.mark.parametrize(
    "given", [{}, {"n": 1, "fraction": 0.5}, {"n": 0}, {"fraction": 1.1}, {"fraction": -0.1}]
)
def test_a_sample_needs_one_number_that_can_be(given):
    with pytest.raises(InvalidInputError, match=r"n=|fraction="):
        letters().sample(**given)


def test_a_share_is_about_that_share_and_no_line_hangs_on_others():
    drawn = list(letters(4000).sample(fraction=0.25, seed=1))
    fewer = letters(2000).sample(fraction=0.25, seed=1)

    assert 900 < len(drawn) < 1100
    assert list(fewer) == [line for line in drawn if line in list(letters(2000))]


def test_parts_hold_each_line_once_in_about_their_shares():
    parts = letters(4000).split({"train": 0.7, "validation": 0.1, "test": 0.2}, seed=5)
    numbers = {name: [line["source"] for line in part] for name, part in parts.items()}

    assert sorted(chain.from_iterable(numbers.values())) == sorted(line["source"] for line in letters(4000))
    assert [round(len(part) / 4000, 1) for part in numbers.values()] == [0.7, 0.1, 0.2]


def test_an_item_stays_in_its_part_whatever_else_its_line_says():
    plain = letters(200).split({"train": 0.5, "test": 0.5})["train"]
    labelled = InputManifest.from_lines([line | {"mood": 1} for line in letters(200)])

    assert texts(labelled.split({"train": 0.5, "test": 0.5})["train"]) == texts(plain)


def test_a_line_without_an_item_is_drawn_by_all_it_says():
    manifest = InputManifest.from_lines([{"text": str(n)} for n in range(100)])
    parts = manifest.split({"a": 0.5, "b": 0.5})

    assert 30 < len(list(parts["a"])) < 70


@pytest.mark.parametrize("fractions", [{"a": 0.5}, {"a": 1.5, "b": -0.5}])
def test_shares_that_are_none_are_refused(fractions):
    with pytest.raises(InvalidInputError, match="fraction"):
        letters().split(fractions)


def test_the_lines_of_a_job_are_chosen_by_what_they_say(tmp_path):
    metadata = {"class-name": "dog", "confidence": 0.61}
    lines = [
        {"source-ref": "s3://pets/1.jpg", "pet": 1, "pet-metadata": metadata},
        {"source-ref": "s3://pets/2.jpg"},
    ]
    output = InputManifest.from_lines(lines).write(tmp_path / "output.manifest")

    assert list(InputManifest.from_job(output)) == lines
    assert list(InputManifest.from_job(output, where=lambda line: "pet" in line)) == lines[:1]


# Buckets ----------------------------------------------------------------------


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        cloud.bucket("pets")
        yield cloud


def put(cloud, **contents):
    s3 = cloud.session().client("s3")
    for key, body in contents.items():
        s3.put_object(Bucket="pets", Key=key.replace("__", "/"), Body=body)


def put_keys(cloud, *keys, body=b""):
    for key in keys:
        cloud.session().client("s3").put_object(Bucket="pets", Key=key, Body=body)


def references(manifest) -> list[str]:
    return [line["source-ref"].removeprefix("s3://pets/") for line in manifest]


def test_images_under_a_prefix_are_a_line_each_as_often_as_one_asks(cloud):
    put_keys(
        cloud, "in/b.JPG", "in/a.png", "in/deep/c.jpeg", "in/notes.txt", "in/", "inner.png", "in/clip.mp4"
    )
    manifest = InputManifest.from_s3("s3://pets/in/", cloud.session())

    assert references(manifest) == ["in/a.png", "in/b.JPG", "in/deep/c.jpeg"]
    put_keys(cloud, "in/z.png")
    assert references(manifest)[-1] == "in/z.png"
    assert references(InputManifest.from_s3("s3://pets/in", cloud.session(), "video")) == ["in/clip.mp4"]
    assert "inner.png" in references(InputManifest.from_s3("s3://pets", cloud.session()))


def test_each_line_of_text_files_is_a_line(cloud):
    put_keys(cloud, "in/1.txt", body=b"\xef\xbb\xbfIt broke\r\n\r\nI love it\n")
    put_keys(cloud, "in/2.txt", body="naïve".encode())

    assert texts(InputManifest.from_s3("s3://pets/in", cloud.session(), "text")) == "It brokeI love itnaïve"


def test_rows_of_all_csvs_are_lines(cloud):
    put_keys(cloud, "in/1.csv", "in/2.csv", body=b"id,text\n1,a\n2,b\n")
    manifest = InputManifest.from_s3("s3://pets/in", cloud.session(), "csv", column="text", keep=["id"])

    assert texts(manifest) == "abab"
    with pytest.raises(InvalidInputError, match="say which has the items"):
        InputManifest.from_s3("s3://pets/in", cloud.session(), "csv")


def test_a_kind_that_is_not_known_is_refused(cloud):
    with pytest.raises(InvalidInputError, match="kind='audio' is not known"):
        InputManifest.from_s3("s3://pets/in", cloud.session(), "audio")


def test_a_prefix_without_such_files_says_so(cloud):
    put_keys(cloud, "in/a.gif")
    with pytest.raises(EmptyInputError, match=r"there is no \.jpg, \.jpeg, \.png under s3://pets/in/"):
        list(InputManifest.from_s3("s3://pets/in", cloud.session()))
    with pytest.raises(NotFoundError):
        list(InputManifest.from_s3("s3://nobody/in", cloud.session()))


def sequence(cloud, key):
    return json.loads(cloud.session().client("s3").get_object(Bucket="pets", Key=key)["Body"].read())


def test_each_folder_of_frames_becomes_a_sequence_in_the_order_of_names(cloud):
    put_keys(cloud, "cam/b/frame10.jpg", "cam/b/frame2.jpg", "cam/a/é.png", "cam/a/z.png", "cam/a/deep/1.png")
    put_keys(cloud, "cam/at-the-top.png", "cam/a/notes.txt", "cam/a-b/1.jpeg")
    manifest = InputManifest.from_s3("s3://pets/cam", cloud.session(), "video-frames")

    assert references(manifest) == ["cam/a-b-sequence.json", "cam/a-sequence.json", "cam/b-sequence.json"]
    assert manifest.check("VideoObjectDetection", session=cloud.session(), objects=True).problems == ()
    assert sequence(cloud, "cam/a-sequence.json") == {
        "seq-no": 2,
        "prefix": "s3://pets/cam/a/",
        "number-of-frames": 2,
        "frames": [{"frame-no": 1, "frame": "z.png"}, {"frame-no": 2, "frame": "é.png"}],
    }
    frames = sequence(cloud, "cam/b-sequence.json")["frames"]
    assert [frame["frame"] for frame in frames] == ["frame10.jpg", "frame2.jpg"]


def test_sequence_files_may_be_put_elsewhere(cloud):
    put_keys(cloud, "cam/a/1.jpg")
    manifest = InputManifest.from_s3(
        "s3://pets/cam", cloud.session(), "video-frames", sequences="s3://pets/seq/"
    )

    assert references(manifest) == ["seq/a-sequence.json"]
    assert sequence(cloud, "seq/a-sequence.json")["prefix"] == "s3://pets/cam/a/"


def test_a_sequence_has_the_first_2000_frames_and_says_what_it_left_out(cloud, monkeypatch):
    monkeypatch.setattr("hitl_sdk.labeling._manifest_listing.MOST_FRAMES", 3)
    put_keys(cloud, *(f"cam/a/{n}.jpg" for n in range(4)))

    with pytest.warns(
        UserWarning, match="s3://pets/cam/a/ has 4 frames; the sequence has the first 3"
    ) as caught:
        InputManifest.from_s3("s3://pets/cam", cloud.session(), "video-frames")
    assert caught[0].filename == __file__
    assert sequence(cloud, "cam/a-sequence.json")["number-of-frames"] == 3


def test_more_than_ten_sequences_are_made_and_the_check_says_that_a_job_takes_ten(cloud):
    put_keys(cloud, *(f"cam/{n:02}/1.jpg" for n in range(11)))
    manifest = InputManifest.from_s3("s3://pets/cam", cloud.session(), "video-frames")

    report = manifest.check("VideoObjectTracking", attribute="cars-ref")
    assert [str(problem) for problem in report.problems] == [
        "the manifest: 11 sequences; a job takes 10: make several manifests of it"
    ]
    assert manifest.sample(n=10).check("VideoObjectTracking").ok


def test_frames_without_a_folder_make_no_sequence(cloud):
    put_keys(cloud, "cam/1.jpg")
    with pytest.raises(EmptyInputError, match="no folder directly under s3://pets/cam/ has frames"):
        InputManifest.from_s3("s3://pets/cam", cloud.session(), "video-frames")


def test_a_key_within_a_value_that_is_no_text_is_refused(tmp_path):
    manifest = InputManifest.from_lines([{"source": "It broke", "tags": {b"x": 1}}])

    with pytest.raises(InvalidInputError, match="line 1"):
        manifest.write(tmp_path / "never.manifest")
