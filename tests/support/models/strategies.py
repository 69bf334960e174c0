"""Arguments of contract calls: near the bounds of every type, most of them accepted, the others refused in each way."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from dcai.verify.numbers import squares
from tests.support.bounds import (
    COUNT_LIMIT,
    INT80_MAX,
    INT80_MIN,
    UINT32_MAX,
    UINT64_MAX,
    feature_indices,
    int64s,
    int80s,
    negative_indices,
    too_large_indices,
    uint64s,
)

uint32_lists = st.lists(st.one_of(st.integers(0, 9), st.sampled_from([2**31, UINT32_MAX])), max_size=9)
names = st.sampled_from(
    ["", "spam", "x" * 31, "x" * 32, "a name of more than sixty-four bytes, and not in ASCII alone: übergroß"]
)

large_counts = st.sampled_from([COUNT_LIMIT, COUNT_LIMIT + 1, 2**255, 2**256 - 1])


def labels(num_classes: int) -> st.SearchStrategy[int]:
    known = st.integers(0, num_classes - 1)
    return st.one_of(known, known, known, known, unknown_labels(num_classes))


def unknown_labels(num_classes: int) -> st.SearchStrategy[int]:
    return st.sampled_from([num_classes, num_classes + 1, 2**32, 2**63, UINT64_MAX])


def lists_of(elements: st.SearchStrategy[int], length: int) -> st.SearchStrategy[list[int]]:
    return st.lists(elements, min_size=length, max_size=length)


# -- dense samples -- #

UNIT, TOLERANCE = 10**18, 10**11
#: Squared norms at the bounds of the check, next to them, and in the middle.
SQUARED_NORMS = [UNIT + sign * TOLERANCE + d for sign in (-1, 1) for d in (-1, 0, 1)] + [UNIT - 1, UNIT, UNIT + 1]
ACCEPTED_NORMS = [n for n in SQUARED_NORMS if abs(n - UNIT) < TOLERANCE]
REFUSED_NORMS = [n for n in SQUARED_NORMS if abs(n - UNIT) >= TOLERANCE]


@st.composite
def unit_samples(draw: st.DrawFn, length: int, squared_norms: list[int] = SQUARED_NORMS) -> list[int]:
    """Samples whose squared norm is one of those: exactly from four features on, else just below or just above."""
    if length == 0:
        return []
    total = draw(st.sampled_from(squared_norms))
    if length >= 4:
        head = draw(st.lists(st.integers(-(3 * 10**8), 3 * 10**8), max_size=min(length - 4, 9)))
    else:
        head = draw(st.lists(st.integers(-(9 * 10**8), 9 * 10**8), max_size=min(length - 1, 1)))
    tail = list(squares(total - sum(x * x for x in head), length - len(head)))
    if len(tail) < 4:
        tail[-1] += draw(st.integers(0, 1))
    signs = draw(st.lists(st.sampled_from([1, -1]), min_size=len(tail), max_size=len(tail)))
    return draw(st.permutations(head + [sign * x for sign, x in zip(signs, tail, strict=True)]))


def accepted_samples(length: int) -> st.SearchStrategy[list[int]]:
    """Samples that an update takes; those of fewer than four features cannot be exactly at the bounds."""
    return unit_samples(length, ACCEPTED_NORMS if length >= 4 else [UNIT - 1, UNIT, UNIT + 1])


def dense_samples(length: int) -> st.SearchStrategy[list[int]]:
    """Samples most of which an update takes."""
    return st.one_of(
        accepted_samples(length),
        accepted_samples(length),
        accepted_samples(length),
        unit_samples(length, SQUARED_NORMS),
        lists_of(int64s, length),
        st.lists(int64s, max_size=9),
    )


#: Differences whose squares, each divided by 10^9 and rounded, add up to 10 or 9. The square of 10^5
#: is a multiple of 10^9; that of 31,622, which adds nothing, is just below 10^9.
WAYS_TO_TEN = [
    (100_000,),
    (-100_000,),
    (99_999, 31_623),
    (99_999,),
    (-70_711, 70_711),
    (63_246, -63_246, 44_722),
    (54_773, 54_773, -54_773, 31_623),
    (44_722,) * 5,
]


# -- sparse samples -- #

increasing_samples = st.lists(feature_indices, max_size=9, unique=True).map(sorted)
#: Indices in any order and with repetitions, none of them negative.
index_samples = st.one_of(
    st.lists(feature_indices, max_size=9),
    st.lists(st.one_of(feature_indices, too_large_indices), max_size=5),
)
#: Negative ones and such as are too large for a sparse centroid among them.
wild_indices = st.one_of(*[feature_indices] * 3, st.one_of(negative_indices, too_large_indices))
any_index_samples = st.one_of(index_samples, increasing_samples, st.lists(wild_indices, max_size=6))


@st.composite
def with_one_more(draw: st.DrawFn, lists: st.SearchStrategy[list[Any]], bad: st.SearchStrategy[Any]) -> list[Any]:
    """Good entries with one that is refused somewhere among them."""
    entries = list(draw(lists))
    entries.insert(draw(st.integers(0, len(entries))), draw(bad))
    return entries


negative_samples = with_one_more(increasing_samples, negative_indices)
too_large_samples = with_one_more(increasing_samples, too_large_indices)
repeated_samples = st.lists(st.integers(0, 3), min_size=5, max_size=9)

_malformed = st.sampled_from([[], [1], [1, 2, 3]])
_values = st.one_of(uint64s, uint64s, st.integers(0, 3))
pairs = st.lists(st.tuples(feature_indices, _values).map(list), max_size=7, unique_by=lambda pair: pair[0])
#: Pairs that no centroid takes: an index too large, no pair, an index that repeats.
REFUSED_PAIRS = [
    with_one_more(pairs, st.sampled_from([[2**32, 1], [2**63, 0], [UINT64_MAX, UINT64_MAX]])),
    with_one_more(pairs, _malformed),
    st.lists(st.tuples(st.integers(0, 3), uint64s).map(list), min_size=5, max_size=7),
]

wild_pairs = st.one_of(
    st.lists(
        st.tuples(st.one_of(feature_indices, st.sampled_from([2**32, UINT64_MAX])), uint64s).map(list), max_size=5
    ),
    st.lists(st.lists(st.one_of(st.integers(0, 5), uint64s), max_size=3), max_size=3),
)

#: Two values of a sparse centroid, a and b with a^2 + b^2 = 2 * 10^9 * a: from a sample that has the feature of the
#: first and not that of the second, all such centroids are 10^18 away.
EQUALLY_FAR = [
    (0, 0),
    (2 * 10**8, 6 * 10**8),
    (4 * 10**8, 8 * 10**8),
    (10**9, 10**9),
    (16 * 10**8, 8 * 10**8),
    (18 * 10**8, 6 * 10**8),
    (2 * 10**9, 0),
]

#: Where a run of weights may start.
starts = st.one_of(
    st.integers(0, 12), st.sampled_from([1023, 2**32, 2**63 - 1, 2**63, 2**64 - 3, 2**64 - 2, 2**64 - 1])
)
_weight_indices = st.one_of(feature_indices, st.sampled_from([2**63 - 1, 2**63, 2**64 - 1]))
weight_rows = st.lists(st.tuples(_weight_indices, int80s).map(list), max_size=7)
#: Rows that no SparsePerceptron takes: no pair, a negative index, an index too large.
REFUSED_WEIGHT_ROWS = [
    with_one_more(weight_rows, _malformed),
    with_one_more(weight_rows, st.sampled_from([[-1, 0], [INT80_MIN, 5]])),
    with_one_more(weight_rows, st.sampled_from([[2**64, 0], [INT80_MAX, 5]])),
]


@st.composite
def batches(draw: st.DrawFn, rows: st.SearchStrategy[list[int]]) -> tuple[list[list[int]], list[int]]:
    """Samples with one label each, not all of which are classes."""
    samples = draw(st.lists(rows, min_size=1, max_size=4))
    return samples, draw(lists_of(st.sampled_from([0, 1, 0, 1, 2, UINT64_MAX]), len(samples)))


@st.composite
def either(draw: st.DrawFn, good: st.SearchStrategy[Any], wild: st.SearchStrategy[Any]) -> Any:
    """Something that is good three times out of four."""
    return draw(wild if draw(st.integers(0, 3)) == 3 else good)
