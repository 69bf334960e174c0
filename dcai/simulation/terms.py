"""Terms that the provider of a simulated prediction market sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dcai.errors import InputError
from dcai.incentives import Terms
from dcai.units import DAY_S, FINNEY

__all__ = ["MarketTerms"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketTerms:
    """Terms of a prediction market.

    Attributes
    ----------
    bounty_wei : int
        Bounty: all money of the provider, in wei.
    rounds : int
        In how many rounds the bounty is paid.
    min_stake_wei : int
        The least deposit for a sample.
    num_test : int
        Samples of the provider's test set: the training samples after those that are contributed.
    num_pieces : int
        In how many pieces it is committed to. One is shown before the market opens, and scores nothing.
    step_units : int
        The most units of work in a transaction; 0 for a whole replay and its settlement in each.
    step_every_s : int
        Time from one such transaction to the next, in seconds.
    participation_time_s : int
        When the market closes with fewer contributions than were to come, in seconds.

    Raises
    ------
    InputError
        A number is out of range.
    """

    bounty_wei: int
    rounds: int = 1000
    min_stake_wei: int = FINNEY // 2
    num_test: int
    num_pieces: int
    step_units: int = 0
    step_every_s: int = 3600
    participation_time_s: int = 365 * DAY_S

    def __post_init__(self) -> None:
        for name in ("bounty_wei", "rounds", "min_stake_wei", "step_every_s", "participation_time_s"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} of the market is {getattr(self, name)}; it must be at least 1")
        if not 2 <= self.num_pieces <= self.num_test:
            raise InputError(
                f"a test set of {self.num_test} samples cannot be cut into {self.num_pieces} pieces; "
                f"there must be 2 or more, and a sample in each"
            )
        if self.bounty_wei < self.rounds * self.num_test:
            raise InputError(f"a bounty of {self.bounty_wei} wei is less than a wei for each round and test sample")

    def on_chain(self, max_contributions: int) -> Terms:
        """Return the terms in the contract's form, for a number of contributions."""
        return Terms(
            min_stake=self.min_stake_wei,
            rounds=self.rounds,
            max_contributions=max_contributions,
            commit_time_s=DAY_S,
            participation_time_s=self.participation_time_s,
            reveal_time_s=7 * DAY_S,
            idle_time_s=max(7 * DAY_S, 2 * self.step_every_s),
            any_address_claim_wait_time_s=30 * DAY_S,
        )

    @classmethod
    def from_json(cls, fields: dict[str, Any] | None) -> MarketTerms | None:
        """Build terms from the output of ``dataclasses.asdict``."""
        return None if fields is None else cls(**fields)
