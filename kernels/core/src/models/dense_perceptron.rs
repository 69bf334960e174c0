//! A Perceptron over dense samples.

use alloy_primitives::{I256, U256};

use crate::batch::{BatchResult, Rows, predict_blocks, predict_rows};
use crate::norm::require_unit;
use crate::products::FloatProducts;
use crate::safe_cast::{to_i256, to_int80};
use crate::{Error, Integer, Model, Result, TO_FLOAT};

mod gas;

/// The twin of the contract `DensePerceptron`.
///
/// Mirrors: contracts/src/models/DensePerceptron.sol
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DensePerceptron {
    weights: Vec<i128>,
    intercept: i128,
    learning_rate: u32,
    /// Whether every weight fits in 64 bits, as all but extreme ones do.
    narrow: bool,
}

impl DensePerceptron {
    /// A model of two classes. Weights and intercept must be `int80`; see `to_int80` for the error.
    pub fn new(weights: Vec<i128>, intercept: i128, learning_rate: u32) -> Result<Self> {
        for &weight in &weights {
            to_int80(weight)?;
        }
        let intercept = to_int80(intercept)?;
        let narrow = fit_i64(&weights);
        Ok(Self { weights, intercept, learning_rate, narrow })
    }

    /// The weights, scale `10^9`.
    pub fn weights(&self) -> &[i128] {
        &self.weights
    }

    /// The intercept, added to the score as stored.
    pub fn intercept(&self) -> i128 {
        self.intercept
    }

    /// The learning rate, scale `10^9`.
    pub fn learning_rate(&self) -> u32 {
        self.learning_rate
    }

    /// Appends weights. Mirrors: `initializeWeights` in contracts/src/models/DensePerceptron.sol
    pub fn initialize_weights(&mut self, weights: &[i128]) -> Result<()> {
        for &weight in weights {
            to_int80(weight)?;
        }
        self.weights.extend_from_slice(weights);
        self.narrow = fit_i64(&self.weights);
        Ok(())
    }

    /// The sign of the score is that of its float where that is further from zero than it may be off.
    ///
    /// The intercept is one more term, so the proof of [`crate::products`] holds for the whole score. Where the sum of all
    /// magnitudes stays below 2^53, the float is the score: no integer in it is rounded.
    fn predict_block(&self, products: &FloatProducts, rows: &[i64], labels: &mut [u64]) {
        const ALL_EXACT: f64 = (1_u64 << 52) as f64;
        #[expect(clippy::cast_precision_loss, reason = "the tolerance includes it")]
        let intercept = self.intercept as f64;
        let (norm, tolerance) = (products.norms()[0], products.tolerance());
        products.for_each_row(rows, |row, found| {
            let score = found.products[0] + intercept;
            let magnitude = norm * found.norm + intercept.abs();
            let is_certain = score.abs() > tolerance * magnitude || magnitude < ALL_EXACT;
            labels[row] = u64::from(if is_certain {
                score > 0.0
            } else {
                self.score_is_positive(&rows[row * products.dimension()..(row + 1) * products.dimension()])
            });
        });
    }

    /// The weights after a mistake: a new list, so that an overflow half way leaves the model as it was. With the error of
    /// the first weight that leaves `int80`, those before it.
    ///
    /// Mirrors: `_addScaled` in contracts/src/models/DensePerceptron.sol
    fn moved_weights<I: Integer>(&self, data: &[I], up: bool) -> std::result::Result<Vec<i128>, (Vec<i128>, Error)> {
        let mut weights = Vec::with_capacity(data.len());
        for (&weight, &x) in self.weights.iter().zip(data) {
            let step = self.step(x.into());
            match to_int80(if up { weight + step } else { weight - step }) {
                Ok(weight) => weights.push(weight),
                Err(error) => return Err((weights, error)),
            }
        }
        Ok(weights)
    }

    /// Replaces the weights; false where they are the same, since every step was rounded to zero.
    fn set_weights(&mut self, weights: Vec<i128>) -> bool {
        let changed = weights != self.weights;
        self.narrow = fit_i64(&weights);
        self.weights = weights;
        changed
    }

    /// `x * learningRate / 10^9`, rounded toward zero.
    fn step(&self, x: i64) -> i128 {
        let scale = i64::from(TO_FLOAT);
        match x.checked_mul(i64::from(self.learning_rate)) {
            Some(product) => i128::from(product / scale),
            None => i128::from(x) * i128::from(self.learning_rate) / i128::from(scale),
        }
    }

    fn score_is_positive<I: Integer>(&self, data: &[I]) -> bool {
        self.narrow_score(data).map_or_else(|| self.wide_score(data).is_positive(), |score| score > 0)
    }

    /// The score where all weights fit in 64 bits and no partial sum leaves 128 bits: a product of two 64-bit numbers
    /// always fits, and each addition is checked.
    fn narrow_score<I: Integer>(&self, data: &[I]) -> Option<i128> {
        if !self.narrow {
            return None;
        }
        let mut pairs = self.weights.iter().zip(data);
        #[expect(clippy::cast_possible_truncation, reason = "`narrow` says that each weight fits")]
        pairs.try_fold(self.intercept, |score, (&weight, &x)| {
            score.checked_add(i128::from(weight as i64) * i128::from(x.into()))
        })
    }

    /// The score in an int256: a product of int80 and int64 needs 143 bits, so fewer than 2^113 of them cannot overflow.
    fn wide_score<I: Integer>(&self, data: &[I]) -> I256 {
        let pairs = self.weights.iter().zip(data);
        pairs.fold(to_i256(self.intercept), |score, (&weight, &x)| {
            let x: i64 = x.into();
            let magnitude = U256::from(weight.unsigned_abs()) * U256::from(x.unsigned_abs());
            let product = I256::from_raw(magnitude);
            if (weight < 0) == (x < 0) { score.wrapping_add(product) } else { score.wrapping_sub(product) }
        })
    }
}

impl Model for DensePerceptron {
    /// 1 where the score is positive, else 0. Mirrors: `predict` in contracts/src/models/DensePerceptron.sol
    fn predict<I: Integer>(&self, data: &[I]) -> Result<u64> {
        Error::check_length(self.weights.len(), data.len())?;
        Ok(u64::from(self.score_is_positive(data)))
    }

    fn predict_batch<I: Integer>(&self, rows: &Rows<I>) -> BatchResult<Vec<u64>> {
        match FloatProducts::for_rows(std::iter::once(&*self.weights), rows) {
            Some((products, dense)) => predict_blocks(rows, |block, labels| {
                self.predict_block(&products, dense.block(block), labels);
                Ok(())
            }),
            None => predict_rows(rows, |row| self.predict(row)),
        }
    }

    /// Changes the model where it was mistaken, and not every step rounds to zero.
    ///
    /// Mirrors: `update` in contracts/src/models/DensePerceptron.sol
    fn update<I: Integer>(&mut self, data: &[I], label: u64) -> Result<bool> {
        Error::check_length(self.weights.len(), data.len())?;
        let class = Error::check_class(label, 2)?;
        require_unit(data)?;
        let positive = class == 1;
        if self.score_is_positive(data) == positive {
            return Ok(false);
        }
        let weights = self.moved_weights(data, positive).map_err(|(_, error)| error)?;
        Ok(self.set_weights(weights))
    }
}

fn fit_i64(weights: &[i128]) -> bool {
    weights.iter().all(|&weight| i64::try_from(weight).is_ok())
}
