"""One tree of errors: messages, equality, pickles."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

import dcai
from dcai import DcaiError, InputError, InputTypeError, NotEqual, Revert, errors

EXAMPLES: dict[str, tuple[Any, ...]] = {
    "DimensionMismatch": (3, 4),
    "UnknownClass": (2**256 - 1, 2),
    "NotNormalized": (10**18,),
    "NormNotDefined": (),
    "NegativeIndex": (0, -(2**255)),
    "IndexTooLarge": (5, 2**64, 2**64),
    "NotStrictlyIncreasing": (1, 7, 7),
    "DuplicateFeature": (1, 7),
    "MalformedPair": (0, 3),
    "NoClasses": (),
    "NoFeatureCounts": (1,),
    "NotTwoClasses": (3,),
    "CountTooLarge": (2**191, 2**191),
    "SafeCastOverflowedIntDowncast": (80, 2**79),
    "SafeCastOverflowedUintDowncast": (64, 2**64),
    "OwnableUnauthorizedAccount": ("0x" + "00" * 20,),
    "Panic": (0x32,),
}


def test_the_tree() -> None:
    assert issubclass(InputError, DcaiError)
    assert issubclass(InputError, ValueError)
    assert issubclass(InputTypeError, InputError)
    assert issubclass(InputTypeError, TypeError)
    for name in errors.__all__:
        kind = getattr(errors, name)
        assert issubclass(kind, DcaiError)
        assert kind.__doc__
    assert not issubclass(Revert, ValueError)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_contract_error_says_what_it_means(name: str) -> None:
    args = EXAMPLES[name]
    revert = Revert(name, args)
    assert str(revert).startswith(f"{name}({', '.join(map(str, args))}): ")
    for arg in args:
        assert str(arg) in str(revert)
    assert not re.search(r"[{}]", str(revert))
    assert repr(revert) == f"Revert({name!r}, {args!r})"
    assert str(Revert(name, args, row=7)) == f"row 7: {revert}"


def test_errors_of_the_contracts_are_known() -> None:
    source = Path(__file__).parents[1] / "contracts" / "src" / "interfaces" / "Errors.sol"
    if source.is_file():
        declared = dict(re.findall(r"^\s*error (\w+)\(([^)]*)\)", source.read_text(encoding="utf-8"), re.MULTILINE))
        assert declared
        for name, parameters in declared.items():
            assert len(EXAMPLES[name]) == len([p for p in parameters.split(",") if p.strip()])


def test_reverts_are_equal_by_name_and_arguments() -> None:
    one = Revert("UnknownClass", [2, 2], row=1)
    other = Revert("UnknownClass", (2, 2))
    other.receipt = object()
    assert one == other
    assert hash(one) == hash(other)
    assert one.args == (2, 2)
    for different in (Revert("UnknownClass", (3, 2)), Revert("Panic", (2, 2)), Revert("UnknownClass"), None, "x"):
        assert one != different
    assert len({one, other, Revert("NoClasses")}) == 2


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_copies_of_errors(way: Any) -> None:
    revert = Revert("UnknownClass", (2, 2), row=3)
    revert.receipt = {"gas_used": 21000}
    twin = way(revert)
    assert (twin, twin.row, twin.receipt) == (revert, 3, {"gas_used": 21000})
    assert str(twin) == str(revert)
    for error in (
        NotEqual(3, "label", 1, 0),
        InputError("x is 5"),
        InputTypeError("x is None"),
        errors.MissingExtraError("the EVM", "evm"),
        errors.EvmError("out of gas"),
    ):
        twin = way(error)
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)


def test_other_reverts_have_a_text() -> None:
    assert str(Revert("")) == "revert()"
    assert str(Revert("Error", ("out of luck",))) == "Error(out of luck)"
    assert str(Revert("SomebodyElses", (1, "a"))) == "SomebodyElses(1, a)"
    # Another contract may declare an error of a known name with other arguments.
    assert str(Revert("DimensionMismatch", (1,))).startswith("DimensionMismatch(1)")
    assert str(Revert("Panic", ("text",))).startswith("Panic(text)")


def test_not_equal_says_where() -> None:
    error = NotEqual(3, "label", 1, 0)
    assert (error.step, error.field, error.expected, error.actual) == (3, "label", 1, 0)
    assert all(part in str(error) for part in ("3", "label", "1", "0"))


def test_missing_extra_says_what_to_install() -> None:
    error = errors.MissingExtraError("the EVM", "evm")
    assert "pip install 'dcai[evm]'" in str(error)
    assert isinstance(error, ImportError)


def test_kernels_raise_these_very_classes() -> None:
    with pytest.raises(Revert) as caught:
        dcai.DensePerceptron([1], 0, 0).predict([])
    assert type(caught.value) is Revert
    assert caught.value.row is None
    assert caught.value.receipt is None
    with pytest.raises(InputTypeError) as refused:
        dcai.DensePerceptron([0.5], 0, 0)  # type: ignore[list-item]  # the mistake under test
    assert type(refused.value) is InputTypeError
