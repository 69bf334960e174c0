"""Deposit, refund, take: each rule with numbers worked out by hand."""

from __future__ import annotations

import pytest

from dcai import Revert
from dcai.errors import InputError
from dcai.incentives import Ledger, Stakeable64
from tests.support.incentives.twin_world import (
    ANN,
    BOB,
    DAY,
    ETHER,
    EVE,
    FULL_COST,
    OWNER,
    START,
    TRAINER,
    WEIGHT,
    World,
)


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("elapsed", "divisor"), [(0, 1), (1, 1), (3, 1), (4, 2), (8, 2), (9, 3), (3600, 60), (3599, 59), (10**8, 10**4)]
)
def test_the_deposit_falls_with_the_root_of_the_time_since_the_last(elapsed: int, divisor: int) -> None:
    mechanism = Stakeable64(Ledger(timestamp=START), 0, 0, 0, WEIGHT)
    assert mechanism.get_next_add_data_cost(START + elapsed) == FULL_COST // divisor


def test_a_weight_of_zero_makes_contributions_free_at_any_time() -> None:
    assert Stakeable64(Ledger(timestamp=START), 0, 0, 0, 0).get_next_add_data_cost(0) == 0


def test_no_cost_before_the_last_contribution(world: World) -> None:
    with pytest.raises(Revert) as error:
        world.trainer.incentive_mechanism.get_next_add_data_cost(START - 1)  # type: ignore[attr-defined]
    assert error.value == Revert("TimeBeforeLastUpdate", (START - 1, START))


def test_the_rest_of_a_payment_comes_back_and_the_model_learns(world: World) -> None:
    world.wait(100)
    (event,) = world.trainer.add_data([1], 0, sender=ANN, value=ETHER // 2)
    assert event.name == "AddData"
    assert event.args == {"d": (1,), "c": 0, "t": START + 100, "sender": ANN, "cost": FULL_COST // 10}
    assert world.ledger.balance(ANN) == ETHER - FULL_COST // 10
    assert world.ledger.balance(TRAINER) == FULL_COST // 10
    assert world.trainer.classifier.weights == {0: -(10**9)}  # type: ignore[attr-defined]  # 10^9 less for feature 1
    assert world.handler.get_initial_deposit([1], 0, START + 100, ANN) == FULL_COST // 10


def test_too_little_is_refused(world: World) -> None:
    with pytest.raises(Revert) as error:
        world.trainer.add_data([1], 1, sender=ANN, value=FULL_COST - 1)
    assert error.value == Revert("InsufficientPayment", (FULL_COST, FULL_COST - 1))
    assert world.ledger.balance(ANN) == ETHER


def test_the_same_in_one_second_is_refused_from_the_same_author_only(world: World) -> None:
    world.trainer.add_data([1], 1, sender=ANN, value=FULL_COST)
    with pytest.raises(Revert) as error:
        world.trainer.add_data([1], 1, sender=ANN, value=FULL_COST)
    assert error.value.name == "ContributionExists"
    world.trainer.add_data([1], 1, sender=BOB, value=FULL_COST)
    world.wait(1)
    world.trainer.add_data([1], 1, sender=ANN, value=FULL_COST)


def test_a_refund_at_the_first_second_that_is_allowed(world: World) -> None:
    world.trainer.add_data([1], 1, sender=ANN, value=FULL_COST)
    world.wait(DAY - 1)
    with pytest.raises(Revert) as error:
        world.trainer.refund([1], 1, START, sender=ANN)
    assert error.value == Revert("TooEarly", (START + DAY,))
    world.wait(1)
    (event,) = world.trainer.refund([1], 1, START, sender=ANN)
    assert (event.name, event.args["recipient"], event.args["amount"]) == ("Refund", ANN, FULL_COST)
    assert world.ledger.balance(ANN) == ETHER
    assert world.mechanism.num_valid_for_address(ANN) == world.mechanism.total_good_data_count == 1
    with pytest.raises(Revert) as error:
        world.trainer.refund([1], 1, START, sender=ANN)
    assert error.value == Revert("AlreadyClaimed", (ANN,))


def test_no_refund_where_the_model_differs(world: World) -> None:
    world.trainer.add_data([1], 0, sender=ANN, value=FULL_COST)
    world.trainer.add_data([1], 1, sender=BOB, value=FULL_COST)  # learned after, so the model says 1
    world.wait(DAY)
    with pytest.raises(Revert) as error:
        world.trainer.refund([1], 0, START, sender=ANN)
    assert error.value == Revert("PredictionDiffers", (1, 0))


def report_of_ann(world: World, sender: str) -> int:
    (event,) = world.trainer.report([1], 0, START, ANN, sender=sender)
    assert (event.name, event.args["reporter"]) == ("Report", sender)
    return int(event.args["amount"])


@pytest.fixture
def reported(world: World) -> World:
    """Ann's label is wrong; Bob has two validated contributions and Eve one. The second day has begun."""
    world.trainer.add_data([1], 0, sender=ANN, value=FULL_COST)
    for n, who in enumerate((BOB, BOB, EVE)):
        world.trainer.add_data([1, 2 + n], 1, sender=who, value=FULL_COST)
    world.wait(DAY)
    for n, who in enumerate((BOB, BOB, EVE)):
        world.trainer.refund([1, 2 + n], 1, START, sender=who)
    assert world.trainer.classifier.predict([1]) == 1
    return world


def test_reporters_share_by_what_was_validated(reported: World) -> None:
    assert report_of_ann(reported, BOB) == FULL_COST * 2 // 3
    assert report_of_ann(reported, EVE) == FULL_COST // 3
    assert reported.ledger.balance(BOB) == ETHER + FULL_COST * 2 // 3
    left = FULL_COST - FULL_COST * 2 // 3 - FULL_COST // 3
    assert reported.handler.get_claimable_amount([1], 0, START, ANN) == left
    assert reported.handler.get_num_claims([1], 0, START, ANN) == 2
    assert reported.handler.has_claimed([1], 0, START, ANN, BOB)


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        (ANN, Revert("OwnData", (ANN,))),
        (OWNER, Revert("NoValidatedData", (OWNER,))),
    ],
)
def test_who_may_not_report(reported: World, sender: str, expected: Revert) -> None:
    with pytest.raises(Revert) as error:
        reported.trainer.report([1], 0, START, ANN, sender=sender)
    assert error.value == expected


def test_one_report_each(reported: World) -> None:
    report_of_ann(reported, BOB)
    with pytest.raises(Revert) as error:
        report_of_ann(reported, BOB)
    assert error.value == Revert("AlreadyClaimed", (BOB,))


def test_no_report_of_what_the_model_agrees_with_or_of_nothing(reported: World) -> None:
    reported.trainer.add_data([1, 5], 1, sender=ANN, value=FULL_COST)
    added = START + DAY
    with pytest.raises(Revert) as error:
        reported.trainer.report([1, 5], 1, added, ANN, sender=BOB)
    assert error.value == Revert("TooEarly", (added + DAY,))
    reported.wait(DAY)
    with pytest.raises(Revert) as error:
        reported.trainer.report([1, 5], 1, added, ANN, sender=BOB)
    assert error.value == Revert("PredictionAgrees", (1,))
    with pytest.raises(Revert) as error:
        reported.trainer.report([1, 2], 1, START, BOB, sender=EVE)  # refunded to Bob
    assert error.value == Revert("NothingToClaim")
    with pytest.raises(Revert) as error:
        reported.trainer.report([1, 2], 1, START, EVE, sender=BOB)
    assert error.value.name == "UnknownContribution"


def test_the_owner_takes_all_after_three_days_and_anyone_after_nine(reported: World) -> None:
    reported.wait(2 * DAY - 1)
    with pytest.raises(Revert) as error:
        reported.trainer.report([1], 0, START, ANN, sender=OWNER)
    assert error.value.name == "NoValidatedData"
    share = report_of_ann(reported, EVE)
    reported.wait(1)
    assert report_of_ann(reported, OWNER) == FULL_COST - share
    assert reported.ledger.balance(OWNER) == ETHER + FULL_COST - share


def test_even_the_author_takes_what_is_left_in_the_end(world: World) -> None:
    world.trainer.add_data([1], 0, sender=ANN, value=FULL_COST)
    world.wait(9 * DAY)
    assert report_of_ann(world, ANN) == FULL_COST
    assert world.ledger.balance(ANN) == ETHER


@pytest.mark.parametrize("waits", [(2, 1, 3), (1, 3, 2)])
def test_waits_must_be_ordered(waits: tuple[int, int, int]) -> None:
    with pytest.raises(Revert) as error:
        Stakeable64(Ledger(), *waits, 0)
    assert error.value == Revert("WaitsNotOrdered", waits)


def test_numbers_that_no_contract_takes() -> None:
    with pytest.raises(InputError, match="2\\^32"):
        Stakeable64(Ledger(), 0, 0, 1 << 32, 0)
    with pytest.raises(InputError, match="2\\^80"):
        Stakeable64(Ledger(), 0, 0, 0, 1 << 80)
    with pytest.raises(InputError, match="cannot send"):
        World().trainer.add_data([1], 1, sender=ANN, value=ETHER + 1)
