"""The hash of a header, beside py-evm's headers of each fork and the genesis block of Ethereum."""

from __future__ import annotations

from typing import Any

import pytest
from eth.rlp.headers import BlockHeader
from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth.vm.forks.london.blocks import LondonBlockHeader
from eth.vm.forks.prague.blocks import PragueBlockHeader
from eth.vm.forks.shanghai.blocks import ShanghaiBlockHeader

from dcai.chain.rpc.fields import AnswerFields
from dcai.chain.rpc.header import read_header
from dcai.errors import ProofError, ResponseError

HEADERS = [BlockHeader, LondonBlockHeader, ShanghaiBlockHeader, CancunBlockHeader, PragueBlockHeader]
#: py-evm's names of the fields of JSON-RPC.
NAMES = {
    "parentHash": "parent_hash",
    "sha3Uncles": "uncles_hash",
    "miner": "coinbase",
    "stateRoot": "state_root",
    "transactionsRoot": "transaction_root",
    "receiptsRoot": "receipt_root",
    "logsBloom": "bloom",
    "difficulty": "difficulty",
    "number": "block_number",
    "gasLimit": "gas_limit",
    "gasUsed": "gas_used",
    "timestamp": "timestamp",
    "extraData": "extra_data",
    "mixHash": "mix_hash",
    "nonce": "nonce",
    "baseFeePerGas": "base_fee_per_gas",
    "withdrawalsRoot": "withdrawals_root",
    "blobGasUsed": "blob_gas_used",
    "excessBlobGas": "excess_blob_gas",
    "parentBeaconBlockRoot": "parent_beacon_block_root",
    "requestsHash": "requests_hash",
}


def to_json(header: Any) -> dict[str, Any]:
    fields = {name: getattr(header, attribute, None) for name, attribute in NAMES.items()}
    fields["logsBloom"] = header.bloom.to_bytes(256, "big")
    texts = {k: f"0x{v.hex()}" if isinstance(v, bytes) else hex(v) for k, v in fields.items() if v is not None}
    return {**texts, "hash": f"0x{header.hash.hex()}"}


def new_header(kind: Any) -> Any:
    values: dict[str, Any] = {
        "difficulty": 0,
        "block_number": 2**40,
        "gas_limit": 60_000_000,
        "gas_used": 123,
        "timestamp": 2**31,
        "extra_data": b"who made it",
        "bloom": 1 << 2047 | 1,
        "state_root": b"\x01" * 32,
        "coinbase": b"\x00" * 19 + b"\x02",
        "base_fee_per_gas": 7,
        "withdrawals_root": b"\x03" * 32,
        "blob_gas_used": 131_072,
        "excess_blob_gas": 0,
        "parent_beacon_block_root": b"\x04" * 32,
        "requests_hash": b"\x05" * 32,
    }
    known = {name for name, _ in kind._meta.fields}
    return kind(**{name: value for name, value in values.items() if name in known})


@pytest.mark.parametrize("kind", HEADERS)
def test_the_hash_is_that_of_py_evm(kind: Any) -> None:
    expected = new_header(kind)
    header = read_header(AnswerFields("eth_getBlockByNumber", to_json(expected)), verify=True)
    assert header.hash == expected.hash
    assert (header.number, header.timestamp) == (2**40, 2**31)
    assert header.state_root == b"\x01" * 32


@pytest.mark.parametrize("name", NAMES)
def test_each_field_is_in_the_hash(name: str) -> None:
    fields = to_json(new_header(PragueBlockHeader))
    text = fields[name]
    fields[name] = text[:-1] + ("1" if text[-1] != "1" else "2")
    with pytest.raises(ProofError, match="does not hash to"):
        read_header(AnswerFields("eth_getBlockByNumber", fields), verify=True)


def test_the_genesis_block() -> None:
    """All of it is public knowledge."""
    empty = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
    fields = {
        "parentHash": "0x" + "00" * 32,
        "sha3Uncles": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
        "miner": "0x" + "00" * 20,
        "stateRoot": "0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544",
        "transactionsRoot": empty,
        "receiptsRoot": empty,
        "logsBloom": "0x" + "00" * 256,
        "difficulty": "0x400000000",
        "number": "0x0",
        "gasLimit": "0x1388",
        "gasUsed": "0x0",
        "timestamp": "0x0",
        "extraData": "0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa",
        "mixHash": "0x" + "00" * 32,
        "nonce": "0x0000000000000042",
        "hash": "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
    }
    assert read_header(AnswerFields("eth_getBlockByNumber", fields), verify=True).number == 0


def test_a_gap_between_the_forks() -> None:
    fields = to_json(new_header(PragueBlockHeader))
    del fields["withdrawalsRoot"]
    with pytest.raises(ResponseError, match="no 'withdrawalsRoot' before it"):
        read_header(AnswerFields("eth_getBlockByNumber", fields), verify=True)
