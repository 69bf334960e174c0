//! The methods that all models have: Python's arguments in, Python's results and errors out.

use dcai_core::gas::{Metered, count_predictions, count_updates, predict_costs, update_costs};
use dcai_core::{BatchResult, Result};
use numpy::{Element, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::batch::{Integers, with_integers, with_rows};
use crate::convert::uint64;
use crate::errors::{to_batch_error, to_revert};
use crate::gas::{self, Tariff};
use crate::shared::Shared;

type Object<'a, 'py> = &'a Bound<'py, PyAny>;
type Labels<'py> = PyReadonlyArray1<'py, u64>;

impl<M: Metered> Shared<M> {
    /// A model that the core made, or the error of its constructor.
    pub fn made(py: Python<'_>, model: Result<M>) -> PyResult<Self> {
        model.map(Self::new).map_err(|error| to_revert(py, &error))
    }

    /// Changes the model as a method of the contract does.
    pub fn change<T: Send>(&self, py: Python<'_>, work: impl FnOnce(&mut M) -> Result<T> + Send) -> PyResult<T> {
        self.write(py, work).map_err(|error| to_revert(py, &error))
    }

    pub fn predict(&self, data: Object) -> PyResult<u64> {
        let (py, sample) = (data.py(), Integers::sample(data)?);
        let label = with_integers!(&sample, data => self.read_sample(py, data.len(), |model| model.predict(data)));
        label.map_err(|error| to_revert(py, &error))
    }

    pub fn update(&self, data: Object, label: Object) -> PyResult<bool> {
        let (py, sample) = (data.py(), Integers::sample(data)?);
        let label = uint64(label, || "label".into())?;
        let changed =
            with_integers!(&sample, data => self.write_sample(py, data.len(), |model| model.update(data, label)));
        changed.map_err(|error| to_revert(py, &error))
    }

    pub fn predict_batch<'py>(&self, batch: Object<'_, 'py>) -> PyResult<Bound<'py, PyArray1<u64>>> {
        let py = batch.py();
        to_array(py, with_rows!(batch, rows => self.read(py, |model| model.predict_batch(&rows))))
    }

    pub fn update_batch<'py>(&self, batch: Object<'_, 'py>, labels: &Labels) -> PyResult<Bound<'py, PyArray1<bool>>> {
        let (py, labels) = (batch.py(), labels.as_slice()?);
        to_array(py, with_rows!(batch, rows => self.write(py, |model| model.update_batch(&rows, labels))))
    }

    pub fn evaluate_batch(&self, batch: Object, labels: &Labels) -> PyResult<u64> {
        let (py, labels) = (batch.py(), labels.as_slice()?);
        let correct = with_rows!(batch, rows => self.read(py, |model| model.evaluate_batch(&rows, labels)));
        correct.map_err(|error| to_batch_error(py, &error))
    }

    pub fn update_costs<'py>(
        &self,
        batch: Object<'_, 'py>,
        labels: &Labels,
        tariff: &Tariff,
    ) -> PyResult<Bound<'py, PyDict>> {
        let (py, labels) = (batch.py(), labels.as_slice()?);
        let costs = with_rows!(batch, rows => self.write(py, |model| update_costs(model, &rows, labels, &tariff.0)));
        gas::to_dict(py, costs.map_err(|error| to_batch_error(py, &error))?)
    }

    pub fn predict_costs<'py>(&self, batch: Object<'_, 'py>, tariff: &Tariff) -> PyResult<Bound<'py, PyDict>> {
        let py = batch.py();
        let costs = with_rows!(batch, rows => self.read(py, |model| predict_costs(model, &rows, &tariff.0)));
        gas::to_dict(py, costs.map_err(|error| to_batch_error(py, &error))?)
    }

    pub fn update_work<'py>(&self, batch: Object<'_, 'py>, labels: &Labels) -> PyResult<Bound<'py, PyDict>> {
        let (py, labels) = (batch.py(), labels.as_slice()?);
        let works = with_rows!(batch, rows => self.write(py, |model| count_updates(model, &rows, labels)));
        gas::work_to_dict(py, &works.map_err(|error| to_batch_error(py, &error))?, M::UPDATE.len())
    }

    pub fn predict_work<'py>(&self, batch: Object<'_, 'py>) -> PyResult<Bound<'py, PyDict>> {
        let py = batch.py();
        let works = with_rows!(batch, rows => self.read(py, |model| count_predictions(model, &rows)));
        gas::work_to_dict(py, &works.map_err(|error| to_batch_error(py, &error))?, M::PREDICT.len())
    }
}

fn to_array<T: Element>(py: Python<'_>, column: BatchResult<Vec<T>>) -> PyResult<Bound<'_, PyArray1<T>>> {
    column.map(|column| PyArray1::from_vec(py, column)).map_err(|error| to_batch_error(py, &error))
}

/// Declares the Python class of a model: the methods that it has alone, and those that all have.
macro_rules! model {
    ($model:ident { $($own:tt)* }) => {
        #[pyclass(frozen, module = "dcai._kernels")]
        pub struct $model($crate::shared::Shared<Core>);

        #[pymethods]
        impl $model {
            $($own)*

            fn predict(&self, data: &Bound<'_, PyAny>) -> PyResult<u64> {
                self.0.predict(data)
            }

            fn update(&self, data: &Bound<'_, PyAny>, label: &Bound<'_, PyAny>) -> PyResult<bool> {
                self.0.update(data, label)
            }

            fn predict_batch<'py>(&self, batch: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<u64>>> {
                self.0.predict_batch(batch)
            }

            fn update_batch<'py>(
                &self,
                batch: &Bound<'py, PyAny>,
                labels: PyReadonlyArray1<'_, u64>,
            ) -> PyResult<Bound<'py, PyArray1<bool>>> {
                self.0.update_batch(batch, &labels)
            }

            fn evaluate_batch(&self, batch: &Bound<'_, PyAny>, labels: PyReadonlyArray1<'_, u64>) -> PyResult<u64> {
                self.0.evaluate_batch(batch, &labels)
            }

            /// Counts what it costs to send the rows to `update`, which the model learns meanwhile.
            fn update_costs<'py>(
                &self,
                batch: &Bound<'py, PyAny>,
                labels: PyReadonlyArray1<'_, u64>,
                tariff: &Tariff,
            ) -> PyResult<Bound<'py, PyDict>> {
                self.0.update_costs(batch, &labels, tariff)
            }

            /// Counts what it costs to send the rows to `predict`.
            fn predict_costs<'py>(&self, batch: &Bound<'py, PyAny>, tariff: &Tariff) -> PyResult<Bound<'py, PyDict>> {
                self.0.predict_costs(batch, tariff)
            }

            /// Counts what `update` does for each row, which the model learns meanwhile.
            fn update_work<'py>(
                &self,
                batch: &Bound<'py, PyAny>,
                labels: PyReadonlyArray1<'_, u64>,
            ) -> PyResult<Bound<'py, PyDict>> {
                self.0.update_work(batch, &labels)
            }

            /// Counts what `predict` does for each row.
            fn predict_work<'py>(&self, batch: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
                self.0.predict_work(batch)
            }

            /// The names of the counters of (update, predict), in the order of prices and counts.
            #[staticmethod]
            fn counters() -> (Vec<&'static str>, Vec<&'static str>) {
                (Core::UPDATE.to_vec(), Core::PREDICT.to_vec())
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
pub(crate) use model;
