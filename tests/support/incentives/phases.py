"""Markets in lockstep with their twins, brought to each phase."""

from __future__ import annotations

from dcai.incentives import Phase, Piece, Terms
from dcai.models import SparsePerceptron
from tests.support.incentives.lockstep import ALICE, BOB, CAROL, PROVIDER, Lockstep

PIECES = [Piece([[n], [n, 1]], [n % 2, 1], bytes([n]) * 32) for n in range(3)]
TERMS = Terms(10, 5, 4, 100, 200, 300, 400, 500)
BOUNTY = 1_000_003


def new_market(terms: Terms = TERMS) -> Lockstep:
    return Lockstep(SparsePerceptron([0, 10**9, 0], -1, 10**9), terms)


def committed(terms: Terms = TERMS) -> Lockstep:
    market = new_market(terms)
    market.do("commit", [piece.hash() for piece in PIECES], value=BOUNTY)
    return market


def reveal(market: Lockstep, number: int, sender: str = PROVIDER) -> None:
    piece = PIECES[number]
    market.do("revealPiece", number, piece.data, piece.labels, piece.salt, sender=sender)


def opened(terms: Terms = TERMS) -> Lockstep:
    market = committed(terms)
    market.next_block(prevrandao=4)
    market.do("drawPiece", sender=CAROL)
    reveal(market, 1)
    return market


def contributed() -> Lockstep:
    market = opened()
    for who, value in ((ALICE, 10), (BOB, 70), (ALICE, 11)):
        market.do("addData", [2], 1, sender=who, value=value)
    market.wait(200)
    return market


def scoring() -> Lockstep:
    market = contributed()
    reveal(market, 0)
    reveal(market, 2)
    assert market.twin.phase is Phase.SCORING
    return market
