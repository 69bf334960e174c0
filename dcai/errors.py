"""One tree of errors: wrong input, contract errors, faults of nodes, and differences between twins.

``Revert`` is the twin of a custom error of the contracts. The kernels raise it, and the EVM engines raise it
for the same input with the same name and arguments, so tests compare errors as they compare values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from dcai import _kernels

__all__ = [
    "ArtifactError",
    "BlockError",
    "ChainError",
    "DataError",
    "DcaiError",
    "DepartureError",
    "EvmError",
    "InputError",
    "InputTypeError",
    "MissingArtifactError",
    "MissingExtraError",
    "MissingLayerError",
    "MutationError",
    "NoCodeError",
    "NonceTakenError",
    "NotEqual",
    "NotMinedError",
    "ProofError",
    "ProxyError",
    "ReorgError",
    "ResponseError",
    "ResponseTooLongError",
    "Revert",
    "RpcError",
    "RpcTimeoutError",
    "SnapshotError",
    "TooLargeError",
    "TransactionError",
    "UnknownContractError",
    "UnknownFeaturesError",
    "WrongChainError",
]


class DcaiError(Exception):
    """Base of every error that dcai raises on purpose."""


class InputError(DcaiError, ValueError):
    """A value that no contract would accept: the message names the value, its place and the valid range."""


class InputTypeError(InputError, TypeError):
    """An argument has the wrong type, such as text instead of integers."""


class ArtifactError(DcaiError):
    """A compiled contract is missing, unreadable or malformed."""


class MissingLayerError(DcaiError, LookupError):
    """A model lacks a file or registration in one of the rooms; the message names it."""


class MissingArtifactError(ArtifactError, MissingLayerError):
    """The files of dcai lack a contract or its gas calibration."""


class DataError(DcaiError):
    """A data set is missing, incomplete or altered, or the download failed."""


class EvmError(DcaiError):
    """An EVM engine cannot run a transaction: out of gas, insufficient funds, invalid opcode or missing contract."""


class ChainError(DcaiError):
    """A model cannot be read from a chain, or is not proven to be the contract's model."""


class RpcError(ChainError):
    """A node is unreachable, times out or answers a request with an error.

    Attributes
    ----------
    method : str
        The JSON-RPC method.
    reason : str
        The fault.
    code : int or None
        Code of a JSON-RPC error, as the node gave it.
    data : Any
        Data of a JSON-RPC error, unchecked: for a reverted call, its payload.
    """

    def __init__(self, method: str, reason: str, code: int | None = None, data: Any = None) -> None:
        super().__init__(method, reason, code)
        self.method = method
        self.reason = reason
        self.code = code
        self.data = data

    def __str__(self) -> str:
        return f"{self.method}: {self.reason}"


class RpcTimeoutError(RpcError):
    """A node or its gateway times out; a smaller request may succeed."""


class ResponseError(RpcError):
    """The answer of a node is malformed: invalid JSON, too long, or a field of the wrong type."""


class ResponseTooLongError(ResponseError):
    """An answer is longer than the caller's limit or the node's."""


class ProofError(ChainError):
    """An answer of the node contradicts a hash that it must match: the node lies or is faulty."""


class BlockError(ChainError):
    """The node lacks the block, returned another one, or reorganised it away."""


class ReorgError(BlockError):
    """The chain was reorganised below the earliest remembered block, so the state here is not on the chain."""


class WrongChainError(ChainError):
    """The node serves another chain than expected."""


class NoCodeError(ChainError):
    """The address holds no contract."""


class ProxyError(ChainError):
    """The contract is a proxy: its code delegates to another address, which determines the model."""


class UnknownContractError(ChainError):
    """The code at an address belongs to no known model, or the storage layout differs from that model's."""


class UnknownFeaturesError(ChainError):
    """The features of a sparse model are unknown: storage does not list them."""


class TransactionError(ChainError):
    """A transaction failed, would fail, or was replaced by another."""


class NonceTakenError(TransactionError):
    """Another transaction used this nonce, so the one that was sent can no longer be mined."""


class NotMinedError(TransactionError):
    """A transaction was sent but is not mined yet; it may be mined later."""


class TooLargeError(ChainError, ArtifactError):
    """Storage claims a size above the caller's limit or above the limit of every contract."""


class SnapshotError(ChainError):
    """The file of a snapshot is unreadable, truncated, altered or of a newer version."""


class MutationError(DcaiError):
    """A faulty contract cannot be built: sources or compiler are missing, or the fault does not apply."""


class MissingExtraError(DcaiError, ImportError):
    """An optional dependency is not installed; the message names the extra to install."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(what, extra)
        self.what = what
        self.extra = extra

    def __str__(self) -> str:
        return f"{self.what} needs an optional dependency: pip install 'dcai[{self.extra}]'"


#: Text of each contract error, with placeholders for its arguments. The kernels hold the texts of the classifiers.
_MEANING: dict[str, str] = {
    **_kernels.error_texts(),
    "OwnableUnauthorizedAccount": "account {0} is not the owner",
    "InsufficientPayment": "the deposit is {0} wei, but the transaction sends {1} wei",
    "PaymentFailed": "{0} rejected a payment of {1} wei",
    "SignatureExpired": "the signature expired at Unix time {0}",
    "InvalidSignature": "the contributor did not sign these data for this trainer and nonce",
    "DepositTooHigh": "the deposit is {0} wei, above the maximum of {1} wei that the contributor signed",
    "NeitherContributorNorPayer": "{0} neither contributed the data nor paid for them",
    "ContributionExists": "the author already added the same data and label in this second; retry a second later",
    "UnknownContribution": "no contribution has these data, label, time and author",
    "WaitsNotOrdered": "the waits are {0}, {1} and {2} s; each must be at least as long as the previous one",
    "TimeBeforeLastUpdate": "Unix time {0} is before the last contribution, at {1}",
    "AlreadyClaimed": "{0} already claimed this deposit",
    "NothingToClaim": "the deposit is already paid out",
    "TooEarly": "the deposit can be claimed from Unix time {0} on",
    "PredictionDiffers": "the model predicts {0}, but the label is {1}",
    "PredictionAgrees": "the model predicts the label {0}, so the contribution is not wrong",
    "OwnData": "{0} contributed the data itself; claim a refund instead",
    "NoValidatedData": "{0} has no validated contribution yet",
    "ThresholdsNotIncreasing": "level {0} needs {1} points; it must need more than the level before it",
    "NothingDue": "no fee is due for this contribution",
    "ZeroTerm": "minimum stake, rounds and maximum contributions of a market must be positive",
    "NotProvider": "{0} is not the provider of the market",
    "WrongPhase": (
        "the market is in phase {0} (0 setup, 1 commitment, 2 participation, 3 reveal, 4 scoring, 5 ended, 6 forfeited)"
    ),
    "ClassifierNotOwned": "the classifier belongs to {0}; transfer its ownership to the market first",
    "TooFewPieces": "the test set has {0} pieces; it must have at least {1}",
    "NoBounty": "the bounty is 0 wei; it must be positive",
    "AlreadyDrawn": "piece {0} is already drawn",
    "TooEarlyToDraw": "the draw is possible from block {0} on",
    "TooLate": "the deadline was Unix time {0}",
    "UnknownPiece": "piece {0} does not exist; the test set has {1} pieces",
    "NotDrawn": "piece {0} was not drawn; only the drawn piece opens the market",
    "AlreadyRevealed": "piece {0} is already revealed",
    "CommitmentMismatch": "piece {0} does not match the hash that the provider committed to",
    "EmptyPiece": "piece {0} has no samples",
    "SampleTooLong": "the sample has {0} features; the maximum is {1}",
    "NoWork": "a step must do at least one unit of work",
    "ModelFailed": "the model ran out of gas, or failed without a reason, at contribution {0}; raise the gas limit",
    "SettlementUnderway": "a settlement is pending; anybody may finish it by calling step",
    "NoSuchContribution": "contribution {0} does not exist; the market has {1}",
    "Panic": "Solidity panic code {0:#x}",
}


class Revert(DcaiError):
    """A contract error: the transaction reverts and changes nothing.

    Two reverts are equal if their names and arguments are equal.

    Parameters
    ----------
    name : str
        Name of the custom error in the contracts, ``"Panic"`` or ``"Error"`` for Solidity's own, or ``""``
        where the contract reverted without data.
    args : sequence
        The arguments of the error in the order of its declaration, integers as Python integers.
    row : int, optional
        Row of the batch that reverted.

    Attributes
    ----------
    name, args, row
        As given; ``args`` is a tuple.
    receipt : Any
        The receipt of the reverted transaction, where an EVM raised it; else None.
    """

    def __init__(self, name: str, args: Sequence[Any] = (), *, row: int | None = None) -> None:
        super().__init__(*args)
        self.name = name
        self.row = row
        self.receipt: Any = None

    def __str__(self) -> str:
        text = f"{self.name or 'revert'}({', '.join(map(str, self.args))})"
        # A foreign contract may use the name with other arguments.
        with suppress(LookupError, ValueError):
            text += f": {_MEANING[self.name].format(*self.args)}"
        return text if self.row is None else f"row {self.row}: {text}"

    def __repr__(self) -> str:
        return f"Revert({self.name!r}, {self.args!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Revert):
            return NotImplemented
        return (self.name, self.args) == (other.name, other.args)

    def __hash__(self) -> int:
        return hash((self.name, self.args))

    def __reduce__(self) -> tuple[Callable[..., Revert], tuple[Any, ...], dict[str, Any]]:
        return type(self), (self.name, self.args), {"row": self.row, "receipt": self.receipt}


class NotEqual(DcaiError):
    """Two twins disagree that must agree.

    Attributes
    ----------
    step : int
        Index of the step, from 0.
    field : str
        The part that differs: ``"label"``, ``"changed"``, ``"error"``, ``"gas used"``, or a part of the state in words:
        ``"weights[3]"``, ``"the number of samples of class 1"``.
    expected, actual : Any
        Values of the contract and of the kernel.
    """

    def __init__(self, step: int, field: str, expected: Any, actual: Any) -> None:
        super().__init__(step, field, expected, actual)
        self.step = step
        self.field = field
        self.expected = expected
        self.actual = actual

    def __str__(self) -> str:
        return f"step {self.step}: {self.field} differs: the contract has {self.expected}, the kernel has {self.actual}"


class DepartureError(ChainError, NotEqual):
    """The model in storage differs from the model that the contributions give.

    Attributes
    ----------
    after, until : int
        The departure came after block ``after``, and not after block ``until``.
    field : str
        The part that differs, in words: ``"weights[3]"``, ``"owner"``, or the transaction that cannot be learned.
    expected, actual : Any
        Values of the contract and of the local model.
    """

    def __init__(self, after: int, until: int, field: str, expected: Any, actual: Any) -> None:
        Exception.__init__(self, after, until, field, expected, actual)
        self.after = after
        self.until = self.step = until
        self.field = field
        self.expected = expected
        self.actual = actual

    def __str__(self) -> str:
        blocks = f"block {self.until}" if self.until == self.after + 1 else f"blocks {self.after + 1} to {self.until}"
        return (
            f"the contract departs from its contributions in {blocks}: {self.field} differs: the contract has "
            f"{shown(self.expected)}, and the contributions give {shown(self.actual)}"
        )


def shown(value: object) -> str:
    """Return the ``repr`` of a value for a message, shortened; it never raises."""
    longest = 80  # a uint256 has 78 digits
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # somebody else's repr
        # Python does not print integers of thousands of digits.
        return f"an integer of {value.bit_length()} bits" if isinstance(value, int) else f"some {type(value).__name__}"
    return text if len(text) <= longest else f"{text[:longest]}..."
