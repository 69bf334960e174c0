//! The errors of the core as the errors of `dcai.errors`.

use dcai_core::{BatchError, Error, RowError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::convert::{to_python_int, to_python_uint};

pyo3::import_exception!(dcai.errors, EvmError);
pyo3::import_exception!(dcai.errors, InputError);
pyo3::import_exception!(dcai.errors, InputTypeError);
pyo3::import_exception!(dcai.errors, Revert);

/// A `Revert` with the name and the arguments of the contract's error.
pub fn to_revert(py: Python<'_>, error: &Error) -> PyErr {
    match name_and_args(py, error) {
        Ok((name, args)) => Revert::new_err((name, args.unbind())),
        Err(error) => error,
    }
}

/// The same for a batch.
pub fn to_row_revert(py: Python<'_>, RowError { row, error }: &RowError) -> PyErr {
    let revert = to_revert(py, error);
    match revert.value(py).setattr("row", *row) {
        Ok(()) => revert,
        Err(error) => error,
    }
}

/// The error of a batch that has no labels.
pub fn to_batch_error(py: Python<'_>, error: &BatchError) -> PyErr {
    match error {
        BatchError::Row(error) => to_row_revert(py, error),
        BatchError::NotOne => InputError::new_err("every stored value must be 1"),
    }
}

fn name_and_args<'py>(py: Python<'py>, error: &Error) -> PyResult<(&'static str, Bound<'py, PyTuple>)> {
    let uint = |value| to_python_uint(py, value);
    let int = |value| to_python_int(py, value);
    Ok(match *error {
        Error::DimensionMismatch { expected, actual } => ("DimensionMismatch", (expected, actual).into_pyobject(py)?),
        Error::UnknownClass { label, num_classes } => ("UnknownClass", (uint(label)?, num_classes).into_pyobject(py)?),
        Error::NotNormalized { squared_norm } => ("NotNormalized", (uint(squared_norm)?,).into_pyobject(py)?),
        Error::NormNotDefined => ("NormNotDefined", PyTuple::empty(py)),
        Error::NegativeIndex { position, index } => ("NegativeIndex", (position, int(index)?).into_pyobject(py)?),
        Error::IndexTooLarge { position, index, limit } => {
            ("IndexTooLarge", (position, uint(index)?, uint(limit)?).into_pyobject(py)?)
        }
        Error::NotStrictlyIncreasing { position, previous, index } => {
            ("NotStrictlyIncreasing", (position, previous, index).into_pyobject(py)?)
        }
        Error::DuplicateFeature { position, index } => ("DuplicateFeature", (position, index).into_pyobject(py)?),
        Error::MalformedPair { position, length } => ("MalformedPair", (position, length).into_pyobject(py)?),
        Error::NoClasses => ("NoClasses", PyTuple::empty(py)),
        Error::NotTwoClasses { num_classes } => ("NotTwoClasses", (num_classes,).into_pyobject(py)?),
        Error::CountTooLarge { count, limit } => ("CountTooLarge", (uint(count)?, uint(limit)?).into_pyobject(py)?),
        Error::SafeCastOverflowedIntDowncast { bits, value } => {
            ("SafeCastOverflowedIntDowncast", (bits, int(value)?).into_pyobject(py)?)
        }
        Error::SafeCastOverflowedUintDowncast { bits, value } => {
            ("SafeCastOverflowedUintDowncast", (bits, uint(value)?).into_pyobject(py)?)
        }
    })
}
