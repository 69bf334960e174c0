"""Recognise the contract at an address and its storage layout.

A layout goes by a name such as ``dcai:SparsePerceptron`` or ``0xdeca10b:SparsePerceptron``. The former is that of
this project's contracts, from the compiler. The latter is that of the contracts in the repository
``microsoft/0xDeCA10B``, folder ``demo/client/src/contracts`` (Solidity 0.6), by the order of their state variables
and Solidity's rules of packing; constants take no slot:

===== ==================================================================================================
slot  variables
===== ==================================================================================================
0     ``Ownable``: ``address owner``
1, 2  ``Classifier``: ``string[] classifications``, ``uint32[] featureIndices``
3, 4  ``DensePerceptron``: ``int80[] weights``; ``int80 intercept``, ``uint32 learningRate`` in one slot
3, 4  ``SparsePerceptron``: ``mapping(uint64 => int80) weights``; the same
3, 4  ``NearestCentroidClassifier``: ``int64[][] centroids``, ``uint[] dataCounts``
3     ``SparseNearestCentroidClassifier``: ``ClassInfo[] classInfos`` of ``uint64 numSamples``,
      ``uint squaredMagnitude``, ``mapping(uint32 => Feature)``; a feature is its value and the number of
      samples as of which it was stored, in one slot
3     ``NaiveBayes``: ``ClassInfo[] classInfos`` of ``uint64 numSamples``, ``uint64 totalFeatureCount``,
      ``mapping(uint32 => uint32) featureCounts``
4, 5  ``NaiveBayes``: ``uint32 smoothingFactor``; ``uint totalNumFeatures``
===== ==================================================================================================

The contracts of this project declare theirs in the same order, so one description of storage serves both.

Earlier generations of the original are refused rather than misread, as far as storage shows them: with Solidity 0.5
the learning rate was a ``uint8`` without scale and a dense Perceptron had a mapping; before its last generation the
sparse nearest centroid classifier held ``uint64[] centroid``, then ``mapping(uint32 => uint64) centroid``.

The bytecode of the originals is not known here. They are recognised by the selectors of their getters in the code,
which is proven where storage is. Then the getters are run on that code and storage, in an EVM in this process, and
must give what was read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dcai import artifacts
from dcai.artifacts import Artifact
from dcai.errors import (
    ArtifactError,
    EvmError,
    InputError,
    NoCodeError,
    ProxyError,
    Revert,
    UnknownContractError,
    shown,
)
from dcai.evm import Contract, Evm
from dcai.evm.abi import Abi
from dcai.evm.hashing import keccak, to_address
from dcai.models import MODELS, Classifier

__all__ = [
    "PROXY_SLOTS",
    "ContractKind",
    "check_generation",
    "check_getters",
    "check_layout",
    "check_no_proxy",
    "find_kind",
    "has_function",
    "layout_names",
    "owner_in",
]

_OURS, _ORIGINAL = "dcai", "0xdeca10b"

#: EIP-1967: keccak256("eip1967.proxy.implementation") - 1 and keccak256("eip1967.proxy.beacon") - 1.
PROXY_SLOTS = {
    int.from_bytes(keccak(f"eip1967.proxy.{name}".encode()), "big") - 1: name for name in ("implementation", "beacon")
}
#: EIP-1167: the code before and after the 20 bytes of the address.
_MINIMAL_PROXY = bytes.fromhex("363d3d373d3d3d363d73"), bytes.fromhex("5af43d82803e903d91602b57fd5bf3")
#: EIP-7702: what the code of an account that delegates begins with.
_DELEGATION = bytes.fromhex("ef0100")
_ADDRESS_BYTES = 20

_PUSH1, _PUSH4, _PUSH32 = 0x60, 0x63, 0x7F

_COMMON = (("getNumClassifications", 0), ("classifications", 1), ("getNumFeatureIndices", 0), ("featureIndices", 1))
#: How many values of each kind the getters are asked for.
_SAMPLED = 3


class ContractKind(NamedTuple):
    """A recognised contract: model and layout.

    Attributes
    ----------
    layout : str
        Name of the layout of its storage.
    recognised_by : str
        ``"code hash"``, ``"argument"`` or ``"getters"``.
    """

    layout: str
    recognised_by: str

    @property
    def artifact(self) -> Artifact:
        """Contract of this project with the same storage layout."""
        return artifacts.load(self.layout.partition(":")[2])


def owner_in(words: Mapping[int, int]) -> str:
    """Return the owner of a contract, stored in slot 0 of all layouts."""
    return to_address((words[0] & ((1 << 8 * _ADDRESS_BYTES) - 1)).to_bytes(_ADDRESS_BYTES, "big"))


def layout_names() -> tuple[str, ...]:
    """Return the names of all layouts."""
    return tuple(f"{whose}:{name}" for whose in (_OURS, _ORIGINAL) for name in MODELS)


def check_layout(layout: str | None) -> None:
    """Raise ``InputError`` if a layout is given and unknown."""
    if layout is not None and layout not in layout_names():
        raise InputError(f"layout is {shown(layout)}; it must be one of {', '.join(layout_names())}")


def check_no_proxy(address: str, code: bytes, words: Mapping[int, int]) -> None:
    """Refuse a proxy contract.

    Parameters
    ----------
    address : str
        Address of the contract.
    code : bytes
        Its code.
    words : mapping of int to int
        Words, including those at `PROXY_SLOTS`.

    Raises
    ------
    NoCodeError
        There is no code at all.
    ProxyError
        The code calls that of another address.
    """
    if not code:
        raise NoCodeError(f"{address} holds no contract in this block")
    head, tail = _MINIMAL_PROXY
    target = code[len(head) : len(head) + _ADDRESS_BYTES]
    if code == head + target + tail:
        raise ProxyError(f"{address} is a minimal proxy (EIP-1167) of {to_address(target)}, and holds its storage")
    if code.startswith(_DELEGATION) and len(code) == len(_DELEGATION) + _ADDRESS_BYTES:
        target = code[len(_DELEGATION) :]
        raise ProxyError(f"{address} is an account that delegates (EIP-7702) to {to_address(target)}")
    for slot, name in PROXY_SLOTS.items():
        if words[slot]:
            raise ProxyError(f"{address} is a proxy (EIP-1967): its {name} is 0x{words[slot]:040x}")


def find_kind(code: bytes, layout: str | None = None) -> ContractKind:
    """Recognise a contract by its code.

    Parameters
    ----------
    code : bytes
        Code of the contract.
    layout : str, optional
        Layout that the caller names.

    Raises
    ------
    InputError
        There is no layout of that name.
    UnknownContractError
        Code and argument contradict each other, or the code is of no known model.
    """
    check_layout(layout)
    known = {artifacts.load(name).deployed_bytecode: name for name in MODELS}.get(code)
    if known is not None:
        if layout not in (None, f"{_OURS}:{known}", f"{_ORIGINAL}:{known}"):
            raise UnknownContractError(f"layout is {layout!r}, and the code is that of dcai's {known}")
        return ContractKind(f"{_OURS}:{known}", "code hash")
    if layout is not None:
        return ContractKind(layout, "argument")
    pushed = set(_pushed(code))
    fitting = [name for name in MODELS if _selectors(name) <= pushed]
    if len(fitting) != 1:
        raise UnknownContractError(
            "the code is of none of dcai's contracts, and its getters are not those of one of 0xDeCA10B's; "
            f"if you know what it is, pass layout=, one of {', '.join(layout_names())}"
        )
    return ContractKind(f"{_ORIGINAL}:{fitting[0]}", "getters")


def has_function(code: bytes, signature: str) -> bool:
    """Return whether a contract's code contains the selector of a function such as ``"classifier()"``."""
    return int.from_bytes(keccak(signature.encode())[:4], "big") in _pushed(code)


def _selectors(name: str) -> set[int]:
    abi = Abi(artifacts.load(name).abi)
    calls = (*_COMMON, *((getter, each.num_args) for getter, each in MODELS[name].spec.getters.items()))
    return {int.from_bytes(abi.function(getter, count).selector, "big") for getter, count in calls}


def _pushed(code: bytes) -> Iterator[int]:
    """Yield constants of up to four bytes in a code, including selectors."""
    at = 0
    while at < len(code):
        op = code[at]
        size = op - _PUSH1 + 1 if _PUSH1 <= op <= _PUSH32 else 0
        if _PUSH1 <= op <= _PUSH4:
            yield int.from_bytes(code[at + 1 : at + 1 + size], "big")
        at += 1 + size


def check_generation(kind: ContractKind, model: Classifier) -> None:
    """Refuse a model whose state has the layout of an earlier generation of 0xDeCA10B.

    Raises
    ------
    UnknownContractError
        The contract is a proxy.
    """
    if not kind.layout.startswith(_ORIGINAL):
        return
    earlier = model.spec.earlier_generation and model.spec.earlier_generation(model)
    if not earlier:
        return
    reason, may_be_meant = earlier
    if not may_be_meant:
        raise UnknownContractError(reason)
    if kind.recognised_by == "getters":  # a caller who names the layout may mean it
        raise UnknownContractError(f"{reason}, pass layout={kind.layout!r}")


def check_getters(kind: ContractKind, code: bytes, words: Mapping[int, int], model: Classifier) -> None:
    """Run the getters of a contract in an in-process EVM, and compare them with the model.

    Raises
    ------
    UnknownContractError
        A getter differs from the model: the storage layout is another one.
    """
    evm = Evm()
    address = to_address(b"\x22" * _ADDRESS_BYTES)
    evm.set_account(address, code=code, storage=words)
    contract = Contract(evm, kind.artifact, address)
    for getter, args, expected in _expected(model):
        call = f"{getter}({', '.join(map(str, args))})"
        try:
            given = contract.call(getter, *args)
        except (ArtifactError, EvmError, Revert) as error:
            raise UnknownContractError(f"{kind.layout} would have a getter {call}: {error}") from error
        if given != expected:
            raise UnknownContractError(
                f"the storage is not that of {kind.layout}: {call} of the contract gives {shown(given)}, "
                f"and was read as {shown(expected)}"
            )


def _expected(model: Classifier) -> Iterator[tuple[str, tuple[int, ...], Any]]:
    """Yield the getters, arguments and results that this model implies."""
    yield "getNumClassifications", (), len(model.classifications)
    for k, name in list(enumerate(model.classifications))[:_SAMPLED]:
        yield "classifications", (k,), name
    yield "getNumFeatureIndices", (), len(model.feature_indices)
    for i, index in list(enumerate(model.feature_indices))[-_SAMPLED:]:
        yield "featureIndices", (i,), index
    for name, getter in model.spec.getters.items():
        for args in deque(getter.places(model), maxlen=_SAMPLED):
            yield name, args, getter.read(model, *args)
