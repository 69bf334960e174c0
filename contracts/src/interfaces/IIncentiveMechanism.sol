// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

/// @notice What a mechanism must know about a claim to a contribution.
/// @param claimer Who claims: for a refund the author, for a report the reporter.
/// @param author Who contributed the data.
/// @param addedTime When, in seconds since 1970.
/// @param classification The label of the data.
/// @param prediction What the model predicts now; 0 where {IIncentiveMechanism.ignoresPrediction}.
/// @param initialDeposit What was deposited, in wei.
/// @param claimableAmount What is left of that, in wei.
/// @param claimedBefore Whether the claimer has claimed it before.
/// @param byOwner Whether the claimer owns the trainer.
struct Claim {
    address claimer;
    address author;
    uint256 addedTime;
    uint64 classification;
    uint64 prediction;
    uint256 initialDeposit;
    uint256 claimableAmount;
    bool claimedBefore;
    bool byOwner;
}

/// @title What contributions cost and earn
/// @notice Asked by the trainer, which owns it, at each step of a contribution's life. It decides amounts and keeps
/// count of what was validated; the trainer holds the money.
interface IIncentiveMechanism {
    /// @notice Takes note of a contribution. Only the owner.
    /// @dev Errors: `InsufficientPayment`.
    /// @param msgValue What was sent with it, in wei.
    /// @return cost The deposit, in wei, at most `msgValue`.
    function handleAddData(uint256 msgValue) external returns (uint256 cost);

    /// @notice Validates a contribution whose author claims it, or says why not. Only the owner.
    /// @dev Errors in order: `AlreadyClaimed`, `NothingToClaim` where there is money, `TooEarly`, `PredictionDiffers`.
    /// @param claim The claim.
    /// @return refundAmount What to pay back, in wei, at most `claim.claimableAmount`.
    function handleRefund(Claim calldata claim) external returns (uint256 refundAmount);

    /// @notice Accepts a report, or says why not. Only the owner.
    /// @dev Errors in order: `NothingToClaim` where there is money, `OwnData`, `AlreadyClaimed`, `TooEarly`,
    /// `PredictionAgrees`, `NoValidatedData`; after the longer waits only the first.
    /// @param claim The claim.
    /// @return rewardAmount What to pay the reporter, in wei, at most `claim.claimableAmount`.
    function handleReport(Claim calldata claim) external returns (uint256 rewardAmount);

    /// @notice Whether a reporter may by now take what is left of a deposit, whatever the model predicts. The model
    /// is not asked then, so that none that refuses to predict holds money back.
    /// @param byOwner Whether the reporter owns the trainer.
    /// @param addedTime When the data were contributed, in seconds since 1970.
    /// @return Whether they may.
    function ignoresPrediction(bool byOwner, uint256 addedTime) external view returns (bool);
}
