//! Fixed-point numbers: `round(r * 10^9)`, half away from zero, exactly.

use crate::InputError;

/// The fixed-point integer nearest to a real number, ties away from zero; exact for every finite `f64`.
///
/// `None` for NaN, infinities and magnitudes of about `2^120` and above, which no stored type holds.
pub fn to_fixed(real: f64) -> Option<i128> {
    let (fixed, is_certain) = near_to_fixed(real);
    if is_certain { Some(i128::from(fixed)) } else { exact_to_fixed(real) }
}

/// The fixed-point integers of a list; refuses the first number that is not finite or that an int64 does not hold.
pub fn to_fixed_int64(reals: &[f64]) -> Result<Vec<i64>, InputError> {
    /// Few enough that a doubtful number costs little, many enough for the compiler to work on several at a time.
    const CHUNK: usize = 64;
    let mut fixed = vec![0; reals.len()];
    for (i, (reals, fixed)) in reals.chunks(CHUNK).zip(fixed.chunks_mut(CHUNK)).enumerate() {
        let mut all_certain = true;
        for (&real, fixed) in reals.iter().zip(&mut *fixed) {
            let (near, is_certain) = near_to_fixed(real);
            *fixed = near;
            all_certain &= is_certain;
        }
        if all_certain {
            continue;
        }
        for (j, (&real, fixed)) in reals.iter().zip(fixed).enumerate() {
            let exact = to_fixed(real).and_then(|exact| i64::try_from(exact).ok());
            *fixed = exact.ok_or(InputError::NotFixed { position: i * CHUNK + j, real })?;
        }
    }
    Ok(fixed)
}

/// The answer of a float multiplication, and whether it is certain, as it nearly always is.
///
/// Below 2^42 the product is off by at most half a unit in the last place, 2^-12. So where it lies at least 2^-10 from
/// the middle of two integers, the true product lies on the same side.
#[inline]
fn near_to_fixed(real: f64) -> (i64, bool) {
    const LIMIT: f64 = (1_u64 << 42) as f64;
    const CLEAR: f64 = 0.5 - 1.0 / 1024.0;
    /// The unit in the last place of numbers near it is 1, so adding it rounds to an integer, which its last bits hold.
    const ROUNDER: f64 = (3_u64 << 51) as f64;
    let product = real * f64::from(crate::TO_FLOAT);
    let rounded = product + ROUNDER;
    let is_certain = product.abs() < LIMIT && (product - (rounded - ROUNDER)).abs() <= CLEAR;
    (rounded.to_bits().wrapping_sub(ROUNDER.to_bits()).cast_signed(), is_certain)
}

/// The answer for every finite float, in integers.
fn exact_to_fixed(real: f64) -> Option<i128> {
    const MANTISSA_BITS: u32 = 52;
    if !real.is_finite() {
        return None;
    }
    let bits = real.to_bits();
    let biased = i32::try_from((bits >> MANTISSA_BITS) & 0x7ff).ok()?;
    let fraction = bits & ((1 << MANTISSA_BITS) - 1);
    // real = mantissa * 2^exponent, exactly; subnormals have no hidden bit and the exponent of the smallest normal.
    let mantissa = if biased == 0 { fraction } else { fraction | (1 << MANTISSA_BITS) };
    let exponent = biased.max(1) - 1075;
    // 53 bits times 30 bits: below 2^83.
    let scaled = u128::from(mantissa) * u128::from(crate::TO_FLOAT);
    let magnitude = match exponent {
        38.. => return None,
        0.. => scaled << exponent,
        // Below 2^83 / 2^90: rounds to zero.
        ..=-90 => 0,
        _ => (scaled + (1 << (-exponent - 1))) >> -exponent,
    };
    let magnitude = i128::try_from(magnitude).ok()?;
    Some(if real < 0.0 { -magnitude } else { magnitude })
}

/// The `f64` nearest to `fixed / 10^9`.
pub fn from_fixed(fixed: i128) -> f64 {
    match i64::try_from(fixed) {
        Ok(fixed) if is_exact(fixed) => divide(fixed),
        // The standard library's parser rounds correctly; an i128 with an exponent is always a number.
        _ => format!("{fixed}e-9").parse().unwrap_or(f64::NAN),
    }
}

/// The same for a list.
pub fn from_fixed_int64(fixed: &[i64]) -> Vec<f64> {
    if fixed.iter().all(|&fixed| is_exact(fixed)) {
        return fixed.iter().map(|&fixed| divide(fixed)).collect();
    }
    fixed.iter().map(|&fixed| from_fixed(fixed.into())).collect()
}

/// Whether an `f64` holds the integer exactly.
fn is_exact(fixed: i64) -> bool {
    fixed.unsigned_abs() <= 1 << 53
}

/// Both operands are exact, so the division rounds once.
#[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
fn divide(fixed: i64) -> f64 {
    fixed as f64 / f64::from(crate::TO_FLOAT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_away_from_zero() {
        assert_eq!(to_fixed(0.5e-9 * 1.0000000001), Some(1));
        assert_eq!(to_fixed(2f64.powi(-10)), Some(976_563)); // 976562.5
        assert_eq!(to_fixed(-(2f64.powi(-10))), Some(-976_563));
        assert_eq!(to_fixed(0.0), Some(0));
        assert_eq!(to_fixed(-0.0), Some(0));
        assert_eq!(to_fixed(f64::MIN_POSITIVE), Some(0));
        assert_eq!(to_fixed(5e-324), Some(0));
    }

    #[test]
    fn what_is_not_a_number_has_no_fixed_point() {
        for real in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
            assert_eq!(to_fixed(real), None);
        }
        assert_eq!(to_fixed(2f64.powi(80)), Some((1_i128 << 80) * 1_000_000_000));
        assert_eq!(to_fixed(-(2f64.powi(89))), Some(-(1_i128 << 89) * 1_000_000_000));
    }

    #[test]
    fn from_fixed_rounds_once() {
        assert_eq!(from_fixed(500_000_000), 0.5);
        assert_eq!(from_fixed(-1), -1e-9);
        assert_eq!(from_fixed(i128::from(i64::MAX)), 9_223_372_036.854_776);
        assert_eq!(from_fixed((1 << 79) - 1), 604_462_909_807_314.6);
        assert_eq!(from_fixed_int64(&[1, i64::MAX]), [1e-9, 9_223_372_036.854_776]);
        assert_eq!(from_fixed_int64(&[1, -5]), [1e-9, -5e-9]);
    }

    #[test]
    fn a_list_names_its_first_bad_number() {
        let mut reals = vec![0.25e-9; 200];
        reals[3] = 0.5e-9;
        let fixed = to_fixed_int64(&reals).expect("all fit");
        let expected: Vec<i64> =
            reals.iter().map(|&real| i64::try_from(exact_to_fixed(real).unwrap()).unwrap()).collect();
        assert_eq!(fixed, expected);
        reals[150] = 1e10;
        reals[170] = f64::NAN;
        assert_eq!(to_fixed_int64(&reals), Err(InputError::NotFixed { position: 150, real: 1e10 }));
    }

    proptest::proptest! {
        #[test]
        fn near_and_exact_agree(real in -10_000.0..10_000.0_f64, scale in -60..10_i32, fixed in -(1_i64 << 41)..1 << 41) {
            // Also next to the ties, where the product alone would not do.
            #[expect(clippy::cast_precision_loss, reason = "any float will do")]
            let tie = (fixed as f64 + 0.5) / f64::from(crate::TO_FLOAT);
            for real in [real * 2f64.powi(scale), tie, tie.next_up(), tie.next_down()] {
                let (fixed, is_certain) = near_to_fixed(real);
                if is_certain {
                    assert_eq!(exact_to_fixed(real), Some(i128::from(fixed)), "{real:e}");
                }
            }
        }

        #[test]
        fn round_trip(fixed in -(1_i128 << 50)..(1 << 50)) {
            assert_eq!(to_fixed(from_fixed(fixed)), Some(fixed));
        }
    }
}
