"""Random sequences for state tests: predictions and updates by the owner, as the search draws them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

from dcai import strict_json
from dcai.errors import InputError, Revert
from dcai.models import MODELS, Classifier
from dcai.models.registry import spec_of
from dcai.verify.layer import VERIFY
from dcai.verify.step import Step

__all__ = ["is_case", "random_model", "random_steps"]


def is_case(path: Path) -> bool:
    """Whether a file is meant as a `Case`, though it may be a damaged one."""
    try:
        fields = strict_json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return isinstance(fields, dict) and str(fields.get("format")).startswith("dcai-case")


def random_model(name: str, rng: Random) -> Classifier:
    """Return a small model of a contract of that name.

    Raises
    ------
    InputError
        There is no such contract.
    """
    if name not in MODELS:
        raise InputError(f"unknown model {name!r}; expected one of {', '.join(MODELS)}")
    return VERIFY[name].generator(rng).start()


def random_steps(model: Classifier, rng: Random, count: int) -> Iterator[Step]:
    """Yield steps for a model; the same for the same model and the same state of ``rng``.

    Parameters
    ----------
    model : Classifier
        Where the sequence begins; it is not changed.
    rng : random.Random
        Where chance is from.
    count : int
        Number of steps.
    """
    generator, model = VERIFY[spec_of(model).contract].generator(rng, ("predict", "update")), model.copy()
    while count:
        step = generator.step(model)
        if step.sender is None and step.form == "abi":
            yield step
            count -= 1
            if step.label is not None:
                with suppress(Revert):
                    model.update(list(step.data), step.label)
