// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

/// @title A pool that pays back the fees of validated contributions
/// @notice Told by its trainer what happened. Whatever it does, contributions and refunds go on without it.
interface IReimbursementPool {
    /// @notice Remembers the fee of a contribution. Only the trainer.
    /// @param key Of the contribution.
    /// @param payee Who paid the fee.
    /// @param gasUsed The gas of the transaction.
    function recordFee(bytes32 key, address payee, uint256 gasUsed) external;

    /// @notice Pays the fee of a contribution that was validated. Only the trainer.
    /// @param key Of the contribution.
    function reimburse(bytes32 key) external;
}
