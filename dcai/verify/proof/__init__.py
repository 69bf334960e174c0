"""Proofs of the scalar steps: what holds for all values of full width, and what is only tested."""

from dcai.verify.proof.claim import Proof, ProofClaim
from dcai.verify.proof.contracts import CONTRACT_CLAIMS
from dcai.verify.proof.integers import INTEGER_CLAIMS
from dcai.verify.proof.lazy_scaling import LAZY_SCALING_CLAIM
from dcai.verify.proof.mul_div import MUL_DIV_CLAIM
from dcai.verify.proof.square_root import SQUARE_ROOT_CLAIMS

__all__ = ["CLAIMS", "Proof", "ProofClaim"]

#: All claims: on bytecode, on integers, and on the two routines of OpenZeppelin that no solver takes whole.
CLAIMS: tuple[ProofClaim, ...] = (
    *CONTRACT_CLAIMS,
    *INTEGER_CLAIMS,
    *SQUARE_ROOT_CLAIMS,
    MUL_DIV_CLAIM,
    LAZY_SCALING_CLAIM,
)
