from __future__ import annotations

import pickle
from typing import Any

import pytest

from dcai.errors import EvmError, InputError, InputTypeError, Revert
from dcai.evm import CALL_GAS_LIMIT, MAX_TRANSACTION_GAS, Evm, engine_names
from dcai.evm.schedule import MAX_INITCODE_BYTES

PROGRAM = "0x" + "02" * 20
OTHER = "0x" + "03" * 20

STORE_ARGUMENT = bytes.fromhex("5f355f5500")  # sstore(0, calldataload(0))
LOAD = bytes.fromhex("5f545f5260205ff3")  # return(sload(0))
LOOP = bytes.fromhex("5b5f56")  # forever
INVALID = bytes.fromhex("fe")
REVERT_ARGUMENT = bytes.fromhex("365f5f37365ffd")  # revert(calldata)


@pytest.fixture
def chain(engine: str) -> Evm:
    return Evm(engine)


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_a_transaction_stores_and_a_call_does_not(chain: Evm) -> None:
    chain.set_account(PROGRAM, code=STORE_ARGUMENT)
    assert chain.call(PROGRAM, word(5)) == b""
    assert chain.simulate(PROGRAM, word(5)).success
    assert (chain.storage(PROGRAM), chain.nonce(chain.account)) == ({}, 0)
    chain.transact(PROGRAM, word(5)).raise_for_error()
    assert (chain.storage(PROGRAM), chain.storage_at(PROGRAM, 0)) == ({0: 5}, 5)
    assert chain.nonce(chain.account) == 1


def test_a_receipt_adds_up(chain: Evm) -> None:
    chain.set_account(PROGRAM, code=STORE_ARGUMENT)
    receipt = chain.transact(PROGRAM, word(5))
    assert (receipt.intrinsic, receipt.calldata) == (21_000, 31 * 4 + 16)
    assert receipt.execution == 2 + 3 + 2 + 22_100
    assert receipt.floor == 21_000 + 10 * (31 + 4)
    assert receipt.gas_used == 21_000 + 140 + 22_107
    assert (receipt.success, receipt.refund, receipt.error) == (True, 0, None)
    assert receipt.gas_limit == MAX_TRANSACTION_GAS


def test_a_refund_is_at_most_a_fifth(chain: Evm) -> None:
    chain.set_account(PROGRAM, code=STORE_ARGUMENT, storage={0: 1})
    receipt = chain.transact(PROGRAM, b"")
    assert receipt.refund == 4_800 < (21_000 + 5_007) // 5
    clear = b"".join(b"\x5f\x60" + bytes([i]) + b"\x55" for i in range(20))  # sstore(i, 0)
    chain.set_account(PROGRAM, code=clear, storage=dict.fromkeys(range(20), 1))
    receipt = chain.transact(PROGRAM)
    spent = 21_000 + 20 * 5_005
    assert (receipt.refund, receipt.gas_used) == (spent // 5, spent - spent // 5)


def test_the_floor_holds_after_a_capped_refund(chain: Evm) -> None:
    # EIP-7623: the floor is compared with the gas after the refund, so no refund takes the gas below it.
    clear = b"".join(b"\x5f\x60" + bytes([i]) + b"\x55" for i in range(20))
    chain.set_account(PROGRAM, code=clear, storage=dict.fromkeys(range(20), 1))
    receipt = chain.transact(PROGRAM, b"\xff" * 3_000)
    spent = 21_000 + 48_000 + 20 * 5_005
    assert receipt.floor == 21_000 + 120_000
    assert spent - receipt.refund == 135_280
    assert receipt.gas_used == receipt.floor


def test_a_creation_gives_the_address_and_the_code(chain: Evm) -> None:
    creation = bytes.fromhex("6001600c60003960016000f3") + b"\x00"
    receipt = chain.transact(None, creation)
    assert receipt.contract_address is not None
    assert chain.code(receipt.contract_address) == receipt.output == b"\x00"
    assert receipt.intrinsic == 21_000 + 32_000 + 2
    assert chain.nonce(receipt.contract_address) == 1
    assert chain.simulate(None, creation).contract_address != receipt.contract_address


def test_before_shanghai_creation_code_has_no_price_and_before_prague_there_is_no_floor() -> None:
    receipt = Evm(fork="paris").transact(None, b"\x00" * 64)
    assert (receipt.intrinsic, receipt.floor) == (53_000, 0)


def test_value_moves_and_fees_do_not(chain: Evm) -> None:
    before = chain.balance(chain.account)
    assert chain.transact(OTHER, value=7).success
    assert (chain.balance(OTHER), chain.balance(chain.account)) == (7, before - 7)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (LOOP, r"Out of gas; all 100,000 gas of the transaction is used up"),
        (INVALID, r"Invalid opcode; all 100,000 gas"),
        (bytes.fromhex("01"), r"Stack underflow; all 100,000 gas"),
    ],
)
def test_a_halt_uses_all_gas_and_says_why(chain: Evm, code: bytes, message: str) -> None:
    chain.set_account(PROGRAM, code=code)
    receipt = chain.transact(PROGRAM, gas_limit=100_000)
    assert (receipt.success, receipt.gas_used, receipt.output) == (False, 100_000, b"")
    with pytest.raises(EvmError, match=message):
        receipt.raise_for_error()
    with pytest.raises(EvmError, match=message):
        chain.call(PROGRAM, b"", gas_limit=100_000)


def test_code_over_the_limit_is_refused(chain: Evm) -> None:
    receipt = chain.transact(None, bytes.fromhex("6160015ff3"))  # return(0, 24577)
    with pytest.raises(EvmError, match="Contract code too large"):
        receipt.raise_for_error()


@pytest.mark.parametrize(
    ("payload", "revert"),
    [
        (b"", Revert("")),
        (bytes.fromhex("4e487b71") + word(0x32), Revert("Panic", (0x32,))),
        (bytes.fromhex("08c379a0") + word(32) + word(2) + b"no".ljust(32, b"\0"), Revert("Error", ("no",))),
        (bytes.fromhex("12345678") + b"rest", Revert("0x12345678", (b"rest",))),
        (bytes.fromhex("4e487b71") + b"short", Revert("0x4e487b71", (b"short",))),
    ],
)
def test_a_revert_is_decoded_and_returned_or_raised(chain: Evm, payload: bytes, revert: Revert) -> None:
    chain.set_account(PROGRAM, code=REVERT_ARGUMENT)
    receipt = chain.transact(PROGRAM, payload)
    assert (receipt.success, receipt.error, receipt.output) == (False, revert, payload)
    assert isinstance(receipt.error, Revert)
    assert receipt.error.receipt is receipt
    with pytest.raises(Revert) as caught:
        chain.call(PROGRAM, payload)
    assert caught.value == revert
    assert caught.value.receipt.gas_limit == CALL_GAS_LIMIT


def test_a_receipt_with_its_revert_can_be_pickled(chain: Evm) -> None:
    chain.set_account(PROGRAM, code=REVERT_ARGUMENT)
    receipt = chain.transact(PROGRAM, b"")
    copy = pickle.loads(pickle.dumps(receipt))
    assert copy == receipt
    assert copy.error.receipt is copy


def test_anyone_may_send(chain: Evm) -> None:
    chain.set_account(PROGRAM, code=bytes.fromhex("335f5500"))  # sstore(0, caller())
    chain.transact(PROGRAM, sender=OTHER)
    assert chain.storage(PROGRAM) == {0: int(OTHER, 16)}
    assert chain.nonce(OTHER) == 1


def test_the_block_is_as_set(chain: Evm) -> None:
    chain.set_account(PROGRAM, code=bytes.fromhex("425f5543600155"))  # sstore(0, timestamp()) sstore(1, number())
    chain.timestamp, chain.block_number = 1_600_000_000, 10_000_000
    chain.transact(PROGRAM)
    assert chain.storage(PROGRAM) == {0: 1_600_000_000, 1: 10_000_000}
    assert (chain.timestamp, chain.block_number) == (1_600_000_000, 10_000_000)


def test_a_snapshot_can_be_restored_twice_and_elsewhere(chain: Evm) -> None:
    chain.set_account(PROGRAM, code=STORE_ARGUMENT, storage={0: 3, 9: 9})
    chain.timestamp = 50
    snapshot = chain.snapshot()
    receipts = []
    for _ in range(2):
        receipts.append(chain.transact(PROGRAM, word(4)))
        chain.timestamp = 60
        chain.restore(snapshot)
        assert (chain.storage(PROGRAM), chain.nonce(chain.account), chain.timestamp) == ({0: 3, 9: 9}, 0, 50)
    assert receipts[0] == receipts[1]
    elsewhere = Evm(fork="shanghai")
    elsewhere.restore(snapshot)
    assert elsewhere.storage(PROGRAM) == {0: 3, 9: 9}


def test_what_no_block_could_include_is_refused(chain: Evm) -> None:
    with pytest.raises(EvmError, match="gas limit of 21,015 does not cover the 21,040 due for these 1 bytes"):
        chain.transact(OTHER, b"\x01", gas_limit=21_015)  # the floor, not only the 21,016
    with pytest.raises(EvmError, match="gas limit of 21,015 does not cover the 21,016 due"):
        Evm(fork="cancun").transact(OTHER, b"\x01", gas_limit=21_015)
    with pytest.raises(EvmError, match="have 49,153 bytes; the maximum is 49,152"):
        chain.transact(None, bytes(MAX_INITCODE_BYTES + 1))
    assert Evm(fork="paris").transact(None, bytes(MAX_INITCODE_BYTES + 1)).success
    with pytest.raises(EvmError, match="has 0 wei and cannot send 1"):
        chain.transact(PROGRAM, value=1, sender=OTHER)
    assert chain.nonce(chain.account) == 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"to": "0x1234"}, InputError, "to is '0x1234'; it must be '0x' and 40 hexadecimal digits"),
        ({"to": 5}, InputTypeError, "to is 5; it must be text"),
        ({"sender": "nobody"}, InputError, "sender is 'nobody'"),
        ({"data": "0x00"}, InputTypeError, "data is of type str; it must be bytes"),
        ({"value": -1}, InputError, "value is -1; it must be from 0 to"),
        ({"value": 1.5}, InputTypeError, "value is 1.5; it must be an integer"),
        ({"gas_limit": True}, InputTypeError, "gas_limit is True"),
        ({"gas_limit": 2**64}, InputError, "gas_limit is 18446744073709551616; it must be from 0 to 2\\^64 - 1"),
    ],
)
def test_bad_arguments_are_named(chain: Evm, arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        chain.transact(**{"to": PROGRAM, **arguments})


def test_names_of_engines() -> None:
    assert engine_names() == ("revm", "py-evm", "py-evm-compiled")
    assert repr(Evm()) == "Evm(engine='revm', fork='prague')"


def test_randomness_of_a_block(engine: str) -> None:
    """PREVRANDAO (EIP-4399): what the block says, 0 unless set; a snapshot has it too."""
    chain = Evm(engine)
    program = "0x" + "a0" * 20
    chain.set_account(program, code=bytes.fromhex("445f5260205ff3"))  # returns PREVRANDAO
    before = chain.snapshot()
    assert int.from_bytes(chain.call(program, b""), "big") == 0
    chain.prevrandao = 2**256 - 3
    assert int.from_bytes(chain.call(program, b""), "big") == 2**256 - 3
    with pytest.raises(InputError, match="prevrandao"):
        chain.prevrandao = 2**256
    chain.restore(before)
    assert chain.prevrandao == 0
