"""Predict the transactions of a deployment and their gas, before any is sent."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from dcai.errors import ArtifactError, EvmError, InputError, InputTypeError, shown
from dcai.evm.abi import Abi
from dcai.evm.deploy import drive
from dcai.evm.schedule import (
    MAX_INITCODE_BYTES,
    MAX_REFUND_QUOTIENT,
    MAX_TRANSACTION_GAS,
    SSTORE_SENTRY,
    Upfront,
    limits_transaction_gas,
    upfront_gas,
)
from dcai.gas.initialization import Initialization, memory_gas
from dcai.models.deployment import Driver
from dcai.report.frame import frame
from dcai.reprs import short_repr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcai.artifacts import Artifact
    from dcai.gas.coefficients import Coefficients
    from dcai.models import Classifier
    from dcai.report.frame import DataFrame

__all__ = ["Chunk", "DeploymentPlan", "plan"]


@dataclass(frozen=True)
class Chunk:
    """One transaction of a deployment, and what it costs, in gas.

    Attributes
    ----------
    function : str
        ``"constructor"``, or the function that is called.
    args : tuple
        Its arguments.
    items : int
        How many weights, values or indices they hold.
    data_bytes : int
        Size of the transaction's data.
    gas_used, gas_limit, intrinsic, calldata, execution, refund, floor : int
        As in :class:`dcai.gas.Costs`; ``execution`` includes the deposit of the code.
    """

    __repr__ = short_repr

    function: str
    args: tuple[Any, ...]
    items: int
    data_bytes: int
    gas_used: int
    gas_limit: int
    intrinsic: int
    calldata: int
    execution: int
    refund: int
    floor: int


@dataclass(frozen=True)
class DeploymentPlan:
    """The transactions that put a model on a chain.

    Attributes
    ----------
    chunks : tuple of Chunk
        In their order, the creation first.
    gas_cap : int
        Maximum gas of each transaction.
    """

    __repr__ = short_repr

    chunks: tuple[Chunk, ...]
    gas_cap: int

    @property
    def gas_used(self) -> int:
        """Gas used by all transactions together."""
        return sum(chunk.gas_used for chunk in self.chunks)

    def to_frame(self) -> DataFrame:
        """Return a row for each transaction: all of `Chunk` but the arguments."""
        names = [each.name for each in fields(Chunk) if each.name != "args"]
        return frame(names, ([getattr(chunk, name) for name in names] for chunk in self.chunks))


def plan(
    artifact: Artifact, coefficients: Mapping[str, Coefficients], fork: str, model: Classifier, gas_cap: int | None
) -> DeploymentPlan:
    """Plan a deployment; see :meth:`dcai.gas.Oracle.deployment`."""
    cap = MAX_TRANSACTION_GAS if gas_cap is None else _checked_cap(fork, gas_cap)
    planner = _Planner(artifact, coefficients, fork, cap)
    drive(planner, model)
    return DeploymentPlan(tuple(planner.chunks), cap)


def _checked_cap(fork: str, gas_cap: object) -> int:
    if isinstance(gas_cap, bool) or not isinstance(gas_cap, int):
        raise InputTypeError(f"gas_cap is {shown(gas_cap)}; expected an integer")
    if gas_cap < 1:
        raise InputError(f"gas_cap is {gas_cap}; it must be at least 1")
    if limits_transaction_gas(fork) and gas_cap > MAX_TRANSACTION_GAS:
        raise InputError(f"gas_cap is {gas_cap:,}, above the maximum since Osaka, {MAX_TRANSACTION_GAS:,} (EIP-7825)")
    return gas_cap


class _Planner(Driver):
    def __init__(self, artifact: Artifact, coefficients: Mapping[str, Coefficients], fork: str, gas_cap: int) -> None:
        self.chunks: list[Chunk] = []
        self._artifact = artifact
        self._abi = Abi(artifact.abi)
        self._coefficients = coefficients
        self._fork = fork
        self._gas_cap = gas_cap
        self._state = Initialization(artifact.name)

    def send(self, function: str, args: tuple[Any, ...], items: int) -> None:
        """Predict a transaction, and keep it where it fits."""
        creates = function == "constructor"
        if creates:
            data = self._artifact.bytecode + self._abi.constructor.encode(args)
            if len(data) > MAX_INITCODE_BYTES:
                raise EvmError(
                    f"the creation code has {len(data):,} bytes, more than {MAX_INITCODE_BYTES:,} (EIP-3860)"
                )
        else:
            data = self._abi.function(function, len(args)).encode(args)
        upfront = upfront_gas(self._fork, data, creates=creates)
        self._state.run(function, args)
        chunk = self._chunk(function, args, items, upfront, len(data))
        if chunk.gas_limit > self._gas_cap:
            self._state.slots.revert()
            raise EvmError(
                f"{function} with {items:,} values needs a gas limit of {chunk.gas_limit:,}, "
                f"and the cap is {self._gas_cap:,}"
            )
        self.chunks.append(chunk)

    def _chunk(self, function: str, args: tuple[Any, ...], items: int, upfront: Upfront, data_bytes: int) -> Chunk:
        state, prices = self._state, self._coefficients[function]
        computation = _total(prices.gas, state.counts, function)
        execution = computation + state.slots.gas + memory_gas(_total(prices.memory, state.counts, function))
        spent = upfront.intrinsic + upfront.calldata + execution
        refund = min(state.slots.refund, spent // MAX_REFUND_QUOTIENT)
        shortfall = 0
        # After the last write of a constructor its code is paid for, which takes more than a write must find.
        if function != "constructor" and state.slots.last_store is not None and state.slots.last_store < SSTORE_SENTRY:
            tail = _total(prices.tail, state.counts_after, function)
            shortfall = max(SSTORE_SENTRY - state.slots.last_store - tail, 0)
        return Chunk(
            function=function,
            args=args,
            items=items,
            data_bytes=data_bytes,
            gas_used=max(spent - refund, upfront.floor),
            gas_limit=max(spent + shortfall, upfront.floor),
            intrinsic=upfront.intrinsic,
            calldata=upfront.calldata,
            execution=execution,
            refund=refund,
            floor=upfront.floor,
        )


def _total(prices: Mapping[str, int], counts: Mapping[str, int], function: str) -> int:
    """Return the sum of the counts at their prices."""
    unknown = [name for name, count in counts.items() if count and name not in prices]
    if unknown:
        raise ArtifactError(f"{', '.join(unknown)} in {function} has no calibrated price")
    return sum(prices[name] * count for name, count in counts.items() if count)
