"""Run many simulations: each combination of values with each seed, on all cores or a cluster."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import product
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from dcai.errors import InputError
from dcai.reprs import short_repr
from dcai.simulation.runner import run
from dcai.units import duration_s, wei

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dcai.simulation.agents import Agent
    from dcai.simulation.setup import Setup

__all__ = ["PARAMETERS", "Variant", "parse", "sweep", "variants"]


@dataclass(frozen=True, slots=True)
class Variant:
    """One simulation of a sweep: its varied values and its setup."""

    __repr__ = short_repr

    values: dict[str, Any]
    setup: Setup


def _crowd(setup: Setup, number: int, bad_share: float) -> tuple[Agent, ...]:
    """Return many agents, copies of the first honest and malicious one, with the same total frequency."""
    kinds = {good: [agent for agent in setup.agents if agent.good is good] for good in (True, False)}
    num_bad = round(number * bad_share)
    agents = []
    for good, count in ((True, number - num_bad), (False, num_bad)):
        if count and not kinds[good]:
            raise InputError(
                f"--vary agents or bad-share: the setup has no {'good' if good else 'bad'} agent to copy {count} times"
            )
        agents += [
            replace(kinds[good][0], name=f"{kinds[good][0].name} {n}", mean_wait_s=kinds[good][0].mean_wait_s * count)
            for n in range(1, count + 1)
        ]
    return tuple(agents)


def _number(setup: Setup, value: int) -> Setup:
    share = sum(not agent.good for agent in setup.agents) / len(setup.agents)
    return replace(setup, agents=_crowd(setup, value, share))


def _bad_share(setup: Setup, value: float) -> Setup:
    return replace(setup, agents=_crowd(setup, max(len(setup.agents), 10), value))


def _deposit(setup: Setup, value: int) -> Setup:
    return replace(setup, agents=tuple(replace(agent, mean_deposit=value) for agent in setup.agents))


def _wait(setup: Setup, value: int) -> Setup:
    return replace(setup, agents=tuple(replace(agent, mean_wait_s=value) for agent in setup.agents))


def _any_wait(setup: Setup, value: int) -> Setup:
    return replace(setup, any_address_claim_wait_s=value, owner_claim_wait_s=min(setup.owner_claim_wait_s, value))


def _refund_wait(setup: Setup, value: int) -> Setup:
    return replace(setup, refund_wait_s=value)


def _cost_weight(setup: Setup, value: int) -> Setup:
    return replace(setup, cost_weight=value)


def _count(value: str, what: str) -> int:
    if not value.isdecimal() or not int(value):
        raise InputError(f"{what} is {value!r}; it must be a number of agents, at least 1")
    return int(value)


def _share(value: str, what: str) -> float:
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InputError(f"{what} is {value!r}; it must be a share, from 0 to 1")
    return share


#: What may be varied: how a value is read, and what it makes of a setup. In the order in which they are applied.
PARAMETERS: dict[str, tuple[Callable[[str, str], Any], Callable[[Setup, Any], Setup]]] = {
    "deposit": (wei, _deposit),
    "wait": (duration_s, _wait),
    "refund-wait": (duration_s, _refund_wait),
    "any-wait": (duration_s, _any_wait),
    "cost-weight": (wei, _cost_weight),
    "bad-share": (_share, _bad_share),
    "agents": (_count, _number),
}


def parse(texts: Sequence[str]) -> dict[str, list[Any]]:
    """Parse values to vary: ``deposit=20 finney,50 finney``.

    Raises
    ------
    InputError
        There is no such parameter, or a value does not fit.
    """
    varied: dict[str, list[Any]] = {}
    for text in texts:
        name, _, values = text.partition("=")
        if name not in PARAMETERS or not values or name in varied:
            raise InputError(
                f"{text!r}: give each parameter once, as NAME=VALUE,VALUE,...; there is {', '.join(PARAMETERS)}"
            )
        read = PARAMETERS[name][0]
        varied[name] = [read(value.strip(), name) for value in values.split(",")]
    return varied


def variants(setup: Setup, varied: Mapping[str, Sequence[Any]], seeds: Sequence[int]) -> list[Variant]:
    """Return all combinations of values with all seeds."""
    names = [name for name in PARAMETERS if name in varied]
    made = []
    for values in product(*(varied[name] for name in names)):
        changed = setup
        for name, value in zip(names, values, strict=True):
            changed = PARAMETERS[name][1](changed, value)
        made += [
            Variant({**dict(zip(names, values, strict=True)), "seed": seed}, replace(changed, seed=seed))
            for seed in seeds
        ]
    return made


def sweep(all_variants: Sequence[Variant], *, on_ray: bool = False) -> Iterator[dict[str, Any]]:
    """Run simulations natively, and yield their results in the order of completion.

    Parameters
    ----------
    all_variants : sequence of Variant
        Variants to run.
    on_ray : bool
        Whether Ray distributes them; else the cores of this machine share them.

    Yields
    ------
    dict
        ``values`` of the variant, and ``result``, see `Result.as_json`.
    """
    if on_ray:
        from dcai.ray import map_unordered  # noqa: PLC0415 - optional

        yield from map_unordered(_outcome, all_variants)
        return
    # Spawned: a fork of a process with threads may hang. Each has one core, so its kernels take one thread.
    before = os.environ.get("RAYON_NUM_THREADS")
    os.environ["RAYON_NUM_THREADS"] = "1"
    pool = ProcessPoolExecutor(min(os.cpu_count() or 1, len(all_variants)), mp_context=get_context("spawn"))
    try:
        for future in as_completed([pool.submit(_outcome, variant) for variant in all_variants]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)
        if before is None:
            del os.environ["RAYON_NUM_THREADS"]
        else:
            os.environ["RAYON_NUM_THREADS"] = before


def _outcome(variant: Variant) -> dict[str, Any]:
    """Run one simulation."""
    *_, result = run(variant.setup)
    return {"values": variant.values, "result": result.as_json()}
