//! What a contract refuses, with the values that it reports.

use alloy_primitives::{I256, U256};

/// The custom errors of the contracts: each variant is the twin of the error of the same name, its fields in order.
///
/// Mirrors: contracts/src/interfaces/Errors.sol
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// A list has another length than the model, or than the list it goes with.
    DimensionMismatch {
        /// Length that the model needs.
        expected: u64,
        /// Length that was given.
        actual: u64,
    },
    /// A label or class index that the model does not have.
    UnknownClass {
        /// What was given.
        label: U256,
        /// The model has the classes `0 .. num_classes`.
        num_classes: u64,
    },
    /// The squared norm is not within `10^11` of `10^18`.
    NotNormalized {
        /// Sum of the squares of the features, scale `10^18`.
        squared_norm: U256,
    },
    /// Sparse binary data have no norm.
    NormNotDefined,
    /// A feature index below zero.
    NegativeIndex {
        /// Where it stands in the data.
        position: u64,
        /// The index.
        index: I256,
    },
    /// A feature index that the model cannot store.
    IndexTooLarge {
        /// Where it stands in the data.
        position: u64,
        /// The index.
        index: U256,
        /// Indices must be below this.
        limit: U256,
    },
    /// Feature indices must be strictly increasing.
    NotStrictlyIncreasing {
        /// Where the offending index stands.
        position: u64,
        /// The index before it.
        previous: u64,
        /// The offending index.
        index: u64,
    },
    /// A feature of a class that already has a value.
    DuplicateFeature {
        /// Where it stands in the list.
        position: u64,
        /// The feature index.
        index: u64,
    },
    /// An entry of a sparse list that is not a pair (index, value).
    MalformedPair {
        /// Where it stands in the list.
        position: u64,
        /// How many numbers it has.
        length: u64,
    },
    /// A nearest centroid model without classes.
    NoClasses,
    /// A Perceptron has exactly two classes.
    NotTwoClasses {
        /// How many were given.
        num_classes: u64,
    },
    /// An initial sample count that later products could not hold.
    CountTooLarge {
        /// The count.
        count: U256,
        /// Counts must be below this.
        limit: U256,
    },
    /// OpenZeppelin's `SafeCast`: a signed value does not fit its stored type.
    SafeCastOverflowedIntDowncast {
        /// Width of the stored type.
        bits: u8,
        /// The value.
        value: I256,
    },
    /// OpenZeppelin's `SafeCast`: an unsigned value does not fit its stored type.
    SafeCastOverflowedUintDowncast {
        /// Width of the stored type.
        bits: u8,
        /// The value.
        value: U256,
    },
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Error {}

impl Error {
    /// `UnknownClass` unless `label < num_classes`.
    pub(crate) fn check_class(label: u64, num_classes: usize) -> crate::Result<usize> {
        match usize::try_from(label) {
            Ok(class) if class < num_classes => Ok(class),
            _ => Err(Self::UnknownClass { label: U256::from(label), num_classes: num_classes as u64 }),
        }
    }

    /// `DimensionMismatch` unless the two lengths are equal.
    pub(crate) fn check_length(expected: usize, actual: usize) -> crate::Result<()> {
        if expected == actual {
            return Ok(());
        }
        Err(Self::DimensionMismatch { expected: expected as u64, actual: actual as u64 })
    }
}
