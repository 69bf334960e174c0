import re
from typing import Any

import numpy as np
import pytest

import dcai
from dcai.encoders import Encoder, FixedPoint, Integers, L2Normalized
from dcai.errors import InputError, InputTypeError


@pytest.mark.parametrize(
    ("encoder", "sample", "expected"),
    [
        (Integers(), [3, -7, 2**63 - 1], [3, -7, 2**63 - 1]),
        (FixedPoint(), [0.5, -1.0, 2.5e-10, 5e-10], [5 * 10**8, -(10**9), 0, 1]),
        (L2Normalized(), [3.0, 0.0, -4.0], [6 * 10**8, 0, -8 * 10**8]),
    ],
)
def test_one_sample_and_a_batch(encoder: Encoder, sample: list[Any], expected: list[int]) -> None:
    one, batch = encoder.encode(sample), encoder.encode([sample, sample])
    assert one.dtype == batch.dtype == np.int64
    assert one.tolist() == expected
    assert batch.tolist() == [expected, expected]
    assert encoder.encode(np.empty((0, 3))).shape == (0, 3)


def test_the_scale_is_that_of_the_contracts() -> None:
    assert FixedPoint().scale == L2Normalized().scale == dcai.TO_FLOAT
    assert Integers().scale == 1
    model = dcai.DensePerceptron([0] * 10_108, 0, 10**9)
    assert model.update(L2Normalized().encode(np.ones(10_108)), 1)  # the contract's norm check


@pytest.mark.parametrize("encoder", [Integers(), FixedPoint(), L2Normalized()])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (7, "samples have shape ()"),
        ([[[1]]], "samples have shape (1, 1, 1)"),
        ("text", "expected numbers, got the text 'text'"),
        ([[1, 2], [3]], "all rows have one length"),
        (["a", "b"], " numbers, got an array of <U1|expected integers|X must hold real numbers, got <U1"),
        ([None, 1], "value[0] is None|integers|real numbers, got object"),
    ],
)
def test_bad_samples(encoder: Encoder, data: Any, message: str) -> None:
    with pytest.raises(InputError, match="|".join(map(re.escape, message.split("|")))):
        encoder.encode(data)


def test_each_says_what_it_needs() -> None:
    with pytest.raises(InputTypeError, match="expected integers that int64 holds, got an array of float64"):
        Integers().encode([1.0])
    with pytest.raises(InputError, match=r"value\[0, 1\] is 9223372036854775808, and must be below 2\^63"):
        Integers().encode(np.array([[1, 2**63]], np.uint64))
    with pytest.raises(InputError, match="row 0 is all zeros"):
        L2Normalized().encode([0.0, 0.0])
    with pytest.raises(InputError, match="row 0, feature 1 is nan"):
        L2Normalized().encode([0.5, float("nan")])
    with pytest.raises(InputError, match=r"value\[1\] is inf"):
        FixedPoint().encode([0.5, float("inf")])
