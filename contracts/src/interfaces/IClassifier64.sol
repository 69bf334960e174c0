// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

/// @title A classifier that learns on chain
/// @notice Predicts the class of a sample and learns from labelled samples, one at a time.
/// @dev What a sample is depends on the model. Dense models take one signed fixed-point feature a
/// position (scale 10^9); sparse models take the indices of the binary features that are present.
/// A word of calldata that is no sign-extended `int64` reverts without data, as the ABI decoder does.
interface IClassifier64 {
    /// @notice Learn from one labelled sample.
    /// @dev Only the owner, else `OwnableUnauthorizedAccount`, before any other check. A step that
    /// reverts leaves the model as it was.
    /// @param data The sample.
    /// @param classification Its label: the index of its class, else `UnknownClass`.
    function update(int64[] calldata data, uint64 classification) external;

    /// @notice Predict the class of a sample.
    /// @param data The sample.
    /// @return classification The index of the predicted class.
    function predict(int64[] calldata data) external view returns (uint64 classification);

    /// @notice The Euclidean norm of a sample.
    /// @param data The sample, scale 10^9.
    /// @return length The norm, scale 10^9, rounded toward zero. Models whose data are indices revert
    /// with `NormNotDefined`.
    function norm(int64[] calldata data) external pure returns (uint256 length);
}
