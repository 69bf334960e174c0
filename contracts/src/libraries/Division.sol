// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

/// @title Division by a number known not to be 0
/// @notice The compiler checks every divisor that is no constant, in `unchecked` code too.
library Division {
    /// @notice A quotient, rounded toward zero.
    /// @param dividend Must not be -2^255 where the divisor is -1.
    /// @param divisor Must not be 0.
    /// @return result The quotient.
    function quotient(int256 dividend, int256 divisor) internal pure returns (int256 result) {
        // Safe: touches no memory; the caller has proved the two requirements.
        assembly ("memory-safe") {
            result := sdiv(dividend, divisor)
        }
    }

    /// @notice A quotient, rounded toward zero.
    /// @param dividend Any number.
    /// @param divisor Must not be 0.
    /// @return result The quotient.
    function quotient(uint256 dividend, uint256 divisor) internal pure returns (uint256 result) {
        // Safe: touches no memory; the caller has proved the requirement.
        assembly ("memory-safe") {
            result := div(dividend, divisor)
        }
    }
}
