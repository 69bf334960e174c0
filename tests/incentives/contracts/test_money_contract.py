"""Money: receivers that re-enter, refuse or burn gas, and what all accounts hold together after any calls."""

from __future__ import annotations

from random import Random

import pytest

from dcai.errors import EvmError, Revert
from dcai.evm.framework import Framework
from tests.support.incentives.framework_world import (
    ALICE,
    ANY_WAIT,
    BOB,
    BURNER,
    CAROL,
    DAVE,
    FUNDS,
    HIGHEST_COST,
    OWNER_WAIT,
    PEOPLE,
    REFUND_WAIT,
    REFUSER,
    add,
    give_code,
    new_framework,
    reentrant,
    refused,
    wait,
)

X = [1, 2]


@pytest.fixture
def framework() -> Framework:
    return new_framework()


def total(framework: Framework) -> int:
    """All wei of the people and the contracts."""
    contracts = (framework.trainer, framework.handler, framework.mechanism, framework.classifier)
    return sum(map(framework.evm.balance, (*PEOPLE, *(contract.address for contract in contracts))))


def calldata(framework: Framework, function: str, *args: object) -> bytes:
    return framework.trainer.abi.function(function, len(args)).encode(args)


def test_a_refund_that_asks_again_gets_it_once(engine: str) -> None:
    framework = new_framework(engine=engine)
    added = add(framework, X, 1, ALICE)
    add(framework, [3], 1, BOB)
    give_code(framework, ALICE, reentrant(framework.trainer.address, calldata(framework, "refund", X, 1, added)))
    wait(framework, REFUND_WAIT)
    framework.refund(X, 1, added, sender=ALICE)
    assert framework.evm.storage_at(ALICE, 0) == 0  # it was called, and refused
    assert framework.evm.balance(ALICE) == FUNDS
    assert framework.evm.balance(framework.trainer.address) == HIGHEST_COST
    assert framework.mechanism.call("numValidForAddress", ALICE) == 1


def test_a_refund_that_takes_another_of_the_same_author_gets_both(framework: Framework) -> None:
    """All is written before money moves, so that a call within a call is a call like any other."""
    first, second = add(framework, X, 1, ALICE), add(framework, [3], 1, ALICE)
    give_code(framework, ALICE, reentrant(framework.trainer.address, calldata(framework, "refund", [3], 1, second)))
    wait(framework, REFUND_WAIT)
    framework.refund(X, 1, first, sender=ALICE)
    assert framework.evm.storage_at(ALICE, 0) == 1  # the call within was accepted; the one within that was not
    assert framework.evm.balance(ALICE) == FUNDS
    assert framework.evm.balance(framework.trainer.address) == 0


def test_a_report_that_asks_again_gets_it_once(framework: Framework) -> None:
    added = add(framework, X, 1, ALICE)
    add(framework, [3], 1, BOB)
    again = calldata(framework, "report", X, 1, added, ALICE)
    give_code(framework, CAROL, reentrant(framework.trainer.address, again))
    wait(framework, ANY_WAIT)
    framework.report(X, 1, added, ALICE, sender=CAROL)
    assert framework.evm.storage_at(CAROL, 0) == 0
    assert framework.evm.balance(CAROL) == FUNDS + HIGHEST_COST
    assert framework.evm.balance(framework.trainer.address) == HIGHEST_COST


def test_change_that_contributes_again_pays_again(framework: Framework) -> None:
    more = calldata(framework, "addData", [5], 1)
    give_code(framework, ALICE, reentrant(framework.trainer.address, more, HIGHEST_COST))
    receipt = framework.add_data(X, 1, sender=ALICE, value=HIGHEST_COST + 1)
    assert framework.evm.storage_at(ALICE, 0) == 1
    assert [event.args["d"] for event in framework.events(receipt)] == [(1, 2), (5,)]
    assert framework.evm.balance(ALICE) == FUNDS - 2 * HIGHEST_COST
    assert framework.evm.balance(framework.trainer.address) == 2 * HIGHEST_COST


def test_a_receiver_that_refuses_keeps_only_its_own(framework: Framework) -> None:
    his, hers = add(framework, X, 1, BOB), add(framework, [3], 1, ALICE)
    give_code(framework, BOB, REFUSER)
    wait(framework, REFUND_WAIT)
    with refused("PaymentFailed", BOB, HIGHEST_COST):
        framework.refund(X, 1, his, sender=BOB)
    assert not framework.handler.call("hasClaimed", X, 1, his, BOB, BOB)
    framework.refund([3], 1, hers, sender=ALICE)
    wait(framework, OWNER_WAIT)
    framework.report(X, 1, his, BOB, sender=CAROL)
    assert framework.evm.balance(framework.trainer.address) == 0


def test_a_receiver_that_burns_gas_burns_its_own(framework: Framework) -> None:
    his = add(framework, X, 1, BOB)
    give_code(framework, BOB, BURNER)
    wait(framework, REFUND_WAIT)
    with pytest.raises((Revert, EvmError)):
        framework.refund(X, 1, his, sender=BOB)
    assert framework.evm.balance(framework.trainer.address) == HIGHEST_COST


@pytest.mark.parametrize("seed", range(6))
def test_no_calls_make_or_lose_money_and_all_of_it_comes_out(seed: int) -> None:
    """Calls of anybody in any order, beside a book that only adds what events say; then the longest wait."""
    random = Random(seed)
    framework = new_framework()
    everything = total(framework)
    left: dict[tuple[int, int, int, str], int] = {}  # feature, label, time, author -> wei
    accepted = 0
    for _ in range(150):
        wait(framework, random.choice([0, 1, 5, 40]))
        sender = random.choice(PEOPLE)
        keys = list(left)
        feature, label, added, author = random.choice(keys) if keys else (0, 0, 0, sender)
        try:
            match random.choice(["add", "add", "refund", "report", "report"]):
                case "add":
                    feature, label = random.randrange(3), random.randrange(2)
                    receipt = framework.add_data([feature], label, sender=sender, value=HIGHEST_COST)
                    (event,) = framework.events(receipt)
                    left[feature, label, event.args["t"], sender] = event.args["cost"]
                case "refund":
                    receipt = framework.refund([feature], label, added, sender=author)
                    left[feature, label, added, author] -= framework.events(receipt)[0].args["amount"]
                case "report":
                    receipt = framework.report([feature], label, added, author, sender=sender)
                    left[feature, label, added, author] -= framework.events(receipt)[0].args["amount"]
        except Revert:
            pass
        else:
            accepted += 1
        assert total(framework) == everything
        assert framework.evm.balance(framework.trainer.address) == sum(left.values())
    assert accepted > 50
    wait(framework, ANY_WAIT)
    for (feature, label, added, author), amount in left.items():
        assert framework.handler.call("getClaimableAmount", [feature], label, added, author) == amount
        if amount:
            framework.report([feature], label, added, author, sender=DAVE)
    assert framework.evm.balance(framework.trainer.address) == 0
    assert total(framework) == everything
