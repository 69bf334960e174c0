"""Transactions to a node: tried before they are sent, never sent twice, waited for.

What makes sending safe is the order: a transaction gets its nonce and is signed, whoever sends it writes that down, and
only then it goes to the node. After a failure, of the node or of this process, the same transaction is looked up, and
sent again with the same nonce if need be: of transactions with one nonce a chain takes one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dcai.chain.rpc.events import read_log
from dcai.chain.rpc.fields import AnswerFields, quantity
from dcai.chain.rpc.fields import data as hex_data
from dcai.chain.send.accounts import NodeAccount, Sender, Signed
from dcai.chain.send.fees import Fees, Price, current_price
from dcai.errors import (
    EvmError,
    InputError,
    NonceTakenError,
    NotMinedError,
    Revert,
    RpcError,
    TransactionError,
    WrongChainError,
)
from dcai.evm.hashing import to_address
from dcai.evm.receipt import Log
from dcai.evm.schedule import MAX_TRANSACTION_GAS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dcai.chain.rpc.node import Node
    from dcai.evm.abi import ErrorDecoder

__all__ = ["Attempt", "Mined", "Transactor", "Waiting", "limit_of"]

_HASH_BYTES, _ADDRESS_BYTES = 32, 20
_FIRST_PAUSE_S = 0.02
#: Blocks change between an estimate and the transaction, so it gets more gas than was estimated: a deposit falls with
#: time, and then the contract sends back what is too much, which the estimate did not see.
_MARGIN, _MARGIN_GAS = 1.1, 50_000


@dataclass(frozen=True)
class Waiting:
    """Time limits and confirmations while waiting for transactions.

    Attributes
    ----------
    timeout_s : float
        For a transaction to come into a block.
    poll_s : float
        Longest pause between questions.
    confirmations : int
        A transaction counts once so many blocks, its own included, confirm it.
    """

    timeout_s: float = 600.0
    poll_s: float = 2.0
    confirmations: int = 1

    def __post_init__(self) -> None:
        if self.timeout_s <= 0 or self.poll_s <= 0:
            raise InputError("timeout_s and poll_s must be positive")
        if self.confirmations < 1:
            raise InputError(
                f"confirmations is {self.confirmations}; it must be at least 1, the block of the transaction itself"
            )


@dataclass(frozen=True)
class Attempt:
    """A transaction that has its nonce, and was or will be sent.

    Attributes
    ----------
    fields : mapping
        Fields for :meth:`dcai.chain.send.accounts.Sender.sign`.
    signed : Signed
        Signed transaction.
    since_block : int
        Block up to which the transaction is not mined.
    """

    fields: Mapping[str, Any]
    signed: Signed
    since_block: int

    @property
    def nonce(self) -> int:
        """Its number among those of its sender."""
        return self.signed.nonce

    @property
    def hash(self) -> str | None:
        """Its hash, as far as it is known."""
        return self.signed.hash

    def to_json(self) -> dict[str, Any]:
        """Return what a file needs to hold beside the data, so that the same transaction can be sent again."""
        signed = self.signed
        return {
            "nonce": signed.nonce,
            "hash": signed.hash,
            "raw": signed.raw,
            "fields": {name: value for name, value in self.fields.items() if name != "data"},
            "since_block": self.since_block,
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any], data: str) -> Attempt:
        """Read what `to_json` has written; ``data`` are those of the transaction, in hexadecimal."""
        signed = Signed(fields["nonce"], fields["raw"], fields["hash"])
        return cls({**fields["fields"], "data": data}, signed, fields["since_block"])


@dataclass(frozen=True)
class Mined:
    """A mined transaction.

    Attributes
    ----------
    hash, block_hash : str
        ``0x`` and 64 digits.
    block_number : int
        Number of its block.
    succeeded : bool
        Whether it did anything but cost gas.
    gas_used, gas_price_wei : int
        Gas used, and price per gas.
    contract_address : str or None
        Address of the contract that it created.
    logs : tuple of dcai.evm.receipt.Log
        Events that it logged.
    """

    hash: str
    block_number: int
    block_hash: str
    succeeded: bool
    gas_used: int
    gas_price_wei: int
    contract_address: str | None
    logs: tuple[Log, ...]

    @property
    def fee_wei(self) -> int:
        """Fee that the sender paid, in wei."""
        return self.gas_used * self.gas_price_wei


class Transactor:
    """Sends the transactions of one account to a node.

    Parameters
    ----------
    node : Node
        The node.
    sender : Sender
        Account of the sender.
    errors : ErrorDecoder
        Makes errors of what calls that revert give.
    fees : Fees
        Fees per gas.
    waiting : Waiting
        Time limits and confirmations of transactions.
    expect_chain_id : int, optional
        The chain that the node must be of.

    Attributes
    ----------
    node, sender, errors, waiting
        The arguments.
    chain_id : int
        Chain id of the node.

    Raises
    ------
    WrongChainError
        The node is of another chain.
    InputError
        The account is to be the node's own, and is not.
    """

    def __init__(
        self,
        node: Node,
        sender: Sender,
        errors: ErrorDecoder,
        *,
        fees: Fees | None = None,
        waiting: Waiting | None = None,
        expect_chain_id: int | None = None,
    ) -> None:
        self.node = node
        self.sender = sender
        self.errors = errors
        self.waiting = waiting or Waiting()
        self._fees = fees or Fees()
        self.chain_id = node.chain_id()
        if expect_chain_id not in (None, self.chain_id):
            raise WrongChainError(
                f"the node serves chain {self.chain_id}; expected chain {expect_chain_id} (--chain-id)"
            )
        if isinstance(sender, NodeAccount):
            _check_own(node, sender)

    # -- asking -- #

    def price(self) -> Price:
        """Return what gas costs now."""
        return current_price(self.node, self._fees)

    def head(self) -> int:
        """Return the number of the latest block."""
        return quantity("eth_blockNumber", self.node.request("eth_blockNumber"))

    def balance(self) -> int:
        """Return what the account has, in wei."""
        method = "eth_getBalance"
        return quantity(method, self.node.request(method, self.sender.address, "latest"))

    def nonce(self, tag: str = "latest") -> int:
        """Return how many transactions the account has sent: those in blocks, or with ``"pending"`` all."""
        method = "eth_getTransactionCount"
        return quantity(method, self.node.request(method, self.sender.address, tag), bits=64)

    def call(self, to: str | None, data: bytes, value: int = 0, gas: int | None = None) -> bytes:
        """Return what a transaction of the account would return now; nothing is sent.

        Raises
        ------
        Revert
            The contract would refuse.
        EvmError
            It would fail otherwise.
        RpcError
            No answer.
        """
        return hex_data("eth_call", self._ask("eth_call", to, data, value, gas))

    def estimate(self, to: str | None, data: bytes, value: int = 0) -> int:
        """Return the gas that a transaction of the account would need now; raises as `call`."""
        return quantity("eth_estimateGas", self._ask("eth_estimateGas", to, data, value, None), bits=64)

    def _ask(self, method: str, to: str | None, data: bytes, value: int, gas: int | None) -> Any:
        message = {"from": self.sender.address, "data": f"0x{data.hex()}", "value": hex(value)}
        message |= {} if to is None else {"to": to}
        message |= {} if gas is None else {"gas": hex(gas)}
        try:
            return self.node.request(method, message, "latest")
        except RpcError as error:
            if error.code is None:
                raise
            payload = _payload(error.data)
            if payload:
                raise self.errors.decode(payload) from error
            if "revert" in error.reason:
                raise Revert("") from error
            raise EvmError(f"the transaction would fail: {error.reason}") from error

    # -- sending -- #

    def prepare(
        self, to: str | None, data: bytes, value: int, gas_limit: int, *, nonce: int, price: Price | None = None
    ) -> Attempt:
        """Give a transaction its nonce, and sign it; nothing is sent."""
        fields: dict[str, Any] = {"nonce": nonce, "gas": gas_limit, "value": value, "chainId": self.chain_id}
        fields |= (price or self.price()).fields()
        fields |= {"data": f"0x{data.hex()}"}
        if to is not None:
            fields["to"] = to
        return Attempt(fields, self.sender.sign(fields), self.head())

    def submit(self, attempt: Attempt) -> Attempt:
        """Give a transaction to the node, for the first time or again.

        Returns
        -------
        Attempt
            The same, with its hash where the node gives it only now.

        Raises
        ------
        TransactionError
            The node refuses it: its fee is too low, the account has too little.
        RpcError
            The node cannot be reached; the transaction may have arrived none the less.
        """
        try:
            hash_ = self.sender.send(self.node, attempt.fields, attempt.signed)
        except RpcError as error:
            # "already known", "nonce too low": what a node says to a transaction that it has.
            if error.code is None:
                raise
            if not self._arrived(attempt):
                raise TransactionError(f"the node rejected the transaction: {error.reason}") from error
            return attempt
        return replace(attempt, signed=replace(attempt.signed, hash=hash_))

    def _arrived(self, attempt: Attempt) -> bool:
        if attempt.hash is not None:
            known = self.node.request("eth_getTransactionByHash", attempt.hash) is not None
            return known or self.nonce() > attempt.nonce
        return self.nonce("pending") > attempt.nonce

    def outcome(self, attempt: Attempt) -> Mined | None:
        """Return what became of a transaction; None as long as it is in no block, or in too few.

        Raises
        ------
        NonceTakenError
            It will never be in one.
        """
        mined = None if attempt.hash is None else self.receipt(attempt.hash)
        if mined is None and self.nonce() > attempt.nonce:
            # Asked again, since a block may have come between the questions.
            mined = self.receipt(attempt.hash or self._search(attempt))
            if mined is None:
                raise NonceTakenError(
                    f"another transaction of {self.sender.address} used the nonce {attempt.nonce}, which replaced "
                    f"{attempt.hash or 'the one that was sent'}"
                )
        if mined is not None and self.head() - mined.block_number + 1 < self.waiting.confirmations:
            return None
        return mined

    def wait(self, attempt: Attempt) -> Mined:
        """Return what became of a transaction, once it is in a block.

        Raises
        ------
        NotMinedError
            It takes too long.
        NonceTakenError
            It will never be in one.
        RpcError
            The node cannot be reached any more; the transaction may go on.
        """
        deadline = time.monotonic() + self.waiting.timeout_s
        pause = min(_FIRST_PAUSE_S, self.waiting.poll_s)
        while (mined := self.outcome(attempt)) is None:
            if time.monotonic() > deadline:
                raise NotMinedError(
                    f"the transaction {attempt.hash or f'with nonce {attempt.nonce}'} is in no block, or not "
                    f"confirmed, after {self.waiting.timeout_s:g} s; run the same command again to wait further"
                )
            time.sleep(pause)
            pause = min(2 * pause, self.waiting.poll_s)
        return mined

    def transact(
        self,
        to: str | None,
        data: bytes,
        value: int,
        gas_limit: int,
        keep: Callable[[Attempt], None],
        *,
        price: Price | None = None,
    ) -> Mined:
        """Send a transaction, and wait for it; ``keep`` is told before it is sent, and when its hash is known."""
        attempt = self.prepare(to, data, value, gas_limit, nonce=self.nonce("pending"), price=price)
        keep(attempt)
        sent = self.submit(attempt)
        if sent != attempt:
            keep(sent)
        return self.wait(sent)

    def again(self, attempt: Attempt) -> Mined:
        """Wait for a transaction that was sent before, or was about to be; it is sent again where that is needed."""
        mined = self.outcome(attempt)
        return mined if mined is not None else self.wait(self.submit(attempt))

    def receipt(self, hash_: str | None) -> Mined | None:
        """Return what became of a transaction by its hash; None where it is in no block."""
        if hash_ is None:
            return None
        method = "eth_getTransactionReceipt"
        result = self.node.request(method, hash_)
        return None if result is None else _read_receipt(AnswerFields(method, result))

    def _search(self, attempt: Attempt) -> str | None:
        """Find a transaction of the node's account by its nonce, and see that it is the one that was sent."""
        method = "eth_getBlockByNumber"
        mine = attempt.fields
        for number in range(attempt.since_block + 1, self.head() + 1):
            block = AnswerFields(method, self.node.request(method, hex(number), True))
            for i, entry in enumerate(block.items("transactions")):
                fields = AnswerFields(method, entry, f"result.transactions[{i}]")
                if to_address(fields.data("from", _ADDRESS_BYTES)) != self.sender.address:
                    continue
                if fields.quantity("nonce") == attempt.nonce:
                    to = to_address(fields.data("to", _ADDRESS_BYTES)) if "to" in fields else None
                    same = (to, fields.data("input"), fields.quantity("value"))
                    sent = (mine.get("to"), bytes.fromhex(mine["data"][2:]), mine["value"])
                    return "0x" + fields.data("hash", _HASH_BYTES).hex() if same == sent else None
        return None


def limit_of(gas: int) -> int:
    """Return the gas limit of a transaction of which so much gas was estimated."""
    return min(int(gas * _MARGIN) + _MARGIN_GAS, max(gas, MAX_TRANSACTION_GAS))


def _check_own(node: Node, sender: NodeAccount) -> None:
    method = "eth_accounts"
    own = AnswerFields(method, {"accounts": node.request(method)}).data_list("accounts")
    if sender.address not in map(to_address, own):
        raise InputError(
            f"{sender.address} (--from) is not one of the {len(own)} accounts of this node; pass --key-file instead"
        )


def _payload(data: Any) -> bytes:
    """Return what a revert came with, in whatever form a node gives it."""
    if isinstance(data, dict):
        data = data.get("data")
    if not isinstance(data, str):
        return b""
    text = data.removeprefix("Reverted ").removeprefix("0x")
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _read_receipt(fields: AnswerFields) -> Mined:
    created = fields.data("contractAddress", _ADDRESS_BYTES) if "contractAddress" in fields else None
    method = "eth_getTransactionReceipt"
    places = ((f"result.logs[{i}]", entry) for i, entry in enumerate(fields.items("logs")))
    logs = [read_log(method, AnswerFields(method, entry, where), where) for where, entry in places]
    return Mined(
        hash="0x" + fields.data("transactionHash", _HASH_BYTES).hex(),
        block_number=fields.quantity("blockNumber"),
        block_hash="0x" + fields.data("blockHash", _HASH_BYTES).hex(),
        succeeded=fields.quantity("status") == 1,
        gas_used=fields.quantity("gasUsed"),
        gas_price_wei=fields.quantity("effectiveGasPrice"),
        contract_address=None if created is None else to_address(created),
        logs=tuple(
            Log(to_address(log.address), tuple(int.from_bytes(topic, "big") for topic in log.topics), log.data)
            for log in logs
        ),
    )
