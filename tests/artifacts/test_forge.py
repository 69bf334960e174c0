"""The invariant tests of the contracts run on what is shipped: how forge is set up for that."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from dcai import artifacts

CONTRACTS = Path(__file__).parents[2] / "contracts"


@pytest.fixture(scope="module")
def profiles() -> dict[str, Any]:
    loaded: dict[str, Any] = tomllib.loads((CONTRACTS / "foundry.toml").read_text("utf-8"))["profile"]
    return loaded


@pytest.mark.parametrize("name", ["CollaborativeTrainer64", "PredictionMarket", "Stakeable64"])
def test_the_evm_of_forge_has_the_rules_that_the_artifacts_are_compiled_for(
    profiles: dict[str, Any], name: str
) -> None:
    assert profiles["default"]["evm_version"] == artifacts.load(name).compiler["settings"]["evmVersion"]


def test_forge_downloads_no_compiler(profiles: dict[str, Any]) -> None:
    assert profiles["default"]["offline"] is True
    assert (CONTRACTS / profiles["default"]["solc"]).is_file()


def test_a_revert_of_a_handler_is_a_failure_in_each_profile(profiles: dict[str, Any]) -> None:
    assert profiles["default"]["invariant"]["fail_on_revert"] is True
    assert not any("fail_on_revert" in profiles[name]["invariant"] for name in ("ci", "deep"))


def test_a_campaign_makes_at_least_100_000_calls(profiles: dict[str, Any]) -> None:
    invariant = profiles["default"]["invariant"] | profiles["ci"]["invariant"]
    assert invariant["runs"] >= 1_000
    assert invariant["depth"] >= 100
