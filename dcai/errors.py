"""One tree of errors: what the user gave, what a contract refused, what two twins disagree on.

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
    """A value that no contract would accept as an argument: the message says which, where, and what would do."""


class InputTypeError(InputError, TypeError):
    """An argument of the wrong type: text where integers are meant, floats where fixed-point is meant."""


class ArtifactError(DcaiError):
    """A compiled contract is missing, unreadable or not of the expected form."""


class MissingLayerError(DcaiError, LookupError):
    """A model lacks what one of the rooms needs of it: the message names the missing file or registration."""


class MissingArtifactError(ArtifactError, MissingLayerError):
    """A contract, or what its gas was calibrated to, is not among the files that come with dcai."""


class DataError(DcaiError):
    """A data set is missing, incomplete, altered or cannot be fetched."""


class EvmError(DcaiError):
    """An EVM engine could not run a transaction: out of gas, no funds, an invalid opcode, no such contract."""


class ChainError(DcaiError):
    """A model could not be read from a chain, or is not proven to be the one that is there."""


class RpcError(ChainError):
    """A node cannot be reached, takes too long, or answers a request with an error.

    Attributes
    ----------
    method : str
        The JSON-RPC method.
    reason : str
        What was wrong.
    code : int or None
        Of a JSON-RPC error, as the node gave it.
    data : Any
        What a JSON-RPC error came with: of a call that reverted, its payload. Nothing is checked.
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
    """A node, or a gateway before it, gives up or takes too long: it may manage a smaller request."""


class ResponseError(RpcError):
    """An answer of a node is not of the form of the protocol: no JSON, too long, a field of the wrong type."""


class ResponseTooLongError(ResponseError):
    """An answer has more bytes than the caller allows, or more than the node gives."""


class ProofError(ChainError):
    """What a node says does not follow from the hashes that it must follow from: it lies, or has a fault."""


class BlockError(ChainError):
    """A block is not there, is not the one that was asked for, or left the chain meanwhile."""


class ReorgError(BlockError):
    """The chain was reorganised further back than is remembered: what stands here is of a block that is not on it."""


class WrongChainError(ChainError):
    """The node is of another chain than was expected."""


class NoCodeError(ChainError):
    """There is no contract at an address."""


class ProxyError(ChainError):
    """The code at an address passes calls on to that at another: which model is served is not in its own code."""


class UnknownContractError(ChainError):
    """The code at an address is of no known model, or its storage is not laid out as such a model's."""


class UnknownFeaturesError(ChainError):
    """Storage does not tell which features a sparse model has, and nobody else has."""


class TransactionError(ChainError):
    """A transaction that was sent, or would be, does not do what it is for: it fails, or another took its place."""


class NonceTakenError(TransactionError):
    """Another transaction of the account has the number of one that was sent, which so can be in no block."""


class NotMinedError(TransactionError):
    """A transaction was sent, and is in no block yet: it may come into one later."""


class TooLargeError(ChainError, ArtifactError):
    """Storage claims to hold more than the caller allows, or than any contract holds."""


class SnapshotError(ChainError):
    """The file of a snapshot is unreadable, cut short, altered or of a newer version."""


class MutationError(DcaiError):
    """A contract with a fault cannot be made: sources or compiler are missing, or the fault does not apply."""


class MissingExtraError(DcaiError, ImportError):
    """An optional dependency is not installed; the message names the extra to install."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(what, extra)
        self.what = what
        self.extra = extra

    def __str__(self) -> str:
        return f"{self.what} needs an optional dependency: pip install 'dcai[{self.extra}]'"


#: What each contract error means, as a format of its arguments: those of the classifiers stand in the kernels.
_MEANING: dict[str, str] = {
    **_kernels.error_texts(),
    "OwnableUnauthorizedAccount": "account {0} is not the owner",
    "InsufficientPayment": "the deposit is {0} wei, and {1} were sent",
    "PaymentFailed": "{0} did not take {1} wei",
    "SignatureExpired": "the signature was good until second {0}",
    "InvalidSignature": "the contributor did not sign this, for this trainer and with this nonce",
    "DepositTooHigh": "the deposit is {0} wei, and the contributor signed for {1} at most",
    "NeitherContributorNorPayer": "{0} neither contributed the data nor paid for them",
    "ContributionExists": "the same author has added the same in this second, and its deposit was not claimed",
    "UnknownContribution": "there is no contribution of these data, label, time and author",
    "WaitsNotOrdered": "waits of {0}, {1} and {2} s: none may be shorter than the one before it",
    "TimeBeforeLastUpdate": "second {0} is before the last contribution, at {1}",
    "AlreadyClaimed": "{0} has claimed it before",
    "NothingToClaim": "nothing of the deposit is left",
    "TooEarly": "it can be claimed from second {0} on",
    "PredictionDiffers": "the model predicts {0}, and the label is {1}",
    "PredictionAgrees": "the model predicts the label, {0}",
    "OwnData": "{0} contributed the data; ask for a refund instead",
    "NoValidatedData": "no contribution of {0} was validated yet",
    "ThresholdsNotIncreasing": "level {0} needs {1} points, and must need more than the one before it",
    "NothingDue": "no fee is due for this contribution",
    "ZeroTerm": "the least stake, the rounds and the most contributions of a market must not be 0",
    "NotProvider": "{0} is not the provider of the market",
    "WrongPhase": (
        "the market is in phase {0} (0 setup, 1 commitment, 2 participation, 3 reveal, 4 scoring, 5 ended, 6 forfeited)"
    ),
    "ClassifierNotOwned": "the classifier belongs to {0}; hand it over to the market first",
    "TooFewPieces": "{0} pieces, and a test set must be cut into {1} at least",
    "NoBounty": "a market needs a bounty",
    "AlreadyDrawn": "piece {0} was drawn before",
    "TooEarlyToDraw": "the draw must wait for block {0}",
    "TooLate": "it was due before {0}",
    "UnknownPiece": "there is no piece {0}, there are {1}",
    "NotDrawn": "piece {0} was not drawn, and only the drawn one opens the market",
    "AlreadyRevealed": "piece {0} has been revealed",
    "CommitmentMismatch": "piece {0} is not the one that the provider committed to",
    "EmptyPiece": "piece {0} has no samples",
    "SampleTooLong": "a sample of {0} features; {1} are the most",
    "NoWork": "a step must do one unit of work at least",
    "ModelFailed": "the model ran out of gas, or failed without a reason, at contribution {0}; give more gas",
    "SettlementUnderway": "a settlement is under way, which anybody may finish by steps",
    "NoSuchContribution": "there is no contribution {0}, there are {1}",
    "Panic": "Solidity panic code {0:#x}",
}


class Revert(DcaiError):
    """A contract error: the transaction reverts and changes nothing.

    Two reverts are equal where name and arguments are, whoever raised them.

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
        # A contract of somebody else's may use the name with other arguments; then its own words must do.
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
    """Two twins that must agree do not.

    Attributes
    ----------
    step : int
        Index of the step, from 0.
    field : str
        What differs: ``"label"``, ``"changed"``, ``"error"``, ``"gas used"``, or a part of the state in words:
        ``"weights[3]"``, ``"the number of samples of class 1"``.
    expected, actual : Any
        What the contract gave, and what the kernel gave.
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
    """The model in storage is not the one that the contributions give: something else changed one of them.

    Attributes
    ----------
    after, until : int
        The departure came after block ``after``, and not after block ``until``.
    field : str
        What differs, in words: ``"weights[3]"``, ``"owner"``, or the transaction that cannot be learned.
    expected, actual : Any
        What the contract has, and what the model here has.
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
    """A value in a message: its ``repr``, shortened, whatever that may raise."""
    longest = 80  # a uint256 has 78 digits
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # somebody else's repr
        # Python does not print integers of thousands of digits.
        return f"an integer of {value.bit_length()} bits" if isinstance(value, int) else f"some {type(value).__name__}"
    return text if len(text) <= longest else f"{text[:longest]}..."
