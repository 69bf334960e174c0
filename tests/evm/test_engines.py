"""What every engine must do beside running programs right: keep, isolate, stand an interrupt, dump and load."""

from __future__ import annotations

from itertools import product

import pytest

from dcai.errors import InputError
from dcai.evm.engines.engine import Engine, EngineAccount, EngineBlock, Execution, Keep, Transaction, World
from dcai.evm.engines.registry import create_engine
from dcai.evm.hashing import to_bytes20
from tests.support.engines import ENGINES
from tests.support.evm.comparison import run
from tests.support.evm.programs import case

pytestmark = pytest.mark.filterwarnings("ignore:SELFDESTRUCT")  # py-evm warns of the opcode itself

SENDER, PROGRAM, OTHER = (bytes([byte]) * 20 for byte in (1, 2, 3))

STORE_ARGUMENT = bytes.fromhex("5f355f5500")  # sstore(0, calldataload(0))
STORE_AND_FAIL = bytes.fromhex("5f355f55fe")
STORE_AND_REVERT = bytes.fromhex("5f355f555f5ffd")
LOAD = bytes.fromhex("5f545000")  # pop(sload(0))
BALANCE = bytes.fromhex("73" + "03" * 20 + "315000")  # pop(balance(OTHER))
KEEP_TRANSIENT = bytes.fromhex("5f5c60015560015f5d00")  # sstore(1, tload(0)) tstore(0, 1)
LOG = bytes.fromhex("602a5f5fa100")  # log1(0, 0, 42)
SEND_ON = bytes.fromhex("5f5f5f5f3473" + "03" * 20 + "5af100")  # call(gas(), OTHER, callvalue(), 0, 0, 0, 0)
BLOCK = bytes.fromhex("425f5243602052456040524660605241608052" + "60a05ff3")  # what the block says of itself
HASHES = bytes.fromhex("60014303405f52" + "5f49602052" + "446040523a60605260805ff3")  # what is always zero
CREATE = bytes.fromhex("5f5f5ff05f5260205ff3")  # return(create(0, 0, 0))
LOOP = bytes.fromhex("5b5f56")  # forever
# A constructor that stores a word and destroys itself, and a contract that creates it twice at the same address.
SHORT_LIVED = bytes.fromhex("600160015533ff")
CREATE_SHORT_LIVED = bytes.fromhex("66" + SHORT_LIVED.hex() + "5f52" + "5f600760195ff5" * 2 + "00")


def new_engine(name: str, code: bytes = b"", storage: dict[int, int] | None = None, fork: str = "prague") -> Engine:
    engine = create_engine(name, fork)
    engine.set_account(SENDER, EngineAccount(balance=10**18))
    engine.set_account(PROGRAM, EngineAccount(nonce=1, code=code, storage=storage or {}))
    return engine


def send(
    engine: Engine,
    number: int = 0,
    *,
    to: bytes | None = PROGRAM,
    data: bytes | None = None,
    value: int = 0,
    gas_limit: int = 10**6,
    keep: Keep = "always",
) -> Execution:
    data = number.to_bytes(32, "big") if data is None else data
    return engine.execute(Transaction(SENDER, to, data, value, gas_limit), keep)


# -- what is kept -- #


@pytest.mark.parametrize(
    ("code", "keep", "kept", "nonce"),
    [
        (STORE_ARGUMENT, "always", 7, 1),
        (STORE_ARGUMENT, "success", 7, 1),
        (STORE_ARGUMENT, "never", 9, 0),
        (STORE_AND_FAIL, "always", 9, 1),
        (STORE_AND_FAIL, "success", 9, 0),
        (STORE_AND_FAIL, "never", 9, 0),
        (STORE_AND_REVERT, "always", 9, 1),
        (STORE_AND_REVERT, "success", 9, 0),
        (STORE_AND_REVERT, "never", 9, 0),
    ],
)
@pytest.mark.parametrize("trace", [False, True])
def test_effects_stay_as_asked(engine: str, code: bytes, keep: Keep, kept: int, nonce: int, trace: bool) -> None:
    each = new_engine(engine, code, {0: 9})
    transaction = Transaction(SENDER, PROGRAM, (7).to_bytes(32, "big"), 0, 100_000)
    execution = each.trace(transaction, keep)[0] if trace else each.execute(transaction, keep)
    assert execution.success == (code == STORE_ARGUMENT)
    assert (each.storage_at(PROGRAM, 0), each.nonce(SENDER)) == (kept, nonce)


@pytest.mark.parametrize("keep", ["never", "success", "always"])
@pytest.mark.parametrize("fork", ["shanghai", "prague"])
def test_what_lives_for_one_transaction_leaves_nothing(engine: str, fork: str, keep: Keep) -> None:
    each = new_engine(engine, CREATE_SHORT_LIVED, fork=fork)
    before = each.dump()
    for _ in range(2):
        assert send(each, keep=keep).success
        if keep == "never":
            assert each.dump() == before
    assert each.dump().keys() == before.keys()


def test_what_is_not_kept_does_not_change_what_follows(engine: str) -> None:
    each = new_engine(engine, STORE_ARGUMENT, {0: 9})
    before = each.dump()
    simulated = send(each, 1, keep="never")
    assert each.dump() == before
    assert send(each, 1) == simulated


def test_value_moves_and_comes_back(engine: str) -> None:
    each = new_engine(engine, SEND_ON)
    send(each, value=5, keep="never")
    assert (each.balance(OTHER), each.balance(SENDER)) == (0, 10**18)
    send(each, value=5)
    assert (each.balance(OTHER), each.balance(PROGRAM), each.balance(SENDER)) == (5, 0, 10**18 - 5)


# -- isolation -- #


def test_slots_and_accounts_are_cold_again(engine: str) -> None:
    assert [send(new_engine(engine, LOAD), data=b"").gas_spent for _ in range(2)] == [21_000 + 2 + 2_100 + 2] * 2
    each = new_engine(engine, LOAD)
    assert [send(each, data=b"").gas_spent for _ in range(3)] == [21_000 + 2 + 2_100 + 2] * 3
    each = new_engine(engine, BALANCE)
    assert [send(each, data=b"").gas_spent for _ in range(3)] == [21_000 + 3 + 2_600 + 2] * 3


def test_original_values_are_those_at_the_start_of_each_transaction(engine: str) -> None:
    each = new_engine(engine, STORE_ARGUMENT)
    upfront = 21_000 + 31 * 4 + 16 + 2 + 3 + 2
    costs = [(run.gas_spent - upfront, run.gas_refund) for run in (send(each, value) for value in (1, 2, 2, 3))]
    assert costs == [(22_100, 0), (5_000, 0), (2_200, 0), (5_000, 0)]
    assert send(each, 0).gas_refund == 4_800


def test_transient_storage_is_empty_again(engine: str) -> None:
    each = new_engine(engine, KEEP_TRANSIENT)
    for keep in ("always", "never", "always"):
        send(each, keep=keep)
    assert each.storage(PROGRAM) == {}


def test_logs_are_those_of_one_transaction(engine: str) -> None:
    each = new_engine(engine, LOG)
    assert send(each).logs == send(each).logs == ((PROGRAM, (42,), b""),)


def test_engines_do_not_share_a_state(engine: str) -> None:
    first, second = (new_engine(engine, STORE_ARGUMENT) for _ in range(2))
    send(first, 5)
    assert (first.storage(PROGRAM), second.storage(PROGRAM)) == ({0: 5}, {})


# -- nonces, addresses, blocks -- #


def test_nonces_count_transactions_and_creations(engine: str) -> None:
    each = new_engine(engine, CREATE)
    addresses = [send(each).output[12:] for _ in range(2)]
    assert (each.nonce(SENDER), each.nonce(PROGRAM)) == (2, 3)
    assert len(set(addresses)) == 2
    assert [each.nonce(address) for address in addresses] == [1, 1]  # EIP-161


def test_an_address_follows_from_sender_and_nonce(engine: str) -> None:
    # The first contracts of an account on the main network.
    account = to_bytes20("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")
    each = create_engine(engine, "prague")
    each.set_account(account, EngineAccount(balance=1))
    expected = ["cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d", "343c43a37d37dff08ae8c4a11544c718abb4fcf8"]
    for address in expected:
        created = each.execute(Transaction(account, None, b"", 0, 100_000)).created
        assert created is not None
        assert created.hex() == address


def test_a_program_sees_the_block(engine: str) -> None:
    each = new_engine(engine, BLOCK)
    for block in (
        EngineBlock(),
        EngineBlock(7, 8, 9_000_000, 10, OTHER),
        EngineBlock(2**64 - 1, 2**64 - 1, 2**63 - 1, 2**64 - 1),
    ):
        each.block = block
        seen = send(each).output
        words = [int.from_bytes(seen[start : start + 32], "big") for start in range(0, 160, 32)]
        assert words == [
            block.timestamp,
            block.number,
            block.gas_limit,
            block.chain_id,
            int.from_bytes(block.coinbase, "big"),
        ]


def test_what_no_engine_knows_is_zero(engine: str) -> None:
    each = new_engine(engine, HASHES)
    each.block = EngineBlock(number=1_000)
    assert send(each).output == bytes(128)


# -- interrupts and refusals -- #


def test_a_bounded_loop_ends(engine: str) -> None:
    each = new_engine(engine, LOOP)
    execution = send(each, gas_limit=100_000)
    assert (execution.success, execution.gas_spent) == (False, 100_000)
    assert each.nonce(SENDER) == 1


def test_an_unknown_fork_is_refused_with_those_that_are_known(engine: str) -> None:
    with pytest.raises(
        InputError, match=f"the engine '{engine}' does not support the fork 'Prague'; it supports london, "
    ):
        create_engine(engine, "Prague")


# -- states -- #


def world_of(seed: int) -> World:
    return case(seed, "prague").world


@pytest.mark.parametrize(("giver", "taker"), list(product(ENGINES, ENGINES)))
def test_a_state_moves_between_engines(giver: str, taker: str) -> None:
    for seed in range(8):
        each = case(seed, "prague")
        first, second = create_engine(giver, "prague"), create_engine(taker, "prague")
        world = run(first, each, traced=False).world
        assert first.dump() == world
        second.load(world)
        assert second.dump() == world
        # And so do the transactions that follow.
        first.block = second.block = each.block
        follow = Transaction(each.transaction.sender, each.transaction.to, b"", 0, 200_000)
        assert first.execute(follow) == second.execute(follow)
        assert first.dump() == second.dump()


def test_a_loaded_state_is_the_whole_state(engine: str) -> None:
    each = new_engine(engine, LOAD, {1: 2})
    world = {OTHER: EngineAccount(3, 4, b"\x00", {2**256 - 1: 2**256 - 1, 0: 1})}
    each.load(world)
    assert each.dump() == world
    assert list(each.storage(OTHER)) == [0, 2**256 - 1]
    assert (each.nonce(PROGRAM), each.code(PROGRAM), each.storage(PROGRAM), each.balance(SENDER)) == (0, b"", {}, 0)


def test_a_dump_does_not_change_with_the_state(engine: str) -> None:
    each = new_engine(engine, STORE_ARGUMENT)
    dumped = each.dump()
    send(each, 5)
    assert dumped[PROGRAM].storage == {}
    each.load(dumped)
    assert each.storage(PROGRAM) == {}


def test_replacing_an_account_replaces_its_storage(engine: str) -> None:
    each = new_engine(engine, STORE_ARGUMENT, {0: 1, 1: 1})
    send(each, 5)
    each.set_account(PROGRAM, EngineAccount(code=LOAD, storage={1: 2}))
    assert (each.storage(PROGRAM), each.code(PROGRAM), each.nonce(PROGRAM)) == ({1: 2}, LOAD, 0)
    assert send(each, data=b"").gas_spent == 21_000 + 2 + 2_100 + 2
