"""Fees of a transaction: gas prices, given or suggested by the node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcai.chain.rpc.fields import AnswerFields, quantity
from dcai.chain.rpc.node import NO_METHOD
from dcai.errors import InputError, InputTypeError, RpcError, shown
from dcai.units import GWEI

if TYPE_CHECKING:
    from dcai.chain.rpc.node import Node

__all__ = ["Fees", "Price", "current_price"]

#: What is offered beyond the base fee where a node does not say what is usual.
_USUAL_TIP_WEI = GWEI
#: The base fee rises by an eighth a block at most (EIP-1559); twice of it lasts for five full blocks.
_BASE_FEE_ROOM = 2


@dataclass(frozen=True)
class Fees:
    """Gas prices that the sender chooses, in wei per gas; None takes the node's suggestion.

    Attributes
    ----------
    gas_price_wei : int, optional
        Gas price of a legacy transaction, paid in full.
    max_fee_wei : int, optional
        Maximum fee per gas, base fee included (EIP-1559).
    tip_wei : int, optional
        Maximum priority fee per gas (EIP-1559), part of the maximum fee.
    """

    gas_price_wei: int | None = None
    max_fee_wei: int | None = None
    tip_wei: int | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int):
                raise InputTypeError(f"{name} is {shown(value)}; it must be an integer, in wei")
            if value < 0:
                raise InputError(f"{name} is {value}; it cannot be negative")
        if self.gas_price_wei is not None and (self.max_fee_wei is not None or self.tip_wei is not None):
            raise InputError(
                "pass a gas price (--gas-price-gwei) or EIP-1559 fees (--max-fee-gwei, --tip-gwei), and not both"
            )
        if None not in (self.max_fee_wei, self.tip_wei) and self.tip_wei > self.max_fee_wei:  # type: ignore[operator]
            raise InputError(f"the priority fee, {self.tip_wei} wei, exceeds the maximum fee, {self.max_fee_wei} wei")


@dataclass(frozen=True)
class Price:
    """Current gas price, in wei per gas.

    Attributes
    ----------
    expected_wei : int
        Estimated price in the next block.
    most_wei : int
        Maximum price.
    tip_wei : int or None
        None of a legacy transaction.
    """

    expected_wei: int
    most_wei: int
    tip_wei: int | None

    def fields(self) -> dict[str, int]:
        """Return the fields of a transaction that say so."""
        if self.tip_wei is None:
            return {"gasPrice": self.most_wei}
        return {"maxFeePerGas": self.most_wei, "maxPriorityFeePerGas": self.tip_wei}


def current_price(node: Node, fees: Fees) -> Price:
    """Return the price of gas.

    Parameters
    ----------
    node : Node
        Asked for what ``fees`` leaves open.
    fees : Fees
        Gas prices that the sender chose.

    Raises
    ------
    InputError
        The highest fee is below the base fee: no block would take the transaction.
    """
    base_fee = _base_fee(node)
    if fees.gas_price_wei is not None or base_fee is None:
        price = fees.gas_price_wei
        if price is None:
            price = quantity("eth_gasPrice", node.request("eth_gasPrice"))
        _check(price, base_fee or 0)
        return Price(price, price, None)
    tip = fees.tip_wei if fees.tip_wei is not None else _usual_tip(node)
    most = fees.max_fee_wei if fees.max_fee_wei is not None else _BASE_FEE_ROOM * base_fee + tip
    _check(most, base_fee)
    tip = min(tip, most)
    return Price(min(base_fee + tip, most), most, tip)


def _base_fee(node: Node) -> int | None:
    """Return that of the latest block, None where blocks have none: before London."""
    method = "eth_getBlockByNumber"
    block = AnswerFields(method, node.request(method, "latest", False))
    return block.quantity("baseFeePerGas") if "baseFeePerGas" in block else None


def _usual_tip(node: Node) -> int:
    method = "eth_maxPriorityFeePerGas"
    try:
        return quantity(method, node.request(method))
    except RpcError as error:
        if error.code not in NO_METHOD:
            raise
        return _USUAL_TIP_WEI


def _check(most: int, base_fee: int) -> None:
    if most < base_fee:
        raise InputError(f"the maximum fee, {most} wei, is below the base fee, {base_fee} wei; raise it")
