"""Registry of the models and of their layers, such as gas and verification."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar

from dcai.errors import InputTypeError, MissingLayerError, shown
from dcai.models.spec import ModelSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcai.models.base import Classifier

__all__ = ["MODELS", "Layer", "register", "spec_of"]

T = TypeVar("T")
M = TypeVar("M", bound="type[Classifier]")


class _Models(dict[str, "type[Classifier]"]):
    """The models by the name of their contract; an error lists them where there is no such model."""

    def __missing__(self, contract: str) -> type[Classifier]:
        raise MissingLayerError(f"unknown model {contract!r}; expected one of {', '.join(self)}")


#: The models by the name of their contract.
MODELS: dict[str, type[Classifier]] = _Models()


def register(model: M) -> M:
    """Add a model, a class with a ``spec``, to the registry; a class decorator."""
    MODELS[model.spec.contract] = model
    return model


def spec_of(model: object) -> ModelSpec:
    """Return the declaration of a model.

    Raises
    ------
    InputTypeError
        It is not a model of dcai.
    """
    spec = getattr(model, "spec", None)
    if not isinstance(spec, ModelSpec):
        raise InputTypeError(f"model is {shown(model)}; expected a {', a '.join(MODELS)}")
    return spec


class Layer(Generic[T]):
    """Registry of one part of every model: one file a model, imported on first use.

    Parameters
    ----------
    package : str
        The folder of the files, such as ``"dcai.gas.models"``. The file of ``SparsePerceptron`` is
        ``sparse_perceptron.py``.
    attribute : str
        The name in each file.
    """

    def __init__(self, package: str, attribute: str) -> None:
        self._package, self._attribute = package, attribute
        self._registered: dict[str, T] = {}

    def register(self, contract: str, value: T) -> None:
        """Give the layer of a model that has no file in the package."""
        self._registered[contract] = value

    def __getitem__(self, contract: str) -> T:
        """Return the layer of a model.

        Raises
        ------
        MissingLayerError
            There is no such model, or it lacks this layer.
        """
        name = f"{self._package}.{MODELS[contract].spec.module}"
        if contract in self._registered:
            return self._registered[contract]
        try:
            value: T = getattr(import_module(name), self._attribute)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise  # the file is there, and lacks something itself
            raise MissingLayerError(f"{contract} lacks a layer: {name}.{self._attribute}") from error
        except AttributeError as error:
            raise MissingLayerError(f"{contract} lacks a layer: {name}.{self._attribute}") from error
        return value

    def items(self) -> Iterator[tuple[str, T]]:
        """Yield each model's name and layer."""
        return ((contract, self[contract]) for contract in MODELS)
