//! Count the work of the contract `SparsePerceptron`: checks, loop iterations, slots and branches.

use std::collections::{HashMap, HashSet};

use super::SparsePerceptron;
use crate::gas::{Counter, Metered, Work, counters};
use crate::{Error, Integer, Result};

counters! {
    /// Parts of `update`.
    Update, UPDATE {
        Accepted = "accepted",
        UnknownClass = "unknown_class",
        NegativeIndex = "negative_index",
        Overflow = "overflow",
        Score = "score_features",
        Positive = "positive",
        Mistake = "mistake",
        Up = "mistake_up",
        Add = "moved_features",
    }
}

counters! {
    /// Parts of `predict`.
    Predict, PREDICT {
        Accepted = "accepted",
        NegativeIndex = "negative_index",
        Score = "score_features",
        Positive = "positive",
    }
}

impl Metered for SparsePerceptron {
    const UPDATE: &'static [&'static str] = UPDATE;
    const PREDICT: &'static [&'static str] = PREDICT;

    fn meter_update<I: Integer>(&mut self, data: &[I], label: u64, work: &mut Work) -> Result<()> {
        work.check(Update::UnknownClass, Error::check_class(label, 2))?;
        let increasing = is_increasing(data);
        let score = self.meter_score(data, increasing, [Update::Score, Update::NegativeIndex], work)?;
        work.set(Update::Positive, score > 0);
        if u64::from(score > 0) == label {
            work.set(Update::Accepted, true);
            return Ok(());
        }
        work.mistake = true;
        work.set(Update::Mistake, true);
        work.set(Update::Up, label == 1);
        // The slot is read once more before it is written.
        let ledger = &mut work.ledger;
        let moved = if increasing {
            self.move_weights(data, label == 1, |_, weight, moved| {
                ledger.load(0, 1);
                ledger.store(weight, weight, moved);
            })
        } else {
            let mut originals = HashMap::new();
            self.move_weights(data, label == 1, |index, weight, moved| {
                ledger.load(0, 1);
                ledger.store(*originals.entry(index).or_insert(weight), weight, moved);
            })
        };
        match moved {
            Ok(()) => {
                work.add(Update::Add, data.len());
                work.set(Update::Accepted, true);
                Ok(())
            }
            Err((position, error)) => {
                work.add(Update::Add, position);
                work.ledger.load(0, 1);
                work.check(Update::Overflow, Err(error))
            }
        }
    }

    fn meter_predict<I: Integer>(&self, data: &[I], work: &mut Work) -> Result<()> {
        let score = self.meter_score(data, is_increasing(data), [Predict::Score, Predict::NegativeIndex], work)?;
        work.set(Predict::Positive, score > 0);
        work.set(Predict::Accepted, true);
        Ok(())
    }
}

impl SparsePerceptron {
    /// The score of a sample; counts the reads of weights, until the refusal of an index. An index that repeats finds its
    /// slot warm.
    fn meter_score<I: Integer, C: Counter>(
        &self,
        data: &[I],
        increasing: bool,
        [read, refusal]: [C; 2],
        work: &mut Work,
    ) -> Result<i128> {
        let score = self.score(data);
        let len = match score {
            Err(Error::NegativeIndex { position, .. }) => usize::try_from(position).unwrap_or(data.len()),
            _ => data.len(),
        };
        let indices = data[..len].iter().map(|&index| index.into());
        let distinct = if increasing { len } else { indices.collect::<HashSet<i64>>().len() };
        work.ledger.load(distinct, len - distinct);
        work.add(read, len);
        work.check(refusal, score)
    }
}

fn is_increasing<I: Integer>(data: &[I]) -> bool {
    data.is_sorted_by(|&a, &b| a.into() < b.into())
}
