"""The reference engine against py-evm's own blocks, and the isolation of each transaction from the next."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from eth.chains.base import MiningChain
from eth.db.atomic import AtomicDB
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.paris import ParisVM
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.shanghai import ShanghaiVM
from eth_keys.datatypes import PrivateKey

from dcai import artifacts
from dcai.errors import InputError
from dcai.evm import Evm
from dcai.evm.abi import Abi
from dcai.evm.engines.engine import EngineAccount, Transaction
from dcai.evm.engines.py_evm import PyEvm
from dcai.evm.engines.registry import create_engine
from dcai.evm.hashing import to_address

SENDER = b"\x01" * 20
PROGRAM = b"\x02" * 20
KEY = PrivateKey(b"\x07" * 32)
SIGNER = KEY.public_key.to_canonical_address()

STORE_ARGUMENT = bytes.fromhex("5f355f5500")  # sstore(0, calldataload(0))
LOAD = bytes.fromhex("5f545000")  # pop(sload(0))
# sstore(1, tload(0)) tstore(0, 1) if calldatasize() { invalid() }
KEEP_TRANSIENT = bytes.fromhex("5f5c60015560015f5d3615600f57fe5b00")
LOG = bytes.fromhex("602a5f5fa100")  # log1(0, 0, 42)
DESTROY = bytes.fromhex("5fff")  # selfdestruct(0)
TOUCH_COINBASE = bytes.fromhex("41315000")  # pop(balance(coinbase()))


def new_engine(code: bytes, fork: str = "prague", storage: dict[int, int] | None = None) -> PyEvm:
    engine = create_engine("py-evm", fork)
    assert isinstance(engine, PyEvm)
    engine.set_account(SENDER, EngineAccount(balance=10**18))
    engine.set_account(PROGRAM, EngineAccount(nonce=1, code=code, storage=storage or {}))
    return engine


def send(engine: PyEvm, data: bytes = b"", to: bytes | None = PROGRAM, gas_limit: int = 10**6, **options: Any) -> Any:
    return engine.execute(Transaction(SENDER, to, data, 0, gas_limit), **options)


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_a_slot_is_cold_again_in_the_next_transaction() -> None:
    engine = new_engine(LOAD)
    assert [send(engine).gas_spent for _ in range(3)] == [21_000 + 2 + 2_100 + 2] * 3


def test_an_account_is_cold_again_in_the_next_transaction() -> None:
    balance_of_3 = bytes.fromhex("73" + "03" * 20 + "315000")
    engine = new_engine(balance_of_3)
    assert [send(engine).gas_spent for _ in range(2)] == [21_000 + 3 + 2_600 + 2] * 2


def test_the_coinbase_is_warm_since_shanghai() -> None:
    costs = {fork: send(new_engine(TOUCH_COINBASE, fork)).gas_spent - 21_000 - 4 for fork in ("paris", "shanghai")}
    assert costs == {"paris": 2_600, "shanghai": 100}


def test_original_values_are_those_at_the_start_of_the_transaction() -> None:
    engine = new_engine(STORE_ARGUMENT)
    upfront = 21_000 + 31 * 4 + 16 + 2 + 3 + 2
    costs = []
    for value in (1, 2, 2, 3):
        execution = send(engine, word(value))
        costs.append((execution.gas_spent - upfront, execution.gas_refund))
    assert costs == [(22_100, 0), (5_000, 0), (2_200, 0), (5_000, 0)]
    cleared = send(engine, word(0))
    assert (cleared.gas_spent - upfront + 12, cleared.gas_refund) == (5_000, 4_800)
    assert engine.storage(PROGRAM) == {}


def test_transient_storage_is_empty_in_the_next_transaction() -> None:
    engine = new_engine(KEEP_TRANSIENT)
    send(engine)
    send(engine)
    assert engine.storage(PROGRAM) == {}


def test_transient_storage_is_empty_after_a_simulation_and_a_failure() -> None:
    engine = new_engine(KEEP_TRANSIENT)
    send(engine, keep="never")
    assert send(engine, b"fail").halt is not None
    send(engine)
    assert engine.storage(PROGRAM) == {}


def test_logs_are_those_of_one_transaction() -> None:
    engine = new_engine(LOG)
    first, second = send(engine), send(engine)
    assert first.logs == second.logs == ((PROGRAM, (42,), b""),)


@pytest.mark.filterwarnings("ignore:SELFDESTRUCT")  # py-evm warns of the opcode itself
def test_a_self_destruct_is_forgotten_in_the_next_transaction() -> None:
    engine = new_engine(DESTROY, "shanghai", {5: 6})
    send(engine)
    assert (engine.code(PROGRAM), engine.storage(PROGRAM)) == (b"", {})
    engine.set_account(PROGRAM, EngineAccount(nonce=1, code=LOAD, storage={5: 7}))
    send(engine)
    assert (engine.code(PROGRAM), engine.storage(PROGRAM)) == (LOAD, {5: 7})


def test_what_is_not_kept_leaves_no_trace() -> None:
    engine = new_engine(STORE_ARGUMENT, storage={0: 9})
    before = engine.dump()
    kept = send(engine, word(1), keep="never")
    assert engine.dump() == before
    assert send(engine, word(1)) == kept
    assert engine.storage(PROGRAM) == {0: 1}


def test_a_failure_changes_only_the_nonce() -> None:
    engine = new_engine(STORE_ARGUMENT, storage={0: 9})
    assert send(engine, word(1), gas_limit=22_000).halt is not None
    assert (engine.nonce(SENDER), engine.storage(PROGRAM)) == (1, {0: 9})
    assert send(engine, word(1), gas_limit=22_000, keep="success").halt is not None
    assert engine.nonce(SENDER) == 1


def test_an_exception_inside_py_evm_leaves_the_state_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = new_engine(STORE_ARGUMENT)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("eth.vm.forks.prague.state.PragueTransactionExecutor.finalize_computation", interrupt)
        with pytest.raises(KeyboardInterrupt):
            send(engine, word(1))
    assert (engine.nonce(SENDER), engine.storage(PROGRAM)) == (0, {})
    assert send(engine, word(1)).success


def test_a_state_survives_dump_and_load() -> None:
    engine = new_engine(STORE_ARGUMENT, storage={0: 9, 2**256 - 1: 2**256 - 1})
    world = engine.dump()
    assert world[PROGRAM] == EngineAccount(1, 0, STORE_ARGUMENT, {0: 9, 2**256 - 1: 2**256 - 1})
    first = send(engine, word(4))
    engine.load(world)
    assert engine.dump() == world
    assert send(engine, word(4)) == first


def test_a_state_written_anew_after_many_transactions_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [1, 2, 2, 0, 3, 3, 0, 0]
    plain = new_engine(STORE_ARGUMENT)
    expected = [send(plain, word(value)) for value in values]
    monkeypatch.setattr("dcai.evm.engines.py_evm._RENEWED_AFTER", 2)
    renewed = new_engine(STORE_ARGUMENT)
    assert [send(renewed, word(value)) for value in values] == expected
    assert renewed.dump() == plain.dump()


def test_replacing_an_account_clears_its_storage() -> None:
    engine = new_engine(LOAD, storage={0: 1, 1: 1})
    engine.set_account(PROGRAM, EngineAccount(code=LOAD, storage={1: 2}))
    assert engine.storage(PROGRAM) == {1: 2}


@pytest.mark.parametrize("fork", PyEvm.FORKS)
def test_every_fork_runs(fork: str) -> None:
    engine = new_engine(bytes.fromhex("6000356000550000"), fork)  # no PUSH0 before Shanghai
    assert send(engine, word(3)).success
    assert engine.storage(PROGRAM) == {0: 3}


def test_an_unknown_fork_or_engine_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        InputError, match=r"the engine 'py-evm' does not support the fork 'osaka'; it supports london, .*prague"
    ):
        Evm("py-evm", "osaka")
    with pytest.raises(InputError, match="unknown engine 'geth'; expected one of revm, py-evm"):
        Evm(engine="geth")


# -- against whole blocks -- #

Step = tuple[bytes | None, bytes, int]


def run_in_blocks(vm: Any, steps: list[Step], gas_limit: int) -> tuple[list[int], list[int], Any]:
    """Return gas and status of signed transactions that py-evm puts in a block and imports, and the state after it."""
    chain_class: Any = MiningChain.configure("Blocks", vm_configuration=((0, vm),), chain_id=1)
    genesis = {"difficulty": 0, "gas_limit": 500_000_000, "timestamp": 1, "base_fee_per_gas": 0}
    funds = {SIGNER: {"balance": 10**20, "nonce": 0, "code": b"", "storage": {}}}
    chain = chain_class.from_genesis(AtomicDB(), genesis, funds)
    cumulative, status = [0], []
    for nonce, (to, data, value) in enumerate(steps):
        unsigned = chain.create_unsigned_transaction(
            nonce=nonce, gas_price=10**9, gas=gas_limit, to=to or b"", value=value, data=data
        )
        _, receipt, _ = chain.apply_transaction(unsigned.as_signed_transaction(KEY, chain_id=1))
        cumulative.append(receipt.gas_used)
        status.append(int.from_bytes(receipt.state_root, "big"))
    block = chain.mine_block()  # runs and validates the whole block once more
    assert block.header.gas_used == cumulative[-1]
    return [after - before for before, after in pairwise(cumulative)], status, chain.get_vm().state


def run_here(fork: str, steps: list[Step], gas_limit: int) -> tuple[list[Any], Evm]:
    chain = Evm("py-evm", fork)
    sender = to_address(SIGNER)
    chain.set_balance(sender, 10**20)
    receipts = [
        chain.transact(None if to is None else to_address(to), data, sender=sender, value=value, gas_limit=gas_limit)
        for to, data, value in steps
    ]
    return receipts, chain


def created(nonce: int) -> bytes:
    """Return the address that the signer's transaction with this nonce creates."""
    engine = create_engine("py-evm", "prague")
    engine.set_account(SIGNER, EngineAccount(nonce=nonce))
    execution = engine.execute(Transaction(SIGNER, None, b"", 0, 100_000))
    assert execution.created is not None
    return execution.created


def model_steps() -> list[Step]:
    """A sparse Perceptron: deployed, trained with and without mistakes, with a refund, and refused."""
    artifact = artifacts.load("SparsePerceptron")
    abi = Abi(artifact.abi)
    update, batch = abi.function("update", 2), abi.function("evaluateBatch", 2)
    address = created(0)
    arguments = abi.constructor.encode((["no", "a name that is longer than thirty-one bytes"], [5] * 40, -1, 5))
    return [
        (None, artifact.bytecode + arguments, 0),
        (address, update.encode(([1, 2, 3, 4, 5], 1)), 0),  # correct
        (address, update.encode(([1, 2, 3, 4, 5, 6], 0)), 0),  # weights back to zero: a refund over the cap
        (address, update.encode(([1, 2, 7], 0)), 0),
        (address, update.encode(([1, 2, 7], 9)), 0),  # refused
        (address, update.encode(([1, -2, 7], 1)), 0),  # refused
        (address, batch.encode(([[1] * 300] * 2, [0, 1])), 0),
        (bytes.fromhex("0000000000000000000000000000000000001234"), bytes(range(256)) * 8, 10**15),  # the floor
        (address, b"", 1),  # refused: it takes no ether
    ]


def program_steps() -> list[Step]:
    """The programs above, in code without anything younger than London."""
    store_argument = bytes.fromhex("60003560005500")
    creation = bytes.fromhex("60") + bytes([len(store_argument)]) + bytes.fromhex("600c60003960")
    creation += bytes([len(store_argument)]) + bytes.fromhex("6000f3") + store_argument
    address = created(0)
    data = [word(n) for n in (1, 2, 2, 0, 0, 7)] + [word(3) + b"\xff" * 5_000]
    return [(None, creation, 0), *((address, argument, 0) for argument in data)]


@pytest.mark.parametrize(
    ("vm", "steps"),
    [
        pytest.param(PragueVM, model_steps, id="prague-model"),
        pytest.param(CancunVM, model_steps, id="cancun-model"),
        pytest.param(PragueVM, program_steps, id="prague-program"),
        pytest.param(ShanghaiVM, program_steps, id="shanghai-program"),
        pytest.param(ParisVM, program_steps, id="paris-program"),
    ],
)
def test_gas_status_and_storage_equal_those_of_imported_blocks(vm: Any, steps: Any) -> None:
    gas_limit = 5_000_000
    gas, status, state = run_in_blocks(vm, steps(), gas_limit)
    receipts, chain = run_here(vm.fork, steps(), gas_limit)
    assert [receipt.gas_used for receipt in receipts] == gas
    assert [int(receipt.success) for receipt in receipts] == status
    address = created(0)
    storage = chain.storage(to_address(address))
    assert storage
    assert {slot: state.get_storage(address, slot) for slot in storage} == storage
    assert chain.code(to_address(address)) == state.get_code(address)
    assert chain.nonce(to_address(SIGNER)) == len(receipts)


def test_the_steps_meet_the_refund_cap_and_the_floor() -> None:
    receipts, _ = run_here("prague", model_steps(), 5_000_000)
    capped, floor_bound = receipts[2], receipts[7]
    spent = capped.intrinsic + capped.calldata + capped.execution
    assert capped.refund == spent // 5
    assert floor_bound.gas_used == floor_bound.floor > floor_bound.intrinsic + floor_bound.calldata
    assert all(r.gas_used == max(r.intrinsic + r.calldata + r.execution - r.refund, r.floor) for r in receipts)
