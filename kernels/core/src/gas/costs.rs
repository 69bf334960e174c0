//! The costs of transactions, one after another.

use std::collections::TryReserveError;

use crate::batch::{BatchResult, Integer, Rows};
use crate::gas::{Calldata, MAX_COUNTERS, Metered, Work};
use crate::{Error, Result};

/// Due for any transaction.
const TRANSACTION: u64 = 21_000;
/// A token of calldata: a zero byte is one, any other four (EIP-2028, in the terms of EIP-7623).
const TOKEN: u64 = 4;
/// The floor of a token (EIP-7623).
const FLOOR_TOKEN: u64 = 10;
/// A refund is at most the gas spent divided by this (EIP-3529).
const MAX_REFUND_QUOTIENT: u64 = 5;

/// Gas prices of the calls of one function: its bytecode's constants, and the rules of the fork.
#[derive(Debug, Clone)]
pub struct Tariff {
    /// The function's selector.
    pub selector: [u8; 4],
    /// Gas of each counter.
    pub gas: [i64; MAX_COUNTERS],
    /// Gas of each counter after the last write of a slot.
    pub tail: [i64; MAX_COUNTERS],
    /// Whether calldata have a floor (EIP-7623).
    pub has_floor: bool,
}

/// Costs of several transactions, in gas: one entry a transaction.
#[derive(Debug, Default)]
pub struct Costs {
    /// `max(intrinsic + calldata + execution - refund, floor)`.
    pub gas_used: Vec<u64>,
    /// The least gas limit with which the same happens.
    pub gas_limit: Vec<u64>,
    /// For the bytes of the data.
    pub calldata: Vec<u64>,
    /// For the opcodes.
    pub execution: Vec<u64>,
    /// Given back, after the cap.
    pub refund: Vec<u64>,
    /// Slots that it makes non-zero.
    pub new_slots: Vec<u64>,
    /// Whether the model was mistaken.
    pub mistake: Vec<bool>,
    /// The transactions that revert, and why.
    pub errors: Vec<(usize, Error)>,
}

impl Costs {
    /// Room for so many transactions. Rows without features take no memory, so there may be more than there is room for.
    fn with_capacity(len: usize) -> std::result::Result<Self, TryReserveError> {
        let mut costs = Self::default();
        let Self { gas_used, gas_limit, calldata, execution, refund, new_slots, mistake, errors: _ } = &mut costs;
        for column in [gas_used, gas_limit, calldata, execution, refund, new_slots] {
            column.try_reserve_exact(len)?;
        }
        mistake.try_reserve_exact(len)?;
        Ok(costs)
    }

    fn push(&mut self, tariff: &Tariff, calldata: Calldata, work: &Work, result: Result<()>) {
        let tokens = calldata.zero + 4 * calldata.nonzero;
        let data = TOKEN * tokens;
        let execution = sum(&tariff.gas, &work.counts) + work.ledger.gas;
        let spent = TRANSACTION + data + execution;
        // What is reverted clears nothing. A refund is never negative at the end of a transaction.
        let earned = if result.is_ok() { u64::try_from(work.ledger.refund).unwrap_or(0) } else { 0 };
        let refund = earned.min(spent / MAX_REFUND_QUOTIENT);
        let floor = if tariff.has_floor { TRANSACTION + FLOOR_TOKEN * tokens } else { 0 };
        let shortfall = work.ledger.shortfall(sum(&tariff.tail, &work.counts));
        self.gas_used.push((spent - refund).max(floor));
        self.gas_limit.push((spent + shortfall).max(floor));
        self.calldata.push(data);
        self.execution.push(execution);
        self.refund.push(refund);
        self.new_slots.push(if result.is_ok() { work.ledger.new_slots } else { 0 });
        self.mistake.push(work.mistake);
        if let Err(error) = result {
            self.errors.push((self.gas_used.len() - 1, error));
        }
    }
}

fn sum(prices: &[i64; MAX_COUNTERS], counts: &[u64; MAX_COUNTERS]) -> u64 {
    let total: i64 = prices.iter().zip(counts).map(|(price, count)| price * count.cast_signed()).sum();
    // A tariff comes from outside; one that is not of this bytecode must not end in a huge number.
    u64::try_from(total).unwrap_or(0)
}

/// Predicts the costs of sending each row with its label to `update`, one after another; the model learns them. A row
/// that is refused costs what its revert costs, and the next one follows.
///
/// # Errors
///
/// No contract could be sent the batch, or there is no memory for the result; nothing is learned.
pub fn update_costs<M: Metered, I: Integer>(
    model: &mut M,
    rows: &Rows<I>,
    labels: &[u64],
    tariff: &Tariff,
) -> BatchResult<Costs> {
    let mut costs = Costs::with_capacity(rows.len())?;
    for_each_update(model, rows, labels, |label, data, work, result| {
        costs.push(tariff, Calldata::of_call(tariff.selector, &[label], data), &work, result);
    })?;
    Ok(costs)
}

/// Predicts the costs of sending each row to `predict`; the same errors.
pub fn predict_costs<M: Metered, I: Integer>(model: &M, rows: &Rows<I>, tariff: &Tariff) -> BatchResult<Costs> {
    let mut costs = Costs::with_capacity(rows.len())?;
    for_each_prediction(model, rows, |data, work, result| {
        costs.push(tariff, Calldata::of_call(tariff.selector, &[], data), &work, result);
    })?;
    Ok(costs)
}

/// The work behind [`update_costs`], which calibration compares with what an EVM measures.
pub fn count_updates<M: Metered, I: Integer>(model: &mut M, rows: &Rows<I>, labels: &[u64]) -> BatchResult<Vec<Work>> {
    let mut works = vec![];
    for_each_update(model, rows, labels, |_, _, work, _| works.push(work))?;
    Ok(works)
}

/// The work behind [`predict_costs`].
pub fn count_predictions<M: Metered, I: Integer>(model: &M, rows: &Rows<I>) -> BatchResult<Vec<Work>> {
    let mut works = vec![];
    for_each_prediction(model, rows, |_, work, _| works.push(work))?;
    Ok(works)
}

fn for_each_update<M: Metered, I: Integer>(
    model: &mut M,
    rows: &Rows<I>,
    labels: &[u64],
    mut each: impl FnMut(u64, &[I], Work, Result<()>),
) -> BatchResult<()> {
    rows.check_labels(labels)?;
    rows.check_ones()?;
    for (row, &label) in labels.iter().enumerate() {
        let mut work = Work::default();
        let result = model.meter_update(rows.row(row), label, &mut work);
        each(label, rows.row(row), work, result);
    }
    Ok(())
}

fn for_each_prediction<M: Metered, I: Integer>(
    model: &M,
    rows: &Rows<I>,
    mut each: impl FnMut(&[I], Work, Result<()>),
) -> BatchResult<()> {
    rows.check_ones()?;
    for row in 0..rows.len() {
        let mut work = Work::default();
        let result = model.meter_predict(rows.row(row), &mut work);
        each(rows.row(row), work, result);
    }
    Ok(())
}
