"""Build pandas data frames of results; pandas loads on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcai.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pandas import DataFrame

__all__ = ["DataFrame", "frame"]


def frame(columns: Iterable[str], rows: Iterable[Iterable[Any]] | Mapping[str, Any]) -> DataFrame:
    """Return a data frame of rows, or of columns by name.

    Raises
    ------
    MissingExtraError
        pandas is not installed.
    """
    try:
        import pandas  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise MissingExtraError("to_frame", "pandas") from error
    return pandas.DataFrame(rows, columns=list(columns))
