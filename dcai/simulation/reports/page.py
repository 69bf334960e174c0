"""HTML page of a simulation: one file that fetches nothing."""

from __future__ import annotations

import html
import json
from dataclasses import asdict
from importlib import resources
from typing import Any

from dcai.simulation.reports.series import accuracy_curve, agent_curves, title, y_label
from dcai.simulation.result import SimulationResult

__all__ = ["render"]


def render(result: SimulationResult) -> str:
    """Return the page, as HTML.

    Parameters
    ----------
    result : SimulationResult
        Result of a run, complete or not.
    """
    has_points = result.setup.mechanism == "points"
    curves = [{**_rounded(accuracy_curve(result)), "unit": "%", "right": False}]
    curves += [
        {**_rounded(curve), "unit": "" if has_points else "%", "right": has_points} for curve in agent_curves(result)
    ]
    shown = {
        "curves": curves,
        "left": "accuracy, %" if has_points else f"accuracy, %; {y_label(result)}",
        "right": y_label(result) if has_points else "",
        "summary": result.as_json(),
    }
    template = resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    # In a script element only "</" could end it early.
    data = json.dumps(shown, separators=(",", ":")).replace("</", "<\\/")
    return template.replace("{{title}}", html.escape(title(result))).replace("{{data}}", data)


def _rounded(curve: Any) -> dict[str, Any]:
    fields = asdict(curve)
    fields["days"] = [round(day, 4) for day in curve.days]
    fields["values"] = [round(value, 4) for value in curve.values]
    return fields
