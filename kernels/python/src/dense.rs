//! The models over dense samples: rows of int64.

use dcai_core::gas::{self as core_gas, Metered};
use dcai_core::{DenseRows, U256};
use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::convert::{
    int64_list, int80, int80_list, list, sample, to_python_uint, uint32, uint64, uint256, view_labels,
};
use crate::errors::{InputError, to_batch_error, to_revert, to_row_revert};
use crate::gas::{self, Tariff};
use crate::shared::Shared;

/// Views of a C-contiguous batch and of one label a row.
fn view<'a>(batch: &'a PyReadonlyArray2<'_, i64>) -> PyResult<DenseRows<'a>> {
    let (len, dimension) = (batch.shape()[0], batch.shape()[1]);
    DenseRows::new(batch.as_slice()?, len, dimension)
        .ok_or_else(|| InputError::new_err("the batch is not a contiguous array"))
}

/// The methods of a model over dense samples: those that it has alone, and those that all have.
macro_rules! dense_model {
    ($model:ident { $($own:tt)* }) => {
        #[pymethods]
        impl $model {
            $($own)*

            fn predict(&self, data: &Bound<'_, PyAny>) -> PyResult<u64> {
                let (py, data) = (data.py(), sample(data)?);
                let label = self.0.read_sample(py, data.len(), |model| model.predict(&data));
                label.map_err(|error| to_revert(py, &error))
            }

            fn predict_batch<'py>(
                &self,
                py: Python<'py>,
                batch: PyReadonlyArray2<'py, i64>,
            ) -> PyResult<Bound<'py, PyArray1<u64>>> {
                let rows = view(&batch)?;
                let labels = self.0.read(py, |model| model.predict_batch(&rows));
                Ok(PyArray1::from_vec(py, labels.map_err(|error| to_batch_error(py, &error))?))
            }

            fn update(&self, data: &Bound<'_, PyAny>, label: &Bound<'_, PyAny>) -> PyResult<bool> {
                let (py, data) = (data.py(), sample(data)?);
                let label = uint64(label, || "label".into())?;
                let changed = self.0.write_sample(py, data.len(), |model| model.update(&data, label));
                changed.map_err(|error| to_revert(py, &error))
            }

            fn update_batch<'py>(
                &self,
                py: Python<'py>,
                batch: PyReadonlyArray2<'py, i64>,
                labels: PyReadonlyArray1<'py, u64>,
            ) -> PyResult<Bound<'py, PyArray1<bool>>> {
                let rows = view(&batch)?;
                let labels = view_labels(&rows, &labels)?;
                let changed = self.0.write(py, |model| model.update_batch(&rows, labels));
                Ok(PyArray1::from_vec(py, changed.map_err(|error| to_row_revert(py, &error))?))
            }

            /// What it costs to send the rows to `update`, which the model learns meanwhile.
            fn update_costs<'py>(
                &self,
                py: Python<'py>,
                batch: PyReadonlyArray2<'py, i64>,
                labels: PyReadonlyArray1<'py, u64>,
                tariff: &Tariff,
            ) -> PyResult<Bound<'py, PyDict>> {
                let rows = view(&batch)?;
                let labels = view_labels(&rows, &labels)?;
                let costs = self.0.write(py, |model| core_gas::update_costs(model, &rows, labels, &tariff.0));
                gas::to_dict(py, costs)
            }

            /// What it costs to send the rows to `predict`.
            fn predict_costs<'py>(
                &self,
                py: Python<'py>,
                batch: PyReadonlyArray2<'py, i64>,
                tariff: &Tariff,
            ) -> PyResult<Bound<'py, PyDict>> {
                let rows = view(&batch)?;
                let costs = self.0.read(py, |model| core_gas::predict_costs(model, &rows, &tariff.0));
                gas::to_dict(py, costs)
            }

            /// What `update` does for each row, which the model learns meanwhile.
            fn update_work<'py>(
                &self,
                py: Python<'py>,
                batch: PyReadonlyArray2<'py, i64>,
                labels: PyReadonlyArray1<'py, u64>,
            ) -> PyResult<Bound<'py, PyDict>> {
                let rows = view(&batch)?;
                let labels = view_labels(&rows, &labels)?;
                let works = self.0.write(py, |model| core_gas::count_updates(model, &rows, labels));
                gas::work_to_dict(py, &works, <dcai_core::$model as Metered<i64>>::UPDATE.len())
            }

            /// What `predict` does for each row.
            fn predict_work<'py>(
                &self,
                py: Python<'py>,
                batch: PyReadonlyArray2<'py, i64>,
            ) -> PyResult<Bound<'py, PyDict>> {
                let rows = view(&batch)?;
                let works = self.0.read(py, |model| core_gas::count_predictions(model, &rows));
                gas::work_to_dict(py, &works, <dcai_core::$model as Metered<i64>>::PREDICT.len())
            }

            /// The names of the counters of (update, predict), in the order of prices and counts.
            #[staticmethod]
            fn counters() -> (Vec<&'static str>, Vec<&'static str>) {
                type Model = dcai_core::$model;
                (<Model as Metered<i64>>::UPDATE.to_vec(), <Model as Metered<i64>>::PREDICT.to_vec())
            }

            /// A copy in one state, whatever other threads do meanwhile.
            fn copy(&self, py: Python<'_>) -> Self {
                Self(self.0.copy(py))
            }

            fn equals(&self, py: Python<'_>, other: &Self) -> bool {
                self.0.equals(py, &other.0)
            }
        }
    };
}

#[pyclass(frozen, module = "dcai._kernels")]
pub struct DensePerceptron(Shared<dcai_core::DensePerceptron>);

dense_model!(DensePerceptron {
    #[new]
    fn new(
        weights: &Bound<'_, PyAny>,
        intercept: &Bound<'_, PyAny>,
        learning_rate: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let py = weights.py();
        let model = dcai_core::DensePerceptron::new(
            int80_list(weights, "weights")?,
            int80(intercept, || "intercept".into())?,
            uint32(learning_rate, || "learning_rate".into())?,
        );
        Ok(Self(Shared::new(model.map_err(|error| to_revert(py, &error))?)))
    }

    #[getter]
    fn weights(&self, py: Python<'_>) -> Vec<i128> {
        self.0.read(py, |model| model.weights().to_vec())
    }

    #[getter]
    fn intercept(&self, py: Python<'_>) -> i128 {
        self.0.read(py, dcai_core::DensePerceptron::intercept)
    }

    #[getter]
    fn learning_rate(&self, py: Python<'_>) -> u32 {
        self.0.read(py, dcai_core::DensePerceptron::learning_rate)
    }

    fn initialize_weights(&self, weights: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = weights.py();
        let weights = int80_list(weights, "weights")?;
        let result = self.0.write(py, |model| model.initialize_weights(&weights));
        result.map_err(|error| to_revert(py, &error))
    }
});

#[pyclass(frozen, module = "dcai._kernels")]
pub struct NearestCentroidClassifier(Shared<dcai_core::NearestCentroidClassifier>);

fn centroids_and_counts(
    centroids: &Bound<'_, PyAny>,
    counts: &Bound<'_, PyAny>,
) -> PyResult<(Vec<Vec<i64>>, Vec<U256>)> {
    Ok((
        list(centroids, "centroids", |centroid, k| int64_list(centroid, &format!("centroids[{k}]")))?,
        list(counts, "counts", |count, k| uint256(count, || format!("counts[{k}]")))?,
    ))
}

dense_model!(NearestCentroidClassifier {
    #[new]
    fn new(centroids: &Bound<'_, PyAny>, counts: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (centroids, data_counts) = centroids_and_counts(centroids, counts)?;
        let model = dcai_core::NearestCentroidClassifier::new(centroids, data_counts);
        Ok(Self(Shared::new(model.map_err(|error| to_revert(counts.py(), &error))?)))
    }

    #[staticmethod]
    fn restore(centroids: &Bound<'_, PyAny>, counts: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (centroids, data_counts) = centroids_and_counts(centroids, counts)?;
        let model = dcai_core::NearestCentroidClassifier::restore(centroids, data_counts);
        Ok(Self(Shared::new(model.map_err(|error| to_revert(counts.py(), &error))?)))
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
        let py = centroid.py();
        let centroid = int64_list(centroid, "centroid")?;
        let count = uint256(count, || "count".into())?;
        let result = self.0.write(py, |model| model.add_class(centroid, count));
        result.map_err(|error| to_revert(py, &error))
    }

    fn extend_centroid(&self, extension: &Bound<'_, PyAny>, label: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = extension.py();
        let extension = int64_list(extension, "extension")?;
        let label = uint64(label, || "label".into())?;
        let result = self.0.write(py, |model| model.extend_centroid(&extension, label));
        result.map_err(|error| to_revert(py, &error))
    }
});
