"""Classifiers on a node whose trainer logs what it accepts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import dcai
from dcai import artifacts
from dcai.artifacts import Artifact
from dcai.evm.abi import Abi
from tests.support.node.anvil import Anvil

FEATURES = 20
MODELS = ("DensePerceptron", "SparsePerceptron", "NearestCentroidClassifier", "SparseNearestCentroidClassifier")


def new_model(name: str) -> Any:
    names = ["ham", "spam"]
    if name == "DensePerceptron":
        return dcai.DensePerceptron([0] * FEATURES, 0, 10**8, classifications=names)
    if name == "SparsePerceptron":
        return dcai.SparsePerceptron(range(-3, FEATURES - 3), 0, 10**8, classifications=names)
    if name == "NearestCentroidClassifier":
        centroids = np.zeros((2, FEATURES), dtype=np.int64)
        centroids[0, 0] = centroids[1, 1] = 10**9
        return dcai.NearestCentroidClassifier(centroids, [3, 4], classifications=names)
    return dcai.SparseNearestCentroidClassifier([[(0, 10**9)], [(1, 10**9)]], [3, 4], classifications=names)


def arguments(name: str) -> dict[str, Any]:
    """Return what a reader must be told of a model."""
    return {"num_features": FEATURES} if name.startswith("Sparse") else {}


def samples(name: str, count: int, seed: int = 1) -> list[tuple[list[int], int]]:
    """Return samples with labels, as the contracts take them."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count).tolist()
    if name.startswith("Sparse"):
        return [(np.flatnonzero(rng.random(FEATURES) < 0.3).tolist(), label) for label in labels]
    X = rng.normal(size=(count, FEATURES))
    return list(zip(dcai.to_fixed(X / np.linalg.norm(X, axis=1, keepdims=True)).tolist(), labels, strict=True))


class Trained:
    """A classifier and its trainer on a node.

    Parameters
    ----------
    address : str
        Of the classifier, which the trainer gets.
    classifier : Artifact
        Its contract.
    stranger : Artifact, optional
        Of a trainer that takes no arguments but the classifier. Unless given, it is dcai's own, without deposits.

    Attributes
    ----------
    address, trainer : str
        Of the classifier and of the trainer.
    """

    def __init__(self, node: Anvil, address: str, classifier: Artifact, stranger: Artifact | None = None) -> None:
        self.node = node
        self.address = address
        self._classifier = Abi(classifier.abi)
        own = [address]
        if stranger is None:
            artifact = artifacts.load("CollaborativeTrainer64")
            handler = node.create(artifacts.load("DataHandler64"))
            mechanism = node.create(artifacts.load("Stakeable64"), 60, 120, 180, 0)
            self.trainer = node.create(artifact, "a model", "for tests", "none", handler, mechanism, address)
            own += [handler, mechanism]
        else:
            artifact = stranger
            self.trainer = node.create(artifact, address)
        self._abi = Abi(artifact.abi)
        transfer = self._classifier.function("transferOwnership", 1).encode([self.trainer])
        node.send([(contract, transfer) for contract in own])

    def calls(self, rows: Sequence[tuple[list[int], int]], function: str = "addData") -> list[tuple[str, bytes]]:
        encode = self._abi.function(function, 2).encode
        return [(self.trainer, encode(row)) for row in rows]

    def add(self, rows: Sequence[tuple[list[int], int]], function: str = "addData") -> list[dict[str, Any]]:
        """Train on rows, all in one block."""
        return self.node.send(self.calls(rows, function))

    def give_away(self) -> None:
        self.node.send([(self.trainer, self._abi.function("giveAway", 1).encode([self.node.account]))])

    def predict(self, data: list[int], block: int) -> int:
        """Return what the contract predicts in a block."""
        calldata = f"0x{self._classifier.function('predict', 1).encode([data]).hex()}"
        return int(self.node.rpc("eth_call", {"to": self.address, "data": calldata}, hex(block)), 16)


def height(node: Anvil) -> int:
    return int(node.rpc("eth_blockNumber"), 16)
