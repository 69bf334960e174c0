"""From a difference to the smallest that is still one: fewer steps, features and classes, simpler numbers.

A case is plain data, and is shrunk as such, whoever made it: one that a search drew, one of a history, one that
somebody wrote. Each candidate is run, and kept where contract and kernel still differ, in the same way at the same
function.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from typing import Any

from dcai.errors import DcaiError, NotEqual
from dcai.models import MODELS, Classifier
from dcai.models.registry import spec_of
from dcai.verify.search.arena import Arena
from dcai.verify.search.case import Case
from dcai.verify.step import Step

__all__ = ["MAX_TRIES", "shrink"]

#: How many candidates are run at most; each takes a millisecond or a few.
MAX_TRIES = 3_000

#: Differing fields that are no part of the state.
_NO_STATE = (
    "label",
    "result",
    "changed",
    "error",
    "gas used",
    "refund of gas",
    "events",
    "number of log entries",
    "code",
)

_ONE = 10**9


def shrink(
    arena: Arena,
    model: Classifier,
    steps: Sequence[Step],
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Case:
    """Find a smaller case of a difference.

    Parameters
    ----------
    arena : Arena
        Where the candidates run.
    model, steps : Classifier, sequence of Step
        The start, and the steps of which the last one differs.
    stop : callable
        Asked now and then; where it says so, the smallest case so far is good enough.

    Returns
    -------
    Case
        The smallest that was found.

    Raises
    ------
    ValueError
        Contract and kernel do not differ in these steps.
    """
    shrinker = _Shrinker(arena, spec_of(model).contract, stop)
    shrinker.begin(model, steps)
    with suppress(_EnoughError):
        shrinker.run()
    assert shrinker.case is not None  # begin() has set it
    return shrinker.case


class _EnoughError(Exception):
    """No more candidates are to be run."""


class _Shrinker:
    """The smallest document so far: the state, the names and the steps as JSON has them."""

    def __init__(self, arena: Arena, contract: str, stop: Callable[[], bool]) -> None:
        self._arena = arena
        self._contract = contract
        self._left = MAX_TRIES
        self._stop = stop
        self._kind: tuple[str, str] | None = None
        self._best: dict[str, Any] = {}
        self.case: Case | None = None

    def begin(self, model: Classifier, steps: Sequence[Step]) -> None:
        found = self._arena.replay(model, steps)
        if found is None:
            raise ValueError("contract and kernel do not differ in these steps")
        self._kind = _kind(found[1], steps[-1])
        self._best = _document(model, steps)
        self.case = Case.of(*found)

    def run(self) -> None:
        self._start_at_the_last_step()
        before = None
        while before != self._best:
            before = self._best
            self._drop_steps()
            self._drop_classes()
            self._drop_columns()
            self._drop_elements()
            self._simplify_samples()
            self._simplify_values()

    # -- candidates -- #

    def _start_at_the_last_step(self) -> None:
        """Begin with the state in which the last step found the model."""
        model = _model(self._contract, self._best)
        *before, last = map(Step.from_fields, self._best["steps"])
        twins = self._arena.begin(model)
        try:
            for step in before:
                twins.run(step)
        except NotEqual:  # not at its last step, as it seems
            return
        self._try(_document(twins.model, [last]))

    def _drop_steps(self) -> None:
        """Leave out ever smaller runs of steps."""
        size = len(self._best["steps"]) // 2
        while size:
            at = 0
            while at + size < len(self._best["steps"]):
                candidate = deepcopy(self._best)
                del candidate["steps"][at : at + size]
                if not self._try(candidate):
                    at += size
            size //= 2

    def _drop_classes(self) -> None:
        """Leave out a class: its name, its part of each list of the state, and its number in labels."""
        for k in reversed(range(len(self._best["names"]))):
            candidate = deepcopy(self._best)
            count = len(candidate["names"])
            lists = [values for values in candidate["state"].values() if isinstance(values, list)]
            for values in [candidate["names"], *(values for values in lists if len(values) == count)]:
                del values[k]
            for step in candidate["steps"]:
                if (step.get("label") or 0) > k:
                    step["label"] -= 1
            self._try(candidate)

    def _drop_columns(self) -> None:
        """Leave out the same element of all lists of one length: a feature, in centroids or weights and in samples."""
        lengths = sorted({len(values) for values in _lists(self._best) if _is_numbers(values)}, reverse=True)
        for length in lengths:
            for j in reversed(range(length)):
                candidate = deepcopy(self._best)
                for values in _lists(candidate):
                    if len(values) == length and _is_numbers(values):
                        del values[j]
                self._try(candidate)

    def _drop_elements(self) -> None:
        """Leave out single elements of any list but that of the steps."""
        for path in list(_paths(self._best, list)):
            if path in (("steps",), ("names",)):
                continue
            values = _at(self._best, path)
            for i in reversed(range(len(values) if isinstance(values, list) else 0)):
                candidate = deepcopy(self._best)
                target = _at(candidate, path)
                if not isinstance(target, list) or i >= len(target):
                    break
                del target[i]
                self._try(candidate)

    def _simplify_samples(self) -> None:
        """Put unit vectors in the place of samples, whose numbers cannot be changed one by one."""
        for number, step in enumerate(self._best["steps"]):
            data = step.get("data", [])
            length = len(data)
            for i in range(length):
                plain = [0] * length
                plain[i] = _ONE if data[i] >= 0 else -_ONE
                if plain == data or sum(map(bool, data)) <= 1:
                    continue
                candidate = deepcopy(self._best)
                candidate["steps"][number]["data"] = plain
                if self._try(candidate):
                    break

    def _simplify_values(self) -> None:
        """Put simpler numbers and names in the place of those that there are."""
        for k, _ in enumerate(self._best["names"]):
            self._put(("names", k), str(k))
        for path in list(_paths(self._best, int)):
            while self._simplify(path):
                pass

    def _simplify(self, path: tuple[Any, ...]) -> bool:
        value = _at(self._best, path)
        if type(value) is not int:
            return False
        digits = len(str(abs(value)))
        rounded = (
            [int(value / abs(value)) * (abs(value) // 10**n * 10**n) for n in range(digits - 1, 0, -1)] if value else []
        )
        candidates = [0, 1, -1, 2, _ONE, -_ONE, *rounded, value // 2, -value]
        return any(_complexity(c) < _complexity(value) and self._put(path, c) for c in candidates)

    # -- one candidate -- #

    def _put(self, path: tuple[Any, ...], value: Any) -> bool:
        if _at(self._best, path) == value:
            return False
        candidate = deepcopy(self._best)
        _at(candidate, path[:-1])[path[-1]] = value
        return self._try(candidate)

    def _try(self, candidate: dict[str, Any]) -> bool:
        """Keep a candidate that still differs in the same way."""
        if self._left <= 0 or self._stop():
            raise _EnoughError
        self._left -= 1
        try:
            model = _model(self._contract, candidate)
            steps = [Step.from_fields(step) for step in candidate["steps"]]
            found = self._arena.replay(model, steps)
        except (DcaiError, ValueError, TypeError, KeyError, OverflowError):
            return False  # no state, or no call, that there can be
        if found is None or len(found[0].steps) != len(steps) or _kind(found[1], steps[-1]) != self._kind:
            return False
        self._best = candidate
        self.case = Case.of(*found)
        return True


def _kind(difference: NotEqual, step: Step) -> tuple[str, str]:
    return step.op, difference.field if difference.field in _NO_STATE else "state"


def _document(model: Classifier, steps: Sequence[Step]) -> dict[str, Any]:
    fields = {
        "state": model.state(),
        "names": model.classifications,
        "indices": model.feature_indices,
        "steps": [step.as_fields() for step in steps],
    }
    document: dict[str, Any] = json.loads(json.dumps(fields))
    return document


def _model(contract: str, document: dict[str, Any]) -> Classifier:
    return MODELS[contract].restore(document["state"], document["names"], document["indices"])


def _complexity(value: int) -> tuple[int, int, bool]:
    """Fewer digits before zeros are simpler, then fewer digits, then a positive number."""
    digits = str(abs(value))
    return len(digits.rstrip("0")), len(digits), value < 0


def _paths(value: Any, kind: type, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where values of a type are."""
    if type(value) is kind:
        yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _paths(item, kind, (*at, key))


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    """Return what is at a path, or None where earlier candidates have left nothing there."""
    for key in path:
        try:
            document = document[key]
        except (LookupError, TypeError):
            return None
    return document


def _lists(document: dict[str, Any]) -> Iterator[list[Any]]:
    return (_at(document, path) for path in list(_paths(document, list)))


def _is_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int for value in values)
