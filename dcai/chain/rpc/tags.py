"""Resolve block tags and detect reorganisations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcai.errors import BlockError, InputError, InputTypeError, RpcError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcai.chain.rpc.header import Header
    from dcai.chain.rpc.node import Node

__all__ = ["block_tag", "check_same", "find_header", "hex_text"]

_TAGS = ("finalized", "safe", "latest", "earliest")


def block_tag(block: str | int, name: str = "block", instead: str = "a hash goes to block_hash") -> str:
    """Return a tag, or a number in hexadecimal, as nodes take it.

    Parameters
    ----------
    block : str or int
        Block tag or number, as the caller passed it.
    name, instead : str
        The argument, and what to do with a hash, for messages.

    Raises
    ------
    InputError, InputTypeError
        The block is neither a tag nor a number.
    """
    if isinstance(block, bool) or not isinstance(block, (str, int)):
        raise InputTypeError(f"{name} is {shown(block)}; it must be {', '.join(_TAGS)} or a number")
    text = str(block)
    if text in _TAGS:
        return text
    if not (text.isascii() and text.isdigit()) or int(text) >> 64:
        raise InputError(f"{name} is {shown(block)}; it must be {', '.join(_TAGS)} or a number; {instead}")
    return hex(int(text))


def find_header(node: Node, tag: str, pins: Mapping[str, str | None], *, verify: bool) -> Header:
    """Return the header of the block to read, which is the one that was asked for.

    Parameters
    ----------
    node : Node
        The node.
    tag : str
        Return value of `block_tag`.
    pins : mapping
        ``block_hash`` and ``state_root`` that the block must have, or None.
    verify : bool
        Recompute the hash.

    Raises
    ------
    BlockError
        The node has no such block, or gives another.
    ProofError
        The header has another hash than the node says.
    """
    asked = pins.get("block_hash") or tag
    header = node.header(asked, verify=verify)
    if pins.get("block_hash") not in (None, hex_text(header.hash)):
        raise BlockError(f"the node returned block {hex_text(header.hash)} instead of {pins['block_hash']}")
    if tag.startswith("0x") and header.number != int(tag, 16):
        raise BlockError(f"the node returned block {header.number} instead of {int(tag, 16)}")
    if pins.get("state_root") not in (None, hex_text(header.state_root)):
        raise BlockError(
            f"block {header.number} has the state root {hex_text(header.state_root)}, and not {pins['state_root']}"
        )
    return header


def check_same(node: Node, header: Header, cause: Exception | None = None) -> None:
    """Raise where the chain has another block at that height by now: what was read by number may be of both.

    Raises
    ------
    BlockError
        The chain was reorganised.
    """
    try:
        now = node.header(hex(header.number), verify=False)
    except (RpcError, BlockError):
        if cause is not None:
            return  # which then says more
        raise
    if now.hash != header.hash:
        raise BlockError(
            f"block {header.number} was {hex_text(header.hash)} and is {hex_text(now.hash)} now: the chain was "
            "reorganised; try again with block='finalized' (--block finalized)"
        ) from cause


def hex_text(raw: bytes) -> str:
    """Write bytes as ``0x`` and digits."""
    return f"0x{raw.hex()}"
