//! The errors of the core as the errors of `dcai.errors`, in the core's words.

use dcai_core::{Argument, BatchError, Error, InputError as CoreInputError};
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::convert::{to_python_int, to_python_uint};

pyo3::import_exception!(dcai.errors, EvmError);
pyo3::import_exception!(dcai.errors, InputError);
pyo3::import_exception!(dcai.errors, InputTypeError);
pyo3::import_exception!(dcai.errors, Revert);

/// A `Revert` with the name and the arguments of the contract's error.
pub fn to_revert(py: Python<'_>, error: &Error) -> PyErr {
    let (name, arguments, _) = error.parts();
    let arguments = arguments.into_iter().map(|argument| match argument {
        Argument::Uint(value) => to_python_uint(py, value),
        Argument::Int(value) => to_python_int(py, value),
    });
    let arguments = arguments.collect::<PyResult<Vec<_>>>().and_then(|arguments| PyTuple::new(py, arguments));
    arguments.map_or_else(|error| error, |arguments| Revert::new_err((name, arguments.unbind())))
}

/// A `Revert` with the number of the row that is refused.
pub fn to_row_revert(py: Python<'_>, row: usize, error: &Error) -> PyErr {
    let revert = to_revert(py, error);
    revert.value(py).setattr("row", row).map_or_else(|error| error, |()| revert)
}

/// An `InputError`; the position in a list, where there is one, stands in its `position`.
pub fn to_input_error(py: Python<'_>, error: &CoreInputError) -> PyErr {
    let input_error = InputError::new_err(error.to_string());
    let CoreInputError::NotFixed { position, .. } = error else { return input_error };
    input_error.value(py).setattr("position", *position).map_or_else(|error| error, |()| input_error)
}

/// The error of a batch.
pub fn to_batch_error(py: Python<'_>, error: &BatchError) -> PyErr {
    match error {
        BatchError::Row { row, error } => to_row_revert(py, *row, error),
        BatchError::Call(error) => to_revert(py, error),
        BatchError::Input(error) => to_input_error(py, error),
        BatchError::Memory(error) => PyMemoryError::new_err(error.to_string()),
    }
}
