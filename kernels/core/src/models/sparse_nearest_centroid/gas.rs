//! What the contract `SparseNearestCentroidClassifier` does.

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
        let class = match Error::check_class(label, self.class_infos.len()) {
            Ok(class) => class,
            Err(error) => return work.refuse(Update::UnknownClass, error),
        };
        if let Err(error) = require_increasing(data) {
            let (counter, position) = match error {
                Error::NegativeIndex { position, .. } => (Update::NegativeIndex, position),
                Error::IndexTooLarge { position, .. } => (Update::IndexTooLarge, position),
                Error::NotStrictlyIncreasing { position, .. } => (Update::NotIncreasing, position),
                _ => return Err(error),
            };
            work.add(Update::Check, usize::try_from(position).unwrap_or(data.len()));
            return work.refuse(counter, error);
        }
        work.add(Update::Check, data.len());
        let info = &mut self.class_infos[class];
        let before = (info.num_samples, info.squared_magnitude);
        let ledger = &mut work.ledger;
        let mut stale = 0;
        let moved = info.update(data, |old, new| {
            stale += usize::from(old.num_samples != before.0);
            ledger.load(1, 0);
            ledger.store(old, old, new);
        });
        let product_is_wide = match moved {
            Ok(product_is_wide) => product_is_wide,
            Err(error) => return work.refuse(Update::CountOverflow, error),
        };
        ledger.store(before.0, before.0, info.num_samples);
        ledger.store(before.1, before.1, info.squared_magnitude);
        work.add(Update::Move, data.len());
        work.add(Update::Stale, stale);
        work.set(Update::Wide, product_is_wide);
        work.set(Update::Accepted, true);
        Ok(())
    }

    fn meter_predict<I: Integer>(&self, data: &[I], work: &mut Work) -> Result<()> {
        if let Err(error) = require_increasing(data) {
            let (counter, position) = match error {
                Error::NegativeIndex { position, .. } => (Predict::NegativeIndex, position),
                Error::IndexTooLarge { position, .. } => (Predict::IndexTooLarge, position),
                Error::NotStrictlyIncreasing { position, .. } => (Predict::NotIncreasing, position),
                _ => return Err(error),
            };
            work.add(Predict::Check, usize::try_from(position).unwrap_or(data.len()));
            return work.refuse(counter, error);
        }
        work.add(Predict::Check, data.len());
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
