"""Requests to a node, batched and sent in parallel."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, Self, TypeVar

from dcai.chain.rpc.fields import AnswerFields, data, quantity
from dcai.chain.rpc.header import Header, read_header
from dcai.chain.rpc.proofs import Account
from dcai.chain.rpc.provider import Limits, Provider, error_of
from dcai.errors import BlockError, ProofError, ResponseError, RpcError

__all__ = ["NO_METHOD", "AccountProof", "Node"]

T = TypeVar("T")

#: JSON-RPC's "method not found", and what gateways answer in its place.
NO_METHOD = frozenset({-32601, -32004})


class AccountProof(NamedTuple):
    """An answer of ``eth_getProof``, its form checked and nothing else.

    Attributes
    ----------
    account : Account
        Account as the node claims it.
    nodes : list of bytes
        Nodes of the state trie.
    words : dict of int to int
        Words by slot, as the node claims them.
    storage_nodes : set of bytes
        Nodes of the storage trie.
    """

    account: Account
    nodes: list[bytes]
    words: dict[int, int]
    storage_nodes: set[bytes]


class Node:
    """A node of a chain.

    Parameters
    ----------
    url : str
        URL of the JSON-RPC server.
    limits : Limits
        Limits on time, size and number of requests.
    """

    def __init__(self, url: str, limits: Limits) -> None:
        self._provider = Provider(url, limits)
        self._limits = limits

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._provider.close()

    def request(self, method: str, *params: Any) -> Any:
        """Send a request and return its result.

        Raises
        ------
        RpcError
            No answer, an error, or an answer that is none.
        """
        return _result(method, self._provider.make_request(method, list(params)))  # type: ignore[arg-type]

    def batch(self, method: str, params: Iterable[list[Any]]) -> list[Any]:
        """Send a request for each list of parameters, all in one, and return the results in their order.

        Raises
        ------
        RpcError
            As `request`, for any of them.
        """
        requests: Any = [(method, own) for own in params]
        return [_result(method, answer) for answer in self._provider.make_batch_request(requests)]

    def chain_id(self) -> int:
        """Return the id of the chain (EIP-155)."""
        return quantity("eth_chainId", self.request("eth_chainId"))

    def header(self, block: str, *, verify: bool) -> Header:
        """Return the header of a block.

        Parameters
        ----------
        block : str
            A tag, a number in hexadecimal, or a hash.
        verify : bool
            Recompute the hash.

        Raises
        ------
        BlockError
            The node has no such block.
        ProofError
            The header has another hash than the node says.
        """
        method = "eth_getBlockByHash" if len(block) == 66 else "eth_getBlockByNumber"
        try:
            result = self.request(method, block, False)
        except RpcError as error:
            if error.code is None:
                raise
            raise BlockError(f"the node has no block {block}: {error}") from error
        if result is None:
            raise BlockError(f"the node has no block {block}")
        return read_header(AnswerFields(method, result), verify=verify)

    def headers(self, numbers: Iterable[int], *, verify: bool) -> list[Header]:
        """Return the headers of blocks, in one request, as far as the node has the blocks.

        Raises
        ------
        ProofError
            A header has another hash than the node says.
        ResponseError
            The node gives another block than that at the number.
        """
        method = "eth_getBlockByNumber"
        asked = list(numbers)
        headers: list[Header] = []
        for number, result in zip(asked, self.batch(method, [[hex(n), False] for n in asked]), strict=True):
            if result is None:
                break
            header = read_header(AnswerFields(method, result), verify=verify)
            if header.number != number:
                raise ResponseError(method, f"the node returned block {header.number} instead of {number}")
            headers.append(header)
        return headers

    def call(self, address: str, calldata: bytes, number: int) -> bytes:
        """Return what a call of a contract gives, as the node says."""
        call = {"to": address, "data": f"0x{calldata.hex()}"}
        return data("eth_call", self.request("eth_call", call, hex(number)))

    def code(self, address: str, number: int) -> bytes:
        """Return the code of a contract."""
        return data("eth_getCode", self.request("eth_getCode", address, hex(number)))

    def proof(self, address: str, slots: Sequence[int], number: int) -> AccountProof:
        """Return the proof of an account and of some of its storage.

        Raises
        ------
        ProofError
            The node gives no proofs.
        """
        method = "eth_getProof"
        keys = [f"0x{slot:064x}" for slot in slots]
        try:
            result = AnswerFields(method, self.request(method, address, keys, hex(number)))
        except RpcError as error:
            if error.code in NO_METHOD:
                raise ProofError(
                    f"the node gives no proofs ({error}): use another node, or pass verify=False (--no-verify)"
                ) from error
            raise
        account = Account(
            result.quantity("nonce", 64),
            result.quantity("balance"),
            result.data("storageHash", 32),
            result.data("codeHash", 32),
        )
        words: dict[int, int] = {}
        storage_nodes: set[bytes] = set()
        for i, (slot, entry) in enumerate(zip(slots, result.items("storageProof", len(slots)), strict=True)):
            fields = AnswerFields(method, entry, f"result.storageProof[{i}]")
            if fields.quantity("key") != slot:
                raise fields.wrong(f"result.storageProof[{i}].key", entry["key"], f"{slot:#x}, as requested")
            words[slot] = fields.quantity("value")
            storage_nodes.update(fields.data_list("proof"))
        return AccountProof(account, result.data_list("accountProof"), words, storage_nodes)

    def words(self, address: str, slots: Sequence[int], number: int) -> dict[int, int]:
        """Return the words at some slots, as the node says."""
        method = "eth_getStorageAt"
        block = hex(number)
        results = self.batch(method, [[address, f"0x{slot:064x}", block] for slot in slots])
        return {slot: quantity(method, result) for slot, result in zip(slots, results, strict=True)}

    def in_parallel(self, read: Callable[[Sequence[int]], T], slots: Sequence[int]) -> Iterator[T]:
        """Call ``read`` with one portion of slots after another, some at once, and yield the results in order."""
        size = int(self._limits.slots_per_request)
        portions = (slots[i : i + size] for i in range(0, len(slots), size))
        pool = ThreadPoolExecutor(int(self._limits.max_parallel), thread_name_prefix="dcai-chain")
        under_way: deque[Future[T]] = deque()
        try:
            # No more are begun than can run, so that what has arrived and is not looked at stays small.
            for portion in portions:
                under_way.append(pool.submit(read, portion))
                if len(under_way) > self._limits.max_parallel:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _result(method: str, answer: Any) -> Any:
    if "error" in answer:
        raise RpcError(method, *error_of(answer), answer["error"].get("data"))
    return answer["result"]
