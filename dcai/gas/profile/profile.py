"""The gas of one transaction by line of Solidity and by function.

>>> import dcai
>>> from dcai.evm import Evm
>>> from dcai.gas.profile.profile import profile_call
>>> evm = Evm()
>>> contract = evm.place(dcai.SparsePerceptron([0] * 300, 0, 10**9))
>>> mistake = profile_call(contract, "update", [3, 17, 256], 1)    # three weights are written
>>> print(mistake.text(top=3))
                                                        gas  share   steps   storage   memory calldata  keccak
SparsePerceptron.sol:150 SparsePerceptron._add       60,027  82.3%      12    60,000        0        0       0
SparsePerceptron.sol:164 SparsePerceptron._score      6,351   8.7%      18     6,300        0        0       0
SparsePerceptron.sol:159 SparsePerceptron._score      2,111   2.9%       4     2,100        0        0       0
20 more                                               4,472   6.1%     484     2,500       48       36     252
gas used 94,865 = intrinsic 21,000 + calldata 904 + execution 72,961 - refund 0

Line 151 stores a weight, line 165 loads one. A function whose code was inlined keeps its name; what the compiler adds
to a contract is in rows of its own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dcai.artifacts import Artifact, Place
from dcai.errors import InputError
from dcai.evm.abi import Abi
from dcai.evm.schedule import CODE_DEPOSIT_BYTE
from dcai.gas.profile.lines import frames, locate
from dcai.report.frame import frame
from dcai.reprs import short_repr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from dcai.evm import Contract, Evm, Receipt, Trace
    from dcai.report.frame import DataFrame

__all__ = ["Profile", "ProfileRow", "profile", "profile_call", "profile_creation"]

_CODE_DEPOSIT = Place("", "(code deposit)", 0)

#: Kinds of gas, and the opcodes of each kind.
_KINDS: Final = {
    "storage": (0x54, 0x55),  # SLOAD, SSTORE
    "memory": (0x51, 0x52, 0x53, 0x59, 0x5E),  # MLOAD, MSTORE, MSTORE8, MSIZE, MCOPY
    "calldata": (0x35, 0x36, 0x37),  # CALLDATALOAD, CALLDATASIZE, CALLDATACOPY
    "keccak": (0x20,),  # KECCAK256
}


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """The gas of one line, or of one function.

    Attributes
    ----------
    file, function, line
        As in :class:`dcai.artifacts.Place`; the line is 0 in a row of a function.
    gas : int
        Gas of its instructions. An instruction that halts takes all gas that is left; a call is counted without
        what it called.
    share : float
        Of the gas of the execution, 0 to 1.
    steps : int
        How many instructions ran.
    storage_gas, memory_gas, calldata_gas, keccak_gas : int
        Of ``gas``, that of SLOAD and SSTORE; of loads, stores and copies in memory, its growth included; of reading
        calldata; of hashing.
    """

    file: str
    function: str
    line: int
    gas: int
    share: float
    steps: int
    storage_gas: int
    memory_gas: int
    calldata_gas: int
    keccak_gas: int


@dataclass(frozen=True, slots=True)
class Profile:
    """The gas of one transaction, taken apart.

    ``gas_used = max(intrinsic + calldata + execution - refund, floor)``, and the rows of ``lines``, as those of
    ``functions``, make up ``execution`` to the unit.

    Attributes
    ----------
    contract : str
        The name of the artifact.
    success : bool
        Whether the transaction ran to its end.
    gas_used, intrinsic, calldata, execution, refund, floor : int
        As in the receipt.
    lines, functions : tuple of ProfileRow
        The most expensive first.
    """

    __repr__ = short_repr

    contract: str
    success: bool
    gas_used: int
    intrinsic: int
    calldata: int
    execution: int
    refund: int
    floor: int
    lines: tuple[ProfileRow, ...]
    functions: tuple[ProfileRow, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, fit for JSON."""
        return asdict(self)

    def to_frame(self, by: str = "line") -> DataFrame:
        """Return a row for each line, or ``by="function"``; the most expensive first."""
        if by not in ("line", "function"):
            raise InputError(f"by is {by!r}; it must be 'line' or 'function'")
        names = [each.name for each in fields(ProfileRow)]
        rows = self.lines if by == "line" else self.functions
        return frame(names, ([getattr(row, name) for name in names] for row in rows))

    def folded(self) -> list[str]:
        """Return the lines as folded stacks, which tools that draw flame graphs read."""
        names = ((row.function, *([f"{row.file}:{row.line}"] if row.file else []), row.gas) for row in self.lines)
        return [f"{self.contract};{';'.join(map(str, name))} {gas}" for *name, gas in names]

    def text(self, by: str = "line", top: int = 20) -> str:
        """Return a table.

        Parameters
        ----------
        by : {"line", "function"}
            Unit of a row.
        top : int
            How many rows; the others are summed up in one.
        """
        if by not in ("line", "function"):
            raise InputError(f"by is {by!r}; it must be 'line' or 'function'")
        rows = self.lines if by == "line" else self.functions
        shown = [(_place(row), row.gas, row.share, row.steps, *_kinds(row)) for row in rows[:top]]
        if rest := rows[top:]:
            sums = [sum(column) for column in zip(*((row.gas, row.steps, *_kinds(row)) for row in rest), strict=True)]
            gas, steps, *kinds = sums
            shown.append((f"{len(rest)} more", gas, gas / self.execution, steps, *kinds))
        width = max((len(place) for place, *_ in shown), default=0)
        table = [_HEADER.format("", width)]
        table += [_COLUMNS.format(place, width, *columns) for place, *columns in shown]
        table.append(
            f"gas used {self.gas_used:,} = intrinsic {self.intrinsic:,} + calldata {self.calldata:,}"
            f" + execution {self.execution:,} - refund {self.refund:,}"
        )
        if self.intrinsic + self.calldata + self.execution - self.refund < self.floor:
            table[-1] += f", raised to the floor {self.floor:,}"
        return "\n".join(table)


_HEADER = "{:{}}        gas  share   steps   storage   memory calldata  keccak"
_COLUMNS = "{:{}} {:10,} {:6.1%} {:7,} {:9,} {:8,} {:8,} {:7,}"


def _place(row: ProfileRow) -> str:
    where = f"{row.file.rpartition('/')[2]}:{row.line} " if row.line else ""
    return f"{where}{row.function}"


def _kinds(row: ProfileRow) -> tuple[int, int, int, int]:
    return row.storage_gas, row.memory_gas, row.calldata_gas, row.keccak_gas


def profile(receipt: Receipt, trace: Trace, artifact: Artifact, *, others: Iterable[Artifact] = ()) -> Profile:
    """Take the gas of a traced transaction apart.

    Parameters
    ----------
    receipt, trace : Receipt, Trace
        As ``Evm.trace`` returns them.
    artifact : Artifact
        Of the contract that the transaction called or created.
    others : iterable of Artifact
        Of contracts that it may have called; the gas of one that is not among them stands at the line of the call.

    Returns
    -------
    Profile
        Of a transaction that failed as well.

    Raises
    ------
    InputError
        The trace is not that of the receipt, or not of code of the artifact.
    ArtifactError
        An artifact does not say which line its code comes from.
    """
    gas = _own_gas(trace)
    places, index = locate(trace, artifact, others)
    columns = [gas, np.ones_like(gas), *(gas * np.isin(trace.op, opcodes) for opcodes in _KINDS.values())]
    entries = dict(zip(places, np.stack([_sums(index, c, len(places)) for c in columns], axis=1).tolist(), strict=True))
    if deposit := _code_deposit(receipt, int(gas.sum())):
        entries[_CODE_DEPOSIT] = [deposit, *[0] * (len(columns) - 1)]
    return Profile(
        contract=artifact.name,
        success=receipt.success,
        gas_used=receipt.gas_used,
        intrinsic=receipt.intrinsic,
        calldata=receipt.calldata,
        execution=receipt.execution,
        refund=receipt.refund,
        floor=receipt.floor,
        lines=_rows(entries, receipt.execution),
        functions=_rows(_by_function(entries), receipt.execution),
    )


def profile_call(
    contract: Contract, function: str, *args: Any, sender: str | None = None, others: Iterable[Artifact] = ()
) -> Profile:
    """Profile a call of a contract, as a transaction whose effects do not stay.

    Parameters
    ----------
    contract : Contract
        In an EVM.
    function : str
        Its name; also one that changes nothing.
    *args, sender
        As for ``Contract.transact``.
    others : iterable of Artifact
        As for ``profile``.
    """
    data = contract.abi.function(function, len(args)).encode(args)
    receipt, trace = contract.evm.trace(contract.address, data, sender=sender)
    return profile(receipt, trace, contract.artifact, others=others)


def profile_creation(evm: Evm, artifact: Artifact, *args: Any, sender: str | None = None) -> Profile:
    """Profile the creation of a contract with the constructor's arguments, without keeping it."""
    data = artifact.bytecode + Abi(artifact.abi).constructor.encode(args)
    return profile(*evm.trace(None, data, sender=sender), artifact)


def _own_gas(trace: Trace) -> NDArray[np.int64]:
    """Return what each step used, a call without what its frame used."""
    gas = trace.gas - trace.gas_after
    for steps, caller in frames(trace):
        if caller >= 0:
            gas[caller] -= trace.gas[steps[0]] - trace.gas_after[steps[-1]]
    return gas


def _code_deposit(receipt: Receipt, traced: int) -> int:
    """Return the gas that no step used: the price of new code, or all that was left where it could not be paid."""
    deposit = receipt.execution - traced
    expected = CODE_DEPOSIT_BYTE * len(receipt.output) if receipt.contract_address and receipt.success else 0
    if deposit != expected and (deposit < 0 or receipt.success):
        raise InputError(
            f"the trace has {traced:,} gas, and the receipt {receipt.execution:,}"
            + (f", {expected:,} of it for the deposit of code" if expected else "")
            + ": they are not of the same transaction"
        )
    return deposit


def _sums(index: NDArray[np.int64], values: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    sums = np.zeros(size, dtype=np.int64)
    np.add.at(sums, index, values)
    return sums


def _by_function(entries: dict[Place, list[int]]) -> dict[Place, list[int]]:
    functions: dict[Place, list[int]] = {}
    for place, columns in entries.items():
        function = place._replace(line=0)
        functions[function] = [a + b for a, b in zip(columns, functions.get(function, [0] * len(columns)), strict=True)]
    return functions


def _rows(entries: dict[Place, list[int]], execution: int) -> tuple[ProfileRow, ...]:
    """Return a row of each place that ran, the most expensive first, and equals in the order of their places."""
    rows = (
        ProfileRow(*place, gas, gas / execution if execution else 0.0, steps, *kinds)
        for place, (gas, steps, *kinds) in entries.items()
        if steps or gas
    )
    return tuple(sorted(rows, key=lambda row: (-row.gas, row.file, row.line, row.function)))
