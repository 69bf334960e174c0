"""The view functions of every model: all are known, and give what their contracts give, in range and just outside."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from dcai import artifacts
from dcai.errors import Revert
from dcai.evm import Evm
from dcai.evm.abi import Abi
from dcai.models import MODELS
from dcai.verify import functions
from dcai.verify.layer import VERIFY

#: Views that are not of a model: the owner, constants, and the structs whose members have getters of their own.
OTHERS = {"owner", "toFloat", "dataCountLimit", "UINT256_MAX", "classInfos"}


@pytest.mark.parametrize("name", MODELS)
def test_no_view_function_is_forgotten(name: str) -> None:
    abi = Abi(artifacts.load(name).abi)
    model = VERIFY[name].generator(Random(name)).start()
    views = {function.name for function in abi.functions if function.is_view}
    assert views - OTHERS == {"predict", *functions.reads(model)}
    for getter, each in functions.readers(model).items():
        assert len(abi.function(getter, each.num_args).inputs) == each.num_args


@pytest.mark.parametrize("name", MODELS)
def test_getters_give_what_the_contract_gives(name: str, engine: str) -> None:
    asked = refused = 0
    for number in range(8):
        model: Any = VERIFY[name].generator(Random(f"{name} {number}")).start()
        contract = Evm(engine).place(model)
        for getter, each in functions.readers(model).items():
            places = list(each.places(model))
            beyond = [(*place[:i], place[i] + 1, *place[i + 1 :]) for place in places for i in range(each.num_args)]
            for place in [*places, *beyond, (0,) * each.num_args]:
                if max(place, default=0) < 2**32:
                    results = [_result(contract.call, getter, *place), _result(each.read, model, *place)]
                    assert results[0] == results[1], (getter, place)
                    asked, refused = asked + 1, refused + isinstance(results[0], Revert)
    assert asked > 80
    assert refused > 5


def _result(function: Any, *args: Any) -> Any:
    try:
        return function(*args)
    except Revert as revert:
        return revert
