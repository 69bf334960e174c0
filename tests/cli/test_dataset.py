"""``dcai dataset`` against a trainer whose contributions were refunded, reported and sponsored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest

import dcai
from chain import anvil
from chain.anvil import Anvil
from chain.lies import Liar
from chain.trainers import Framework, deploy_framework, packed_key
from dcai import chain, dataset
from dcai.cli import main
from dcai.evm.hashing import keccak

WAIT_S, ETHER = 10, 10**18
MODEL = dcai.SparsePerceptron([0] * 6, 0, 10**9)


class Sent(NamedTuple):
    """A contribution: the number of the account whose it is, of who paid, and what became of it."""

    author: int
    sponsor: int | None
    data: list[int]
    label: int
    status: str
    claims: list[tuple[str, int]]  # kind, and number of the account


#: With weights of 0 the model predicts 0. Each step makes it predict the label for what it has just learned.
SENT = [
    Sent(1, None, [1, 2], 1, "validated", [("refund", 1)]),
    Sent(2, None, [1, 3], 0, "reported", [("report", 1)]),
    Sent(3, 1, [1, 3], 1, "validated", [("refund", 1)]),
    Sent(3, None, [4], 0, "open", []),
]


@dataclass
class Chain:
    framework: Framework
    first: int
    last: int
    transactions: list[str]
    claims: dict[tuple[str, int, int], str]  # transaction by kind, account and contribution


@pytest.fixture(scope="module")
def node() -> Iterator[Anvil]:
    with anvil.running() as running:
        yield running


@pytest.fixture(scope="module")
def history(node: Anvil) -> Chain:
    framework = deploy_framework(node, MODEL, "Stakeable64", WAIT_S, 10**6, 10**7, 10**12)
    trainer = framework.trainer
    first = int(trainer.block()["number"], 16)
    hashes = []
    for one in SENT:
        if one.sponsor is None:
            hashes.append(trainer.send(one.author, "addData", one.data, one.label, value=ETHER))
        else:
            hashes.append(sponsor(trainer, one))
        node.mine()
    times = [int(trainer.block(trainer.receipt(hash_)["blockNumber"])["timestamp"], 16) for hash_ in hashes]
    node.rpc("evm_increaseTime", WAIT_S + 1)
    claims = {}
    for i in (0, 2, 1):  # who reports must have validated data
        one = SENT[i]
        for kind, account in one.claims:
            sample = (one.data, one.label, times[i])
            if kind == "report":
                hash_ = trainer.send(account, "report", *sample, trainer.accounts[one.author])
            elif one.sponsor is None:
                hash_ = trainer.send(account, "refund", *sample)
            else:
                hash_ = trainer.send(account, "refundFor", *sample, trainer.accounts[one.author])
            node.mine()
            claims[kind, account, i] = trainer.receipt(hash_)["transactionHash"]
    return Chain(framework, first, int(trainer.block()["number"], 16), hashes, claims)


def sponsor(trainer: Any, one: Sent) -> str:
    """Pay for data that their author has signed."""
    author, deadline = trainer.accounts[one.author], 2**40
    fields = [
        ("trainer", "address", trainer.address),
        ("dataHash", "bytes32", "0x" + keccak(b"".join(x.to_bytes(32, "big") for x in one.data)).hex()),
        ("classification", "uint64", str(one.label)),
        ("contributor", "address", author),
        ("nonce", "uint256", "0"),
        ("deadline", "uint256", str(deadline)),
        ("maxDeposit", "uint256", str(ETHER)),
    ]
    domain = {
        "name": "CollaborativeTrainer64",
        "version": "1",
        "chainId": 31337,
        "verifyingContract": trainer.address,
    }
    types = {
        "EIP712Domain": [
            {"name": "name", "type": "string"},
            {"name": "version", "type": "string"},
            {"name": "chainId", "type": "uint256"},
            {"name": "verifyingContract", "type": "address"},
        ],
        "Contribution": [{"name": name, "type": kind} for name, kind, _ in fields],
    }
    typed = {
        "types": types,
        "domain": domain,
        "primaryType": "Contribution",
        "message": {name: value for name, _, value in fields},
    }
    signature = trainer.node.rpc("eth_signTypedData_v4", author, typed)
    signed = (author, deadline, ETHER, bytes.fromhex(signature[2:]))
    hash_: str = trainer.send(one.sponsor, "addDataFor", one.data, one.label, *signed, value=ETHER)
    return hash_


class Shown(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Shown]


@pytest.fixture
def run(
    node: Anvil, history: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    def run(*arguments: object, url: str = node.url, address: str | None = None) -> Shown:
        given = ["dcai", "dataset", address or history.framework.trainer.address, "--rpc", url]
        monkeypatch.setattr("sys.argv", [*given, "--from-block", str(history.first), *map(str, arguments)])
        monkeypatch.chdir(tmp_path)
        code = 0
        try:
            main()
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        return Shown(code, *capsys.readouterr())

    return run


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        table = pa.parquet.read_table(path)
    elif path.suffix == ".arrow":
        table = pa.ipc.open_file(path).read_all()
    elif path.suffix == ".csv":
        table = pa.csv.read_csv(path)
    else:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def expected_rows(history: Chain) -> list[dict[str, Any]]:
    """What the receipts, the blocks and the data handler's getters say."""
    trainer = history.framework.trainer
    rows = []
    for i, (one, hash_) in enumerate(zip(SENT, history.transactions, strict=True)):
        receipt = trainer.receipt(hash_)
        block = trainer.block(receipt["blockNumber"])
        author, time = trainer.accounts[one.author], int(block["timestamp"], 16)
        claims = [history.claims[kind, account, i] for kind, account in one.claims]
        deposit = history.framework.of_handler("getInitialDeposit", one.data, one.label, time, author)
        left = history.framework.of_handler("getClaimableAmount", one.data, one.label, time, author)
        assert deposit > 0
        rows.append(
            {
                "features": one.data,
                "label": one.label,
                "time": time,
                "author": author,
                "sponsor": None if one.sponsor is None else trainer.accounts[one.sponsor],
                "deposit_wei": str(deposit),
                "status": one.status,
                "claims_kind": [kind for kind, _ in one.claims],
                "claims_recipient": [trainer.accounts[account] for _, account in one.claims],
                "claims_amount_wei": [str(deposit - left)] * len(one.claims),
                "claims_time": [
                    int(trainer.block(trainer.receipt(claim)["blockNumber"])["timestamp"], 16) for claim in claims
                ],
                "claims_transaction_hash": claims,
                "block_number": int(block["number"], 16),
                "block_hash": block["hash"],
                "transaction_hash": hash_,
                "transaction_index": 0,
                "log_index": next(
                    int(log["logIndex"], 16) for log in receipt["logs"] if log["address"] == trainer.address.lower()
                ),
                "key": packed_key(one.data, one.label, time, author),
            }
        )
    return rows


@pytest.mark.parametrize("verify", [[], ["--verify"]])
@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".jsonl"])
def test_every_contribution_is_a_row(history: Chain, run: Run, tmp_path: Path, suffix: str, verify: list[str]) -> None:
    output = tmp_path / f"rows{suffix}"
    shown = run("--output", output, "--to-block", "latest", *verify)
    assert (shown.code, shown.err) == (0, "")
    rows = read(output)
    for row in rows:
        row.pop("time_utc")
    assert rows == expected_rows(history)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {output.name, *(["rows.jsonl.meta.json"] if suffix == ".jsonl" else [])}
