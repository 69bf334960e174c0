// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

/// @title A storage slot of an `int64[]`: four numbers, the first in the lowest bits
/// @notice How a slot is taken apart and put together.
library PackedInt64 {
    /// @dev The bits of the lowest number.
    uint256 private constant MASK = 2 ** 64 - 1;

    /// @notice One of the four numbers in a slot.
    /// @param word The slot.
    /// @param lane Which one: 0, 1, 2 or 3.
    /// @return value The number.
    function get(uint256 word, uint256 lane) internal pure returns (int256 value) {
        // Safe: touches no memory. The shift brings the number to the lowest eight bytes; `signextend` then
        // takes the sign from their highest bit and ignores all bits above.
        assembly ("memory-safe") {
            value := signextend(7, shr(mul(64, lane), word))
        }
    }

    /// @notice The slot that holds four numbers.
    /// @dev Does not check that the numbers are `int64`: the caller must have proved it.
    /// @param c0 The first.
    /// @param c1 The second.
    /// @param c2 The third.
    /// @param c3 The fourth.
    /// @return word The slot.
    function pack(int256 c0, int256 c1, int256 c2, int256 c3) internal pure returns (uint256 word) {
        word =
            (uint256(c0) & MASK) |
            ((uint256(c1) & MASK) << 64) |
            ((uint256(c2) & MASK) << 128) |
            (uint256(c3) << 192);
    }
}
