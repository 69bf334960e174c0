"""Put a model into an EVM: by transactions, in chunks that fit, or directly as code and storage.

How much fits a transaction is measured and never computed: each chunk is sent with the gas limit
of a transaction, changes nothing where it fails, and is then tried at half its size.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from dcai import artifacts
from dcai.errors import EvmError, InputError
from dcai.evm.abi import Abi
from dcai.evm.classifier import ClassifierContract, contract_at
from dcai.evm.hashing import to_address
from dcai.evm.storage import contract_name, expected_storage
from dcai.models import SparseNearestCentroidClassifier, SparsePerceptron

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dcai.artifacts import Artifact
    from dcai.evm.contract import Contract
    from dcai.evm.machine import Machine
    from dcai.evm.receipt import Receipt
    from dcai.models import Classifier, DensePerceptron, NearestCentroidClassifier

__all__ = ["Driver", "create", "deploy", "drive", "place"]

#: How many weights, or how many classes and values of each.
Size = TypeVar("Size", int, tuple[int, int])

#: Of the first weights of a sparse Perceptron, this share must be non-zero to go in by position: a
#: zero in between costs a storage access, and a weight given with its index costs more calldata
#: and memory. Either way the state is the same.
_DENSE_SHARE = 0.75

#: A sample count that the constructor of a nearest centroid classifier refuses (2^191,
#: ``dataCountLimit``).
_DATA_COUNT_LIMIT = 1 << 191


def deploy(
    evm: Machine, model: Classifier, *, sender: str | None = None, artifact: Artifact | None = None
) -> ClassifierContract:
    """Deploy the contract of a model.

    Parameters
    ----------
    evm : Machine
        The EVM to deploy to.
    model : model of dcai.models
        The contract's state will be exactly its state.
    sender : str, optional
        Who deploys and then owns it; the EVM's account unless given.
    artifact : Artifact, optional
        Another contract that is initialized in the same way; that of the model's class unless given.

    Returns
    -------
    Contract
        Its ``deployment`` has the receipt of each transaction: the constructor with as much as
        fits, then chunks of weights or centroids, then of feature indices, none over 2^24 gas.

    Raises
    ------
    InputTypeError
        It is no model of dcai.
    InputError
        No sequence of transactions leads to this state: a sparse centroid whose values are of
        different sample counts, a class of 2^191 samples. ``place`` takes any state.
    Revert
        The contract refused the model.
    EvmError
        Not even the smallest chunk fits a transaction.
    """
    deployment = _Deployment(evm, artifact or artifacts.load(contract_name(model)), sender)
    drive(deployment, model)
    return deployment.contract(model)


def create(evm: Machine, artifact: Artifact, *args: Any, sender: str | None = None, value: int = 0) -> Contract:
    """Create any contract in one transaction.

    Parameters
    ----------
    evm : Machine
        The EVM to deploy to.
    artifact : Artifact
        The contract.
    *args : Any
        Of its constructor.
    sender : str, optional
        Who creates it; the EVM's account unless given.
    value : int
        In wei.

    Returns
    -------
    Contract
        Its ``deployment`` has the receipt.

    Raises
    ------
    InputError, InputTypeError
        An argument does not fit its type.
    Revert
        The constructor refused.
    EvmError
        It does not fit a transaction.
    """
    abi = Abi(artifact.abi)
    evm.errors.learn(abi.errors.values())
    data = artifact.bytecode + abi.constructor.encode(args)
    receipt = evm.transact_if_successful(None, data, sender=sender, value=value)
    receipt.raise_for_error()
    if receipt.contract_address is None:
        raise EvmError(f"the creation of {artifact.name} gave no address")
    return contract_at(evm, artifact, receipt.contract_address, [receipt])


def place(
    evm: Machine,
    model: Classifier,
    *,
    owner: str | None = None,
    artifact: Artifact | None = None,
    address: str | None = None,
) -> ClassifierContract:
    """Put the contract of a model into an EVM as code and storage, without transactions.

    Parameters
    ----------
    evm : Machine
        The EVM to deploy to.
    model : model of dcai.models
        Any state.
    owner : str, optional
        The contract's owner; the EVM's account unless given.
    artifact : Artifact, optional
        Another compilation of the contract, or somebody else's with the same state variables; that of dcai unless
        given.
    address : str, optional
        Where to put it, in the place of whatever is there; an address that has no code unless given.

    Returns
    -------
    Contract
        At that address.

    Raises
    ------
    InputTypeError
        It is no model of dcai.
    """
    artifact = artifact or artifacts.load(contract_name(model))
    storage = expected_storage(model, evm.account if owner is None else owner, artifact=artifact)
    address = address or next(a for a in _addresses() if not evm.code(a))
    evm.set_account(address, code=artifact.deployed_bytecode, storage=storage)
    contract = ClassifierContract(evm, artifact, address)
    contract.note_indices(_feature_indices(model))
    return contract


def _addresses() -> Iterator[str]:
    return (to_address(b"\x22" * 16 + n.to_bytes(4, "big")) for n in count())


def _feature_indices(model: Classifier) -> Iterator[int]:
    """Yield the keys of a sparse model's mappings."""
    if isinstance(model, SparsePerceptron):
        yield from model.weights
    elif isinstance(model, SparseNearestCentroidClassifier):
        for stored in model.stored:
            yield from stored


class Driver(ABC):
    """What becomes of the transactions of a deployment: they are sent, or their cost is predicted."""

    @abstractmethod
    def send(self, function: str, args: tuple[Any, ...], items: int) -> None:
        """Take one transaction.

        Parameters
        ----------
        function : str
            ``"constructor"``, or the function that is called.
        args : tuple
            Its arguments.
        items : int
            How many weights, values or indices they hold.

        Raises
        ------
        EvmError
            It does not fit a transaction; nothing has changed.
        """

    def create(self, sizes: Iterable[Size], args: Callable[[Size], tuple[Any, ...]]) -> Size:
        """Create the contract with the first of ``sizes`` that fits, and return it."""
        return self._first_fitting(sizes, lambda size: self.send("constructor", args(size), _items(size)))

    def call(self, function: str, *args: Any) -> None:
        """Send one call that cannot be divided."""
        self.send(function, args, 1)

    def extend(
        self,
        function: str,
        items: Sequence[Any],
        args: Callable[[int, Sequence[Any]], tuple[Any, ...]],
    ) -> None:
        """Send all items in chunks; ``args`` makes arguments of a chunk's position and items."""

        def send(start: int, size: int) -> None:
            self.send(function, args(start, items[start : start + size]), size)

        start, size = 0, len(items)
        while start < len(items):
            sizes = _halvings(min(size, len(items) - start))
            size = self._first_fitting(sizes, partial(send, start))
            start += size

    @staticmethod
    def _first_fitting(sizes: Iterable[Size], send: Callable[[Size], None]) -> Size:
        """Send with one size after another until one fits."""
        last: EvmError | None = None
        for size in sizes:
            try:
                send(size)
            except EvmError as error:
                last = error  # unlike a Revert, which says no to the values, whatever their number
            else:
                return size
        raise last or EvmError("there is nothing to send")


def drive(driver: Driver, model: Classifier) -> None:
    """Have the transactions that put a model on a chain taken, in their order; errors as in ``deploy``."""
    _PLANS[contract_name(model)](driver, model)
    indices = [int(index) for index in model.feature_indices]
    driver.extend("addFeatureIndices", indices, lambda _, chunk: (chunk,))


def _items(size: int | tuple[int, int]) -> int:
    return size if isinstance(size, int) else size[0] * size[1]


class _Deployment(Driver):
    """The transactions of one deployment so far."""

    def __init__(self, evm: Machine, artifact: Artifact, sender: str | None) -> None:
        self._evm = evm
        self._artifact = artifact
        self._abi = Abi(artifact.abi)
        self._sender = sender
        self._receipts: list[Receipt] = []
        evm.errors.learn(self._abi.errors.values())

    def contract(self, model: Classifier) -> ClassifierContract:
        contract = ClassifierContract(self._evm, self._artifact, self._address, self._receipts)
        contract.note_indices(_feature_indices(model))
        return contract

    @property
    def _address(self) -> str:
        address = self._receipts[0].contract_address
        if address is None:
            raise EvmError(f"the creation of {self._artifact.name} gave no address")
        return address

    def send(self, function: str, args: tuple[Any, ...], items: int) -> None:
        """Send a transaction, and keep its receipt; where it fails, nothing changes."""
        if function == "constructor":
            to, data = None, self._artifact.bytecode + self._abi.constructor.encode(args)
        else:
            to, data = self._address, self._abi.function(function, len(args)).encode(args)
        receipt = self._evm.transact_if_successful(to, data, sender=self._sender)
        receipt.raise_for_error()
        self._receipts.append(receipt)


def _halvings(size: int, least: int = 1) -> Iterator[int]:
    """Yield ``size``, half of it rounded up and so on, down to ``least`` (0 or 1)."""
    while size > 1:
        yield size
        size -= size // 2  # rounded up, so that two halves are all
    yield from range(size, least - 1, -1)


def _shrinkings(classes: int, features: int) -> Iterator[tuple[int, int]]:
    """Yield numbers of classes and of features of each, the longer side halved at each step."""
    while True:
        yield classes, features
        if max(classes, features) <= 1:
            return
        if features >= classes:
            features -= features // 2
        else:
            classes -= classes // 2


def _dense_perceptron(driver: Driver, model: DensePerceptron) -> None:
    weights = [int(weight) for weight in model.weights]
    done = driver.create(_halvings(len(weights), 0), lambda n: _perceptron(model, weights[:n]))
    driver.extend("initializeWeights", weights[done:], lambda _, chunk: (chunk,))


def _sparse_perceptron(driver: Driver, model: SparsePerceptron) -> None:
    weights: dict[int, int] = dict(sorted(model.weights.items()))
    dense = [weights.get(index, 0) for index in range(_dense_length(list(weights)))]
    done = driver.create(_halvings(len(dense), 0), lambda n: _perceptron(model, dense[:n]))
    driver.extend("initializeWeights", dense[done:], lambda at, chunk: (done + at, chunk))
    rows = [[index, weight] for index, weight in weights.items() if index >= len(dense)]
    driver.extend("initializeSparseWeights", rows, lambda _, chunk: (chunk,))


def _perceptron(model: DensePerceptron | SparsePerceptron, weights: list[int]) -> tuple[Any, ...]:
    return model.classifications, weights, model.intercept, model.learning_rate


def _dense_length(indices: Sequence[int]) -> int:
    """Return how many weights to give by position: while enough of them are non-zero."""
    dense = (i for n, i in enumerate(indices, 1) if n >= _DENSE_SHARE * (i + 1))
    return max(dense, default=-1) + 1


def _nearest_centroid(driver: Driver, model: NearestCentroidClassifier) -> None:
    centroids = [centroid.tolist() for centroid in model.centroids]
    for k, class_count in enumerate(model.counts):
        if class_count >= _DATA_COUNT_LIMIT:
            raise InputError(
                f"class {k} has {class_count} samples, and the constructor takes fewer than 2^191; "
                "place(model) puts any state on a chain"
            )
    # Classes must be of one length while they are added, so the length that all have comes first.
    _add_classes(driver, model, centroids, min(map(len, centroids)))


def _sparse_nearest_centroid(driver: Driver, model: SparseNearestCentroidClassifier) -> None:
    columns = zip(model.stored, model.counts, model.squared_magnitudes, strict=True)
    centroids = [_pairs(*column, k) for k, column in enumerate(columns)]
    _add_classes(driver, model, centroids, max(map(len, centroids)))


def _add_classes(
    driver: Driver,
    model: NearestCentroidClassifier | SparseNearestCentroidClassifier,
    centroids: list[list[Any]],
    length: int,
) -> None:
    """Create with as many classes, and of the first ``length`` entries, as fit; send the rest."""
    names, counts = model.classifications, model.counts

    def args(size: tuple[int, int]) -> tuple[Any, ...]:
        classes, entries = size
        return names[:classes], [c[:entries] for c in centroids[:classes]], counts[:classes]

    classes, entries = driver.create(_shrinkings(len(centroids), length), args)
    for k in range(classes, len(centroids)):
        driver.call("addClass", centroids[k][:entries], names[k], counts[k])
    for k, centroid in enumerate(centroids):
        driver.extend("extendCentroid", centroid[entries:], partial(_extension, k))


def _extension(k: int, _start: int, chunk: Sequence[Any]) -> tuple[Any, ...]:
    return chunk, k


def _pairs(stored: Mapping[int, tuple[int, int]], class_count: int, squared_magnitude: int, k: int) -> list[list[int]]:
    """Return a class as the constructor takes it, or say why it cannot."""
    for index, (value, num_samples) in stored.items():
        if num_samples != class_count:
            raise InputError(
                f"class {k} stores the value {value} of feature {index} as of {num_samples} "
                f"samples and has {class_count} now: no constructor stores that. {_INSTEAD}"
            )
    total = sum(value * value for value, _ in stored.values())
    if total != squared_magnitude:
        raise InputError(
            f"the squared magnitude of class {k} is {squared_magnitude}, which rounding "
            f"has moved from the sum of its squares, {total}: the constructor stores the latter. "
            f"{_INSTEAD}"
        )
    return [[index, value] for index, (value, _) in stored.items()]


_INSTEAD = (
    "place(model) puts any state on a chain; a new model of this one's .centroids and .counts "
    "can be deployed, and differs from it by the rounding alone"
)


_PLANS: dict[str, Callable[[Driver, Any], None]] = {
    "DensePerceptron": _dense_perceptron,
    "SparsePerceptron": _sparse_perceptron,
    "NearestCentroidClassifier": _nearest_centroid,
    "SparseNearestCentroidClassifier": _sparse_nearest_centroid,
}
