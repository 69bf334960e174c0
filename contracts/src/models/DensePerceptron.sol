// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";

import {DimensionMismatch} from "../interfaces/Errors.sol";
import {DenseData} from "../libraries/DenseData.sol";
import {DenseWeights} from "../libraries/DenseWeights.sol";
import {Norm} from "../libraries/Norm.sol";
import {PackedArray} from "../libraries/PackedArray.sol";
import {Perceptron} from "./Perceptron.sol";

/// @title A Perceptron on dense data of unit norm
/// @notice score(x) = intercept + sum of weights[i] * x[i]. The intercept is added as it is stored,
/// although the products are at scale 10^18.
/// @dev Storage after {Classifier}: slot 3 `weights` (three a slot), 4 `intercept` with `learningRate`
/// above it.
contract DensePerceptron is Perceptron {
    using DenseData for int64[];
    using PackedArray for int80[];
    using SlotDerivation for bytes32;
    using StorageSlot for bytes32;

    /// @notice The weights, scale 10^9, by feature.
    int80[] public weights;

    /// @notice What the score starts from; no update changes it.
    int80 public intercept;

    /// @notice How far a mistake moves the weights, scale 10^9.
    uint32 public learningRate;

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
        weights.append(initialWeights);
        intercept = initialIntercept;
        learningRate = rate;
    }

    /// @notice Appends weights, for a model that does not fit into one transaction. Only the owner.
    /// @param moreWeights The weights, scale 10^9.
    function initializeWeights(int80[] memory moreWeights) external onlyOwner {
        weights.append(moreWeights);
    }

    /// @notice Learn from one labelled sample: where the prediction differs from the label,
    /// weights[i] += s * (x[i] * learningRate / 10^9), with s = 1 for label 1 and -1 for label 0, and
    /// the quotient rounded toward zero. A correct prediction changes nothing.
    /// @dev Errors in order: `OwnableUnauthorizedAccount`; `DimensionMismatch`; `UnknownClass`;
    /// `NotNormalized`; `SafeCastOverflowedIntDowncast` for the first weight that leaves `int80`.
    /// @param data The features, scale 10^9, as many as there are weights, with unit norm.
    /// @param classification The label, 0 or 1.
    function update(int64[] calldata data, uint64 classification) external onlyOwner {
        _requireDimension(data);
        _requireClass(classification);
        (int256 score, uint256 squaredNorm) = _scoreAndSquaredNorm(data);
        Norm.requireUnit(squaredNorm);
        if (_classOf(score) != classification) {
            int256 rate = int256(uint256(learningRate));
            _addScaled(data, classification == 1 ? rate : -rate);
        }
    }

    /// @notice Predict the class of a sample.
    /// @dev Errors: `DimensionMismatch`.
    /// @param data The features, scale 10^9, as many as there are weights.
    /// @return classification 1 where the score is positive, else 0.
    function predict(int64[] calldata data) external view returns (uint64 classification) {
        _requireDimension(data);
        (int256 score, ) = _scoreAndSquaredNorm(data);
        return _classOf(score);
    }

    /// @notice The Euclidean norm of a sample.
    /// @param data The features, scale 10^9, any number of them.
    /// @return length The norm, scale 10^9, rounded toward zero.
    function norm(int64[] calldata data) external pure returns (uint256 length) {
        return Norm.euclidean(data);
    }

    /// @notice weights[i] += x[i] * rate / 10^9, rounded toward zero, slot by slot.
    /// @param data The features, scale 10^9; the caller has checked their number and format.
    /// @param rate The signed learning rate, scale 10^9.
    function _addScaled(int64[] calldata data, int256 rate) private {
        bytes32 slot = weights.firstSlot();
        // Safe: neither positions in calldata nor slots of an array overflow.
        unchecked {
            uint256 end = data.end();
            for (uint256 p = data.begin(); p < end; p += DenseWeights.STRIDE) {
                uint256 word = slot.getUint256Slot().value;
                uint256 newWord = DenseWeights.moved(word, p, end, rate);
                if (newWord != word) slot.getUint256Slot().value = newWord;
                slot = slot.offset(1);
            }
        }
    }

    /// @notice The score and the squared norm in one pass over the data, slot by slot.
    /// @param data The features, scale 10^9; the caller has checked their number.
    /// @return score The intercept as stored, plus products at scale 10^18.
    /// @return squaredNorm The sum of squares, scale 10^18.
    function _scoreAndSquaredNorm(
        int64[] calldata data
    ) private view returns (int256 score, uint256 squaredNorm) {
        score = intercept;
        bytes32 slot = weights.firstSlot();
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

    /// @notice Requires as many features as weights; else `DimensionMismatch`.
    /// @param data The features.
    function _requireDimension(int64[] calldata data) private view {
        if (data.length != weights.length) revert DimensionMismatch(weights.length, data.length);
    }
}
