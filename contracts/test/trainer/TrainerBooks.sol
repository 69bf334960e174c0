// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Books of a trainer, kept by the rules of the design and by nothing else
/// @notice Says what each call must do, from what was called before; never asks the contracts. Written plainly: every
/// rule once, no storage saved.
abstract contract TrainerBooks {
    /// @notice What the trainer was deployed with.
    /// @param hasMoney Whether contributions cost money.
    /// @param weight The cost weight, in wei.
    /// @param refundWait Before refunds and reports, in seconds.
    /// @param ownerWait Before the owner takes what is left, in seconds.
    /// @param anyoneWait Before anyone does, in seconds.
    struct Terms {
        bool hasMoney;
        uint256 weight;
        uint256 refundWait;
        uint256 ownerWait;
        uint256 anyoneWait;
    }

    /// @notice A contribution.
    /// @param author Whose data.
    /// @param payer Whose money.
    /// @param isSponsored Whether by a sponsor, who may be the author.
    /// @param data The features.
    /// @param label Their label.
    /// @param time When, in seconds since 1970.
    /// @param deposit In wei.
    /// @param left What is left of it, in wei.
    /// @param numClaims How often it was claimed.
    struct Contribution {
        address author;
        address payer;
        bool isSponsored;
        int64[] data;
        uint64 label;
        uint256 time;
        uint256 deposit;
        uint256 left;
        uint256 numClaims;
    }

    /// @notice The fee of a contribution that the pool remembers.
    /// @param payee Whose; 0 where there is none.
    /// @param amount In wei.
    /// @param isDue Whether the contribution was validated.
    struct Fee {
        address payee;
        uint256 amount;
        bool isDue;
    }

    Terms internal _terms;

    Contribution[] internal _contributions;

    /// @dev Which contribution a key belongs to, counted from 1.
    mapping(bytes32 key => uint256 number) internal _numbers;

    mapping(bytes32 key => mapping(address claimer => bool hasClaimed)) internal _claimed;

    mapping(bytes32 key => Fee fee) internal _fees;

    mapping(address account => uint256 count) internal _valid;

    uint256 internal _totalValid;

    uint256 internal _lastTime;

    /// @dev What the model predicts, and whether it refuses to predict or to learn.
    uint64 internal _prediction;
    bool internal _refusesToPredict;
    bool internal _refusesToLearn;

    /// @notice The key of a contribution.
    /// @param c The contribution.
    /// @return The key.
    function _keyOf(Contribution memory c) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(c.data, c.label, c.time, c.author));
    }

    /// @notice What a contribution costs now.
    /// @return In wei.
    function _cost() internal view returns (uint256) {
        if (_terms.weight == 0) return 0;
        uint256 root = 1;
        while ((root + 1) * (root + 1) <= block.timestamp - _lastTime) ++root;
        return (_terms.weight * 3600) / root;
    }

    /// @notice Whether a contribution may be added now, as far as others do not matter.
    /// @param c The contribution.
    /// @return Whether it may.
    function _canAdd(Contribution memory c) internal view returns (bool) {
        uint256 number = _numbers[_keyOf(c)];
        return !_refusesToLearn && (number == 0 || _contributions[number - 1].left == 0);
    }

    /// @notice Whether the deposit of a contribution must go back.
    /// @param c The contribution.
    /// @param caller Who asks.
    /// @return Whether it must.
    function _canRefund(Contribution memory c, address caller) internal view returns (bool) {
        return
            (caller == c.author || (c.isSponsored && caller == c.payer)) &&
            !_claimed[_keyOf(c)][c.author] &&
            (c.left > 0 || !_terms.hasMoney) &&
            block.timestamp >= c.time + _terms.refundWait &&
            !_refusesToPredict &&
            _prediction == c.label;
    }

    /// @notice Whether a long wait lets a reporter take all that is left.
    /// @param c The contribution.
    /// @param byOwner Whether the reporter is the owner.
    /// @return Whether it does.
    function _isAbandoned(Contribution memory c, bool byOwner) internal view returns (bool) {
        uint256 wait = byOwner ? _terms.ownerWait : _terms.anyoneWait;
        return _terms.hasMoney && block.timestamp >= c.time + wait;
    }

    /// @notice Whether a report must be accepted, and what it earns.
    /// @param c The contribution.
    /// @param caller Who reports.
    /// @param byOwner Whether that is the owner.
    /// @return can Whether it must.
    /// @return reward In wei.
    function _reportOf(
        Contribution memory c,
        address caller,
        bool byOwner
    ) internal view returns (bool can, uint256 reward) {
        if (_terms.hasMoney && c.left == 0) return (false, 0);
        if (_isAbandoned(c, byOwner)) return (true, c.left);
        can =
            caller != c.author &&
            !_claimed[_keyOf(c)][caller] &&
            block.timestamp >= c.time + _terms.refundWait &&
            !_refusesToPredict &&
            _prediction != c.label &&
            _valid[caller] > 0;
        if (!can || !_terms.hasMoney) return (can, 0);
        reward = (c.deposit * _valid[caller]) / _totalValid;
        if (reward == 0 || reward > c.left) reward = c.left;
    }

    /// @notice Writes a contribution down.
    /// @param c The contribution.
    function _writeAdd(Contribution memory c) internal {
        bytes32 key = _keyOf(c);
        _lastTime = block.timestamp;
        if (_numbers[key] == 0) {
            _contributions.push(c);
            _numbers[key] = _contributions.length;
        } else {
            _contributions[_numbers[key] - 1] = c;
        }
    }

    /// @notice Writes a claim down.
    /// @param number Of the contribution, from 0 on.
    /// @param claimer Who claims.
    /// @param amount What is paid, in wei.
    function _writeClaim(uint256 number, address claimer, uint256 amount) internal {
        Contribution storage c = _contributions[number];
        c.left -= amount;
        ++c.numClaims;
        _claimed[_keyOf(c)][claimer] = true;
    }
}
