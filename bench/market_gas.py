"""What a prediction market on chain costs: ``python -m bench.market_gas``.

Runs a market of sparse Perceptron on revm under Osaka, with random samples of 1,000 words, and divides the gas of its
steps by their units. The second table adds up whole markets from that; a replay is needed at the start and after each
settlement that removed somebody. A unit of work must fit in a transaction of 2^24 gas, a test piece in another.
"""

from __future__ import annotations

import random
from dataclasses import astuple, dataclass

from dcai import artifacts
from dcai.evm import Contract, Evm
from dcai.incentives import Piece, Stage, Terms

WORDS = 1_000
LENGTHS = (10, 30, 93)
CONTRIBUTIONS = 24
TEST_SIZE = 60
#: Of the contributions of a replay, those that are mistakes: about what IMDB has.
MISTAKES = 0.3
REPLAYS = 5
GAS_LIMIT = 1 << 24
BLOCK = 60_000_000
MARKETS = ((10, 10), (30, 30), (100, 100), (300, 100), (1_000, 300), (8_000, 500))
ETHER = 10**18


@dataclass(frozen=True)
class Prices:
    """Gas by feature count: of a call, or of a unit of a step where many are taken at once."""

    length: int
    add_data: int
    reveal: int
    evaluate: int
    learn: int
    settle: int

    def market(self, contributions: int, test_size: int) -> int:
        """Return the gas of a whole market, without its deployment."""
        replay = contributions * (self.learn + MISTAKES * test_size * self.evaluate + self.settle)
        return int(contributions * self.add_data + test_size * (self.reveal + self.evaluate) + REPLAYS * replay)


def measure(length: int) -> Prices:
    """Measure with samples of so many words."""
    rng = random.Random(length)

    def sample() -> list[int]:
        return rng.sample(range(WORDS), length)

    evm = Evm("revm", "osaka")
    weights = [rng.randrange(-(10**9), 10**9) for _ in range(WORDS)]
    classifier = evm.create(artifacts.load("RestorableSparsePerceptron"), ["0", "1"], weights[:500], 0, 10**8)
    classifier.transact("initializeWeights", 500, weights[500:])
    terms = Terms(ETHER, 100, CONTRIBUTIONS, *[10**6] * 5)
    market = evm.create(artifacts.load("PredictionMarket"), classifier.address, astuple(terms))
    classifier.transact("transferOwnership", market.address)
    pieces = [
        Piece([sample() for _ in range(size)], [rng.randrange(2) for _ in range(size)], bytes(32))
        for size in (1, TEST_SIZE)
    ]
    market.transact("commit", [piece.hash() for piece in pieces], value=100 * ETHER)
    evm.block_number += 2
    market.transact("drawPiece")
    market.transact("revealPiece", 0, pieces[0].data, pieces[0].labels, pieces[0].salt)
    added = [market.transact("addData", sample(), rng.randrange(2), value=ETHER).gas_used for _ in range(CONTRIBUTIONS)]
    revealed = market.transact("revealPiece", 1, pieces[1].data, pieces[1].labels, pieces[1].salt).gas_used
    market.transact("step", TEST_SIZE)
    learn, evaluate = _replay(market)
    settled = market.transact("step", CONTRIBUTIONS).gas_used
    return Prices(
        length=length,
        add_data=sum(added) // len(added),
        reveal=revealed // TEST_SIZE,
        evaluate=evaluate,
        learn=learn,
        settle=settled // CONTRIBUTIONS,
    )


def _replay(market: Contract) -> tuple[int, int]:
    """Step through a replay; return the mean gas of a contribution learned, and of a test sample after one."""
    learned, evaluated = [], []
    while (stage := market.call("progress")[0]) != Stage.SETTLE:
        if stage == Stage.LEARN:
            learned.append(market.transact("step", 1).gas_used)
        else:
            evaluated.append(market.transact("step", TEST_SIZE).gas_used)
    return sum(learned) // len(learned), sum(evaluated) // (len(evaluated) * TEST_SIZE)


def main() -> None:
    """Print both tables."""
    prices = [measure(length) for length in LENGTHS]
    print("gas of                  " + "".join(f"{p.length:>12} words" for p in prices))
    for name, what in (
        ("add_data", "addData"),
        ("reveal", "test sample revealed"),
        ("learn", "sample learned, alone"),
        ("evaluate", "test sample predicted"),
        ("settle", "balance settled"),
    ):
        print(f"{what:<24}" + "".join(f"{getattr(p, name):>18,}" for p in prices))
    print(f"\n{REPLAYS} replays, {MISTAKES:.0%} mistakes; million gas, and blocks of {BLOCK:,} that it would fill")
    for contributions, test_size in MARKETS:
        totals = [p.market(contributions, test_size) for p in prices]
        cells = "".join(f"{total / 1e6:>11,.0f} {max(1, round(total / BLOCK)):>6,}" for total in totals)
        print(f"{contributions:>6,} x {test_size:<5,} tested   {cells}")


if __name__ == "__main__":
    main()
