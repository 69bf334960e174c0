// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {VM} from "./Vm.sol";

/// @title Counts what happened in a run, so that a campaign shows what it has tried
abstract contract Tally {
    string[] private _kinds;

    mapping(string kind => uint256 count) private _counts;

    /// @notice Writes the counts of the run, a line each: the count, a blank, the kind.
    /// @param path Of the file, to which they are appended.
    function writeTally(string calldata path) external {
        for (uint256 i = 0; i < _kinds.length; ++i) {
            VM.writeLine(path, string.concat(Strings.toString(_counts[_kinds[i]]), " ", _kinds[i]));
        }
    }

    /// @notice Names what must happen at least once in a campaign.
    /// @param kind Of which kind.
    function _expect(string memory kind) internal {
        _kinds.push(kind);
    }

    /// @notice Counts an event.
    /// @param kind Of which kind; one of those that are expected.
    function _note(string memory kind) internal {
        ++_counts[kind];
    }
}
