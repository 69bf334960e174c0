"""Agents of a simulation: their money, frequency and intent."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from os import PathLike
from random import Random
from typing import Any

from dcai.errors import InputError, shown
from dcai.evm.hashing import keccak, to_address, to_bytes20
from dcai.units import duration_s, wei

__all__ = ["Agent", "agent_from", "agents_from_text", "agents_from_toml", "check_agents"]

_ADDRESS_DIGITS = 42


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One participant.

    Attributes
    ----------
    name : str
        An address, or a name that stands for the address made of its hash.
    start_balance : int
        In wei.
    mean_deposit, stdev_deposit : int
        In wei: what it sends with a contribution is drawn from this normal distribution, and is above 0. It gets back
        what is beyond the deposit.
    mean_wait_s, stdev_wait_s : int
        In seconds: from one action to the next, drawn likewise, and at least 1.
    good : bool
        Whether it contributes true labels; else wrong ones.
    prob_mistake : float
        Probability that a contribution gets another label than was meant.
    prob_careless : float
        Probability that an action begins with a claim that it makes without looking whether it will be granted.
    pay_to_call : int
        In wei: where it is not 0, the agent contributes and claims nothing, and pays this to call the model, to those
        whose data were validated.
    """

    name: str
    start_balance: int = 0
    mean_deposit: int = 0
    stdev_deposit: int = 0
    mean_wait_s: int = 600
    stdev_wait_s: int = 1
    good: bool = True
    prob_mistake: float = 0.0
    prob_careless: float = 0.01
    pay_to_call: int = 0

    @property
    def address(self) -> str:
        """Its account, with the checksum."""
        return _account(self.name)

    def as_json(self) -> dict[str, Any]:
        """Return its attributes, as `agent_from` takes them."""
        return asdict(self)

    def next_deposit(self, random: Random) -> int:
        """Draw what it sends with a contribution, in wei."""
        return _positive(random, self.mean_deposit, self.stdev_deposit)

    def next_wait_s(self, random: Random) -> int:
        """Draw how long it waits until its next action, in seconds."""
        return _positive(random, self.mean_wait_s, self.stdev_wait_s)


@lru_cache
def _account(name: str) -> str:
    if name.startswith("0x") and len(name) == _ADDRESS_DIGITS:
        return to_address(to_bytes20(name, "the address of an agent"))
    return to_address(keccak(name.encode())[12:])


def _positive(random: Random, mean: int, stdev: int) -> int:
    while True:
        drawn = int(random.normalvariate(mean, stdev))
        if drawn > 0:
            return drawn


def agent_from(given: Mapping[str, Any], where: str = "an agent") -> Agent:
    """Make an agent of a table of a TOML file, or of the options of a command line.

    Parameters
    ----------
    given : mapping
        Attributes of `Agent` by name; amounts and times as `wei` and `duration_s` read them.
    where : str
        Name of the agent in messages.

    Raises
    ------
    InputError
        An unknown or missing attribute, or a value that does not fit.
    """
    known = {field.name for field in fields(Agent)}
    if unknown := sorted(given.keys() - known):
        raise InputError(
            f"{where} has no {', '.join(unknown)}; it has {', '.join(field.name for field in fields(Agent))}"
        )
    name = given.get("name")
    if not isinstance(name, str) or not name:
        raise InputError(f"{where} needs a name, got {shown(name)}")
    read = {attribute: _attribute(attribute, value, f"{attribute} of {name}") for attribute, value in given.items()}
    agent = Agent(**read)
    _ = agent.address
    if agent.mean_wait_s < 1:
        raise InputError(f"mean_wait_s of {name} is 0; time must pass between its actions")
    return agent


def _attribute(attribute: str, value: Any, what: str) -> Any:
    if attribute == "name":
        return value
    if attribute.endswith("wait_s"):
        return duration_s(value, what)
    if attribute == "good":
        if value not in (True, False, "true", "false", "yes", "no"):
            raise InputError(f"{what} is {shown(value)}; it must be true or false")
        return value in (True, "true", "yes")
    if not attribute.startswith("prob_"):
        return wei(value, what)
    try:
        probability = float(value)
    except (TypeError, ValueError):
        probability = -1.0
    if not 0 <= probability <= 1:
        raise InputError(f"{what} is {shown(value)}; it must be a probability, from 0 to 1")
    return probability


def agents_from_text(texts: Sequence[str]) -> tuple[Agent, ...]:
    """Read agents as a command line has them: ``name=honest,start_balance=10 ether,mean_wait_s=10 min``."""
    agents = []
    for text in texts:
        pairs = [part.partition("=") for part in text.split(",")]
        if any(not equals for _, equals, _ in pairs):
            raise InputError(f"an agent is NAME=VALUE,NAME=VALUE,..., beginning with name=...; got {shown(text)}")
        agents.append(agent_from({key.strip(): value.strip() for key, _, value in pairs}, f"the agent {shown(text)}"))
    return check_agents(agents)


def agents_from_toml(path: str | PathLike[str]) -> tuple[Agent, ...]:
    """Read agents from a TOML file: a table ``[[agent]]`` each, with the attributes of `Agent`.

    Raises
    ------
    InputError
        The file is invalid TOML, has unknown keys or has no agent.
    """
    with open(path, "rb") as file:  # noqa: PTH123  # a path of any kind
        try:
            content = tomllib.load(file)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(f"{path} is not valid TOML: {error}") from error
    tables = content.pop("agent", [])
    if content or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InputError(f"{path} must have tables [[agent]] and nothing else; it has {', '.join(content) or 'others'}")
    return check_agents([agent_from(table, f"agent {n} of {path}") for n, table in enumerate(tables, 1)])


def check_agents(agents: Sequence[Agent]) -> tuple[Agent, ...]:
    """Return agents, or raise InputError where there is none, or two have one account."""
    if not agents:
        raise InputError("a simulation needs at least one agent")
    accounts = [agent.address for agent in agents]
    for agent in agents:
        if accounts.count(agent.address) > 1:
            raise InputError(f"two agents have the account of {agent.name!r}; each needs a name of its own")
    return tuple(agents)
