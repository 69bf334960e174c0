// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IIncentiveMechanism} from "../interfaces/IIncentiveMechanism.sol";
import {TooEarly, WaitsNotOrdered} from "../interfaces/IncentiveErrors.sol";

/// @title What the incentive mechanisms share
/// @notice The waits, and who contributed how much that was validated.
/// @dev The counter shares the slot of the owner, which every call of the trainer reads anyway; 48 bits of it are left
/// to the mechanism.
abstract contract IncentiveMechanism is Ownable, IIncentiveMechanism {
    uint48 private _totalGoodDataCount;

    /// @notice How long after the contribution a refund or a report is possible, in seconds.
    uint32 public immutable refundWaitTimeS;

    /// @notice How long after it the owner of the trainer may take what is left, in seconds.
    uint32 public immutable ownerClaimWaitTimeS;

    /// @notice How long after it anyone may take what is left, in seconds.
    uint32 public immutable anyAddressClaimWaitTimeS;

    /// @notice The deployer becomes the owner, who then makes the trainer the owner.
    /// @dev Errors: `WaitsNotOrdered`.
    /// @param refundWait See {refundWaitTimeS}.
    /// @param ownerClaimWait See {ownerClaimWaitTimeS}; at least `refundWait`.
    /// @param anyAddressClaimWait See {anyAddressClaimWaitTimeS}; at least `ownerClaimWait`.
    constructor(
        uint32 refundWait,
        uint32 ownerClaimWait,
        uint32 anyAddressClaimWait
    ) Ownable(msg.sender) {
        if (refundWait > ownerClaimWait || ownerClaimWait > anyAddressClaimWait) {
            revert WaitsNotOrdered(refundWait, ownerClaimWait, anyAddressClaimWait);
        }
        refundWaitTimeS = refundWait;
        ownerClaimWaitTimeS = ownerClaimWait;
        anyAddressClaimWaitTimeS = anyAddressClaimWait;
    }

    /// @notice How many contributions were validated.
    /// @return The number.
    function totalGoodDataCount() public view returns (uint256) {
        return _totalGoodDataCount;
    }

    /// @notice How many contributions of an address were validated.
    /// @param account The address.
    /// @return The number.
    function numValidForAddress(address account) public view virtual returns (uint256);

    /// @notice Counts a contribution that was validated in {totalGoodDataCount}.
    function _countGoodData() internal {
        ++_totalGoodDataCount;
    }

    /// @notice Requires the wait before refunds and reports to be over; else `TooEarly`.
    /// @param addedTime When the data were added, in seconds since 1970.
    function _requireWaited(uint256 addedTime) internal view {
        if (!_isOver(refundWaitTimeS, addedTime)) revert TooEarly(addedTime + refundWaitTimeS);
    }

    /// @notice Whether a wait is over.
    /// @param waitS The wait, in seconds.
    /// @param addedTime When it began, in seconds since 1970.
    /// @return Whether it is; at its last second too.
    function _isOver(uint256 waitS, uint256 addedTime) internal view returns (bool) {
        return block.timestamp >= addedTime + waitS;
    }
}
