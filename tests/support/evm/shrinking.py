"""Making a case that shows a difference as small as it can be, and a program of it that shows the difference again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from dcai.evm.engines.engine import EngineAccount, EngineBlock, Transaction
from tests.support.evm.assembler import instructions
from tests.support.evm.programs import SENDER, Case

Differs = Callable[[Case], bool]

_NOTHING = b"\x5b"  # a JUMPDEST does nothing, and keeps the destinations of jumps where they are


def shrink(case: Case, differs: Differs) -> Case:
    """Return a smaller case that still differs: with fewer accounts, instructions, slots and bytes of data."""
    while True:
        before = case
        case = _fewer_accounts(case, differs)
        for address in case.world:
            case = _smaller_account(case, address, differs)
        case = _smaller_transaction(case, differs)
        if case == before:
            return case


def _fewer_accounts(case: Case, differs: Differs) -> Case:
    for address in case.world:
        world = {key: account for key, account in case.world.items() if key != address}
        fewer = replace(case, world=world)
        if address != SENDER and differs(fewer):
            case = fewer
    return case


def _smaller_account(case: Case, address: bytes, differs: Differs) -> Case:
    def with_account(account: EngineAccount) -> Case:
        return replace(case, world=case.world | {address: account})

    account = case.world[address]
    for slot in account.storage:
        smaller = replace(account, storage={key: word for key, word in account.storage.items() if key != slot})
        if differs(with_account(smaller)):
            account = smaller
    code = _smaller_code(account.code, lambda code: differs(with_account(replace(account, code=code))))
    return with_account(replace(account, code=code))


def _smaller_transaction(case: Case, differs: Differs) -> Case:
    def with_data(data: bytes) -> Case:
        return replace(case, transaction=replace(case.transaction, data=data)).with_gas(case.transaction.gas_limit)

    if case.transaction.to is None:
        case = with_data(_smaller_code(case.transaction.data, lambda data: differs(with_data(data))))
    else:
        case = next((with_data(data) for data in _shorter(case.transaction.data) if differs(with_data(data))), case)
    for simpler in (replace(case, transaction=replace(case.transaction, value=0)), replace(case, block=EngineBlock())):
        if simpler != case and differs(simpler):
            case = simpler
    return case


def _shorter(data: bytes) -> Iterator[bytes]:
    for length in (0, 4, 32, len(data) // 2):
        if length < len(data):
            yield data[:length]
    if data.strip(b"\0"):
        yield bytes(len(data))


def _smaller_code(code: bytes, differs: Callable[[bytes], bool]) -> bytes:
    """Take instructions away, then let those that must stay for the sake of jumps do nothing."""
    for idle in (False, True):
        pieces = instructions(code)
        run = len(pieces)
        while run:
            start = 0
            while start < len(pieces):
                cut = pieces[start : start + run]
                stand_in = [_NOTHING] * sum(map(len, cut)) if idle else []
                shorter = pieces[:start] + stand_in + pieces[start + run :]
                if cut != stand_in and differs(b"".join(shorter)):
                    pieces = shorter
                    start += len(stand_in)
                else:
                    start += run
            run //= 2
        code = b"".join(pieces)
    return code


def snippet(case: Case, expected: str, actual: str) -> str:
    """Return a program that runs a case on two engines of these names and prints what each made of it."""
    transaction = case.transaction
    accounts = "".join(f"    {_bytes(address)}: {_account(account)},\n" for address, account in case.world.items())
    return (
        f"# seed {case.seed}, fork {case.fork}\n"
        "from dcai.evm.engines.engine import EngineAccount, EngineBlock, Transaction\n"
        "from dcai.evm.engines.registry import create_engine\n"
        f"world = {{\n{accounts}}}\n"
        f"transaction = {_transaction(transaction)}\n"
        f"for name in ({expected!r}, {actual!r}):\n"
        f"    engine = create_engine(name, {case.fork!r})\n"
        "    engine.load(world)\n"
        f"    engine.block = {_block(case.block)}\n"
        '    print(name, engine.trace(transaction, "always"), engine.dump(), sep="\\n")\n'
    )


def _bytes(data: bytes) -> str:
    return f'bytes.fromhex("{data.hex()}")' if data else 'b""'


def _account(account: EngineAccount) -> str:
    return f"EngineAccount({account.nonce}, {account.balance}, {_bytes(account.code)}, {dict(account.storage)})"


def _block(block: EngineBlock) -> str:
    numbers = f"{block.number}, {block.timestamp}, {block.gas_limit}, {block.chain_id}"
    return f"EngineBlock({numbers}, {_bytes(block.coinbase)})"


def _transaction(transaction: Transaction) -> str:
    to = None if transaction.to is None else _bytes(transaction.to)
    data, value, gas_limit = _bytes(transaction.data), transaction.value, transaction.gas_limit
    return f"Transaction({_bytes(transaction.sender)}, {to}, {data}, {value}, {gas_limit})"
