//! `SparseNearestCentroidClassifier`.

use std::collections::BTreeMap;

use dcai_core::models::sparse_nearest_centroid::{Feature, SparseNearestCentroidClassifier as Core};

use super::prelude::*;
use crate::convert::{list, lists, to_python_uint, uint32, uint64, uint64_list, uint256};

/// A value and its number of samples.
type Stored = (u64, u64);

/// Rows (index, value) of one centroid.
fn rows_of_uint64(rows: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<Vec<u64>>> {
    lists(rows, what, |item, what| uint64(item, what))
}

model!(SparseNearestCentroidClassifier {
    #[new]
    fn new(centroids: &Bound<'_, PyAny>, counts: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = centroids.py();
        let centroids = list(centroids, "centroids", |rows, k| rows_of_uint64(rows, &format!("centroids[{k}]")))?;
        Shared::made(py, Core::new(&centroids, &uint64_list(counts, "counts")?)).map(Self)
    }

    /// Restores what a contract stores: for each class the number of samples, the squared magnitude, and the values as
    /// {index: (value, number of samples)}.
    #[staticmethod]
    fn restore(
        counts: &Bound<'_, PyAny>,
        squared_magnitudes: &Bound<'_, PyAny>,
        stored: Vec<BTreeMap<u32, Stored>>,
    ) -> PyResult<Self> {
        let squared_magnitudes = list(squared_magnitudes, "squared_magnitudes", |value, k| {
            uint256(value, || format!("squared_magnitudes[{k}]"))
        })?;
        let feature = |(index, (value, num_samples))| (index, Feature { value, num_samples });
        let stored = stored.into_iter().map(|values| values.into_iter().map(feature).collect()).collect();
        Shared::made(counts.py(), Core::restore(&uint64_list(counts, "counts")?, &squared_magnitudes, stored)).map(Self)
    }

    #[getter]
    fn counts(&self, py: Python<'_>) -> Vec<u64> {
        self.0.read(py, Core::num_samples)
    }

    #[getter]
    fn squared_magnitudes<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.0.read(py, Core::squared_magnitudes).into_iter().map(|value| to_python_uint(py, value)).collect()
    }

    /// For each class {index: (value, number of samples)} as stored, by increasing index.
    #[getter]
    fn stored(&self, py: Python<'_>) -> Vec<Vec<(u64, Stored)>> {
        let pair = |(index, value): (u64, Feature)| (index, (value.value, value.num_samples));
        self.0.read(py, Core::stored).into_iter().map(|values| values.into_iter().map(pair).collect()).collect()
    }

    fn centroid_value(&self, class: &Bound<'_, PyAny>, index: &Bound<'_, PyAny>) -> PyResult<u64> {
        let py = class.py();
        let class = uint64(class, || "class".into())?;
        let index = uint32(index, || "feature index".into())?;
        self.0.change(py, |model| model.centroid_value(class, index))
    }

    fn add_class(&self, centroid: &Bound<'_, PyAny>, count: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, centroid) = (centroid.py(), rows_of_uint64(centroid, "centroid")?);
        let count = uint64(count, || "count".into())?;
        self.0.change(py, |model| model.add_class(&centroid, count))
    }

    fn extend_centroid(&self, extension: &Bound<'_, PyAny>, label: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, extension) = (extension.py(), rows_of_uint64(extension, "extension")?);
        let label = uint64(label, || "label".into())?;
        self.0.change(py, |model| model.extend_centroid(&extension, label))
    }
});
