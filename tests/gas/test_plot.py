"""Pictures of gas: drawn whole, the same each time, and refused before anything is computed."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dcai import InputError
from dcai.errors import MissingExtraError
from dcai.gas.measuring.forecast import forecast
from dcai.gas.measuring.rows import GasRow
from dcai.gas.measuring.stream import Stream, of_scenario
from dcai.gas.measuring.table import PREDICTED, rows_of
from dcai.gas.prices import PAPER
from dcai.gas.reports.plot import check, plot_forecast, plot_table
from dcai.scenarios import scenario_of


@pytest.fixture(scope="module")
def stream() -> Stream:
    return of_scenario(scenario_of("digits-parity")).first(100)


@pytest.fixture(scope="module")
def rows(stream: Stream) -> list[GasRow]:
    return list(rows_of(stream, PREDICTED, "prague", 2))


def texts(path: Path) -> str:
    """Return the comments of an SVG, in which matplotlib leaves the texts that it has turned into outlines."""
    return path.read_text(encoding="utf-8")


def test_the_table_as_svg_names_what_it_shows(rows: list[GasRow], tmp_path: Path) -> None:
    path, again = tmp_path / "table.svg", tmp_path / "again.svg"
    plot_table(rows, path)
    plot_table(rows, again)
    assert path.read_bytes() == again.read_bytes()
    ElementTree.fromstring(texts(path))
    for name in ("digits, odd or even: SparsePerceptron", "update, mistake, first", "refused, UnknownClass", "refund"):
        assert name in texts(path)
    assert "initializeSparseWeights" not in texts(path)


def test_a_forecast_as_png_and_svg(stream: Stream, tmp_path: Path) -> None:
    *_, result = forecast(stream, "prague")
    path = tmp_path / "forecast.PNG"
    plot_forecast(result, PAPER, path)
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    svg = tmp_path / "forecast.svg"
    plot_forecast(result, PAPER, svg)
    for name in ("100 contributions", "update, mistake, first", "at 4 gwei", "at 373 USD/ETH"):
        assert name in texts(svg)


def test_one_contribution_can_be_drawn(stream: Stream, tmp_path: Path) -> None:
    *_, result = forecast(stream.first(1), "prague")
    plot_forecast(result, PAPER, tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 10_000


def test_deployments_alone_are_nothing_to_draw(rows: list[GasRow], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to plot"):
        plot_table([row for row in rows if row.kind.action == "deploy"], tmp_path / "table.png")
    assert list(tmp_path.iterdir()) == []


def test_pictures_that_cannot_be_drawn_are_refused(tmp_path: Path) -> None:
    check(tmp_path / "gas.png")
    with pytest.raises(InputError, match=r"gas\.jpg: expected a file name that ends in \.png or \.svg"):
        check(tmp_path / "gas.jpg")


def test_without_matplotlib_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"a plot needs an optional dependency: pip install 'dcai\[plot\]'"):
        check(tmp_path / "gas.png")
