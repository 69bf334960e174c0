// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ContributionExists, UnknownContribution} from "../interfaces/IncentiveErrors.sol";

/// @title The records of all contributions
/// @notice A contribution is known by its key, keccak256(abi.encodePacked(data, classification, addedTime, author)).
/// The key proves all four, so that they need no storage: whoever claims must give them, and the event of the
/// trainer has them.
contract DataHandler64 is Ownable {
    using SafeCast for uint256;

    /// @dev One slot. 2^96 wei are 79 thousand million ether.
    struct Contribution {
        uint96 initialDeposit;
        uint96 claimableAmount;
        uint40 numClaims;
        bool exists;
        bool claimedByAuthor;
        bool isSponsored;
    }

    mapping(bytes32 key => Contribution contribution) private _contributions;

    /// @dev Others than the author, whose claim is in the contribution's slot.
    mapping(bytes32 key => mapping(address claimer => bool hasClaimed)) private _claimed;

    /// @dev Of those contributions alone that are sponsored.
    mapping(bytes32 key => address payer) private _payers;

    /// @notice The deployer becomes the owner, who then makes the trainer the owner.
    constructor() Ownable(msg.sender) {}

    /// @notice Records a contribution. Only the owner.
    /// @dev Errors: `ContributionExists` while money of the same contribution is claimable. One without is
    /// replaced; who has claimed stays so.
    /// @param key Of the contribution.
    /// @param deposit In wei.
    /// @param payer Who paid it where that is a sponsor, else 0.
    function handleAddData(bytes32 key, uint256 deposit, address payer) external onlyOwner {
        Contribution memory contribution = _contributions[key];
        if (contribution.claimableAmount != 0) revert ContributionExists(key);
        contribution.initialDeposit = contribution.claimableAmount = deposit.toUint96();
        contribution.numClaims = 0;
        contribution.exists = true;
        contribution.isSponsored = payer != address(0);
        _contributions[key] = contribution;
        if (contribution.isSponsored) _payers[key] = payer;
    }

    /// @notice Records a claim. Only the owner.
    /// @param key Of a contribution that exists.
    /// @param claimer Who claims.
    /// @param isAuthor Whether that is the author.
    /// @param amount What is paid, in wei, at most what is claimable.
    function handleClaim(
        bytes32 key,
        address claimer,
        bool isAuthor,
        uint256 amount
    ) external onlyOwner {
        Contribution memory contribution = _contributions[key];
        contribution.claimableAmount -= amount.toUint96();
        ++contribution.numClaims;
        if (isAuthor) contribution.claimedByAuthor = true;
        else _claimed[key][claimer] = true;
        _contributions[key] = contribution;
    }

    /// @notice What is known about a claim to a contribution.
    /// @dev Errors: `UnknownContribution`.
    /// @param key Of the contribution.
    /// @param claimer Who would claim.
    /// @param isAuthor Whether that is the author.
    /// @return initialDeposit What was deposited, in wei.
    /// @return claimableAmount What is left of that, in wei.
    /// @return claimed Whether `claimer` has claimed before.
    /// @return payer The sponsor who paid the deposit; 0 where the author did.
    function getClaim(
        bytes32 key,
        address claimer,
        bool isAuthor
    )
        external
        view
        returns (uint256 initialDeposit, uint256 claimableAmount, bool claimed, address payer)
    {
        Contribution memory contribution = _find(key);
        initialDeposit = contribution.initialDeposit;
        claimableAmount = contribution.claimableAmount;
        claimed = isAuthor ? contribution.claimedByAuthor : _claimed[key][claimer];
        if (contribution.isSponsored) payer = _payers[key];
    }

    /// @notice What is left of a deposit.
    /// @dev Errors: `UnknownContribution`.
    /// @param data The data.
    /// @param classification Their label.
    /// @param addedTime When they were added, in seconds since 1970.
    /// @param originalAuthor Who contributed them.
    /// @return In wei.
    function getClaimableAmount(
        int64[] calldata data,
        uint64 classification,
        uint256 addedTime,
        address originalAuthor
    ) external view returns (uint256) {
        return _find(_key(data, classification, addedTime, originalAuthor)).claimableAmount;
    }

    /// @notice What was deposited.
    /// @dev Errors: `UnknownContribution`.
    /// @param data The data.
    /// @param classification Their label.
    /// @param addedTime When they were added, in seconds since 1970.
    /// @param originalAuthor Who contributed them.
    /// @return In wei.
    function getInitialDeposit(
        int64[] calldata data,
        uint64 classification,
        uint256 addedTime,
        address originalAuthor
    ) external view returns (uint256) {
        return _find(_key(data, classification, addedTime, originalAuthor)).initialDeposit;
    }

    /// @notice How many claims were made to a contribution, the author's included.
    /// @dev Errors: `UnknownContribution`.
    /// @param data The data.
    /// @param classification Their label.
    /// @param addedTime When they were added, in seconds since 1970.
    /// @param originalAuthor Who contributed them.
    /// @return The number.
    function getNumClaims(
        int64[] calldata data,
        uint64 classification,
        uint256 addedTime,
        address originalAuthor
    ) external view returns (uint256) {
        return _find(_key(data, classification, addedTime, originalAuthor)).numClaims;
    }

    /// @notice Whether an address has claimed a contribution.
    /// @dev Errors: `UnknownContribution`.
    /// @param data The data.
    /// @param classification Their label.
    /// @param addedTime When they were added, in seconds since 1970.
    /// @param originalAuthor Who contributed them.
    /// @param claimer The address.
    /// @return Whether it has.
    function hasClaimed(
        int64[] calldata data,
        uint64 classification,
        uint256 addedTime,
        address originalAuthor,
        address claimer
    ) external view returns (bool) {
        bytes32 key = _key(data, classification, addedTime, originalAuthor);
        Contribution memory contribution = _find(key);
        return claimer == originalAuthor ? contribution.claimedByAuthor : _claimed[key][claimer];
    }

    /// @notice Who gets a deposit back when the data are validated.
    /// @dev Errors: `UnknownContribution`.
    /// @param data The data.
    /// @param classification Their label.
    /// @param addedTime When they were added, in seconds since 1970.
    /// @param originalAuthor Who contributed them.
    /// @return The sponsor who paid, or the author.
    function getPayer(
        int64[] calldata data,
        uint64 classification,
        uint256 addedTime,
        address originalAuthor
    ) external view returns (address) {
        bytes32 key = _key(data, classification, addedTime, originalAuthor);
        return _find(key).isSponsored ? _payers[key] : originalAuthor;
    }

    /// @notice The record of a contribution.
    /// @param key Of the contribution, else `UnknownContribution`.
    /// @return contribution The record.
    function _find(bytes32 key) private view returns (Contribution memory contribution) {
        contribution = _contributions[key];
        if (!contribution.exists) revert UnknownContribution(key);
    }

    /// @notice The key of a contribution.
    /// @param data The data.
    /// @param classification Their label.
    /// @param addedTime When they were added, in seconds since 1970.
    /// @param originalAuthor Who contributed them.
    /// @return The key.
    function _key(
        int64[] calldata data,
        uint64 classification,
        uint256 addedTime,
        address originalAuthor
    ) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(data, classification, addedTime, originalAuthor));
    }
}
