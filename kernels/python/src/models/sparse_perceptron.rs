//! `SparsePerceptron`.

use dcai_core::models::sparse_perceptron::SparsePerceptron as Core;

use super::prelude::*;
use crate::convert::{int80, int80_list, lists, uint32, uint64};

model!(SparsePerceptron {
    #[new]
    fn new(
        weights: &Bound<'_, PyAny>,
        intercept: &Bound<'_, PyAny>,
        learning_rate: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let model = Core::new(
            int80_list(weights, "weights")?,
            int80(intercept, || "intercept".into())?,
            uint32(learning_rate, || "learning_rate".into())?,
        );
        Shared::made(weights.py(), model).map(Self)
    }

    /// The weights that are not zero, as pairs (index, weight) by increasing index.
    #[getter]
    fn weights(&self, py: Python<'_>) -> Vec<(u64, i128)> {
        self.0.read(py, Core::weights)
    }

    #[getter]
    fn intercept(&self, py: Python<'_>) -> i128 {
        self.0.read(py, Core::intercept)
    }

    #[getter]
    fn learning_rate(&self, py: Python<'_>) -> u32 {
        self.0.read(py, Core::learning_rate)
    }

    fn initialize_weights(&self, start: &Bound<'_, PyAny>, weights: &Bound<'_, PyAny>) -> PyResult<()> {
        let start = uint64(start, || "start".into())?;
        let (py, weights) = (weights.py(), int80_list(weights, "weights")?);
        self.0.change(py, |model| model.initialize_weights(start, &weights))
    }

    fn initialize_sparse_weights(&self, weights: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, weights) = (weights.py(), lists(weights, "weights", |item, what| int80(item, what))?);
        self.0.change(py, |model| model.initialize_sparse_weights(&weights))
    }
});
