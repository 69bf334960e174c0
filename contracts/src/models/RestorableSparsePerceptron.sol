// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";

import {IndexTooLarge, NegativeIndex, NormNotDefined} from "../interfaces/Errors.sol";
import {IRestorableClassifier64} from "../interfaces/IRestorableClassifier64.sol";
import {SparseData} from "../libraries/SparseData.sol";
import {Perceptron} from "./Perceptron.sol";

/// @title A Perceptron on sparse binary data that can begin again
/// @notice Predicts and learns as {SparsePerceptron}, from the same initial weights, with the same errors.
/// @dev The slot of a weight holds its current value, its initial value and the epoch in which the current one
/// was written; in a later epoch the initial one counts. To restore all weights is to begin an epoch. A weight
/// costs one slot to read and one to write, as in {SparsePerceptron}.
contract RestorableSparsePerceptron is Perceptron, IRestorableClassifier64 {
    using SafeCast for int256;
    using SlotDerivation for bytes32;
    using SparseData for int64[];
    using StorageSlot for bytes32;

    /// @dev Every index an `int64` can hold has a weight.
    uint256 private constant INDEX_BITS = 63;

    /// @dev Weights have indices below this.
    uint256 private constant INDEX_LIMIT = 2 ** 64;

    /// @dev Where the initial value stands in a slot; the current one is in the lowest bits.
    uint256 private constant INITIAL_SHIFT = 80;

    /// @dev Where the epoch stands in a slot.
    uint256 private constant EPOCH_SHIFT = 160;

    /// @dev The slots of the weights, by index of the feature.
    mapping(uint256 index => uint256 word) private _words;

    /// @notice What the score starts from, scale 10^9; no update changes it.
    int80 public intercept;

    /// @notice How far a mistake moves each weight concerned, scale 10^9.
    uint32 public learningRate;

    /// @notice How often the model was restored.
    uint96 public epoch;

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
        for (uint256 i = 0; i < initialWeights.length; ++i) {
            if (initialWeights[i] != 0) _initialize(i, initialWeights[i]);
        }
        intercept = initialIntercept;
        learningRate = rate;
    }

    /// @notice Sets the initial weights of consecutive features, which are their current ones then. Only the
    /// owner.
    /// @dev Errors: `IndexTooLarge` for the first position whose index would not be below 2^64.
    /// @param start The index of the first feature.
    /// @param someWeights The weights of the features start, start + 1, ..., scale 10^9.
    function initializeWeights(uint64 start, int80[] calldata someWeights) external onlyOwner {
        uint256 room = INDEX_LIMIT - start;
        if (someWeights.length > room) revert IndexTooLarge(room, INDEX_LIMIT, INDEX_LIMIT);
        for (uint256 i = 0; i < someWeights.length; ++i) {
            _initialize(start + i, someWeights[i]);
        }
    }

    /// @notice Sets the initial weights of some features, which are their current ones then. Only the owner.
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
            _initialize(uint256(index), pair[1]);
        }
    }

    /// @inheritdoc IRestorableClassifier64
    function restore() external onlyOwner {
        ++epoch;
    }

    /// @notice Learn from one labelled sample: where the prediction differs from the label, the weight
    /// of each index, in order, moves by the learning rate, up for label 1 and down for label 0. A
    /// correct prediction changes nothing.
    /// @dev Errors in order: `OwnableUnauthorizedAccount`; `UnknownClass`; `NegativeIndex` for the first
    /// negative index; `SafeCastOverflowedIntDowncast` for the first weight that leaves `int80`.
    /// @param data The indices of the features that are present.
    /// @param classification The label, 0 or 1.
    function update(int64[] calldata data, uint64 classification) external onlyOwner {
        _learn(data, classification);
    }

    /// @inheritdoc IRestorableClassifier64
    function learn(
        int64[] calldata data,
        uint64 classification
    ) external onlyOwner returns (bool changed) {
        return _learn(data, classification);
    }

    /// @notice The weight of a feature, scale 10^9; 0 where none was ever set.
    /// @param index The index of the feature.
    /// @return weight The weight.
    function weights(uint64 index) external view returns (int80 weight) {
        return int80(_current(_wordSlot(index).value, epoch));
    }

    /// @notice Predict the class of a sample.
    /// @dev Errors: `NegativeIndex` for the first negative index.
    /// @param data The indices of the features that are present.
    /// @return classification 1 where the score is positive, else 0.
    function predict(int64[] calldata data) external view returns (uint64 classification) {
        return _classOf(_score(data));
    }

    /// @notice Not defined for indices: always reverts with `NormNotDefined`.
    function norm(int64[] calldata) external pure returns (uint256) {
        revert NormNotDefined();
    }

    /// @notice Sets the initial weight of a feature.
    /// @param index The index of the feature.
    /// @param weight The weight, scale 10^9.
    function _initialize(uint256 index, int80 weight) private {
        // In epoch 0 it is the current value, in any other the current value is out of date.
        _wordSlot(index).value = uint80(weight) | (uint256(uint80(weight)) << INITIAL_SHIFT);
    }

    /// @notice See {update}.
    /// @param data The indices of the features that are present.
    /// @param classification The label.
    /// @return changed Whether any weight moved.
    function _learn(int64[] calldata data, uint64 classification) private returns (bool changed) {
        _requireClass(classification);
        if (_classOf(_score(data)) == classification) return false;
        int256 rate = int256(uint256(learningRate));
        _add(data, classification == 1 ? rate : -rate);
        // All steps go the same way, so they cannot cancel out.
        return rate != 0 && data.length != 0;
    }

    /// @notice Adds `step` to the weight of each index, in order.
    /// @param data The indices; the caller has checked them.
    /// @param step What to add, scale 10^9.
    function _add(int64[] calldata data, int256 step) private {
        uint256 now_ = epoch;
        // Safe: a weight fits 80 bits and a step 33, so their sum does not overflow an int256. `i` stays
        // below the length of calldata.
        unchecked {
            for (uint256 i = 0; i < data.length; ++i) {
                StorageSlot.Uint256Slot storage slot = _wordSlot(data.uncheckedIndexAt(i));
                uint256 word = slot.value;
                uint256 initial = uint80(word >> INITIAL_SHIFT);
                slot.value =
                    uint80((_current(word, now_) + step).toInt80()) |
                    (initial << INITIAL_SHIFT) |
                    (now_ << EPOCH_SHIFT);
            }
        }
    }

    /// @notice The score of a sample. `NegativeIndex` for the first negative index.
    /// @param data The indices of the features that are present.
    /// @return score The score, scale 10^9.
    function _score(int64[] calldata data) private view returns (int256 score) {
        score = intercept;
        uint256 now_ = epoch;
        // Safe: a weight is at most 2^79 in size and calldata holds fewer than 2^64 indices, so the sum
        // stays below 2^144. `i` stays below the length of calldata.
        unchecked {
            for (uint256 i = 0; i < data.length; ++i) {
                score += _current(_wordSlot(data.indexAt(i, INDEX_BITS)).value, now_);
            }
        }
    }

    /// @notice The slot of a weight.
    /// @param index The index of the feature.
    /// @return The slot.
    function _wordSlot(uint256 index) private pure returns (StorageSlot.Uint256Slot storage) {
        bytes32 mappingSlot;
        // Safe: touches no memory.
        assembly ("memory-safe") {
            mappingSlot := _words.slot
        }
        return mappingSlot.deriveMapping(index).getUint256Slot();
    }

    /// @notice The weight that a slot holds.
    /// @param word The slot.
    /// @param now_ The epoch.
    /// @return weight The current value where it is of this epoch, else the initial one.
    function _current(uint256 word, uint256 now_) private pure returns (int256 weight) {
        return int80(uint80(word >> EPOCH_SHIFT == now_ ? word : word >> INITIAL_SHIFT));
    }
}
