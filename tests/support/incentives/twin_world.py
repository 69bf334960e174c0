"""A small world for the tests of the twins: three people, an owner, a trainer with a model of six features."""

from __future__ import annotations

from dataclasses import dataclass, field

from eth_account import Account

from dcai import SparsePerceptron
from dcai.incentives import (
    CollaborativeTrainer64,
    DataHandler64,
    IncentiveMechanism,
    Ledger,
    Points64,
    Stakeable64,
    contribution_digest,
)

DAY = 86_400
ETHER = 10**18
START = 1_600_000_000
WEIGHT = 10**12
#: The deposit one second after the last contribution.
FULL_COST = 3600 * WEIGHT
TRAINER = "0x" + "22" * 20
OWNER = "0x" + "11" * 20

#: Keys by name; the accounts are those that the keys sign for.
KEYS = {name: bytes([n]) * 32 for n, name in enumerate(("ann", "bob", "eve"), 1)}
PEOPLE: dict[str, str] = {name: Account.from_key(key).address for name, key in KEYS.items()}
ANN, BOB, EVE = PEOPLE.values()


def first_model() -> SparsePerceptron:
    """Says 1 where feature 1 is present without feature 0, and 0 where neither is."""
    return SparsePerceptron([-(10**9), 10**9, 0, 0, 0, 0], 0, 10**9)


@dataclass
class World:
    """The twins together."""

    ledger: Ledger = field(default_factory=lambda: Ledger(dict.fromkeys((*PEOPLE.values(), OWNER), ETHER), START))
    mechanism: IncentiveMechanism = field(init=False)
    handler: DataHandler64 = field(init=False)
    trainer: CollaborativeTrainer64 = field(init=False)

    def __post_init__(self) -> None:
        self.handler = DataHandler64(self.ledger)
        self.mechanism = self.make_mechanism()
        self.trainer = CollaborativeTrainer64(
            self.ledger, TRAINER, self.handler, self.mechanism, first_model(), owner=OWNER
        )

    def make_mechanism(self) -> IncentiveMechanism:
        return Stakeable64(self.ledger, DAY, 3 * DAY, 9 * DAY, WEIGHT)

    def wait(self, seconds: int) -> None:
        self.ledger.timestamp += seconds


class PointsWorld(World):
    """The same with points."""

    def make_mechanism(self) -> IncentiveMechanism:
        return Points64(self.ledger, DAY, 3 * DAY, 9 * DAY, (1, 3), ("bronze", "silver"))


def sign(world: World, who: str, data: list[int], label: int, nonce: int, deadline: int, max_deposit: int) -> bytes:
    """Sign a contribution with the digest of dcai; ``test_twin_sponsorship`` has that of eth_account."""
    digest = contribution_digest(world.trainer.domain, data, label, PEOPLE[who], nonce, deadline, max_deposit)
    return bytes(Account.unsafe_sign_hash(digest, KEYS[who]).signature)
