"""Points64: points and badges for validated data, reports on record, and no money."""

from __future__ import annotations

from typing import Any

import pytest

from dcai import artifacts
from dcai.evm import Evm
from dcai.evm.framework import POINTS, Framework, contribution_key
from tests.support.incentives.framework_world import (
    ALICE,
    ANY_WAIT,
    BOB,
    CAROL,
    FUNDS,
    OWNER,
    OWNER_WAIT,
    REFUND_WAIT,
    START,
    add,
    new_framework,
    only_event,
    refused,
    wait,
)

X = [1, 2]
WAITS = (REFUND_WAIT, OWNER_WAIT, ANY_WAIT)
LEVELS = ([1, 3, 4], ["seed", "tree", "wood"])


@pytest.fixture
def framework() -> Framework:
    return new_framework(POINTS, (*WAITS, *LEVELS))


def validate(framework: Framework, author: str, feature: int = 7) -> list[Any]:
    added = add(framework, [feature], 1, author)
    wait(framework, REFUND_WAIT)
    receipt = framework.refund([feature], 1, added, sender=author)
    return [tuple(event.args.values()) for event in framework.events(receipt) if event.name == "BadgeEarned"]


def test_points_reach_levels(framework: Framework) -> None:
    mechanism = framework.mechanism
    assert mechanism.call("getLevels") == ((1, 3, 4), ("seed", "tree", "wood"))
    assert mechanism.call("getBadges", ALICE) == ()
    earned = [validate(framework, ALICE) for _ in range(5)]
    assert earned == [[(ALICE, 1)], [], [(ALICE, 2)], [(ALICE, 3)], []]
    assert mechanism.call("getBadges", ALICE) == ("seed", "tree", "wood")
    assert mechanism.call("getLevel", ALICE) == 3
    assert validate(framework, BOB) == [(BOB, 1)]
    assert mechanism.call("getBadges", BOB) == ("seed",)
    assert mechanism.call("getBadges", CAROL) == ()
    assert mechanism.call("numValidForAddress", ALICE) == 5
    assert mechanism.call("totalGoodDataCount") == 6


def test_without_levels_there_are_points(engine: str) -> None:
    framework = new_framework(POINTS, (*WAITS, [], []), engine)
    assert validate(framework, ALICE) == []
    assert framework.mechanism.call("numValidForAddress", ALICE) == 1
    assert framework.mechanism.call("getBadges", ALICE) == ()


@pytest.mark.parametrize(
    ("levels", "error"),
    [
        (([0], ["none"]), ("ThresholdsNotIncreasing", 1, 0)),
        (([1, 1], ["a", "b"]), ("ThresholdsNotIncreasing", 2, 1)),
        (([2, 5, 4], ["a", "b", "c"]), ("ThresholdsNotIncreasing", 3, 4)),
        (([1, 2], ["a"]), ("DimensionMismatch", 2, 1)),
        (([], ["a"]), ("DimensionMismatch", 0, 1)),
    ],
)
def test_levels_that_make_no_sense_are_refused(levels: Any, error: tuple[Any, ...]) -> None:
    with refused(*error):
        Evm("revm").create(artifacts.load("Points64"), *WAITS, *levels)


def test_waits_out_of_order_are_refused() -> None:
    with refused("WaitsNotOrdered", 5, 4, 6):
        Evm("revm").create(artifacts.load("Points64"), 5, 4, 6, [], [])


def test_no_money_stays(framework: Framework) -> None:
    assert framework.cost() == framework.mechanism.call("getNextAddDataCost", 5) == 0
    receipt = framework.add_data(X, 1, sender=ALICE, value=12345)
    assert only_event(framework, receipt) == ("AddData", tuple(X), 1, START, ALICE, 0)
    assert framework.evm.balance(ALICE) == FUNDS
    assert framework.evm.balance(framework.trainer.address) == 0


def test_the_order_of_checks_of_a_refund(framework: Framework) -> None:
    first = add(framework, X, 1, ALICE)
    second = wait(framework, 1)
    add(framework, X, 1, ALICE)
    wait(framework, REFUND_WAIT - 1)
    receipt = framework.refund(X, 1, first, sender=ALICE)
    assert framework.trainer.events(receipt)[0].args == {
        "key": contribution_key(X, 1, first, ALICE),
        "recipient": ALICE,
        "amount": 0,
    }
    add(framework, X, 0, BOB)
    with refused("AlreadyClaimed", ALICE):
        framework.refund(X, 1, first, sender=ALICE)
    with refused("TooEarly", second + REFUND_WAIT):
        framework.refund(X, 1, second, sender=ALICE)
    wait(framework, 1)
    with refused("PredictionDiffers", 0, 1):
        framework.refund(X, 1, second, sender=ALICE)


def test_the_order_of_checks_of_a_report(framework: Framework) -> None:
    validate(framework, BOB)
    added = add(framework, X, 1, ALICE)
    with refused("OwnData", ALICE):
        framework.report(X, 1, added, ALICE, sender=ALICE)
    with refused("TooEarly", added + REFUND_WAIT):
        framework.report(X, 1, added, ALICE, sender=CAROL)
    wait(framework, ANY_WAIT)
    for reporter in (OWNER, CAROL):  # there is nothing to take, however long they wait
        with refused("PredictionAgrees", 1):
            framework.report(X, 1, added, ALICE, sender=reporter)
    add(framework, X, 0, BOB)
    with refused("NoValidatedData", CAROL):
        framework.report(X, 1, added, ALICE, sender=CAROL)
    receipt = framework.report(X, 1, added, ALICE, sender=BOB)
    assert only_event(framework, receipt) == ("Report", contribution_key(X, 1, added, ALICE), BOB, 0)
    assert framework.handler.call("getNumClaims", X, 1, added, ALICE) == 1
    with refused("AlreadyClaimed", BOB):
        framework.report(X, 1, added, ALICE, sender=BOB)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        ("handleAddData", (0,)),
        ("handleRefund", ((ALICE, ALICE, START, 1, 1, 0, 0, False, False),)),
        ("handleReport", ((BOB, ALICE, START, 1, 1, 0, 0, False, False),)),
    ],
)
def test_only_the_trainer_tells_the_mechanism(framework: Framework, function: str, args: tuple[object, ...]) -> None:
    with refused("OwnableUnauthorizedAccount", OWNER):
        framework.mechanism.transact(function, *args, sender=OWNER)
