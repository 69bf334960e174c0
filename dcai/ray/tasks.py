"""Run independent tasks on a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from dcai.errors import MissingExtraError

__all__ = ["map_unordered"]

T = TypeVar("T")


def map_unordered(function: Callable[[T], Any], items: Sequence[T]) -> Iterator[Any]:
    """Call a function for each item, on the workers of Ray, and yield results in the order in which they end.

    Parameters
    ----------
    function : callable
        Of one item; a module's own, so that workers can import it.
    items : sequence
        Arguments that Ray can pickle.

    Raises
    ------
    MissingExtraError
        Ray is not installed.
    """
    try:
        import ray  # noqa: PLC0415 - optional, and slow to load
    except ImportError as error:
        raise MissingExtraError("many machines", "ray") from error
    remote: Any = ray.remote(num_cpus=1)(_on_one_core)
    waiting = [remote.remote(function, item) for item in items]
    try:
        while waiting:
            done, waiting = ray.wait(waiting)
            yield from ray.get(done)
    finally:
        for task in waiting:
            ray.cancel(task)


def _on_one_core(function: Callable[[T], Any], item: T) -> Any:
    """Call a function; Ray counts one core for each task, and the kernels would take them all."""
    os.environ.setdefault("RAYON_NUM_THREADS", "1")
    return function(item)
