//! Count the work of the contract `SparseNearestCentroidClassifier`: checks, loop iterations, slots and branches.

use super::{Feature, SparseNearestCentroidClassifier, require_increasing};
use crate::gas::{Metered, Work, counters};
use crate::{Error, Integer, Result};

counters! {
    /// Parts of `update`.
    Update, UPDATE {
        Accepted = "accepted",
        UnknownClass = "unknown_class",
        NegativeIndex = "negative_index",
        IndexTooLarge = "index_too_large",
        NotIncreasing = "not_strictly_increasing",
        CountOverflow = "count_overflow",
        Check = "checked_features",
        Move = "moved_features",
        Stale = "stale_features",
        Wide = "wide_product",
    }
}

counters! {
    /// Parts of `predict`.
    Predict, PREDICT {
        Accepted = "accepted",
        NegativeIndex = "negative_index",
        IndexTooLarge = "index_too_large",
        NotIncreasing = "not_strictly_increasing",
        Check = "checked_features",
        Classes = "classes",
        Features = "features",
        Stale = "stale_features",
        Nearer = "nearer",
    }
}

impl Metered for SparseNearestCentroidClassifier {
    const UPDATE: &'static [&'static str] = UPDATE;
    const PREDICT: &'static [&'static str] = PREDICT;

    fn meter_update<I: Integer>(&mut self, data: &[I], label: u64, work: &mut Work) -> Result<()> {
        let class = work.check(Update::UnknownClass, Error::check_class(label, self.class_infos.len()))?;
        let refusals = [Update::NegativeIndex, Update::IndexTooLarge, Update::NotIncreasing];
        work.check_indices(Update::Check, &refusals, data.len(), require_increasing(data))?;
        let info = &mut self.class_infos[class];
        let before = (info.num_samples, info.squared_magnitude);
        let mut stale = 0;
        let moved = info.update(data, |old, new| {
            stale += usize::from(old.num_samples != before.0);
            work.ledger.load(1, 0);
            work.ledger.store(old, old, new);
        });
        let product_is_wide = work.check(Update::CountOverflow, moved)?;
        work.ledger.store(before.0, before.0, info.num_samples);
        work.ledger.store(before.1, before.1, info.squared_magnitude);
        work.add(Update::Move, data.len());
        work.add(Update::Stale, stale);
        work.set(Update::Wide, product_is_wide);
        work.set(Update::Accepted, true);
        Ok(())
    }

    fn meter_predict<I: Integer>(&self, data: &[I], work: &mut Work) -> Result<()> {
        let refusals = [Predict::NegativeIndex, Predict::IndexTooLarge, Predict::NotIncreasing];
        work.check_indices(Predict::Check, &refusals, data.len(), require_increasing(data))?;
        let mut smallest = None;
        for info in &self.class_infos {
            let features = data.iter().map(|&index| info.feature(index));
            let stale = features.filter(|Feature { num_samples, .. }| *num_samples != info.num_samples).count();
            work.add(Predict::Classes, 1);
            work.add(Predict::Features, data.len());
            work.add(Predict::Stale, stale);
            work.ledger.load(data.len(), 0);
            let distance = info.distance(data);
            if smallest.is_none_or(|smallest| distance < smallest) {
                smallest = Some(distance);
                work.add(Predict::Nearer, 1);
            }
        }
        work.set(Predict::Accepted, true);
        Ok(())
    }
}
