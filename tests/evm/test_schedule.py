from __future__ import annotations

import pytest

from dcai.evm.schedule import FORKS, Upfront, limits_initcode, upfront_gas


@pytest.mark.parametrize(
    ("fork", "creates", "expected"),
    [
        ("london", False, Upfront(21_000, 8 + 48, 0)),
        ("prague", False, Upfront(21_000, 8 + 48, 21_000 + 10 * (2 + 12))),
        ("paris", True, Upfront(53_000, 8 + 48, 0)),
        ("shanghai", True, Upfront(53_002, 8 + 48, 0)),
        ("prague", True, Upfront(53_002, 8 + 48, 21_000 + 10 * (2 + 12))),
    ],
)
def test_upfront_gas(fork: str, creates: bool, expected: Upfront) -> None:
    assert upfront_gas(fork, b"\0\1\0\2\3", creates=creates) == expected


@pytest.mark.parametrize(("size", "words"), [(0, 0), (1, 1), (32, 1), (33, 2)])
def test_words_of_creation_code_are_rounded_up(size: int, words: int) -> None:
    assert upfront_gas("prague", b"\1" * size, creates=True).intrinsic == 53_000 + 2 * words


def test_creation_code_is_limited_from_shanghai_on() -> None:
    assert [fork for fork in FORKS if limits_initcode(fork)] == ["shanghai", "cancun", "prague", "osaka"]
