"""One call for all: a Ray data set, a table on this machine, or rows as the models take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from dcai.errors import InputTypeError, shown
from dcai.models import Batch, Classifier
from dcai.ray import engine, tables

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import ray.data


__all__ = ["predict"]


def predict(
    dataset: ray.data.Dataset | pa.Table | pa.RecordBatch | pd.DataFrame | Any,
    model: Classifier,
    *,
    features: str = "features",
    output: str = "label",
    concurrency: int | tuple[int, int] | None = None,
) -> Any:
    """Predict the class of each row.

    Parameters
    ----------
    dataset : ray.data.Dataset, pyarrow.Table, pyarrow.RecordBatch, pandas.DataFrame, or rows
        Rows, with their features in one column of lists: a list (of fixed size or not) or a tensor of integers in each
        row. For a dense model d fixed-point features, scale 10^9; for a sparse one the indices of the features
        present. Anything else goes to ``model.predict_batch`` as it is: an array of shape (n, d), CSR, ...
    model : Classifier
        A model as it is now; it is pickled once for each worker, and later updates do not reach the workers.
    features : str, default "features"
        Name of the column.
    output : str, default "label"
        Name of the column to add, int64; it must not exist yet.
    concurrency : int or (int, int), optional
        Number of workers, or their smallest and largest number; by default Ray decides. One core each. Only for Ray.

    Returns
    -------
    ray.data.Dataset, pyarrow.Table, pandas.DataFrame or intp array of shape (n,)
        Of a table, one of the same kind with the column added; of a record batch, a table; of rows, the labels. A
        ray.data.Dataset is lazy, as Ray's are: it predicts, and fails, when it is consumed.

    Raises
    ------
    Revert, InputError
        As ``model.predict_batch``, with the number of the row: in the table, or in its block for Ray, where a block is
        what one worker takes at a time. Also where the column is not there, is no column of lists of integers, or
        misses a value; or where there is a column ``output``. From a worker comes an error of the same class, so that
        ``except Revert`` works, with the attributes ``name`` and ``row``; it is a ``ray.exceptions.RayTaskError`` too,
        and its ``cause`` is the error alone.
    MissingExtraError
        A table, and pyarrow is not installed.
    """
    if not isinstance(model, Classifier):
        raise InputTypeError(f"model is {shown(model)}; expected a model of dcai")
    if engine.is_dataset(dataset):
        return engine.predict_dataset(dataset, model, features=features, output=output, concurrency=concurrency)
    if concurrency is not None:
        raise InputTypeError(
            "concurrency applies only to a ray.data.Dataset; other data are predicted in this process, on all cores"
        )
    if tables.is_arrow(dataset):
        return tables.predict_arrow(dataset, model, features=features, output=output)
    if tables.is_pandas(dataset):
        return tables.predict_pandas(dataset, model, features=features, output=output)
    return model.predict_batch(cast("Batch", dataset))
