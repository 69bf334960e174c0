// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IncentiveMechanism} from "../../src/incentives/IncentiveMechanism.sol";
import {Points64} from "../../src/incentives/Points64.sol";
import {ReimbursementPool} from "../../src/incentives/ReimbursementPool.sol";
import {Stakeable64} from "../../src/incentives/Stakeable64.sol";
import {IReimbursementPool} from "../../src/interfaces/IReimbursementPool.sol";
import {CollaborativeTrainer64} from "../../src/trainer/CollaborativeTrainer64.sol";
import {DataHandler64} from "../../src/trainer/DataHandler64.sol";
import {Actors} from "../support/Actors.sol";
import {Artifacts} from "../support/Artifacts.sol";
import {VM} from "../support/Vm.sol";
import {Wallet} from "../support/Wallet.sol";
import {FickleModel} from "./FickleModel.sol";
import {TrainerBooks} from "./TrainerBooks.sol";

/// @title Calls everything of a trainer, its mechanism and its pool, in any order, and knows what must happen
/// @notice The first call of a run deploys a trainer, with terms that are rolled. Every call must succeed where the
/// books say so and there alone, and afterwards the contracts must agree with the books.
contract TrainerHandler is Actors, TrainerBooks {
    /// @notice What a signature is, and what is wrong with it.
    enum Flaw {
        None,
        Expired,
        OtherNonce,
        OtherLabel,
        OtherChain,
        OtherTrainer,
        OtherSigner,
        Cheap
    }

    bytes32 private constant CONTRIBUTION_TYPEHASH = keccak256(
        "Contribution(address trainer,bytes32 dataHash,uint64 classification,address contributor,uint256 nonce,uint256 deadline,uint256 maxDeposit)"
    );
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    uint256 private constant NUM_LABELS = 3;

    uint256 private constant START = 1_800_000_000;

    /// @dev Takes what is left after a run. No other actor takes part in that.
    address private constant SWEEPER = address(0x5eeb);

    CollaborativeTrainer64 private _trainer;
    DataHandler64 private _handler;
    IncentiveMechanism private _mechanism;
    FickleModel private _model;
    ReimbursementPool private _pool;

    bytes private _trainerCode = Artifacts.creationCode("CollaborativeTrainer64");
    bytes private _handlerCode = Artifacts.creationCode("DataHandler64");
    bytes private _stakeableCode = Artifacts.creationCode("Stakeable64");
    bytes private _pointsCode = Artifacts.creationCode("Points64");
    bytes private _poolCode = Artifacts.creationCode("ReimbursementPool");

    mapping(address account => uint256 nonce) private _nonces;

    uint256 private _maxFee;

    uint256 private _gasPrice = 1 gwei;

    /// @dev The contribution under way, whose fee the books do not know yet; and who pays for its transaction.
    bytes32 private _pendingKey;
    address private _pendingPayee;

    /// @notice A record differs from the books.
    /// @param what Of what.
    /// @param due What it must be.
    /// @param actual What it is.
    error WrongRecord(string what, uint256 due, uint256 actual);

    /// @notice Money that nobody can take.
    /// @param account What holds it.
    /// @param amount In wei.
    error Frozen(address account, uint256 amount);

    constructor() {
        _expect("add");
        _expect("add: refused");
        _expect("add: the same again");
        _expect("addFor");
        _expect("addFor: refused");
        _expect("refund");
        _expect("refund: refused");
        _expect("refund: to a sponsor");
        _expect("report: a share");
        _expect("report: all that is left");
        _expect("report: no money");
        _expect("report: refused");
        _expect("take: the owner");
        _expect("take: anyone");
        _expect("pool: pays");
        _expect("pool: owes");
        _expect("pool: pays later");
        _expect("pool: withdrawn");
        _expect("swept");
        VM.warp(START);
    }

    /// @notice Deploys a trainer where there is none yet.
    /// @param seed Of the dice.
    modifier begun(uint256 seed) {
        _seed(seed);
        if (address(_trainer) == address(0)) _deploy();
        _;
    }

    /// @notice Time goes by.
    /// @param seed Of the dice.
    function wait(uint256 seed) external begun(seed) {
        uint256[8] memory waits = [
            1,
            _roll(10),
            _roll(1 days),
            _terms.refundWait,
            _terms.refundWait,
            _terms.refundWait,
            _terms.ownerWait,
            (_roll(8) / 7) * _terms.anyoneWait
        ];
        VM.warp(block.timestamp + waits[_roll(waits.length)]);
    }

    /// @notice The model, or an actor, changes its mind.
    /// @param seed Of the dice.
    function change(uint256 seed) external begun(seed) {
        if (_roll(3) == 0) return _changeTemper();
        _prediction = uint64(_roll(NUM_LABELS));
        if (_contributions.length > 0 && _roll(2) == 0) _prediction = _someContribution().label;
        _refusesToPredict = _roll(16) == 0;
        _refusesToLearn = _roll(16) == 0;
        _model.setMood(_prediction, _refusesToPredict, _refusesToLearn);
    }

    /// @notice Somebody contributes.
    /// @param seed Of the dice.
    function add(uint256 seed) external begun(seed) {
        _add(_someone());
    }

    /// @notice Somebody contributes for somebody else, or without being allowed to.
    /// @param seed Of the dice.
    function addFor(uint256 seed) external begun(seed) {
        address sponsor = _someone();
        Contribution memory c = _newContribution(_someone(), sponsor, true);
        Flaw flaw = _roll(2) == 0 ? Flaw.None : Flaw(_roll(uint256(type(Flaw).max) + 1));
        uint256 value = _payment(c.deposit);
        uint256 maxDeposit = c.deposit + _roll(2);
        if (flaw == Flaw.Cheap && c.deposit > 0) maxDeposit = c.deposit - 1;
        uint256 deadline = block.timestamp + _roll(2);
        if (flaw == Flaw.Expired) deadline = block.timestamp - 1;
        bytes memory data = abi.encodeCall(
            CollaborativeTrainer64.addDataFor,
            (c.data, c.label, c.author, deadline, maxDeposit, _sign(c, deadline, maxDeposit, flaw))
        );
        bool isSigned = flaw == Flaw.None || (flaw == Flaw.Cheap && c.deposit == 0);
        bool can =
            isSigned && value >= c.deposit && _canAdd(c) && _accepts(sponsor, value - c.deposit);
        _note(can ? "addFor" : "addFor: refused");
        if (can) ++_nonces[c.author];
        _sendAdd(c, value, data, can);
    }

    /// @notice Somebody asks a deposit back.
    /// @param seed Of the dice.
    function refund(uint256 seed) external begun(seed) {
        if (_contributions.length == 0) return;
        uint256 number = _someNumber();
        uint64 label = _contributions[number].label;
        if (_roll(2) == 0) _waitAndLearn(number, label);
        _refund(number, _someone());
    }

    /// @notice Somebody reports data.
    /// @param seed Of the dice.
    function report(uint256 seed) external begun(seed) {
        if (_contributions.length == 0) return;
        address reporter = _someone();
        // Most others may not report.
        for (uint256 i = 0; i < 4 && _valid[reporter] == 0; ++i) {
            reporter = _someone();
        }
        uint256 number = _someNumber();
        uint64 label = _contributions[number].label;
        if (_roll(2) == 0) _waitAndLearn(number, label + 1);
        _report(number, reporter);
    }

    /// @notice Somebody claims what was never contributed.
    /// @param seed Of the dice.
    function claimUnknown(uint256 seed) external begun(seed) {
        Contribution memory c = _newContribution(_someone(), address(0), false);
        c.time -= 1 + _roll(2);
        if (_numbers[_keyOf(c)] != 0) return;
        bytes memory data =
            _roll(2) == 0
                ? abi.encodeCall(
                    CollaborativeTrainer64.refundFor,
                    (c.data, c.label, c.time, c.author)
                )
                : abi.encodeCall(
                    CollaborativeTrainer64.report,
                    (c.data, c.label, c.time, c.author)
                );
        _call(_someone(), address(_trainer), 0, data, false);
    }

    /// @notice Somebody uses the pool, or gas gets another price.
    /// @param seed Of the dice.
    function usePool(uint256 seed) external begun(seed) {
        if (address(_pool) == address(0)) return;
        uint256 action = _roll(6);
        if (action < 2) _fund();
        else if (action == 2) _claimFee();
        else if (action == 3) _setLimits();
        else if (action == 4) _withdraw();
        else _gasPrice = [uint256(0), 1, 1 gwei, type(uint64).max][_roll(4)];
    }

    /// @notice Requires balances and records to be as the books say.
    function check() external view {
        if (address(_trainer) == address(0)) return;
        address[] memory contracts = new address[](5);
        contracts[0] = address(_trainer);
        contracts[1] = address(_handler);
        contracts[2] = address(_mechanism);
        contracts[3] = address(_pool); // 0, with nothing, where there is none
        contracts[4] = SWEEPER;
        _checkBalances(contracts);
        uint256 left = 0;
        for (uint256 i = 0; i < _contributions.length; ++i) {
            _checkRecord(_contributions[i]);
            left += _contributions[i].left;
        }
        _require("money of the trainer", left, address(_trainer).balance);
        _require("validated in all", _totalValid, _mechanism.totalGoodDataCount());
        for (uint256 i = 0; i < actors.length; ++i) {
            address actor = actors[i];
            _require("validated", _valid[actor], _mechanism.numValidForAddress(actor));
            _require("nonce", _nonces[actor], _trainer.nonces(actor));
        }
        if (_terms.hasMoney) {
            _require("last update", _lastTime, Stakeable64(address(_mechanism)).lastUpdateTimeS());
        }
    }

    /// @notice Requires that all deposits can be taken after the longest wait, whatever the model does; and all that the
    /// pool has.
    function sweep() external {
        if (address(_trainer) == address(0)) return;
        _model.setMood(0, true, true);
        VM.warp(block.timestamp + _terms.anyoneWait);
        for (uint256 i = 0; i < _contributions.length; ++i) {
            Contribution memory c = _contributions[i];
            if (c.left == 0) continue;
            _note("swept");
            _move(address(_trainer), SWEEPER, c.left);
            _writeClaim(i, SWEEPER, c.left);
            VM.prank(SWEEPER, SWEEPER);
            _trainer.report(c.data, c.label, c.time, c.author);
        }
        if (address(_trainer).balance != 0) {
            revert Frozen(address(_trainer), address(_trainer).balance);
        }
        if (address(_pool) == address(0)) return;
        _move(address(_pool), SWEEPER, address(_pool).balance);
        VM.prank(_owner(), _owner());
        _pool.withdraw(SWEEPER, address(_pool).balance);
    }

    /// @inheritdoc Actors
    function _actAgain(address actor) internal override {
        _readFee();
        uint256 action = _roll(4);
        if (action == 0) return _add(actor);
        if (_contributions.length == 0) return;
        if (action == 1) _refund(_someNumber(), actor);
        else _report(_someNumber(), actor);
    }

    /// @notice Deploys a trainer.
    function _deploy() private {
        uint32[4] memory waits = [uint32(0), 1, 60, 1 days];
        uint80[6] memory weights = [uint80(0), 1, 3, 1009, 1 gwei + 7, 1 ether];
        uint32 refundWait = waits[_roll(4)];
        uint32 ownerWait = refundWait + waits[_roll(4)];
        uint32 anyoneWait = ownerWait + waits[_roll(4)];
        uint80 weight = weights[_roll(6)];
        bool hasMoney = _roll(5) != 0;
        _terms = Terms(hasMoney, hasMoney ? weight : 0, refundWait, ownerWait, anyoneWait);
        _lastTime = block.timestamp;

        _model = new FickleModel();
        _handler = DataHandler64(Artifacts.create("DataHandler64", _handlerCode, ""));
        if (hasMoney) {
            bytes memory arguments = abi.encode(refundWait, ownerWait, anyoneWait, weight);
            _mechanism = Stakeable64(Artifacts.create("Stakeable64", _stakeableCode, arguments));
        } else {
            uint64[] memory thresholds = new uint64[](1);
            string[] memory badges = new string[](1);
            thresholds[0] = 2;
            bytes memory arguments = abi.encode(
                refundWait,
                ownerWait,
                anyoneWait,
                thresholds,
                badges
            );
            _mechanism = Points64(Artifacts.create("Points64", _pointsCode, arguments));
        }
        bytes memory parts = abi.encode("", "", "", _handler, _mechanism, _model);
        _trainer = CollaborativeTrainer64(
            Artifacts.create("CollaborativeTrainer64", _trainerCode, parts)
        );
        _handler.transferOwnership(address(_trainer));
        _mechanism.transferOwnership(address(_trainer));
        if (_roll(4) != 0) _deployPool();
        _trainer.transferOwnership(_owner());
    }

    /// @notice Deploys a pool.
    function _deployPool() private {
        (uint32 maxGas, uint56 maxGasPrice) = _rollLimits();
        _maxFee = uint256(maxGas) * maxGasPrice;
        bytes memory arguments = abi.encode(_trainer, maxGas, maxGasPrice);
        _pool = ReimbursementPool(
            payable(Artifacts.create("ReimbursementPool", _poolCode, arguments))
        );
        _trainer.setReimbursementPool(IReimbursementPool(_pool));
        _pool.transferOwnership(_owner());
    }

    /// @notice Has the wait before claims go by, and the model predict a label.
    /// @param number Of the contribution that waits, from 0 on.
    /// @param label The label.
    function _waitAndLearn(uint256 number, uint64 label) private {
        uint256 end = _contributions[number].time + _terms.refundWait;
        if (block.timestamp < end) VM.warp(end);
        _prediction = label;
        _refusesToPredict = false;
        _model.setMood(_prediction, _refusesToPredict, _refusesToLearn);
    }

    /// @notice An actor contributes.
    /// @param author Who.
    function _add(address author) private {
        Contribution memory c = _newContribution(author, author, false);
        uint256 value = _payment(c.deposit);
        bool can = value >= c.deposit && _canAdd(c) && _accepts(author, value - c.deposit);
        _note(can ? "add" : "add: refused");
        if (can && _numbers[_keyOf(c)] != 0) _note("add: the same again");
        bytes memory data = abi.encodeCall(CollaborativeTrainer64.addData, (c.data, c.label));
        _sendAdd(c, value, data, can);
    }

    /// @notice Sends a contribution.
    /// @param c The contribution.
    /// @param value What is sent, in wei.
    /// @param data The calldata.
    /// @param can Whether it must succeed.
    function _sendAdd(Contribution memory c, uint256 value, bytes memory data, bool can) private {
        if (can) {
            _writeAdd(c);
            _move(c.payer, address(_trainer), c.deposit);
            _pendingKey = _keyOf(c);
            _pendingPayee = c.payer;
        }
        VM.txGasPrice(_gasPrice);
        _call(c.payer, address(_trainer), value, data, can);
        // Else forge would pay for gas that nobody has bought.
        VM.txGasPrice(0);
        _readFee();
    }

    /// @notice An actor asks a deposit back.
    /// @param number Of the contribution.
    /// @param caller Who asks, at times; most of the time the author or who paid.
    function _refund(uint256 number, address caller) private {
        Contribution memory c = _contributions[number];
        uint256 who = _roll(8);
        if (who < 4) caller = c.author;
        else if (who < 7) caller = c.payer;
        bool can = _canRefund(c, caller) && _accepts(c.payer, c.left);
        _note(can ? "refund" : "refund: refused");
        if (can) {
            if (c.isSponsored) _note("refund: to a sponsor");
            _writeClaim(number, c.author, c.left);
            ++_valid[c.author];
            ++_totalValid;
            _move(address(_trainer), c.payer, c.left);
            _reimburse(_keyOf(c));
        }
        bytes memory data =
            caller == c.author && _roll(2) == 0
                ? abi.encodeCall(CollaborativeTrainer64.refund, (c.data, c.label, c.time))
                : abi.encodeCall(
                    CollaborativeTrainer64.refundFor,
                    (c.data, c.label, c.time, c.author)
                );
        _call(caller, address(_trainer), 0, data, can);
    }

    /// @notice An actor reports data.
    /// @param number Of the contribution.
    /// @param caller Who reports.
    function _report(uint256 number, address caller) private {
        Contribution memory c = _contributions[number];
        bool byOwner = caller == _owner();
        (bool can, uint256 reward) = _reportOf(c, caller, byOwner);
        can = can && _accepts(caller, reward);
        if (!can) _note("report: refused");
        else if (_isAbandoned(c, false)) _note("take: anyone");
        else if (_isAbandoned(c, byOwner)) _note("take: the owner");
        else if (reward == 0) _note("report: no money");
        else _note(reward == c.left ? "report: all that is left" : "report: a share");
        if (can) {
            _writeClaim(number, caller, reward);
            _move(address(_trainer), caller, reward);
        }
        bytes memory data = abi.encodeCall(
            CollaborativeTrainer64.report,
            (c.data, c.label, c.time, c.author)
        );
        _call(caller, address(_trainer), 0, data, can);
    }

    /// @notice Somebody gives to the pool.
    function _fund() private {
        address donor = _someone();
        uint256 amount = _roll(3) * _maxFee;
        _move(donor, address(_pool), amount);
        _call(donor, address(_pool), amount, "", true);
    }

    /// @notice Somebody claims a fee that the pool owes, or does not.
    function _claimFee() private {
        if (_contributions.length == 0) return;
        bytes32 key = _keyOf(_someContribution());
        // One that is owed, if there is one.
        for (uint256 i = 0; i < _contributions.length && !_fees[key].isDue; ++i) {
            key = _keyOf(_contributions[i]);
        }
        Fee memory fee = _fees[key];
        bool can = fee.isDue && _canPoolPay(fee);
        if (can) {
            _note("pool: pays later");
            _payFee(key);
        }
        _call(_someone(), address(_pool), 0, abi.encodeCall(ReimbursementPool.claim, (key)), can);
    }

    /// @notice Somebody, the owner or not, sets the limits of the pool.
    function _setLimits() private {
        address caller = _roll(2) == 0 ? _owner() : _someone();
        bool can = caller == _owner();
        (uint32 maxGas, uint56 maxGasPrice) = _rollLimits();
        if (can) _maxFee = uint256(maxGas) * maxGasPrice;
        bytes memory data = abi.encodeCall(ReimbursementPool.setLimits, (maxGas, maxGasPrice));
        _call(caller, address(_pool), 0, data, can);
    }

    /// @notice Somebody, the owner or not, takes money out of the pool.
    function _withdraw() private {
        address caller = _roll(2) == 0 ? _owner() : _someone();
        address recipient = _someone();
        uint256 amount = _roll(3) * (_due[address(_pool)] / 4) + 1;
        bool can =
            caller == _owner() && amount <= _due[address(_pool)] && _accepts(recipient, amount);
        if (can) {
            _note("pool: withdrawn");
            _move(address(_pool), recipient, amount);
        }
        bytes memory data = abi.encodeCall(ReimbursementPool.withdraw, (recipient, amount));
        _call(caller, address(_pool), 0, data, can);
    }

    /// @notice Writes down what the pool does when a contribution is validated.
    /// @param key Of the contribution.
    function _reimburse(bytes32 key) private {
        Fee memory fee = _fees[key];
        if (fee.amount == 0 || fee.isDue) return;
        if (_canPoolPay(fee)) {
            _note("pool: pays");
            _payFee(key);
        } else {
            _note("pool: owes");
            _fees[key].isDue = true;
        }
    }

    /// @notice Writes down that the pool pays a fee.
    /// @param key Of the contribution.
    function _payFee(bytes32 key) private {
        _move(address(_pool), _fees[key].payee, _fees[key].amount);
        delete _fees[key];
    }

    /// @notice Copies the fee of the contribution under way into the books. Its gas is known to the pool alone; that it is
    /// within the limits, and belongs to who paid for the transaction, is required here.
    function _readFee() private {
        bytes32 key = _pendingKey;
        if (key == 0) return;
        _pendingKey = 0;
        if (address(_pool) == address(0) || _fees[key].payee != address(0)) return;
        (address payee, uint256 amount, ) = _pool.getFee(key);
        if (amount == 0) return;
        if (amount > _maxFee) revert WrongRecord("highest fee", _maxFee, amount);
        if (payee != _pendingPayee) {
            revert WrongRecord("payee", uint160(_pendingPayee), uint160(payee));
        }
        _fees[key] = Fee(payee, amount, false);
    }

    /// @notice Signs a contribution, well or not.
    /// @param c The contribution.
    /// @param deadline See {CollaborativeTrainer64}.
    /// @param maxDeposit See {CollaborativeTrainer64}.
    /// @param flaw What is wrong with it.
    /// @return signature The signature.
    function _sign(
        Contribution memory c,
        uint256 deadline,
        uint256 maxDeposit,
        Flaw flaw
    ) private returns (bytes memory signature) {
        bytes32 content = keccak256(
            abi.encode(
                CONTRIBUTION_TYPEHASH,
                flaw == Flaw.OtherTrainer ? address(this) : address(_trainer),
                keccak256(abi.encodePacked(c.data)),
                flaw == Flaw.OtherLabel ? c.label + 1 : c.label,
                c.author,
                flaw == Flaw.OtherNonce ? _otherNonce(c.author) : _nonces[c.author],
                deadline,
                maxDeposit
            )
        );
        bytes32 domain = keccak256(
            abi.encode(
                DOMAIN_TYPEHASH,
                keccak256("CollaborativeTrainer64"),
                keccak256("1"),
                flaw == Flaw.OtherChain ? block.chainid + 1 : block.chainid,
                address(_trainer)
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, content));
        uint256 key = _keyOf(c.author);
        if (key == 0) {
            Wallet(payable(c.author)).approve(flaw == Flaw.OtherSigner ? bytes32(0) : digest);
            return "";
        }
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(flaw == Flaw.OtherSigner ? key + 1 : key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @notice A nonce that is not the next one: used before or not yet due.
    /// @param account Whose.
    /// @return The nonce.
    function _otherNonce(address account) private returns (uint256) {
        uint256 nonce = _nonces[account];
        return nonce > 0 && _roll(2) == 0 ? nonce - 1 : nonce + 1;
    }

    /// @notice A contribution of some data, to be made now.
    /// @param author Whose data.
    /// @param payer Whose money.
    /// @param isSponsored Whether by a sponsor.
    /// @return c The contribution.
    function _newContribution(
        address author,
        address payer,
        bool isSponsored
    ) private returns (Contribution memory c) {
        c.author = author;
        c.payer = payer;
        c.isSponsored = isSponsored;
        c.data = new int64[](_roll(2));
        if (c.data.length > 0) c.data[0] = -1;
        c.label = uint64(_roll(NUM_LABELS));
        c.time = block.timestamp;
        c.deposit = c.left = _cost();
    }

    /// @notice What is sent with a contribution: too little, enough, or too much.
    /// @param cost What it costs, in wei.
    /// @return In wei.
    function _payment(uint256 cost) private returns (uint256) {
        uint256 way = _roll(8);
        if (way == 0 && cost > 0) return cost - 1;
        return way < 4 ? cost : cost + _roll(100);
    }

    /// @notice One of the contributions, one that can be claimed most of the time.
    /// @return number Its number, from 0 on.
    function _someNumber() private returns (uint256 number) {
        uint256 length = _contributions.length;
        number = _roll(length);
        // Of most others nothing is left.
        for (uint256 i = 0; i < 3 && _contributions[number].left == 0; ++i) {
            number = _roll(length);
        }
    }

    /// @notice One of the contributions.
    /// @return It.
    function _someContribution() private returns (Contribution memory) {
        return _contributions[_someNumber()];
    }

    /// @notice Limits for a pool.
    /// @return maxGas In units of gas.
    /// @return maxGasPrice In wei.
    function _rollLimits() private returns (uint32 maxGas, uint56 maxGasPrice) {
        uint32[4] memory gasLimits = [uint32(0), 100_000, 100_000, 10_000_000];
        uint56[4] memory prices = [uint56(0), 1, 1 gwei, 1 gwei];
        return (gasLimits[_roll(4)], prices[_roll(4)]);
    }

    /// @notice Whether the pool can pay a fee now.
    /// @param fee The fee.
    /// @return Whether it can.
    function _canPoolPay(Fee memory fee) private returns (bool) {
        return fee.amount <= _due[address(_pool)] && _accepts(fee.payee, fee.amount);
    }

    /// @notice Requires the record of a contribution to be as the books say.
    /// @param c The contribution.
    function _checkRecord(Contribution memory c) private view {
        bytes32 key = _keyOf(c);
        // Who has claimed is known for all in turn.
        address claimer = actors[block.timestamp % actors.length];
        (uint256 deposit, uint256 left, bool claimed, address payer) = _handler.getClaim(
            key,
            claimer,
            claimer == c.author
        );
        _require("has claimed", _toUint(_claimed[key][claimer]), _toUint(claimed));
        _require("deposit", c.deposit, deposit);
        _require("left", c.left, left);
        _require("payer", c.isSponsored ? uint160(c.payer) : 0, uint160(payer));
        if (address(_pool) == address(0)) return;
        (address payee, uint256 amount, bool isDue) = _pool.getFee(key);
        _require("payee of a fee", uint160(_fees[key].payee), uint160(payee));
        _require("fee", _fees[key].amount, amount);
        _require("fee is due", _toUint(_fees[key].isDue), _toUint(isDue));
    }

    /// @notice The owner of the trainer and the pool.
    /// @return An actor.
    function _owner() private view returns (address) {
        return actors[0];
    }

    /// @notice Requires a record to be as the books say; else `WrongRecord`.
    /// @param what Of what.
    /// @param due What it must be.
    /// @param actual What it is.
    function _require(string memory what, uint256 due, uint256 actual) private pure {
        if (due != actual) revert WrongRecord(what, due, actual);
    }

    /// @notice A truth value as a number.
    /// @param value The truth value.
    /// @return The number.
    function _toUint(bool value) private pure returns (uint256) {
        return value ? 1 : 0;
    }
}
