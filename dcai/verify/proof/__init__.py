"""Proofs of the scalar steps: what holds for all values of full width, and what is only tested.

The claims about a model stand in its file of `dcai.verify.models`; here are those about routines that several use.
"""

from dcai.verify.claim import Proof, ProofClaim
from dcai.verify.proof.mul_div import MUL_DIV_CLAIM
from dcai.verify.proof.square_root import SQUARE_ROOT_CLAIM

__all__ = ["SHARED_CLAIMS", "Proof", "ProofClaim"]

#: On the two routines of OpenZeppelin that no solver takes whole.
SHARED_CLAIMS: tuple[ProofClaim, ...] = (SQUARE_ROOT_CLAIM, MUL_DIV_CLAIM)
