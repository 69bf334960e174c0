"""The comparison itself: it passes where twins agree, and names what differs where they do not."""

from dataclasses import replace

import pytest

import dcai
from dcai import artifacts
from dcai.errors import NotEqual, Revert
from dcai.verify import Differential, Step
from tests.support.engines import new_chain

#: Each test runs on every engine.
pytestmark = pytest.mark.usefixtures("engine")

LEARNING_RATE = 10**9
ONE = [600_000_000, -800_000_000]


def dense() -> dcai.DensePerceptron:
    return dcai.DensePerceptron([0, 5], 0, LEARNING_RATE)


def twins(model: dcai.Classifier) -> Differential:
    return Differential(new_chain().deploy(model), model)


def test_twins_that_agree() -> None:
    run = twins(dense())
    run.compare_storage()
    assert run.predict(ONE).value == 0
    learned = run.update(ONE, 1)
    assert learned.value is True
    assert learned.receipt is not None
    assert learned.receipt.success
    assert run.update(ONE, 1).value is False
    refused = run.update([1, 1], 1)
    assert refused.value == Revert("NotNormalized", (2,))
    assert refused.receipt is not None
    assert refused.receipt.gas_used > 21_000
    assert run.predict([1]).value == Revert("DimensionMismatch", (2, 1))
    assert [step.op for step in run.steps] == ["predict", "update", "update", "update", "predict"]
    assert run.initial == dense()
    assert run.model.weights.tolist() == [600_000_000, -799_999_995]  # type: ignore[attr-defined]  # a DensePerceptron


def test_a_state_that_differs_from_the_start() -> None:
    contract = new_chain().deploy(dense())
    run = Differential(contract, dcai.DensePerceptron([1, 5], 0, LEARNING_RATE))
    with pytest.raises(NotEqual, match=r"step 0: weights\[0\] differs") as caught:
        run.compare_storage()
    assert (caught.value.expected, caught.value.actual) == (0, 1)


def test_a_label_that_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    run = twins(dense())
    monkeypatch.setattr(run.model.__class__, "predict", lambda _self, _data: 1)
    run.update(ONE, 0)
    with pytest.raises(NotEqual) as caught:
        run.predict(ONE)
    assert (caught.value.step, caught.value.field, caught.value.expected, caught.value.actual) == (1, "label", 0, 1)
    assert run.steps[-1] == Step("predict", tuple(ONE))


def test_a_changed_flag_that_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    run = twins(dense())
    monkeypatch.setattr(run.model.__class__, "update", lambda _self, _data, _label: True)
    with pytest.raises(NotEqual) as caught:
        run.update(ONE, 0)
    assert (caught.value.field, caught.value.expected, caught.value.actual) == ("changed", False, True)


def test_an_error_that_differs_in_an_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    run = twins(dense())

    def refuse(_self: object, _data: object, _label: object) -> bool:
        raise Revert("NotNormalized", (3,))

    monkeypatch.setattr(run.model.__class__, "update", refuse)
    with pytest.raises(NotEqual) as caught:
        run.update([1, 1], 0)
    assert caught.value.field == "error"
    assert (caught.value.expected, caught.value.actual) == (
        Revert("NotNormalized", (2,)),
        Revert("NotNormalized", (3,)),
    )


def test_a_contract_that_breaks_is_a_difference() -> None:
    model = dense()
    chain = new_chain()
    contract = chain.place(model)
    owner_only = chain.storage(contract.address)
    run = Differential(contract, model)
    # 0xfe is the designated invalid opcode.
    chain.set_account(contract.address, code=b"\xfe", storage=owner_only)
    with pytest.raises(NotEqual, match="error differs") as caught:
        run.predict(ONE)
    assert "nvalid" in str(caught.value.expected)


def test_a_contract_with_one_wrong_constant_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scale in the runtime code, 10^9, becomes 10^9 + 1: steps are rounded differently."""
    right = artifacts.load("DensePerceptron")
    wrong = right.deployed_bytecode.replace(bytes.fromhex("633b9aca00"), bytes.fromhex("633b9aca01"))
    assert wrong != right.deployed_bytecode
    monkeypatch.setattr(artifacts, "load", lambda name: replace(right, name=name, deployed_bytecode=wrong))
    model = dense()
    run = Differential(new_chain().place(model), model)
    run.compare_storage()
    with pytest.raises(NotEqual, match=r"weights\[0\] differs"):
        run.update(ONE, 1)


@pytest.mark.parametrize(
    ("data", "label"), [([0.6, 0.8], 1), (ONE, 1.9), (ONE, -1), ([2**63, 0], 1), (["1", 0], 1), (ONE, 2**64)]
)
def test_what_no_contract_takes_is_no_step(data: list[int], label: int) -> None:
    run = twins(dense())
    with pytest.raises(dcai.InputError):
        run.update(data, label)
    assert run.steps == []
