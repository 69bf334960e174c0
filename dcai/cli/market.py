"""``dcai market``: a prediction market on a chain, from its deployment to the last balance."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dcai import chain
from dcai.cli._shared.node_options import rpc_option
from dcai.cli._shared.participation import labelled_rows, sample
from dcai.cli._shared.sending import NOT_AUDITED, Sending, sending_options, show
from dcai.cli._shared.values import DURATION, NEW_FILE, OLD_FILE, WEI
from dcai.cli.deploy import deploy_blueprint
from dcai.evm.schedule import MAX_TRANSACTION_GAS
from dcai.incentives import cut
from dcai.tabular import Layout, load_model
from dcai.units import ether_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dcai.chain import Market
    from dcai.chain.send.remote import Proposal

__all__ = ["market"]

F = TypeVar("F", bound="Callable[..., Any]")


@click.group(epilog=NOT_AUDITED)
def market() -> None:
    """Take part in a prediction market: data that improve a model earn a share of a bounty.

    The provider: deploy, pieces, commit, draw, reveal, collect-bounty. Contributors: contribute, collect. Anybody:
    step, expire, status.
    """


def _call(command: F) -> F:
    """Register a command that sends one transaction to the market at ADDRESS."""
    pending = click.option(
        "--pending",
        type=NEW_FILE,
        default="market.pending.json",
        help="File that is there as long as a transaction is under way.",
    )
    decorated: Any = click.argument("address")(pending(sending_options(command)))
    return market.command(epilog=NOT_AUDITED)(decorated)  # type: ignore[return-value]


@contextmanager
def _at(address: str, pending: Path, sending: Sending) -> Iterator[Market]:
    with chain.market(sending.rpc_url, address, sending.sender, pending, **sending.options) as found:
        events = None if sending.dry_run else found.recover()
        if events is not None:
            click.echo(f"what was under way is done: {', '.join(event.name for event in events)}")
        yield found


def _carry_out(found: Market, proposal: Proposal, sending: Sending) -> bool:
    show(
        [
            ("call", proposal.function),
            ("sent", ether_text(proposal.value_wei)),
            ("gas", f"{proposal.gas:,}: {ether_text(proposal.expected_wei)}, at most {ether_text(proposal.most_wei)}"),
        ]
    )
    if not sending.confirm(f"Send it from {sending.sender.address}?"):
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
@click.option("--output", type=NEW_FILE, required=True, help="File of the deployment; .partial until it is complete.")
@click.option("--min-stake", type=WEI, default="1 finney", help="Least deposit for a sample.")
@click.option("--rounds", type=click.IntRange(min=1), default=10, help="In which the bounty is paid.")
@click.option("--max-contributions", type=click.IntRange(min=1), default=1000, help="Then it closes.")
@click.option("--commit-time", type=DURATION, default="1 day", help="For draw and first reveal.")
@click.option("--participation-time", type=DURATION, default="7 days", help="For contributions.")
@click.option("--reveal-time", type=DURATION, default="1 day", help="For the other pieces.")
@click.option("--idle-time", type=DURATION, default="1 day", help="Without a step it may be ended.")
@click.option("--any-wait", type=DURATION, default="30 days", help="Then anybody may collect.")
@sending_options
def deploy(model: Path, output: Path, sending: Sending, **terms: int) -> None:
    """Deploy a market for MODEL, a Perceptron as a JSON file."""
    order = ("min_stake", "rounds", "max_contributions", "commit_time", "participation_time", "reveal_time")
    values = tuple(terms[name] for name in (*order, "idle_time", "any_wait"))
    deploy_blueprint(chain.MarketBlueprint(load_model(model), values), output, MAX_TRANSACTION_GAS, sending)


@market.command(epilog=NOT_AUDITED)
@click.argument("rows", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--model", type=OLD_FILE, required=True, help="The model, which says what a row must be.")
@click.option("--labels", metavar="COLUMN", required=True, help="The column with the labels.")
@click.option("--scale", type=click.Choice(("auto", "fixed", "float")), default="auto", help="As of dcai predict.")
@click.option("--count", type=click.IntRange(min=2), default=10, help="How many pieces.")
@click.option(
    "--output", type=NEW_FILE, required=True, help="File of the pieces. It is secret: keep it, and show nobody."
)
def pieces(rows: tuple[Path, ...], model: Path, labels: str, scale: Any, count: int, output: Path) -> None:
    """Cut a test set, ROWS of files, into pieces with a salt each."""
    if output.exists():
        raise click.BadParameter(f"{output} is there already; its salts may be needed", param_hint="--output")
    found = list(labelled_rows(rows, model, Layout(labels=labels, scale=scale)))
    data = [x for x, _ in found]
    chain.save_pieces(output, cut(data, [y for _, y in found], count, secrets.token_bytes))
    click.echo(f"{len(data):,} samples in {count} pieces, written: {output}")


_pieces_option = click.option("--pieces", "pieces_", type=OLD_FILE, required=True, help="File of dcai market pieces.")


@_call
@_pieces_option
@click.option("--bounty", type=WEI, required=True, help="What is staked.")
def commit(address: str, pending: Path, pieces_: Path, bounty: int, sending: Sending) -> None:
    """Stake a bounty on a test set; the provider."""
    with _at(address, pending, sending) as found:
        _carry_out(found, found.commit(chain.load_pieces(pieces_), bounty), sending)


@_call
def draw(address: str, pending: Path, sending: Sending) -> None:
    """Draw the piece that opens the market."""
    with _at(address, pending, sending) as found:
        _carry_out(found, found.draw(), sending)


@_call
@_pieces_option
def reveal(address: str, pending: Path, pieces_: Path, sending: Sending) -> None:
    """Reveal what is due: the drawn piece, which opens the market, or after it is closed all others."""
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
@click.option("--sample", "sample_", metavar="NUMBERS", required=True, help="As the model takes it: 3,17,256.")
@click.option("--label", type=click.IntRange(min=0), required=True, help="Its class.")
@click.option("--stake", type=WEI, help="What is staked on it.  [default: the least]")
def contribute(address: str, pending: Path, sample_: str, label: int, stake: int | None, sending: Sending) -> None:
    """Contribute a sample, with a stake."""
    with _at(address, pending, sending) as found:
        _carry_out(found, found.contribute(sample(sample_), label, stake), sending)


@_call
@click.option("--all", "all_", is_flag=True, help="Until the market has ended.")
def step(address: str, pending: Path, all_: bool, sending: Sending) -> None:
    """Do a part of the scoring, as much as fits a transaction; anybody may."""
    with _at(address, pending, sending) as found:
        while _carry_out(found, found.step(), sending) and all_:
            if found.status().phase.name != "SCORING":
                return


@_call
def expire(address: str, pending: Path, sending: Sending) -> None:
    """End a market whose provider, or whose scoring, does not go on."""
    with _at(address, pending, sending) as found:
        _carry_out(found, found.expire(), sending)


@_call
@click.option("--number", "numbers", type=click.IntRange(min=0), multiple=True, help="Of a contribution. Repeatable.")
def collect(address: str, pending: Path, numbers: tuple[int, ...], sending: Sending) -> None:
    """Collect the balances of one's contributions."""
    with _at(address, pending, sending) as found:
        _carry_out(found, found.collect(numbers or None), sending)


@_call
def collect_bounty(address: str, pending: Path, sending: Sending) -> None:
    """Collect what is left of the bounty, and have the model back; the provider."""
    with _at(address, pending, sending) as found:
        if _carry_out(found, found.collect_bounty(), sending):
            _carry_out(found, found.return_classifier(), sending)


@market.command()
@click.argument("address")
@rpc_option(required=True)
def status(address: str, rpc_url: str) -> None:
    """Show where the market stands."""
    with chain.market(rpc_url, address, chain.Nobody(), "market.pending.json") as found:
        now = found.status()
    show(
        [
            ("phase", now.phase.name.lower()),
            ("deadline", f"second {now.deadline}"),
            ("bounty", ether_text(now.bounty_wei)),
            ("deposits", ether_text(now.deposits_wei)),
            ("pieces", f"{sum(now.revealed)} of {len(now.revealed)} revealed, drawn: {now.drawn_piece}"),
            ("contributions", f"{now.num_contributions:,}, {now.rounds_left:,} rounds left"),
        ]
    )
    for number, (who, balance, score, removed) in enumerate(now.contributions):
        click.echo(f"  {number:>4} {who} {ether_text(balance)}, score {score}{', removed' if removed else ''}")
