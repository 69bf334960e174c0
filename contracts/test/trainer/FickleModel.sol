// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClassifier64} from "../../src/interfaces/IClassifier64.sol";

/// @title A model that predicts what it is told to, or refuses
/// @notice Money must be safe with any model, so the tests choose what it says.
contract FickleModel is IClassifier64 {
    /// @notice What it predicts.
    uint64 public prediction;

    /// @notice Whether it refuses to predict.
    bool public refusesToPredict;

    /// @notice Whether it refuses to learn.
    bool public refusesToLearn;

    /// @notice It refuses.
    error Refused();

    /// @notice Changes its mind.
    /// @param label See {prediction}.
    /// @param toPredict See {refusesToPredict}.
    /// @param toLearn See {refusesToLearn}.
    function setMood(uint64 label, bool toPredict, bool toLearn) external {
        prediction = label;
        refusesToPredict = toPredict;
        refusesToLearn = toLearn;
    }

    /// @inheritdoc IClassifier64
    function update(int64[] calldata, uint64) external view {
        if (refusesToLearn) revert Refused();
    }

    /// @inheritdoc IClassifier64
    function predict(int64[] calldata) external view returns (uint64) {
        if (refusesToPredict) revert Refused();
        return prediction;
    }

    /// @inheritdoc IClassifier64
    function norm(int64[] calldata) external pure returns (uint256) {
        return 0;
    }
}
