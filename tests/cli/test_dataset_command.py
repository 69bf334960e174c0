"""``dcai dataset`` against a trainer whose contributions were refunded, reported and sponsored."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
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
from dcai import chain, dataset
from dcai.cli import main
from dcai.evm.hashing import keccak
from tests.support.node import anvil
from tests.support.node.anvil import Anvil
from tests.support.node.lies import Liar, in_result
from tests.support.node.trainers import Framework, deploy_framework, packed_key

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


@pytest.fixture
def liar(node: Anvil) -> Iterator[Liar]:
    with Liar(node.url) as running:
        yield running


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


def test_csv_and_what_stands_beside_it(history: Chain, run: Run, tmp_path: Path) -> None:
    output = tmp_path / "rows.csv"
    assert run("--output", output, "--to-block", "latest").code == 0
    rows = pa.csv.read_csv(output, convert_options=pa.csv.ConvertOptions(column_types=TEXT)).to_pylist()
    for row, expected in zip(rows, expected_rows(history), strict=True):
        written = {
            name: " ".join(map(str, value)) if isinstance(value, list) else value for name, value in expected.items()
        }
        assert {name: row[name] or (value if value is None else "") for name, value in written.items()} | {
            name: row[name] for name in ("label", "transaction_index", "log_index")
        } == written
    covers = json.loads((tmp_path / "rows.csv.meta.json").read_text(encoding="utf-8"))
    assert covers["rows"] == len(SENT)


TEXT = {name: pa.string() for name in ("features", "deposit_wei", "claims_amount_wei", "claims_time")}


def test_what_a_file_covers(history: Chain, run: Run, tmp_path: Path) -> None:
    output = tmp_path / "rows.parquet"
    shown = run("--output", output, "--to-block", history.last)
    covers = json.loads(pa.parquet.read_schema(output).metadata[b"dcai"])
    block = history.framework.trainer.block(hex(history.last))
    assert (covers["chain_id"], covers["rows"], covers["verified"]) == (31337, len(SENT), False)
    assert covers["trainer"] == {
        "address": history.framework.trainer.address,
        "data_handler": history.framework.handler,
        "incentive_mechanism": history.framework.mechanism,
        "classifier": history.framework.classifier,
    }
    assert covers["from_block"] == history.first
    assert covers["to_block"] == {
        "number": history.last,
        "hash": block["hash"],
        "timestamp": int(block["timestamp"], 16),
    }
    assert covers["trust"][0] == "proven: nothing"
    lines = [line.split(":", 1) for line in shown.out.splitlines()]
    printed = {title: text.strip() for title, text in lines}
    assert printed["trainer"] == f"{history.framework.trainer.address} on chain 31337"
    assert printed["blocks"] == f"{history.first} to {history.last} {block['hash']}"
    assert (printed["contributions"], printed["  validated"], printed["  reported"]) == ("4", "2", "1")
    assert printed["proven"] == "nothing"
    assert printed["trusted"].startswith("the node, for every event")
    assert printed["written"] == str(output)


def test_the_rows_train_a_model(node: Anvil, history: Chain, run: Run, tmp_path: Path) -> None:
    output = tmp_path / "rows.parquet"
    assert run("--output", output, "--to-block", "latest", address=history.framework.classifier).code == 0
    model, same = MODEL.copy(), MODEL.copy()
    for row in read(output):
        model.update(row["features"], row["label"])
    with chain.contributions(node.url, history.framework.trainer.address, to_block="latest") as collected:
        for one in collected:
            same.update(one.data, one.label)
        table = dataset.to_table(collected)
    on_chain = chain.fetch(node.url, history.framework.classifier, "latest", num_features=6).model()
    assert model == same == on_chain
    assert table.to_pylist() == read(output)
    assert table.schema.metadata.keys() == {b"dcai"}


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".arrow"])
def test_predict_reads_the_rows(
    history: Chain, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, suffix: str
) -> None:
    output = tmp_path / f"rows{suffix}"
    assert run("--output", output, "--to-block", "latest").code == 0
    MODEL.to_json(tmp_path / "model.json")
    arguments = ["--features", "features", "--labels", "label", "--output", str(tmp_path / "labels.npy")]
    monkeypatch.setattr("sys.argv", ["dcai", "predict", str(tmp_path / "model.json"), str(output), *arguments])
    main()
    assert "0.5" in capsys.readouterr().out  # of the four labels, the two zeros


def test_real_numbers_beside_integers(history: Chain, run: Run, tmp_path: Path) -> None:
    assert run("--output", tmp_path / "rows.parquet", "--to-block", "latest", "--real").code == 0
    (first, *_) = read(tmp_path / "rows.parquet")
    assert (first["features"], first["features_real"]) == ([1, 2], [1e-9, 2e-9])


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".arrow", ".jsonl"])
def test_a_range_without_contributions(history: Chain, run: Run, tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"rows{suffix}"
    shown = run("--output", output, "--to-block", history.first)
    assert shown.code == 0
    assert "contributions: 0" in shown.out
    assert read(output) == []
    if suffix == ".parquet":
        assert "claims_kind" in pa.parquet.read_schema(output).names


# -- what goes wrong -- #


def test_an_interrupted_run_goes_on(history: Chain, run: Run, tmp_path: Path, liar: Liar) -> None:
    output = tmp_path / "rows.parquet"
    output.write_text("what was there before")
    partial = tmp_path / "rows.parquet.partial"
    reached, interrupted = threading.Event(), threading.Event()

    def stall(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any] | None:
        if request["method"] != "eth_getLogs":
            return None
        asked = request["params"][0]
        if asked["fromBlock"] != asked["toBlock"]:
            error = {"code": -32602, "message": "one block a request"}
            return {"jsonrpc": "2.0", "id": answer["id"], "error": error}
        if int(asked["fromBlock"], 16) > history.first + 1:
            reached.set()
            interrupted.wait(60)
        return None

    liar.alter = stall
    command = [sys.executable, "-m", "dcai", "dataset", history.framework.trainer.address, "--rpc", liar.url]
    arguments = ["--from-block", str(history.first), "--to-block", str(history.last), "--output", str(output)]
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert reached.wait(60)
        process.send_signal(signal.SIGINT)
        interrupted.set()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert f"progress is kept in {partial}; run the same command again to resume" in err
    assert output.read_text() == "what was there before"
    liar.alter = None
    shown = run("--output", output, "--to-block", history.last)
    assert shown.code == 0
    assert [row["key"] for row in read(output)] == [row["key"] for row in expected_rows(history)]
    assert [path.name for path in tmp_path.iterdir()] == [output.name]


def test_what_an_interrupted_run_has_read_is_not_asked_for_again(
    history: Chain, run: Run, tmp_path: Path, liar: Liar
) -> None:
    partial = tmp_path / "rows.parquet.partial"
    middle = history.first + 4
    trainer = history.framework.trainer.address
    chain.contributions(liar.url, trainer, history.first, middle, collected=partial).close()
    liar.requests.clear()
    shown = run("--output", tmp_path / "rows.parquet", "--to-block", "latest", url=liar.url)
    assert f"resumed:       at block {middle + 1}; earlier blocks were read before" in shown.out
    asked = [request["params"][0] for request in liar.requests if request["method"] == "eth_getLogs"]
    assert [(int(one["fromBlock"], 16), int(one["toBlock"], 16)) for one in asked] == [(middle + 1, history.last)]
    assert [row["key"] for row in read(tmp_path / "rows.parquet")] == [row["key"] for row in expected_rows(history)]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--output", "rows.npy"], 2, "cannot be written as npy; expected one of parquet"),
        (["--output", "rows"], 2, "cannot tell the format from the file name"),
        (["--output", "nowhere/rows.csv"], 2, "the folder nowhere does not exist"),
        (["--output", "rows.csv", "--to-block", "newest"], 2, "to_block is 'newest'"),
        (["--output", "rows.csv", "--to-block", "0"], 2, "from_block is"),
        (["--output", "rows.csv", "--chain-id", "1"], 3, "expected chain 1"),
    ],
)
def test_what_goes_wrong(run: Run, tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    shown = run(*arguments)
    assert (shown.code, shown.out) == (code, "")
    assert message in shown.err
    assert list(tmp_path.iterdir()) == []


def test_a_lie_writes_nothing(run: Run, tmp_path: Path, liar: Liar) -> None:
    liar.alter = in_result("eth_getLogs", lambda logs: logs[0].update(data="0x") if logs else None)
    output = tmp_path / "rows.parquet"
    shown = run("--output", output, "--to-block", "latest", url=liar.url)
    assert shown.code == 3
    assert "is not a well-formed AddData event" in shown.err
    assert not output.exists()


def test_an_address_that_is_no_trainer(history: Chain, run: Run, tmp_path: Path) -> None:
    shown = run("--output", tmp_path / "rows.csv", "--to-block", "latest", address=history.framework.mechanism.lower())
    assert shown.code == 3
    assert "whose classifier is" in shown.err
