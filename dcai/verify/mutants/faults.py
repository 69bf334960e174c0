"""Contracts with one small fault each, by which the search for differences is judged: it must find every one.

A fault is a change of our Solidity sources, as an author might make it by mistake. Its text must stand in its file
exactly once: where the sources have changed, the fault must be written anew.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FAULTS", "SAMPLE", "Fault"]

_DENSE, _SPARSE = "DensePerceptron", "SparsePerceptron"
_CENTROID, _SPARSE_CENTROID = "NearestCentroidClassifier", "SparseNearestCentroidClassifier"

_NORM = "src/libraries/Norm.sol"
_INT80 = "src/libraries/PackedInt80.sol"
_INT64 = "src/libraries/PackedInt64.sol"
_ARRAY = "src/libraries/PackedArray.sol"
_INDICES = "src/libraries/SparseData.sol"
_PERCEPTRON = "src/models/Perceptron.sol"
_MULTICLASS = "src/models/MulticlassClassifier.sol"

_LOOP = "for (uint256 i = 0; i < data.length; ++i) {\n                "


@dataclass(frozen=True)
class Fault:
    """One change of the sources.

    Attributes
    ----------
    name : str
        Of the fault, among all.
    contract : str
        The contract that is compiled with it.
    kind : str
        What sort of mistake it is.
    before, after : str
        The text that is changed, and what stands there then.
    file : str
        Where, below ``contracts``; the contract's own file unless given.
    """

    name: str
    contract: str
    kind: str
    before: str
    after: str
    file: str = ""

    @property
    def path(self) -> str:
        """Where the change is, below ``contracts``."""
        return self.file or f"src/models/{self.contract}.sol"


def _floor(dividend: str, divisor: str) -> str:
    """A quotient rounded toward minus infinity, as a term of Solidity."""
    return f"({dividend} - ((({dividend}) % {divisor}) + {divisor}) % {divisor})"


_RATE = "classification == 1 ? rate : -rate"
_SCALE = "int256(uint256(SCALE))"
_UPDATE = "function update(int64[] calldata data, uint64 classification) external onlyOwner {"
_UPDATE_BY_ANYONE = "function update(int64[] calldata data, uint64 classification) external {"

FAULTS: tuple[Fault, ...] = (
    # -- dense Perceptron -- #
    Fault("dense: moves away from the sample", _DENSE, "sign", _RATE, "classification == 1 ? -rate : rate"),
    Fault(
        "dense: rounds a step toward minus infinity",
        _DENSE,
        "rounding",
        f"word.get(1) + (x1 * rate) / {_SCALE}",
        f"word.get(1) + {_floor('(x1 * rate)', _SCALE)} / {_SCALE}",
    ),
    Fault(
        "dense: moves the third weight of a slot by the second feature",
        _DENSE,
        "swapped index",
        "word.get(2) + (x2 * rate)",
        "word.get(2) + (x1 * rate)",
    ),
    Fault(
        "dense: divides by a tenth of the scale",
        _DENSE,
        "wrong scale",
        f"word.get(0) + (x0 * rate) / {_SCALE}",
        "word.get(0) + (x0 * rate) / int256(10 ** 8)",
    ),
    Fault(
        "dense: update does not check the length",
        _DENSE,
        "missing check",
        "_requireDimension(data);\n        _requireClass(classification);",
        "_requireClass(classification);",
    ),
    Fault(
        "dense: looks at the label before the length",
        _DENSE,
        "order of errors",
        "_requireDimension(data);\n        _requireClass(classification);",
        "_requireClass(classification);\n        _requireDimension(data);",
    ),
    Fault("dense: anyone may update", _DENSE, "missing check", _UPDATE, _UPDATE_BY_ANYONE),
    Fault(
        "dense: anyone may append weights",
        _DENSE,
        "missing check",
        "initializeWeights(int80[] memory moreWeights) external onlyOwner",
        "initializeWeights(int80[] memory moreWeights) external",
    ),
    Fault(
        "dense: takes words that are no int64",
        _DENSE,
        "missing check",
        "                DenseData.requireInt64(x0, x1, x2);\n",
        "",
    ),
    Fault(
        "dense: brings the intercept to the scale of the products",
        _DENSE,
        "wrong scale",
        "score = intercept;",
        f"score = int256(intercept) * {_SCALE};",
    ),
    Fault(
        "dense: leaves out the last feature when it learns",
        _DENSE,
        "off by one",
        "// |w| <= 2^79.\n        unchecked {\n            uint256 end = data.end();",
        "// |w| <= 2^79.\n        unchecked {\n            uint256 end = data.end() - (data.length > 0 ? FEATURE : 0);",
    ),
    Fault(
        "dense: takes a squared norm that is exactly too small",
        _DENSE,
        "comparison",
        "squaredNorm <= UNIT - TOLERANCE",
        "squaredNorm < UNIT - TOLERANCE",
        _NORM,
    ),
    Fault(
        "dense: a score of 0 is class 1", _DENSE, "comparison", "score > 0 ? 1 : 0", "score >= 0 ? 1 : 0", _PERCEPTRON
    ),
    Fault(
        "dense: weights wrap beyond int80",
        _DENSE,
        "overflow that wraps",
        "if (shifted >> 80 != 0) {",
        "if (shifted >> 81 != 0) {",
        _INT80,
    ),
    Fault(
        "dense: appending forgets the weights that share the slot",
        _DENSE,
        "lost write",
        "uint256 word = shift == 0 ? 0 : slot.getUint256Slot().value;",
        "uint256 word = 0;",
        _ARRAY,
    ),
    # -- sparse Perceptron -- #
    Fault("sparse: moves away from the sample", _SPARSE, "sign", _RATE, "classification == 1 ? -rate : rate"),
    Fault(
        "sparse: weights wrap beyond int80",
        _SPARSE,
        "overflow that wraps",
        "uint80((weight + step).toInt80())",
        "uint80(uint256(weight + step))",
    ),
    Fault(
        "sparse: -1 is no negative index",
        _SPARSE,
        "comparison",
        "if (signedIndex < 0)",
        "if (signedIndex < -1)",
        _INDICES,
    ),
    Fault(
        "sparse: indices must be below 2^32",
        _SPARSE,
        "wrong bound",
        "INDEX_BITS = 63",
        "INDEX_BITS = 32",
    ),
    Fault(
        "sparse: the score leaves out the last index",
        _SPARSE,
        "off by one",
        f"{_LOOP}score",
        f"{_LOOP.replace('i <', 'i + 1 <')}score",
    ),
    Fault(
        "sparse: learning leaves out the first index",
        _SPARSE,
        "off by one",
        f"{_LOOP}StorageSlot",
        f"{_LOOP.replace('i = 0', 'i = 1')}StorageSlot",
    ),
    Fault(
        "sparse: update does not check the label",
        _SPARSE,
        "missing check",
        "        _requireClass(classification);\n        if (_classOf",
        "        if (_classOf",
    ),
    Fault(
        "sparse: looks at the indices before the label",
        _SPARSE,
        "order of errors",
        "_requireClass(classification);\n        if (_classOf(_score(data)) != classification) {",
        "uint64 predicted = _classOf(_score(data));\n        _requireClass(classification);\n"
        "        if (predicted != classification) {",
    ),
    Fault("sparse: anyone may update", _SPARSE, "missing check", _UPDATE, _UPDATE_BY_ANYONE),
    Fault("sparse: the intercept does not count", _SPARSE, "lost read", "score = intercept;", "score = 0;"),
    Fault(
        "sparse: the last weight of all cannot be set",
        _SPARSE,
        "comparison",
        "if (someWeights.length > room)",
        "if (someWeights.length >= room)",
    ),
    Fault(
        "sparse: label 2 is a class",
        _SPARSE,
        "comparison",
        "if (label >= NUM_CLASSES)",
        "if (label > NUM_CLASSES)",
        _PERCEPTRON,
    ),
    Fault(
        "sparse: a score of 0 is class 1", _SPARSE, "comparison", "score > 0 ? 1 : 0", "score >= 0 ? 1 : 0", _PERCEPTRON
    ),
    # -- nearest centroid -- #
    Fault(
        "centroid: the last of equally near classes wins",
        _CENTROID,
        "comparison",
        "if (distance < smallest)",
        "if (distance <= smallest)",
    ),
    Fault(
        "centroid: rounds a mean toward minus infinity",
        _CENTROID,
        "rounding",
        "(word.get(0) * n + x0).quotient(newN)",
        f"{_floor('(word.get(0) * n + x0)', 'newN')}.quotient(newN)",
    ),
    Fault(
        "centroid: does not count the sample",
        _CENTROID,
        "lost write",
        "        if (newCount != count) dataCounts[classification] = newCount;\n",
        "",
    ),
    Fault(
        "centroid: counts one sample too many",
        _CENTROID,
        "comparison",
        "count < dataCountLimit ? count + 1 : count",
        "count <= dataCountLimit ? count + 1 : count",
    ),
    Fault(
        "centroid: divides by one too many at the limit of the count",
        _CENTROID,
        "off by one",
        "int256(count), int256(newCount)",
        "int256(count), int256(count + 1)",
    ),
    Fault(
        "centroid: rounds the terms of a distance to the nearest",
        _CENTROID,
        "rounding",
        "return uint256(difference * difference) / SCALE;",
        "return (uint256(difference * difference) + SCALE / 2) / SCALE;",
    ),
    Fault(
        "centroid: moves the third feature of a slot by the fourth",
        _CENTROID,
        "swapped index",
        "(word.get(2) * n + x2)",
        "(word.get(2) * n + x3)",
    ),
    Fault(
        "centroid: a negative feature spills over the next",
        _CENTROID,
        "missing mask",
        "((uint256(c2) & MASK) << 128)",
        "(uint256(c2) << 128)",
        _INT64,
    ),
    Fault(
        "centroid: takes a class with as many samples as the limit",
        _CENTROID,
        "comparison",
        "if (count >= dataCountLimit)",
        "if (count > dataCountLimit)",
    ),
    Fault(
        "centroid: predicts with centroids of unequal length",
        _CENTROID,
        "missing check",
        "_requireDimension(centroid, data);\n            uint256 distance",
        "uint256 distance",
    ),
    Fault(
        "centroid: an unknown class is a panic",
        _CENTROID,
        "missing check",
        "_requireClass(classification, centroids.length);\n        int64[] storage",
        "int64[] storage",
    ),
    Fault(
        "centroid: anyone may add a class",
        _CENTROID,
        "missing check",
        ") external onlyOwner {\n        _pushClass(",
        ") external {\n        _pushClass(",
    ),
    Fault(
        "centroid: takes a squared norm that is exactly too large",
        _CENTROID,
        "comparison",
        "squaredNorm >= UNIT + TOLERANCE",
        "squaredNorm > UNIT + TOLERANCE",
        _NORM,
    ),
    Fault(
        "centroid: tells of a new class under the next label",
        _CENTROID,
        "wrong event",
        "emit AddClass(name, classifications.length);",
        "emit AddClass(name, classifications.length + 1);",
        _MULTICLASS,
    ),
    # -- sparse nearest centroid -- #
    Fault(
        "sparse centroid: rounds a mean up",
        _SPARSE_CENTROID,
        "rounding",
        "(n * previous + SCALE).quotient(newN)",
        "(n * previous + SCALE + n).quotient(newN)",
    ),
    Fault(
        "sparse centroid: scales a stored value the wrong way",
        _SPARSE_CENTROID,
        "swapped operands",
        "(value * count).quotient(n)",
        "(value * n).quotient(count)",
    ),
    Fault(
        "sparse centroid: the squared magnitude wraps below 0",
        _SPARSE_CENTROID,
        "overflow that wraps",
        "rest = Math.saturatingSub(rest, previous * previous);",
        "rest = rest - previous * previous;",
    ),
    Fault(
        "sparse centroid: scales the squared magnitude as if it were no square",
        _SPARSE_CENTROID,
        "wrong scale",
        "Math.mulDiv(rest, n * n, uint256(newN) * newN)",
        "Math.mulDiv(rest, n, newN)",
    ),
    Fault(
        "sparse centroid: the last of equally near classes wins",
        _SPARSE_CENTROID,
        "comparison",
        "if (distance < smallest)",
        "if (distance <= smallest)",
    ),
    Fault(
        "sparse centroid: a distance below 0 is far away",
        _SPARSE_CENTROID,
        "sign",
        "if (distance < smallest)",
        "if (uint256(distance) < uint256(smallest))",
    ),
    Fault(
        "sparse centroid: takes an index twice",
        _SPARSE_CENTROID,
        "comparison",
        "if (index < smallest) revert",
        "if (index + 1 < smallest) revert",
    ),
    Fault(
        "sparse centroid: the count wraps beyond uint64",
        _SPARSE_CENTROID,
        "overflow that wraps",
        "(n + 1).toUint64()",
        "uint64(n + 1)",
    ),
    Fault(
        "sparse centroid: stores a value as of one sample before",
        _SPARSE_CENTROID,
        "off by one",
        "feature.value = (uint256(newN) << 64) | value;",
        "feature.value = (n << 64) | value;",
    ),
    Fault(
        "sparse centroid: takes a feature that the class has",
        _SPARSE_CENTROID,
        "missing check",
        "        if (feature.value != 0) revert DuplicateFeature(position, index);\n",
        "",
    ),
    Fault(
        "sparse centroid: adds the square of the value before",
        _SPARSE_CENTROID,
        "wrong operand",
        "added += value * value;",
        "added += previous * previous;",
    ),
    Fault(
        "sparse centroid: tells the stored value for the true one",
        _SPARSE_CENTROID,
        "wrong operand",
        "return uint64(_trueValue(word, info.numSamples));",
        "return uint64(word);",
    ),
    Fault(
        "sparse centroid: the label after the last is a class",
        _SPARSE_CENTROID,
        "comparison",
        "if (label >= numClasses)",
        "if (label > numClasses)",
        _MULTICLASS,
    ),
    Fault(
        "sparse centroid: doubles no true value in a distance",
        _SPARSE_CENTROID,
        "wrong factor",
        "2 * int256(_trueValue(word, n))",
        "int256(_trueValue(word, n))",
    ),
)

#: Few that stand for the others, where there is no time for all: of each model, and of the kinds hardest to find.
SAMPLE: tuple[str, ...] = (
    "dense: rounds a step toward minus infinity",
    "dense: weights wrap beyond int80",
    "sparse: a score of 0 is class 1",
    "centroid: divides by one too many at the limit of the count",
    "sparse centroid: a distance below 0 is far away",
    "sparse centroid: the squared magnitude wraps below 0",
)
