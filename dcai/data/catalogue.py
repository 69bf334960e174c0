"""The catalogue of data sets: their place on this computer, and how to get them."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcai.data import bundled
from dcai.data.imdb import read_imdb
from dcai.errors import DataError, InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcai.data.dataset import Dataset
    from dcai.rows import CsrRows

__all__ = [
    "CACHE_DIR_VARIABLE",
    "CATALOGUE",
    "DATA_DIR_VARIABLE",
    "CatalogueEntry",
    "Remote",
    "cache_dir",
    "imdb",
    "load",
    "locate",
]

#: A folder with data files that the user has; searched first.
DATA_DIR_VARIABLE = "DCAI_DATA_DIR"
#: The folder that ``dcai data fetch`` fills, in place of the user's cache folder.
CACHE_DIR_VARIABLE = "DCAI_CACHE_DIR"


@dataclass(frozen=True)
class Remote:
    """A file to download: its name, where it is published, and its SHA-256 in hexadecimal."""

    file_name: str
    url: str
    sha256: str


@dataclass(frozen=True)
class CatalogueEntry:
    """A data set of the catalogue.

    Parameters
    ----------
    name : str
        As on the command line.
    size : str
        Samples (training + test), features, form and classes, for people.
    load : callable
        Gives the `Dataset`.
    remote : Remote or None
        The file to download, or None where scikit-learn has the data.
    sklearn_file : str
        The file inside scikit-learn, where it has the data.
    """

    name: str
    size: str
    load: Callable[[], Dataset[Any]]
    remote: Remote | None = None
    sklearn_file: str = ""

    @property
    def how_to_get(self) -> str:
        """Tell how to get the data when they are missing."""
        if self.remote is None:
            return "it comes with scikit-learn: pip install 'dcai[sklearn]'"
        return (
            f"run `dcai data fetch {self.name}`, or set {DATA_DIR_VARIABLE} to a folder "
            f"that has {self.remote.file_name}"
        )


def cache_dir() -> Path:
    """Give the folder for downloads: ``DCAI_CACHE_DIR``, or "dcai" in the user's cache folder.

    Raises
    ------
    MissingExtraError
        Where the variable is not set and platformdirs is not installed.
    """
    if given := os.environ.get(CACHE_DIR_VARIABLE):
        return Path(given).expanduser()
    try:
        from platformdirs import user_cache_path  # noqa: PLC0415 - optional
    except ImportError as error:
        raise MissingExtraError(f"a cache folder without {CACHE_DIR_VARIABLE}", "data") from error
    return user_cache_path("dcai", appauthor=False)


def locate(name: str) -> Path | None:
    """Find the file of a data set on this computer.

    Looked for in ``DCAI_DATA_DIR``, then in `cache_dir`; or inside scikit-learn, which is not
    imported.

    Parameters
    ----------
    name : str
        A name of the catalogue.

    Returns
    -------
    Path or None
        None where it is not there; ``CATALOGUE[name].how_to_get`` says what to do.

    Raises
    ------
    InputError
        Where there is no data set of that name.
    """
    entry = _entry(name)
    if entry.remote is None:
        spec = importlib.util.find_spec("sklearn")
        if spec is None or spec.origin is None:
            return None
        return Path(spec.origin).parent / "datasets" / "data" / entry.sklearn_file
    folders = []
    if given := os.environ.get(DATA_DIR_VARIABLE):
        folders.append(Path(given).expanduser())
    # Without the extra nothing can be fetched, but the user's own folder still counts.
    with contextlib.suppress(MissingExtraError):
        folders.append(cache_dir())
    paths = (folder / entry.remote.file_name for folder in folders)
    return next((path for path in paths if path.is_file()), None)


def load(name: str) -> Dataset[Any]:
    """Load a data set by its name in the catalogue.

    Raises
    ------
    InputError
        Where there is no data set of that name.
    DataError, MissingExtraError
        Where the data are not on this computer; the message says how to get them.
    """
    return _entry(name).load()


def imdb(*, num_words: int = 1000) -> Dataset[CsrRows]:
    """Load the IMDB reviews, from ``DCAI_DATA_DIR`` or the cache; see `read_imdb`.

    Raises
    ------
    DataError
        Where ``imdb.npz`` is in neither, or is damaged.
    """
    path = locate("imdb")
    if path is None:
        raise DataError(f"imdb is not on this computer; {CATALOGUE['imdb'].how_to_get}")
    return read_imdb(path, num_words=num_words)


def _entry(name: str) -> CatalogueEntry:
    try:
        return CATALOGUE[name]
    except KeyError:
        raise InputError(f"unknown data set {name!r}; expected one of: {', '.join(CATALOGUE)}") from None


#: Every data set by name, in the order of the list.
CATALOGUE: dict[str, CatalogueEntry] = {
    entry.name: entry
    for entry in (
        CatalogueEntry(
            "breast-cancer",
            "455 + 114 samples, 30 features, dense, 2 classes",
            bundled.breast_cancer,
            sklearn_file="breast_cancer.csv",
        ),
        CatalogueEntry(
            "digits",
            "1,437 + 360 samples, 64 features, dense, 10 classes",
            bundled.digits,
            sklearn_file="digits.csv.gz",
        ),
        CatalogueEntry(
            "digits-presence",
            "1,437 + 360 samples, 64 features, sparse, 10 classes",
            bundled.digits_presence,
            sklearn_file="digits.csv.gz",
        ),
        CatalogueEntry(
            "digits-parity",
            "1,437 + 360 samples, 64 features, sparse, 2 classes",
            bundled.digits_parity,
            sklearn_file="digits.csv.gz",
        ),
        CatalogueEntry(
            "imdb",
            "25,000 + 25,000 samples, 1,000 features, sparse, 2 classes",
            imdb,
            remote=Remote(
                file_name="imdb.npz",
                url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz",
                sha256="69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
            ),
        ),
    )
}
