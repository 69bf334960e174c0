"""Pictures of gas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dcai.errors import InputError, MissingExtraError
from dcai.gas.rows import kinds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from dcai.gas.forecast import Forecast
    from dcai.gas.prices import Prices
    from dcai.gas.rows import Row

__all__ = ["check", "plot_forecast", "plot_table"]

_SUFFIXES = (".png", ".svg")
_DOTS_PER_INCH = 150
#: Told apart by everybody (Okabe and Ito), one for each part of the gas, and for each kind of update.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
_MILLION = 10**6


def check(path: Path) -> None:
    """Refuse a picture that could not be drawn.

    Raises
    ------
    InputError
        The name of the file ends in neither .png nor .svg, or its folder is missing.
    MissingExtraError
        matplotlib is not installed.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise InputError(f"a picture is a file that ends in {' or '.join(_SUFFIXES)}; got {path}")
    if not path.parent.is_dir():
        raise InputError(f"{path} cannot be written: there is no folder {path.parent}")
    _matplotlib()


def _matplotlib() -> Any:
    """Return matplotlib, which then draws into files and opens no window."""
    try:
        import matplotlib  # noqa: PLC0415  # optional, and slow to load
    except ImportError as error:
        raise MissingExtraError("a plot", "plot") from error
    return matplotlib


def _figure(width_in: float, height_in: float) -> Figure:
    _matplotlib()
    # Without pyplot, whose state is global; a figure of its own draws with Agg or as SVG, by the name of the file.
    from matplotlib.figure import Figure  # noqa: PLC0415  # optional, and slow to load

    return Figure(figsize=(width_in, height_in), layout="constrained")


def _save(figure: Figure, path: Path) -> None:
    matplotlib = _matplotlib()
    metadata: dict[str, Any] = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
    # The same figures give the same file: no date, and no random names in it.
    with matplotlib.rc_context({"svg.hashsalt": "dcai"}):
        figure.savefig(path, dpi=_DOTS_PER_INCH, metadata=metadata)


def plot_table(rows: Sequence[Row], prices: Prices, path: Path) -> None:
    """Draw the median transaction of each kind, and of what it consists; a panel for each scenario, fork and engine."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        # Deployments cost a hundred times as much, and would leave nothing to see of the others.
        if row.kind.action != "deploy":
            groups.setdefault(f"{row.data}: {row.model}, {row.fork}, {row.engine}", []).append(row)
    heights = [len(group) + 1.2 for group in groups.values()]
    figure = _figure(10, max(2.0, 0.3 * sum(heights) + 0.6))
    panels = figure.subplots(len(groups) or 1, 1, squeeze=False, sharex=True, height_ratios=heights or [1])[:, 0]
    for axes, (title, group) in zip(panels, groups.items(), strict=False):
        _bars(axes, title, group)
    panels[0].legend(loc="lower center", bbox_to_anchor=(0.5, 1.15), ncols=5, frameon=False, fontsize=8)
    panels[-1].set_xlabel("gas of the median transaction; the line is from the least to the most gas used")
    _second_axis(panels[-1], prices)
    _save(figure, path)


def _bars(axes: Any, title: str, group: Sequence[Row]) -> None:
    names = [f"{row.kind} (n = {row.n:,})" for row in group]
    left = np.zeros(len(group))
    for part, colour in zip(("intrinsic", "calldata", "execution"), _COLOURS, strict=False):
        values = np.array([getattr(row, part) for row in group])
        axes.barh(names, values, left=left, color=colour, label=part, height=0.7)
        left += values
    paid = np.array([row.median for row in group])
    refund = np.array([row.refund for row in group])
    axes.barh(names, -refund, left=left, color="white", hatch="////", edgecolor="black", lw=0, label="refund", height=0.7)
    more = np.maximum(paid - (left - refund), 0)
    axes.barh(names, more, left=left, color=_COLOURS[4], label="up to the calldata floor", height=0.7)
    least, most = np.array([(row.minimum, row.maximum) for row in group]).T
    axes.hlines(names, least, most, color="black", lw=0.8)
    axes.invert_yaxis()
    axes.set_title(title, fontsize=9, loc="left")
    axes.tick_params(labelsize=8)
    axes.xaxis.set_major_formatter(lambda gas, _: f"{gas:,.0f}")
