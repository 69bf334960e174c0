"""Contributions that an author signs and a sponsor pays for; signatures are made by eth-account."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from dcai.evm.framework import Framework, contribution_key
from dcai.evm.hashing import keccak
from dcai.evm.receipt import Receipt
from tests.support.incentives.framework_world import (
    ALICE,
    ANY_WAIT,
    BOB,
    CAROL,
    FUNDS,
    HIGHEST_COST,
    OWNER,
    REFUND_WAIT,
    REFUSER,
    START,
    add,
    give_code,
    new_framework,
    refused,
    wait,
)

X = [1, 2]
AUTHOR = Account.from_key(b"\x05" * 32)
SPONSOR = BOB
DEADLINE = START + 1000
FIELDS = {
    "trainer": "address",
    "dataHash": "bytes32",
    "classification": "uint64",
    "contributor": "address",
    "nonce": "uint256",
    "deadline": "uint256",
    "maxDeposit": "uint256",
}
#: PUSH4 0x1626ba7e, as the highest bytes of a word, returned: a wallet that takes any signature (ERC-1271).
WALLET = bytes.fromhex("631626ba7e60e01b5f5260205ff3")
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture
def framework() -> Framework:
    return new_framework()


def sign(framework: Framework, *, domain: dict[str, Any] | None = None, key: Any = AUTHOR, **changes: Any) -> bytes:
    """Sign the contribution of X as 1, or with some fields changed."""
    x = changes.pop("x", X)
    message = {
        "trainer": framework.trainer.address,
        "dataHash": keccak(b"".join(feature.to_bytes(32, "big", signed=True) for feature in x)),
        "classification": 1,
        "contributor": AUTHOR.address,
        "nonce": 0,
        "deadline": DEADLINE,
        "maxDeposit": HIGHEST_COST,
        **changes,
    }
    fields = {"name": "CollaborativeTrainer64", "version": "1", "chainId": 1}
    fields |= {"verifyingContract": framework.trainer.address, **(domain or {})}
    types = {"Contribution": [{"name": name, "type": kind} for name, kind in FIELDS.items()]}
    return bytes(key.sign_message(encode_typed_data(fields, types, message)).signature)


def send(framework: Framework, signature: bytes, *, value: int = HIGHEST_COST, **changes: Any) -> Receipt:
    """Have the sponsor send the contribution of X as 1, or with some arguments changed."""
    args = {
        "x": X,
        "label": 1,
        "contributor": AUTHOR.address,
        "deadline": DEADLINE,
        "max_deposit": HIGHEST_COST,
        **changes,
    }
    return framework.trainer.transact("addDataFor", *args.values(), signature, sender=SPONSOR, value=value)


def test_a_sponsored_contribution(engine: str) -> None:
    framework = new_framework(engine=engine)
    key = contribution_key(X, 1, START, AUTHOR.address)
    receipt = send(framework, sign(framework), value=HIGHEST_COST + 7)
    assert [(event.name, *event.args.values()) for event in framework.events(receipt)] == [
        ("AddData", tuple(X), 1, START, AUTHOR.address, HIGHEST_COST),
        ("Sponsored", key, SPONSOR, AUTHOR.address),
    ]
    assert framework.evm.balance(SPONSOR) == FUNDS - HIGHEST_COST
    assert framework.handler.call("getPayer", X, 1, START, AUTHOR.address) == SPONSOR
    assert framework.trainer.call("nonces", AUTHOR.address) == 1
    wait(framework, REFUND_WAIT)
    with refused("NeitherContributorNorPayer", CAROL):
        framework.trainer.transact("refundFor", X, 1, START, AUTHOR.address, sender=CAROL)
    receipt = framework.trainer.transact("refundFor", X, 1, START, AUTHOR.address, sender=SPONSOR)
    (event,) = framework.events(receipt)
    assert (event.name, *event.args.values()) == ("Refund", key, SPONSOR, HIGHEST_COST)
    assert framework.evm.balance(SPONSOR) == FUNDS
    assert framework.mechanism.call("numValidForAddress", AUTHOR.address) == 1
    assert framework.mechanism.call("numValidForAddress", SPONSOR) == 0
    assert framework.handler.call("hasClaimed", X, 1, START, AUTHOR.address, AUTHOR.address)
    assert not framework.handler.call("hasClaimed", X, 1, START, AUTHOR.address, SPONSOR)


def test_the_author_may_ask_for_the_sponsor(framework: Framework) -> None:
    send(framework, sign(framework))
    wait(framework, REFUND_WAIT)
    framework.refund(X, 1, START, sender=AUTHOR.address)
    assert framework.evm.balance(SPONSOR) == FUNDS
    assert framework.evm.balance(AUTHOR.address) == 0


def test_an_author_who_paid_may_use_either_way(framework: Framework) -> None:
    added = add(framework, X, 1, ALICE)
    wait(framework, REFUND_WAIT)
    with refused("NeitherContributorNorPayer", BOB):
        framework.trainer.transact("refundFor", X, 1, added, ALICE, sender=BOB)
    framework.trainer.transact("refundFor", X, 1, added, ALICE, sender=ALICE)
    assert framework.evm.balance(ALICE) == FUNDS


def test_the_author_of_sponsored_data_cannot_report_them(framework: Framework) -> None:
    send(framework, sign(framework))
    with refused("OwnData", AUTHOR.address):
        framework.report(X, 1, START, AUTHOR.address, sender=AUTHOR.address)
    wait(framework, ANY_WAIT)
    framework.report(X, 1, START, AUTHOR.address, sender=AUTHOR.address)
    assert framework.evm.balance(AUTHOR.address) == HIGHEST_COST


def test_a_signature_is_good_once(framework: Framework) -> None:
    signature = sign(framework)
    send(framework, signature)
    with refused("InvalidSignature"):
        send(framework, signature)
    wait(framework, 1)
    send(framework, sign(framework, nonce=1))
    assert framework.trainer.call("nonces", AUTHOR.address) == 2


def test_a_refused_contribution_leaves_the_nonce(framework: Framework) -> None:
    signature = sign(framework)
    with refused("InsufficientPayment", HIGHEST_COST, 5):
        send(framework, signature, value=5)
    assert framework.trainer.call("nonces", AUTHOR.address) == 0
    send(framework, signature)


@pytest.mark.parametrize(
    "sent",
    [
        {"x": [1, 3]},
        {"x": [1]},
        {"label": 0},
        {"contributor": CAROL},
        {"contributor": "0x" + "00" * 20},
        {"deadline": DEADLINE + 1},
        {"max_deposit": HIGHEST_COST + 1},
    ],
)
def test_what_is_sent_is_what_was_signed(framework: Framework, sent: dict[str, Any]) -> None:
    with refused("InvalidSignature"):
        send(framework, sign(framework), **sent)


@pytest.mark.parametrize(
    "signed",
    [
        {"nonce": 1},
        {"trainer": CAROL},
        {"domain": {"chainId": 5}},
        {"domain": {"verifyingContract": CAROL}},
        {"domain": {"name": "CollaborativeTrainer"}},
        {"domain": {"version": "2"}},
        {"key": Account.from_key(b"\x06" * 32)},
    ],
)
def test_a_signature_for_something_else_is_refused(framework: Framework, signed: dict[str, Any]) -> None:
    with refused("InvalidSignature"):
        send(framework, sign(framework, **signed))


def test_an_altered_signature_is_refused(framework: Framework) -> None:
    good = sign(framework)
    r, s, v = good[:32], int.from_bytes(good[32:64], "big"), good[64]
    other_half = r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v])  # the same signer, the malleable way
    for altered in (b"", good[:64], good + b"\0", bytes(65), good[:64] + bytes([v - 27]), other_half):
        with refused("InvalidSignature"):
            send(framework, altered)
    for position in (0, 31, 32, 63, 64):
        with refused("InvalidSignature"):
            send(framework, good[:position] + bytes([good[position] ^ 1]) + good[position + 1 :])
    send(framework, good)


def test_the_last_second_of_a_signature(framework: Framework) -> None:
    signature = sign(framework)
    framework.evm.timestamp = DEADLINE + 1
    with refused("SignatureExpired", DEADLINE):  # before it is looked at
        send(framework, b"")
    framework.evm.timestamp = DEADLINE
    send(framework, signature)


def test_the_highest_deposit(framework: Framework) -> None:
    with refused("DepositTooHigh", HIGHEST_COST, HIGHEST_COST - 1):
        send(framework, sign(framework, maxDeposit=HIGHEST_COST - 1), max_deposit=HIGHEST_COST - 1)
    with refused("InsufficientPayment", HIGHEST_COST, 0):  # comes before
        send(framework, sign(framework, maxDeposit=0), max_deposit=0, value=0)


def test_a_wallet_contract_signs_by_its_own_rules(framework: Framework) -> None:
    give_code(framework, CAROL, WALLET)
    send(framework, b"anything", contributor=CAROL)
    assert framework.trainer.call("nonces", CAROL) == 1
    give_code(framework, OWNER, REFUSER)
    with refused("InvalidSignature"):
        send(framework, b"anything", contributor=OWNER)


def test_a_sponsor_who_refuses_money_keeps_nobody_elses(framework: Framework) -> None:
    send(framework, sign(framework))
    give_code(framework, SPONSOR, REFUSER)
    mine = add(framework, [3], 1, ALICE)
    wait(framework, REFUND_WAIT)
    with refused("PaymentFailed", SPONSOR, HIGHEST_COST):
        framework.refund(X, 1, START, sender=AUTHOR.address)
    framework.refund([3], 1, mine, sender=ALICE)
    assert framework.evm.balance(ALICE) == FUNDS
    wait(framework, ANY_WAIT)
    framework.report(X, 1, START, AUTHOR.address, sender=CAROL)
    assert framework.evm.balance(framework.trainer.address) == 0
