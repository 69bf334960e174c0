// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";

import {DimensionMismatch} from "../interfaces/Errors.sol";
import {IRestorableClassifier64} from "../interfaces/IRestorableClassifier64.sol";
import {DenseData} from "../libraries/DenseData.sol";
import {DenseWeights} from "../libraries/DenseWeights.sol";
import {Norm} from "../libraries/Norm.sol";
import {PackedArray} from "../libraries/PackedArray.sol";
import {PackedInt80} from "../libraries/PackedInt80.sol";
import {Perceptron} from "./Perceptron.sol";

/// @title A Perceptron on dense data of unit norm that can begin again
/// @notice Predicts and learns as {DensePerceptron}, from the same initial weights, with the same errors.
/// @dev A mistake writes all weights, so there are two copies: the initial weights, and the trained ones, which
/// count from the first mistake after {restore} on.
contract RestorableDensePerceptron is Perceptron, IRestorableClassifier64 {
    using DenseData for int64[];
    using PackedArray for int80[];
    using PackedInt80 for uint256;
    using SlotDerivation for bytes32;
    using StorageSlot for bytes32;

    /// @dev The initial weights, scale 10^9, by feature.
    int80[] private _initialWeights;

    /// @dev The trained weights; their length is that of the initial ones and stands there alone.
    int80[] private _trainedWeights;

    /// @notice What the score starts from; no update changes it.
    int80 public intercept;

    /// @notice How far a mistake moves the weights, scale 10^9.
    uint32 public learningRate;

    /// @notice Whether the model differs from the initial one.
    bool public isTrained;

    /// @notice The deployer becomes the owner. Anything but two classes is `NotTwoClasses`.
    /// @param names The names of the two classes.
    /// @param initialWeights The first weights, scale 10^9; {initializeWeights} appends more.
    /// @param initialIntercept See {intercept}.
    /// @param rate See {learningRate}.
    constructor(
        string[] memory names,
        int80[] memory initialWeights,
        int80 initialIntercept,
        uint32 rate
    ) Perceptron(names) {
        _initialWeights.append(initialWeights);
        intercept = initialIntercept;
        learningRate = rate;
    }

    /// @notice Appends initial weights, for a model that does not fit into one transaction, and restores the
    /// model. Only the owner.
    /// @param moreWeights The weights, scale 10^9.
    function initializeWeights(int80[] memory moreWeights) external onlyOwner {
        _initialWeights.append(moreWeights);
        isTrained = false;
    }

    /// @inheritdoc IRestorableClassifier64
    function restore() external onlyOwner {
        isTrained = false;
    }

    /// @notice Learn from one labelled sample: where the prediction differs from the label,
    /// weights[i] += s * (x[i] * learningRate / 10^9), with s = 1 for label 1 and -1 for label 0, and
    /// the quotient rounded toward zero. A correct prediction changes nothing.
    /// @dev Errors in order: `OwnableUnauthorizedAccount`; `DimensionMismatch`; `UnknownClass`;
    /// `NotNormalized`; `SafeCastOverflowedIntDowncast` for the first weight that leaves `int80`.
    /// @param data The features, scale 10^9, as many as there are weights, with unit norm.
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

    /// @notice The weight of a feature, scale 10^9. A feature without a weight is a panic, as of an array.
    /// @param feature The position of the feature.
    /// @return weight The weight.
    function weights(uint256 feature) external view returns (int80 weight) {
        weight = _initialWeights[feature]; // also checks the position
        if (isTrained) {
            bytes32 slot = _trainedWeights.firstSlot().offset(feature / DenseWeights.LANES);
            weight = int80(slot.getUint256Slot().value.get(feature % DenseWeights.LANES));
        }
    }

    /// @notice Predict the class of a sample.
    /// @dev Errors: `DimensionMismatch`.
    /// @param data The features, scale 10^9, as many as there are weights.
    /// @return classification 1 where the score is positive, else 0.
    function predict(int64[] calldata data) external view returns (uint64 classification) {
        _requireDimension(data);
        (int256 score, ) = _scoreAndSquaredNorm(data, _currentSlot());
        return _classOf(score);
    }

    /// @notice The Euclidean norm of a sample.
    /// @param data The features, scale 10^9, any number of them.
    /// @return length The norm, scale 10^9, rounded toward zero.
    function norm(int64[] calldata data) external pure returns (uint256 length) {
        return Norm.euclidean(data);
    }

    /// @notice See {update}.
    /// @param data The features.
    /// @param classification The label.
    /// @return changed Whether any weight moved.
    function _learn(int64[] calldata data, uint64 classification) private returns (bool changed) {
        _requireDimension(data);
        _requireClass(classification);
        bytes32 slot = _currentSlot();
        (int256 score, uint256 squaredNorm) = _scoreAndSquaredNorm(data, slot);
        Norm.requireUnit(squaredNorm);
        if (_classOf(score) != classification) {
            int256 rate = int256(uint256(learningRate));
            changed = _addScaled(data, classification == 1 ? rate : -rate, slot);
            if (changed) isTrained = true;
        }
    }

    /// @notice trained[i] = weights[i] + x[i] * rate / 10^9, rounded toward zero, slot by slot.
    /// @param data The features, scale 10^9; the caller has checked their number and format.
    /// @param rate The signed learning rate, scale 10^9.
    /// @param source The slot of the first of the weights that count.
    /// @return changed Whether any weight moved.
    function _addScaled(
        int64[] calldata data,
        int256 rate,
        bytes32 source
    ) private returns (bool changed) {
        bytes32 target = _trainedWeights.firstSlot();
        // Safe: neither positions in calldata nor slots of an array overflow.
        unchecked {
            uint256 end = data.end();
            for (uint256 p = data.begin(); p < end; p += DenseWeights.STRIDE) {
                uint256 word = source.getUint256Slot().value;
                uint256 newWord = DenseWeights.moved(word, p, end, rate);
                if (newWord != word) changed = true;
                if (newWord != word || source != target) target.getUint256Slot().value = newWord;
                source = source.offset(1);
                target = target.offset(1);
            }
        }
    }

    /// @notice The slot of the first of the weights that count.
    /// @return slot The slot.
    function _currentSlot() private view returns (bytes32 slot) {
        return isTrained ? _trainedWeights.firstSlot() : _initialWeights.firstSlot();
    }

    /// @notice Requires as many features as weights; else `DimensionMismatch`.
    /// @param data The features.
    function _requireDimension(int64[] calldata data) private view {
        if (data.length != _initialWeights.length) {
            revert DimensionMismatch(_initialWeights.length, data.length);
        }
    }

    /// @notice The score and the squared norm in one pass over the data, slot by slot.
    /// @param data The features, scale 10^9; the caller has checked their number.
    /// @param slot The slot of the first of the weights that count.
    /// @return score The intercept as stored, plus products at scale 10^18.
    /// @return squaredNorm The sum of squares, scale 10^18.
    function _scoreAndSquaredNorm(
        int64[] calldata data,
        bytes32 slot
    ) private view returns (int256 score, uint256 squaredNorm) {
        score = intercept;
        // Safe: the terms of a slot are below 2^144 in size and calldata holds fewer than 2^64 features, so the
        // sums stay below 2^208.
        unchecked {
            uint256 end = data.end();
            for (uint256 p = data.begin(); p < end; p += DenseWeights.STRIDE) {
                uint256 word = slot.getUint256Slot().value;
                (int256 products, uint256 squares) = DenseWeights.terms(word, p, end);
                score += products;
                squaredNorm += squares;
                slot = slot.offset(1);
            }
        }
    }
}
