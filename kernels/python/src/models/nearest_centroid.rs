//! `NearestCentroidClassifier`.

use dcai_core::U256;
use dcai_core::models::nearest_centroid::NearestCentroidClassifier as Core;

use super::prelude::*;
use crate::convert::{int64_list, list, to_python_uint, uint64, uint256};

type Centroids = (Vec<Vec<i64>>, Vec<U256>);

fn centroids_and_counts(centroids: &Bound<'_, PyAny>, counts: &Bound<'_, PyAny>) -> PyResult<Centroids> {
    Ok((
        list(centroids, "centroids", |centroid, k| int64_list(centroid, &format!("centroids[{k}]")))?,
        list(counts, "counts", |count, k| uint256(count, || format!("counts[{k}]")))?,
    ))
}

model!(NearestCentroidClassifier {
    #[new]
    fn new(centroids: &Bound<'_, PyAny>, counts: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (py, (centroids, counts)) = (counts.py(), centroids_and_counts(centroids, counts)?);
        Shared::made(py, Core::new(centroids, counts)).map(Self)
    }

    #[staticmethod]
    fn restore(centroids: &Bound<'_, PyAny>, counts: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (py, (centroids, counts)) = (counts.py(), centroids_and_counts(centroids, counts)?);
        Shared::made(py, Core::restore(centroids, counts)).map(Self)
    }

    #[getter]
    fn centroids<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyArray1<i64>>> {
        let centroids = self.0.read(py, |model| model.centroids().to_vec());
        centroids.into_iter().map(|centroid| PyArray1::from_vec(py, centroid)).collect()
    }

    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let counts = self.0.read(py, |model| model.data_counts().to_vec());
        counts.into_iter().map(|count| to_python_uint(py, count)).collect()
    }

    fn add_class(&self, centroid: &Bound<'_, PyAny>, count: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, centroid) = (centroid.py(), int64_list(centroid, "centroid")?);
        let count = uint256(count, || "count".into())?;
        self.0.change(py, |model| model.add_class(centroid, count))
    }

    fn extend_centroid(&self, extension: &Bound<'_, PyAny>, label: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, extension) = (extension.py(), int64_list(extension, "extension")?);
        let label = uint64(label, || "label".into())?;
        self.0.change(py, |model| model.extend_centroid(&extension, label))
    }
});
