"""Every deadline has an exit, whoever disappears; wrong, late and withheld reveals; who may take what when."""

from __future__ import annotations

import pytest

from dcai.incentives import Phase, Piece, Stage, Terms
from dcai.models import DensePerceptron, SparsePerceptron
from tests.support.incentives.lockstep import ALICE, BOB, CAROL, FUNDS, PROVIDER, Lockstep
from tests.support.incentives.phases import (
    BOUNTY,
    PIECES,
    TERMS,
    committed,
    contributed,
    new_market,
    opened,
    reveal,
    scoring,
)


def test_commitment_is_the_providers_and_happens_once() -> None:
    market = new_market()
    hashes = [piece.hash() for piece in PIECES]
    assert market.refuse("NotProvider", "commit", hashes, sender=ALICE, value=1) == (ALICE,)
    assert market.refuse("TooFewPieces", "commit", hashes[:1], value=1) == (1, 2)
    assert market.refuse("NoBounty", "commit", hashes) == ()
    assert market.refuse("SafeCastOverflowedUintDowncast", "commit", hashes, value=2**96) == (96, 2**96)
    market.do("commit", hashes, value=BOUNTY)
    assert market.refuse("WrongPhase", "commit", hashes, value=1) == (Phase.COMMITMENT,)


def test_a_market_that_does_not_own_its_model_takes_no_bounty() -> None:
    market = new_market()
    market.do("returnClassifier")
    with pytest.raises(Exception, match="ClassifierNotOwned"):
        market.contract.transact("commit", [bytes(32), bytes(32)], sender=PROVIDER, value=1)


def test_the_draw_is_made_by_a_later_block_and_once() -> None:
    market = committed()
    assert market.refuse("TooEarlyToDraw", "drawPiece", sender=ALICE) == (3,)
    market.chain.block_number += 1
    market.ledger.block_number += 1
    assert market.refuse("TooEarlyToDraw", "drawPiece", sender=ALICE) == (3,)
    assert market.refuse("NotDrawn", "revealPiece", 0, PIECES[0].data, PIECES[0].labels, PIECES[0].salt) == (0,)
    market.next_block(prevrandao=2**256 - 1)
    market.do("drawPiece", sender=ALICE)
    assert market.twin.drawn_piece == (2**256 - 1) % 3
    assert market.refuse("AlreadyDrawn", "drawPiece", sender=BOB) == (market.twin.drawn_piece,)


def test_a_provider_who_does_not_open_the_market_gets_the_bounty_back() -> None:
    market = committed()
    market.next_block()
    market.do("drawPiece")
    market.wait(99)
    assert market.refuse("TooEarly", "expire") == (1100,)
    market.wait(1)
    assert market.refuse("TooLate", "revealPiece", 0, PIECES[0].data, PIECES[0].labels, PIECES[0].salt) == (1100,)
    market.do("expire", sender=CAROL)
    market.do("collectBounty")
    market.do("returnClassifier", sender=CAROL)
    assert market.ledger.balance(PROVIDER) == FUNDS


def test_a_draw_that_nobody_makes_in_time_is_too_late() -> None:
    market = committed()
    market.next_block()
    market.wait(100)
    assert market.refuse("TooLate", "drawPiece") == (1100,)
    market.do("expire")


def test_a_wrong_reveal_is_refused() -> None:
    market = committed()
    market.next_block(prevrandao=1)
    market.do("drawPiece")
    good = PIECES[1]
    for data, labels, salt in (
        ([[1], [1, 2]], good.labels, good.salt),
        (good.data, [0, 1], good.salt),
        (good.data, good.labels, bytes(32)),
    ):
        actual = Piece(data, labels, salt).hash()
        assert market.refuse("CommitmentMismatch", "revealPiece", 1, data, labels, salt) == (1, good.hash(), actual)
    assert market.refuse("UnknownPiece", "revealPiece", 3, good.data, good.labels, good.salt) == (3, 3)
    assert market.refuse("NotDrawn", "revealPiece", 2, PIECES[2].data, PIECES[2].labels, PIECES[2].salt) == (2,)
    reveal(market, 1, sender=CAROL)


@pytest.mark.parametrize(
    ("piece", "error", "args"),
    [
        (Piece([], [], bytes(32)), "EmptyPiece", (0,)),
        (Piece([[1]], [1, 0], bytes(32)), "DimensionMismatch", (1, 2)),
        (Piece([[1], list(range(513))], [1, 0], bytes(32)), "SampleTooLong", (513, 512)),
    ],
)
def test_a_committed_piece_of_no_use_cannot_open_the_market(piece: Piece, error: str, args: tuple[int, ...]) -> None:
    market = new_market()
    market.do("commit", [piece.hash(), PIECES[0].hash()], value=BOUNTY)
    market.next_block()
    market.do("drawPiece")
    assert market.refuse(error, "revealPiece", 0, piece.data, piece.labels, piece.salt) == args


def test_contributions_are_taken_while_the_market_is_open() -> None:
    market = opened()
    assert market.refuse("InsufficientPayment", "addData", [1], 1, sender=ALICE, value=9) == (10, 9)
    assert market.refuse("SampleTooLong", "addData", [1] * 513, 1, sender=ALICE, value=10) == (513, 512)
    rest = 2**96 - BOUNTY
    assert market.refuse("SafeCastOverflowedUintDowncast", "addData", [1], 1, sender=ALICE, value=rest) == (96, 2**96)
    market.do("addData", [-1, 2**63 - 1, -(2**63)], 2**64 - 1, sender=ALICE, value=10)
    assert market.refuse("WrongPhase", "revealPiece", 0, PIECES[0].data, PIECES[0].labels, PIECES[0].salt) == (2,)
    market.wait(199)
    market.do("addData", [], 0, sender=BOB, value=10)
    market.wait(1)
    assert market.refuse("WrongPhase", "addData", [1], 1, sender=ALICE, value=10) == (Phase.REVEAL,)


def test_enough_contributions_close_the_market() -> None:
    market = opened()
    for _ in range(4):
        market.do("addData", [1], 1, sender=ALICE, value=10)
    assert market.refuse("WrongPhase", "addData", [1], 1, sender=ALICE, value=10) == (Phase.REVEAL,)
    assert market.twin.deadline == 1300


def test_without_contributions_the_bounty_goes_back() -> None:
    market = opened()
    market.wait(200)
    market.do("expire", sender=ALICE)
    market.do("collectBounty")
    assert market.ledger.balance(PROVIDER) == FUNDS


def test_without_contributions_the_last_reveal_ends_the_market() -> None:
    market = opened()
    market.wait(200)
    reveal(market, 0)
    assert market.refuse("AlreadyRevealed", "revealPiece", 0, PIECES[0].data, PIECES[0].labels, PIECES[0].salt) == (0,)
    reveal(market, 2)
    assert market.twin.phase is Phase.ENDED


def test_a_withheld_piece_forfeits_the_bounty_to_the_contributors_by_deposit() -> None:
    market = contributed()
    reveal(market, 0)
    market.wait(299)
    assert market.refuse("TooEarly", "expire") == (1500,)
    market.wait(1)
    assert market.refuse("TooLate", "revealPiece", 2, PIECES[2].data, PIECES[2].labels, PIECES[2].salt) == (1500,)
    market.do("expire", sender=BOB)
    assert market.refuse("WrongPhase", "collectBounty") == (Phase.FORFEITED,)
    assert market.refuse("TooEarly", "collect", [0], sender=BOB) == (2000,)
    assert market.refuse("NoSuchContribution", "collect", [0, 3], sender=ALICE) == (3, 3)
    # 10, 70 and 11 of 91; who collects last gets what rounding has left.
    market.do("collect", [1], sender=BOB)
    assert market.ledger.balance(BOB) == FUNDS + BOUNTY * 70 // 91
    market.do("collect", [2, 0, 2], sender=ALICE)
    assert market.ledger.balance(ALICE) == FUNDS + BOUNTY - BOUNTY * 70 // 91
    assert market.ledger.balance(market.twin.address) == 0
    market.do("returnClassifier")


@pytest.mark.parametrize("units", [1, 3, 7])
def test_scoring_that_nobody_goes_on_with_ends_as_it_is(units: int) -> None:
    market = scoring()
    market.do("step", units, sender=ALICE)
    market.wait(399)
    assert market.refuse("TooEarly", "expire") == (market.twin.deadline,)
    market.wait(1)
    market.do("expire", sender=BOB)
    market.do("collect", [0, 2], sender=ALICE)
    market.do("collect", [1], sender=BOB)
    market.do("collectBounty")
    assert [market.ledger.balance(who) for who in (PROVIDER, ALICE, BOB)] == [FUNDS] * 3
    market.do("returnClassifier")
    assert market.twin.classifier == SparsePerceptron([0, 10**9, 0], -1, 10**9)


def test_a_settlement_is_finished_before_the_market_can_be_ended() -> None:
    market = scoring()
    while market.twin.progress.stage is not Stage.SETTLE:
        market.do("step", 1)
    market.wait(400)
    assert market.refuse("SettlementUnderway", "expire") == ()
    market.do("step", 1)
    assert market.refuse("SettlementUnderway", "expire") == ()
    market.do("step", 1000)


def test_calls_out_of_their_phase() -> None:
    market = new_market()
    assert market.refuse("WrongPhase", "step", 1) == (Phase.SETUP,)
    assert market.refuse("WrongPhase", "expire") == (Phase.SETUP,)
    assert market.refuse("WrongPhase", "drawPiece") == (Phase.SETUP,)
    assert market.refuse("WrongPhase", "returnClassifier", sender=ALICE) == (Phase.SETUP,)
    market = scoring()
    assert market.refuse("NoWork", "step", 0) == ()
    assert market.refuse("WrongPhase", "collect", [0], sender=ALICE) == (Phase.SCORING,)
    assert market.refuse("WrongPhase", "collectBounty") == (Phase.SCORING,)


def test_what_is_not_collected_anybody_may_take_after_the_last_wait() -> None:
    market = scoring()
    market.wait(400)
    market.do("expire")
    market.wait(499)
    due = (market.twin.end_time + 500,)
    assert market.refuse("TooEarly", "collect", [0, 1, 2], sender=CAROL) == due
    assert market.refuse("TooEarly", "collectBounty", sender=CAROL) == due
    market.wait(1)
    market.do("collect", [0, 1, 2], sender=CAROL)
    market.do("collectBounty", sender=CAROL)
    assert market.ledger.balance(market.twin.address) == 0
    assert market.refuse("NothingToClaim", "collectBounty") == ()


def test_a_bounty_too_small_to_divide_ends_the_market_without_scores() -> None:
    market = new_market(Terms(10, 5, 4, 100, 200, 300, 400, 500))
    market.do("commit", [piece.hash() for piece in PIECES[:2]], value=5 * 2 - 1)
    market.next_block()
    market.do("drawPiece")
    reveal(market, 0)
    market.do("addData", [2], 1, sender=ALICE, value=10)
    market.wait(200)
    reveal(market, 1)
    assert (market.twin.phase, market.twin.point_wei) == (Phase.ENDED, 0)


@pytest.mark.parametrize("zero", ["min_stake", "rounds", "max_contributions"])
def test_terms_that_must_not_be_zero(zero: str) -> None:
    fields = {name: getattr(TERMS, name) for name in Terms.__slots__}
    with pytest.raises(Exception, match="ZeroTerm"):
        new_market(Terms(**fields | {zero: 0}))


def test_what_the_model_refuses_teaches_nothing_and_costs_nothing() -> None:
    market = opened()
    market.do("addData", [-1], 1, sender=ALICE, value=10)
    market.do("addData", [0], 2, sender=BOB, value=10)
    market.wait(200)
    reveal(market, 0)
    reveal(market, 2)
    market.do("step", 1)
    market.do("step", 10**6)
    assert [c.balance for c in market.twin.contributions] == [10, 10]


def test_a_dense_market() -> None:
    model = DensePerceptron([10**8, -(10**8), 0, 5], 3, 5 * 10**8)
    market = Lockstep(model, Terms(100, 7, 3, 1, 1, 1, 1, 1), num_features=4)
    unit = [[10**9, 0, 0, 0], [0, -(10**9), 0, 0], [6 * 10**8, 8 * 10**8, 0, 0], [0, 0, 0, 10**9]]
    pieces = [Piece(unit[:1], [1], bytes(32)), Piece([*unit, [1]], [0, 1, 1, 0, 1], bytes(32))]
    market.do("commit", [piece.hash() for piece in pieces], value=10_000)
    market.next_block()
    market.do("drawPiece")
    market.do("revealPiece", 0, pieces[0].data, pieces[0].labels, pieces[0].salt)
    for x, label, who in ((unit[0], 0, ALICE), (unit[1], 0, BOB), ([1, 2, 3, 4], 1, CAROL)):
        market.do("addData", x, label, sender=who, value=1_000)
    market.do("revealPiece", 1, pieces[1].data, pieces[1].labels, pieces[1].salt)
    while market.twin.end_time == 0:
        market.do("step", 1)
    assert any(c.score for c in market.twin.contributions)
    market.do("returnClassifier")
