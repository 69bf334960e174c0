//! Count the work of the contract `DensePerceptron`: checks, loop iterations, slots and branches.

use super::DensePerceptron;
use crate::gas::{Metered, Work, counters};
use crate::norm::require_unit;
use crate::{Error, Integer, Result};

/// Weights in a slot.
const LANES: usize = 3;

counters! {
    /// Parts of `update`.
    Update, UPDATE {
        Accepted = "accepted",
        DimensionMismatch = "dimension_mismatch",
        UnknownClass = "unknown_class",
        NormTooSmall = "norm_too_small",
        NormTooLarge = "norm_too_large",
        Overflow0 = "overflow_first_lane",
        Overflow1 = "overflow_second_lane",
        Overflow2 = "overflow_third_lane",
        Score = "score_slots",
        Positive = "positive",
        Mistake = "mistake",
        Up = "mistake_up",
        Add = "moved_slots",
        Write = "written_slots",
    }
}

counters! {
    /// Parts of `predict`.
    Predict, PREDICT {
        Accepted = "accepted",
        DimensionMismatch = "dimension_mismatch",
        Score = "score_slots",
        Positive = "positive",
    }
}

impl Metered for DensePerceptron {
    const UPDATE: &'static [&'static str] = UPDATE;
    const PREDICT: &'static [&'static str] = PREDICT;

    fn meter_update<I: Integer>(&mut self, data: &[I], label: u64, work: &mut Work) -> Result<()> {
        work.check(Update::DimensionMismatch, Error::check_length(self.weights.len(), data.len()))?;
        work.check(Update::UnknownClass, Error::check_class(label, 2))?;
        let slots = data.len().div_ceil(LANES);
        work.ledger.load(slots, 0);
        work.add(Update::Score, slots);
        work.check_norm([Update::NormTooSmall, Update::NormTooLarge], require_unit(data))?;
        let positive = self.score_is_positive(data);
        work.set(Update::Positive, positive);
        if u64::from(positive) == label {
            work.set(Update::Accepted, true);
            return Ok(());
        }
        work.mistake = true;
        work.set(Update::Mistake, true);
        work.set(Update::Up, label == 1);
        self.meter_add(data, label == 1, work)
    }

    fn meter_predict<I: Integer>(&self, data: &[I], work: &mut Work) -> Result<()> {
        work.check(Predict::DimensionMismatch, Error::check_length(self.weights.len(), data.len()))?;
        let slots = data.len().div_ceil(LANES);
        work.ledger.load(slots, 0);
        work.add(Predict::Score, slots);
        work.set(Predict::Positive, self.score_is_positive(data));
        work.set(Predict::Accepted, true);
        Ok(())
    }
}

impl DensePerceptron {
    /// Moves the weights, slot by slot; a slot is read once more, and written where it changes.
    ///
    /// Mirrors: `_addScaled` in contracts/src/models/DensePerceptron.sol
    fn meter_add<I: Integer>(&mut self, data: &[I], up: bool, work: &mut Work) -> Result<()> {
        let (moved, refused) = match self.moved_weights(data, up) {
            Ok(moved) => (moved, None),
            Err((moved, error)) => (moved, Some(error)),
        };
        // The slots before the one with the weight that was refused.
        let whole = if refused.is_some() { moved.len() / LANES } else { data.len().div_ceil(LANES) };
        let slots = self.weights.chunks(LANES).zip(moved.chunks(LANES)).take(whole);
        for (before, after) in slots {
            if before != after {
                work.ledger.store(word(before), word(before), word(after));
                work.add(Update::Write, 1);
            }
        }
        work.add(Update::Add, whole);
        work.ledger.load(0, whole + usize::from(refused.is_some()));
        if let Some(error) = refused {
            const OVERFLOWS: [Update; LANES] = [Update::Overflow0, Update::Overflow1, Update::Overflow2];
            return work.check(OVERFLOWS[moved.len() % LANES], Err(error));
        }
        self.set_weights(moved);
        work.set(Update::Accepted, true);
        Ok(())
    }
}

/// The numbers of a slot.
fn word(weights: &[i128]) -> [i128; LANES] {
    let mut word = [0; LANES];
    word[..weights.len()].copy_from_slice(weights);
    word
}
