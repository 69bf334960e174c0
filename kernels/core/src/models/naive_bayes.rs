//! A multinomial naive Bayes classifier over the indices of the binary features that are present.

use std::convert::Infallible;
use std::ops::Range;

use alloy_primitives::U256;

use crate::batch::{BatchError, BatchResult, Rows, predict_blocks, predict_rows, to_u64};
use crate::row_sums::{Order, RowSums};
use crate::safe_cast::to_uint64;
use crate::sparse_map::SparseMap;
use crate::{Error, Integer, Model, Result, TO_FLOAT};

mod gas;

/// Bits of a feature index. Mirrors: `INDEX_BITS` in contracts/src/models/NaiveBayes.sol
const INDEX_BITS: u8 = 32;
/// The mantissa of a score that is not 0 lies in `2^128 .. 2^192`. Mirrors: `MANTISSA_BITS` in contracts/src/models/NaiveBayes.sol
const MANTISSA_BITS: usize = 128;
/// The exponent of a score counts powers of `2^64`. Mirrors: `DIGIT_BITS` in contracts/src/models/NaiveBayes.sol
const DIGIT_BITS: usize = 64;

/// Mirrors: `ClassInfo` in contracts/src/models/NaiveBayes.sol
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ClassInfo {
    num_samples: u64,
    total_feature_count: u64,
    feature_counts: SparseMap<u32>,
}

/// The twin of the contract `NaiveBayes`.
///
/// Mirrors: contracts/src/models/NaiveBayes.sol
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NaiveBayes {
    class_infos: Vec<ClassInfo>,
    smoothing_factor: u32,
    total_num_features: u64,
}

impl NaiveBayes {
    /// A model with a number of samples, and feature counts as rows (index, count), for each class.
    ///
    /// Mirrors: `constructor` in contracts/src/models/NaiveBayes.sol
    pub fn new(
        num_samples: &[u64],
        feature_counts: &[Vec<Vec<u32>>],
        total_num_features: U256,
        smoothing_factor: u32,
    ) -> Result<Self> {
        if num_samples.is_empty() {
            return Err(Error::NoClasses);
        }
        Error::check_length(num_samples.len(), feature_counts.len())?;
        let total_num_features = to_uint64(total_num_features)?;
        let classes = num_samples.iter().zip(feature_counts);
        let class_infos = classes.map(|(&num_samples, counts)| ClassInfo::new(num_samples, counts));
        Ok(Self { class_infos: class_infos.collect::<Result<_>>()?, smoothing_factor, total_num_features })
    }

    /// A model in a state that a contract can reach: the total of a class is at least the sum of its counts.
    pub fn restore(
        num_samples: &[u64],
        total_feature_counts: &[u64],
        feature_counts: &[Vec<Vec<u32>>],
        smoothing_factor: u32,
        total_num_features: U256,
    ) -> Result<Self> {
        Error::check_length(num_samples.len(), total_feature_counts.len())?;
        let mut model = Self::new(num_samples, feature_counts, total_num_features, smoothing_factor)?;
        for (info, &total) in model.class_infos.iter_mut().zip(total_feature_counts) {
            if info.total_feature_count > total {
                let limit = U256::from(total) + U256::from(1);
                return Err(Error::CountTooLarge { count: U256::from(info.total_feature_count), limit });
            }
            info.total_feature_count = total;
        }
        Ok(model)
    }

    /// The number of samples of each class.
    pub fn num_samples(&self) -> Vec<u64> {
        self.class_infos.iter().map(|info| info.num_samples).collect()
    }

    /// How many features the samples of each class have together.
    pub fn total_feature_counts(&self) -> Vec<u64> {
        self.class_infos.iter().map(|info| info.total_feature_count).collect()
    }

    /// The counts of each class that are not zero, by increasing feature index.
    pub fn feature_counts(&self) -> Vec<Vec<(u64, u32)>> {
        self.class_infos.iter().map(|info| info.feature_counts.entries()).collect()
    }

    /// Smoothing, which is added to the count of each feature, scale `10^9`.
    pub fn smoothing_factor(&self) -> u32 {
        self.smoothing_factor
    }

    /// The number of features that there are.
    pub fn total_num_features(&self) -> u64 {
        self.total_num_features
    }

    /// How often the samples of a class have a feature.
    ///
    /// Mirrors: `getFeatureCount` in contracts/src/models/NaiveBayes.sol
    pub fn feature_count(&self, class: u64, index: u32) -> Result<u32> {
        let class = Error::check_class(class, self.class_infos.len())?;
        Ok(self.class_infos[class].feature_counts.get(u64::from(index)))
    }

    /// Adds a class. Mirrors: `addClass` in contracts/src/models/NaiveBayes.sol
    pub fn add_class(&mut self, num_samples: u64, counts: &[Vec<u32>]) -> Result<()> {
        self.class_infos.push(ClassInfo::new(num_samples, counts)?);
        Ok(())
    }

    /// Sets feature counts of a class, and adds them to its total.
    ///
    /// Mirrors: `initializeCounts` in contracts/src/models/NaiveBayes.sol
    pub fn initialize_counts(&mut self, counts: &[Vec<u32>], classification: u64) -> Result<()> {
        let class = Error::check_class(classification, self.class_infos.len())?;
        self.class_infos[class].set_counts(counts)
    }

    /// The score of a sample, whose indices are checked, for a class.
    ///
    /// Mirrors: `_score` in contracts/src/models/NaiveBayes.sol
    fn score<I: Integer>(&self, class: usize, data: &[I]) -> Result<Scored> {
        let info = &self.class_infos[class];
        let denominator = self.denominator(info);
        if denominator == 0 && !data.is_empty() {
            return Err(Error::NoFeatureCounts { label: class as u64 });
        }
        let mut scored = Scored::default();
        let mut mantissa = U256::from(info.num_samples) << MANTISSA_BITS;
        if mantissa.is_zero() {
            return Ok(scored);
        }
        let denominator = U256::from(denominator);
        let mut exponent = 0;
        for &index in data {
            // Below 2^(192 + 63): see the contract, also for how many digits may be missing.
            mantissa = mantissa * U256::from(self.factor(info, to_u64(index))) / denominator;
            scored.num_features += 1;
            if mantissa.is_zero() {
                return Ok(scored);
            }
            while mantissa >> MANTISSA_BITS == U256::ZERO {
                mantissa <<= DIGIT_BITS;
                exponent -= 1;
                scored.num_added += 1;
            }
            if mantissa >> (MANTISSA_BITS + DIGIT_BITS) != U256::ZERO {
                mantissa >>= DIGIT_BITS;
                exponent += 1;
                scored.num_removed += 1;
            }
        }
        scored.score = Some((exponent, mantissa));
        Ok(scored)
    }

    /// `10^9 * totalFeatureCount + smoothingFactor * totalNumFeatures`, below 2^97.
    fn denominator(&self, info: &ClassInfo) -> u128 {
        u128::from(TO_FLOAT) * u128::from(info.total_feature_count)
            + u128::from(self.smoothing_factor) * u128::from(self.total_num_features)
    }

    /// `10^9 * count + smoothingFactor`, below 2^63.
    fn factor(&self, info: &ClassInfo, index: u64) -> u64 {
        u64::from(TO_FLOAT) * u64::from(info.feature_counts.get(index)) + u64::from(self.smoothing_factor)
    }
}

impl Model for NaiveBayes {
    /// The class of the largest score, the lowest among equals.
    ///
    /// Mirrors: `predict` in contracts/src/models/NaiveBayes.sol
    fn predict<I: Integer>(&self, data: &[I]) -> Result<u64> {
        require_indices(data)?;
        let mut largest = None;
        let mut label = 0;
        for class in 0..self.class_infos.len() {
            let score = self.score(class, data)?.score;
            if score > largest {
                (largest, label) = (score, class as u64);
            }
        }
        Ok(label)
    }

    fn predict_batch<I: Integer>(&self, rows: &Rows<I>) -> BatchResult<Vec<u64>> {
        let Some(table) = LogTable::new(self, rows) else {
            return predict_rows(rows, |row| self.predict(row));
        };
        predict_blocks(rows, |block, labels| {
            table.predict(rows, block.clone(), labels);
            for (row, label) in block.zip(labels) {
                if *label == UNCERTAIN {
                    *label = self.predict(rows.row(row)).map_err(|error| BatchError::Row { row, error })?;
                }
            }
            Ok(())
        })
    }

    /// Always changes the model: the class has one sample more.
    ///
    /// Mirrors: `update` in contracts/src/models/NaiveBayes.sol
    fn update<I: Integer>(&mut self, data: &[I], classification: u64) -> Result<bool> {
        let class = Error::check_class(classification, self.class_infos.len())?;
        require_indices(data)?;
        let info = &mut self.class_infos[class];
        let totals = info.totals_after(data.len())?;
        info.count(data, |_, _| {})?;
        info.set_totals(totals);
        Ok(true)
    }
}

impl ClassInfo {
    fn new(num_samples: u64, counts: &[Vec<u32>]) -> Result<Self> {
        let mut info = Self { num_samples, ..Self::default() };
        info.set_counts(counts)?;
        Ok(info)
    }

    /// Sets counts and adds them to the total, all or none: the total keeps a count that is replaced.
    ///
    /// Mirrors: `_setCounts` in contracts/src/models/NaiveBayes.sol
    fn set_counts(&mut self, rows: &[Vec<u32>]) -> Result<()> {
        let mut total = U256::from(self.total_feature_count);
        let mut pairs = Vec::with_capacity(rows.len());
        for (position, row) in (0..).zip(rows) {
            let &[index, count] = row.as_slice() else {
                return Err(Error::MalformedPair { position, length: row.len() as u64 });
            };
            total += U256::from(count);
            pairs.push((index, count));
        }
        self.total_feature_count = to_uint64(total)?;
        for (index, count) in pairs {
            self.feature_counts.set(u64::from(index), count);
        }
        Ok(())
    }

    /// The number of samples, and the total of their features, after one more sample.
    fn totals_after(&self, num_features: usize) -> Result<(u64, u64)> {
        let num_samples = to_uint64(U256::from(self.num_samples) + U256::from(1))?;
        Ok((num_samples, to_uint64(U256::from(self.total_feature_count) + U256::from(num_features))?))
    }

    /// Counts each index in order, all or none of them; `on_count` sees it, and how often it was counted before.
    fn count<I: Integer>(&mut self, data: &[I], mut on_count: impl FnMut(u64, u32)) -> Result<()> {
        for (position, &index) in data.iter().enumerate() {
            let counted = self.feature_counts.change(to_u64(index), |count| {
                on_count(to_u64(index), count);
                count
                    .checked_add(1)
                    .ok_or(Error::SafeCastOverflowedUintDowncast { bits: 32, value: U256::from(1_u64 << 32) })
            });
            if let Err(error) = counted {
                for &index in &data[..position] {
                    let Ok(()) = self.feature_counts.change(to_u64(index), |count| Ok::<_, Infallible>(count - 1));
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn set_totals(&mut self, (num_samples, total_feature_count): (u64, u64)) {
        (self.num_samples, self.total_feature_count) = (num_samples, total_feature_count);
    }
}

/// A score, and what it took.
#[derive(Default)]
struct Scored {
    /// Exponent and mantissa, which compare as scores do; None for a score of 0.
    score: Option<(i64, U256)>,
    /// Features that were multiplied.
    num_features: usize,
    /// Digits that the mantissa lacked, and had too many.
    num_added: usize,
    num_removed: usize,
}

/// The logarithms of all scores by feature, for a batch that reads them often, as integers of the scale 2^32.
///
/// [`log2`] is less than 1.01 below the true logarithm, and so the logarithm of a factor over a denominator is off by less
/// than 1.01 either way. The score itself loses by rounding: before the division of a feature its mantissa is at least
/// 2^128, so the quotient is at least 2^31, of which it loses less than 1; dropping a digit loses less than 2^-128. On the
/// scale of the logarithm that is less than 2.9 for each feature. Of the difference of two classes, n features make no
/// more than 2.02 n + 2.9 n, and the numbers of samples 1.01: less than `TOLERANCE * (n + 1)`. A row in which two
/// classes are further apart needs no exact score.
///
/// Classes without samples have the score 0 and are left out.
struct LogTable {
    /// The label of each class that has samples, and the logarithm of their number.
    bases: Vec<(u64, i64)>,
    /// For each of them but the first, the logarithms of all features, less those of the first.
    differences: Vec<RowSums>,
    /// Distance that two classes must exceed.
    tolerance: i64,
}

const TOLERANCE: i64 = 6;

/// The label of a row for which it takes the exact scores to tell.
const UNCERTAIN: u64 = u64::MAX;

impl LogTable {
    /// None where some factor is 0, where sums might leave 62 bits, or where the table would cost more than it saves.
    fn new<I: Integer>(model: &NaiveBayes, rows: &Rows<I>) -> Option<Self> {
        let num_features = model.class_infos.iter().map(|info| info.feature_counts.low().len()).max()?;
        let longest = rows.longest();
        if num_features > rows.num_items() || longest >= 1 << 20 {
            return None;
        }
        let (mut bases, mut logs) = (vec![], vec![]);
        for (label, info) in (0..).zip(&model.class_infos) {
            let denominator = log2(model.denominator(info))?;
            if let Some(base) = log2(info.num_samples.into()) {
                let log = |index| Some(log2(model.factor(info, index).into())? - denominator);
                logs.push((0..num_features as u64).map(log).collect::<Option<Vec<i64>>>()?);
                bases.push((label, base));
            }
        }
        // A factor is below 2^63 and a denominator below 2^97, so a difference is below 2^(8 + 32), a sum below 2^(40 + 20).
        let (first, others) = logs.split_first()?;
        let differences = others.iter().map(|log| {
            let differences: Vec<i64> = log.iter().zip(first).map(|(log, first)| log - first).collect();
            RowSums::new(&differences)
        });
        let tolerance = TOLERANCE * i64::try_from(longest + 1).ok()?;
        Some(Self { bases, differences: differences.collect::<Option<_>>()?, tolerance })
    }

    /// The label of each row of a block, or [`UNCERTAIN`].
    fn predict<I: Integer>(&self, rows: &Rows<I>, block: Range<usize>, labels: &mut [u64]) {
        let (first_label, first_base) = self.bases[0];
        labels.fill(first_label);
        // The two largest scores of each row, less what the first class has for the features.
        let mut largest = vec![(first_base, i64::MIN / 2); labels.len()];
        for (differences, &(label, base)) in self.differences.iter().zip(&self.bases[1..]) {
            let is_done = differences.for_each_row(rows, block.clone(), Order::Any, |row, sum| {
                let (best, second) = &mut largest[row];
                if base + sum > *best {
                    (*second, *best, labels[row]) = (*best, base + sum, label);
                } else {
                    *second = (*second).max(base + sum);
                }
            });
            if !is_done {
                return labels.fill(UNCERTAIN);
            }
        }
        for (label, (best, second)) in labels.iter_mut().zip(largest) {
            if best - second <= self.tolerance {
                *label = UNCERTAIN;
            }
        }
    }
}

/// The logarithm to the base 2, rounded down on the scale 2^32 but for 2^-28 of a unit; None for 0.
fn log2(value: u128) -> Option<i64> {
    let whole = value.checked_ilog2()?;
    let mut log = i64::from(whole);
    // The leading 64 bits. Squaring doubles the logarithm; each time, less than 2^-62 of the number is lost.
    let mut mantissa = (value << (127 - whole)) >> 64;
    for _ in 0..32 {
        mantissa = (mantissa * mantissa) >> 63;
        let bit = mantissa >> 64;
        mantissa >>= bit;
        log = 2 * log + i64::from(bit != 0);
    }
    Some(log)
}

/// Mirrors: `_requireIndices` in contracts/src/models/NaiveBayes.sol
fn require_indices<I: Integer>(data: &[I]) -> Result<()> {
    for (position, &index) in data.iter().enumerate() {
        Error::check_index(position, index.into().into(), INDEX_BITS)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Bounds;

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "floats are near enough")]
    fn logarithms_are_a_little_below_the_true_ones() {
        assert_eq!(log2(0), None);
        let samples = (0..128).flat_map(|bits| [1 << bits, (1 << bits) | 1, u128::MAX >> bits, (3 << bits) / 2]);
        for value in samples.chain(1..3000) {
            let off = (value as f64).log2() * 2_f64.powi(32) - log2(value).expect("not 0") as f64;
            assert!((-0.01..1.01).contains(&off), "{value}: {off}");
        }
    }

    /// Rows so often that a table pays.
    fn repeated(rows: &[Vec<i32>]) -> (Vec<i64>, Vec<i32>) {
        let times = 2048 / rows.concat().len().max(1) + 1;
        let rows: Vec<_> = rows.iter().cycle().take(times * rows.len()).cloned().collect();
        let ends = rows.iter().scan(0, |end, row| {
            *end += row.len() as i64;
            Some(*end)
        });
        (std::iter::once(0).chain(ends).collect(), rows.concat())
    }

    #[test]
    fn a_batch_without_features_or_with_classes_without_samples() {
        let counts = [vec![vec![0, 5]], vec![vec![1, 7]], vec![vec![0, 1]]];
        let labels = |num_samples: &[u64], num_counted| {
            let model = NaiveBayes::new(num_samples, &counts, U256::from(3), TO_FLOAT).expect("well formed");
            let (indptr, indices) = repeated(&[vec![], vec![0, 0], vec![1, 1], vec![2]]);
            let rows = Rows::new(&indices, Bounds::Int64(&indptr), None).expect("well formed");
            assert_eq!(LogTable::new(&model, &rows).map(|table| table.bases.len()), num_counted);
            model.predict_batch(&rows).expect("all rows are valid")[..4].to_vec()
        };
        assert_eq!(labels(&[1, 1, 1], Some(3)), [0, 0, 1, 2]);
        assert_eq!(labels(&[0, 1, 0], Some(1)), [1, 1, 1, 1]);
        assert_eq!(labels(&[0, 0, 0], None), [0, 0, 0, 0]);
    }

    /// Checks a batch against single predictions: the labels, or the first row that is refused.
    fn check(model: &NaiveBayes, rows: &[Vec<i32>]) {
        let (indptr, indices) = repeated(rows);
        let batch = Rows::new(&indices, Bounds::Int64(&indptr), None).expect("well formed");
        let single: Vec<Result<u64>> = rows.iter().map(|row| model.predict(row)).collect();
        match model.predict_batch(&batch) {
            Ok(labels) => assert_eq!(labels[..rows.len()].iter().copied().map(Ok).collect::<Vec<_>>(), single),
            Err(error) => {
                let row = single.iter().position(Result::is_err).expect("one is refused, too");
                assert_eq!(Err(error), single[row].clone().map_err(|error| BatchError::Row { row, error }));
            }
        }
    }

    fn rows() -> impl Strategy<Value = Vec<Vec<i32>>> {
        prop::collection::vec(prop::collection::vec(0..4_i32, 0..9), 1..40)
    }

    proptest! {
        #[test]
        fn batch_and_single_predictions_agree(
            classes in prop::collection::vec((0..3_u64, prop::collection::vec(0..4_u32, 3)), 1..5),
            rows in rows(),
            total_num_features in prop_oneof![Just(0), Just(6), any::<u64>()],
            smoothing_factor in prop_oneof![Just(0), Just(1), Just(TO_FLOAT), any::<u32>()],
        ) {
            let num_samples: Vec<u64> = classes.iter().map(|class| class.0).collect();
            let pairs = |counts: &Vec<u32>| (0..).zip(counts).map(|(index, &count)| vec![index, count]).collect();
            let counts: Vec<Vec<Vec<u32>>> = classes.iter().map(|class| pairs(&class.1)).collect();
            let model = NaiveBayes::new(&num_samples, &counts, U256::from(total_num_features), smoothing_factor);
            check(&model.expect("well formed"), &rows);
        }

        /// Factors and denominators of each class are multiples of the same numbers: the logarithms differ, by rounding alone.
        #[test]
        fn equal_scores_go_to_the_lowest_class(
            counts in prop::collection::vec(1..4_u32, 4),
            multiples in prop::collection::vec(1..1000_u32, 2..5),
            rows in rows(),
        ) {
            let pairs = |times: &u32| (0..).zip(&counts).map(|(index, count)| vec![index, count * times - 1]).collect();
            let features: Vec<Vec<Vec<u32>>> = multiples.iter().map(pairs).collect();
            let totals: Vec<u64> = multiples.iter().map(|&times| 100 * u64::from(times) - 10).collect();
            let model = NaiveBayes::restore(&vec![3; totals.len()], &totals, &features, TO_FLOAT, U256::from(10));
            let model = model.expect("well formed");
            check(&model, &rows);
            let labels: Result<Vec<u64>> = rows.iter().map(|row| model.predict(row)).collect();
            prop_assert_eq!(labels, Ok(vec![0; rows.len()]));
        }
    }
}
