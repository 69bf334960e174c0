// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

import {IClassifier64} from "../interfaces/IClassifier64.sol";
import {Claim, IIncentiveMechanism} from "../interfaces/IIncentiveMechanism.sol";
import {
    DepositTooHigh,
    InvalidSignature,
    NeitherContributorNorPayer,
    NoContract,
    NotEnoughGas,
    PaymentFailed,
    SignatureExpired
} from "../interfaces/IncentiveErrors.sol";
import {IReimbursementPool} from "../interfaces/IReimbursementPool.sol";
import {Sample, Samples} from "../libraries/Sample.sol";
import {TransactionGas} from "../libraries/TransactionGas.sol";
import {DataHandler64} from "./DataHandler64.sol";

/// @title A model that anyone may train
/// @notice Adding data takes three steps: the incentive mechanism says what it costs, the data handler records it, and
/// the model learns it. The data go out in an event. Deposits wait here, to be refunded or taken.
/// @dev Owns the other three contracts. Its own owner, at first the deployer, may take deposits that nobody claimed and
/// choose the pool. No call needs a guard against re-entrancy: money moves last, when all is written and emitted,
/// and nothing is read after it.
contract CollaborativeTrainer64 is Ownable, EIP712, Nonces {
    /// @dev What {addData} uses before it looks at the gas that is left, and after it has counted, where exactly the
    /// deposit is sent. Measured; a test compares the sum with the receipt, to the unit.
    uint256 private constant GAS_NOT_SEEN = 26_414;

    /// @dev What the pool may use to record a fee, and to pay one. It cannot make a contribution or a refund fail, nor dear.
    uint256 private constant RECORD_GAS = 50_000;
    uint256 private constant REIMBURSE_GAS = 150_000;

    bytes32 private constant CONTRIBUTION_TYPEHASH = keccak256(
        "Contribution(address trainer,bytes32 dataHash,uint64 classification,address contributor,uint256 nonce,uint256 deadline,uint256 maxDeposit)"
    );

    /// @notice Where contributions are recorded.
    DataHandler64 public immutable dataHandler;

    /// @notice What contributions cost and earn.
    IIncentiveMechanism public immutable incentiveMechanism;

    /// @notice The model.
    IClassifier64 public immutable classifier;

    /// @notice What pays back the fees of validated contributions; 0 where nothing does.
    IReimbursementPool public reimbursementPool;

    /// @notice The name of the model.
    string public name;

    /// @notice What the model is for.
    string public description;

    /// @notice How raw data become the features that the model takes.
    string public encoder;

    /// @notice Data were contributed.
    /// @param d The features.
    /// @param c The label.
    /// @param t When, in seconds since 1970.
    /// @param sender The author, also where a sponsor sent them.
    /// @param cost The deposit, in wei.
    event AddData(int64[] d, uint64 c, uint256 t, address indexed sender, uint256 cost);

    /// @notice A sponsor sent the contribution of an author, and paid for it.
    /// @param key Of the contribution.
    /// @param sponsor Who gets the deposit back.
    /// @param contributor The author.
    event Sponsored(bytes32 indexed key, address indexed sponsor, address indexed contributor);

    /// @notice A contribution was validated.
    /// @param key Of the contribution.
    /// @param recipient Who got the deposit back: the author or the sponsor.
    /// @param amount In wei.
    event Refund(bytes32 indexed key, address indexed recipient, uint256 amount);

    /// @notice A contribution was reported, or what was left of its deposit taken.
    /// @param key Of the contribution.
    /// @param reporter Who got the amount.
    /// @param amount In wei.
    event Report(bytes32 indexed key, address indexed reporter, uint256 amount);

    /// @notice Another pool pays from now on.
    /// @param pool The pool, or 0.
    event ReimbursementPoolSet(address indexed pool);

    /// @notice The deployer becomes the owner; and must make this contract the owner of the other three.
    /// @dev Errors: `NoContract`.
    /// @param modelName See {name}.
    /// @param modelDescription See {description}.
    /// @param dataEncoder See {encoder}.
    /// @param handler See {dataHandler}.
    /// @param mechanism See {incentiveMechanism}.
    /// @param model See {classifier}.
    constructor(
        string memory modelName,
        string memory modelDescription,
        string memory dataEncoder,
        DataHandler64 handler,
        IIncentiveMechanism mechanism,
        IClassifier64 model
    ) Ownable(msg.sender) EIP712("CollaborativeTrainer64", "1") {
        _requireContract(address(handler));
        _requireContract(address(mechanism));
        _requireContract(address(model));
        name = modelName;
        description = modelDescription;
        encoder = dataEncoder;
        dataHandler = handler;
        incentiveMechanism = mechanism;
        classifier = model;
    }

    /// @notice Chooses the pool. Fees that the one before remembers are no longer paid. Only the owner.
    /// @dev Errors: `NoContract`.
    /// @param pool The pool, or 0 for none.
    function setReimbursementPool(IReimbursementPool pool) external onlyOwner {
        if (address(pool) != address(0)) _requireContract(address(pool));
        reimbursementPool = pool;
        emit ReimbursementPoolSet(address(pool));
    }

    /// @notice Contributes data: pays the deposit, records them, trains the model. What was sent beyond the deposit comes
    /// back.
    /// @dev Errors in order: the mechanism's (`InsufficientPayment`), the handler's (`ContributionExists`), the
    /// classifier's, `NotEnoughGas` where there is a pool, `PaymentFailed`.
    /// @param data The features.
    /// @param classification The label.
    function addData(int64[] calldata data, uint64 classification) external payable {
        uint256 gasBefore = gasleft();
        uint256 cost = incentiveMechanism.handleAddData(msg.value);
        _add(gasBefore, Samples.load(data), classification, msg.sender, address(0), cost);
    }

    /// @notice Contributes data that someone else signed, and pays the deposit, which comes back to the caller.
    /// @dev Errors in order: `SignatureExpired`, `InvalidSignature`, the mechanism's, `DepositTooHigh`, then as {addData}.
    /// @param data The features.
    /// @param classification The label.
    /// @param contributor Who signed, and is the author; may be a contract (ERC-1271).
    /// @param deadline The last second at which the signature is good, since 1970.
    /// @param maxDeposit The highest deposit that was signed for, in wei.
    /// @param signature Of the EIP-712 typed data `Contribution`, with the next nonce of the contributor, see {nonces}.
    function addDataFor(
        int64[] calldata data,
        uint64 classification,
        address contributor,
        uint256 deadline,
        uint256 maxDeposit,
        bytes calldata signature
    ) external payable {
        uint256 gasBefore = gasleft();
        Sample sample = Samples.load(data);
        if (block.timestamp > deadline) revert SignatureExpired(deadline);
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(
                    CONTRIBUTION_TYPEHASH,
                    address(this),
                    sample.hash(),
                    classification,
                    contributor,
                    _useNonce(contributor),
                    deadline,
                    maxDeposit
                )
            )
        );
        if (!SignatureChecker.isValidSignatureNowCalldata(contributor, digest, signature)) {
            revert InvalidSignature();
        }
        uint256 cost = incentiveMechanism.handleAddData(msg.value);
        if (cost > maxDeposit) revert DepositTooHigh(cost, maxDeposit);
        _add(gasBefore, sample, classification, contributor, msg.sender, cost);
    }

    /// @notice Asks one's deposit back, which validates the data; that of a sponsor goes to the sponsor.
    /// @dev Errors in order: `UnknownContribution`, the mechanism's, `NotEnoughGas` where there is a pool, `PaymentFailed`.
    /// @param data The features.
    /// @param classification The label.
    /// @param addedTime When they were added, in seconds since 1970.
    function refund(int64[] calldata data, uint64 classification, uint256 addedTime) external {
        _refund(Samples.load(data), classification, addedTime, msg.sender);
    }

    /// @notice Asks a deposit back on behalf of its author, or as who paid it.
    /// @dev Errors as {refund}; after the first `NeitherContributorNorPayer`.
    /// @param data The features.
    /// @param classification The label.
    /// @param addedTime When they were added, in seconds since 1970.
    /// @param contributor The author.
    function refundFor(
        int64[] calldata data,
        uint64 classification,
        uint256 addedTime,
        address contributor
    ) external {
        _refund(Samples.load(data), classification, addedTime, contributor);
    }

    /// @notice Takes (a share of) the deposit of data with which the model disagrees; or, after long waits, what is left.
    /// @dev Errors in order: `UnknownContribution`, the mechanism's, `PaymentFailed`.
    /// @param data The features.
    /// @param classification The label.
    /// @param addedTime When they were added, in seconds since 1970.
    /// @param originalAuthor Who contributed them.
    function report(
        int64[] calldata data,
        uint64 classification,
        uint256 addedTime,
        address originalAuthor
    ) external {
        Sample sample = Samples.load(data);
        bytes32 key = sample.key(classification, addedTime, originalAuthor);
        Claim memory claim;
        (claim.initialDeposit, claim.claimableAmount, claim.claimedBefore, ) = dataHandler.getClaim(
            key,
            msg.sender,
            msg.sender == originalAuthor
        );
        claim.claimer = msg.sender;
        claim.author = originalAuthor;
        claim.addedTime = addedTime;
        claim.classification = classification;
        claim.byOwner = msg.sender == owner();
        if (!incentiveMechanism.ignoresPrediction(claim.byOwner, addedTime)) {
            claim.prediction = sample.predict(classifier);
        }
        uint256 amount = incentiveMechanism.handleReport(claim);
        dataHandler.handleClaim(key, msg.sender, msg.sender == originalAuthor, amount);
        emit Report(key, msg.sender, amount);
        _pay(msg.sender, amount);
    }

    /// @notice The rest of a contribution whose cost is known.
    /// @param gasBefore The gas that was left at its beginning.
    /// @param sample The features.
    /// @param classification The label.
    /// @param author Who contributes.
    /// @param sponsor Who pays, where that is another; else 0.
    /// @param cost The deposit, in wei.
    function _add(
        uint256 gasBefore,
        Sample sample,
        uint64 classification,
        address author,
        address sponsor,
        uint256 cost
    ) private {
        bytes32 key = sample.key(classification, block.timestamp, author);
        dataHandler.handleAddData(key, cost, sponsor);
        sample.update(classifier, classification);
        sample.emitAddData(AddData.selector, classification, author, cost);
        if (sponsor != address(0)) emit Sponsored(key, sponsor, author);
        _recordFee(gasBefore, key);
        _pay(msg.sender, msg.value - cost);
    }

    /// @notice Validates a contribution, and pays its deposit to whoever paid it.
    /// @param sample The features.
    /// @param classification The label.
    /// @param addedTime When they were added, in seconds since 1970.
    /// @param author Who contributed them.
    function _refund(
        Sample sample,
        uint64 classification,
        uint256 addedTime,
        address author
    ) private {
        bytes32 key = sample.key(classification, addedTime, author);
        Claim memory claim;
        address payer;
        (claim.initialDeposit, claim.claimableAmount, claim.claimedBefore, payer) = dataHandler
            .getClaim(key, author, true);
        if (msg.sender != author && msg.sender != payer) {
            revert NeitherContributorNorPayer(msg.sender);
        }
        claim.claimer = author;
        claim.author = author;
        claim.addedTime = addedTime;
        claim.classification = classification;
        claim.prediction = sample.predict(classifier);
        uint256 amount = incentiveMechanism.handleRefund(claim);
        dataHandler.handleClaim(key, author, true, amount);
        address recipient = payer == address(0) ? author : payer;
        emit Refund(key, recipient, amount);
        _reimburse(key);
        _pay(recipient, amount);
    }

    /// @notice Has the pool remember the fee of the contribution under way, for who pays for the transaction. The
    /// calldata of a transaction are known where it calls this contract itself, from an account without code (EIP-7702); else
    /// they are not counted.
    /// @param gasBefore The gas that was left at the beginning.
    /// @param key Of the contribution.
    function _recordFee(uint256 gasBefore, bytes32 key) private {
        IReimbursementPool pool = reimbursementPool;
        if (!_isThere(pool)) return;
        // What is asked is who pays for the transaction, not who may do what.
        address payee = tx.origin; // solhint-disable-line avoid-tx-origin
        uint256 gasUsed =
            msg.sender == payee && payee.code.length == 0
                ? TransactionGas.total(gasBefore, GAS_NOT_SEEN)
                : gasBefore - gasleft() + GAS_NOT_SEEN;
        _requireGas(RECORD_GAS);
        // solhint-disable-next-line no-empty-blocks -- a contribution does not fail for its pool
        try pool.recordFee{gas: RECORD_GAS}(key, payee, gasUsed) {} catch {}
    }

    /// @notice Has the pool pay the fee of a contribution.
    /// @param key Of the contribution.
    function _reimburse(bytes32 key) private {
        IReimbursementPool pool = reimbursementPool;
        if (!_isThere(pool)) return;
        _requireGas(REIMBURSE_GAS);
        // solhint-disable-next-line no-empty-blocks -- a refund does not fail for its pool
        try pool.reimburse{gas: REIMBURSE_GAS}(key) {} catch {}
    }

    /// @notice Whether there is a pool. Its code may have gone since it was set, and `try` does not catch a call of no code.
    /// @param pool The pool.
    /// @return Whether it can be called.
    function _isThere(IReimbursementPool pool) private view returns (bool) {
        return address(pool) != address(0) && address(pool).code.length > 0;
    }

    /// @notice Sends money, the last thing that a call does; else `PaymentFailed`.
    /// @param recipient To whom.
    /// @param amount In wei; nothing is sent where it is 0.
    function _pay(address recipient, uint256 amount) private {
        if (amount == 0) return;
        if (!LowLevelCall.callNoReturn(recipient, amount, "")) {
            revert PaymentFailed(recipient, amount);
        }
    }

    /// @notice Requires the gas for a call of the pool to be there; else `NotEnoughGas`. A call gets 63/64 of what is left at
    /// most (EIP-150). Without this the least gas at which a transaction succeeds, which is what a wallet asks a node
    /// for, would starve the pool; and who asks for a refund may be another than who is to be reimbursed.
    /// @param poolGas What the pool may use.
    function _requireGas(uint256 poolGas) private view {
        uint256 gasNeeded = poolGas + poolGas / 32;
        if (gasleft() < gasNeeded) revert NotEnoughGas(gasNeeded);
    }

    /// @notice Requires an address to hold a contract; else `NoContract`.
    /// @param account The address.
    function _requireContract(address account) private view {
        if (account.code.length == 0) revert NoContract(account);
    }
}
