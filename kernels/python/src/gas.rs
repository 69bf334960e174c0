//! Gas predictions: tariffs in, columns out.

use dcai_core::gas::{Costs, MAX_COUNTERS, Tariff as CoreTariff, Work};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::{InputError, to_row_revert};

/// Gas prices of the calls of one function: its selector, the gas of each counter in order, the gas of each counter after
/// the last write of a slot, and whether calldata have a floor.
#[pyclass(frozen, module = "dcai._kernels")]
pub struct Tariff(pub CoreTariff);

#[pymethods]
impl Tariff {
    #[new]
    fn new(selector: [u8; 4], gas: Vec<i64>, tail: Vec<i64>, has_floor: bool) -> PyResult<Self> {
        let prices = |given: Vec<i64>| {
            let mut prices = [0; MAX_COUNTERS];
            let Some(used) = prices.get_mut(..given.len()) else {
                return Err(InputError::new_err(format!("{} prices; at most {MAX_COUNTERS} are used", given.len())));
            };
            used.copy_from_slice(&given);
            Ok(prices)
        };
        Ok(Self(CoreTariff { selector, gas: prices(gas)?, tail: prices(tail)?, has_floor }))
    }
}

/// The columns of `Costs`, and the errors as {row: Revert}.
pub fn to_dict(py: Python<'_>, costs: Costs) -> PyResult<Bound<'_, PyDict>> {
    let columns = PyDict::new(py);
    columns.set_item("gas_used", PyArray1::from_vec(py, costs.gas_used))?;
    columns.set_item("gas_limit", PyArray1::from_vec(py, costs.gas_limit))?;
    columns.set_item("calldata", PyArray1::from_vec(py, costs.calldata))?;
    columns.set_item("execution", PyArray1::from_vec(py, costs.execution))?;
    columns.set_item("refund", PyArray1::from_vec(py, costs.refund))?;
    columns.set_item("new_slots", PyArray1::from_vec(py, costs.new_slots))?;
    columns.set_item("mistake", PyArray1::from_vec(py, costs.mistake))?;
    let errors = PyDict::new(py);
    for (row, error) in &costs.errors {
        errors.set_item(row, to_row_revert(py, *row, error).into_value(py))?;
    }
    columns.set_item("errors", errors)?;
    Ok(columns)
}

/// Work as columns: the counts (one row a call), and the ledger.
pub fn work_to_dict<'py>(py: Python<'py>, works: &[Work], num_counters: usize) -> PyResult<Bound<'py, PyDict>> {
    let counts: Vec<u64> = works.iter().flat_map(|work| work.counts[..num_counters].iter().copied()).collect();
    let counts = PyArray1::from_vec(py, counts).reshape([works.len(), num_counters])?;
    let columns = PyDict::new(py);
    columns.set_item("counts", counts)?;
    let column = |get: fn(&Work) -> i64| PyArray1::from_iter(py, works.iter().map(get));
    columns.set_item("storage", column(|work| work.ledger.gas.cast_signed()))?;
    columns.set_item("refund", column(|work| work.ledger.refund))?;
    columns.set_item("last_store", column(|work| work.ledger.last_store.cast_signed()))?;
    Ok(columns)
}
