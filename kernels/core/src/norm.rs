//! The 2-norm of dense samples, and the check that an update demands.

use alloy_primitives::U256;

use crate::{Error, Integer, Result, TO_FLOAT};

const ONE_SQUARED: u128 = TO_FLOAT as u128 * TO_FLOAT as u128;
const TOLERANCE: u128 = TO_FLOAT as u128 * 100;

/// Floor of the 2-norm, scale `10^9`.
///
/// Mirrors: `euclidean` in contracts/src/libraries/Norm.sol
pub fn norm<I: Integer>(data: &[I]) -> U256 {
    squared_norm(data).root(2)
}

/// Sum of the squares, scale `10^18`.
pub(crate) fn squared_norm<I: Integer>(data: &[I]) -> U256 {
    // A square is at most 2^126, so only a handful of extreme features leave 128 bits; the checked sum finds out.
    let narrow = data.iter().try_fold(0_u128, |sum, &x| sum.checked_add(square(x.into())));
    match narrow {
        Some(sum) => U256::from(sum),
        None => data.iter().fold(U256::ZERO, |sum, &x| sum + U256::from(square(x.into()))),
    }
}

fn square(x: i64) -> u128 {
    let magnitude = u128::from(x.unsigned_abs());
    magnitude * magnitude
}

/// `NotNormalized` unless the squared norm lies strictly between `10^18 - 10^11` and `10^18 + 10^11`.
///
/// Mirrors: `requireUnit` in contracts/src/libraries/Norm.sol
pub(crate) fn require_unit<I: Integer>(data: &[I]) -> Result<()> {
    let squared_norm = squared_norm(data);
    let low = U256::from(ONE_SQUARED - TOLERANCE);
    let high = U256::from(ONE_SQUARED + TOLERANCE);
    if low < squared_norm && squared_norm < high {
        return Ok(());
    }
    Err(Error::NotNormalized { squared_norm })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norm_is_the_floor_of_the_root() {
        assert_eq!(norm::<i64>(&[]), U256::ZERO);
        assert_eq!(norm(&[3_i32, -4]), U256::from(5));
        assert_eq!(norm(&[1_i64, 1]), U256::from(1));
        assert_eq!(norm(&[i64::MIN]), U256::from(1_u128 << 63));
        // 4 * 2^126 needs 129 bits, so the sum takes the wide path.
        assert_eq!(norm(&[i64::MIN; 4]), U256::from(1_u128 << 64));
    }

    proptest::proptest! {
        #[test]
        fn root_is_the_largest_whose_square_is_not_above(
            data in proptest::collection::vec(proptest::prelude::any::<i64>(), 0..40)
        ) {
            let (root, sum) = (norm(&data), squared_norm(&data));
            let next = root + U256::from(1);
            assert!(root * root <= sum && sum < next * next);
        }
    }

    #[test]
    fn bounds_of_the_norm_check_are_exclusive() {
        // 10^18 + 10^11 is reached by one feature squared and a few small ones; here by arithmetic on the sum itself.
        let base = 1_000_000_000_i64;
        assert!(require_unit(&[base]).is_ok());
        assert!(require_unit(&[base, 316_227]).is_ok()); // + 99_999_515_529
        // 316_227^2 = 99_999_515_529, + 696^2 = 484_416, + 7^2 + 2^2 + 1 + 1 = 55 -> 10^11 exactly
        assert_eq!(316_227_i64.pow(2) + 696_i64.pow(2) + 49 + 4 + 1 + 1, 100_000_000_000);
        assert!(require_unit(&[base, 316_227, 696, 7, 2, 1, 1]).is_err());
        assert!(require_unit(&[base, 316_227, 696, 7, 2, 1]).is_ok());
    }
}
