"""Receivers of money that refuse it, or that call the market again."""

from __future__ import annotations

import pytest

from dcai.errors import Revert
from dcai.evm.engines.engine import EngineAccount
from dcai.evm.hashing import to_bytes20
from tests.support.incentives.lockstep import ALICE, BOB, FUNDS, Lockstep
from tests.support.incentives.phases import BOUNTY, contributed

REFUSES = bytes.fromhex("5f5ffd")


def calls_again(market: Lockstep, data: bytes) -> bytes:
    """Code that calls the market with `data` whenever it is paid, and takes the money whatever comes of it."""
    # PUSH2 size, PUSH1 start, PUSH0, CODECOPY; CALL(gas, market, 0, 0, size, 0, 0); STOP; data
    size = len(data).to_bytes(2, "big")
    head = bytes.fromhex("61") + size + bytes.fromhex("60295f395f5f61") + size + bytes.fromhex("5f5f73")
    code = head + to_bytes20(market.contract.address) + bytes.fromhex("5af150") + b"\x00"
    return code[:5].replace(b"\x29", bytes([len(code)])) + code[5:] + data


def put_code(market: Lockstep, account: str, code: bytes) -> None:
    balance = market.chain.balance(account)
    market.chain._engine.set_account(to_bytes20(account), EngineAccount(balance=balance, code=code))


def forfeited() -> Lockstep:
    market = contributed()
    market.wait(300)
    market.do("expire")
    return market


def test_a_receiver_that_refuses_leaves_everything_as_it_was() -> None:
    market = forfeited()
    put_code(market, ALICE, REFUSES)
    market.ledger.receivers[ALICE] = refuse
    due = 10 + 11 + BOUNTY * 10 // 91
    amount = due + (BOUNTY - BOUNTY * 10 // 91) * 11 // 81
    assert market.refuse("PaymentFailed", "collect", [0, 2], sender=ALICE) == (ALICE, amount)
    # Nobody else waits for her, and in the end anybody may take it.
    market.do("collect", [1], sender=BOB)
    market.wait(500)
    market.do("collect", [0, 2], sender=BOB)
    assert market.ledger.balance(market.twin.address) == 0


def refuse(_: int) -> None:
    raise Revert("")


def test_a_receiver_that_calls_again_gains_nothing() -> None:
    market = forfeited()
    again = market.contract.abi.function("collect", 1).encode([[0, 2]])
    put_code(market, ALICE, calls_again(market, again))
    refusals = []

    def receive(_: int) -> None:
        try:
            market.twin.collect([0, 2], sender=ALICE)
        except Revert as error:
            refusals.append(error.name)

    market.ledger.receivers[ALICE] = receive
    market.do("collect", [0], sender=ALICE)
    assert refusals == ["ReentrancyGuardReentrantCall"]
    assert market.ledger.balance(ALICE) == FUNDS - 11 + BOUNTY * 10 // 91
    assert market.twin.contributions[2].balance == 11


def test_a_market_within_a_call_that_fails_is_as_before() -> None:
    market = forfeited()
    before = market.twin.bounty

    def collect_twice() -> None:
        with market.ledger.transaction(ALICE, ALICE):
            market.twin.collect([0], sender=ALICE)
            market.twin.collect([0], sender=ALICE)

    with pytest.raises(Revert, match="NothingToClaim"):
        collect_twice()
    assert market.twin.bounty == before
    market.compare()
