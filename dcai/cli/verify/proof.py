"""``dcai verify proof``: prove the scalar steps of the contracts."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import click

from dcai.cli._shared.values import NEW_FILE, timeout_option
from dcai.cli.verify.common import finish, report_option, reporting
from dcai.files import write_whole
from dcai.verify.layer import claims as model_claims
from dcai.verify.proof import SHARED_CLAIMS, Proof, results

__all__ = ["proof"]


@click.command()
@click.option("--only", help="Prove only claims whose name contains TEXT.  [default: all]")
@timeout_option(120.0, "the solver")
@click.option("--json", "json_path", type=NEW_FILE, help="Also write the results to this file, as JSON.")
@report_option
def proof(only: str | None, timeout_s: float, json_path: Path | None, reports: tuple[Path, ...]) -> None:
    """Prove the scalar steps of the contracts on their bytecode, for all values of full width, by an SMT solver.

    Each claim is printed with its method, its range of values and its source. Two routines of OpenZeppelin are too
    large for a solver. The square root is proven by bounds of its error, and the 512-bit quotient at a reduced width;
    at full width it is only tested.

    Exits with code 1 if a claim is refuted, and with code 3 if a claim has no answer.
    """
    claims = [claim for claim in (*SHARED_CLAIMS, *model_claims()) if only is None or only in claim.name]
    if not claims:
        raise click.BadParameter(f"{only} matches the name of no claim", param_hint="--only")
    done: list[Proof] = []
    with reporting("Proof of the scalar steps", "proof", "z3-solver") as report:
        for claim in claims:
            done.append(claim.prove(timeout_s))
            _print(done[-1])
    if report.partial:
        click.echo(report.partial, err=True)
    counts = Counter(result.verdict for result in done)
    partial = len(done) < len(claims)
    left = f"; PARTIAL: {len(claims) - len(done)} not tried" if partial else ""
    click.echo(", ".join(f"{count} {verdict}" for verdict, count in counts.items()) + left)
    if json_path is not None:
        write_whole(json_path, json.dumps({"partial": partial, "claims": [_fields(p) for p in done]}, indent=1) + "\n")
    report.sections = [results.section(done, len(claims), "interrupted" if partial else None)]
    finish(report, reports)


def _print(result: Proof) -> None:
    claim = result.claim
    click.echo(f"{result.verdict.upper():<8} {claim.name}: {claim.method}, {result.detail}, {result.seconds:.1f} s")
    for title, text in (("that", claim.statement), ("for", claim.widths), ("in", claim.source)):
        click.echo(f"         {title + ':':<6}{text}")


def _fields(result: Proof) -> dict[str, object]:
    claim = result.claim
    return {
        "name": claim.name,
        "verdict": result.verdict,
        "method": claim.method,
        "statement": claim.statement,
        "widths": claim.widths,
        "source": claim.source,
        "detail": result.detail,
        "seconds": round(result.seconds, 3),
    }
