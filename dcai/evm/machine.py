"""The EVM under the contracts: accounts as text, unsigned transactions, receipts, snapshots."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dcai.errors import EvmError, InputError, InputTypeError, Revert
from dcai.evm import schedule
from dcai.evm.abi import ErrorDecoder
from dcai.evm.engines.engine import EngineAccount, Transaction
from dcai.evm.engines.registry import DEFAULT_ENGINE, create_engine
from dcai.evm.hashing import to_address, to_bytes20
from dcai.evm.receipt import Log, Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcai.evm.engines.engine import EngineBlock, Execution, Keep, Trace, World

__all__ = ["CALL_GAS_LIMIT", "EvmSnapshot", "Machine"]

#: Gas limit of a call where none is given: what nodes allow by default.
CALL_GAS_LIMIT = 50_000_000

_FUNDS_WEI = 10**24
_FIRST_ACCOUNT = to_bytes20("0x" + "11" * 20)
_UINT64 = 1 << 64
_UINT256 = 1 << 256


@dataclass(frozen=True, slots=True)
class EvmSnapshot:
    """A state to return to, as often as wanted; it belongs to no EVM and no engine."""

    world: World
    block: EngineBlock


class Machine:
    """An EVM with a state of its own, in this process; :class:`dcai.evm.Evm` adds contracts to it."""

    def __init__(self, engine: str = DEFAULT_ENGINE, fork: str = schedule.DEFAULT_FORK) -> None:
        self._engine = create_engine(engine, fork)
        self.fork = fork
        self.account = to_address(_FIRST_ACCOUNT)
        self._engine.set_account(_FIRST_ACCOUNT, EngineAccount(balance=_FUNDS_WEI))
        self._gas_price = 0
        #: Makes a Revert of a payload, and learns the errors of each contract here.
        self.errors = ErrorDecoder()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(engine={self.engine!r}, fork={self.fork!r})"

    @property
    def engine(self) -> str:
        """Name of the engine."""
        return self._engine.NAME

    # -- transactions -- #

    def transact(
        self,
        to: str | None,
        data: bytes = b"",
        *,
        sender: str | None = None,
        value: int = 0,
        gas_limit: int | None = None,
    ) -> Receipt:
        """Send a transaction.

        Parameters
        ----------
        to : str or None
            The address it goes to; None creates a contract.
        data : bytes
            Calldata; for a creation the creation code and the constructor's arguments.
        sender : str, optional
            Any address; ``account`` unless given.
        value : int
            In wei.
        gas_limit : int, optional
            2^24, the most that a transaction may have since Osaka, unless given.

        Returns
        -------
        Receipt
            Of a failed transaction as well: ``receipt.error`` says why,
            ``receipt.raise_for_error()`` raises it.

        Raises
        ------
        EvmError
            No block could include the transaction: its gas limit does not cover what is due up
            front, or is over 2^24 since Osaka, the sender has less than its value, its creation
            code is too long.
        InputError
            An argument is invalid.
        """
        return self._run(to, data, sender=sender, value=value, gas_limit=gas_limit, keep="always")

    def transact_if_successful(
        self,
        to: str | None,
        data: bytes = b"",
        *,
        sender: str | None = None,
        value: int = 0,
        gas_limit: int | None = None,
    ) -> Receipt:
        """Send a transaction as ``transact`` does; where it fails, not even a nonce changes."""
        return self._run(to, data, sender=sender, value=value, gas_limit=gas_limit, keep="success")

    def simulate(
        self,
        to: str | None,
        data: bytes = b"",
        *,
        sender: str | None = None,
        value: int = 0,
        gas_limit: int | None = None,
    ) -> Receipt:
        """Return the receipt that ``transact`` would give now, and change nothing."""
        return self._run(to, data, sender=sender, value=value, gas_limit=gas_limit, keep="never")

    def call(
        self,
        to: str,
        data: bytes,
        *,
        sender: str | None = None,
        gas_limit: int | None = None,
    ) -> bytes:
        """Run a transaction, return what it returned, and change nothing.

        ``gas_limit`` is 50,000,000 unless given, in Osaka too: a call is in no block.

        Raises
        ------
        Revert
            The contract refused; ``receipt`` holds the rest.
        EvmError
            It ran out of gas or met an invalid opcode.
        """
        limit = CALL_GAS_LIMIT if gas_limit is None else gas_limit
        receipt = self._run(to, data, sender=sender, value=0, gas_limit=limit, keep="never", included=False)
        receipt.raise_for_error()
        return receipt.output

    def trace(
        self,
        to: str | None,
        data: bytes = b"",
        *,
        sender: str | None = None,
        value: int = 0,
        gas_limit: int | None = None,
        keep: Keep = "never",
    ) -> tuple[Receipt, Trace]:
        """Return the receipt of a transaction and every opcode that it ran.

        Parameters
        ----------
        to, data, sender, value, gas_limit
            As for ``transact``.
        keep : {"never", "success", "always"}
            Whether its effects stay.
        """
        transaction, upfront = self._prepare(to, data, sender=sender, value=value, gas_limit=gas_limit)
        execution, trace = self._engine.trace(transaction, keep)
        return self._receipt(transaction, upfront, execution), trace

    def _run(
        self,
        to: str | None,
        data: bytes,
        *,
        sender: str | None,
        value: int,
        gas_limit: int | None,
        keep: Keep,
        included: bool = True,
    ) -> Receipt:
        transaction, upfront = self._prepare(
            to, data, sender=sender, value=value, gas_limit=gas_limit, included=included
        )
        return self._receipt(transaction, upfront, self._engine.execute(transaction, keep))

    def _prepare(
        self,
        to: str | None,
        data: bytes,
        *,
        sender: str | None,
        value: int,
        gas_limit: int | None,
        included: bool = True,
    ) -> tuple[Transaction, schedule.Upfront]:
        if not isinstance(data, bytes | bytearray | memoryview):
            raise InputTypeError(f"data is of type {type(data).__name__}; it must be bytes")
        transaction = Transaction(
            sender=to_bytes20(self.account if sender is None else sender, "sender"),
            to=None if to is None else to_bytes20(to, "to"),
            data=bytes(data),
            value=_integer("value", value, _UINT256),
            gas_limit=_integer(
                "gas_limit",
                schedule.MAX_TRANSACTION_GAS if gas_limit is None else gas_limit,
                _UINT64,
            ),
            gas_price=self._gas_price if included else 0,
        )
        upfront = schedule.upfront_gas(self.fork, transaction.data, creates=to is None)
        self._check_runnable(transaction, upfront)
        if included:
            self._check_gas_limit(transaction)
        return transaction, upfront

    def _check_gas_limit(self, transaction: Transaction) -> None:
        """Refuse what no block could include for its gas limit alone; a call is in no block."""
        limit = transaction.gas_limit
        if schedule.limits_transaction_gas(self.fork) and limit > schedule.MAX_TRANSACTION_GAS:
            raise EvmError(
                f"a gas limit of {limit:,} is above {schedule.MAX_TRANSACTION_GAS:,}, the maximum of a transaction "
                f"since Osaka (EIP-7825): split the work, or use call()"
            )

    def _check_runnable(self, transaction: Transaction, upfront: schedule.Upfront) -> None:
        """Refuse what neither a block could include nor a node would call, so that no engine needs to."""
        size = len(transaction.data)
        if transaction.to is None and schedule.limits_initcode(self.fork) and size > schedule.MAX_INITCODE_BYTES:
            raise EvmError(
                f"the creation code and its arguments have {size:,} bytes; the maximum is "
                f"{schedule.MAX_INITCODE_BYTES:,} (EIP-3860): pass fewer constructor arguments"
            )
        due = max(upfront.intrinsic + upfront.calldata, upfront.floor)
        if transaction.gas_limit < due:
            raise EvmError(
                f"a gas limit of {transaction.gas_limit:,} does not cover the {due:,} due for "
                f"these {size:,} bytes of data alone (intrinsic gas {upfront.intrinsic:,}, "
                f"calldata {upfront.calldata:,}, calldata floor {upfront.floor:,})"
            )
        due_wei = transaction.value + transaction.gas_limit * transaction.gas_price
        if due_wei:
            balance = self._engine.balance(transaction.sender)
            if balance < due_wei:
                gas = f" and pay for {transaction.gas_limit:,} gas" if transaction.gas_price else ""
                raise EvmError(
                    f"the sender {to_address(transaction.sender)} has {balance} wei and cannot "
                    f"send {transaction.value}{gas}; set_balance() gives it more"
                )

    def _receipt(self, transaction: Transaction, upfront: schedule.Upfront, execution: Execution) -> Receipt:
        refund = min(execution.gas_refund, execution.gas_spent // schedule.MAX_REFUND_QUOTIENT)
        error: Revert | EvmError | None = None
        if execution.halt is not None:
            error = EvmError(f"{execution.halt}; all {transaction.gas_limit:,} gas of the transaction is used up")
        elif not execution.success:
            error = self.errors.decode(execution.output)
        receipt = Receipt(
            success=execution.success,
            gas_used=max(execution.gas_spent - refund, upfront.floor),
            gas_limit=transaction.gas_limit,
            intrinsic=upfront.intrinsic,
            calldata=upfront.calldata,
            execution=execution.gas_spent - upfront.intrinsic - upfront.calldata,
            refund=refund,
            floor=upfront.floor,
            logs=tuple(Log(to_address(a), topics, data) for a, topics, data in execution.logs),
            output=execution.output,
            contract_address=None if execution.created is None else to_address(execution.created),
            error=error,
        )
        if isinstance(error, Revert):
            error.receipt = receipt
        return receipt

    # -- state -- #

    def storage(self, address: str) -> dict[int, int]:
        """Return every non-zero slot of an account, in ascending order of slots."""
        return self._engine.storage(to_bytes20(address))

    def storage_at(self, address: str, slot: int) -> int:
        """Return one word of storage."""
        return self._engine.storage_at(to_bytes20(address), _integer("slot", slot, _UINT256))

    def code(self, address: str) -> bytes:
        """Return the runtime code of an account, empty where it has none."""
        return self._engine.code(to_bytes20(address))

    def balance(self, address: str) -> int:
        """Return the balance of an account in wei."""
        return self._engine.balance(to_bytes20(address))

    def nonce(self, address: str) -> int:
        """Return how many transactions an account has sent; a contract begins at 1."""
        return self._engine.nonce(to_bytes20(address))

    def set_balance(self, address: str, balance_wei: int) -> None:
        """Give an account a balance, out of nothing."""
        key = to_bytes20(address)
        balance = _integer("balance_wei", balance_wei, _UINT256)
        self._engine.set_account(key, replace(self._account(key), balance=balance))

    def set_account(
        self,
        address: str,
        *,
        code: bytes = b"",
        storage: Mapping[int, int] | None = None,
        nonce: int = 1,
        balance_wei: int = 0,
    ) -> None:
        """Put an account at an address, code and storage included, without any transaction."""
        for slot, word in (storage or {}).items():
            _integer("storage slot", slot, _UINT256)
            _integer(f"storage word at slot {slot}", word, _UINT256)
        self._engine.set_account(
            to_bytes20(address),
            EngineAccount(
                _integer("nonce", nonce, _UINT64),
                _integer("balance_wei", balance_wei, _UINT256),
                bytes(code),
                {slot: word for slot, word in (storage or {}).items() if word},
            ),
        )

    def _account(self, key: bytes) -> EngineAccount:
        engine = self._engine
        return EngineAccount(engine.nonce(key), engine.balance(key), engine.code(key), engine.storage(key))

    # -- block -- #

    @property
    def gas_price(self) -> int:
        """Gas price of transactions, in wei: 0 unless set. The engine revm supports only 0.

        The sender pays it to the block's coinbase; contracts see it. Calls are always free.
        """
        return self._gas_price

    @gas_price.setter
    def gas_price(self, wei: int) -> None:
        self._gas_price = _integer("gas_price", wei, _UINT64)

    @property
    def timestamp(self) -> int:
        """Time of the block in which transactions run, in seconds since 1970."""
        return self._engine.block.timestamp

    @timestamp.setter
    def timestamp(self, seconds: int) -> None:
        self._engine.block = replace(self._engine.block, timestamp=_integer("timestamp", seconds, _UINT64))

    @property
    def block_number(self) -> int:
        """Number of the block in which transactions run; it stays until set."""
        return self._engine.block.number

    @block_number.setter
    def block_number(self, number: int) -> None:
        self._engine.block = replace(self._engine.block, number=_integer("block_number", number, _UINT64))

    @property
    def prevrandao(self) -> int:
        """Randomness that the block in which transactions run has from the beacon chain (EIP-4399); 0 until set."""
        return self._engine.block.prevrandao

    @prevrandao.setter
    def prevrandao(self, word: int) -> None:
        self._engine.block = replace(self._engine.block, prevrandao=_integer("prevrandao", word, _UINT256))

    # -- snapshots -- #

    def snapshot(self) -> EvmSnapshot:
        """Return the whole state, to be restored here or in another EVM."""
        return EvmSnapshot(self._engine.dump(), self._engine.block)

    def restore(self, snapshot: EvmSnapshot) -> None:
        """Return to a snapshot, which stays good for another time."""
        self._engine.load(snapshot.world)
        self._engine.block = snapshot.block


def _integer(what: str, value: int, bound: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputTypeError(f"{what} is {value!r}; it must be an integer")
    if not 0 <= value < bound:
        raise InputError(f"{what} is {value}; it must be from 0 to 2^{bound.bit_length() - 1} - 1")
    return value
