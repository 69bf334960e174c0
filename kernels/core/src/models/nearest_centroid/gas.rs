//! Count the work of the contract `NearestCentroidClassifier`: checks, loop iterations, slots and branches.

use alloy_primitives::U256;

use super::{NearestCentroidClassifier, scaled_square};
use crate::gas::{Metered, Work, counters};
use crate::norm::require_unit;
use crate::{Error, Integer, Result};

/// Numbers of a centroid in a slot.
const LANES: usize = 4;

counters! {
    /// Parts of `update`.
    Update, UPDATE {
        Accepted = "accepted",
        UnknownClass = "unknown_class",
        DimensionMismatch = "dimension_mismatch",
        NormTooSmall = "norm_too_small",
        NormTooLarge = "norm_too_large",
        Move = "moved_slots",
        Write = "written_slots",
        Full = "full",
        Counted = "counted_sample",
    }
}

counters! {
    /// Parts of `predict`.
    Predict, PREDICT {
        Accepted = "accepted",
        DimensionMismatch = "dimension_mismatch",
        Classes = "classes",
        Slots = "slots",
        Abandoned = "abandoned",
        Nearer = "nearer",
    }
}

impl Metered for NearestCentroidClassifier {
    const UPDATE: &'static [&'static str] = UPDATE;
    const PREDICT: &'static [&'static str] = PREDICT;

    fn meter_update<I: Integer>(&mut self, data: &[I], label: u64, work: &mut Work) -> Result<()> {
        let class = work.check(Update::UnknownClass, Error::check_class(label, self.centroids.len()))?;
        work.check(Update::DimensionMismatch, Error::check_length(self.centroids[class].len(), data.len()))?;
        let (centroid, count) = self.moved(class, data);
        work.set(Update::Full, count == self.data_counts[class]);
        let slots = self.centroids[class].chunks(LANES).zip(centroid.chunks(LANES));
        for (before, after) in slots {
            work.add(Update::Move, 1);
            work.ledger.load(1, 0);
            if before != after {
                work.ledger.store(word(before), word(before), word(after));
                work.add(Update::Write, 1);
            }
        }
        // The contract checks the norm after it has used the data.
        work.check_norm([Update::NormTooSmall, Update::NormTooLarge], require_unit(data))?;
        let before = self.data_counts[class];
        if count != before {
            work.ledger.store(before, before, count);
            work.set(Update::Counted, true);
        }
        self.set_class(class, centroid, count);
        work.set(Update::Accepted, true);
        Ok(())
    }

    fn meter_predict<I: Integer>(&self, data: &[I], work: &mut Work) -> Result<()> {
        let mut smallest = U256::MAX;
        for centroid in &self.centroids {
            work.check(Predict::DimensionMismatch, Error::check_length(centroid.len(), data.len()))?;
            work.add(Predict::Classes, 1);
            let mut distance = U256::ZERO;
            let mut slots = data.chunks(LANES).zip(centroid.chunks(LANES));
            // The contract goes on while the distance is below the smallest; a distance of no features is.
            let abandoned = slots.any(|(x, c)| {
                if distance >= smallest {
                    return true;
                }
                work.add(Predict::Slots, 1);
                work.ledger.load(1, 0);
                distance += x.iter().zip(c).map(|(&x, &c)| U256::from(scaled_square(x.into(), c))).sum::<U256>();
                false
            });
            work.add(Predict::Abandoned, usize::from(abandoned));
            if distance < smallest {
                smallest = distance;
                work.add(Predict::Nearer, 1);
            }
        }
        work.set(Predict::Accepted, true);
        Ok(())
    }
}

/// The numbers of a slot.
fn word(values: &[i64]) -> [i64; LANES] {
    let mut word = [0; LANES];
    word[..values.len()].copy_from_slice(values);
    word
}
