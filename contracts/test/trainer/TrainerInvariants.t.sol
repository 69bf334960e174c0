// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Campaign} from "../support/Campaign.sol";
import {TrainerHandler} from "./TrainerHandler.sol";

/// @title The money of trainers, self-assessed and with points, of sponsors and of pools
contract TrainerInvariants is Campaign {
    TrainerHandler private _handler;

    /// @notice Deploys the handler.
    function setUp() external {
        _handler = new TrainerHandler();
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = TrainerHandler.add.selector;
        selectors[1] = TrainerHandler.addFor.selector;
        selectors[2] = TrainerHandler.refund.selector;
        selectors[3] = TrainerHandler.report.selector;
        selectors[4] = TrainerHandler.claimUnknown.selector;
        selectors[5] = TrainerHandler.usePool.selector;
        selectors[6] = TrainerHandler.wait.selector;
        selectors[7] = TrainerHandler.change.selector;
        _setTarget(address(_handler), selectors);
    }

    /// @notice After a run all money can be taken.
    function afterInvariant() external {
        _handler.sweep();
        _handler.check();
        _handler.writeTally(_tallyOf("trainer"));
    }

    /// @notice After every call, accepted or rejected, money and records are what the rules say.
    function invariant_money() external view {
        _handler.check();
    }
}
