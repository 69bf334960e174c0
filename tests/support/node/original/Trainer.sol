// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// A trainer with the functions and the events of 0xDeCA10B's, and none of its checks: who claims, gets. Its incentive
// mechanism emits the events of a refund and of a report, without a key. The code is our own.

contract Stakeable64 {
    event Refund(address recipient, uint256 amount);
    event Report(address recipient, uint256 amount);

    function refund(address recipient, uint256 amount) external {
        emit Refund(recipient, amount);
    }

    function report(address recipient, uint256 amount) external {
        emit Report(recipient, amount);
    }
}

contract Owned {
    address public immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }
}

contract CollaborativeTrainer64 {
    address public immutable dataHandler = address(this);
    Stakeable64 public immutable incentiveMechanism = new Stakeable64();
    Owned public immutable classifier = new Owned(address(this));

    event AddData(int64[] d, uint64 c, uint256 t, address indexed sender, uint256 cost);

    function addData(int64[] memory data, uint64 classification) external payable {
        emit AddData(data, classification, block.timestamp, msg.sender, msg.value);
    }

    function refund(int64[] memory, uint64, uint256) external {
        incentiveMechanism.refund(msg.sender, 7);
    }

    function report(int64[] memory, uint64, uint256, address) external {
        incentiveMechanism.report(msg.sender, 3);
    }
}

/// Passes a call on, so that the transaction does not show what the trainer is asked for.
contract Forwarder {
    function forward(address target, bytes calldata call) external {
        (bool success, ) = target.call(call);
        require(success);
    }
}
