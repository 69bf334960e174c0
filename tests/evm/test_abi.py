from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dcai import artifacts
from dcai.errors import ArtifactError, InputError, InputTypeError, Revert
from dcai.evm.abi import Abi, ErrorDecoder, decode, encode
from dcai.evm.hashing import keccak

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def word(number: int) -> bytes:
    return (number % 2**256).to_bytes(32, "big")


def test_selectors_are_those_of_the_compiler() -> None:
    artifact = artifacts.load("SparsePerceptron")
    update = Abi(artifact.abi).function("update", 2)
    assert update.signature == "update(int64[],uint64)"
    assert update.selector == keccak(b"update(int64[],uint64)")[:4]


def test_calldata_by_hand() -> None:
    update = Abi(artifacts.load("DensePerceptron").abi).function("update", 2)
    expected = update.selector + word(64) + word(1) + word(2) + word(-5) + word(7)
    for data in (
        [-5, 7],
        (-5, 7),
        np.array([-5, 7]),
        np.array([-5, 7], dtype=np.int8),
        [np.int64(-5), 7],
        iter([-5, 7]),
    ):
        assert update.encode((data, 1)) == expected
    assert update.encode((np.array([-5, 7], dtype=object), np.uint64(1))) == expected


@pytest.mark.parametrize(
    ("abi_type", "value"),
    [
        ("int80", -(2**79)),
        ("int80", 2**79 - 1),
        ("uint256", 2**256 - 1),
        ("bool", True),
        ("string", "grüße, über 31 Bytes lang, nicht wahr?"),
        ("bytes", b"\x00\xff"),
        ("bytes4", b"\x01\x02\x03\x04"),
        ("address", ADDRESS),
        ("address[]", (ADDRESS, "0x" + "00" * 20)),
        ("uint64[][][]", (((1, 2), (3, 4)), ())),
        ("int64[2]", (-1, 1)),
        ("(uint64,(bool,string)[])", (5, ((True, "a"), (False, "")))),
    ],
)
def test_values_come_back(abi_type: str, value: Any) -> None:
    assert decode((("x", abi_type),), encode((("x", abi_type),), (value,), "f"), "f") == (value,)


@pytest.mark.parametrize(
    ("abi_type", "value", "error", "message"),
    [
        (
            "int64[]",
            [0, 2**63],
            InputError,
            r"argument 0 \(int64\[\] x\), element 1, is 9223372036854775808; .* from -2\^63 to 2\^63 - 1",
        ),
        ("int64[]", [0.5], InputTypeError, r"element 0, is 0.5; it must be an integer .* first scaled by 10\^9"),
        ("int64[]", np.array([0.5]), InputTypeError, r"element 0, is 0.5"),
        ("int64[]", [True], InputTypeError, r"element 0, is True"),
        ("int64[]", "12", InputTypeError, r"\(int64\[\] x\) is '12'; it must be a sequence of int64"),
        ("int64[]", 5, InputTypeError, r"is 5; it must be a sequence of int64"),
        ("int64[]", None, InputTypeError, r"is None; it must be a sequence"),
        ("int64[][]", [[1], 2], InputTypeError, r"element 1, is 2; it must be a sequence of int64"),
        ("int64[][]", [[1], [2**63]], InputError, r"\(int64\[\]\[\] x\), element 1, element 0, is"),
        ("uint64", -1, InputError, r"is -1; it must be an integer from 0 to 2\^64 - 1"),
        ("uint64", "1", InputTypeError, r"is '1'"),
        ("int64[2]", [1], InputError, r"has 1 elements; it must have 2"),
        ("bool", 1, InputTypeError, r"is 1; it must be True or False"),
        ("string", b"a", InputTypeError, r"is b'a'; it must be text"),
        ("bytes", "a", InputTypeError, r"is 'a'; it must be bytes"),
        ("bytes4", b"a", InputError, r"has 1 bytes; it must have 4"),
        ("address", ADDRESS[:-1] + "D", InputError, r"whose checksum is wrong"),
        ("(uint64,bool)", (1,), InputError, r"has 1 members; it must have 2: \(uint64,bool\)"),
        ("(uint64,bool)", (1, 2), InputTypeError, r"member 1, is 2"),
    ],
)
def test_a_bad_argument_is_named_with_what_would_do(
    abi_type: str, value: Any, error: type[InputError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        encode((("x", abi_type),), (value,), "train")
    assert str(caught.value).startswith("train: argument 0 ")
    assert type(caught.value) is error


def test_a_wrong_number_of_arguments_is_refused_with_the_right_ones() -> None:
    update = Abi(artifacts.load("DensePerceptron").abi).function("update", 1)
    with pytest.raises(InputError, match=r"update: got 1 arguments; expected 2: int64\[\] data, uint64 classification"):
        update.encode(([1],))


def test_an_unknown_function_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"no function 'train'; it has .*predict, .*update"):
        Abi(artifacts.load("DensePerceptron").abi).function("train", 2)


def test_overloads_are_told_apart_by_their_number_of_arguments() -> None:
    def overload(*types: str) -> dict[str, Any]:
        return {"type": "function", "name": "f", "inputs": [{"name": "", "type": t} for t in types], "outputs": []}

    abi = Abi([overload("uint8"), overload("uint8", "uint8"), overload("bool", "bool")])
    assert abi.function("f", 1).signature == "f(uint8)"
    with pytest.raises(
        InputError, match=r"2 arguments do not select one overload of 'f'; expected one of f\(uint8\), "
    ):
        abi.function("f", 2)


def test_output_of_another_contract_is_refused() -> None:
    predict = Abi(artifacts.load("DensePerceptron").abi).function("predict", 1)
    with pytest.raises(ArtifactError, match=r"predict: 3 bytes of output are not \(uint64\)"):
        predict.decode(b"abc")
    with pytest.raises(ArtifactError, match="another contract"):
        predict.decode(word(2**64))


def test_errors_are_learned() -> None:
    errors = ErrorDecoder()
    payload = keccak(b"NotTwoClasses(uint256)")[:4] + word(3)
    assert errors.decode(payload) == Revert("0x" + payload[:4].hex(), (word(3),))
    errors.learn(Abi(artifacts.load("DensePerceptron").abi).errors.values())
    assert errors.decode(payload) == Revert("NotTwoClasses", (3,))
    owner = keccak(b"OwnableUnauthorizedAccount(address)")[:4] + word(int(ADDRESS, 16))
    assert errors.decode(owner) == Revert("OwnableUnauthorizedAccount", (ADDRESS,))


def test_events_are_decoded_indexed_or_not() -> None:
    abi = Abi(artifacts.load("NearestCentroidClassifier").abi)
    topic = int.from_bytes(keccak(b"OwnershipTransferred(address,address)"), "big")
    event = abi.event((topic, 0, int(ADDRESS, 16)), b"")
    assert event is not None
    assert (event.name, event.args) == (
        "OwnershipTransferred",
        {"previousOwner": "0x" + "00" * 20, "newOwner": ADDRESS},
    )
    assert abi.event((1,), b"") is None
    assert abi.event((), b"") is None
