"""The door to the SMT solver Z3, which is loaded when a proof first needs it: what declares claims does without it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dcai.errors import MissingExtraError

__all__ = ["counterexample", "z3"]


class _Lazy:
    """The module ``z3``, imported by the first look at one of its names."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what inspects any object, such as doctest, asks for no name of the solver
            raise AttributeError(name)
        try:
            import z3 as module  # noqa: PLC0415  # see above
        except ImportError as error:
            raise MissingExtraError("dcai verify proof", "proof") from error
        vars(self).update(vars(module))
        try:
            return vars(self)[name]
        except KeyError:
            raise AttributeError(f"z3 has no {name!r}") from None


z3: Any = _Lazy()


def counterexample(*facts: object, timeout_s: float) -> dict[str, int] | str | None:
    """Look for values for which all facts hold.

    Parameters
    ----------
    *facts : z3 expression or bool
        What must hold at once: the assumptions, and the negation of what is to be proven.
    timeout_s : float
        How long to look.

    Returns
    -------
    dict, None or str
        Values by name; None if no such values exist, which is the proof; the solver's reason if it is undecided.
    """
    solver = z3.Solver()
    solver.set("timeout", int(timeout_s * 1000))
    solver.add(*facts, *_commuted(facts))
    answer = solver.check()
    if answer == z3.unsat:
        return None
    if answer == z3.unknown:
        return f"unknown: {solver.reason_unknown()}"
    model = solver.model()
    values = {}
    for declaration in sorted(model.decls(), key=lambda d: str(d.name())):
        if declaration.arity() == 0:
            values[str(declaration.name())] = _signed(model[declaration])
    return values


def _commuted(facts: Iterable[Any]) -> Iterator[Any]:
    """Yield the commutativity of each uninterpreted product."""
    seen: set[int] = set()
    waiting = [fact for fact in facts if isinstance(fact, z3.ExprRef)]
    while waiting:
        term = waiting.pop()
        if term.get_id() in seen:
            continue
        seen.add(term.get_id())
        waiting.extend(term.children())
        if z3.is_app(term) and term.decl().name() == "evm_mul":
            yield term == term.decl()(*reversed(term.children()))


def _signed(value: Any) -> int:
    return int(value.as_signed_long() if isinstance(value, z3.BitVecNumRef) else value.as_long())
