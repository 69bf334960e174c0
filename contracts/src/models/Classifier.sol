// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IClassifier64} from "../interfaces/IClassifier64.sol";
import {PackedArray} from "../libraries/PackedArray.sol";
import {SCALE} from "../libraries/Scale.sol";

/// @title What all classifiers share
/// @notice The owner, who alone may change the model, the names of the classes, and a list of features.
/// @dev Storage: slot 0 owner, 1 `classifications`, 2 `featureIndices`. The order is that of the
/// contracts of 0xDeCA10B, so that one reader serves both.
abstract contract Classifier is Ownable, IClassifier64 {
    using PackedArray for uint32[];

    /// @notice The fixed-point scale: a real number r is held as the integer nearest to r * toFloat.
    uint32 public constant toFloat = SCALE; // solhint-disable-line const-name-snakecase -- a name of the ABI

    /// @notice The names of the classes, by label.
    string[] public classifications;

    /// @notice Which features of the raw input the model uses, for clients that select them; the model
    /// itself does not read it.
    uint32[] public featureIndices;

    /// @notice The deployer becomes the owner.
    /// @param names The names of the classes.
    constructor(string[] memory names) Ownable(msg.sender) {
        for (uint256 i = 0; i < names.length; ++i) {
            classifications.push(names[i]);
        }
    }

    /// @notice Appends to {featureIndices}. Only the owner.
    /// @param indices What to append.
    function addFeatureIndices(uint32[] memory indices) external onlyOwner {
        featureIndices.append(indices);
    }

    /// @notice The number of classes.
    /// @return The number of classes.
    function getNumClassifications() external view returns (uint256) {
        return classifications.length;
    }

    /// @notice The length of {featureIndices}.
    /// @return The length.
    function getNumFeatureIndices() external view returns (uint256) {
        return featureIndices.length;
    }
}
