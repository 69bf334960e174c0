"""Pictures of gas."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from dcai.errors import InputError, MissingExtraError
from dcai.gas.measuring.rows import GasRow, kinds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

    from dcai.gas.measuring.forecast import Forecast
    from dcai.gas.prices import Prices

__all__ = ["check", "plot_forecast", "plot_table"]

_SUFFIXES = (".png", ".svg")
_DOTS_PER_INCH = 150
#: Told apart by everybody (Okabe and Ito), one for each part of the gas, and for each kind of update.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")


def check(path: Path) -> None:
    """Refuse a picture that could not be drawn.

    Raises
    ------
    InputError
        The name of the file ends in neither .png nor .svg.
    MissingExtraError
        matplotlib is not installed.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise InputError(f"{path}: expected a file name that ends in {' or '.join(_SUFFIXES)}")
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


def _thousands(value: float, _position: int) -> str:
    return f"{value:,.0f}"


def _save(figure: Figure, path: Path) -> None:
    kind = path.suffix.lower().removeprefix(".")
    image = BytesIO()
    # The same figures give the same file: no date, and no random names in it.
    with _matplotlib().rc_context({"svg.hashsalt": "dcai"}):
        figure.savefig(image, format=kind, dpi=_DOTS_PER_INCH, metadata={"Date" if kind == "svg" else "Software": None})
    path.write_bytes(image.getvalue())  # drawn before the file is opened


def plot_table(rows: Sequence[GasRow], path: Path) -> None:
    """Draw the median transaction of each kind, and of what it consists; a panel for each scenario, fork and engine."""
    groups: dict[str, list[GasRow]] = {}
    for row in rows:
        # A deployment costs a hundred times as much, and would leave nothing to see of the others.
        if row.kind.action != "deploy":
            groups.setdefault(f"{row.data}: {row.model}, {row.fork}, {row.engine}", []).append(row)
    if not groups:
        raise InputError("nothing to plot: all rows are deployments; see the table")
    heights = [len(group) + 1.5 for group in groups.values()]
    figure = _figure(10, 0.26 * sum(heights) + 1)
    panels = figure.subplots(len(groups), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (title, group) in zip(panels, groups.items(), strict=True):
        _bars(axes, title, group)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False, fontsize=8)
    panels[-1].set_xlabel("gas of the median transaction; a line from the least to the most gas used", fontsize=8)
    _save(figure, path)


def _bars(axes: Any, title: str, group: Sequence[GasRow]) -> None:
    names = [f"{row.kind} (n = {row.n:,})" for row in group]
    end = np.zeros(len(group))
    for part, colour in zip(("intrinsic", "calldata", "execution"), _COLOURS, strict=False):
        values = np.array([getattr(row, part) for row in group])
        axes.barh(names, values, left=end, color=colour, label=part, height=0.7)
        end += values
    refund = np.array([row.refund for row in group])
    axes.barh(
        names,
        refund,
        left=end - refund,
        facecolor="white",
        edgecolor=_COLOURS[2],
        hatch="////",
        label="refund",
        height=0.7,
    )
    up_to_floor = np.array([row.median for row in group]) - (end - refund)
    axes.barh(names, up_to_floor, left=end - refund, color=_COLOURS[4], label="up to the calldata floor", height=0.7)
    axes.hlines(names, [row.minimum for row in group], [row.maximum for row in group], color="black", linewidth=0.8)
    axes.invert_yaxis()
    axes.set_title(title, fontsize=9, loc="left")
    axes.set_xlim(left=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    axes.xaxis.set_major_formatter(_thousands)


def plot_forecast(forecast: Forecast, prices: Prices, path: Path) -> None:
    """Draw the distribution of the gas of contributions by kind, and below it the sum over the stream."""
    costs, stream = forecast.costs, forecast.stream
    figure = _figure(9, 7)
    histogram, cumulative = figure.subplots(2, 1)
    figure.suptitle(f"{stream.data}: {stream.contract}, {forecast.fork}, {len(costs):,} contributions", fontsize=11)

    groups = [
        (f"{kind} (n = {mask.sum():,})", costs.gas_used[mask])
        for kind, mask in kinds(costs, stream.contract)
        if mask.any()
    ]
    # The bins end where all but a hundredth of the contributions do, or a few would leave the others no room.
    most = np.quantile(costs.gas_used, 0.99)
    bins = np.linspace(costs.gas_used.min(), max(most, costs.gas_used.min() + 1), 80)
    columns = [np.minimum(gas_used, bins[-1]) for _, gas_used in groups]
    histogram.hist(columns, bins, stacked=True, label=[name for name, _ in groups], color=_COLOURS[: len(groups)])
    histogram.set(xlabel="gas used by a contribution; the last bar has all above", ylabel="contributions")
    histogram.legend(frameon=False, fontsize=8)
    histogram.xaxis.set_major_formatter(_thousands)
    histogram.yaxis.set_major_formatter(_thousands)

    total = np.cumsum(costs.gas_used)
    cumulative.plot(np.arange(1, len(total) + 1), [prices.eth(gas) for gas in total.tolist()], color=_COLOURS[0])
    cumulative.set(xlabel="contributions", ylabel=f"ETH in total, at {prices.gas_price_gwei:g} gwei", xlim=0, ylim=0)
    cumulative.xaxis.set_major_formatter(_thousands)
    in_usd = cumulative.twinx()
    in_usd.set_ylim(*(eth * prices.eth_usd for eth in cumulative.get_ylim()))
    in_usd.set_ylabel(f"USD, at {prices.eth_usd:g} USD/ETH")
    in_usd.yaxis.set_major_formatter(_thousands)
    _save(figure, path)
