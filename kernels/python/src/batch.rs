//! Samples and batches as numpy and scipy hold them, read in place.

use dcai_core::{Bounds, Integer, Rows, Values};
use numpy::{PyArray1, PyArrayDyn, PyArrayMethods, PyReadonlyArray1, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::convert::{int64_list, small_ints};
use crate::errors::{InputTypeError, to_input_error};

/// Integers of one sample or of many: an array of int32 or int64, or a list.
pub enum Integers<'py> {
    Int32(PyReadonlyArrayDyn<'py, i32>),
    Int64(PyReadonlyArrayDyn<'py, i64>),
    List(Vec<i64>),
}

/// Runs `$work` with `$data` bound to a slice of the integers, whichever type they have.
macro_rules! with_integers {
    ($integers:expr, $data:ident => $work:expr) => {
        match $integers {
            $crate::batch::Integers::Int32(array) => {
                let $data = array.as_slice()?;
                $work
            }
            $crate::batch::Integers::Int64(array) => {
                let $data = array.as_slice()?;
                $work
            }
            $crate::batch::Integers::List(list) => {
                let $data = list.as_slice();
                $work
            }
        }
    };
}
pub(crate) use with_integers;

impl<'py> Integers<'py> {
    /// One sample: any sequence of integers. A plain array of one dimension, in one piece and aligned, is read in place. No
    /// subclass is: the masked items of a masked array are no numbers.
    pub fn sample(items: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Some(list) = small_ints(items) {
            return Ok(Self::List(list));
        }
        if let Ok(array) = items.cast_exact::<PyArrayDyn<i64>>()
            && let array = array.try_readonly()?
            && array.ndim() == 1
            && array.as_slice().is_ok()
        {
            return Ok(Self::Int64(array));
        }
        if let Ok(array) = items.cast_exact::<PyArrayDyn<i32>>()
            && let array = array.try_readonly()?
            && array.ndim() == 1
            && array.as_slice().is_ok()
        {
            return Ok(Self::Int32(array));
        }
        int64_list(items, "sample").map(Self::List)
    }

    fn array(array: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = array.cast::<PyArrayDyn<i32>>() {
            return Ok(Self::Int32(array.try_readonly()?));
        }
        match array.cast::<PyArrayDyn<i64>>() {
            Ok(array) => Ok(Self::Int64(array.try_readonly()?)),
            Err(_) => Err(InputTypeError::new_err("a batch must be made of int32 or int64 arrays")),
        }
    }
}

/// A batch: an array of shape (n, d), or (indptr, indices, values), where the values are those of a matrix, or None.
pub struct Batch<'py> {
    pub items: Integers<'py>,
    shape: Shape<'py>,
    pub values: Option<MatrixValues<'py>>,
}

enum Shape<'py> {
    Even { len: usize, dimension: usize },
    Compressed(Integers<'py>),
}

/// Runs `$work` with `$rows` bound to a view of a batch; nothing is copied.
macro_rules! with_rows {
    ($batch:expr, $rows:ident => $work:expr) => {{
        let batch = $crate::batch::Batch::new($batch)?;
        let values = batch.values.as_ref().map($crate::batch::MatrixValues::values).transpose()?;
        $crate::batch::with_integers!(&batch.items, items => {
            let $rows = batch.rows($batch.py(), items, values.as_deref())?;
            $work
        })
    }};
}
pub(crate) use with_rows;

impl<'py> Batch<'py> {
    pub fn new(batch: &Bound<'py, PyAny>) -> PyResult<Self> {
        let Ok(parts) = batch.cast::<PyTuple>() else {
            let items = Integers::array(batch)?;
            let shape = batch.getattr("shape")?.extract::<(usize, usize)>();
            let (len, dimension) =
                shape.map_err(|_| InputTypeError::new_err("a dense batch must have the shape (n, d)"))?;
            return Ok(Self { items, shape: Shape::Even { len, dimension }, values: None });
        };
        let (indptr, indices, values): (Bound<'_, PyAny>, Bound<'_, PyAny>, Option<Bound<'_, PyAny>>) =
            parts.extract()?;
        Ok(Self {
            items: Integers::array(&indices)?,
            shape: Shape::Compressed(Integers::array(&indptr)?),
            values: values.as_ref().map(MatrixValues::new).transpose()?,
        })
    }

    pub fn rows<'a, I: Integer>(
        &'a self,
        py: Python<'_>,
        items: &'a [I],
        values: Option<&'a dyn Values>,
    ) -> PyResult<Rows<'a, I>> {
        let bounds = match &self.shape {
            Shape::Even { len, dimension } => Bounds::Even { len: *len, dimension: *dimension },
            Shape::Compressed(Integers::Int32(indptr)) => Bounds::Int32(indptr.as_slice()?),
            Shape::Compressed(Integers::Int64(indptr)) => Bounds::Int64(indptr.as_slice()?),
            Shape::Compressed(Integers::List(indptr)) => Bounds::Int64(indptr),
        };
        Rows::new(items, bounds, values).map_err(|error| to_input_error(py, &error))
    }
}

/// The values that a matrix stores, as the core looks at them.
macro_rules! matrix_values {
    ($($variant:ident($number:ty)),*) => {
        pub enum MatrixValues<'py> {
            $($variant(PyReadonlyArray1<'py, $number>)),*
        }

        impl<'py> MatrixValues<'py> {
            fn new(array: &Bound<'py, PyAny>) -> PyResult<Self> {
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
matrix_values!(Float64(f64), Float32(f32), Int64(i64), Int32(i32), Int16(i16), Int8(i8), Uint8(u8), Bool(bool));
