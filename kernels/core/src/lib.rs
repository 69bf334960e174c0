//! The integer semantics of the on-chain classifiers, bit for bit.
//!
//! Each of the [`models`] is the twin of the contract of the same name in `contracts/src/models`: the same names, the same order
//! of checks, the same rounding, the same errors. A `Mirrors` line with the path stands on every
//! function that must stay exact.
//!
//! Numbers are fixed-point: a real `r` is stored as `round(r * 10^9)`. Where a product or a sum may leave the native
//! width, a fast path runs under a bound that is checked at run time, and an exact 256-bit path stands behind it.

mod batch;
mod error;
pub mod fixed;
pub mod gas;
pub mod models;
mod norm;
mod products;
mod row_sums;
mod safe_cast;
mod sparse_map;

pub use alloy_primitives::{I256, U256};
pub use batch::{BatchError, BatchResult, Bounds, InputError, Integer, Rows, Values};
pub use error::{Argument, Error};
pub use models::Model;
pub use norm::norm;
pub use safe_cast::{INT80_MAX, INT80_MIN};

/// Result of a call that a contract may refuse.
pub type Result<T> = std::result::Result<T, Error>;

/// Scale of every fixed-point number. Mirrors: `toFloat` in contracts/src/models/Classifier.sol
pub const TO_FLOAT: u32 = 1_000_000_000;
