//! The integer semantics of the on-chain classifiers, bit for bit.
//!
//! Each model is the twin of the contract of the same name in `contracts/src/models`: the same names, the same order
//! of checks, the same rounding, the same errors. A `Mirrors` line with the path stands on every
//! function that must stay exact.
//!
//! Numbers are fixed-point: a real `r` is stored as `round(r * 10^9)`. Where a product or a sum may leave the native
//! width, a fast path runs under a bound that is checked at run time, and an exact 256-bit path stands behind it.

mod batch;
mod dense_perceptron;
mod error;
pub mod fixed;
pub mod gas;
mod int80;
mod nearest_centroid;
mod norm;
mod products;
mod row_sums;
mod sparse_map;
mod sparse_nearest_centroid;
mod sparse_perceptron;

pub use alloy_primitives::{I256, U256};
pub use batch::{BatchError, CsrRows, DenseRows, FeatureIndex, RowError, Rows, Values};
pub use dense_perceptron::DensePerceptron;
pub use error::Error;
pub use int80::{INT80_MAX, INT80_MIN};
pub use nearest_centroid::{DATA_COUNT_LIMIT, NearestCentroidClassifier};
pub use norm::norm;
pub use sparse_nearest_centroid::{FEATURE_INDEX_LIMIT, Feature, SparseNearestCentroidClassifier, StoredClass};
pub use sparse_perceptron::SparsePerceptron;

/// Result of a call that a contract may refuse.
pub type Result<T> = std::result::Result<T, Error>;

/// Scale of every fixed-point number. Mirrors: `toFloat` in contracts/src/models/Classifier.sol
pub const TO_FLOAT: u32 = 1_000_000_000;
