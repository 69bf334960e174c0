//! Compute the gas of a transaction from the model's state and the arguments alone: no EVM runs.
//!
//! Bytecode is fixed, so the gas of a path through it is a sum of constants. What varies is counted here: how often each
//! part of the path ran ([`Work::counts`]), which slots were read and written ([`Ledger`]), which bytes the calldata has
//! ([`Calldata`]). The constants, one for each counter, are derived from runs of the real bytecode in an EVM and stored
//! with the artifact ([`Tariff`]); none stands in this code. The prices of storage and calldata are the protocol's.

mod calldata;
mod costs;
mod ledger;

pub use calldata::Calldata;
pub use costs::{Costs, Tariff, count_predictions, count_updates, predict_costs, update_costs};
pub use ledger::Ledger;

use alloy_primitives::U256;

use crate::{Error, Integer, Model, Result};

/// The most counters that a function has.
pub const MAX_COUNTERS: usize = 16;

/// What one call did, as far as its gas depends on it.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// How often each part of the function ran; the names are those of [`Metered::UPDATE`] or [`Metered::PREDICT`].
    pub counts: [u64; MAX_COUNTERS],
    /// The slots of weights, centroids and counts that it touched.
    pub ledger: Ledger,
    /// Whether the model's prediction was not the label; an update of a nearest centroid model makes none.
    pub mistake: bool,
}

impl Work {
    pub(crate) fn add<C: Counter>(&mut self, counter: C, times: usize) {
        self.counts[counter.index()] += times as u64;
    }

    pub(crate) fn set<C: Counter>(&mut self, counter: C, happened: bool) {
        self.counts[counter.index()] = u64::from(happened);
    }

    /// Returns a result, and counts its refusal.
    pub(crate) fn check<C: Counter, T>(&mut self, refusal: C, result: Result<T>) -> Result<T> {
        result.inspect_err(|_| self.set(refusal, true))
    }

    /// The same for a norm, which may be below one or above.
    pub(crate) fn check_norm<C: Counter>(&mut self, [small, large]: [C; 2], result: Result<()>) -> Result<()> {
        let too_small = U256::from(10).pow(U256::from(18));
        result.inspect_err(|error| {
            let is_small = matches!(error, Error::NotNormalized { squared_norm } if *squared_norm < too_small);
            self.set(if is_small { small } else { large }, true);
        })
    }

    /// The same for indices, refused as negative, too large or unordered; counts those before the refused one, too.
    pub(crate) fn check_indices<C: Counter>(
        &mut self,
        checked: C,
        refusals: &[C],
        num_indices: usize,
        result: Result<()>,
    ) -> Result<()> {
        let (refusal, position) = match result {
            Ok(()) => (None, num_indices as u64),
            Err(Error::NegativeIndex { position, .. }) => (refusals.first(), position),
            Err(Error::IndexTooLarge { position, .. }) => (refusals.get(1), position),
            Err(Error::NotStrictlyIncreasing { position, .. }) => (refusals.get(2), position),
            Err(_) => return result,
        };
        self.counts[checked.index()] += position;
        if let Some(&refusal) = refusal { self.check(refusal, result) } else { result }
    }
}

/// Part of the path through a function: a loop that ran, a branch that was taken, an end that was reached.
pub(crate) trait Counter: Copy {
    fn index(self) -> usize;
}

/// An enum of counters, and their names in its order.
macro_rules! counters {
    ($(#[$doc:meta])* $kind:ident, $names:ident { $($variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        enum $kind { $($variant),* }
        const $names: &[&str] = &[$($name),*];
        impl crate::gas::Counter for $kind {
            fn index(self) -> usize {
                self as usize
            }
        }
    };
}
pub(crate) use counters;

/// A model that can say what a call of its contract does.
pub trait Metered: Model {
    /// The counters of `update`.
    const UPDATE: &'static [&'static str];
    /// The counters of `predict`.
    const PREDICT: &'static [&'static str];

    /// Learns one sample, exactly as `update` does, and notes what the contract would do for it. Of a refused sample,
    /// what it would do until it reverts.
    fn meter_update<I: Integer>(&mut self, data: &[I], label: u64, work: &mut Work) -> Result<()>;

    /// Notes what the contract would do to predict a sample.
    fn meter_predict<I: Integer>(&self, data: &[I], work: &mut Work) -> Result<()>;
}
