// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

/// @dev The fixed-point scale: a real number r is held as the integer nearest to r * 10^9.
uint32 constant SCALE = 10 ** 9;
