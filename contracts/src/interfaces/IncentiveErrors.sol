// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

// Every error of the trainer, the data handler, the incentive mechanisms and the reimbursement pool,
// beside OpenZeppelin's. The native twins raise the same names with the same arguments.

/// @notice An address that must hold a contract holds none.
/// @param account The address.
error NoContract(address account);

/// @notice The money sent does not cover the deposit.
/// @param cost The deposit that is due, in wei.
/// @param paid What was sent, in wei.
error InsufficientPayment(uint256 cost, uint256 paid);

/// @notice A recipient did not take the money.
/// @param recipient Who was to be paid.
/// @param amount How much, in wei.
error PaymentFailed(address recipient, uint256 amount);

/// @notice A signature was used after its last second.
/// @param deadline That second.
error SignatureExpired(uint256 deadline);

/// @notice A signature is not the contributor's for exactly these data, terms, contract, chain and nonce.
error InvalidSignature();

/// @notice The deposit is over what the contributor signed for.
/// @param cost The deposit that is due, in wei.
/// @param maxDeposit The highest that was signed for, in wei.
error DepositTooHigh(uint256 cost, uint256 maxDeposit);

/// @notice Only the contributor, or who paid, may ask for a deposit back.
/// @param caller Who asked.
error NeitherContributorNorPayer(address caller);

/// @notice So little gas is left that the reimbursement could fail for that alone.
/// @param gasNeeded How much must be left.
error NotEnoughGas(uint256 gasNeeded);

/// @notice The same contribution, of the same second, is recorded and its deposit not yet claimed.
/// @param key Of the contribution.
error ContributionExists(bytes32 key);

/// @notice No such contribution is recorded: data, label, time or author are others.
/// @param key Of what was asked for.
error UnknownContribution(bytes32 key);

/// @notice The waits of a mechanism must be ordered as its arguments are.
/// @param refundWaitTimeS Before a refund or a report; the least, in seconds.
/// @param ownerClaimWaitTimeS Before the owner may take what is left, in seconds.
/// @param anyAddressClaimWaitTimeS Before anyone may take what is left; the most, in seconds.
error WaitsNotOrdered(
    uint32 refundWaitTimeS,
    uint32 ownerClaimWaitTimeS,
    uint32 anyAddressClaimWaitTimeS
);

/// @notice A time before the last contribution has no cost.
/// @param currentTimeS The time that was asked about.
/// @param lastUpdateTimeS The time of the last contribution.
error TimeBeforeLastUpdate(uint256 currentTimeS, uint256 lastUpdateTimeS);

/// @notice An address has made its claim to a contribution before.
/// @param claimer The address.
error AlreadyClaimed(address claimer);

/// @notice Nothing is left of a deposit.
error NothingToClaim();

/// @notice The wait is not over.
/// @param availableAt The first second at which it is.
error TooEarly(uint256 availableAt);

/// @notice A refund needs a model that agrees with the label.
/// @param predicted What the model predicts.
/// @param classification The label.
error PredictionDiffers(uint64 predicted, uint64 classification);

/// @notice A report needs a model that disagrees with the label.
/// @param classification The label, which the model predicts.
error PredictionAgrees(uint64 classification);

/// @notice Nobody reports their own data.
/// @param author Who contributed them, and reported.
error OwnData(address author);

/// @notice Only contributors of data that were validated may report.
/// @param reporter Who has none.
error NoValidatedData(address reporter);

/// @notice The thresholds of the levels must grow, from at least 1.
/// @param level The first that does not, counted from 1.
/// @param threshold Its threshold.
error ThresholdsNotIncreasing(uint256 level, uint256 threshold);

/// @notice Only the trainer that a pool serves may say what happened.
/// @param caller Who did.
error NotTheTrainer(address caller);

/// @notice No reimbursement is due for a contribution.
/// @param key Of the contribution.
error NothingDue(bytes32 key);
