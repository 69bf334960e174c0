// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {DimensionMismatch} from "../interfaces/Errors.sol";
import {
    InsufficientPayment,
    NothingToClaim,
    PaymentFailed,
    TooEarly
} from "../interfaces/IncentiveErrors.sol";
import {IRestorableClassifier64} from "../interfaces/IRestorableClassifier64.sol";
import {
    AlreadyDrawn,
    AlreadyRevealed,
    ClassifierNotOwned,
    CommitmentMismatch,
    EmptyPiece,
    ModelFailed,
    NoBounty,
    NoSuchContribution,
    NoWork,
    NotDrawn,
    NotProvider,
    SampleTooLong,
    SettlementUnderway,
    TooEarlyToDraw,
    TooFewPieces,
    TooLate,
    UnknownPiece,
    WrongPhase,
    ZeroTerm
} from "../interfaces/MarketErrors.sol";
import {SampleStore} from "../libraries/SampleStore.sol";

/// @title A market for data that improve a model
/// @notice A provider stakes a bounty and commits to a test set. Contributors deposit a stake with each sample.
/// Then the samples are learned in order, and each gains or loses by what it did to the predictions of the test
/// set.
///
/// - **Commitment.** {commit} takes the bounty and the hashes of the pieces of the test set. {drawPiece} lets
///   the randomness of a later block choose a piece, which {revealPiece} must show before the market opens. That
///   piece scores nothing: everybody knows it.
/// - **Participation.** {addData} records samples; the model is not touched.
/// - **Reveal.** The provider reveals the other pieces, or forfeits the bounty to the contributors, by deposit.
/// - **Scoring**, by {step}. A replay restores the model, has it learn the samples in order, and counts after each
///   one that changed it how many predictions of the test set are correct. The score of a sample is the change of
///   that count. Then rounds are settled, as many at once as every sample can pay: in each, a balance moves by
///   score * {pointWei}, out of the bounty or into it. A sample that cannot pay the next round is removed, what is
///   left of its stake goes into the bounty, and the rest are replayed. It ends when all rounds are settled, or no
///   sample is left.
/// - **Ended.** {collect}, {collectBounty}, {returnClassifier}.
///
/// Rounding, everywhere: quotients are rounded toward zero, and what that leaves stays in the bounty. pointWei is
/// bounty / (rounds * testSetSize), so all rounds together cannot pay more than the bounty, whatever the scores.
///
/// Nothing waits for ever: {expire} ends a market whose provider or whose model does not go on, anybody may
/// {step}, and after a last wait anybody may take what was not collected.
///
/// @dev The randomness is `block.prevrandao` of the block that draws. Its proposer knows it one slot before and
/// could leave the block out, at the cost of its reward, so it has one retry for each slot in a row that is its
/// own. Whoever draws could wait for a block that suits him as long as nobody else draws: contributors should
/// have {drawPiece} called in the first block that allows it, and compare {drawBlock} with {commitBlock}.
///
/// The classifier is the provider's. Contributors must know its code, as that of this contract: a model that
/// lies can score as it likes, but cannot take a deposit that was never scored, nor stop the market from ending.
contract PredictionMarket is ReentrancyGuard {
    using SafeCast for uint256;

    /// @notice What happens at present.
    enum Phase {
        Setup,
        Commitment,
        Participation,
        Reveal,
        Scoring,
        Ended,
        Forfeited
    }

    /// @notice What a unit of work in the phase of scoring does.
    enum Stage {
        Baseline,
        Learn,
        Evaluate,
        Settle
    }

    /// @notice What the provider lays down before anybody takes part. Times are in seconds.
    /// @param minStake The least deposit for a sample, in wei; not 0.
    /// @param rounds In how many rounds the bounty is paid; not 0.
    /// @param maxContributions With so many samples participation closes; not 0.
    /// @param commitTimeS For the draw and the reveal of the drawn piece, from the commitment on.
    /// @param participationTimeS For contributions, from then on.
    /// @param revealTimeS For the other pieces, from the close of participation on.
    /// @param idleTimeS After so long without a {step} the market may be ended as it is.
    /// @param anyAddressClaimWaitTimeS So long after the end anybody may take what was not collected.
    struct Terms {
        uint96 minStake;
        uint64 rounds;
        uint32 maxContributions;
        uint32 commitTimeS;
        uint32 participationTimeS;
        uint32 revealTimeS;
        uint32 idleTimeS;
        uint32 anyAddressClaimWaitTimeS;
    }

    /// @notice A sample that was contributed.
    /// @param contributor Whose it is.
    /// @param balance Its stake as it stands, in wei; 0 once it is collected or lost.
    /// @param sample Where it is kept, see {SampleStore}.
    /// @param score Of the last replay that came to it: by how much it changed the number of correct predictions.
    /// @param isRemoved Whether its stake ran out.
    struct Contribution {
        address contributor;
        uint96 balance;
        address sample;
        int64 score;
        bool isRemoved;
    }

    /// @notice How far the scoring has come.
    /// @param stage What the next unit of work does.
    /// @param contribution Which contribution is next in this replay or settlement, or being evaluated.
    /// @param testSample Which sample of the test set is next.
    /// @param numCorrect How many predictions of this evaluation have been correct.
    /// @param previousCorrect The result of the last evaluation.
    /// @param initialCorrect The result for the initial model.
    /// @param numRemaining How many contributions have not been removed.
    /// @param roundsLeft How many rounds have not been settled.
    /// @param affordable How many of them every contribution scored so far in this replay can pay.
    struct Progress {
        Stage stage;
        uint32 contribution;
        uint32 testSample;
        uint32 numCorrect;
        uint32 previousCorrect;
        uint32 initialCorrect;
        uint32 numRemaining;
        uint64 roundsLeft;
        uint64 affordable;
    }

    /// @notice The most features of a sample. To learn as many, each for the first time, fits in a transaction.
    uint256 public constant MAX_SAMPLE_LENGTH = 512;

    /// @dev The drawn piece scores nothing, so there must be another.
    uint256 private constant MIN_PIECES = 2;

    /// @notice Who deployed the market, stakes the bounty and knows the test set.
    address public immutable provider;

    /// @notice The model, which the market must own from {commit} on.
    IRestorableClassifier64 public immutable classifier;

    /// @notice See {Terms}.
    Terms public terms;

    /// @dev The phase, but that participation may have ended with time; see {phase}.
    Phase private _phase;

    /// @notice Whether the model was left trained on all contributions that remain, as it is to be returned.
    bool public isModelFinal;

    /// @notice When the present phase is over unless it goes on before, in seconds since 1970. Of the phase of
    /// scoring: unless there is a {step} before.
    uint64 public deadline;

    /// @notice When the market ended, in seconds since 1970.
    uint64 public endTime;

    /// @notice The block of the commitment.
    uint64 public commitBlock;

    /// @notice The block of the draw, 0 before.
    uint64 public drawBlock;

    /// @notice The piece that was drawn.
    uint32 public drawnPiece;

    /// @notice How many pieces have been revealed.
    uint32 public numRevealed;

    /// @notice What is left of the bounty, in wei. It may be below 0 within a settlement, never after one.
    int256 public bounty;

    /// @notice All deposits in wei; once the bounty is forfeited, those that have not been collected.
    uint256 public totalDeposits;

    /// @notice What a correct prediction more is worth in each round, in wei.
    uint256 public pointWei;

    /// @notice The hashes of the pieces of the test set: keccak256(abi.encode(int64[][] data, uint64[] labels,
    /// bytes32 salt)).
    bytes32[] public pieces;

    /// @notice Whether a piece has been revealed.
    mapping(uint256 piece => bool isRevealed) public isRevealed;

    /// @dev The contributions, in order.
    Contribution[] private _contributions;

    /// @dev Where the samples of the test set are kept, in order of their reveal.
    address[] private _testSet;

    /// @dev See {progress}.
    Progress private _progress;

    /// @notice The provider has staked the bounty.
    /// @param pieces The hashes of the pieces.
    /// @param bounty In wei.
    event Committed(bytes32[] pieces, uint256 bounty);

    /// @notice A piece has been drawn.
    /// @param piece Which one.
    event PieceDrawn(uint256 piece);

    /// @notice A piece has been revealed; the calldata have it.
    /// @param piece Which one.
    /// @param numSamples How many samples it has.
    event PieceRevealed(uint256 piece, uint256 numSamples);

    /// @notice A sample has been contributed.
    /// @param d The sample.
    /// @param c Its label.
    /// @param t The time, in seconds since 1970.
    /// @param sender The contributor.
    /// @param cost The deposit, in wei.
    event AddData(int64[] d, uint64 c, uint256 t, address indexed sender, uint256 cost);

    /// @notice Rounds have been settled.
    /// @param rounds How many.
    /// @param roundsLeft How many are left.
    /// @param numCorrect How many predictions were correct after the last contribution.
    /// @param numRemaining How many contributions remain.
    event Settled(uint256 rounds, uint256 roundsLeft, uint256 numCorrect, uint256 numRemaining);

    /// @notice A contribution could not pay another round.
    /// @param contribution Its number.
    /// @param rest What was left of its stake and went into the bounty, in wei.
    event Removed(uint256 indexed contribution, uint256 rest);

    /// @notice The market has ended.
    /// @param phase How: `Ended` or `Forfeited`.
    /// @param bounty What is left of the bounty, in wei.
    event MarketEnded(Phase phase, uint256 bounty);

    /// @notice A contribution has been paid out.
    /// @param contribution Its number.
    /// @param recipient Who got it.
    /// @param amount In wei.
    event Collected(uint256 indexed contribution, address indexed recipient, uint256 amount);

    /// @notice What was left of the bounty has been paid out.
    /// @param recipient Who got it.
    /// @param amount In wei.
    event BountyCollected(address indexed recipient, uint256 amount);

    /// @notice The deployer becomes the provider. `ZeroTerm` where a term is 0 that must not be.
    /// @param model The model, with its initial state; its ownership is handed over before {commit}.
    /// @param conditions See {Terms}.
    constructor(IRestorableClassifier64 model, Terms memory conditions) {
        if (conditions.minStake == 0 || conditions.rounds == 0 || conditions.maxContributions == 0)
            revert ZeroTerm();
        provider = msg.sender;
        classifier = model;
        terms = conditions;
    }

    // -- Commitment -- //

    /// @notice Stakes the bounty, the value of the call, on a test set.
    /// @dev Errors in order: `NotProvider`, `WrongPhase`, `TooFewPieces`, `NoBounty`, `ClassifierNotOwned`,
    /// `SafeCastOverflowedUintDowncast`.
    /// @param hashes See {pieces}.
    function commit(bytes32[] calldata hashes) external payable nonReentrant {
        if (msg.sender != provider) revert NotProvider(msg.sender);
        _requirePhase(Phase.Setup);
        if (hashes.length < MIN_PIECES) revert TooFewPieces(hashes.length, MIN_PIECES);
        if (msg.value == 0) revert NoBounty();
        address owner = Ownable(address(classifier)).owner();
        if (owner != address(this)) revert ClassifierNotOwned(owner);
        msg.value.toUint96();

        _phase = Phase.Commitment;
        deadline = uint64(block.timestamp + terms.commitTimeS);
        commitBlock = uint64(block.number);
        bounty = int256(msg.value);
        pieces = hashes;
        emit Committed(hashes, msg.value);
    }

    /// @notice Draws the piece to be revealed first.
    /// @dev Errors in order: `WrongPhase`, `AlreadyDrawn`, `TooLate`, `TooEarlyToDraw`.
    function drawPiece() external nonReentrant {
        _requirePhase(Phase.Commitment);
        if (drawBlock != 0) revert AlreadyDrawn(drawnPiece);
        _requireInTime(deadline);
        // Who proposed the block of the commitment knew the randomness of the one after it.
        if (block.number <= commitBlock + 1) revert TooEarlyToDraw(commitBlock + 2);

        drawBlock = uint64(block.number);
        drawnPiece = uint32(block.prevrandao % pieces.length);
        emit PieceDrawn(drawnPiece);
    }

    /// @notice Reveals a piece of the test set: the drawn one to open the market, the others once participation
    /// is closed. The last one begins the scoring. Anybody may who knows the piece.
    /// @dev Errors in order: `WrongPhase`, `TooLate`, `UnknownPiece`, `NotDrawn` or `AlreadyRevealed`,
    /// `CommitmentMismatch`, `EmptyPiece`, `DimensionMismatch`, `SampleTooLong`.
    /// @param piece Its number.
    /// @param data Its samples.
    /// @param labels Their labels.
    /// @param salt What keeps others from guessing it.
    function revealPiece(
        uint256 piece,
        int64[][] calldata data,
        uint64[] calldata labels,
        bytes32 salt
    ) external nonReentrant {
        bool opens = _phase == Phase.Commitment;
        if (!opens) _requirePhase(Phase.Reveal);
        uint256 due = opens ? deadline : _revealDeadline();
        _requireInTime(due);
        if (piece >= pieces.length) revert UnknownPiece(piece, pieces.length);
        if (opens && (drawBlock == 0 || piece != drawnPiece)) revert NotDrawn(piece);
        if (isRevealed[piece]) revert AlreadyRevealed(piece);
        _requirePiece(piece, data, labels, salt);

        isRevealed[piece] = true;
        ++numRevealed;
        emit PieceRevealed(piece, data.length);
        if (opens) {
            _phase = Phase.Participation;
            deadline = uint64(block.timestamp + terms.participationTimeS);
            return;
        }
        for (uint256 i = 0; i < data.length; ++i) {
            _testSet.push(SampleStore.write(data[i], labels[i]));
        }
        if (numRevealed == pieces.length) {
            _beginScoring();
        } else {
            // What time has decided is written down.
            _phase = Phase.Reveal;
            deadline = uint64(due);
        }
    }

    // -- Participation -- //

    /// @notice Contributes a sample; the value of the call is its stake.
    /// @dev Errors in order: `WrongPhase`, `InsufficientPayment`, `SampleTooLong`,
    /// `SafeCastOverflowedUintDowncast` where more than 2^96 - 1 wei would be at stake in all.
    ///
    /// Whether the model accepts the sample is found out when it is learned: one that it refuses teaches nothing
    /// and scores 0.
    /// @param data The sample.
    /// @param classification Its label.
    function addData(int64[] calldata data, uint64 classification) external payable nonReentrant {
        _requirePhase(Phase.Participation);
        if (msg.value < terms.minStake) revert InsufficientPayment(terms.minStake, msg.value);
        _requireLength(data);
        uint256 deposits = totalDeposits + msg.value;
        (uint256(bounty) + deposits).toUint96();

        totalDeposits = deposits;
        _contributions.push(
            Contribution({
                contributor: msg.sender,
                balance: uint96(msg.value),
                sample: SampleStore.write(data, classification),
                score: 0,
                isRemoved: false
            })
        );
        if (_contributions.length == terms.maxContributions) {
            _phase = Phase.Reveal;
            deadline = uint64(block.timestamp + terms.revealTimeS);
        }
        emit AddData(data, classification, block.timestamp, msg.sender, msg.value);
    }

    // -- Scoring -- //

    /// @notice Does the next units of work, until the market has ended or `maxUnits` are done. A unit is a sample
    /// of the test set predicted, a contribution learned or passed over, or a balance settled. The result does not
    /// depend on how the work is cut.
    /// @dev Errors: `WrongPhase`, `NoWork`; `ModelFailed` where the gas was too little, or the model fails without
    /// a reason, and nothing is done.
    /// @param maxUnits The most units to do; at least 1.
    function step(uint256 maxUnits) external nonReentrant {
        _requirePhase(Phase.Scoring);
        if (maxUnits == 0) revert NoWork();
        deadline = uint64(block.timestamp + terms.idleTimeS);

        Progress memory p = _progress;
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        for (uint256 i = 0; i < maxUnits && _phase == Phase.Scoring; ++i) {
            if (p.stage == Stage.Settle) {
                _settle(p);
            } else if (p.stage == Stage.Learn) {
                _learn(p);
            } else {
                _evaluate(p);
            }
            // Nothing that a unit leaves in memory is used again: `p` stands before.
            Memory.unsafeSetFreeMemoryPointer(free);
        }
        _progress = p;
    }

    /// @notice Ends a market that does not go on: the drawn piece was not revealed in time; nobody contributed; the
    /// other pieces were not revealed in time, and the bounty is forfeited; nobody has stepped for long, and balances
    /// stay as last settled.
    /// @dev Errors: `WrongPhase`, `SettlementUnderway`, `TooEarly`.
    function expire() external nonReentrant {
        Phase current = phase();
        if (current == Phase.Commitment) {
            _requireSince(deadline);
            _end(Phase.Ended);
        } else if (current == Phase.Reveal) {
            if (_contributions.length == 0) return _end(Phase.Ended);
            _requireSince(_revealDeadline());
            _end(Phase.Forfeited);
        } else if (current == Phase.Scoring) {
            if (_progress.stage == Stage.Settle) revert SettlementUnderway();
            _requireSince(deadline);
            _end(Phase.Ended);
        } else {
            revert WrongPhase(uint8(current));
        }
    }

    // -- after the end -- //

    /// @notice Pays out contributions to the sender: his own, or, long after the end, anybody's.
    /// @dev Errors in order: `WrongPhase`; one by one `NoSuchContribution`, `TooEarly`; `NothingToClaim` where all
    /// balances are 0; `PaymentFailed`.
    /// @param ids Their numbers.
    function collect(uint256[] calldata ids) external nonReentrant {
        Phase current = phase();
        if (current != Phase.Forfeited) _requirePhase(Phase.Ended);
        uint256 total = 0;
        for (uint256 i = 0; i < ids.length; ++i) {
            if (ids[i] >= _contributions.length) {
                revert NoSuchContribution(ids[i], _contributions.length);
            }
            Contribution storage contribution = _contributions[ids[i]];
            if (msg.sender != contribution.contributor) _requireUnclaimed();
            uint256 amount = contribution.balance;
            if (amount == 0) continue;
            if (current == Phase.Forfeited) amount += _takeShare(amount);
            contribution.balance = 0;
            total += amount;
            emit Collected(ids[i], msg.sender, amount);
        }
        _pay(total);
    }

    /// @notice Pays what is left of the bounty to the provider or, long after the end, to anybody.
    /// @dev Errors in order: `WrongPhase`, `TooEarly`, `NothingToClaim`, `PaymentFailed`.
    function collectBounty() external nonReentrant {
        _requirePhase(Phase.Ended);
        if (msg.sender != provider) _requireUnclaimed();
        uint256 amount = uint256(bounty);
        bounty = 0;
        emit BountyCollected(msg.sender, amount);
        _pay(amount);
    }

    /// @notice Returns the model to the provider: trained on all contributions that remain where the scoring came to
    /// its end, else in its initial state. Before the commitment the provider alone may ask for it.
    /// @dev Errors: `WrongPhase`, and those of the model.
    function returnClassifier() external nonReentrant {
        Phase current = phase();
        if (current != Phase.Forfeited && (current != Phase.Setup || msg.sender != provider)) {
            _requirePhase(Phase.Ended);
        }
        if (!isModelFinal) classifier.restore();
        Ownable(address(classifier)).transferOwnership(provider);
    }

    // -- views -- //

    /// @notice How many contributions there are, removed ones too.
    /// @return The number.
    function numContributions() external view returns (uint256) {
        return _contributions.length;
    }

    /// @notice A contribution.
    /// @param id Its number.
    /// @return See {Contribution}.
    function getContribution(uint256 id) external view returns (Contribution memory) {
        return _contributions[id];
    }

    /// @notice The sample of a contribution.
    /// @param id Its number.
    /// @return data The sample.
    /// @return classification Its label.
    function getSample(
        uint256 id
    ) external view returns (int64[] memory data, uint64 classification) {
        return SampleStore.read(_contributions[id].sample);
    }

    /// @notice The number of pieces.
    /// @return The number.
    function numPieces() external view returns (uint256) {
        return pieces.length;
    }

    /// @notice How many samples score: those revealed after participation.
    /// @return The number.
    function testSetSize() external view returns (uint256) {
        return _testSet.length;
    }

    /// @notice How far the scoring has come.
    /// @return See {Progress}.
    function progress() external view returns (Progress memory) {
        return _progress;
    }

    /// @notice The phase at present.
    /// @return See {Phase}.
    function phase() public view returns (Phase) {
        if (_phase == Phase.Participation && block.timestamp >= deadline) return Phase.Reveal;
        return _phase;
    }

    // -- scoring, unit by unit -- //

    /// @notice The scoring begins, unless there is nothing that it could change.
    function _beginScoring() private {
        pointWei = uint256(bounty) / (uint256(terms.rounds) * _testSet.length);
        if (_contributions.length == 0 || pointWei == 0) return _end(Phase.Ended);
        _phase = Phase.Scoring;
        deadline = uint64(block.timestamp + terms.idleTimeS);
        _progress.numRemaining = uint32(_contributions.length);
        _progress.roundsLeft = terms.rounds;
    }

    /// @notice Predicts one sample of the test set; after the last one, scores the contribution that was learned.
    /// @param p How far the scoring has come.
    function _evaluate(Progress memory p) private {
        if (p.stage == Stage.Baseline && p.testSample == 0) classifier.restore();
        (int64[] memory data, uint64 label) = SampleStore.read(_testSet[p.testSample]);
        try classifier.predict(data) returns (uint64 prediction) {
            if (prediction == label) ++p.numCorrect;
        } catch (bytes memory reason) {
            // A sample that the model refuses is never correct.
            if (reason.length == 0) revert ModelFailed(p.contribution);
        }
        ++p.testSample;
        if (p.testSample < _testSet.length) return;

        uint32 numCorrect = p.numCorrect;
        p.testSample = 0;
        p.numCorrect = 0;
        if (p.stage == Stage.Baseline) {
            p.initialCorrect = numCorrect;
            _beginReplay(p);
        } else {
            int64 score = int64(uint64(numCorrect)) - int64(uint64(p.previousCorrect));
            p.previousCorrect = numCorrect;
            _score(p, score);
        }
    }

    /// @notice Begins to learn the contributions anew. The model itself is restored when it learns the first: a
    /// settlement does without it, so that no model keeps one from being finished.
    /// @param p How far the scoring has come.
    function _beginReplay(Progress memory p) private pure {
        p.stage = Stage.Learn;
        p.previousCorrect = p.initialCorrect;
        p.affordable = p.roundsLeft;
    }

    /// @notice Has the model learn the next contribution.
    /// @param p How far the scoring has come.
    function _learn(Progress memory p) private {
        Contribution storage contribution = _contributions[p.contribution];
        if (p.contribution == 0) classifier.restore();
        bool changed = false;
        if (!contribution.isRemoved) {
            (int64[] memory data, uint64 label) = SampleStore.read(contribution.sample);
            try classifier.learn(data, label) returns (bool isChanged) {
                changed = isChanged;
            } catch (bytes memory reason) {
                // What the model refuses teaches nothing. Without a reason it may be for want of gas.
                if (reason.length == 0) revert ModelFailed(p.contribution);
            }
        }
        if (changed) {
            p.stage = Stage.Evaluate;
        } else {
            _score(p, 0);
        }
    }

    /// @notice Notes the score of the contribution that was learned, and goes on to the next.
    /// @param p How far the scoring has come.
    /// @param score By how much it changed the number of correct predictions.
    function _score(Progress memory p, int64 score) private {
        Contribution storage contribution = _contributions[p.contribution];
        if (contribution.score != score) contribution.score = score;
        if (score < 0) {
            uint256 rounds = contribution.balance / _lossPerRound(score);
            if (rounds < p.affordable) p.affordable = uint64(rounds);
        }
        ++p.contribution;
        if (p.contribution == _contributions.length) {
            p.stage = Stage.Settle;
            p.contribution = 0;
        } else {
            p.stage = Stage.Learn;
        }
    }

    /// @notice Settles as many rounds as all can pay for one contribution, and removes it where it cannot pay
    /// another. After the last one, ends the market or begins another replay.
    /// @param p How far the scoring has come.
    function _settle(Progress memory p) private {
        _settleOne(p);
        ++p.contribution;
        if (p.contribution < _contributions.length) return;

        p.contribution = 0;
        p.roundsLeft -= p.affordable;
        emit Settled(p.affordable, p.roundsLeft, p.previousCorrect, p.numRemaining);
        if (p.roundsLeft == 0 || p.numRemaining == 0) {
            isModelFinal = p.numRemaining != 0;
            _end(Phase.Ended);
        } else {
            _beginReplay(p);
        }
    }

    /// @notice Settles for one contribution.
    /// @param p How far the scoring has come.
    function _settleOne(Progress memory p) private {
        Contribution storage contribution = _contributions[p.contribution];
        int256 score = contribution.score;
        if (score == 0) return;
        int256 moved = score * int256(pointWei) * int256(uint256(p.affordable));
        // Safe: never below 0, for all can pay the rounds; never above what was staked in all, an uint96.
        uint256 balance = uint256(int256(uint256(contribution.balance)) + moved);
        int256 left = bounty - moved;
        if (score < 0 && p.affordable < p.roundsLeft && balance < _lossPerRound(score)) {
            left += int256(balance);
            contribution.isRemoved = true;
            contribution.score = 0;
            --p.numRemaining;
            emit Removed(p.contribution, balance);
            balance = 0;
        }
        bounty = left;
        contribution.balance = uint96(balance);
    }

    // -- parts -- //

    /// @notice Ends the market.
    /// @param how `Ended` or `Forfeited`.
    function _end(Phase how) private {
        _phase = how;
        endTime = uint64(block.timestamp);
        emit MarketEnded(how, uint256(bounty));
    }

    /// @notice Takes a deposit's share off the forfeited bounty, in proportion to the deposits not yet collected: the
    /// last one to collect gets all that is left.
    /// @param deposit In wei.
    /// @return share In wei, rounded toward zero.
    function _takeShare(uint256 deposit) private returns (uint256 share) {
        share = Math.mulDiv(uint256(bounty), deposit, totalDeposits);
        bounty -= int256(share);
        totalDeposits -= deposit;
    }

    /// @notice Pays the sender. `NothingToClaim` where that is nothing; `PaymentFailed` where he refuses.
    /// @param amount In wei.
    function _pay(uint256 amount) private {
        if (amount == 0) revert NothingToClaim();
        // solhint-disable-next-line avoid-low-level-calls -- a receiver may need more gas than `transfer` gives
        (bool success, ) = msg.sender.call{value: amount}("");
        if (!success) revert PaymentFailed(msg.sender, amount);
    }

    // -- checks -- //

    /// @notice What a contribution pays in each round.
    /// @param score Its score, below 0.
    /// @return loss In wei; not 0.
    function _lossPerRound(int256 score) private view returns (uint256 loss) {
        return uint256(-score) * pointWei;
    }

    /// @notice Requires a phase; else `WrongPhase`.
    /// @param required The phase.
    function _requirePhase(Phase required) private view {
        Phase current = phase();
        if (current != required) revert WrongPhase(uint8(current));
    }

    /// @notice Requires that a time has not come; else `TooLate`.
    /// @param due The time.
    function _requireInTime(uint256 due) private view {
        if (block.timestamp >= due) revert TooLate(due);
    }

    /// @notice Requires that a time has come; else `TooEarly`.
    /// @param availableAt The time.
    function _requireSince(uint256 availableAt) private view {
        if (block.timestamp < availableAt) revert TooEarly(availableAt);
    }

    /// @notice Requires that the last wait is over; else `TooEarly`.
    function _requireUnclaimed() private view {
        _requireSince(uint256(endTime) + terms.anyAddressClaimWaitTimeS);
    }

    /// @notice When the pieces must be revealed, in the phase of their reveal.
    /// @return due The time; exclusive.
    function _revealDeadline() private view returns (uint256 due) {
        due = deadline;
        // Participation that ended with time: nobody has written down the next deadline.
        if (_phase == Phase.Participation) due += terms.revealTimeS;
    }

    /// @notice Requires a piece to be what the provider committed to, and of use.
    /// @param piece Its number.
    /// @param data Its samples.
    /// @param labels Their labels.
    /// @param salt Its salt.
    function _requirePiece(
        uint256 piece,
        int64[][] calldata data,
        uint64[] calldata labels,
        bytes32 salt
    ) private view {
        bytes32 actual = keccak256(abi.encode(data, labels, salt));
        if (actual != pieces[piece]) revert CommitmentMismatch(piece, pieces[piece], actual);
        if (data.length == 0) revert EmptyPiece(piece);
        if (labels.length != data.length) revert DimensionMismatch(data.length, labels.length);
        for (uint256 i = 0; i < data.length; ++i) {
            _requireLength(data[i]);
        }
    }

    /// @notice Requires a sample not to be too long; else `SampleTooLong`.
    /// @param data The sample.
    function _requireLength(int64[] calldata data) private pure {
        if (data.length > MAX_SAMPLE_LENGTH) revert SampleTooLong(data.length, MAX_SAMPLE_LENGTH);
    }
}
