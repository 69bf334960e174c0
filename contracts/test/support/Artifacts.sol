// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VM} from "./Vm.sol";

/// @title Deploys what is shipped: the bytecode of dcai/artifacts
library Artifacts {
    /// @notice A constructor failed.
    /// @param name Of the contract.
    error NotDeployed(string name);

    /// @notice The creation code of a contract.
    /// @param name Of the contract.
    /// @return The code, without arguments.
    function creationCode(string memory name) internal view returns (bytes memory) {
        string memory artifact = VM.readFile(string.concat("../dcai/artifacts/", name, ".json"));
        return VM.parseJsonBytes(artifact, ".bytecode");
    }

    /// @notice Deploys a contract from its creation code; else `NotDeployed`.
    /// @param name Of the contract.
    /// @param code See {creationCode}.
    /// @param arguments Of the constructor, encoded.
    /// @return deployed Its address.
    function create(
        string memory name,
        bytes memory code,
        bytes memory arguments
    ) internal returns (address deployed) {
        bytes memory all = bytes.concat(code, arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(all, 0x20), mload(all))
        }
        if (deployed == address(0)) revert NotDeployed(name);
    }
}
