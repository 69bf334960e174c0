"""Rules of prose that a machine can check: docstrings, help texts, and phrases that were replaced."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dcai.cli import _group

ROOT = Path(__file__).parent.parent
RIDDLES = {"What", "Which", "Whose", "Where", "Of", "As", "To"}
DANGLING = {"a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "than", "the", "to", "with"}


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, click.Context(child, parent=context, info_name=name, **child.context_settings))


ROOT_CONTEXT = click.Context(_group, info_name="dcai", **_group.context_settings)
COMMANDS = list(commands(_group, ROOT_CONTEXT))


def options() -> Iterator[tuple[str, click.Option, str]]:
    """Yield the command, the option and its help as the terminal shows it, for each option but --help."""
    for path, command, context in COMMANDS:
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                record = parameter.get_help_record(context)
                yield path, parameter, "" if record is None else record[1]


def test_the_whole_command_tree_is_walked() -> None:
    paths = {path for path, _, _ in COMMANDS}
    assert {"dcai", "dcai demo", "dcai gas table", "dcai market collect-bounty", "dcai verify proof"} <= paths
    assert len(paths) > 40


def test_each_option_shows_its_default() -> None:
    hidden = []
    for path, option, shown in options():
        is_given = isinstance(option.default, str | int | float | tuple) and option.default not in {"", ()}
        if is_given and not option.is_flag and "default: " not in shown:
            hidden.append(f"{path} {option.opts[0]}: {shown}")
    assert hidden == []


def test_each_option_has_a_help_of_whole_words() -> None:
    wrong = []
    for path, option, shown in options():
        text = re.sub(r"\s*\[default: [^\]]*\]$", "", (option.help or ""))
        words = text.rstrip(".").split()
        if len(words) < 2 or words[0] in RIDDLES | {"That", "How"} or words[-1] in DANGLING:
            wrong.append(f"{path} {option.opts[0]}: {shown}")
    assert "\n".join(wrong) == ""


@pytest.mark.parametrize(("path", "command"), [(path, command) for path, command, _ in COMMANDS])
def test_the_summary_of_each_command_is_one_sentence(path: str, command: click.Command) -> None:
    summary = (command.help or "").split("\n\n")[0].replace("\n", " ")
    assert summary.endswith("."), path
    assert summary.split()[0] not in RIDDLES | {"How"}, path
    assert len(summary.split()) <= 25, path


def docstrings(room: Path) -> Iterator[tuple[str, str]]:
    """Yield place and summary of each public module, class and function of a room that has a docstring."""
    for path in sorted(room.rglob("*.py")) if room.is_dir() else [room]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
                name = getattr(node, "name", "")
                if not name.startswith("_"):
                    yield f"{path.relative_to(ROOT)}:{name}", text.split("\n\n")[0].replace("\n", " ")


PACKAGE = ROOT / "dcai"
ROOMS = sorted(path for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file())


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_docstrings_begin_with_a_verb_or_a_noun(room: Path) -> None:
    riddles = [f"{place}: {text}" for place, text in docstrings(room) if text.split()[0].strip(",:") in RIDDLES]
    assert "\n".join(riddles) == ""


#: Phrases of 0.1.0 that the guides, help texts and messages replaced.
REPLACED = (
    "half way is gone on with",
    "leave a core for the steps before it",
    "has the number of one that was sent",
    "is not the one that was asked for, or left",
    "They are none, or no answer",
    "Which block is meant, and whether",
    "An argument is none",
    "Of that the most that goes to whoever",
    "Of all that is drawn",
    "Seconds an answer",
    '"Of the deposit',
    "goes on with it",
    "whoever makes the block",
)


def test_replaced_phrases_are_gone() -> None:
    folders = ("dcai", "kernels", "contracts/src", "contracts/test", "bench")
    paths = [*ROOT.glob("*.md"), *(path for folder in folders for path in (ROOT / folder).rglob("*"))]
    texts = [path for path in paths if path.suffix in {".md", ".py", ".pyx", ".pyi", ".rs", ".sol", ".js", ".ts"}]
    assert len(texts) > 300
    found = []
    for path in texts:
        text = re.sub(r"\s+(///?|#|\*)?\s*", " ", path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(ROOT)}: {phrase}" for phrase in REPLACED if phrase in text]
    assert found == []
