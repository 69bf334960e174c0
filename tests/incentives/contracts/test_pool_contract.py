"""The reimbursement pool: the fee of a validated contribution, to the unit, and nothing that stops for its sake."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from dcai import artifacts
from dcai.errors import EvmError, InputError, Revert
from dcai.evm import Contract, Evm
from dcai.evm.framework import Framework, contribution_key
from dcai.evm.hashing import to_address
from dcai.evm.receipt import Receipt
from tests.support.incentives.framework_world import (
    ALICE,
    ANY_WAIT,
    BOB,
    BURNER,
    CAROL,
    DAVE,
    FUNDS,
    HIGHEST_COST,
    OWNER,
    REFUND_WAIT,
    REFUSER,
    add,
    give_code,
    new_framework,
    refused,
    wait,
)

X = [1, 2]
GWEI = 10**9
MAX_GAS, MAX_PRICE = 200_000, 20 * GWEI
RICH = 10**18
NOBODY = to_address(bytes(20))
#: The only engine with a price for gas; the trainer's own calls of the pool are the same on all.
PRICED = "py-evm"


class Pooled(NamedTuple):
    framework: Framework
    pool: Contract


def pooled(funds: int = RICH, max_gas: int = MAX_GAS) -> Pooled:
    framework = new_framework(engine=PRICED)
    limits = (framework.trainer.address, max_gas, MAX_PRICE)
    pool = framework.evm.create(artifacts.load("ReimbursementPool"), *limits, sender=OWNER, value=funds)
    framework.trainer.transact("setReimbursementPool", pool.address, sender=OWNER)
    add(framework, X, 1, BOB)  # so that what follows meets a model that knows X
    wait(framework, 1)
    return Pooled(framework, pool)


def contribute(framework: Framework, price: int, x: list[int] = X) -> tuple[bytes, Receipt]:
    """Alice contributes at a price of gas; return the key and the receipt."""
    value = framework.cost()
    framework.evm.gas_price = price
    receipt = framework.trainer.transact("addData", x, 1, sender=ALICE, value=value)
    framework.evm.gas_price = 0
    return contribution_key(x, 1, framework.evm.timestamp, ALICE), receipt


def refund(framework: Framework, pool: Contract, x: list[int] = X) -> list[str]:
    """Alice's contribution of this second is refunded after the wait; return the pool's events."""
    added = framework.evm.timestamp
    wait(framework, REFUND_WAIT)
    return [event.name for event in pool.events(framework.refund(x, 1, added, sender=ALICE))]


@pytest.mark.parametrize("x", [[1], [1, 2], [0, 255, 256, 65_535, 2**40], list(range(3, 40)), [2**63 - 1] * 3])
def test_the_fee_is_that_of_the_receipt(x: list[int]) -> None:
    framework, pool = pooled(max_gas=10**7)
    key, receipt = contribute(framework, 7 * GWEI, x)
    assert receipt.refund == 0
    assert framework.evm.balance(ALICE) == FUNDS - HIGHEST_COST - receipt.gas_used * 7 * GWEI
    assert pool.call("getFee", key) == (ALICE, receipt.gas_used * 7 * GWEI, False)
    assert refund(framework, pool, x) == ["Reimbursed"]
    assert framework.evm.balance(ALICE) == FUNDS
    assert framework.evm.balance(pool.address) == RICH - receipt.gas_used * 7 * GWEI
    assert pool.call("getFee", key) == (NOBODY, 0, False)


def test_at_most_the_limits() -> None:
    framework, pool = pooled(max_gas=50_000)
    key, receipt = contribute(framework, MAX_PRICE + 1)
    assert receipt.gas_used > 50_000
    assert pool.call("getFee", key)[1] == 50_000 * MAX_PRICE
    with refused("OwnableUnauthorizedAccount", ALICE):
        pool.transact("setLimits", 10**6, 10**6, sender=ALICE)
    pool.transact("setLimits", 2**32 - 1, 2**56 - 1, sender=OWNER)
    assert pool.call("getFee", key)[1] == 50_000 * MAX_PRICE  # what is recorded stays
    wait(framework, 1)
    key, receipt = contribute(framework, MAX_PRICE + 1)
    assert pool.call("getFee", key)[1] == receipt.gas_used * (MAX_PRICE + 1)


def test_what_cost_nothing_is_not_recorded() -> None:
    framework, pool = pooled()
    key, _ = contribute(framework, 0)
    assert pool.call("getFee", key) == (NOBODY, 0, False)
    assert refund(framework, pool) == []


def test_only_validated_data_are_reimbursed() -> None:
    framework, pool = pooled()
    key, _ = contribute(framework, GWEI)
    added = framework.evm.timestamp
    with refused("NothingDue", key):
        pool.transact("claim", key)
    wait(framework, ANY_WAIT)
    framework.report(X, 1, added, ALICE, sender=CAROL)
    with refused("NothingDue", key):
        pool.transact("claim", key)
    assert framework.evm.balance(pool.address) == RICH


def test_a_pool_without_money_owes() -> None:
    framework, pool = pooled(funds=0)
    key, receipt = contribute(framework, GWEI)
    assert refund(framework, pool) == ["Due"]
    fee = receipt.gas_used * GWEI
    assert framework.evm.balance(ALICE) == FUNDS - fee  # the deposit came back
    assert pool.call("getFee", key) == (ALICE, fee, True)
    with refused("PaymentFailed", ALICE, fee):
        pool.transact("claim", key, sender=DAVE)
    receipt = framework.evm.transact(pool.address, sender=CAROL, value=fee)
    assert [event.args for event in pool.events(receipt)] == [{"sender": CAROL, "amount": fee}]
    pool.transact("claim", key, sender=DAVE)  # anyone may, and Alice gets it
    assert framework.evm.balance(ALICE) == FUNDS
    with refused("NothingDue", key):
        pool.transact("claim", key, sender=ALICE)


@pytest.mark.parametrize("code", [REFUSER, BURNER])
def test_a_payee_who_takes_no_money_stops_nobody(code: bytes) -> None:
    """Only who paid the fee turns bad; the refund goes on, and the fee stays due."""
    framework, pool = pooled()
    key, receipt = contribute(framework, GWEI)
    added = framework.evm.timestamp
    wait(framework, REFUND_WAIT)
    # The deposit goes to Alice too, so another must be the payee: it is written into the record.
    slot = next(s for s, word in framework.evm.storage(pool.address).items() if word & (2**160 - 1) == int(ALICE, 16))
    word = framework.evm.storage_at(pool.address, slot)
    storage = framework.evm.storage(pool.address) | {slot: word - int(ALICE, 16) + int(DAVE, 16)}
    framework.evm.set_account(pool.address, code=framework.evm.code(pool.address), storage=storage, balance_wei=RICH)
    give_code(framework, DAVE, code)
    events = pool.events(framework.refund(X, 1, added, sender=ALICE))
    assert [(event.name, *event.args.values()) for event in events] == [("Due", key, DAVE, receipt.gas_used * GWEI)]
    assert framework.evm.balance(ALICE) == FUNDS - receipt.gas_used * GWEI
    give_code(framework, DAVE, b"")
    pool.transact("claim", key)
    assert framework.evm.balance(DAVE) == FUNDS + receipt.gas_used * GWEI


@pytest.mark.parametrize("code", [REFUSER, BURNER, b""])
def test_a_broken_pool_stops_nobody(code: bytes) -> None:
    framework, pool = pooled()
    give_code(framework, pool.address, code)
    contribute(framework, GWEI)
    added = framework.evm.timestamp
    wait(framework, REFUND_WAIT)
    receipt = framework.refund(X, 1, added, sender=ALICE)
    assert receipt.success
    assert receipt.gas_used < 250_000  # no more than the pool may use


def test_calldata_that_an_account_with_code_makes_up_are_not_paid() -> None:
    """As far as the contract can know: an account with delegated code (EIP-7702) may call from within itself."""
    framework, pool = pooled()
    give_code(framework, ALICE, b"\x00")
    key, receipt = contribute(framework, GWEI)
    _, amount, _ = pool.call("getFee", key)
    assert 0 < amount <= (receipt.gas_used - receipt.calldata) * GWEI


def outcome(receipt: Receipt, is_done: bool) -> str:
    """Return why a transaction failed, or that it succeeded, which must mean that the pool did what it should."""
    assert is_done == receipt.success
    return receipt.error.name if isinstance(receipt.error, Revert) else type(receipt.error).__name__


def test_a_refund_cannot_starve_the_pool() -> None:
    framework, pool = pooled()
    contribute(framework, GWEI)
    added = framework.evm.timestamp
    wait(framework, REFUND_WAIT)
    data = framework.trainer.abi.function("refund", 3).encode([X, 1, added])
    outcomes = set()
    for gas_limit in range(60_000, 400_000, 9_000):
        receipt = framework.evm.simulate(framework.trainer.address, data, sender=ALICE, gas_limit=gas_limit)
        outcomes.add(outcome(receipt, is_done=[event.name for event in pool.events(receipt)] == ["Reimbursed"]))
    # Without a name where a contract that is asked runs out of gas.
    assert outcomes == {"EvmError", "", "NotEnoughGas", "NoneType"}


def test_a_contribution_cannot_starve_the_pool() -> None:
    """What a wallet takes as the least gas that is enough is enough for the record too."""
    framework, pool = pooled()
    data = framework.trainer.abi.function("addData", 2).encode([X, 1])
    framework.evm.gas_price = GWEI
    key, before, value = (
        contribution_key(X, 1, framework.evm.timestamp, ALICE),
        framework.evm.snapshot(),
        framework.cost(),
    )
    outcomes = set()
    for gas_limit in range(60_000, 200_000, 4_000):
        receipt = framework.evm.transact(
            framework.trainer.address, data, sender=ALICE, value=value, gas_limit=gas_limit
        )
        outcomes.add(outcome(receipt, is_done=pool.call("getFee", key)[0] == ALICE))
        framework.evm.restore(before)
    assert outcomes == {"EvmError", "", "NotEnoughGas", "NoneType"}


def test_the_owner_may_take_money_out() -> None:
    framework, pool = pooled()
    with refused("OwnableUnauthorizedAccount", ALICE):
        pool.transact("withdraw", ALICE, 1, sender=ALICE)
    with refused("PaymentFailed", CAROL, RICH + 1):
        pool.transact("withdraw", CAROL, RICH + 1, sender=OWNER)
    pool.transact("withdraw", CAROL, RICH, sender=OWNER)
    assert framework.evm.balance(CAROL) == FUNDS + RICH


def test_only_the_trainer_tells_the_pool() -> None:
    _, pool = pooled()
    for function, args in (("recordFee", (bytes(32), ALICE, 5)), ("reimburse", (bytes(32),))):
        with refused("NotTheTrainer", OWNER):
            pool.transact(function, *args, sender=OWNER)


def test_the_pool_of_a_trainer_is_a_contract_or_none() -> None:
    framework, pool = pooled()
    with refused("NoContract", DAVE):
        framework.trainer.transact("setReimbursementPool", DAVE, sender=OWNER)
    with refused("NoContract", DAVE):
        framework.evm.create(artifacts.load("ReimbursementPool"), DAVE, 1, 1)
    receipt = framework.trainer.transact("setReimbursementPool", NOBODY, sender=OWNER)
    assert [event.args for event in framework.trainer.events(receipt)] == [{"pool": NOBODY}]
    key, _ = contribute(framework, GWEI)
    assert pool.call("getFee", key) == (NOBODY, 0, False)


def test_without_calldata_of_its_own_a_call_counts_execution_alone() -> None:
    """A contract passes a call on: what its transaction cost besides is not the trainer's to know."""
    framework, pool = pooled(max_gas=10**7)
    x = list(range(50))
    data = framework.trainer.abi.function("addData", 2).encode([x, 1])
    # CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY, then CALL the trainer with value and calldata.
    code = "365f5f375f5f365f34" + "73" + framework.trainer.address[2:] + "5af1" + "00"
    give_code(framework, CAROL, bytes.fromhex(code))
    cost = framework.cost()
    framework.evm.gas_price = GWEI
    receipt = framework.evm.transact(CAROL, data, sender=ALICE, value=cost)
    framework.evm.gas_price = 0
    payee, fee, _ = pool.call("getFee", contribution_key(x, 1, framework.evm.timestamp, CAROL))
    assert payee == ALICE  # who paid, though Carol's contract is the author
    # Carol's own call, with value, is 9,700 of the execution.
    assert receipt.execution - 12_000 < fee // GWEI < receipt.execution
    assert receipt.calldata > 5_000


def test_a_price_must_be_one_that_can_be_paid() -> None:
    chain = Evm(PRICED)
    chain.gas_price = 10**18
    with pytest.raises(EvmError, match="cannot send 0 and pay for 16,777,216 gas"):
        chain.transact(DAVE)
    free = Evm("revm")
    free.gas_price = 1
    free.call(DAVE, b"")
    with pytest.raises(InputError, match="revm supports only 0"):
        free.transact(DAVE)
