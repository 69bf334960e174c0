"""The verification of each model: one file a model, found by `dcai.verify.layer.VERIFY`."""
