//! What the contract `SparsePerceptron` does.

use std::collections::{HashMap, HashSet};

use super::SparsePerceptron;
use crate::gas::{Ledger, Metered, Work, counters};
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
        if let Err(error) = Error::check_class(label, 2) {
            return work.refuse(Update::UnknownClass, error);
        }
        let increasing = data.is_sorted_by(|&a, &b| a.into() < b.into());
        let score = match self.score(data) {
            Ok(score) => score,
            Err(error) => {
                let read = before(data, &error);
                meter_score(read, increasing, &mut work.ledger);
                work.add(Update::Score, read.len());
                return work.refuse(Update::NegativeIndex, error);
            }
        };
        meter_score(data, increasing, &mut work.ledger);
        work.add(Update::Score, data.len());
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
                work.refuse(Update::Overflow, error)
            }
        }
    }

    fn meter_predict<I: Integer>(&self, data: &[I], work: &mut Work) -> Result<()> {
        let increasing = data.is_sorted_by(|&a, &b| a.into() < b.into());
        match self.score(data) {
            Ok(score) => {
                meter_score(data, increasing, &mut work.ledger);
                work.add(Predict::Score, data.len());
                work.set(Predict::Positive, score > 0);
                work.set(Predict::Accepted, true);
                Ok(())
            }
            Err(error) => {
                let read = before(data, &error);
                meter_score(read, increasing, &mut work.ledger);
                work.add(Predict::Score, read.len());
                work.refuse(Predict::NegativeIndex, error)
            }
        }
    }
}

/// The data before the index that is refused.
fn before<'a, I>(data: &'a [I], error: &Error) -> &'a [I] {
    match *error {
        Error::NegativeIndex { position, .. } => &data[..usize::try_from(position).unwrap_or(data.len())],
        _ => data,
    }
}

/// The reads of the weights that a score adds up; an index that repeats finds its slot warm.
fn meter_score<I: Integer>(data: &[I], increasing: bool, ledger: &mut Ledger) {
    let distinct =
        if increasing { data.len() } else { data.iter().map(|&index| index.into()).collect::<HashSet<i64>>().len() };
    ledger.load(distinct, data.len() - distinct);
}
