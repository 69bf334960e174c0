"""Contracts with a fault that needs no compiler: a change of their bytecode."""

from __future__ import annotations

from dataclasses import replace

from dcai import artifacts
from dcai.artifacts import Artifact

#: PUSH4 of the scale, 10^9, as the dense Perceptron divides by it; and the same plus one.
SCALE, WRONG_SCALE = bytes.fromhex("633b9aca00"), bytes.fromhex("633b9aca01")


def wrong_scale() -> Artifact:
    """A dense Perceptron that divides by 10^9 + 1, in creation and in runtime code."""
    right = artifacts.load("DensePerceptron")
    assert SCALE in right.deployed_bytecode
    return replace(
        right,
        bytecode=right.bytecode.replace(SCALE, WRONG_SCALE),
        deployed_bytecode=right.deployed_bytecode.replace(SCALE, WRONG_SCALE),
    )
