// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";

import {
    DimensionMismatch,
    DuplicateFeature,
    IndexTooLarge,
    NormNotDefined,
    NotStrictlyIncreasing
} from "../interfaces/Errors.sol";
import {Division} from "../libraries/Division.sol";
import {SCALE} from "../libraries/Scale.sol";
import {SparseData} from "../libraries/SparseData.sol";
import {NearestCentroid} from "./NearestCentroid.sol";

/// @title A nearest centroid classifier on sparse binary data
/// @notice distance(k, x) = squaredMagnitude_k + 10^9 * sum of (10^9 - 2 * c_kj) over the features j that
/// are present in x: the squared distance to the centroid, scale 10^18, as a signed number, since rounding
/// may make it slightly negative.
/// @dev Storage after {Classifier}: slot 3 `classInfos`, three slots a class. A sample changes every number
/// of its class's centroid, but only those of its features are stored: each remembers the number of samples
/// at its last change, and its true value follows from it.
contract SparseNearestCentroidClassifier is NearestCentroid {
    using Division for uint256;
    using SafeCast for uint256;
    using SlotDerivation for bytes32;
    using SparseData for int64[];
    using StorageSlot for bytes32;

    /// @dev One number of a centroid, in one slot.
    struct Feature {
        // The number, scale 10^9, when the class had `numSamples` samples.
        uint64 value;
        uint64 numSamples;
    }

    /// @dev A class and its centroid.
    struct ClassInfo {
        // The number of samples behind the centroid.
        uint64 numSamples;
        // The sum of the squared numbers of the centroid, scale 10^18.
        uint256 squaredMagnitude;
        // The numbers that are not 0, by index of the feature.
        mapping(uint32 index => Feature feature) features;
    }

    /// @dev Indices of features are below 2^INDEX_BITS.
    uint256 private constant INDEX_BITS = 32;

    /// @notice The classes, by label: the number of samples and the squared magnitude (scale 10^18).
    ClassInfo[] public classInfos;

    /// @notice The deployer becomes the owner.
    /// @dev Errors in order: `NoClasses`; `DimensionMismatch` where there are not as many centroids, then
    /// counts, as names; then class by class and pair by pair those of {extendCentroid}.
    /// @param names The names of the classes.
    /// @param centroids Their centroids, as pairs `[index, value]` in any order; see {extendCentroid}.
    /// @param counts The number of samples behind each.
    constructor(
        string[] memory names,
        uint64[][][] memory centroids,
        uint64[] memory counts
    ) NearestCentroid(names) {
        if (centroids.length != names.length) {
            revert DimensionMismatch(names.length, centroids.length);
        }
        if (counts.length != names.length) revert DimensionMismatch(names.length, counts.length);
        for (uint256 k = 0; k < names.length; ++k) {
            // As {_store} does, from memory: what a constructor is given is not in calldata.
            ClassInfo storage info = _pushClass(counts[k]);
            bytes32 features = _featuresSlot(info);
            uint256 squaredMagnitude = 0;
            for (uint256 i = 0; i < centroids[k].length; ++i) {
                uint64[] memory pair = centroids[k][i];
                SparseData.requirePair(i, pair.length);
                squaredMagnitude += _storeFeature(features, counts[k], i, pair[0], pair[1]);
            }
            info.squaredMagnitude = squaredMagnitude;
        }
    }

    /// @notice Adds a class. Only the owner. Emits `AddClass`.
    /// @dev Errors, pair by pair: those of {extendCentroid}.
    /// @param centroid Its centroid, as pairs `[index, value]` in any order; see {extendCentroid}.
    /// @param name Its name.
    /// @param count The number of samples behind the centroid.
    function addClass(
        uint64[][] calldata centroid,
        string calldata name,
        uint64 count
    ) external onlyOwner {
        _store(_pushClass(count), centroid);
        _addClassification(name);
    }

    /// @notice Adds numbers to a centroid. Only the owner.
    /// @dev Errors: `UnknownClass`; then pair by pair `MalformedPair`, `IndexTooLarge`, `DuplicateFeature`.
    /// @param extension Pairs `[index, value]` in any order: the index below 2^32, of a feature for which the
    /// class has no number yet, the value at scale 10^9.
    /// @param classification The label of the class.
    function extendCentroid(
        uint64[][] calldata extension,
        uint64 classification
    ) external onlyOwner {
        _store(_classInfo(classification), extension);
    }

    /// @notice Learn from one labelled sample: it moves the centroid of its class, from n to n + 1 samples.
    /// @dev For each feature present, with p its true value so far: the squared magnitude loses p^2, but does
    /// not fall below 0, and v = (n * p + 10^9) / (n + 1), rounded toward zero, is stored. What is left of
    /// the squared magnitude is multiplied by n^2 / (n + 1)^2, rounded toward zero, and gains each v^2.
    /// Errors in order: `OwnableUnauthorizedAccount`; `UnknownClass`; for each position in order
    /// `NegativeIndex`, `IndexTooLarge`, `NotStrictlyIncreasing`; `SafeCastOverflowedUintDowncast` where n + 1
    /// leaves `uint64`.
    /// @param data The indices of the features that are present, strictly increasing, below 2^32.
    /// @param classification The label.
    function update(int64[] calldata data, uint64 classification) external onlyOwner {
        ClassInfo storage info = _classInfo(classification);
        _requireIncreasing(data);
        bytes32 features = _featuresSlot(info);
        uint256 n = info.numSamples;
        uint64 newN = (n + 1).toUint64();
        uint256 rest = info.squaredMagnitude;
        uint256 added = 0;
        // Safe: n < 2^64. Every true value p is below 2^64, so n * p + 10^9 does not overflow; and v is at most
        // the larger of p and 10^9, so it fits 64 bits again. There are at most 2^32 features, so `added` stays
        // below 2^160; a class sees at most 2^64 updates, so its squared magnitude stays below 2^225.
        unchecked {
            for (uint256 i = 0; i < data.length; ++i) {
                uint256 index = data.uncheckedIndexAt(i);
                StorageSlot.Uint256Slot storage feature = features
                    .deriveMapping(index)
                    .getUint256Slot();
                uint256 previous = _trueValue(feature.value, n);
                rest = Math.saturatingSub(rest, previous * previous);
                uint256 value = (n * previous + SCALE).quotient(newN);
                feature.value = (uint256(newN) << 64) | value;
                added += value * value;
            }
            info.numSamples = newN;
            info.squaredMagnitude = Math.mulDiv(rest, n * n, uint256(newN) * newN) + added;
        }
    }

    /// @notice Predict the class of a sample.
    /// @dev Errors: for each position in order `NegativeIndex`, `IndexTooLarge`, `NotStrictlyIncreasing`.
    /// @param data The indices of the features that are present, strictly increasing, below 2^32.
    /// @return classification The label of the nearest centroid, the lowest among equals.
    function predict(int64[] calldata data) external view returns (uint64 classification) {
        _requireIncreasing(data);
        uint256 numClasses = classInfos.length;
        int256 smallest = type(int256).max;
        for (uint256 k = 0; k < numClasses; ++k) {
            int256 distance = _distance(classInfos[k], data);
            if (distance < smallest) {
                smallest = distance;
                classification = uint64(k);
            }
        }
    }

    /// @notice The number of samples behind a centroid.
    /// @dev Errors: `UnknownClass`.
    /// @param classIndex The label of the class.
    /// @return The number.
    function getNumSamples(uint256 classIndex) external view returns (uint64) {
        return _classInfo(classIndex).numSamples;
    }

    /// @notice One number of a centroid: its true value.
    /// @dev Errors: `UnknownClass`.
    /// @param classIndex The label of the class.
    /// @param featureIndex The index of the feature.
    /// @return The number, scale 10^9, rounded toward zero; 0 for a feature no sample had.
    function getCentroidValue(
        uint256 classIndex,
        uint32 featureIndex
    ) external view returns (uint64) {
        ClassInfo storage info = _classInfo(classIndex);
        uint256 word = _featuresSlot(info).deriveMapping(featureIndex).getUint256Slot().value;
        return uint64(_trueValue(word, info.numSamples));
    }

    /// @notice The squared magnitude of a centroid.
    /// @dev Errors: `UnknownClass`.
    /// @param classIndex The label of the class.
    /// @return The sum of the squared numbers of the centroid, scale 10^18.
    function getSquaredMagnitude(uint256 classIndex) external view returns (uint256) {
        return _classInfo(classIndex).squaredMagnitude;
    }

    /// @notice Not defined for indices: always reverts with `NormNotDefined`.
    function norm(int64[] calldata) external pure returns (uint256) {
        revert NormNotDefined();
    }

    /// @notice Appends a class without features.
    /// @param count The number of samples behind its centroid.
    /// @return info The class.
    function _pushClass(uint64 count) private returns (ClassInfo storage info) {
        info = classInfos.push();
        info.numSamples = count;
    }

    /// @notice Stores numbers of a centroid that it does not have yet.
    /// @param info The class.
    /// @param pairs Pairs `[index, value]`; errors as in {extendCentroid}.
    function _store(ClassInfo storage info, uint64[][] calldata pairs) private {
        bytes32 features = _featuresSlot(info);
        uint64 count = info.numSamples;
        uint256 squaredMagnitude = info.squaredMagnitude;
        for (uint256 i = 0; i < pairs.length; ++i) {
            uint64[] calldata pair = pairs[i];
            SparseData.requirePair(i, pair.length);
            squaredMagnitude += _storeFeature(features, count, i, pair[0], pair[1]);
        }
        info.squaredMagnitude = squaredMagnitude;
    }

    /// @notice Stores one number of a centroid that it does not have yet.
    /// @param features The slot of the mapping of the class's features.
    /// @param count The number of samples behind the centroid.
    /// @param position Where the pair stands in its argument, for errors.
    /// @param index The index of the feature; `IndexTooLarge`, then `DuplicateFeature`.
    /// @param value The number, scale 10^9.
    /// @return Its square, scale 10^18.
    function _storeFeature(
        bytes32 features,
        uint64 count,
        uint256 position,
        uint256 index,
        uint256 value
    ) private returns (uint256) {
        if (index >> INDEX_BITS != 0) revert IndexTooLarge(position, index, 1 << INDEX_BITS);
        StorageSlot.Uint256Slot storage feature = features.deriveMapping(index).getUint256Slot();
        if (feature.value != 0) revert DuplicateFeature(position, index);
        feature.value = (uint256(count) << 64) | value;
        return value * value;
    }

    /// @notice The distance between a centroid and a sample.
    /// @param info The class.
    /// @param data The indices; the caller has checked them.
    /// @return distance The squared distance, scale 10^18.
    function _distance(
        ClassInfo storage info,
        int64[] calldata data
    ) private view returns (int256 distance) {
        bytes32 features = _featuresSlot(info);
        uint256 n = info.numSamples;
        // Safe: true values are below 2^64 and there are at most 2^32 features, so the sum is below 2^98 in
        // size; the squared magnitude is below 2^225, as shown in {update}.
        unchecked {
            int256 sum = 0;
            for (uint256 i = 0; i < data.length; ++i) {
                uint256 index = data.uncheckedIndexAt(i);
                uint256 word = features.deriveMapping(index).getUint256Slot().value;
                sum += int256(uint256(SCALE)) - 2 * int256(_trueValue(word, n));
            }
            return int256(info.squaredMagnitude) + int256(uint256(SCALE)) * sum;
        }
    }

    /// @notice The class with a label; else `UnknownClass`.
    /// @param label The label.
    /// @return The class.
    function _classInfo(uint256 label) private view returns (ClassInfo storage) {
        _requireClass(label, classInfos.length);
        return classInfos[label];
    }

    /// @notice The slot of the mapping of a class's features.
    /// @param info The class.
    /// @return slot The slot.
    function _featuresSlot(ClassInfo storage info) private view returns (bytes32 slot) {
        mapping(uint32 index => Feature feature) storage features = info.features;
        // Safe: touches no memory; a storage pointer is its slot.
        assembly ("memory-safe") {
            slot := features.slot
        }
    }

    /// @notice Requires indices to be below 2^32 and strictly increasing.
    /// @param data The indices.
    function _requireIncreasing(int64[] calldata data) private pure {
        // Safe: indices are below 2^32 and `i` stays below the length of calldata.
        unchecked {
            uint256 smallest = 0; // one more than the index before
            for (uint256 i = 0; i < data.length; ++i) {
                uint256 index = data.indexAt(i, INDEX_BITS);
                if (index < smallest) revert NotStrictlyIncreasing(i, smallest - 1, index);
                smallest = index + 1;
            }
        }
    }

    /// @notice The true value of a number of a centroid.
    /// @param word The slot of a {Feature}: `value` in the lowest 64 bits, `numSamples` above, then zeros.
    /// @param n The number of samples behind the centroid.
    /// @return The value where it is up to date, else value * numSamples / n, rounded toward zero.
    function _trueValue(uint256 word, uint256 n) private pure returns (uint256) {
        uint256 value = word & type(uint64).max;
        uint256 count = word >> 64;
        // Safe: both factors are below 2^64. The count of a feature is never above that of its class, so
        // where they differ n is not 0, and the quotient is below `value`.
        unchecked {
            return count == n ? value : (value * count).quotient(n);
        }
    }
}
