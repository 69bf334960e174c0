"""Plots of a simulation with matplotlib: PNG and SVG."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from dcai.errors import InputError, MissingExtraError
from dcai.files import write_whole
from dcai.simulation.reports import page
from dcai.simulation.reports.series import Curve, accuracy_curve, agent_curves, title, y_label
from dcai.simulation.result import SimulationResult
from dcai.units import DAY_S

__all__ = ["check", "plot"]

_SUFFIXES = (".png", ".svg", ".html")
_DOTS_PER_INCH = 150


def check(path: Path) -> None:
    """Refuse a plot that cannot be drawn.

    Raises
    ------
    InputError
        The name of the file ends in none of .png, .svg and .html.
    MissingExtraError
        matplotlib is not installed; a page needs none.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise InputError(f"a plot is a file that ends in {', '.join(_SUFFIXES)}; got {path}")
    if path.suffix.lower() != ".html":
        _matplotlib()


def plot(result: SimulationResult, path: Path) -> None:
    """Plot balances or points, and accuracy, over days; the file name determines the format.

    Parameters
    ----------
    result : SimulationResult
        Result of a run, complete or not.
    path : Path
        ``.png``, ``.svg``, or ``.html`` for a page that shows values under the pointer and needs nothing else.

    Raises
    ------
    InputError, MissingExtraError
        Errors of `check`.
    """
    check(path)
    if path.suffix.lower() == ".html":
        write_whole(path, page.render(result))
        return
    figure = _draw(result)
    content = BytesIO()
    with _matplotlib().rc_context({"svg.hashsalt": "dcai"}):
        figure.savefig(content, format=path.suffix.lower()[1:], dpi=_DOTS_PER_INCH, metadata=_no_date(path))
    write_whole(path, content.getvalue())


def _no_date(path: Path) -> dict[str, None] | None:
    """Omit the date from an SVG, so that the same run gives the same file."""
    return {"Date": None} if path.suffix.lower() == ".svg" else None


def _draw(result: SimulationResult) -> Any:
    from matplotlib.figure import Figure  # noqa: PLC0415 - optional, and slow to load

    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title(result), fontsize=11)
    axes.set_xlabel("days")
    has_points = result.setup.mechanism == "points"
    for_agents = axes.twinx() if has_points else axes
    axes.set_ylabel("accuracy, %" if has_points else f"accuracy, %; {y_label(result)}")
    if has_points:
        for_agents.set_ylabel(y_label(result))
    lines = [_line(axes, accuracy_curve(result)), *(_line(for_agents, curve) for curve in agent_curves(result))]
    axes.set_xlim(0, max(result.time_s / DAY_S, 1))
    axes.set_ylim(bottom=0)
    for_agents.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    if result.scoring_s is not None:
        begin = result.scoring_s / DAY_S
        axes.axvline(begin, color="#888888", linestyle=":", linewidth=1.2)
        axes.annotate("scoring", (begin, 3), xytext=(6, 0), textcoords="offset points", color="#555555", fontsize=9)
    axes.spines[["top"]].set_visible(False)
    figure.legend(handles=lines, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def _line(axes: Any, curve: Curve) -> Any:
    dashes = [float(length) for length in curve.dash.split()]
    return axes.plot(
        curve.days,
        curve.values,
        color=curve.colour,
        linestyle=(0, tuple(dashes)) if dashes else "-",
        drawstyle="steps-post" if curve.is_step else "default",
        linewidth=1.6 if curve.is_step else 1.0,
        label=curve.name,
    )[0]


def _matplotlib() -> Any:
    """Return matplotlib, set to draw into files without a window."""
    try:
        import matplotlib  # noqa: PLC0415  # optional, and slow to load
    except ImportError as error:
        raise MissingExtraError("a plot", "plot") from error
    return matplotlib
