//! Numbers of fewer bits than a machine's: those that leave their stored type are refused, as by OpenZeppelin's `SafeCast`.

use alloy_primitives::{I256, U256};

use crate::{Error, Result};

/// Smallest `int80`, the stored type of weights.
pub const INT80_MIN: i128 = -(1 << 79);
/// Largest `int80`.
pub const INT80_MAX: i128 = (1 << 79) - 1;

/// The value, if an `int80` holds it.
pub(crate) fn to_int80(value: i128) -> Result<i128> {
    if (INT80_MIN..=INT80_MAX).contains(&value) {
        return Ok(value);
    }
    Err(Error::SafeCastOverflowedIntDowncast { bits: 80, value: to_i256(value) })
}

/// The value, if a `uint64` holds it.
pub(crate) fn to_uint64(value: U256) -> Result<u64> {
    u64::try_from(value).map_err(|_| Error::SafeCastOverflowedUintDowncast { bits: 64, value })
}

/// Sign-extends to an `int256`.
pub(crate) fn to_i256(value: i128) -> I256 {
    let magnitude = I256::from_raw(U256::from(value.unsigned_abs()));
    if value < 0 { magnitude.wrapping_neg() } else { magnitude }
}
