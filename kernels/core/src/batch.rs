//! Batches of samples: views of memory that someone else owns, and the loop over their rows.

use std::collections::TryReserveError;
use std::fmt::{self, Debug};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use pulp::Arch;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{Error, Result};

/// An argument that no contract could be sent.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the text of each says what its fields are")]
pub enum InputError {
    Shape { values: usize, len: usize, dimension: usize },
    NoBounds,
    NegativeBound { bound: i64 },
    DecreasingBound { position: usize, bound: i64, previous: i64 },
    BoundBeyondIndices { bound: i64, indices: usize },
    Labels { labels: usize, rows: usize },
    Values { values: usize, indices: usize },
    NotOne { row: usize, column: i64, value: String },
    NotFixed { position: usize, real: f64 },
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { values, len, dimension } => {
                write!(f, "the batch has {values} values in one piece, and {len} rows of {dimension} were expected")
            }
            Self::NoBounds => f.write_str("indptr is empty; it needs one entry more than there are rows"),
            Self::NegativeBound { bound } => write!(f, "indptr[0] = {bound} is negative"),
            Self::DecreasingBound { position, bound, previous } => {
                write!(f, "indptr decreases at {position}: {bound} follows {previous}")
            }
            Self::BoundBeyondIndices { bound, indices } => {
                write!(f, "indptr ends at {bound}, but there are {indices} indices")
            }
            Self::Labels { labels, rows } => write!(f, "{labels} labels for {rows} rows"),
            Self::Values { values, indices } => write!(f, "the matrix stores {values} values at {indices} indices"),
            Self::NotOne { row, column, value } => write!(
                f,
                "row {row}, column {column} of the matrix is {value}; \
                 sparse models see presence alone, so every stored value must be 1"
            ),
            Self::NotFixed { position, real } => {
                write!(f, "value[{position}] is {real}; times 10^9 it must be a number that int64 holds")
            }
        }
    }
}

impl std::error::Error for InputError {}

/// Why a batch has no result.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchError {
    /// The contract refuses a row, the first of those that it would refuse.
    Row {
        /// Its number.
        row: usize,
        /// Why.
        error: Error,
    },
    /// The contract refuses the call.
    Call(Error),
    /// No contract could be sent the batch.
    Input(InputError),
    /// There is no memory for the result.
    Memory(TryReserveError),
}

impl From<InputError> for BatchError {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

impl From<TryReserveError> for BatchError {
    fn from(error: TryReserveError) -> Self {
        Self::Memory(error)
    }
}

/// Result of a batch.
pub type BatchResult<T> = std::result::Result<T, BatchError>;

/// An integer type in which callers hold features, indices of features, and bounds of rows.
pub trait Integer: Copy + Send + Sync + Into<i64> {
    /// The numbers as they are, where they have 64 bits.
    fn as_int64(_numbers: &[Self]) -> Option<&[i64]> {
        None
    }
}

impl Integer for i32 {}

impl Integer for i64 {
    fn as_int64(numbers: &[Self]) -> Option<&[i64]> {
        Some(numbers)
    }
}

/// An index that was found not to be negative.
#[inline]
pub(crate) fn to_u64<I: Integer>(index: I) -> u64 {
    u64::try_from(index.into()).unwrap_or(u64::MAX)
}

/// Samples, one after another in memory: dense ones of one length, or sparse ones in compressed form (CSR).
#[derive(Clone, Copy)]
pub struct Rows<'a, I> {
    items: &'a [I],
    bounds: Bounds<'a>,
    values: Option<&'a dyn Values>,
}

/// Starts and ends of rows.
#[derive(Debug, Clone, Copy)]
pub enum Bounds<'a> {
    /// All have one length.
    Even {
        /// Number of rows.
        len: usize,
        /// Items in each.
        dimension: usize,
    },
    /// Row `i` holds the items `indptr[i]..indptr[i + 1]`.
    Int32(&'a [i32]),
    /// The same.
    Int64(&'a [i64]),
}

impl Bounds<'_> {
    /// Number of rows.
    fn len(&self) -> usize {
        match self {
            Self::Even { len, .. } => *len,
            Self::Int32(indptr) => indptr.len() - 1,
            Self::Int64(indptr) => indptr.len() - 1,
        }
    }

    /// The places of the items of some rows.
    #[inline(always)]
    fn places(&self, rows: Range<usize>) -> Range<usize> {
        match self {
            Self::Even { dimension, .. } => rows.start * dimension..rows.end * dimension,
            Self::Int32(indptr) => place(indptr, rows.start)..place(indptr, rows.end),
            Self::Int64(indptr) => place(indptr, rows.start)..place(indptr, rows.end),
        }
    }

    fn check(&self, num_items: usize) -> std::result::Result<(), InputError> {
        match *self {
            Self::Even { len, dimension } if len.checked_mul(dimension) == Some(num_items) => Ok(()),
            Self::Even { len, dimension } => Err(InputError::Shape { values: num_items, len, dimension }),
            Self::Int32(indptr) => check_indptr(indptr, num_items),
            Self::Int64(indptr) => check_indptr(indptr, num_items),
        }
    }
}

#[inline(always)]
fn place<P: Integer>(indptr: &[P], row: usize) -> usize {
    // `Rows::new` has checked that each entry is within `0..=items.len()`.
    usize::try_from(indptr[row].into()).unwrap_or(usize::MAX)
}

fn check_indptr<P: Integer>(indptr: &[P], num_items: usize) -> std::result::Result<(), InputError> {
    let (Some(&first), Some(&last)) = (indptr.first(), indptr.last()) else { return Err(InputError::NoBounds) };
    if first.into() < 0 {
        return Err(InputError::NegativeBound { bound: first.into() });
    }
    // Without a way out in the middle, so that many are compared at a time.
    let pairs = indptr.iter().zip(&indptr[1..]);
    if !pairs.fold(true, |sorted, (&start, &end)| sorted & (start.into() <= end.into())) {
        let position = (1..indptr.len()).find(|&i| indptr[i].into() < indptr[i - 1].into()).unwrap_or(1);
        let (bound, previous) = (indptr[position].into(), indptr[position - 1].into());
        return Err(InputError::DecreasingBound { position, bound, previous });
    }
    if usize::try_from(last.into()).map_or(true, |end| end > num_items) {
        return Err(InputError::BoundBeyondIndices { bound: last.into(), indices: num_items });
    }
    Ok(())
}

impl<'a, I: Integer> Rows<'a, I> {
    /// A view of the rows of some items.
    ///
    /// With the `values` that a matrix stores at the items, presence is a 1: a batch with another value gets no labels. The
    /// values are looked at while the labels are made, so that memory is read once.
    pub fn new(
        items: &'a [I],
        bounds: Bounds<'a>,
        values: Option<&'a dyn Values>,
    ) -> std::result::Result<Self, InputError> {
        bounds.check(items.len())?;
        Ok(Self { items, bounds, values })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.bounds.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Row `i`, which must be below `len()`.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &'a [I] {
        self.block(i..i + 1)
    }

    /// The items of some rows.
    #[inline(always)]
    pub(crate) fn block(&self, rows: Range<usize>) -> &'a [I] {
        &self.items[self.bounds.places(rows)]
    }

    pub(crate) fn bounds(&self) -> Bounds<'a> {
        self.bounds
    }

    /// The rows as 64-bit integers, where they are such, all of one length.
    pub(crate) fn as_dense(&self, length: usize) -> Option<Rows<'a, i64>> {
        let Self { items, bounds, values } = *self;
        let has_length = matches!(bounds, Bounds::Even { dimension, .. } if dimension == length);
        has_length.then_some(Rows { items: I::as_int64(items)?, bounds, values })
    }

    /// Number of items in all rows.
    pub(crate) fn num_items(&self) -> usize {
        self.bounds.places(0..self.len()).len()
    }

    /// Length of the longest row.
    pub(crate) fn longest(&self) -> usize {
        (0..self.len()).map(|i| self.bounds.places(i..i + 1).len()).max().unwrap_or(0)
    }

    /// Refuses a batch with a stored value other than 1, or with too few of them.
    pub fn check_ones(&self) -> std::result::Result<(), InputError> {
        let (Some(values), false) = (self.values, self.are_ones(0..self.len())) else { return Ok(()) };
        let places = |row| self.bounds.places(row..row + 1);
        let row = (0..self.len()).find(|&row| !values.are_ones(places(row))).unwrap_or_default();
        let place = places(row).find(|&place| !values.are_ones(place..place + 1)).unwrap_or_default();
        match values.show(place) {
            Some(value) => Err(InputError::NotOne { row, column: self.items[place].into(), value }),
            None => Err(InputError::Values { values: place, indices: self.bounds.places(0..self.len()).end }),
        }
    }

    /// Refuses another number of labels than rows.
    pub(crate) fn check_labels(&self, labels: &[u64]) -> std::result::Result<(), InputError> {
        if labels.len() == self.len() {
            return Ok(());
        }
        Err(InputError::Labels { labels: labels.len(), rows: self.len() })
    }

    #[inline(always)]
    fn are_ones(&self, rows: Range<usize>) -> bool {
        self.values.is_none_or(|values| values.are_ones(self.bounds.places(rows)))
    }
}

/// The values that a sparse matrix stores.
pub trait Values: Sync {
    /// Whether there are values in these places, all of them 1.
    fn are_ones(&self, places: Range<usize>) -> bool;

    /// The value in a place, if there is one.
    fn show(&self, place: usize) -> Option<String>;
}

/// `true` is 1 in every type of numbers.
impl<T: Copy + Sync + Debug + PartialEq + From<bool>> Values for &[T] {
    fn are_ones(&self, places: Range<usize>) -> bool {
        let Some(values) = self.get(places) else { return false };
        let one = T::from(true);
        // Without a way out in the middle, so that many are compared at a time.
        Arch::new().dispatch(|| values.iter().fold(true, |ones, &value| ones & (value == one)))
    }

    fn show(&self, place: usize) -> Option<String> {
        self.get(place).map(|value| format!("{value:?}"))
    }
}

/// Labels of all rows, on all cores; the error of the first row that is refused.
pub(crate) fn predict_rows<I: Integer>(
    rows: &Rows<I>,
    predict: impl Fn(&[I]) -> Result<u64> + Sync,
) -> BatchResult<Vec<u64>> {
    predict_blocks(rows, |block, labels| predict_each(rows, block, labels, &predict))
}

/// Labels of a block, row after row; the error of the first that is refused.
pub(crate) fn predict_each<I: Integer>(
    rows: &Rows<I>,
    block: Range<usize>,
    labels: &mut [u64],
    predict: impl Fn(&[I]) -> Result<u64>,
) -> BatchResult<()> {
    for (row, label) in block.zip(labels) {
        *label = predict(rows.row(row)).map_err(|error| BatchError::Row { row, error })?;
    }
    Ok(())
}

/// Labels of all rows, on all cores, where `predict` gives those of a block; the error of the first row that is refused.
pub(crate) fn predict_blocks<I: Integer>(
    rows: &Rows<I>,
    predict: impl Fn(Range<usize>, &mut [u64]) -> BatchResult<()> + Sync,
) -> BatchResult<Vec<u64>> {
    /// Items in a block: some microseconds of work, well above the cost of handing out a task.
    const ITEMS: usize = 1 << 14;
    // Dense rows are read four at a time, so that a block should have no odd ones.
    let num_rows = ((ITEMS * rows.len()) / rows.num_items().max(1) + 1).next_multiple_of(4);

    let mut labels = vec![0; rows.len()];
    let predict_block = |(block, labels): (usize, &mut [u64])| {
        let block = block * num_rows..block * num_rows + labels.len();
        if rows.are_ones(block.clone()) {
            predict(block, labels).err()
        } else {
            rows.check_ones().err().map(Into::into)
        }
    };
    let pool = if rows.len() > num_rows { thread_pool().filter(|pool| pool.current_num_threads() > 1) } else { None };
    let refused = match pool {
        // All blocks are asked: which thread is first does not change which row is.
        Some(pool) => pool.install(|| {
            let blocks = labels.par_chunks_mut(num_rows).enumerate();
            blocks.filter_map(predict_block).min_by_key(|error| match error {
                BatchError::Row { row, .. } => *row,
                _ => 0,
            })
        }),
        None => labels.chunks_mut(num_rows).enumerate().find_map(predict_block),
    };
    match refused {
        None => Ok(labels),
        Some(refused) => {
            // Input that cannot be sent is checked before input that the contract refuses.
            rows.check_ones()?;
            Err(refused)
        }
    }
}

/// The threads of this process; None where it can have none.
///
/// A fork copies a process without its threads, so a pool from before the fork would wait for ever. The child gets its own.
fn thread_pool() -> Option<Arc<ThreadPool>> {
    static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);
    let process = std::process::id();
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    match &*pool {
        Some((owner, pool)) if *owner == process => Some(pool.clone()),
        _ => {
            let own = Arc::new(ThreadPoolBuilder::new().build().ok()?);
            // The parent's pool is forgotten, not dropped: its threads are not here to hear of it.
            std::mem::forget(pool.replace((process, own.clone())));
            Some(own)
        }
    }
}
