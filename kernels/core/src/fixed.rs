//! Fixed-point numbers: `round(r * 10^9)`, half away from zero, exactly.

/// The fixed-point integer nearest to a real number, ties away from zero; exact for every finite `f64`.
///
/// `None` for NaN, infinities and magnitudes of about `2^120` and above, which no stored type holds.
pub fn to_fixed(real: f64) -> Option<i128> {
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
        38.. if scaled != 0 => return None,
        0.. => scaled << exponent.min(37),
        // Below 2^83 / 2^90: rounds to zero.
        ..=-90 => 0,
        _ => (scaled + (1 << (-exponent - 1))) >> -exponent,
    };
    let magnitude = i128::try_from(magnitude).ok()?;
    Some(if real < 0.0 { -magnitude } else { magnitude })
}

/// The `f64` nearest to `fixed / 10^9`.
pub fn from_fixed(fixed: i128) -> f64 {
    const EXACT: u128 = 1 << 53;
    if fixed.unsigned_abs() <= EXACT {
        // Both operands are exact, so the division rounds once.
        #[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
        return fixed as f64 / f64::from(crate::TO_FLOAT);
    }
    // The standard library's parser rounds correctly; an i128 with an exponent is always a number.
    format!("{fixed}e-9").parse().unwrap_or(f64::NAN)
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
    }

    proptest::proptest! {
        #[test]
        fn round_trip(fixed in -(1_i128 << 50)..(1 << 50)) {
            assert_eq!(to_fixed(from_fixed(fixed)), Some(fixed));
        }
    }
}
