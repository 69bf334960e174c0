// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Tally} from "./Tally.sol";
import {VM} from "./Vm.sol";
import {IReentrant, Wallet} from "./Wallet.sol";

/// @title Several accounts, what each must have, and the dice
/// @notice Three have keys and take any money; three are contracts that may refuse it, burn the gas, or act again before
/// the payment is over. The balance that each must have, by the rules, is kept beside the one that it has.
abstract contract Actors is Tally, IReentrant {
    /// @dev What an actor has at first, in wei: more than it can spend in a run.
    uint256 internal constant WEALTH = 1e24;

    uint256 private constant NUM_KEYS = 3;

    /// @dev Less gas is not enough to act again with. The pool gives its payees less.
    uint256 private constant GAS_TO_REENTER = 10_000_000;

    /// @notice All actors.
    address[] public actors;

    /// @dev What each account must have, in wei.
    mapping(address account => uint256 balance) internal _due;

    mapping(address account => uint256 key) private _keys;

    uint256 private _dice;

    bool private _isNested;

    /// @notice A balance is not what the rules say.
    /// @param account Whose.
    /// @param due What it must be, in wei.
    /// @param actual What it is, in wei.
    error WrongBalance(address account, uint256 due, uint256 actual);

    /// @notice Money appeared or vanished.
    /// @param before How much there was, in wei.
    /// @param afterwards How much there is, in wei.
    error NotConserved(uint256 before, uint256 afterwards);

    /// @notice A call should have succeeded, or should not.
    /// @param data Its calldata.
    /// @param due Whether it should have succeeded.
    /// @param result What it returned.
    error WrongOutcome(bytes data, bool due, bytes result);

    constructor() {
        for (uint256 i = 1; i <= NUM_KEYS; ++i) {
            address account = VM.addr(i);
            _keys[account] = i;
            actors.push(account);
            actors.push(address(new Wallet()));
        }
        for (uint256 i = 0; i < actors.length; ++i) {
            VM.deal(actors[i], WEALTH);
            _due[actors[i]] = WEALTH;
        }
        _expect("actor: acts while paid");
        _expect("actor: refuses money");
    }

    /// @inheritdoc IReentrant
    function reenter() external {
        if (_isNested || gasleft() < GAS_TO_REENTER) return;
        _isNested = true;
        _note("actor: acts while paid");
        _actAgain(msg.sender);
        _isNested = false;
    }

    /// @notice Requires all balances to be as the rules say, and their sum to be what it was.
    /// @param contracts Those that hold money.
    function _checkBalances(address[] memory contracts) internal view {
        uint256 sum = 0;
        for (uint256 i = 0; i < actors.length; ++i) {
            sum += actors[i].balance;
        }
        for (uint256 i = 0; i < contracts.length; ++i) {
            sum += contracts[i].balance;
        }
        if (sum != actors.length * WEALTH) revert NotConserved(actors.length * WEALTH, sum);
        for (uint256 i = 0; i < actors.length; ++i) {
            _checkBalance(actors[i]);
        }
        for (uint256 i = 0; i < contracts.length; ++i) {
            _checkBalance(contracts[i]);
        }
    }

    /// @notice Changes the temper of a contract among the actors.
    function _changeTemper() internal {
        Wallet(payable(actors[2 * _roll(NUM_KEYS) + 1])).setTemper(Wallet.Temper(_roll(4)));
    }

    /// @notice Acts while a payment is under way.
    /// @param actor Who was paid.
    function _actAgain(address actor) internal virtual;

    /// @notice Calls as an actor; else `WrongOutcome`.
    /// @param actor Who.
    /// @param target What.
    /// @param value What is sent, in wei.
    /// @param data The calldata.
    /// @param due Whether it must succeed.
    function _call(
        address actor,
        address target,
        uint256 value,
        bytes memory data,
        bool due
    ) internal {
        (bool success, bytes memory result) = _try(actor, target, value, data);
        if (success != due) revert WrongOutcome(data, due, result);
    }

    /// @notice Calls as an actor.
    /// @param actor Who.
    /// @param target What.
    /// @param value What is sent, in wei.
    /// @param data The calldata.
    /// @return success Whether it succeeded.
    /// @return result What it returned.
    function _try(
        address actor,
        address target,
        uint256 value,
        bytes memory data
    ) internal returns (bool success, bytes memory result) {
        // A contract pays for its own transactions too (EIP-7702).
        VM.prank(actor, actor);
        if (_keys[actor] != 0) return target.call{value: value}(data);
        return actor.call(abi.encodeCall(Wallet.execute, (target, value, data)));
    }

    /// @notice Moves money in the books.
    /// @param from Who must have less.
    /// @param to Who must have more.
    /// @param amount In wei.
    function _move(address from, address to, uint256 amount) internal {
        _due[from] -= amount;
        _due[to] += amount;
    }

    /// @notice Begins to roll the dice; where an actor acts again it goes on with those that were thrown.
    /// @param seed Of the dice.
    function _seed(uint256 seed) internal {
        _dice = uint256(keccak256(abi.encode(seed, _dice)));
    }

    /// @notice Rolls the dice.
    /// @param sides How many sides they have.
    /// @return The result, from 0 on.
    function _roll(uint256 sides) internal returns (uint256) {
        _dice = uint256(keccak256(abi.encode(_dice)));
        return _dice % sides;
    }

    /// @notice One of the actors.
    /// @return Which.
    function _someone() internal returns (address) {
        return actors[_roll(actors.length)];
    }

    /// @notice Whether an actor takes an amount, as it is now.
    /// @param actor Which.
    /// @param amount In wei; 0 is not sent.
    /// @return Whether it does.
    function _accepts(address actor, uint256 amount) internal returns (bool) {
        if (amount == 0 || _keys[actor] != 0) return true;
        Wallet.Temper temper_ = Wallet(payable(actor)).temper();
        if (temper_ == Wallet.Temper.Accepts || temper_ == Wallet.Temper.Reenters) return true;
        _note("actor: refuses money");
        return false;
    }

    /// @notice The key of an actor.
    /// @param actor Which.
    /// @return The key; 0 where it is a contract.
    function _keyOf(address actor) internal view returns (uint256) {
        return _keys[actor];
    }

    /// @notice Requires a balance to be as the rules say.
    /// @param account Whose.
    function _checkBalance(address account) private view {
        if (account.balance != _due[account]) {
            revert WrongBalance(account, _due[account], account.balance);
        }
    }
}
