"""Predicting in forked processes, and samples that a stranger made to cost memory."""

import os
import subprocess
import sys

import pytest

import dcai

FORK = """
import os, warnings
import numpy as np, dcai
warnings.simplefilter("ignore")  # Python 3.12 warns of forks in processes with threads
model = dcai.DensePerceptron([1] * 64, 0, 1)
batch = np.ones((50_000, 64), dtype=np.int64)
assert model.predict_batch(batch).all()
child = os.fork()
if child == 0:
    os._exit(0 if model.predict_batch(batch).all() else 1)
assert os.waitpid(child, 0)[1] == 0
assert model.predict_batch(batch).all()
"""


@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_forked_child_predicts(threads: str) -> None:
    environment = {**os.environ, "RAYON_NUM_THREADS": threads}
    subprocess.run([sys.executable, "-c", FORK], check=True, timeout=60, env=environment)


HOSTILE = """
import resource, dcai
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
sample = [2**k - 1 for k in range(63)]
perceptron = dcai.SparsePerceptron([0] * 1000, 0, 10**9)
assert perceptron.update(sample, 1)
assert len(perceptron.weights) == 63
assert dcai.from_json(perceptron.to_json()) == perceptron
centroid = dcai.SparseNearestCentroidClassifier([[], []], [1, 1])
assert centroid.update(sample[:32], 1)
assert centroid.copy() == centroid
"""


def test_far_apart_indices_take_little_memory() -> None:
    subprocess.run([sys.executable, "-c", HOSTILE], check=True, timeout=60)


def test_a_sequential_batch_names_its_first_refused_row() -> None:
    model = dcai.SparsePerceptron([1], 0, 1)
    with pytest.raises(dcai.Revert) as refused:
        model.predict_batch(dcai.CsrRows([0, 1, 2, 3], [0, -5, -6]))
    assert (refused.value.row, refused.value.args) == (1, (0, -5))


def test_labels_that_are_too_few_concern_no_row() -> None:
    with pytest.raises(dcai.Revert) as refused:
        dcai.SparsePerceptron([1], 0, 1).evaluate_batch([[0], [1]], [1])
    assert (refused.value.row, refused.value) == (None, dcai.Revert("DimensionMismatch", (2, 1)))
