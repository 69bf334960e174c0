"""All that decides how a simulation goes: who runs it with the same setup gets the same result."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import Any, Literal

from dcai import data
from dcai.data import Dataset
from dcai.errors import InputError
from dcai.models import Classifier
from dcai.scenarios import initial_model, scenario_of
from dcai.simulation.agents import Agent, agent_from
from dcai.simulation.amounts import DAY_S, FINNEY

__all__ = ["INITIAL_SHARE", "Setup", "default_data", "given", "honest", "malicious", "points", "self_assessment"]

#: Of the training samples, those of which the first model is made: 2,000 of IMDB's 25,000.
INITIAL_SHARE = 0.08

Mechanism = Literal["stakeable", "points"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What is simulated.

    Attributes
    ----------
    mechanism : {"stakeable", "points"}
        The incentive mechanism.
    data : str
        Name of the data set in the catalogue; the model is that of its scenario.
    agents : tuple of Agent
        Who takes part.
    seed : int
        Of all that is drawn.
    num_initial : int
        Training samples of which the first model is made.
    num_contributions : int
        Training samples after these that agents contribute, one after another.
    refund_wait_s, owner_claim_wait_s, any_address_claim_wait_s : int
        The mechanism's waits, in seconds.
    cost_weight : int
        Of ``Stakeable64``, in wei.
    thresholds, badge_names : tuple
        Of ``Points64``.
    accuracy_every_s : int
        How often the model is evaluated on the hidden test samples, in seconds.
    """

    mechanism: Mechanism = "stakeable"
    data: str
    agents: tuple[Agent, ...]
    seed: int = 0
    num_initial: int
    num_contributions: int
    refund_wait_s: int = DAY_S
    owner_claim_wait_s: int = 9 * DAY_S
    any_address_claim_wait_s: int = 9 * DAY_S
    cost_weight: int = FINNEY // 60
    thresholds: tuple[int, ...] = ()
    badge_names: tuple[str, ...] = ()
    accuracy_every_s: int = DAY_S

    def as_json(self) -> dict[str, Any]:
        """Return all attributes, as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields_: dict[str, Any]) -> Setup:
        """Make a setup of what ``as_json`` gave.

        Raises
        ------
        InputError
            It was another version's, or nobody's.
        """
        try:
            agents = tuple(agent_from(agent) for agent in fields_["agents"])
            tuples = {name: tuple(fields_[name]) for name in ("thresholds", "badge_names")}
            return cls(**{**fields_, **tuples, "agents": agents})
        except (KeyError, TypeError) as error:
            raise InputError(f"that is no setup of a simulation: {error}") from error

    def difference(self, other: Setup) -> str:
        """Say in words where another setup departs from this one; empty where it does not."""
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if mine != theirs:
                return f"{field.name} is {mine} in one and {theirs} in the other"
        return ""

    def load(self) -> tuple[Dataset[Any], Classifier]:
        """Return the data set, and the first model.

        Raises
        ------
        InputError, DataError
            There are no such data, or not as many samples.
        """
        scenario = replace(scenario_of(self.data), num_initial=self.num_initial)
        dataset = _dataset(self.data)
        needed, there = self.num_initial + self.num_contributions, len(dataset.y_train)
        if needed > there:
            raise InputError(
                f"{self.num_initial} initial samples and {self.num_contributions} contributions need {needed} "
                f"training samples; {self.data} has {there}"
            )
        return dataset, initial_model(scenario, dataset)


@lru_cache(maxsize=2)
def _dataset(name: str) -> Dataset[Any]:
    return scenario_of(name).load()


def honest(name: str = "honest", **changed: Any) -> Agent:
    """The paper's good contributor: an action every ten minutes."""
    return replace(
        Agent(
            name=name,
            start_balance=10_000 * FINNEY,
            mean_deposit=50 * FINNEY,
            stdev_deposit=10 * FINNEY,
            mean_wait_s=600,
            prob_mistake=0.0001,
        ),
        **changed,
    )


def malicious(name: str = "malicious", **changed: Any) -> Agent:
    """The paper's malicious contributor: it sends twice as much, a sixth as often, with wrong labels."""
    return replace(
        Agent(
            name=name,
            start_balance=10_000 * FINNEY,
            mean_deposit=100 * FINNEY,
            stdev_deposit=3 * FINNEY,
            mean_wait_s=3600,
            good=False,
        ),
        **changed,
    )


def default_data() -> str:
    """IMDB where it is on this computer, else digits, which come with scikit-learn."""
    return "imdb" if data.locate("imdb") is not None else "digits-parity"


def self_assessment(
    data_name: str | None = None,
    *,
    num_contributions: int | None = None,
    num_initial: int | None = None,
    **changed: Any,
) -> Setup:
    """The paper's run of ongoing self-assessment: all training samples after the first 8 %, two contributors.

    Parameters
    ----------
    data_name : str, optional
        `default_data` unless given.
    num_contributions, num_initial : int, optional
        All that are left, and 8 %, unless given.
    **changed : Any
        Other attributes of `Setup`.
    """
    name = default_data() if data_name is None else data_name
    there = len(_dataset(name).y_train)
    initial = int(there * INITIAL_SHARE) if num_initial is None else num_initial
    rest = max(there - initial, 0) if num_contributions is None else num_contributions
    agents = changed.pop("agents", None) or (honest(), malicious())
    return Setup(data=name, agents=agents, num_initial=initial, num_contributions=rest, **changed)


def given(**options: int | None) -> dict[str, Any]:
    """Return those options that are not None, raising the longer waits to the shorter where only these are given."""
    known = {name: value for name, value in options.items() if value is not None}
    if "any_address_claim_wait_s" in known and "owner_claim_wait_s" not in known:
        known["owner_claim_wait_s"] = known["any_address_claim_wait_s"]
    return known


#: The levels of the points preset, and their badges.
_LEVELS = {10: "bronze", 100: "silver", 1000: "gold", 10_000: "platinum"}


def points(data_name: str | None = None, **changed: Any) -> Setup:
    """The same contributors with points and badges in place of money; arguments as for `self_assessment`."""
    agents = changed.pop("agents", None) or (honest(start_balance=0), malicious(start_balance=0))
    levels = {"thresholds": tuple(_LEVELS), "badge_names": tuple(_LEVELS.values())}
    return self_assessment(data_name, **{"mechanism": "points", "agents": agents, **levels, **changed})
