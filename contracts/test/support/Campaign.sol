// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What forge reads from a contract of tests
/// @notice It calls functions of one contract, the handler, in any order.
abstract contract Campaign {
    /// @notice Functions of a contract.
    /// @param addr The contract.
    /// @param selectors Of the functions.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev Where the counts of the runs are collected, read by invariants.mjs.
    string private constant TALLY = "../target/forge/tally/";

    FuzzSelector private _target;

    /// @notice What forge calls.
    /// @return targets The contracts.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = _target.addr;
    }

    /// @notice What forge calls.
    /// @return targets Their functions.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = _target;
    }

    /// @notice Has forge call a contract.
    /// @param handler The contract.
    /// @param selectors Of its functions.
    function _setTarget(address handler, bytes4[] memory selectors) internal {
        _target = FuzzSelector(handler, selectors);
    }

    /// @notice The file of counts of a campaign.
    /// @param name Of the campaign.
    /// @return The path.
    function _tallyOf(string memory name) internal pure returns (string memory) {
        return string.concat(TALLY, name, ".txt");
    }
}
