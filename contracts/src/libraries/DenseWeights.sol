// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

import {DenseData} from "./DenseData.sol";
import {PackedInt80} from "./PackedInt80.sol";
import {SCALE} from "./Scale.sol";

/// @title Dense data and their weights, three to a slot
/// @notice The arithmetic of a slot; the loops over slots differ between contracts.
library DenseWeights {
    using PackedInt80 for uint256;

    /// @dev The number of weights in a slot.
    uint256 internal constant LANES = 3;

    /// @dev The size of the features that belong to a slot, in bytes of calldata.
    uint256 internal constant STRIDE = LANES * DenseData.FEATURE;

    /// @notice What the features of a slot add to the score and to the squared norm.
    /// @param word The slot.
    /// @param p Where its first feature stands in calldata.
    /// @param end Where the features end.
    /// @return products The sum of weights times features, at scale 10^18, below 2^144 in size.
    /// @return squares The sum of squares, scale 10^18, below 2^128.
    function terms(
        uint256 word,
        uint256 p,
        uint256 end
    ) internal pure returns (int256 products, uint256 squares) {
        // Safe: |w| <= 2^79 and |x| <= 2^63, so a product is at most 2^142 and a square at most 2^126.
        unchecked {
            int256 x0 = DenseData.load(p);
            int256 x1 = DenseData.loadOrZero(p + DenseData.FEATURE, end);
            int256 x2 = DenseData.loadOrZero(p + 2 * DenseData.FEATURE, end);
            DenseData.requireInt64(x0, x1, x2);
            products = word.get(0) * x0 + word.get(1) * x1 + word.get(2) * x2;
            squares = uint256(x0 * x0 + x1 * x1 + x2 * x2);
        }
    }

    /// @notice The weights of a slot, moved by x * rate / 10^9, rounded toward zero.
    /// @param word The slot.
    /// @param p Where its first feature stands in calldata.
    /// @param end Where the features end.
    /// @param rate The signed learning rate, scale 10^9, below 2^32 in size.
    /// @return The slot; `SafeCastOverflowedIntDowncast` for the first weight that leaves `int80`.
    function moved(
        uint256 word,
        uint256 p,
        uint256 end,
        int256 rate
    ) internal pure returns (uint256) {
        // Safe: |x| <= 2^63 and |rate| < 2^32, so products are below 2^96, and so are their sums with
        // |w| <= 2^79.
        unchecked {
            int256 x0 = DenseData.load(p);
            int256 x1 = DenseData.loadOrZero(p + DenseData.FEATURE, end);
            int256 x2 = DenseData.loadOrZero(p + 2 * DenseData.FEATURE, end);
            return
                PackedInt80.pack(
                    word.get(0) + (x0 * rate) / int256(uint256(SCALE)),
                    word.get(1) + (x1 * rate) / int256(uint256(SCALE)),
                    word.get(2) + (x2 * rate) / int256(uint256(SCALE))
                );
        }
    }
}
