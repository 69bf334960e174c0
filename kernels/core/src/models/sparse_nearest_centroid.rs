//! A nearest centroid classifier over the indices of the binary features that are present.

use alloy_primitives::{I256, U256, U512};

use crate::batch::{BatchResult, Rows, predict_blocks, predict_each, predict_rows, to_u64};
use crate::row_sums::{Order, RowSums};
use crate::safe_cast::{to_i256, to_uint64};
use crate::sparse_map::SparseMap;
use crate::{Error, Integer, Model, Result, TO_FLOAT};

mod gas;

/// Bits of a feature index. Mirrors: `INDEX_BITS` in contracts/src/models/SparseNearestCentroidClassifier.sol
const INDEX_BITS: u8 = 32;

/// A value of a centroid as it is stored: right when the class had `num_samples`, and scaled when it is read.
///
/// Mirrors: `Feature` in contracts/src/models/SparseNearestCentroidClassifier.sol
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Feature {
    /// Mean of the feature, scale `10^9`.
    pub value: u64,
    /// Number of samples of the class when the value was written.
    pub num_samples: u64,
}

/// Mirrors: `ClassInfo` in contracts/src/models/SparseNearestCentroidClassifier.sol
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ClassInfo {
    num_samples: u64,
    squared_magnitude: U256,
    centroid: SparseMap<Feature>,
}

/// The twin of the contract `SparseNearestCentroidClassifier`.
///
/// Mirrors: contracts/src/models/SparseNearestCentroidClassifier.sol
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SparseNearestCentroidClassifier {
    class_infos: Vec<ClassInfo>,
}

impl SparseNearestCentroidClassifier {
    /// A model with a centroid, as rows (index, value), and a sample count for each class.
    ///
    /// Mirrors: `constructor` in contracts/src/models/SparseNearestCentroidClassifier.sol
    pub fn new(centroids: &[Vec<Vec<u64>>], num_samples: &[u64]) -> Result<Self> {
        if centroids.is_empty() {
            return Err(Error::NoClasses);
        }
        Error::check_length(centroids.len(), num_samples.len())?;
        let classes = centroids.iter().zip(num_samples);
        let class_infos = classes.map(|(rows, &num_samples)| ClassInfo::new(rows, num_samples));
        Ok(Self { class_infos: class_infos.collect::<Result<_>>()? })
    }

    /// A model in a state that a contract can reach.
    ///
    /// No value may have more samples than its class, and no squared magnitude more than 224 bits: updates get to neither.
    pub fn restore(num_samples: &[u64], squared_magnitudes: &[U256], stored: Vec<Vec<(u32, Feature)>>) -> Result<Self> {
        if stored.is_empty() {
            return Err(Error::NoClasses);
        }
        Error::check_length(stored.len(), num_samples.len())?;
        Error::check_length(stored.len(), squared_magnitudes.len())?;
        let classes = num_samples.iter().zip(squared_magnitudes).zip(stored);
        let class_infos = classes.map(|((&num_samples, &squared_magnitude), values)| {
            ClassInfo::restore(num_samples, squared_magnitude, values)
        });
        Ok(Self { class_infos: class_infos.collect::<Result<_>>()? })
    }

    /// The number of samples in each class.
    pub fn num_samples(&self) -> Vec<u64> {
        self.class_infos.iter().map(|info| info.num_samples).collect()
    }

    /// The squared magnitude of each centroid as the contract keeps it, scale `10^18`.
    pub fn squared_magnitudes(&self) -> Vec<U256> {
        self.class_infos.iter().map(|info| info.squared_magnitude).collect()
    }

    /// The stored values of each class that are not zero, by increasing feature index.
    pub fn stored(&self) -> Vec<Vec<(u64, Feature)>> {
        self.class_infos.iter().map(|info| info.centroid.entries()).collect()
    }

    /// The true value of a feature in a class now, scale `10^9`.
    ///
    /// Mirrors: `getCentroidValue` in contracts/src/models/SparseNearestCentroidClassifier.sol
    pub fn centroid_value(&self, class: u64, index: u32) -> Result<u64> {
        let class = Error::check_class(class, self.class_infos.len())?;
        Ok(self.class_infos[class].true_value(u64::from(index)))
    }

    /// Adds a class. Mirrors: `addClass` in contracts/src/models/SparseNearestCentroidClassifier.sol
    pub fn add_class(&mut self, centroid: &[Vec<u64>], num_samples: u64) -> Result<()> {
        self.class_infos.push(ClassInfo::new(centroid, num_samples)?);
        Ok(())
    }

    /// Adds features to the centroid of one class.
    ///
    /// Mirrors: `extendCentroid` in contracts/src/models/SparseNearestCentroidClassifier.sol
    pub fn extend_centroid(&mut self, extension: &[Vec<u64>], classification: u64) -> Result<()> {
        let class = Error::check_class(classification, self.class_infos.len())?;
        let mut extended = self.class_infos[class].clone();
        extended.extend(extension)?;
        self.class_infos[class] = extended;
        Ok(())
    }
}

impl Model for SparseNearestCentroidClassifier {
    /// The class with the nearest centroid, the lowest among equals.
    ///
    /// Mirrors: `predict` in contracts/src/models/SparseNearestCentroidClassifier.sol
    fn predict<I: Integer>(&self, data: &[I]) -> Result<u64> {
        require_increasing(data)?;
        let distances = self.class_infos.iter().map(|info| info.distance(data));
        Ok(lowest_of_nearest(distances))
    }

    fn predict_batch<I: Integer>(&self, rows: &Rows<I>) -> BatchResult<Vec<u64>> {
        let Some(table) = DistanceTable::new(&self.class_infos, rows) else {
            return predict_rows(rows, |row| self.predict(row));
        };
        let between_two = table.between_two();
        predict_blocks(rows, |block, labels| {
            let is_done = between_two.as_ref().is_some_and(|(sums, bound)| {
                let give = |row: usize, sum| labels[row] = u64::from(sum < *bound);
                sums.for_each_row(rows, block.clone(), Order::Increasing, give)
            });
            if is_done {
                return Ok(());
            }
            predict_each(rows, block, labels, |row| match table.predict(row) {
                Some(label) => Ok(label),
                None => self.predict(row),
            })
        })
    }

    /// Moves the centroid of a class to the mean that includes one more sample. Always changes the model: true.
    ///
    /// Mirrors: `update` in contracts/src/models/SparseNearestCentroidClassifier.sol
    fn update<I: Integer>(&mut self, data: &[I], classification: u64) -> Result<bool> {
        let class = Error::check_class(classification, self.class_infos.len())?;
        require_increasing(data)?;
        self.class_infos[class].update(data, |_, _| {})?;
        Ok(true)
    }
}

impl ClassInfo {
    fn new(rows: &[Vec<u64>], num_samples: u64) -> Result<Self> {
        let mut info = Self { num_samples, ..Self::default() };
        info.extend(rows)?;
        Ok(info)
    }

    fn restore(num_samples: u64, squared_magnitude: U256, values: Vec<(u32, Feature)>) -> Result<Self> {
        if squared_magnitude.bit_len() > 224 {
            return Err(Error::SafeCastOverflowedUintDowncast { bits: 224, value: squared_magnitude });
        }
        let mut centroid = SparseMap::default();
        for (index, value) in values {
            if value.num_samples > num_samples {
                let limit = U256::from(num_samples) + U256::from(1);
                return Err(Error::CountTooLarge { count: U256::from(value.num_samples), limit });
            }
            centroid.set(u64::from(index), value);
        }
        Ok(Self { num_samples, squared_magnitude, centroid })
    }

    /// A feature as it is stored.
    fn feature<I: Integer>(&self, index: I) -> Feature {
        self.centroid.get(to_u64(index))
    }

    /// Sets features that have no value yet; on an error, some of them.
    fn extend(&mut self, rows: &[Vec<u64>]) -> Result<()> {
        for (position, row) in rows.iter().enumerate() {
            let &[index, value] = row.as_slice() else {
                return Err(Error::MalformedPair { position: position as u64, length: row.len() as u64 });
            };
            Error::check_index(position, index.into(), INDEX_BITS)?;
            if self.centroid.get(index) != Feature::default() {
                return Err(Error::DuplicateFeature { position: position as u64, index });
            }
            self.centroid.set(index, Feature { value, num_samples: self.num_samples });
            // At most 2^32 features of a square below 2^128: far from an overflow.
            self.squared_magnitude += square(value);
        }
        Ok(())
    }

    /// Mirrors: `_trueValue` in contracts/src/models/SparseNearestCentroidClassifier.sol
    #[inline]
    fn true_value(&self, index: u64) -> u64 {
        let Feature { value, num_samples } = self.centroid.get(index);
        if num_samples == self.num_samples || value == 0 {
            return value;
        }
        scale(value, num_samples, self.num_samples)
    }

    /// `squaredMagnitude + 10^9 * sum_j (10^9 - 2 * trueValue_j)`, signed.
    ///
    /// At most 2^32 terms of less than 2^66: the sum fits in an i128, and with the factor in an int256. The squared
    /// magnitude grows by less than 2^160 an update, and 2^64 updates keep it below 2^224.
    fn distance<I: Integer>(&self, data: &[I]) -> I256 {
        let one = i128::from(TO_FLOAT);
        let terms = data.iter().map(|&index| one - 2 * i128::from(self.true_value(to_u64(index))));
        let update = to_i256(terms.sum()).wrapping_mul(to_i256(one));
        I256::from_raw(self.squared_magnitude).wrapping_add(update)
    }

    /// Moves the centroid; `on_write` sees each feature as it was stored and as it is now. Whether the product of the
    /// squared magnitude with `n^2` left 256 bits.
    fn update<I: Integer>(&mut self, data: &[I], mut on_write: impl FnMut(Feature, Feature)) -> Result<bool> {
        let n = self.num_samples;
        let new_n = to_uint64(U256::from(n) + U256::from(1))?;
        let mut squared_magnitude = self.squared_magnitude;
        let mut added = U256::ZERO;
        for &index in data {
            let index = to_u64(index);
            let previous = self.true_value(index);
            squared_magnitude = squared_magnitude.saturating_sub(square(previous));
            let value = moving_average(previous, n, new_n);
            let feature = Feature { value, num_samples: new_n };
            on_write(self.centroid.get(index), feature);
            self.centroid.set(index, feature);
            added += square(value);
        }
        self.squared_magnitude = scale_squared(squared_magnitude, n, new_n) + added;
        self.num_samples = new_n;
        Ok(!fits_256_bits(squared_magnitude, n))
    }
}

/// The distances of all classes by feature, for a batch that reads them often.
struct DistanceTable {
    /// `10^9 - 2 * trueValue` of feature `i` in class `k` at `i * num_classes + k`.
    terms: Vec<i64>,
    /// The distance of the empty sample, divided by 10^9 and rounded down, and the remainder.
    bases: Vec<(i64, u32)>,
    num_features: usize,
}

impl DistanceTable {
    /// None where the table would cost more than it saves, or a distance over 10^9 might leave 63 bits.
    fn new<I: Integer>(class_infos: &[ClassInfo], rows: &Rows<I>) -> Option<Self> {
        let num_features = class_infos.iter().map(|info| info.centroid.low().len()).min()?;
        if num_features > rows.num_items() {
            return None;
        }
        let one = i128::from(TO_FLOAT);
        let mut terms = Vec::with_capacity(num_features * class_infos.len());
        let mut largest = 0;
        for index in 0..num_features as u64 {
            for info in class_infos {
                let term = one - 2 * i128::from(info.true_value(index));
                largest = largest.max(term.unsigned_abs());
                terms.push(i64::try_from(term).ok()?);
            }
        }
        let mut bases = Vec::with_capacity(class_infos.len());
        let mut largest_base = 0;
        for info in class_infos {
            let (base, rest) = info.squared_magnitude.div_rem(U256::from(TO_FLOAT));
            let base = i64::try_from(base).ok()?;
            largest_base = largest_base.max(base);
            bases.push((base, u32::try_from(rest).ok()?));
        }
        // Each partial sum stays below the largest term times the longest row, plus the largest base.
        let bound =
            largest.checked_mul(rows.longest().max(1) as u128)?.checked_add(u128::from(largest_base.unsigned_abs()))?;
        // Twice as much still fits: the difference of two classes.
        (bound < 1 << 62).then_some(Self { terms, bases, num_features })
    }

    /// Of two classes, what each feature adds to the second distance less the first, and the bound below which such a sum makes
    /// the second class the nearer one. None for another number of classes, or too many features.
    ///
    /// A distance is a number and a remainder. Where the second remainder is the smaller one, equal numbers are enough.
    fn between_two(&self) -> Option<(RowSums, i64)> {
        let &[(first, first_rest), (second, second_rest)] = self.bases.as_slice() else { return None };
        let differences: Vec<i64> = self.terms.chunks_exact(2).map(|terms| terms[1] - terms[0]).collect();
        Some((RowSums::new(&differences)?, first - second + i64::from(second_rest < first_rest)))
    }

    /// The label, or None where the row has an index that is not in the table or out of order.
    ///
    /// A distance is `10^9 * (base + sum of terms) + remainder` with a remainder below 10^9, so pairs compare as distances.
    #[inline]
    fn predict<I: Integer>(&self, row: &[I]) -> Option<u64> {
        match self.bases.len() {
            2 => self.predict_classes::<I, 2>(row),
            _ => self.predict_any(row),
        }
    }

    /// With the number of classes known to the compiler, the sums live in registers.
    #[inline(always)]
    fn predict_classes<I: Integer, const K: usize>(&self, row: &[I]) -> Option<u64> {
        let mut sums = [0; K];
        for_each_feature(row, self.num_features, |feature| {
            let terms = &self.terms[feature * K..(feature + 1) * K];
            for (sum, term) in sums.iter_mut().zip(terms) {
                *sum += term;
            }
        })?;
        Some(self.nearest(&sums))
    }

    fn predict_any<I: Integer>(&self, row: &[I]) -> Option<u64> {
        let num_classes = self.bases.len();
        let mut sums = vec![0; num_classes];
        for_each_feature(row, self.num_features, |feature| {
            let terms = &self.terms[feature * num_classes..(feature + 1) * num_classes];
            for (sum, term) in sums.iter_mut().zip(terms) {
                *sum += term;
            }
        })?;
        Some(self.nearest(&sums))
    }

    fn nearest(&self, sums: &[i64]) -> u64 {
        let distances = self.bases.iter().zip(sums).map(|(&(base, rest), sum)| (base + sum, rest));
        lowest_of_nearest(distances)
    }
}

/// Visits strictly increasing feature indices below `limit`; None at the first that is not.
#[inline(always)]
fn for_each_feature<I: Integer>(row: &[I], limit: usize, mut visit: impl FnMut(usize)) -> Option<()> {
    let mut previous = -1;
    for &index in row {
        let index = index.into();
        let feature = usize::try_from(index).ok().filter(|&feature| feature < limit)?;
        if index <= previous {
            return None;
        }
        previous = index;
        visit(feature);
    }
    Some(())
}

/// Index of the smallest, the lowest among equals.
fn lowest_of_nearest<D: Ord>(distances: impl Iterator<Item = D>) -> u64 {
    let nearest = (0..).zip(distances).min_by(|(_, a), (_, b)| a.cmp(b));
    nearest.map_or(0, |(class, _)| class)
}

/// Mirrors: `_requireIncreasing` in contracts/src/models/SparseNearestCentroidClassifier.sol
fn require_increasing<I: Integer>(data: &[I]) -> Result<()> {
    let mut previous = None;
    for (position, &index) in data.iter().enumerate() {
        let index = Error::check_index(position, index.into().into(), INDEX_BITS)?;
        match previous {
            Some(previous) if previous >= index => {
                return Err(Error::NotStrictlyIncreasing { position: position as u64, previous, index });
            }
            _ => previous = Some(index),
        }
    }
    Ok(())
}

fn square(value: u64) -> U256 {
    U256::from(u128::from(value) * u128::from(value))
}

/// `value * n / new_n`, rounded down, for `n <= new_n`: no more than `value`.
fn scale(value: u64, n: u64, new_n: u64) -> u64 {
    let scaled = match value.checked_mul(n) {
        Some(product) => u128::from(product / new_n),
        None => u128::from(value) * u128::from(n) / u128::from(new_n),
    };
    u64::try_from(scaled).unwrap_or(value)
}

/// `(n * previous + 10^9) / new_n`, rounded down, for `new_n = n + 1`: no more than the larger of `previous` and 10^9.
fn moving_average(previous: u64, n: u64, new_n: u64) -> u64 {
    let sum = u128::from(n) * u128::from(previous) + u128::from(TO_FLOAT);
    let mean = match u64::try_from(sum) {
        Ok(sum) => u128::from(sum / new_n),
        Err(_) => sum / u128::from(new_n),
    };
    u64::try_from(mean).unwrap_or(previous)
}

/// Whether `squared * n^2` fits in 256 bits.
fn fits_256_bits(squared: U256, n: u64) -> bool {
    squared.checked_mul(U256::from(u128::from(n) * u128::from(n))).is_some()
}

/// `squared * n^2 / new_n^2`, rounded down, exactly, for `n <= new_n`: no more than `squared`.
///
/// Mirrors: `Math.mulDiv` of OpenZeppelin.
fn scale_squared(squared: U256, n: u64, new_n: u64) -> U256 {
    let n_squared = u128::from(n) * u128::from(n);
    let new_n_squared = u128::from(new_n) * u128::from(new_n);
    let narrow = u128::try_from(squared).ok().and_then(|squared| squared.checked_mul(n_squared));
    if let Some(product) = narrow {
        return U256::from(product / new_n_squared);
    }
    let product: U512 = squared.widening_mul(U256::from(n_squared));
    U256::saturating_from(product / U512::from(new_n_squared))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BatchError, Bounds};

    #[test]
    fn scaling_is_exact_where_the_product_leaves_256_bits() {
        let squared = U256::from(u64::MAX) << 150;
        let n = u64::MAX - 1;
        let expected = {
            // floor(s * n^2 / m^2) is the largest q with q * m^2 <= s * n^2: check both sides with 512-bit products.
            let q = scale_squared(squared, n, u64::MAX);
            let m2 = U256::from(u64::MAX) * U256::from(u64::MAX);
            let target: U512 = squared.widening_mul(U256::from(n) * U256::from(n));
            let at: U512 = q.widening_mul(m2);
            let above: U512 = (q + U256::from(1)).widening_mul(m2);
            assert!(at <= target && target < above);
            q
        };
        assert!(expected < squared);
    }

    #[test]
    fn the_lowest_of_equal_distances_wins() {
        assert_eq!(lowest_of_nearest([3, 1, 1].into_iter()), 1);
        assert_eq!(lowest_of_nearest([1, 1, 1].into_iter()), 0);
    }

    #[test]
    fn batch_and_single_predictions_agree_on_any_number_of_classes() {
        for num_classes in [1, 2, 3, 10] {
            let centroid = |k: u64| (0..5).map(|i| vec![i, (i * 7 + k * 3) % 10 * 100_000_000]).collect();
            let centroids: Vec<Vec<Vec<u64>>> = (0..num_classes).map(centroid).collect();
            let mut model = SparseNearestCentroidClassifier::new(&centroids, &vec![3; centroids.len()])
                .expect("the pairs are well formed");
            model.update(&[0_i32, 3], num_classes - 1).expect("the class exists");
            let indices: Vec<i32> = [0, 1, 2, 4, 1, 3, 0, 2, 3, 4, 5, 70_000].repeat(400);
            let indptr: Vec<i64> = (0..400).flat_map(|i| [0, 4, 6, 10].map(|j| i * 12 + j)).collect();
            let rows = Rows::new(&indices, Bounds::Int64(&indptr), None).expect("indptr is well formed");
            let expected: Result<Vec<u64>> = (0..rows.len()).map(|i| model.predict(rows.row(i))).collect();
            assert_eq!(model.predict_batch(&rows).expect("all rows are valid"), expected.expect("the same"));
        }
    }

    #[test]
    fn a_batch_names_its_first_refused_row() {
        let model = SparseNearestCentroidClassifier::new(&[vec![vec![0, 1]], vec![]], &[1, 1])
            .expect("the pairs are well formed");
        let indices = [0_i64, 1, 1, 0, -5, 3];
        let rows = Rows::new(&indices, Bounds::Int32(&[0, 2, 4, 5, 6]), None).expect("indptr is well formed");
        let error = Error::NotStrictlyIncreasing { position: 1, previous: 1, index: 0 };
        assert_eq!(model.predict_batch(&rows), Err(BatchError::Row { row: 1, error }));
    }
}
