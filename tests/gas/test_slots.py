"""The ledger of storage against the table of EIP-3529, and against programs of SLOAD and SSTORE in every EVM."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcai.evm import Evm
from dcai.evm.engines.registry import engine_names
from dcai.gas.initialization import memory_gas
from dcai.gas.slots import Slots
from tests.support.evm.assembler import Assembler

COLD = 2_100

#: EIP-3529: the values that a warm slot takes, the first before the transaction; gas and refund of the writes.
TABLE = [
    ((0, 0, 0), 200, 0),
    ((0, 1, 0), 20_100, 19_900),
    ((0, 1, 2), 20_100, 0),
    ((0, 1, 1), 20_100, 0),
    ((1, 0, 0), 3_000, 4_800),
    ((1, 0, 1), 3_000, 2_800),
    ((1, 0, 2), 3_000, 0),
    ((1, 2, 0), 3_000, 4_800),
    ((1, 2, 3), 3_000, 0),
    ((1, 2, 1), 3_000, 2_800),
    ((1, 2, 2), 3_000, 0),
    ((1, 1, 0), 3_000, 4_800),
    ((1, 1, 2), 3_000, 0),
    ((1, 1, 1), 200, 0),
    ((0, 1, 0, 1), 40_100, 19_900),
    ((1, 0, 1, 0), 5_900, 7_600),
]


@pytest.mark.parametrize(("values", "gas", "refund"), TABLE)
def test_the_cases_of_eip_3529(values: tuple[int, ...], gas: int, refund: int) -> None:
    slots = Slots()
    slots.store("slot", values[0])
    slots.begin()
    slots.load("slot")
    for value in values[1:]:
        slots.store("slot", value)
    assert (slots.gas - COLD, slots.refund) == (gas, refund)


def test_a_slot_is_cold_once_in_a_transaction() -> None:
    slots = Slots()
    for _ in range(2):
        slots.begin()
        assert slots.load("a") == slots.load("a") == 0
        slots.store("b", 0)
        slots.load("b")
        assert slots.gas == (COLD + 100) + (COLD + 100) + 100


def test_the_last_write() -> None:
    slots, costs = Slots(), []
    slots.load("a")
    costs.append(slots.last_store)
    for slot, value in [("a", 1), ("a", 2), ("a", 2), ("b", 0)]:
        slots.store(slot, value)
        costs.append(slots.last_store)
    slots.begin()
    costs.append(slots.last_store)
    slots.store("a", 3)
    costs.append(slots.last_store)
    assert costs == [None, 20_000, 100, 100, COLD + 100, None, COLD + 2_900]


# -- the same in an EVM -- #

ADDRESS = "0x" + "57" * 20
#: A word this far out makes a transaction so dear that no refund here reaches its cap.
FAR = 2**20
SLOTS = ("a", "b", "c")
PUSH, POP, MSTORE = 3, 2, 3

steps = st.tuples(st.sampled_from(range(len(SLOTS))), st.one_of(st.none(), st.sampled_from([0, 0, 1, 2])))
transactions = st.tuples(st.lists(steps, max_size=8), st.booleans())


@cache
def chains() -> list[Evm]:
    return [Evm(engine) for engine in engine_names()]


@pytest.fixture(scope="module", autouse=True)
def _engines() -> None:
    """Made before Hypothesis begins: an import sets the limit of recursion."""
    chains()


def program(accesses: list[tuple[int, int | None]], reverts: bool) -> tuple[bytes, int]:
    """Code that reads (None) and writes slots, and what its opcodes cost beside those."""
    code, gas = Assembler(), 0
    for slot, value in accesses:
        if value is None:
            code.push(slot)
            code.op("SLOAD")
            code.op("POP")
            gas += PUSH + POP
        else:
            code.push(value)
            code.push(slot)
            code.op("SSTORE")
            gas += 2 * PUSH
    code.push(0)
    code.push(FAR)
    code.op("MSTORE")
    gas += 2 * PUSH + MSTORE + memory_gas(FAR // 32 + 1)
    if reverts:
        code.push(0)
        code.push(0)
        code.op("REVERT")
        gas += 2 * PUSH
    return bytes(code.code), gas


@given(st.lists(transactions, min_size=1, max_size=4), st.sampled_from([{}, {0: 1}, {0: 1, 2: 2}]))
def test_transactions_in_every_evm(
    calls: list[tuple[list[tuple[int, int | None]], bool]], storage: dict[int, int]
) -> None:
    slots = Slots()
    for slot, word in storage.items():
        slots.store(SLOTS[slot], word)
    for chain in chains():
        chain.set_account(ADDRESS, storage=storage)
    for accesses, reverts in calls:
        code, gas = program(accesses, reverts)
        slots.begin()
        for slot, value in accesses:
            if value is None:
                slots.load(SLOTS[slot])
            else:
                slots.store(SLOTS[slot], value)
        refund = 0 if reverts else slots.refund
        if reverts:
            slots.revert()
        for chain in chains():
            chain.set_account(ADDRESS, code=code, storage=chain.storage(ADDRESS))
            receipt = chain.transact(ADDRESS)
            assert receipt.success is not reverts
            assert receipt.execution == gas + slots.gas, chain
            assert receipt.refund == refund, chain
            slots_after = chain.storage(ADDRESS)
    # Once more, each slot is read: the values after a revert are those before it.
    slots.begin()
    assert {k: slots.load(name) for k, name in enumerate(SLOTS) if slots.load(name)} == slots_after


@pytest.mark.parametrize(("words", "gas"), [(0, 0), (1, 3), (22, 66), (23, 70), (724, 3_195), (10**6, 1_956_125_000)])
def test_the_price_of_memory(words: int, gas: int) -> None:
    """Yellow Paper, appendix H: 3 a word, and the square of the words divided by 512, rounded down."""
    assert memory_gas(words) == gas
