// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IRestorableClassifier64} from "../../src/interfaces/IRestorableClassifier64.sol";

/// @notice What a model knows.
type Knowledge is uint256;

using FickleRules for Knowledge global;

/// @title A model whose predictions are as good as dice, but always the same for what it has learned in which order
library FickleRules {
    /// @notice A sample that is refused with a reason.
    int64 internal constant REFUSED = -1;

    /// @notice A sample at which learning fails without one.
    int64 internal constant POISON = -2;

    /// @notice What is known after a sample.
    /// @param knowledge What was known before.
    /// @param feature The sample's only feature.
    /// @param label Its label.
    /// @return What is known; the same for a quarter of the samples, and for those that are refused.
    function afterSample(
        Knowledge knowledge,
        int64 feature,
        uint64 label
    ) internal pure returns (Knowledge) {
        if (feature % 4 == 0 || feature == REFUSED) return knowledge;
        return
            Knowledge.wrap(
                uint256(keccak256(abi.encode(Knowledge.unwrap(knowledge), feature, label)))
            );
    }

    /// @notice A prediction.
    /// @param knowledge What is known.
    /// @param feature The sample's only feature.
    /// @return One of two labels.
    function predict(Knowledge knowledge, int64 feature) internal pure returns (uint64) {
        return uint64(uint256(keccak256(abi.encode(Knowledge.unwrap(knowledge), feature))) % 2);
    }
}

/// @title Such a model as a contract, which may break
contract FickleRestorable is Ownable, IRestorableClassifier64 {
    Knowledge private _knowledge;

    /// @notice Whether it fails whatever is asked.
    bool public isBroken;

    /// @notice The sample is refused.
    error Refused();

    /// @notice The deployer becomes the owner.
    constructor() Ownable(msg.sender) {}

    /// @notice Fails without a reason where the model is broken.
    modifier working() {
        // solhint-disable-next-line gas-custom-errors, reason-string
        if (isBroken) revert();
        _;
    }

    /// @notice Breaks or repairs it.
    /// @param broken See {isBroken}.
    function setBroken(bool broken) external {
        isBroken = broken;
    }

    /// @inheritdoc IRestorableClassifier64
    function learn(
        int64[] calldata data,
        uint64 label
    ) external onlyOwner working returns (bool changed) {
        if (data[0] == FickleRules.REFUSED) revert Refused();
        // solhint-disable-next-line gas-custom-errors, reason-string
        if (data[0] == FickleRules.POISON) revert();
        Knowledge next = _knowledge.afterSample(data[0], label);
        changed = Knowledge.unwrap(next) != Knowledge.unwrap(_knowledge);
        _knowledge = next;
    }

    /// @inheritdoc IRestorableClassifier64
    function restore() external onlyOwner working {
        _knowledge = Knowledge.wrap(0);
    }

    /// @notice The market does not use it.
    function update(int64[] calldata, uint64) external pure {
        revert Refused();
    }

    /// @notice See {FickleRules-predict}.
    /// @param data The sample.
    /// @return The label.
    function predict(int64[] calldata data) external view working returns (uint64) {
        if (data[0] == FickleRules.REFUSED) revert Refused();
        return _knowledge.predict(data[0]);
    }

    /// @notice The market does not use it.
    /// @return Always 0.
    function norm(int64[] calldata) external pure returns (uint256) {
        return 0;
    }
}
