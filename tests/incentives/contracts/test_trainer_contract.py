"""The trainer and its data handler: records, events, owners, and what a refused call leaves behind: nothing."""

from __future__ import annotations

import pytest

from dcai import artifacts
from dcai.evm import Evm
from dcai.evm.framework import Framework, contribution_key
from dcai.evm.hashing import keccak, to_address
from tests.support.incentives.framework_world import (
    ALICE,
    BOB,
    DAVE,
    FUNDS,
    HIGHEST_COST,
    OWNER,
    REFUND_WAIT,
    REFUSER,
    START,
    TERMS,
    add,
    give_code,
    new_framework,
    only_event,
    refused,
    wait,
)

X = [1, 2]
LOWEST, HIGHEST = -(2**63), 2**63 - 1
FREE = (REFUND_WAIT, 2 * REFUND_WAIT, 3 * REFUND_WAIT, 0)


@pytest.fixture
def framework() -> Framework:
    return new_framework()


def test_the_trainer_says_what_it_is_made_of(framework: Framework) -> None:
    trainer = framework.trainer
    assert [trainer.call(name) for name in ("name", "description", "encoder")] == [
        "words",
        "says what is meant",
        "presence",
    ]
    assert trainer.call("dataHandler") == framework.handler.address
    assert trainer.call("incentiveMechanism") == framework.mechanism.address
    assert trainer.call("classifier") == framework.classifier.address
    assert trainer.call("owner") == OWNER
    for owned in (framework.handler, framework.mechanism, framework.classifier):
        assert owned.call("owner") == trainer.address


def test_a_trainer_needs_three_contracts(framework: Framework) -> None:
    parts = [c.address for c in (framework.handler, framework.mechanism, framework.classifier)]
    for position in range(3):
        wrong = [*parts[:position], DAVE, *parts[position + 1 :]]
        with refused("NoContract", DAVE):
            framework.evm.create(artifacts.load("CollaborativeTrainer64"), "", "", "", *wrong)


def test_a_life(engine: str) -> None:
    """One contribution from deposit to refund, another from deposit to report, on each engine."""
    framework = new_framework(engine=engine)
    chain = framework.evm
    receipt = framework.add_data(X, 1, sender=ALICE, value=HIGHEST_COST + 5)
    assert only_event(framework, receipt) == ("AddData", tuple(X), 1, START, ALICE, HIGHEST_COST)
    assert chain.balance(ALICE) == FUNDS - HIGHEST_COST
    assert chain.balance(framework.trainer.address) == HIGHEST_COST
    assert framework.classifier.predict(X) == 1
    wait(framework, REFUND_WAIT)
    receipt = framework.refund(X, 1, START, sender=ALICE)
    assert only_event(framework, receipt) == ("Refund", contribution_key(X, 1, START, ALICE), ALICE, HIGHEST_COST)
    wrong = add(framework, X, 0, BOB)
    deposit = HIGHEST_COST // 10
    wait(framework, REFUND_WAIT)
    add(framework, X, 1, ALICE)
    before = chain.balance(ALICE)
    receipt = framework.report(X, 0, wrong, BOB, sender=ALICE)
    assert only_event(framework, receipt) == ("Report", contribution_key(X, 0, wrong, BOB), ALICE, deposit)
    assert chain.balance(ALICE) == before + deposit
    assert chain.balance(BOB) == FUNDS - deposit


def test_the_event_is_that_of_the_original(framework: Framework) -> None:
    """Whoever reads its signature from 0xDeCA10B finds the data of both."""
    (log,) = framework.add_data(X, 1, sender=ALICE).logs
    assert log.topics == (
        int.from_bytes(keccak(b"AddData(int64[],uint64,uint256,address,uint256)"), "big"),
        int(ALICE, 16),
    )
    words = [int.from_bytes(log.data[i : i + 32], "big") for i in range(0, len(log.data), 32)]
    assert words == [4 * 32, 1, START, HIGHEST_COST, len(X), *X]


@pytest.mark.parametrize("x", [[], [0], [5] * 3, list(range(40)), [2**62]])
def test_any_sample_is_passed_on_and_found_again(x: list[int]) -> None:
    framework = new_framework(terms=FREE)
    (event,) = framework.events(framework.add_data(x, 0, sender=ALICE))
    assert event.args["d"] == tuple(x)
    assert framework.handler.call("getNumClaims", x, 0, START, ALICE) == 0


def test_negative_features_keep_their_sign(framework: Framework) -> None:
    """The sparse model takes none, so that its error shows what it was given; the key is that of the handler."""
    with refused("NegativeIndex", 1, LOWEST):
        framework.add_data([HIGHEST, LOWEST], 1, sender=ALICE)
    x = [-1, HIGHEST, LOWEST]
    with refused("UnknownContribution", contribution_key(x, 2**64 - 1, 2**256 - 1, ALICE)):
        framework.trainer.transact("refund", x, 2**64 - 1, 2**256 - 1, sender=ALICE)
    with refused("UnknownContribution", contribution_key(x, 2**64 - 1, 2**256 - 1, BOB)):
        framework.trainer.transact("report", x, 2**64 - 1, 2**256 - 1, BOB, sender=ALICE)
    with refused("UnknownContribution", contribution_key(x, 3, 4, BOB)):
        framework.handler.call("getPayer", x, 3, 4, BOB)


@pytest.mark.parametrize("word", [2**64, 2**63, 2**255, 2**256 - 2**63 - 1])
def test_a_word_that_is_no_int64_is_refused(framework: Framework, word: int) -> None:
    data = framework.trainer.abi.function("addData", 2).encode([[1, 2], 1])
    broken = data[:-32] + word.to_bytes(32, "big")
    receipt = framework.evm.transact(framework.trainer.address, broken, sender=ALICE, value=HIGHEST_COST)
    assert not receipt.success
    assert receipt.output == b""


def test_each_part_of_a_contribution_counts(framework: Framework) -> None:
    add(framework, X, 1, ALICE)
    wait(framework, REFUND_WAIT)
    getters = ("getClaimableAmount", "getInitialDeposit", "getNumClaims", "getPayer")
    for x, label, time, author in (([1], 1, START, ALICE), (X, 0, START, ALICE), (X, 1, START + 1, ALICE)):
        key = contribution_key(x, label, time, author)
        with refused("UnknownContribution", key):
            framework.refund(x, label, time, sender=author)
        for getter in getters:
            with refused("UnknownContribution", key):
                framework.handler.call(getter, x, label, time, author)
        with refused("UnknownContribution", key):
            framework.handler.call("hasClaimed", x, label, time, author, BOB)
    with refused("UnknownContribution", contribution_key(X, 1, START, BOB)):
        framework.refund(X, 1, START, sender=BOB)


def test_the_record_of_a_contribution(framework: Framework) -> None:
    add(framework, X, 1, ALICE)
    what = (X, 1, START, ALICE)
    handler = framework.handler

    def record() -> tuple[int, int, int, bool, bool]:
        amounts = tuple(
            handler.call(f"get{name}", *what) for name in ("InitialDeposit", "ClaimableAmount", "NumClaims")
        )
        return (*amounts, handler.call("hasClaimed", *what, ALICE), handler.call("hasClaimed", *what, BOB))

    assert record() == (HIGHEST_COST, HIGHEST_COST, 0, False, False)
    assert handler.call("getPayer", *what) == ALICE
    wait(framework, REFUND_WAIT)
    framework.refund(X, 1, START, sender=ALICE)
    assert record() == (HIGHEST_COST, 0, 1, True, False)


def test_the_same_contribution_of_the_same_second_waits_for_its_deposit() -> None:
    framework = new_framework(terms=(0, 0, 0, TERMS[3]))
    add(framework, X, 1, ALICE)
    with refused("ContributionExists", contribution_key(X, 1, START, ALICE)):
        framework.add_data(X, 1, sender=ALICE)
    add(framework, X, 1, BOB)  # another's is another
    framework.refund(X, 1, START, sender=ALICE)
    add(framework, X, 1, ALICE)  # no money of it is left, so it is replaced
    assert framework.handler.call("getClaimableAmount", X, 1, START, ALICE) == HIGHEST_COST
    assert framework.handler.call("getNumClaims", X, 1, START, ALICE) == 0
    with refused("AlreadyClaimed", ALICE):  # and who has claimed stays so
        framework.refund(X, 1, START, sender=ALICE)
    framework.report(X, 1, START, ALICE, sender=ALICE)  # the wait of 0 seconds for anyone is over


def test_free_contributions_may_repeat() -> None:
    framework = new_framework(terms=FREE)
    for _ in range(3):
        assert framework.add_data(X, 1, sender=ALICE, value=9).success
    assert framework.evm.balance(ALICE) == FUNDS
    assert framework.handler.call("getInitialDeposit", X, 1, START, ALICE) == 0


def test_the_order_of_errors_of_a_contribution(framework: Framework) -> None:
    """Payment, record, classifier, and at last the money."""
    wait(framework, 1)
    give_code(framework, ALICE, REFUSER)
    receipt = framework.add_data(X, 1, sender=ALICE)  # nothing comes back, so that nothing is refused
    assert receipt.success
    now = framework.evm.timestamp
    with refused("InsufficientPayment", HIGHEST_COST, 0):
        framework.add_data(X, 1, sender=ALICE, value=0)
    with refused("ContributionExists", contribution_key(X, 1, now, ALICE)):
        framework.add_data(X, 1, sender=ALICE, value=HIGHEST_COST + 1)
    with refused("UnknownClass", 7, 2):
        framework.add_data(X, 7, sender=ALICE, value=HIGHEST_COST + 1)
    with refused("PaymentFailed", ALICE, 1):
        framework.add_data([3], 1, sender=ALICE, value=HIGHEST_COST + 1)


def test_a_refused_call_changes_nothing(framework: Framework) -> None:
    add(framework, X, 1, ALICE)
    contracts = (framework.trainer, framework.handler, framework.mechanism, framework.classifier)
    before = [contract.storage() for contract in contracts], framework.evm.balance(framework.trainer.address)
    wait(framework, 3)
    with refused("UnknownClass", 2, 2):
        framework.add_data([4], 2, sender=BOB)
    with refused("OwnData", ALICE):
        framework.report(X, 1, START, ALICE, sender=ALICE)
    assert before == ([contract.storage() for contract in contracts], framework.evm.balance(framework.trainer.address))
    assert framework.evm.balance(BOB) == FUNDS


@pytest.mark.parametrize(
    ("contract", "function", "args"),
    [
        ("handler", "handleAddData", (bytes(32), 5, DAVE)),
        ("handler", "handleClaim", (bytes(32), DAVE, False, 0)),
        ("classifier", "update", (X, 1)),
        ("trainer", "setReimbursementPool", (DAVE,)),
    ],
)
def test_only_the_owner(framework: Framework, contract: str, function: str, args: tuple[object, ...]) -> None:
    with refused("OwnableUnauthorizedAccount", DAVE):
        getattr(framework, contract).transact(function, *args, sender=DAVE)


def test_a_deposit_that_no_record_can_hold_is_refused() -> None:
    """No mechanism of ours asks for as much; another could."""
    handler = Evm("revm").create(artifacts.load("DataHandler64"))
    handler.transact("handleAddData", bytes(32), 2**96 - 1, to_address(bytes(20)))
    with refused("SafeCastOverflowedUintDowncast", 96, 2**96):
        handler.transact("handleAddData", bytes(31) + b"\1", 2**96, to_address(bytes(20)))


def test_a_trainer_that_owns_nothing_yet_can_do_nothing() -> None:
    chain = Evm("revm")
    framework = new_framework()
    chain = framework.evm
    handler = chain.create(artifacts.load("DataHandler64"))
    lonely = chain.create(
        artifacts.load("CollaborativeTrainer64"),
        "",
        "",
        "",
        handler.address,
        framework.mechanism.address,
        framework.classifier.address,
    )
    with refused("OwnableUnauthorizedAccount", lonely.address):
        lonely.transact("addData", X, 1, value=HIGHEST_COST)
