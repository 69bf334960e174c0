"""From a sequence of steps to state tests in the JSON form of ``execution-spec-tests``.

The form is that of https://ethereum.github.io/execution-spec-tests, "State Tests": an environment, the accounts before,
one transaction, and for each fork the root of the state after it and the hash of its logs. A state test is one
transaction, so each step is a test of its own, with the state before that step.

An accepted update goes straight to the contract, from the owner. The root of the state then covers the contract's
storage and, by the balances of the sender and of the block's coinbase, the gas that was used. A prediction, which
changes nothing, goes through a witness (`dcai.verify.state_tests.witness`), and with it the root covers the label. A
refused update is exported in both ways: that it changes nothing and what gas it takes, and with which error.

What comes after is the kernel's: its storage, its label, its error. The engine that runs along gives the gas, and must
agree with the kernel, or nothing is exported.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dcai import artifacts
from dcai._kernels import __version__
from dcai.chain.rpc.proofs import Account, state_root, storage_root
from dcai.errors import InputError, NotEqual, Revert
from dcai.evm import DEFAULT_ENGINE, Evm
from dcai.evm.abi import Abi
from dcai.evm.hashing import keccak, to_bytes20
from dcai.evm.schedule import MAX_TRANSACTION_GAS
from dcai.evm.storage import expected_storage
from dcai.files import write_whole
from dcai.models import Classifier
from dcai.models.registry import spec_of
from dcai.verify.state_tests.transaction import SECRET_KEY, SENDER, signed_transaction
from dcai.verify.state_tests.witness import witness_code, witness_storage
from dcai.verify.step import Step

__all__ = ["FORKS", "StateTest", "export", "write_tests"]

#: The names that state tests give the forks, and the blob schedule of each (EIP-7840), by our names.
FORKS: dict[str, tuple[str, dict[str, str]]] = {
    "cancun": ("Cancun", {"target": "0x03", "max": "0x06", "baseFeeUpdateFraction": "0x32f0ed"}),
    "prague": ("Prague", {"target": "0x06", "max": "0x09", "baseFeeUpdateFraction": "0x4c6964"}),
    "osaka": ("Osaka", {"target": "0x06", "max": "0x09", "baseFeeUpdateFraction": "0x4c6964"}),
}

_CONTRACT = "0x" + "0" * 36 + "c0de"
_WITNESS = "0x" + "0" * 36 + "ca11"
_COINBASE = "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba"
_BALANCE_WEI = 10**20
_GAS_PRICE_WEI, _BASE_FEE_WEI = 10, 7
#: keccak256(rlp([])): no update logs anything.
_NO_LOGS = keccak(b"\xc0")
_ENVIRONMENT = {
    "currentCoinbase": _COINBASE,
    "currentGasLimit": "0x03938700",
    "currentNumber": "0x01",
    "currentTimestamp": "0x01",
    "currentRandom": "0x" + "00" * 32,
    "currentDifficulty": "0x00",
    "currentBaseFee": f"0x{_BASE_FEE_WEI:02x}",
    "currentExcessBlobGas": "0x00",
}


@dataclass(frozen=True)
class StateTest:
    """One test.

    Attributes
    ----------
    name : str
        Unique in its sequence: ``0007-update-accepted``.
    fixture : dict
        Its JSON.
    """

    name: str
    fixture: dict[str, Any]


#: Accounts by address: nonce, balance in wei, code, storage.
_Alloc = dict[str, tuple[int, int, bytes, dict[int, int]]]


def export(
    model: Classifier,
    steps: Iterable[Step],
    *,
    forks: Sequence[str] = ("prague", "osaka"),
    engine: str = DEFAULT_ENGINE,
) -> Iterator[StateTest]:
    """Yield the state tests of a sequence.

    Parameters
    ----------
    model : Classifier
        The model before the first step; it stays as it is.
    steps : iterable of Step
        Predictions and updates.
    forks : sequence of str
        Keys of `FORKS`.
    engine : str
        Which EVM runs the contract along.

    Raises
    ------
    InputError
        A fork is unknown, or a step cannot be encoded.
    NotEqual
        Kernel and contract differ, and there is nothing that a client could confirm.
    """
    unknown = [fork for fork in forks if fork not in FORKS]
    if unknown or not forks:
        raise InputError(f"forks are {', '.join(forks) or 'none'}; state tests are known for {', '.join(FORKS)}")
    exporter = _Exporter(model, [Evm(engine, fork) for fork in forks])
    for number, step in enumerate(steps):
        yield from exporter.step(number, step)


def write_tests(
    path: str | os.PathLike[str], name: str, tests: Iterable[StateTest], comment: Mapping[str, Any] | None = None
) -> int:
    """Write the tests of a sequence to one file, whole or not at all.

    Parameters
    ----------
    path : path
        The file.
    name : str
        Of the sequence, the beginning of the tests' names.
    tests : iterable of StateTest
        The tests.
    comment : mapping, optional
        What ``_info`` says of each test beside the version of dcai.

    Returns
    -------
    int
        How many tests there are.
    """
    info = {
        "comment": "`dcai verify export`",
        "dcai": __version__,
        "fixture-format": "state_test",
        **(comment or {}),
    }
    fixtures = {f"{name}/{test.name}": {**test.fixture, "_info": info} for test in tests}
    write_whole(path, json.dumps(fixtures, indent=1) + "\n")
    return len(fixtures)


class _Exporter:
    """The model as it moves on, beside an EVM of each fork."""

    def __init__(self, model: Classifier, evms: Sequence[Evm]) -> None:
        self._model: Any = model.copy()
        self._evms = evms
        self._artifact = artifacts.load(spec_of(model).contract)
        self._abi = Abi(self._artifact.abi)
        for evm in evms:
            evm.errors.learn(self._abi.errors.values())

    def step(self, number: int, step: Step) -> Iterator[StateTest]:
        """Yield the tests of one step, and take it."""
        if step.op not in ("predict", "update") or step.sender is not None or step.form != "abi":
            raise InputError(
                f"step {number}, {step}, has no form as a state test: a prediction or an update by the owner"
            )
        before = self._model.copy()
        arguments = (step.data,) if step.op == "predict" else (step.data, step.label)
        calldata = self._abi.function(step.op, len(arguments)).encode(arguments)
        result = _or_revert(getattr(self._model, step.op), list(step.data), *arguments[1:])
        title = f"{number:04}-{step.op}"
        if isinstance(result, Revert):
            if step.op == "update":
                yield self._direct(f"{title}-refused", number, before, calldata, result)
            yield self._witnessed(f"{title}-{result.name}", number, before, calldata, result)
        elif step.op == "predict":
            yield self._witnessed(title, number, before, calldata, result)
        else:
            yield self._direct(f"{title}-accepted", number, before, calldata, result)

    def _direct(self, name: str, number: int, before: Classifier, calldata: bytes, result: Any) -> StateTest:
        """Send a transaction to the contract."""
        pre = {_CONTRACT: self._contract(before, SENDER)}
        post = {_CONTRACT: self._contract(self._model, SENDER)}
        succeeds = not isinstance(result, Revert)
        return self._test(name, number, _CONTRACT, calldata, pre, post, succeeds=succeeds)

    def _witnessed(self, name: str, number: int, before: Classifier, calldata: bytes, result: Any) -> StateTest:
        """Send it to a witness, who owns the contract, so that an update gets as far as it would with the owner."""
        output = self._output(result)
        contract = self._contract(before, _WITNESS)
        code = witness_code(_CONTRACT)
        storage = witness_storage(output, success=not isinstance(result, Revert))
        pre = {_CONTRACT: contract, _WITNESS: (1, 0, code, {})}
        post = {_CONTRACT: contract, _WITNESS: (1, 0, code, storage)}
        return self._test(name, number, _WITNESS, calldata, pre, post, succeeds=True)

    def _output(self, result: int | Revert) -> bytes:
        """Return what the contract must give where the kernel gives this."""
        if not isinstance(result, Revert):
            return int(result).to_bytes(32, "big")
        error = next(error for error in self._abi.errors.values() if error.name == result.name)
        return error.encode(result.args)

    def _contract(self, model: Classifier, owner: str) -> tuple[int, int, bytes, dict[int, int]]:
        storage = expected_storage(model, owner, artifact=self._artifact)
        return 1, 0, self._artifact.deployed_bytecode, storage

    def _test(
        self, name: str, number: int, to: str, calldata: bytes, pre: _Alloc, post: _Alloc, *, succeeds: bool
    ) -> StateTest:
        before: _Alloc = {SENDER: (0, _BALANCE_WEI, b"", {}), **pre}
        posts = {}
        for evm in self._evms:
            gas_used = _run(evm, number, to, calldata, before, post, succeeds=succeeds)
            paid: _Alloc = {
                SENDER: (1, _BALANCE_WEI - gas_used * _GAS_PRICE_WEI, b"", {}),
                _COINBASE: (0, gas_used * (_GAS_PRICE_WEI - _BASE_FEE_WEI), b"", {}),
            }
            posts[FORKS[evm.fork][0]] = [_fork_post(to, calldata, {**post, **paid})]
        transaction = {
            "nonce": "0x00",
            "gasPrice": _hex(_GAS_PRICE_WEI),
            "gasLimit": [_hex(MAX_TRANSACTION_GAS)],
            "to": to,
            "value": ["0x00"],
            "data": [_bytes(calldata)],
            "sender": SENDER.lower(),
            "secretKey": _bytes(SECRET_KEY),
        }
        schedule = {FORKS[evm.fork][0]: FORKS[evm.fork][1] for evm in self._evms}
        return StateTest(
            name,
            {
                "env": _ENVIRONMENT,
                "pre": _allocation(before),
                "transaction": transaction,
                "post": posts,
                "config": {"blobSchedule": schedule, "chainid": "0x01"},
            },
        )


def _or_revert(function: Any, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except Revert as revert:
        return revert


def _run(evm: Evm, number: int, to: str, calldata: bytes, pre: _Alloc, post: _Alloc, *, succeeds: bool) -> int:
    """Run the transaction, require what the kernel says must come after it, and return the gas that it used."""
    for address, (nonce, balance, code, storage) in pre.items():
        evm.set_account(address, code=code, storage=storage, nonce=nonce, balance_wei=balance)
    receipt = evm.transact(to, calldata, sender=SENDER)
    _compare(number, "success", receipt.success, succeeds)
    _compare(number, "logs", len(receipt.logs), 0)
    for address, (_, _, _, storage) in post.items():
        what = "storage" if address == _CONTRACT else "what the call returned"
        _compare(number, what, evm.storage(address), storage)
    return receipt.gas_used


def _compare(number: int, field: str, contract: Any, kernel: Any) -> None:
    if contract != kernel:
        raise NotEqual(number, field, contract, kernel)


def _fork_post(to: str, calldata: bytes, accounts: _Alloc) -> dict[str, Any]:
    roots = {
        to_bytes20(address): Account(nonce, balance, storage_root(storage), keccak(code))
        for address, (nonce, balance, code, storage) in accounts.items()
    }
    raw = signed_transaction(
        nonce=0, gas_price_wei=_GAS_PRICE_WEI, gas_limit=MAX_TRANSACTION_GAS, to=to_bytes20(to), data=calldata
    )
    return {
        "hash": _bytes(state_root(roots)),
        "logs": _bytes(_NO_LOGS),
        "txbytes": _bytes(raw),
        "indexes": {"data": 0, "gas": 0, "value": 0},
        "state": _allocation(accounts),
    }


def _allocation(accounts: _Alloc) -> dict[str, Any]:
    return {
        address.lower(): {
            "nonce": _hex(nonce),
            "balance": _hex(balance),
            "code": _bytes(code),
            "storage": {_hex(slot): _hex(word) for slot, word in sorted(storage.items())},
        }
        for address, (nonce, balance, code, storage) in accounts.items()
    }


def _hex(number: int) -> str:
    """Write a number as the format does: in whole bytes."""
    digits = f"{number:x}"
    return f"0x{'0' * (len(digits) % 2)}{digits}"


def _bytes(raw: bytes) -> str:
    return f"0x{raw.hex()}"
