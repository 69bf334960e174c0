"""Stakeable64 through the trainer: what a contribution costs, and who may take which part of a deposit when."""

from __future__ import annotations

from math import isqrt

import pytest

from dcai import artifacts
from dcai.evm import Evm
from dcai.evm.framework import Framework, contribution_key
from tests.support.incentives.framework_world import (
    ALICE,
    ANY_WAIT,
    BOB,
    CAROL,
    COST_WEIGHT,
    DAVE,
    FUNDS,
    HIGHEST_COST,
    OWNER,
    OWNER_WAIT,
    REFUND_WAIT,
    REFUSER,
    START,
    TERMS,
    add,
    new_framework,
    only_event,
    refused,
    wait,
)

X, Y = [1, 2], [3]


@pytest.fixture
def framework() -> Framework:
    return new_framework()


def validate(framework: Framework, author: str, times: int, feature: int = 7) -> None:
    """Have so many contributions of an author validated; of a feature that no other test data have."""
    for _ in range(times):
        wait(framework, 1)
        added = add(framework, [feature], 1, author)
        wait(framework, REFUND_WAIT)
        framework.refund([feature], 1, added, sender=author)


def test_the_terms_can_be_read(framework: Framework) -> None:
    mechanism = framework.mechanism
    names = ("refundWaitTimeS", "ownerClaimWaitTimeS", "anyAddressClaimWaitTimeS", "costWeight")
    assert tuple(mechanism.call(name) for name in names) == TERMS
    assert mechanism.call("lastUpdateTimeS") == START
    assert mechanism.call("totalGoodDataCount") == mechanism.call("numValidForAddress", ALICE) == 0


@pytest.mark.parametrize("waits", [(2, 1, 3), (1, 3, 2), (1, 0, 0)])
def test_waits_out_of_order_are_refused(waits: tuple[int, int, int]) -> None:
    with refused("WaitsNotOrdered", *waits):
        Evm("revm").create(artifacts.load("Stakeable64"), *waits, 5)
    assert Evm("revm").create(artifacts.load("Stakeable64"), 7, 7, 7, 2**80 - 1).call("costWeight") == 2**80 - 1


@pytest.mark.parametrize("passed", [0, 1, 3, 4, 8, 9, 3599, 3600, 86_400, 10**9])
def test_the_cost_falls_with_the_root_of_the_time_passed(framework: Framework, passed: int) -> None:
    expected = COST_WEIGHT * 3600 // max(1, isqrt(passed))
    assert framework.mechanism.call("getNextAddDataCost", START + passed) == expected
    wait(framework, passed)
    assert framework.cost() == expected
    with refused("InsufficientPayment", expected, expected - 1):
        framework.add_data(X, 1, sender=ALICE, value=expected - 1)
    add(framework, X, 1, ALICE, value=expected)
    assert framework.cost() == HIGHEST_COST
    assert framework.mechanism.call("lastUpdateTimeS") == START + passed
    assert framework.evm.balance(ALICE) == FUNDS - expected


def test_a_time_before_the_last_contribution_has_no_cost(framework: Framework) -> None:
    with refused("TimeBeforeLastUpdate", START - 1, START):
        framework.mechanism.call("getNextAddDataCost", START - 1)


def test_the_highest_weight_fits() -> None:
    framework = new_framework(terms=(0, 0, 0, 2**80 - 1))
    framework.evm.set_balance(ALICE, 2**100)
    add(framework, X, 1, ALICE)
    assert framework.handler.call("getInitialDeposit", X, 1, START, ALICE) == 3600 * (2**80 - 1)


def test_a_refund_at_its_first_second(framework: Framework) -> None:
    added = add(framework, X, 1, ALICE)
    wait(framework, REFUND_WAIT - 1)
    with refused("TooEarly", added + REFUND_WAIT):
        framework.refund(X, 1, added, sender=ALICE)
    wait(framework, 1)
    key = contribution_key(X, 1, added, ALICE)
    receipt = framework.refund(X, 1, added, sender=ALICE)
    assert only_event(framework, receipt) == ("Refund", key, ALICE, HIGHEST_COST)
    assert framework.evm.balance(ALICE) == FUNDS
    assert framework.evm.balance(framework.trainer.address) == 0
    assert framework.mechanism.call("numValidForAddress", ALICE) == framework.mechanism.call("totalGoodDataCount") == 1


def turn(framework: Framework) -> None:
    """Have the model predict 0 for X: Bob teaches it so."""
    wait(framework, 1)
    add(framework, X, 0, BOB)
    assert framework.classifier.predict(X) == 0


def test_the_order_of_checks_of_a_refund(framework: Framework) -> None:
    validate(framework, BOB, 1)
    first = add(framework, X, 1, ALICE)
    second = wait(framework, 1)
    add(framework, X, 1, ALICE)
    wait(framework, REFUND_WAIT - 1)
    framework.refund(X, 1, first, sender=ALICE)
    turn(framework)
    # Claimed, nothing left, and the prediction differs.
    with refused("AlreadyClaimed", ALICE):
        framework.refund(X, 1, first, sender=ALICE)
    # Too early by one second, and the prediction differs.
    framework.evm.timestamp = second + REFUND_WAIT - 1
    with refused("TooEarly", second + REFUND_WAIT):
        framework.refund(X, 1, second, sender=ALICE)
    wait(framework, 1)
    with refused("PredictionDiffers", 0, 1):
        framework.refund(X, 1, second, sender=ALICE)
    wait(framework, ANY_WAIT)
    framework.report(X, 1, second, ALICE, sender=CAROL)
    with refused("NothingToClaim"):
        framework.refund(X, 1, second, sender=ALICE)


def test_nothing_is_left_before_it_is_too_early() -> None:
    framework = new_framework(terms=(REFUND_WAIT, OWNER_WAIT, ANY_WAIT, 0))  # free: nothing was ever claimable
    added = add(framework, X, 1, ALICE)
    with refused("NothingToClaim"):
        framework.refund(X, 1, added, sender=ALICE)
    with refused("NothingToClaim"):
        framework.report(X, 1, added, ALICE, sender=ALICE)


def test_a_report_earns_the_share_in_validated_data(framework: Framework) -> None:
    validate(framework, BOB, 2)
    validate(framework, CAROL, 5)
    wait(framework, 49)
    added = add(framework, X, 1, ALICE)
    deposit = COST_WEIGHT * 3600 // isqrt(REFUND_WAIT + 49)
    turn(framework)
    wait(framework, REFUND_WAIT - 1)
    key, before = contribution_key(X, 1, added, ALICE), framework.evm.balance(CAROL)
    receipt = framework.report(X, 1, added, ALICE, sender=CAROL)
    share = deposit * 5 // 7
    assert only_event(framework, receipt) == ("Report", key, CAROL, share)
    assert framework.evm.balance(CAROL) == before + share
    assert framework.handler.call("getClaimableAmount", X, 1, added, ALICE) == deposit - share
    assert framework.handler.call("getInitialDeposit", X, 1, added, ALICE) == deposit
    with refused("AlreadyClaimed", CAROL):
        framework.report(X, 1, added, ALICE, sender=CAROL)
    framework.report(X, 1, added, ALICE, sender=BOB)
    left = deposit - share - deposit * 2 // 7
    assert left == 1  # rounded toward zero twice
    assert framework.handler.call("getClaimableAmount", X, 1, added, ALICE) == left
    assert framework.handler.call("getNumClaims", X, 1, added, ALICE) == 2


def test_a_share_over_what_is_left_is_what_is_left() -> None:
    framework = new_framework(terms=(0, 10**6, 10**6, COST_WEIGHT))
    for author, feature in ((BOB, 7), (CAROL, 6)):
        framework.refund([feature], 1, add(framework, [feature], 1, author), sender=author)
    added = add(framework, X, 1, ALICE)
    turn(framework)
    framework.report(X, 1, added, ALICE, sender=BOB)  # 1 of 2
    for _ in range(2):
        wait(framework, 1)
        framework.refund([6], 1, add(framework, [6], 1, CAROL), sender=CAROL)
    receipt = framework.report(X, 1, added, ALICE, sender=CAROL)  # 3 of 4, and a half is left
    assert only_event(framework, receipt)[2:] == (CAROL, HIGHEST_COST // 2)
    with refused("NothingToClaim"):
        framework.report(X, 1, added, ALICE, sender=BOB)


def test_a_share_of_nothing_is_all_that_is_left() -> None:
    framework = new_framework(terms=(0, 10**6, 10**6, 1))  # 3,600 wei at most, and less than a wei after 13 million s
    added_bob = add(framework, [7], 1, BOB)
    framework.refund([7], 1, added_bob, sender=BOB)
    for _ in range(3):  # 3 of 4 are Carol's
        wait(framework, 1)
        framework.refund([6], 1, add(framework, [6], 1, CAROL), sender=CAROL)
    wait(framework, 1200 * 1200)
    added = add(framework, X, 1, ALICE)
    assert framework.handler.call("getInitialDeposit", X, 1, added, ALICE) == 3
    add(framework, X, 0, DAVE)
    framework.report(X, 1, added, ALICE, sender=BOB)  # a quarter of 3 wei is 0, so all
    assert framework.handler.call("getClaimableAmount", X, 1, added, ALICE) == 0


def test_the_order_of_checks_of_a_report(framework: Framework) -> None:
    validate(framework, BOB, 1)
    validate(framework, CAROL, 1, feature=5)
    added = add(framework, X, 1, ALICE)
    with refused("OwnData", ALICE):  # and too early, and the prediction agrees
        framework.report(X, 1, added, ALICE, sender=ALICE)
    wait(framework, REFUND_WAIT - 1)
    with refused("TooEarly", added + REFUND_WAIT):  # and the prediction agrees, and Dave has no validated data
        framework.report(X, 1, added, ALICE, sender=DAVE)
    wait(framework, 1)
    with refused("PredictionAgrees", 1):
        framework.report(X, 1, added, ALICE, sender=DAVE)
    add(framework, X, 0, DAVE)
    with refused("NoValidatedData", DAVE):
        framework.report(X, 1, added, ALICE, sender=DAVE)
    framework.report(X, 1, added, ALICE, sender=BOB)
    add(framework, X, 1, ALICE)
    with refused("AlreadyClaimed", BOB):  # and the prediction agrees again
        framework.report(X, 1, added, ALICE, sender=BOB)
    framework.evm.timestamp = added + ANY_WAIT
    framework.report(X, 1, added, ALICE, sender=BOB)  # claimed before, and all that is left goes to whoever asks
    with refused("NothingToClaim"):
        framework.report(X, 1, added, ALICE, sender=ALICE)


@pytest.mark.parametrize(("claimer", "first_second"), [(OWNER, OWNER_WAIT), (DAVE, ANY_WAIT), (ALICE, ANY_WAIT)])
def test_after_long_waits_all_that_is_left_can_be_taken(framework: Framework, claimer: str, first_second: int) -> None:
    added = add(framework, X, 1, ALICE)
    wait(framework, first_second - 1)
    name = "OwnData" if claimer == ALICE else "PredictionAgrees"
    with refused(name, ALICE if claimer == ALICE else 1):
        framework.report(X, 1, added, ALICE, sender=claimer)
    wait(framework, 1)
    before = framework.evm.balance(claimer)
    receipt = framework.report(X, 1, added, ALICE, sender=claimer)
    assert only_event(framework, receipt)[1:] == (contribution_key(X, 1, added, ALICE), claimer, HIGHEST_COST)
    assert framework.evm.balance(claimer) == before + HIGHEST_COST
    assert framework.handler.call("hasClaimed", X, 1, added, ALICE, claimer)
    assert framework.handler.call("hasClaimed", X, 1, added, ALICE, ALICE) == (claimer == ALICE)


def test_a_new_owner_of_the_trainer_takes_what_the_old_one_could(framework: Framework) -> None:
    added = add(framework, X, 1, ALICE)
    framework.trainer.transact("transferOwnership", DAVE, sender=OWNER)
    wait(framework, OWNER_WAIT)
    with refused("PredictionAgrees", 1):
        framework.report(X, 1, added, ALICE, sender=OWNER)
    framework.report(X, 1, added, ALICE, sender=DAVE)


def test_a_model_that_refuses_to_predict_holds_no_money_back(framework: Framework) -> None:
    added = add(framework, X, 1, ALICE)
    framework.evm.set_account(framework.classifier.address, code=REFUSER)
    wait(framework, ANY_WAIT)
    with refused(""):
        framework.refund(X, 1, added, sender=ALICE)
    framework.report(X, 1, added, ALICE, sender=DAVE)
    assert framework.evm.balance(DAVE) == FUNDS + HIGHEST_COST


@pytest.mark.parametrize(
    ("function", "args"),
    [
        ("handleAddData", (HIGHEST_COST,)),
        ("handleRefund", ((ALICE, ALICE, START, 1, 1, 5, 5, False, False),)),
        ("handleReport", ((BOB, ALICE, START, 1, 1, 5, 5, False, False),)),
    ],
)
def test_only_the_trainer_tells_the_mechanism(framework: Framework, function: str, args: tuple[object, ...]) -> None:
    with refused("OwnableUnauthorizedAccount", OWNER):
        framework.mechanism.transact(function, *args, sender=OWNER)
