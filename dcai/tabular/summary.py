"""Summary of a run: counts, and the confusion of true and predicted labels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dcai.reprs import short_repr

__all__ = ["Summary"]

#: So many skipped rows are described.
_DESCRIBED = 5
#: Tables of more classes are not read by anybody; the most frequent confusions are.
_MOST_CLASSES = 12
_MOST_CONFUSIONS = 20


@dataclass
class Summary:
    """Counts of one run of ``predict_file``.

    Attributes
    ----------
    classifications : tuple of str
        Names of the classes.
    num_predicted : int
        Rows with a prediction.
    num_skipped : int
        Rows that were left out.
    skipped : list of str
        The first of them: file, row, column, and what is wrong.
    counts : int64 array, shape (classes,)
        How often each class was predicted.
    confusion : int64 array, shape (classes, classes), or None
        Rows by true label (first axis) and predicted label (second), where true labels were given.
    """

    __repr__ = short_repr

    classifications: tuple[str, ...]
    num_predicted: int = 0
    num_skipped: int = 0
    skipped: list[str] = field(default_factory=list)
    counts: NDArray[np.int64] = field(init=False)
    confusion: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        self.counts = np.zeros(len(self.classifications), np.int64)

    @property
    def accuracy(self) -> float | None:
        """Share of the rows whose prediction is their true label; None without labels, or without rows."""
        if self.confusion is None or not self.num_predicted:
            return None
        return float(np.trace(self.confusion)) / self.num_predicted

    def add(self, predicted: NDArray[np.int64], labels: NDArray[np.int64] | None) -> None:
        """Count a batch."""
        number = len(self.classifications)
        self.num_predicted += len(predicted)
        self.counts += np.bincount(predicted, minlength=number)
        if labels is not None:
            pairs = np.bincount(labels * number + predicted, minlength=number * number)
            table = pairs.reshape(number, number)
            self.confusion = table if self.confusion is None else self.confusion + table

    def add_skipped(self, number: int, described: list[str]) -> None:
        """Count rows that were left out."""
        self.num_skipped += number
        self.skipped += described[: max(_DESCRIBED - len(self.skipped), 0)]

    def accuracy_text(self) -> str:
        """Return accuracy and confusion as text; empty without labels."""
        if self.confusion is None:
            return ""
        if self.accuracy is None:
            return "accuracy: no rows\n"
        right = int(np.trace(self.confusion))
        text = f"accuracy: {self.accuracy:.4f} ({right:,} of {self.num_predicted:,})\n"
        return text + (self._table() if len(self.classifications) <= _MOST_CLASSES else self._most_frequent())

    def _table(self) -> str:
        assert self.confusion is not None
        head = ["true \\ predicted", *self.classifications]
        rows = [[name, *(f"{count:,}" for count in row)] for name, row in zip(head[1:], self.confusion, strict=True)]
        widths = [max(len(line[i]) for line in [head, *rows]) for i in range(len(head))]
        lines = [
            "  ".join(
                [line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))]
            )
            for line in [head, *rows]
        ]
        return "".join(f"{line.rstrip()}\n" for line in lines)

    def _most_frequent(self) -> str:
        assert self.confusion is not None
        wrong = self.confusion.copy()
        np.fill_diagonal(wrong, 0)
        order = np.argsort(-wrong, axis=None, kind="stable")[:_MOST_CONFUSIONS]
        pairs = [(int(i), int(j)) for i, j in zip(*np.unravel_index(order, wrong.shape), strict=True) if wrong[i, j]]
        names = self.classifications
        lines = [f"  {names[i]} taken for {names[j]}: {wrong[i, j]:,}\n" for i, j in pairs]
        return "most frequent confusions:\n" + "".join(lines) if lines else ""
