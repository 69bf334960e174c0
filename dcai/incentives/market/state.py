"""State of a prediction market: terms, contributions and progress of the scoring."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from dcai.errors import InputError

__all__ = ["MAX_SAMPLE_LENGTH", "MarketContribution", "Phase", "Progress", "Stage", "Terms"]

#: The most features of a sample.
MAX_SAMPLE_LENGTH = 512


class Phase(IntEnum):
    """Phase of a market."""

    SETUP = 0
    COMMITMENT = 1
    PARTICIPATION = 2
    REVEAL = 3
    SCORING = 4
    ENDED = 5
    FORFEITED = 6


class Stage(IntEnum):
    """Kind of a unit of scoring work."""

    BASELINE = 0
    LEARN = 1
    EVALUATE = 2
    SETTLE = 3


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms that the provider sets; the contract's struct ``Terms``.

    Attributes
    ----------
    min_stake : int
        The least deposit for a sample, in wei; uint96, not 0.
    rounds : int
        In how many rounds the bounty is paid; uint64, not 0.
    max_contributions : int
        With so many samples participation closes; uint32, not 0.
    commit_time_s, participation_time_s, reveal_time_s, idle_time_s, any_address_claim_wait_time_s : int
        Seconds, uint32: for draw and reveal of the drawn piece; for contributions; for the other pieces; without a
        step before the market may be ended as it is; after the end before anybody may take what was not collected.

    Raises
    ------
    InputError
        A number does not fit its type.
    """

    min_stake: int
    rounds: int
    max_contributions: int
    commit_time_s: int
    participation_time_s: int
    reveal_time_s: int
    idle_time_s: int
    any_address_claim_wait_time_s: int

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            bits = {"min_stake": 96, "rounds": 64}.get(name, 32)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << bits:
                raise InputError(f"{name} is {value!r}; it must be an integer from 0 to 2^{bits} - 1")


@dataclass(slots=True)
class MarketContribution:
    """A sample that was contributed.

    Attributes
    ----------
    contributor : str
        Address of the contributor.
    balance : int
        Its stake as it stands, in wei; 0 once it is collected or lost.
    data : tuple of int
        The sample.
    classification : int
        Its label.
    score : int
        Change of the number of correct predictions, in the last replay.
    is_removed : bool
        Whether its stake ran out.
    """

    contributor: str
    balance: int
    data: tuple[int, ...]
    classification: int
    score: int = 0
    is_removed: bool = False


@dataclass(slots=True)
class Progress:
    """Progress of the scoring; the contract's struct ``Progress``.

    Attributes
    ----------
    stage : Stage
        Kind of the next unit of work.
    contribution : int
        Number of the next or evaluated contribution.
    test_sample : int
        Number of the next test sample.
    num_correct : int
        Number of correct predictions in this evaluation.
    previous_correct, initial_correct : int
        The result of the last evaluation, and that for the initial model.
    num_remaining : int
        Number of contributions that are not removed.
    rounds_left : int
        Number of rounds to settle.
    affordable : int
        Number of rounds that each contribution scored so far can pay.
    """

    stage: Stage = Stage.BASELINE
    contribution: int = 0
    test_sample: int = 0
    num_correct: int = 0
    previous_correct: int = 0
    initial_correct: int = 0
    num_remaining: int = 0
    rounds_left: int = 0
    affordable: int = 0
