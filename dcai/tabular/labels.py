"""True labels, as files have them: numbers of classes, or their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dcai.errors import shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcai.tabular.faults import Faults

__all__ = ["to_labels"]


def to_labels(column: Any, name: str, classifications: tuple[str, ...], faults: Faults) -> NDArray[np.int64]:
    """Return the labels of a column, 0 where there is a fault.

    A whole number is the index of a class, whatever the classes are called; other text is the name of one.
    """
    values = column.tolist() if isinstance(column, np.ndarray) else column.to_pylist()
    known = {name: k for k, name in enumerate(classifications)}
    labels = [_label(value, known) for value in values]
    unknown = np.array([label is None for label in labels], dtype=bool)
    last = len(classifications) - 1
    faults.add_column(
        unknown,
        f"column {name!r}",
        lambda row: f"{shown(values[row])} is not a class; expected an index from 0 to {last}, or the name of a class",
    )
    return np.array([label or 0 for label in labels], dtype=np.int64)


def _label(value: Any, known: dict[str, int]) -> int | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        text = value.strip()
        if not (text.isascii() and text.isdigit()):
            return known.get(value, known.get(text))
        value = int(text)
    if isinstance(value, (int, float)) and value == value // 1 and 0 <= value < len(known):
        return int(value)
    return None
