"""Reports as text, Markdown and CSV."""

from dcai.report.tables import Table, Tables, csv_text, json_text


def report() -> Tables:
    first = Table("One", ("name", "gas"), [("a", "1"), ("b | c", "1,000,000")])
    second = Table("Two", ("name", "gas"), [("a long name", "2")])
    return Tables([first, second], ["Before."], ["After."])


def test_sections_of_the_same_columns_stand_in_line() -> None:
    assert report().as_text() == (
        "Before.\n\n"
        "One\n"
        "name              gas\n"
        "a                   1\n"
        "b | c       1,000,000\n\n"
        "Two\n"
        "name              gas\n"
        "a long name         2\n\n"
        "After.\n"
    )


def test_a_name_is_broken_where_the_line_is_full_and_a_number_never() -> None:
    numbers = [f"{10**15:,}"] * 5
    section = Table("", ("name", *"abcde"), [("some long name of what was measured", *numbers)])
    lines = Tables([section]).as_text().splitlines()
    assert max(map(len, lines)) <= 120
    assert " ".join(line[:10].strip() for line in lines[1:]) == "some long name of what was measured"
    assert sum(line.count(numbers[0]) for line in lines) == 5


def test_markup_of_the_terminal_is_text() -> None:
    assert "[red]x[/red]" in Tables([Table("[bold]", ("[a]",), [("[red]x[/red]",)])]).as_text()


def test_markdown() -> None:
    assert report().as_markdown() == (
        "Before.\n\n"
        "### One\n\n| name | gas |\n| --- | ---: |\n| a | 1 |\n| b \\| c | 1,000,000 |\n\n"
        "### Two\n\n| name | gas |\n| --- | ---: |\n| a long name | 2 |\n\n"
        "After.\n"
    )


def test_csv_and_json() -> None:
    assert csv_text([{"a": 1, "b": "x, y"}, {"a": 2, "b": ""}]) == 'a,b\n1,"x, y"\n2,\n'
    assert csv_text([]) == ""
    assert json_text({"name": "é"}) == '{\n  "name": "é"\n}\n'
