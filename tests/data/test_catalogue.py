import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dcai import data
from dcai.cli.data import data as command
from dcai.errors import InputError, MissingExtraError

NAMES = ["breast-cancer", "digits", "digits-presence", "digits-parity", "imdb"]


@pytest.fixture(autouse=True)
def empty_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DCAI_DATA_DIR", raising=False)
    monkeypatch.setenv("DCAI_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def in_cache(tmp_path: Path) -> Path:
    path = tmp_path / "cache" / "imdb.npz"
    path.parent.mkdir()
    path.touch()
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_the_names() -> None:
    assert list(data.CATALOGUE) == NAMES
    assert all(name == entry.name for name, entry in data.CATALOGUE.items())


def test_an_unknown_name() -> None:
    for function in (data.load, data.locate):
        with pytest.raises(InputError, match="unknown data set 'mnist'; expected one of: breast-cancer, "):
            function("mnist")


def test_the_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert data.cache_dir() == tmp_path / "cache"
    monkeypatch.delenv("DCAI_CACHE_DIR")
    assert data.cache_dir().name == "dcai"
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    with pytest.raises(MissingExtraError, match=r"dcai\[data\]"):
        data.cache_dir()
    assert data.locate("imdb") is None


def test_scikit_learns_files_are_there() -> None:
    for name in NAMES[:-1]:
        path = data.locate(name)
        assert path is not None
        assert path.is_file()


def test_list_names_each_with_size_and_place() -> None:
    result = run("list")
    assert result.exit_code == 0
    lines = result.output.splitlines()[1:]
    assert [line.split()[0] for line in lines] == NAMES
    for line, entry in zip(lines, data.CATALOGUE.values(), strict=True):
        assert entry.size in line
        assert str(data.locate(entry.name) or entry.how_to_get) in line
    assert "dcai data fetch imdb" in lines[-1]


def test_list_shows_a_found_file_as_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "[red]mine"
    folder.mkdir()
    (folder / "imdb.npz").touch()
    monkeypatch.setenv("DCAI_DATA_DIR", str(folder))
    assert str(folder / "imdb.npz") in run("list").output


def test_path(in_cache: Path) -> None:
    result = run("path", "imdb")
    assert (result.exit_code, result.output) == (0, f"{in_cache}\n")


def test_path_says_how_to_get_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("path", "imdb")
    assert result.exit_code == 3
    assert "imdb is not on this computer; run `dcai data fetch imdb`" in result.output
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run("path", "digits")
    assert result.exit_code == 3
    assert "pip install 'dcai[sklearn]'" in result.output


@pytest.mark.parametrize("arguments", [("path", "mnist"), ("path",), ("list", "imdb"), ("fetch", "digits"), ("get",)])
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2
