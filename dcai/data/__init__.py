"""Data sets in the form the models take, and functions that convert measurements to it.

>>> from dcai import data
>>> cancer = data.breast_cancer()
>>> X, y = cancer.initial(100)      # build the first model from these
>>> X, y = cancer.stream(100)       # these arrive one by one
>>> cancer.X_test.shape             # no model trains on these
(114, 30)

scikit-learn and requests load only when a function needs them.
"""

from dcai.data.bundled import breast_cancer, digits, digits_parity, digits_presence
from dcai.data.catalogue import CATALOGUE, cache_dir, imdb, load, locate
from dcai.data.dataset import Dataset
from dcai.data.features import present, standardized
from dcai.data.imdb import read_imdb
from dcai.data.normalization import l2_normalized
from dcai.rows import CsrRows as SparseRows  # the name in 0.1.0

__all__ = [
    "CATALOGUE",
    "Dataset",
    "SparseRows",
    "breast_cancer",
    "cache_dir",
    "digits",
    "digits_parity",
    "digits_presence",
    "imdb",
    "l2_normalized",
    "load",
    "locate",
    "present",
    "read_imdb",
    "standardized",
]
