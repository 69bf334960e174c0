// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";

import {
    DimensionMismatch,
    IndexTooLarge,
    NegativeIndex,
    NormNotDefined
} from "../interfaces/Errors.sol";
import {SparseData} from "../libraries/SparseData.sol";
import {Perceptron} from "./Perceptron.sol";

/// @title A Perceptron on sparse binary data
/// @notice score(x) = intercept + sum of weights[x_i]: the data are the indices of the features that
/// are present, and an index that repeats counts as often as it stands there.
/// @dev Storage after {Classifier}: slot 3 `weights`, 4 `intercept` with `learningRate` above it.
contract SparsePerceptron is Perceptron {
    using SafeCast for int256;
    using SlotDerivation for bytes32;
    using SparseData for int64[];
    using StorageSlot for bytes32;

    /// @dev Every index an `int64` can hold has a weight.
    uint256 private constant INDEX_BITS = 63;

    /// @dev Weights have indices below this.
    uint256 private constant INDEX_LIMIT = 2 ** 64;

    /// @notice The weights, scale 10^9, by index of the feature; 0 where none was ever set.
    mapping(uint64 index => int80 weight) public weights;

    /// @notice What the score starts from, scale 10^9; no update changes it.
    int80 public intercept;

    /// @notice How far a mistake moves each weight concerned, scale 10^9.
    uint32 public learningRate;

    /// @notice The deployer becomes the owner. Anything but two classes is `NotTwoClasses`.
    /// @param names The names of the two classes.
    /// @param initialWeights The weights of the features 0, 1, 2, ..., scale 10^9.
    /// @param initialIntercept See {intercept}.
    /// @param rate See {learningRate}.
    constructor(
        string[] memory names,
        int80[] memory initialWeights,
        int80 initialIntercept,
        uint32 rate
    ) Perceptron(names) {
        // Safe: `i` stays below the length of an array in memory.
        unchecked {
            for (uint256 i = 0; i < initialWeights.length; ++i) {
                int80 weight = initialWeights[i];
                // What is 0 need not be written.
                if (weight != 0) _weightSlot(i).value = uint80(weight);
            }
        }
        intercept = initialIntercept;
        learningRate = rate;
    }

    /// @notice Sets the weights of consecutive features. Only the owner.
    /// @dev Errors: `IndexTooLarge` for the first position whose index would not be below 2^64.
    /// @param start The index of the first feature.
    /// @param someWeights The weights of the features start, start + 1, ..., scale 10^9.
    function initializeWeights(uint64 start, int80[] calldata someWeights) external onlyOwner {
        uint256 room = INDEX_LIMIT - start;
        if (someWeights.length > room) revert IndexTooLarge(room, INDEX_LIMIT, INDEX_LIMIT);
        // Safe: start + i < 2^64, by the check above.
        unchecked {
            for (uint256 i = 0; i < someWeights.length; ++i) {
                _weightSlot(start + i).value = uint80(someWeights[i]);
            }
        }
    }

    /// @notice Sets the weights of some features. Only the owner.
    /// @dev Errors, row by row: `MalformedPair`, `NegativeIndex`, `IndexTooLarge`.
    /// @param pairs Rows `[index, weight]`; the weight at scale 10^9, the index in [0, 2^64).
    function initializeSparseWeights(int80[][] calldata pairs) external onlyOwner {
        for (uint256 i = 0; i < pairs.length; ++i) {
            int80[] calldata pair = pairs[i];
            SparseData.requirePair(i, pair.length);
            int256 index = pair[0];
            if (index < 0) revert NegativeIndex(i, index);
            if (uint256(index) >= INDEX_LIMIT) {
                revert IndexTooLarge(i, uint256(index), INDEX_LIMIT);
            }
            _weightSlot(uint256(index)).value = uint80(pair[1]);
        }
    }

    /// @notice Learn from one labelled sample: where the prediction differs from the label, the weight
    /// of each index, in order, moves by the learning rate, up for label 1 and down for label 0. A
    /// correct prediction changes nothing.
    /// @dev Errors in order: `OwnableUnauthorizedAccount`; `UnknownClass`; `NegativeIndex` for the first
    /// negative index; `SafeCastOverflowedIntDowncast` for the first weight that leaves `int80`.
    /// @param data The indices of the features that are present.
    /// @param classification The label, 0 or 1.
    function update(int64[] calldata data, uint64 classification) external onlyOwner {
        _requireClass(classification);
        if (_classOf(_score(data)) != classification) {
            int256 rate = int256(uint256(learningRate));
            _add(data, classification == 1 ? rate : -rate);
        }
    }

    /// @notice Predict the class of a sample.
    /// @dev Errors: `NegativeIndex` for the first negative index.
    /// @param data The indices of the features that are present.
    /// @return classification 1 where the score is positive, else 0.
    function predict(int64[] calldata data) external view returns (uint64 classification) {
        return _classOf(_score(data));
    }

    /// @notice How many samples the model predicts correctly.
    /// @dev Errors: `DimensionMismatch` where there are not as many labels as rows; `NegativeIndex` for
    /// the first negative index of the first such row. A label that is no class is merely not correct.
    /// @param data The samples, each as for {predict}.
    /// @param labels Their labels.
    /// @return numCorrect The number of rows whose prediction is their label.
    function evaluateBatch(
        int64[][] calldata data,
        uint64[] calldata labels
    ) external view returns (uint256 numCorrect) {
        if (labels.length != data.length) revert DimensionMismatch(data.length, labels.length);
        for (uint256 i = 0; i < data.length; ++i) {
            if (_classOf(_score(data[i])) == labels[i]) ++numCorrect;
        }
    }

    /// @notice Not defined for indices: always reverts with `NormNotDefined`.
    function norm(int64[] calldata) external pure returns (uint256) {
        revert NormNotDefined();
    }

    /// @notice Adds `step` to the weight of each index, in order.
    /// @param data The indices; the caller has checked them.
    /// @param step What to add, scale 10^9.
    function _add(int64[] calldata data, int256 step) private {
        // Safe: a weight fits 80 bits and a step 33, so their sum does not overflow an int256. `i` stays
        // below the length of calldata.
        unchecked {
            for (uint256 i = 0; i < data.length; ++i) {
                StorageSlot.Uint256Slot storage slot = _weightSlot(data.uncheckedIndexAt(i));
                int256 weight = int80(uint80(slot.value));
                slot.value = uint80((weight + step).toInt80());
            }
        }
    }

    /// @notice The score of a sample. `NegativeIndex` for the first negative index.
    /// @param data The indices of the features that are present.
    /// @return score The score, scale 10^9.
    function _score(int64[] calldata data) private view returns (int256 score) {
        score = intercept;
        // Safe: a weight is at most 2^79 in size and calldata holds fewer than 2^64 indices, so the sum
        // stays below 2^144. `i` stays below the length of calldata.
        unchecked {
            for (uint256 i = 0; i < data.length; ++i) {
                score += int80(uint80(_weightSlot(data.indexAt(i, INDEX_BITS)).value));
            }
        }
    }

    /// @notice The slot of a weight. The weight is alone in it and the bits above are always 0, so that the
    /// slot may be written whole; the compiler would read it once more, to keep those bits.
    /// @param index The index of the feature.
    /// @return The slot.
    function _weightSlot(uint256 index) private pure returns (StorageSlot.Uint256Slot storage) {
        bytes32 mappingSlot;
        // Safe: touches no memory.
        assembly ("memory-safe") {
            mappingSlot := weights.slot
        }
        return mappingSlot.deriveMapping(index).getUint256Slot();
    }
}
