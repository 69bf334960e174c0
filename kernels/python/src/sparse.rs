//! The models over sparse samples: indices of the features that are present.

use std::collections::BTreeMap;

use dcai_core::gas::{self as core_gas, Metered};
use dcai_core::{BatchError, CsrRows, Feature, FeatureIndex, StoredClass, U256, Values};
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::convert::{
    Sample, int80, int80_list, list, plain_label, to_python_uint, uint32, uint64, uint256, view_labels, with_sample,
};
use crate::errors::{InputError, InputTypeError, to_batch_error, to_revert, to_row_revert};
use crate::gas::{self, Tariff};
use crate::shared::Shared;

/// Runs `$work` with `$rows` bound to a view of a batch of feature indices in compressed form, whichever of int32 and
/// int64 its two arrays hold; nothing is copied.
macro_rules! with_rows {
    ($indptr:expr, $indices:expr, $rows:ident => $work:expr) => {{
        let (indptr, indices) = (IndexArray::new($indptr)?, IndexArray::new($indices)?);
        match (&indptr, &indices) {
            (IndexArray::Int32(indptr), IndexArray::Int32(indices)) => {
                let $rows = view(indptr.as_slice()?, indices.as_slice()?)?;
                $work
            }
            (IndexArray::Int32(indptr), IndexArray::Int64(indices)) => {
                let $rows = view(indptr.as_slice()?, indices.as_slice()?)?;
                $work
            }
            (IndexArray::Int64(indptr), IndexArray::Int32(indices)) => {
                let $rows = view(indptr.as_slice()?, indices.as_slice()?)?;
                $work
            }
            (IndexArray::Int64(indptr), IndexArray::Int64(indices)) => {
                let $rows = view(indptr.as_slice()?, indices.as_slice()?)?;
                $work
            }
        }
    }};
}

enum IndexArray<'py> {
    Int32(PyReadonlyArray1<'py, i32>),
    Int64(PyReadonlyArray1<'py, i64>),
}

impl<'py> IndexArray<'py> {
    fn new(array: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = array.cast::<PyArray1<i32>>() {
            return Ok(Self::Int32(array.try_readonly()?));
        }
        match array.cast::<PyArray1<i64>>() {
            Ok(array) => Ok(Self::Int64(array.try_readonly()?)),
            Err(_) => Err(InputTypeError::new_err("indptr and indices must be int32 or int64 arrays")),
        }
    }
}

/// The values that a matrix stores, as the kernels look at them.
macro_rules! value_array {
    ($($variant:ident($number:ty)),*) => {
        pub enum ValueArray<'py> {
            $($variant(PyReadonlyArray1<'py, $number>)),*
        }

        impl<'py> ValueArray<'py> {
            pub fn new(array: &Bound<'py, PyAny>) -> PyResult<Self> {
                $(
                    if let Ok(array) = array.cast::<PyArray1<$number>>() {
                        return Ok(Self::$variant(array.try_readonly()?));
                    }
                )*
                Err(InputTypeError::new_err("the values of a matrix must be an array of numbers"))
            }

            pub fn values(&self) -> PyResult<Box<dyn Values + '_>> {
                match self {
                    $(Self::$variant(array) => Ok(Box::new(array.as_slice()?))),*
                }
            }
        }
    };
}
value_array!(Float64(f64), Float32(f32), Int64(i64), Int32(i32), Int16(i16), Int8(i8), Uint8(u8), Bool(bool));

/// Whether all values of a matrix are 1.
pub fn are_ones(py: Python<'_>, values: &Bound<'_, PyAny>) -> PyResult<bool> {
    let len = values.len()?;
    let values = ValueArray::new(values)?;
    let values = values.values()?;
    Ok(py.detach(|| values.are_ones(0..len)))
}

fn view<'a, P: FeatureIndex, I>(indptr: &'a [P], indices: &'a [I]) -> PyResult<CsrRows<'a, P, I>> {
    CsrRows::new(indptr, indices).map_err(InputError::new_err)
}

/// The methods of a model over sparse samples: those that it has alone, and those that all have.
macro_rules! sparse_model {
    ($model:ident { $($own:tt)* }) => {
        #[pymethods]
        impl $model {
            $($own)*

            fn predict(&self, data: &Bound<'_, PyAny>) -> PyResult<u64> {
                let py = data.py();
                let label = with_sample!(Sample::new(data)?, data => {
                    self.0.read_sample(py, data.len(), |model| model.predict(data))
                });
                label.map_err(|error| to_revert(py, &error))
            }

            /// The labels, or None where one of `values`, which a matrix stores at the indices, is not 1.
            #[pyo3(signature = (indptr, indices, values = None))]
            fn predict_batch<'py>(
                &self,
                py: Python<'py>,
                indptr: &Bound<'py, PyAny>,
                indices: &Bound<'py, PyAny>,
                values: Option<&Bound<'py, PyAny>>,
            ) -> PyResult<Option<Bound<'py, PyArray1<u64>>>> {
                let values = values.map(ValueArray::new).transpose()?;
                let values = values.as_ref().map(ValueArray::values).transpose()?;
                let labels = with_rows!(indptr, indices, rows => {
                    let rows = rows.with_values(values.as_deref());
                    self.0.read(py, |model| model.predict_batch(&rows))
                });
                match labels {
                    Ok(labels) => Ok(Some(PyArray1::from_vec(py, labels))),
                    Err(BatchError::NotOne) => Ok(None),
                    Err(BatchError::Row(error)) => Err(to_row_revert(py, &error)),
                }
            }

            fn update(&self, data: &Bound<'_, PyAny>, label: &Bound<'_, PyAny>) -> PyResult<bool> {
                let (py, data) = (data.py(), Sample::new(data)?);
                let label = uint64(label, || "label".into())?;
                let changed = with_sample!(data, data => {
                    self.0.write_sample(py, data.len(), |model| model.update(data, label))
                });
                changed.map_err(|error| to_revert(py, &error))
            }

            /// `update` for what nearly always comes, a plain array or list and a plain label; None for anything else.
            fn update_plain(&self, data: &Bound<'_, PyAny>, label: &Bound<'_, PyAny>) -> PyResult<Option<bool>> {
                let py = data.py();
                let (Some(data), Some(label)) = (Sample::plain(data)?, plain_label(label)) else { return Ok(None) };
                let changed = with_sample!(data, data => {
                    self.0.write_sample(py, data.len(), |model| model.update(data, label))
                });
                changed.map(Some).map_err(|error| to_revert(py, &error))
            }

            fn update_batch<'py>(
                &self,
                py: Python<'py>,
                indptr: &Bound<'py, PyAny>,
                indices: &Bound<'py, PyAny>,
                labels: PyReadonlyArray1<'py, u64>,
            ) -> PyResult<Bound<'py, PyArray1<bool>>> {
                let changed = with_rows!(indptr, indices, rows => {
                    let labels = view_labels(&rows, &labels)?;
                    self.0.write(py, |model| model.update_batch(&rows, labels))
                });
                Ok(PyArray1::from_vec(py, changed.map_err(|error| to_row_revert(py, &error))?))
            }

            /// What it costs to send the rows to `update`, which the model learns meanwhile.
            fn update_costs<'py>(
                &self,
                py: Python<'py>,
                indptr: &Bound<'py, PyAny>,
                indices: &Bound<'py, PyAny>,
                labels: PyReadonlyArray1<'py, u64>,
                tariff: &Tariff,
            ) -> PyResult<Bound<'py, PyDict>> {
                let costs = with_rows!(indptr, indices, rows => {
                    let labels = view_labels(&rows, &labels)?;
                    self.0.write(py, |model| core_gas::update_costs(model, &rows, labels, &tariff.0))
                });
                gas::to_dict(py, costs)
            }

            /// What it costs to send the rows to `predict`.
            fn predict_costs<'py>(
                &self,
                py: Python<'py>,
                indptr: &Bound<'py, PyAny>,
                indices: &Bound<'py, PyAny>,
                tariff: &Tariff,
            ) -> PyResult<Bound<'py, PyDict>> {
                let costs = with_rows!(indptr, indices, rows => {
                    self.0.read(py, |model| core_gas::predict_costs(model, &rows, &tariff.0))
                });
                gas::to_dict(py, costs)
            }

            /// What `update` does for each row, which the model learns meanwhile.
            fn update_work<'py>(
                &self,
                py: Python<'py>,
                indptr: &Bound<'py, PyAny>,
                indices: &Bound<'py, PyAny>,
                labels: PyReadonlyArray1<'py, u64>,
            ) -> PyResult<Bound<'py, PyDict>> {
                let works = with_rows!(indptr, indices, rows => {
                    let labels = view_labels(&rows, &labels)?;
                    self.0.write(py, |model| core_gas::count_updates(model, &rows, labels))
                });
                gas::work_to_dict(py, &works, <dcai_core::$model as Metered<i64>>::UPDATE.len())
            }

            /// What `predict` does for each row.
            fn predict_work<'py>(
                &self,
                py: Python<'py>,
                indptr: &Bound<'py, PyAny>,
                indices: &Bound<'py, PyAny>,
            ) -> PyResult<Bound<'py, PyDict>> {
                let works = with_rows!(indptr, indices, rows => {
                    self.0.read(py, |model| core_gas::count_predictions(model, &rows))
                });
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
pub struct SparsePerceptron(Shared<dcai_core::SparsePerceptron>);

sparse_model!(SparsePerceptron {
    #[new]
    fn new(
        weights: &Bound<'_, PyAny>,
        intercept: &Bound<'_, PyAny>,
        learning_rate: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let model = dcai_core::SparsePerceptron::new(
            int80_list(weights, "weights")?,
            int80(intercept, || "intercept".into())?,
            uint32(learning_rate, || "learning_rate".into())?,
        );
        Ok(Self(Shared::new(model.map_err(|error| to_revert(weights.py(), &error))?)))
    }

    /// The weights that are not zero, as pairs (index, weight) by increasing index.
    #[getter]
    fn weights(&self, py: Python<'_>) -> Vec<(u64, i128)> {
        self.0.read(py, dcai_core::SparsePerceptron::weights)
    }

    #[getter]
    fn intercept(&self, py: Python<'_>) -> i128 {
        self.0.read(py, dcai_core::SparsePerceptron::intercept)
    }

    #[getter]
    fn learning_rate(&self, py: Python<'_>) -> u32 {
        self.0.read(py, dcai_core::SparsePerceptron::learning_rate)
    }

    fn initialize_weights(&self, start: &Bound<'_, PyAny>, weights: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = weights.py();
        let start = uint64(start, || "start".into())?;
        let weights = int80_list(weights, "weights")?;
        let result = self.0.write(py, |model| model.initialize_weights(start, &weights));
        result.map_err(|error| to_revert(py, &error))
    }

    fn initialize_sparse_weights(&self, weights: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = weights.py();
        let weights = list(weights, "weights", |row, i| int80_list(row, &format!("weights[{i}]")))?;
        let result = self.0.write(py, |model| model.initialize_sparse_weights(&weights));
        result.map_err(|error| to_revert(py, &error))
    }

    fn evaluate_batch<'py>(
        &self,
        py: Python<'py>,
        indptr: &Bound<'py, PyAny>,
        indices: &Bound<'py, PyAny>,
        labels: PyReadonlyArray1<'py, u64>,
    ) -> PyResult<u64> {
        let labels = labels.as_slice()?;
        let correct = with_rows!(indptr, indices, rows => {
            self.0.read(py, |model| model.evaluate_batch(&rows, labels))
        });
        correct.map_err(|error| to_batch_error(py, &error))
    }
});

#[pyclass(frozen, module = "dcai._kernels")]
pub struct SparseNearestCentroidClassifier(Shared<dcai_core::SparseNearestCentroidClassifier>);

/// Rows (index, value) of one centroid.
fn rows_of_uint64(rows: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<Vec<u64>>> {
    list(rows, what, |row, i| {
        let what = format!("{what}[{i}]");
        list(row, &what, |item, j| uint64(item, || format!("{what}[{j}]")))
    })
}

sparse_model!(SparseNearestCentroidClassifier {
    #[new]
    fn new(centroids: &Bound<'_, PyAny>, counts: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = centroids.py();
        let centroids = list(centroids, "centroids", |rows, k| rows_of_uint64(rows, &format!("centroids[{k}]")))?;
        let counts = list(counts, "counts", |count, k| uint64(count, || format!("counts[{k}]")))?;
        let model = dcai_core::SparseNearestCentroidClassifier::new(&centroids, &counts);
        Ok(Self(Shared::new(model.map_err(|error| to_revert(py, &error))?)))
    }

    /// A model from what a contract stores: for each class the number of samples, the squared magnitude, and the values
    /// as {index: (value, number of samples)}.
    #[staticmethod]
    fn restore(
        counts: &Bound<'_, PyAny>,
        squared_magnitudes: &Bound<'_, PyAny>,
        stored: Vec<BTreeMap<u32, (u64, u64)>>,
    ) -> PyResult<Self> {
        let py = counts.py();
        let counts = list(counts, "counts", |count, k| uint64(count, || format!("counts[{k}]")))?;
        let squared_magnitudes: Vec<U256> = list(squared_magnitudes, "squared_magnitudes", |value, k| {
            uint256(value, || format!("squared_magnitudes[{k}]"))
        })?;
        if counts.len() != stored.len() || squared_magnitudes.len() != stored.len() {
            return Err(InputError::new_err(format!(
                "{} counts and {} squared magnitudes for {} classes",
                counts.len(),
                squared_magnitudes.len(),
                stored.len()
            )));
        }
        let classes = counts.into_iter().zip(squared_magnitudes).zip(stored);
        let classes = classes.map(|((num_samples, squared_magnitude), values)| {
            let value = |(index, (value, num_samples))| (index, Feature { value, num_samples });
            StoredClass { num_samples, squared_magnitude, values: values.into_iter().map(value).collect() }
        });
        let classes = classes.collect();
        let model = dcai_core::SparseNearestCentroidClassifier::restore(classes);
        Ok(Self(Shared::new(model.map_err(|error| to_revert(py, &error))?)))
    }

    #[getter]
    fn counts(&self, py: Python<'_>) -> Vec<u64> {
        self.0.read(py, dcai_core::SparseNearestCentroidClassifier::num_samples)
    }

    #[getter]
    fn squared_magnitudes<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let values = self.0.read(py, dcai_core::SparseNearestCentroidClassifier::squared_magnitudes);
        values.into_iter().map(|value| to_python_uint(py, value)).collect()
    }

    /// For each class {index: (value, number of samples)} as stored, by increasing index.
    #[getter]
    fn stored(&self, py: Python<'_>) -> Vec<Vec<(u64, (u64, u64))>> {
        let stored = self.0.read(py, dcai_core::SparseNearestCentroidClassifier::stored);
        let pair = |(index, value): (u64, Feature)| (index, (value.value, value.num_samples));
        stored.into_iter().map(|values| values.into_iter().map(pair).collect()).collect()
    }

    fn centroid_value(&self, class: &Bound<'_, PyAny>, index: &Bound<'_, PyAny>) -> PyResult<u64> {
        let py = class.py();
        let class = uint64(class, || "class".into())?;
        let index = uint32(index, || "feature index".into())?;
        let value = self.0.read(py, |model| model.centroid_value(class, index));
        value.map_err(|error| to_revert(py, &error))
    }

    fn add_class(&self, centroid: &Bound<'_, PyAny>, count: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = centroid.py();
        let centroid = rows_of_uint64(centroid, "centroid")?;
        let count = uint64(count, || "count".into())?;
        let result = self.0.write(py, |model| model.add_class(&centroid, count));
        result.map_err(|error| to_revert(py, &error))
    }

    fn extend_centroid(&self, extension: &Bound<'_, PyAny>, label: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = extension.py();
        let extension = rows_of_uint64(extension, "extension")?;
        let label = uint64(label, || "label".into())?;
        let result = self.0.write(py, |model| model.extend_centroid(&extension, label));
        result.map_err(|error| to_revert(py, &error))
    }
});
