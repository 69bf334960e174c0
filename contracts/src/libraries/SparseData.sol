// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

import {IndexTooLarge, MalformedPair, NegativeIndex} from "../interfaces/Errors.sol";

/// @title Indices of the binary features that are present in a sparse sample
/// @notice The words are read from calldata and checked one by one.
library SparseData {
    /// @notice The index at `position`.
    /// @param data The sample.
    /// @param position Must be below `data.length`.
    /// @param bits The index must be below 2^bits, with bits at most 63.
    /// @return index The index. A word that is no `int64` reverts without data, a negative one with
    /// `NegativeIndex`, one that is not below 2^bits with `IndexTooLarge`.
    function indexAt(
        int64[] calldata data,
        uint256 position,
        uint256 bits
    ) internal pure returns (uint256 index) {
        index = uncheckedIndexAt(data, position);
        // A good index is told by one comparison: bits <= 63, so it is also a non-negative int64.
        if (index >> bits != 0) {
            int256 signedIndex = data[position]; // reverts where the word is no int64
            if (signedIndex < 0) revert NegativeIndex(position, signedIndex);
            revert IndexTooLarge(position, index, 1 << bits);
        }
    }

    /// @notice The index at `position` of a sample that {indexAt} has passed.
    /// @param data The sample.
    /// @param position Must be below `data.length`.
    /// @return index The word there, not checked.
    function uncheckedIndexAt(
        int64[] calldata data,
        uint256 position
    ) internal pure returns (uint256 index) {
        // Safe: touches no memory. `position < data.length`, and the ABI decoder has checked that the
        // array lies within calldata, so the address does not overflow.
        assembly ("memory-safe") {
            index := calldataload(add(data.offset, shl(5, position)))
        }
    }

    /// @notice Requires a row to be a pair `[index, value]`; else `MalformedPair`.
    /// @param position Where the row stands in its argument.
    /// @param length Its length.
    function requirePair(uint256 position, uint256 length) internal pure {
        if (length != 2) revert MalformedPair(position, length);
    }
}
