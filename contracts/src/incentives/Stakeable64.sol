// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Claim} from "../interfaces/IIncentiveMechanism.sol";
import {
    AlreadyClaimed,
    InsufficientPayment,
    NothingToClaim,
    NoValidatedData,
    OwnData,
    PredictionAgrees,
    PredictionDiffers,
    TimeBeforeLastUpdate
} from "../interfaces/IncentiveErrors.sol";
import {IncentiveMechanism} from "./IncentiveMechanism.sol";

/// @title Ongoing self-assessment: deposit, refund, take
/// @notice Whoever contributes deposits; gets it back when the model comes to agree with the data; and loses shares of it
/// to those who report the data while the model disagrees. Contributions in quick succession cost more.
contract Stakeable64 is IncentiveMechanism {
    /// @dev Shares the slot of the owner.
    uint48 private _lastUpdateTimeS;

    /// @notice What a contribution an hour after the last one would cost if the hour counted once, in wei.
    uint80 public immutable costWeight;

    mapping(address account => uint256 count) private _numValid;

    /// @notice The deployer becomes the owner, who then makes the trainer the owner.
    /// @dev Errors: `WaitsNotOrdered`.
    /// @param refundWait See {refundWaitTimeS}.
    /// @param ownerClaimWait See {ownerClaimWaitTimeS}.
    /// @param anyAddressClaimWait See {anyAddressClaimWaitTimeS}.
    /// @param weight See {costWeight}.
    constructor(
        uint32 refundWait,
        uint32 ownerClaimWait,
        uint32 anyAddressClaimWait,
        uint80 weight
    ) IncentiveMechanism(refundWait, ownerClaimWait, anyAddressClaimWait) {
        costWeight = weight;
        _lastUpdateTimeS = uint48(block.timestamp);
    }

    /// @inheritdoc IncentiveMechanism
    function numValidForAddress(address account) public view override returns (uint256) {
        return _numValid[account];
    }

    /// @notice When the last contribution was made, or this contract.
    /// @return In seconds since 1970.
    function lastUpdateTimeS() external view returns (uint256) {
        return _lastUpdateTimeS;
    }

    /// @notice What a contribution costs now.
    /// @return In wei.
    function getNextAddDataCost() public view returns (uint256) {
        return getNextAddDataCost(block.timestamp);
    }

    /// @notice What a contribution would cost, were it the next: costWeight * 3600 / floor(sqrt(seconds since the last
    /// one)), rounded toward zero; in the same second as if one had passed.
    /// @dev Errors: `TimeBeforeLastUpdate`.
    /// @param currentTimeS When, in seconds since 1970.
    /// @return In wei.
    function getNextAddDataCost(uint256 currentTimeS) public view returns (uint256) {
        if (costWeight == 0) return 0;
        if (currentTimeS < _lastUpdateTimeS) {
            revert TimeBeforeLastUpdate(currentTimeS, _lastUpdateTimeS);
        }
        uint256 divisor = Math.sqrt(currentTimeS - _lastUpdateTimeS);
        return (uint256(costWeight) * 1 hours) / Math.max(divisor, 1);
    }

    /// @notice See {IIncentiveMechanism-handleAddData}.
    /// @param msgValue What was sent, in wei.
    /// @return cost The deposit, in wei.
    function handleAddData(uint256 msgValue) external onlyOwner returns (uint256 cost) {
        cost = getNextAddDataCost();
        if (msgValue < cost) revert InsufficientPayment(cost, msgValue);
        _lastUpdateTimeS = uint48(block.timestamp);
    }

    /// @notice See {IIncentiveMechanism-handleRefund}: all that is left goes back.
    /// @param claim The claim.
    /// @return refundAmount In wei.
    function handleRefund(Claim calldata claim) external onlyOwner returns (uint256 refundAmount) {
        if (claim.claimedBefore) revert AlreadyClaimed(claim.claimer);
        if (claim.claimableAmount == 0) revert NothingToClaim();
        _requireWaited(claim.addedTime);
        if (claim.prediction != claim.classification) {
            revert PredictionDiffers(claim.prediction, claim.classification);
        }
        ++_numValid[claim.author];
        _countGoodData();
        return claim.claimableAmount;
    }

    /// @notice See {IIncentiveMechanism-handleReport}: the share of the reporter in all that was validated, rounded
    /// toward zero; all that is left where that is 0 or more, and after the longer waits.
    /// @param claim The claim.
    /// @return rewardAmount In wei.
    function handleReport(
        Claim calldata claim
    ) external view onlyOwner returns (uint256 rewardAmount) {
        if (claim.claimableAmount == 0) revert NothingToClaim();
        if (ignoresPrediction(claim.byOwner, claim.addedTime)) return claim.claimableAmount;
        if (claim.claimer == claim.author) revert OwnData(claim.author);
        if (claim.claimedBefore) revert AlreadyClaimed(claim.claimer);
        _requireWaited(claim.addedTime);
        if (claim.prediction == claim.classification) revert PredictionAgrees(claim.classification);
        uint256 numValid = _numValid[claim.claimer];
        if (numValid == 0) revert NoValidatedData(claim.claimer);
        // The total is not 0: it counts what numValid counts.
        rewardAmount = (claim.initialDeposit * numValid) / totalGoodDataCount();
        if (rewardAmount == 0 || rewardAmount > claim.claimableAmount) return claim.claimableAmount;
    }

    /// @notice See {IIncentiveMechanism-ignoresPrediction}.
    /// @param byOwner Whether the reporter owns the trainer.
    /// @param addedTime When the data were contributed, in seconds since 1970.
    /// @return Whether a wait is over.
    function ignoresPrediction(bool byOwner, uint256 addedTime) public view returns (bool) {
        return
            (byOwner && _isOver(ownerClaimWaitTimeS, addedTime)) ||
            _isOver(anyAddressClaimWaitTimeS, addedTime);
    }
}
