"""A toy fifth kind of model, registered layer by layer: nothing in dcai knows it by name.

Its contract is the bytecode of SparsePerceptron under another name. Its kernel is Python, its fields stand in another
order and have other names than those of the contract, so that whoever matches by name, order or class fails on it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from dcai import _kernels, artifacts
from dcai.errors import Revert
from dcai.gas import coefficients
from dcai.gas.layer import GAS
from dcai.models import MODELS, SparseClassifier, json_format
from dcai.models.deployment import Driver, halvings
from dcai.models.registry import register
from dcai.models.spec import Field, Getter, Int, Map, ModelSpec, Sparse
from dcai.verify.generator import Generator
from dcai.verify.layer import VERIFY, VerifyModel
from dcai.verify.step import Step

NAME, BASE = "ToyPerceptron", "SparsePerceptron"

#: What a model needs beside its class.
LAYERS = ("class", "artifact", "coefficients", "gas", "verify")


class ToyKernel:
    """Weights by index, in Python integers, as ``SparsePerceptron.sol`` has them."""

    def __init__(self, rate: int, table: Any, bias: int) -> None:
        self.rate, self.bias, self._table = int(rate), int(bias), {int(i): int(w) for i, w in dict(table).items() if w}

    @property
    def table(self) -> list[tuple[int, int]]:
        return sorted(self._table.items())

    def predict(self, sample: Sequence[int]) -> int:
        for position, index in enumerate(sample):
            if index < 0:
                raise Revert("NegativeIndex", (position, int(index)))
        return int(self.bias + sum(self._table.get(int(i), 0) for i in sample) > 0)

    def update(self, sample: Sequence[int], label: int) -> bool:
        if label > 1:
            raise Revert("UnknownClass", (label, 2))
        if self.predict(sample) == label:
            return False
        table = dict(self._table)
        for index in map(int, sample):
            weight = table.get(index, 0) + (self.rate if label else -self.rate)
            if not -(2**79) <= weight < 2**79:
                raise Revert("SafeCastOverflowedIntDowncast", (80, weight))
            table[index] = weight
        changed = {i: w for i, w in table.items() if w} != self._table
        self._table = {i: w for i, w in table.items() if w}
        return changed

    def predict_batch(self, indptr: Any, indices: Any, _values: Any = None) -> Any:
        return np.array([self.predict(indices[start:end].tolist()) for start, end in pairwise(indptr)], np.uint64)

    def copy(self) -> ToyKernel:
        return ToyKernel(self.rate, self._table, self.bias)

    def equals(self, other: ToyKernel) -> bool:
        return (self.rate, self.bias, self._table) == (other.rate, other.bias, other._table)

    def initialize_sparse_weights(self, pairs: Iterable[tuple[int, int]]) -> None:
        self._table = {i: w for i, w in {**self._table, **dict(pairs)}.items() if w}

    # What the bytecode does is counted by the kernel of the contract whose bytecode it is.

    counters = staticmethod(_kernels.SparsePerceptron.counters)

    def _twin(self) -> _kernels.SparsePerceptron:
        twin = _kernels.SparsePerceptron((), self.bias, self.rate)
        twin.initialize_sparse_weights(self.table)
        return twin

    def predict_costs(self, *arguments: Any) -> dict[str, Any]:
        return self._twin().predict_costs(*arguments)

    def update_costs(self, *arguments: Any) -> dict[str, Any]:
        twin = self._twin()
        costs = twin.update_costs(*arguments)
        self._table = dict(twin.weights)
        return costs


def _deploy(driver: Driver, model: Toy) -> None:
    kernel = model._kernel
    driver.create(halvings(0, 0), lambda _: (model.classifications, (), kernel.bias, kernel.rate))
    driver.extend("initializeSparseWeights", kernel.table, lambda _, chunk: (chunk,))


class Toy(SparseClassifier):
    """A Perceptron under another name."""

    __slots__ = ()
    spec = ModelSpec(
        contract=NAME,
        kernel=ToyKernel,
        samples=Sparse(index_bits=63),
        fields=(
            Field("rate", "learningRate", Int(32)),
            Field("table", "weights", Map(Int(64), Int(80, signed=True))),
            Field("bias", "intercept", Int(80, signed=True)),
        ),
        getters={
            "weights": Getter(
                lambda model, i: dict(model._kernel.table).get(i, 0),
                lambda model: ((i,) for i, _ in model._kernel.table),
                1,
            ),
            "learningRate": Getter(lambda model: model._kernel.rate, lambda _: iter([()]), 0),
        },
        deploy=_deploy,
        changes=("initializeSparseWeights",),
        num_classes=2,
        has_mistakes=True,
        json_types=("toy",),
        fingerprint="toy",
        words={"learningRate": "the pace"},
    )

    def __init__(self, table: Any, bias: int, rate: int, *, classifications: Sequence[str] = ("0", "1")) -> None:
        if len(classifications) != 2:
            raise Revert("NotTwoClasses", (len(classifications),))
        table = table if isinstance(table, dict) else dict(enumerate(table))
        super().__init__(ToyKernel(rate, table, bias), classifications, ())

    def initialize_sparse_weights(self, pairs: Iterable[tuple[int, int]]) -> None:
        self._kernel.initialize_sparse_weights(pairs)

    @classmethod
    def fitted(cls, X: Any, y: Any, num_features: int, classifications: Sequence[str]) -> Toy:
        model = cls({}, 0, 10**9, classifications=classifications)
        model.update_batch(X, y)
        return model

    @classmethod
    def _from_fields(cls, fields: json_format.Fields) -> Toy:
        table = fields.fixed_by_index(*fields.take("table"), bits=80)
        bias, rate = fields.take_fixed("bias", bits=80), fields.take_fixed("rate", bits=32, signed=False)
        return cls(table, bias, rate, classifications=fields.take_text_list("classifications"))

    def _to_fields(self) -> dict[str, Any]:
        kernel, real = self._kernel, json_format.real
        return {
            "classifications": self.classifications,
            "table": {str(i): real(weight) for i, weight in kernel.table},
            "bias": real(kernel.bias),
            "rate": real(kernel.rate),
        }


class ToyGenerator(Generator):
    """Small weights and rates, so that all that can happen happens soon."""

    KINDS: ClassVar = {"update": 30, "predict": 8, "refused_update": 5, "refused_predict": 4, "initialize": 4}

    def start(self) -> Toy:
        table = {i: self.rng.choice((1, -1, 2, 2**79 - 1)) for i in self.rng.sample(range(9), 4)}
        return Toy(table, self.rng.choice((0, 0, 1, -1)), self.rng.choice((0, 1, 2)), classifications=self.names(2))

    def sample(self, model: Any) -> list[int]:
        return [self.rng.randrange(9) for _ in range(self.rng.randrange(6))]

    def refused_sample(self, model: Any) -> list[int]:
        return [*self.sample(model), -1]

    def constructor_arguments(self) -> tuple[Any, ...]:
        return self.names(self.rng.choice((2, 2, 3))), [0, 1, -1], 5, 10**9

    def owner_call(self, model: Any) -> Step:
        return self.initialize(model)

    def initialize(self, model: Any) -> Step:
        pairs = tuple((self.rng.randrange(9), self.rng.randint(-2, 2)) for _ in range(self.rng.randrange(4)))
        return Step("initializeSparseWeights", args=(pairs,))


def example() -> Toy:
    """A model with a weight at each bound, and a feature beyond those that are searched."""
    return Toy({0: 2**79 - 1, 7: -5, 2**40: -(2**79)}, -3, 2 * 10**9, classifications=("ham", "spam"))


@contextmanager
def registered(*, without: str | None = None) -> Iterator[None]:
    """Register the toy, but for one layer, and undo it."""
    tables: list[dict[str, Any]] = [
        MODELS, artifacts._registered, coefficients._registered, GAS._registered, VERIFY._registered,
    ]  # fmt: skip
    artifact = replace(artifacts.load(BASE), name=NAME)
    prices = json.loads(resources.files("dcai.artifacts").joinpath("gas", f"{BASE}.json").read_text(encoding="utf-8"))
    register_layer: dict[str, Callable[[], object]] = {
        "class": lambda: register(Toy),
        "artifact": lambda: artifacts.register(artifact),
        "coefficients": lambda: coefficients.register(NAME, prices),
        "gas": lambda: GAS.register(NAME, GAS[BASE]),
        "verify": lambda: VERIFY.register(NAME, VerifyModel(generator=ToyGenerator, faults=(), claims=())),
    }
    try:
        for layer in LAYERS:
            if layer != without:
                register_layer[layer]()
        yield
    finally:
        for table in tables:
            table.pop(NAME, None)
