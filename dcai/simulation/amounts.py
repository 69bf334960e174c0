"""Amounts of money and lengths of time as people write them: "0.05 ether", "9 days"."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from dcai.errors import InputError, shown

__all__ = ["DAY_S", "ETHER", "FINNEY", "duration_s", "wei"]

GWEI = 10**9
FINNEY = 10**15
ETHER = 10**18
DAY_S = 86_400

_MONEY = {"": 1, "wei": 1, "gwei": GWEI, "finney": FINNEY, "ether": ETHER}
_TIME = {
    **dict.fromkeys(("", "s", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), DAY_S),
}
_WRITTEN = re.compile(r"(\d[\d_,]*(?:\.\d+)?)\s*([a-z]*)")


def wei(value: Any, what: str = "amount") -> int:
    """Read an amount: an integer, in wei, or text with a unit (wei, gwei, finney, ether).

    Raises
    ------
    InputError
        It is neither, is negative, or is no whole number of wei.
    """
    return _read(value, what, _MONEY, "wei", 'a number of wei, or text like "50 finney" or "0.05 ether"')


def duration_s(value: Any, what: str = "wait") -> int:
    """Read a length of time: an integer, in seconds, or text with a unit (s, min, h, days).

    Raises
    ------
    InputError
        It is neither, is negative, or is no whole number of seconds.
    """
    return _read(value, what, _TIME, "seconds", 'a number of seconds, or text like "10 min" or "9 days"')


def _read(value: Any, what: str, units: dict[str, int], unit: str, wanted: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    written = _WRITTEN.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if written is None or written[2] not in units:
        raise InputError(f"{what} is {shown(value)}; it must be {wanted}")
    number = Fraction(written[1].replace("_", "").replace(",", "")) * units[written[2]]
    if number.denominator != 1:
        raise InputError(f"{what} is {shown(value)}, which is no whole number of {unit}")
    return int(number)
