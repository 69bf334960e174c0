import numpy as np
import pytest

from dcai.data import present, standardized
from dcai.errors import InputError, InputTypeError


def test_standardized_sees_only_the_training_part() -> None:
    train, test = standardized([[1, 5], [3, 5], [5, 5]], [[3, 6], [9, 5]])
    deviation = (8 / 3) ** 0.5
    np.testing.assert_allclose(train, [[-2 / deviation, 0], [0, 0], [2 / deviation, 0]])
    np.testing.assert_allclose(test, [[0, 1], [6 / deviation, 0]])


def test_a_constant_feature_is_only_shifted() -> None:
    # The mean of ten times 0.1 is not 0.1 in floats.
    _, test = standardized(np.full((10, 1), 0.1), [[1.1]])
    assert test[0, 0] == pytest.approx(1)


def test_standardized_refuses_what_does_not_fit() -> None:
    with pytest.raises(InputError, match="X_train has no rows"):
        standardized(np.empty((0, 2)), [[1, 2]])
    with pytest.raises(InputError, match="X_train has 1 features, but X_test has 2"):
        standardized([[1]], [[1, 2]])


def test_present_lists_what_is_true() -> None:
    rows = present(np.array([[0, 9, 8], [7, 0, 0], [8, 1, 16]]) >= 8)
    assert [row.tolist() for row in rows] == [[1, 2], [], [0, 2]]
    assert rows.indptr.dtype == rows.indices.dtype == np.int64
    assert len(present(np.zeros((0, 4), bool))) == 0


def test_present_takes_only_a_mask() -> None:
    with pytest.raises(InputTypeError, match="must be boolean, got int64; compare with"):
        present(np.array([[1, 0]]))
    with pytest.raises(InputError, match="two axes"):
        present([True, False])
