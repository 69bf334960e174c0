"""The gas layer of a model: what to calibrate on, and what to measure. One file a model in ``dcai/gas/models``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple, TypeAlias

from dcai.models import Classifier
from dcai.models.registry import Layer

__all__ = ["GAS", "Call", "FrameworkSize", "GasModel", "Labelled", "SnapshotCase"]

#: A transaction of a deployment: function and arguments.
Call: TypeAlias = tuple[str, tuple[Any, ...]]


class Labelled(NamedTuple):
    """A model, and a sample to update it with."""

    model: Classifier
    data: Sequence[int]
    label: int


@dataclass(frozen=True)
class SnapshotCase:
    """The row of a gas snapshot: a model, and contributions to its contract.

    Attributes
    ----------
    model : Classifier
        The model to deploy.
    contributions : dict of str to (sample, label)
        Sent to ``update`` in this order, by the name of the row; some revert.
    """

    model: Classifier
    contributions: Mapping[str, tuple[Sequence[int], int]]


@dataclass(frozen=True)
class FrameworkSize:
    """A model of the size at which the contracts of 0xDeCA10B were measured.

    Attributes
    ----------
    title : str
        Name of the size for readers.
    model : Classifier
        The model to deploy.
    sample : sequence of int
        A sample that the model takes for class 1.
    original : mapping of str to int
        Gas of 0xDeCA10B by action, where it was measured. Whether an ``addData`` was a mistake was not recorded.
    """

    title: str
    model: Classifier
    sample: Sequence[int]
    original: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class GasModel:
    """Gas layer of one model: calibration samples, counters and snapshot cases.

    Attributes
    ----------
    samples : callable
        Draws models with samples that together take ``update`` and ``predict`` down every path.
    deployments : callable
        Draws the transactions of a deployment, the constructor's first, that take every path.
    functions : mapping of str to callable
        Count what ``"constructor"`` and each initialising function does, given an ``Initialization`` and arguments.
    impossible : tuple of str
        Errors in the bytecode that no call can raise.
    snapshot : callable
        Makes the case of the gas snapshot.
    framework : callable
        Makes the row of the table of the incentive framework.
    original_streams : mapping of str to mapping of str to int
        Gas of 0xDeCA10B by title of the data, then by action.
    """

    samples: Callable[[Random], Iterator[Labelled]]
    deployments: Callable[[Random], Iterator[Call]]
    functions: Mapping[str, Callable[..., None]]
    impossible: tuple[str, ...] = ()
    snapshot: Callable[[], SnapshotCase]
    framework: Callable[[], FrameworkSize]
    original_streams: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


#: The gas layers by contract.
GAS: Layer[GasModel] = Layer("dcai.gas.models", "GAS")
