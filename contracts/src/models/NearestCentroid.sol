// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MulticlassClassifier} from "./MulticlassClassifier.sol";

/// @title What the two nearest centroid classifiers share
/// @notice Each class has a centroid, the mean of its samples; a sample belongs to the class whose
/// centroid is nearest, and to the lowest label among equals.
/// @dev Holds no state.
abstract contract NearestCentroid is MulticlassClassifier {
    /// @notice The largest number of 256 bits.
    uint256 public constant UINT256_MAX = type(uint256).max;

    /// @notice A dense centroid stops counting samples here: the product of a count up to this one and
    /// an `int64` fits an `int256`.
    uint256 public constant dataCountLimit = 2 ** 191; // solhint-disable-line const-name-snakecase -- a name of the ABI

    /// @notice See {MulticlassClassifier}.
    /// @param names The names of the classes.
    constructor(string[] memory names) MulticlassClassifier(names) {}
}
