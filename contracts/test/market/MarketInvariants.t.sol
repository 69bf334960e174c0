// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Campaign} from "../support/Campaign.sol";
import {MarketHandler} from "./MarketHandler.sol";

/// @title The money of prediction markets
contract MarketInvariants is Campaign {
    MarketHandler private _handler;

    /// @notice Deploys the handler.
    function setUp() external {
        _handler = new MarketHandler();
        bytes4[] memory selectors = new bytes4[](7);
        selectors[0] = MarketHandler.wait.selector;
        selectors[1] = MarketHandler.change.selector;
        selectors[2] = MarketHandler.provide.selector;
        selectors[3] = MarketHandler.contribute.selector;
        selectors[4] = MarketHandler.step.selector;
        selectors[5] = MarketHandler.expire.selector;
        selectors[6] = MarketHandler.collect.selector;
        _setTarget(address(_handler), selectors);
    }

    /// @notice After a run all money can be taken.
    function afterInvariant() external {
        _handler.sweep();
        _handler.check();
        _handler.writeTally(_tallyOf("market"));
    }

    /// @notice After every call, accepted or rejected, money and records are what the rules say.
    function invariant_money() external view {
        _handler.check();
    }
}
