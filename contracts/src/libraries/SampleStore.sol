// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26 <0.9.0;

/// @title Labelled samples, each kept as the code of an account of its own
/// @notice Code costs 200 gas a byte to keep and 3 a word to read, storage 690 a byte and 66. A sample is
/// written once and read in every replay.
/// @dev The code is a STOP, so that nobody can run it, the label and the features, eight bytes each, the most
/// significant first.
library SampleStore {
    /// @dev Returns what follows it as code: PUSH2 size, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN; then
    /// the STOP of that code.
    uint256 private constant CREATION = 0x61000080600a5f395ff300;

    /// @dev The size of {CREATION} in bytes.
    uint256 private constant CREATION_BYTES = 11;

    /// @dev Where the size stands in {CREATION}, in bits from its end.
    uint256 private constant SIZE_SHIFT = 64;

    /// @dev The size of a label or a feature in bytes.
    uint256 private constant ITEM = 8;

    /// @notice A sample could not be kept: the transaction has too little gas.
    error SampleNotStored();

    /// @notice Keeps a sample.
    /// @param data Its features; few enough that their code has fewer than 2^16 bytes.
    /// @param label Its label.
    /// @return account Where it is kept.
    function write(int64[] calldata data, uint64 label) internal returns (address account) {
        uint256 size = 1 + ITEM + ITEM * data.length;
        uint256 creation = CREATION | (size << SIZE_SHIFT);
        // Safe: writes beyond the free memory pointer alone, without moving it, and reads what it has written.
        // The ABI decoder has checked that the array lies within calldata. Each word written carries its item
        // in the highest eight bytes; the next write begins right after them.
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, shl(sub(256, mul(8, CREATION_BYTES)), creation))
            let target := add(start, CREATION_BYTES)
            mstore(target, shl(192, label))
            let source := data.offset
            for {
                let end := add(source, shl(5, data.length))
            } lt(source, end) {
                source := add(source, 32)
            } {
                target := add(target, ITEM)
                mstore(target, shl(192, calldataload(source)))
            }
            account := create(0, start, sub(add(target, ITEM), start))
        }
        if (account == address(0)) revert SampleNotStored();
    }

    /// @notice Reads a sample.
    /// @param account Where {write} kept it.
    /// @return data Its features.
    /// @return label Its label.
    function read(address account) internal view returns (int64[] memory data, uint64 label) {
        uint256 numItems = account.code.length / ITEM; // the STOP is the rest
        data = new int64[](numItems - 1);
        // Safe: the code is copied beyond the free memory pointer, which need not move, for it is read before
        // anything else is written there. The features go into the array, which has a word for each.
        assembly ("memory-safe") {
            let source := mload(0x40)
            extcodecopy(account, source, 1, mul(numItems, ITEM))
            label := shr(192, mload(source))
            let target := add(data, 32)
            for {
                let end := add(source, mul(sub(numItems, 1), ITEM))
            } lt(source, end) {
                target := add(target, 32)
            } {
                source := add(source, ITEM)
                mstore(target, signextend(7, shr(192, mload(source))))
            }
        }
    }
}
