"""Accounts that send transactions: a local key, or an account of the node. The only module that imports eth_account.

A key is read from a file, an environment variable or an encrypted keystore, and leaves this module in signatures alone:
no message, ``repr`` or traceback of dcai holds it.
"""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcai import strict_json
from dcai.chain.rpc.fields import data as hex_data
from dcai.errors import DataError, InputError, MissingExtraError, ResponseError
from dcai.evm.hashing import to_address, to_bytes20

try:
    from eth_account import Account as _EthAccount
except ImportError as error:
    raise MissingExtraError("dcai.chain", "chain") from error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dcai.chain.rpc.node import Node

__all__ = ["KEY_VARIABLE", "KeyAccount", "Nobody", "NodeAccount", "Sender", "Signed"]

#: Where a private key is looked for if none is named.
KEY_VARIABLE = "DCAI_PRIVATE_KEY"

_KEY = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
_HASH_BYTES = 32
_SIGNATURE_BYTES = 65
#: No file with a key, encrypted or not, is longer.
_MAX_KEY_FILE_BYTES = 1 << 16


@dataclass(frozen=True)
class Signed:
    """A transaction that is ready to be sent.

    Attributes
    ----------
    nonce : int
        Its number among those of its sender.
    raw : str or None
        Raw transaction for ``eth_sendRawTransaction``; None if the node signs.
    hash : str or None
        Known before it is sent where it is signed here, and else only after.
    """

    nonce: int
    raw: str | None
    hash: str | None


class Sender(ABC):
    """An account that sends transactions and signs contributions.

    Attributes
    ----------
    address : str
        With its checksum.
    """

    address: str

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.address}>"

    @abstractmethod
    def sign(self, fields: Mapping[str, Any]) -> Signed:
        """Make a transaction ready.

        Parameters
        ----------
        fields : mapping
            Integers ``nonce``, ``gas``, ``value``, ``chainId`` and those of the fee; ``data`` in hexadecimal; ``to``,
            or no such field where a contract is created.
        """

    @abstractmethod
    def send(self, node: Node, fields: Mapping[str, Any], signed: Signed) -> str:
        """Give a transaction to a node, and return its hash.

        Raises
        ------
        RpcError
            The node refuses it, or cannot be reached.
        """

    @abstractmethod
    def sign_typed(self, node: Node, typed: Mapping[str, Any], digest: bytes) -> bytes:
        """Sign EIP-712 typed data, whose hash is ``digest``; return r, s and v."""


class KeyAccount(Sender):
    """An account whose private key is in this process.

    Parameters
    ----------
    key : str
        64 hexadecimal digits, with or without ``0x``. Messages never have it.
    source : str
        Source of the key, for messages.

    Raises
    ------
    InputError
        The value is not a private key.
    """

    def __init__(self, key: str, source: str = "the private key") -> None:
        match = _KEY.fullmatch(key.strip()) if isinstance(key, str) else None
        if match is None:
            raise InputError(f"{source} is not a private key: it must be 64 hexadecimal digits")
        try:
            self._account = _EthAccount.from_key(bytes.fromhex(match[1]))
        except Exception:  # noqa: BLE001  # whatever it says may hold the key
            self._account = None
        if self._account is None:  # raised here, so that the traceback has no such exception as its context
            raise InputError(f"{source} is not a private key: it must lie between 0 and the order of the curve")
        self.address = to_address(to_bytes20(self._account.address))

    def __reduce__(self) -> Any:
        raise TypeError("an account with a private key cannot be pickled, to keep the key secret")

    @classmethod
    def from_environment(cls, variable: str = KEY_VARIABLE) -> KeyAccount:
        """Take the key from an environment variable.

        Raises
        ------
        InputError
            It is not set, or holds no key.
        """
        if variable not in os.environ:
            raise InputError(
                f"the environment variable {variable} is not set; set it to a private key, or pass --key-file or --from"
            )
        return cls(os.environ[variable], f"the environment variable {variable}")

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], password: Callable[[], str] | None = None) -> KeyAccount:
        """Read the key from a file: its digits, or an encrypted keystore (Web3 Secret Storage).

        Parameters
        ----------
        path : path
            The file.
        password : callable, optional
            Asked for the password of a keystore.

        Raises
        ------
        InputError
            It holds no key, or the password is wrong or missing.
        OSError
            It cannot be read.
        """
        with Path(path).open("rb") as file:
            content = file.read(_MAX_KEY_FILE_BYTES + 1)
        if len(content) > _MAX_KEY_FILE_BYTES:
            raise InputError(f"{path} is too long to be a private key or a keystore")
        if not content.lstrip().startswith(b"{"):
            return cls(content.decode("ascii", "replace"), f"the content of {path}")
        if password is None:
            raise InputError(f"{path} is an encrypted keystore, and needs its password")
        return cls(_decrypted(path, content, password()), f"the content of {path}")

    def sign(self, fields: Mapping[str, Any]) -> Signed:
        """Sign a transaction here."""
        signed = self._account.sign_transaction(dict(fields))
        return Signed(fields["nonce"], "0x" + bytes(signed.raw_transaction).hex(), "0x" + bytes(signed.hash).hex())

    def send(self, node: Node, fields: Mapping[str, Any], signed: Signed) -> str:
        """Send what was signed."""
        method = "eth_sendRawTransaction"
        answered = "0x" + hex_data(method, node.request(method, signed.raw), "result", _HASH_BYTES).hex()
        if answered != signed.hash:
            raise ResponseError(method, f"the node returned the hash {answered} for the transaction {signed.hash}")
        return answered

    def sign_typed(self, node: Node, typed: Mapping[str, Any], digest: bytes) -> bytes:
        """Sign the hash of typed data here."""
        return bytes(self._account.unsafe_sign_hash(digest).signature)


class NodeAccount(Sender):
    """An account whose key the node has, and uses without being asked for a password.

    Parameters
    ----------
    address : str
        Address of the account.
    """

    def __init__(self, address: str) -> None:
        self.address = to_address(to_bytes20(address))

    def sign(self, fields: Mapping[str, Any]) -> Signed:
        """Leave the signature to the node."""
        return Signed(fields["nonce"], None, None)

    def send(self, node: Node, fields: Mapping[str, Any], signed: Signed) -> str:
        """Have the node sign and send."""
        method = "eth_sendTransaction"
        call = {name: hex(value) if isinstance(value, int) else value for name, value in fields.items()}
        del call["chainId"]  # the node's own, which was compared
        answer = node.request(method, {**call, "from": self.address})
        return "0x" + hex_data(method, answer, "result", _HASH_BYTES).hex()

    def sign_typed(self, node: Node, typed: Mapping[str, Any], digest: bytes) -> bytes:
        """Have the node sign typed data."""
        method = "eth_signTypedData_v4"
        return hex_data(method, node.request(method, self.address, dict(typed)), "result", _SIGNATURE_BYTES)


class Nobody(Sender):
    """A caller without an account, which can only read."""

    def __init__(self) -> None:
        self.address = to_address(bytes(20))

    def sign(self, fields: Mapping[str, Any]) -> Signed:
        """Refuse."""
        raise InputError("sending needs an account")

    def send(self, node: Node, fields: Mapping[str, Any], signed: Signed) -> str:
        """Refuse."""
        raise InputError("sending needs an account")

    def sign_typed(self, node: Node, typed: Mapping[str, Any], digest: bytes) -> bytes:
        """Refuse."""
        raise InputError("signing needs an account")


def _decrypted(path: str | os.PathLike[str], content: bytes, password: str) -> str:
    try:
        keystore = strict_json.loads(content.decode())
    except ValueError as error:
        raise DataError(f"{path} is not a keystore: {error}") from error
    key = b""
    with suppress(Exception):  # of many kinds, none of which says more than that the password is wrong
        key = bytes(_EthAccount.decrypt(keystore, password))
    if len(key) != 32:
        raise InputError(f"{path} cannot be decrypted: the password is wrong, or it is not a keystore of version 3")
    return key.hex()
