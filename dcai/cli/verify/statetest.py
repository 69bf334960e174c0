"""``dcai verify statetest``: run state tests under Ethereum's executable specification."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from dcai.cli._shared.values import OLD_FILE
from dcai.cli.verify.common import finish, report_option, reporting
from dcai.verify.state_tests import results
from dcai.verify.state_tests.specs import StateTestResult, run_file

__all__ = ["statetest"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=OLD_FILE)
@report_option
def statetest(files: tuple[Path, ...], reports: tuple[Path, ...]) -> None:
    """Run the state tests in FILES under Ethereum's executable specification, which shares no code with dcai.

    Other clients have their own runners: `ethereum-spec-evm statetest`, `evm statetest`, `revme statetest`.

    Exits with code 1 if a test fails, and with code 3 if Ctrl-C came before the first failure.
    """
    done: dict[Path, list[StateTestResult]] = {}
    with reporting("State tests under the executable specification", "statetest", "ethereum-execution") as report:
        for path in files:
            done[path] = []
            for result in run_file(path):
                done[path].append(result)
                if not result.passed:
                    click.echo(f"{path}: {result.name} ({result.fork}): {'; '.join(result.failures)}")
    report.sections = [
        results.section(path, some, report.partial if i == len(done) - 1 else None)
        for i, (path, some) in enumerate(done.items())
    ]
    _print([result for some in done.values() for result in some], partial=report.partial)
    finish(report, reports)


def _print(all_results: list[StateTestResult], *, partial: str | None) -> None:
    passed = Counter(result.fork for result in all_results if result.passed)
    for fork, count in passed.items():
        click.echo(f"{fork}: {count} passed")
    failed = len(all_results) - passed.total()
    if failed:
        click.echo(f"{failed} failed")
    if partial:
        click.echo(f"PARTIAL: {partial}")
