"""Random and adversarial starts and steps, made of a seed and of the state that the model is in.

A generator's numbers lie near the bounds of every type and of every check; its steps mostly do something, and fail in
each way that there is now and then. What it draws is explicit: a start is a model and a step is numbers, so that a case
is shrunk, written and replayed without any of this. That, and its speed, is why it is not Hypothesis, which the tests
use beside it: there a choice costs more than the step that it leads to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcai.verify.models.dense_perceptron import DensePerceptronGenerator
from dcai.verify.models.nearest_centroid import NearestCentroidGenerator
from dcai.verify.models.sparse_nearest_centroid import SparseNearestCentroidGenerator
from dcai.verify.models.sparse_perceptron import SparsePerceptronGenerator

if TYPE_CHECKING:
    from dcai.verify.generator import Generator

__all__ = ["GENERATORS"]

#: By the name of the contract.
GENERATORS: dict[str, type[Generator]] = {
    "DensePerceptron": DensePerceptronGenerator,
    "NearestCentroidClassifier": NearestCentroidGenerator,
    "SparseNearestCentroidClassifier": SparseNearestCentroidGenerator,
    "SparsePerceptron": SparsePerceptronGenerator,
}
