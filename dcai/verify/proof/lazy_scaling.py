"""The lazy scaling of the bytecode beside integers: what connects mulDiv's algorithm with 256 bits is tested here."""

from __future__ import annotations

from random import Random
from typing import Any

from dcai.evm import Evm
from dcai.models import SparseNearestCentroidClassifier
from dcai.verify.proof.claim import ProofClaim, Refuted, Verified

__all__ = ["LAZY_SCALING_CLAIM"]

_ONE = 10**9
_MOST = (1 << 64) - 2


def check_bytecode(_timeout_s: float, contract: Any = None, count: int = 400) -> Verified | Refuted:
    """Update a class without features of that sample, so that the whole of its squared magnitude is scaled."""
    random = Random("lazy scaling")
    evm = Evm("revm", "osaka")
    for _ in range(count):
        n = random.choice(
            [random.randrange(10), _MOST - random.randrange(3), random.getrandbits(random.randint(1, 63))]
        )
        sq = random.choice([(1 << 224) - 1 - random.randrange(9), random.getrandbits(random.randint(1, 224))])
        state = {"counts": [n], "squared_magnitudes": [sq], "stored": [{}]}
        placed = contract or evm.place(SparseNearestCentroidClassifier.restore(state, ["0"], ()))
        placed.update([], 0)
        got = placed.call("getSquaredMagnitude", 0)
        if got != sq * n**2 // (n + 1) ** 2:
            return Refuted(f"{sq} * {n}^2 / {n + 1}^2 gives {got}")
    return Verified(f"{count:,} updates")


LAZY_SCALING_CLAIM = ProofClaim(
    "lazy scaling, bytecode",
    "sq * n^2 / (n + 1)^2, rounded toward zero, by a product of 512 bits",
    "tested",
    "sq below 2^224 and n below 2^64 - 1, near their ends and at random",
    "bytecode of contracts/src/models/SparseNearestCentroidClassifier.sol: update",
    check_bytecode,
)
