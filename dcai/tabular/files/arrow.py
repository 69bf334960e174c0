"""The one door to pyarrow, which is optional: ``arrow()``."""

from __future__ import annotations

from typing import Any

from dcai.errors import MissingExtraError

__all__ = ["arrow"]


def arrow() -> Any:
    """Return the module ``pyarrow``, with ``compute``, ``csv``, ``ipc`` and ``parquet`` loaded.

    Raises
    ------
    MissingExtraError
        pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415  # slow to load, and optional
        import pyarrow.compute  # noqa: PLC0415
        import pyarrow.csv  # noqa: PLC0415
        import pyarrow.ipc  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("reading and writing CSV, Parquet and Arrow files", "tabular") from error
    return pa
