"""A small deployed framework, the people around it, and contracts in raw bytecode that receive money badly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from dcai import SparsePerceptron
from dcai.errors import Revert
from dcai.evm import Evm, Receipt
from dcai.evm.framework import STAKEABLE, Framework, deploy
from dcai.evm.hashing import to_address
from tests.support.engines import FASTEST

ALICE, BOB, CAROL, DAVE, OWNER = (to_address(bytes([byte]) * 20) for byte in (0xA1, 0xB2, 0xC3, 0xD4, 0x0F))
PEOPLE = (OWNER, ALICE, BOB, CAROL, DAVE)
FUNDS = 10**21

START = 1_700_000_000
REFUND_WAIT, OWNER_WAIT, ANY_WAIT = 100, 200, 300
COST_WEIGHT = 10**12
#: A second after the last contribution, or in the same.
HIGHEST_COST = 3600 * COST_WEIGHT
TERMS = (REFUND_WAIT, OWNER_WAIT, ANY_WAIT, COST_WEIGHT)

#: PUSH0 PUSH0 REVERT
REFUSER = bytes.fromhex("5f5ffd")
#: JUMPDEST PUSH0 JUMP: all gas of whoever pays.
BURNER = bytes.fromhex("5b5f56")


def new_framework(mechanism: str = STAKEABLE, terms: Sequence[Any] = TERMS, engine: str = FASTEST) -> Framework:
    """Deploy around a Perceptron that says 0 to all it has not learned; one weight of a feature is enough."""
    chain = Evm(engine)
    chain.timestamp = START
    for person in PEOPLE:
        chain.set_balance(person, FUNDS)
    return deploy(
        chain,
        SparsePerceptron([0] * 8, 0, 10**9),
        mechanism,
        terms,
        about=("words", "says what is meant", "presence"),
        sender=OWNER,
        placed=True,
    )


def wait(framework: Framework, seconds: int) -> int:
    """Let time pass, and return the time."""
    framework.evm.timestamp += seconds
    return framework.evm.timestamp


def add(framework: Framework, x: Sequence[int], label: int, sender: str, **options: Any) -> int:
    """Contribute, and return when."""
    framework.add_data(x, label, sender=sender, **options)
    return framework.evm.timestamp


def only_event(framework: Framework, receipt: Receipt) -> tuple[Any, ...]:
    """Return the name and the arguments of the one event of a transaction."""
    (event,) = framework.events(receipt)
    return event.name, *event.args.values()


@contextmanager
def refused(name: str, *args: Any) -> Iterator[None]:
    """Expect an error by its name and arguments."""
    with pytest.raises(Revert) as caught:
        yield
    assert caught.value == Revert(name, args)


def reentrant(target: str, calldata: bytes, value: int = 0) -> bytes:
    """Return code that, when it receives anything, calls a contract, and notes in slot 0 that this succeeded."""
    head = 55  # bytes before the calldata
    code = b"\x61" + len(calldata).to_bytes(2, "big") + b"\x60" + bytes([head]) + b"\x5f\x39"  # CODECOPY to 0
    code += b"\x5f\x5f\x61" + len(calldata).to_bytes(2, "big") + b"\x5f\x6b" + value.to_bytes(12, "big")
    code += b"\x73" + bytes.fromhex(target[2:]) + b"\x5a\xf1"  # CALL with all gas
    code += b"\x5f\x55\x00"  # SSTORE, STOP
    assert len(code) <= head
    return code.ljust(head, b"\x00") + calldata


def give_code(framework: Framework, address: str, code: bytes) -> None:
    """Make an account a contract; it keeps its balance, and still sends transactions."""
    framework.evm.set_account(address, code=code, nonce=0, balance_wei=framework.evm.balance(address))
