// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

// The errors of the prediction market, beside those of its models and those that it shares with the other
// incentives. The native twin raises the same names with the same arguments.

/// @notice A term of the market that must not be 0 is 0.
error ZeroTerm();

/// @notice Only the provider of the market may do this.
/// @param account Who tried.
error NotProvider(address account);

/// @notice The market is in another phase.
/// @param phase The phase that it is in, as a number of the enumeration `Phase`.
error WrongPhase(uint8 phase);

/// @notice The market must own its classifier before it begins.
/// @param owner Who owns it.
error ClassifierNotOwned(address owner);

/// @notice A test set must be cut into more pieces: one is shown before the market opens, the others score.
/// @param numPieces The number that was given.
/// @param least The least number.
error TooFewPieces(uint256 numPieces, uint256 least);

/// @notice The market has no bounty.
error NoBounty();

/// @notice The piece to reveal was drawn before.
/// @param index The piece.
error AlreadyDrawn(uint256 index);

/// @notice The randomness of this block was known when the pieces were committed.
/// @param availableAt The first block that will do.
error TooEarlyToDraw(uint256 availableAt);

/// @notice What was due by a certain time is too late.
/// @param deadline When it was due, in seconds since 1970; exclusive.
error TooLate(uint256 deadline);

/// @notice There is no such piece.
/// @param index The piece that was named.
/// @param numPieces The number of pieces.
error UnknownPiece(uint256 index, uint256 numPieces);

/// @notice Before the market opens the drawn piece is to be revealed, and no other.
/// @param index The piece that was given.
error NotDrawn(uint256 index);

/// @notice The piece has been revealed.
/// @param index The piece.
error AlreadyRevealed(uint256 index);

/// @notice The piece is not the one that the provider committed to.
/// @param index The piece.
/// @param expected Its hash as committed.
/// @param actual The hash of what was given.
error CommitmentMismatch(uint256 index, bytes32 expected, bytes32 actual);

/// @notice A piece without samples.
/// @param index The piece.
error EmptyPiece(uint256 index);

/// @notice A sample has more features than one transaction is sure to learn.
/// @param length The number of its features.
/// @param most The most that a sample may have.
error SampleTooLong(uint256 length, uint256 most);

/// @notice A step was to do nothing.
error NoWork();

/// @notice The model ran out of the gas of this step, or failed without a reason.
/// @param contribution Which contribution was learned last, or is being learned.
error ModelFailed(uint256 contribution);

/// @notice Balances are being settled, which needs no model: step until that is done.
error SettlementUnderway();

/// @notice There is no such contribution.
/// @param contribution Its number.
/// @param numContributions How many there are.
error NoSuchContribution(uint256 contribution, uint256 numContributions);
