"""Reports: the verdict, the three forms, and that none of them says more than was done."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dcai.report.tables import Table
from dcai.verify.report import Finding, Report, Section

EQUAL = Section("one", {"steps": 20_000, "code": "sha256:00", "proven": True})
PARTIAL = Section("two", {"steps": 3}, partial="time budget used up")
FAILED = Section(
    "three <&>",
    tables=[Table("counts", ["call", "steps"], [["predict", "7"]])],
    findings=[Finding("weights[3] <differs>", {"contract": -5}, ["dcai", "verify", "replay", "a case.json"])],
    notes=["gas is not compared"],
)


def report(*sections: Section, partial: str | None = None) -> Report:
    return Report(
        "A title",
        ["dcai", "verify", "it", "--seed", "7"],
        sections,
        12.34,
        partial,
        datetime(2026, 1, 2, tzinfo=UTC),
        {"dcai": "9"},
    )


@pytest.mark.parametrize(
    ("sections", "partial", "verdict", "exit_code", "summary"),
    [
        ([EQUAL], None, "passed", 0, "no findings"),
        ([EQUAL, PARTIAL], None, "partial", 3, "partial (time budget used up): no findings"),
        ([EQUAL], "interrupted", "partial", 3, "partial (interrupted): no findings"),
        ([], None, "partial", 3, "nothing was compared"),
        ([EQUAL, FAILED], None, "failed", 1, "1 finding"),
        ([PARTIAL, FAILED], "interrupted", "failed", 1, "partial (interrupted, time budget used up): 1 finding"),
    ],
)
def test_verdicts(sections: list[Section], partial: str | None, verdict: str, exit_code: int, summary: str) -> None:
    made = report(*sections, partial=partial)
    assert (made.verdict, made.exit_code, made.summary) == (verdict, exit_code, summary)


def test_json_has_everything() -> None:
    fields = json.loads(report(EQUAL, FAILED, partial="interrupted").as_json())
    assert fields["verdict"] == "failed"
    assert fields["partial"] == ["interrupted"]
    assert fields["started"] == "2026-01-02T00:00:00+00:00"
    assert fields["seconds"] == 12.34
    assert fields["command"] == ["dcai", "verify", "it", "--seed", "7"]
    assert fields["sections"][0]["facts"] == {"steps": 20_000, "code": "sha256:00", "proven": True}
    assert fields["sections"][1]["tables"] == [
        {"title": "counts", "columns": ["call", "steps"], "rows": [["predict", "7"]]}
    ]
    assert fields["sections"][1]["findings"][0]["details"] == {"contract": -5}


def test_text_has_everything() -> None:
    text = report(EQUAL, FAILED).as_text()
    for part in (
        "A title: FAILED, 1 finding",
        "one: passed",
        "steps: 20,000",
        "proven: yes",
        "FOUND: weights[3] <differs>",
        "see it with: dcai verify replay 'a case.json'",
        "note: gas is not compared",
        "predict     7",
        "12.3 s; dcai 9",
        "repeat with: dcai verify it --seed 7",
    ):
        assert part in text


class Strict(HTMLParser):
    """Every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "img", "iframe")
        assert not {name for name, _ in attrs} & {"src", "href", "style"}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_is_whole_escaped_and_self_contained() -> None:
    page = report(EQUAL, PARTIAL, FAILED).as_html()
    parser = Strict()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    for part in (
        "three <&>",
        "weights[3] <differs>",
        "dcai verify replay 'a case.json'",
        "Partial: time budget used up",
    ):
        assert part in parser.text
    assert not re.search(r"https?:|url\(|@import", page)


@pytest.mark.parametrize(
    ("name", "start"), [("r.html", "<!DOCTYPE html>"), ("r.json", "{"), ("r.txt", "A title: PASSED")]
)
def test_the_name_of_the_file_says_the_form(name: str, start: str, tmp_path: Path) -> None:
    report(EQUAL).save(tmp_path / name)
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
