"""Twins and contracts after every call: the same events or error, balances, counts, records and model."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcai import Revert
from dcai.evm import Evm, EvmSnapshot
from dcai.evm.framework import POINTS, STAKEABLE, Framework, deploy
from dcai.incentives import CollaborativeTrainer64, IncentiveMechanism, Points64, Stakeable64
from tests.support.incentives.twin_world import (
    ANN,
    BOB,
    DAY,
    ETHER,
    EVE,
    FULL_COST,
    PEOPLE,
    START,
    WEIGHT,
    World,
    first_model,
    sign,
)

WAITS = (DAY, 3 * DAY, 9 * DAY)
LEVELS = ((1, 3), ("bronze", "silver"))

people = st.sampled_from(list(PEOPLE))
samples = st.sampled_from([[], [0], [1], [1, 2], [0, 1], [1, -1]])
steps = st.one_of(
    st.tuples(st.just("add"), people, samples, st.integers(0, 2), st.sampled_from([0, FULL_COST, 2 * FULL_COST])),
    st.tuples(st.just("sponsor"), people, people, samples, st.integers(0, 1), st.sampled_from([0, 0, 1])),
    st.tuples(
        st.sampled_from(["refund", "report", "refundFor"]), st.sampled_from([*PEOPLE, "owner"]), st.integers(0, 9)
    ),
    st.tuples(st.just("wait"), st.sampled_from([1, 10, DAY - 1, DAY, 3 * DAY, 9 * DAY])),
)


@pytest.fixture(scope="module", params=[STAKEABLE, POINTS])
def deployed(request: pytest.FixtureRequest) -> tuple[Framework, EvmSnapshot]:
    """The contracts, and the state to return to for each example."""
    chain = Evm("revm")
    chain.timestamp = START
    terms = (*WAITS, WEIGHT) if request.param == STAKEABLE else (*WAITS, *LEVELS)
    framework = deploy(chain, first_model(), request.param, terms)
    for address in PEOPLE.values():
        chain.set_balance(address, ETHER)
    return framework, chain.snapshot()


class Pair:
    """A deployed framework, and twins of it."""

    def __init__(self, framework: Framework, start: EvmSnapshot) -> None:
        framework.evm.restore(start)
        self.framework = framework
        self.owner = framework.evm.account
        self.world = World()
        self.world.ledger.set_balance(self.owner, framework.evm.balance(self.owner))
        ledger = self.world.ledger
        is_points = framework.mechanism.artifact.name == POINTS
        self.mechanism: IncentiveMechanism = (
            Points64(ledger, *WAITS, *LEVELS) if is_points else Stakeable64(ledger, *WAITS, WEIGHT)
        )
        self.trainer = CollaborativeTrainer64(
            ledger,
            framework.trainer.address,
            self.world.handler,
            self.mechanism,
            first_model(),
            owner=self.owner,
        )
        self.world.trainer = self.trainer
        self.contributions: list[tuple[list[int], int, int, str]] = []

    def address(self, who: str) -> str:
        return PEOPLE.get(who, self.owner)

    def call(self, function: str, twin: Any, args: tuple[Any, ...], sender: str, value: int = 0) -> None:
        expected: Any
        actual: Any
        try:
            receipt = self.framework.trainer.transact(function, *args, sender=sender, value=value)
        except Revert as error:
            expected = error
        else:
            expected = sorted(
                (event.name, dict(event.args)) for event in self.framework.events(receipt) if event is not None
            )
        payment = {"value": value} if value or function.startswith("addData") else {}
        try:
            events = twin(*args, sender=sender, **payment)
        except Revert as error:
            actual = error
        else:
            actual = sorted((event.name, dict(event.args)) for event in events)
            for event in events:
                if event.name == "AddData":
                    made = event.args
                    self.contributions.append((list(made["d"]), made["c"], made["t"], made["sender"]))
        assert actual == expected
        self.compare()

    def compare(self) -> None:
        chain, mechanism = self.framework.evm, self.framework.mechanism
        for account in (*PEOPLE.values(), self.owner, self.trainer.address):
            assert self.world.ledger.balance(account) == chain.balance(account)
            assert self.mechanism.num_valid_for_address(account) == mechanism.call("numValidForAddress", account)
            assert self.trainer.nonces(account) == self.framework.trainer.call("nonces", account)
        assert self.mechanism.total_good_data_count == mechanism.call("totalGoodDataCount")
        assert self.trainer.classifier == self.framework.classifier.model()
        for contribution in self.contributions:
            handler = self.framework.handler
            assert self.world.handler.get_claimable_amount(*contribution) == handler.call(
                "getClaimableAmount", *contribution
            )
            assert self.world.handler.get_num_claims(*contribution) == handler.call("getNumClaims", *contribution)
            assert self.world.handler.get_payer(*contribution) == handler.call("getPayer", *contribution)
            for person in PEOPLE.values():
                claimed = handler.call("hasClaimed", *contribution, person)
                assert self.world.handler.has_claimed(*contribution, person) == claimed
        if isinstance(self.mechanism, Stakeable64):
            assert self.mechanism.last_update_time_s == mechanism.call("lastUpdateTimeS")
            assert self.mechanism.get_next_add_data_cost() == mechanism.call("getNextAddDataCost")

    def take(self, step: tuple[Any, ...]) -> None:
        kind, *rest = step
        if kind == "wait":
            self.world.wait(rest[0])
            self.framework.evm.timestamp += rest[0]
        elif kind == "add":
            who, data, label, value = rest
            self.call("addData", self.trainer.add_data, (data, label), PEOPLE[who], value)
        elif kind == "sponsor":
            who, author, data, label, nonce = rest
            deadline = self.world.ledger.timestamp
            nonce += self.trainer.nonces(PEOPLE[author])
            signature = sign(self.world, author, data, label, nonce, deadline, FULL_COST)
            args = (data, label, PEOPLE[author], deadline, FULL_COST, signature)
            self.call("addDataFor", self.trainer.add_data_for, args, PEOPLE[who], FULL_COST)
        elif self.contributions:
            who, which = rest
            data, label, time, author = self.contributions[which % len(self.contributions)]
            if kind == "refund":
                self.call("refund", self.trainer.refund, (data, label, time), self.address(who))
            elif kind == "report":
                self.call("report", self.trainer.report, (data, label, time, author), self.address(who))
            else:
                self.call("refundFor", self.trainer.refund_for, (data, label, time, author), self.address(who))


@settings(max_examples=60)
@given(course=st.lists(steps, min_size=5, max_size=25))
def test_any_course_of_calls(deployed: tuple[Framework, EvmSnapshot], course: list[tuple[Any, ...]]) -> None:
    pair = Pair(*deployed)
    for step in course:
        pair.take(step)


def test_a_course_that_comes_by_every_event(deployed: tuple[Framework, EvmSnapshot]) -> None:
    pair = Pair(*deployed)
    course: list[tuple[Any, ...]] = [
        ("add", "ann", [1], 0, FULL_COST),
        ("sponsor", "eve", "bob", [1, 2], 1, 0),
        ("add", "bob", [1], 1, FULL_COST),
        ("wait", DAY),
        ("refundFor", "ann", 1),
        ("refundFor", "eve", 1),
        ("refund", "bob", 2),
        ("report", "bob", 0),
        ("wait", 2 * DAY),
        ("report", "owner", 0),
        ("add", "eve", [0], 0, FULL_COST),
        ("wait", 9 * DAY),
        ("report", "eve", 3),
    ]
    for step in course:
        pair.take(step)
    assert pair.mechanism.num_valid_for_address(BOB) == 2
    assert pair.mechanism.num_valid_for_address(ANN) == pair.mechanism.num_valid_for_address(EVE) == 0
