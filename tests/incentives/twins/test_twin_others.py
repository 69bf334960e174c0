"""Points and badges, sponsors, the pool, and receivers that do not just take the money."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from dcai import Revert
from dcai.evm.hashing import keccak
from dcai.incentives import Ledger, Points64, ReimbursementPool, contribution_digest
from tests.support.incentives.twin_world import (
    ANN,
    BOB,
    DAY,
    ETHER,
    EVE,
    FULL_COST,
    KEYS,
    OWNER,
    START,
    TRAINER,
    PointsWorld,
    World,
    sign,
)

# -- points -- #


def test_points_badges_and_their_events() -> None:
    world = PointsWorld()
    for n in range(3):
        assert world.trainer.add_data([1, 2 + n], 1, sender=ANN)[0].args["cost"] == 0
    world.wait(DAY)
    events = [world.trainer.refund([1, 2 + n], 1, START, sender=ANN) for n in range(3)]
    assert [[event.name for event in each] for each in events] == [
        ["BadgeEarned", "Refund"],
        ["Refund"],
        ["BadgeEarned", "Refund"],
    ]
    assert events[2][0].args == {"account": ANN, "level": 2}
    points = world.mechanism
    assert isinstance(points, Points64)
    assert points.num_valid_for_address(ANN) == 3
    assert points.get_badges(ANN) == ("bronze", "silver")
    assert points.get_level(BOB) == 0
    with pytest.raises(Revert) as error:
        world.trainer.refund([1, 2], 1, START, sender=ANN)
    assert error.value == Revert("AlreadyClaimed", (ANN,))


def test_reports_are_recorded_once_each_and_change_no_points() -> None:
    world = PointsWorld()
    world.trainer.add_data([1], 0, sender=ANN)
    world.trainer.add_data([1], 1, sender=BOB)
    world.wait(9 * DAY)  # there is nothing to take, so the longer waits change nothing
    with pytest.raises(Revert) as error:
        world.trainer.report([1], 0, START, ANN, sender=BOB)
    assert error.value == Revert("NoValidatedData", (BOB,))
    world.trainer.refund([1], 1, START, sender=BOB)
    assert world.trainer.report([1], 0, START, ANN, sender=BOB)[0].args["amount"] == 0
    assert world.handler.has_claimed([1], 0, START, ANN, BOB)
    with pytest.raises(Revert) as error:
        world.trainer.report([1], 0, START, ANN, sender=BOB)
    assert error.value == Revert("AlreadyClaimed", (BOB,))
    assert world.mechanism.num_valid_for_address(BOB) == 1


def test_levels_must_rise_and_have_names() -> None:
    with pytest.raises(Revert) as error:
        Points64(Ledger(), 0, 0, 0, (1, 1), ("a", "b"))
    assert error.value == Revert("ThresholdsNotIncreasing", (2, 1))
    with pytest.raises(Revert) as error:
        Points64(Ledger(), 0, 0, 0, (1,), ())
    assert error.value == Revert("DimensionMismatch", (1, 0))


# -- sponsors -- #


def typed_data(data: list[int], label: int, nonce: int, deadline: int, most: int) -> dict[str, Any]:
    words = b"".join(value.to_bytes(32, "big", signed=True) for value in data)
    fields = ["trainer", "dataHash", "classification", "contributor", "nonce", "deadline", "maxDeposit"]
    types = ["address", "bytes32", "uint64", "address", "uint256", "uint256", "uint256"]
    return {
        "domain": {"name": "CollaborativeTrainer64", "version": "1", "chainId": 1, "verifyingContract": TRAINER},
        "primaryType": "Contribution",
        "types": {
            "EIP712Domain": [
                {"name": name, "type": kind}
                for name, kind in zip(
                    ("name", "version", "chainId", "verifyingContract"),
                    ("string", "string", "uint256", "address"),
                    strict=True,
                )
            ],
            "Contribution": [{"name": name, "type": kind} for name, kind in zip(fields, types, strict=True)],
        },
        "message": dict(zip(fields, (TRAINER, keccak(words), label, ANN, nonce, deadline, most), strict=True)),
    }


def test_a_sponsor_pays_and_gets_the_deposit_back_while_the_author_gets_the_credit() -> None:
    world = World()
    message = encode_typed_data(full_message=typed_data([1, 3], 1, 0, START + 10, FULL_COST))
    signature = bytes(Account.sign_message(message, KEYS["ann"]).signature)
    added, sponsored = world.trainer.add_data_for(
        [1, 3], 1, ANN, START + 10, FULL_COST, signature, sender=BOB, value=2 * FULL_COST
    )
    assert added.args["sender"] == ANN
    assert (sponsored.name, sponsored.args["sponsor"], sponsored.args["contributor"]) == ("Sponsored", BOB, ANN)
    assert world.trainer.nonces(ANN) == 1
    assert world.ledger.balance(BOB) == ETHER - FULL_COST
    assert world.handler.get_payer([1, 3], 1, START, ANN) == BOB
    world.wait(DAY)
    with pytest.raises(Revert) as error:
        world.trainer.refund_for([1, 3], 1, START, ANN, sender=EVE)
    assert error.value == Revert("NeitherContributorNorPayer", (EVE,))
    (refunded,) = world.trainer.refund_for([1, 3], 1, START, ANN, sender=BOB)
    assert refunded.args["recipient"] == BOB
    assert world.ledger.balance(BOB) == ETHER
    assert world.mechanism.num_valid_for_address(ANN) == 1


def test_digest_of_negative_features() -> None:
    message = encode_typed_data(full_message=typed_data([-(2**63), -1, 2**63 - 1], 1, 7, 8, 9))
    expected = keccak(b"\x19" + message.version + message.header + message.body)
    assert contribution_digest(World().trainer.domain, [-(2**63), -1, 2**63 - 1], 1, ANN, 7, 8, 9) == expected


@pytest.mark.parametrize("spoiled", ["replayed", "data", "signer", "high s", "cut", "trainer", "v"])
def test_signatures_that_are_refused(spoiled: str) -> None:
    world = World()
    signature = sign(world, "ann", [1], 1, 1 if spoiled == "replayed" else 0, START, FULL_COST)
    data, author = ([2], ANN) if spoiled == "data" else ([1], BOB if spoiled == "signer" else ANN)
    if spoiled == "high s":
        order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
        s = order - int.from_bytes(signature[32:64], "big")
        signature = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    if spoiled == "cut":
        signature = signature[:64]
    if spoiled == "v":
        signature = signature[:64] + bytes([signature[64] - 27])
    if spoiled == "trainer":
        world.trainer.domain = type(world.trainer.domain)("0x" + "23" * 20, 1)
    with pytest.raises(Revert) as error:
        world.trainer.add_data_for(data, 1, author, START, FULL_COST, signature, sender=BOB, value=FULL_COST)
    assert error.value == Revert("InvalidSignature")
    assert world.trainer.nonces(author) == 0
    assert world.ledger.balance(BOB) == ETHER


def test_expired_and_too_dear() -> None:
    world = World()
    signature = sign(world, "ann", [1], 1, 0, START - 1, FULL_COST)
    with pytest.raises(Revert) as error:
        world.trainer.add_data_for([1], 1, ANN, START - 1, FULL_COST, signature, sender=BOB, value=FULL_COST)
    assert error.value == Revert("SignatureExpired", (START - 1,))
    signature = sign(world, "ann", [1], 1, 0, START, FULL_COST - 1)
    with pytest.raises(Revert) as error:
        world.trainer.add_data_for([1], 1, ANN, START, FULL_COST - 1, signature, sender=BOB, value=FULL_COST)
    assert error.value == Revert("DepositTooHigh", (FULL_COST, FULL_COST - 1))
    assert world.trainer.nonces(ANN) == 0


# -- the pool -- #


def test_the_pool_pays_the_capped_fee_of_what_was_validated() -> None:
    world = World()
    world.ledger.gas_price = 7
    pool = ReimbursementPool(world.ledger, "0x" + "33" * 20, TRAINER, 100_000, 5, owner=OWNER)
    assert world.trainer.set_reimbursement_pool(pool, sender=OWNER)[0].args == {"pool": pool.address}
    pool.fund(sender=OWNER, value=600_000)
    world.trainer.add_data([1], 1, sender=ANN, value=FULL_COST, gas_used=250_000)
    world.trainer.add_data([1, 2], 1, sender=BOB, value=FULL_COST, gas_used=30_000)
    world.wait(DAY)
    paid, refunded = world.trainer.refund([1], 1, START, sender=ANN)[::-1]
    assert {paid.name, refunded.name} == {"Refund", "Reimbursed"}
    assert world.ledger.balance(ANN) == ETHER + 100_000 * 5
    assert world.ledger.balance(pool.address) == 100_000
    events = world.trainer.refund([1, 2], 1, START, sender=BOB)
    assert [event.name for event in events] == ["Refund", "Due"]  # 150,000 are due, and 100,000 there
    key = events[1].args["key"]
    with pytest.raises(Revert) as error:
        pool.claim(key, sender=EVE)
    assert error.value == Revert("PaymentFailed", (BOB, 150_000))
    pool.fund(sender=OWNER, value=50_000)
    pool.claim(key, sender=EVE)
    assert world.ledger.balance(BOB) == ETHER + 150_000
    with pytest.raises(Revert) as error:
        pool.claim(key, sender=EVE)
    assert error.value == Revert("NothingDue", (key,))


def test_only_the_owner_withdraws_and_sets_limits() -> None:
    world = World()
    pool = ReimbursementPool(world.ledger, "0x" + "33" * 20, TRAINER, 1, 1, owner=OWNER)
    pool.fund(sender=ANN, value=10)
    with pytest.raises(Revert) as error:
        pool.withdraw(ANN, 10, sender=ANN)
    assert error.value == Revert("OwnableUnauthorizedAccount", (ANN,))
    with pytest.raises(Revert) as error:
        pool.set_limits(2, 2, sender=ANN)
    assert error.value == Revert("OwnableUnauthorizedAccount", (ANN,))
    with pytest.raises(Revert) as error:
        pool.withdraw(OWNER, 11, sender=OWNER)
    assert error.value == Revert("PaymentFailed", (OWNER, 11))
    pool.withdraw(OWNER, 10, sender=OWNER)
    assert world.ledger.balance(OWNER) == ETHER + 10


# -- receivers -- #


def test_a_receiver_that_refuses_its_change_takes_all_back_the_model_too() -> None:
    world = World()

    def refuse(amount: int) -> None:
        raise Revert("")

    world.ledger.receivers[ANN] = refuse
    before = world.trainer.classifier.copy()
    with pytest.raises(Revert) as error:
        world.trainer.add_data([1], 0, sender=ANN, value=FULL_COST + 1)
    assert error.value == Revert("PaymentFailed", (ANN, 1))
    assert world.trainer.classifier == before
    assert world.ledger.balance(ANN) == ETHER
    assert world.mechanism.last_update_time_s == START  # type: ignore[attr-defined]
    with pytest.raises(Revert) as error:
        world.handler.get_claimable_amount([1], 0, START, ANN)
    assert error.value.name == "UnknownContribution"
    world.trainer.add_data([1], 0, sender=ANN, value=FULL_COST)  # no change, so nothing to refuse


def test_a_receiver_that_asks_again_while_it_is_paid_gains_nothing() -> None:
    world = World()
    refused: list[Revert] = []

    def again(amount: int) -> None:
        try:
            world.trainer.refund([1], 1, START, sender=ANN)
        except Revert as error:
            refused.append(error)

    world.trainer.add_data([1], 1, sender=ANN, value=FULL_COST)
    world.trainer.add_data([1, 2], 1, sender=BOB, value=FULL_COST)
    world.wait(DAY)
    world.ledger.receivers[ANN] = again
    world.trainer.refund([1], 1, START, sender=ANN)
    assert refused == [Revert("AlreadyClaimed", (ANN,))]
    assert world.ledger.balance(ANN) == ETHER
    assert world.ledger.balance(TRAINER) == FULL_COST
