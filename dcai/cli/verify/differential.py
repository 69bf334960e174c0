"""``dcai verify differential``: compare a contract with its kernel on random and adversarial sequences."""

from __future__ import annotations

import time
from pathlib import Path

import click

from dcai.cli._shared.options import engine_option, fork_option
from dcai.cli.verify.common import CASE_DIR, SEED, TIME_BUDGET, emit, report_options, reporting
from dcai.errors import InputError
from dcai.models import MODELS
from dcai.report.progress import progress_bar
from dcai.verify.report import Section
from dcai.verify.search.report import section
from dcai.verify.search.search import CASES, STEPS, Search
from dcai.verify.search.target import Target, of_address, of_name

__all__ = ["differential"]


@click.command()
@click.argument("contracts", nargs=-1, metavar="[CONTRACT]...")
@click.option("--address", metavar="0x...", help="Address of a contract on a node to compare; needs --rpc.")
@click.option("--rpc", metavar="URL", help="URL of the node's JSON-RPC server; needs --address.")
@click.option("--block", default="finalized", metavar="TAG|NUMBER", help="With --address: block whose state is forked.")
@click.option(
    "--num-features", type=click.IntRange(min=1), help="With --address: size of the vocabulary of a sparse model."
)
@click.option(
    "--layout",
    metavar="NAME",
    help="With --address: storage layout of the contract, as for dcai fetch.  [default: "
    "recognised by code and getters]",
)
@click.option(
    "--model",
    type=click.Choice(list(MODELS)),
    help="Model that the contract in a file implements.  [default: recognised by its state variables]",
)
@engine_option
@fork_option
@click.option("--cases", type=click.IntRange(min=1), default=CASES, help="Number of sequences for each contract.")
@click.option("--steps", type=click.IntRange(min=1), default=STEPS, help="Number of calls in each sequence.")
@SEED
@TIME_BUDGET
@CASE_DIR
@report_options
def differential(
    contracts: tuple[str, ...],
    address: str | None,
    rpc: str | None,
    block: str,
    num_features: int | None,
    layout: str | None,
    model: str | None,
    engine: str,
    fork: str,
    cases: int,
    steps: int,
    seed: int,
    time_budget: float | None,
    case_dir: Path,
    json_: bool,
    reports: tuple[Path, ...],
) -> None:
    """Search for differences between contracts and kernels.

    CONTRACT is the name of a contract of dcai, or a file with another compilation or implementation. The file is an
    artifact of dcai, Foundry or Hardhat, or the standard output of solc (FILE:NAME if it has several). The default is
    every contract of dcai.

    Random and adversarial sequences of all functions go through contract and kernel, with numbers next to each bound.
    After each call the search compares label or result, error and arguments, all storage, events, and predicted gas. It
    shrinks a difference, describes it, and writes a case file for 'dcai verify replay'.

    Exits with code 1 on a difference. Exits with code 3 if Ctrl-C or --time-budget ended the run before it found one.
    """
    if (address is None) is not (rpc is None):
        raise InputError("pass --address and --rpc together: the contract, and the node that serves it")
    deadline = None if time_budget is None else time.monotonic() + time_budget
    distributions = ["py-evm"] if engine.startswith("py-evm") else []
    sections: list[Section] = []
    with reporting("Differential verification", "differential", *distributions, engine=f"{engine} ({fork})") as report:
        targets = [of_name(name, model) for name in contracts]
        if address is not None and rpc is not None:
            targets.append(of_address(rpc, address, block, layout=layout, num_features=num_features))
        elif not targets:
            targets = [of_name(name) for name in MODELS]
        for target in targets:
            search = Search(
                target.artifact,
                target.kernel,
                engine=engine,
                fork=fork,
                seed=seed,
                cases=cases,
                steps=steps,
                start=target.start,
                owner=target.owner,
            )
            try:
                _run(search, target, deadline)
            finally:
                sections.append(section(target, search, _save(search, case_dir)))
    report.sections = sections
    emit(report, json_=json_, reports=reports)


def _run(search: Search, target: Target, deadline: float | None) -> None:
    with progress_bar() as progress:
        task = progress.add_task(target.title, total=search.cases * search.steps)
        search.run(deadline, lambda steps: progress.update(task, completed=steps))


def _save(search: Search, folder: Path) -> Path | None:
    """Write the case of a difference, under a name that its seed and number make."""
    if search.found is None:
        return None
    path = folder / f"dcai-case-{search.kernel}-{search.seed}-{search.found.case_number}.json"
    search.found.case.save(path)
    return path
