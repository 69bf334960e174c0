//! The models, one file each, with what their contracts do for it in a file `gas` below.

use crate::batch::{BatchError, BatchResult, Integer, Rows, predict_rows};
use crate::{Error, Result};

pub mod dense_perceptron;
pub mod naive_bayes;
pub mod nearest_centroid;
pub mod sparse_nearest_centroid;
pub mod sparse_perceptron;

/// A classifier: the twin of a contract, which takes each sample as `int64[]`.
pub trait Model: Clone + Eq + Send + Sync {
    /// The label of a sample.
    fn predict<I: Integer>(&self, data: &[I]) -> Result<u64>;

    /// Learns one sample, or refuses it and stays as it is; true where the model changed.
    fn update<I: Integer>(&mut self, data: &[I], label: u64) -> Result<bool>;

    /// Labels of all rows, on all cores.
    fn predict_batch<I: Integer>(&self, rows: &Rows<I>) -> BatchResult<Vec<u64>> {
        predict_rows(rows, |row| self.predict(row))
    }

    /// Learns row after row, as transactions follow one another. Stops at the first row that is refused; what the rows
    /// before it did stays, as on a chain.
    fn update_batch<I: Integer>(&mut self, rows: &Rows<I>, labels: &[u64]) -> BatchResult<Vec<bool>> {
        rows.check_labels(labels)?;
        rows.check_ones()?;
        let mut update =
            |(row, &label)| self.update(rows.row(row), label).map_err(|error| BatchError::Row { row, error });
        labels.iter().enumerate().map(&mut update).collect()
    }

    /// How many rows get their label. Mirrors: `evaluateBatch` in contracts/src/models/SparsePerceptron.sol
    fn evaluate_batch<I: Integer>(&self, rows: &Rows<I>, labels: &[u64]) -> BatchResult<u64> {
        Error::check_length(rows.len(), labels.len()).map_err(BatchError::Call)?;
        let predicted = self.predict_batch(rows)?;
        Ok(predicted.iter().zip(labels).filter(|(a, b)| a == b).count() as u64)
    }
}
