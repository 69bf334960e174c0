// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FickleRules, Knowledge} from "./FickleRestorable.sol";

/// @title Books of a market, kept by the rules of the design and by nothing else
/// @notice Scores are counted and rounds are paid one after the other, as the rules are written.
abstract contract MarketBooks {
    /// @notice A labelled sample.
    /// @param feature Its only feature.
    /// @param label Its label.
    struct Item {
        int64 feature;
        uint64 label;
    }

    /// @notice A contribution.
    /// @param contributor Whose.
    /// @param item The sample.
    /// @param stake In wei.
    /// @param balance What of it is to be paid out, in wei.
    /// @param isRemoved Whether it could not pay a round.
    struct Stake {
        address contributor;
        Item item;
        uint256 stake;
        uint256 balance;
        bool isRemoved;
    }

    Stake[] internal _stakes;

    /// @dev What scores; the piece that was drawn does not.
    Item[] internal _testSet;

    uint256 internal _rounds;

    /// @dev What of the bounty is to be paid out, in wei.
    uint256 internal _bounty;

    uint256 private _numRemaining;

    /// @notice The market has settled what the rules do not know.
    /// @param roundsLeft How many rounds it has left.
    /// @param numRemaining How many contributions it has not removed.
    error NeverSettled(uint256 roundsLeft, uint256 numRemaining);

    /// @notice Settles rounds until so many are left, and so many contributions.
    /// @param roundsUntil How many rounds.
    /// @param remainingUntil How many contributions.
    /// @return numRemoved How many contributions were removed.
    function _settle(
        uint256 roundsUntil,
        uint256 remainingUntil
    ) internal returns (uint256 numRemoved) {
        int256 point = int256(_bounty / (_rounds * _testSet.length));
        uint256 roundsLeft = _rounds;
        _numRemaining = _stakes.length;
        while (roundsLeft != roundsUntil || _numRemaining != remainingUntil) {
            if (roundsLeft == 0 || _numRemaining == 0) {
                revert NeverSettled(roundsUntil, remainingUntil);
            }
            int256[] memory moves = _scores();
            for (uint256 i = 0; i < moves.length; ++i) {
                moves[i] *= point;
            }
            while (roundsLeft > 0 && _canAllPay(moves)) {
                for (uint256 i = 0; i < moves.length; ++i) {
                    _stakes[i].balance = uint256(int256(_stakes[i].balance) + moves[i]);
                    _bounty = uint256(int256(_bounty) - moves[i]);
                }
                --roundsLeft;
            }
            if (roundsLeft > 0) _removeThoseWhoCannotPay(moves);
        }
        return _stakes.length - _numRemaining;
    }

    /// @notice Learns all contributions that remain, in order.
    /// @return scores By how much each one changes the number of correct predictions.
    function _scores() private view returns (int256[] memory scores) {
        scores = new int256[](_stakes.length);
        Knowledge knowledge = Knowledge.wrap(0);
        int256 correct = _countCorrect(knowledge);
        for (uint256 i = 0; i < scores.length; ++i) {
            if (_stakes[i].isRemoved) continue;
            knowledge = knowledge.afterSample(_stakes[i].item.feature, _stakes[i].item.label);
            int256 next = _countCorrect(knowledge);
            scores[i] = next - correct;
            correct = next;
        }
    }

    /// @notice Counts the correct predictions.
    /// @param knowledge What the model knows.
    /// @return count The number.
    function _countCorrect(Knowledge knowledge) private view returns (int256 count) {
        for (uint256 i = 0; i < _testSet.length; ++i) {
            Item memory item = _testSet[i];
            if (item.feature == FickleRules.REFUSED) continue;
            if (knowledge.predict(item.feature) == item.label) ++count;
        }
    }

    /// @notice Whether all can pay a round.
    /// @param moves What each one gets, in wei.
    /// @return Whether they can.
    function _canAllPay(int256[] memory moves) private view returns (bool) {
        for (uint256 i = 0; i < moves.length; ++i) {
            if (int256(_stakes[i].balance) + moves[i] < 0) return false;
        }
        return true;
    }

    /// @notice Removes those who cannot pay a round; what they have left goes into the bounty.
    /// @param moves What each one gets, in wei.
    function _removeThoseWhoCannotPay(int256[] memory moves) private {
        for (uint256 i = 0; i < moves.length; ++i) {
            Stake storage stake = _stakes[i];
            if (int256(stake.balance) + moves[i] >= 0) continue;
            _bounty += stake.balance;
            stake.balance = 0;
            stake.isRemoved = true;
            --_numRemaining;
        }
    }
}
