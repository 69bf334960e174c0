"""The on-chain classifiers, one class a contract, thin over the kernels."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

from dcai.errors import InputError, shown
from dcai.models import json_format
from dcai.models._inputs import Batch, Labels, Sample
from dcai.models.all import *  # noqa: F403
from dcai.models.base import Classifier, DenseClassifier, SparseClassifier
from dcai.models.registry import MODELS

__all__ = ["MODELS", "Batch", "Classifier", "DenseClassifier", "Labels", "Sample", "SparseClassifier", "from_json"]
__all__ += list(MODELS)


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
        if kind in model.spec.json_types:
            return model.from_fields(fields)
    known = ", ".join(repr(name) for model in MODELS.values() for name in model.spec.json_types)
    raise InputError(f"field 'type' is {shown(kind)}; expected one of {known}")
