// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

import {IClassifier64} from "../interfaces/IClassifier64.sol";

/// @notice A sample in memory: the address of the word that holds its length; the features follow.
type Sample is uint256;

using Samples for Sample global;

/// @title A sample copied once, with room around it
/// @notice Everything that carries a sample, the key of a contribution, calls of the classifier and the event, is made
/// in place: what comes before the features is written before them, what comes after behind them. The compiler
/// would copy the features for each, one by one.
/// @dev The words are copied as they are. {IClassifier64.update} refuses one that is no sign-extended `int64`.
///
///     HEAD            | length | features ... | TAIL
///     ^ start           ^ Sample
library Samples {
    /// @dev Room for what comes before the length: at most the four words of the event.
    uint256 private constant HEAD = 0x80;

    /// @dev Room for what comes after the features: 60 bytes of the key, written in whole words.
    uint256 private constant TAIL = 0x60;

    /// @notice Copies a sample from calldata.
    /// @param data The sample.
    /// @return sample The copy.
    function load(int64[] calldata data) internal pure returns (Sample sample) {
        // Safe: takes fresh memory. The ABI decoder has checked that the array lies within calldata, so no size
        // overflows.
        assembly ("memory-safe") {
            let size := shl(5, data.length)
            sample := add(mload(0x40), HEAD)
            mstore(sample, data.length)
            calldatacopy(add(sample, 0x20), data.offset, size)
            mstore(0x40, add(add(sample, add(size, 0x20)), TAIL))
        }
    }

    /// @notice The key of a contribution: keccak256(abi.encodePacked(data, classification, addedTime, author)).
    /// @param sample The data.
    /// @param classification The label, below 2^64.
    /// @param addedTime When they were added, in seconds since 1970.
    /// @param author Who contributed them.
    /// @return result The key.
    function key(
        Sample sample,
        uint256 classification,
        uint256 addedTime,
        address author
    ) internal pure returns (bytes32 result) {
        // Safe: writes 72 bytes of the room behind the features. Packed, an element of an array takes a word, a
        // uint64 8 bytes and an address 20.
        assembly ("memory-safe") {
            let begin := add(sample, 0x20)
            let end := add(begin, shl(5, mload(sample)))
            mstore(end, shl(192, classification))
            mstore(add(end, 8), addedTime)
            mstore(add(end, 40), shl(96, author))
            result := keccak256(begin, sub(add(end, 60), begin))
        }
    }

    /// @notice The hash of the features: keccak256(abi.encodePacked(data)).
    /// @param sample The data.
    /// @return result The hash.
    function hash(Sample sample) internal pure returns (bytes32 result) {
        // Safe: writes nothing.
        assembly ("memory-safe") {
            result := keccak256(add(sample, 0x20), shl(5, mload(sample)))
        }
    }

    /// @notice Calls {IClassifier64.update}; reverts as it does.
    /// @param sample The data.
    /// @param classifier The classifier; must be a contract.
    /// @param classification The label, below 2^64.
    function update(Sample sample, IClassifier64 classifier, uint256 classification) internal {
        uint256 selector = uint32(IClassifier64.update.selector);
        // Safe: writes three words of the room before the length. A revert is passed on from free memory.
        assembly ("memory-safe") {
            mstore(sub(sample, 0x60), selector)
            mstore(sub(sample, 0x40), 0x40)
            mstore(sub(sample, 0x20), classification)
            let size := add(0x64, shl(5, mload(sample)))
            if iszero(call(gas(), classifier, 0, sub(sample, 0x44), size, 0, 0)) {
                let free := mload(0x40)
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
        }
    }

    /// @notice Calls {IClassifier64.predict}; reverts as it does.
    /// @param sample The data.
    /// @param classifier The classifier.
    /// @return prediction The label that it predicts.
    function predict(
        Sample sample,
        IClassifier64 classifier
    ) internal view returns (uint64 prediction) {
        uint256 selector = uint32(IClassifier64.predict.selector);
        // Safe: writes two words of the room before the length, and the result into scratch space. A revert is passed
        // on from free memory. What is no uint64 is refused, as the ABI decoder does.
        assembly ("memory-safe") {
            mstore(sub(sample, 0x40), selector)
            mstore(sub(sample, 0x20), 0x20)
            let size := add(0x44, shl(5, mload(sample)))
            if iszero(staticcall(gas(), classifier, sub(sample, 0x24), size, 0, 0x20)) {
                let free := mload(0x40)
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
            prediction := mload(0)
            if or(lt(returndatasize(), 0x20), shr(64, prediction)) {
                revert(0, 0)
            }
        }
    }

    /// @notice Emits AddData(int64[] d, uint64 c, uint256 t, address indexed sender, uint256 cost).
    /// @param sample The data, `d`.
    /// @param topic The hash of that signature.
    /// @param classification The label, `c`.
    /// @param author Who contributed them, `sender`.
    /// @param cost The deposit, in wei.
    function emitAddData(
        Sample sample,
        bytes32 topic,
        uint256 classification,
        address author,
        uint256 cost
    ) internal {
        // Safe: writes the four words of room before the length.
        assembly ("memory-safe") {
            let begin := sub(sample, 0x80)
            mstore(begin, 0x80)
            mstore(sub(sample, 0x60), classification)
            mstore(sub(sample, 0x40), timestamp())
            mstore(sub(sample, 0x20), cost)
            log2(begin, add(0xa0, shl(5, mload(sample))), topic, author)
        }
    }
}
