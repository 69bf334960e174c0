"""Models from files: JSON, or a snapshot of a contract."""

from __future__ import annotations

import os
import re
from importlib import import_module
from pathlib import Path

from dcai.models import Classifier, from_json

__all__ = ["load_model"]

#: How a snapshot of ``dcai.chain`` begins, unless it is compressed.
_SNAPSHOT = re.compile(rb'\s*\{\s*"format"\s*:\s*"dcai-snapshot"')
_GZIP = b"\x1f\x8b"


def load_model(source: str | os.PathLike[str]) -> Classifier:
    """Read a model from a file, of whatever kind its content is.

    Parameters
    ----------
    source : path
        A model in the JSON format of 0xDeCA10B, or a snapshot of a contract, as ``dcai fetch`` writes it.

    Returns
    -------
    Classifier
        The model.

    Raises
    ------
    DcaiError
        The file is no model: `InputError`, or what `dcai.chain.load` raises for a snapshot.
    OSError
        The file cannot be read.
    """
    path = Path(source)
    with path.open("rb") as file:
        start = file.read(256)
    if start.startswith(_GZIP) or _SNAPSHOT.match(start):
        # Only now, for the chain's packages are an extra.
        model: Classifier = import_module("dcai.chain").load(path).model()
        return model
    return from_json(path)
