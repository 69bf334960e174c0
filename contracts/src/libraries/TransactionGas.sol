// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title What the transaction under way is charged
/// @notice The rules of Prague: intrinsic gas, calldata, the floor of EIP-7623. Not seen from inside, and so left out:
/// refunds of cleared storage, access lists, authorizations.
library TransactionGas {
    uint256 private constant INTRINSIC = 21_000;
    uint256 private constant PER_TOKEN = 4;
    uint256 private constant FLOOR_PER_TOKEN = 10;

    /// @dev A byte of calldata is this many tokens where it is not zero, and one where it is.
    uint256 private constant TOKENS_OF_NONZERO = 4;

    uint256 private constant ONES = type(uint256).max / 0xff; // 0x0101...01
    uint256 private constant LOW_BITS = ONES * 0x7f; // 0x7f7f...7f

    /// @notice The gas of the transaction, where its calldata are those of this call.
    /// @param gasBefore The gas that was left when its execution began.
    /// @param notSeen What the execution uses before that, and after this.
    /// @return The gas.
    function total(uint256 gasBefore, uint256 notSeen) internal view returns (uint256) {
        // Safe: calldata cost gas, so that their size is far below 2^64; so is the gas of an execution.
        unchecked {
            uint256 tokens = msg.data.length + (TOKENS_OF_NONZERO - 1) * _nonzeroBytes();
            uint256 charged = PER_TOKEN * tokens + gasBefore - gasleft() + notSeen;
            return INTRINSIC + Math.max(charged, FLOOR_PER_TOKEN * tokens);
        }
    }

    /// @notice Counts the bytes of calldata that are not zero, a word at a time.
    /// @return count The number.
    function _nonzeroBytes() private pure returns (uint256 count) {
        // Safe: adding 0x7f to seven bits stays within their byte, and sets its highest bit unless they are all zero;
        // OR-ed with the byte itself, the bit says that the byte is not zero. The product's highest byte is the sum of
        // all bytes, at most 32. Calldata read as zero past their end.
        unchecked {
            for (uint256 i = 0; i < msg.data.length; i += 32) {
                uint256 word;
                // Safe: touches no memory.
                assembly ("memory-safe") {
                    word := calldataload(i)
                }
                uint256 marks = ((((word & LOW_BITS) + LOW_BITS) | word) >> 7) & ONES;
                count += (marks * ONES) >> 248;
            }
        }
    }
}
