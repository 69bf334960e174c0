//! `DensePerceptron`.

use dcai_core::models::dense_perceptron::DensePerceptron as Core;

use super::prelude::*;
use crate::convert::{int80, int80_list, uint32};

model!(DensePerceptron {
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

    #[getter]
    fn weights(&self, py: Python<'_>) -> Vec<i128> {
        self.0.read(py, |model| model.weights().to_vec())
    }

    #[getter]
    fn intercept(&self, py: Python<'_>) -> i128 {
        self.0.read(py, Core::intercept)
    }

    #[getter]
    fn learning_rate(&self, py: Python<'_>) -> u32 {
        self.0.read(py, Core::learning_rate)
    }

    fn initialize_weights(&self, weights: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, weights) = (weights.py(), int80_list(weights, "weights")?);
        self.0.change(py, |model| model.initialize_weights(&weights))
    }
});
