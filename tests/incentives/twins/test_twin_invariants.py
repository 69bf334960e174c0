"""The invariants of the money, whatever is called in whatever order: Hypothesis over the twins."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dcai import Revert
from dcai.incentives import ReimbursementPool
from tests.support.incentives.twin_world import (
    ANN,
    BOB,
    DAY,
    ETHER,
    EVE,
    FULL_COST,
    OWNER,
    PEOPLE,
    START,
    TRAINER,
    World,
    sign,
)

ACCOUNTS = (ANN, BOB, EVE, OWNER)
PEOPLES_NAMES = {address: name for name, address in PEOPLE.items()}
POOL = "0x" + "33" * 20
POOL_FUNDS = 10**9

callers = st.sampled_from(ACCOUNTS)
samples = st.lists(st.integers(0, 5), max_size=3, unique=True)
labels = st.sampled_from([0, 1, 1, 0, 2])  # there is no class 2
values = st.sampled_from([0, FULL_COST // 2, FULL_COST, 2 * FULL_COST])
waits = st.sampled_from([0, 1, DAY - 1, DAY, 2 * DAY, 8 * DAY])


class Money(RuleBasedStateMachine):
    """Calls everything, by everybody, on contributions that exist and on others."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.pool = ReimbursementPool(self.world.ledger, POOL, TRAINER, 1000, 1000, owner=OWNER)
        self.contributions: list[tuple[list[int], int, int, str]] = []
        #: Per account: what it may have taken out, by the rules.
        self.due = dict.fromkeys(ACCOUNTS, 0)
        self.refuses: set[str] = set()

    @initialize()
    def begin(self) -> None:
        self.world.ledger.gas_price = 10
        self.world.trainer.set_reimbursement_pool(self.pool, sender=OWNER)
        self.pool.fund(sender=OWNER, value=POOL_FUNDS)
        self.total = sum(self.world.ledger.balances().values())
        self.start = self.world.ledger.balances()

    def attempt(self, call: Any, *args: Any, **options: Any) -> tuple[Any, ...]:
        """Make a call; one that is refused must change nothing."""
        before = self.picture()
        try:
            events: tuple[Any, ...] = call(*args, **options)
        except Revert:
            assert self.picture() == before
            return ()
        return events

    def picture(self) -> Any:
        """Everything that a call may change."""
        world = self.world
        records = {
            key: (r.claimable_amount, r.num_claims, set(r.claimed_by)) for key, r in world.handler._added.items()
        }
        counts = [world.mechanism.num_valid_for_address(a) for a in ACCOUNTS], world.mechanism.total_good_data_count
        nonces = [world.trainer.nonces(account) for account in ACCOUNTS]
        fees = dict(self.pool._fees)
        state = world.trainer.classifier.state()
        last = world.mechanism.last_update_time_s  # type: ignore[attr-defined]
        balances = {account: wei for account, wei in world.ledger.balances().items() if wei}
        return balances, records, counts, nonces, fees, state, last

    def note(self, events: tuple[Any, ...], payer: str) -> None:
        for event in events:
            if event.name == "AddData":
                args = event.args
                self.contributions.append((list(args["d"]), args["c"], args["t"], args["sender"]))
                self.due[payer] -= args["cost"]
            elif event.name == "Refund":
                self.due[event.args["recipient"]] += event.args["amount"]
            elif event.name == "Report":
                self.due[event.args["reporter"]] += event.args["amount"]
            elif event.name == "Reimbursed":
                self.due[event.args["payee"]] += event.args["amount"]

    # -- calls -- #

    @rule(sender=callers, data=samples, label=labels, value=values)
    def add_data(self, sender: str, data: list[int], label: int, value: int) -> None:
        events = self.attempt(self.world.trainer.add_data, data, label, sender=sender, value=value, gas_used=50_000)
        self.note(events, sender)

    @rule(sender=callers, author=st.sampled_from([ANN, BOB, EVE]), data=samples, label=labels, is_good=st.booleans())
    def add_data_for(self, sender: str, author: str, data: list[int], label: int, is_good: bool) -> None:
        trainer, deadline = self.world.trainer, self.world.ledger.timestamp + DAY
        nonce = trainer.nonces(author) + (not is_good)
        signature = sign(self.world, PEOPLES_NAMES[author], data, label, nonce, deadline, FULL_COST)
        args = (data, label, author, deadline, FULL_COST, signature)
        self.note(self.attempt(trainer.add_data_for, *args, sender=sender, value=2 * FULL_COST), sender)

    @rule(sender=callers, which=st.integers(0, 20), label=st.none() | labels)
    def claim(self, sender: str, which: int, label: int | None) -> None:
        if self.contributions:
            data, true_label, time, author = self.contributions[which % len(self.contributions)]
            args = (data, true_label if label is None else label, time)
            trainer = self.world.trainer
            if sender == author:
                self.note(self.attempt(trainer.refund, *args, sender=sender), "")
            else:
                self.note(self.attempt(trainer.refund_for, *args, author, sender=sender), "")
            self.note(self.attempt(trainer.report, *args, author, sender=sender), "")

    @rule(seconds=waits)
    def wait(self, seconds: int) -> None:
        self.world.wait(seconds)

    @rule(who=callers)
    def refuse_or_accept_money(self, who: str) -> None:
        receivers = self.world.ledger.receivers
        if receivers.pop(who, None) is None:
            receivers[who] = self.no

    @staticmethod
    def no(amount: int) -> None:
        raise Revert("")

    # -- invariants -- #

    @invariant()
    def nothing_is_made_or_lost(self) -> None:
        assert sum(self.world.ledger.balances().values()) == getattr(self, "total", 4 * ETHER)
        left = sum(
            self.world.handler.get_claimable_amount(*each) for each in {str(c): c for c in self.contributions}.values()
        )
        assert self.world.ledger.balance(TRAINER) == left

    @invariant()
    def nobody_has_more_than_is_due(self) -> None:
        for account in ACCOUNTS if self.contributions else ():
            assert self.world.ledger.balance(account) == self.start[account] + self.due[account]

    def teardown(self) -> None:
        """After the longest wait somebody can take each deposit, so that the trainer holds nothing."""
        self.world.ledger.receivers.clear()
        self.world.wait(9 * DAY)
        for data, label, time, author in self.contributions:
            if self.world.handler.get_claimable_amount(data, label, time, author):
                self.world.trainer.report(data, label, time, author, sender=EVE)
        assert self.world.ledger.balance(TRAINER) == 0
        assert self.world.ledger.timestamp >= START


TestMoney = Money.TestCase
