"""Agreement beyond chance: published values, other implementations, and laws that hold whatever people say."""

import math
from collections import Counter
from itertools import permutations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from hitl_sdk.consolidation import Vote, cohen_kappa, fleiss_kappa, krippendorff_alpha
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Box, Keypoint

LAW = settings(deadline=None, max_examples=60)
LEVELS = ("nominal", "ordinal", "interval", "ratio")

# K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), the data with missing values: four observers
# in rows, twelve units in columns. Published with three decimals: 0.743, 0.815, 0.849, 0.797.
KRIPPENDORFF_2011 = """
    1 2 3 3 2 1 4 1 2 . . .
    1 2 3 3 2 2 4 1 2 5 . 3
    . 3 3 3 2 3 4 2 2 5 1 .
    1 2 3 3 2 4 4 1 2 5 1 .
"""
# The computational example of Wikipedia's article "Krippendorff's alpha": published as 0.691 and 0.811.
WIKIPEDIA = """
    . . . . . 3 4 1 2 1 1 3 3 . 3
    1 . 2 1 3 3 4 3 . . . . . . .
    . . 2 1 3 4 4 . 2 1 1 3 3 . 4
"""
# All decimals are those of krippendorff 0.9.0 on PyPI.
PUBLISHED_ALPHAS = [
    (KRIPPENDORFF_2011, "nominal", 0.743421052631579),
    (KRIPPENDORFF_2011, "ordinal", 0.8153875037548814),
    (KRIPPENDORFF_2011, "interval", 0.8491071428571428),
    (KRIPPENDORFF_2011, "ratio", 0.7974027747116121),
    (WIKIPEDIA, "nominal", 0.691358024691358),
    (WIKIPEDIA, "ordinal", 0.8067214199413153),
    (WIKIPEDIA, "interval", 0.8108448928121059),
    (WIKIPEDIA, "ratio", 0.8089436707842471),
]

# J. L. Fleiss (1971), Table 1: of thirty patients, how many of six psychiatrists gave each of five diagnoses.
# All decimals are those of kappam.fleiss of the R package irr, and of statsmodels 0.15.0.
FLEISS_1971 = """
    00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
    00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
"""
FLEISS_1971_KAPPA = 0.43024452006014074

SCALE = st.integers(1, 5)
VOTES = st.dictionaries(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("uvwxyz")), SCALE, min_size=2, max_size=25
).map(lambda given: [Vote(item, worker, label) for (item, worker), label in given.items()])
PAIRS = st.lists(st.tuples(SCALE, SCALE), min_size=1, max_size=20)


def votes_of(table):
    """Return the votes of a table of workers in rows and items in columns."""
    return [
        Vote(f"item {item}", f"worker {worker}", label)
        for worker, row in enumerate(table.strip().splitlines())
        for item, label in enumerate(row.split())
        if label != "."
    ]


def votes_of_counts(table):
    return [
        Vote(f"item {item}", f"worker {number}", label)
        for item, counts in enumerate(table.split())
        for number, label in enumerate("".join(str(c) * int(n) for c, n in enumerate(counts)))
    ]


def alpha_by_coincidences(votes, level):
    """Work out alpha as the paper does, with a matrix of coincidences and its table of metric differences."""
    units = {}
    for vote in votes:
        units.setdefault(vote.item, []).append(vote.label)
    coincidences = Counter()
    for labels in units.values():
        for c, k in permutations(labels, 2):
            coincidences[c, k] += 1 / (len(labels) - 1)
    n_c = Counter()
    for (c, _), count in coincidences.items():
        n_c[c] += count

    def difference(c, k):
        if level == "ordinal":
            between = sum(n_c[g] for g in n_c if min(c, k) <= g <= max(c, k))
            return (between - (n_c[c] + n_c[k]) / 2) ** 2
        return {"nominal": c != k, "interval": (c - k) ** 2, "ratio": ((c - k) / (c + k)) ** 2}[level]

    n = sum(n_c.values())
    observed = sum(count * difference(c, k) for (c, k), count in coincidences.items()) / n
    expected = sum(n_c[c] * n_c[k] * difference(c, k) for c in n_c for k in n_c) / (n * (n - 1))
    return 1 - observed / expected


def same(one, other):
    return one == other if None in {one, other} else math.isclose(one, other, abs_tol=1e-9)


@pytest.mark.parametrize(("table", "level", "alpha"), PUBLISHED_ALPHAS)
def test_alpha_is_the_published_one(table, level, alpha):
    assert krippendorff_alpha(votes_of(table), level) == pytest.approx(alpha, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "level", "alpha"),
    [
        ("rte", "nominal", 0.2414787661388096),
        ("dog", "nominal", 0.5194178413233587),
        ("dog", "ordinal", 0.8130853082838057),
        ("product", "nominal", 0.15747331692807687),
        ("CF", "nominal", 0.5768366701812462),
        ("CF", "ordinal", 0.5413233212916307),
    ],
)
def test_alpha_of_published_crowds_is_that_of_another_implementation(real_crowd, name, level, alpha):
    """Of krippendorff 0.9.0; the last two have from 5 to 58 labels an item."""
    votes, _ = real_crowd(name)

    assert krippendorff_alpha(votes, level) == pytest.approx(alpha, abs=1e-9)


@pytest.mark.parametrize("level", LEVELS)
@LAW
@given(VOTES)
def test_alpha_is_that_of_the_matrix_of_coincidences(level, votes):
    alpha = krippendorff_alpha(votes, level)
    assume(alpha is not None)

    assert alpha == pytest.approx(alpha_by_coincidences(votes, level), abs=1e-9)


def test_alpha_takes_any_distance_between_sets_of_labels():
    """The value is that of nltk 3.10.4, ``AnnotationTask(data, distance=jaccard_distance).alpha()``."""
    sets = [
        ("1", "u", "ab"), ("1", "v", "a"), ("1", "w", "ab"), ("2", "u", "c"), ("2", "v", "c"), ("2", "w", "bc"),
        ("3", "u", "abc"), ("3", "v", "abc"), ("4", "u", "d"), ("4", "w", "ad"),
    ]  # fmt: skip
    votes = [Vote(item, worker, list(labels)) for item, worker, labels in sets]

    def jaccard(a, b):
        return 1 - len({*a} & {*b}) / len({*a} | {*b})

    assert krippendorff_alpha(votes, distance=jaccard) == pytest.approx(0.5668449197860963, abs=1e-9)


@pytest.mark.parametrize("level", ["nominal", "interval", "ratio"])
@LAW
@given(VOTES)
def test_a_distance_that_says_the_same_as_a_level_gives_the_same_alpha(level, votes):
    differences = {
        "nominal": lambda a, b: float(a != b),
        "interval": lambda a, b: (a - b) ** 2,
        "ratio": lambda a, b: ((a - b) / (a + b)) ** 2,
    }
    assert same(krippendorff_alpha(votes, level), krippendorff_alpha(votes, distance=differences[level]))


def test_a_distance_gets_labels_as_they_stand_in_the_frame():
    frame = pl.DataFrame(
        {
            "item": ["1", "1", "2", "2"],
            "worker": ["u", "v", "u", "v"],
            "label": [{"x": 0, "y": 0}, {"x": 3, "y": 4}, {"x": 60, "y": 80}, {"x": 60, "y": 80}],
        }
    )

    alpha = krippendorff_alpha(frame, distance=lambda a, b: math.dist(a.values(), b.values()))

    assert alpha == pytest.approx(1 - 3 * 10 / (2 * (5 + 2 * 100 + 2 * math.hypot(57, 76))), abs=1e-9)


@pytest.mark.parametrize("engine", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table])
def test_every_engine_gives_the_same_alpha_and_null_labels_do_not_count(engine):
    votes = [*votes_of(KRIPPENDORFF_2011), Vote("item 0", "worker 9", None), Vote(None, None, None)]
    columns = {name: [getattr(vote, name) for vote in votes] for name in Vote._fields}

    assert krippendorff_alpha(engine(columns), "interval") == pytest.approx(0.8491071428571428, abs=1e-9)


def test_numbers_with_missing_ones_are_read_from_pandas():
    frame = pd.DataFrame({"item": [*"aabbc"], "worker": [*"uvuvu"], "label": [1, 2, 4, 4, np.nan]})

    assert krippendorff_alpha(frame, "interval") == pytest.approx(
        1 - 3 * 2 / (2 * (1 + 9 + 9 + 4 + 4)), abs=1e-9
    )


def test_nan_among_votes_is_no_label():
    frame = pd.DataFrame({"item": [*"aabbb"], "worker": [*"uvuvw"], "label": ["x", "x", "y", "y", np.nan]})

    assert krippendorff_alpha(frame.itertuples(index=False)) == 1


def test_an_order_ranks_labels_that_are_no_numbers():
    words = dict(zip("12345", ["bad", "poor", "fair", "good", "great"], strict=True))
    votes = [vote._replace(label=words[vote.label]) for vote in votes_of(KRIPPENDORFF_2011)]

    alpha = krippendorff_alpha(votes, "ordinal", order=[*words.values()])

    assert alpha == pytest.approx(0.8153875037548814, abs=1e-9)


@pytest.mark.parametrize("level", LEVELS)
@LAW
@given(VOTES)
def test_workers_who_say_the_same_have_an_alpha_of_one(level, votes):
    said = {vote.item: vote.label for vote in votes}
    assume(len(set(said.values())) > 1)

    alike = [Vote(item, worker, label) for item, label in said.items() for worker in "uvw"]

    assert krippendorff_alpha(alike, level) == 1


@pytest.mark.parametrize("level", LEVELS)
@LAW
@given(VOTES, st.randoms(use_true_random=False))
def test_neither_order_nor_names_of_items_and_workers_matter(level, votes, random):
    renamed = [vote._replace(item=f"x{vote.item}", worker=f"y{vote.worker}") for vote in votes]
    random.shuffle(renamed)

    assert same(krippendorff_alpha(votes, level), krippendorff_alpha(renamed, level))


@LAW
@given(VOTES, st.permutations(range(1, 6)))
def test_renamed_labels_have_the_same_nominal_alpha(votes, names):
    renamed = [vote._replace(label=f"label {names[vote.label - 1]}") for vote in votes]

    assert same(krippendorff_alpha(votes), krippendorff_alpha(renamed))


@LAW
@given(VOTES, st.integers(-10, 10), st.integers(1, 10))
def test_another_zero_and_another_unit_have_the_same_interval_alpha(votes, zero, unit):
    moved = [vote._replace(label=zero + unit * vote.label) for vote in votes]

    assert same(krippendorff_alpha(votes, "interval"), krippendorff_alpha(moved, "interval"))


@LAW
@given(VOTES)
def test_a_single_label_of_an_item_changes_no_alpha(votes):
    assert same(krippendorff_alpha([*votes, Vote("alone", "u", 3)]), krippendorff_alpha(votes))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "votes",
    [
        [],
        [Vote("1", "u", 1)],
        [Vote("1", "u", 1), Vote("2", "u", 2)],
        [Vote("1", "u", 0.1), Vote("1", "v", 0.1), Vote("2", "u", 0.1), Vote("2", "v", 0.1)],
        [Vote("1", "u", 1), Vote("1", "v", 1), Vote("2", "u", 5)],
    ],
    ids=["no vote", "one vote", "one worker", "one label", "one label of those that are paired"],
)
def test_there_is_no_alpha_where_nothing_can_differ(votes, level):
    assert krippendorff_alpha(votes, level) is None


def test_there_is_no_alpha_where_a_distance_sees_no_difference():
    votes = [Vote("1", "u", "cat"), Vote("1", "v", "Cat")]

    assert krippendorff_alpha(votes, distance=lambda a, b: float(a.lower() != b.lower())) is None


def test_structures_are_the_same_if_their_values_are():
    boxes = [
        Box("cat", 1, 2, 3, 4),
        {"label": "cat", "left": 1, "top": 2, "width": 3, "height": 4, "confidence": None},
    ]
    point = Keypoint("nose", 1, 2)

    votes = [Vote("1", "u", boxes[0]), Vote("1", "v", boxes[1]), Vote("2", "u", point), Vote("2", "v", point)]

    assert krippendorff_alpha(votes) == 1


@pytest.mark.parametrize(
    ("votes", "options", "message"),
    [
        ([("1", "u", "a"), ("1", "u", "b")], {}, "worker 'u' has a second label for the item of row 1"),
        ([(None, "u", "a")], {}, "row 0 has a label and no 'item'"),
        ([("1", None, "a")], {}, "row 0 has a label and no 'worker'"),
        ([("1", "u", "bad"), ("1", "v", "1")], {"level": "interval"}, "the label 'bad' is no number"),
        ([("1", "u", "nan"), ("1", "v", "1")], {"level": "ordinal"}, "the label 'nan' is no number"),
        ([("1", "u", -1), ("1", "v", 1)], {"level": "ratio"}, "a label is below 0"),
        (
            [("1", "u", "a"), ("1", "v", "b")],
            {"level": "ordinal", "order": ["a"]},
            "no place for the label 'b'",
        ),
        ([("1", "u", "a")], {"order": ["a"]}, "order= is for level='ordinal' alone"),
        ([("1", "u", "a")], {"level": "cardinal"}, "level='cardinal' is not known .*'nominal', 'ordinal'"),
        (
            [("1", "u", "a")],
            {"level": "ratio", "distance": max},
            "distance= and level='ratio' exclude each other",
        ),
        ([("1", "u", 1), ("1", "v", 2)], {"distance": lambda a, b: a - b}, "distance= gave -1"),
        (np.zeros((4, 12)), {}, "a vote has 12 entries, not item, worker and label"),
        (pd.DataFrame({"item": [], "label": []}), {}, "the answers have no column 'worker', but"),
    ],
)
def test_alpha_refuses_what_it_cannot_take_and_names_it(votes, options, message):
    with pytest.raises(InvalidInputError, match=message):
        krippendorff_alpha(votes, **options)


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
@LAW
@given(PAIRS)
def test_cohen_kappa_is_that_of_scikit_learn(weights, pairs):
    a, b = zip(*pairs, strict=True)
    kappa = cohen_kappa(a, b, weights)
    assume(kappa is not None)

    assert kappa == pytest.approx(cohen_kappa_score(a, b, weights=weights), abs=1e-9)


@pytest.mark.parametrize("weights", ["linear", "quadratic"])
@LAW
@given(PAIRS)
def test_grades_that_nobody_gave_count_where_the_order_names_them(weights, pairs):
    a, b = zip(*pairs, strict=True)
    kappa = cohen_kappa(a, b, weights, order=[5, 4, 3, 2, 1])
    assume(kappa is not None)

    expected = cohen_kappa_score(a, b, weights=weights, labels=[1, 2, 3, 4, 5])
    assert kappa == pytest.approx(expected, abs=1e-9)


def test_texts_that_are_numbers_are_graded_as_numbers():
    a, b = [1, 9, 10, 10, 2], [1, 10, 9, 10, 1]

    graded = cohen_kappa([f"{label} " for label in a], [f"{label}" for label in b], "linear")

    assert graded == pytest.approx(cohen_kappa_score(a, b, weights="linear"), abs=1e-9)


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
@LAW
@given(PAIRS)
def test_cohen_kappa_does_not_mind_who_is_first(weights, pairs):
    a, b = zip(*pairs, strict=True)

    assert same(cohen_kappa(a, b, weights), cohen_kappa(b, a, weights))


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
@LAW
@given(st.lists(SCALE, min_size=2))
def test_cohen_kappa_of_a_worker_with_himself_is_one(weights, labels):
    assume(len(set(labels)) > 1)

    assert cohen_kappa(labels, labels, weights) == 1


@pytest.mark.parametrize("series", [list, np.array, pd.Series, pl.Series, pa.chunked_array])
def test_cohen_kappa_takes_any_series_and_leaves_out_pairs_with_a_missing_label(series):
    def chunks(labels):
        return [labels] if series is pa.chunked_array else labels

    a = series(chunks([1.0, 2.0, 3.0, None, 2.0] if series is not np.array else [1, 2, 3, np.nan, 2]))
    b = series(chunks([1.0, 3.0, 3.0, 1.0, None] if series is not np.array else [1, 3, 3, 1, np.nan]))

    assert cohen_kappa(a, b) == pytest.approx(cohen_kappa_score([1, 2, 3], [1, 3, 3]), abs=1e-9)


@pytest.mark.parametrize("labels", [[], ["a"], ["a", "a", "a"], [None, "a"]])
def test_there_is_no_cohen_kappa_where_nothing_can_differ(labels):
    assert cohen_kappa(labels, labels) is None


@pytest.mark.parametrize(
    ("a", "b", "options", "message"),
    [
        (["a"], ["a", "b"], {}, "one worker has 1 labels and the other 2"),
        (["a"], ["b"], {"weights": "linear"}, "the label 'a' is no number"),
        (["a"], ["b"], {"weights": "cubic"}, "weights='cubic' is not known .*'linear', 'quadratic'"),
        (["a"], ["b"], {"order": ["a", "b"]}, "order= is for weights alone"),
        (["a"], ["c"], {"weights": "linear", "order": ["a", "b"]}, "no place for the label 'c'"),
    ],
)
def test_cohen_kappa_refuses_what_it_cannot_take_and_names_it(a, b, options, message):
    with pytest.raises(InvalidInputError, match=message):
        cohen_kappa(a, b, **options)


def test_fleiss_kappa_is_the_published_one():
    assert fleiss_kappa(votes_of_counts(FLEISS_1971)) == pytest.approx(FLEISS_1971_KAPPA, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "kappa"),
    [("rte", 0.24138393913120565), ("dog", 0.5193582822505286), ("product", 0.1574395402008852)],
)
def test_fleiss_kappa_of_published_crowds_is_that_of_another_implementation(real_crowd, name, kappa):
    """Of statsmodels 0.15.0."""
    votes, _ = real_crowd(name)

    assert fleiss_kappa(votes) == pytest.approx(kappa, abs=1e-9)


@LAW
@given(PAIRS)
def test_fleiss_kappa_of_two_workers_is_scotts_pi(pairs):
    """W. A. Scott, "Reliability of content analysis: the case of nominal scale coding" (1955)."""
    shares = Counter(label for pair in pairs for label in pair)
    by_chance = sum((count / (2 * len(pairs))) ** 2 for count in shares.values())
    assume(by_chance < 1)
    votes = [
        Vote(str(n), worker, label)
        for n, pair in enumerate(pairs)
        for worker, label in zip("uv", pair, strict=True)
    ]

    agreed = sum(a == b for a, b in pairs) / len(pairs)

    assert fleiss_kappa(votes) == pytest.approx((agreed - by_chance) / (1 - by_chance), abs=1e-9)


@pytest.mark.parametrize(
    "votes", [[], [("1", "u", "a"), ("2", "u", "b")], [("1", "u", "a"), ("1", "v", "a")]], ids=str
)
def test_there_is_no_fleiss_kappa_where_nothing_can_differ(votes):
    assert fleiss_kappa(votes) is None


def test_fleiss_kappa_refuses_items_with_unequal_numbers_of_labels():
    with pytest.raises(InvalidInputError, match=r"from 1 to 2 labels.*krippendorff_alpha"):
        fleiss_kappa([("1", "u", "a"), ("1", "v", "b"), ("2", "u", "a")])
