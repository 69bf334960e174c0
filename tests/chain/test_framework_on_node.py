"""A node, four strangers and a provider: a deployment that outlives its node, contributions, claims, a market."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from dcai import chain
from dcai.errors import Revert, RpcError, TransactionError, WrongChainError
from dcai.incentives import Phase, Piece, Terms
from dcai.models import SparsePerceptron
from tests.support.node import anvil
from tests.support.node.anvil import Anvil
from tests.support.node.trainers import packed_key

DAY, WEIGHT = 86_400, 10**15
#: The first five keys of anvil's public mnemonic.
KEYS = (
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
)
OWNER, ALICE, BOB, CAROL, DAVE = (chain.KeyAccount(key) for key in KEYS)
WAITING = chain.Waiting(timeout_s=20, poll_s=0.05)
LIMITS = chain.Limits(tries=1, timeout_s=10)
MODEL = SparsePerceptron([10**9, 0, -(10**9), 0], -1, 10**9)


@pytest.fixture
def node() -> Iterator[Anvil]:
    with anvil.running() as running:
        running.rpc("evm_setAutomine", True)
        yield running


def wait(node: Anvil, seconds: int) -> None:
    node.rpc("evm_increaseTime", hex(seconds))
    node.mine()


def balance(node: Anvil, account: Any) -> int:
    return int(node.rpc("eth_getBalance", account.address, "latest"), 16)


def framework(cost_weight: int = WEIGHT) -> chain.FrameworkBlueprint:
    return chain.FrameworkBlueprint(MODEL, "Stakeable64", (DAY, 7 * DAY, 9 * DAY, cost_weight), "n", "d", "none")


def deploy(node: Anvil, blueprint: Any, output: Path, progress: Any = None) -> dict[str, str]:
    with chain.deployment(node.url, blueprint, OWNER, output, waiting=WAITING, limits=LIMITS) as under_way:
        report = under_way.run(progress)
    assert report["gas_used"] == report["gas_predicted"]
    return {role: contract["address"] for role, contract in report["contracts"].items()}


def join(node: Anvil, trainer: str, who: Any, folder: Path) -> AbstractContextManager[chain.Participant]:
    book = folder / f"{who.address}.json"
    return chain.participant(node.url, trainer, who, book, waiting=WAITING, limits=LIMITS)


def add(node: Anvil, trainer: str, who: Any, folder: Path, x: list[int], label: int) -> chain.Entry:
    with join(node, trainer, who, folder) as one:
        return one.send(one.contribute(x, label))


def test_the_framework_from_its_deployment_to_the_last_claim(tmp_path: Path) -> None:
    output, state = tmp_path / "deployment.json", tmp_path / "state.json"
    with anvil.running("--state", str(state)) as node:
        node.rpc("evm_setAutomine", True)

        def die(done: int, _total: int, _step: Any) -> None:
            if done == 3:
                node.stop()

        with pytest.raises(RpcError):
            deploy(node, framework(), output, die)
    with anvil.running("--state", str(state)) as node:
        node.rpc("evm_setAutomine", True)
        trainer = deploy(node, framework(), output)["trainer"]
        _contribute_and_claim(node, trainer, tmp_path)


def _contribute_and_claim(node: Anvil, trainer: str, folder: Path) -> None:
    """The model says 1 of [0], and 0 of [1], [2] and [3]."""
    # Alice and Bob agree with it, Carol teaches it something wrong.
    wait(node, 10_000)
    alice = add(node, trainer, ALICE, folder, [0], 1)
    wait(node, 10_000)
    bob = add(node, trainer, BOB, folder, [2], 0)
    wait(node, 10_000)
    with join(node, trainer, CAROL, folder) as one:
        offer = one.contribute([2, 3], 1)
        assert (offer.prediction, offer.deposit_wei) == (0, offer.proposal.value_wei)
        before = balance(node, CAROL)
        carol = one.send(offer)
    receipt = node.rpc("eth_getTransactionReceipt", carol.transaction)
    fee = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert int(receipt["gasUsed"], 16) <= offer.proposal.gas
    assert carol.deposit_wei is not None
    assert carol.time is not None
    assert before - balance(node, CAROL) == carol.deposit_wei + fee  # the rest came back
    assert carol.deposit_wei == WEIGHT * 3600 // 100  # floor(sqrt(10,000 s and a little))
    assert carol.key == packed_key([2, 3], 1, carol.time, CAROL.address)

    # Dave signs what undoes that, Bob pays.
    wait(node, 10_000)
    with join(node, trainer, DAVE, folder) as one:
        signed = one.sign([2, 3], 0, max_deposit_wei=10**18, deadline=one.time() + DAY)
    nothing = balance(node, DAVE)
    with join(node, trainer, BOB, folder) as one:
        sponsored = one.send(one.sponsor(signed))
        with pytest.raises(Revert) as replayed:
            one.sponsor(signed)
        assert replayed.value.name == "InvalidSignature"
    assert (sponsored.author, sponsored.sponsor) == (DAVE.address, BOB.address)
    assert balance(node, DAVE) == nothing

    with join(node, trainer, ALICE, folder) as one:
        with pytest.raises(Revert) as early:
            one.refund(one.book.find(alice.id))
        assert alice.time is not None
        assert early.value == Revert("TooEarly", (alice.time + DAY,))
    wait(node, DAY)

    # Refunds, from the files: a deposit comes back to whoever paid it.
    for who, mine, what in ((ALICE, alice, [0]), (BOB, bob, [2]), (BOB, sponsored, [2, 3])):
        with join(node, trainer, who, folder) as one:
            entry = one.book.find(mine.id)
            assert entry.data == what
            before = balance(node, who)
            claimed = one.send(one.refund(entry))
        (claim,) = claimed.claims
        receipt = node.rpc("eth_getTransactionReceipt", claim["transaction"])
        fee = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
        assert (claimed.status, claim["recipient"]) == ("refunded", who.address)
        assert balance(node, who) - before + fee == claim["amount_wei"] == mine.deposit_wei

    # A report of Carol's, which the model does not agree with: Alice has one of three validated contributions.
    with join(node, trainer, CAROL, folder) as one, pytest.raises(Revert) as differs:
        one.refund(one.book.find(carol.id))
    assert differs.value == Revert("PredictionDiffers", (0, 1))
    with join(node, trainer, ALICE, folder) as one:
        (found,) = one.find(str(carol.transaction))
        assert (found.author, found.key) == (CAROL.address, carol.key)
        reported = one.send(one.report(found))
        assert reported.claims[0]["amount_wei"] == carol.deposit_wei // 3
    with join(node, trainer, DAVE, folder) as one, chain.contributions(node.url, trainer, to_block="latest") as all_:
        assert [(c.sender, c.sponsor, c.status) for c in all_] == [
            (ALICE.address, None, "validated"),
            (BOB.address, None, "validated"),
            (CAROL.address, None, "reported"),
            (DAVE.address, BOB.address, "validated"),
        ]
        with pytest.raises(Revert) as own:
            one.report(sponsored)
        assert own.value.name == "NothingToClaim"


@pytest.mark.parametrize("own", [False, True], ids=["a key", "the node's account"])
def test_an_answer_that_is_lost_is_looked_up(
    node: Anvil, tmp_path: Path, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The contribution is made once, and the file gets to know of it."""
    trainer = deploy(node, framework(), tmp_path / "deployment.json")["trainer"]
    kind = chain.NodeAccount if own else chain.KeyAccount
    who: Any = chain.NodeAccount(ALICE.address) if own else ALICE
    send = kind.send

    def lossy(*args: Any) -> str:
        send(*args)
        raise RpcError("eth_send", "the answer is lost")

    with monkeypatch.context() as patch:
        patch.setattr(kind, "send", lossy)
        with pytest.raises(RpcError, match="the answer is lost"):
            add(node, trainer, who, tmp_path, [1], 0)
    shared = tmp_path / f"{who.address}.json"
    with chain.participant(node.url, trainer, BOB, shared, waiting=WAITING, limits=LIMITS) as another:
        assert another.recover() == []  # it is not his
    with join(node, trainer, who, tmp_path) as one:
        assert one.book.find(1).status == "sending"
        (entry,) = one.recover()
        assert one.recover() == []
    assert (entry.status, entry.label, entry.data) == ("added", 0, [1])
    assert int(node.rpc("eth_getTransactionCount", who.address, "latest"), 16) == 1


def test_a_deposit_that_falls_before_the_block_leaves_gas_for_the_rest(node: Anvil, tmp_path: Path) -> None:
    """What is sent is the cost of the latest block; the contract sends back what is then too much."""
    trainer = deploy(node, framework(), tmp_path / "one.json")["trainer"]
    add(node, trainer, ALICE, tmp_path, [1], 1)  # so that the next one is no mistake, whose gas would hide it
    with join(node, trainer, BOB, tmp_path) as bob:
        offer = bob.contribute([1], 1)
        node.rpc("evm_increaseTime", hex(DAY))
        entry = bob.send(offer)
    assert entry.status == "added"
    assert entry.deposit_wei
    assert entry.deposit_wei < offer.proposal.value_wei


def test_a_signature_is_good_for_one_trainer(node: Anvil, tmp_path: Path) -> None:
    one_trainer = deploy(node, framework(), tmp_path / "one.json")["trainer"]
    other = deploy(node, framework(), tmp_path / "other.json")["trainer"]
    for signer in (DAVE, chain.NodeAccount(DAVE.address)):
        with join(node, one_trainer, signer, tmp_path) as dave:
            signed = dave.sign([1], 0, max_deposit_wei=10**20, deadline=dave.time() + DAY)
        with join(node, other, BOB, tmp_path) as bob, pytest.raises(WrongChainError, match="it was signed for"):
            bob.sponsor(signed)
        with join(node, one_trainer, BOB, tmp_path) as bob:
            assert bob.sponsor(signed).entry.author == DAVE.address


def test_a_market_of_three_pieces(node: Anvil, tmp_path: Path) -> None:
    """The scored test set is [3] -> 1 and [0] -> 1: what Alice teaches helps, what Bob teaches harms."""
    pieces = [Piece([[3]], [1], bytes([n]) * 32) for n in range(3)]
    secret = tmp_path / "pieces.json"
    chain.save_pieces(secret, pieces)
    assert chain.load_pieces(secret) == pieces
    assert secret.stat().st_mode & 0o077 == 0
    terms = Terms(10**15, 5, 10, 100, 200, 300, 400, 500)
    blueprint = chain.MarketBlueprint(MODEL, astuple(terms))
    address = deploy(node, blueprint, tmp_path / "market.json")["market"]

    def at(who: Any) -> AbstractContextManager[chain.Market]:
        return chain.market(node.url, address, who, tmp_path / "pending.json", waiting=WAITING, limits=LIMITS)

    bounty = 10**18
    with at(ALICE) as market, pytest.raises(Revert) as refused:
        market.commit(pieces, bounty)
    assert refused.value == Revert("NotProvider", (ALICE.address,))
    with at(OWNER) as market:
        market.send(market.commit(pieces, bounty))
        node.mine()
        node.mine()
        (drawn,) = market.send(market.draw())
        number = drawn.args["piece"]
        market.send(market.reveal(number, pieces))
        assert market.status().phase is Phase.PARTICIPATION
    for who, x, label, stake in ((ALICE, [3], 1, None), (BOB, [3], 0, 10**15 + 5), (CAROL, [1], 0, 10**16)):
        with at(who) as market:
            market.send(market.contribute(x, label, stake))
    wait(node, 200)
    with at(OWNER) as market:
        for other in sorted({0, 1, 2} - {number}):
            market.send(market.reveal(other, pieces))
        assert market.status().phase is Phase.SCORING
        while market.status().phase is Phase.SCORING:
            market.send(market.step())
        status = market.status()
        assert status.phase is Phase.ENDED
        assert status.revealed == (True, True, True)
    # Alice's sample makes both predictions right, Bob's both wrong again: a point is a tenth of the bounty, so Bob
    # cannot pay a round. Without him Alice earns 2 points in each of 5 rounds: all.
    assert [(who, score, removed) for who, _, score, removed in status.contributions] == [
        (ALICE.address, 2, False),
        (BOB.address, 0, True),
        (CAROL.address, 0, False),
    ]
    for who, due in ((ALICE, 10**15 + bounty), (CAROL, 10**16)):
        with at(who) as market:
            before = balance(node, who)
            events = market.send(market.collect())
            assert [event.name for event in events] == ["Collected"]
            assert events[0].args["amount"] == due
            assert 0 <= before + due - balance(node, who) < 10**15  # the fee
    with at(OWNER) as market:
        (paid,) = market.send(market.collect_bounty())
        assert paid.args["amount"] == 10**15 + 5  # what Bob lost
        market.send(market.return_classifier())
    assert not (tmp_path / "pending.json").exists()


def test_a_call_to_a_market_whose_answer_is_lost(node: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blueprint = chain.MarketBlueprint(MODEL, (10**15, 5, 10, 100, 200, 300, 400, 500))
    address = deploy(node, blueprint, tmp_path / "market.json")["market"]
    pieces = [Piece([[3]], [1], bytes([n]) * 32) for n in range(2)]
    pending = tmp_path / "pending.json"
    with chain.market(node.url, address, OWNER, pending, waiting=WAITING, limits=LIMITS) as market:
        proposal = market.commit(pieces, 7)
        send = chain.KeyAccount.send

        def lossy(*args: Any) -> str:
            send(*args)
            raise RpcError("eth_send", "the answer is lost")

        with monkeypatch.context() as patch:
            patch.setattr(chain.KeyAccount, "send", lossy)
            with pytest.raises(RpcError, match="the answer is lost"):
                market.send(proposal)
        assert pending.exists()
        recovered = market.recover()
        assert recovered is not None
        assert [event.name for event in recovered] == ["Committed"]
        assert market.recover() is None
        assert market.status().bounty_wei == 7


def test_what_the_node_does_not_take_is_not_waited_for(
    node: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = deploy(node, framework(), tmp_path / "deployment.json")["trainer"]

    def refuse(*_args: Any) -> str:
        raise RpcError("eth_sendRawTransaction", "underpriced", -32000)

    with join(node, trainer, ALICE, tmp_path) as one:
        with monkeypatch.context() as patch:
            patch.setattr(chain.KeyAccount, "send", refuse)
            with pytest.raises(TransactionError, match="the node rejected the transaction"):
                one.send(one.contribute([1], 0))
        assert [(entry.status, entry.pending) for entry in one.book.entries] == [("failed", None)]
        assert one.send(one.contribute([1], 0)).status == "added"
