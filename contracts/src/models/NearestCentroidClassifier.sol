// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";

import {CountTooLarge, DimensionMismatch} from "../interfaces/Errors.sol";
import {DenseData} from "../libraries/DenseData.sol";
import {Division} from "../libraries/Division.sol";
import {Norm} from "../libraries/Norm.sol";
import {PackedArray} from "../libraries/PackedArray.sol";
import {PackedInt64} from "../libraries/PackedInt64.sol";
import {SCALE} from "../libraries/Scale.sol";
import {NearestCentroid} from "./NearestCentroid.sol";

/// @title A nearest centroid classifier on dense data of unit norm
/// @notice distance(k, x) = sum of (x_j - c_kj)^2 / 10^9, each term rounded toward zero, then summed.
/// @dev Storage after {Classifier}: slot 3 `centroids` (four numbers a slot), 4 `dataCounts`.
contract NearestCentroidClassifier is NearestCentroid {
    using DenseData for int64[];
    using Division for int256;
    using PackedArray for int64[];
    using PackedInt64 for uint256;
    using SlotDerivation for bytes32;
    using StorageSlot for bytes32;

    /// @dev The size of a feature in calldata, in bytes.
    uint256 private constant FEATURE = DenseData.FEATURE;

    /// @notice The centroids, scale 10^9, by label and feature.
    int64[][] public centroids;

    /// @notice The number of samples behind each centroid, by label; at most {dataCountLimit}.
    uint256[] public dataCounts;

    /// @notice The deployer becomes the owner.
    /// @dev Errors in order: `NoClasses`; `DimensionMismatch` where there are not as many centroids, then
    /// counts, as names; then class by class `DimensionMismatch` where its centroid is not as long as the
    /// first, and `CountTooLarge`.
    /// @param names The names of the classes.
    /// @param initialCentroids Their centroids, scale 10^9.
    /// @param counts The number of samples behind each, below {dataCountLimit}.
    constructor(
        string[] memory names,
        int64[][] memory initialCentroids,
        uint256[] memory counts
    ) NearestCentroid(names) {
        if (initialCentroids.length != names.length) {
            revert DimensionMismatch(names.length, initialCentroids.length);
        }
        if (counts.length != names.length) revert DimensionMismatch(names.length, counts.length);
        for (uint256 k = 0; k < names.length; ++k) {
            _pushClass(initialCentroids[k], initialCentroids[0].length, counts[k]);
        }
    }

    /// @notice Adds a class. Only the owner. Emits `AddClass`.
    /// @dev Errors in order: `DimensionMismatch`, `CountTooLarge`.
    /// @param centroid Its centroid, scale 10^9, as long as the first one.
    /// @param name Its name.
    /// @param count The number of samples behind the centroid, below {dataCountLimit}.
    function addClass(
        int64[] memory centroid,
        string memory name,
        uint256 count
    ) external onlyOwner {
        _pushClass(centroid, centroids[0].length, count);
        _addClassification(name);
    }

    /// @notice Appends to a centroid, for a model that does not fit into one transaction. Only the owner.
    /// While the centroids differ in length the model can predict nothing.
    /// @dev Errors: `UnknownClass`.
    /// @param extension What to append, scale 10^9.
    /// @param classification The label of the class.
    function extendCentroid(int64[] memory extension, uint64 classification) external onlyOwner {
        _requireClass(classification, centroids.length);
        centroids[classification].append(extension);
    }

    /// @notice Learn from one labelled sample: it moves the centroid of its class,
    /// c_j = (c_j * n + x_j) / n', rounded toward zero, where n is the number of samples so far and n' is
    /// n + 1, or n once n has reached {dataCountLimit}.
    /// @dev Errors in order: `OwnableUnauthorizedAccount`; `UnknownClass`; `DimensionMismatch`;
    /// `NotNormalized`.
    /// @param data The features, scale 10^9, as many as the centroid has, with unit norm.
    /// @param classification The label.
    function update(int64[] calldata data, uint64 classification) external onlyOwner {
        _requireClass(classification, centroids.length);
        int64[] storage centroid = centroids[classification];
        _requireDimension(centroid, data);
        uint256 count = dataCounts[classification];
        uint256 newCount = count < dataCountLimit ? count + 1 : count;
        // The norm is checked after its data were used, to pass over them once: a revert undoes the rest.
        Norm.requireUnit(_moveCentroid(centroid, data, int256(count), int256(newCount)));
        if (newCount != count) dataCounts[classification] = newCount;
    }

    /// @notice Predict the class of a sample.
    /// @dev Errors: `DimensionMismatch` for the first class whose centroid has another length.
    /// @param data The features, scale 10^9.
    /// @return classification The label of the nearest centroid, the lowest among equals.
    function predict(int64[] calldata data) external view returns (uint64 classification) {
        uint256 numClasses = centroids.length;
        uint256 smallest = UINT256_MAX;
        for (uint256 k = 0; k < numClasses; ++k) {
            int64[] storage centroid = centroids[k];
            _requireDimension(centroid, data);
            uint256 distance = _distance(centroid, data, smallest);
            if (distance < smallest) {
                smallest = distance;
                classification = uint64(k);
            }
        }
    }

    /// @notice The number of samples behind a centroid.
    /// @dev Errors: `UnknownClass`.
    /// @param classIndex The label of the class.
    /// @return The number, at most {dataCountLimit}.
    function getNumSamples(uint256 classIndex) external view returns (uint256) {
        _requireClass(classIndex, dataCounts.length);
        return dataCounts[classIndex];
    }

    /// @notice One number of a centroid.
    /// @dev Errors: `UnknownClass`, then `Panic(0x32)` for a feature the centroid does not have.
    /// @param classIndex The label of the class.
    /// @param featureIndex The feature.
    /// @return The number, scale 10^9.
    function getCentroidValue(
        uint256 classIndex,
        uint256 featureIndex
    ) external view returns (int64) {
        _requireClass(classIndex, centroids.length);
        return centroids[classIndex][featureIndex];
    }

    /// @notice The Euclidean norm of a sample.
    /// @param data The features, scale 10^9, any number of them.
    /// @return length The norm, scale 10^9, rounded toward zero.
    function norm(int64[] calldata data) external pure returns (uint256 length) {
        return Norm.euclidean(data);
    }

    /// @notice Appends a centroid and its count.
    /// @param centroid The centroid, scale 10^9.
    /// @param dimension How long it must be, else `DimensionMismatch`.
    /// @param count Its count, below {dataCountLimit}, else `CountTooLarge`.
    function _pushClass(int64[] memory centroid, uint256 dimension, uint256 count) private {
        if (centroid.length != dimension) revert DimensionMismatch(dimension, centroid.length);
        if (count >= dataCountLimit) revert CountTooLarge(count, dataCountLimit);
        centroids.push().append(centroid);
        dataCounts.push(count);
    }

    /// @notice Moves a centroid toward a sample, slot by slot, and takes the sample's norm on the way.
    /// @param centroid The centroid.
    /// @param data The features, scale 10^9; the caller has checked their number.
    /// @param n The number of samples so far, at most 2^191.
    /// @param newN The number to divide by: n + 1, or n where n = 2^191.
    /// @return squaredNorm The sum of squares, scale 10^18.
    function _moveCentroid(
        int64[] storage centroid,
        int64[] calldata data,
        int256 n,
        int256 newN
    ) private returns (uint256 squaredNorm) {
        bytes32 slot = centroid.firstSlot();
        // Safe: |c| <= 2^63 and n <= 2^191, so |c * n + x| <= 2^254 + 2^63 fits an int256; newN >= 1. The
        // quotient fits an int64, which `pack` needs: for newN = n + 1 because c * n + x lies between
        // -2^63 * newN and (2^63 - 1) * newN; for newN = n because |x| < n, so that c * n + x lies strictly
        // between (c - 1) * n and (c + 1) * n, and a quotient rounded toward zero is then c, or one nearer
        // to zero. A square is at most 2^126 and calldata holds fewer than 2^64 features, so the sum of
        // squares stays below 2^190.
        unchecked {
            uint256 end = data.end();
            for (uint256 p = data.begin(); p < end; p += 4 * FEATURE) {
                uint256 word = slot.getUint256Slot().value;
                int256 x0 = DenseData.load(p);
                int256 x1 = DenseData.loadOrZero(p + FEATURE, end);
                int256 x2 = DenseData.loadOrZero(p + 2 * FEATURE, end);
                int256 x3 = DenseData.loadOrZero(p + 3 * FEATURE, end);
                DenseData.requireInt64(x0, x1, x2, x3);
                squaredNorm += uint256(x0 * x0 + x1 * x1 + x2 * x2 + x3 * x3);
                uint256 newWord = PackedInt64.pack(
                    (word.get(0) * n + x0).quotient(newN),
                    (word.get(1) * n + x1).quotient(newN),
                    (word.get(2) * n + x2).quotient(newN),
                    (word.get(3) * n + x3).quotient(newN)
                );
                if (newWord != word) slot.getUint256Slot().value = newWord;
                slot = slot.offset(1);
            }
        }
    }

    /// @notice The distance between a centroid and a sample, slot by slot, abandoned once it reaches `limit`.
    /// @param centroid The centroid.
    /// @param data The features, scale 10^9; the caller has checked their number.
    /// @param limit The distance to beat.
    /// @return distance The distance, scale 10^9, where it is below `limit`; else a part of it that is not.
    function _distance(
        int64[] storage centroid,
        int64[] calldata data,
        uint256 limit
    ) private view returns (uint256 distance) {
        bytes32 slot = centroid.firstSlot();
        // Safe: |x - c| < 2^64, so a square is below 2^128; calldata holds fewer than 2^64 features, so
        // the sum stays below 2^192.
        unchecked {
            uint256 end = data.end();
            for (uint256 p = data.begin(); p < end && distance < limit; p += 4 * FEATURE) {
                uint256 word = slot.getUint256Slot().value;
                int256 x0 = DenseData.load(p);
                int256 x1 = DenseData.loadOrZero(p + FEATURE, end);
                int256 x2 = DenseData.loadOrZero(p + 2 * FEATURE, end);
                int256 x3 = DenseData.loadOrZero(p + 3 * FEATURE, end);
                DenseData.requireInt64(x0, x1, x2, x3);
                distance += _scaledSquare(x0 - word.get(0)) + _scaledSquare(x1 - word.get(1));
                distance += _scaledSquare(x2 - word.get(2)) + _scaledSquare(x3 - word.get(3));
                slot = slot.offset(1);
            }
        }
    }

    /// @notice Requires as many features as the centroid has; else `DimensionMismatch`.
    /// @param centroid The centroid.
    /// @param data The features.
    function _requireDimension(int64[] storage centroid, int64[] calldata data) private view {
        if (data.length != centroid.length) {
            revert DimensionMismatch(centroid.length, data.length);
        }
    }

    /// @notice The square of a difference, back at the scale of the features.
    /// @param difference The difference, scale 10^9; below 2^127 in size.
    /// @return The square, scale 10^9, rounded toward zero.
    function _scaledSquare(int256 difference) private pure returns (uint256) {
        // Safe: the difference is below 2^127 in size.
        unchecked {
            return uint256(difference * difference) / SCALE;
        }
    }
}
