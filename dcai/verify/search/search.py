"""The search for a difference: case after case, until one is found, all are done, or time is up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from dcai.artifacts import Artifact
from dcai.errors import NotEqual, Revert
from dcai.evm.abi import Abi
from dcai.evm.differing import FieldDifference
from dcai.models import Classifier
from dcai.verify.differential import Differential, Outcome
from dcai.verify.layer import VERIFY
from dcai.verify.search.arena import Arena
from dcai.verify.search.case import Case
from dcai.verify.search.shrink import shrink
from dcai.verify.step import CONSTRUCTOR, Step

__all__ = ["CASES", "STEPS", "Found", "Search", "Tally"]

#: How many cases a search has, and how many steps each, unless told otherwise.
CASES, STEPS = 500, 20


@dataclass
class Tally:
    """Counts of the comparisons so far.

    Attributes
    ----------
    cases : int
        Sequences that were begun.
    steps : int
        Steps that were compared.
    priced : int
        Of these, the ones whose gas was compared with a prediction.
    outcomes : Counter of (str, str)
        How often each function gave what: ``"update"`` and ``"changed"``, ``"unchanged"`` or the name of an error.
    """

    cases: int = 0
    steps: int = 0
    priced: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, step: Step, outcome: Outcome, *, priced: bool) -> None:
        """Add a step that was compared."""
        self.steps += 1
        self.priced += priced
        self.outcomes[_what(step), _result(step, outcome)] += 1


@dataclass(frozen=True)
class Found:
    """A difference that a search has found.

    Attributes
    ----------
    case_number : int
        In which sequence, from 0.
    steps : int
        How many steps were compared before, those of other sequences included.
    length : int
        How many steps its sequence had.
    case : Case
        After shrinking.
    differences : tuple of FieldDifference
        All parts of the state that differ, where it is the state.
    """

    case_number: int
    steps: int
    length: int
    case: Case
    differences: tuple[FieldDifference, ...]


class Search:
    """Random and adversarial sequences for one contract.

    Parameters
    ----------
    artifact : Artifact
        The contract.
    kernel : str
        The name of the model that it should be.
    engine, fork : str
        The EVM and its rules.
    seed : int
        Seed of all random numbers; the same seed makes the same sequences on every engine.
    cases, steps : int
        How many sequences, and how many steps each.
    start : Classifier, optional
        A state with which every other sequence begins, such as that of a contract on a chain.
    owner : str, optional
        The contract's owner; the EVM's account unless given.

    Attributes
    ----------
    tally : Tally
        Counts of comparisons; true at any time, so also after an interruption.
    found : Found or None
        The first difference.
    partial : str or None
        Why not all cases were run.
    seconds : float
        How long the search took.
    """

    def __init__(
        self,
        artifact: Artifact,
        kernel: str,
        *,
        engine: str,
        fork: str,
        seed: int,
        cases: int = CASES,
        steps: int = STEPS,
        start: Classifier | None = None,
        owner: str | None = None,
    ) -> None:
        self.artifact = artifact
        self.kernel = kernel
        self.seed = seed
        self.cases = cases
        self.steps = steps
        self.tally = Tally()
        self.found: Found | None = None
        self.partial: str | None = "not begun"
        self.seconds = 0.0
        self._generator = VERIFY[kernel].generator
        functions = [function.name for function in Abi(artifact.abi).functions]
        self._functions = frozenset([*functions, CONSTRUCTOR] if artifact.bytecode else functions)
        self._start = start
        self._arena = Arena(artifact, engine, fork, owner)

    @property
    def predicts_gas(self) -> bool:
        """Whether the gas of this bytecode, under this fork, is predicted and compared."""
        return self._arena.oracle is not None

    def run(self, deadline: float | None = None, progress: Callable[[int], None] | None = None) -> None:
        """Search until a difference is found, all cases are done, or the deadline is reached.

        Parameters
        ----------
        deadline : float, optional
            In the seconds of ``time.monotonic``.
        progress : callable, optional
            Called after each case with the number of steps so far.

        Raises
        ------
        KeyboardInterrupt
            Ctrl-C; ``tally``, ``found`` and ``partial`` are true all the same.
        """
        began = time.monotonic()
        # Until it is known better: whatever happens in between leaves the truth behind.
        self.partial = "interrupted"
        try:
            for number in range(self.cases):
                if deadline is not None and time.monotonic() >= deadline:
                    self.partial = "time budget used up"
                    return
                self._run_case(number, deadline)
                if progress is not None:
                    progress(self.tally.steps)
                if self.found is not None:
                    break
            self.partial = None
        finally:
            self.seconds = time.monotonic() - began

    def _run_case(self, number: int, deadline: float | None) -> None:
        generator = self._generator(Random(f"{self.seed}:{self.kernel}:{number}"), self._functions)
        start = generator.start()
        if self._start is not None and number % 2 == 0:
            start = self._start.copy()
        twins = self._arena.begin(start)
        self.tally.cases += 1
        for _ in range(self.steps):
            step = generator.step(twins.model)
            try:
                outcome = twins.run(step)
            except NotEqual as difference:
                self._keep(number, twins, difference, deadline)
                return
            priced = self._arena.oracle is not None and step.op in ("predict", "update") and step.form == "abi"
            self.tally.count(step, outcome, priced=priced)

    def _keep(
        self,
        number: int,
        twins: Differential,
        difference: NotEqual,
        deadline: float | None,
    ) -> None:
        """Record a difference at once, as it was found, and then as small as it becomes."""
        arena = self._arena
        case = Case.of(twins, difference)
        self.found = Found(number, self.tally.steps, len(twins.steps), case, tuple(twins.differences))
        late = (lambda: time.monotonic() >= deadline) if deadline is not None else (lambda: False)
        case = shrink(arena, twins.initial, twins.steps, stop=late)
        replayed = arena.replay(case.model, case.steps)
        smallest = replayed[0].differences if replayed is not None else twins.differences
        self.found = Found(number, self.tally.steps, len(twins.steps), case, tuple(smallest))


def _what(step: Step) -> str:
    forms = {"abi": "", "words": ", words that fit no type", "short": ", calldata cut off"}
    return f"{step.op}{forms[step.form]}"


def _result(step: Step, outcome: Outcome) -> str:
    value = outcome.value
    if isinstance(value, Revert):
        return value.name or "revert without a reason"
    if step.op == "update":
        return "changed" if value else "unchanged"
    return f"label {value}" if step.op == "predict" and value in (0, 1) else "ok"
