"""Numbers near the bounds of every type, as strategies of Hypothesis; the edges are those of the search."""

from __future__ import annotations

from hypothesis import strategies as st

from dcai.verify.numbers import INDICES, NEGATIVE, edges

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
INT80_MIN, INT80_MAX = -(2**79), 2**79 - 1
UINT32_MAX, UINT64_MAX = 2**32 - 1, 2**64 - 1
#: Where a dense centroid stops counting its samples.
COUNT_LIMIT = 2**191
ONE = 10**9

#: Words at which an opcode may do something else; every pair and triple of them is few enough to try.
WORDS = (
    0, 1, 2, 3, 7, 31, 32, 33, 255, 256, 257,
    2**31, 2**32 - 1, 2**63, 2**64 - 1, 2**64, 2**128 - 1, 2**128, 2**160 - 1,
    2**255 - 1, 2**255, 2**255 + 1, 2**256 - 2, 2**256 - 1,
)  # fmt: skip


def between(low: int, high: int) -> st.SearchStrategy[int]:
    """Whole numbers within bounds, half of them next to where a type ends."""
    near = st.sampled_from(sorted(set(edges(low, high)), key=abs))
    return st.one_of(near, near, st.integers(max(low, -2 * ONE), min(high, 2 * ONE)), st.integers(low, high))


int64s = between(INT64_MIN, INT64_MAX)
uint64s = between(0, UINT64_MAX)
uint32s = st.one_of(st.sampled_from([0, 1, ONE - 1, ONE, ONE + 1, 2**31, UINT32_MAX]), between(0, UINT32_MAX))
#: Weights of which many are a small step from overflow.
int80s = st.one_of(between(INT80_MIN, INT80_MAX), st.sampled_from([INT80_MIN, INT80_MIN + 1, INT80_MAX - 1, INT80_MAX]))
#: Of samples, as a dense centroid and as a sparse one counts them.
counts = st.one_of(st.integers(0, 20), between(0, COUNT_LIMIT - 1), st.sampled_from([COUNT_LIMIT - 2, COUNT_LIMIT - 1]))
counts64 = st.one_of(
    st.integers(0, 20), st.sampled_from([ONE, 2**31, 2**32, 2**63 - 1, 2**63, *range(UINT64_MAX - 2, UINT64_MAX + 1)])
)
feature_indices = st.one_of(st.integers(0, 12), st.integers(0, 12), st.sampled_from(INDICES))
negative_indices = st.sampled_from(NEGATIVE)
too_large_indices = st.sampled_from([2**32, 2**32 + 1, 2**62, INT64_MAX - 1, INT64_MAX])
