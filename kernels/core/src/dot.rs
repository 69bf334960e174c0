//! Exact dot products of many rows with one vector: what dense batches spend their time on.

use pulp::Arch;

/// Numbers per block: the sums of a block stay below 2^62, so they fit in 64 bits.
const BLOCK: usize = 256;
/// A weight is `high * 2^LOW_BITS + low`, with `low` in `0..2^LOW_BITS`.
const LOW_BITS: u32 = 23;
/// Weights must be below this in magnitude, so that `high` is at most 2^22.
const WEIGHT_LIMIT: i128 = 1 << 45;

/// A vector cut into two pieces of at most 23 bits, so that a product with a 32-bit number is one vector instruction and 256
/// of them fit in 64 bits.
pub(crate) struct DotProduct {
    arch: Arch,
    low: Vec<i32>,
    high: Vec<i32>,
}

impl DotProduct {
    /// None where a weight is 2^45 or more in magnitude.
    pub(crate) fn new(weights: impl Iterator<Item = i128>) -> Option<Self> {
        let (mut low, mut high) = (Vec::new(), Vec::new());
        for weight in weights {
            if weight.abs() >= WEIGHT_LIMIT {
                return None;
            }
            low.push(i32::try_from(weight & ((1 << LOW_BITS) - 1)).ok()?);
            high.push(i32::try_from(weight >> LOW_BITS).ok()?);
        }
        Some(Self { arch: Arch::new(), low, high })
    }

    /// `sum_i weights[i] * row[i]`, or None where a number of the row does not fit in 32 bits.
    ///
    /// Each piece of a weight is at most 2^23 in magnitude and each number at most 2^31, so 256 products stay within
    /// 2^62; blocks are summed in 128 bits.
    #[inline]
    pub(crate) fn with(&self, row: &[i64]) -> Option<i128> {
        self.arch.dispatch(|| {
            let mut total = 0_i128;
            let blocks = row.chunks(BLOCK).zip(self.low.chunks(BLOCK)).zip(self.high.chunks(BLOCK));
            for ((row, low), high) in blocks {
                let (low_sum, high_sum) = block_sums(row, low, high)?;
                total += i128::from(low_sum) + (i128::from(high_sum) << LOW_BITS);
            }
            Some(total)
        })
    }
}

/// The sums of a block; None where a number does not fit in 32 bits. Inlined, so that it is compiled for each
/// instruction set.
#[inline(always)]
fn block_sums(row: &[i64], low: &[i32], high: &[i32]) -> Option<(i64, i64)> {
    let (mut low_sum, mut high_sum, mut outside) = (0, 0, 0);
    for ((&x, &low), &high) in row.iter().zip(low).zip(high) {
        // In 0..2^32 exactly where x is an i32.
        outside |= x.wrapping_add(1 << 31).cast_unsigned();
        #[expect(clippy::cast_possible_truncation, reason = "checked below")]
        let x = i64::from(x as i32);
        low_sum += x * i64::from(low);
        high_sum += x * i64::from(high);
    }
    (outside >> 32 == 0).then_some((low_sum, high_sum))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exact(weights: &[i128], row: &[i64]) -> i128 {
        weights.iter().zip(row).map(|(weight, &x)| weight * i128::from(x)).sum()
    }

    #[test]
    fn the_largest_blocks_do_not_overflow() {
        for weight in [WEIGHT_LIMIT - 1, 1 - WEIGHT_LIMIT, (1 << LOW_BITS) - 1, -1] {
            for x in [i32::MIN, i32::MAX] {
                let (weights, row) = (vec![weight; 3 * BLOCK + 1], vec![i64::from(x); 3 * BLOCK + 1]);
                let product = DotProduct::new(weights.iter().copied()).expect("weights are below the limit");
                assert_eq!(product.with(&row), Some(exact(&weights, &row)));
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_left_to_others() {
        assert!(DotProduct::new([WEIGHT_LIMIT].into_iter()).is_none());
        assert!(DotProduct::new([-WEIGHT_LIMIT].into_iter()).is_none());
        let product = DotProduct::new([1, 1].into_iter()).expect("small");
        for x in [i64::from(i32::MAX) + 1, i64::from(i32::MIN) - 1, i64::MIN, i64::MAX, 1 << 32] {
            assert_eq!(product.with(&[0, x]), None);
        }
    }

    proptest! {
        #[test]
        fn equals_the_product_in_128_bits(
            pairs in prop::collection::vec((1 - WEIGHT_LIMIT..WEIGHT_LIMIT, any::<i32>()), 0..700)
        ) {
            let (weights, row): (Vec<i128>, Vec<i64>) = pairs.into_iter().map(|(w, x)| (w, i64::from(x))).unzip();
            let product = DotProduct::new(weights.iter().copied()).expect("weights are below the limit");
            prop_assert_eq!(product.with(&row), Some(exact(&weights, &row)));
        }
    }
}
