"""A hook of mkdocs: gather the guides where they lie, and write a page for each public package."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import TYPE_CHECKING, Any

from griffe import Extension
from mkdocs.structure.files import File

if TYPE_CHECKING:
    from collections.abc import Iterable

    from griffe import Object
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
ROOMS = ("dcai", "kernels", "contracts", "bench", "tests")
SOURCE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Source"]
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add documents, pictures and pages of the API, and lay out the navigation."""
    guides = _read(path for room in ROOMS for path in (ROOT / room).rglob("*.md") if "node_modules" not in path.parts)
    decisions = [path for path in guides if "/decisions/" in path]
    about = _read(ROOT.glob("*.md"))
    readme = about.pop("README.md")
    api = {f"api/{name}.md": f"# `{name}`\n\n::: {name}\n" for name in _public()}
    pages = {"README.md": readme, **guides, **about, **api}
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    pictures = {normpath(PurePosixPath(path).parent / link) for path in pages for link in LINK.findall(pages[path])}
    for picture in sorted(pictures):
        if Path(picture).suffix in {".png", ".svg"}:
            files.append(File.generated(config, picture, abs_src_path=str(ROOT / picture)))
    # Guides stand in the order in which the README names them.
    order = [normpath(link).removesuffix("/README.md") for link in [*LINK.findall(readme), *guides]]
    rest = sorted(set(guides) - set(decisions), key=lambda path: order.index(path.removesuffix("/README.md")))
    config.nav = [
        {"Home": "README.md"},
        {"Guides": rest},
        {"Python": [{path[4:-3]: path} for path in api]},
        {"Decisions": decisions},
        {"Project": list(about)},
    ]
    config.nav = [section for section in config.nav if all(section.values())]
    return files


def _read(paths: Iterable[Path]) -> dict[str, str]:
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sorted(paths)}


def _public() -> list[str]:
    """Name the packages, and the modules beside them, that export something."""
    found = []
    for path in [*(ROOT / "dcai").glob("*.py"), *(ROOT / "dcai").rglob("__init__.py")]:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        exported = re.search(r"^__all__ = \[\s*\"", path.read_text(encoding="utf-8"), re.MULTILINE)
        if exported and not re.search(r"\.(_|cli\b)", name):
            found.append(name)
    return sorted(set(found))


def on_page_markdown(markdown: str, page: Page, files: Files, **_: Any) -> str:
    """Lead links to files that are no pages to the repository."""

    def led(found: re.Match[str]) -> str:
        target = normpath(PurePosixPath(page.file.src_uri).parent / found[1])
        if files.get_file_from_path(target):
            return found[1]
        if files.get_file_from_path(f"{target}/README.md"):
            return f"{found[1].rstrip('/')}/README.md"
        return f"{SOURCE}/blob/main/{target}" if (ROOT / target).exists() else found[1]

    return LINK.sub(led, markdown)


class PlainDocstrings(Extension):
    """Make Markdown of docstrings: examples outside a section of examples are code, roles of Sphinx go."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring."""
        if not obj.docstring:
            return
        text = re.sub(r" *# doctest: .*|:\w+:(?=`)", "", obj.docstring.value)
        if "Examples\n---" not in text:
            text = re.sub(r"(?m)^>>> (?:.+\n?)+", r"```pycon\n\g<0>\n```\n", text)
        obj.docstring.value = text
