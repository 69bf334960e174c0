"""Prediction over data sets that do not fit on one machine, with Ray Data; the same call on one machine for small data.

>>> import dcai, numpy as np
>>> from dcai.ray import predict
>>> model = dcai.SparsePerceptron([-1, 5], 0, 1)
>>> predict([[0], [0, 1]], model)                   # rows as the model takes them: an array of labels, without Ray
array([0, 1])

With ``dataset = ray.data.read_parquet(...)``, ``predict(dataset, model)`` is a ray.data.Dataset with a column more.
ray and pyarrow load only when a data set or a table is given.
"""

from dcai.ray.predict import predict
from dcai.ray.tasks import map_unordered

__all__ = ["map_unordered", "predict"]
