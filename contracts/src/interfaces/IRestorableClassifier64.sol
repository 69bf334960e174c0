// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

import {IClassifier64} from "./IClassifier64.sol";

/// @title A classifier that can begin again
/// @notice What a prediction market needs of a model: it trains one on the same contributions again and
/// again, each time from the initial state.
interface IRestorableClassifier64 is IClassifier64 {
    /// @notice Learn from one labelled sample as {update} does, with the same errors, and say whether that
    /// changed the model. Only the owner.
    /// @param data The sample.
    /// @param classification Its label.
    /// @return changed Whether any weight differs from before.
    function learn(int64[] calldata data, uint64 classification) external returns (bool changed);

    /// @notice Return to the initial state, whatever was learned since, at a cost that does not depend on
    /// that. Only the owner.
    function restore() external;
}
