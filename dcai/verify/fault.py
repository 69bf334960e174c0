"""A small fault of a contract, by which the search for differences is judged: it must find every one.

A fault is a change of our Solidity sources, as an author might make it by mistake. Its text must stand in its file
exactly once: where the sources have changed, the fault must be written anew.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Fault", "parse_faults"]


@dataclass(frozen=True)
class Fault:
    """One change of the sources.

    Attributes
    ----------
    contract : str
        The contract that is compiled with it.
    name : str
        Of the fault, among all.
    kind : str
        Kind of the mistake.
    before, after : str
        The text that is changed, and what stands there then.
    file : str
        Where, below ``contracts``; the contract's own file unless given.
    typical : bool
        Whether it stands for others where there is no time for all: hard to find, or the only one of its model.
    """

    contract: str
    name: str
    kind: str
    before: str
    after: str
    file: str = ""
    typical: bool = False

    @property
    def path(self) -> str:
        """Path of the changed file, below ``contracts``."""
        return self.file or f"src/models/{self.contract}.sol"


def parse_faults(contract: str, text: str) -> tuple[Fault, ...]:
    """Read the faults of a contract, written as changes that stand apart by empty lines.

    Each begins with a line of its name, its kind and, unless it is the contract's own, its file; a star before it marks
    a typical one. Then come the lines before the change, each after ``- ``, and those after it, each after ``+ ``.
    """
    faults = []
    for change in text.strip("\n").split("\n\n"):
        head, *lines = change.splitlines()
        before, after = ("\n".join(line[2:] for line in lines if line.startswith(sign)) for sign in "-+")
        name, kind, file = (*head.removeprefix("* ").split(" | "), "")[:3]
        faults.append(Fault(contract, name, kind, before, after, file, head.startswith("* ")))
    return tuple(faults)
