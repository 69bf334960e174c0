"""The gas layer of each model: one file a model, found by `dcai.gas.layer.GAS`."""
