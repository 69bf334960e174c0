"""The four on-chain classifiers, one class a contract, thin over the kernels."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

from dcai.errors import InputError, shown
from dcai.models import json_format
from dcai.models.base import Classifier, DenseClassifier, SparseClassifier
from dcai.models.dense_perceptron import DensePerceptron
from dcai.models.nearest_centroid import NearestCentroidClassifier
from dcai.models.sparse_nearest_centroid import SparseNearestCentroidClassifier
from dcai.models.sparse_perceptron import SparsePerceptron, SparseWeights

__all__ = [
    "MODELS",
    "Classifier",
    "DenseClassifier",
    "DensePerceptron",
    "NearestCentroidClassifier",
    "SparseClassifier",
    "SparseNearestCentroidClassifier",
    "SparsePerceptron",
    "SparseWeights",
    "from_json",
]

#: The models by the name of their contract.
MODELS: dict[str, type[Classifier]] = {
    model.__name__: model
    for model in (
        DensePerceptron,
        SparsePerceptron,
        NearestCentroidClassifier,
        SparseNearestCentroidClassifier,
    )
}


def from_json(source: str | PathLike[str] | Mapping[str, Any]) -> Classifier:
    """Read a model of any type in the JSON format of 0xDeCA10B.

    Parameters
    ----------
    source : path, str or dict
        A file, JSON text (which starts with a brace), or what ``json.load`` gives.

    Returns
    -------
    Classifier
        A model of the class that the field ``type`` names.

    Raises
    ------
    InputError
        As `Classifier.from_json`, and for an unknown ``type``.
    """
    fields = json_format.read(source)
    kind = fields.peek_type()
    for model in MODELS.values():
        if kind in model.json_types:
            return model.from_fields(fields)
    known = ", ".join(repr(name) for model in MODELS.values() for name in model.json_types)
    raise InputError(f"field 'type' is {shown(kind)}; expected one of {known}")
