"""``dcai verify differential --address``: a contract on a node, forked by its code and storage."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

import dcai
from dcai import artifacts
from dcai.cli.verify.differential import differential
from dcai.cli.verify.replay import replay
from dcai.evm.storage import expected_storage
from tests.support.models.faulty import wrong_scale
from tests.support.node.anvil import Anvil

MODEL = dcai.DensePerceptron([5 * 10**8, -3, 7, 2**79 - 1], 1, 10**7, classifications=["no", "yes"])


def run(node: Anvil, code: bytes, address: str, *args: str) -> Result:
    node.place(code, expected_storage(MODEL, node.account), address=address)
    words = ["--address", address, "--rpc", node.url, "--block", "latest", "--json", *args]
    return CliRunner().invoke(differential, words)


def test_our_contract_on_a_node(node: Anvil) -> None:
    address = "0x" + "d1" * 20
    shown = run(node, artifacts.load("DensePerceptron").deployed_bytecode, address, "--cases", "20")
    assert shown.exit_code == 0, shown.output
    (section,) = json.loads(shown.stdout)["sections"]
    assert section["title"].lower() == address
    assert section["facts"]["storage"] == "proven"
    assert section["facts"]["layout"] == "dcai:DensePerceptron, by code hash"
    assert section["facts"]["steps compared"] == 400
    assert section["facts"]["steps whose gas was compared"] > 200


def test_a_contract_with_a_fault_on_a_node(node: Anvil, tmp_path: Path) -> None:
    code = wrong_scale().deployed_bytecode
    args = ("--layout", "dcai:DensePerceptron", "--case-dir", str(tmp_path))
    shown = run(node, code, "0x" + "d2" * 20, *args)
    assert shown.exit_code == 1, shown.output
    (section,) = json.loads(shown.stdout)["sections"]
    assert "weights[0] differs" in section["findings"][0]["what"]
    assert not any(row[0] == "constructor" for row in section["tables"][0]["rows"])
    (case,) = tmp_path.iterdir()
    fields = json.loads(case.read_text())
    assert fields["owner"].lower() == node.account.lower()
    assert CliRunner().invoke(replay, [str(case)]).exit_code == 1
