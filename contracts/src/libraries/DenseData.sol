// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

/// @title Features of a dense sample, read by address
/// @notice Storage packs three `int80` or four `int64` into a slot, so the loops of the dense models
/// go slot by slot and take as many features at once. Positions past the end read as 0, which makes
/// the last, partly used slot a slot like any other: its unused numbers are 0 and stay 0.
/// @dev Addresses are offsets in calldata. The ABI decoder has checked that the array lies within
/// calldata, so none that is a few words past its end overflows. The loads do not check that a word is
/// a sign-extended `int64`; {requireInt64} does, for all the words of one slot in one comparison.
library DenseData {
    /// @dev The size of a feature in calldata, in bytes.
    uint256 internal constant FEATURE = 32;

    /// @dev Half the range of an `int64`.
    uint256 private constant HALF = 2 ** 63;

    /// @notice The address of the first feature.
    /// @param data The sample.
    /// @return pointer The address.
    function begin(int64[] calldata data) internal pure returns (uint256 pointer) {
        // Safe: touches no memory.
        assembly ("memory-safe") {
            pointer := data.offset
        }
    }

    /// @notice The address just after the last feature.
    /// @param data The sample.
    /// @return pointer The address.
    function end(int64[] calldata data) internal pure returns (uint256 pointer) {
        // Safe: touches no memory.
        assembly ("memory-safe") {
            pointer := add(data.offset, shl(5, data.length))
        }
    }

    /// @notice The feature at an address.
    /// @param pointer The address, before the end.
    /// @return feature The word there, not checked.
    function load(uint256 pointer) internal pure returns (int256 feature) {
        // Safe: touches no memory.
        assembly ("memory-safe") {
            feature := calldataload(pointer)
        }
    }

    /// @notice The feature at an address, or 0 past the end.
    /// @param pointer The address.
    /// @param last The address just after the last feature.
    /// @return feature The word there, not checked, or 0.
    function loadOrZero(uint256 pointer, uint256 last) internal pure returns (int256 feature) {
        // Safe: touches no memory. Whatever stands past the end is multiplied by 0.
        assembly ("memory-safe") {
            feature := mul(calldataload(pointer), lt(pointer, last))
        }
    }

    /// @notice Requires three words to be sign-extended `int64`; else reverts without data.
    /// @param x0 A word.
    /// @param x1 A word.
    /// @param x2 A word.
    function requireInt64(int256 x0, int256 x1, int256 x2) internal pure {
        requireInt64(x0, x1, x2, 0);
    }

    /// @notice Requires four words to be sign-extended `int64`; else reverts without data.
    /// @param x0 A word.
    /// @param x1 A word.
    /// @param x2 A word.
    /// @param x3 A word.
    function requireInt64(int256 x0, int256 x1, int256 x2, int256 x3) internal pure {
        // Safe: the sums are meant modulo 2^256. x + 2^63 is below 2^64 exactly when x is in
        // [-2^63, 2^63), and an OR is below 2^64 exactly when each of its operands is.
        unchecked {
            uint256 shifted =
                (uint256(x0) + HALF) |
                    (uint256(x1) + HALF) |
                    (uint256(x2) + HALF) |
                    (uint256(x3) + HALF);
            // The ABI decoder gives no reason for malformed calldata either.
            // solhint-disable-next-line gas-custom-errors, reason-string
            require(shifted >> 64 == 0);
        }
    }
}
