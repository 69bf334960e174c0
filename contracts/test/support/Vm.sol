// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What the tests use of forge's cheatcodes
interface Vm {
    /// @notice The next call comes from an address.
    /// @param sender The address.
    /// @param origin The `tx.origin`.
    function prank(address sender, address origin) external;

    /// @notice Sets the time.
    /// @param timestamp In seconds since 1970.
    function warp(uint256 timestamp) external;

    /// @notice Sets the number of the block.
    /// @param number The number.
    function roll(uint256 number) external;

    /// @notice Sets the randomness of the block.
    /// @param value The randomness.
    function prevrandao(uint256 value) external;

    /// @notice Sets the gas price of the transaction.
    /// @param price In wei.
    function txGasPrice(uint256 price) external;

    /// @notice Sets a balance.
    /// @param account Whose.
    /// @param balance In wei.
    function deal(address account, uint256 balance) external;

    /// @notice Signs a digest.
    /// @param privateKey The key.
    /// @param digest The digest.
    /// @return v Of the signature.
    /// @return r Of the signature.
    /// @return s Of the signature.
    function sign(
        uint256 privateKey,
        bytes32 digest
    ) external pure returns (uint8 v, bytes32 r, bytes32 s);

    /// @notice Reads a file.
    /// @param path From the directory of foundry.toml.
    /// @return text Its text.
    function readFile(string calldata path) external view returns (string memory text);

    /// @notice Appends a line to a file.
    /// @param path From the directory of foundry.toml.
    /// @param line The line.
    function writeLine(string calldata path, string calldata line) external;

    /// @notice The address of a key.
    /// @param privateKey The key.
    /// @return account The address.
    function addr(uint256 privateKey) external pure returns (address account);

    /// @notice The bytes that a JSON text has in hexadecimal digits.
    /// @param json The text.
    /// @param key Where, as `.name`.
    /// @return value The bytes.
    function parseJsonBytes(
        string calldata json,
        string calldata key
    ) external pure returns (bytes memory value);
}

/// @dev Where forge answers: the low 20 bytes of keccak256("hevm cheat code").
Vm constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
