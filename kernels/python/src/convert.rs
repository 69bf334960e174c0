//! Python objects to integers and back. Every refusal names the place and what would be right.

use dcai_core::{I256, INT80_MAX, INT80_MIN, U256};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyList, PyMapping, PyString};

use crate::errors::{InputError, InputTypeError};

/// An unsigned 256-bit number as a Python int.
pub fn to_python_uint(py: Python<'_>, value: U256) -> PyResult<Bound<'_, PyAny>> {
    if let Ok(small) = u64::try_from(value) {
        return Ok(small.into_pyobject(py)?.into_any());
    }
    let bytes = value.to_le_bytes::<32>();
    py.get_type::<PyInt>().call_method1("from_bytes", (bytes.as_slice(), "little"))
}

/// A signed 256-bit number as a Python int.
pub fn to_python_int(py: Python<'_>, value: I256) -> PyResult<Bound<'_, PyAny>> {
    let magnitude = to_python_uint(py, value.unsigned_abs())?;
    if value.is_negative() { magnitude.neg() } else { Ok(magnitude) }
}

/// A Python integer within bounds; `what` names it in an error.
pub fn int(item: &Bound<'_, PyAny>, (low, high): (i128, i128), what: impl Fn() -> String) -> PyResult<i128> {
    let out_of_range =
        || InputError::new_err(format!("{} is {}, and must be an integer from {low} to {high}", what(), shown(item)));
    if let Some(small) = small_int(item)
        && (low..=high).contains(&small.into())
    {
        return Ok(small.into());
    }
    if item.is_instance_of::<PyBool>() {
        return Err(not_an_integer(item, &what()));
    }
    match item.extract::<i128>() {
        Ok(value) if (low..=high).contains(&value) => Ok(value),
        Ok(_) => Err(out_of_range()),
        Err(error) if error.is_instance_of::<PyOverflowError>(item.py()) => Err(out_of_range()),
        Err(_) => Err(not_an_integer(item, &what())),
    }
}

/// A plain Python int that fits in 64 bits: nearly all that come.
#[inline]
fn small_int(item: &Bound<'_, PyAny>) -> Option<i64> {
    item.cast_exact::<PyInt>().ok().and_then(|item| item.extract().ok())
}

fn not_an_integer(item: &Bound<'_, PyAny>, what: &str) -> PyErr {
    let kind = kind_of(item);
    let hint = if kind.starts_with("float") && !what.starts_with("label") {
        "; dcai.to_fixed turns floats into fixed-point integers"
    } else {
        ""
    };
    InputTypeError::new_err(format!("{what} is {} ({kind}); expected an integer{hint}", shown(item)))
}

fn kind_of(item: &Bound<'_, PyAny>) -> String {
    item.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string())
}

/// A value in an error: its `repr`, shortened, whatever that may raise.
fn shown(item: &Bound<'_, PyAny>) -> String {
    /// A uint256 has 78 digits.
    const LONGEST: usize = 80;
    let Ok(repr) = item.repr() else {
        // Python does not print integers of thousands of digits.
        let bits = item.call_method0("bit_length").and_then(|bits| bits.extract::<u64>());
        return bits.map_or_else(|_| format!("some {}", kind_of(item)), |bits| format!("an integer of {bits} bits"));
    };
    let text = repr.to_string_lossy();
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() { format!("{short}...") } else { short }
}

const INT64: (i128, i128) = (i64::MIN as i128, i64::MAX as i128);
const UINT64: (i128, i128) = (0, u64::MAX as i128);
const INT80: (i128, i128) = (INT80_MIN, INT80_MAX);

#[expect(clippy::cast_possible_truncation, reason = "`int` has checked the bounds")]
pub fn int64(item: &Bound<'_, PyAny>, what: impl Fn() -> String) -> PyResult<i64> {
    int(item, INT64, what).map(|value| value as i64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`int` has checked the bounds")]
pub fn uint64(item: &Bound<'_, PyAny>, what: impl Fn() -> String) -> PyResult<u64> {
    int(item, UINT64, what).map(|value| value as u64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`int` has checked the bounds")]
pub fn uint32(item: &Bound<'_, PyAny>, what: impl Fn() -> String) -> PyResult<u32> {
    int(item, (0, u32::MAX.into()), what).map(|value| value as u32)
}

pub fn int80(item: &Bound<'_, PyAny>, what: impl Fn() -> String) -> PyResult<i128> {
    int(item, INT80, what)
}

/// A count: any integer from 0 to 2^256 - 1.
pub fn uint256(item: &Bound<'_, PyAny>, what: impl Fn() -> String) -> PyResult<U256> {
    if item.is_instance_of::<PyBool>() {
        return Err(not_an_integer(item, &what()));
    }
    if let Ok(small) = item.extract::<u64>() {
        return Ok(U256::from(small));
    }
    let number = item.call_method0("__index__").map_err(|_| not_an_integer(item, &what()))?;
    // The method of int itself: a subclass may have another.
    let bytes = item.py().get_type::<PyInt>().call_method1("to_bytes", (number, 32, "little")).map_err(|_| {
        InputError::new_err(format!("{} is {}, and must be an integer from 0 to 2^256 - 1", what(), shown(item)))
    })?;
    Ok(U256::from_le_bytes(bytes.extract::<[u8; 32]>()?))
}

/// Each item of a Python sequence, converted with its position.
pub fn list<'py, T>(
    items: &Bound<'py, PyAny>,
    what: &str,
    convert: impl Fn(&Bound<'py, PyAny>, usize) -> PyResult<T>,
) -> PyResult<Vec<T>> {
    let refuse = || InputTypeError::new_err(format!("{what} must be a sequence, not {}", kind_of(items)));
    // Sets have no order and mappings have keys; text and bytes are sequences of something else.
    let is_text = items.is_instance_of::<PyString>() || items.is_instance_of::<PyBytes>();
    if is_text || !items.hasattr("__getitem__")? || items.cast::<PyMapping>().is_ok() {
        return Err(refuse());
    }
    let iterator = items.try_iter().map_err(|_| refuse())?;
    iterator.enumerate().map(|(i, item)| convert(&item?, i)).collect()
}

pub fn int80_list(items: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<i128>> {
    list(items, what, |item, i| int80(item, || format!("{what}[{i}]")))
}

pub fn uint64_list(items: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<u64>> {
    list(items, what, |item, i| uint64(item, || format!("{what}[{i}]")))
}

pub fn int64_list(items: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<i64>> {
    if let Some(values) = small_ints(items) {
        return Ok(values);
    }
    // Plain arrays only: a masked array is a subclass, and its masked items are no numbers.
    if let Ok(array) = items.cast_exact::<PyArray1<i64>>()
        && let Ok(values) = array.try_readonly()?.as_slice()
    {
        return Ok(values.to_vec());
    }
    list(items, what, |item, i| int64(item, || format!("{what}[{i}]")))
}

/// The numbers of a plain list of plain ints that fit in 64 bits.
pub fn small_ints(items: &Bound<'_, PyAny>) -> Option<Vec<i64>> {
    items.cast_exact::<PyList>().ok()?.iter().map(|item| small_int(&item)).collect()
}

/// Samples of any lengths in compressed form: where each begins and the last ends, and all of them one after another.
pub fn ragged_rows(rows: &Bound<'_, PyAny>) -> PyResult<(Vec<i64>, Vec<i64>)> {
    let (mut indptr, mut values) = (vec![0], Vec::new());
    for (row, items) in list(rows, "batch", |items, _| Ok(items.clone()))?.iter().enumerate() {
        values.extend(int64_list(items, &format!("row {row}"))?);
        indptr.push(i64::try_from(values.len()).unwrap_or(i64::MAX));
    }
    Ok((indptr, values))
}

/// Rows of numbers, such as pairs (index, value).
pub fn lists<'py, T>(
    rows: &Bound<'py, PyAny>,
    what: &str,
    convert: impl Fn(&Bound<'py, PyAny>, &dyn Fn() -> String) -> PyResult<T>,
) -> PyResult<Vec<Vec<T>>> {
    list(rows, what, |row, i| {
        let what = format!("{what}[{i}]");
        list(row, &what, |item, j| convert(item, &|| format!("{what}[{j}]")))
    })
}
