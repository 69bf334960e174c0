// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PredictionMarket} from "../../src/incentives/PredictionMarket.sol";
import {IRestorableClassifier64} from "../../src/interfaces/IRestorableClassifier64.sol";
import {Actors} from "../support/Actors.sol";
import {Artifacts} from "../support/Artifacts.sol";
import {VM} from "../support/Vm.sol";
import {FickleRestorable, FickleRules} from "./FickleRestorable.sol";
import {MarketBooks} from "./MarketBooks.sol";

/// @title Calls everything of a market, in any order, and knows what must happen
/// @notice A market is deployed, with terms that are rolled, where there is none or the last one is over and empty.
/// Every call must succeed where the books say so and there alone.
contract MarketHandler is Actors, MarketBooks {
    uint256 private constant NUM_PIECES = 3;

    uint256 private constant START = 1_800_000_000;

    /// @dev Takes what is left after a run.
    address private constant SWEEPER = address(0x5eeb);

    PredictionMarket private _market;
    FickleRestorable private _model;
    address private _provider;

    bytes private _marketCode = Artifacts.creationCode("PredictionMarket");

    PredictionMarket.Terms private _terms;

    /// @dev The phase of the books; participation that time has ended is still participation here.
    PredictionMarket.Phase private _phase;

    /// @dev Until when the phase may last, in seconds since 1970.
    uint256 private _deadline;

    uint256 private _commitBlock;
    uint256 private _endTime;
    bool private _isDrawn;
    uint256 private _drawn;
    Item[][NUM_PIECES] private _pieces;
    bool[NUM_PIECES] private _isRevealed;

    /// @dev Of a bounty that was forfeited: what there was, and the deposits that share what is left of it, in wei.
    uint256 private _forfeited;
    uint256 private _deposits;
    uint256 private _sharing;

    bool private _isPoisoned;

    /// @notice The market and the books differ.
    /// @param what In what.
    /// @param due What it must be.
    /// @param actual What it is.
    error WrongRecord(string what, uint256 due, uint256 actual);

    /// @notice A call that failed has changed something.
    error NotUndone();

    /// @notice Money that nobody can take.
    /// @param amount In wei.
    error Frozen(uint256 amount);

    constructor() {
        VM.warp(START);
        _expect("commit");
        _expect("draw");
        _expect("reveal: opens the market");
        _expect("reveal: the last piece");
        _expect("reveal: refused");
        _expect("contribute");
        _expect("contribute: refused");
        _expect("step");
        _expect("step: the model fails");
        _expect("settled to the end");
        _expect("settled: somebody removed");
        _expect("expire: no reveal");
        _expect("expire: nobody contributed");
        _expect("expire: forfeited");
        _expect("expire: no steps");
        _expect("expire: refused");
        _expect("collect");
        _expect("collect: a forfeited bounty");
        _expect("collect: anybody");
        _expect("collect: refused");
        _expect("bounty: the provider");
        _expect("bounty: anybody");
        _expect("return the model");
        _expect("reentrant: refused");
    }

    /// @notice Deploys a market where none is under way.
    /// @param seed Of the dice.
    modifier begun(uint256 seed) {
        _seed(seed);
        if (address(_market) == address(0) || (_isOver() && _due[address(_market)] == 0)) _deploy();
        _;
    }

    /// @notice Blocks and time go by.
    /// @param seed Of the dice.
    function wait(uint256 seed) external begun(seed) {
        uint256[6] memory waits = [
            0,
            1,
            _roll(100),
            _roll(100),
            _roll(2) * _terms.participationTimeS,
            _roll(2) * _terms.anyAddressClaimWaitTimeS
        ];
        VM.warp(block.timestamp + waits[_roll(6)]);
        VM.roll(block.number + _roll(3));
        VM.prevrandao(_roll(type(uint256).max));
    }

    /// @notice The model breaks or is repaired, or an actor changes its mind.
    /// @param seed Of the dice.
    function change(uint256 seed) external begun(seed) {
        if (_roll(3) == 0) _model.setBroken(_roll(4) == 0);
        else _changeTemper();
    }

    /// @notice Somebody, mostly the provider, goes on with the test set.
    /// @param seed Of the dice.
    function provide(uint256 seed) external begun(seed) {
        address caller = _roll(8) == 0 ? _someone() : _provider;
        if (_roll(8) == 0) return _reveal(caller);
        if (_phase == PredictionMarket.Phase.Setup) _commit(caller);
        else if (!_isDrawn) _draw(caller);
        else _reveal(caller);
    }

    /// @notice Somebody contributes.
    /// @param seed Of the dice.
    function contribute(uint256 seed) external begun(seed) {
        if (_isTime(_phaseNow() == PredictionMarket.Phase.Participation)) _contribute(_someone());
        else _advance();
    }

    /// @notice Somebody has the market go on.
    /// @param seed Of the dice.
    function step(uint256 seed) external begun(seed) {
        if (!_isTime(_phase == PredictionMarket.Phase.Scoring)) return _advance();
        _step(_someone(), _roll(3) == 0 ? _roll(8) : 1 + _roll(1000));
    }

    /// @notice Somebody ends the market.
    /// @param seed Of the dice.
    function expire(uint256 seed) external begun(seed) {
        if (_isTime(false)) _expire(_someone());
        else _advance();
    }

    /// @notice Somebody takes what is theirs, or is not.
    /// @param seed Of the dice.
    function collect(uint256 seed) external begun(seed) {
        if (!_isTime(_isOver())) return _advance();
        uint256 what = _roll(6);
        if (what == 0) _collectBounty(_roll(2) == 0 ? _provider : _someone());
        else if (what == 1) _returnClassifier(_someone());
        else if (_isTime(_due[address(_market)] > _bounty)) _collect(_someone());
        else _advance();
    }

    /// @notice Requires balances and records to be as the books say.
    function check() external view {
        if (address(_market) == address(0)) return;
        address[] memory contracts = new address[](3);
        contracts[0] = address(_market);
        contracts[1] = address(_model);
        contracts[2] = SWEEPER;
        _checkBalances(contracts);
        int256 owed = _market.bounty();
        for (uint256 i = 0; i < _stakes.length; ++i) {
            PredictionMarket.Contribution memory c = _market.getContribution(i);
            owed += int256(uint256(c.balance));
            // While the market scores, the books do not know how far it has come.
            if (_phase == PredictionMarket.Phase.Scoring) continue;
            _require("balance", _stakes[i].balance, c.balance);
        }
        _require("what is owed", address(_market).balance, uint256(owed));
        _require("contributions", _stakes.length, _market.numContributions());
        _require("phase", uint256(_phaseNow()), uint256(_market.phase()));
        if (_phase == PredictionMarket.Phase.Scoring) return;
        _require("bounty", _bounty, uint256(_market.bounty()));
    }

    /// @notice Requires that the market can be ended after the waits, whatever its provider and its model do, and that all
    /// its money can be taken.
    function sweep() external {
        if (address(_market) == address(0) || _phase == PredictionMarket.Phase.Setup) return;
        _model.setBroken(true);
        if (_phase == PredictionMarket.Phase.Participation) VM.warp(_deadline);
        if (!_isOver()) {
            // To be settled needs no model.
            for (uint256 i = 0; i < _stakes.length && _isSettling(); ++i) {
                _step(actors[0], 1);
            }
            VM.warp(block.timestamp + _terms.commitTimeS + _terms.revealTimeS + _terms.idleTimeS);
            if (!_isOver()) _expire(actors[0]);
        }
        VM.warp(block.timestamp + _terms.anyAddressClaimWaitTimeS);
        uint256[] memory ids = new uint256[](1);
        for (; ids[0] < _stakes.length; ++ids[0]) {
            uint256 amount = _writeCollect(ids);
            if (amount == 0) continue;
            _move(address(_market), SWEEPER, amount);
            VM.prank(SWEEPER, SWEEPER);
            _market.collect(ids);
        }
        if (_bounty > 0) {
            _move(address(_market), SWEEPER, _bounty);
            _bounty = 0;
            VM.prank(SWEEPER, SWEEPER);
            _market.collectBounty();
        }
        if (address(_market).balance != 0) revert Frozen(address(_market).balance);
    }

    /// @inheritdoc Actors
    function _actAgain(address actor) internal override {
        _note("reentrant: refused");
        uint256[] memory ids = new uint256[](1);
        ids[0] = _stakes.length == 0 ? 0 : _roll(_stakes.length);
        bytes[5] memory calls = [
            abi.encodeCall(PredictionMarket.collect, (ids)),
            abi.encodeCall(PredictionMarket.collectBounty, ()),
            abi.encodeCall(PredictionMarket.returnClassifier, ()),
            abi.encodeCall(PredictionMarket.expire, ()),
            abi.encodeCall(PredictionMarket.step, (1))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            _call(actor, address(_market), 0, calls[i], false);
        }
    }

    /// @notice Whether to try what has its time, or has not: the latter now and then.
    /// @param isTime Whether it is time.
    /// @return Whether to try.
    function _isTime(bool isTime) private returns (bool) {
        return isTime || _roll(8) == 0;
    }

    /// @notice Does what comes next in a market that goes well.
    function _advance() private {
        PredictionMarket.Phase current = _phaseNow();
        if (current == PredictionMarket.Phase.Setup) {
            _commit(_provider);
        } else if (current == PredictionMarket.Phase.Commitment) {
            VM.roll(block.number + 1);
            if (block.timestamp >= _deadline) _expire(_someone());
            else if (_isDrawn) _reveal(_provider);
            else _draw(_someone());
        } else if (current == PredictionMarket.Phase.Participation) {
            _contribute(_someone());
        } else if (current == PredictionMarket.Phase.Reveal) {
            if (_isRevealOver()) _expire(_someone());
            else _reveal(_provider);
        } else if (current == PredictionMarket.Phase.Scoring) {
            _model.setBroken(false);
            _step(_someone(), 1 + _roll(1000));
        } else {
            VM.warp(block.timestamp + _terms.anyAddressClaimWaitTimeS);
            _collectBounty(actors[0]);
            _collect(actors[0]);
        }
    }

    /// @notice Deploys a market, whose books are empty.
    function _deploy() private {
        delete _stakes;
        delete _testSet;
        delete _isRevealed;
        _isDrawn = false;
        _isPoisoned = false;
        _phase = PredictionMarket.Phase.Setup;
        _provider = _someone();
        uint96[3] memory stakes = [uint96(1), 100, 1 ether];
        _rounds = 1 + _roll(20);
        _terms = PredictionMarket.Terms({
            minStake: stakes[_roll(3)],
            rounds: uint64(_rounds),
            maxContributions: uint32(1 + _roll(6)),
            commitTimeS: uint32(_roll(1000)),
            participationTimeS: uint32(_roll(1000)),
            revealTimeS: uint32(_roll(1000)),
            idleTimeS: uint32(_roll(1000)),
            anyAddressClaimWaitTimeS: uint32(_roll(1000))
        });
        for (uint256 i = 0; i < NUM_PIECES; ++i) {
            delete _pieces[i];
            uint256 size = 1 + _roll(3);
            for (uint256 j = 0; j < size; ++j) {
                _pieces[i].push(_rollItem());
            }
        }
        _model = new FickleRestorable();
        bytes memory arguments = abi.encode(_model, _terms);
        VM.prank(_provider, _provider);
        _market = PredictionMarket(Artifacts.create("PredictionMarket", _marketCode, arguments));
        _model.transferOwnership(address(_market));
    }

    /// @notice An actor commits to the test set.
    /// @param caller Who.
    function _commit(address caller) private {
        uint256[4] memory bounties = [uint256(0), 1, 1000 + _roll(1000), 1 ether];
        uint256 value = bounties[_roll(4)];
        bool can = caller == _provider && value > 0;
        bytes32[] memory hashes = new bytes32[](NUM_PIECES);
        for (uint256 i = 0; i < NUM_PIECES; ++i) {
            (int64[][] memory data, uint64[] memory labels) = _pieceOf(i);
            hashes[i] = keccak256(abi.encode(data, labels, bytes32(i)));
        }
        if (can) {
            _note("commit");
            _phase = PredictionMarket.Phase.Commitment;
            _deadline = block.timestamp + _terms.commitTimeS;
            _commitBlock = block.number;
            _bounty = value;
            _move(_provider, address(_market), value);
        }
        bytes memory data_ = abi.encodeCall(PredictionMarket.commit, (hashes));
        _call(caller, address(_market), value, data_, can);
    }

    /// @notice An actor draws a piece.
    /// @param caller Who.
    function _draw(address caller) private {
        bool can =
            _phase == PredictionMarket.Phase.Commitment &&
                block.timestamp < _deadline &&
                block.number > _commitBlock + 1;
        if (can) {
            _note("draw");
            _isDrawn = true;
            _drawn = block.prevrandao % NUM_PIECES;
        }
        bytes memory data = abi.encodeCall(PredictionMarket.drawPiece, ());
        _call(caller, address(_market), 0, data, can);
    }

    /// @notice An actor reveals a piece, the right one most of the time.
    /// @param caller Who.
    function _reveal(address caller) private {
        uint256 piece = _roll(NUM_PIECES);
        if (_phase == PredictionMarket.Phase.Commitment && _roll(8) != 0) piece = _drawn;
        for (uint256 i = 1; i < NUM_PIECES && _isRevealed[piece]; ++i) {
            piece = (piece + 1) % NUM_PIECES;
        }
        (int64[][] memory data, uint64[] memory labels) = _pieceOf(piece);
        bool isAltered = _roll(8) == 0;
        if (isAltered) data[0][0] ^= 1;
        bool opens = _phase == PredictionMarket.Phase.Commitment;
        bool can = !isAltered && !_isRevealed[piece];
        if (opens) can = can && _isDrawn && piece == _drawn && block.timestamp < _deadline;
        else can = can && _phaseNow() == PredictionMarket.Phase.Reveal && !_isRevealOver();
        if (can) _writeReveal(piece, opens);
        else _note("reveal: refused");
        bytes memory call = abi.encodeCall(
            PredictionMarket.revealPiece,
            (piece, data, labels, bytes32(piece))
        );
        _call(caller, address(_market), 0, call, can);
    }

    /// @notice Writes down that a piece was revealed.
    /// @param piece Which one.
    /// @param opens Whether that opens the market.
    function _writeReveal(uint256 piece, bool opens) private {
        _isRevealed[piece] = true;
        if (opens) {
            _note("reveal: opens the market");
            _phase = PredictionMarket.Phase.Participation;
            _deadline = block.timestamp + _terms.participationTimeS;
            return;
        }
        for (uint256 i = 0; i < _pieces[piece].length; ++i) {
            _testSet.push(_pieces[piece][i]);
        }
        if (!_isRevealed[0] || !_isRevealed[1] || !_isRevealed[2]) return;
        _note("reveal: the last piece");
        if (_stakes.length == 0 || _bounty < _rounds * _testSet.length) {
            _end(PredictionMarket.Phase.Ended);
        } else {
            _phase = PredictionMarket.Phase.Scoring;
            _deadline = block.timestamp + _terms.idleTimeS;
        }
    }

    /// @notice An actor contributes.
    /// @param caller Who.
    function _contribute(address caller) private {
        Item memory item = _rollItem();
        if (_roll(60) == 0) item.feature = FickleRules.POISON;
        uint256 value = _terms.minStake + _roll(3 * uint256(_terms.minStake));
        if (_roll(8) == 0) value = _terms.minStake - 1;
        bool can = _phaseNow() == PredictionMarket.Phase.Participation && value >= _terms.minStake;
        _note(can ? "contribute" : "contribute: refused");
        if (can) {
            _stakes.push(Stake(caller, item, value, value, false));
            _move(caller, address(_market), value);
            if (item.feature == FickleRules.POISON) _isPoisoned = true;
            if (_stakes.length == _terms.maxContributions) {
                _phase = PredictionMarket.Phase.Reveal;
                _deadline = block.timestamp + _terms.revealTimeS;
            }
        }
        int64[] memory data = new int64[](1);
        data[0] = item.feature;
        bytes memory call = abi.encodeCall(PredictionMarket.addData, (data, item.label));
        _call(caller, address(_market), value, call, can);
    }

    /// @notice An actor has the market go on.
    /// @param caller Who.
    /// @param maxUnits By how much.
    function _step(address caller, uint256 maxUnits) private {
        bytes memory data = abi.encodeCall(PredictionMarket.step, (maxUnits));
        if (_phase != PredictionMarket.Phase.Scoring || maxUnits == 0) {
            return _call(caller, address(_market), 0, data, false);
        }
        bytes32 before = keccak256(abi.encode(_market.progress(), _market.bounty()));
        bool mayFail = (_model.isBroken() && !_isSettling()) || _isPoisoned;
        if (_model.isBroken() && maxUnits > 1) mayFail = true;
        (bool success, bytes memory result) = _try(caller, address(_market), 0, data);
        if (!success) {
            if (!mayFail) revert WrongOutcome(data, true, result);
            _note("step: the model fails");
            if (before != keccak256(abi.encode(_market.progress(), _market.bounty()))) {
                revert NotUndone();
            }
            return;
        }
        _note("step");
        _deadline = block.timestamp + _terms.idleTimeS;
        if (_market.phase() != PredictionMarket.Phase.Ended) return;
        _note("settled to the end");
        PredictionMarket.Progress memory progress = _market.progress();
        if (progress.roundsLeft > 0) _require("remaining", 0, progress.numRemaining);
        _writeSettled(progress);
        _end(PredictionMarket.Phase.Ended);
    }

    /// @notice An actor ends the market.
    /// @param caller Who.
    function _expire(address caller) private {
        PredictionMarket.Phase current = _phaseNow();
        bool can = false;
        if (current == PredictionMarket.Phase.Commitment) {
            can = block.timestamp >= _deadline;
            if (can) _note("expire: no reveal");
        } else if (current == PredictionMarket.Phase.Reveal) {
            can = _stakes.length == 0 || _isRevealOver();
            if (can && _stakes.length == 0) _note("expire: nobody contributed");
            else if (can) _note("expire: forfeited");
        } else if (current == PredictionMarket.Phase.Scoring) {
            can = !_isSettling() && block.timestamp >= _deadline;
            if (can) {
                _note("expire: no steps");
                _writeSettled(_market.progress());
            }
        }
        if (can) {
            bool isForfeited = current == PredictionMarket.Phase.Reveal && _stakes.length > 0;
            _end(isForfeited ? PredictionMarket.Phase.Forfeited : PredictionMarket.Phase.Ended);
        } else {
            _note("expire: refused");
        }
        bytes memory data = abi.encodeCall(PredictionMarket.expire, ());
        _call(caller, address(_market), 0, data, can);
    }

    /// @notice An actor takes contributions.
    /// @param caller Who; one whose they are, half the time.
    function _collect(address caller) private {
        uint256[] memory ids = new uint256[](1 + _roll(2));
        for (uint256 i = 0; i < ids.length; ++i) {
            ids[i] = _someNumber();
        }
        if (ids[0] < _stakes.length && _roll(2) == 0) caller = _stakes[ids[0]].contributor;
        bool can = _isOver();
        bool isOwn = true;
        uint256 total = 0;
        for (uint256 i = 0; i < ids.length && can; ++i) {
            if (ids[i] >= _stakes.length) can = false;
            else if (_stakes[ids[i]].contributor != caller) isOwn = false;
        }
        can = can && (isOwn || _isUnclaimed());
        for (uint256 i = 0; i < ids.length && can; ++i) {
            total += _stakes[ids[i]].balance;
        }
        // The share of a bounty comes on top, so that this is 0 where all is.
        can = can && total > 0 && _accepts(caller, total);
        if (can) {
            _note("collect");
            if (!isOwn) _note("collect: anybody");
            if (_phase == PredictionMarket.Phase.Forfeited) _note("collect: a forfeited bounty");
            _move(address(_market), caller, _writeCollect(ids));
        } else {
            _note("collect: refused");
        }
        bytes memory data = abi.encodeCall(PredictionMarket.collect, (ids));
        _call(caller, address(_market), 0, data, can);
    }

    /// @notice An actor takes the bounty.
    /// @param caller Who.
    function _collectBounty(address caller) private {
        bool can =
            _phase == PredictionMarket.Phase.Ended &&
                (caller == _provider || _isUnclaimed()) &&
                _bounty > 0 &&
                _accepts(caller, _bounty);
        if (can) {
            _note(caller == _provider ? "bounty: the provider" : "bounty: anybody");
            _move(address(_market), caller, _bounty);
            _bounty = 0;
        }
        bytes memory data = abi.encodeCall(PredictionMarket.collectBounty, ());
        _call(caller, address(_market), 0, data, can);
    }

    /// @notice An actor returns the model, which then belongs to the provider and is handed back at once.
    /// @param caller Who.
    function _returnClassifier(address caller) private {
        if (!_isOver() || _model.isBroken() || _model.owner() != address(_market)) return;
        _note("return the model");
        bytes memory data = abi.encodeCall(PredictionMarket.returnClassifier, ());
        _call(caller, address(_market), 0, data, true);
        if (_model.owner() != _provider) {
            revert WrongRecord("owner", uint160(_provider), uint160(_model.owner()));
        }
    }

    /// @notice Writes down what was settled.
    /// @param progress How far the market says that it has come.
    function _writeSettled(PredictionMarket.Progress memory progress) private {
        if (_settle(progress.roundsLeft, progress.numRemaining) > 0) {
            _note("settled: somebody removed");
        }
    }

    /// @notice Writes down that the market has ended.
    /// @param how `Ended` or `Forfeited`.
    function _end(PredictionMarket.Phase how) private {
        _phase = how;
        _endTime = block.timestamp;
        if (how != PredictionMarket.Phase.Forfeited) return;
        _forfeited = _bounty;
        _deposits = 0;
        for (uint256 i = 0; i < _stakes.length; ++i) {
            _deposits += _stakes[i].stake;
        }
        _sharing = _deposits;
    }

    /// @notice Writes down that contributions were taken, with their shares of a forfeited bounty.
    /// @param ids Which; any but once at most counts.
    /// @return total What is paid, in wei.
    function _writeCollect(uint256[] memory ids) private returns (uint256 total) {
        for (uint256 i = 0; i < ids.length; ++i) {
            Stake storage stake = _stakes[ids[i]];
            uint256 amount = stake.balance;
            if (amount == 0) continue;
            stake.balance = 0;
            total += amount;
            if (_phase != PredictionMarket.Phase.Forfeited) continue;
            uint256 share = (_bounty * amount) / _sharing;
            // Whoever comes when: a wei for each other one is all that it makes.
            uint256 fair = (_forfeited * amount) / _deposits;
            if (share > fair + _stakes.length || share + _stakes.length < fair) {
                revert WrongRecord("share", fair, share);
            }
            _bounty -= share;
            _sharing -= amount;
            total += share;
        }
    }

    /// @notice One of the contributions, one that is not yet paid out most of the time; at times none.
    /// @return id Its number.
    function _someNumber() private returns (uint256 id) {
        id = _roll(_stakes.length + 1);
        for (uint256 i = 0; i < _stakes.length; ++i) {
            if (id < _stakes.length && _stakes[id].balance > 0) return id;
            id = _roll(_stakes.length);
        }
    }

    /// @notice A sample with a label.
    /// @return It.
    function _rollItem() private returns (Item memory) {
        int64 feature = _roll(20) == 0 ? FickleRules.REFUSED : int64(uint64(_roll(1000)));
        return Item(feature, uint64(_roll(2)));
    }

    /// @notice A piece of the test set, as the market takes it.
    /// @param piece Its number.
    /// @return data Its samples.
    /// @return labels Their labels.
    function _pieceOf(
        uint256 piece
    ) private view returns (int64[][] memory data, uint64[] memory labels) {
        uint256 size = _pieces[piece].length;
        data = new int64[][](size);
        labels = new uint64[](size);
        for (uint256 i = 0; i < size; ++i) {
            data[i] = new int64[](1);
            data[i][0] = _pieces[piece][i].feature;
            labels[i] = _pieces[piece][i].label;
        }
    }

    /// @notice The phase, as it is by the time.
    /// @return It.
    function _phaseNow() private view returns (PredictionMarket.Phase) {
        if (_phase == PredictionMarket.Phase.Participation && block.timestamp >= _deadline) {
            return PredictionMarket.Phase.Reveal;
        }
        return _phase;
    }

    /// @notice Whether it is too late to reveal, where participation is over.
    /// @return Whether it is.
    function _isRevealOver() private view returns (bool) {
        uint256 deadline = _deadline;
        if (_phase == PredictionMarket.Phase.Participation) deadline += _terms.revealTimeS;
        return block.timestamp >= deadline;
    }

    /// @notice Whether the market has ended.
    /// @return Whether it has.
    function _isOver() private view returns (bool) {
        return _phase == PredictionMarket.Phase.Ended || _phase == PredictionMarket.Phase.Forfeited;
    }

    /// @notice Whether anybody may take what was not collected.
    /// @return Whether they may.
    function _isUnclaimed() private view returns (bool) {
        return block.timestamp >= _endTime + _terms.anyAddressClaimWaitTimeS;
    }

    /// @notice Whether the market is in the middle of a settlement.
    /// @return Whether it is.
    function _isSettling() private view returns (bool) {
        return
            _phase == PredictionMarket.Phase.Scoring &&
            _market.progress().stage == PredictionMarket.Stage.Settle;
    }

    /// @notice Requires a record to be as the books say; else `WrongRecord`.
    /// @param what Of what.
    /// @param due What it must be.
    /// @param actual What it is.
    function _require(string memory what, uint256 due, uint256 actual) private pure {
        if (due != actual) revert WrongRecord(what, due, actual);
    }
}
