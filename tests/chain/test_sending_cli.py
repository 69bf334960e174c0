"""``dcai deploy``, ``contribute``, ``refund``, ``report``, ``market``: what is shown, asked, and never shown."""

from __future__ import annotations

import io
import json
import pickle
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dcai import chain
from dcai.cli import main
from dcai.errors import InputError
from dcai.models import DensePerceptron, SparsePerceptron
from tests.support.node import anvil
from tests.support.node.anvil import Anvil

#: Of the first accounts of anvil's public mnemonic.
KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
OTHER_KEY = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
ADDRESS, OTHER = (chain.KeyAccount(key).address for key in (KEY, OTHER_KEY))
DAY = 86_400


class Shown(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Shown]


@pytest.fixture
def node() -> Iterator[Anvil]:
    with anvil.running() as running:
        running.rpc("evm_setAutomine", True)
        yield running


@pytest.fixture
def run(node: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in a folder of its own; no output holds a key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DCAI_RPC_URL", node.url)
    monkeypatch.setenv("DCAI_PRIVATE_KEY", KEY)
    monkeypatch.setenv("OTHER_KEY", OTHER_KEY)
    SparsePerceptron([10**9, 0, -(10**9), 0], -1, 10**9).to_json(tmp_path / "model.json")

    def run_in(*args: Any) -> Shown:
        monkeypatch.setattr(sys, "argv", ["dcai", *map(str, args)])
        try:
            main()
            code = 0
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        shown = Shown(code, *capsys.readouterr())
        assert not any(key in text for key in (KEY, OTHER_KEY) for text in shown[1:])
        return shown

    return run_in


def wait(node: Anvil, seconds: int) -> None:
    node.rpc("evm_increaseTime", hex(seconds))
    node.mine()


def height(node: Anvil) -> int:
    return int(node.rpc("eth_blockNumber"), 16)


@pytest.fixture
def trainer(run: Run) -> str:
    Path("terms.toml").write_text("refund-wait = '1 day'\ncost-weight = '1 gwei'\nencoder = 'MurmurHash3'\n")
    shown = run("deploy", "model.json", "--output", "deployment.json", "--config", "terms.toml", "--yes")
    assert (shown.returncode, shown.stderr) == (0, "")
    report = json.loads(Path("deployment.json").read_text())
    assert f"predicted {report['gas_used']:,}" in shown.stdout
    assert report["contracts"]["incentiveMechanism"]["constructor"]["weight"] == 10**9
    assert report["contracts"]["trainer"]["constructor"]["dataEncoder"] == "MurmurHash3"
    address: str = report["contracts"]["trainer"]["address"]
    return address


def test_nothing_is_sent_without_a_yes(node: Anvil, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = run("deploy", "model.json", "--output", "deployment.json", "--dry-run")
    assert shown.returncode == 0
    assert "SparsePerceptron.constructor" in shown.stdout
    assert "CollaborativeTrainer64.constructor" in shown.stdout
    assert "nothing is sent" in shown.stdout
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run("deploy", "model.json", "--output", "deployment.json").returncode == 130
    assert height(node) == 0
    assert {path.name for path in Path().iterdir()} == {"model.json"}


def test_contributions_from_their_deposit_to_its_return(node: Anvil, run: Run, trainer: str) -> None:
    wait(node, 100)
    shown = run("contribute", trainer, "--sample", "0", "--label", 1, "--yes")
    assert shown.returncode == 0, shown
    assert "predicted: 1, as its label says" in shown.stdout
    assert shown.stdout.count("contribution 1: added at") == 1
    # Another signs text, and the first one pays.
    signed = run(
        *("contribute", trainer, "--text", "a good film", "--label", 1, "--max-deposit", "1 ether"),
        *("--sign", "signed.json", "--key-variable", "OTHER_KEY"),
    )
    assert signed.returncode == 0, signed
    assert run("contribute", trainer, "--sponsor", "signed.json", "--yes").returncode == 0
    assert run("contribute", trainer, "--sample", "2", "--label", 1, "--yes", "--from", OTHER).returncode == 0
    book = json.loads(Path("contributions.json").read_text())["contributions"]
    assert [(one["author"], one["sponsor"]) for one in book] == [(ADDRESS, None), (OTHER, ADDRESS), (OTHER, None)]
    assert book[1]["data"] == json.loads(Path("signed.json").read_text())["data"]

    early = run("refund", trainer, 1, "--yes")
    assert early.returncode == 2
    assert "TooEarly" in early.stderr
    wait(node, DAY)
    shown = run("refund", trainer, "--all", "--yes")
    assert shown.returncode == 0, shown
    assert "contribution 1: refunded" in shown.stdout
    assert "contribution 2: refunded" in shown.stdout
    assert "contribution 3" not in shown.stdout  # it is another's
    assert run("refund", trainer, "--all", "--yes").stdout == "no refund is due\n"


def test_reports(node: Anvil, run: Run, trainer: str) -> None:
    assert run("contribute", trainer, "--sample", "0", "--label", 1, "--yes").returncode == 0
    other = ("--yes", "--key-variable", "OTHER_KEY", "--book", "other.json")
    assert run("contribute", trainer, "--sample", "2", "--label", 1, *other).returncode == 0
    assert run("contribute", trainer, "--sample", "2", "--label", 0, "--yes").returncode == 0
    wait(node, DAY)
    assert run("refund", trainer, 1, "--yes").returncode == 0
    shown = run("report", trainer, "--all", "--yes")
    assert shown.returncode == 0, shown
    assert "reported, " in shown.stdout
    transaction = json.loads(Path("other.json").read_text())["contributions"][0]["transaction"]
    again = run("report", trainer, "--transaction", transaction, "--yes")
    assert again.returncode == 2
    assert "NothingToClaim" in again.stderr


def test_rows_of_files(node: Anvil, run: Run) -> None:
    DensePerceptron([10**9, 0], 0, 10**9).to_json("dense.json")
    Path("rows.csv").write_text("a,b,label\n0.6,0.8,1\n-0.6,0.8,0\n")
    assert run("deploy", "dense.json", "--output", "d.json", "--cost-weight", 0, "--yes").returncode == 0
    trainer = json.loads(Path("d.json").read_text())["contracts"]["trainer"]["address"]
    shown = run("contribute", trainer, "rows.csv", "--model", "dense.json", "--labels", "label", "--yes")
    assert shown.returncode == 0, shown
    book = json.loads(Path("contributions.json").read_text())["contributions"]
    assert [(one["data"], one["label"], one["status"]) for one in book] == [
        ([600_000_000, 800_000_000], 1, "added"),
        ([-600_000_000, 800_000_000], 0, "added"),
    ]


def test_a_market(node: Anvil, run: Run) -> None:
    Path("rows.csv").write_text("features,label\n3,1\n3,1\n3,1\n")
    options = ("--rounds", 5, "--participation-time", 200, "--min-stake", "1 finney")
    assert run("market", "deploy", "model.json", "--output", "m.json", "--yes", *options).returncode == 0
    address = json.loads(Path("m.json").read_text())["contracts"]["market"]["address"]
    columns = ("--model", "model.json", "--labels", "label", "--count", 3)
    shown = run("market", "pieces", "rows.csv", *columns, "--output", "pieces.json")
    assert shown.returncode == 0, shown
    assert [piece.data for piece in chain.load_pieces("pieces.json")] == [[[3]]] * 3

    def do(name: str, *args: Any) -> str:
        shown = run("market", name, address, *args, "--yes")
        assert shown.returncode == 0, shown
        return shown.stdout

    assert "Committed" in do("commit", "--pieces", "pieces.json", "--bounty", "1 ether")
    node.mine()
    node.mine()
    assert "PieceDrawn" in do("draw")
    assert do("reveal", "--pieces", "pieces.json").count("PieceRevealed") == 1
    assert "AddData" in do("contribute", "--sample", 3, "--label", 1, "--key-variable", "OTHER_KEY")
    assert "phase:         participation" in run("market", "status", address).stdout
    wait(node, 200)
    assert do("reveal", "--pieces", "pieces.json").count("PieceRevealed") == 2
    assert "MarketEnded" in do("step", "--all")
    assert f"amount {10**18 + 10**15}" in do("collect", "--key-variable", "OTHER_KEY")
    assert "phase:         ended" in run("market", "status", address).stdout
    refused = run("market", "commit", address, "--pieces", "pieces.json", "--bounty", 1, "--yes")
    assert refused.returncode == 2
    assert "WrongPhase" in refused.stderr


def test_keys_are_read_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, keystore = tmp_path / "key", tmp_path / "keystore.json"
    plain.write_text(f"0x{KEY}\n")
    from eth_account import Account  # noqa: PLC0415  # the test's own keystore

    keystore.write_text(json.dumps(Account.encrypt(bytes.fromhex(KEY), "secret", kdf="pbkdf2", iterations=2)))
    monkeypatch.setenv("A_KEY", KEY)
    for account in (
        chain.KeyAccount.from_file(plain),
        chain.KeyAccount.from_file(keystore, lambda: "secret"),
        chain.KeyAccount.from_environment("A_KEY"),
    ):
        assert account.address == ADDRESS
        assert KEY not in f"{account!r} {account} {vars(account)}"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(account)
    broken = f"{KEY[:-1]}g"
    refusals: list[Callable[[], Any]] = [
        lambda: chain.KeyAccount(broken),
        lambda: chain.KeyAccount(KEY + "00"),
        lambda: chain.KeyAccount("f" * 64),
        lambda: chain.KeyAccount.from_file(keystore, lambda: KEY),
    ]
    for make in refusals:
        with pytest.raises(InputError) as refused:
            make()
        text = "".join(traceback.format_exception(refused.value))
        assert not any(key in text for key in (KEY, broken, "f" * 64))


def test_the_account_is_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    both = run("deploy", "model.json", "--output", "d.json", "--from", ADDRESS, "--key-variable", "OTHER_KEY")
    assert both.returncode == 2
    monkeypatch.delenv("DCAI_PRIVATE_KEY")
    none = run("deploy", "model.json", "--output", "d.json")
    assert none.returncode == 2
    assert "DCAI_PRIVATE_KEY is not set" in none.stderr
