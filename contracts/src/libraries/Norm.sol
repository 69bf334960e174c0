// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {NotNormalized} from "../interfaces/Errors.sol";

/// @title The Euclidean norm of dense data
/// @notice Features are at scale 10^9, so squares are at scale 10^18.
library Norm {
    /// @dev The squared norm of a vector of length one, scale 10^18.
    uint256 private constant UNIT = 10 ** 18;

    /// @dev How far from `UNIT` a squared norm may lie, exclusive: room for the rounding of features.
    uint256 private constant TOLERANCE = 10 ** 11;

    /// @notice The norm of `data`.
    /// @param data The features, scale 10^9.
    /// @return The square root of the sum of squares, scale 10^9, rounded toward zero.
    function euclidean(int64[] calldata data) internal pure returns (uint256) {
        uint256 squaredNorm = 0;
        // Safe: a square is at most 2^126 and calldata holds fewer than 2^64 features.
        unchecked {
            for (uint256 i = 0; i < data.length; ++i) {
                int256 feature = data[i];
                squaredNorm += uint256(feature * feature);
            }
        }
        return Math.sqrt(squaredNorm);
    }

    /// @notice Requires that a vector have length one, within the tolerance; else `NotNormalized`.
    /// @param squaredNorm The sum of its squared features, scale 10^18.
    function requireUnit(uint256 squaredNorm) internal pure {
        if (squaredNorm <= UNIT - TOLERANCE || squaredNorm >= UNIT + TOLERANCE) {
            revert NotNormalized(squaredNorm);
        }
    }
}
