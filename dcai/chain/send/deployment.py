"""Contracts on a chain, transaction by transaction, with a file that knows at each moment what has been sent.

>>> blueprint = chain.FrameworkBlueprint(model, "Stakeable64", (day, 7 * day, 9 * day, 10**15))     # doctest: +SKIP
>>> with chain.deployment(url, blueprint, account, "deployment.json") as under_way:                  # doctest: +SKIP
...     print(under_way.quote())
...     report = under_way.run()

Whoever calls it again with the same arguments goes on where it stopped: after a failure of the node, of this process or
of a transaction. The file is complete, and has its name, when everything stands, has been run once more on the EVM in
this process, and is equal to what the node has.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from dcai import artifacts, strict_json
from dcai._kernels import __version__
from dcai.chain.send.rehearsal import DeploymentStep, PlannedContract, constructor_arguments, new_evm, rehearse
from dcai.chain.send.remote import ConnectionOptions, connect
from dcai.chain.send.transact import Attempt, Transactor
from dcai.errors import DataError, InputError, NotMinedError, ProofError, TransactionError
from dcai.evm.hashing import keccak, to_address, to_bytes20
from dcai.evm.schedule import MAX_TRANSACTION_GAS, TRANSACTION_GAS
from dcai.files import write_whole
from dcai.reprs import short_repr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dcai.chain.send.accounts import Sender
    from dcai.chain.send.fees import Price
    from dcai.chain.send.rehearsal import Blueprint
    from dcai.chain.send.remote import ConnectionOptions, connect
from dcai.chain.send.transact import Mined

__all__ = ["Deployment", "Quote", "deployment", "partial_path"]

_FORMAT, _VERSION = "dcai-deployment", 1


@dataclass(frozen=True)
class Quote:
    """Remaining transactions of a deployment, and their cost.

    Attributes
    ----------
    steps : tuple of DeploymentStep
        Not sent yet.
    gas : int
        Gas of the remaining transactions.
    price : Price
        Price per gas.
    balance_wei : int
        Balance of the account.
    """

    __repr__ = short_repr

    steps: tuple[DeploymentStep, ...]
    gas: int
    price: Price
    balance_wei: int

    @property
    def expected_wei(self) -> int:
        """Expected cost at the current gas price, in wei."""
        return self.gas * self.price.expected_wei

    @property
    def most_wei(self) -> int:
        """Maximum cost in wei, which the account must hold."""
        return sum(step.gas_limit for step in self.steps) * self.price.most_wei


@dataclass
class _Progress:
    """Progress of a step; ``nonce`` is its current or next nonce."""

    step: DeploymentStep
    nonce: int
    attempt: Attempt | None = None
    mined: Mined | None = None
    failed: list[str] = field(default_factory=list)


class Deployment:
    """A deployment that is under way; made by `deployment`."""

    def __init__(
        self,
        transactor: Transactor,
        path: Path,
        identity: dict[str, Any],
        steps: list[_Progress],
        contracts: list[PlannedContract],
    ) -> None:
        self._transactor = transactor
        self._path = path
        self._identity = identity
        self._steps = steps
        self.contracts = contracts

    @property
    def steps(self) -> list[DeploymentStep]:
        """All transactions, in their order."""
        return [progress.step for progress in self._steps]

    def quote(self) -> Quote:
        """Return what is still to be sent, and its cost at the present price of gas.

        Raises
        ------
        InputError
            The account has too little.
        """
        left = tuple(progress.step for progress in self._steps if progress.attempt is None)
        price, balance = self._transactor.price(), self._transactor.balance()
        quote = Quote(left, sum(step.gas_used for step in left), price, balance)
        if quote.most_wei > balance:
            raise InputError(
                f"{self._transactor.sender.address} has {balance} wei, and the deployment may cost {quote.most_wei}: "
                "lower --max-fee-gwei, or fund the account"
            )
        return quote

    def run(self, progress: Callable[[int, int, DeploymentStep], None] | None = None) -> dict[str, Any]:
        """Send what is left, wait for it, check everything, and write the file.

        Parameters
        ----------
        progress : callable, optional
            Called with the number of transactions that are done, and of all, and the one that is next.

        Returns
        -------
        dict
            The content of the file.

        Raises
        ------
        TransactionError
            A transaction fails, or takes too long.
        Revert, EvmError
            One would fail; it was not sent.
        RpcError
            The node cannot be reached, or refuses.
        ProofError
            Code or storage on the node differs from the deployment.
        """
        for i, one in enumerate(self._steps):
            if progress is not None:
                progress(i, len(self._steps), one.step)
            self._finish(i)
        report = self._report(self._check())
        write_whole(self._path, json.dumps(report, indent=1) + "\n")
        partial_path(self._path).unlink(missing_ok=True)
        return report

    # -- one step -- #

    def _finish(self, i: int) -> None:
        """Have a transaction in a block, whatever became of it before."""
        one = self._steps[i]
        if one.attempt is not None:
            try:
                # Even what was mined is looked up: a chain may have forgotten it.
                mined = self._transactor.again(one.attempt)
            except NotMinedError:
                raise
            except TransactionError:  # taken by another, or not taken by the node: it gets another one
                one.attempt = one.mined = None
            else:
                if mined.succeeded:
                    return self._done(one, mined)
                one.failed.append(mined.hash)
                one.attempt = one.mined = None
        nonce = self._transactor.nonce("pending")
        if nonce != one.nonce:
            self._move(i, nonce)
        one = self._steps[i]
        to = None if one.step.creates else one.step.address
        self._transactor.call(to, one.step.data, gas=one.step.gas_limit)
        one.attempt = self._transactor.prepare(to, one.step.data, 0, one.step.gas_limit, nonce=nonce)
        self._save()
        try:
            one.attempt = self._transactor.submit(one.attempt)
        except TransactionError:
            one.attempt = None
            self._save()
            raise
        self._save()
        mined = self._transactor.wait(one.attempt)
        if not mined.succeeded:
            raise TransactionError(
                f"{one.step} failed in block {mined.block_number}: {mined.hash}; {mined.gas_used:,} gas were used. "
                "Run the same command again to retry"
            )
        return self._done(one, mined)

    def _done(self, one: _Progress, mined: Mined) -> None:
        if one.step.creates and mined.contract_address != one.step.address:
            raise ProofError(f"{one.step} created {mined.contract_address}; expected {one.step.address}")
        one.mined = mined
        self._save()

    def _move(self, first: int, nonce: int) -> None:
        """Give the steps from ``first`` on other nonces: contracts that they create get other addresses."""
        sender, chain_id = self._transactor.sender.address, self._transactor.chain_id
        moved: dict[str, str] = {}
        for i, one in enumerate(self._steps[first:]):
            one.nonce = nonce + i
            if one.step.creates:
                created = new_evm(sender, one.nonce, chain_id).simulate(None, sender=sender).contract_address
                moved[one.step.address] = str(created)
        # An address is a hash, so these bytes stand where it is meant and nowhere else. All at once, since the new
        # address of one contract may be the old one of the next.
        raw = {to_bytes20(old): to_bytes20(new) for old, new in moved.items()}
        old_ones = re.compile(b"|".join(map(re.escape, raw)) or b"(?!)")
        for one in self._steps[first:]:
            data = old_ones.sub(lambda match: raw[match[0]], one.step.data)
            one.step = replace(one.step, address=moved.get(one.step.address, one.step.address), data=data)
        self.contracts = [replace(one, address=moved.get(one.address, one.address)) for one in self.contracts]

    def _save(self) -> None:
        content = {
            "format": _FORMAT,
            "version": _VERSION,
            "complete": False,
            "identity": self._identity,
            "steps": [_step_json(one) for one in self._steps],
            "contracts": [vars(contract) for contract in self.contracts],
        }
        write_whole(partial_path(self._path), json.dumps(content))

    # -- at the end -- #

    def _check(self) -> list[int]:
        """See that the node has what these transactions make, and return the gas that each uses here."""
        node, sender = self._transactor.node, self._transactor.sender.address
        evm = new_evm(sender, self._steps[0].nonce, self._transactor.chain_id)
        gas = []
        last = 0
        for one in self._steps:
            assert one.mined is not None
            last = max(last, one.mined.block_number)
            evm.set_account(sender, nonce=one.nonce, balance_wei=evm.balance(sender))
            evm.timestamp = node.header(hex(one.mined.block_number), verify=False).timestamp
            to = None if one.step.creates else one.step.address
            receipt = evm.transact(to, one.step.data, sender=sender)
            receipt.raise_for_error()
            gas.append(receipt.gas_used)
        for contract in self.contracts:
            if node.code(contract.address, last) != evm.code(contract.address):
                raise ProofError(f"the code of {contract.name} at {contract.address} differs from the deployed code")
            expected = evm.storage(contract.address)
            slots = list(expected)
            for words in node.in_parallel(lambda some: node.words(contract.address, some, last), slots):  # noqa: B023
                for slot, word in words.items():
                    if word != expected[slot]:
                        raise ProofError(
                            f"slot {slot:#x} of {contract.name} at {contract.address} holds {word:#x}; the plan "
                            f"has {expected[slot]:#x}"
                        )
            self._check_owner(contract, last)
        return gas

    def _check_owner(self, contract: PlannedContract, number: int) -> None:
        if contract.owner is None:
            return
        by_role = {one.role: one.address for one in self.contracts} | {"sender": self._transactor.sender.address}
        word = self._transactor.node.call(contract.address, keccak(b"owner()")[:4], number)
        if to_address(word[-20:]) != by_role[contract.owner]:
            raise ProofError(
                f"{contract.name} at {contract.address} belongs to {to_address(word[-20:])}; it should belong to the "
                f"{contract.owner}, {by_role[contract.owner]}"
            )

    def _report(self, gas_checked: list[int]) -> dict[str, Any]:
        transactions = [_transaction_json(one, gas) for one, gas in zip(self._steps, gas_checked, strict=True)]
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "complete": True,
            "dcai": __version__,
            "identity": self._identity,
            "chain_id": self._transactor.chain_id,
            "deployer": self._transactor.sender.address,
            "contracts": {one.role: self._contract_json(one) for one in self.contracts},
            "transactions": transactions,
            "gas_predicted": sum(one["gas_predicted"] for one in transactions),
            "gas_used": sum(one["gas_used"] for one in transactions),
            "fee_wei": sum(one["fee_wei"] for one in transactions),
        }

    def _contract_json(self, contract: PlannedContract) -> dict[str, Any]:
        one = next(one for one in self._steps if one.step.creates and one.step.address == contract.address)
        assert one.mined is not None
        artifact = artifacts.load(contract.name)
        # As of the last block: of earlier ones a node may no longer have the state.
        last = max(other.mined.block_number for other in self._steps if other.mined is not None)
        code = self._transactor.node.code(contract.address, last)
        return {
            "contract": contract.name,
            "address": contract.address,
            "owner": contract.owner,
            "block": one.mined.block_number,
            "block_hash": one.mined.block_hash,
            "transaction": one.mined.hash,
            "code_hash": "0x" + keccak(code).hex(),
            "constructor": _plain(constructor_arguments(contract.name, one.step.data)),
            "source_hash": artifact.source_hash,
            "compiler": artifact.compiler["version"],
        }


@contextmanager
def deployment(
    rpc_url: str,
    blueprint: Blueprint,
    sender: Sender,
    output: str | os.PathLike[str],
    *,
    gas_cap: int = MAX_TRANSACTION_GAS,
    **options: Unpack[ConnectionOptions],
) -> Iterator[Deployment]:
    """Begin a deployment, or go on with one that was begun with the same arguments; nothing is sent yet.

    Parameters
    ----------
    rpc_url : str
        The node's JSON-RPC server.
    blueprint : Blueprint
        Description of the deployment.
    sender : Sender
        Account that deploys, and then owns the trainer.
    output : path
        The file to write at the end. Until then its name ends in ``.partial``.
    gas_cap : int
        The most gas that a transaction may have.
    **options
        Fees, waiting, ``expect_chain_id`` and limits: `dcai.chain.send.remote.ConnectionOptions`.

    Yields
    ------
    Deployment
        Deployment to inspect and run.

    Raises
    ------
    InputError
        ``output`` is there already, or what was begun is another deployment.
    DataError
        The file of what was begun is damaged.
    Revert, EvmError
        A contract refuses its arguments, or one of the transactions cannot be made small enough.
    WrongChainError, RpcError
        The node is of another chain, or cannot be asked.
    """
    path = Path(output)
    if path.exists():
        raise InputError(f"{path} already exists; choose another output, so that no deployment is overwritten")
    if not TRANSACTION_GAS <= gas_cap <= MAX_TRANSACTION_GAS:
        raise InputError(f"gas_cap is {gas_cap}; it must be from {TRANSACTION_GAS} to {MAX_TRANSACTION_GAS}")
    with connect(rpc_url, sender, **options) as transactor:
        identity = {**_plain(blueprint.identity()), "chain_id": transactor.chain_id, "sender": sender.address}
        partial = partial_path(path)
        if partial.exists():
            under_way = _load(transactor, path, identity)
        else:
            nonce = transactor.nonce("pending")
            steps, contracts = rehearse(blueprint, sender.address, nonce, transactor.chain_id, gas_cap)
            progress = [_Progress(step, nonce + i) for i, step in enumerate(steps)]
            under_way = Deployment(transactor, path, identity, progress, contracts)
        yield under_way


def partial_path(path: Path) -> Path:
    """Return where a deployment stands that is under way."""
    return path.with_name(f"{path.name}.partial")


def _load(transactor: Transactor, path: Path, identity: dict[str, Any]) -> Deployment:
    partial = partial_path(path)
    try:
        content = strict_json.loads(partial.read_text(encoding="utf-8"))
        if (content["format"], content["version"]) != (_FORMAT, _VERSION):
            raise DataError(f"{partial} is of version {content['version']}, which this version of dcai cannot read")
        found = content["identity"]
        steps = [_progress(entry) for entry in content["steps"]]
        contracts = [PlannedContract(**entry) for entry in content["contracts"]]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise DataError(f"{partial} is damaged: {error}") from error
    if found != identity:
        different = [name for name in identity if found.get(name) != identity[name]]
        raise InputError(
            f"{partial} is of another deployment: {', '.join(different)} differ; finish that one with its own "
            "arguments, or choose another output"
        )
    return Deployment(transactor, path, identity, steps, contracts)


def _step_json(one: _Progress) -> dict[str, Any]:
    return {
        **vars(one.step),
        "data": f"0x{one.step.data.hex()}",
        "nonce": one.nonce,
        "attempt": None if one.attempt is None else one.attempt.to_json(),
        "failed": one.failed,
    }


def _progress(entry: dict[str, Any]) -> _Progress:
    data, nonce, attempt, failed = (entry.pop(name) for name in ("data", "nonce", "attempt", "failed"))
    step = DeploymentStep(**entry, data=bytes.fromhex(data[2:]))
    return _Progress(step, nonce, None if attempt is None else Attempt.from_json(attempt, data), None, failed)


def _transaction_json(one: _Progress, gas_checked: int) -> dict[str, Any]:
    mined = one.mined
    assert mined is not None
    return {
        "contract": one.step.contract,
        "function": one.step.function,
        "nonce": one.nonce,
        "hash": mined.hash,
        "block": mined.block_number,
        "data_hash": "0x" + keccak(one.step.data).hex(),
        "gas_predicted": one.step.gas_used,
        "gas_used": mined.gas_used,
        "difference": _difference(one.step.gas_used, mined.gas_used, gas_checked),
        "gas_price_wei": mined.gas_price_wei,
        "fee_wei": mined.fee_wei,
        "failed": one.failed,
    }


def _difference(predicted: int, used: int, checked: int) -> str | None:
    """Say why a transaction used other gas than was predicted; None where it did not."""
    if used == predicted:
        return None
    if used == checked:
        return "an address in its data has other bytes than planned, since another transaction took its nonce"
    return f"the rules here give {checked}: the chain has other prices of gas"


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return f"0x{value.hex()}" if isinstance(value, bytes) else value
