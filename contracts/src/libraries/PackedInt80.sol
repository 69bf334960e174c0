// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title A storage slot of an `int80[]`: three numbers, the first in the lowest bits
/// @notice How a slot is taken apart and put together.
/// @dev Bits 240 to 255 of such a slot are always 0.
library PackedInt80 {
    /// @dev The bits of the lowest number.
    uint256 private constant MASK = 2 ** 80 - 1;

    /// @dev Half the range of an `int80`.
    uint256 private constant HALF = 2 ** 79;

    /// @notice One of the three numbers in a slot.
    /// @param word The slot.
    /// @param lane Which one: 0, 1 or 2.
    /// @return value The number.
    function get(uint256 word, uint256 lane) internal pure returns (int256 value) {
        // Safe: touches no memory. The shift brings the number to the lowest ten bytes; `signextend` then
        // takes the sign from their highest bit and ignores all bits above.
        assembly ("memory-safe") {
            value := signextend(9, shr(mul(80, lane), word))
        }
    }

    /// @notice The slot that holds three numbers.
    /// @dev The first number that is no `int80` reverts with `SafeCastOverflowedIntDowncast`.
    /// @param w0 The first.
    /// @param w1 The second.
    /// @param w2 The third.
    /// @return word The slot.
    function pack(int256 w0, int256 w1, int256 w2) internal pure returns (uint256 word) {
        // Safe: the sums are meant modulo 2^256. w + 2^79 is below 2^80 exactly when w is in
        // [-2^79, 2^79), and an OR is below 2^80 exactly when each of its operands is.
        unchecked {
            uint256 shifted = (uint256(w0) + HALF) | (uint256(w1) + HALF) | (uint256(w2) + HALF);
            if (shifted >> 80 != 0) {
                // One of the three casts reverts: the first number that does not fit.
                SafeCast.toInt80(w0);
                SafeCast.toInt80(w1);
                SafeCast.toInt80(w2);
            }
        }
        word = (uint256(w0) & MASK) | ((uint256(w1) & MASK) << 80) | ((uint256(w2) & MASK) << 160);
    }
}
