// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// State variables in the order and of the types that the contracts of 0xDeCA10B (Solidity 0.6) declare theirs, with
// getters of the same names. The compiler lays them out; nothing of dcai says where they go. The code is our own.

abstract contract Classifier64 {
    address public owner = msg.sender;
    string[] public classifications;
    uint32[] public featureIndices;
    uint32 public constant toFloat = 1e9;

    constructor(string[] memory names, uint32[] memory indices) {
        for (uint256 i = 0; i < names.length; ++i) classifications.push(names[i]);
        featureIndices = indices;
    }

    function getNumClassifications() external view returns (uint256) {
        return classifications.length;
    }

    function getNumFeatureIndices() external view returns (uint256) {
        return featureIndices.length;
    }

    function transferOwnership(address to) external {
        require(msg.sender == owner, "not the owner");
        owner = to;
    }
}

contract DensePerceptron is Classifier64 {
    int80[] public weights;
    int80 public intercept;
    uint32 public learningRate;

    constructor(
        string[] memory names,
        uint32[] memory indices,
        int80[] memory values,
        int80 start,
        uint32 rate
    ) Classifier64(names, indices) {
        weights = values;
        intercept = start;
        learningRate = rate;
    }
}

contract SparsePerceptron is Classifier64 {
    mapping(uint64 => int80) public weights;
    int80 public intercept;
    uint32 public learningRate;

    constructor(
        string[] memory names,
        uint32[] memory indices,
        uint64[] memory keys,
        int80[] memory values,
        int80 start,
        uint32 rate
    ) Classifier64(names, indices) {
        for (uint256 i = 0; i < keys.length; ++i) weights[keys[i]] = values[i];
        intercept = start;
        learningRate = rate;
    }

    function update(int64[] calldata data, uint64 label) external {
        require(msg.sender == owner, "not the owner");
        int256 score = intercept;
        for (uint256 i = 0; i < data.length; ++i) score += weights[uint64(data[i])];
        if ((score > 0) == (label == 1)) return;
        int80 step = int80(uint80(learningRate));
        for (uint256 i = 0; i < data.length; ++i) weights[uint64(data[i])] += label == 1 ? step : -step;
    }
}

contract NearestCentroidClassifier is Classifier64 {
    int64[][] public centroids;
    uint256[] public dataCounts;

    constructor(
        string[] memory names,
        uint32[] memory indices,
        int64[][] memory values,
        uint256[] memory counts
    ) Classifier64(names, indices) {
        for (uint256 i = 0; i < values.length; ++i) centroids.push(values[i]);
        dataCounts = counts;
    }
}

contract SparseNearestCentroidClassifier is Classifier64 {
    struct Feature {
        uint64 value;
        uint64 numSamples;
    }

    struct ClassInfo {
        uint64 numSamples;
        uint256 squaredMagnitude;
        mapping(uint32 => Feature) features;
    }

    ClassInfo[] public classInfos;

    constructor(
        string[] memory names,
        uint32[] memory indices,
        uint64[] memory counts,
        uint256[] memory squaredMagnitudes
    ) Classifier64(names, indices) {
        for (uint256 k = 0; k < counts.length; ++k) {
            classInfos.push();
            classInfos[k].numSamples = counts[k];
            classInfos[k].squaredMagnitude = squaredMagnitudes[k];
        }
    }

    function store(uint256 k, uint32[] memory keys, uint64[] memory values, uint64[] memory asOf) external {
        for (uint256 i = 0; i < keys.length; ++i) classInfos[k].features[keys[i]] = Feature(values[i], asOf[i]);
    }

    function getNumSamples(uint256 k) external view returns (uint64) {
        return classInfos[k].numSamples;
    }

    function getSquaredMagnitude(uint256 k) external view returns (uint256) {
        return classInfos[k].squaredMagnitude;
    }

    function getCentroidValue(uint256 k, uint32 index) external view returns (uint64) {
        Feature storage feature = classInfos[k].features[index];
        if (feature.numSamples == classInfos[k].numSamples) return feature.value;
        return uint64((uint256(feature.value) * feature.numSamples) / classInfos[k].numSamples);
    }
}

/// Getters of the right names, and variables in another order.
contract OtherOrder {
    address public owner = msg.sender;
    string[] public classifications;
    uint32[] public featureIndices;
    mapping(uint64 => int80) public weights;
    uint32 public learningRate = 5e8;
    int80 public intercept = 1e9 * 2 ** 48 + 7; // whose upper part looks like a learning rate where one should be

    constructor() {
        classifications.push("no");
        classifications.push("yes");
    }

    function getNumClassifications() external view returns (uint256) {
        return classifications.length;
    }

    function getNumFeatureIndices() external view returns (uint256) {
        return featureIndices.length;
    }
}

interface Trained {
    function update(int64[] calldata data, uint64 label) external;
    function transferOwnership(address to) external;
}

/// What a trainer has that a follower of its events needs, and ways to train past them.
contract Trainer {
    Trained public classifier;

    event AddData(int64[] d, uint64 c, uint256 t, address indexed sender, uint256 cost);
    event Refund(address indexed recipient);

    constructor(Trained trained) {
        classifier = trained;
    }

    function addData(int64[] calldata data, uint64 label) external payable {
        classifier.update(data, label);
        tell(data, label);
    }

    function tell(int64[] calldata data, uint64 label) public payable {
        emit Refund(msg.sender);
        emit AddData(data, label, block.timestamp, msg.sender, msg.value);
    }

    function trainSilently(int64[] calldata data, uint64 label) external {
        classifier.update(data, label);
    }

    function giveAway(address to) external {
        classifier.transferOwnership(to);
    }
}
