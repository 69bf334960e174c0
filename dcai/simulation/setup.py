"""Setup of a simulation; the same setup gives the same result."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import Any, Literal

from dcai import data
from dcai.data import Dataset
from dcai.errors import InputError
from dcai.models import MODELS, Classifier
from dcai.reprs import short_repr
from dcai.scenarios import initial_model, scenario_of
from dcai.simulation.agents import Agent, agent_from
from dcai.simulation.terms import MarketTerms
from dcai.units import DAY_S, FINNEY

__all__ = [
    "INITIAL_SHARE",
    "Setup",
    "default_data",
    "given",
    "honest",
    "malicious",
    "points",
    "prediction_market",
    "self_assessment",
]

#: Of the training samples, those of which the first model is made: 2,000 of IMDB's 25,000.
INITIAL_SHARE = 0.08

#: How a record and the results name the provider of a market.
_PROVIDER = "provider"

Mechanism = Literal["stakeable", "points", "market"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Parameters of a simulation.

    Attributes
    ----------
    mechanism : {"stakeable", "points", "market"}
        The incentive mechanism.
    data : str
        Name of the data set in the catalogue.
    model : str, optional
        Name of the model; that of the data's first scenario unless given.
    agents : tuple of Agent
        Agents that take part.
    seed : int
        Random seed.
    num_initial : int
        Training samples of which the first model is made.
    num_contributions : int
        Training samples after these that agents contribute, one after another.
    refund_wait_s, owner_claim_wait_s, any_address_claim_wait_s : int
        The mechanism's waits, in seconds.
    cost_weight : int
        Scale of the deposit of ``Stakeable64``, in wei: 1/60 of the deposit one hour after the last contribution.
    thresholds, badge_names : tuple
        Points and names of the levels of ``Points64``.
    market : MarketTerms, optional
        Terms of ``PredictionMarket``.
    accuracy_every_s : int
        Interval of evaluations on the hidden test samples, in seconds.
    """

    __repr__ = short_repr

    mechanism: Mechanism = "stakeable"
    data: str
    model: str | None = None
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
    market: MarketTerms | None = None
    accuracy_every_s: int = DAY_S

    @property
    def provider(self) -> Agent:
        """Provider of a market, who owns only the bounty."""
        return Agent(name=_PROVIDER, start_balance=0 if self.market is None else self.market.bounty_wei)

    @property
    def participants(self) -> tuple[Agent, ...]:
        """All accounts: the agents, and the provider of a market."""
        return self.agents if self.market is None else (*self.agents, self.provider)

    def as_json(self) -> dict[str, Any]:
        """Return all attributes in a form that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields_: dict[str, Any]) -> Setup:
        """Build a setup from the output of ``as_json``.

        Raises
        ------
        InputError
            It was another version's, or nobody's.
        """
        try:
            agents = tuple(agent_from(agent) for agent in fields_["agents"])
            tuples = {name: tuple(fields_[name]) for name in ("thresholds", "badge_names")}
            market = MarketTerms.from_json(fields_["market"])
            return cls(**{**fields_, **tuples, "agents": agents, "market": market})
        except (KeyError, TypeError) as error:
            raise InputError(f"not a setup of a simulation: {error}") from error

    def difference(self, other: Setup) -> str:
        """Describe the first difference from another setup; empty if equal."""
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if mine != theirs:
                return f"{field.name} is {mine} in one and {theirs} in the other"
        return ""

    def load(self) -> tuple[Dataset[Any], Classifier]:
        """Return the data set and the initial model.

        Raises
        ------
        InputError, DataError
            There are no such data, or not as many samples.
        """
        model = None if self.model is None else MODELS[self.model]
        scenario = replace(scenario_of(self.data, model), num_initial=self.num_initial)
        dataset = _dataset(self.data)
        hidden = 0 if self.market is None else self.market.num_test
        needed, there = self.num_initial + self.num_contributions + hidden, len(dataset.y_train)
        if needed > there:
            tested = f", with {hidden} to test them by," if hidden else ""
            raise InputError(
                f"{self.num_initial} initial samples and {self.num_contributions} contributions{tested} need {needed} "
                f"training samples; {self.data} has {there}"
            )
        return dataset, initial_model(scenario, dataset)


@lru_cache(maxsize=2)
def _dataset(name: str) -> Dataset[Any]:
    return scenario_of(name).load()


def honest(name: str = "honest", **changed: Any) -> Agent:
    """Return the paper's honest contributor, which acts every ten minutes."""
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
    """Return the paper's malicious contributor: wrong labels, twice the deposit, a sixth of the frequency."""
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
    """Return IMDB if it is on this computer, else digits, which come with scikit-learn."""
    return "imdb" if data.locate("imdb") is not None else "digits-parity"


def self_assessment(
    data_name: str | None = None,
    *,
    num_contributions: int | None = None,
    num_initial: int | None = None,
    **changed: Any,
) -> Setup:
    """Return the paper's run of ongoing self-assessment: two contributors, and all samples after the first 8 %.

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


def given(**options: Any) -> dict[str, Any]:
    """Return the options that are not None; a longer wait is the default of a shorter one."""
    known = {name: value for name, value in options.items() if value is not None}
    if "any_address_claim_wait_s" in known and "owner_claim_wait_s" not in known:
        known["owner_claim_wait_s"] = known["any_address_claim_wait_s"]
    return known


#: The levels of the points preset, and their badges.
_LEVELS = {10: "bronze", 100: "silver", 1000: "gold", 10_000: "platinum"}


def points(data_name: str | None = None, **changed: Any) -> Setup:
    """Return the paper's contributors with points and badges instead of money; arguments as for `self_assessment`."""
    agents = changed.pop("agents", None) or (honest(start_balance=0), malicious(start_balance=0))
    levels = {"thresholds": tuple(_LEVELS), "badge_names": tuple(_LEVELS.values())}
    return self_assessment(data_name, **{"mechanism": "points", "agents": agents, **levels, **changed})


#: The paper's number of contributions to a market.
_MARKET_CONTRIBUTIONS = 8000
#: Of the provider's test set, the share that it has of the contributions: 1,000 for the paper's 8,000.
_TEST_SHARE = 8
#: Its pieces, unless others are asked for.
_PIECES = 10
#: What the provider stakes for each contribution: 5 ether for the paper's 8,000.
_BOUNTY_EACH = FINNEY * 5 // 8


def prediction_market(
    data_name: str | None = None,
    *,
    num_contributions: int | None = None,
    num_initial: int | None = None,
    num_test: int | None = None,
    bounty_wei: int | None = None,
    agents: tuple[Agent, ...] | None = None,
    seed: int = 0,
    model: str | None = None,
    **terms: Any,
) -> Setup:
    """Return the paper's run of a prediction market, with 8,000 contributions or as many as the data allow.

    The contributors are those of self-assessment, with deposits small enough for 8,000 contributions: nothing comes
    back before the end.

    Parameters
    ----------
    data_name : str, optional
        `default_data` unless given.
    num_contributions, num_initial, num_test : int, optional
        8,000; 8 % of the training samples; an eighth of the contributions, unless given.
    bounty_wei : int, optional
        5/8 finney for each contribution unless given.
    agents : tuple of Agent, optional
        Contributors other than the paper's.
    seed : int
        Random seed.
    model : str, optional
        Contract name, as for `Setup`.
    **terms : Any
        Other attributes of `MarketTerms`.

    Raises
    ------
    InputError
        An agent would pay to call the model, or has the provider's name; terms are out of range.
    """
    name = default_data() if data_name is None else data_name
    there = len(_dataset(name).y_train)
    initial = int(there * INITIAL_SHARE) if num_initial is None else num_initial
    if num_contributions is None:
        num_contributions = max(min(_MARKET_CONTRIBUTIONS, (there - initial) * _TEST_SHARE // (_TEST_SHARE + 1)), 0)
    if num_test is None:
        num_test = max(num_contributions // _TEST_SHARE, terms.get("num_pieces", _PIECES))
    return Setup(
        mechanism="market",
        data=name,
        model=model,
        agents=_contributors(agents),
        seed=seed,
        num_initial=initial,
        num_contributions=num_contributions,
        market=MarketTerms(
            bounty_wei=num_contributions * _BOUNTY_EACH if bounty_wei is None else bounty_wei,
            num_test=num_test,
            **{"num_pieces": _PIECES, **terms},
        ),
    )


def _contributors(agents: tuple[Agent, ...] | None) -> tuple[Agent, ...]:
    """Return the given agents of a market, else the paper's."""
    for agent in agents or ():
        if agent.pay_to_call:
            raise InputError(f"{agent.name} would pay to call the model, which nobody can while a market runs")
        if agent.name == _PROVIDER:
            raise InputError(f"{_PROVIDER!r} is who opens the market; give the agent another name")
    return agents or (
        honest(mean_deposit=FINNEY, stdev_deposit=FINNEY // 5),
        malicious(mean_deposit=2 * FINNEY, stdev_deposit=FINNEY * 6 // 100),
    )
