//! A nearest centroid classifier over dense samples.

use alloy_primitives::{I256, U256};

use crate::batch::{BatchError, BatchResult, Rows, predict_blocks, predict_rows};
use crate::norm::require_unit;
use crate::products::FloatProducts;
use crate::safe_cast::to_i256;
use crate::{Error, Integer, Model, Result, TO_FLOAT};

mod gas;

/// Initial sample counts must be below `2^191`, so that an int64 times a count fits in an int256.
///
/// Mirrors: `dataCountLimit` in contracts/src/models/NearestCentroid.sol
pub const DATA_COUNT_LIMIT: U256 = U256::from_limbs([0, 0, 1 << 63, 0]);

/// The twin of the contract `NearestCentroidClassifier`.
///
/// Mirrors: contracts/src/models/NearestCentroidClassifier.sol
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearestCentroidClassifier {
    centroids: Vec<Vec<i64>>,
    data_counts: Vec<U256>,
}

impl NearestCentroidClassifier {
    /// A model with a centroid and a sample count for each class.
    ///
    /// Mirrors: `constructor` in contracts/src/models/NearestCentroidClassifier.sol
    pub fn new(centroids: Vec<Vec<i64>>, data_counts: Vec<U256>) -> Result<Self> {
        let dimension = centroids.first().ok_or(Error::NoClasses)?.len();
        Error::check_length(centroids.len(), data_counts.len())?;
        for (centroid, &count) in centroids.iter().zip(&data_counts) {
            Error::check_length(dimension, centroid.len())?;
            check_count(count)?;
        }
        Ok(Self { centroids, data_counts })
    }

    /// A model in a state that a contract can reach, though not be built with: centroids half way through their
    /// extension, and counts that have grown to the limit.
    pub fn restore(centroids: Vec<Vec<i64>>, data_counts: Vec<U256>) -> Result<Self> {
        if centroids.is_empty() {
            return Err(Error::NoClasses);
        }
        Error::check_length(centroids.len(), data_counts.len())?;
        if let Some(&count) = data_counts.iter().find(|&&count| count > DATA_COUNT_LIMIT) {
            return Err(Error::CountTooLarge { count, limit: DATA_COUNT_LIMIT + U256::from(1) });
        }
        Ok(Self { centroids, data_counts })
    }

    /// The centroid of each class, scale `10^9`.
    pub fn centroids(&self) -> &[Vec<i64>] {
        &self.centroids
    }

    /// The number of samples in each class.
    pub fn data_counts(&self) -> &[U256] {
        &self.data_counts
    }

    /// Adds a class. Mirrors: `addClass` in contracts/src/models/NearestCentroidClassifier.sol
    pub fn add_class(&mut self, centroid: Vec<i64>, data_count: U256) -> Result<()> {
        Error::check_length(self.centroids[0].len(), centroid.len())?;
        check_count(data_count)?;
        self.centroids.push(centroid);
        self.data_counts.push(data_count);
        Ok(())
    }

    /// Appends to the centroid of one class.
    ///
    /// Mirrors: `extendCentroid` in contracts/src/models/NearestCentroidClassifier.sol
    pub fn extend_centroid(&mut self, extension: &[i64], classification: u64) -> Result<()> {
        let class = Error::check_class(classification, self.centroids.len())?;
        self.centroids[class].extend_from_slice(extension);
        Ok(())
    }

    /// The centroid and the count of a class after one more sample.
    ///
    /// Mirrors: `_moveCentroid` in contracts/src/models/NearestCentroidClassifier.sol
    fn moved<I: Integer>(&self, class: usize, data: &[I]) -> (Vec<i64>, U256) {
        let count = self.data_counts[class];
        let new_count = if count < DATA_COUNT_LIMIT { count + U256::from(1) } else { count };
        let values = self.centroids[class].iter().zip(data);
        (values.map(|(&value, &x)| moving_average(value, x.into(), count, new_count)).collect(), new_count)
    }

    fn set_class(&mut self, class: usize, centroid: Vec<i64>, count: U256) {
        self.centroids[class] = centroid;
        self.data_counts[class] = count;
    }
}

impl Model for NearestCentroidClassifier {
    /// The class with the nearest centroid, the lowest among equals.
    ///
    /// Mirrors: `predict` in contracts/src/models/NearestCentroidClassifier.sol
    fn predict<I: Integer>(&self, data: &[I]) -> Result<u64> {
        let mut nearest = 0;
        let mut best = U256::MAX;
        for (class, centroid) in (0..).zip(&self.centroids) {
            Error::check_length(centroid.len(), data.len())?;
            if let Some(distance) = distance_below(best, data, centroid) {
                best = distance;
                nearest = class;
            }
        }
        Ok(nearest)
    }

    fn predict_batch<I: Integer>(&self, rows: &Rows<I>) -> BatchResult<Vec<u64>> {
        let Some((centroids, dense)) = CentroidProducts::for_rows(&self.centroids, rows) else {
            return predict_rows(rows, |row| self.predict(row));
        };
        predict_blocks(rows, |block, labels| {
            centroids.nearest(dense.block(block.clone()), labels);
            for (row, label) in block.zip(labels) {
                if *label == UNCERTAIN {
                    *label = self.predict(dense.row(row)).map_err(|error| BatchError::Row { row, error })?;
                }
            }
            Ok(())
        })
    }

    /// Moves the centroid of a class to the mean that includes one more sample. The count changes until the class is full.
    ///
    /// Mirrors: `update` in contracts/src/models/NearestCentroidClassifier.sol
    fn update<I: Integer>(&mut self, data: &[I], classification: u64) -> Result<bool> {
        let class = Error::check_class(classification, self.centroids.len())?;
        Error::check_length(self.centroids[class].len(), data.len())?;
        require_unit(data)?;
        let (centroid, count) = self.moved(class, data);
        let changed = count != self.data_counts[class] || centroid != self.centroids[class];
        self.set_class(class, centroid, count);
        Ok(changed)
    }
}

/// Finds the nearest centroid of most rows from one product a class.
///
/// With `D = sum_j (x_j - c_j)^2`, a distance lies in `D / 10^9 - dimension < distance <= D / 10^9`, since each term loses
/// less than 1 when it is divided and rounded. So where the smallest `D` is at least `dimension * 10^9` below all
/// others, its class has the smallest distance. `sum_j x_j^2` is the same for all classes and left out of `D`, which leaves
/// `|c|^2 - 2 * c * x`; by the proof of [`crate::products`] its float is off by less than
/// `tolerance * (|c|^2 + 2 * |c| * |x|)`.
struct CentroidProducts {
    products: FloatProducts,
    /// The largest norm of a centroid.
    largest: f64,
    margin: f64,
}

/// The label of a row whose nearest centroid takes the exact distances to tell.
const UNCERTAIN: u64 = u64::MAX;

impl CentroidProducts {
    /// None where [`FloatProducts::for_rows`] has none.
    #[expect(clippy::cast_precision_loss, reason = "below 2^50")]
    fn for_rows<'a, I: Integer>(centroids: &[Vec<i64>], rows: &Rows<'a, I>) -> Option<(Self, Rows<'a, i64>)> {
        let (products, rows) = FloatProducts::for_rows(centroids.iter().map(Vec::as_slice), rows)?;
        let largest = products.norms().iter().copied().fold(0.0, f64::max);
        let margin = (products.dimension() as u64 * u64::from(TO_FLOAT)) as f64;
        Some((Self { products, largest, margin }, rows))
    }

    /// The label of each row, or [`UNCERTAIN`].
    fn nearest(&self, rows: &[i64], labels: &mut [u64]) {
        self.products.for_each_row(rows, |row, found| {
            let (mut nearest, mut smallest, mut second) = (0, f64::INFINITY, f64::INFINITY);
            for (class, (product, norm)) in (0..).zip(found.products.iter().zip(self.products.norms())) {
                let difference = norm * norm - 2.0 * product;
                if difference < smallest {
                    (second, smallest, nearest) = (smallest, difference, class);
                } else {
                    second = second.min(difference);
                }
            }
            let off = self.products.tolerance() * self.largest * (self.largest + 2.0 * found.norm);
            let is_certain = second - smallest >= self.margin + 2.0 * off;
            labels[row] = if is_certain { nearest } else { UNCERTAIN };
        });
    }
}

fn check_count(count: U256) -> Result<()> {
    if count < DATA_COUNT_LIMIT {
        return Ok(());
    }
    Err(Error::CountTooLarge { count, limit: DATA_COUNT_LIMIT })
}

/// `sum_j trunc((x_j - c_j)^2 / 10^9)` where it is below `bound`; as soon as a partial sum reaches it, None.
fn distance_below<I: Integer>(bound: U256, data: &[I], centroid: &[i64]) -> Option<U256> {
    /// Few enough to give up early, many enough to keep the test out of the inner loop.
    const CHUNK: usize = 64;
    let mut distance = U256::ZERO;
    for (data, centroid) in data.chunks(CHUNK).zip(centroid.chunks(CHUNK)) {
        let partial = narrow_distance(data, centroid).map_or_else(|| wide_distance(data, centroid), U256::from);
        // At most 2^98.2 a term: fewer than 2^157 of them cannot overflow.
        distance += partial;
        if distance >= bound {
            return None;
        }
    }
    (distance < bound).then_some(distance)
}

/// The terms of a chunk where all differences are below 2^32: their squares fit in 64 bits, and a sum of 64 quotients
/// of less than 2^35 does too.
fn narrow_distance<I: Integer>(data: &[I], centroid: &[i64]) -> Option<u64> {
    let mut seen = 0;
    let mut distance = 0;
    for (&x, &c) in data.iter().zip(centroid) {
        let difference = x.into().abs_diff(c);
        seen |= difference;
        distance += difference.wrapping_mul(difference) / u64::from(TO_FLOAT);
    }
    (seen >> 32 == 0).then_some(distance)
}

/// The terms of a chunk for any differences: below 2^64, so their squares fit in 128 bits, and 64 quotients do too.
fn wide_distance<I: Integer>(data: &[I], centroid: &[i64]) -> U256 {
    let terms = data.iter().zip(centroid).map(|(&x, &c)| scaled_square(x.into(), c));
    U256::from(terms.sum::<u128>())
}

/// Mirrors: `_scaledSquare` in contracts/src/models/NearestCentroidClassifier.sol
fn scaled_square(x: i64, c: i64) -> u128 {
    let difference = u128::from(x.abs_diff(c));
    difference * difference / u128::from(TO_FLOAT)
}

/// `(c * n + x) / new_n`, rounded toward zero.
///
/// A mean of int64 is one: where `new_n = n + 1` it lies between `c` and `x`, or at zero; where `new_n = n`, which is at
/// least 2^191, adding `x / n` moves `c` by less than one, and never past what rounding toward zero takes back.
fn moving_average(c: i64, x: i64, n: U256, new_n: U256) -> i64 {
    let narrow = i64::try_from(n).ok().and_then(|n| c.checked_mul(n)?.checked_add(x));
    if let (Some(sum), Ok(new_n)) = (narrow, i64::try_from(new_n)) {
        return sum / new_n;
    }
    // |c| * n is at most 2^63 * 2^191 = 2^254, so neither product nor sum leaves an int256.
    let sum = to_i256(i128::from(c)).wrapping_mul(I256::from_raw(n)).wrapping_add(to_i256(i128::from(x)));
    let mean = sum.wrapping_div(I256::from_raw(new_n));
    // The low 64 bits of a two's complement number that fits in 64 bits are that number.
    #[expect(clippy::cast_possible_wrap, reason = "two's complement")]
    let low = mean.into_raw().as_limbs()[0] as i64;
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Bounds;

    #[test]
    fn distance_terms_are_divided_and_then_summed() {
        // 31_623^2 = 1_000_014_129 -> 1 each, though the sum of squares would give 2 only together.
        assert_eq!(distance_below(U256::MAX, &[31_623_i64, 31_623], &[0, 0]), Some(U256::from(2)));
        assert_eq!(distance_below(U256::MAX, &[31_622_i32, 31_622], &[0, 0]), Some(U256::ZERO));
    }

    #[test]
    fn extreme_differences_take_the_wide_path() {
        let squared = (u128::from(u64::MAX)) * u128::from(u64::MAX) / 1_000_000_000;
        let distance = distance_below(U256::MAX, &[i64::MIN; 70], &[i64::MAX; 70]);
        assert_eq!(distance, Some(U256::from(squared) * U256::from(70)));
    }

    #[test]
    fn a_full_class_keeps_its_count_and_values_in_range() {
        for c in [i64::MIN, i64::MAX, -1, 0, 1] {
            for x in [i64::MIN, i64::MAX] {
                let moved = moving_average(c, x, DATA_COUNT_LIMIT, DATA_COUNT_LIMIT);
                // c + x / n, rounded toward zero: an integer c stays unless x pulls it toward zero.
                let expected = if c != 0 && (c < 0) != (x < 0) { c - c.signum() } else { c };
                assert_eq!(moved, expected, "c = {c}, x = {x}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn batch_and_single_predictions_agree(
            centroids in proptest::collection::vec(proptest::collection::vec(-60_000..60_000_i64, 3), 1..5),
            rows in proptest::collection::vec(-60_000..60_000_i64, 30),
        ) {
            // Differences of some 10^4: distances of 0 to 10, with ties that rounding makes.
            let counts = vec![U256::ZERO; centroids.len()];
            let model = NearestCentroidClassifier::new(centroids, counts).expect("all of length 3");
            let batch = Rows::new(&rows, Bounds::Even { len: 10, dimension: 3 }, None).expect("30 values");
            let expected: Result<Vec<u64>> = rows.chunks(3).map(|row| model.predict(row)).collect();
            assert_eq!(model.predict_batch(&batch).expect("lengths agree"), expected.expect("lengths agree"));
        }

        #[test]
        fn narrow_and_wide_distances_agree(
            pairs in proptest::collection::vec((-(1_i64 << 31)..1 << 31, -(1_i64 << 31)..1 << 31), 0..64)
        ) {
            let (data, centroid): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let narrow = narrow_distance(&data, &centroid).map(U256::from);
            assert_eq!(narrow, Some(wide_distance(&data, &centroid)));
        }
    }
}
