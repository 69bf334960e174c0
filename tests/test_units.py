"""One grammar of amounts and durations."""

import click
import pytest
from click.testing import CliRunner

from dcai.cli._shared.values import SECONDS
from dcai.errors import InputError
from dcai.units import duration_s, ether_text, seconds, wei


@pytest.mark.parametrize(
    ("text", "expected"), [("50 finney", 5 * 10**16), ("0.05 ether", 5 * 10**16), (7, 7), ("1_000 gwei", 10**12)]
)
def test_amounts(text: str | int, expected: int) -> None:
    assert wei(text) == expected


@pytest.mark.parametrize("text", ["-1", "1 dollar", "", "0.1 wei", "1e18", None, True, -1, 1.5])
def test_amounts_that_are_invalid(text: object) -> None:
    with pytest.raises(InputError):
        wei(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[("90s", 90), ("90", 90), (90, 90), ("15m", 900), ("10 min", 600), ("36h", 129_600), ("1.5 h", 5_400)],
        *[("7d", 604_800), ("9 days", 777_600), ("1 day", 86_400), ("2w", 1_209_600), (" 1 Week ", 604_800)],
    ],
)
def test_durations(text: str | int, expected: int) -> None:
    assert duration_s(text) == expected
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["-1s", "1 month", "", "s", "1h30", "0.3s", None, True, -1, 1.5])
def test_durations_that_are_invalid(text: object) -> None:
    with pytest.raises(InputError, match=r"^--wait is "):
        duration_s(text, "--wait")


def test_durations_need_be_no_whole_seconds_where_no_contract_takes_them() -> None:
    assert (seconds("0.3s"), seconds(1.5), seconds("0")) == (0.3, 1.5, 0)
    for value in ("0", 0, 0.0):
        with pytest.raises(InputError, match="must be more than 0 seconds"):
            seconds(value, positive=True)


def test_an_option_names_itself() -> None:
    @click.command()
    @click.option("--timeout", type=SECONDS)
    def command(timeout: float) -> None:
        click.echo(f"{timeout:g}")

    assert CliRunner().invoke(command, ["--timeout", "5m"]).output == "300\n"
    shown = CliRunner().invoke(command, ["--timeout", "soon"])
    assert shown.exit_code == 2
    assert "--timeout is 'soon'; it must be a number of seconds" in shown.output


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0 ether"), (10**18, "1 ether"), (15 * 10**17 + 1, "1.500000000000000001 ether")]
)
def test_amounts_in_ether(amount: int, text: str) -> None:
    assert ether_text(amount) == text
