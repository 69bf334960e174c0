"""The committed snapshot of gas: what the contracts use, to the unit, on every engine."""

import json
from pathlib import Path
from typing import Any

import pytest

from dcai import InputError, Revert
from dcai.evm import Evm
from dcai.gas.layer import GAS
from dcai.gas.measuring.snapshot import GasChange, Key, Tolerance, beyond, changes, read, take, text_of
from dcai.gas.reports.snapshot import changes_report
from dcai.models import MODELS

COMMITTED = Path(__file__).parent / "snapshot.json"


def test_the_contracts_use_the_gas_of_the_committed_snapshot(engine: str) -> None:
    committed = read(COMMITTED)
    forks = [fork for fork in sorted({key.fork for key in committed}) if knows(engine, fork)]
    expected = {key: gas for key, gas in committed.items() if key.fork in forks}
    assert changes(expected, dict(take(engine, forks))) == []
    assert "prague" in forks


def knows(engine: str, fork: str) -> bool:
    try:
        Evm(engine, fork)
    except InputError:
        return False
    return True


def test_the_committed_file_is_as_it_is_written() -> None:
    text = COMMITTED.read_text(encoding="utf-8")
    assert text_of(read(COMMITTED)) == text
    nested = json.loads(text)
    assert list(nested) == ["cancun", "osaka", "prague"]
    assert all(list(contracts) == sorted(MODELS) for contracts in nested.values())


@pytest.mark.parametrize("name", MODELS)
def test_each_row_is_what_its_name_says(name: str) -> None:
    case, has_mistakes = GAS[name].snapshot(), MODELS[name].spec.has_mistakes
    contract = Evm("revm").deploy(case.model)
    assert contract.model() == case.model
    for row, (sample, label) in case.contributions.items():
        before = contract.storage()
        if "refused" in row:
            with pytest.raises(Revert) as caught:
                contract.update(sample, label)
            assert caught.value.name == row.rpartition(": ")[2]
            assert contract.storage() == before
            continue
        right = contract.predict(sample) == label
        receipt = contract.update(sample, label)
        first = bool(contract.storage().keys() - before.keys())
        assert ("correct" in row or "mistake" in row) is has_mistakes
        assert right is ("correct" in row) or not has_mistakes
        assert first is ("first" in row)
        assert (receipt.refund > 0) is ("refund" in row)


# -- changes --------------------------------------------------------------------------------------------------------- #


def key(name: str) -> Key:
    return Key("prague", "Contract", name)


def test_changes_are_all_rows_that_differ_in_order() -> None:
    before = {key("same"): 5, key("more"): 100, key("gone"): 7}
    after = {key("same"): 5, key("more"): 103, key("born"): 9}
    found = changes(before, after)
    assert found == [
        GasChange(key("born"), None, 9),
        GasChange(key("gone"), 7, None),
        GasChange(key("more"), 100, 103),
    ]
    assert [change.percent for change in found] == [None, None, 3.0]
    lines = [line.split() for line in changes_report(found).as_text().splitlines()]
    assert lines[1:] == [
        ["prague", "Contract", "born", "-", "9", "new"],
        ["prague", "Contract", "gone", "7", "-", "missing"],
        ["prague", "Contract", "more", "100", "103", "+3", "+3.00%"],
    ]


@pytest.mark.parametrize(
    ("tolerance", "before", "after", "allowed"),
    [
        ("0%", 100, 101, False),
        ("0", 100, 99, False),
        ("1%", 100, 101, True),
        ("1%", 100, 99, True),
        ("1%", 100, 102, False),
        ("1%", 99, 100, False),  # 1.0101 percent
        ("0.1%", 1000, 1001, True),
        ("0.1%", 999, 1000, False),
        ("3", 100, 103, True),
        ("3", 100, 97, True),
        ("3", 100, 104, False),
    ],
)
def test_a_tolerance_is_gas_or_percent_up_and_down(tolerance: str, before: int, after: int, allowed: bool) -> None:
    parsed = Tolerance.parse(tolerance)
    change = GasChange(key("row"), before, after)
    assert parsed.allows(before, after) is allowed
    assert beyond([change], parsed) == ([] if allowed else [change])


def test_no_tolerance_allows_missing_and_new_rows() -> None:
    found = [GasChange(key("a"), None, 9), GasChange(key("b"), 9, None)]
    assert beyond(found, Tolerance.parse("100%")) == found


@pytest.mark.parametrize("text", ["", "%", "-1", "1.5", "1 %5", "ten", "1e3", "٣"])
def test_other_tolerances_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"200, or a share such as 1\.5%"):
        Tolerance.parse(text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[]", r"is \[\]; expected a JSON object"),
        ("{}", "no rows"),
        ({"prague": 5}, "prague is 5"),
        ({"prague": {"Contract": []}}, r"prague: Contract is \[\]"),
        ({"prague": {"Contract": {"row": 1.5}}}, "row is 1.5; expected gas"),
        ({"prague": {"Contract": {"row": True}}}, "row is True"),
        ({"prague": {"Contract": {"row": 0}}}, "row is 0"),
    ],
)
def test_what_is_no_snapshot_is_refused(content: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read(path)
