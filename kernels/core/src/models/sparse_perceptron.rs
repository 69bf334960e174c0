//! A Perceptron over the indices of the binary features that are present.

use crate::batch::{BatchResult, Rows, predict_blocks, predict_each, predict_rows};
use crate::row_sums::{Order, RowSums};
use crate::safe_cast::to_int80;
use crate::sparse_map::SparseMap;
use crate::{Error, Integer, Model, Result};

mod gas;

/// Bits of a feature index.
const INDEX_BITS: u8 = 64;

/// The twin of the contract `SparsePerceptron`.
///
/// Mirrors: contracts/src/models/SparsePerceptron.sol
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SparsePerceptron {
    weights: SparseMap<i128>,
    intercept: i128,
    learning_rate: u32,
}

impl SparsePerceptron {
    /// A model of two classes, with the weights of the features `0, 1, 2, ...`, each an `int80`.
    pub fn new(weights: Vec<i128>, intercept: i128, learning_rate: u32) -> Result<Self> {
        for &weight in &weights {
            to_int80(weight)?;
        }
        let intercept = to_int80(intercept)?;
        Ok(Self { weights: SparseMap::from_list(weights), intercept, learning_rate })
    }

    /// The weights that are not zero, by increasing feature index, scale `10^9`.
    pub fn weights(&self) -> Vec<(u64, i128)> {
        self.weights.entries()
    }

    /// The intercept, on the same scale as the weights.
    pub fn intercept(&self) -> i128 {
        self.intercept
    }

    /// The learning rate, scale `10^9`.
    pub fn learning_rate(&self) -> u32 {
        self.learning_rate
    }

    /// Sets the weights from feature `start` on.
    ///
    /// Mirrors: `initializeWeights` in contracts/src/models/SparsePerceptron.sol
    pub fn initialize_weights(&mut self, start: u64, weights: &[i128]) -> Result<()> {
        for (position, &weight) in weights.iter().enumerate() {
            to_int80(weight)?;
            Error::check_index(position, i128::from(start) + position as i128, INDEX_BITS)?;
        }
        for (index, &weight) in (start..=u64::MAX).zip(weights) {
            self.weights.set(index, weight);
        }
        Ok(())
    }

    /// Sets weights by feature: each row a pair (index, weight).
    ///
    /// Mirrors: `initializeSparseWeights` in contracts/src/models/SparsePerceptron.sol
    pub fn initialize_sparse_weights(&mut self, weights: &[Vec<i128>]) -> Result<()> {
        let mut pairs = Vec::with_capacity(weights.len());
        for (position, row) in weights.iter().enumerate() {
            let &[index, weight] = row.as_slice() else {
                return Err(Error::MalformedPair { position: position as u64, length: row.len() as u64 });
            };
            to_int80(weight)?;
            pairs.push((Error::check_index(position, index, INDEX_BITS)?, weight));
        }
        for (index, weight) in pairs {
            self.weights.set(index, weight);
        }
        Ok(())
    }

    /// The score of a sample, scale `10^9`.
    ///
    /// Mirrors: `_score` in contracts/src/models/SparsePerceptron.sol
    fn score<I: Integer>(&self, data: &[I]) -> Result<i128> {
        // Weights are int80: fewer than 2^48 of them cannot leave 128 bits, and no memory holds that many indices.
        let mut score = self.intercept;
        for (position, &index) in data.iter().enumerate() {
            score += self.weights.get(to_index(position, index)?);
        }
        Ok(score)
    }

    /// Moves the weight of each index in order, all or none of them, by the learning rate; `on_move` sees each index with
    /// its weight before and after. The position of the weight that leaves `int80`, and the error.
    ///
    /// Mirrors: `_add` in contracts/src/models/SparsePerceptron.sol
    fn move_weights<I: Integer>(
        &mut self,
        data: &[I],
        up: bool,
        mut on_move: impl FnMut(u64, i128, i128),
    ) -> std::result::Result<(), (usize, Error)> {
        let rate = i128::from(self.learning_rate);
        let step = if up { rate } else { -rate };
        for (position, &index) in data.iter().enumerate() {
            let index = to_index(position, index).map_err(|error| (position, error))?;
            let moved = self.weights.change(index, |weight| {
                let moved = to_int80(weight + step)?;
                on_move(index, weight, moved);
                Ok(moved)
            });
            if let Err(error) = moved {
                self.undo(&data[..position], step);
                return Err((position, error));
            }
        }
        Ok(())
    }

    /// Takes a step back on each feature: exact, since integers are.
    fn undo<I: Integer>(&mut self, data: &[I], step: i128) {
        for &index in data {
            // Each index has been taken once, so it is not negative.
            let index = u64::try_from(index.into()).unwrap_or_default();
            self.weights.set(index, self.weights.get(index) - step);
        }
    }

    /// The weights of small indices in 64 bits, where no row of the batch can leave 64 bits with them: the largest
    /// magnitude times the longest row, and the intercept, stay below 2^63.
    fn narrow_weights<I: Integer>(&self, rows: &Rows<I>) -> Option<(Vec<i64>, i64)> {
        let low = self.weights.low();
        if low.len() > rows.num_items() {
            return None; // copying the weights would cost more than it saves
        }
        let largest = low.iter().map(|weight| weight.unsigned_abs()).max().unwrap_or(0);
        let bound = largest.checked_mul(rows.longest() as u128)?.checked_add(self.intercept.unsigned_abs())?;
        if bound >= 1 << 63 {
            return None;
        }
        let narrow: std::result::Result<Vec<i64>, _> = low.iter().map(|&w| w.try_into()).collect();
        Some((narrow.ok()?, self.intercept.try_into().ok()?))
    }
}

impl Model for SparsePerceptron {
    /// 1 where the score is positive, else 0. Mirrors: `predict` in contracts/src/models/SparsePerceptron.sol
    fn predict<I: Integer>(&self, data: &[I]) -> Result<u64> {
        Ok(u64::from(self.score(data)? > 0))
    }

    fn predict_batch<I: Integer>(&self, rows: &Rows<I>) -> BatchResult<Vec<u64>> {
        let Some((weights, intercept)) = self.narrow_weights(rows) else {
            return predict_rows(rows, |row| self.predict(row));
        };
        let sums = RowSums::new(&weights);
        let label = |sum| u64::from(intercept + sum > 0);
        predict_blocks(rows, |block, labels| {
            let is_done = sums.as_ref().is_some_and(|sums| {
                sums.for_each_row(rows, block.clone(), Order::Any, |row, sum| labels[row] = label(sum))
            });
            if is_done {
                return Ok(());
            }
            predict_each(rows, block, labels, |row| match narrow_sum(&weights, row) {
                Some(sum) => Ok(label(sum)),
                // Some index is not in the list, or negative: the exact path finds the weight, or says what is wrong.
                None => self.predict(row),
            })
        })
    }

    /// A mistake on a sample without features, or at a learning rate of zero, changes nothing.
    ///
    /// Mirrors: `update` in contracts/src/models/SparsePerceptron.sol
    fn update<I: Integer>(&mut self, data: &[I], label: u64) -> Result<bool> {
        let class = Error::check_class(label, 2)?;
        if self.predict(data)? == label {
            return Ok(false);
        }
        self.move_weights(data, class == 1, |_, _, _| {}).map_err(|(_, error)| error)?;
        Ok(self.learning_rate != 0 && !data.is_empty())
    }
}

/// The sum of the weights of a row's indices, or None where one is not in the list; the caller knows that no sum overflows.
///
/// Rows are of all lengths, and a processor guesses badly how often a loop over the last few indices will run. So the last
/// eight are added whatever they are, those that were added before as zeros.
#[inline(always)]
fn narrow_sum<I: Integer>(weights: &[i64], row: &[I]) -> Option<i64> {
    const WIDTH: usize = 8;
    // A negative index becomes a huge one.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as said")]
    let get = |index: I| weights.get(index.into() as u64 as usize).copied();
    let (chunks, rest) = row.as_chunks::<WIDTH>();
    let mut sums = [0; 2];
    for &[a, b, c, d, e, f, g, h] in chunks {
        sums[0] += get(a)? + get(b)? + get(c)? + get(d)?;
        sums[1] += get(e)? + get(f)? + get(g)? + get(h)?;
    }
    let sum = sums[0] + sums[1];
    let Some(last) = row.last_chunk::<WIDTH>() else {
        return rest.iter().try_fold(sum, |sum, &index| Some(sum + get(index)?));
    };
    let num_added = WIDTH - rest.len();
    let mut rest = 0;
    for (i, &index) in last.iter().enumerate() {
        rest += get(index)? & -i64::from(i >= num_added);
    }
    Some(sum + rest)
}

/// A feature index of this model: not negative.
#[inline]
fn to_index<I: Integer>(position: usize, index: I) -> Result<u64> {
    let index = index.into();
    u64::try_from(index).or_else(|_| Error::check_index(position, index.into(), INDEX_BITS))
}
