"""Rows from tables and arrays on disk to predictions, in a stream: files may be larger than memory.

>>> import tempfile, numpy as np, dcai
>>> from dcai import tabular
>>> folder = tempfile.TemporaryDirectory()
>>> np.save(folder.name + "/rows.npy", np.array([[0.6, -0.8], [-0.6, 0.8]]))
>>> model = dcai.DensePerceptron([10**9, 0], 0, 10**9)
>>> tabular.predict_file(folder.name + "/rows.npy", folder.name + "/labels.npy", model).num_predicted
2
>>> np.load(folder.name + "/labels.npy")
array([1, 0])
>>> [model.predict_batch(batch.samples).tolist() for batch in tabular.read_batches(folder.name + "/rows.npy", model)]
[[1, 0]]
>>> folder.cleanup()

CSV, Parquet and Arrow files need pyarrow (extra ``tabular``), svmlight files scikit-learn (extra ``sklearn``); both
load only when a file needs them.
"""

from dcai.tabular.files.formats import INPUT_FORMATS, OUTPUT_FORMATS
from dcai.tabular.layout import Layout
from dcai.tabular.load import load_model
from dcai.tabular.predict import predict_file
from dcai.tabular.reader import Batch, read_batches
from dcai.tabular.summary import Summary

__all__ = [
    "INPUT_FORMATS",
    "OUTPUT_FORMATS",
    "Batch",
    "Layout",
    "Summary",
    "load_model",
    "predict_file",
    "read_batches",
]
