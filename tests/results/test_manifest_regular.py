"""Lines that are alike are read together, and the frame is the one that careful reading of each makes."""

import gc
import json
import math
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.results import _manifest_rows, _manifest_source, _regular_manifest, iter_manifest, read_manifest

CREATED = "2023-02-03T10:05:11.120034"

pytestmark = pytest.mark.filterwarnings("ignore::hitl_sdk.results.MixedConfidenceWarning")


@contextmanager
def constants(module, **values):
    """Change constants of a module; hypothesis runs a test many times within one fixture."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setattr(module, name, value)
        yield


def rows(content, **options):
    try:
        return read_manifest(content, engine="arrow", **options).to_pylist()
    except InvalidInputError as error:
        return str(error)


def rows_read_carefully(content, **options):
    with constants(_manifest_rows, _GIVE_UP=0):
        return rows(content, **options)


def entries(pairs) -> str:
    """Write an object whose keys may stand there twice and whose values are JSON text already."""
    return "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in pairs) + "}"


def one_of(*often, odd=()):
    """Mostly draw what is regular."""
    return st.one_of(*[st.sampled_from(often)] * 6, st.sampled_from([*often, *odd]))


ANYTHING = ["null", "7", "true", "[]", "{}", '"text"', "NaN", "1e400", '"\\ud83d"', '{"a":[[1]]}', "0.5"]
NUMBERS = ["0", "-0", "0.0", "0.09", "0.5", "1", "1e-400", "12345678901234567890", "9007199254740993"]
TIMES = [f'"{CREATED}"', '"2020-08-27T17:15:41.430Z"', '"2022-01-04T17:49:31+0000"', '"0000-01-01T00:00:00"',
         '"2020-9-2"', '"9999-12-31T23:59:59-10:00"', '"2023-02-03"', '" 2023-02-03T10:05:11"', '"soon"']  # fmt: skip
TEXTS = ['"dog"', '"c\\u200bat"', '" cat "', '""', '"\\ud83d\\ude00"', '"\u00fc"', '"a\\u0000"', '"\ufeff"']


@st.composite
def metadata(draw, form, own):
    pairs = [
        *own,
        ("type", draw(one_of(f'"groundtruth/{form}"', odd=[*ANYTHING, '"groundtruth/text-span"']))),
        ("job-name", draw(one_of('"labeling-job/tags"', odd=ANYTHING))),
        ("human-annotated", draw(one_of('"yes"', '"no"', odd=[*ANYTHING, '"Yes"', '"maybe"']))),
        ("creation-date", draw(one_of(TIMES[0], odd=[*TIMES, *ANYTHING]))),
    ]
    odd = [("job_name", '"j"'), ("adjustment-status", '"adjusted"'), ("creation_date", TIMES[0]), ("failure-reason", '"x"'),
           ("failure_reason", '"y"'), ("worker-response-ref", '"s3://b/k"'), ("more", "1"), pairs[0]]  # fmt: skip
    pairs += draw(one_of([], odd=[[each] for each in odd]))
    return entries(draw(one_of(pairs, odd=[pairs[1:], pairs[::-1], pairs[:2], []])))


@st.composite
def class_label(draw):
    own = [
        ("class-name", draw(one_of(*TEXTS[:1], odd=[*TEXTS, *ANYTHING]))),
        ("confidence", draw(one_of("0.92", "0.5", odd=[*NUMBERS, '"0.5"', *ANYTHING]))),
    ]
    return draw(one_of("1", "0", odd=['"1"', *ANYTHING])), draw(metadata("image-classification", own))


@st.composite
def box_label(draw):
    count = draw(st.integers(0, 3))
    drawn, objects = [], []
    for _ in range(count):
        place = one_of("10", "20.5", odd=[*NUMBERS, "-3", '"7"', "null"])
        box = [(name, draw(place)) for name in ("left", "top", "width", "height")]
        box.append(("class_id", draw(one_of("0", "1", odd=["-0", "7", '"0"', "0.0", "null", "true"]))))
        drawn.append(entries(draw(one_of(box, odd=[box[1:], [*box, ("label", '"x"')], [*box, box[0]]]))))
        share = [("confidence", draw(one_of("0.88", odd=[*NUMBERS, "null", '"0.5"', "true"])))]
        objects.append(entries(draw(one_of(share, odd=[[], [("x", "1")]]))))
    drawn += draw(one_of([], odd=[["null"], ["7"]]))
    objects = draw(one_of(objects, odd=[objects[1:], [*objects, "{}"], ["null"] * count]))
    size = draw(one_of('[{"width":640,"height":480,"depth":3}]',
                       odd=["[]", "null", '[{"width":640.5}]', "[{}]", '[{"width":"640","height":480.0}]', "[null]",
                            '[{"width":1,"height":2},{"width":3,"height":4}]']))  # fmt: skip
    annotations = draw(one_of(f"[{','.join(drawn)}]", odd=ANYTHING))
    classes = one_of('{"0":"apple","1":"pear"}', '{"1":"pear","0":"apple"}',
                     odd=['{"0":"apple"}', '{"0":"plum","1":"pear"}', '{"0":"a\\u200bpple","1":"pear"}', '{"0":7}', *ANYTHING])  # fmt: skip
    own = [("objects", f"[{','.join(objects)}]"), ("class-map", draw(classes))]
    return (
        entries([("image_size", size), ("annotations", annotations)]),
        draw(metadata("object-detection", own)),
    )


@st.composite
def line(draw, label):
    value, told = draw(label)
    pairs = [
        ("source-ref", draw(one_of('"s3://pets/1.jpg"', odd=[*TEXTS, *ANYTHING]))),
        ("tag", value),
        ("tag-metadata", told),
    ]
    more = [("source", '"text"'), ("page", "1"), ("page", '"1"'), ("other-metadata", '{"Info":"x"}'), ("tag", "2"),
            ("other-metadata", '{"type":"t"}'), ("other-metadata", '{"type":null}'), ("deep", "[" * 300 + "]" * 300),
            ("a", '"2020-01-01"'), ("a", "NaN"), ("a", "[1,2.5]"), ("a", "{}")]  # fmt: skip
    pairs += draw(one_of([], odd=[[each] for each in more]))
    text = entries(draw(one_of(pairs, odd=[pairs[:1], pairs[1:], pairs[:2], pairs[2:], pairs[::-1], []])))
    wrong = [text[:-1], text + text, "\ufeff" + text, text[:30] + "\t" + text[30:], text + ",", f"[{text}]", " \u00a0",
             f" {text} ", f"{text}\r", "", "{", "}", text.replace(":", ":\r", 1), text.replace('"tag"', '"t\\u0061g"')]  # fmt: skip
    content = draw(one_of(text, odd=wrong)).encode()
    return draw(one_of(content, odd=[content.replace(b"o", b"\xff"), content + b"\x0c", content + b"\x00"]))


def manifests(label):
    """Return manifests of lines that are mostly alike, so that pieces of them are regular."""
    return st.lists(line(label), min_size=1, max_size=12).map(b"\n".join)


@pytest.mark.parametrize("label", [class_label(), box_label()], ids=["classes", "boxes"])
@pytest.mark.parametrize("attribute", [None, "tag", "other"])
def test_together_and_one_by_one_give_the_same_rows(label, attribute):
    @settings(max_examples=40, deadline=None)
    @given(manifests(label))
    def holds(content):
        expected = rows_read_carefully(content, attribute=attribute)
        with constants(_manifest_rows, _CAREFULLY=2):
            assert rows(content, attribute=attribute) == expected

    holds()


def regular(number=0, **changes):
    told = {"class-name": "dog", "confidence": 0.92, "type": "groundtruth/image-classification"}
    told |= {"job-name": "labeling-job/tags", "human-annotated": "yes", "creation-date": CREATED} | changes
    fields = {"source-ref": f"s3://pets/{number}.jpg", "tag": 1, "tag-metadata": told}
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def with_boxes(*boxes, names=("apple", "pear"), confidence=0.88):
    told = {
        "objects": [{"confidence": confidence}] * len(boxes),
        "class-map": {str(n): name for n, name in enumerate(names)},
    }
    told |= {"type": "groundtruth/object-detection", "human-annotated": "yes", "creation-date": CREATED}
    drawn = [{"class_id": 0, "left": left, "top": 2, "width": 30, "height": 40} for left in boxes]
    value = {"image_size": [{"width": 640, "height": 480, "depth": 3}], "annotations": drawn}
    return json.dumps({"source-ref": "s3://pets/1.jpg", "tag": value, "tag-metadata": told})


def changed(one, *path, to=...):
    """Return a line with another value somewhere in it; a change to ``...`` leaves the key out."""
    fields = json.loads(one)
    *inner, last = path
    found = fields
    for key in inner:
        found = found[key]
    if to is ...:
        del found[last]
    else:
        found[last] = to
    return json.dumps(fields)


BOX = ("tag", "annotations", 0)
SIZE = ("tag", "image_size")
TOLD = "tag-metadata"
LARGE = 2**53


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ((*BOX, "left"), LARGE), ((*BOX, "left"), -float(LARGE)), ((*BOX, "width"), -1), ((*BOX, "top"), ...),
        ((*BOX, "top"), "2"), ((*BOX, "class_id"), ...), ((*BOX, "class_id"), "0"), ((*BOX, "class_id"), 7),
        ((*BOX, "class_id"), 0.0), ((*BOX, "class_id"), True), (BOX, None), (BOX, 7), (("tag", "annotations"), None),
        (("tag", "annotations"), ...), (SIZE, ...), (SIZE, []), (SIZE, [None]), (SIZE, [{}]), (SIZE, [{"width": 1}] * 2),
        ((*SIZE, 0, "width"), 640.5), ((*SIZE, 0, "width"), 640.0), ((*SIZE, 0, "width"), "640"),
        ((*SIZE, 0, "width"), LARGE), ((*SIZE, 0, "height"), -LARGE), ((*SIZE, 0, "height"), -(2**63)),
        ((TOLD, "objects"), ...), ((TOLD, "objects"), []), ((TOLD, "objects"), [None]), ((TOLD, "objects"), [{}]),
        ((TOLD, "objects", 0, "confidence"), 0), ((TOLD, "objects", 0, "confidence"), True),
        ((TOLD, "objects", 0, "confidence"), LARGE), ((TOLD, "objects", 0, "confidence"), "0.5"),
        ((TOLD, "class-map"), ...), ((TOLD, "class-map"), {}), ((TOLD, "class-map", "0"), 7), ((TOLD, "class-map", "1"), 7),
        ((TOLD, "class-map", "0"), None), ((TOLD, "class-map"), "apple"), ((TOLD, "type"), 7), ((TOLD, "type"), ...),
        ((TOLD, "human-annotated"), 7), ((TOLD, "job_name"), "j"), ((TOLD, "job-name"), ["j"]), (("tag",), "text"),
        (("tag",), None), ((TOLD,), "text"), ((TOLD,), {}), (("source-ref",), ...), (("source-ref",), 7),
    ],
)  # fmt: skip
def test_what_all_boxes_have_is_read_as_in_each_line(path, to):
    odd, fine = changed(with_boxes(1, 2), *path, to=to), with_boxes(1, 2)

    for lines in ([odd] * 3, [fine, odd, fine], [odd, fine, odd]):
        content = "\n".join(lines).encode()
        expected = rows_read_carefully(content)
        with constants(_manifest_rows, _CAREFULLY=1):
            assert rows(content) == expected


def test_a_class_may_be_called_otherwise_in_another_line():
    lines = [with_boxes(1), with_boxes(1, names=("plum", "pear")), with_boxes(1)]

    assert [row["label"]["shapes"][0]["label"] for row in rows(lines)] == ["apple", "plum", "apple"]


@pytest.fixture
def carefully_read(monkeypatch):
    """Return the lines that were read one by one, as they come."""
    read: list[bytes] = []
    rows_of = _manifest_rows.rows_of
    monkeypatch.setattr(
        _manifest_rows, "rows_of", lambda line, wanted: read.append(line) or rows_of(line, wanted)
    )
    return read


@pytest.mark.parametrize("one", [regular(), with_boxes(1, 2.5), with_boxes(), regular(confidence=0)])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n"])
def test_regular_lines_do_not_take_the_careful_way(carefully_read, one, ending):
    lines = [one, '{"source-ref": "s3://pets/2.jpg"}', one]

    assert [row["status"] for row in rows(ending.join(lines).encode())] == [
        "labelled",
        "unlabelled",
        "labelled",
    ]
    assert carefully_read == []


def test_failures_do_not_take_the_careful_way(carefully_read):
    failed = {
        "source-ref": "s3://pets/2.jpg",
        "tag-metadata": {"failure-reason": "too large", "job-name": "j"},
    }
    found = rows([regular(), json.dumps(failed)])

    assert [(row["status"], row["failure_reason"]) for row in found] == [
        ("labelled", None),
        ("failed", "too large"),
    ]
    assert carefully_read == []


def test_of_a_block_only_the_lines_around_an_odd_one_are_read_one_by_one(carefully_read):
    lines = [regular(number) for number in range(4_000)]
    lines[1_234] = lines[1_234][:-1]
    found = rows("\n".join(lines).encode())

    assert [row["item_id"] for row in found if row["error"]] == ["1234"]
    assert len(carefully_read) <= 256


def test_a_class_that_comes_late_is_learnt(carefully_read):
    lines = [with_boxes(1)] * 300 + [with_boxes(1, names=("apple", "pear", "plum"))] * 3_000
    found = rows("\n".join(lines).encode())

    assert {row["error"] for row in found} == {None}
    assert len(carefully_read) <= 512


def test_a_manifest_of_which_nothing_is_regular_is_soon_read_one_by_one(monkeypatch):
    asked = []
    read_regular = _regular_manifest.read_regular
    monkeypatch.setattr(_manifest_rows, "_CAREFULLY", 4)
    monkeypatch.setattr(
        _regular_manifest, "read_regular", lambda *given: asked.append(given) or read_regular(*given)
    )
    odd = [regular(**{"human-annotated": "yes" if number % 2 else 7}) for number in range(2_000)]

    assert len(rows("\n".join([*[regular()] * 4, *odd]).encode())) == 2_004
    assert 0 < len(asked) < 300


def test_lines_with_too_many_fields_are_read_one_by_one(carefully_read):
    told = json.loads(regular())
    told["tag-metadata"] |= {f"more-{number}": 1 for number in range(501)}

    assert rows([json.dumps(told)])[0]["label"] == "dog"
    assert len(carefully_read) == 1


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize("one", [regular(), with_boxes(1, 2.5), with_boxes(1, 2), with_boxes()])
def test_the_frame_is_the_same_as_of_lines_read_one_by_one(engine, one):
    lines = "\n".join(
        [one, '{"source-ref": "s3://pets/2.jpg"}', one.replace("yes", "no"), "cut off"]
    ).encode()
    together = read_manifest(lines, engine=engine)
    with constants(_manifest_rows, _GIVE_UP=0):
        one_by_one = read_manifest(lines, engine=engine)

    if engine == "arrow":
        assert together.schema == one_by_one.schema
        assert together.to_pylist() == one_by_one.to_pylist()
    elif engine == "polars":
        assert together.schema == one_by_one.schema
        assert together.to_dicts() == one_by_one.to_dicts()
    else:
        assert together.dtypes.to_dict() == one_by_one.dtypes.to_dict()
        assert repr(together.to_dict("records")) == repr(one_by_one.to_dict("records"))


def test_what_is_changed_in_one_box_stays_as_it_was_in_the_others():
    first, second = read_manifest([with_boxes(1, 2)] * 2)["label"]
    first["shapes"][0]["more"] = first["shapes"][0]["label"] = "changed"
    first["shapes"].pop()

    assert second == read_manifest([with_boxes(1, 2)])["label"][0]


@pytest.mark.parametrize("is_on", [True, False])
def test_the_garbage_collector_is_left_as_it_was(is_on):
    was_on = gc.isenabled()
    try:
        (gc.enable if is_on else gc.disable)()
        read_manifest([with_boxes(1, 2)])

        assert gc.isenabled() is is_on
    finally:
        (gc.enable if was_on else gc.disable)()


def test_a_block_ends_where_a_line_does(monkeypatch, tmp_path):
    file = tmp_path / "output.manifest"
    lines = [regular(number) for number in range(50)]
    file.write_text("\n".join(lines), "utf-8")
    monkeypatch.setattr(_manifest_source, "_SIZE", 1_000)

    assert [row["item"] for row in rows(file)] == [f"s3://pets/{number}.jpg" for number in range(50)]
    assert rows(file) == rows(lines)
    assert rows(file) == rows(file.read_bytes())


@pytest.mark.parametrize("batch_size", [1, 3, 7, 50])
def test_batches_are_the_rows_of_the_whole(batch_size, monkeypatch):
    monkeypatch.setattr(_manifest_source, "_SIZE", 1_000)
    lines = [regular(number) if number % 3 else '{"source": "x"}' for number in range(11)]
    content = "\n".join([*lines[:5], "cut off", *lines[5:]]).encode()
    frames = list(iter_manifest(content, batch_size=batch_size, engine="arrow"))

    assert [frame.num_rows for frame in frames[:-1]] == [batch_size] * (math.ceil(12 / batch_size) - 1)
    assert [row for frame in frames for row in frame.to_pylist()] == rows(content)


@pytest.mark.parametrize(
    "odd",
    [
        regular().encode().replace(b"dog", b"d\xffg"),
        regular().encode().replace(b"dog", "dög".encode()),
        regular().replace("0.92", "NaN").encode(),
        regular().replace("0.92", "1e400").encode(),
        (regular() + regular()).encode(),
        regular().replace("dog", "\\ud83d").encode(),
        regular().replace('"tag"', '"t\\u0061g"').encode(),
        regular().replace('"tag":1', '"tag":1,"tag":2').encode(),
        b"{}",
    ],
)
def test_what_pyarrow_takes_and_json_does_not_is_read_carefully(odd):
    content = b"\n".join([regular().encode(), odd, regular().encode()])
    expected = rows_read_carefully(content)
    with constants(_manifest_rows, _CAREFULLY=1):
        assert rows(content) == expected
