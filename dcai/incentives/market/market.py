"""The prediction market: samples with a stake, scored by what they do to the predictions of a hidden test set."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dcai.errors import Revert
from dcai.evm.abi import Event
from dcai.evm.hashing import to_address, to_bytes20
from dcai.incentives.market.pieces import Piece
from dcai.incentives.market.replay import Plan, Replay, Samples
from dcai.incentives.market.state import MAX_SAMPLE_LENGTH, MarketContribution, Phase, Progress, Stage, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dcai.incentives.ledger import Ledger
    from dcai.models import Classifier

__all__ = ["PredictionMarket"]

#: The drawn piece scores nothing, so there must be another.
_MIN_PIECES = 2

_UINT96 = 1 << 96


class PredictionMarket:
    """Twin of the contract ``PredictionMarket``, which says what each call does.

    Mirrors: contracts/src/incentives/PredictionMarket.sol

    Each call returns the events that the contract would log, and raises the contract's error, after which nothing has
    changed. Data are integers that the ABI could encode; addresses have their checksum. Quotients are rounded toward
    zero, and what that leaves stays in the bounty.

    Parameters
    ----------
    ledger : Ledger
        The chain; its ``block_number`` and ``prevrandao`` count for the draw.
    address : str
        Address of the contract, which holds bounty and deposits.
    classifier : Classifier
        The model in its initial state, of any class. It is copied.
    terms : Terms
        Terms that the provider sets.
    provider : str
        Address that deployed it.

    Attributes
    ----------
    terms, provider, address
        The arguments.
    deadline, end_time : int
        When the present phase is over unless it goes on before; when the market ended; seconds.
    commit_block, draw_block : int
        Blocks of the commitment and of the draw; 0 before.
    drawn_piece, num_revealed : int
        The piece that was drawn; how many have been revealed.
    bounty, total_deposits, point_wei : int
        Rest of the bounty; all deposits, once the bounty is forfeited those not collected; what a correct
        prediction more is worth in each round. In wei.
    pieces : tuple of bytes
        The hashes of the pieces.
    is_model_final : bool
        Whether the model was left trained on all contributions that remain.
    progress : Progress
        Progress of the scoring.
    settled_classifier : Classifier or None
        The model as it was at the last settlement: trained on all contributions that then remained. The contract does
        not keep it.
    contributions : list of MarketContribution
        In order.

    Raises
    ------
    Revert
        ``ZeroTerm``.
    """

    def __init__(self, ledger: Ledger, address: str, classifier: Classifier, terms: Terms, *, provider: str) -> None:
        if not (terms.min_stake and terms.rounds and terms.max_contributions):
            raise Revert("ZeroTerm")
        self._ledger = ledger
        self._replay = Replay(classifier)
        self._is_entered = False
        #: What the replay at hand will come to, where that was found out before its first unit.
        self._plan: Plan | None = None
        self._samples: Samples | None = None
        self._phase = Phase.SETUP
        self._is_revealed: set[int] = set()
        self.address = to_address(to_bytes20(address))
        self.provider = to_address(to_bytes20(provider))
        self.terms = terms
        self.deadline = 0
        self.end_time = 0
        self.commit_block = 0
        self.draw_block = 0
        self.drawn_piece = 0
        self.num_revealed = 0
        self.bounty = 0
        self.total_deposits = 0
        self.point_wei = 0
        self.pieces: tuple[bytes, ...] = ()
        self.is_model_final = False
        self.progress = Progress()
        self.settled_classifier: Classifier | None = None
        self.contributions: list[MarketContribution] = []

    @property
    def classifier(self) -> Classifier:
        """The model as it is now."""
        return self._replay.model

    @property
    def phase(self) -> Phase:
        """The phase at present."""
        if self._phase is Phase.PARTICIPATION and self._ledger.timestamp >= self.deadline:
            return Phase.REVEAL
        return self._phase

    @property
    def test_set_size(self) -> int:
        """Number of scoring samples: those revealed after participation."""
        return self._replay.test_set_size

    def is_revealed(self, piece: int) -> bool:
        """Return whether a piece is revealed."""
        return piece in self._is_revealed

    # -- commitment ---------------------------------------------------------------------------------------------------

    def commit(self, hashes: Sequence[bytes], *, sender: str, value: int = 0) -> tuple[Event, ...]:
        """Stake the bounty, ``value``, on a test set.

        Raises
        ------
        Revert
            ``NotProvider``, ``WrongPhase``, ``TooFewPieces``, ``NoBounty``, ``SafeCastOverflowedUintDowncast``.
        """
        with self._call(sender, value) as events:
            if sender != self.provider:
                raise Revert("NotProvider", (sender,))
            self._require_phase(Phase.SETUP)
            if len(hashes) < _MIN_PIECES:
                raise Revert("TooFewPieces", (len(hashes), _MIN_PIECES))
            if value == 0:
                raise Revert("NoBounty")
            _require_uint96(value)
            self._phase = Phase.COMMITMENT
            self.deadline = self._ledger.timestamp + self.terms.commit_time_s
            self.commit_block = self._ledger.block_number
            self.bounty = value
            self.pieces = tuple(hashes)
            self._emit("Committed", pieces=self.pieces, bounty=value)
        return tuple(events)

    def draw_piece(self, *, sender: str) -> tuple[Event, ...]:
        """Draw the piece to be revealed first, by the randomness of the block.

        Raises
        ------
        Revert
            ``WrongPhase``, ``AlreadyDrawn``, ``TooLate``, ``TooEarlyToDraw``.
        """
        with self._call(sender) as events:
            self._require_phase(Phase.COMMITMENT)
            if self.draw_block:
                raise Revert("AlreadyDrawn", (self.drawn_piece,))
            self._require_in_time(self.deadline)
            if self._ledger.block_number <= self.commit_block + 1:
                raise Revert("TooEarlyToDraw", (self.commit_block + 2,))
            self.draw_block = self._ledger.block_number
            self.drawn_piece = self._ledger.prevrandao % len(self.pieces)
            self._emit("PieceDrawn", piece=self.drawn_piece)
        return tuple(events)

    def reveal_piece(
        self, piece: int, data: Sequence[Sequence[int]], labels: Sequence[int], salt: bytes, *, sender: str
    ) -> tuple[Event, ...]:
        """Reveal a piece: the drawn one to open the market, the others once participation is closed.

        Raises
        ------
        Revert
            ``WrongPhase``, ``TooLate``, ``UnknownPiece``, ``NotDrawn`` or ``AlreadyRevealed``, ``CommitmentMismatch``,
            ``EmptyPiece``, ``DimensionMismatch``, ``SampleTooLong``.
        """
        with self._call(sender) as events:
            opens = self._phase is Phase.COMMITMENT
            if not opens:
                self._require_phase(Phase.REVEAL)
            due = self.deadline if opens else self._reveal_deadline()
            self._require_in_time(due)
            if piece >= len(self.pieces):
                raise Revert("UnknownPiece", (piece, len(self.pieces)))
            if opens and (not self.draw_block or piece != self.drawn_piece):
                raise Revert("NotDrawn", (piece,))
            if piece in self._is_revealed:
                raise Revert("AlreadyRevealed", (piece,))
            self._require_piece(piece, Piece(data, labels, salt))

            self._is_revealed.add(piece)
            self.num_revealed += 1
            self._emit("PieceRevealed", piece=piece, numSamples=len(data))
            if opens:
                self._phase = Phase.PARTICIPATION
                self.deadline = self._ledger.timestamp + self.terms.participation_time_s
            else:
                self._replay.extend(data, labels)
                if self.num_revealed == len(self.pieces):
                    self._begin_scoring()
                else:
                    self._phase, self.deadline = Phase.REVEAL, due
        return tuple(events)

    # -- participation ------------------------------------------------------------------------------------------------

    def add_data(self, data: Sequence[int], classification: int, *, sender: str, value: int = 0) -> tuple[Event, ...]:
        """Contribute a sample; ``value`` is its stake.

        Raises
        ------
        Revert
            ``WrongPhase``, ``InsufficientPayment``, ``SampleTooLong``, ``SafeCastOverflowedUintDowncast``.
        """
        with self._call(sender, value) as events:
            self._require_phase(Phase.PARTICIPATION)
            if value < self.terms.min_stake:
                raise Revert("InsufficientPayment", (self.terms.min_stake, value))
            _require_length(data)
            _require_uint96(self.bounty + self.total_deposits + value)
            self.total_deposits += value
            self.contributions.append(MarketContribution(sender, value, tuple(data), classification))
            now = self._ledger.timestamp
            if len(self.contributions) == self.terms.max_contributions:
                self._phase = Phase.REVEAL
                self.deadline = now + self.terms.reveal_time_s
            self._emit("AddData", d=tuple(data), c=classification, t=now, sender=sender, cost=value)
        return tuple(events)

    # -- scoring ------------------------------------------------------------------------------------------------------

    def step(self, max_units: int, *, sender: str) -> tuple[Event, ...]:
        """Do the next units of work, until the market has ended or so many are done.

        A unit is a sample of the test set predicted, a contribution learned or passed over, or a balance settled. The
        result does not depend on how the work is cut.

        Raises
        ------
        Revert
            ``WrongPhase``, ``NoWork``.
        """
        with self._call(sender) as events:
            self._require_phase(Phase.SCORING)
            if max_units == 0:
                raise Revert("NoWork")
            self.deadline = self._ledger.timestamp + self.terms.idle_time_s
            left = max_units
            while left and self._phase is Phase.SCORING:
                match self.progress.stage:
                    case Stage.SETTLE:
                        left -= self._settle(left)
                    case Stage.LEARN:
                        left -= self._learn_all(left) or self._learn()
                    case _:
                        left -= self._evaluate(left)
        return tuple(events)

    def units_to_settlement(self) -> int | None:
        """Say how many units of work it is to the end of the next settlement, as anybody can compute without the chain.

        Returns
        -------
        int or None
            None where it is not known: in the middle of a replay, or for a model that is taken step by step.
        """
        if self._phase is not Phase.SCORING:
            return None
        p, settling = self.progress, len(self.contributions)
        if p.stage is Stage.SETTLE:
            return settling - p.contribution
        if p.contribution or p.stage is Stage.EVALUATE or (plan := self._planned()) is None:
            return None
        baseline = self.test_set_size - p.test_sample if p.stage is Stage.BASELINE else 0
        return baseline + self._units_of(plan) + settling

    def expire(self, *, sender: str) -> tuple[Event, ...]:
        """End a market that does not go on.

        Raises
        ------
        Revert
            ``WrongPhase``, ``SettlementUnderway``, ``TooEarly``.
        """
        with self._call(sender) as events:
            match self.phase:
                case Phase.COMMITMENT:
                    self._require_since(self.deadline)
                    self._end(Phase.ENDED)
                case Phase.REVEAL if not self.contributions:
                    self._end(Phase.ENDED)
                case Phase.REVEAL:
                    self._require_since(self._reveal_deadline())
                    self._end(Phase.FORFEITED)
                case Phase.SCORING:
                    if self.progress.stage is Stage.SETTLE:
                        raise Revert("SettlementUnderway")
                    self._require_since(self.deadline)
                    self._end(Phase.ENDED)
                case other:
                    raise Revert("WrongPhase", (int(other),))
        return tuple(events)

    # -- after the end ------------------------------------------------------------------------------------------------

    def collect(self, ids: Sequence[int], *, sender: str) -> tuple[Event, ...]:
        """Pay out contributions to the sender: his own or, long after the end, anybody's.

        Raises
        ------
        Revert
            ``WrongPhase``; one by one ``NoSuchContribution``, ``TooEarly``; ``NothingToClaim``, ``PaymentFailed``.
        """
        with self._call(sender) as events:
            if self._phase is not Phase.FORFEITED:
                self._require_phase(Phase.ENDED)
            total = sum(self._take(number, sender) for number in ids)
            self._pay(sender, total)
        return tuple(events)

    def collect_bounty(self, *, sender: str) -> tuple[Event, ...]:
        """Pay what is left of the bounty to the provider or, long after the end, to anybody.

        Raises
        ------
        Revert
            ``WrongPhase``, ``TooEarly``, ``NothingToClaim``, ``PaymentFailed``.
        """
        with self._call(sender) as events:
            self._require_phase(Phase.ENDED)
            if sender != self.provider:
                self._require_unclaimed()
            amount = self.bounty
            self.bounty = 0
            self._ledger.on_failure(lambda: setattr(self, "bounty", amount))
            self._emit("BountyCollected", recipient=sender, amount=amount)
            self._pay(sender, amount)
        return tuple(events)

    def return_classifier(self, *, sender: str) -> Classifier:
        """Return a copy of the model as the provider gets it back.

        Trained on all contributions that remain where the scoring came to its end, else in its initial state.

        Raises
        ------
        Revert
            ``WrongPhase``.
        """
        with self._call(sender):
            if self._phase is not Phase.FORFEITED and (self._phase is not Phase.SETUP or sender != self.provider):
                self._require_phase(Phase.ENDED)
            if not self.is_model_final:
                self._replay.restore()
        return self.classifier.copy()

    # -- scoring, unit by unit ----------------------------------------------------------------------------------------

    def _begin_scoring(self) -> None:
        self.point_wei = self.bounty // (self.terms.rounds * self.test_set_size)
        if not self.contributions or not self.point_wei:
            self._end(Phase.ENDED)
            return
        self._phase = Phase.SCORING
        self.deadline = self._ledger.timestamp + self.terms.idle_time_s
        self.progress.num_remaining = len(self.contributions)
        self.progress.rounds_left = self.terms.rounds

    def _evaluate(self, max_units: int) -> int:
        """Predict up to so many samples of the test set; after the last one, score. Return how many."""
        p = self.progress
        if p.stage is Stage.BASELINE and p.test_sample == 0:
            self._replay.restore()
        stop = min(p.test_sample + max_units, self.test_set_size)
        units = stop - p.test_sample
        p.num_correct += self._replay.num_correct(p.test_sample, stop)
        p.test_sample = stop
        if stop < self.test_set_size:
            return units
        num_correct, p.num_correct, p.test_sample = p.num_correct, 0, 0
        if p.stage is Stage.BASELINE:
            p.initial_correct = num_correct
            self._begin_replay()
        else:
            score = num_correct - p.previous_correct
            p.previous_correct = num_correct
            self._score(score)
        return units

    def _begin_replay(self) -> None:
        p = self.progress
        p.stage = Stage.LEARN
        p.previous_correct = p.initial_correct
        p.affordable = p.rounds_left
        self._plan = None

    def _learn_all(self, max_units: int) -> int:
        """Do a whole replay at once, and return its units; 0 where there are not so many left, or it cannot be done."""
        p = self.progress
        plan = None if p.contribution else self._planned()
        if plan is None or (units := self._units_of(plan)) > max_units:
            return 0
        self._replay.carry_out(plan)
        for contribution in self.contributions:
            contribution.score = 0
        for number, correct in zip(plan.changing.tolist(), plan.num_correct.tolist(), strict=True):
            p.contribution = number
            score, p.previous_correct = correct - p.previous_correct, correct
            self._score(score)
        p.stage = Stage.SETTLE
        p.contribution = 0
        return units

    def _planned(self) -> Plan | None:
        """Find out what the replay that begins will come to, unless that was done."""
        if self._plan is None:
            if self._samples is None or len(self._samples) != len(self.contributions):
                every = self.contributions
                self._samples = Samples([c.data for c in every], [c.classification for c in every])
            self._plan = self._replay.plan(self._samples.only(np.array([not c.is_removed for c in self.contributions])))
        return self._plan

    def _units_of(self, plan: Plan) -> int:
        return len(self.contributions) + len(plan.changing) * self.test_set_size

    def _learn(self) -> int:
        p = self.progress
        if p.contribution == 0:
            self._replay.restore()
        contribution = self.contributions[p.contribution]
        if not contribution.is_removed and self._replay.learn(
            p.contribution, contribution.data, contribution.classification
        ):
            p.stage = Stage.EVALUATE
        else:
            self._score(0)
        return 1

    def _score(self, score: int) -> None:
        p = self.progress
        contribution = self.contributions[p.contribution]
        contribution.score = score
        if score < 0:
            p.affordable = min(p.affordable, contribution.balance // (-score * self.point_wei))
        p.contribution += 1
        p.stage = Stage.LEARN
        if p.contribution == len(self.contributions):
            p.stage = Stage.SETTLE
            p.contribution = 0

    def _settle(self, max_units: int) -> int:
        """Settle for up to so many contributions; after the last one, go on. Return how many."""
        p = self.progress
        stop = min(p.contribution + max_units, len(self.contributions))
        units = stop - p.contribution
        for number in range(p.contribution, stop):
            if self.contributions[number].score:
                self._settle_one(number)
        p.contribution = stop
        if stop < len(self.contributions):
            return units
        p.contribution = 0
        p.rounds_left -= p.affordable
        self.settled_classifier = self.classifier
        self._emit(
            "Settled",
            rounds=p.affordable,
            roundsLeft=p.rounds_left,
            numCorrect=p.previous_correct,
            numRemaining=p.num_remaining,
        )
        if p.rounds_left == 0 or p.num_remaining == 0:
            self.is_model_final = p.num_remaining != 0
            self._end(Phase.ENDED)
        else:
            self._begin_replay()
        return units

    def _settle_one(self, number: int) -> None:
        p = self.progress
        contribution = self.contributions[number]
        score = contribution.score
        moved = score * self.point_wei * p.affordable
        contribution.balance += moved
        self.bounty -= moved
        if score < 0 and p.affordable < p.rounds_left and contribution.balance < -score * self.point_wei:
            rest = contribution.balance
            self.bounty += rest
            contribution.balance = 0
            contribution.is_removed = True
            contribution.score = 0
            p.num_remaining -= 1
            self._emit("Removed", contribution=number, rest=rest)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _end(self, how: Phase) -> None:
        self._phase = how
        self.end_time = self._ledger.timestamp
        self._emit("MarketEnded", phase=int(how), bounty=self.bounty)

    def _take(self, number: int, sender: str) -> int:
        """Take a contribution's balance, and its share of a forfeited bounty, out of the market."""
        if number >= len(self.contributions):
            raise Revert("NoSuchContribution", (number, len(self.contributions)))
        contribution = self.contributions[number]
        if sender != contribution.contributor:
            self._require_unclaimed()
        deposit = contribution.balance
        if deposit == 0:
            return 0
        share = 0
        if self._phase is Phase.FORFEITED:
            share = self.bounty * deposit // self.total_deposits
            self.bounty -= share
            self.total_deposits -= deposit
        contribution.balance = 0
        self._ledger.on_failure(lambda: self._put_back(contribution, deposit, share))
        self._emit("Collected", contribution=number, recipient=sender, amount=deposit + share)
        return deposit + share

    def _put_back(self, contribution: MarketContribution, deposit: int, share: int) -> None:
        contribution.balance = deposit
        if self._phase is Phase.FORFEITED:
            self.bounty += share
            self.total_deposits += deposit

    def _pay(self, to: str, amount: int) -> None:
        if amount == 0:
            raise Revert("NothingToClaim")
        self._ledger.pay(self.address, to, amount)

    def _emit(self, name: str, **arguments: Any) -> None:
        self._ledger.emit(Event(name, arguments))

    @contextmanager
    def _call(self, sender: str, value: int = 0) -> Iterator[list[Event]]:
        """Run a call that may not be entered again while it runs."""
        with self._ledger.transaction(sender, self.address, value) as events:
            if self._is_entered:
                raise Revert("ReentrancyGuardReentrantCall")
            if self._ledger.is_nested:
                # The call may succeed and what it is part of fail.
                self._ledger.on_failure(self._memento())
            self._is_entered = True
            try:
                yield events
            finally:
                self._is_entered = False

    def _memento(self) -> Callable[[], None]:
        """Return what brings the present state back."""
        fields = {
            name: value for name, value in vars(self).items() if name not in ("_ledger", "_replay", "_is_entered")
        }
        fields |= {"_is_revealed": set(self._is_revealed), "progress": replace(self.progress)}
        contributions = [replace(contribution) for contribution in self.contributions]
        model, size = self.classifier.copy(), self.test_set_size

        def bring_back() -> None:
            vars(self).update(fields | {"contributions": contributions})
            self._replay.truncate(size)
            self._replay.load(model)

        return bring_back

    # -- checks -------------------------------------------------------------------------------------------------------

    def _require_phase(self, required: Phase) -> None:
        if self.phase is not required:
            raise Revert("WrongPhase", (int(self.phase),))

    def _require_in_time(self, due: int) -> None:
        if self._ledger.timestamp >= due:
            raise Revert("TooLate", (due,))

    def _require_since(self, available_at: int) -> None:
        if self._ledger.timestamp < available_at:
            raise Revert("TooEarly", (available_at,))

    def _require_unclaimed(self) -> None:
        self._require_since(self.end_time + self.terms.any_address_claim_wait_time_s)

    def _reveal_deadline(self) -> int:
        # Participation that ended with time: nobody has written down the next deadline.
        return self.deadline + (self.terms.reveal_time_s if self._phase is Phase.PARTICIPATION else 0)

    def _require_piece(self, number: int, piece: Piece) -> None:
        actual = piece.hash()
        if actual != self.pieces[number]:
            raise Revert("CommitmentMismatch", (number, self.pieces[number], actual))
        if not len(piece.data):
            raise Revert("EmptyPiece", (number,))
        if len(piece.labels) != len(piece.data):
            raise Revert("DimensionMismatch", (len(piece.data), len(piece.labels)))
        for sample in piece.data:
            _require_length(sample)


def _require_length(sample: Sequence[int]) -> None:
    if len(sample) > MAX_SAMPLE_LENGTH:
        raise Revert("SampleTooLong", (len(sample), MAX_SAMPLE_LENGTH))


def _require_uint96(amount: int) -> None:
    if amount >= _UINT96:
        raise Revert("SafeCastOverflowedUintDowncast", (96, amount))
