"""``dcai market``: take part in a prediction market on a chain."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from dcai import chain
from dcai.chain import Market
from dcai.chain.send.remote import Proposal
from dcai.cli._shared.node_options import rpc_option
from dcai.cli._shared.participation import labelled_rows, sample
from dcai.cli._shared.sending import NOT_AUDITED, Sending, sending_options, show
from dcai.cli._shared.values import DURATION, NEW_FILE, OLD_FILE, WEI
from dcai.cli.deploy import DEPLOYMENT_FILE, deploy_blueprint
from dcai.evm.schedule import MAX_TRANSACTION_GAS
from dcai.incentives import cut
from dcai.tabular import Layout, load_model
from dcai.units import ether_text

__all__ = ["market"]

F = TypeVar("F", bound="Callable[..., Any]")


@click.group(epilog=NOT_AUDITED)
def market() -> None:
    """Take part in a prediction market, where data that improve a model earn a share of a bounty.

    The provider runs deploy, pieces, commit, draw, reveal and collect-bounty. Contributors run contribute and collect.
    Anybody may run step, expire and status.
    """


def _call(command: F) -> F:
    """Register a command that sends one transaction to the market at ADDRESS."""
    pending = click.option(
        "--pending",
        type=NEW_FILE,
        default="market.pending.json",
        help="File that records a pending transaction, until it is mined.",
    )
    decorated: Any = click.argument("address")(pending(sending_options(command)))
    return market.command(epilog=NOT_AUDITED)(decorated)  # type: ignore[return-value]


@contextmanager
def _at(address: str, pending: Path, sending: Sending) -> Iterator[Market]:
    with chain.market(sending.rpc_url, address, sending.sender, pending, **sending.options) as found:
        events = None if sending.dry_run else found.recover()
        if events is not None:
            click.echo(f"the pending transaction was mined: {', '.join(event.name for event in events)}")
        yield found


def _carry_out(found: Market, proposal: Proposal, sending: Sending) -> bool:
    show(
        [
            ("call", proposal.function),
            ("sent", ether_text(proposal.value_wei)),
            ("gas", f"{proposal.gas:,}: {ether_text(proposal.expected_wei)}, at most {ether_text(proposal.most_wei)}"),
        ]
    )
    if not sending.confirm(f"Send this transaction from {sending.sender.address}?"):
        return False
    for event in found.send(proposal):
        values = (f"{name} {_text(value)}" for name, value in event.args.items())
        click.echo(f"{event.name}: {', '.join(values)}")
    return True


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))})"
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


@market.command(epilog=NOT_AUDITED)
@click.argument("model", type=OLD_FILE)
@DEPLOYMENT_FILE
@click.option("--min-stake", type=WEI, default="1 finney", help="Minimum stake of a sample, in wei or with a unit.")
@click.option("--rounds", type=click.IntRange(min=1), default=10, help="Number of rounds in which the bounty is paid.")
@click.option(
    "--max-contributions",
    type=click.IntRange(min=1),
    default=1000,
    help="Number of contributions after which participation closes.",
)
@click.option(
    "--commit-time",
    type=DURATION,
    default="1 day",
    help="Time for the draw and the first reveal, counted from the commitment, in seconds or with a unit.",
)
@click.option(
    "--participation-time",
    type=DURATION,
    default="7 days",
    help="Time for contributions, counted from the first reveal.",
)
@click.option(
    "--reveal-time",
    type=DURATION,
    default="1 day",
    help="Time to reveal the other pieces, counted from the close of participation.",
)
@click.option(
    "--idle-time",
    type=DURATION,
    default="1 day",
    help="Time without a scoring step after which anybody may end the market.",
)
@click.option(
    "--any-wait",
    type=DURATION,
    default="30 days",
    help="Time from the end of the market until any address may collect unclaimed balances.",
)
@sending_options
def deploy(model: Path, output: Path, sending: Sending, **terms: int) -> None:
    """Deploy a market for MODEL, the JSON file of a Perceptron."""
    order = ("min_stake", "rounds", "max_contributions", "commit_time", "participation_time", "reveal_time")
    values = tuple(terms[name] for name in (*order, "idle_time", "any_wait"))
    deploy_blueprint(chain.MarketBlueprint(load_model(model), values), output, MAX_TRANSACTION_GAS, sending)


@market.command(epilog=NOT_AUDITED)
@click.argument("rows", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--model", type=OLD_FILE, required=True, help="File of the model, which defines the features of a row.")
@click.option("--labels", metavar="COLUMN", required=True, help="Column that holds the label of each row.")
@click.option(
    "--scale",
    type=click.Choice(("auto", "fixed", "float")),
    default="auto",
    help="Numbers of a dense model, as for dcai predict: multiplied by 10^9 (fixed) or real (float).",
)
@click.option(
    "--count", type=click.IntRange(min=2), default=10, help="Number of pieces into which the test set is cut."
)
@click.option(
    "--output",
    type=NEW_FILE,
    required=True,
    help="Write the pieces and their salts to this file. Keep it secret until the reveal.",
)
def pieces(rows: tuple[Path, ...], model: Path, labels: str, scale: Any, count: int, output: Path) -> None:
    """Split a test set, the files ROWS, into pieces with a random salt each."""
    if output.exists():
        raise click.BadParameter(
            f"{output} already exists, and its salts may still be needed; choose another file", param_hint="--output"
        )
    found = list(labelled_rows(rows, model, Layout(labels=labels, scale=scale)))
    data = [x for x, _ in found]
    chain.save_pieces(output, cut(data, [y for _, y in found], count, secrets.token_bytes))
    click.echo(f"{len(data):,} samples in {count} pieces, written: {output}")


_pieces_option = click.option(
    "--pieces", "pieces_", type=OLD_FILE, required=True, help="File that dcai market pieces wrote."
)


@_call
@_pieces_option
@click.option("--bounty", type=WEI, required=True, help="Bounty to stake, in wei or with a unit.")
def commit(address: str, pending: Path, pieces_: Path, bounty: int, sending: Sending) -> None:
    """Commit to a test set, and stake the bounty (provider)."""
    with _at(address, pending, sending) as found:
        _carry_out(found, found.commit(chain.load_pieces(pieces_), bounty), sending)


@_call
def draw(address: str, pending: Path, sending: Sending) -> None:
    """Draw the random piece whose reveal opens the market."""
    with _at(address, pending, sending) as found:
        _carry_out(found, found.draw(), sending)


@_call
@_pieces_option
def reveal(address: str, pending: Path, pieces_: Path, sending: Sending) -> None:
    """Reveal the due pieces: the drawn one to open the market, the others after participation closes."""
    with _at(address, pending, sending) as found:
        status, secret = found.status(), chain.load_pieces(pieces_)
        drawn = status.drawn_piece
        opens = drawn is not None and not status.revealed[drawn]
        due = [drawn] if opens else [i for i, is_revealed in enumerate(status.revealed) if not is_revealed]
        if not due:
            click.echo("all pieces are revealed")
        for number in due:
            if not _carry_out(found, found.reveal(int(number or 0), secret), sending):
                return


@_call
@click.option(
    "--sample",
    "sample_",
    metavar="NUMBERS",
    required=True,
    help="The sample in the form that the model takes: integers, such as 3,17,256.",
)
@click.option("--label", type=click.IntRange(min=0), required=True, help="Class index of the sample.")
@click.option(
    "--stake", type=WEI, help="Stake on the sample, in wei or with a unit.  [default: the market's minimum stake]"
)
def contribute(address: str, pending: Path, sample_: str, label: int, stake: int | None, sending: Sending) -> None:
    """Contribute a sample with a stake."""
    with _at(address, pending, sending) as found:
        _carry_out(found, found.contribute(sample(sample_), label, stake), sending)


@_call
@click.option("--all", "all_", is_flag=True, help="Repeat until scoring has ended.")
def step(address: str, pending: Path, all_: bool, sending: Sending) -> None:
    """Run one step of the scoring, as much as fits one transaction; anybody may."""
    with _at(address, pending, sending) as found:
        while _carry_out(found, found.step(), sending) and all_:
            if found.status().phase.name != "SCORING":
                return


@_call
def expire(address: str, pending: Path, sending: Sending) -> None:
    """End a market whose provider or scoring has missed a deadline."""
    with _at(address, pending, sending) as found:
        _carry_out(found, found.expire(), sending)


@_call
@click.option(
    "--number",
    "numbers",
    type=click.IntRange(min=0),
    multiple=True,
    help="Number of a contribution to collect. Repeatable.  [default: all of your contributions]",
)
def collect(address: str, pending: Path, numbers: tuple[int, ...], sending: Sending) -> None:
    """Collect the balances of your contributions."""
    with _at(address, pending, sending) as found:
        _carry_out(found, found.collect(numbers or None), sending)


@_call
def collect_bounty(address: str, pending: Path, sending: Sending) -> None:
    """Collect the rest of the bounty, and take the model back (provider)."""
    with _at(address, pending, sending) as found:
        if _carry_out(found, found.collect_bounty(), sending):
            _carry_out(found, found.return_classifier(), sending)


@market.command()
@click.argument("address")
@rpc_option(required=True)
def status(address: str, rpc_url: str) -> None:
    """Show phase, deadline, balances and scores of the market at ADDRESS."""
    with chain.market(rpc_url, address, chain.Nobody(), "market.pending.json") as found:
        now = found.status()
    show(
        [
            ("phase", now.phase.name.lower()),
            ("deadline", f"Unix time {now.deadline}"),
            ("bounty", ether_text(now.bounty_wei)),
            ("deposits", ether_text(now.deposits_wei)),
            ("pieces", f"{sum(now.revealed)} of {len(now.revealed)} revealed, drawn: {now.drawn_piece}"),
            ("contributions", f"{now.num_contributions:,}, {now.rounds_left:,} rounds left"),
        ]
    )
    for number, (who, balance, score, removed) in enumerate(now.contributions):
        click.echo(f"  {number:>4} {who} {ether_text(balance)}, score {score}{', removed' if removed else ''}")
