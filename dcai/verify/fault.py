"""A small fault of a contract, by which the search for differences is judged: it must find every one.

A fault is a change of our Solidity sources, as an author might make it by mistake. Its text must stand in its file
exactly once: where the sources have changed, the fault must be written anew.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["UPDATE", "UPDATE_BY_ANYONE", "Fault", "floor"]


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
        What sort of mistake it is.
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
        """Where the change is, below ``contracts``."""
        return self.file or f"src/models/{self.contract}.sol"


#: Who may learn: of every contract.
UPDATE = "function update(int64[] calldata data, uint64 classification) external onlyOwner {"
UPDATE_BY_ANYONE = UPDATE.replace(" onlyOwner", "")


def floor(dividend: str, divisor: str) -> str:
    """Return a dividend, as a term of Solidity, whose quotient is rounded toward minus infinity."""
    return f"({dividend} - ((({dividend}) % {divisor}) + {divisor}) % {divisor})"
