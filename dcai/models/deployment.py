"""The transactions that deploy a model, to send or to price."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from dcai.errors import EvmError

__all__ = ["Driver", "create_classes", "halvings"]

#: How many weights, or how many classes and values of each.
Size = TypeVar("Size", int, tuple[int, int])


class Driver(ABC):
    """Receiver of the transactions of a deployment: sends them, or predicts their cost."""

    @abstractmethod
    def send(self, function: str, args: tuple[Any, ...], items: int) -> None:
        """Take one transaction.

        Parameters
        ----------
        function : str
            ``"constructor"``, or the function that is called.
        args : tuple
            Its arguments.
        items : int
            How many weights, values or indices they hold.

        Raises
        ------
        EvmError
            It does not fit a transaction; nothing has changed.
        """

    def create(self, sizes: Iterable[Size], args: Callable[[Size], tuple[Any, ...]]) -> Size:
        """Create the contract with the first of ``sizes`` that fits, and return it."""
        return self._first_fitting(sizes, lambda size: self.send("constructor", args(size), _items(size)))

    def call(self, function: str, *args: Any) -> None:
        """Send one call that cannot be divided."""
        self.send(function, args, 1)

    def extend(
        self,
        function: str,
        items: Sequence[Any],
        args: Callable[[int, Sequence[Any]], tuple[Any, ...]],
    ) -> None:
        """Send all items in chunks; ``args`` makes arguments of a chunk's position and items."""

        def send(start: int, size: int) -> None:
            self.send(function, args(start, items[start : start + size]), size)

        start, size = 0, len(items)
        while start < len(items):
            sizes = halvings(min(size, len(items) - start))
            size = self._first_fitting(sizes, partial(send, start))
            start += size

    @staticmethod
    def _first_fitting(sizes: Iterable[Size], send: Callable[[Size], None]) -> Size:
        """Send with one size after another until one fits."""
        last: EvmError | None = None
        for size in sizes:
            try:
                send(size)
            except EvmError as error:
                last = error  # unlike a Revert, which says no to the values, whatever their number
            else:
                return size
        raise last or EvmError("there is nothing to send")


def _items(size: int | tuple[int, int]) -> int:
    return size if isinstance(size, int) else size[0] * size[1]


def halvings(size: int, least: int = 1) -> Iterator[int]:
    """Yield ``size``, half of it rounded up and so on, down to ``least`` (0 or 1)."""
    while size > 1:
        yield size
        size -= size // 2  # rounded up, so that two halves are all
    yield from range(size, least - 1, -1)


def _shrinkings(classes: int, features: int) -> Iterator[tuple[int, int]]:
    """Yield numbers of classes and of features of each, the longer side halved at each step."""
    while True:
        yield classes, features
        if max(classes, features) <= 1:
            return
        if features >= classes:
            features -= features // 2
        else:
            classes -= classes // 2


def create_classes(
    driver: Driver,
    entries: Sequence[Sequence[Any]],
    length: int,
    *,
    create: Callable[[int, int], tuple[Any, ...]],
    add: Callable[[int, int], tuple[Any, ...]],
    extend: str,
) -> None:
    """Create a contract with as many classes, and of the first ``length`` entries of each, as fit; send the rest.

    Parameters
    ----------
    driver : Driver
        Takes the transactions.
    entries : sequence of sequences
        The values of each class.
    length : int
        Most entries that a class is created or added with.
    create : callable
        Takes a number of classes and one of entries; returns the arguments of the constructor.
    add : callable
        Takes a label and a number of entries; returns the arguments of ``addClass``.
    extend : str
        The function that appends entries to a class: its arguments are the entries and the label.
    """
    classes, size = driver.create(_shrinkings(len(entries), length), lambda sizes: create(*sizes))
    for k in range(classes, len(entries)):
        driver.call("addClass", *add(k, size))
    for k, values in enumerate(entries):
        driver.extend(extend, values[size:], partial(_extension, k))


def _extension(k: int, _start: int, chunk: Sequence[Any]) -> tuple[Any, ...]:
    return chunk, k
