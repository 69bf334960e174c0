"""All models, in the order of tables. A new model is one line here."""

# ruff: noqa: F403
# isort: off
from dcai.models.dense_perceptron import *
from dcai.models.sparse_perceptron import *
from dcai.models.nearest_centroid import *
from dcai.models.sparse_nearest_centroid import *
from dcai.models.naive_bayes import *
