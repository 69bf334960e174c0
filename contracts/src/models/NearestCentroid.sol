// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NoClasses, UnknownClass} from "../interfaces/Errors.sol";
import {Classifier} from "./Classifier.sol";

/// @title What the two nearest centroid classifiers share
/// @notice Each class has a centroid, the mean of its samples; a sample belongs to the class whose
/// centroid is nearest, and to the lowest label among equals.
/// @dev Holds no state.
abstract contract NearestCentroid is Classifier {
    /// @notice The largest number of 256 bits.
    uint256 public constant UINT256_MAX = type(uint256).max;

    /// @notice A dense centroid stops counting samples here: the product of a count up to this one and
    /// an `int64` fits an `int256`.
    uint256 public constant dataCountLimit = 2 ** 191; // solhint-disable-line const-name-snakecase -- a name of the ABI

    /// @notice A class was added.
    /// @param name Its name.
    /// @param index Its label.
    event AddClass(string name, uint256 index);

    /// @notice At least one class, else `NoClasses`.
    /// @param names The names of the classes.
    constructor(string[] memory names) Classifier(names) {
        if (names.length == 0) revert NoClasses();
    }

    /// @notice Names a further class and tells of it.
    /// @param name The name.
    function _addClassification(string memory name) internal {
        emit AddClass(name, classifications.length);
        classifications.push(name);
    }

    /// @notice Requires a label of a class; else `UnknownClass`.
    /// @param label The label.
    /// @param numClasses The number of classes.
    function _requireClass(uint256 label, uint256 numClasses) internal pure {
        if (label >= numClasses) revert UnknownClass(label, numClasses);
    }
}
