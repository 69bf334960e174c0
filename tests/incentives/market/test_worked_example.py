"""A market small enough to be computed by hand, on every engine."""

from __future__ import annotations

import pytest

from dcai.evm.abi import Event
from dcai.incentives import Piece, Terms
from dcai.models import SparsePerceptron
from tests.support.incentives.lockstep import ALICE, BOB, CAROL, FUNDS, PROVIDER, Lockstep

SHOWN = Piece([[0, 1]], [1], bytes(32))
# The model predicts 0 for all: two of four are correct.
HIDDEN = Piece([[0], [1], [1], [0]], [1, 0, 0, 1], bytes(31) + b"\x01")
TERMS = Terms(
    min_stake=100,
    rounds=10,
    max_contributions=3,
    commit_time_s=60,
    participation_time_s=60,
    reveal_time_s=60,
    idle_time_s=60,
    any_address_claim_wait_time_s=60,
)


def scored(engine: str, units: int) -> tuple[Lockstep, list[Event]]:
    """A bounty of 800 wei in 10 rounds: 800 / (10 * 4) = 20 wei for each prediction more in each round."""
    market = Lockstep(SparsePerceptron([], 0, 10**9), TERMS, engine)
    market.do("commit", [SHOWN.hash(), HIDDEN.hash()], value=800)
    market.next_block(prevrandao=2**255)  # even: the first of two pieces
    market.do("drawPiece", sender=BOB)
    market.do("revealPiece", 0, SHOWN.data, SHOWN.labels, SHOWN.salt)
    market.do("addData", [0], 1, sender=ALICE, value=100)
    market.do("addData", [1], 1, sender=BOB, value=100)
    market.do("addData", [1], 0, sender=CAROL, value=100)
    market.do("revealPiece", 1, HIDDEN.data, HIDDEN.labels, HIDDEN.salt)
    events: list[Event] = []
    while market.twin.end_time == 0:
        events += market.do("step", units, sender=CAROL)
    return market, events


@pytest.mark.parametrize("units", [1, 3, 1000])
def test_balances_and_events(engine: str, units: int) -> None:
    market, events = scored(engine, units)
    # First replay. Alice: features 0 -> 1, all four correct, +2. Bob: feature 1 -> 1, two wrong, -2.
    # Carol: feature 1 -> 0 again, +2. Bob pays 2 * 20 a round of his 100: two rounds, and 20 are left.
    # Second replay, without Bob. Alice: +2. Carol's sample is predicted correctly already: 0. Eight rounds.
    assert events == [
        Event("Removed", {"contribution": 1, "rest": 20}),
        Event("Settled", {"rounds": 2, "roundsLeft": 8, "numCorrect": 4, "numRemaining": 2}),
        Event("Settled", {"rounds": 8, "roundsLeft": 0, "numCorrect": 4, "numRemaining": 2}),
        Event("MarketEnded", {"phase": 5, "bounty": 420}),
    ]
    assert [c.balance for c in market.twin.contributions] == [100 + 2 * 40 + 8 * 40, 0, 100 + 2 * 40]
    # 800 - 2 * (40 - 40 + 40) + 20 - 8 * 40
    assert market.twin.bounty == 420

    market.do("collect", [0], sender=ALICE)
    assert market.refuse("NothingToClaim", "collect", [1], sender=BOB) == ()
    market.do("collect", [2], sender=CAROL)
    market.do("collectBounty")
    assert [market.ledger.balance(actor) - FUNDS for actor in (PROVIDER, ALICE, BOB, CAROL)] == [
        420 - 800,
        500 - 100,
        -100,
        180 - 100,
    ]
    assert market.ledger.balance(market.contract.address) == 0


def test_the_model_is_returned_trained_on_what_remains(engine: str) -> None:
    market, _ = scored(engine, 1000)
    market.do("returnClassifier", sender=BOB)
    assert market.classifier.call("owner") == PROVIDER
    assert [market.classifier.call("weights", i) for i in range(3)] == [10**9, 0, 0]


def test_a_stake_that_pays_exactly_one_more_round_stays_and_all_may_be_removed() -> None:
    """200 wei in 10 rounds over two test samples: 10 wei. Both contributions spoil one prediction: 10 wei a round."""
    market = Lockstep(SparsePerceptron([], 0, 10**9), Terms(10, 10, 2, 60, 60, 60, 60, 60))
    hidden = Piece([[0], [1]], [0, 0], bytes(32))
    market.do("commit", [SHOWN.hash(), hidden.hash()], value=200)
    market.next_block()
    market.do("drawPiece")
    market.do("revealPiece", 0, SHOWN.data, SHOWN.labels, SHOWN.salt)
    market.do("addData", [0], 1, sender=ALICE, value=10)
    market.do("addData", [1], 1, sender=BOB, value=20)
    market.do("revealPiece", 1, hidden.data, hidden.labels, hidden.salt)
    assert list(market.do("step", 10**6)) == [
        Event("Removed", {"contribution": 0, "rest": 0}),
        Event("Settled", {"rounds": 1, "roundsLeft": 9, "numCorrect": 0, "numRemaining": 1}),
        Event("Removed", {"contribution": 1, "rest": 0}),
        Event("Settled", {"rounds": 1, "roundsLeft": 8, "numCorrect": 1, "numRemaining": 0}),
        Event("MarketEnded", {"phase": 5, "bounty": 230}),
    ]
    # Nobody is left, so the model comes back as it was.
    market.do("returnClassifier")
    assert [market.classifier.call("weights", i) for i in range(2)] == [0, 0]
    market.do("collectBounty")
    assert market.ledger.balance(PROVIDER) == FUNDS + 30
