// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IReimbursementPool} from "../interfaces/IReimbursementPool.sol";
import {
    NoContract,
    NothingDue,
    NotTheTrainer,
    PaymentFailed
} from "../interfaces/IncentiveErrors.sol";

/// @title Pays back the fees of validated contributions
/// @notice Anyone may fund it. The trainer tells it the gas of each contribution; the fee is that gas times the gas price,
/// each at most what the owner allows. It is paid when the data are validated; where that fails, for the pool has
/// not enough or the payee refuses, it is due and can be claimed later.
/// @dev The pool is a gift: the owner may withdraw what is not yet paid. What one transaction cost is not exactly known
/// from inside, see {TransactionGas}: a contribution that clears storage costs up to a fifth less than what is paid.
/// A proposer of blocks pays the tip to itself; the highest gas price bounds what that can draw.
contract ReimbursementPool is Ownable, IReimbursementPool {
    /// @dev One slot. The highest fee, 2^32 gas at 2^56 wei, has 88 bits.
    struct Fee {
        address payee;
        uint88 amount;
        bool isDue;
    }

    /// @dev What a payment may use, of what the trainer allows to {reimburse}. The rest notes that it failed.
    uint256 private constant CLAIM_GAS = 100_000;

    /// @notice The most gas that is paid for a contribution.
    uint32 public maxGas;

    /// @notice The highest price that is paid for a unit of gas, in wei.
    uint56 public maxGasPrice;

    /// @notice The trainer whose contributions are reimbursed.
    address public immutable trainer;

    mapping(bytes32 key => Fee fee) private _fees;

    /// @notice Money came in.
    /// @param sender From whom.
    /// @param amount In wei.
    event Funded(address indexed sender, uint256 amount);

    /// @notice The limits are others from now on; fees that were recorded stay.
    /// @param maxGas See {maxGas}.
    /// @param maxGasPrice See {maxGasPrice}.
    event LimitsSet(uint32 maxGas, uint56 maxGasPrice);

    /// @notice A fee was paid back.
    /// @param key Of the contribution.
    /// @param payee To whom.
    /// @param amount In wei.
    event Reimbursed(bytes32 indexed key, address indexed payee, uint256 amount);

    /// @notice A fee could not be paid back now, and can be claimed.
    /// @param key Of the contribution.
    /// @param payee Whose it is.
    /// @param amount In wei.
    event Due(bytes32 indexed key, address indexed payee, uint256 amount);

    /// @notice The deployer becomes the owner.
    /// @dev Errors: `NoContract`.
    /// @param servedTrainer See {trainer}.
    /// @param gasLimit See {maxGas}.
    /// @param gasPriceLimit See {maxGasPrice}.
    constructor(
        address servedTrainer,
        uint32 gasLimit,
        uint56 gasPriceLimit
    ) payable Ownable(msg.sender) {
        if (servedTrainer.code.length == 0) revert NoContract(servedTrainer);
        trainer = servedTrainer;
        _setLimits(gasLimit, gasPriceLimit);
    }

    /// @notice Only the trainer; else `NotTheTrainer`.
    modifier onlyTrainer() {
        if (msg.sender != trainer) revert NotTheTrainer(msg.sender);
        _;
    }

    /// @notice Funds the pool.
    receive() external payable {
        emit Funded(msg.sender, msg.value);
    }

    /// @notice Sets the limits for contributions to come. Only the owner.
    /// @param gasLimit See {maxGas}.
    /// @param gasPriceLimit See {maxGasPrice}.
    function setLimits(uint32 gasLimit, uint56 gasPriceLimit) external onlyOwner {
        _setLimits(gasLimit, gasPriceLimit);
    }

    /// @notice Takes money out. Only the owner.
    /// @dev Errors: `PaymentFailed`, also where there is less.
    /// @param recipient To whom.
    /// @param amount In wei.
    function withdraw(address recipient, uint256 amount) external onlyOwner {
        _pay(recipient, amount);
    }

    /// @inheritdoc IReimbursementPool
    function recordFee(bytes32 key, address payee, uint256 gasUsed) external onlyTrainer {
        uint256 amount = Math.min(gasUsed, maxGas) * Math.min(tx.gasprice, maxGasPrice);
        // A contribution without deposit can be made twice in a second; what is recorded or due stays.
        if (amount == 0 || _fees[key].payee != address(0)) return;
        // Safe: 32 and 56 bits at most.
        _fees[key] = Fee({payee: payee, amount: uint88(amount), isDue: false});
    }

    /// @inheritdoc IReimbursementPool
    function reimburse(bytes32 key) external onlyTrainer {
        Fee memory fee = _fees[key];
        if (fee.amount == 0 || fee.isDue) return;
        fee.isDue = true;
        _fees[key] = fee;
        // By a call of its own, so that a failure undoes only that.
        // solhint-disable-next-line no-empty-blocks
        try this.claim{gas: CLAIM_GAS}(key) {} catch {
            emit Due(key, fee.payee, fee.amount);
        }
    }

    /// @notice Pays a fee that is due to whom it belongs; anyone may call.
    /// @dev Errors: `NothingDue`, `PaymentFailed`.
    /// @param key Of the contribution.
    function claim(bytes32 key) external {
        Fee memory fee = _fees[key];
        if (!fee.isDue) revert NothingDue(key);
        delete _fees[key];
        emit Reimbursed(key, fee.payee, fee.amount);
        _pay(fee.payee, fee.amount);
    }

    /// @notice The fee of a contribution that is not yet paid back.
    /// @param key Of the contribution.
    /// @return payee Whose it is; 0 where there is none.
    /// @return amount In wei.
    /// @return isDue Whether the data were validated.
    function getFee(bytes32 key) external view returns (address payee, uint256 amount, bool isDue) {
        Fee memory fee = _fees[key];
        return (fee.payee, fee.amount, fee.isDue);
    }

    /// @notice Sets the limits.
    /// @param gasLimit See {maxGas}.
    /// @param gasPriceLimit See {maxGasPrice}.
    function _setLimits(uint32 gasLimit, uint56 gasPriceLimit) private {
        maxGas = gasLimit;
        maxGasPrice = gasPriceLimit;
        emit LimitsSet(gasLimit, gasPriceLimit);
    }

    /// @notice Sends money, the last thing that a call does; else `PaymentFailed`.
    /// @param recipient To whom.
    /// @param amount In wei.
    function _pay(address recipient, uint256 amount) private {
        if (!LowLevelCall.callNoReturn(recipient, amount, "")) {
            revert PaymentFailed(recipient, amount);
        }
    }
}
