//! The Python classes of the models, one file each.

pub mod dense_perceptron;
pub mod nearest_centroid;
pub mod sparse_nearest_centroid;
pub mod sparse_perceptron;

/// What each file needs beside its own functions.
mod prelude {
    pub use dcai_core::gas::Metered;
    pub use numpy::{PyArray1, PyReadonlyArray1};
    pub use pyo3::prelude::*;
    pub use pyo3::types::PyDict;

    pub use crate::gas::Tariff;
    pub use crate::model::model;
    pub use crate::shared::Shared;
}
