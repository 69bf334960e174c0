"""JSON that is nested deep enough to overflow the stack of a parser."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dcai import strict_json


def test_what_is_nested_deep_is_refused_though_a_library_has_raised_the_recursion_limit() -> None:
    program = (
        "import sys\nfrom dcai import strict_json\nsys.setrecursionlimit(10**6)\n"
        "try:\n    strict_json.loads('[' * 10**6)\nexcept ValueError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "it is nested more than 20 deep"


@pytest.mark.parametrize(
    "text", ["[" * 20 + "]" * 20, '{"a": "' + "[" * 100 + '"}', '["\\"' + "[" * 100 + '"]', "[[], []]" * 1]
)
def test_brackets_in_texts_and_side_by_side_do_not_count(text: str) -> None:
    strict_json.loads(text)


@pytest.mark.parametrize("text", ["", "[", '"' + "[" * 100, "[1,]", "nothing"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        strict_json.loads(text)
