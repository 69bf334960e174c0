//! `dcai._kernels`: the models of `dcai-core` and the EVM of `dcai-evm` for Python.
//!
//! This crate converts arguments, releases the GIL around the work and turns each error into its Python twin. The public
//! face with names, docs and dispatch is the Python package.

mod batch;
mod convert;
mod errors;
mod evm;
mod gas;
mod model;
mod models;
mod shared;

use std::collections::HashMap;

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::batch::{Integers, with_integers};
use crate::errors::to_input_error;

/// The native kernels of dcai; private: use the models of the package `dcai`.
#[pymodule(gil_used = true)]
mod _kernels {
    use super::*;

    #[pymodule_export]
    use super::evm::Revm;
    #[pymodule_export]
    use super::gas::Tariff;
    #[pymodule_export]
    use super::models::dense_perceptron::DensePerceptron;
    #[pymodule_export]
    use super::models::naive_bayes::NaiveBayes;
    #[pymodule_export]
    use super::models::nearest_centroid::NearestCentroidClassifier;
    #[pymodule_export]
    use super::models::sparse_nearest_centroid::SparseNearestCentroidClassifier;
    #[pymodule_export]
    use super::models::sparse_perceptron::SparsePerceptron;

    /// The version of the package, which stands in Cargo.toml alone.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// Floats to fixed-point int64. The error names the first that is no number or does not fit, its place in `position`.
    #[pyfunction]
    fn to_fixed_int64<'py>(py: Python<'py>, reals: PyReadonlyArray1<'py, f64>) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let reals = reals.as_slice()?;
        let fixed = py.detach(|| dcai_core::fixed::to_fixed_int64(reals));
        Ok(PyArray1::from_vec(py, fixed.map_err(|error| to_input_error(py, &error))?))
    }

    /// Fixed-point integers to the nearest floats.
    #[pyfunction]
    fn from_fixed_int64<'py>(
        py: Python<'py>,
        fixed: PyReadonlyArray1<'py, i64>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let fixed = fixed.as_slice()?;
        let reals = py.detach(|| dcai_core::fixed::from_fixed_int64(fixed));
        Ok(PyArray1::from_vec(py, reals))
    }

    /// A batch given as a list of lists, as the pair (indptr, values).
    #[pyfunction]
    fn to_csr<'py>(rows: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        let (indptr, values) = convert::ragged_rows(rows)?;
        let py = rows.py();
        PyTuple::new(py, [PyArray1::from_vec(py, indptr), PyArray1::from_vec(py, values)])
    }

    /// The name of each contract error, and its text with the numbers of its arguments in braces.
    #[pyfunction]
    fn error_texts() -> HashMap<&'static str, &'static str> {
        dcai_core::Error::TEXTS.iter().copied().collect()
    }

    /// Labels as an array.
    #[pyfunction]
    fn to_labels<'py>(labels: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<u64>>> {
        let py = labels.py();
        let labels = convert::list(labels, "labels", |label, i| convert::uint64(label, || format!("labels[{i}]")))?;
        Ok(PyArray1::from_vec(py, labels))
    }

    /// Feature indices as integers.
    #[pyfunction]
    fn to_feature_indices(indices: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
        let what = "feature_indices";
        convert::list(indices, what, |index, i| convert::uint32(index, || format!("{what}[{i}]")))
    }

    /// Floor of the 2-norm of one dense sample. Mirrors: `euclidean` in contracts/src/libraries/Norm.sol
    #[pyfunction]
    fn norm<'py>(sample: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (py, sample) = (sample.py(), Integers::sample(sample)?);
        convert::to_python_uint(py, with_integers!(&sample, data => py.detach(|| dcai_core::norm(data))))
    }
}
