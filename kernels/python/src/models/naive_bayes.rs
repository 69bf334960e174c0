//! `NaiveBayes`.

use dcai_core::models::naive_bayes::NaiveBayes as Core;
use pyo3::types::PyDict as Dict;

use super::prelude::*;
use crate::convert::{list, lists, uint32, uint64, uint64_list, uint256};

/// Rows (index, count) of one class.
fn counts(rows: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<Vec<u32>>> {
    match rows.cast::<Dict>() {
        Ok(entries) => lists(entries.items().as_any(), what, |item, what| uint32(item, what)),
        Err(_) => lists(rows, what, |item, what| uint32(item, what)),
    }
}

/// The same for each class.
fn counts_of_classes(classes: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<Vec<u32>>>> {
    list(classes, "feature_counts", |rows, k| counts(rows, &format!("feature_counts[{k}]")))
}

model!(NaiveBayes {
    /// Feature counts are rows (index, count) or {index: count}, one list a class.
    #[new]
    fn new(
        class_counts: &Bound<'_, PyAny>,
        feature_counts: &Bound<'_, PyAny>,
        total_num_features: &Bound<'_, PyAny>,
        smoothing_factor: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let model = Core::new(
            &uint64_list(class_counts, "class_counts")?,
            &counts_of_classes(feature_counts)?,
            uint256(total_num_features, || "total_num_features".into())?,
            uint32(smoothing_factor, || "smoothing_factor".into())?,
        );
        Shared::made(class_counts.py(), model).map(Self)
    }

    /// Restores what a contract stores.
    #[staticmethod]
    fn restore(
        num_samples: &Bound<'_, PyAny>,
        total_feature_counts: &Bound<'_, PyAny>,
        feature_counts: &Bound<'_, PyAny>,
        smoothing_factor: &Bound<'_, PyAny>,
        total_num_features: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let model = Core::restore(
            &uint64_list(num_samples, "num_samples")?,
            &uint64_list(total_feature_counts, "total_feature_counts")?,
            &counts_of_classes(feature_counts)?,
            uint32(smoothing_factor, || "smoothing_factor".into())?,
            uint256(total_num_features, || "total_num_features".into())?,
        );
        Shared::made(num_samples.py(), model).map(Self)
    }

    #[getter]
    fn num_samples(&self, py: Python<'_>) -> Vec<u64> {
        self.0.read(py, Core::num_samples)
    }

    #[getter]
    fn total_feature_counts(&self, py: Python<'_>) -> Vec<u64> {
        self.0.read(py, Core::total_feature_counts)
    }

    /// For each class the counts that are not zero, as pairs (index, count) by increasing index.
    #[getter]
    fn feature_counts(&self, py: Python<'_>) -> Vec<Vec<(u64, u32)>> {
        self.0.read(py, Core::feature_counts)
    }

    #[getter]
    fn smoothing_factor(&self, py: Python<'_>) -> u32 {
        self.0.read(py, Core::smoothing_factor)
    }

    #[getter]
    fn total_num_features(&self, py: Python<'_>) -> u64 {
        self.0.read(py, Core::total_num_features)
    }

    fn feature_count(&self, class: &Bound<'_, PyAny>, index: &Bound<'_, PyAny>) -> PyResult<u32> {
        let py = class.py();
        let class = uint64(class, || "class".into())?;
        let index = uint32(index, || "feature index".into())?;
        self.0.change(py, |model| model.feature_count(class, index))
    }

    fn add_class(&self, num_samples: &Bound<'_, PyAny>, counts: &Bound<'_, PyAny>) -> PyResult<()> {
        let num_samples = uint64(num_samples, || "num_samples".into())?;
        let (py, rows) = (counts.py(), self::counts(counts, "counts")?);
        self.0.change(py, |model| model.add_class(num_samples, &rows))
    }

    fn initialize_counts(&self, counts: &Bound<'_, PyAny>, label: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, rows) = (counts.py(), self::counts(counts, "counts")?);
        let label = uint64(label, || "label".into())?;
        self.0.change(py, |model| model.initialize_counts(&rows, label))
    }
});
