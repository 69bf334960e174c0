"""Run predictions in Ray: it distributes blocks, and starts and stops the workers."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING, TypeGuard

from dcai.errors import DcaiError, InputError, Revert, shown
from dcai.ray.tables import predict_arrow

if TYPE_CHECKING:
    import pyarrow as pa
    import ray.data

    from dcai.models import Classifier

__all__ = ["Predictor", "as_raised_in_worker", "is_dataset", "predict_dataset"]


def is_dataset(data: object) -> TypeGuard[ray.data.Dataset]:
    """Return whether an object is a ray.data.Dataset, without importing Ray."""
    data_module = sys.modules.get("ray.data")
    return data_module is not None and isinstance(data, data_module.Dataset)


def predict_dataset(
    dataset: ray.data.Dataset,
    model: Classifier,
    *,
    features: str,
    output: str,
    concurrency: int | tuple[int, int] | None,
) -> ray.data.Dataset:
    """Add the labels to a data set; see `dcai.ray.predict`."""
    return dataset.map_batches(
        Predictor,
        fn_constructor_kwargs={"model": model, "features": features, "output": output},
        batch_format="pyarrow",
        batch_size=None,  # whole blocks: the kernels are fastest on many rows, and a row has a number in its block
        zero_copy_batch=True,
        compute=_workers(concurrency),
    )


class Predictor:
    """Callable of a Ray worker: receives the model once, at its start, then blocks of rows."""

    def __init__(self, model: Classifier, features: str, output: str) -> None:
        # Ray counts one core for each worker; the kernels would take them all.
        os.environ.setdefault("RAYON_NUM_THREADS", "1")
        self.model = model
        self.features = features
        self.output = output

    def __call__(self, block: pa.Table) -> pa.Table:
        """Add the labels to a block."""
        try:
            return predict_arrow(block, self.model, features=self.features, output=self.output)
        except DcaiError as error:
            raised = as_raised_in_worker(error)
            raised.add_note("Rows are numbered within the block that the worker was given.")
            if isinstance(error, Revert) and error.row is not None:
                values = block.column(self.features).slice(error.row, 1).to_pylist()
                raised.add_note(f"Row {error.row} of the block holds {shown(values[0])}.")
            _let_through()
            raise raised from None


def _workers(concurrency: int | tuple[int, int] | None) -> ray.data.ActorPoolStrategy:
    from ray.data import ActorPoolStrategy  # noqa: PLC0415 - optional

    smallest, largest = concurrency if isinstance(concurrency, tuple) else (concurrency, concurrency)
    if concurrency is None:
        return ActorPoolStrategy()
    for number in (smallest, largest):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise InputError(f"concurrency is {shown(concurrency)}, and must be a number of workers, or (fewest, most)")
    if smallest == largest:
        return ActorPoolStrategy(size=smallest)
    return ActorPoolStrategy(min_size=smallest, max_size=largest)


def as_raised_in_worker(error: DcaiError) -> DcaiError:
    """Wrap an error so that Ray raises it on the driver with its own class.

    Ray raises on the driver an exception that is a RayTaskError and of the class of what was raised in the worker. An
    exception of ours alone it would report as a defect of its own.
    """
    kind = _user_code_kind(type(error))  # type: ignore[arg-type]  # mypy takes the hash of the instances
    raised = kind.__new__(kind)
    raised.__dict__.update(error.__dict__, plain=error)
    return raised


@cache
def _user_code_kind(kind: type[DcaiError]) -> type[DcaiError]:
    from ray.exceptions import UserCodeException  # noqa: PLC0415 - optional

    namespace = {
        "__module__": kind.__module__,
        "__reduce__": lambda self: (as_raised_in_worker, (self.plain,)),
        "__str__": lambda self: str(self.plain),
        # Ray appends advice on its settings to the arguments, which are not for that.
        "args": property(lambda self: self.plain.args, lambda self, args: None),
    }
    return type(kind.__name__, (kind, UserCodeException), namespace)


def _let_through() -> None:
    """Let Ray raise the error of this worker itself, without a wrapper that loses it when pickled."""
    from ray.data import DataContext  # noqa: PLC0415 - optional

    DataContext.get_current().raise_original_map_exception = True
