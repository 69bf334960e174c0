// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";

import {DimensionMismatch} from "../interfaces/Errors.sol";
import {Claim} from "../interfaces/IIncentiveMechanism.sol";
import {
    AlreadyClaimed,
    NoValidatedData,
    OwnData,
    PredictionAgrees,
    PredictionDiffers,
    ThresholdsNotIncreasing
} from "../interfaces/IncentiveErrors.sol";
import {IncentiveMechanism} from "./IncentiveMechanism.sol";

/// @title Gamified contributions: points and badges, no money
/// @notice Each contribution that is validated is a point for its author, and a badge is earned when points reach the
/// threshold of a level. Reports are recorded, one for each reporter and contribution.
contract Points64 is IncentiveMechanism {
    using Arrays for uint256[];

    /// @dev What an address has reached. One slot.
    struct Standing {
        uint128 points;
        uint128 level;
    }

    uint256 private immutable _numLevels;

    /// @dev Of the levels 1, 2, ...; a slot for each, as one is read at a time.
    uint256[] private _thresholds;

    string[] private _badgeNames;

    mapping(address account => Standing standing) private _standings;

    /// @notice An address has reached a level.
    /// @param account The address.
    /// @param level The level, counted from 1.
    event BadgeEarned(address indexed account, uint256 level);

    /// @notice The deployer becomes the owner, who then makes the trainer the owner.
    /// @dev Errors: `WaitsNotOrdered`; `DimensionMismatch` where there are not as many names as thresholds;
    /// `ThresholdsNotIncreasing`.
    /// @param refundWait See {refundWaitTimeS}.
    /// @param ownerClaimWait See {ownerClaimWaitTimeS}; there is nothing for the owner to take.
    /// @param anyAddressClaimWait See {anyAddressClaimWaitTimeS}; the same.
    /// @param levelThresholds The points of each level, strictly increasing from at least 1.
    /// @param levelBadges The name of each level's badge.
    constructor(
        uint32 refundWait,
        uint32 ownerClaimWait,
        uint32 anyAddressClaimWait,
        uint64[] memory levelThresholds,
        string[] memory levelBadges
    ) IncentiveMechanism(refundWait, ownerClaimWait, anyAddressClaimWait) {
        if (levelBadges.length != levelThresholds.length) {
            revert DimensionMismatch(levelThresholds.length, levelBadges.length);
        }
        _numLevels = levelThresholds.length;
        uint256 previous = 0;
        for (uint256 i = 0; i < levelThresholds.length; ++i) {
            uint256 threshold = levelThresholds[i];
            if (threshold <= previous) revert ThresholdsNotIncreasing(i + 1, threshold);
            previous = threshold;
            _thresholds.push(threshold);
            _badgeNames.push(levelBadges[i]);
        }
    }

    /// @inheritdoc IncentiveMechanism
    function numValidForAddress(address account) public view override returns (uint256) {
        return _standings[account].points;
    }

    /// @notice The levels that can be reached.
    /// @return thresholds The points of each, from level 1 on.
    /// @return badgeNames The name of each one's badge.
    function getLevels()
        external
        view
        returns (uint256[] memory thresholds, string[] memory badgeNames)
    {
        return (_thresholds, _badgeNames);
    }

    /// @notice The level of an address.
    /// @param account The address.
    /// @return The level, 0 before the first.
    function getLevel(address account) public view returns (uint256) {
        return _standings[account].level;
    }

    /// @notice The badges of an address.
    /// @param account The address.
    /// @return badgeNames Their names, the first level's first.
    function getBadges(address account) external view returns (string[] memory badgeNames) {
        badgeNames = new string[](getLevel(account));
        for (uint256 i = 0; i < badgeNames.length; ++i) {
            badgeNames[i] = _badgeNames[i];
        }
    }

    /// @notice What a contribution costs: nothing.
    /// @return Always 0.
    function getNextAddDataCost() external pure returns (uint256) {
        return 0;
    }

    /// @notice What a contribution would cost: nothing.
    /// @return Always 0.
    function getNextAddDataCost(uint256) external pure returns (uint256) {
        return 0;
    }

    /// @notice See {IIncentiveMechanism-handleAddData}.
    /// @return cost Always 0.
    function handleAddData(uint256) external view onlyOwner returns (uint256 cost) {
        return 0;
    }

    /// @notice See {IIncentiveMechanism-handleRefund}: a point for the author.
    /// @param claim The claim.
    /// @return refundAmount Always 0.
    function handleRefund(Claim calldata claim) external onlyOwner returns (uint256 refundAmount) {
        if (claim.claimedBefore) revert AlreadyClaimed(claim.claimer);
        _requireWaited(claim.addedTime);
        if (claim.prediction != claim.classification) {
            revert PredictionDiffers(claim.prediction, claim.classification);
        }
        _countGoodData();
        _addPoint(claim.author);
        return 0;
    }

    /// @notice See {IIncentiveMechanism-handleReport}.
    /// @param claim The claim.
    /// @return rewardAmount Always 0.
    function handleReport(
        Claim calldata claim
    ) external view onlyOwner returns (uint256 rewardAmount) {
        if (claim.claimer == claim.author) revert OwnData(claim.author);
        if (claim.claimedBefore) revert AlreadyClaimed(claim.claimer);
        _requireWaited(claim.addedTime);
        if (claim.prediction == claim.classification) revert PredictionAgrees(claim.classification);
        if (_standings[claim.claimer].points == 0) revert NoValidatedData(claim.claimer);
        return 0;
    }

    /// @notice See {IIncentiveMechanism-ignoresPrediction}.
    /// @return Always false: there is nothing to take.
    function ignoresPrediction(bool, uint256) external pure returns (bool) {
        return false;
    }

    /// @notice Counts a point, and a level where it reaches one.
    /// @param account Whose.
    function _addPoint(address account) private {
        Standing memory standing = _standings[account];
        ++standing.points;
        // Thresholds grow, and points by one, so at most one level is reached. The index is below the length.
        if (
            standing.level < _numLevels &&
            standing.points == _thresholds.unsafeAccess(standing.level).value
        ) {
            ++standing.level;
            emit BadgeEarned(account, standing.level);
        }
        _standings[account] = standing;
    }
}
