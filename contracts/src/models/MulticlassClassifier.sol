// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NoClasses, UnknownClass} from "../interfaces/Errors.sol";
import {Classifier} from "./Classifier.sol";

/// @title A classifier of any number of classes, to which more can be added
/// @dev Holds no state.
abstract contract MulticlassClassifier is Classifier {
    /// @notice A class was added.
    /// @param name Its name.
    /// @param index Its label.
    event AddClass(string name, uint256 index);

    /// @notice At least one class, else `NoClasses`.
    /// @param names The names of the classes.
    constructor(string[] memory names) Classifier(names) {
        if (names.length == 0) revert NoClasses();
    }

    /// @notice Names a further class and emits `AddClass`.
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
