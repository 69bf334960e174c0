//! The Python classes of the models, one file each.

pub mod dense_perceptron;
pub mod naive_bayes;
pub mod nearest_centroid;
pub mod sparse_nearest_centroid;
pub mod sparse_perceptron;

/// Imports that each file needs beside its own functions.
mod prelude {
    pub(crate) use dcai_core::gas::Metered;
    pub(crate) use numpy::{PyArray1, PyReadonlyArray1};
    pub(crate) use pyo3::prelude::*;
    pub(crate) use pyo3::types::PyDict;

    pub(crate) use crate::gas::Tariff;
    pub(crate) use crate::model::model;
    pub(crate) use crate::shared::Shared;
}
