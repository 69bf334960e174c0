"""``dcai verify mutants``: check that the search finds faults planted in the contracts."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcai.cli._shared.options import engine_option, fork_option
from dcai.cli.verify.common import SEED, TIME_BUDGET, emit, report_options, reporting
from dcai.errors import InputError
from dcai.report.progress import progress_bar
from dcai.verify.layer import faults
from dcai.verify.mutants import report as mutants_report
from dcai.verify.mutants.mutants import Compiler, Trial, try_fault
from dcai.verify.search.search import CASES, STEPS

if TYPE_CHECKING:
    from dcai.verify.fault import Fault

__all__ = ["mutants"]


@click.command()
@click.option(
    "--only", metavar="TEXT", help="Try only faults whose name, contract or kind contains TEXT.  [default: all]"
)
@click.option("--sample", is_flag=True, help="Try only a few representative faults of each model.")
@click.option(
    "--contracts",
    type=click.Path(file_okay=False, path_type=Path),
    default="contracts",
    help="Folder contracts of a checkout of dcai, with its Node packages installed.",
)
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    default="target/mutants",
    help="Folder for compiled contracts.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default="one a core",
    help="Number of contracts to compile in parallel.",
)
@engine_option
@fork_option
@click.option("--cases", type=click.IntRange(min=1), default=CASES, help="Number of sequences for each fault.")
@click.option("--steps", type=click.IntRange(min=1), default=STEPS, help="Number of calls in each sequence.")
@SEED
@TIME_BUDGET
@report_options
def mutants(
    only: str | None,
    sample: bool,
    contracts: Path,
    cache: Path,
    jobs: int,
    engine: str,
    fork: str,
    cases: int,
    steps: int,
    seed: int,
    time_budget: float | None,
    json_: bool,
    reports: tuple[Path, ...],
) -> None:
    """Check the search itself: it must find every planted fault.

    The command compiles the contracts with one small fault each: a sign, a rounding, a comparison, a missing check, a
    swapped index, an overflow that wraps. The search of 'dcai verify differential' must find a difference for each.

    Exits with code 1 if the search missed a fault. Exits with code 3 if the run is partial and missed none, or if
    sources, compiler or Node are missing.
    """
    chosen = _choose(only, sample)
    compiler = Compiler(contracts, cache)
    deadline = None if time_budget is None else time.monotonic() + time_budget
    trials: list[Trial] = []
    with reporting("Mutation check", "mutants", engine=f"{engine} ({fork})") as report, progress_bar() as progress:
        task = progress.add_task("faults", total=len(chosen))
        for contract in dict.fromkeys(fault.contract for fault in chosen):
            compiler.check(contract)
        for fault, artifact in compiler.compile_all(chosen, jobs):
            trial = try_fault(
                fault, artifact, engine=engine, fork=fork, seed=seed, cases=cases, steps=steps, deadline=deadline
            )
            trials.append(trial)
            progress.update(task, completed=len(trials))
            if trial.search.partial is not None:
                break
    partial = report.partial or trials[-1].search.partial
    facts = {"seed": seed, "cases": f"at most {cases:,}, of {steps:,} steps each"}
    report.sections = [mutants_report.section(trials, len(faults()), facts, partial)]
    emit(report, json_=json_, reports=reports)


def _choose(only: str | None, sample: bool) -> list[Fault]:
    chosen = [fault for fault in faults() if fault.typical or not sample]
    if only is not None:
        text = only.lower()
        chosen = [f for f in chosen if text in f"{f.name} {f.contract} {f.kind}".lower()]
    if not chosen:
        raise InputError(f"--only {only} matches no fault; dcai/verify/models lists the faults of each model")
    return chosen
