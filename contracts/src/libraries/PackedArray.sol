// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";

/// @title Storage arrays whose numbers share slots
/// @notice The compiler reads and writes such arrays number by number, paying for the slot each time.
/// Here a slot is read or written once.
/// @dev The layout is Solidity's own: the length in the array's slot, the numbers from
/// keccak256(slot) on, as many to a slot as fit whole, the first in the lowest bits. The arrays only
/// ever grow, so every bit past their end is 0.
library PackedArray {
    using SlotDerivation for bytes32;
    using StorageSlot for bytes32;

    /// @notice Appends numbers to an array.
    /// @param array The array.
    /// @param values The numbers.
    function append(int64[] storage array, int64[] memory values) internal {
        bytes32 slot;
        uint256[] memory words;
        // Safe: writes no memory. An array in memory holds one number a word, whatever its type.
        assembly ("memory-safe") {
            slot := array.slot
            words := values
        }
        _append(slot, words, 64);
    }

    /// @notice Appends numbers to an array.
    /// @param array The array.
    /// @param values The numbers.
    function append(int80[] storage array, int80[] memory values) internal {
        bytes32 slot;
        uint256[] memory words;
        // Safe: writes no memory. An array in memory holds one number a word, whatever its type.
        assembly ("memory-safe") {
            slot := array.slot
            words := values
        }
        _append(slot, words, 80);
    }

    /// @notice Appends numbers to an array.
    /// @param array The array.
    /// @param values The numbers.
    function append(uint32[] storage array, uint32[] memory values) internal {
        bytes32 slot;
        uint256[] memory words;
        // Safe: writes no memory. An array in memory holds one number a word, whatever its type.
        assembly ("memory-safe") {
            slot := array.slot
            words := values
        }
        _append(slot, words, 32);
    }

    /// @notice The slot of the first numbers of an array.
    /// @param array The array.
    /// @return slot The slot.
    function firstSlot(int64[] storage array) internal pure returns (bytes32 slot) {
        // Safe: touches no memory; a storage pointer is its slot.
        assembly ("memory-safe") {
            slot := array.slot
        }
        return slot.deriveArray();
    }

    /// @notice The slot of the first numbers of an array.
    /// @param array The array.
    /// @return slot The slot.
    function firstSlot(int80[] storage array) internal pure returns (bytes32 slot) {
        // Safe: touches no memory; a storage pointer is its slot.
        assembly ("memory-safe") {
            slot := array.slot
        }
        return slot.deriveArray();
    }

    /// @notice Appends the lowest `bits` bits of each word to an array whose numbers have that size.
    /// @param arraySlot The slot of the array's length.
    /// @param words The numbers.
    /// @param bits The size of a number.
    function _append(bytes32 arraySlot, uint256[] memory words, uint256 bits) private {
        if (words.length == 0) return;
        uint256 mask = (1 << bits) - 1;
        uint256 length = arraySlot.getUint256Slot().value;
        arraySlot.getUint256Slot().value = length + words.length;

        bytes32 slot = arraySlot.deriveArray().offset(length / (256 / bits));
        uint256 shift = bits * (length % (256 / bits));
        uint256 word = shift == 0 ? 0 : slot.getUint256Slot().value;
        // Safe: `shift` and `bits` are at most 256, `i` stays below the length of an array in memory, and no
        // array comes near the end of storage.
        unchecked {
            for (uint256 i = 0; i < words.length; ++i) {
                word |= (words[i] & mask) << shift;
                shift += bits;
                if (shift + bits > 256) {
                    // What was 0 and stays 0 need not be written.
                    if (word != 0) slot.getUint256Slot().value = word;
                    slot = slot.offset(1);
                    word = 0;
                    shift = 0;
                }
            }
        }
        if (word != 0) slot.getUint256Slot().value = word;
    }
}
