// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a wallet calls when money comes in, to act before its sender has finished
interface IReentrant {
    /// @notice Acts.
    function reenter() external;
}

/// @title An actor that is a contract, and takes money as it pleases
contract Wallet {
    /// @notice What happens when money comes in.
    enum Temper {
        Accepts,
        Refuses,
        BurnsGas,
        Reenters
    }

    address private immutable _master;

    /// @notice What happens when money comes in.
    Temper public temper;

    bytes32 private _approved;

    /// @notice The deployer decides.
    constructor() {
        _master = msg.sender;
    }

    /// @notice Takes money, or not.
    receive() external payable {
        if (temper == Temper.Refuses) revert("refused");
        // Takes all gas of the call along.
        if (temper == Temper.BurnsGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (temper == Temper.Reenters) IReentrant(_master).reenter();
    }

    /// @notice Changes the temper.
    /// @param next See {temper}.
    function setTemper(Temper next) external {
        temper = next;
    }

    /// @notice Signs a digest, as ERC-1271 has it, and takes back what it signed before.
    /// @param digest The digest, or 0.
    function approve(bytes32 digest) external {
        _approved = digest;
    }

    /// @notice Calls a contract; reverts as it does.
    /// @param target The contract.
    /// @param value What to send, in wei.
    /// @param data The calldata.
    function execute(address target, uint256 value, bytes calldata data) external {
        (bool success, bytes memory result) = target.call{value: value}(data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(result, 0x20), mload(result))
        }
    }

    /// @notice See ERC-1271.
    /// @param digest The digest.
    /// @return The selector of this function where the digest was approved.
    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return digest == _approved ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}
