"""Models from files: JSON, or a snapshot of a contract."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dcai.models import from_json

if TYPE_CHECKING:
    from dcai.models import Classifier

__all__ = ["load_model"]


def load_model(source: str | os.PathLike[str]) -> Classifier:
    """Read a model from a file, of whatever kind its content is.

    Parameters
    ----------
    source : path
        A model in the JSON format of 0xDeCA10B.

    Returns
    -------
    Classifier
        The model.

    Raises
    ------
    InputError
        The file is no model.
    OSError
        The file cannot be read.
    """
    return from_json(os.fspath(source) if isinstance(source, os.PathLike) else source)
