// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";

import {DimensionMismatch, NoFeatureCounts, NormNotDefined} from "../interfaces/Errors.sol";
import {Division} from "../libraries/Division.sol";
import {SCALE} from "../libraries/Scale.sol";
import {SparseData} from "../libraries/SparseData.sol";
import {MulticlassClassifier} from "./MulticlassClassifier.sol";

/// @title A multinomial naive Bayes classifier on sparse binary data
/// @notice score(k, x) = numSamples_k * product of (10^9 * count_k(x_j) + smoothingFactor) / D_k over the features
/// x_j that are present, with D_k = 10^9 * totalFeatureCount_k + smoothingFactor * totalNumFeatures. An index that
/// repeats counts as often as it stands there.
/// @dev Storage after {Classifier}: slot 3 `classInfos`, two slots a class, 4 `smoothingFactor`, 5
/// `totalNumFeatures`. A score is a floating-point number of base 2^64: it neither underflows nor overflows,
/// whatever the number of features.
contract NaiveBayes is MulticlassClassifier {
    using Division for uint256;
    using SafeCast for uint256;
    using SlotDerivation for bytes32;
    using SparseData for int64[];
    using StorageSlot for bytes32;

    /// @dev A class and its counts.
    struct ClassInfo {
        // The number of samples of the class.
        uint64 numSamples;
        // How many features these samples have together.
        uint64 totalFeatureCount;
        // How many of them are a feature, by its index.
        mapping(uint32 index => uint32 count) featureCounts;
    }

    /// @dev Indices of features are below 2^INDEX_BITS.
    uint256 private constant INDEX_BITS = 32;

    /// @dev The mantissa of a score that is not 0 is in [2^MANTISSA_BITS, 2^(MANTISSA_BITS + DIGIT_BITS)).
    uint256 private constant MANTISSA_BITS = 128;

    /// @dev The base of a score's exponent is 2^DIGIT_BITS.
    uint256 private constant DIGIT_BITS = 64;

    /// @dev The exponent of a score before its first feature: high enough that it never becomes negative.
    uint256 private constant FIRST_EXPONENT = 2 ** 62;

    /// @notice The classes, by label: the number of samples and their total number of features.
    ClassInfo[] public classInfos;

    /// @notice What each feature counts more than it was seen, scale 10^9; 10^9 is Laplace smoothing.
    uint32 public smoothingFactor;

    /// @notice The number of features that there are, seen or not; below 2^64.
    uint256 public totalNumFeatures;

    /// @notice The deployer becomes the owner.
    /// @dev Errors in order: `NoClasses`; `DimensionMismatch` where there are not as many counts, then lists of
    /// feature counts, as names; `SafeCastOverflowedUintDowncast` where the number of features leaves `uint64`; then
    /// class by class those of {initializeCounts}.
    /// @param names The names of the classes.
    /// @param classCounts The number of samples of each.
    /// @param featureCounts Their feature counts, as pairs `[index, count]`; see {initializeCounts}.
    /// @param numFeatures See {totalNumFeatures}.
    /// @param smoothing See {smoothingFactor}.
    constructor(
        string[] memory names,
        uint64[] memory classCounts,
        uint32[][][] memory featureCounts,
        uint256 numFeatures,
        uint32 smoothing
    ) MulticlassClassifier(names) {
        if (classCounts.length != names.length) {
            revert DimensionMismatch(names.length, classCounts.length);
        }
        if (featureCounts.length != names.length) {
            revert DimensionMismatch(names.length, featureCounts.length);
        }
        totalNumFeatures = numFeatures.toUint64();
        smoothingFactor = smoothing;
        for (uint256 k = 0; k < names.length; ++k) {
            // As {_setCounts} does, from memory: what a constructor is given is not in calldata.
            bytes32 slot = _slotOf(classInfos.push());
            uint256 total = 0;
            for (uint256 i = 0; i < featureCounts[k].length; ++i) {
                uint32[] memory pair = featureCounts[k][i];
                SparseData.requirePair(i, pair.length);
                _countOf(slot, pair[0]).value = pair[1];
                total += pair[1];
            }
            _setTotals(slot, classCounts[k], total);
        }
    }

    /// @notice Adds a class. Only the owner. Emits `AddClass`.
    /// @dev Errors: those of {initializeCounts}, except `UnknownClass`.
    /// @param numSamples The number of its samples.
    /// @param counts Its feature counts, as pairs `[index, count]`; see {initializeCounts}.
    /// @param name Its name.
    function addClass(
        uint64 numSamples,
        uint32[][] calldata counts,
        string calldata name
    ) external onlyOwner {
        _setCounts(classInfos.push(), numSamples, 0, counts);
        _addClassification(name);
    }

    /// @notice Sets feature counts of a class, and adds them to its total. Only the owner.
    /// @dev For a model that does not fit into one transaction: the total also keeps a count that is replaced. Errors
    /// in order: `UnknownClass`; `MalformedPair` for the first such pair; `SafeCastOverflowedUintDowncast` where the
    /// total leaves `uint64`.
    /// @param counts Pairs `[index, count]` in any order; of a feature that is named twice, the later count stands.
    /// @param classification The label of the class.
    function initializeCounts(
        uint32[][] calldata counts,
        uint64 classification
    ) external onlyOwner {
        ClassInfo storage info = _classInfo(classification);
        _setCounts(info, info.numSamples, info.totalFeatureCount, counts);
    }

    /// @notice Learn from one labelled sample: its class has one sample more, and each of its features counts one more.
    /// @dev Errors in order: `OwnableUnauthorizedAccount`; `UnknownClass`; for each position in order
    /// `NegativeIndex`, `IndexTooLarge`; `SafeCastOverflowedUintDowncast` where the number of samples, then the total
    /// of the features, leaves `uint64`; then for the first count that leaves `uint32`.
    /// @param data The indices of the features that are present, below 2^32.
    /// @param classification The label.
    function update(int64[] calldata data, uint64 classification) external onlyOwner {
        ClassInfo storage info = _classInfo(classification);
        _requireIndices(data);
        bytes32 slot = _slotOf(info);
        // Safe: both numbers of a class are below 2^64 and calldata hold fewer than 2^64 features. A count is below
        // 2^32. `i` stays below the length of calldata.
        unchecked {
            uint256 numSamples = uint256(info.numSamples) + 1;
            _setTotals(slot, numSamples.toUint64(), info.totalFeatureCount + data.length);
            for (uint256 i = 0; i < data.length; ++i) {
                StorageSlot.Uint256Slot storage count = _countOf(slot, data.uncheckedIndexAt(i));
                count.value = (count.value + 1).toUint32();
            }
        }
    }

    /// @notice Predict the class of a sample.
    /// @dev Errors: for each position in order `NegativeIndex`, `IndexTooLarge`; then `NoFeatureCounts` for the first
    /// class whose D is 0, unless the sample has no features.
    /// @param data The indices of the features that are present, below 2^32.
    /// @return classification The label of the class of the largest score, the lowest among equals.
    function predict(int64[] calldata data) external view returns (uint64 classification) {
        _requireIndices(data);
        uint256 smoothing = smoothingFactor;
        uint256 smoothed = smoothing * totalNumFeatures;
        uint256 numClasses = classInfos.length;
        uint256 largest = 0;
        for (uint256 k = 0; k < numClasses; ++k) {
            uint256 score = _score(k, data, smoothing, smoothed);
            if (score > largest) {
                largest = score;
                classification = uint64(k);
            }
        }
    }

    /// @notice How many features the samples of a class have together.
    /// @dev Errors: `UnknownClass`.
    /// @param classIndex The label of the class.
    /// @return The number.
    function getClassTotalFeatureCount(uint256 classIndex) external view returns (uint64) {
        return _classInfo(classIndex).totalFeatureCount;
    }

    /// @notice How often the samples of a class have a feature.
    /// @dev Errors: `UnknownClass`.
    /// @param classIndex The label of the class.
    /// @param featureIndex The index of the feature.
    /// @return The number.
    function getFeatureCount(
        uint256 classIndex,
        uint32 featureIndex
    ) external view returns (uint32) {
        return _classInfo(classIndex).featureCounts[featureIndex];
    }

    /// @notice The number of samples of a class.
    /// @dev Errors: `UnknownClass`.
    /// @param classIndex The label of the class.
    /// @return The number.
    function getNumSamples(uint256 classIndex) external view returns (uint64) {
        return _classInfo(classIndex).numSamples;
    }

    /// @notice Not defined for indices: always reverts with `NormNotDefined`.
    function norm(int64[] calldata) external pure returns (uint256) {
        revert NormNotDefined();
    }

    /// @notice Sets feature counts of a class, and its two totals.
    /// @param info The class.
    /// @param numSamples The number of its samples.
    /// @param total Its features before; the counts are added to it.
    /// @param pairs Pairs `[index, count]`; errors as in {initializeCounts}.
    function _setCounts(
        ClassInfo storage info,
        uint64 numSamples,
        uint256 total,
        uint32[][] calldata pairs
    ) private {
        bytes32 slot = _slotOf(info);
        // Safe: counts are below 2^32, `total` was below 2^64, and calldata hold fewer than 2^64 pairs. `i` stays below
        // their number.
        unchecked {
            for (uint256 i = 0; i < pairs.length; ++i) {
                uint32[] calldata pair = pairs[i];
                SparseData.requirePair(i, pair.length);
                uint32 count = pair[1];
                _countOf(slot, pair[0]).value = count;
                total += count;
            }
        }
        _setTotals(slot, numSamples, total);
    }

    /// @notice Sets the two totals of a class.
    /// @param slot The slot of the class.
    /// @param numSamples The number of its samples.
    /// @param total The number of their features; `SafeCastOverflowedUintDowncast` where it leaves `uint64`.
    function _setTotals(bytes32 slot, uint64 numSamples, uint256 total) private {
        slot.getUint256Slot().value = (uint256(total.toUint64()) << 64) | numSamples;
    }

    /// @notice The score of a sample for a class, as a number that compares as scores do.
    /// @dev A score is mantissa * 2^(64 * exponent), rounded toward zero after each feature. It is 0, or its mantissa is
    /// in [2^128, 2^192), so that of two scores the one of the larger exponent is the larger.
    /// @param k The label of the class; must be one. `NoFeatureCounts` where D is 0 and there is a feature.
    /// @param data The indices; the caller has checked them.
    /// @param smoothing See {smoothingFactor}.
    /// @param smoothed {smoothingFactor} times {totalNumFeatures}.
    /// @return The exponent above the 192 bits of the mantissa; 0 where the score is 0.
    function _score(
        uint256 k,
        int64[] calldata data,
        uint256 smoothing,
        uint256 smoothed
    ) private view returns (uint256) {
        ClassInfo storage info = classInfos[k];
        bytes32 slot = _slotOf(info);
        // Safe: `smoothing` and counts are below 2^32, totals, numbers of samples and of features below 2^64, and
        // SCALE below 2^30. So D is below 2^97 and a factor below 2^63. A product is below 2^(192 + 63), and a
        // quotient too: one digit less makes it a mantissa. Where no factor is 0, a quotient is at least 2^(128 - 97), so
        // that at most two digits are missing. Calldata hold fewer than 2^60 features, so the exponent stays in
        // [0, 2^63). `i` stays below the length of calldata.
        unchecked {
            uint256 denominator = SCALE * uint256(info.totalFeatureCount) + smoothed;
            if (denominator == 0 && data.length != 0) revert NoFeatureCounts(k);
            uint256 mantissa = uint256(info.numSamples) << MANTISSA_BITS;
            if (mantissa == 0) return 0;
            uint256 exponent = FIRST_EXPONENT;
            for (uint256 i = 0; i < data.length; ++i) {
                uint256 count = _countOf(slot, data.uncheckedIndexAt(i)).value;
                mantissa = (mantissa * (SCALE * count + smoothing)).quotient(denominator);
                while (mantissa >> MANTISSA_BITS == 0) {
                    if (mantissa == 0) return 0;
                    mantissa <<= DIGIT_BITS;
                    --exponent;
                }
                if (mantissa >> (MANTISSA_BITS + DIGIT_BITS) != 0) {
                    mantissa >>= DIGIT_BITS;
                    ++exponent;
                }
            }
            return (exponent << (MANTISSA_BITS + DIGIT_BITS)) | mantissa;
        }
    }

    /// @notice The class with a label; else `UnknownClass`.
    /// @param label The label.
    /// @return The class.
    function _classInfo(uint256 label) private view returns (ClassInfo storage) {
        _requireClass(label, classInfos.length);
        return classInfos[label];
    }

    /// @notice Requires indices to be below 2^32.
    /// @param data The indices; for each in order `NegativeIndex`, `IndexTooLarge`.
    function _requireIndices(int64[] calldata data) private pure {
        // Safe: `i` stays below the length of calldata.
        unchecked {
            for (uint256 i = 0; i < data.length; ++i) {
                data.indexAt(i, INDEX_BITS);
            }
        }
    }

    /// @notice The first slot of a class, which holds its two totals.
    /// @param info The class.
    /// @return slot The slot.
    function _slotOf(ClassInfo storage info) private pure returns (bytes32 slot) {
        // Safe: touches no memory; a storage pointer is its slot.
        assembly ("memory-safe") {
            slot := info.slot
        }
    }

    /// @notice A feature count of a class. It is alone in its slot and the bits above are always 0, so that the slot
    /// may be read and written whole.
    /// @param slot The slot of the class; the next one is that of the mapping {ClassInfo.featureCounts}.
    /// @param index The index of the feature.
    /// @return The count.
    function _countOf(
        bytes32 slot,
        uint256 index
    ) private pure returns (StorageSlot.Uint256Slot storage) {
        return slot.offset(1).deriveMapping(index).getUint256Slot();
    }
}
