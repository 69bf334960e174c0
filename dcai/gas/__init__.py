"""Exact gas: predicted without an EVM, measured in an EVM, and profiled by source line.

>>> import dcai
>>> oracle = dcai.gas.Oracle("SparsePerceptron", fork="prague")
>>> model = dcai.models.SparsePerceptron([0, 0, 0], intercept=0, learning_rate=10**9)
>>> costs = oracle.update_batch(model, [[0, 2], [1]], [1, 0])   # the model learns as the chain's would
>>> costs.mistake.tolist()
[True, False]
"""

from dcai.gas.costs import Costs
from dcai.gas.oracle import Oracle

__all__ = ["Costs", "Oracle"]
