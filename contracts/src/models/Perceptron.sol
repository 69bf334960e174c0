// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NotTwoClasses, UnknownClass} from "../interfaces/Errors.sol";
import {Classifier} from "./Classifier.sol";

/// @title What the two Perceptrons share
/// @notice A Perceptron tells two classes apart by the sign of a score: class 1 where it is positive,
/// class 0 elsewhere.
/// @dev Holds no state: the weights stand before the intercept in storage, and differ in type.
abstract contract Perceptron is Classifier {
    /// @dev A constant and not a slot: the constructor admits no other number.
    uint256 private constant NUM_CLASSES = 2;

    /// @notice Exactly two classes, else `NotTwoClasses`.
    /// @param names The names of the classes.
    constructor(string[] memory names) Classifier(names) {
        if (names.length != NUM_CLASSES) revert NotTwoClasses(names.length);
    }

    /// @notice Requires a label of one of the two classes; else `UnknownClass`.
    /// @param label The label.
    function _requireClass(uint64 label) internal pure {
        if (label >= NUM_CLASSES) revert UnknownClass(label, NUM_CLASSES);
    }

    /// @notice The class for a score.
    /// @param score The score, at any scale.
    /// @return The label: 1 where the score is positive, else 0.
    function _classOf(int256 score) internal pure returns (uint64) {
        return score > 0 ? 1 : 0;
    }
}
