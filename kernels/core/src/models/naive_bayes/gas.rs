//! Count the work of the contract `NaiveBayes`: checks, loop iterations, slots and branches.

use std::collections::{HashMap, HashSet};

use super::{NaiveBayes, require_indices};
use crate::batch::to_u64;
use crate::gas::{Metered, Work, counters};
use crate::{Error, Integer, Result};

counters! {
    /// Parts of `update`.
    Update, UPDATE {
        Accepted = "accepted",
        UnknownClass = "unknown_class",
        NegativeIndex = "negative_index",
        IndexTooLarge = "index_too_large",
        SamplesOverflow = "samples_overflow",
        TotalOverflow = "total_overflow",
        CountOverflow = "count_overflow",
        RepeatedOverflow = "repeated_count_overflow",
        Check = "checked_features",
        Count = "counted_features",
    }
}

counters! {
    /// Parts of `predict`.
    Predict, PREDICT {
        Accepted = "accepted",
        NegativeIndex = "negative_index",
        IndexTooLarge = "index_too_large",
        NoFeatureCounts = "no_feature_counts",
        Check = "checked_features",
        Classes = "classes",
        NoDenominator = "zero_denominators",
        NoSamples = "classes_without_samples",
        Features = "features",
        Vanished = "vanished_scores",
        Added = "added_digits",
        Removed = "removed_digits",
        Larger = "larger_scores",
    }
}

impl Metered for NaiveBayes {
    const UPDATE: &'static [&'static str] = UPDATE;
    const PREDICT: &'static [&'static str] = PREDICT;

    fn meter_update<I: Integer>(&mut self, data: &[I], label: u64, work: &mut Work) -> Result<()> {
        let class = work.check(Update::UnknownClass, Error::check_class(label, self.class_infos.len()))?;
        let refusals = [Update::NegativeIndex, Update::IndexTooLarge];
        work.check_indices(Update::Check, &refusals, data.len(), require_indices(data))?;
        let info = &mut self.class_infos[class];
        let before = (info.num_samples, info.total_feature_count);
        let overflow = if before.0 == u64::MAX { Update::SamplesOverflow } else { Update::TotalOverflow };
        let totals = work.check(overflow, info.totals_after(data.len()))?;
        work.ledger.store(before, before, totals);
        // The counts at the start: an index that repeats finds its slot warm, and changed.
        let mut originals = HashMap::new();
        let (mut num_counted, mut is_repeated) = (0, false);
        let counted = info.count(data, |index, count| {
            is_repeated = originals.contains_key(&index);
            work.ledger.load(usize::from(!is_repeated), usize::from(is_repeated));
            let original = *originals.entry(index).or_insert(count);
            if let Some(new) = count.checked_add(1) {
                work.ledger.store(original, count, new);
                num_counted += 1;
            }
        });
        work.add(Update::Count, num_counted);
        // Apart, since after the last write the one reads a cold slot and the other a warm one.
        work.check(if is_repeated { Update::RepeatedOverflow } else { Update::CountOverflow }, counted)?;
        info.set_totals(totals);
        work.set(Update::Accepted, true);
        Ok(())
    }

    fn meter_predict<I: Integer>(&self, data: &[I], work: &mut Work) -> Result<()> {
        let refusals = [Predict::NegativeIndex, Predict::IndexTooLarge];
        work.check_indices(Predict::Check, &refusals, data.len(), require_indices(data))?;
        let mut largest = None;
        for class in 0..self.class_infos.len() {
            let scored = work.check(Predict::NoFeatureCounts, self.score(class, data))?;
            work.add(Predict::Classes, 1);
            // Zero is accepted without features alone, of which the contract then looks for the number.
            work.add(Predict::NoDenominator, usize::from(self.denominator(&self.class_infos[class]) == 0));
            work.add(Predict::Features, scored.num_features);
            work.add(Predict::Added, scored.num_added);
            work.add(Predict::Removed, scored.num_removed);
            let read = &data[..scored.num_features];
            let distinct = read.iter().map(|&index| to_u64(index)).collect::<HashSet<u64>>().len();
            work.ledger.load(distinct, read.len() - distinct);
            if scored.score.is_none() {
                let has_samples = self.class_infos[class].num_samples != 0;
                work.add(if has_samples { Predict::Vanished } else { Predict::NoSamples }, 1);
            }
            if scored.score > largest {
                largest = scored.score;
                work.add(Predict::Larger, 1);
            }
        }
        work.set(Predict::Accepted, true);
        Ok(())
    }
}
