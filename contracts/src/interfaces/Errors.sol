// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

// Every error of the classifiers, beside OpenZeppelin's `OwnableUnauthorizedAccount` and
// `SafeCastOverflowedIntDowncast` / `SafeCastOverflowedUintDowncast`. The native kernels raise the
// same names with the same arguments.

/// @notice Two lengths that must be equal are not.
/// @param expected The length that was required.
/// @param actual The length that was given.
error DimensionMismatch(uint256 expected, uint256 actual);

/// @notice A label names no class of the model.
/// @param label The label, or class index, that was given.
/// @param numClasses The number of classes; a label must be below it.
error UnknownClass(uint256 label, uint256 numClasses);

/// @notice The data do not have unit length.
/// @param squaredNorm The sum of the squared features, at scale 10^18. It must lie strictly between
/// 10^18 - 10^11 and 10^18 + 10^11.
error NotNormalized(uint256 squaredNorm);

/// @notice The norm was asked of a model whose data are indices of features, which have none.
error NormNotDefined();

/// @notice An index of a feature is negative.
/// @param position Where it stands in the argument, counted from 0.
/// @param index The index.
error NegativeIndex(uint256 position, int256 index);

/// @notice An index of a feature is too large for the model's storage.
/// @param position Where it stands in the argument, counted from 0.
/// @param index The index.
/// @param limit The index must be below this.
error IndexTooLarge(uint256 position, uint256 index, uint256 limit);

/// @notice Indices that must be strictly increasing are not.
/// @param position Where the offending index stands in the argument, counted from 0; at least 1.
/// @param previous The index before it.
/// @param index The offending index, not above `previous`.
error NotStrictlyIncreasing(uint256 position, uint256 previous, uint256 index);

/// @notice A class would be given a value for a feature for which it already has one.
/// @param position Where the pair stands in the argument, counted from 0.
/// @param index The index of the feature.
error DuplicateFeature(uint256 position, uint256 index);

/// @notice A row that must be a pair `[index, value]` has another length.
/// @param position Where the row stands in the argument, counted from 0.
/// @param length Its length.
error MalformedPair(uint256 position, uint256 length);

/// @notice A model was to be built without any class.
error NoClasses();

/// @notice A class has no feature counts, and there is no smoothing: it has no score for a sample with features.
/// @param label The label of the class.
error NoFeatureCounts(uint256 label);

/// @notice A Perceptron tells two classes apart, and was to be built with another number of them.
/// @param numClasses The number of classes that was given.
error NotTwoClasses(uint256 numClasses);

/// @notice The number of samples behind a centroid is too large.
/// @param count The count that was given.
/// @param limit The count must be below this.
error CountTooLarge(uint256 count, uint256 limit);
