"""Random markets and random calls in any order: contract and twin agree after every one, and no wei is lost."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dcai.errors import Revert
from dcai.incentives import Ledger, Phase, Piece, PredictionMarket, Terms
from dcai.models import SparsePerceptron
from tests.support.incentives.lockstep import ACTORS, PROVIDER, Lockstep

FEATURES = 6
samples = st.lists(st.integers(0, FEATURES - 1), max_size=4) | st.just([-1])
labels = st.integers(0, 1) | st.just(2)
pieces = st.lists(
    st.lists(st.tuples(samples, labels), min_size=1, max_size=4).map(
        lambda rows: Piece([x for x, _ in rows], [y for _, y in rows], bytes(32))
    ),
    min_size=2,
    max_size=3,
)
models = st.builds(
    SparsePerceptron,
    st.lists(st.integers(-2, 2), max_size=FEATURES),
    st.integers(-1, 1),
    st.integers(0, 3),
)
terms = st.builds(
    Terms, *(st.just(n) for n in (5,)), st.integers(1, 20), *(st.just(n) for n in (6, 50, 50, 50, 50, 50))
)
contributions = st.lists(
    st.tuples(st.sampled_from(ACTORS), samples, labels, st.integers(5, 60)), min_size=1, max_size=6
)
calls = st.one_of(
    st.tuples(st.just("step"), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.integers(1, 60)),
    st.tuples(st.just("collect"), st.lists(st.integers(0, 6), max_size=4)),
    st.tuples(st.sampled_from(["expire", "collectBounty", "drawPiece", "returnClassifier"])),
    st.tuples(st.just("revealPiece"), st.integers(0, 3)),
    st.tuples(st.just("addData"), samples, labels, st.integers(4, 20)),
    st.tuples(st.just("commit"), st.integers(0, 5)),
)


def play(market: Lockstep, parts: list[Piece], call: tuple[Any, ...], sender: str) -> None:
    name, *args = call
    match name:
        case "wait":
            market.wait(args[0])
            market.next_block(prevrandao=args[0])
        case "revealPiece":
            piece = parts[args[0] % len(parts)]
            market.call(name, args[0], piece.data, piece.labels, piece.salt, sender=sender)
        case "addData":
            market.call(name, args[0], args[1], sender=sender, value=args[2])
        case "commit":
            market.call(name, [piece.hash() for piece in parts], sender=sender, value=args[0] * 1_000)
        case _:
            market.call(name, *args, sender=sender)


def advance(market: Lockstep, parts: list[Piece], added: list[Any], bounty: int, until: int) -> None:
    """Take a market the straight way, for so many calls."""
    twin = market.twin

    def straight() -> Any:
        yield ("commit", [piece.hash() for piece in parts]), PROVIDER, bounty
        market.next_block(prevrandao=bounty)
        yield ("drawPiece",), PROVIDER, 0
        drawn = parts[twin.drawn_piece]
        yield ("revealPiece", twin.drawn_piece, drawn.data, drawn.labels, drawn.salt), PROVIDER, 0
        for who, x, y, stake in added:
            yield ("addData", x, y), who, stake
        if twin.phase is Phase.PARTICIPATION:
            market.wait(50)
        for number, piece in enumerate(parts):
            if number != twin.drawn_piece:
                yield ("revealPiece", number, piece.data, piece.labels, piece.salt), PROVIDER, 0

    for _, (call, sender, value) in zip(range(until), straight(), strict=False):
        market.do(*call, sender=sender, value=value)


@given(
    models,
    terms,
    pieces,
    contributions,
    st.integers(1, 3_000),
    st.sampled_from([0, 3, 100, 100, 100]),
    st.lists(st.tuples(calls, st.sampled_from(ACTORS)), max_size=25),
)
def test_contract_and_twin_agree_after_every_call(
    model: SparsePerceptron,
    term: Terms,
    parts: list[Piece],
    added: list[Any],
    bounty: int,
    until: int,
    sequence: list[tuple[tuple[Any, ...], str]],
) -> None:
    market = Lockstep(model, term, num_features=FEATURES)
    advance(market, parts, added, bounty, until)
    for call, sender in sequence:
        play(market, parts, call, sender)


def run(
    model: SparsePerceptron, term: Terms, parts: list[Piece], added: list[Any], bounty: int, cuts: list[int]
) -> tuple[PredictionMarket, list[Any]]:
    """A market on the twin alone; the scoring in steps of the sizes given, over and over."""
    ledger = Ledger(dict.fromkeys(ACTORS, 10**9))
    market = PredictionMarket(ledger, "0x" + "ee" * 20, model, term, provider=PROVIDER)
    market.commit([piece.hash() for piece in parts], sender=PROVIDER, value=bounty)
    ledger.block_number += 2
    market.draw_piece(sender=PROVIDER)
    market.reveal_piece(0, parts[0].data, parts[0].labels, parts[0].salt, sender=PROVIDER)
    for who, x, y, stake in added:
        market.add_data(x, y, sender=who, value=stake)
    if market.phase is Phase.PARTICIPATION:
        ledger.timestamp += 50
    events: list[Any] = []
    for number, piece in enumerate(parts[1:], 1):
        events += market.reveal_piece(number, piece.data, piece.labels, piece.salt, sender=PROVIDER)
    turn = 0
    while market.phase is Phase.SCORING:
        events += market.step(cuts[turn % len(cuts)], sender=PROVIDER)
        turn += 1
    return market, events


many = st.lists(st.tuples(st.sampled_from(ACTORS), samples, labels, st.integers(5, 60)), min_size=1, max_size=12)


@settings(max_examples=200)
@given(
    models,
    st.integers(1, 40),
    pieces,
    many,
    st.integers(1, 3_000),
    st.lists(st.integers(1, 40), min_size=1, max_size=5),
)
def test_the_result_does_not_depend_on_how_the_work_is_cut(
    model: SparsePerceptron, rounds: int, parts: list[Piece], added: list[Any], bounty: int, cuts: list[int]
) -> None:
    term = Terms(5, rounds, 12, 50, 50, 50, 50, 50)
    whole, all_events = run(model, term, parts, added, bounty, [10**9])
    cut, cut_events = run(model, term, parts, added, bounty, cuts)
    single, single_events = run(model, term, parts, added, bounty, [1])
    assert all_events == cut_events == single_events
    assert whole.contributions == cut.contributions == single.contributions
    assert whole.progress == cut.progress == single.progress
    assert (whole.bounty, whole.classifier) == (cut.bounty, cut.classifier) == (single.bounty, single.classifier)
    assert whole.bounty >= 0
    assert whole.bounty + sum(c.balance for c in whole.contributions) == bounty + sum(stake for *_, stake in added)
    everyone_is_paid(whole)


def everyone_is_paid(market: PredictionMarket) -> None:
    for number, contribution in enumerate(list(market.contributions)):
        if contribution.balance:
            market.collect([number], sender=contribution.contributor)
    try:
        market.collect_bounty(sender=PROVIDER)
    except Revert as error:
        assert error.name == "NothingToClaim"  # noqa: PT017
    assert market._ledger.balance(market.address) == 0
