"""Amounts of money and durations, as numbers and as text: "0.05 ether", "9 days", "90s"."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from dcai.errors import InputError, shown

__all__ = ["DAY_S", "ETHER", "FINNEY", "GWEI", "HOUR_S", "duration_s", "ether_text", "seconds", "wei"]

GWEI = 10**9
FINNEY = 10**15
ETHER = 10**18
HOUR_S = 3_600
DAY_S = 24 * HOUR_S

_MONEY = {"": 1, "wei": 1, "gwei": GWEI, "finney": FINNEY, "ether": ETHER}
_TIME = {
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), HOUR_S),
    **dict.fromkeys(("d", "day", "days"), DAY_S),
    **dict.fromkeys(("w", "week", "weeks"), 7 * DAY_S),
}
_WRITTEN = re.compile(r"(\d[\d_,]*(?:\.\d+)?)\s*([a-z]*)")
_MONEY_FORM = 'a number of wei, or text such as "50 finney" or "0.05 ether"'
_TIME_FORM = 'a number of seconds, or text such as "90s", "15 min", "36h", "9 days" or "2w"'


def wei(value: Any, what: str = "amount") -> int:
    """Parse an amount of money in wei: an integer, or text with a unit (wei, gwei, finney, ether).

    Raises
    ------
    InputError
        The value is malformed, negative, or not a whole number of wei.
    """
    return _whole(value, what, _MONEY, "wei", _MONEY_FORM)


def duration_s(value: Any, what: str = "duration") -> int:
    """Parse a duration in whole seconds: an integer, or text with a unit (s, min, h, days, weeks).

    Raises
    ------
    InputError
        The value is malformed, negative, or not a whole number of seconds.
    """
    return _whole(value, what, _TIME, "seconds", _TIME_FORM)


def seconds(value: Any, what: str = "duration", *, positive: bool = False) -> float:
    """Parse a duration in seconds, possibly a fraction: a number, or text as for `duration_s`.

    Raises
    ------
    InputError
        The value is malformed, negative, or 0 although it must be positive.
    """
    number = float(value if isinstance(value, float) and value >= 0 else _read(value, what, _TIME, _TIME_FORM))
    if positive and not number:
        raise InputError(f"{what} is {shown(value)}; it must be more than 0 seconds")
    return number


def ether_text(amount_wei: int) -> str:
    """Format an amount in ether, with all its decimals."""
    whole, rest = divmod(amount_wei, ETHER)
    decimals = f"{rest:018d}".rstrip("0")
    return f"{whole}{'.' * bool(decimals)}{decimals} ether"


def _whole(value: Any, what: str, units: dict[str, int], unit: str, form: str) -> int:
    number = _read(value, what, units, form)
    if number.denominator != 1:
        raise InputError(f"{what} is {shown(value)}, not a whole number of {unit}")
    return int(number)


def _read(value: Any, what: str, units: dict[str, int], form: str) -> Fraction:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return Fraction(value)
    written = _WRITTEN.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if written is None or written[2] not in units:
        raise InputError(f"{what} is {shown(value)}; it must be {form}")
    return Fraction(written[1].replace("_", "").replace(",", "")) * units[written[2]]
